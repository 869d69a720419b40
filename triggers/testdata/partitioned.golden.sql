-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public, archive TO exaudit_writer;
GRANT SELECT ON public.events, archive."Old", public.events_2024, public.events_2024_0 TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.events;
CREATE POLICY "~exaudit_truncate" ON public.events FOR SELECT TO exaudit_writer USING (true);
DROP POLICY IF EXISTS "~exaudit_truncate" ON archive."Old";
CREATE POLICY "~exaudit_truncate" ON archive."Old" FOR SELECT TO exaudit_writer USING (true);
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.events_2024;
CREATE POLICY "~exaudit_truncate" ON public.events_2024 FOR SELECT TO exaudit_writer USING (true);
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.events_2024_0;
CREATE POLICY "~exaudit_truncate" ON public.events_2024_0 FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of public.events: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d', 'exaudit.versions'::pg_catalog.regclass)
       OR TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) OPERATOR(pg_catalog.>) 0
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
           OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
           OR NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d', 'exaudit.versions'::pg_catalog.regclass) AND (NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW, NULL, (CASE WHEN NEW.xmax OPERATOR(pg_catalog.=) 0 THEN NEW.cmin END)::pg_catalog.text::pg_catalog.int8);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
        RETURN NULL;
    END IF;
    -- The INSERT of an update that moves the row here is recorded as an update.
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) OPERATOR(pg_catalog.>) 0
       AND exaudit_internal.finish_move(1, TG_RELID, CASE WHEN NEW.xmax OPERATOR(pg_catalog.=) 0 THEN NEW.cmin END, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::pg_catalog.oid), NEW),
           exaudit_internal.present_columns('<relation>'::pg_catalog.oid), exaudit_internal.key_columns('<relation>'::pg_catalog.oid)) THEN
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, NULL, 
            CASE WHEN pg_catalog.octet_length(NEW."kind") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*) END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of public.events: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d', 'exaudit.versions'::pg_catalog.regclass)
       OR TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
           OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
           OR NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d', 'exaudit.versions'::pg_catalog.regclass) AND (NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" OPERATOR(pg_catalog.<>) NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text END;
    END IF;
    IF OLD."at" OPERATOR(pg_catalog.<>) NEW."at" THEN
        before := exaudit_internal.with_value(before, 'at', OLD."at");
        after := exaudit_internal.with_value(after, 'at', NEW."at");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text END;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."kind"), ROW(NEW."kind")) THEN
        IF pg_catalog.octet_length(OLD."kind") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."kind") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'kind', OLD."kind");
            after := exaudit_internal.with_value(after, 'kind', NEW."kind");
        END IF;
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND wide IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, before, after);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- DELETE of public.events: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d', 'exaudit.versions'::pg_catalog.regclass)
       OR TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) OPERATOR(pg_catalog.>) 0
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
           OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
           OR NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d', 'exaudit.versions'::pg_catalog.regclass) AND (NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dec2aef175304e38d79264acc804191d')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL, NULL, NULL, OLD.ctid);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
        RETURN NULL;
    END IF;
    -- Skip the DELETE of an update that moves the row to another partition.
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) OPERATOR(pg_catalog.>) 0
       AND exaudit_internal.begin_move(1, TG_RELID, OLD.ctid, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::pg_catalog.oid), OLD),
           exaudit_internal.present_columns('<relation>'::pg_catalog.oid), exaudit_internal.key_columns('<relation>'::pg_catalog.oid)) THEN
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, 
            CASE WHEN pg_catalog.octet_length(OLD."kind") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*) END, NULL);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.events: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    PERFORM exaudit_internal.check_trigger('t1_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    -- A detached partition keeps this trigger, but its rows no longer belong to the table.
    IF exaudit_internal.recorded_table(1, TG_RELID) IS NULL THEN
        RETURN NULL;
    END IF;
    -- Record each row as deleted, while the rows are still there.
    PERFORM exaudit_internal.record_truncated(1, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_move() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- MOVE of public.events: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    -- Each partitioned table of the tree has this trigger, under a name of its own.
    IF TG_NAME::text !~ '^~exaudit_t1_move(_[0-9]+)?$' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
        PERFORM exaudit_internal.refuse_trigger('t1_move', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- The update may move the row to another partition. PostgreSQL then fires the triggers of a DELETE and
    -- an INSERT, which are recorded as one update. In a table that was restored from a dump, they are
    -- recorded as they are until the next "exaudit sync".
    IF NOT ((pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)) THEN
        PERFORM exaudit_internal.note_move(TG_RELID, OLD.ctid, exaudit_internal.entity_id_in(exaudit_internal.key_columns('<relation>'::pg_catalog.oid),
            exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::pg_catalog.oid), NEW)));
    END IF;
    RETURN NEW;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_move() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_move() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_move() IS 'exaudit: records move of public.events';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.events
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.events
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.events
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.events
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON archive."Old"
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.events_2024
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.events_2024_0
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

CREATE OR REPLACE TRIGGER "~exaudit_t1_move"
    BEFORE UPDATE ON public.events
    FOR EACH ROW
    WHEN (pg_catalog.record_image_ne(ROW(old.at), ROW(new.at)))
    EXECUTE FUNCTION exaudit_internal.t1_move();

CREATE OR REPLACE TRIGGER "~exaudit_t1_move_1"
    BEFORE UPDATE ON public.events_2024
    FOR EACH ROW
    WHEN (pg_catalog.record_image_ne(ROW(old.id), ROW(new.id)))
    EXECUTE FUNCTION exaudit_internal.t1_move();

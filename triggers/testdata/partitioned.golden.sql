-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public, archive TO exaudit_writer;
GRANT SELECT ON public.events, archive."Old", public.events_2024, public.events_2024_0 TO exaudit_writer;
-- So that it stays so with row security; without, a policy means nothing.
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
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.events: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid) OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id bigint,
        at date,
        kind text,
        PRIMARY KEY (at, id)')
       OR NOT (exaudit_internal.has_snapshot(1, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid) THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(1, TG_RELID, NULL, exaudit_internal.encode(NEW));
            RETURN NULL;
        END IF;
    -- The second half of an update that moves the row from another partition?
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) > 0
       AND exaudit_internal.arrives(1, TG_RELID, CASE WHEN NEW.xmax = 0 THEN NEW.cmin END, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
           exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid)) THEN
        RETURN NULL;
    END IF;
        PERFORM exaudit_internal.record_altered(1, TG_RELID, NULL, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;
    -- The second half of an update that moves the row from another partition?
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) > 0
       AND exaudit_internal.arrives(1, TG_RELID, CASE WHEN NEW.xmax = 0 THEN NEW.cmin END, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
           exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid)) THEN
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 THEN
            image := CASE WHEN pg_catalog.octet_length(NEW."kind") > 1000000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'at', 'kind']::text[])
        ELSE pg_catalog.to_jsonb(NEW.*) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.to_jsonb(NEW.*);
        END IF;
        BEGIN
            data := nullif(pg_catalog.current_setting('exaudit.custom', true), '')::jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
        IF pg_catalog.jsonb_typeof(data) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::text[]) THEN
            PERFORM exaudit_internal.record(1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback)
        VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.events: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    old_entity text;
    old_values jsonb;
    new_values jsonb;
    wide       boolean;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid) OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id bigint,
        at date,
        kind text,
        PRIMARY KEY (at, id)')
       OR NOT (exaudit_internal.has_snapshot(1, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid) THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(1, TG_RELID, exaudit_internal.encode(OLD), exaudit_internal.encode(NEW),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(1, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
        RETURN NULL;
    END IF;

    -- Only the columns that changed. "=" is asked where equal means the same image;
    -- elsewhere the images are compared.
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('id', OLD."id");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('id', NEW."id");
        old_entity := nullif(pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text COLLATE "C", pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text);
    END IF;
    IF OLD."at" IS DISTINCT FROM NEW."at" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('at', OLD."at");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('at', NEW."at");
        old_entity := nullif(pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text COLLATE "C", pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text);
    END IF;
    IF OLD."kind" IS DISTINCT FROM NEW."kind" THEN
        IF pg_catalog.octet_length(OLD."kind") > 1000000 OR pg_catalog.octet_length(NEW."kind") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('kind', OLD."kind");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('kind', NEW."kind");
        END IF;
    END IF;

    IF new_values IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF new_values IS NULL AND wide IS NULL THEN
            -- something did, that this does not know
        PERFORM exaudit_internal.record_altered(1, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        BEGIN
            data := nullif(pg_catalog.current_setting('exaudit.custom', true), '')::jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
        IF wide OR old_entity IS NOT NULL
           OR pg_catalog.jsonb_typeof(data) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::text[]) THEN
            IF wide THEN -- what jsonb may not hold is left out, and noted
                SELECT c.old_values, c.new_values INTO old_values, new_values
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['id', 'at', 'kind']::text[]) AS c;
            END IF;
            PERFORM exaudit_internal.record(1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, old_entity, old_values, new_values,
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback)
        VALUES (1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, old_values, new_values, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', pg_catalog.jsonb_build_array(NEW."at", NEW."id")::pg_catalog.text, old_values, new_values);
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.events: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid) OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id bigint,
        at date,
        kind text,
        PRIMARY KEY (at, id)')
       OR NOT (exaudit_internal.has_snapshot(1, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid) THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(1, TG_RELID, exaudit_internal.encode(OLD), NULL);
            RETURN NULL;
        END IF;
    -- The first half of an update that moves the row to another partition?
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) > 0
       AND exaudit_internal.leaves(1, TG_RELID, OLD.ctid, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD),
           exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid)) THEN
        RETURN NULL;
    END IF;
        PERFORM exaudit_internal.record_altered(1, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), NULL,
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;
    -- The first half of an update that moves the row to another partition?
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) > 0
       AND exaudit_internal.leaves(1, TG_RELID, OLD.ctid, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD),
           exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid)) THEN
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 THEN
            image := CASE WHEN pg_catalog.octet_length(OLD."kind") > 1000000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'at', 'kind']::text[])
        ELSE pg_catalog.to_jsonb(OLD.*) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.to_jsonb(OLD.*);
        END IF;
        BEGIN
            data := nullif(pg_catalog.current_setting('exaudit.custom', true), '')::jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
        IF pg_catalog.jsonb_typeof(data) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::text[]) THEN
            PERFORM exaudit_internal.record(1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback)
        VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."at", OLD."id")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
    END IF;
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
    IF TG_NAME <> '!exaudit_t1_truncate' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'TRUNCATE' OR TG_LEVEL <> 'STATEMENT' THEN
        PERFORM exaudit_internal.refuse_trigger('t1_truncate', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- A partition that was detached keeps this trigger, but is none of the table's rows.
    IF exaudit_internal.recorded_table(1, TG_RELID) IS NULL THEN
        RETURN NULL;
    END IF;

    -- The rows are still there: each is recorded as deleted.
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
    -- each partitioned level has its own
    IF TG_NAME::text !~ '^~exaudit_t1_move(_[0-9]+)?$' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
        PERFORM exaudit_internal.refuse_trigger('t1_move', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- May move the row to another partition: a DELETE and an INSERT, to be recorded as one.
    -- Not for a table restored from a dump, until the next "exaudit sync".
    IF NOT (pg_catalog.pg_partition_root(TG_RELID)::oid IS DISTINCT FROM '<relation>'::oid AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::oid)) THEN
        PERFORM exaudit_internal.note_move(TG_RELID, OLD.ctid, exaudit_internal.entity_id_in(exaudit_internal.key_columns('<relation>'::oid),
            exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW)));
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
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
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

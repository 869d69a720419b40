-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.notes TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.notes;
CREATE POLICY "~exaudit_truncate" ON public.notes FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.notes: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dcf2f90a296ea714afa9cdea93f96402')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN pg_catalog.octet_length(NEW."body") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*) END;
        ELSE
            image := pg_catalog.to_jsonb(NEW.*);
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - (exaudit_internal.version_columns() || ARRAY['uid']::pg_catalog.text[]));
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', '"Via" text DEFAULT ''web''::text', 'tags text[]', 'uid by default']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(1, 'created', NEW."id"::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback, "actor_id", "Via", "tags")
        VALUES (1, 'created', NEW."id"::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'Via' THEN stamp."Via" ELSE 'web'::text END,
                stamp."tags");
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.notes';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.notes: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    stamp exaudit.versions;
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dcf2f90a296ea714afa9cdea93f96402')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    END IF;
    IF OLD."body" IS DISTINCT FROM NEW."body" THEN
        IF pg_catalog.octet_length(OLD."body") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."body") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'body', OLD."body");
            after := exaudit_internal.with_value(after, 'body', NEW."body");
        END IF;
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - (exaudit_internal.version_columns() || ARRAY['uid']::pg_catalog.text[]));
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', '"Via" text DEFAULT ''web''::text', 'tags text[]', 'uid by default']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(1, 'updated', NEW."id"::pg_catalog.text, NULL, before, after);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback, "actor_id", "Via", "tags")
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, before, after, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'Via' THEN stamp."Via" ELSE 'web'::text END,
                stamp."tags");
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.notes';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.notes: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dcf2f90a296ea714afa9cdea93f96402')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN pg_catalog.octet_length(OLD."body") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*) END;
        ELSE
            image := pg_catalog.to_jsonb(OLD.*);
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - (exaudit_internal.version_columns() || ARRAY['uid']::pg_catalog.text[]));
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', '"Via" text DEFAULT ''web''::text', 'tags text[]', 'uid by default']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(1, 'deleted', OLD."id"::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback, "actor_id", "Via", "tags")
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'Via' THEN stamp."Via" ELSE 'web'::text END,
                stamp."tags");
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.notes';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.notes: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    PERFORM exaudit_internal.check_trigger('t1_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(1, TG_RELID);
    -- Record each row as deleted, while the rows are still there.
    PERFORM exaudit_internal.record_truncated(1, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.notes';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.notes
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.notes
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.notes
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.notes
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

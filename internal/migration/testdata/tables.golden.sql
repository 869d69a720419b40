-- Written by "exaudit generate", which compares the parts between "begin" and "end" with
-- exaudit.yaml when it is run again: to change something, change that file.

-- +goose Up
-- +goose StatementBegin
DO $exaudit$
BEGIN
    IF pg_catalog.to_regprocedure('exaudit.schema_version()') IS NULL THEN
        RAISE EXCEPTION 'exaudit is not initialised in this database' USING HINT = 'Run "exaudit init" first.';
    ELSIF exaudit.schema_version() OPERATOR(pg_catalog.<) 31 THEN
        RAISE EXCEPTION 'schema exaudit is older than this migration' USING HINT = 'Run "exaudit init" first.';
    END IF;
END
$exaudit$;
-- +goose StatementEnd

-- exaudit: begin column actor_id
-- exaudit: undo ALTER TABLE IF EXISTS exaudit.versions DROP COLUMN IF EXISTS "actor_id";
ALTER TABLE IF EXISTS exaudit.versions ADD COLUMN IF NOT EXISTS "actor_id" bigint REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE;
-- exaudit: end

-- exaudit: begin column source
-- exaudit: undo ALTER TABLE IF EXISTS exaudit.versions DROP COLUMN IF EXISTS "source";
ALTER TABLE IF EXISTS exaudit.versions ADD COLUMN IF NOT EXISTS "source" text;
-- +goose StatementBegin
ALTER TABLE IF EXISTS exaudit.versions ALTER COLUMN "source" SET DEFAULT ('web'
);
-- +goose StatementEnd
-- exaudit: end

SELECT pg_catalog.set_config('exaudit.search_path', pg_catalog.current_setting('search_path'), true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- exaudit: begin table public.users
-- exaudit: undo SELECT exaudit_internal.uninstall_table('public.users', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');
-- +goose StatementBegin
SELECT exaudit_internal.install_table('public.users', '{"mask":["password"],"where":"name <> ''<b>''","skip_untouched_toast":true}', $install$
-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.users TO exaudit_writer;

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.users: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '48ca793ac11566f2fc117afd2653c3bd')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;
    -- Skip rows that do not satisfy the condition. If evaluating it raises an error, record the row.
    BEGIN
        IF NOT coalesce(exaudit_internal.t<table_id>_condition(NEW."name"), false) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;

    IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."password")) OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(NEW),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[]) END;
        ELSE
            image := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[]);
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'created', NEW."id"::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback, "actor_id", "source")
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[]));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_insert() IS 'exaudit: records insert of public.users';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.users: written by exaudit <version>, content <content>. Do not edit.
-- Fires for every update: the option skip_untouched_toast.
DECLARE
    stamp exaudit.versions;
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    crossing boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '48ca793ac11566f2fc117afd2653c3bd')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, crossing, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;
    -- Skip rows that do not satisfy the condition. If evaluating it raises an error, record the row.
    -- If the row begins or ceases to satisfy it, record the whole row before and after, because what was
    -- not recorded is not known.
    DECLARE
        was_met boolean;
        is_met  boolean;
    BEGIN
        was_met := coalesce(exaudit_internal.t<table_id>_condition(OLD."name"), false);
        is_met := coalesce(exaudit_internal.t<table_id>_condition(NEW."name"), false);
        IF NOT was_met AND NOT is_met THEN
            RETURN NULL;
        END IF;
        crossing := was_met <> is_met;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    IF crossing IS NOT FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, crossing, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    END IF;
    IF (pg_catalog.pg_column_size(NEW."name") OPERATOR(pg_catalog.>) exaudit_internal.inline_limit('<relation>'::pg_catalog.oid, 'name')
        AND pg_catalog.pg_stat_get_xact_tuples_inserted(exaudit_internal.toast_table('<relation>'::pg_catalog.oid)) OPERATOR(pg_catalog.=) 0
        AND pg_catalog.current_setting('track_counts') OPERATOR(pg_catalog.=) 'on') IS NOT TRUE
       AND (OLD."name" IS DISTINCT FROM NEW."name") THEN
        IF pg_catalog.octet_length(OLD."name") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."name") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'name', OLD."name");
            after := exaudit_internal.with_value(after, 'name', NEW."name");
        END IF;
    END IF;
    IF (pg_catalog.pg_column_size(NEW."password") OPERATOR(pg_catalog.>) exaudit_internal.inline_limit('<relation>'::pg_catalog.oid, 'password')
        AND pg_catalog.pg_stat_get_xact_tuples_inserted(exaudit_internal.toast_table('<relation>'::pg_catalog.oid)) OPERATOR(pg_catalog.=) 0
        AND pg_catalog.current_setting('track_counts') OPERATOR(pg_catalog.=) 'on') IS NOT TRUE
       AND (OLD."password" IS DISTINCT FROM NEW."password") THEN
        before := exaudit_internal.note_masked(coalesce(before, '{}'), 'password');
        after := exaudit_internal.note_masked(coalesce(after, '{}'), 'password');
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF after IS NULL AND wide IS NULL THEN
            RETURN NULL; -- no recorded column has changed
        END IF;
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(<table_id>, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                wide, crossing, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'updated', NEW."id"::pg_catalog.text, NULL, before, after);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback, "actor_id", "source")
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_update() IS 'exaudit: records update of public.users';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.users: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '48ca793ac11566f2fc117afd2653c3bd')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;
    -- Skip rows that do not satisfy the condition. If evaluating it raises an error, record the row.
    BEGIN
        IF NOT coalesce(exaudit_internal.t<table_id>_condition(OLD."name"), false) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;

    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."password")) OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(OLD),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[]) END;
        ELSE
            image := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[]);
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'deleted', OLD."id"::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback, "actor_id", "source")
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY[]::pg_catalog.text[], ARRAY['password']::pg_catalog.text[]));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_delete() IS 'exaudit: records delete of public.users';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.users: written by exaudit <version>, content <content>. Do not edit.
BEGIN
    PERFORM exaudit_internal.check_trigger('t<table_id>_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(<table_id>, TG_RELID);
    -- Record each row as deleted, while the rows are still there.
    PERFORM exaudit_internal.record_truncated(<table_id>, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_truncate() IS 'exaudit: records truncate of public.users';

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_insert"
    AFTER INSERT ON public.users
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_update"
    AFTER UPDATE ON public.users
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_update();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_delete"
    AFTER DELETE ON public.users
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_truncate"
    BEFORE TRUNCATE ON public.users
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t<table_id>_truncate();
$install$);
-- +goose StatementEnd
-- exaudit: end

-- exaudit: begin table public.orders
-- exaudit: undo SELECT exaudit_internal.uninstall_table('public.orders', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');
-- +goose StatementBegin
SELECT exaudit_internal.install_table('public.orders', '{"updates":"full","record_session_user":true}', $install$
-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.orders TO exaudit_writer;

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.orders: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'e121af79dd919bc77421f0d587ad612c')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."info" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."info" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN pg_catalog.pg_column_size(NEW."info") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'user_id', NEW."user_id",
        'total', NEW."total",
        'mood', exaudit_internal.text_value(NEW."mood"),
        'info', NEW."info")
    OPERATOR(pg_catalog.||) CASE WHEN NEW."info" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."info" OPERATOR(pg_catalog.=) 'null' THEN 'info' END], NULL))
            ELSE '{}' END END;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'user_id', NEW."user_id",
        'total', NEW."total",
        'mood', exaudit_internal.text_value(NEW."mood"),
        'info', NEW."info");
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'created', NEW."id"::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback, session_user_name, "actor_id", "source")
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(), session_user,
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after, session_user_name)
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'user_id', NEW."user_id",
        'total', NEW."total",
        'mood', exaudit_internal.text_value(NEW."mood"),
        'info', NEW."info"), session_user);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_insert() IS 'exaudit: records insert of public.orders';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.orders: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'e121af79dd919bc77421f0d587ad612c')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record whole rows, but masked columns only if they changed.
    old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    -- Leave out values that are too large for jsonb, and note JSON nulls.
    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."info" OPERATOR(pg_catalog.=) 'null' OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."info" OPERATOR(pg_catalog.=) 'null' THEN
        before := 
            CASE WHEN pg_catalog.pg_column_size(OLD."info") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'user_id', OLD."user_id",
        'total', OLD."total",
        'mood', exaudit_internal.text_value(OLD."mood"),
        'info', OLD."info")
    OPERATOR(pg_catalog.||) CASE WHEN OLD."info" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."info" OPERATOR(pg_catalog.=) 'null' THEN 'info' END], NULL))
            ELSE '{}' END END;
        after := 
            CASE WHEN pg_catalog.pg_column_size(NEW."info") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'user_id', NEW."user_id",
        'total', NEW."total",
        'mood', exaudit_internal.text_value(NEW."mood"),
        'info', NEW."info")
    OPERATOR(pg_catalog.||) CASE WHEN NEW."info" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."info" OPERATOR(pg_catalog.=) 'null' THEN 'info' END], NULL))
            ELSE '{}' END END;
    ELSE
        before := pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'user_id', OLD."user_id",
        'total', OLD."total",
        'mood', exaudit_internal.text_value(OLD."mood"),
        'info', OLD."info");
        after := pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'user_id', NEW."user_id",
        'total', NEW."total",
        'mood', exaudit_internal.text_value(NEW."mood"),
        'info', NEW."info");
    END IF;

    IF old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(<table_id>, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                NULL, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'updated', NEW."id"::pg_catalog.text, NULL, before, after);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback, session_user_name, "actor_id", "source")
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after, stamp.custom,
                exaudit_internal.is_rollback(), session_user,
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, session_user_name)
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after, session_user);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_update() IS 'exaudit: records update of public.orders';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.orders: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'e121af79dd919bc77421f0d587ad612c')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."info" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."info" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN pg_catalog.pg_column_size(OLD."info") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'user_id', OLD."user_id",
        'total', OLD."total",
        'mood', exaudit_internal.text_value(OLD."mood"),
        'info', OLD."info")
    OPERATOR(pg_catalog.||) CASE WHEN OLD."info" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."info" OPERATOR(pg_catalog.=) 'null' THEN 'info' END], NULL))
            ELSE '{}' END END;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'user_id', OLD."user_id",
        'total', OLD."total",
        'mood', exaudit_internal.text_value(OLD."mood"),
        'info', OLD."info");
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'deleted', OLD."id"::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback, session_user_name, "actor_id", "source")
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(), session_user,
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, session_user_name)
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'user_id', OLD."user_id",
        'total', OLD."total",
        'mood', exaudit_internal.text_value(OLD."mood"),
        'info', OLD."info"), session_user);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_delete() IS 'exaudit: records delete of public.orders';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.orders: written by exaudit <version>, content <content>. Do not edit.
BEGIN
    PERFORM exaudit_internal.check_trigger('t<table_id>_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(<table_id>, TG_RELID);
    -- Record each row as deleted, while the rows are still there.
    PERFORM exaudit_internal.record_truncated(<table_id>, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_truncate() IS 'exaudit: records truncate of public.orders';

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_insert"
    AFTER INSERT ON public.orders
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_update"
    AFTER UPDATE ON public.orders
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t<table_id>_update();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_delete"
    AFTER DELETE ON public.orders
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_truncate"
    BEFORE TRUNCATE ON public.orders
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t<table_id>_truncate();
$install$);
-- +goose StatementEnd
-- exaudit: end

-- exaudit: begin table public.events
-- exaudit: undo SELECT exaudit_internal.uninstall_table('public.events', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');
-- +goose StatementBegin
SELECT exaudit_internal.install_table('public.events', '{}', $install$
CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.events: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dd21aad84999a8d705c9801d6b6042f5')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW, NULL, (CASE WHEN NEW.xmax OPERATOR(pg_catalog.=) 0 THEN NEW.cmin END)::pg_catalog.text::pg_catalog.int8);
        RETURN NULL;
    END IF;
    -- The INSERT of an update that moves the row here is recorded as an update.
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) OPERATOR(pg_catalog.>) 0
       AND exaudit_internal.finish_move(<table_id>, TG_RELID, CASE WHEN NEW.xmax OPERATOR(pg_catalog.=) 0 THEN NEW.cmin END, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::pg_catalog.oid), NEW),
           exaudit_internal.present_columns('<relation>'::pg_catalog.oid), exaudit_internal.key_columns('<relation>'::pg_catalog.oid)) THEN
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN pg_catalog.octet_length(NEW."note") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*) END;
        ELSE
            image := pg_catalog.to_jsonb(NEW.*);
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'created', pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback, "actor_id", "source")
        VALUES (<table_id>, 'created', pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (<table_id>, 'created', pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_insert() IS 'exaudit: records insert of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.events: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dd21aad84999a8d705c9801d6b6042f5')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."day" IS DISTINCT FROM NEW."day" THEN
        before := exaudit_internal.with_value(before, 'day', OLD."day");
        after := exaudit_internal.with_value(after, 'day', NEW."day");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text END;
    END IF;
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text END;
    END IF;
    IF OLD."note" IS DISTINCT FROM NEW."note" THEN
        IF pg_catalog.octet_length(OLD."note") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."note") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'note', OLD."note");
            after := exaudit_internal.with_value(after, 'note', NEW."note");
        END IF;
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(<table_id>, TG_RELID, OLD, NEW, old_entity, pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'updated', pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, NULL, before, after);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback, "actor_id", "source")
        VALUES (<table_id>, 'updated', pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, before, after, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (<table_id>, 'updated', pg_catalog.jsonb_build_array(NEW."day", NEW."id")::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_update() IS 'exaudit: records update of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.events: written by exaudit <version>, content <content>. Do not edit.
DECLARE
    stamp exaudit.versions;
    image jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t<table_id>_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR (pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) '<relation>'::pg_catalog.oid) IS NOT TRUE AND NOT exaudit_internal.is_partition_of(TG_RELID, '<relation>'::pg_catalog.oid)
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'dd21aad84999a8d705c9801d6b6042f5')
       OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL, NULL, NULL, OLD.ctid);
        RETURN NULL;
    END IF;
    -- Skip the DELETE of an update that moves the row to another partition.
    IF pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) OPERATOR(pg_catalog.>) 0
       AND exaudit_internal.begin_move(<table_id>, TG_RELID, OLD.ctid, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::pg_catalog.oid), OLD),
           exaudit_internal.present_columns('<relation>'::pg_catalog.oid), exaudit_internal.key_columns('<relation>'::pg_catalog.oid)) THEN
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN -- placeholders or notes may be needed
            image := 
            CASE WHEN pg_catalog.octet_length(OLD."note") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*) END;
        ELSE
            image := pg_catalog.to_jsonb(OLD.*);
        END IF;
        -- Nobody can alter exaudit.versions from here on.
        LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE;
        BEGIN
            stamp.custom := exaudit_internal.custom_setting()::jsonb;
            stamp := pg_catalog.jsonb_populate_record(stamp, stamp.custom - exaudit_internal.version_columns());
        EXCEPTION WHEN OTHERS THEN
            stamp.custom := '[]'; -- exaudit_internal.record raises the error
        END;
        IF pg_catalog.jsonb_typeof(stamp.custom) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY['actor_id bigint', 'source text DEFAULT ''web''::text']::pg_catalog.text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'deleted', pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback, "actor_id", "source")
        VALUES (<table_id>, 'deleted', pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text, image, stamp.custom,
                exaudit_internal.is_rollback(),
                stamp."actor_id",
                CASE WHEN stamp.custom ? 'source' THEN stamp."source" ELSE 'web'::text END);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (<table_id>, 'deleted', pg_catalog.jsonb_build_array(OLD."day", OLD."id")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_delete() IS 'exaudit: records delete of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.events: written by exaudit <version>, content <content>. Do not edit.
BEGIN
    PERFORM exaudit_internal.check_trigger('t<table_id>_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    -- A detached partition keeps this trigger, but its rows no longer belong to the table.
    IF exaudit_internal.recorded_table(<table_id>, TG_RELID) IS NULL THEN
        RETURN NULL;
    END IF;
    -- Record each row as deleted, while the rows are still there.
    PERFORM exaudit_internal.record_truncated(<table_id>, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_truncate() IS 'exaudit: records truncate of public.events';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_move() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- MOVE of public.events: written by exaudit <version>, content <content>. Do not edit.
BEGIN
    -- Each partitioned table of the tree has this trigger, under a name of its own.
    IF TG_NAME::text !~ '^~exaudit_t<table_id>_move(_[0-9]+)?$' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
        PERFORM exaudit_internal.refuse_trigger('t<table_id>_move', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
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
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_move() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_move() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_move() IS 'exaudit: records move of public.events';

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_insert"
    AFTER INSERT ON public.events
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_update"
    AFTER UPDATE ON public.events
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t<table_id>_update();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_delete"
    AFTER DELETE ON public.events
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_delete();
$install$, -- for the table and each of its partitions
--   partition public.events_2025
$install$
-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA <partition_schema> TO exaudit_writer;
GRANT SELECT ON <partition> TO exaudit_writer;

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_truncate"
    BEFORE TRUNCATE ON <partition>
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t<table_id>_truncate();
$install$);
-- +goose StatementEnd
-- exaudit: end

-- exaudit: begin functions public.users
-- exaudit: undo DROP FUNCTION IF EXISTS public.users_at(timestamp with time zone), public.users_states(bigint);
-- +goose StatementBegin
CREATE FUNCTION public.users_at(instant timestamp with time zone) RETURNS SETOF public.users
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.as_of(NULL::public.users, $1)
$states$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION public.users_states("id" bigint) RETURNS SETOF public.users
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.states(NULL::public.users, exaudit.entity_id('public.users', pg_catalog.jsonb_build_array($1)))
$states$;
-- +goose StatementEnd
-- exaudit: end

-- exaudit: begin functions public.orders
-- exaudit: undo DROP FUNCTION IF EXISTS public.orders_at(timestamp with time zone), public.orders_states(bigint);
-- +goose StatementBegin
CREATE FUNCTION public.orders_at(instant timestamp with time zone) RETURNS SETOF public.orders
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.as_of(NULL::public.orders, $1)
$states$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION public.orders_states("id" bigint) RETURNS SETOF public.orders
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.states(NULL::public.orders, exaudit.entity_id('public.orders', pg_catalog.jsonb_build_array($1)))
$states$;
-- +goose StatementEnd
-- exaudit: end

-- exaudit: begin functions public.events
-- exaudit: undo DROP FUNCTION IF EXISTS public.events_at(timestamp with time zone), public.events_states(date, integer);
-- +goose StatementBegin
CREATE FUNCTION public.events_at(instant timestamp with time zone) RETURNS SETOF public.events
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.as_of(NULL::public.events, $1)
$states$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION public.events_states("day" date, "id" integer) RETURNS SETOF public.events
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.states(NULL::public.events, exaudit.entity_id('public.events', pg_catalog.jsonb_build_array($1, $2)))
$states$;
-- +goose StatementEnd
-- exaudit: end

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('exaudit.search_path'), true);

-- +goose Down
SELECT pg_catalog.set_config('exaudit.search_path', pg_catalog.current_setting('search_path'), true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- exaudit: removed functions public.events
DROP FUNCTION IF EXISTS public.events_at(timestamp with time zone), public.events_states(date, integer);

-- exaudit: removed functions public.orders
DROP FUNCTION IF EXISTS public.orders_at(timestamp with time zone), public.orders_states(bigint);

-- exaudit: removed functions public.users
DROP FUNCTION IF EXISTS public.users_at(timestamp with time zone), public.users_states(bigint);

-- exaudit: removed table public.events
SELECT exaudit_internal.uninstall_table('public.events', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');

-- exaudit: removed table public.orders
SELECT exaudit_internal.uninstall_table('public.orders', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');

-- exaudit: removed table public.users
SELECT exaudit_internal.uninstall_table('public.users', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('exaudit.search_path'), true);

-- exaudit: removed column source
ALTER TABLE IF EXISTS exaudit.versions DROP COLUMN IF EXISTS "source";

-- exaudit: removed column actor_id
ALTER TABLE IF EXISTS exaudit.versions DROP COLUMN IF EXISTS "actor_id";

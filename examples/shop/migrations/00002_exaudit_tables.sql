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

SELECT pg_catalog.set_config('exaudit.search_path', pg_catalog.current_setting('search_path'), true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- exaudit: begin table public.order_items
-- exaudit: undo SELECT exaudit_internal.uninstall_table('public.order_items', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');
-- +goose StatementBegin
SELECT exaudit_internal.install_table('public.order_items', '{}', $install$
-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.order_items TO exaudit_writer;

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_insert')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_insert') AND (exaudit_internal.is_misfired('t<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612')
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), NULL, 
            CASE WHEN pg_catalog.octet_length(NEW."sku") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*) END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_insert() IS 'exaudit: records insert of public.order_items';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_update')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_update') AND (exaudit_internal.is_misfired('t<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612')
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."order_id" OPERATOR(pg_catalog.<>) NEW."order_id" THEN
        before := exaudit_internal.with_value(before, 'order_id', OLD."order_id");
        after := exaudit_internal.with_value(after, 'order_id', NEW."order_id");
        old_entity := CASE WHEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text) COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text) THEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text) END;
    END IF;
    IF OLD."sku" OPERATOR(pg_catalog.<>) NEW."sku" THEN
        IF pg_catalog.octet_length(OLD."sku") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."sku") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'sku', OLD."sku");
            after := exaudit_internal.with_value(after, 'sku', NEW."sku");
        END IF;
        old_entity := CASE WHEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text) COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text) THEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text) END;
    END IF;
    IF OLD."quantity" OPERATOR(pg_catalog.<>) NEW."quantity" THEN
        before := exaudit_internal.with_value(before, 'quantity', OLD."quantity");
        after := exaudit_internal.with_value(after, 'quantity', NEW."quantity");
    END IF;
    IF OLD."price" OPERATOR(pg_catalog.<>) NEW."price" THEN
        before := exaudit_internal.with_value(before, 'price', OLD."price");
        after := exaudit_internal.with_value(after, 'price', NEW."price");
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND wide IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(<table_id>, TG_RELID, OLD, NEW, old_entity, exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), before, after);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_update() IS 'exaudit: records update of public.order_items';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- DELETE of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_delete')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_delete') AND (exaudit_internal.is_misfired('t<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '6e3982f59ee696a118b736739b36d612')
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), 
            CASE WHEN pg_catalog.octet_length(OLD."sku") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*) END, NULL);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_delete() IS 'exaudit: records delete of public.order_items';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
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
COMMENT ON FUNCTION exaudit_internal.t<table_id>_truncate() IS 'exaudit: records truncate of public.order_items';

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_insert"
    AFTER INSERT ON public.order_items
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_update"
    AFTER UPDATE ON public.order_items
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_update();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_delete"
    AFTER DELETE ON public.order_items
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t<table_id>_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t<table_id>_truncate"
    BEFORE TRUNCATE ON public.order_items
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t<table_id>_truncate();
$install$);
-- +goose StatementEnd
-- exaudit: end

-- exaudit: begin table public.orders
-- exaudit: undo SELECT exaudit_internal.uninstall_table('public.orders', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');
-- +goose StatementBegin
SELECT exaudit_internal.install_table('public.orders', '{}', $install$
-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.orders TO exaudit_writer;

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_insert')
       OR exaudit_internal.is_unusual_setting('timezone', '{UTC,Etc/UTC,GMT}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_insert') AND (exaudit_internal.is_misfired('t<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15')
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF NEW."address" OPERATOR(pg_catalog.=) 'null' THEN
        NULL; -- is noted
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'customer', NEW."customer",
        'status', exaudit_internal.text_value(NEW."status"),
        'address', NEW."address",
        'created_at', NEW."created_at"), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'customer', NEW."customer",
        'status', exaudit_internal.text_value(NEW."status"),
        'address', NEW."address",
        'created_at', NEW."created_at"));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['timezone', 'UTC', 'row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(<table_id>, 'created', NEW."id"::pg_catalog.text, NULL, 
            CASE WHEN pg_catalog.octet_length(NEW."customer") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.pg_column_size(NEW."address") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'customer', NEW."customer",
        'status', exaudit_internal.text_value(NEW."status"),
        'address', NEW."address",
        'created_at', NEW."created_at")
    OPERATOR(pg_catalog.||) CASE WHEN NEW."address" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."address" OPERATOR(pg_catalog.=) 'null' THEN 'address' END], NULL))
            ELSE '{}' END END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_insert() IS 'exaudit: records insert of public.orders';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_update')
       OR exaudit_internal.is_unusual_setting('timezone', '{UTC,Etc/UTC,GMT}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_update') AND (exaudit_internal.is_misfired('t<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15')
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['timezone', 'UTC', 'row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" OPERATOR(pg_catalog.<>) NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    END IF;
    IF OLD."customer" OPERATOR(pg_catalog.<>) NEW."customer" THEN
        IF pg_catalog.octet_length(OLD."customer") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."customer") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'customer', OLD."customer");
            after := exaudit_internal.with_value(after, 'customer', NEW."customer");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."status"), ROW(NEW."status")) THEN
        before := exaudit_internal.with_value(before, 'status', exaudit_internal.text_value(OLD."status"));
        after := exaudit_internal.with_value(after, 'status', exaudit_internal.text_value(NEW."status"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."address"), ROW(NEW."address")) THEN
        IF pg_catalog.pg_column_size(OLD."address") OPERATOR(pg_catalog.>) 100000 OR pg_catalog.pg_column_size(NEW."address") OPERATOR(pg_catalog.>) 100000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_json_value(before, 'address', OLD."address");
            after := exaudit_internal.with_json_value(after, 'address', NEW."address");
        END IF;
    END IF;
    IF OLD."created_at" OPERATOR(pg_catalog.<>) NEW."created_at" THEN
        before := exaudit_internal.with_value(before, 'created_at', OLD."created_at");
        after := exaudit_internal.with_value(after, 'created_at', NEW."created_at");
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND wide IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(<table_id>, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_update() IS 'exaudit: records update of public.orders';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- DELETE of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_delete')
       OR exaudit_internal.is_unusual_setting('timezone', '{UTC,Etc/UTC,GMT}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(<table_id>, '<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15', 'exaudit.versions'::pg_catalog.regclass, 't<table_id>_delete') AND (exaudit_internal.is_misfired('t<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7d26cc092df6a6e667232e5af3526d15')
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(<table_id>, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(<table_id>, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF OLD."address" OPERATOR(pg_catalog.=) 'null' THEN
        NULL; -- is noted
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'customer', OLD."customer",
        'status', exaudit_internal.text_value(OLD."status"),
        'address', OLD."address",
        'created_at', OLD."created_at"), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'customer', OLD."customer",
        'status', exaudit_internal.text_value(OLD."status"),
        'address', OLD."address",
        'created_at', OLD."created_at"));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['timezone', 'UTC', 'row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(<table_id>, 'deleted', OLD."id"::pg_catalog.text, 
            CASE WHEN pg_catalog.octet_length(OLD."customer") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.pg_column_size(OLD."address") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'customer', OLD."customer",
        'status', exaudit_internal.text_value(OLD."status"),
        'address', OLD."address",
        'created_at', OLD."created_at")
    OPERATOR(pg_catalog.||) CASE WHEN OLD."address" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."address" OPERATOR(pg_catalog.=) 'null' THEN 'address' END], NULL))
            ELSE '{}' END END, NULL);
    settings := exaudit_internal.restore_settings(settings);
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
-- TRUNCATE of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
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

-- exaudit: begin functions public.order_items
-- exaudit: undo DROP FUNCTION IF EXISTS public.order_items_at(timestamp with time zone), public.order_items_states(bigint, text);
-- +goose StatementBegin
CREATE FUNCTION public.order_items_at(instant timestamp with time zone) RETURNS SETOF public.order_items
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.as_of(NULL::public.order_items, $1)
$states$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION public.order_items_states("order_id" bigint, "sku" text) RETURNS SETOF public.order_items
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $states$
    SELECT * FROM exaudit.states(NULL::public.order_items, exaudit.entity_id('public.order_items', pg_catalog.jsonb_build_array($1, $2)))
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

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('exaudit.search_path'), true);

-- +goose Down
SELECT pg_catalog.set_config('exaudit.search_path', pg_catalog.current_setting('search_path'), true);
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- exaudit: removed functions public.orders
DROP FUNCTION IF EXISTS public.orders_at(timestamp with time zone), public.orders_states(bigint);

-- exaudit: removed functions public.order_items
DROP FUNCTION IF EXISTS public.order_items_at(timestamp with time zone), public.order_items_states(bigint, text);

-- exaudit: removed table public.orders
SELECT exaudit_internal.uninstall_table('public.orders', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');

-- exaudit: removed table public.order_items
SELECT exaudit_internal.uninstall_table('public.order_items', 'REVOKE SELECT ON <partition> FROM exaudit_writer; DROP POLICY IF EXISTS "~exaudit_truncate" ON <partition>;');

SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('exaudit.search_path'), true);

-- Written by "exaudit generate", which compares the parts between "begin" and "end" with
-- exaudit.yaml when it is run again: to change something, change that file.

-- +goose Up
-- +goose StatementBegin
DO $exaudit$
BEGIN
    IF pg_catalog.to_regprocedure('exaudit.schema_version()') IS NULL THEN
        RAISE EXCEPTION 'exaudit is not initialised in this database' USING HINT = 'Run "exaudit init" first.';
    ELSIF exaudit.schema_version() OPERATOR(pg_catalog.<) 12 THEN
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
-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.order_items TO exaudit_writer;

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t<table_id>_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'order_id bigint,
        sku text,
        quantity integer,
        price numeric(10,2),
        PRIMARY KEY (order_id, sku)')
       OR NOT (exaudit_internal.has_snapshot(<table_id>, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t<table_id>_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(<table_id>, TG_RELID, NULL, exaudit_internal.encode(NEW));
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, NULL, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 THEN
            image := CASE WHEN pg_catalog.octet_length(NEW."sku") > 1000000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['order_id', 'sku', 'quantity', 'price']::text[])
        ELSE pg_catalog.to_jsonb(NEW.*) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), image);
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
            PERFORM exaudit_internal.record(<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback)
        VALUES (<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (<table_id>, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_insert() IS 'exaudit: records insert of public.order_items';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    data       jsonb;
    old_entity text;
    old_values jsonb;
    new_values jsonb;
    wide       boolean;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t<table_id>_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'order_id bigint,
        sku text,
        quantity integer,
        price numeric(10,2),
        PRIMARY KEY (order_id, sku)')
       OR NOT (exaudit_internal.has_snapshot(<table_id>, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t<table_id>_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(<table_id>, TG_RELID, exaudit_internal.encode(OLD), exaudit_internal.encode(NEW),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
        RETURN NULL;
    END IF;

    -- Only the columns that changed. "=" is asked where equal means the same image;
    -- elsewhere the images are compared.
    IF OLD."order_id" IS DISTINCT FROM NEW."order_id" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('order_id', OLD."order_id");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('order_id', NEW."order_id");
        old_entity := nullif(exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text) COLLATE "C", exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text));
    END IF;
    IF OLD."sku" IS DISTINCT FROM NEW."sku" THEN
        IF pg_catalog.octet_length(OLD."sku") > 1000000 OR pg_catalog.octet_length(NEW."sku") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('sku', OLD."sku");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('sku', NEW."sku");
        END IF;
        old_entity := nullif(exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text) COLLATE "C", exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text));
    END IF;
    IF OLD."quantity" IS DISTINCT FROM NEW."quantity" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('quantity', OLD."quantity");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('quantity', NEW."quantity");
    END IF;
    IF OLD."price" IS DISTINCT FROM NEW."price" OR pg_catalog.scale(OLD."price") IS DISTINCT FROM pg_catalog.scale(NEW."price") THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('price', OLD."price");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('price', NEW."price");
    END IF;

    IF new_values IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF new_values IS NULL AND wide IS NULL THEN
            -- something did, that this does not know
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
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
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['order_id', 'sku', 'quantity', 'price']::text[]) AS c;
            END IF;
            PERFORM exaudit_internal.record(<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), old_entity, old_values, new_values,
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback)
        VALUES (<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), old_values, new_values, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (<table_id>, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."order_id", NEW."sku")::pg_catalog.text), old_values, new_values);
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t<table_id>_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t<table_id>_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t<table_id>_update() IS 'exaudit: records update of public.order_items';

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.order_items: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t<table_id>_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'order_id bigint,
        sku text,
        quantity integer,
        price numeric(10,2),
        PRIMARY KEY (order_id, sku)')
       OR NOT (exaudit_internal.has_snapshot(<table_id>, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t<table_id>_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(<table_id>, TG_RELID, exaudit_internal.encode(OLD), NULL);
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), NULL,
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 THEN
            image := CASE WHEN pg_catalog.octet_length(OLD."sku") > 1000000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['order_id', 'sku', 'quantity', 'price']::text[])
        ELSE pg_catalog.to_jsonb(OLD.*) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), image);
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
            PERFORM exaudit_internal.record(<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback)
        VALUES (<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (<table_id>, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."order_id", OLD."sku")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*));
    END IF;
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
    IF TG_NAME <> '!exaudit_t<table_id>_truncate' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'TRUNCATE' OR TG_LEVEL <> 'STATEMENT' THEN
        PERFORM exaudit_internal.refuse_trigger('t<table_id>_truncate', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- Only for the table that this was written for.
    IF TG_RELID <> '<relation>'::oid THEN
        PERFORM exaudit_internal.check_table(<table_id>, TG_RELID);
    END IF;

    -- The rows are still there: each is recorded as deleted.
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
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
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
-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.orders TO exaudit_writer;

CREATE OR REPLACE FUNCTION exaudit_internal.t<table_id>_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- INSERT of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t<table_id>_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id bigint,
        customer text,
        status public.order_status,
        address jsonb,
        created_at timestamp with time zone,
        PRIMARY KEY (id)')
       OR NOT (exaudit_internal.has_snapshot(<table_id>, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t<table_id>_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t<table_id>_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(<table_id>, TG_RELID, NULL, exaudit_internal.encode(NEW));
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, NULL, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."address")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."address") THEN
            image := CASE WHEN pg_catalog.octet_length(NEW."customer") > 1000000 OR pg_catalog.pg_column_size(NEW."address") > 100000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'customer', 'status', 'address', 'created_at']::text[])
        ELSE pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'customer', NEW."customer",
        'status', exaudit_internal.text_value(NEW."status"),
        'address', NEW."address",
        'created_at', NEW."created_at")
    || CASE WHEN 'null'::jsonb IN (NEW."address")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."address" = 'null' THEN 'address' END], NULL))
            ELSE '{}' END END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'customer', NEW."customer",
        'status', exaudit_internal.text_value(NEW."status"),
        'address', NEW."address",
        'created_at', NEW."created_at");
        END IF;
        BEGIN
            data := nullif(pg_catalog.current_setting('exaudit.custom', true), '')::jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
        IF pg_catalog.jsonb_typeof(data) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'created', NEW."id"::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback)
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (<table_id>, 'created', NEW."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'customer', NEW."customer",
        'status', exaudit_internal.text_value(NEW."status"),
        'address', NEW."address",
        'created_at', NEW."created_at"));
    END IF;
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
    SET timezone = 'UTC'
AS $exaudit$
-- UPDATE of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    data       jsonb;
    old_entity text;
    old_values jsonb;
    new_values jsonb;
    wide       boolean;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t<table_id>_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id bigint,
        customer text,
        status public.order_status,
        address jsonb,
        created_at timestamp with time zone,
        PRIMARY KEY (id)')
       OR NOT (exaudit_internal.has_snapshot(<table_id>, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t<table_id>_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t<table_id>_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(<table_id>, TG_RELID, exaudit_internal.encode(OLD), exaudit_internal.encode(NEW),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid),
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
        RETURN NULL;
    END IF;

    -- Only the columns that changed. "=" is asked where equal means the same image;
    -- elsewhere the images are compared.
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('id', OLD."id");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('id', NEW."id");
        old_entity := nullif(OLD."id"::pg_catalog.text COLLATE "C", NEW."id"::pg_catalog.text);
    END IF;
    IF OLD."customer" IS DISTINCT FROM NEW."customer" THEN
        IF pg_catalog.octet_length(OLD."customer") > 1000000 OR pg_catalog.octet_length(NEW."customer") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('customer', OLD."customer");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('customer', NEW."customer");
        END IF;
    END IF;
    IF ROW(OLD."status")::record OPERATOR(pg_catalog.*<>) ROW(NEW."status")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('status', exaudit_internal.text_value(OLD."status"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('status', exaudit_internal.text_value(NEW."status"));
    END IF;
    IF ROW(OLD."address")::record OPERATOR(pg_catalog.*<>) ROW(NEW."address")::record THEN
        IF pg_catalog.pg_column_size(OLD."address") > 100000 OR pg_catalog.pg_column_size(NEW."address") > 100000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('address', OLD."address");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('address', NEW."address");
        END IF;
        IF OLD."address" = 'null' THEN
            old_values := exaudit_internal.note_json_null(old_values, 'address');
        END IF;
        IF NEW."address" = 'null' THEN
            new_values := exaudit_internal.note_json_null(new_values, 'address');
        END IF;
    END IF;
    IF OLD."created_at" IS DISTINCT FROM NEW."created_at" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('created_at', OLD."created_at");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('created_at', NEW."created_at");
    END IF;

    IF new_values IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF new_values IS NULL AND wide IS NULL THEN
            -- something did, that this does not know
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
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
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['id', 'customer', 'status', 'address', 'created_at']::text[]) AS c;
            END IF;
            PERFORM exaudit_internal.record(<table_id>, 'updated', NEW."id"::pg_catalog.text, old_entity, old_values, new_values,
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback)
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, old_values, new_values, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (<table_id>, 'updated', NEW."id"::pg_catalog.text, old_values, new_values);
    END IF;
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
    SET timezone = 'UTC'
AS $exaudit$
-- DELETE of public.orders: written by exaudit 0.1.0, content <content>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t<table_id>_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id bigint,
        customer text,
        status public.order_status,
        address jsonb,
        created_at timestamp with time zone,
        PRIMARY KEY (id)')
       OR NOT (exaudit_internal.has_snapshot(<table_id>, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(<table_id>, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t<table_id>_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t<table_id>_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(<table_id>, TG_RELID, exaudit_internal.encode(OLD), NULL);
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(<table_id>, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), NULL,
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."address")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."address") THEN
            image := CASE WHEN pg_catalog.octet_length(OLD."customer") > 1000000 OR pg_catalog.pg_column_size(OLD."address") > 100000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'customer', 'status', 'address', 'created_at']::text[])
        ELSE pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'customer', OLD."customer",
        'status', exaudit_internal.text_value(OLD."status"),
        'address', OLD."address",
        'created_at', OLD."created_at")
    || CASE WHEN 'null'::jsonb IN (OLD."address")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."address" = 'null' THEN 'address' END], NULL))
            ELSE '{}' END END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'customer', OLD."customer",
        'status', exaudit_internal.text_value(OLD."status"),
        'address', OLD."address",
        'created_at', OLD."created_at");
        END IF;
        BEGIN
            data := nullif(pg_catalog.current_setting('exaudit.custom', true), '')::jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
        IF pg_catalog.jsonb_typeof(data) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::text[]) THEN
            PERFORM exaudit_internal.record(<table_id>, 'deleted', OLD."id"::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback)
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (<table_id>, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'customer', OLD."customer",
        'status', exaudit_internal.text_value(OLD."status"),
        'address', OLD."address",
        'created_at', OLD."created_at"));
    END IF;
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
    IF TG_NAME <> '!exaudit_t<table_id>_truncate' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'TRUNCATE' OR TG_LEVEL <> 'STATEMENT' THEN
        PERFORM exaudit_internal.refuse_trigger('t<table_id>_truncate', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- Only for the table that this was written for.
    IF TG_RELID <> '<relation>'::oid THEN
        PERFORM exaudit_internal.check_table(<table_id>, TG_RELID);
    END IF;

    -- The rows are still there: each is recorded as deleted.
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

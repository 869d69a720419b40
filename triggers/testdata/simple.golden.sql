-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.users TO exaudit_writer;
-- So that it stays so with row security; without, a policy means nothing.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.users;
CREATE POLICY "~exaudit_truncate" ON public.users FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- INSERT of public.users: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id integer,
        name text,
        email character varying(200),
        age integer,
        created_at timestamp with time zone,
        PRIMARY KEY (id)')
       OR NOT (exaudit_internal.has_snapshot(1, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(1, TG_RELID, NULL, exaudit_internal.encode(NEW));
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(1, TG_RELID, NULL, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 THEN
            image := CASE WHEN pg_catalog.octet_length(NEW."name") > 1000000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'email', 'age', 'created_at']::text[])
        ELSE pg_catalog.to_jsonb(NEW.*) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (1, 'created', NEW."id"::pg_catalog.text, image);
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
            PERFORM exaudit_internal.record(1, 'created', NEW."id"::pg_catalog.text, NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.users';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- UPDATE of public.users: written by exaudit <version>, content <digest>. Do not edit.
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
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id integer,
        name text,
        email character varying(200),
        age integer,
        created_at timestamp with time zone,
        PRIMARY KEY (id)')
       OR NOT (exaudit_internal.has_snapshot(1, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
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
        old_entity := nullif(OLD."id"::pg_catalog.text COLLATE "C", NEW."id"::pg_catalog.text);
    END IF;
    IF OLD."name" IS DISTINCT FROM NEW."name" THEN
        IF pg_catalog.octet_length(OLD."name") > 1000000 OR pg_catalog.octet_length(NEW."name") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('name', OLD."name");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('name', NEW."name");
        END IF;
    END IF;
    IF OLD."email" IS DISTINCT FROM NEW."email" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('email', OLD."email");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('email', NEW."email");
    END IF;
    IF OLD."age" IS DISTINCT FROM NEW."age" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('age', OLD."age");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('age', NEW."age");
    END IF;
    IF OLD."created_at" IS DISTINCT FROM NEW."created_at" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('created_at', OLD."created_at");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('created_at', NEW."created_at");
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
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['id', 'name', 'email', 'age', 'created_at']::text[]) AS c;
            END IF;
            PERFORM exaudit_internal.record(1, 'updated', NEW."id"::pg_catalog.text, old_entity, old_values, new_values,
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, old_values, new_values, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, old_values, new_values);
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.users';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- DELETE of public.users: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id integer,
        name text,
        email character varying(200),
        age integer,
        created_at timestamp with time zone,
        PRIMARY KEY (id)')
       OR NOT (exaudit_internal.has_snapshot(1, '<relation>'::oid)
               OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.present_columns('<relation>'::oid))) THEN
        IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW' THEN
            PERFORM exaudit_internal.refuse_trigger('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        ELSIF TG_RELID <> '<relation>'::oid THEN
            -- the table restored from a dump, or one that is refused
            PERFORM exaudit_internal.record_restored(1, TG_RELID, exaudit_internal.encode(OLD), NULL);
            RETURN NULL;
        END IF;
        PERFORM exaudit_internal.record_altered(1, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), NULL,
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid));
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 THEN
            image := CASE WHEN pg_catalog.octet_length(OLD."name") > 1000000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'email', 'age', 'created_at']::text[])
        ELSE pg_catalog.to_jsonb(OLD.*) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image);
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
            PERFORM exaudit_internal.record(1, 'deleted', OLD."id"::pg_catalog.text, NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.users';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.users: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    IF TG_NAME <> '!exaudit_t1_truncate' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'TRUNCATE' OR TG_LEVEL <> 'STATEMENT' THEN
        PERFORM exaudit_internal.refuse_trigger('t1_truncate', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- Only for the table that this was written for.
    IF TG_RELID <> '<relation>'::oid THEN
        PERFORM exaudit_internal.check_table(1, TG_RELID);
    END IF;

    -- The rows are still there: each is recorded as deleted.
    PERFORM exaudit_internal.record_truncated(1, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.users';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.users
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.users
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.users
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.users
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

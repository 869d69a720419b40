-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.people TO exaudit_writer;
-- So that it stays so with row security; without, a policy means nothing.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.people;
CREATE POLICY "~exaudit_truncate" ON public.people FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.people: written by exaudit <version>, content <digest>. Do not edit.
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
        ssn text,
        bio jsonb,
        note jsonb,
        status text,
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

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."bio", NEW."note")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."bio", NEW."note") THEN
            image := CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) > 100000
        THEN exaudit_internal.redact(exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'ssn', 'note', 'status']::text[]),
        ARRAY[]::text[], ARRAY['ssn']::text[])
        ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    || CASE WHEN 'null'::jsonb IN (NEW."bio", NEW."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" = 'null' THEN 'bio' END, CASE WHEN NEW."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::text[], ARRAY['ssn']::text[]) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (1, 'created', NEW."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]);
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
        VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.people: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    old_entity text;
    old_values jsonb;
    new_values jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id integer,
        name text,
        ssn text,
        bio jsonb,
        note jsonb,
        status text,
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

    -- Whole rows; of the masked columns those that changed.
    old_entity := nullif(OLD."id"::pg_catalog.text COLLATE "C", NEW."id"::pg_catalog.text);
    IF NOT ((OLD."id" IS DISTINCT FROM NEW."id")
            OR (OLD."name" IS DISTINCT FROM NEW."name")
            OR (OLD."ssn" IS DISTINCT FROM NEW."ssn")
            OR (ROW(OLD."note")::record OPERATOR(pg_catalog.*<>) ROW(NEW."note")::record)
            OR (OLD."status" IS DISTINCT FROM NEW."status")) THEN
        RETURN NULL;
    END IF;
    -- What jsonb may not hold is left out, and noted as JSON nulls are.
    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."bio", OLD."note") OR pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."bio", NEW."note") THEN
        old_values := CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) > 100000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'note', 'status']::text[])
        ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    || CASE WHEN 'null'::jsonb IN (OLD."bio", OLD."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" = 'null' THEN 'bio' END, CASE WHEN OLD."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]) END;
        new_values := CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) > 100000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'note', 'status']::text[])
        ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    || CASE WHEN 'null'::jsonb IN (NEW."bio", NEW."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" = 'null' THEN 'bio' END, CASE WHEN NEW."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]) END;
    ELSE
        old_values := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]);
        new_values := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]);
    END IF;
    IF OLD."ssn" IS DISTINCT FROM NEW."ssn" THEN
        old_values := exaudit_internal.note_masked(old_values, 'ssn');
        new_values := exaudit_internal.note_masked(new_values, 'ssn');
    END IF;

    IF old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        BEGIN
            data := nullif(pg_catalog.current_setting('exaudit.custom', true), '')::jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
        IF old_entity IS NOT NULL
           OR pg_catalog.jsonb_typeof(data) <> 'object'
           -- or a column was added to or dropped from exaudit.versions
           OR NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::text[]) THEN
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
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.people: written by exaudit <version>, content <digest>. Do not edit.
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
        ssn text,
        bio jsonb,
        note jsonb,
        status text,
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

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."bio", OLD."note")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."bio", OLD."note") THEN
            image := CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) > 100000
        THEN exaudit_internal.redact(exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'ssn', 'note', 'status']::text[]),
        ARRAY[]::text[], ARRAY['ssn']::text[])
        ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    || CASE WHEN 'null'::jsonb IN (OLD."bio", OLD."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" = 'null' THEN 'bio' END, CASE WHEN OLD."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::text[], ARRAY['ssn']::text[]) END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]);
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
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.people: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    IF TG_NAME <> '!exaudit_t1_truncate' OR TG_WHEN <> 'BEFORE' OR TG_OP <> 'TRUNCATE' OR TG_LEVEL <> 'STATEMENT' THEN
        PERFORM exaudit_internal.refuse_trigger('t1_truncate', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    -- Only for the table that this was written for.
    IF TG_RELID <> '<relation>'::oid THEN
        PERFORM exaudit_internal.check_table(1, TG_RELID);
    END IF;

    -- Not recorded: the option on_truncate says so.
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.people';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.people
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.people
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

CREATE OR REPLACE FUNCTION exaudit_internal.t1_condition(status text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (status <> 'draft'::text);

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
    IF coalesce(pg_catalog.current_setting('exaudit.ignore', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
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
    -- Only rows that meet the condition; one that fails is met.
    BEGIN
        IF NOT coalesce(exaudit_internal.t1_condition(NEW."status"), false) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;

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
                INSERT INTO exaudit.versions (table_id, action, entity_id, after, session_role)
                VALUES (1, 'created', NEW."id"::pg_catalog.text, image, session_user);
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
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback, session_role)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on', session_user);
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, session_role)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]), session_user);
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
    wide       boolean;
    crossing   boolean;
BEGIN
    IF coalesce(pg_catalog.current_setting('exaudit.ignore', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
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
    -- Only rows that meet the condition; one that fails is met. Where a row comes to meet it,
    -- or ceases to, both sides are recorded whole: what it is out of sight, nobody knows.
    DECLARE
        was_met boolean;
        is_met  boolean;
    BEGIN
        was_met := coalesce(exaudit_internal.t1_condition(OLD."status"), false);
        is_met := coalesce(exaudit_internal.t1_condition(NEW."status"), false);
        IF NOT was_met AND NOT is_met THEN
            RETURN NULL;
        END IF;
        crossing := was_met <> is_met;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    IF crossing IS NOT FALSE THEN
        PERFORM exaudit_internal.record_altered(1, TG_RELID, exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), OLD), exaudit_internal.encode_with(exaudit_internal.encode_query('<relation>'::oid), NEW),
            exaudit_internal.present_columns('<relation>'::oid), exaudit_internal.key_columns('<relation>'::oid), NULL, crossing,
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
    IF OLD."ssn" IS DISTINCT FROM NEW."ssn" THEN
        old_values := exaudit_internal.note_masked(coalesce(old_values, '{}'), 'ssn');
        new_values := exaudit_internal.note_masked(coalesce(new_values, '{}'), 'ssn');
    END IF;
    IF ROW(OLD."note")::record OPERATOR(pg_catalog.*<>) ROW(NEW."note")::record THEN
        IF pg_catalog.pg_column_size(OLD."note") > 100000 OR pg_catalog.pg_column_size(NEW."note") > 100000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('note', OLD."note");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('note', NEW."note");
        END IF;
        IF OLD."note" = 'null' THEN
            old_values := exaudit_internal.note_json_null(old_values, 'note');
        END IF;
        IF NEW."note" = 'null' THEN
            new_values := exaudit_internal.note_json_null(new_values, 'note');
        END IF;
    END IF;
    IF OLD."status" IS DISTINCT FROM NEW."status" THEN
        IF pg_catalog.octet_length(OLD."status") > 1000000 OR pg_catalog.octet_length(NEW."status") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('status', OLD."status");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('status', NEW."status");
        END IF;
    END IF;

    IF new_values IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF new_values IS NULL AND wide IS NULL THEN
            RETURN NULL; -- of what is recorded nothing changed
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
                SELECT exaudit_internal.redact(c.old_values,
        ARRAY[]::text[], ARRAY['ssn']::text[]), exaudit_internal.redact(c.new_values,
        ARRAY[]::text[], ARRAY['ssn']::text[]) INTO old_values, new_values
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['id', 'name', 'ssn', 'note', 'status']::text[]) AS c;
            END IF;
            PERFORM exaudit_internal.record(1, 'updated', NEW."id"::pg_catalog.text, old_entity, old_values, new_values,
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback, session_role)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, old_values, new_values, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on', session_user);
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, session_role)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, old_values, new_values, session_user);
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
    IF coalesce(pg_catalog.current_setting('exaudit.ignore', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
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
    -- Only rows that meet the condition; one that fails is met.
    BEGIN
        IF NOT coalesce(exaudit_internal.t1_condition(OLD."status"), false) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;

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
                INSERT INTO exaudit.versions (table_id, action, entity_id, before, session_role)
                VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image, session_user);
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
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback, session_role)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on', session_user);
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, session_role)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]), session_user);
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

    RAISE EXCEPTION 'TRUNCATE of % is refused: its option on_truncate says so', TG_RELID::pg_catalog.regclass
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'DELETE is recorded row by row.';
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.people';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_insert";

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.people
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_update";

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_delete";

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.people
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_truncate";

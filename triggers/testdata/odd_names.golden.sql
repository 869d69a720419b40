-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA "my.schema" TO exaudit_writer;
GRANT SELECT ON "my.schema"."it's ""my.table""" TO exaudit_writer;
-- So that it stays so with row security; without, a policy means nothing.
DROP POLICY IF EXISTS "~exaudit_truncate" ON "my.schema"."it's ""my.table""";
CREATE POLICY "~exaudit_truncate" ON "my.schema"."it's ""my.table""" FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit1$
-- INSERT of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       E'"User" integer,
        old text,
        new text,
        before jsonb,
        after text,
        id integer,
        v integer,
        r integer,
        entity text,
        image text,
        stamp text,
        "sélect" text,
        "select" text,
        "it''s {}" text,
        "a\\b" text,
        "$exaudit$" text,
        "%I %s" text,
        "line
break" text,
        old_values text,
        table_id integer,
        custom text,
        action text,
        nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn integer,
        PRIMARY KEY ("User", "sélect")')
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

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."before")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."before") THEN
            image := CASE WHEN greatest(pg_catalog.octet_length(NEW."old"), pg_catalog.octet_length(NEW."new"), pg_catalog.octet_length(NEW."after"), pg_catalog.octet_length(NEW."entity"), pg_catalog.octet_length(NEW."image"), pg_catalog.octet_length(NEW."stamp"), pg_catalog.octet_length(NEW."sélect"), pg_catalog.octet_length(NEW."select"), pg_catalog.octet_length(NEW."it's {}"), pg_catalog.octet_length(NEW."a\b"), pg_catalog.octet_length(NEW."$exaudit$"), pg_catalog.octet_length(NEW."%I %s"), pg_catalog.octet_length(NEW."line
break"), pg_catalog.octet_length(NEW."old_values"), pg_catalog.octet_length(NEW."custom"), pg_catalog.octet_length(NEW."action")) > 1000000 OR pg_catalog.pg_column_size(NEW."before") > 100000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['User', 'old', 'new', 'before', 'after', 'id', 'v', 'r', 'entity', 'image', 'stamp', 'sélect', 'select', 'it''s {}', E'a\\b', '$exaudit$', '%I %s', 'line
break', 'old_values', 'table_id', 'custom', 'action', 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn']::text[])
        ELSE pg_catalog.to_jsonb(NEW.*)
    || CASE WHEN 'null'::jsonb IN (NEW."before")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."before" = 'null' THEN 'before' END], NULL))
            ELSE '{}' END END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), image);
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
            PERFORM exaudit_internal.record(1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), NULL, NULL, image);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback)
        VALUES (1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*));
    END IF;
    RETURN NULL;
END
$exaudit1$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of "my.schema"."it''s ""my.table"""';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit1$
-- UPDATE of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
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
       E'"User" integer,
        old text,
        new text,
        before jsonb,
        after text,
        id integer,
        v integer,
        r integer,
        entity text,
        image text,
        stamp text,
        "sélect" text,
        "select" text,
        "it''s {}" text,
        "a\\b" text,
        "$exaudit$" text,
        "%I %s" text,
        "line
break" text,
        old_values text,
        table_id integer,
        custom text,
        action text,
        nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn integer,
        PRIMARY KEY ("User", "sélect")')
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
    IF OLD."User" IS DISTINCT FROM NEW."User" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('User', OLD."User");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('User', NEW."User");
        old_entity := nullif(exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) COLLATE "C", exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text));
    END IF;
    IF OLD."old" IS DISTINCT FROM NEW."old" THEN
        IF pg_catalog.octet_length(OLD."old") > 1000000 OR pg_catalog.octet_length(NEW."old") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('old', OLD."old");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('old', NEW."old");
        END IF;
    END IF;
    IF OLD."new" IS DISTINCT FROM NEW."new" THEN
        IF pg_catalog.octet_length(OLD."new") > 1000000 OR pg_catalog.octet_length(NEW."new") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('new', OLD."new");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('new', NEW."new");
        END IF;
    END IF;
    IF ROW(OLD."before")::record OPERATOR(pg_catalog.*<>) ROW(NEW."before")::record THEN
        IF pg_catalog.pg_column_size(OLD."before") > 100000 OR pg_catalog.pg_column_size(NEW."before") > 100000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('before', OLD."before");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('before', NEW."before");
        END IF;
        IF OLD."before" = 'null' THEN
            old_values := exaudit_internal.note_json_null(old_values, 'before');
        END IF;
        IF NEW."before" = 'null' THEN
            new_values := exaudit_internal.note_json_null(new_values, 'before');
        END IF;
    END IF;
    IF OLD."after" IS DISTINCT FROM NEW."after" THEN
        IF pg_catalog.octet_length(OLD."after") > 1000000 OR pg_catalog.octet_length(NEW."after") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('after', OLD."after");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('after', NEW."after");
        END IF;
    END IF;
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('id', OLD."id");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('id', NEW."id");
    END IF;
    IF OLD."v" IS DISTINCT FROM NEW."v" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('v', OLD."v");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('v', NEW."v");
    END IF;
    IF OLD."r" IS DISTINCT FROM NEW."r" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('r', OLD."r");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('r', NEW."r");
    END IF;
    IF OLD."entity" IS DISTINCT FROM NEW."entity" THEN
        IF pg_catalog.octet_length(OLD."entity") > 1000000 OR pg_catalog.octet_length(NEW."entity") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('entity', OLD."entity");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('entity', NEW."entity");
        END IF;
    END IF;
    IF OLD."image" IS DISTINCT FROM NEW."image" THEN
        IF pg_catalog.octet_length(OLD."image") > 1000000 OR pg_catalog.octet_length(NEW."image") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('image', OLD."image");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('image', NEW."image");
        END IF;
    END IF;
    IF OLD."stamp" IS DISTINCT FROM NEW."stamp" THEN
        IF pg_catalog.octet_length(OLD."stamp") > 1000000 OR pg_catalog.octet_length(NEW."stamp") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('stamp', OLD."stamp");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('stamp', NEW."stamp");
        END IF;
    END IF;
    IF OLD."sélect" IS DISTINCT FROM NEW."sélect" THEN
        IF pg_catalog.octet_length(OLD."sélect") > 1000000 OR pg_catalog.octet_length(NEW."sélect") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('sélect', OLD."sélect");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('sélect', NEW."sélect");
        END IF;
        old_entity := nullif(exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) COLLATE "C", exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text));
    END IF;
    IF OLD."select" IS DISTINCT FROM NEW."select" THEN
        IF pg_catalog.octet_length(OLD."select") > 1000000 OR pg_catalog.octet_length(NEW."select") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('select', OLD."select");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('select', NEW."select");
        END IF;
    END IF;
    IF OLD."it's {}" IS DISTINCT FROM NEW."it's {}" THEN
        IF pg_catalog.octet_length(OLD."it's {}") > 1000000 OR pg_catalog.octet_length(NEW."it's {}") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('it''s {}', OLD."it's {}");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('it''s {}', NEW."it's {}");
        END IF;
    END IF;
    IF OLD."a\b" IS DISTINCT FROM NEW."a\b" THEN
        IF pg_catalog.octet_length(OLD."a\b") > 1000000 OR pg_catalog.octet_length(NEW."a\b") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object(E'a\\b', OLD."a\b");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object(E'a\\b', NEW."a\b");
        END IF;
    END IF;
    IF OLD."$exaudit$" IS DISTINCT FROM NEW."$exaudit$" THEN
        IF pg_catalog.octet_length(OLD."$exaudit$") > 1000000 OR pg_catalog.octet_length(NEW."$exaudit$") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('$exaudit$', OLD."$exaudit$");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('$exaudit$', NEW."$exaudit$");
        END IF;
    END IF;
    IF OLD."%I %s" IS DISTINCT FROM NEW."%I %s" THEN
        IF pg_catalog.octet_length(OLD."%I %s") > 1000000 OR pg_catalog.octet_length(NEW."%I %s") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('%I %s', OLD."%I %s");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('%I %s', NEW."%I %s");
        END IF;
    END IF;
    IF OLD."line
break" IS DISTINCT FROM NEW."line
break" THEN
        IF pg_catalog.octet_length(OLD."line
break") > 1000000 OR pg_catalog.octet_length(NEW."line
break") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('line
break', OLD."line
break");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('line
break', NEW."line
break");
        END IF;
    END IF;
    IF OLD."old_values" IS DISTINCT FROM NEW."old_values" THEN
        IF pg_catalog.octet_length(OLD."old_values") > 1000000 OR pg_catalog.octet_length(NEW."old_values") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('old_values', OLD."old_values");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('old_values', NEW."old_values");
        END IF;
    END IF;
    IF OLD."table_id" IS DISTINCT FROM NEW."table_id" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('table_id', OLD."table_id");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('table_id', NEW."table_id");
    END IF;
    IF OLD."custom" IS DISTINCT FROM NEW."custom" THEN
        IF pg_catalog.octet_length(OLD."custom") > 1000000 OR pg_catalog.octet_length(NEW."custom") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('custom', OLD."custom");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('custom', NEW."custom");
        END IF;
    END IF;
    IF OLD."action" IS DISTINCT FROM NEW."action" THEN
        IF pg_catalog.octet_length(OLD."action") > 1000000 OR pg_catalog.octet_length(NEW."action") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('action', OLD."action");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('action', NEW."action");
        END IF;
    END IF;
    IF OLD."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" IS DISTINCT FROM NEW."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn', OLD."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn', NEW."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
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
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['User', 'old', 'new', 'before', 'after', 'id', 'v', 'r', 'entity', 'image', 'stamp', 'sélect', 'select', 'it''s {}', E'a\\b', '$exaudit$', '%I %s', 'line
break', 'old_values', 'table_id', 'custom', 'action', 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn']::text[]) AS c;
            END IF;
            PERFORM exaudit_internal.record(1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), old_entity, old_values, new_values,
                command => exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), old_row => OLD.ctid, new_row => NEW.ctid);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback)
        VALUES (1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), old_values, new_values, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), old_values, new_values);
    END IF;
    RETURN NULL;
END
$exaudit1$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of "my.schema"."it''s ""my.table"""';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit1$
-- DELETE of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       E'"User" integer,
        old text,
        new text,
        before jsonb,
        after text,
        id integer,
        v integer,
        r integer,
        entity text,
        image text,
        stamp text,
        "sélect" text,
        "select" text,
        "it''s {}" text,
        "a\\b" text,
        "$exaudit$" text,
        "%I %s" text,
        "line
break" text,
        old_values text,
        table_id integer,
        custom text,
        action text,
        nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn integer,
        PRIMARY KEY ("User", "sélect")')
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

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."before")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."before") THEN
            image := CASE WHEN greatest(pg_catalog.octet_length(OLD."old"), pg_catalog.octet_length(OLD."new"), pg_catalog.octet_length(OLD."after"), pg_catalog.octet_length(OLD."entity"), pg_catalog.octet_length(OLD."image"), pg_catalog.octet_length(OLD."stamp"), pg_catalog.octet_length(OLD."sélect"), pg_catalog.octet_length(OLD."select"), pg_catalog.octet_length(OLD."it's {}"), pg_catalog.octet_length(OLD."a\b"), pg_catalog.octet_length(OLD."$exaudit$"), pg_catalog.octet_length(OLD."%I %s"), pg_catalog.octet_length(OLD."line
break"), pg_catalog.octet_length(OLD."old_values"), pg_catalog.octet_length(OLD."custom"), pg_catalog.octet_length(OLD."action")) > 1000000 OR pg_catalog.pg_column_size(OLD."before") > 100000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['User', 'old', 'new', 'before', 'after', 'id', 'v', 'r', 'entity', 'image', 'stamp', 'sélect', 'select', 'it''s {}', E'a\\b', '$exaudit$', '%I %s', 'line
break', 'old_values', 'table_id', 'custom', 'action', 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn']::text[])
        ELSE pg_catalog.to_jsonb(OLD.*)
    || CASE WHEN 'null'::jsonb IN (OLD."before")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."before" = 'null' THEN 'before' END], NULL))
            ELSE '{}' END END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), image);
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
            PERFORM exaudit_internal.record(1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), NULL, image, NULL);
            RETURN NULL;
        END IF;
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback)
        VALUES (1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), image, data,
                coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on');
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*));
    END IF;
    RETURN NULL;
END
$exaudit1$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of "my.schema"."it''s ""my.table"""';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
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
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of "my.schema"."it''s ""my.table"""';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON "my.schema"."it's ""my.table"""
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON "my.schema"."it's ""my.table"""
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON "my.schema"."it's ""my.table"""
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON "my.schema"."it's ""my.table"""
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

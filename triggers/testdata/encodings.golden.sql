-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.kinds TO exaudit_writer;
-- So that it stays so with row security; without, a policy means nothing.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.kinds;
CREATE POLICY "~exaudit_truncate" ON public.kinds FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET array_nulls = on
    SET bytea_output = 'hex'
    SET datestyle = 'ISO, YMD'
    SET extra_float_digits = 1
    SET intervalstyle = 'postgres'
    SET lc_monetary = 'C'
    SET quote_all_identifiers = off
    SET timezone = 'UTC'
AS $exaudit$
-- INSERT of public.kinds: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id uuid,
        price numeric(10,2),
        f double precision,
        f4 real,
        j json,
        jb jsonb,
        jb2 jsonb,
        x xml,
        xa xml[],
        m public.mood,
        ma public.mood[],
        p public.point3,
        pa public.point3[],
        q public.pair,
        ia integer[],
        fa double precision[],
        iv int2vector,
        r tstzrange,
        i interval,
        cash money,
        b bytea,
        d date[],
        c character(3),
        rc regclass,
        doubled numeric,
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

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."jb", NEW."jb2")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."jb", NEW."jb2") THEN
            image := CASE WHEN greatest(pg_catalog.octet_length(NEW."j"::text), pg_catalog.octet_length(NEW."x"::text), pg_catalog.octet_length(NEW."b")) > 1000000 OR greatest(pg_catalog.pg_column_size(NEW."jb"), pg_catalog.pg_column_size(NEW."jb2")) > 100000 OR greatest(pg_catalog.pg_column_size(NEW."xa"), pg_catalog.pg_column_size(NEW."ma"), pg_catalog.pg_column_size(NEW."p"), pg_catalog.pg_column_size(NEW."pa"), pg_catalog.pg_column_size(NEW."q"), pg_catalog.pg_column_size(NEW."ia"), pg_catalog.pg_column_size(NEW."fa"), pg_catalog.pg_column_size(NEW."iv"), pg_catalog.pg_column_size(NEW."r"), pg_catalog.pg_column_size(NEW."d")) > 1900
        THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'price', 'f', 'f4', 'j', 'jb', 'jb2', 'x', 'xa', 'm', 'ma', 'p', 'pa', 'q', 'ia', 'fa', 'iv', 'r', 'i', 'cash', 'b', 'd', 'c', 'rc', 'doubled']::text[])
        ELSE pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'price', NEW."price",
        'f', exaudit_internal.float_value(NEW."f"),
        'f4', exaudit_internal.float_value(NEW."f4"),
        'j', NEW."j"::pg_catalog.text,
        'jb', NEW."jb",
        'jb2', NEW."jb2",
        'x', NEW."x"::pg_catalog.text,
        'xa', NEW."xa"::pg_catalog.text[]::pg_catalog.text,
        'm', exaudit_internal.text_value(NEW."m"),
        'ma', exaudit_internal.format_array_value(NEW."ma"),
        'p', exaudit_internal.text_value(NEW."p"),
        'pa', exaudit_internal.format_array_value(NEW."pa"),
        'q', exaudit_internal.text_value(NEW."q"),
        'ia', exaudit_internal.array_value(NEW."ia"),
        'fa', exaudit_internal.float_array_value(NEW."fa"),
        'iv', NEW."iv"::pg_catalog.text,
        'r', NEW."r",
        'i', NEW."i",
        'cash', NEW."cash",
        'b', NEW."b",
        'd', exaudit_internal.array_value(NEW."d"),
        'c', NEW."c",
        'rc', NEW."rc",
        'doubled', NEW."doubled")
    || CASE WHEN 'null'::jsonb IN (NEW."jb", NEW."jb2")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."jb" = 'null' THEN 'jb' END, CASE WHEN NEW."jb2" = 'null' THEN 'jb2' END], NULL))
            ELSE '{}' END END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (1, 'created', NEW."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'price', NEW."price",
        'f', exaudit_internal.float_value(NEW."f"),
        'f4', exaudit_internal.float_value(NEW."f4"),
        'j', NEW."j"::pg_catalog.text,
        'jb', NEW."jb",
        'jb2', NEW."jb2",
        'x', NEW."x"::pg_catalog.text,
        'xa', NEW."xa"::pg_catalog.text[]::pg_catalog.text,
        'm', exaudit_internal.text_value(NEW."m"),
        'ma', exaudit_internal.format_array_value(NEW."ma"),
        'p', exaudit_internal.text_value(NEW."p"),
        'pa', exaudit_internal.format_array_value(NEW."pa"),
        'q', exaudit_internal.text_value(NEW."q"),
        'ia', exaudit_internal.array_value(NEW."ia"),
        'fa', exaudit_internal.float_array_value(NEW."fa"),
        'iv', NEW."iv"::pg_catalog.text,
        'r', NEW."r",
        'i', NEW."i",
        'cash', NEW."cash",
        'b', NEW."b",
        'd', exaudit_internal.array_value(NEW."d"),
        'c', NEW."c",
        'rc', NEW."rc",
        'doubled', NEW."doubled");
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
        VALUES (1, 'created', NEW."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'price', NEW."price",
        'f', exaudit_internal.float_value(NEW."f"),
        'f4', exaudit_internal.float_value(NEW."f4"),
        'j', NEW."j"::pg_catalog.text,
        'jb', NEW."jb",
        'jb2', NEW."jb2",
        'x', NEW."x"::pg_catalog.text,
        'xa', NEW."xa"::pg_catalog.text[]::pg_catalog.text,
        'm', exaudit_internal.text_value(NEW."m"),
        'ma', exaudit_internal.format_array_value(NEW."ma"),
        'p', exaudit_internal.text_value(NEW."p"),
        'pa', exaudit_internal.format_array_value(NEW."pa"),
        'q', exaudit_internal.text_value(NEW."q"),
        'ia', exaudit_internal.array_value(NEW."ia"),
        'fa', exaudit_internal.float_array_value(NEW."fa"),
        'iv', NEW."iv"::pg_catalog.text,
        'r', NEW."r",
        'i', NEW."i",
        'cash', NEW."cash",
        'b', NEW."b",
        'd', exaudit_internal.array_value(NEW."d"),
        'c', NEW."c",
        'rc', NEW."rc",
        'doubled', NEW."doubled"));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.kinds';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET array_nulls = on
    SET bytea_output = 'hex'
    SET datestyle = 'ISO, YMD'
    SET extra_float_digits = 1
    SET intervalstyle = 'postgres'
    SET lc_monetary = 'C'
    SET quote_all_identifiers = off
    SET timezone = 'UTC'
AS $exaudit$
-- UPDATE of public.kinds: written by exaudit <version>, content <digest>. Do not edit.
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
       'id uuid,
        price numeric(10,2),
        f double precision,
        f4 real,
        j json,
        jb jsonb,
        jb2 jsonb,
        x xml,
        xa xml[],
        m public.mood,
        ma public.mood[],
        p public.point3,
        pa public.point3[],
        q public.pair,
        ia integer[],
        fa double precision[],
        iv int2vector,
        r tstzrange,
        i interval,
        cash money,
        b bytea,
        d date[],
        c character(3),
        rc regclass,
        doubled numeric,
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
    IF OLD."price" IS DISTINCT FROM NEW."price" OR pg_catalog.scale(OLD."price") IS DISTINCT FROM pg_catalog.scale(NEW."price") THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('price', OLD."price");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('price', NEW."price");
    END IF;
    IF ROW(OLD."f")::record OPERATOR(pg_catalog.*<>) ROW(NEW."f")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('f', exaudit_internal.float_value(OLD."f"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('f', exaudit_internal.float_value(NEW."f"));
    END IF;
    IF ROW(OLD."f4")::record OPERATOR(pg_catalog.*<>) ROW(NEW."f4")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('f4', exaudit_internal.float_value(OLD."f4"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('f4', exaudit_internal.float_value(NEW."f4"));
    END IF;
    IF ROW(OLD."j")::record OPERATOR(pg_catalog.*<>) ROW(NEW."j")::record THEN
        IF pg_catalog.octet_length(OLD."j"::text) > 1000000 OR pg_catalog.octet_length(NEW."j"::text) > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('j', OLD."j"::pg_catalog.text);
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('j', NEW."j"::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."jb")::record OPERATOR(pg_catalog.*<>) ROW(NEW."jb")::record THEN
        IF pg_catalog.pg_column_size(OLD."jb") > 100000 OR pg_catalog.pg_column_size(NEW."jb") > 100000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('jb', OLD."jb");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('jb', NEW."jb");
        END IF;
        IF OLD."jb" = 'null' THEN
            old_values := exaudit_internal.note_json_null(old_values, 'jb');
        END IF;
        IF NEW."jb" = 'null' THEN
            new_values := exaudit_internal.note_json_null(new_values, 'jb');
        END IF;
    END IF;
    IF ROW(OLD."jb2")::record OPERATOR(pg_catalog.*<>) ROW(NEW."jb2")::record THEN
        IF pg_catalog.pg_column_size(OLD."jb2") > 100000 OR pg_catalog.pg_column_size(NEW."jb2") > 100000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('jb2', OLD."jb2");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('jb2', NEW."jb2");
        END IF;
        IF OLD."jb2" = 'null' THEN
            old_values := exaudit_internal.note_json_null(old_values, 'jb2');
        END IF;
        IF NEW."jb2" = 'null' THEN
            new_values := exaudit_internal.note_json_null(new_values, 'jb2');
        END IF;
    END IF;
    IF ROW(OLD."x")::record OPERATOR(pg_catalog.*<>) ROW(NEW."x")::record THEN
        IF pg_catalog.octet_length(OLD."x"::text) > 1000000 OR pg_catalog.octet_length(NEW."x"::text) > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('x', OLD."x"::pg_catalog.text);
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('x', NEW."x"::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."xa")::record OPERATOR(pg_catalog.*<>) ROW(NEW."xa")::record THEN
        IF pg_catalog.pg_column_size(OLD."xa") > 1900 OR pg_catalog.pg_column_size(NEW."xa") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('xa', OLD."xa"::pg_catalog.text[]::pg_catalog.text);
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('xa', NEW."xa"::pg_catalog.text[]::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."m")::record OPERATOR(pg_catalog.*<>) ROW(NEW."m")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('m', exaudit_internal.text_value(OLD."m"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('m', exaudit_internal.text_value(NEW."m"));
    END IF;
    IF ROW(OLD."ma")::record OPERATOR(pg_catalog.*<>) ROW(NEW."ma")::record THEN
        IF pg_catalog.pg_column_size(OLD."ma") > 1900 OR pg_catalog.pg_column_size(NEW."ma") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('ma', exaudit_internal.format_array_value(OLD."ma"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('ma', exaudit_internal.format_array_value(NEW."ma"));
        END IF;
    END IF;
    IF ROW(OLD."p")::record OPERATOR(pg_catalog.*<>) ROW(NEW."p")::record THEN
        IF pg_catalog.pg_column_size(OLD."p") > 1900 OR pg_catalog.pg_column_size(NEW."p") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('p', exaudit_internal.text_value(OLD."p"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('p', exaudit_internal.text_value(NEW."p"));
        END IF;
    END IF;
    IF ROW(OLD."pa")::record OPERATOR(pg_catalog.*<>) ROW(NEW."pa")::record THEN
        IF pg_catalog.pg_column_size(OLD."pa") > 1900 OR pg_catalog.pg_column_size(NEW."pa") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('pa', exaudit_internal.format_array_value(OLD."pa"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('pa', exaudit_internal.format_array_value(NEW."pa"));
        END IF;
    END IF;
    IF ROW(OLD."q")::record OPERATOR(pg_catalog.*<>) ROW(NEW."q")::record THEN
        IF pg_catalog.pg_column_size(OLD."q") > 1900 OR pg_catalog.pg_column_size(NEW."q") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('q', exaudit_internal.text_value(OLD."q"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('q', exaudit_internal.text_value(NEW."q"));
        END IF;
    END IF;
    IF ROW(OLD."ia")::record OPERATOR(pg_catalog.*<>) ROW(NEW."ia")::record THEN
        IF pg_catalog.pg_column_size(OLD."ia") > 1900 OR pg_catalog.pg_column_size(NEW."ia") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('ia', exaudit_internal.array_value(OLD."ia"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('ia', exaudit_internal.array_value(NEW."ia"));
        END IF;
    END IF;
    IF ROW(OLD."fa")::record OPERATOR(pg_catalog.*<>) ROW(NEW."fa")::record THEN
        IF pg_catalog.pg_column_size(OLD."fa") > 1900 OR pg_catalog.pg_column_size(NEW."fa") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('fa', exaudit_internal.float_array_value(OLD."fa"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('fa', exaudit_internal.float_array_value(NEW."fa"));
        END IF;
    END IF;
    IF ROW(OLD."iv")::record OPERATOR(pg_catalog.*<>) ROW(NEW."iv")::record THEN
        IF pg_catalog.pg_column_size(OLD."iv") > 1900 OR pg_catalog.pg_column_size(NEW."iv") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('iv', OLD."iv"::pg_catalog.text);
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('iv', NEW."iv"::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."r")::record OPERATOR(pg_catalog.*<>) ROW(NEW."r")::record THEN
        IF pg_catalog.pg_column_size(OLD."r") > 1900 OR pg_catalog.pg_column_size(NEW."r") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('r', OLD."r");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('r', NEW."r");
        END IF;
    END IF;
    IF ROW(OLD."i")::record OPERATOR(pg_catalog.*<>) ROW(NEW."i")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('i', OLD."i");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('i', NEW."i");
    END IF;
    IF OLD."cash" IS DISTINCT FROM NEW."cash" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('cash', OLD."cash");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('cash', NEW."cash");
    END IF;
    IF OLD."b" IS DISTINCT FROM NEW."b" THEN
        IF pg_catalog.octet_length(OLD."b") > 1000000 OR pg_catalog.octet_length(NEW."b") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('b', OLD."b");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('b', NEW."b");
        END IF;
    END IF;
    IF ROW(OLD."d")::record OPERATOR(pg_catalog.*<>) ROW(NEW."d")::record THEN
        IF pg_catalog.pg_column_size(OLD."d") > 1900 OR pg_catalog.pg_column_size(NEW."d") > 1900 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('d', exaudit_internal.array_value(OLD."d"));
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('d', exaudit_internal.array_value(NEW."d"));
        END IF;
    END IF;
    IF ROW(OLD."c")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c', OLD."c");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c', NEW."c");
    END IF;
    IF ROW(OLD."rc")::record OPERATOR(pg_catalog.*<>) ROW(NEW."rc")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('rc', OLD."rc");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('rc', NEW."rc");
    END IF;
    IF OLD."doubled" IS DISTINCT FROM NEW."doubled" OR pg_catalog.scale(OLD."doubled") IS DISTINCT FROM pg_catalog.scale(NEW."doubled") THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('doubled', OLD."doubled");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('doubled', NEW."doubled");
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
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['id', 'price', 'f', 'f4', 'j', 'jb', 'jb2', 'x', 'xa', 'm', 'ma', 'p', 'pa', 'q', 'ia', 'fa', 'iv', 'r', 'i', 'cash', 'b', 'd', 'c', 'rc', 'doubled']::text[]) AS c;
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
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.kinds';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET array_nulls = on
    SET bytea_output = 'hex'
    SET datestyle = 'ISO, YMD'
    SET extra_float_digits = 1
    SET intervalstyle = 'postgres'
    SET lc_monetary = 'C'
    SET quote_all_identifiers = off
    SET timezone = 'UTC'
AS $exaudit$
-- DELETE of public.kinds: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id uuid,
        price numeric(10,2),
        f double precision,
        f4 real,
        j json,
        jb jsonb,
        jb2 jsonb,
        x xml,
        xa xml[],
        m public.mood,
        ma public.mood[],
        p public.point3,
        pa public.point3[],
        q public.pair,
        ia integer[],
        fa double precision[],
        iv int2vector,
        r tstzrange,
        i interval,
        cash money,
        b bytea,
        d date[],
        c character(3),
        rc regclass,
        doubled numeric,
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

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."jb", OLD."jb2")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        -- What jsonb may not hold is left out, and noted as JSON nulls are.
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."jb", OLD."jb2") THEN
            image := CASE WHEN greatest(pg_catalog.octet_length(OLD."j"::text), pg_catalog.octet_length(OLD."x"::text), pg_catalog.octet_length(OLD."b")) > 1000000 OR greatest(pg_catalog.pg_column_size(OLD."jb"), pg_catalog.pg_column_size(OLD."jb2")) > 100000 OR greatest(pg_catalog.pg_column_size(OLD."xa"), pg_catalog.pg_column_size(OLD."ma"), pg_catalog.pg_column_size(OLD."p"), pg_catalog.pg_column_size(OLD."pa"), pg_catalog.pg_column_size(OLD."q"), pg_catalog.pg_column_size(OLD."ia"), pg_catalog.pg_column_size(OLD."fa"), pg_catalog.pg_column_size(OLD."iv"), pg_catalog.pg_column_size(OLD."r"), pg_catalog.pg_column_size(OLD."d")) > 1900
        THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'price', 'f', 'f4', 'j', 'jb', 'jb2', 'x', 'xa', 'm', 'ma', 'p', 'pa', 'q', 'ia', 'fa', 'iv', 'r', 'i', 'cash', 'b', 'd', 'c', 'rc', 'doubled']::text[])
        ELSE pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'price', OLD."price",
        'f', exaudit_internal.float_value(OLD."f"),
        'f4', exaudit_internal.float_value(OLD."f4"),
        'j', OLD."j"::pg_catalog.text,
        'jb', OLD."jb",
        'jb2', OLD."jb2",
        'x', OLD."x"::pg_catalog.text,
        'xa', OLD."xa"::pg_catalog.text[]::pg_catalog.text,
        'm', exaudit_internal.text_value(OLD."m"),
        'ma', exaudit_internal.format_array_value(OLD."ma"),
        'p', exaudit_internal.text_value(OLD."p"),
        'pa', exaudit_internal.format_array_value(OLD."pa"),
        'q', exaudit_internal.text_value(OLD."q"),
        'ia', exaudit_internal.array_value(OLD."ia"),
        'fa', exaudit_internal.float_array_value(OLD."fa"),
        'iv', OLD."iv"::pg_catalog.text,
        'r', OLD."r",
        'i', OLD."i",
        'cash', OLD."cash",
        'b', OLD."b",
        'd', exaudit_internal.array_value(OLD."d"),
        'c', OLD."c",
        'rc', OLD."rc",
        'doubled', OLD."doubled")
    || CASE WHEN 'null'::jsonb IN (OLD."jb", OLD."jb2")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."jb" = 'null' THEN 'jb' END, CASE WHEN OLD."jb2" = 'null' THEN 'jb2' END], NULL))
            ELSE '{}' END END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'price', OLD."price",
        'f', exaudit_internal.float_value(OLD."f"),
        'f4', exaudit_internal.float_value(OLD."f4"),
        'j', OLD."j"::pg_catalog.text,
        'jb', OLD."jb",
        'jb2', OLD."jb2",
        'x', OLD."x"::pg_catalog.text,
        'xa', OLD."xa"::pg_catalog.text[]::pg_catalog.text,
        'm', exaudit_internal.text_value(OLD."m"),
        'ma', exaudit_internal.format_array_value(OLD."ma"),
        'p', exaudit_internal.text_value(OLD."p"),
        'pa', exaudit_internal.format_array_value(OLD."pa"),
        'q', exaudit_internal.text_value(OLD."q"),
        'ia', exaudit_internal.array_value(OLD."ia"),
        'fa', exaudit_internal.float_array_value(OLD."fa"),
        'iv', OLD."iv"::pg_catalog.text,
        'r', OLD."r",
        'i', OLD."i",
        'cash', OLD."cash",
        'b', OLD."b",
        'd', exaudit_internal.array_value(OLD."d"),
        'c', OLD."c",
        'rc', OLD."rc",
        'doubled', OLD."doubled");
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
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'price', OLD."price",
        'f', exaudit_internal.float_value(OLD."f"),
        'f4', exaudit_internal.float_value(OLD."f4"),
        'j', OLD."j"::pg_catalog.text,
        'jb', OLD."jb",
        'jb2', OLD."jb2",
        'x', OLD."x"::pg_catalog.text,
        'xa', OLD."xa"::pg_catalog.text[]::pg_catalog.text,
        'm', exaudit_internal.text_value(OLD."m"),
        'ma', exaudit_internal.format_array_value(OLD."ma"),
        'p', exaudit_internal.text_value(OLD."p"),
        'pa', exaudit_internal.format_array_value(OLD."pa"),
        'q', exaudit_internal.text_value(OLD."q"),
        'ia', exaudit_internal.array_value(OLD."ia"),
        'fa', exaudit_internal.float_array_value(OLD."fa"),
        'iv', OLD."iv"::pg_catalog.text,
        'r', OLD."r",
        'i', OLD."i",
        'cash', OLD."cash",
        'b', OLD."b",
        'd', exaudit_internal.array_value(OLD."d"),
        'c', OLD."c",
        'rc', OLD."rc",
        'doubled', OLD."doubled"));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.kinds';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.kinds: written by exaudit <version>, content <digest>. Do not edit.
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
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.kinds';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.kinds
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.kinds
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.kinds
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.kinds
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

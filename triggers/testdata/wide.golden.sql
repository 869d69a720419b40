-- TRUNCATE is recorded by reading the rows before they go.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.wide TO exaudit_writer;
-- So that it stays so with row security; without, a policy means nothing.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.wide;
CREATE POLICY "~exaudit_truncate" ON public.wide FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET extra_float_digits = 1
AS $exaudit$
-- INSERT of public.wide: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id integer,
        c01 text,
        c02 integer,
        c03 double precision,
        c04 text,
        c05 integer,
        c06 double precision,
        c07 text,
        c08 integer,
        c09 double precision,
        c10 text,
        c11 integer,
        c12 double precision,
        c13 text,
        c14 integer,
        c15 double precision,
        c16 text,
        c17 integer,
        c18 double precision,
        c19 text,
        c20 integer,
        c21 double precision,
        c22 text,
        c23 integer,
        c24 double precision,
        c25 text,
        c26 integer,
        c27 double precision,
        c28 text,
        c29 integer,
        c30 double precision,
        c31 text,
        c32 integer,
        c33 double precision,
        c34 text,
        c35 integer,
        c36 double precision,
        c37 text,
        c38 integer,
        c39 double precision,
        c40 text,
        c41 integer,
        c42 double precision,
        c43 text,
        c44 integer,
        c45 double precision,
        c46 text,
        c47 integer,
        c48 double precision,
        c49 text,
        c50 integer,
        c51 double precision,
        c52 text,
        c53 integer,
        c54 double precision,
        c55 text,
        c56 integer,
        c57 double precision,
        c58 text,
        c59 integer,
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
            image := CASE WHEN greatest(pg_catalog.octet_length(NEW."c01"), pg_catalog.octet_length(NEW."c04"), pg_catalog.octet_length(NEW."c07"), pg_catalog.octet_length(NEW."c10"), pg_catalog.octet_length(NEW."c13"), pg_catalog.octet_length(NEW."c16"), pg_catalog.octet_length(NEW."c19"), pg_catalog.octet_length(NEW."c22"), pg_catalog.octet_length(NEW."c25"), pg_catalog.octet_length(NEW."c28"), pg_catalog.octet_length(NEW."c31"), pg_catalog.octet_length(NEW."c34"), pg_catalog.octet_length(NEW."c37"), pg_catalog.octet_length(NEW."c40"), pg_catalog.octet_length(NEW."c43"), pg_catalog.octet_length(NEW."c46"), pg_catalog.octet_length(NEW."c49"), pg_catalog.octet_length(NEW."c52"), pg_catalog.octet_length(NEW."c55"), pg_catalog.octet_length(NEW."c58")) > 1000000
        THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'c01', 'c02', 'c03', 'c04', 'c05', 'c06', 'c07', 'c08', 'c09', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19', 'c20', 'c21', 'c22', 'c23', 'c24', 'c25', 'c26', 'c27', 'c28', 'c29', 'c30', 'c31', 'c32', 'c33', 'c34', 'c35', 'c36', 'c37', 'c38', 'c39', 'c40', 'c41', 'c42', 'c43', 'c44', 'c45', 'c46', 'c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55', 'c56', 'c57', 'c58', 'c59']::text[])
        ELSE pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'c01', NEW."c01",
        'c02', NEW."c02",
        'c03', exaudit_internal.float_value(NEW."c03"),
        'c04', NEW."c04",
        'c05', NEW."c05",
        'c06', exaudit_internal.float_value(NEW."c06"),
        'c07', NEW."c07",
        'c08', NEW."c08",
        'c09', exaudit_internal.float_value(NEW."c09"),
        'c10', NEW."c10",
        'c11', NEW."c11",
        'c12', exaudit_internal.float_value(NEW."c12"),
        'c13', NEW."c13",
        'c14', NEW."c14",
        'c15', exaudit_internal.float_value(NEW."c15"),
        'c16', NEW."c16",
        'c17', NEW."c17",
        'c18', exaudit_internal.float_value(NEW."c18"),
        'c19', NEW."c19",
        'c20', NEW."c20",
        'c21', exaudit_internal.float_value(NEW."c21"),
        'c22', NEW."c22",
        'c23', NEW."c23",
        'c24', exaudit_internal.float_value(NEW."c24"),
        'c25', NEW."c25",
        'c26', NEW."c26",
        'c27', exaudit_internal.float_value(NEW."c27"),
        'c28', NEW."c28",
        'c29', NEW."c29",
        'c30', exaudit_internal.float_value(NEW."c30"),
        'c31', NEW."c31",
        'c32', NEW."c32",
        'c33', exaudit_internal.float_value(NEW."c33"),
        'c34', NEW."c34",
        'c35', NEW."c35",
        'c36', exaudit_internal.float_value(NEW."c36"),
        'c37', NEW."c37",
        'c38', NEW."c38",
        'c39', exaudit_internal.float_value(NEW."c39"),
        'c40', NEW."c40",
        'c41', NEW."c41",
        'c42', exaudit_internal.float_value(NEW."c42"),
        'c43', NEW."c43",
        'c44', NEW."c44",
        'c45', exaudit_internal.float_value(NEW."c45"),
        'c46', NEW."c46",
        'c47', NEW."c47",
        'c48', exaudit_internal.float_value(NEW."c48"),
        'c49', NEW."c49")
    || pg_catalog.jsonb_build_object(
        'c50', NEW."c50",
        'c51', exaudit_internal.float_value(NEW."c51"),
        'c52', NEW."c52",
        'c53', NEW."c53",
        'c54', exaudit_internal.float_value(NEW."c54"),
        'c55', NEW."c55",
        'c56', NEW."c56",
        'c57', exaudit_internal.float_value(NEW."c57"),
        'c58', NEW."c58",
        'c59', NEW."c59") END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, after)
                VALUES (1, 'created', NEW."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', NEW."id",
        'c01', NEW."c01",
        'c02', NEW."c02",
        'c03', exaudit_internal.float_value(NEW."c03"),
        'c04', NEW."c04",
        'c05', NEW."c05",
        'c06', exaudit_internal.float_value(NEW."c06"),
        'c07', NEW."c07",
        'c08', NEW."c08",
        'c09', exaudit_internal.float_value(NEW."c09"),
        'c10', NEW."c10",
        'c11', NEW."c11",
        'c12', exaudit_internal.float_value(NEW."c12"),
        'c13', NEW."c13",
        'c14', NEW."c14",
        'c15', exaudit_internal.float_value(NEW."c15"),
        'c16', NEW."c16",
        'c17', NEW."c17",
        'c18', exaudit_internal.float_value(NEW."c18"),
        'c19', NEW."c19",
        'c20', NEW."c20",
        'c21', exaudit_internal.float_value(NEW."c21"),
        'c22', NEW."c22",
        'c23', NEW."c23",
        'c24', exaudit_internal.float_value(NEW."c24"),
        'c25', NEW."c25",
        'c26', NEW."c26",
        'c27', exaudit_internal.float_value(NEW."c27"),
        'c28', NEW."c28",
        'c29', NEW."c29",
        'c30', exaudit_internal.float_value(NEW."c30"),
        'c31', NEW."c31",
        'c32', NEW."c32",
        'c33', exaudit_internal.float_value(NEW."c33"),
        'c34', NEW."c34",
        'c35', NEW."c35",
        'c36', exaudit_internal.float_value(NEW."c36"),
        'c37', NEW."c37",
        'c38', NEW."c38",
        'c39', exaudit_internal.float_value(NEW."c39"),
        'c40', NEW."c40",
        'c41', NEW."c41",
        'c42', exaudit_internal.float_value(NEW."c42"),
        'c43', NEW."c43",
        'c44', NEW."c44",
        'c45', exaudit_internal.float_value(NEW."c45"),
        'c46', NEW."c46",
        'c47', NEW."c47",
        'c48', exaudit_internal.float_value(NEW."c48"),
        'c49', NEW."c49")
    || pg_catalog.jsonb_build_object(
        'c50', NEW."c50",
        'c51', exaudit_internal.float_value(NEW."c51"),
        'c52', NEW."c52",
        'c53', NEW."c53",
        'c54', exaudit_internal.float_value(NEW."c54"),
        'c55', NEW."c55",
        'c56', NEW."c56",
        'c57', exaudit_internal.float_value(NEW."c57"),
        'c58', NEW."c58",
        'c59', NEW."c59");
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
        'c01', NEW."c01",
        'c02', NEW."c02",
        'c03', exaudit_internal.float_value(NEW."c03"),
        'c04', NEW."c04",
        'c05', NEW."c05",
        'c06', exaudit_internal.float_value(NEW."c06"),
        'c07', NEW."c07",
        'c08', NEW."c08",
        'c09', exaudit_internal.float_value(NEW."c09"),
        'c10', NEW."c10",
        'c11', NEW."c11",
        'c12', exaudit_internal.float_value(NEW."c12"),
        'c13', NEW."c13",
        'c14', NEW."c14",
        'c15', exaudit_internal.float_value(NEW."c15"),
        'c16', NEW."c16",
        'c17', NEW."c17",
        'c18', exaudit_internal.float_value(NEW."c18"),
        'c19', NEW."c19",
        'c20', NEW."c20",
        'c21', exaudit_internal.float_value(NEW."c21"),
        'c22', NEW."c22",
        'c23', NEW."c23",
        'c24', exaudit_internal.float_value(NEW."c24"),
        'c25', NEW."c25",
        'c26', NEW."c26",
        'c27', exaudit_internal.float_value(NEW."c27"),
        'c28', NEW."c28",
        'c29', NEW."c29",
        'c30', exaudit_internal.float_value(NEW."c30"),
        'c31', NEW."c31",
        'c32', NEW."c32",
        'c33', exaudit_internal.float_value(NEW."c33"),
        'c34', NEW."c34",
        'c35', NEW."c35",
        'c36', exaudit_internal.float_value(NEW."c36"),
        'c37', NEW."c37",
        'c38', NEW."c38",
        'c39', exaudit_internal.float_value(NEW."c39"),
        'c40', NEW."c40",
        'c41', NEW."c41",
        'c42', exaudit_internal.float_value(NEW."c42"),
        'c43', NEW."c43",
        'c44', NEW."c44",
        'c45', exaudit_internal.float_value(NEW."c45"),
        'c46', NEW."c46",
        'c47', NEW."c47",
        'c48', exaudit_internal.float_value(NEW."c48"),
        'c49', NEW."c49")
    || pg_catalog.jsonb_build_object(
        'c50', NEW."c50",
        'c51', exaudit_internal.float_value(NEW."c51"),
        'c52', NEW."c52",
        'c53', NEW."c53",
        'c54', exaudit_internal.float_value(NEW."c54"),
        'c55', NEW."c55",
        'c56', NEW."c56",
        'c57', exaudit_internal.float_value(NEW."c57"),
        'c58', NEW."c58",
        'c59', NEW."c59"));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.wide';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET extra_float_digits = 1
AS $exaudit$
-- UPDATE of public.wide: written by exaudit <version>, content <digest>. Do not edit.
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
        c01 text,
        c02 integer,
        c03 double precision,
        c04 text,
        c05 integer,
        c06 double precision,
        c07 text,
        c08 integer,
        c09 double precision,
        c10 text,
        c11 integer,
        c12 double precision,
        c13 text,
        c14 integer,
        c15 double precision,
        c16 text,
        c17 integer,
        c18 double precision,
        c19 text,
        c20 integer,
        c21 double precision,
        c22 text,
        c23 integer,
        c24 double precision,
        c25 text,
        c26 integer,
        c27 double precision,
        c28 text,
        c29 integer,
        c30 double precision,
        c31 text,
        c32 integer,
        c33 double precision,
        c34 text,
        c35 integer,
        c36 double precision,
        c37 text,
        c38 integer,
        c39 double precision,
        c40 text,
        c41 integer,
        c42 double precision,
        c43 text,
        c44 integer,
        c45 double precision,
        c46 text,
        c47 integer,
        c48 double precision,
        c49 text,
        c50 integer,
        c51 double precision,
        c52 text,
        c53 integer,
        c54 double precision,
        c55 text,
        c56 integer,
        c57 double precision,
        c58 text,
        c59 integer,
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
    IF OLD."c01" IS DISTINCT FROM NEW."c01" THEN
        IF pg_catalog.octet_length(OLD."c01") > 1000000 OR pg_catalog.octet_length(NEW."c01") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c01', OLD."c01");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c01', NEW."c01");
        END IF;
    END IF;
    IF OLD."c02" IS DISTINCT FROM NEW."c02" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c02', OLD."c02");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c02', NEW."c02");
    END IF;
    IF ROW(OLD."c03")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c03")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c03', exaudit_internal.float_value(OLD."c03"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c03', exaudit_internal.float_value(NEW."c03"));
    END IF;
    IF OLD."c04" IS DISTINCT FROM NEW."c04" THEN
        IF pg_catalog.octet_length(OLD."c04") > 1000000 OR pg_catalog.octet_length(NEW."c04") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c04', OLD."c04");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c04', NEW."c04");
        END IF;
    END IF;
    IF OLD."c05" IS DISTINCT FROM NEW."c05" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c05', OLD."c05");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c05', NEW."c05");
    END IF;
    IF ROW(OLD."c06")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c06")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c06', exaudit_internal.float_value(OLD."c06"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c06', exaudit_internal.float_value(NEW."c06"));
    END IF;
    IF OLD."c07" IS DISTINCT FROM NEW."c07" THEN
        IF pg_catalog.octet_length(OLD."c07") > 1000000 OR pg_catalog.octet_length(NEW."c07") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c07', OLD."c07");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c07', NEW."c07");
        END IF;
    END IF;
    IF OLD."c08" IS DISTINCT FROM NEW."c08" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c08', OLD."c08");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c08', NEW."c08");
    END IF;
    IF ROW(OLD."c09")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c09")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c09', exaudit_internal.float_value(OLD."c09"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c09', exaudit_internal.float_value(NEW."c09"));
    END IF;
    IF OLD."c10" IS DISTINCT FROM NEW."c10" THEN
        IF pg_catalog.octet_length(OLD."c10") > 1000000 OR pg_catalog.octet_length(NEW."c10") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c10', OLD."c10");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c10', NEW."c10");
        END IF;
    END IF;
    IF OLD."c11" IS DISTINCT FROM NEW."c11" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c11', OLD."c11");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c11', NEW."c11");
    END IF;
    IF ROW(OLD."c12")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c12")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c12', exaudit_internal.float_value(OLD."c12"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c12', exaudit_internal.float_value(NEW."c12"));
    END IF;
    IF OLD."c13" IS DISTINCT FROM NEW."c13" THEN
        IF pg_catalog.octet_length(OLD."c13") > 1000000 OR pg_catalog.octet_length(NEW."c13") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c13', OLD."c13");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c13', NEW."c13");
        END IF;
    END IF;
    IF OLD."c14" IS DISTINCT FROM NEW."c14" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c14', OLD."c14");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c14', NEW."c14");
    END IF;
    IF ROW(OLD."c15")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c15")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c15', exaudit_internal.float_value(OLD."c15"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c15', exaudit_internal.float_value(NEW."c15"));
    END IF;
    IF OLD."c16" IS DISTINCT FROM NEW."c16" THEN
        IF pg_catalog.octet_length(OLD."c16") > 1000000 OR pg_catalog.octet_length(NEW."c16") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c16', OLD."c16");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c16', NEW."c16");
        END IF;
    END IF;
    IF OLD."c17" IS DISTINCT FROM NEW."c17" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c17', OLD."c17");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c17', NEW."c17");
    END IF;
    IF ROW(OLD."c18")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c18")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c18', exaudit_internal.float_value(OLD."c18"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c18', exaudit_internal.float_value(NEW."c18"));
    END IF;
    IF OLD."c19" IS DISTINCT FROM NEW."c19" THEN
        IF pg_catalog.octet_length(OLD."c19") > 1000000 OR pg_catalog.octet_length(NEW."c19") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c19', OLD."c19");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c19', NEW."c19");
        END IF;
    END IF;
    IF OLD."c20" IS DISTINCT FROM NEW."c20" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c20', OLD."c20");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c20', NEW."c20");
    END IF;
    IF ROW(OLD."c21")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c21")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c21', exaudit_internal.float_value(OLD."c21"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c21', exaudit_internal.float_value(NEW."c21"));
    END IF;
    IF OLD."c22" IS DISTINCT FROM NEW."c22" THEN
        IF pg_catalog.octet_length(OLD."c22") > 1000000 OR pg_catalog.octet_length(NEW."c22") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c22', OLD."c22");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c22', NEW."c22");
        END IF;
    END IF;
    IF OLD."c23" IS DISTINCT FROM NEW."c23" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c23', OLD."c23");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c23', NEW."c23");
    END IF;
    IF ROW(OLD."c24")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c24")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c24', exaudit_internal.float_value(OLD."c24"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c24', exaudit_internal.float_value(NEW."c24"));
    END IF;
    IF OLD."c25" IS DISTINCT FROM NEW."c25" THEN
        IF pg_catalog.octet_length(OLD."c25") > 1000000 OR pg_catalog.octet_length(NEW."c25") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c25', OLD."c25");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c25', NEW."c25");
        END IF;
    END IF;
    IF OLD."c26" IS DISTINCT FROM NEW."c26" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c26', OLD."c26");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c26', NEW."c26");
    END IF;
    IF ROW(OLD."c27")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c27")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c27', exaudit_internal.float_value(OLD."c27"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c27', exaudit_internal.float_value(NEW."c27"));
    END IF;
    IF OLD."c28" IS DISTINCT FROM NEW."c28" THEN
        IF pg_catalog.octet_length(OLD."c28") > 1000000 OR pg_catalog.octet_length(NEW."c28") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c28', OLD."c28");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c28', NEW."c28");
        END IF;
    END IF;
    IF OLD."c29" IS DISTINCT FROM NEW."c29" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c29', OLD."c29");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c29', NEW."c29");
    END IF;
    IF ROW(OLD."c30")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c30")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c30', exaudit_internal.float_value(OLD."c30"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c30', exaudit_internal.float_value(NEW."c30"));
    END IF;
    IF OLD."c31" IS DISTINCT FROM NEW."c31" THEN
        IF pg_catalog.octet_length(OLD."c31") > 1000000 OR pg_catalog.octet_length(NEW."c31") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c31', OLD."c31");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c31', NEW."c31");
        END IF;
    END IF;
    IF OLD."c32" IS DISTINCT FROM NEW."c32" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c32', OLD."c32");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c32', NEW."c32");
    END IF;
    IF ROW(OLD."c33")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c33")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c33', exaudit_internal.float_value(OLD."c33"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c33', exaudit_internal.float_value(NEW."c33"));
    END IF;
    IF OLD."c34" IS DISTINCT FROM NEW."c34" THEN
        IF pg_catalog.octet_length(OLD."c34") > 1000000 OR pg_catalog.octet_length(NEW."c34") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c34', OLD."c34");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c34', NEW."c34");
        END IF;
    END IF;
    IF OLD."c35" IS DISTINCT FROM NEW."c35" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c35', OLD."c35");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c35', NEW."c35");
    END IF;
    IF ROW(OLD."c36")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c36")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c36', exaudit_internal.float_value(OLD."c36"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c36', exaudit_internal.float_value(NEW."c36"));
    END IF;
    IF OLD."c37" IS DISTINCT FROM NEW."c37" THEN
        IF pg_catalog.octet_length(OLD."c37") > 1000000 OR pg_catalog.octet_length(NEW."c37") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c37', OLD."c37");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c37', NEW."c37");
        END IF;
    END IF;
    IF OLD."c38" IS DISTINCT FROM NEW."c38" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c38', OLD."c38");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c38', NEW."c38");
    END IF;
    IF ROW(OLD."c39")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c39")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c39', exaudit_internal.float_value(OLD."c39"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c39', exaudit_internal.float_value(NEW."c39"));
    END IF;
    IF OLD."c40" IS DISTINCT FROM NEW."c40" THEN
        IF pg_catalog.octet_length(OLD."c40") > 1000000 OR pg_catalog.octet_length(NEW."c40") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c40', OLD."c40");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c40', NEW."c40");
        END IF;
    END IF;
    IF OLD."c41" IS DISTINCT FROM NEW."c41" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c41', OLD."c41");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c41', NEW."c41");
    END IF;
    IF ROW(OLD."c42")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c42")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c42', exaudit_internal.float_value(OLD."c42"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c42', exaudit_internal.float_value(NEW."c42"));
    END IF;
    IF OLD."c43" IS DISTINCT FROM NEW."c43" THEN
        IF pg_catalog.octet_length(OLD."c43") > 1000000 OR pg_catalog.octet_length(NEW."c43") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c43', OLD."c43");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c43', NEW."c43");
        END IF;
    END IF;
    IF OLD."c44" IS DISTINCT FROM NEW."c44" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c44', OLD."c44");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c44', NEW."c44");
    END IF;
    IF ROW(OLD."c45")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c45")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c45', exaudit_internal.float_value(OLD."c45"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c45', exaudit_internal.float_value(NEW."c45"));
    END IF;
    IF OLD."c46" IS DISTINCT FROM NEW."c46" THEN
        IF pg_catalog.octet_length(OLD."c46") > 1000000 OR pg_catalog.octet_length(NEW."c46") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c46', OLD."c46");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c46', NEW."c46");
        END IF;
    END IF;
    IF OLD."c47" IS DISTINCT FROM NEW."c47" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c47', OLD."c47");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c47', NEW."c47");
    END IF;
    IF ROW(OLD."c48")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c48")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c48', exaudit_internal.float_value(OLD."c48"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c48', exaudit_internal.float_value(NEW."c48"));
    END IF;
    IF OLD."c49" IS DISTINCT FROM NEW."c49" THEN
        IF pg_catalog.octet_length(OLD."c49") > 1000000 OR pg_catalog.octet_length(NEW."c49") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c49', OLD."c49");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c49', NEW."c49");
        END IF;
    END IF;
    IF OLD."c50" IS DISTINCT FROM NEW."c50" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c50', OLD."c50");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c50', NEW."c50");
    END IF;
    IF ROW(OLD."c51")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c51")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c51', exaudit_internal.float_value(OLD."c51"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c51', exaudit_internal.float_value(NEW."c51"));
    END IF;
    IF OLD."c52" IS DISTINCT FROM NEW."c52" THEN
        IF pg_catalog.octet_length(OLD."c52") > 1000000 OR pg_catalog.octet_length(NEW."c52") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c52', OLD."c52");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c52', NEW."c52");
        END IF;
    END IF;
    IF OLD."c53" IS DISTINCT FROM NEW."c53" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c53', OLD."c53");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c53', NEW."c53");
    END IF;
    IF ROW(OLD."c54")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c54")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c54', exaudit_internal.float_value(OLD."c54"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c54', exaudit_internal.float_value(NEW."c54"));
    END IF;
    IF OLD."c55" IS DISTINCT FROM NEW."c55" THEN
        IF pg_catalog.octet_length(OLD."c55") > 1000000 OR pg_catalog.octet_length(NEW."c55") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c55', OLD."c55");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c55', NEW."c55");
        END IF;
    END IF;
    IF OLD."c56" IS DISTINCT FROM NEW."c56" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c56', OLD."c56");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c56', NEW."c56");
    END IF;
    IF ROW(OLD."c57")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c57")::record THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c57', exaudit_internal.float_value(OLD."c57"));
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c57', exaudit_internal.float_value(NEW."c57"));
    END IF;
    IF OLD."c58" IS DISTINCT FROM NEW."c58" THEN
        IF pg_catalog.octet_length(OLD."c58") > 1000000 OR pg_catalog.octet_length(NEW."c58") > 1000000 THEN
            wide := true;
        ELSE
            old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c58', OLD."c58");
            new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c58', NEW."c58");
        END IF;
    END IF;
    IF OLD."c59" IS DISTINCT FROM NEW."c59" THEN
        old_values := coalesce(old_values, '{}') || pg_catalog.jsonb_build_object('c59', OLD."c59");
        new_values := coalesce(new_values, '{}') || pg_catalog.jsonb_build_object('c59', NEW."c59");
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
                FROM exaudit_internal.bounded_changes(OLD, NEW, ARRAY['id', 'c01', 'c02', 'c03', 'c04', 'c05', 'c06', 'c07', 'c08', 'c09', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19', 'c20', 'c21', 'c22', 'c23', 'c24', 'c25', 'c26', 'c27', 'c28', 'c29', 'c30', 'c31', 'c32', 'c33', 'c34', 'c35', 'c36', 'c37', 'c38', 'c39', 'c40', 'c41', 'c42', 'c43', 'c44', 'c45', 'c46', 'c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55', 'c56', 'c57', 'c58', 'c59']::text[]) AS c;
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
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.wide';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET extra_float_digits = 1
AS $exaudit$
-- DELETE of public.wide: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    data       jsonb;
    image      jsonb;
BEGIN
    -- Altered since, or not the trigger or the relation that this was written for: record whole
    -- rows, slower, until the next "exaudit sync".
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid OR NOT exaudit_internal.has_shape('<relation>'::oid,
       'id integer,
        c01 text,
        c02 integer,
        c03 double precision,
        c04 text,
        c05 integer,
        c06 double precision,
        c07 text,
        c08 integer,
        c09 double precision,
        c10 text,
        c11 integer,
        c12 double precision,
        c13 text,
        c14 integer,
        c15 double precision,
        c16 text,
        c17 integer,
        c18 double precision,
        c19 text,
        c20 integer,
        c21 double precision,
        c22 text,
        c23 integer,
        c24 double precision,
        c25 text,
        c26 integer,
        c27 double precision,
        c28 text,
        c29 integer,
        c30 double precision,
        c31 text,
        c32 integer,
        c33 double precision,
        c34 text,
        c35 integer,
        c36 double precision,
        c37 text,
        c38 integer,
        c39 double precision,
        c40 text,
        c41 integer,
        c42 double precision,
        c43 text,
        c44 integer,
        c45 double precision,
        c46 text,
        c47 integer,
        c48 double precision,
        c49 text,
        c50 integer,
        c51 double precision,
        c52 text,
        c53 integer,
        c54 double precision,
        c55 text,
        c56 integer,
        c57 double precision,
        c58 text,
        c59 integer,
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
            image := CASE WHEN greatest(pg_catalog.octet_length(OLD."c01"), pg_catalog.octet_length(OLD."c04"), pg_catalog.octet_length(OLD."c07"), pg_catalog.octet_length(OLD."c10"), pg_catalog.octet_length(OLD."c13"), pg_catalog.octet_length(OLD."c16"), pg_catalog.octet_length(OLD."c19"), pg_catalog.octet_length(OLD."c22"), pg_catalog.octet_length(OLD."c25"), pg_catalog.octet_length(OLD."c28"), pg_catalog.octet_length(OLD."c31"), pg_catalog.octet_length(OLD."c34"), pg_catalog.octet_length(OLD."c37"), pg_catalog.octet_length(OLD."c40"), pg_catalog.octet_length(OLD."c43"), pg_catalog.octet_length(OLD."c46"), pg_catalog.octet_length(OLD."c49"), pg_catalog.octet_length(OLD."c52"), pg_catalog.octet_length(OLD."c55"), pg_catalog.octet_length(OLD."c58")) > 1000000
        THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'c01', 'c02', 'c03', 'c04', 'c05', 'c06', 'c07', 'c08', 'c09', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19', 'c20', 'c21', 'c22', 'c23', 'c24', 'c25', 'c26', 'c27', 'c28', 'c29', 'c30', 'c31', 'c32', 'c33', 'c34', 'c35', 'c36', 'c37', 'c38', 'c39', 'c40', 'c41', 'c42', 'c43', 'c44', 'c45', 'c46', 'c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55', 'c56', 'c57', 'c58', 'c59']::text[])
        ELSE pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'c01', OLD."c01",
        'c02', OLD."c02",
        'c03', exaudit_internal.float_value(OLD."c03"),
        'c04', OLD."c04",
        'c05', OLD."c05",
        'c06', exaudit_internal.float_value(OLD."c06"),
        'c07', OLD."c07",
        'c08', OLD."c08",
        'c09', exaudit_internal.float_value(OLD."c09"),
        'c10', OLD."c10",
        'c11', OLD."c11",
        'c12', exaudit_internal.float_value(OLD."c12"),
        'c13', OLD."c13",
        'c14', OLD."c14",
        'c15', exaudit_internal.float_value(OLD."c15"),
        'c16', OLD."c16",
        'c17', OLD."c17",
        'c18', exaudit_internal.float_value(OLD."c18"),
        'c19', OLD."c19",
        'c20', OLD."c20",
        'c21', exaudit_internal.float_value(OLD."c21"),
        'c22', OLD."c22",
        'c23', OLD."c23",
        'c24', exaudit_internal.float_value(OLD."c24"),
        'c25', OLD."c25",
        'c26', OLD."c26",
        'c27', exaudit_internal.float_value(OLD."c27"),
        'c28', OLD."c28",
        'c29', OLD."c29",
        'c30', exaudit_internal.float_value(OLD."c30"),
        'c31', OLD."c31",
        'c32', OLD."c32",
        'c33', exaudit_internal.float_value(OLD."c33"),
        'c34', OLD."c34",
        'c35', OLD."c35",
        'c36', exaudit_internal.float_value(OLD."c36"),
        'c37', OLD."c37",
        'c38', OLD."c38",
        'c39', exaudit_internal.float_value(OLD."c39"),
        'c40', OLD."c40",
        'c41', OLD."c41",
        'c42', exaudit_internal.float_value(OLD."c42"),
        'c43', OLD."c43",
        'c44', OLD."c44",
        'c45', exaudit_internal.float_value(OLD."c45"),
        'c46', OLD."c46",
        'c47', OLD."c47",
        'c48', exaudit_internal.float_value(OLD."c48"),
        'c49', OLD."c49")
    || pg_catalog.jsonb_build_object(
        'c50', OLD."c50",
        'c51', exaudit_internal.float_value(OLD."c51"),
        'c52', OLD."c52",
        'c53', OLD."c53",
        'c54', exaudit_internal.float_value(OLD."c54"),
        'c55', OLD."c55",
        'c56', OLD."c56",
        'c57', exaudit_internal.float_value(OLD."c57"),
        'c58', OLD."c58",
        'c59', OLD."c59") END;
            IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
               AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
                INSERT INTO exaudit.versions (table_id, action, entity_id, before)
                VALUES (1, 'deleted', OLD."id"::pg_catalog.text, image);
                RETURN NULL;
            END IF;
        ELSE
            image := pg_catalog.jsonb_build_object(
        'id', OLD."id",
        'c01', OLD."c01",
        'c02', OLD."c02",
        'c03', exaudit_internal.float_value(OLD."c03"),
        'c04', OLD."c04",
        'c05', OLD."c05",
        'c06', exaudit_internal.float_value(OLD."c06"),
        'c07', OLD."c07",
        'c08', OLD."c08",
        'c09', exaudit_internal.float_value(OLD."c09"),
        'c10', OLD."c10",
        'c11', OLD."c11",
        'c12', exaudit_internal.float_value(OLD."c12"),
        'c13', OLD."c13",
        'c14', OLD."c14",
        'c15', exaudit_internal.float_value(OLD."c15"),
        'c16', OLD."c16",
        'c17', OLD."c17",
        'c18', exaudit_internal.float_value(OLD."c18"),
        'c19', OLD."c19",
        'c20', OLD."c20",
        'c21', exaudit_internal.float_value(OLD."c21"),
        'c22', OLD."c22",
        'c23', OLD."c23",
        'c24', exaudit_internal.float_value(OLD."c24"),
        'c25', OLD."c25",
        'c26', OLD."c26",
        'c27', exaudit_internal.float_value(OLD."c27"),
        'c28', OLD."c28",
        'c29', OLD."c29",
        'c30', exaudit_internal.float_value(OLD."c30"),
        'c31', OLD."c31",
        'c32', OLD."c32",
        'c33', exaudit_internal.float_value(OLD."c33"),
        'c34', OLD."c34",
        'c35', OLD."c35",
        'c36', exaudit_internal.float_value(OLD."c36"),
        'c37', OLD."c37",
        'c38', OLD."c38",
        'c39', exaudit_internal.float_value(OLD."c39"),
        'c40', OLD."c40",
        'c41', OLD."c41",
        'c42', exaudit_internal.float_value(OLD."c42"),
        'c43', OLD."c43",
        'c44', OLD."c44",
        'c45', exaudit_internal.float_value(OLD."c45"),
        'c46', OLD."c46",
        'c47', OLD."c47",
        'c48', exaudit_internal.float_value(OLD."c48"),
        'c49', OLD."c49")
    || pg_catalog.jsonb_build_object(
        'c50', OLD."c50",
        'c51', exaudit_internal.float_value(OLD."c51"),
        'c52', OLD."c52",
        'c53', OLD."c53",
        'c54', exaudit_internal.float_value(OLD."c54"),
        'c55', OLD."c55",
        'c56', OLD."c56",
        'c57', exaudit_internal.float_value(OLD."c57"),
        'c58', OLD."c58",
        'c59', OLD."c59");
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
        'c01', OLD."c01",
        'c02', OLD."c02",
        'c03', exaudit_internal.float_value(OLD."c03"),
        'c04', OLD."c04",
        'c05', OLD."c05",
        'c06', exaudit_internal.float_value(OLD."c06"),
        'c07', OLD."c07",
        'c08', OLD."c08",
        'c09', exaudit_internal.float_value(OLD."c09"),
        'c10', OLD."c10",
        'c11', OLD."c11",
        'c12', exaudit_internal.float_value(OLD."c12"),
        'c13', OLD."c13",
        'c14', OLD."c14",
        'c15', exaudit_internal.float_value(OLD."c15"),
        'c16', OLD."c16",
        'c17', OLD."c17",
        'c18', exaudit_internal.float_value(OLD."c18"),
        'c19', OLD."c19",
        'c20', OLD."c20",
        'c21', exaudit_internal.float_value(OLD."c21"),
        'c22', OLD."c22",
        'c23', OLD."c23",
        'c24', exaudit_internal.float_value(OLD."c24"),
        'c25', OLD."c25",
        'c26', OLD."c26",
        'c27', exaudit_internal.float_value(OLD."c27"),
        'c28', OLD."c28",
        'c29', OLD."c29",
        'c30', exaudit_internal.float_value(OLD."c30"),
        'c31', OLD."c31",
        'c32', OLD."c32",
        'c33', exaudit_internal.float_value(OLD."c33"),
        'c34', OLD."c34",
        'c35', OLD."c35",
        'c36', exaudit_internal.float_value(OLD."c36"),
        'c37', OLD."c37",
        'c38', OLD."c38",
        'c39', exaudit_internal.float_value(OLD."c39"),
        'c40', OLD."c40",
        'c41', OLD."c41",
        'c42', exaudit_internal.float_value(OLD."c42"),
        'c43', OLD."c43",
        'c44', OLD."c44",
        'c45', exaudit_internal.float_value(OLD."c45"),
        'c46', OLD."c46",
        'c47', OLD."c47",
        'c48', exaudit_internal.float_value(OLD."c48"),
        'c49', OLD."c49")
    || pg_catalog.jsonb_build_object(
        'c50', OLD."c50",
        'c51', exaudit_internal.float_value(OLD."c51"),
        'c52', OLD."c52",
        'c53', OLD."c53",
        'c54', exaudit_internal.float_value(OLD."c54"),
        'c55', OLD."c55",
        'c56', OLD."c56",
        'c57', exaudit_internal.float_value(OLD."c57"),
        'c58', OLD."c58",
        'c59', OLD."c59"));
    END IF;
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.wide';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.wide: written by exaudit <version>, content <digest>. Do not edit.
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
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.wide';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.wide
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.wide
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.wide
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.wide
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

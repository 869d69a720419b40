-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.wide TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.wide;
CREATE POLICY "~exaudit_truncate" ON public.wide FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of public.wide: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36', 'exaudit.versions'::pg_catalog.regclass, 't1_insert')
       OR exaudit_internal.is_unusual_setting('extra_float_digits', '{1,2,3}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36', 'exaudit.versions'::pg_catalog.regclass, 't1_insert') AND (exaudit_internal.is_misfired('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
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
    OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
        'c50', NEW."c50",
        'c51', exaudit_internal.float_value(NEW."c51"),
        'c52', NEW."c52",
        'c53', NEW."c53",
        'c54', exaudit_internal.float_value(NEW."c54"),
        'c55', NEW."c55",
        'c56', NEW."c56",
        'c57', exaudit_internal.float_value(NEW."c57"),
        'c58', NEW."c58",
        'c59', NEW."c59"), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
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
    OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
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
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['extra_float_digits', '1', 'row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."c01"), pg_catalog.octet_length(NEW."c04"), pg_catalog.octet_length(NEW."c07"), pg_catalog.octet_length(NEW."c10"), pg_catalog.octet_length(NEW."c13"), pg_catalog.octet_length(NEW."c16"), pg_catalog.octet_length(NEW."c19"), pg_catalog.octet_length(NEW."c22"), pg_catalog.octet_length(NEW."c25"), pg_catalog.octet_length(NEW."c28"), pg_catalog.octet_length(NEW."c31"), pg_catalog.octet_length(NEW."c34"), pg_catalog.octet_length(NEW."c37"), pg_catalog.octet_length(NEW."c40"), pg_catalog.octet_length(NEW."c43"), pg_catalog.octet_length(NEW."c46"), pg_catalog.octet_length(NEW."c49"), pg_catalog.octet_length(NEW."c52"), pg_catalog.octet_length(NEW."c55"), pg_catalog.octet_length(NEW."c58")) OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(NEW)
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
    OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
        'c50', NEW."c50",
        'c51', exaudit_internal.float_value(NEW."c51"),
        'c52', NEW."c52",
        'c53', NEW."c53",
        'c54', exaudit_internal.float_value(NEW."c54"),
        'c55', NEW."c55",
        'c56', NEW."c56",
        'c57', exaudit_internal.float_value(NEW."c57"),
        'c58', NEW."c58",
        'c59', NEW."c59") END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.wide';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of public.wide: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36', 'exaudit.versions'::pg_catalog.regclass, 't1_update')
       OR exaudit_internal.is_unusual_setting('extra_float_digits', '{1,2,3}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36', 'exaudit.versions'::pg_catalog.regclass, 't1_update') AND (exaudit_internal.is_misfired('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['extra_float_digits', '1', 'row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" OPERATOR(pg_catalog.<>) NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c01"), ROW(NEW."c01")) THEN
        IF pg_catalog.octet_length(OLD."c01") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c01") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c01', OLD."c01");
            after := exaudit_internal.with_value(after, 'c01', NEW."c01");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c02"), ROW(NEW."c02")) THEN
        before := exaudit_internal.with_value(before, 'c02', OLD."c02");
        after := exaudit_internal.with_value(after, 'c02', NEW."c02");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c03"), ROW(NEW."c03")) THEN
        before := exaudit_internal.with_value(before, 'c03', exaudit_internal.float_value(OLD."c03"));
        after := exaudit_internal.with_value(after, 'c03', exaudit_internal.float_value(NEW."c03"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c04"), ROW(NEW."c04")) THEN
        IF pg_catalog.octet_length(OLD."c04") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c04") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c04', OLD."c04");
            after := exaudit_internal.with_value(after, 'c04', NEW."c04");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c05"), ROW(NEW."c05")) THEN
        before := exaudit_internal.with_value(before, 'c05', OLD."c05");
        after := exaudit_internal.with_value(after, 'c05', NEW."c05");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c06"), ROW(NEW."c06")) THEN
        before := exaudit_internal.with_value(before, 'c06', exaudit_internal.float_value(OLD."c06"));
        after := exaudit_internal.with_value(after, 'c06', exaudit_internal.float_value(NEW."c06"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c07"), ROW(NEW."c07")) THEN
        IF pg_catalog.octet_length(OLD."c07") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c07") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c07', OLD."c07");
            after := exaudit_internal.with_value(after, 'c07', NEW."c07");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c08"), ROW(NEW."c08")) THEN
        before := exaudit_internal.with_value(before, 'c08', OLD."c08");
        after := exaudit_internal.with_value(after, 'c08', NEW."c08");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c09"), ROW(NEW."c09")) THEN
        before := exaudit_internal.with_value(before, 'c09', exaudit_internal.float_value(OLD."c09"));
        after := exaudit_internal.with_value(after, 'c09', exaudit_internal.float_value(NEW."c09"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c10"), ROW(NEW."c10")) THEN
        IF pg_catalog.octet_length(OLD."c10") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c10") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c10', OLD."c10");
            after := exaudit_internal.with_value(after, 'c10', NEW."c10");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c11"), ROW(NEW."c11")) THEN
        before := exaudit_internal.with_value(before, 'c11', OLD."c11");
        after := exaudit_internal.with_value(after, 'c11', NEW."c11");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c12"), ROW(NEW."c12")) THEN
        before := exaudit_internal.with_value(before, 'c12', exaudit_internal.float_value(OLD."c12"));
        after := exaudit_internal.with_value(after, 'c12', exaudit_internal.float_value(NEW."c12"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c13"), ROW(NEW."c13")) THEN
        IF pg_catalog.octet_length(OLD."c13") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c13") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c13', OLD."c13");
            after := exaudit_internal.with_value(after, 'c13', NEW."c13");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c14"), ROW(NEW."c14")) THEN
        before := exaudit_internal.with_value(before, 'c14', OLD."c14");
        after := exaudit_internal.with_value(after, 'c14', NEW."c14");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c15"), ROW(NEW."c15")) THEN
        before := exaudit_internal.with_value(before, 'c15', exaudit_internal.float_value(OLD."c15"));
        after := exaudit_internal.with_value(after, 'c15', exaudit_internal.float_value(NEW."c15"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c16"), ROW(NEW."c16")) THEN
        IF pg_catalog.octet_length(OLD."c16") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c16") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c16', OLD."c16");
            after := exaudit_internal.with_value(after, 'c16', NEW."c16");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c17"), ROW(NEW."c17")) THEN
        before := exaudit_internal.with_value(before, 'c17', OLD."c17");
        after := exaudit_internal.with_value(after, 'c17', NEW."c17");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c18"), ROW(NEW."c18")) THEN
        before := exaudit_internal.with_value(before, 'c18', exaudit_internal.float_value(OLD."c18"));
        after := exaudit_internal.with_value(after, 'c18', exaudit_internal.float_value(NEW."c18"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c19"), ROW(NEW."c19")) THEN
        IF pg_catalog.octet_length(OLD."c19") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c19") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c19', OLD."c19");
            after := exaudit_internal.with_value(after, 'c19', NEW."c19");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c20"), ROW(NEW."c20")) THEN
        before := exaudit_internal.with_value(before, 'c20', OLD."c20");
        after := exaudit_internal.with_value(after, 'c20', NEW."c20");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c21"), ROW(NEW."c21")) THEN
        before := exaudit_internal.with_value(before, 'c21', exaudit_internal.float_value(OLD."c21"));
        after := exaudit_internal.with_value(after, 'c21', exaudit_internal.float_value(NEW."c21"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c22"), ROW(NEW."c22")) THEN
        IF pg_catalog.octet_length(OLD."c22") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c22") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c22', OLD."c22");
            after := exaudit_internal.with_value(after, 'c22', NEW."c22");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c23"), ROW(NEW."c23")) THEN
        before := exaudit_internal.with_value(before, 'c23', OLD."c23");
        after := exaudit_internal.with_value(after, 'c23', NEW."c23");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c24"), ROW(NEW."c24")) THEN
        before := exaudit_internal.with_value(before, 'c24', exaudit_internal.float_value(OLD."c24"));
        after := exaudit_internal.with_value(after, 'c24', exaudit_internal.float_value(NEW."c24"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c25"), ROW(NEW."c25")) THEN
        IF pg_catalog.octet_length(OLD."c25") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c25") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c25', OLD."c25");
            after := exaudit_internal.with_value(after, 'c25', NEW."c25");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c26"), ROW(NEW."c26")) THEN
        before := exaudit_internal.with_value(before, 'c26', OLD."c26");
        after := exaudit_internal.with_value(after, 'c26', NEW."c26");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c27"), ROW(NEW."c27")) THEN
        before := exaudit_internal.with_value(before, 'c27', exaudit_internal.float_value(OLD."c27"));
        after := exaudit_internal.with_value(after, 'c27', exaudit_internal.float_value(NEW."c27"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c28"), ROW(NEW."c28")) THEN
        IF pg_catalog.octet_length(OLD."c28") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c28") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c28', OLD."c28");
            after := exaudit_internal.with_value(after, 'c28', NEW."c28");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c29"), ROW(NEW."c29")) THEN
        before := exaudit_internal.with_value(before, 'c29', OLD."c29");
        after := exaudit_internal.with_value(after, 'c29', NEW."c29");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c30"), ROW(NEW."c30")) THEN
        before := exaudit_internal.with_value(before, 'c30', exaudit_internal.float_value(OLD."c30"));
        after := exaudit_internal.with_value(after, 'c30', exaudit_internal.float_value(NEW."c30"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c31"), ROW(NEW."c31")) THEN
        IF pg_catalog.octet_length(OLD."c31") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c31") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c31', OLD."c31");
            after := exaudit_internal.with_value(after, 'c31', NEW."c31");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c32"), ROW(NEW."c32")) THEN
        before := exaudit_internal.with_value(before, 'c32', OLD."c32");
        after := exaudit_internal.with_value(after, 'c32', NEW."c32");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c33"), ROW(NEW."c33")) THEN
        before := exaudit_internal.with_value(before, 'c33', exaudit_internal.float_value(OLD."c33"));
        after := exaudit_internal.with_value(after, 'c33', exaudit_internal.float_value(NEW."c33"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c34"), ROW(NEW."c34")) THEN
        IF pg_catalog.octet_length(OLD."c34") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c34") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c34', OLD."c34");
            after := exaudit_internal.with_value(after, 'c34', NEW."c34");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c35"), ROW(NEW."c35")) THEN
        before := exaudit_internal.with_value(before, 'c35', OLD."c35");
        after := exaudit_internal.with_value(after, 'c35', NEW."c35");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c36"), ROW(NEW."c36")) THEN
        before := exaudit_internal.with_value(before, 'c36', exaudit_internal.float_value(OLD."c36"));
        after := exaudit_internal.with_value(after, 'c36', exaudit_internal.float_value(NEW."c36"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c37"), ROW(NEW."c37")) THEN
        IF pg_catalog.octet_length(OLD."c37") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c37") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c37', OLD."c37");
            after := exaudit_internal.with_value(after, 'c37', NEW."c37");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c38"), ROW(NEW."c38")) THEN
        before := exaudit_internal.with_value(before, 'c38', OLD."c38");
        after := exaudit_internal.with_value(after, 'c38', NEW."c38");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c39"), ROW(NEW."c39")) THEN
        before := exaudit_internal.with_value(before, 'c39', exaudit_internal.float_value(OLD."c39"));
        after := exaudit_internal.with_value(after, 'c39', exaudit_internal.float_value(NEW."c39"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c40"), ROW(NEW."c40")) THEN
        IF pg_catalog.octet_length(OLD."c40") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c40") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c40', OLD."c40");
            after := exaudit_internal.with_value(after, 'c40', NEW."c40");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c41"), ROW(NEW."c41")) THEN
        before := exaudit_internal.with_value(before, 'c41', OLD."c41");
        after := exaudit_internal.with_value(after, 'c41', NEW."c41");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c42"), ROW(NEW."c42")) THEN
        before := exaudit_internal.with_value(before, 'c42', exaudit_internal.float_value(OLD."c42"));
        after := exaudit_internal.with_value(after, 'c42', exaudit_internal.float_value(NEW."c42"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c43"), ROW(NEW."c43")) THEN
        IF pg_catalog.octet_length(OLD."c43") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c43") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c43', OLD."c43");
            after := exaudit_internal.with_value(after, 'c43', NEW."c43");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c44"), ROW(NEW."c44")) THEN
        before := exaudit_internal.with_value(before, 'c44', OLD."c44");
        after := exaudit_internal.with_value(after, 'c44', NEW."c44");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c45"), ROW(NEW."c45")) THEN
        before := exaudit_internal.with_value(before, 'c45', exaudit_internal.float_value(OLD."c45"));
        after := exaudit_internal.with_value(after, 'c45', exaudit_internal.float_value(NEW."c45"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c46"), ROW(NEW."c46")) THEN
        IF pg_catalog.octet_length(OLD."c46") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c46") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c46', OLD."c46");
            after := exaudit_internal.with_value(after, 'c46', NEW."c46");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c47"), ROW(NEW."c47")) THEN
        before := exaudit_internal.with_value(before, 'c47', OLD."c47");
        after := exaudit_internal.with_value(after, 'c47', NEW."c47");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c48"), ROW(NEW."c48")) THEN
        before := exaudit_internal.with_value(before, 'c48', exaudit_internal.float_value(OLD."c48"));
        after := exaudit_internal.with_value(after, 'c48', exaudit_internal.float_value(NEW."c48"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c49"), ROW(NEW."c49")) THEN
        IF pg_catalog.octet_length(OLD."c49") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c49") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c49', OLD."c49");
            after := exaudit_internal.with_value(after, 'c49', NEW."c49");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c50"), ROW(NEW."c50")) THEN
        before := exaudit_internal.with_value(before, 'c50', OLD."c50");
        after := exaudit_internal.with_value(after, 'c50', NEW."c50");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c51"), ROW(NEW."c51")) THEN
        before := exaudit_internal.with_value(before, 'c51', exaudit_internal.float_value(OLD."c51"));
        after := exaudit_internal.with_value(after, 'c51', exaudit_internal.float_value(NEW."c51"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c52"), ROW(NEW."c52")) THEN
        IF pg_catalog.octet_length(OLD."c52") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c52") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c52', OLD."c52");
            after := exaudit_internal.with_value(after, 'c52', NEW."c52");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c53"), ROW(NEW."c53")) THEN
        before := exaudit_internal.with_value(before, 'c53', OLD."c53");
        after := exaudit_internal.with_value(after, 'c53', NEW."c53");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c54"), ROW(NEW."c54")) THEN
        before := exaudit_internal.with_value(before, 'c54', exaudit_internal.float_value(OLD."c54"));
        after := exaudit_internal.with_value(after, 'c54', exaudit_internal.float_value(NEW."c54"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c55"), ROW(NEW."c55")) THEN
        IF pg_catalog.octet_length(OLD."c55") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c55") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c55', OLD."c55");
            after := exaudit_internal.with_value(after, 'c55', NEW."c55");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c56"), ROW(NEW."c56")) THEN
        before := exaudit_internal.with_value(before, 'c56', OLD."c56");
        after := exaudit_internal.with_value(after, 'c56', NEW."c56");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c57"), ROW(NEW."c57")) THEN
        before := exaudit_internal.with_value(before, 'c57', exaudit_internal.float_value(OLD."c57"));
        after := exaudit_internal.with_value(after, 'c57', exaudit_internal.float_value(NEW."c57"));
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c58"), ROW(NEW."c58")) THEN
        IF pg_catalog.octet_length(OLD."c58") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."c58") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'c58', OLD."c58");
            after := exaudit_internal.with_value(after, 'c58', NEW."c58");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."c59"), ROW(NEW."c59")) THEN
        before := exaudit_internal.with_value(before, 'c59', OLD."c59");
        after := exaudit_internal.with_value(after, 'c59', NEW."c59");
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND wide IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(1, 'updated', NEW."id"::pg_catalog.text, before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (1, 'updated', NEW."id"::pg_catalog.text, before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(1, 'updated', NEW."id"::pg_catalog.text, before, after);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.wide';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- DELETE of public.wide: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36', 'exaudit.versions'::pg_catalog.regclass, 't1_delete')
       OR exaudit_internal.is_unusual_setting('extra_float_digits', '{1,2,3}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36', 'exaudit.versions'::pg_catalog.regclass, 't1_delete') AND (exaudit_internal.is_misfired('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '3eb9d73b34f2615f05121933a66abc36')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
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
    OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
        'c50', OLD."c50",
        'c51', exaudit_internal.float_value(OLD."c51"),
        'c52', OLD."c52",
        'c53', OLD."c53",
        'c54', exaudit_internal.float_value(OLD."c54"),
        'c55', OLD."c55",
        'c56', OLD."c56",
        'c57', exaudit_internal.float_value(OLD."c57"),
        'c58', OLD."c58",
        'c59', OLD."c59"), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
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
    OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
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
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['extra_float_digits', '1', 'row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."c01"), pg_catalog.octet_length(OLD."c04"), pg_catalog.octet_length(OLD."c07"), pg_catalog.octet_length(OLD."c10"), pg_catalog.octet_length(OLD."c13"), pg_catalog.octet_length(OLD."c16"), pg_catalog.octet_length(OLD."c19"), pg_catalog.octet_length(OLD."c22"), pg_catalog.octet_length(OLD."c25"), pg_catalog.octet_length(OLD."c28"), pg_catalog.octet_length(OLD."c31"), pg_catalog.octet_length(OLD."c34"), pg_catalog.octet_length(OLD."c37"), pg_catalog.octet_length(OLD."c40"), pg_catalog.octet_length(OLD."c43"), pg_catalog.octet_length(OLD."c46"), pg_catalog.octet_length(OLD."c49"), pg_catalog.octet_length(OLD."c52"), pg_catalog.octet_length(OLD."c55"), pg_catalog.octet_length(OLD."c58")) OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(OLD)
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
    OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
        'c50', OLD."c50",
        'c51', exaudit_internal.float_value(OLD."c51"),
        'c52', OLD."c52",
        'c53', OLD."c53",
        'c54', exaudit_internal.float_value(OLD."c54"),
        'c55', OLD."c55",
        'c56', OLD."c56",
        'c57', exaudit_internal.float_value(OLD."c57"),
        'c58', OLD."c58",
        'c59', OLD."c59") END, NULL);
    settings := exaudit_internal.restore_settings(settings);
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
    PERFORM exaudit_internal.check_trigger('t1_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(1, TG_RELID);
    -- Record each row as deleted, while the rows are still there.
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
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.wide
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.wide
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

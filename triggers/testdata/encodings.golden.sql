-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.kinds TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
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
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7e655dc8e5223da0d13940e5b19a2c36')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."jb" OPERATOR(pg_catalog.=) 'null' OR NEW."jb2" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."jb" OPERATOR(pg_catalog.=) 'null' OR NEW."jb2" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."j"::pg_catalog.text), pg_catalog.octet_length(NEW."x"::pg_catalog.text), pg_catalog.octet_length(NEW."b")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."jb"), pg_catalog.pg_column_size(NEW."jb2")) OPERATOR(pg_catalog.>) 100000 OR greatest(pg_catalog.pg_column_size(NEW."xa"), pg_catalog.pg_column_size(NEW."ma"), pg_catalog.pg_column_size(NEW."p"), pg_catalog.pg_column_size(NEW."pa"), pg_catalog.pg_column_size(NEW."q"), pg_catalog.pg_column_size(NEW."ia"), pg_catalog.pg_column_size(NEW."fa"), pg_catalog.pg_column_size(NEW."iv"), pg_catalog.pg_column_size(NEW."r"), pg_catalog.pg_column_size(NEW."d")) OPERATOR(pg_catalog.>) 1900
            THEN exaudit_internal.bounded_image(NEW)
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
    OPERATOR(pg_catalog.||) CASE WHEN NEW."jb" OPERATOR(pg_catalog.=) 'null' OR NEW."jb2" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."jb" OPERATOR(pg_catalog.=) 'null' THEN 'jb' END, CASE WHEN NEW."jb2" OPERATOR(pg_catalog.=) 'null' THEN 'jb2' END], NULL))
            ELSE '{}' END END);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, pg_catalog.jsonb_build_object(
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
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7e655dc8e5223da0d13940e5b19a2c36')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    END IF;
    IF OLD."price" IS DISTINCT FROM NEW."price" OR pg_catalog.scale(OLD."price") IS DISTINCT FROM pg_catalog.scale(NEW."price") THEN
        before := exaudit_internal.with_value(before, 'price', OLD."price");
        after := exaudit_internal.with_value(after, 'price', NEW."price");
    END IF;
    IF ROW(OLD."f")::record OPERATOR(pg_catalog.*<>) ROW(NEW."f")::record THEN
        before := exaudit_internal.with_value(before, 'f', exaudit_internal.float_value(OLD."f"));
        after := exaudit_internal.with_value(after, 'f', exaudit_internal.float_value(NEW."f"));
    END IF;
    IF ROW(OLD."f4")::record OPERATOR(pg_catalog.*<>) ROW(NEW."f4")::record THEN
        before := exaudit_internal.with_value(before, 'f4', exaudit_internal.float_value(OLD."f4"));
        after := exaudit_internal.with_value(after, 'f4', exaudit_internal.float_value(NEW."f4"));
    END IF;
    IF ROW(OLD."j")::record OPERATOR(pg_catalog.*<>) ROW(NEW."j")::record THEN
        IF pg_catalog.octet_length(OLD."j"::pg_catalog.text) OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."j"::pg_catalog.text) OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'j', OLD."j"::pg_catalog.text);
            after := exaudit_internal.with_value(after, 'j', NEW."j"::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."jb")::record OPERATOR(pg_catalog.*<>) ROW(NEW."jb")::record THEN
        IF pg_catalog.pg_column_size(OLD."jb") OPERATOR(pg_catalog.>) 100000 OR pg_catalog.pg_column_size(NEW."jb") OPERATOR(pg_catalog.>) 100000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_json_value(before, 'jb', OLD."jb");
            after := exaudit_internal.with_json_value(after, 'jb', NEW."jb");
        END IF;
    END IF;
    IF ROW(OLD."jb2")::record OPERATOR(pg_catalog.*<>) ROW(NEW."jb2")::record THEN
        IF pg_catalog.pg_column_size(OLD."jb2") OPERATOR(pg_catalog.>) 100000 OR pg_catalog.pg_column_size(NEW."jb2") OPERATOR(pg_catalog.>) 100000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_json_value(before, 'jb2', OLD."jb2");
            after := exaudit_internal.with_json_value(after, 'jb2', NEW."jb2");
        END IF;
    END IF;
    IF ROW(OLD."x")::record OPERATOR(pg_catalog.*<>) ROW(NEW."x")::record THEN
        IF pg_catalog.octet_length(OLD."x"::pg_catalog.text) OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."x"::pg_catalog.text) OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'x', OLD."x"::pg_catalog.text);
            after := exaudit_internal.with_value(after, 'x', NEW."x"::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."xa")::record OPERATOR(pg_catalog.*<>) ROW(NEW."xa")::record THEN
        IF pg_catalog.pg_column_size(OLD."xa") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."xa") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'xa', OLD."xa"::pg_catalog.text[]::pg_catalog.text);
            after := exaudit_internal.with_value(after, 'xa', NEW."xa"::pg_catalog.text[]::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."m")::record OPERATOR(pg_catalog.*<>) ROW(NEW."m")::record THEN
        before := exaudit_internal.with_value(before, 'm', exaudit_internal.text_value(OLD."m"));
        after := exaudit_internal.with_value(after, 'm', exaudit_internal.text_value(NEW."m"));
    END IF;
    IF ROW(OLD."ma")::record OPERATOR(pg_catalog.*<>) ROW(NEW."ma")::record THEN
        IF pg_catalog.pg_column_size(OLD."ma") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."ma") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'ma', exaudit_internal.format_array_value(OLD."ma"));
            after := exaudit_internal.with_value(after, 'ma', exaudit_internal.format_array_value(NEW."ma"));
        END IF;
    END IF;
    IF ROW(OLD."p")::record OPERATOR(pg_catalog.*<>) ROW(NEW."p")::record THEN
        IF pg_catalog.pg_column_size(OLD."p") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."p") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'p', exaudit_internal.text_value(OLD."p"));
            after := exaudit_internal.with_value(after, 'p', exaudit_internal.text_value(NEW."p"));
        END IF;
    END IF;
    IF ROW(OLD."pa")::record OPERATOR(pg_catalog.*<>) ROW(NEW."pa")::record THEN
        IF pg_catalog.pg_column_size(OLD."pa") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."pa") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'pa', exaudit_internal.format_array_value(OLD."pa"));
            after := exaudit_internal.with_value(after, 'pa', exaudit_internal.format_array_value(NEW."pa"));
        END IF;
    END IF;
    IF ROW(OLD."q")::record OPERATOR(pg_catalog.*<>) ROW(NEW."q")::record THEN
        IF pg_catalog.pg_column_size(OLD."q") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."q") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'q', exaudit_internal.text_value(OLD."q"));
            after := exaudit_internal.with_value(after, 'q', exaudit_internal.text_value(NEW."q"));
        END IF;
    END IF;
    IF ROW(OLD."ia")::record OPERATOR(pg_catalog.*<>) ROW(NEW."ia")::record THEN
        IF pg_catalog.pg_column_size(OLD."ia") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."ia") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'ia', exaudit_internal.array_value(OLD."ia"));
            after := exaudit_internal.with_value(after, 'ia', exaudit_internal.array_value(NEW."ia"));
        END IF;
    END IF;
    IF ROW(OLD."fa")::record OPERATOR(pg_catalog.*<>) ROW(NEW."fa")::record THEN
        IF pg_catalog.pg_column_size(OLD."fa") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."fa") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'fa', exaudit_internal.float_array_value(OLD."fa"));
            after := exaudit_internal.with_value(after, 'fa', exaudit_internal.float_array_value(NEW."fa"));
        END IF;
    END IF;
    IF ROW(OLD."iv")::record OPERATOR(pg_catalog.*<>) ROW(NEW."iv")::record THEN
        IF pg_catalog.pg_column_size(OLD."iv") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."iv") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'iv', OLD."iv"::pg_catalog.text);
            after := exaudit_internal.with_value(after, 'iv', NEW."iv"::pg_catalog.text);
        END IF;
    END IF;
    IF ROW(OLD."r")::record OPERATOR(pg_catalog.*<>) ROW(NEW."r")::record THEN
        IF pg_catalog.pg_column_size(OLD."r") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."r") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'r', OLD."r");
            after := exaudit_internal.with_value(after, 'r', NEW."r");
        END IF;
    END IF;
    IF ROW(OLD."i")::record OPERATOR(pg_catalog.*<>) ROW(NEW."i")::record THEN
        before := exaudit_internal.with_value(before, 'i', OLD."i");
        after := exaudit_internal.with_value(after, 'i', NEW."i");
    END IF;
    IF OLD."cash" IS DISTINCT FROM NEW."cash" THEN
        before := exaudit_internal.with_value(before, 'cash', OLD."cash");
        after := exaudit_internal.with_value(after, 'cash', NEW."cash");
    END IF;
    IF OLD."b" IS DISTINCT FROM NEW."b" THEN
        IF pg_catalog.octet_length(OLD."b") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."b") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'b', OLD."b");
            after := exaudit_internal.with_value(after, 'b', NEW."b");
        END IF;
    END IF;
    IF ROW(OLD."d")::record OPERATOR(pg_catalog.*<>) ROW(NEW."d")::record THEN
        IF pg_catalog.pg_column_size(OLD."d") OPERATOR(pg_catalog.>) 1900 OR pg_catalog.pg_column_size(NEW."d") OPERATOR(pg_catalog.>) 1900 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'd', exaudit_internal.array_value(OLD."d"));
            after := exaudit_internal.with_value(after, 'd', exaudit_internal.array_value(NEW."d"));
        END IF;
    END IF;
    IF ROW(OLD."c")::record OPERATOR(pg_catalog.*<>) ROW(NEW."c")::record THEN
        before := exaudit_internal.with_value(before, 'c', OLD."c");
        after := exaudit_internal.with_value(after, 'c', NEW."c");
    END IF;
    IF ROW(OLD."rc")::record OPERATOR(pg_catalog.*<>) ROW(NEW."rc")::record THEN
        before := exaudit_internal.with_value(before, 'rc', OLD."rc");
        after := exaudit_internal.with_value(after, 'rc', NEW."rc");
    END IF;
    IF OLD."doubled" IS DISTINCT FROM NEW."doubled" OR pg_catalog.scale(OLD."doubled") IS DISTINCT FROM pg_catalog.scale(NEW."doubled") THEN
        before := exaudit_internal.with_value(before, 'doubled', OLD."doubled");
        after := exaudit_internal.with_value(after, 'doubled', NEW."doubled");
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'updated', NEW."id"::pg_catalog.text, before, after);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, before, after);
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
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7e655dc8e5223da0d13940e5b19a2c36')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;

    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."jb" OPERATOR(pg_catalog.=) 'null' OR OLD."jb2" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."jb" OPERATOR(pg_catalog.=) 'null' OR OLD."jb2" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."j"::pg_catalog.text), pg_catalog.octet_length(OLD."x"::pg_catalog.text), pg_catalog.octet_length(OLD."b")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."jb"), pg_catalog.pg_column_size(OLD."jb2")) OPERATOR(pg_catalog.>) 100000 OR greatest(pg_catalog.pg_column_size(OLD."xa"), pg_catalog.pg_column_size(OLD."ma"), pg_catalog.pg_column_size(OLD."p"), pg_catalog.pg_column_size(OLD."pa"), pg_catalog.pg_column_size(OLD."q"), pg_catalog.pg_column_size(OLD."ia"), pg_catalog.pg_column_size(OLD."fa"), pg_catalog.pg_column_size(OLD."iv"), pg_catalog.pg_column_size(OLD."r"), pg_catalog.pg_column_size(OLD."d")) OPERATOR(pg_catalog.>) 1900
            THEN exaudit_internal.bounded_image(OLD)
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
    OPERATOR(pg_catalog.||) CASE WHEN OLD."jb" OPERATOR(pg_catalog.=) 'null' OR OLD."jb2" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."jb" OPERATOR(pg_catalog.=) 'null' THEN 'jb' END, CASE WHEN OLD."jb2" OPERATOR(pg_catalog.=) 'null' THEN 'jb2' END], NULL))
            ELSE '{}' END END, NULL);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, pg_catalog.jsonb_build_object(
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
        'doubled', OLD."doubled"), NULL);
    END IF;
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
    PERFORM exaudit_internal.check_trigger('t1_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(1, TG_RELID);
    -- Record each row as deleted, while the rows are still there.
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

-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.order_lines TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.order_lines;
CREATE POLICY "~exaudit_truncate" ON public.order_lines FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- INSERT of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, '709001f7b52332cea8bb170e2d8d14af')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'created', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, NULL, 
            CASE WHEN pg_catalog.octet_length(NEW."sku") > 1000000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*) END);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'created', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, NULL, pg_catalog.to_jsonb(NEW.*));
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
    VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.order_lines';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- UPDATE of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    old_entity text;
    before jsonb;
    after jsonb;
    wide boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, '709001f7b52332cea8bb170e2d8d14af')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."order_id" IS DISTINCT FROM NEW."order_id" THEN
        before := exaudit_internal.with_value(before, 'order_id', OLD."order_id");
        after := exaudit_internal.with_value(after, 'order_id', NEW."order_id");
        old_entity := nullif(pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text COLLATE "C", pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text);
    END IF;
    IF OLD."line" IS DISTINCT FROM NEW."line" THEN
        before := exaudit_internal.with_value(before, 'line', OLD."line");
        after := exaudit_internal.with_value(after, 'line', NEW."line");
        old_entity := nullif(pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text COLLATE "C", pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text);
    END IF;
    IF OLD."sku" IS DISTINCT FROM NEW."sku" THEN
        IF pg_catalog.octet_length(OLD."sku") > 1000000 OR pg_catalog.octet_length(NEW."sku") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'sku', OLD."sku");
            after := exaudit_internal.with_value(after, 'sku', NEW."sku");
        END IF;
    END IF;
    IF OLD."quantity" IS DISTINCT FROM NEW."quantity" THEN
        before := exaudit_internal.with_value(before, 'quantity', OLD."quantity");
        after := exaudit_internal.with_value(after, 'quantity', NEW."quantity");
    END IF;
    IF OLD."valid_from" IS DISTINCT FROM NEW."valid_from" THEN
        before := exaudit_internal.with_value(before, 'valid_from', OLD."valid_from");
        after := exaudit_internal.with_value(after, 'valid_from', NEW."valid_from");
        old_entity := nullif(pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text COLLATE "C", pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text);
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'updated', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
    VALUES (1, 'updated', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.order_lines';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET timezone = 'UTC'
AS $exaudit$
-- DELETE of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, '709001f7b52332cea8bb170e2d8d14af')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'deleted', pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text, 
            CASE WHEN pg_catalog.octet_length(OLD."sku") > 1000000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*) END, NULL);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'deleted', pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*), NULL);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
    VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.order_lines';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
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
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.order_lines';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.order_lines
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.order_lines
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.order_lines
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.order_lines
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

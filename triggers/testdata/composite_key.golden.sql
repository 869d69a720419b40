-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.order_lines TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.order_lines;
CREATE POLICY "~exaudit_truncate" ON public.order_lines FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284', 'exaudit.versions'::pg_catalog.regclass, 't1_insert')
       OR exaudit_internal.is_unusual_setting('timezone', '{UTC,Etc/UTC,GMT}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284', 'exaudit.versions'::pg_catalog.regclass, 't1_insert') AND (exaudit_internal.is_misfired('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['timezone', 'UTC', 'row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'created', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, NULL, 
            CASE WHEN pg_catalog.octet_length(NEW."sku") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*) END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.order_lines';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284', 'exaudit.versions'::pg_catalog.regclass, 't1_update')
       OR exaudit_internal.is_unusual_setting('timezone', '{UTC,Etc/UTC,GMT}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284', 'exaudit.versions'::pg_catalog.regclass, 't1_update') AND (exaudit_internal.is_misfired('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['timezone', 'UTC', 'row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."order_id" OPERATOR(pg_catalog.<>) NEW."order_id" THEN
        before := exaudit_internal.with_value(before, 'order_id', OLD."order_id");
        after := exaudit_internal.with_value(after, 'order_id', NEW."order_id");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text END;
    END IF;
    IF OLD."line" OPERATOR(pg_catalog.<>) NEW."line" THEN
        before := exaudit_internal.with_value(before, 'line', OLD."line");
        after := exaudit_internal.with_value(after, 'line', NEW."line");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text END;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."sku"), ROW(NEW."sku")) THEN
        IF pg_catalog.octet_length(OLD."sku") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."sku") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'sku', OLD."sku");
            after := exaudit_internal.with_value(after, 'sku', NEW."sku");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."quantity"), ROW(NEW."quantity")) THEN
        before := exaudit_internal.with_value(before, 'quantity', OLD."quantity");
        after := exaudit_internal.with_value(after, 'quantity', NEW."quantity");
    END IF;
    IF OLD."valid_from" OPERATOR(pg_catalog.<>) NEW."valid_from" THEN
        before := exaudit_internal.with_value(before, 'valid_from', OLD."valid_from");
        after := exaudit_internal.with_value(after, 'valid_from', NEW."valid_from");
        old_entity := CASE WHEN pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text THEN pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text END;
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND wide IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(1, 'updated', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (1, 'updated', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(1, 'updated', pg_catalog.jsonb_build_array(NEW."line", NEW."order_id", NEW."valid_from")::pg_catalog.text, before, after);
        RETURN NULL;
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
AS $exaudit$
-- DELETE of public.order_lines: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284', 'exaudit.versions'::pg_catalog.regclass, 't1_delete')
       OR exaudit_internal.is_unusual_setting('timezone', '{UTC,Etc/UTC,GMT}')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284', 'exaudit.versions'::pg_catalog.regclass, 't1_delete') AND (exaudit_internal.is_misfired('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '211f02742ea1fe05aa558e32f391c284')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['timezone', 'UTC', 'row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'deleted', pg_catalog.jsonb_build_array(OLD."line", OLD."order_id", OLD."valid_from")::pg_catalog.text, 
            CASE WHEN pg_catalog.octet_length(OLD."sku") OPERATOR(pg_catalog.>) 1000000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*) END, NULL);
    settings := exaudit_internal.restore_settings(settings);
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
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.order_lines
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.order_lines
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

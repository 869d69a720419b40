-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss TO exaudit_writer;
GRANT SELECT ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt;
CREATE POLICY "~exaudit_truncate" ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6', 'exaudit.versions'::pg_catalog.regclass, 't1_insert')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6', 'exaudit.versions'::pg_catalog.regclass, 't1_insert') AND (exaudit_internal.is_misfired('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (1, 'created', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, pg_catalog.to_jsonb(NEW.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, pg_catalog.to_jsonb(NEW.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'created', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, NULL, pg_catalog.to_jsonb(NEW.*));
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6', 'exaudit.versions'::pg_catalog.regclass, 't1_update')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6', 'exaudit.versions'::pg_catalog.regclass, 't1_update') AND (exaudit_internal.is_misfired('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" OPERATOR(pg_catalog.<>) NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" THEN
        before := exaudit_internal.with_value(before, 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk', OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");
        after := exaudit_internal.with_value(after, 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");
        old_entity := CASE WHEN OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text THEN OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text END;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."v"), ROW(NEW."v")) THEN
        before := exaudit_internal.with_value(before, 'v', OLD."v");
        after := exaudit_internal.with_value(after, 'v', NEW."v");
    END IF;

    IF after IS NULL OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, before, after,
                NULL, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(1, 'updated', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (1, 'updated', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(1, 'updated', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, before, after);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
        VALUES (1, 'updated', NEW."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, before, after);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_update() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_update() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- DELETE of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6', 'exaudit.versions'::pg_catalog.regclass, 't1_delete')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6', 'exaudit.versions'::pg_catalog.regclass, 't1_delete') AND (exaudit_internal.is_misfired('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '7b1428c2ae44acd2222e9541c46c00b6')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (1, 'deleted', OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, pg_catalog.to_jsonb(OLD.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, pg_catalog.to_jsonb(OLD.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'deleted', OLD."kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"::pg_catalog.text, pg_catalog.to_jsonb(OLD.*), NULL);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt: written by exaudit <version>, content <digest>. Do not edit.
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
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss.ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

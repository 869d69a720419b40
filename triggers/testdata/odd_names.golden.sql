-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA "my.schema" TO exaudit_writer;
GRANT SELECT ON "my.schema"."it's ""my.table""" TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON "my.schema"."it's ""my.table""";
CREATE POLICY "~exaudit_truncate" ON "my.schema"."it's ""my.table""" FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit1$
-- INSERT of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, '19d1dd48ab04ac890784de1921897a17')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."before")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."before") THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."old"), pg_catalog.octet_length(NEW."new"), pg_catalog.octet_length(NEW."after"), pg_catalog.octet_length(NEW."entity"), pg_catalog.octet_length(NEW."image"), pg_catalog.octet_length(NEW."stamp"), pg_catalog.octet_length(NEW."sélect"), pg_catalog.octet_length(NEW."select"), pg_catalog.octet_length(NEW."it's {}"), pg_catalog.octet_length(NEW."a\b"), pg_catalog.octet_length(NEW."$exaudit$"), pg_catalog.octet_length(NEW."%I %s"), pg_catalog.octet_length(NEW."line
break"), pg_catalog.octet_length(NEW."old_values"), pg_catalog.octet_length(NEW."custom"), pg_catalog.octet_length(NEW."action")) > 1000000 OR pg_catalog.pg_column_size(NEW."before") > 100000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*)
    || CASE WHEN 'null'::jsonb IN (NEW."before")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."before" = 'null' THEN 'before' END], NULL))
            ELSE '{}' END END);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), NULL, pg_catalog.to_jsonb(NEW.*));
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
    VALUES (1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*));
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
    old_entity text;
    before jsonb;
    after jsonb;
    wide boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, '19d1dd48ab04ac890784de1921897a17')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."User" IS DISTINCT FROM NEW."User" THEN
        before := exaudit_internal.with_value(before, 'User', OLD."User");
        after := exaudit_internal.with_value(after, 'User', NEW."User");
        old_entity := nullif(exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) COLLATE "C", exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text));
    END IF;
    IF OLD."old" IS DISTINCT FROM NEW."old" THEN
        IF pg_catalog.octet_length(OLD."old") > 1000000 OR pg_catalog.octet_length(NEW."old") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'old', OLD."old");
            after := exaudit_internal.with_value(after, 'old', NEW."old");
        END IF;
    END IF;
    IF OLD."new" IS DISTINCT FROM NEW."new" THEN
        IF pg_catalog.octet_length(OLD."new") > 1000000 OR pg_catalog.octet_length(NEW."new") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'new', OLD."new");
            after := exaudit_internal.with_value(after, 'new', NEW."new");
        END IF;
    END IF;
    IF ROW(OLD."before")::record OPERATOR(pg_catalog.*<>) ROW(NEW."before")::record THEN
        IF pg_catalog.pg_column_size(OLD."before") > 100000 OR pg_catalog.pg_column_size(NEW."before") > 100000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_json_value(before, 'before', OLD."before");
            after := exaudit_internal.with_json_value(after, 'before', NEW."before");
        END IF;
    END IF;
    IF OLD."after" IS DISTINCT FROM NEW."after" THEN
        IF pg_catalog.octet_length(OLD."after") > 1000000 OR pg_catalog.octet_length(NEW."after") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'after', OLD."after");
            after := exaudit_internal.with_value(after, 'after', NEW."after");
        END IF;
    END IF;
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
    END IF;
    IF OLD."v" IS DISTINCT FROM NEW."v" THEN
        before := exaudit_internal.with_value(before, 'v', OLD."v");
        after := exaudit_internal.with_value(after, 'v', NEW."v");
    END IF;
    IF OLD."r" IS DISTINCT FROM NEW."r" THEN
        before := exaudit_internal.with_value(before, 'r', OLD."r");
        after := exaudit_internal.with_value(after, 'r', NEW."r");
    END IF;
    IF OLD."entity" IS DISTINCT FROM NEW."entity" THEN
        IF pg_catalog.octet_length(OLD."entity") > 1000000 OR pg_catalog.octet_length(NEW."entity") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'entity', OLD."entity");
            after := exaudit_internal.with_value(after, 'entity', NEW."entity");
        END IF;
    END IF;
    IF OLD."image" IS DISTINCT FROM NEW."image" THEN
        IF pg_catalog.octet_length(OLD."image") > 1000000 OR pg_catalog.octet_length(NEW."image") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'image', OLD."image");
            after := exaudit_internal.with_value(after, 'image', NEW."image");
        END IF;
    END IF;
    IF OLD."stamp" IS DISTINCT FROM NEW."stamp" THEN
        IF pg_catalog.octet_length(OLD."stamp") > 1000000 OR pg_catalog.octet_length(NEW."stamp") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'stamp', OLD."stamp");
            after := exaudit_internal.with_value(after, 'stamp', NEW."stamp");
        END IF;
    END IF;
    IF OLD."sélect" IS DISTINCT FROM NEW."sélect" THEN
        IF pg_catalog.octet_length(OLD."sélect") > 1000000 OR pg_catalog.octet_length(NEW."sélect") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'sélect', OLD."sélect");
            after := exaudit_internal.with_value(after, 'sélect', NEW."sélect");
        END IF;
        old_entity := nullif(exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) COLLATE "C", exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text));
    END IF;
    IF OLD."select" IS DISTINCT FROM NEW."select" THEN
        IF pg_catalog.octet_length(OLD."select") > 1000000 OR pg_catalog.octet_length(NEW."select") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'select', OLD."select");
            after := exaudit_internal.with_value(after, 'select', NEW."select");
        END IF;
    END IF;
    IF OLD."it's {}" IS DISTINCT FROM NEW."it's {}" THEN
        IF pg_catalog.octet_length(OLD."it's {}") > 1000000 OR pg_catalog.octet_length(NEW."it's {}") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'it''s {}', OLD."it's {}");
            after := exaudit_internal.with_value(after, 'it''s {}', NEW."it's {}");
        END IF;
    END IF;
    IF OLD."a\b" IS DISTINCT FROM NEW."a\b" THEN
        IF pg_catalog.octet_length(OLD."a\b") > 1000000 OR pg_catalog.octet_length(NEW."a\b") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, E'a\\b', OLD."a\b");
            after := exaudit_internal.with_value(after, E'a\\b', NEW."a\b");
        END IF;
    END IF;
    IF OLD."$exaudit$" IS DISTINCT FROM NEW."$exaudit$" THEN
        IF pg_catalog.octet_length(OLD."$exaudit$") > 1000000 OR pg_catalog.octet_length(NEW."$exaudit$") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, '$exaudit$', OLD."$exaudit$");
            after := exaudit_internal.with_value(after, '$exaudit$', NEW."$exaudit$");
        END IF;
    END IF;
    IF OLD."%I %s" IS DISTINCT FROM NEW."%I %s" THEN
        IF pg_catalog.octet_length(OLD."%I %s") > 1000000 OR pg_catalog.octet_length(NEW."%I %s") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, '%I %s', OLD."%I %s");
            after := exaudit_internal.with_value(after, '%I %s', NEW."%I %s");
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
            before := exaudit_internal.with_value(before, 'line
break', OLD."line
break");
            after := exaudit_internal.with_value(after, 'line
break', NEW."line
break");
        END IF;
    END IF;
    IF OLD."old_values" IS DISTINCT FROM NEW."old_values" THEN
        IF pg_catalog.octet_length(OLD."old_values") > 1000000 OR pg_catalog.octet_length(NEW."old_values") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'old_values', OLD."old_values");
            after := exaudit_internal.with_value(after, 'old_values', NEW."old_values");
        END IF;
    END IF;
    IF OLD."table_id" IS DISTINCT FROM NEW."table_id" THEN
        before := exaudit_internal.with_value(before, 'table_id', OLD."table_id");
        after := exaudit_internal.with_value(after, 'table_id', NEW."table_id");
    END IF;
    IF OLD."custom" IS DISTINCT FROM NEW."custom" THEN
        IF pg_catalog.octet_length(OLD."custom") > 1000000 OR pg_catalog.octet_length(NEW."custom") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'custom', OLD."custom");
            after := exaudit_internal.with_value(after, 'custom', NEW."custom");
        END IF;
    END IF;
    IF OLD."action" IS DISTINCT FROM NEW."action" THEN
        IF pg_catalog.octet_length(OLD."action") > 1000000 OR pg_catalog.octet_length(NEW."action") > 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'action', OLD."action");
            after := exaudit_internal.with_value(after, 'action', NEW."action");
        END IF;
    END IF;
    IF OLD."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" IS DISTINCT FROM NEW."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" THEN
        before := exaudit_internal.with_value(before, 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn', OLD."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
        after := exaudit_internal.with_value(after, 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn', NEW."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after)
    VALUES (1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after);
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
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, '19d1dd48ab04ac890784de1921897a17')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."before")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."before") THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."old"), pg_catalog.octet_length(OLD."new"), pg_catalog.octet_length(OLD."after"), pg_catalog.octet_length(OLD."entity"), pg_catalog.octet_length(OLD."image"), pg_catalog.octet_length(OLD."stamp"), pg_catalog.octet_length(OLD."sélect"), pg_catalog.octet_length(OLD."select"), pg_catalog.octet_length(OLD."it's {}"), pg_catalog.octet_length(OLD."a\b"), pg_catalog.octet_length(OLD."$exaudit$"), pg_catalog.octet_length(OLD."%I %s"), pg_catalog.octet_length(OLD."line
break"), pg_catalog.octet_length(OLD."old_values"), pg_catalog.octet_length(OLD."custom"), pg_catalog.octet_length(OLD."action")) > 1000000 OR pg_catalog.pg_column_size(OLD."before") > 100000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*)
    || CASE WHEN 'null'::jsonb IN (OLD."before")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."before" = 'null' THEN 'before' END], NULL))
            ELSE '{}' END END, NULL);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*), NULL);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
    VALUES (1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*));
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
    PERFORM exaudit_internal.check_trigger('t1_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(1, TG_RELID);
    -- Record each row as deleted, while the rows are still there.
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

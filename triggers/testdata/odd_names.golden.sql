-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA "my.schema" TO exaudit_writer;
GRANT SELECT ON "my.schema"."it's ""my.table""" TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON "my.schema"."it's ""my.table""";
CREATE POLICY "~exaudit_truncate" ON "my.schema"."it's ""my.table""" FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit1$
-- INSERT of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d', 'exaudit.versions'::pg_catalog.regclass, 't1_insert')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d', 'exaudit.versions'::pg_catalog.regclass, 't1_insert') AND (exaudit_internal.is_misfired('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF NEW."before" OPERATOR(pg_catalog.=) 'null' THEN
        NULL; -- is noted
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), pg_catalog.to_jsonb(NEW.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'created', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."old"), pg_catalog.octet_length(NEW."new"), pg_catalog.octet_length(NEW."after"), pg_catalog.octet_length(NEW."entity"), pg_catalog.octet_length(NEW."image"), pg_catalog.octet_length(NEW."stamp"), pg_catalog.octet_length(NEW."sélect"), pg_catalog.octet_length(NEW."select"), pg_catalog.octet_length(NEW."it's {}"), pg_catalog.octet_length(NEW."a\b"), pg_catalog.octet_length(NEW."$exaudit$"), pg_catalog.octet_length(NEW."%I %s"), pg_catalog.octet_length(NEW."line
break"), pg_catalog.octet_length(NEW."old_values"), pg_catalog.octet_length(NEW."custom"), pg_catalog.octet_length(NEW."action")) OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.pg_column_size(NEW."before") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(NEW)
            ELSE pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."before" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."before" OPERATOR(pg_catalog.=) 'null' THEN 'before' END], NULL))
            ELSE '{}' END END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit1$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of "my.schema"."it''s ""my.table"""';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit1$
-- UPDATE of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d', 'exaudit.versions'::pg_catalog.regclass, 't1_update')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d', 'exaudit.versions'::pg_catalog.regclass, 't1_update') AND (exaudit_internal.is_misfired('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."User" OPERATOR(pg_catalog.<>) NEW."User" THEN
        before := exaudit_internal.with_value(before, 'User', OLD."User");
        after := exaudit_internal.with_value(after, 'User', NEW."User");
        old_entity := CASE WHEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text) THEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) END;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."old"), ROW(NEW."old")) THEN
        IF pg_catalog.octet_length(OLD."old") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."old") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'old', OLD."old");
            after := exaudit_internal.with_value(after, 'old', NEW."old");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."new"), ROW(NEW."new")) THEN
        IF pg_catalog.octet_length(OLD."new") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."new") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'new', OLD."new");
            after := exaudit_internal.with_value(after, 'new', NEW."new");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."before"), ROW(NEW."before")) THEN
        IF pg_catalog.pg_column_size(OLD."before") OPERATOR(pg_catalog.>) 100000 OR pg_catalog.pg_column_size(NEW."before") OPERATOR(pg_catalog.>) 100000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_json_value(before, 'before', OLD."before");
            after := exaudit_internal.with_json_value(after, 'before', NEW."before");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."after"), ROW(NEW."after")) THEN
        IF pg_catalog.octet_length(OLD."after") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."after") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'after', OLD."after");
            after := exaudit_internal.with_value(after, 'after', NEW."after");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."id"), ROW(NEW."id")) THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."v"), ROW(NEW."v")) THEN
        before := exaudit_internal.with_value(before, 'v', OLD."v");
        after := exaudit_internal.with_value(after, 'v', NEW."v");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."r"), ROW(NEW."r")) THEN
        before := exaudit_internal.with_value(before, 'r', OLD."r");
        after := exaudit_internal.with_value(after, 'r', NEW."r");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."entity"), ROW(NEW."entity")) THEN
        IF pg_catalog.octet_length(OLD."entity") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."entity") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'entity', OLD."entity");
            after := exaudit_internal.with_value(after, 'entity', NEW."entity");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."image"), ROW(NEW."image")) THEN
        IF pg_catalog.octet_length(OLD."image") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."image") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'image', OLD."image");
            after := exaudit_internal.with_value(after, 'image', NEW."image");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."stamp"), ROW(NEW."stamp")) THEN
        IF pg_catalog.octet_length(OLD."stamp") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."stamp") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'stamp', OLD."stamp");
            after := exaudit_internal.with_value(after, 'stamp', NEW."stamp");
        END IF;
    END IF;
    IF OLD."sélect" OPERATOR(pg_catalog.<>) NEW."sélect" THEN
        IF pg_catalog.octet_length(OLD."sélect") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."sélect") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'sélect', OLD."sélect");
            after := exaudit_internal.with_value(after, 'sélect', NEW."sélect");
        END IF;
        old_entity := CASE WHEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text) THEN exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text) END;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."select"), ROW(NEW."select")) THEN
        IF pg_catalog.octet_length(OLD."select") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."select") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'select', OLD."select");
            after := exaudit_internal.with_value(after, 'select', NEW."select");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."it's {}"), ROW(NEW."it's {}")) THEN
        IF pg_catalog.octet_length(OLD."it's {}") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."it's {}") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'it''s {}', OLD."it's {}");
            after := exaudit_internal.with_value(after, 'it''s {}', NEW."it's {}");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."a\b"), ROW(NEW."a\b")) THEN
        IF pg_catalog.octet_length(OLD."a\b") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."a\b") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, E'a\\b', OLD."a\b");
            after := exaudit_internal.with_value(after, E'a\\b', NEW."a\b");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."$exaudit$"), ROW(NEW."$exaudit$")) THEN
        IF pg_catalog.octet_length(OLD."$exaudit$") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."$exaudit$") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, '$exaudit$', OLD."$exaudit$");
            after := exaudit_internal.with_value(after, '$exaudit$', NEW."$exaudit$");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."%I %s"), ROW(NEW."%I %s")) THEN
        IF pg_catalog.octet_length(OLD."%I %s") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."%I %s") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, '%I %s', OLD."%I %s");
            after := exaudit_internal.with_value(after, '%I %s', NEW."%I %s");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."line
break"), ROW(NEW."line
break")) THEN
        IF pg_catalog.octet_length(OLD."line
break") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."line
break") OPERATOR(pg_catalog.>) 1000000 THEN
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
    IF pg_catalog.record_image_ne(ROW(OLD."old_values"), ROW(NEW."old_values")) THEN
        IF pg_catalog.octet_length(OLD."old_values") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."old_values") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'old_values', OLD."old_values");
            after := exaudit_internal.with_value(after, 'old_values', NEW."old_values");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."table_id"), ROW(NEW."table_id")) THEN
        before := exaudit_internal.with_value(before, 'table_id', OLD."table_id");
        after := exaudit_internal.with_value(after, 'table_id', NEW."table_id");
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."custom"), ROW(NEW."custom")) THEN
        IF pg_catalog.octet_length(OLD."custom") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."custom") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'custom', OLD."custom");
            after := exaudit_internal.with_value(after, 'custom', NEW."custom");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."action"), ROW(NEW."action")) THEN
        IF pg_catalog.octet_length(OLD."action") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."action") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'action', OLD."action");
            after := exaudit_internal.with_value(after, 'action', NEW."action");
        END IF;
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"), ROW(NEW."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn")) THEN
        before := exaudit_internal.with_value(before, 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn', OLD."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
        after := exaudit_internal.with_value(after, 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn', NEW."nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF after IS NULL AND wide IS NULL AND settings IS NULL THEN
            RETURN NULL; -- no recorded column was changed
        END IF;
        IF wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after,
                wide, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSIF after IS NOT NULL THEN
            recorded := exaudit_internal.record_with_custom_data(1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after);
        END IF;
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom)
            VALUES (1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after, pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
        recorded := exaudit_internal.record_with_custom_data(1, 'updated', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(NEW."User", NEW."sélect")::pg_catalog.text), before, after);
        RETURN NULL;
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
AS $exaudit1$
-- DELETE of "my.schema"."it's ""my.table""": written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d', 'exaudit.versions'::pg_catalog.regclass, 't1_delete')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d', 'exaudit.versions'::pg_catalog.regclass, 't1_delete') AND (exaudit_internal.is_misfired('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, 'f09153a8781dbd0016fa3150110ade8d')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF OLD."before" OPERATOR(pg_catalog.=) 'null' THEN
        NULL; -- is noted
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), pg_catalog.to_jsonb(OLD.*));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'deleted', exaudit_internal.bounded_key(pg_catalog.jsonb_build_array(OLD."User", OLD."sélect")::pg_catalog.text), 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."old"), pg_catalog.octet_length(OLD."new"), pg_catalog.octet_length(OLD."after"), pg_catalog.octet_length(OLD."entity"), pg_catalog.octet_length(OLD."image"), pg_catalog.octet_length(OLD."stamp"), pg_catalog.octet_length(OLD."sélect"), pg_catalog.octet_length(OLD."select"), pg_catalog.octet_length(OLD."it's {}"), pg_catalog.octet_length(OLD."a\b"), pg_catalog.octet_length(OLD."$exaudit$"), pg_catalog.octet_length(OLD."%I %s"), pg_catalog.octet_length(OLD."line
break"), pg_catalog.octet_length(OLD."old_values"), pg_catalog.octet_length(OLD."custom"), pg_catalog.octet_length(OLD."action")) OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.pg_column_size(OLD."before") OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(OLD)
            ELSE pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."before" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."before" OPERATOR(pg_catalog.=) 'null' THEN 'before' END], NULL))
            ELSE '{}' END END, NULL);
    settings := exaudit_internal.restore_settings(settings);
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
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON "my.schema"."it's ""my.table"""
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON "my.schema"."it's ""my.table"""
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

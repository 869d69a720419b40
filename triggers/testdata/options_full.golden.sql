-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.people TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.people;
CREATE POLICY "~exaudit_truncate" ON public.people FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- INSERT of public.people: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256', 'exaudit.versions'::pg_catalog.regclass, 't1_insert')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256', 'exaudit.versions'::pg_catalog.regclass, 't1_insert') AND (exaudit_internal.is_misfired('t1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
            RETURN NULL;
        END IF;
    ELSIF NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null' THEN
        NULL; -- is noted
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom)
            VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'ssn', 'note', 'status']::pg_catalog.text[]),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]) END);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- UPDATE of public.people: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for every update, which takes less time than a condition.
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256', 'exaudit.versions'::pg_catalog.regclass, 't1_update')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}') THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256', 'exaudit.versions'::pg_catalog.regclass, 't1_update') AND (exaudit_internal.is_misfired('t1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        settings := coalesce(exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]), '{}');
    END IF;

    -- Record whole rows, but masked columns only if they changed.
    old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    IF NOT ((OLD."id" OPERATOR(pg_catalog.<>) NEW."id")
            OR (pg_catalog.record_image_ne(ROW(OLD."name"), ROW(NEW."name")))
            OR (pg_catalog.record_image_ne(ROW(OLD."ssn"), ROW(NEW."ssn")))
            OR (pg_catalog.record_image_ne(ROW(OLD."note"), ROW(NEW."note")))
            OR (pg_catalog.record_image_ne(ROW(OLD."status"), ROW(NEW."status")))) THEN
        settings := exaudit_internal.restore_settings(settings);
        RETURN NULL;
    END IF;
    -- Leave out values that are too large for jsonb, and note JSON nulls.
    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null' OR (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null' THEN
        before := 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'note', 'status']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio', 'ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]) END;
        after := 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'note', 'status']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio', 'ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]) END;
    ELSE
        before := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio', 'ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]);
        after := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio', 'ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]);
    END IF;
    IF pg_catalog.record_image_ne(ROW(OLD."ssn"), ROW(NEW."ssn")) THEN
        before := exaudit_internal.note_masked(before, 'ssn');
        after := exaudit_internal.note_masked(after, 'ssn');
    END IF;

    IF old_entity IS NOT NULL OR settings IS NOT NULL THEN
        IF old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                NULL, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        ELSE
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
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
AS $exaudit$
-- DELETE of public.people: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    settings pg_catalog.text[];
    recorded pg_catalog.bool;
BEGIN
    -- Names no column, which may have been dropped.
    IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256', 'exaudit.versions'::pg_catalog.regclass, 't1_delete')
       OR exaudit_internal.is_unusual_setting('row_security', '{on}')
       OR (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 THEN
        -- If the trigger is not this function's own, or the table was altered, record the whole row. This
        -- is slower; "exaudit sync" repairs it.
        IF NOT exaudit_internal.is_current(1, '<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256', 'exaudit.versions'::pg_catalog.regclass, 't1_delete') AND (exaudit_internal.is_misfired('t1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL)
               OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
               OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
               OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE) THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
            RETURN NULL;
        END IF;
    ELSIF OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null' THEN
        NULL; -- is noted
    ELSIF exaudit_internal.has_session_data() THEN
        IF exaudit_internal.has_plain_custom_data() THEN
            INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom)
            VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), pg_catalog.current_setting('exaudit.custom', true)::pg_catalog.jsonb);
            RETURN NULL;
        END IF;
    ELSE
        INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]));
        RETURN NULL;
    END IF;

    settings := exaudit_internal.pin_settings(ARRAY['row_security', 'on']::pg_catalog.text[]);
    recorded := exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'ssn', 'note', 'status']::pg_catalog.text[]),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]) END, NULL);
    settings := exaudit_internal.restore_settings(settings);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_delete() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_delete() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_delete() IS 'exaudit: records delete of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- TRUNCATE of public.people: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    PERFORM exaudit_internal.check_trigger('t1_truncate', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    PERFORM exaudit_internal.check_table(1, TG_RELID);
    -- The option on_truncate is "ignore".
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.people';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.people
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

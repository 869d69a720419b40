-- To record TRUNCATE, the rows are read before they are removed.
GRANT USAGE ON SCHEMA public TO exaudit_writer;
GRANT SELECT ON public.people TO exaudit_writer;
-- With row security, this needs a policy. Without, a policy has no effect.
DROP POLICY IF EXISTS "~exaudit_truncate" ON public.people;
CREATE POLICY "~exaudit_truncate" ON public.people FOR SELECT TO exaudit_writer USING (true);

CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- INSERT of public.people: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_insert' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'INSERT' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, 'c98f988c7da0d7d2621c31f80aedbc06')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."bio", NEW."note")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."bio", NEW."note") THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) > 100000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'ssn', 'note', 'status']::text[]),
        ARRAY[]::text[], ARRAY['ssn']::text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    || CASE WHEN 'null'::jsonb IN (NEW."bio", NEW."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" = 'null' THEN 'bio' END, CASE WHEN NEW."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::text[], ARRAY['ssn']::text[]) END);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]));
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
    VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]));
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_insert() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_insert() IS 'exaudit: records insert of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_update() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- UPDATE of public.people: written by exaudit <version>, content <digest>. Do not edit.
DECLARE
    old_entity text;
    before jsonb;
    after jsonb;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_update' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'UPDATE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, 'c98f988c7da0d7d2621c31f80aedbc06')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record whole rows, but masked columns only if they changed.
    old_entity := nullif(OLD."id"::pg_catalog.text COLLATE "C", NEW."id"::pg_catalog.text);
    IF NOT ((OLD."id" IS DISTINCT FROM NEW."id")
            OR (OLD."name" IS DISTINCT FROM NEW."name")
            OR (OLD."ssn" IS DISTINCT FROM NEW."ssn")
            OR (ROW(OLD."note")::record OPERATOR(pg_catalog.*<>) ROW(NEW."note")::record)
            OR (OLD."status" IS DISTINCT FROM NEW."status")) THEN
        RETURN NULL;
    END IF;
    -- Leave out values that are too large for jsonb, and note JSON nulls.
    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."bio", OLD."note") OR pg_catalog.pg_column_size(NEW.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (NEW."bio", NEW."note") THEN
        before := 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) > 100000
            THEN exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'note', 'status']::text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    || CASE WHEN 'null'::jsonb IN (OLD."bio", OLD."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" = 'null' THEN 'bio' END, CASE WHEN OLD."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]) END;
        after := 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) > 100000
            THEN exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'note', 'status']::text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    || CASE WHEN 'null'::jsonb IN (NEW."bio", NEW."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" = 'null' THEN 'bio' END, CASE WHEN NEW."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]) END;
    ELSE
        before := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]);
        after := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio', 'ssn']::text[], ARRAY[]::text[]);
    END IF;
    IF OLD."ssn" IS DISTINCT FROM NEW."ssn" THEN
        before := exaudit_internal.note_masked(before, 'ssn');
        after := exaudit_internal.note_masked(after, 'ssn');
    END IF;

    IF old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                NULL, NULL, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
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
COMMENT ON FUNCTION exaudit_internal.t1_update() IS 'exaudit: records update of public.people';

CREATE OR REPLACE FUNCTION exaudit_internal.t1_delete() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $exaudit$
-- DELETE of public.people: written by exaudit <version>, content <digest>. Do not edit.
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME <> '!exaudit_t1_delete' OR TG_WHEN <> 'AFTER' OR TG_OP <> 'DELETE' OR TG_LEVEL <> 'ROW'
       OR TG_RELID <> '<relation>'::oid
       OR NOT exaudit_internal.has_shape('<relation>'::oid, 'c98f988c7da0d7d2621c31f80aedbc06')
       OR exaudit_internal.take_snapshot(1, '<relation>'::oid, exaudit_internal.unnoted_columns(1, '<relation>'::oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::oid, exaudit_internal.description('<relation>'::oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;

    IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."bio", OLD."note")
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' OR pg_catalog.current_setting('exaudit.rollback', true) <> '' THEN
        IF pg_catalog.pg_column_size(OLD.*) NOT BETWEEN 0 AND 16000 OR 'null'::jsonb IN (OLD."bio", OLD."note") THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) > 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) > 100000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'ssn', 'note', 'status']::text[]),
        ARRAY[]::text[], ARRAY['ssn']::text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    || CASE WHEN 'null'::jsonb IN (OLD."bio", OLD."note")
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" = 'null' THEN 'bio' END, CASE WHEN OLD."note" = 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::text[], ARRAY['ssn']::text[]) END, NULL);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]), NULL);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
    VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::text[], ARRAY['ssn']::text[]));
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
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.people
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

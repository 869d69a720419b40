CREATE OR REPLACE FUNCTION exaudit_internal.t1_condition(status text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (status <> 'draft'::text);

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
    IF pg_catalog.current_setting('exaudit.ignore', true) OPERATOR(pg_catalog.=) 'on' THEN
        RETURN NULL;
    END IF;
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_insert', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, NULL, NEW);
        RETURN NULL;
    END IF;
    -- Skip rows that do not satisfy the condition. If evaluating it raises an error, record the row.
    BEGIN
        IF NOT coalesce(exaudit_internal.t1_condition(NEW."status"), false) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;

    IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(NEW.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, 
            CASE WHEN greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(NEW, ARRAY['id', 'name', 'ssn', 'note', 'status']::pg_catalog.text[]),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]) END, session_user);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), session_user);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after, session_user_name)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), session_user);
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
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    wide boolean;
    crossing boolean;
BEGIN
    IF pg_catalog.current_setting('exaudit.ignore', true) OPERATOR(pg_catalog.=) 'on' THEN
        RETURN NULL;
    END IF;
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, crossing, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;
    -- Skip rows that do not satisfy the condition. If evaluating it raises an error, record the row.
    -- If the row begins or ceases to satisfy it, record the whole row before and after, because what was
    -- not recorded is not known.
    DECLARE
        was_met boolean;
        is_met  boolean;
    BEGIN
        was_met := coalesce(exaudit_internal.t1_condition(OLD."status"), false);
        is_met := coalesce(exaudit_internal.t1_condition(NEW."status"), false);
        IF NOT was_met AND NOT is_met THEN
            RETURN NULL;
        END IF;
        crossing := was_met <> is_met;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    IF crossing IS NOT FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_update', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NEW, crossing, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
        RETURN NULL;
    END IF;

    -- Record the columns that changed. Compare images where equal values may have different ones.
    IF OLD."id" IS DISTINCT FROM NEW."id" THEN
        before := exaudit_internal.with_value(before, 'id', OLD."id");
        after := exaudit_internal.with_value(after, 'id', NEW."id");
        old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    END IF;
    IF OLD."name" IS DISTINCT FROM NEW."name" THEN
        IF pg_catalog.octet_length(OLD."name") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."name") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'name', OLD."name");
            after := exaudit_internal.with_value(after, 'name', NEW."name");
        END IF;
    END IF;
    IF OLD."ssn" IS DISTINCT FROM NEW."ssn" THEN
        before := exaudit_internal.note_masked(coalesce(before, '{}'), 'ssn');
        after := exaudit_internal.note_masked(coalesce(after, '{}'), 'ssn');
    END IF;
    IF ROW(OLD."note")::record OPERATOR(pg_catalog.*<>) ROW(NEW."note")::record THEN
        IF pg_catalog.pg_column_size(OLD."note") OPERATOR(pg_catalog.>) 100000 OR pg_catalog.pg_column_size(NEW."note") OPERATOR(pg_catalog.>) 100000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_json_value(before, 'note', OLD."note");
            after := exaudit_internal.with_json_value(after, 'note', NEW."note");
        END IF;
    END IF;
    IF OLD."status" IS DISTINCT FROM NEW."status" THEN
        IF pg_catalog.octet_length(OLD."status") OPERATOR(pg_catalog.>) 1000000 OR pg_catalog.octet_length(NEW."status") OPERATOR(pg_catalog.>) 1000000 THEN
            wide := true;
        ELSE
            before := exaudit_internal.with_value(before, 'status', OLD."status");
            after := exaudit_internal.with_value(after, 'status', NEW."status");
        END IF;
    END IF;

    IF after IS NULL OR wide OR old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF after IS NULL AND wide IS NULL THEN
            RETURN NULL; -- no recorded column has changed
        END IF;
        IF after IS NULL OR wide OR old_entity IS NOT NULL THEN
            PERFORM exaudit_internal.record_update(1, TG_RELID, OLD, NEW, old_entity, NEW."id"::pg_catalog.text, before, after,
                wide, crossing, exaudit_internal.command_of(NEW.xmax, NEW.cmin, OLD.xmin, OLD.cmax), OLD.ctid, NEW.ctid);
            RETURN NULL;
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'updated', NEW."id"::pg_catalog.text, before, after, session_user);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, session_user_name)
        VALUES (1, 'updated', NEW."id"::pg_catalog.text, before, after, session_user);
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
    IF pg_catalog.current_setting('exaudit.ignore', true) OPERATOR(pg_catalog.=) 'on' THEN
        RETURN NULL;
    END IF;
    -- If the trigger is not this function's own, or the table was altered, record the whole row. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'ROW'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
        PERFORM exaudit_internal.record_whole_row(1, '<relation>'::pg_catalog.oid, exaudit_internal.description('<relation>'::pg_catalog.oid),
            't1_delete', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID, OLD, NULL);
        RETURN NULL;
    END IF;
    -- Skip rows that do not satisfy the condition. If evaluating it raises an error, record the row.
    BEGIN
        IF NOT coalesce(exaudit_internal.t1_condition(OLD."status"), false) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;

    IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF (pg_catalog.pg_column_size(OLD.*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0 OR OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, 
            CASE WHEN greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000
            THEN exaudit_internal.redact(exaudit_internal.bounded_image(OLD, ARRAY['id', 'name', 'ssn', 'note', 'status']::pg_catalog.text[]),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[])
            ELSE exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]) END, NULL, session_user);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), NULL, session_user);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, session_user_name)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['bio']::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), session_user);
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
    RAISE EXCEPTION 'TRUNCATE of % is refused: its option on_truncate says so', TG_RELID::pg_catalog.regclass
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'DELETE is recorded row by row.';
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.people';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_insert();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_insert";

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.people
    FOR EACH ROW
    WHEN (OLD.* OPERATOR(pg_catalog.*<>) NEW.*)
    EXECUTE FUNCTION exaudit_internal.t1_update();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_update";

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.people
    FOR EACH ROW
    EXECUTE FUNCTION exaudit_internal.t1_delete();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_delete";

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.people
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();
ALTER TABLE public.people ENABLE ALWAYS TRIGGER "!exaudit_t1_truncate";

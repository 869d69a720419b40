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
    SET array_nulls = on
    SET bytea_output = 'hex'
    SET datestyle = 'ISO, YMD'
    SET extra_float_digits = 1
    SET intervalstyle = 'postgres'
    SET lc_monetary = 'C'
    SET quote_all_identifiers = off
    SET timezone = 'UTC'
    SET jit = off
AS $exaudit$
-- INSERT of public.people: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for each statement: the option trigger.
#variable_conflict use_column
<<this>>
DECLARE
    oversized boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record whole rows. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_insert' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'INSERT' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'STATEMENT'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
    PERFORM exaudit_internal.check_trigger('t1_insert', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        IF TG_RELID <> '<relation>'::oid THEN
            PERFORM exaudit_internal.check_table(1, TG_RELID);
        END IF;
        EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'created');
        RETURN NULL;
    END IF;
    -- More than one row: one INSERT for all of them.
    IF EXISTS (SELECT FROM exaudit_new_rows OFFSET 1) THEN
        -- If a column was added to exaudit.versions, or dropped, record whole rows.
        IF NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::pg_catalog.text[]) THEN
            EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'created');
            RETURN NULL;
        END IF;
        -- Rows with values that may be too large for jsonb are recorded separately.
        this.oversized := EXISTS (SELECT FROM exaudit_new_rows AS NEW WHERE greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000);
        INSERT INTO exaudit.versions (table_id, action, entity_id, after, custom, rollback)
        SELECT 1, 'created', NEW."id"::pg_catalog.text,
               exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]),
               stamp.custom, stamp.rollback
        -- in the order of jsonb's keys, which saves sorting them
        FROM (SELECT "id", "bio", "ssn", "name", "note", "status"
              FROM exaudit_new_rows) AS NEW
        -- not called if there are no rows
        LEFT JOIN exaudit_internal.session_data() AS stamp ON true
        WHERE (this.oversized AND (greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000)) IS NOT TRUE;
        IF this.oversized THEN
            EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'created', true);
        END IF;
        RETURN NULL;
    END IF;

    SELECT * INTO NEW FROM exaudit_new_rows;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000 THEN
        EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'created');
        RETURN NULL;
    END IF;

    IF NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]));
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'created', NEW."id"::pg_catalog.text, NULL, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]));
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, after)
        VALUES (1, 'created', NEW."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]));
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
    SET array_nulls = on
    SET bytea_output = 'hex'
    SET datestyle = 'ISO, YMD'
    SET extra_float_digits = 1
    SET intervalstyle = 'postgres'
    SET lc_monetary = 'C'
    SET quote_all_identifiers = off
    SET timezone = 'UTC'
    SET jit = off
AS $exaudit$
-- UPDATE of public.people: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for each statement: the option trigger.
#variable_conflict use_column
<<this>>
DECLARE
    old_entity pg_catalog.text;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    oversized boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record whole rows. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_update' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'UPDATE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'STATEMENT'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
    PERFORM exaudit_internal.check_trigger('t1_update', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        IF TG_RELID <> '<relation>'::oid THEN
            PERFORM exaudit_internal.check_table(1, TG_RELID);
        END IF;
        EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'updated');
        RETURN NULL;
    END IF;
    -- More than one row: one INSERT for all of them.
    IF EXISTS (SELECT FROM exaudit_old_rows OFFSET 1) THEN
        -- If a column was added to exaudit.versions, or dropped, record whole rows.
        IF NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::pg_catalog.text[]) THEN
            EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'updated');
            RETURN NULL;
        END IF;
        -- Rows with values that may be too large for jsonb are recorded separately.
        this.oversized := EXISTS (SELECT FROM exaudit_old_rows AS OLD WHERE greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000)
            OR EXISTS (SELECT FROM exaudit_new_rows AS NEW WHERE greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000);
        INSERT INTO exaudit.versions (id, table_id, action, entity_id, previous_entity_id, before, after, custom, rollback)
        OVERRIDING SYSTEM VALUE
        SELECT CASE WHEN change.previous IS NULL THEN pg_catalog.nextval('exaudit.versions_id_seq')
                    ELSE exaudit_internal.note_key_change(pg_catalog.nextval('exaudit.versions_id_seq'), 1, change.entity, change.previous,
                                                      (SELECT exaudit_internal.last_version_id())) END,
               1, 'updated', change.entity, change.previous,
               CASE WHEN change.old_notes = '[]' THEN change.old_values ELSE exaudit_internal.add_notes(change.old_values, change.old_notes) END,
               CASE WHEN change.new_notes = '[]' THEN change.new_values ELSE exaudit_internal.add_notes(change.new_values, change.new_notes) END,
               stamp.custom, stamp.rollback
        FROM (SELECT o."row 1",
                     NEW."id"::pg_catalog.text AS entity,
                     CASE WHEN changed."id" THEN nullif(OLD."id"::pg_catalog.text COLLATE "C", NEW."id"::pg_catalog.text) END AS previous,
                     exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]) AS old_values,
                     exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]) AS new_values,
                     CASE WHEN changed."ssn" THEN '[{"masked":"ssn"}]'::jsonb ELSE '[]' END AS old_notes,
                     CASE WHEN changed."ssn" THEN '[{"masked":"ssn"}]'::jsonb ELSE '[]' END AS new_notes
              -- numbered in the order in which they were updated
              FROM (SELECT pg_catalog.row_number() OVER () AS "row 1", "id", "bio", "ssn", "name", "note", "status" FROM exaudit_old_rows) AS o
              FULL JOIN (SELECT pg_catalog.row_number() OVER () AS "row 1", "id", "bio", "ssn", "name", "note", "status" FROM exaudit_new_rows) AS n
                     ON n."row 1" = o."row 1"
              CROSS JOIN LATERAL (SELECT o."id", o."bio", o."ssn", o."name", o."note", o."status") AS old
              CROSS JOIN LATERAL (SELECT n."id", n."bio", n."ssn", n."name", n."note", n."status") AS new
              -- with "=" if equal values have the same image; otherwise by their images
              CROSS JOIN LATERAL (SELECT OLD."id" IS DISTINCT FROM NEW."id" AS "id",
                                         OLD."name" IS DISTINCT FROM NEW."name" AS "name",
                                         OLD."ssn" IS DISTINCT FROM NEW."ssn" AS "ssn",
                                         ROW(OLD."bio")::record OPERATOR(pg_catalog.*<>) ROW(NEW."bio")::record AS "bio",
                                         ROW(OLD."note")::record OPERATOR(pg_catalog.*<>) ROW(NEW."note")::record AS "note",
                                         OLD."status" IS DISTINCT FROM NEW."status" AS "status" OFFSET 0) AS changed
              WHERE (changed."id" OR changed."name" OR changed."ssn" OR changed."bio" OR changed."note" OR changed."status")
                AND (this.oversized AND (greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000 OR greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000)) IS NOT TRUE
              OFFSET 0) AS change
        -- not called if nothing has changed
        LEFT JOIN exaudit_internal.session_data() AS stamp ON true
        ORDER BY change."row 1";
        IF this.oversized THEN
            EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'updated', true);
        END IF;
        RETURN NULL;
    END IF;

    SELECT * INTO OLD FROM exaudit_old_rows;
    SELECT * INTO NEW FROM exaudit_new_rows;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000 OR greatest(pg_catalog.octet_length(NEW."name"), pg_catalog.octet_length(NEW."ssn"), pg_catalog.octet_length(NEW."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(NEW."bio"), pg_catalog.pg_column_size(NEW."note")) OPERATOR(pg_catalog.>) 100000 THEN
        EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'updated');
        RETURN NULL;
    END IF;

    -- Record whole rows, but masked columns only if they changed.
    old_entity := CASE WHEN OLD."id"::pg_catalog.text COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) NEW."id"::pg_catalog.text THEN OLD."id"::pg_catalog.text END;
    IF NOT ((OLD."id" IS DISTINCT FROM NEW."id")
            OR (OLD."name" IS DISTINCT FROM NEW."name")
            OR (OLD."ssn" IS DISTINCT FROM NEW."ssn")
            OR (ROW(OLD."bio")::record OPERATOR(pg_catalog.*<>) ROW(NEW."bio")::record)
            OR (ROW(OLD."note")::record OPERATOR(pg_catalog.*<>) ROW(NEW."note")::record)
            OR (OLD."status" IS DISTINCT FROM NEW."status")) THEN
        RETURN NULL;
    END IF;
    -- Leave out values that are too large for jsonb, and note JSON nulls.
    IF OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null' OR NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null' THEN
        before := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]);
        after := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*)
    OPERATOR(pg_catalog.||) CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' OR NEW."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN NEW."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN NEW."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY['ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]);
    ELSE
        before := exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY['ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]);
        after := exaudit_internal.redact(pg_catalog.to_jsonb(NEW.*),
        ARRAY['ssn']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]);
    END IF;
    IF OLD."ssn" IS DISTINCT FROM NEW."ssn" THEN
        before := exaudit_internal.note_masked(before, 'ssn');
        after := exaudit_internal.note_masked(after, 'ssn');
    END IF;

    IF old_entity IS NOT NULL
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF old_entity IS NOT NULL THEN -- the key was changed
            PERFORM exaudit_internal.record(1, 'updated', NEW."id"::pg_catalog.text, old_entity, before, after);
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
    SET array_nulls = on
    SET bytea_output = 'hex'
    SET datestyle = 'ISO, YMD'
    SET extra_float_digits = 1
    SET intervalstyle = 'postgres'
    SET lc_monetary = 'C'
    SET quote_all_identifiers = off
    SET timezone = 'UTC'
    SET jit = off
AS $exaudit$
-- DELETE of public.people: written by exaudit <version>, content <digest>. Do not edit.
-- Fires for each statement: the option trigger.
#variable_conflict use_column
<<this>>
DECLARE
    oversized boolean;
BEGIN
    -- If the trigger is not this function's own, or the table was altered, record whole rows. This
    -- is slower; "exaudit sync" repairs it.
    IF TG_NAME OPERATOR(pg_catalog.<>) '!exaudit_t1_delete' OR TG_WHEN OPERATOR(pg_catalog.<>) 'AFTER' OR TG_OP OPERATOR(pg_catalog.<>) 'DELETE' OR TG_LEVEL OPERATOR(pg_catalog.<>) 'STATEMENT'
       OR TG_RELID OPERATOR(pg_catalog.<>) '<relation>'::pg_catalog.oid
       OR NOT exaudit_internal.has_shape('<relation>'::pg_catalog.oid, '0c3585a9663b9b34bf1800f15c582256')
       OR exaudit_internal.take_snapshot(1, '<relation>'::pg_catalog.oid, exaudit_internal.unnoted_columns(1, '<relation>'::pg_catalog.oid)) IS FALSE THEN
    PERFORM exaudit_internal.check_trigger('t1_delete', 'STATEMENT', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
        IF TG_RELID <> '<relation>'::oid THEN
            PERFORM exaudit_internal.check_table(1, TG_RELID);
        END IF;
        EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'deleted');
        RETURN NULL;
    END IF;
    -- More than one row: one INSERT for all of them.
    IF EXISTS (SELECT FROM exaudit_old_rows OFFSET 1) THEN
        -- If a column was added to exaudit.versions, or dropped, record whole rows.
        IF NOT exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, ARRAY[]::pg_catalog.text[]) THEN
            EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'deleted');
            RETURN NULL;
        END IF;
        -- Rows with values that may be too large for jsonb are recorded separately.
        this.oversized := EXISTS (SELECT FROM exaudit_old_rows AS OLD WHERE greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000);
        INSERT INTO exaudit.versions (table_id, action, entity_id, before, custom, rollback)
        SELECT 1, 'deleted', OLD."id"::pg_catalog.text,
               exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]),
               stamp.custom, stamp.rollback
        -- in the order of jsonb's keys, which saves sorting them
        FROM (SELECT "id", "bio", "ssn", "name", "note", "status"
              FROM exaudit_old_rows) AS OLD
        -- not called if there are no rows
        LEFT JOIN exaudit_internal.session_data() AS stamp ON true
        WHERE (this.oversized AND (greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000)) IS NOT TRUE;
        IF this.oversized THEN
            EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'deleted', true);
        END IF;
        RETURN NULL;
    END IF;

    SELECT * INTO OLD FROM exaudit_old_rows;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF greatest(pg_catalog.octet_length(OLD."name"), pg_catalog.octet_length(OLD."ssn"), pg_catalog.octet_length(OLD."status")) OPERATOR(pg_catalog.>) 1000000 OR greatest(pg_catalog.pg_column_size(OLD."bio"), pg_catalog.pg_column_size(OLD."note")) OPERATOR(pg_catalog.>) 100000 THEN
        EXECUTE exaudit_internal.altered_rows_query(1, TG_RELID, 'deleted');
        RETURN NULL;
    END IF;

    IF OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
       OR pg_catalog.current_setting('exaudit.custom', true) <> '' THEN
        IF OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null' THEN -- placeholders or notes may be needed
            RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*)
    OPERATOR(pg_catalog.||) CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' OR OLD."note" OPERATOR(pg_catalog.=) 'null'
            THEN pg_catalog.jsonb_build_object('', pg_catalog.array_remove(ARRAY[CASE WHEN OLD."bio" OPERATOR(pg_catalog.=) 'null' THEN 'bio' END, CASE WHEN OLD."note" OPERATOR(pg_catalog.=) 'null' THEN 'note' END], NULL))
            ELSE '{}' END,
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), NULL);
        END IF;
        RETURN exaudit_internal.record_with_custom_data(1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]), NULL);
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before)
        VALUES (1, 'deleted', OLD."id"::pg_catalog.text, exaudit_internal.redact(pg_catalog.to_jsonb(OLD.*),
        ARRAY[]::pg_catalog.text[], ARRAY['ssn']::pg_catalog.text[]));
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
    -- Record each row as deleted, while the rows are still there.
    PERFORM exaudit_internal.record_truncated(1, TG_RELID);
    RETURN NULL;
END
$exaudit$;
REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_truncate() FROM PUBLIC;
ALTER FUNCTION exaudit_internal.t1_truncate() OWNER TO exaudit_writer;
COMMENT ON FUNCTION exaudit_internal.t1_truncate() IS 'exaudit: records truncate of public.people';

CREATE OR REPLACE TRIGGER "!exaudit_t1_insert"
    AFTER INSERT ON public.people
    REFERENCING NEW TABLE AS exaudit_new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_insert();

CREATE OR REPLACE TRIGGER "!exaudit_t1_update"
    AFTER UPDATE ON public.people
    REFERENCING OLD TABLE AS exaudit_old_rows NEW TABLE AS exaudit_new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_update();

CREATE OR REPLACE TRIGGER "!exaudit_t1_delete"
    AFTER DELETE ON public.people
    REFERENCING OLD TABLE AS exaudit_old_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_delete();

CREATE OR REPLACE TRIGGER "!exaudit_t1_truncate"
    BEFORE TRUNCATE ON public.people
    FOR EACH STATEMENT
    EXECUTE FUNCTION exaudit_internal.t1_truncate();

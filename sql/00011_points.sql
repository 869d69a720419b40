-- More points in time for earlier rows: a transaction, a mark. And baselines: rows as they are,
-- recorded, so that a table that was tracked late has a known start.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The last version of a transaction, of whatever table.
CREATE FUNCTION exaudit.transaction_end(xid xid8) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_id bigint := (SELECT max(v.id) FROM exaudit.readable_versions v
                       WHERE v.transaction = transaction_end.xid::text::bigint);
BEGIN
    IF last_id IS NULL THEN
        RAISE EXCEPTION 'there is no version of transaction %', transaction_end.xid
            USING ERRCODE = 'XA013', HINT = 'Or its tables may not be read by this role, or retention has removed it.';
    END IF;
    RETURN last_id;
END
$$;

-- Is everything known that came after a mark, of a table that is tracked? Of what retention has removed nothing may be
-- after the mark, though it was recorded earlier: its transaction may have been under way.
CREATE FUNCTION exaudit.complete_since_mark(table_id integer, mark exaudit.marks) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT -- a clock may have been set back; it is asked only where no id was given out in between
           (mark.last_id > t.complete_after OR mark.last_id = t.complete_after AND mark.created_at >= t.complete_since)
           AND (t.forgotten_xid IS NULL OR mark.created_at >= t.forgotten_at OR t.complete_after <= mark.restored_id
                OR t.forgotten_xid < pg_snapshot_xmin(mark.snapshot))
    FROM exaudit.tables t WHERE t.id = $1
$$;

-- The changes of a table after the last version of a transaction, of whatever table: with the
-- versions up to its id; see since_as_of.
CREATE FUNCTION exaudit.since_as_of_transaction(row_type oid, xid xid8, key text,
                                                OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.* FROM exaudit.since_as_of_version(row_type, exaudit.transaction_end(xid), key) AS s
$$;

-- The same after what was committed when a mark was made.
CREATE FUNCTION exaudit.since_as_of_mark(row_type oid, name text, key text,
                                         OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    t         record := exaudit.known_table(row_type);
    mark      exaudit.marks := exaudit.find_mark(since_as_of_mark.name);
    oldest    bigint := pg_snapshot_xmin(mark.snapshot)::text::bigint;
    key_since bigint := exaudit.key_since(t.table_id, t.relation);
    period    exaudit.periods := exaudit.period_of(t.table_id, t.relation, exaudit.complete_since_mark(t.table_id, mark), 'mark ' || mark.name,
                                                   mark.created_at, mark.last_id, mark.snapshot, mark.restored_id);
BEGIN
    last_id := period.until_id;
    table_id := t.table_id;
    relation := t.relation;
    linked := CASE WHEN key IS NOT NULL THEN exaudit.linked_keys(t.table_id, ARRAY[key], 0) END;
    PERFORM exaudit.check_same_key(t.table_id, t.relation, key_since > 0 AND EXISTS (
        SELECT FROM exaudit.readable_versions v
        WHERE v.table_id = t.table_id AND v.id <= key_since AND (v.id > mark.last_id OR v.transaction >= oldest)
          AND exaudit.after_mark(mark, v.id, v.xid::text::xid8)));
    SELECT array_agg(l.entity_id), array_agg(l.first_id) INTO keys, first_ids
    FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.readable_versions v
          WHERE v.table_id = t.table_id
            AND ((v.id > mark.last_id OR v.transaction >= oldest) AND exaudit.after_mark(mark, v.id, v.xid::text::xid8) OR v.id > period.anchor_id)
            AND (period.until_id IS NULL OR v.id BETWEEN period.after_id AND period.until_id)
            AND (since_as_of_mark.linked IS NULL OR v.entity_id = ANY (since_as_of_mark.linked))
          GROUP BY v.entity_id) AS l;
END
$$;

-- The rows of a table just after the last version of a transaction, of whatever table.
CREATE FUNCTION exaudit.as_of_transaction(base anyelement, xid xid8) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_transaction', 'typed') USING xid, NULL::text;
END
$$;

CREATE FUNCTION exaudit.as_of_transaction(base anyelement, xid xid8, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_key(key);
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_transaction', 'typed') USING xid, key;
END
$$;

-- The rows of a table as they were committed when a mark was made.
CREATE FUNCTION exaudit.as_of_mark(base anyelement, name text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_mark', 'typed') USING name, NULL::text;
END
$$;

CREATE FUNCTION exaudit.as_of_mark(base anyelement, name text, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_key(key);
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_mark', 'typed') USING name, key;
END
$$;

-- The query for the rows of a table at a point $1, in the order of their keys, or for the row
-- that had a key $2: by which of the functions as_of, as_of_version, as_of_transaction,
-- as_of_mark. Unlike these it runs no CHECK of a domain: rows are of the columns' plain types. As images, they are
-- without what is hidden, the columns that are masked or excluded. The last column is the problem of rows_before, NULL as a
-- rule.
CREATE FUNCTION exaudit.as_of_query(relation regclass, function_name text, as_images boolean, OUT query text, OUT hidden text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    table_id integer := (SELECT r.table_id FROM exaudit.relations r WHERE r.relation = as_of_query.relation::oid);
BEGIN
    hidden := exaudit.option_columns(table_id, relation, 'exclude') || exaudit.option_columns(table_id, relation, 'mask');
    query := pg_catalog.format(
        'SELECT %s FROM (%s) AS "!row" ORDER BY %s',
        CASE WHEN NOT as_images THEN '"!row".*'
             WHEN hidden = '{}' THEN '"!row".' || exaudit.free_name(relation, '!image') || ', "!row".' || exaudit.free_name(relation, '!problem')
             ELSE pg_catalog.format('exaudit.redact("!row".%s, %L, ''{}''), "!row".%s', exaudit.free_name(relation, '!image'), hidden,
                                    exaudit.free_name(relation, '!problem')) END,
        exaudit.rows_before_query(exaudit.row_type(relation), function_name, CASE WHEN as_images THEN 'images' ELSE 'plain' END),
        (SELECT string_agg(pg_catalog.format('"!row".%I', c.name), ', ' ORDER BY c.key_position)
         FROM exaudit.table_columns c WHERE c.relation = as_of_query.relation::oid AND c.key_position >= 0));
END
$$;

-- Has anything been recorded of a row?
CREATE FUNCTION exaudit.has_versions(table_id integer, entity_id text) RETURNS boolean
    LANGUAGE sql STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM exaudit.versions v
                   WHERE v.table_id = has_versions.table_id AND v.entity_id = has_versions.entity_id COLLATE "C")
$$;

-- Records the rows of a table that have no version, or every one, as its baseline, and gives
-- their number. Each baseline has its place among the ids of its row's versions, because nobody
-- else can write: the caller must have locked the table.
CREATE FUNCTION exaudit.record_baseline(table_id integer, every_row boolean) RETURNS bigint
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    target regclass := (SELECT r.relation::regclass FROM exaudit.relations r
                        JOIN exaudit.tables t ON t.id = r.table_id AND t.tracked
                        WHERE r.table_id = record_baseline.table_id);
    key    text := exaudit.entity_id_expression(target, 'r');
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'table % is not tracked', record_baseline.table_id USING ERRCODE = 'undefined_table';
    ELSIF key IS NULL THEN
        RAISE EXCEPTION 'table % has no primary key any more', target USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF pg_catalog.current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'a baseline of % cannot be recorded in a transaction of isolation level %',
            target, pg_catalog.current_setting('transaction_isolation')
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = 'It might not see what others have committed before the table was locked.';
    END IF;
    IF EXISTS (
        SELECT tree.relation FROM exaudit.partition_tree(target) AS tree
        EXCEPT
        SELECT l.relation FROM pg_catalog.pg_locks l
        WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          AND l.mode IN ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
    THEN
        RAISE EXCEPTION 'table % is not locked', target
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = pg_catalog.format('First: LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', target);
    END IF;
    RETURN exaudit.record_rows(table_id, target, 'baseline', pg_catalog.format(
        '%s AS r WHERE %s', exaudit.target(target),
        CASE WHEN every_row THEN 'true' ELSE pg_catalog.format('NOT exaudit.has_versions($1, %s)', key) END));
END
$$;

-- The statement that locks a table for it.
CREATE FUNCTION exaudit.baseline_lock(relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
    SELECT 'LOCK TABLE ' || exaudit.target(relation) || ' IN SHARE ROW EXCLUSIVE MODE'
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 11::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.transaction_end, exaudit.complete_since_mark, exaudit.since_as_of_transaction, exaudit.since_as_of_mark,
    exaudit.as_of_transaction(pg_catalog.anyelement, pg_catalog.xid8), exaudit.as_of_transaction(pg_catalog.anyelement, pg_catalog.xid8, pg_catalog.text),
    exaudit.as_of_mark(pg_catalog.anyelement, pg_catalog.text), exaudit.as_of_mark(pg_catalog.anyelement, pg_catalog.text, pg_catalog.text), exaudit.as_of_query, exaudit.has_versions,
    exaudit.record_baseline, exaudit.baseline_lock
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.transaction_end, exaudit.complete_since_mark, exaudit.since_as_of_transaction, exaudit.since_as_of_mark,
    exaudit.as_of_transaction(pg_catalog.anyelement, pg_catalog.xid8), exaudit.as_of_transaction(pg_catalog.anyelement, pg_catalog.xid8, pg_catalog.text),
    exaudit.as_of_mark(pg_catalog.anyelement, pg_catalog.text), exaudit.as_of_mark(pg_catalog.anyelement, pg_catalog.text, pg_catalog.text), exaudit.as_of_query, exaudit.baseline_lock TO exaudit_reader;
GRANT EXECUTE ON FUNCTION exaudit.has_versions, exaudit.target TO exaudit_writer;

GRANT CREATE ON SCHEMA exaudit TO exaudit_writer; -- as for exaudit.track
RESET ROLE;
ALTER FUNCTION exaudit.record_baseline OWNER TO exaudit_writer;
REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer;

-- +goose Down
DROP FUNCTION IF EXISTS exaudit.record_baseline; -- it belonged to exaudit_writer
DROP FUNCTION exaudit.baseline_lock;
DROP FUNCTION exaudit.has_versions;
DROP FUNCTION exaudit.as_of_query;
DROP FUNCTION exaudit.as_of_mark(pg_catalog.anyelement, pg_catalog.text, pg_catalog.text);
DROP FUNCTION exaudit.as_of_mark(pg_catalog.anyelement, pg_catalog.text);
DROP FUNCTION exaudit.as_of_transaction(pg_catalog.anyelement, pg_catalog.xid8, pg_catalog.text);
DROP FUNCTION exaudit.as_of_transaction(pg_catalog.anyelement, pg_catalog.xid8);
DROP FUNCTION exaudit.since_as_of_mark;
DROP FUNCTION exaudit.since_as_of_transaction;
DROP FUNCTION exaudit.complete_since_mark;
DROP FUNCTION exaudit.transaction_end;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 10::bigint';

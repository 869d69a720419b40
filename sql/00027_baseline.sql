-- Recording rows as they are.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Before the triggers of a table go, records its rows as they are: so that it is known what they were while they were
-- tracked, whatever becomes of them. Nobody else may write to the table. Returns why that cannot be recorded, if so.
CREATE FUNCTION exaudit_internal.record_end(table_id integer, relation oid) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t      exaudit.tables;
    anchor bigint;
    reason text;
BEGIN
    PERFORM exaudit_internal.note_unwatched(table_id, relation);
    SELECT * INTO STRICT t FROM exaudit.tables k WHERE k.id = record_end.table_id;
    DELETE FROM exaudit_internal.periods p WHERE p.table_id = t.id AND p.last_id IS NULL; -- of an attempt that failed
    IF t.complete_since = 'infinity' OR exaudit_internal.hides_changes(t.options) THEN
        RETURN 'rows may have changed out of sight';
    END IF;
    BEGIN
        anchor := exaudit_internal.last_version_id();
        PERFORM exaudit.record_baseline(t.id, true);
        INSERT INTO exaudit_internal.periods (table_id, since, after_id, until, until_id, anchor_id)
        VALUES (t.id, t.complete_since, t.complete_after, clock_timestamp(), exaudit_internal.last_version_id(), anchor);
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected OR serialization_failure OR disk_full THEN
            RAISE;
        WHEN OTHERS THEN
            reason := SQLERRM;
    END;
    RETURN reason;
END
$$;

-- Has anything been recorded of a row?
CREATE FUNCTION exaudit_internal.has_versions(table_id integer, entity_id text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN EXISTS (SELECT FROM exaudit.versions v
                   WHERE v.table_id = has_versions.table_id AND v.entity_id = has_versions.entity_id COLLATE "C");
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_versions TO exaudit_writer;

-- Is the whole row known from what has been recorded of it? So are rows of before the table was tracked taken to be, once they
-- have a version.
CREATE FUNCTION exaudit_internal.has_image(table_id integer, entity_id text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    key     text := has_image.entity_id;
    last_id bigint := 9223372036854775807;
    v       record;
BEGIN
    LOOP -- back through its keys
        SELECT o.id, o.action, o.after IS NOT NULL AS imaged, o.previous_entity_id INTO v FROM exaudit.versions o
        WHERE o.table_id = has_image.table_id AND o.entity_id = this.key COLLATE "C" AND o.id < this.last_id
          AND (o.action <> 'updated' OR o.previous_entity_id IS NOT NULL)
        ORDER BY o.id DESC LIMIT 1;
        CASE WHEN v.action IN ('created', 'baseline') THEN RETURN v.imaged;
             WHEN v.action = 'updated' THEN key := v.previous_entity_id; last_id := v.id;
             ELSE RETURN exaudit_internal.has_versions(has_image.table_id, has_image.entity_id); END CASE;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_image TO exaudit_writer;

-- Records the rows of a table that have no version or no whole image, or every one, as its baseline, and gives
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
    target regclass := (SELECT r.relation::regclass FROM exaudit_internal.relations r
                        JOIN exaudit.tables t ON t.id = r.table_id AND t.tracked
                        WHERE r.table_id = record_baseline.table_id);
    key    text := exaudit_internal.entity_id_expression(target, 'r');
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
        SELECT tree.relation FROM exaudit_internal.partition_tree(target) AS tree
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
    RETURN exaudit_internal.record_rows(table_id, target, 'baseline', pg_catalog.format(
        '%s AS r WHERE %s', exaudit_internal.target(target),
        CASE WHEN every_row THEN 'true' ELSE pg_catalog.format('NOT exaudit_internal.%I($1, %s)',
                                 (SELECT CASE WHEN t.without_images THEN 'has_image' ELSE 'has_versions' END FROM exaudit.tables t
                                  WHERE t.id = record_baseline.table_id), key) END));
END
$$;

-- The statement that locks a table for it.
CREATE FUNCTION exaudit_internal.baseline_lock(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN 'LOCK TABLE ' || exaudit_internal.target(relation) || ' IN SHARE ROW EXCLUSIVE MODE';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.baseline_lock TO exaudit_reader;
-- +goose StatementEnd

GRANT CREATE ON SCHEMA exaudit TO exaudit_writer;
RESET ROLE;
ALTER FUNCTION exaudit.record_baseline OWNER TO exaudit_writer;
REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer;
GRANT EXECUTE ON FUNCTION exaudit.record_baseline TO exaudit_owner; -- for event triggers

-- +goose Down
-- The first migration drops everything.

-- Baselines: what rows are that were there before their table was tracked.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Records the rows of a table as they are, those of which nothing is recorded, or every one, and
-- gives how many. Writers wait meanwhile: a row's baseline has its place among the row's changes.
CREATE FUNCTION exaudit.baseline(relation regclass, every boolean DEFAULT false) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    table_id integer := (SELECT t.id FROM exaudit.tables t JOIN exaudit.relations r ON r.table_id OPERATOR(pg_catalog.=) t.id
                         WHERE r.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND t.tracked);
BEGIN
    IF table_id IS NULL THEN
        RAISE EXCEPTION '% is not tracked', relation
            USING ERRCODE = 'undefined_table', HINT = 'exaudit install tracks it.';
    END IF;
    EXECUTE pg_catalog.format('LOCK TABLE %s IN SHARE MODE', exaudit.target(relation));
    RETURN exaudit.record_baseline(table_id, relation, every);
END
$$;

-- The part that writes. Only for who keeps writers out: of a row that is changed meanwhile, the
-- record would be wrong.
CREATE FUNCTION exaudit.record_baseline(table_id integer, relation oid, every boolean) RETURNS bigint
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
BEGIN
    PERFORM exaudit.check_table(table_id, relation);
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_locks l
                   WHERE l.pid = pg_catalog.pg_backend_pid() AND l.granted AND l.relation = record_baseline.relation
                     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
                     AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')) THEN
        RAISE EXCEPTION 'a baseline of % needs a SHARE lock on it', relation::regclass
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Call exaudit.baseline.';
    END IF;
    RETURN exaudit.record_rows('baseline', table_id, relation, NULL,
                               CASE WHEN every THEN 'true'
                                    ELSE pg_catalog.format('NOT exaudit.is_recorded($1, %s)', exaudit.entity_id_expression(relation, 'r')) END);
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 12::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.baseline, exaudit.record_baseline FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.baseline, exaudit.record_baseline TO exaudit_reader;

-- as for exaudit.track
GRANT CREATE ON SCHEMA exaudit TO exaudit_writer;
RESET ROLE;
ALTER FUNCTION exaudit.record_baseline OWNER TO exaudit_writer;
REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer;

-- +goose Down
DROP FUNCTION exaudit.baseline;
DROP FUNCTION IF EXISTS exaudit.record_baseline; -- it belonged to exaudit_writer
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 11::bigint';

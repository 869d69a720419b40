-- The registry of tables, and the columns that they had.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- One row per table that is or was tracked. The id is what versions and triggers
-- carry: it survives rename, dump and restore. Names are the last known ones and may come
-- twice: of a table that was dropped, and of its successor.
CREATE TABLE exaudit.tables (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_name text        NOT NULL,
    table_name  text        NOT NULL,
    key_columns text[]      NOT NULL,
    options     jsonb       NOT NULL DEFAULT '{}',
    -- the attribute numbers of the columns that options name, so that they follow a rename
    option_columns jsonb    NOT NULL DEFAULT '{}',
    tracked     boolean     NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- from when on every change is recorded, and still there
    complete_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- the same by the ids of versions
    complete_after bigint      NOT NULL DEFAULT 0,
    -- the newest transaction that retention has removed versions of, and when it last did
    forgotten_transaction_id xid8,
    forgotten_at   timestamptz,
    -- whether it has or had the option skip_insert_image
    without_images boolean     NOT NULL DEFAULT false
);
GRANT SELECT ON exaudit.tables TO exaudit_reader, exaudit_writer;
-- asked for before each ALTER TABLE and DROP TABLE
CREATE INDEX tables_without_images ON exaudit.tables (id) WHERE tracked AND without_images;

-- The times at which a table was tracked and that an uninstall has ended. What the rows were in the end is
-- recorded as baselines: those after anchor_id, up to until_id; NULL where it is not. Everything is known from since to
-- until, unless since is later. last_id is the last version before nothing was recorded any more, and NULL
-- until the triggers are gone.
CREATE TABLE exaudit_internal.periods (
    table_id      integer     NOT NULL REFERENCES exaudit.tables (id),
    since         timestamptz NOT NULL,
    after_id      bigint      NOT NULL,
    until         timestamptz NOT NULL,
    until_id      bigint      NOT NULL,
    anchor_id     bigint,
    last_id       bigint,
    -- the newest transaction that retention has removed versions of
    forgotten_transaction_id xid8,
    PRIMARY KEY (table_id, until)
);
GRANT SELECT ON exaudit_internal.periods TO exaudit_reader;

-- What the columns of a tracked table were, from the version after "since" on. An
-- attribute number outlives RENAME COLUMN, so images written before a rename can be
-- read under the present names. The relation tells whether attribute numbers of two
-- snapshots may be compared: dump and restore number them anew.
CREATE TABLE exaudit_internal.column_snapshots (
    table_id integer NOT NULL REFERENCES exaudit.tables (id),
    since    bigint  NOT NULL,
    relation oid     NOT NULL,
    columns  jsonb   NOT NULL,
    transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(), -- who took it, which may be rolled back
    PRIMARY KEY (table_id, since)
);
CREATE INDEX column_snapshots_relation_idx ON exaudit_internal.column_snapshots (relation);
GRANT SELECT ON exaudit_internal.column_snapshots TO exaudit_reader, exaudit_writer;
GRANT INSERT ON exaudit_internal.column_snapshots TO exaudit_writer;

-- Which relation each registered table is: the one that carries its trigger, whatever it
-- is called by now. Without a trigger, the relation that had its name when it was last
-- installed, if it still has; not just any of that name, or whoever creates one would
-- inherit a history. Tables that are gone have no row. Names are looked up in the catalog:
-- to_regclass raises for a schema that the caller has no USAGE on.
CREATE VIEW exaudit_internal.relations AS
SELECT t.id AS table_id, coalesce(c.relation, named.relation) AS relation
FROM exaudit.tables t
LEFT JOIN LATERAL (
    -- By way of indexes: there is none of triggers by function. OFFSET 0: one after the other, also while the statistics
    -- of the catalog are those of before many tables were created.
    SELECT tg.tgrelid AS relation
    FROM (SELECT p.oid FROM pg_catalog.pg_proc p
          WHERE p.pronamespace = 'exaudit_internal'::pg_catalog.regnamespace
            AND p.proname = pg_catalog.format('t%s_insert', t.id)::name OFFSET 0) AS p
    CROSS JOIN LATERAL (SELECT d.objid FROM pg_catalog.pg_depend d
                        WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = p.oid
                          AND d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass OFFSET 0) AS d
    CROSS JOIN LATERAL (SELECT tg.oid, tg.tgrelid FROM pg_catalog.pg_trigger tg
                        WHERE tg.oid = d.objid AND tg.tgfoid = p.oid AND tg.tgparentid = 0
                          AND tg.tgname = pg_catalog.format('!exaudit_t%s_insert', t.id)::name OFFSET 0) AS tg
    ORDER BY tg.oid
    LIMIT 1
) c ON true
LEFT JOIN LATERAL (
    SELECT last.relation
    FROM (SELECT s.relation FROM exaudit_internal.column_snapshots s
          WHERE s.table_id = t.id ORDER BY s.since DESC LIMIT 1) last
    JOIN pg_catalog.pg_class rel ON rel.oid = last.relation AND rel.relname = t.table_name
    JOIN pg_catalog.pg_namespace n ON n.oid = rel.relnamespace AND n.nspname = t.schema_name
    WHERE c.relation IS NULL
      AND NOT EXISTS (SELECT
                      FROM pg_catalog.pg_trigger tg
                      JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid AND p.pronamespace = 'exaudit_internal'::pg_catalog.regnamespace
                      WHERE tg.tgrelid = last.relation AND tg.tgparentid = 0
                        AND p.proname ~ '^t[0-9]+_insert$' AND tg.tgname = '!exaudit_' || p.proname)
) named ON true
WHERE coalesce(c.relation, named.relation) IS NOT NULL;
GRANT SELECT ON exaudit_internal.relations TO exaudit_reader, exaudit_writer;

-- +goose StatementBegin
-- The registered tables that a relation is: it takes no more time where there are many. exaudit_internal.relations is asked
-- of those whose triggers it carries, or that it was when a snapshot of columns was taken.
CREATE FUNCTION exaudit_internal.tables_of(relation oid) RETURNS SETOF integer
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.table_id
    FROM exaudit_internal.relations r
    WHERE r.relation = $1
      AND r.table_id = ANY (ARRAY(
          SELECT pg_catalog.substring(tg.tgname::text, '^!exaudit_t([0-9]{1,9})_insert$')::integer
          FROM pg_catalog.pg_trigger tg WHERE tg.tgrelid = $1
          UNION ALL
          SELECT s.table_id FROM exaudit_internal.column_snapshots s WHERE s.relation = $1));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.tables_of TO exaudit_writer, exaudit_reader;

-- The tables whose history the current user may see: those it may read in full. The
-- history of a table that is gone is for members of exaudit_owner.
CREATE FUNCTION exaudit_internal.readable_tables() RETURNS SETOF integer
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT t.id
    FROM exaudit.tables t
    LEFT JOIN exaudit_internal.relations r ON r.table_id = t.id
    WHERE CASE
              WHEN r.relation IS NULL THEN pg_catalog.pg_has_role('exaudit_owner', 'USAGE')
              ELSE pg_catalog.has_table_privilege(r.relation, 'SELECT')
                   AND NOT pg_catalog.row_security_active(r.relation)
          END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.readable_tables TO exaudit_writer, exaudit_reader;

-- Notes that a table is not tracked any more, and until when it was.
CREATE FUNCTION exaudit_internal.end_tracking(table_id integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t exaudit.tables;
BEGIN
    UPDATE exaudit.tables k SET tracked = false WHERE k.id = end_tracking.table_id AND k.tracked RETURNING * INTO t;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE exaudit_internal.periods p SET last_id = exaudit_internal.last_version_id() WHERE p.table_id = t.id AND p.last_id IS NULL;
    IF NOT FOUND THEN
        INSERT INTO exaudit_internal.periods (table_id, since, after_id, until, until_id, last_id)
        VALUES (t.id, CASE WHEN exaudit_internal.hides_changes(t.options) THEN 'infinity' ELSE t.complete_since END, t.complete_after,
                clock_timestamp(), exaudit_internal.last_version_id(), exaudit_internal.last_version_id());
    END IF;
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

-- The roles, the registry and the versions table.
--
-- Everything belongs to exaudit_owner. The generated trigger functions belong to
-- exaudit_writer, which may add versions and nothing else: code that runs as the
-- definer of a trigger can never change what is recorded already.

-- +goose Up
-- +goose StatementBegin
-- Texts are kept in JSON, and read as UTF-8.
DO $encoding$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.=) ANY (ARRAY['SQL_ASCII', 'MULE_INTERNAL']) THEN
        RAISE EXCEPTION 'texts of the encoding % cannot be kept as JSON', pg_catalog.getdatabaseencoding()
            USING ERRCODE = 'feature_not_supported', HINT = 'Dump and restore into a database of encoding UTF8.';
    END IF;
END
$encoding$;
-- +goose StatementEnd

CREATE SCHEMA IF NOT EXISTS exaudit;

-- +goose StatementBegin
DO $roles$
DECLARE
    wanted pg_catalog.text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['exaudit_owner', 'exaudit_writer', 'exaudit_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) wanted) THEN
            BEGIN
                EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                -- another database of the cluster is being initialised at this moment
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'role "%" is missing and "%" may not create it', wanted, current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = pg_catalog.format('An administrator runs once: CREATE ROLE exaudit_owner NOLOGIN; '
                                     'CREATE ROLE exaudit_writer NOLOGIN; CREATE ROLE exaudit_reader NOLOGIN; '
                                     'GRANT exaudit_owner, exaudit_writer TO %I;', current_user);
            END;
        END IF;
    END LOOP;
    -- A superuser acts as any role. Everybody else must be a member to hand objects over, and becomes one where allowed to.
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN
        BEGIN
            EXECUTE pg_catalog.format('GRANT exaudit_owner, exaudit_writer TO %I', current_user)
                    OPERATOR(pg_catalog.||) CASE WHEN pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.>=) 160000
                            THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
        EXCEPTION
            WHEN insufficient_privilege THEN
                IF NOT pg_catalog.pg_has_role('exaudit_owner', 'USAGE') OR NOT pg_catalog.pg_has_role('exaudit_writer', 'USAGE') THEN
                    RAISE EXCEPTION 'role "%" is not a member of exaudit_owner and exaudit_writer', current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = pg_catalog.format('An administrator runs once: GRANT exaudit_owner, exaudit_writer TO %I;', current_user);
                END IF;
        END;
    END IF;
END
$roles$;
-- +goose StatementEnd

ALTER SCHEMA exaudit OWNER TO exaudit_owner;

SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

GRANT USAGE ON SCHEMA exaudit TO exaudit_writer, exaudit_reader;

-- A baseline is no change: it says what a row was when it was recorded.
CREATE TYPE exaudit.action AS ENUM ('created', 'updated', 'deleted', 'baseline');

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
    forgotten_xid  xid8,
    forgotten_at   timestamptz
);

-- The times at which a table was tracked and that an uninstall has ended. What the rows were in the end is
-- recorded as baselines: those after anchor_id, up to until_id; NULL where it is not. Everything is known from since to
-- until, unless since is later. last_id is the last version before nothing was recorded any more, and NULL
-- until the triggers are gone.
CREATE TABLE exaudit.periods (
    table_id      integer     NOT NULL REFERENCES exaudit.tables (id),
    since         timestamptz NOT NULL,
    after_id      bigint      NOT NULL,
    until         timestamptz NOT NULL,
    until_id      bigint      NOT NULL,
    anchor_id     bigint,
    last_id       bigint,
    -- the newest transaction that retention has removed versions of
    forgotten_xid xid8,
    PRIMARY KEY (table_id, until)
);

-- What the columns of a tracked table were, from the version after "since" on. An
-- attribute number outlives RENAME COLUMN, so images written before a rename can be
-- read under the present names. The relation tells whether attribute numbers of two
-- snapshots may be compared: dump and restore number them anew.
CREATE TABLE exaudit.column_snapshots (
    table_id integer NOT NULL REFERENCES exaudit.tables (id),
    since    bigint  NOT NULL,
    relation oid     NOT NULL,
    columns  jsonb   NOT NULL,
    xid      xid8    NOT NULL DEFAULT pg_current_xact_id(), -- who took it, which may be rolled back
    PRIMARY KEY (table_id, since)
);

-- One row per change of one entity. No CHECK constraints: every inserting statement
-- would parse them again, and only exaudit's own functions write here. Wide columns
-- come first, so that no row is padded. Every further column is the user's, and is
-- filled from the custom data's key of its name.
CREATE TABLE exaudit.versions (
    id                 bigint           NOT NULL GENERATED ALWAYS AS IDENTITY (CACHE 1),
    recorded_at        timestamptz      NOT NULL DEFAULT now(),
    -- as a bigint, because there are no block ranges of xid8
    xid                bigint           NOT NULL DEFAULT txid_current(),
    table_id           integer          NOT NULL,
    action             exaudit.action   NOT NULL,
    rollback           boolean          NOT NULL DEFAULT false,
    entity_id          text COLLATE "C" NOT NULL,
    previous_entity_id text COLLATE "C",
    before             jsonb,
    after              jsonb,
    custom             jsonb,
    session_role       text COLLATE "C"
);

-- Images of rows of more than 2 kB are compressed, which takes longer than all the rest; lz4
-- takes a third of the time, where the server was built with it.
-- +goose StatementBegin
DO $$
BEGIN
    ALTER TABLE exaudit.versions ALTER before SET COMPRESSION lz4, ALTER after SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported THEN NULL;
END
$$;
-- +goose StatementEnd

COMMENT ON TABLE exaudit.versions IS 'One row per recorded change of one row of a tracked table. Append-only.';
COMMENT ON COLUMN exaudit.versions.id IS 'The order of one entity''s changes. Gaps are normal.';
COMMENT ON COLUMN exaudit.versions.recorded_at IS 'Start of the transaction that made the change.';
COMMENT ON COLUMN exaudit.versions.xid IS 'The transaction that made the change: pg_current_xact_id(), which counts on where 32 bits end.';
COMMENT ON COLUMN exaudit.versions.entity_id IS 'Primary key: its text, or a JSON array of a composite key''s values.';
COMMENT ON COLUMN exaudit.versions.previous_entity_id IS 'The key before, where the change rewrote the primary key.';
COMMENT ON COLUMN exaudit.versions.before IS 'deleted: the whole row; updated: the old values of the changed columns.';
COMMENT ON COLUMN exaudit.versions.after IS 'created, baseline: the whole row; updated: the new values of the changed columns.';
COMMENT ON COLUMN exaudit.versions.custom IS 'What the application said about the change (exaudit.custom).';
COMMENT ON COLUMN exaudit.versions.session_role IS 'Who was logged in (session_user), where the table''s options ask for it.';
COMMENT ON COLUMN exaudit.versions.rollback IS 'Written by a revert.';

-- The one btree: an entity's history, in order. Unique, so that a dump whose versions are
-- here already cannot be loaded a second time.
CREATE UNIQUE INDEX versions_entity ON exaudit.versions (table_id, entity_id, id);
-- Where all tables are published, clearing a custom column's reference, and so the
-- application's DELETE of what it refers to, would fail without.
ALTER TABLE exaudit.versions REPLICA IDENTITY USING INDEX versions_entity;
-- Ids, times and transactions grow with the heap: block ranges find them at almost no cost.
CREATE INDEX versions_id_time ON exaudit.versions
    USING brin (id, recorded_at, xid) WITH (pages_per_range = 128, autosummarize = on);
-- Keeping a summary up to date costs each version more than entering it in the btree; later ranges
-- are summarized when they are full, and only the first one begins with a summary.
SELECT pg_catalog.brin_desummarize_range('exaudit.versions_id_time', 0);

-- The versions that rewrote a primary key, once more: these lead from the old key to the new
-- one and back. They are rare; partial indexes of versions would cost every change.
--
-- Those of one transaction with the same command were made at once, by one statement, and commands
-- are in the order in which they began; NULL where that is not known. old_row and new_row are where
-- the row lay before and after, until the transaction ended.
CREATE TABLE exaudit.key_changes (
    id                 bigint           NOT NULL,
    xid                bigint           NOT NULL DEFAULT txid_current(),
    began              timestamptz      NOT NULL DEFAULT transaction_timestamp(), -- xids start again after a restore
    command            bigint,
    table_id           integer          NOT NULL,
    old_row            tid,
    new_row            tid,
    entity_id          text COLLATE "C" NOT NULL,
    previous_entity_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (table_id, id)
);
CREATE INDEX key_changes_to ON exaudit.key_changes (table_id, entity_id);
CREATE INDEX key_changes_from ON exaudit.key_changes (table_id, previous_entity_id);
CREATE INDEX key_changes_xid ON exaudit.key_changes (table_id, xid);

COMMENT ON TABLE exaudit.key_changes IS 'The versions that rewrote a primary key. Append-only.';

-- The columns that are not the user's own. Neither this function nor the next pins anything: so they are
-- expanded in the expressions that call them.
-- +goose StatementBegin
CREATE FUNCTION exaudit.version_columns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ARRAY['id', 'recorded_at', 'xid', 'table_id', 'action', 'rollback', 'entity_id', 'previous_entity_id',
                 'before', 'after', 'custom', 'session_role']
$$;

-- The values of the others. One jsonb may not hold the images of both sides.
CREATE FUNCTION exaudit.custom_values(version exaudit.versions) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.to_jsonb(pg_catalog.jsonb_populate_record(version, '{"before": null, "after": null}'))
           OPERATOR(pg_catalog.-) exaudit.version_columns()
$$;
-- +goose StatementEnd

-- The user's columns. Custom data fills those of a built-in type, because it is read with
-- exaudit_writer's rights, whose default is missing or a constant: another default, session_user
-- or now(), is the server's own word. An old snapshot does not show what became of a column
-- since: privileges and addresses are looked up in the catalog as it is. Of a copy of the versions
-- table, too, on which columns are tried.
CREATE VIEW exaudit.columns_beside AS
SELECT a.attrelid                                             AS relation,
       (pg_catalog.pg_identify_object_as_address('pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum)).object_names[3] AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod)::text  AS type_name,
       x.expression                                           AS default_expression,
       a.attgenerated = '' AND a.attidentity = '' -- these number themselves
       AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
       AND coalesce(x.expression ~ E'^(E?''([^'']|'''')*''|-?[0-9.]+|true|false|NULL)(::[a-z0-9_. "()\\[\\],]+)?$', true) AS filled
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)::text AS expression) x
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT') IS NOT NULL
  AND a.attname <> ALL (exaudit.version_columns()::name[])
ORDER BY a.attnum;

CREATE VIEW exaudit.custom_columns AS
SELECT c.name, c.type_name, c.default_expression, c.filled
-- of two relations, which PostgreSQL shows in the same way in all versions
FROM (SELECT 'exaudit.versions'::pg_catalog.regclass::pg_catalog.oid AS relation) v
JOIN exaudit.columns_beside c ON c.relation = v.relation;

-- Which relation each registered table is: the one that carries its trigger, whatever it
-- is called by now. Without a trigger, the relation that had its name when it was last
-- installed, if it still has; not just any of that name, or whoever creates one would
-- inherit a history. Tables that are gone have no row. Names are looked up in the catalog:
-- to_regclass raises for a schema that the caller has no USAGE on.
CREATE VIEW exaudit.relations AS
SELECT t.id AS table_id, coalesce(c.relation, named.relation) AS relation
FROM exaudit.tables t
LEFT JOIN LATERAL (
    -- by way of indexes: there is none of triggers by function
    SELECT tg.tgrelid AS relation
    FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = p.oid
                               AND d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
    JOIN pg_catalog.pg_trigger tg ON tg.oid = d.objid AND tg.tgfoid = p.oid
    WHERE p.pronamespace = 'exaudit'::pg_catalog.regnamespace
      AND p.proname = pg_catalog.format('t%s_insert', t.id)::name
      AND tg.tgparentid = 0
      AND tg.tgname = pg_catalog.format('!exaudit_t%s_insert', t.id)::name
    ORDER BY tg.oid
    LIMIT 1
) c ON true
LEFT JOIN LATERAL (
    SELECT last.relation
    FROM (SELECT s.relation FROM exaudit.column_snapshots s
          WHERE s.table_id = t.id ORDER BY s.since DESC LIMIT 1) last
    JOIN pg_catalog.pg_class rel ON rel.oid = last.relation AND rel.relname = t.table_name
    JOIN pg_catalog.pg_namespace n ON n.oid = rel.relnamespace AND n.nspname = t.schema_name
    WHERE NOT EXISTS (SELECT
                      FROM pg_catalog.pg_trigger tg
                      JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid AND p.pronamespace = 'exaudit'::pg_catalog.regnamespace
                      WHERE tg.tgrelid = last.relation AND tg.tgparentid = 0
                        AND p.proname ~ '^t[0-9]+_insert$' AND tg.tgname = '!exaudit_' || p.proname)
) named ON c.relation IS NULL
WHERE coalesce(c.relation, named.relation) IS NOT NULL;

-- +goose StatementBegin
-- The tables whose history the current user may see: those it may read in full. The
-- history of a table that is gone is for members of exaudit_owner.
CREATE FUNCTION exaudit.readable_tables() RETURNS SETOF integer
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.id
    FROM exaudit.tables t
    LEFT JOIN exaudit.relations r ON r.table_id = t.id
    WHERE CASE
              WHEN r.relation IS NULL THEN pg_catalog.pg_has_role('exaudit_owner', 'USAGE')
              ELSE pg_catalog.has_table_privilege(r.relation, 'SELECT')
                   AND NOT pg_catalog.row_security_active(r.relation)
          END
$$;
-- +goose StatementEnd

-- The history under readable names, for people in psql. The view's owner sees every
-- row, so the view itself asks what its caller may see.
CREATE VIEW exaudit.history WITH (security_barrier = true) AS
SELECT v.id,
       v.recorded_at,
       t.schema_name,
       t.table_name,
       v.entity_id,
       v.action,
       v.before,
       v.after,
       v.custom,
       v.rollback,
       v.xid::text::xid8 AS xid,
       v.previous_entity_id,
       v.session_role
FROM exaudit.versions v
JOIN exaudit.tables t ON t.id = v.table_id
WHERE v.table_id IN (SELECT exaudit.readable_tables());

ALTER TABLE exaudit.versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON exaudit.versions FOR SELECT TO exaudit_reader
    USING (table_id IN (SELECT exaudit.readable_tables()));
CREATE POLICY writers ON exaudit.versions FOR INSERT TO exaudit_writer WITH CHECK (true);
-- Retention is for who holds DELETE, and chooses among all versions: row security would leave others where they are, and
-- say nothing.
CREATE POLICY retention ON exaudit.versions FOR DELETE USING (true);
CREATE POLICY retention_reads ON exaudit.versions FOR SELECT
    USING ((SELECT pg_catalog.has_table_privilege('exaudit.versions', 'DELETE')));
ALTER TABLE exaudit.key_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON exaudit.key_changes FOR SELECT TO exaudit_reader
    USING (table_id IN (SELECT exaudit.readable_tables()));
CREATE POLICY writers ON exaudit.key_changes FOR INSERT TO exaudit_writer WITH CHECK (true);

GRANT SELECT ON exaudit.versions, exaudit.key_changes, exaudit.history, exaudit.tables, exaudit.periods, exaudit.relations,
    exaudit.column_snapshots, exaudit.columns_beside, exaudit.custom_columns TO exaudit_reader;
GRANT SELECT ON exaudit.tables, exaudit.relations, exaudit.column_snapshots, exaudit.columns_beside, exaudit.custom_columns TO exaudit_writer;
GRANT INSERT ON exaudit.versions, exaudit.key_changes, exaudit.column_snapshots TO exaudit_writer;

-- +goose StatementBegin
-- Refuses every change of a recorded version, the owner's and a superuser's too.
-- Retention deletes with SET LOCAL exaudit.retention = 'on', which does not help
-- anybody who holds no DELETE privilege.
CREATE FUNCTION exaudit.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND pg_catalog.current_setting('exaudit.retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'exaudit.% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Retention deletes old versions in a transaction with SET LOCAL exaudit.retention = ''on''.';
END
$$;

-- With a version that retention removes goes what it was to its keys.
CREATE FUNCTION exaudit.forget_key_changes() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'exaudit.versions'::regclass OR TG_NAME <> 'forget_key_changes' THEN
        PERFORM exaudit.refuse_trigger('forget_key_changes', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    DELETE FROM exaudit.key_changes k
    USING forgotten f
    WHERE f.previous_entity_id IS NOT NULL AND (k.table_id, k.id) = (f.table_id, f.id);
    RETURN NULL;
END
$$;

-- A custom column that references another table may be cleared by that reference
-- (ON DELETE SET NULL); its action runs inside a trigger. Where the history is a replica,
-- the worker that applies it repeats that. Nothing else may change one.
CREATE FUNCTION exaudit.refuse_custom_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_catalog.pg_trigger_depth() > 1
       -- which no session can pretend to be
       OR EXISTS (SELECT FROM pg_catalog.pg_stat_get_subscription(NULL) AS worker
                  WHERE worker.pid = pg_catalog.pg_backend_pid()) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'exaudit.% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER append_only
    BEFORE UPDATE OF id, recorded_at, xid, table_id, action, rollback, entity_id, previous_entity_id,
                     before, after, custom, session_role
        OR DELETE OR TRUNCATE
    ON exaudit.versions
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit.refuse_change();
CREATE TRIGGER append_only_custom
    BEFORE UPDATE ON exaudit.versions
    FOR EACH ROW EXECUTE FUNCTION exaudit.refuse_custom_change();
CREATE TRIGGER forget_key_changes
    AFTER DELETE ON exaudit.versions
    REFERENCING OLD TABLE AS forgotten
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit.forget_key_changes();
CREATE TRIGGER append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON exaudit.key_changes
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit.refuse_change();
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER append_only_custom;
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER forget_key_changes;
ALTER TABLE exaudit.key_changes ENABLE ALWAYS TRIGGER append_only;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA exaudit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.readable_tables, exaudit.version_columns, exaudit.custom_values TO exaudit_reader, exaudit_writer;

RESET ROLE;

-- +goose Down
DROP VIEW exaudit.history;
DROP TABLE exaudit.versions CASCADE;
DROP VIEW IF EXISTS exaudit.custom_columns;
DROP VIEW IF EXISTS exaudit.columns_beside;
DROP FUNCTION IF EXISTS exaudit.custom_values;
DROP FUNCTION exaudit.version_columns;
DROP TABLE exaudit.key_changes;
DROP FUNCTION exaudit.forget_key_changes;
DROP FUNCTION exaudit.refuse_custom_change;
DROP FUNCTION exaudit.refuse_change;
DROP FUNCTION exaudit.readable_tables;
DROP VIEW exaudit.relations;
DROP TABLE exaudit.column_snapshots;
DROP TABLE exaudit.periods;
DROP TABLE exaudit.tables;
DROP TYPE exaudit.action;
ALTER SCHEMA exaudit OWNER TO CURRENT_USER;
-- +goose StatementBegin
DO $roles$
DECLARE
    unwanted pg_catalog.text;
BEGIN
    FOREACH unwanted IN ARRAY ARRAY['exaudit_reader', 'exaudit_writer', 'exaudit_owner'] LOOP
        BEGIN
            -- or another database of the cluster has dropped the role just now
            EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA exaudit FROM %I', unwanted);
        EXCEPTION
            WHEN undefined_object OR internal_error THEN CONTINUE;
        END;
        BEGIN
            EXECUTE pg_catalog.format('DROP ROLE %I', unwanted);
        EXCEPTION
            -- still used by another database of the cluster, or not ours to drop
            -- (being dropped by another one, it is reported in several ways)
            WHEN dependent_objects_still_exist OR insufficient_privilege OR undefined_object
                OR object_in_use OR internal_error OR deadlock_detected THEN NULL;
        END;
    END LOOP;
END
$roles$;
-- +goose StatementEnd

-- The versions: one row per recorded change of one row.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- A baseline is no change: it says what a row was when it was recorded.
CREATE TYPE exaudit.action AS ENUM ('created', 'updated', 'deleted', 'baseline');

-- One row per change of one entity. No CHECK constraints: every inserting statement
-- would parse them again, and only exaudit's own functions write here. Wide columns
-- come first, so that no row is padded. Every further column is the user's, and is
-- filled from the custom data's key of its name.
CREATE TABLE exaudit.versions (
    id                 bigint           NOT NULL GENERATED ALWAYS AS IDENTITY (CACHE 1),
    recorded_at        timestamptz      NOT NULL DEFAULT now(),
    -- as a bigint, because there are no block ranges of xid8
    transaction_id     bigint           NOT NULL DEFAULT txid_current(),
    table_id           integer          NOT NULL,
    action             exaudit.action   NOT NULL,
    rollback           boolean          NOT NULL DEFAULT false,
    entity_id          text COLLATE "C" NOT NULL,
    previous_entity_id text COLLATE "C",
    before             jsonb,
    after              jsonb,
    custom             jsonb,
    session_user_name  text COLLATE "C"
);
GRANT SELECT ON exaudit.versions TO exaudit_reader;
GRANT INSERT ON exaudit.versions TO exaudit_writer;

-- +goose StatementBegin
-- Images of rows of more than 2 kB are compressed, which takes longer than all the rest; lz4
-- takes a third of the time, where the server was built with it.
DO $$
BEGIN
    ALTER TABLE exaudit.versions ALTER before SET COMPRESSION lz4, ALTER after SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported THEN NULL;
END
$$;
-- +goose StatementEnd

COMMENT ON COLUMN exaudit.versions.id IS 'The number of the version. The versions of one row are in this order. Gaps are normal.';
COMMENT ON COLUMN exaudit.versions.recorded_at IS 'When the transaction that made the change began.';
COMMENT ON COLUMN exaudit.versions.transaction_id IS 'The transaction that made the change: pg_current_xact_id(), a number that is never used again.';
COMMENT ON COLUMN exaudit.versions.entity_id IS 'The primary key as text; a JSON array if it has several columns; a SHA-256 if it is longer than 2,000 bytes.';
COMMENT ON COLUMN exaudit.versions.previous_entity_id IS 'The key before the change, if the change was one of the primary key.';
COMMENT ON COLUMN exaudit.versions.before IS 'deleted: the whole row; updated: the old values of the changed columns.';
COMMENT ON COLUMN exaudit.versions.after IS 'created, baseline: the whole row, NULL if it was not stored (option skip_insert_image); updated: the new values of the changed columns.';
COMMENT ON COLUMN exaudit.versions.custom IS 'What the application said about the change in the setting exaudit.custom.';
COMMENT ON COLUMN exaudit.versions.session_user_name IS 'The user who was logged in (session_user), if the table has the option record_session_user.';
COMMENT ON COLUMN exaudit.versions.rollback IS 'Whether a revert, an undo or a redo wrote the version.';

-- The one btree: an entity's history, in order. Unique, so that a dump whose versions are
-- here already cannot be loaded a second time.
CREATE UNIQUE INDEX versions_entity ON exaudit.versions (table_id, entity_id, id);

-- Where all tables are published, clearing a custom column's reference, and so the
-- application's DELETE of what it refers to, would fail without.
ALTER TABLE exaudit.versions REPLICA IDENTITY USING INDEX versions_entity;

-- Ids, times and transactions grow with the heap: block ranges find them at almost no cost.
CREATE INDEX versions_id_time ON exaudit.versions
    USING brin (id, recorded_at, transaction_id) WITH (pages_per_range = 128, autosummarize = on);

-- Keeping a summary up to date costs each version more than entering it in the btree; later ranges
-- are summarized when they are full, and only the first one begins with a summary.
SELECT pg_catalog.brin_desummarize_range('exaudit.versions_id_time', 0);

-- The versions that rewrote a primary key, once more: these lead from the old key to the new
-- one and back. They are rare; partial indexes of versions would cost every change.
--
-- Those of one transaction with the same command were made at once, by one statement, and commands
-- are in the order in which they began; NULL where that is not known. old_row and new_row are where
-- the row lay before and after, until the transaction ended.
CREATE TABLE exaudit_internal.key_changes (
    id                 bigint           NOT NULL,
    transaction_id     bigint           NOT NULL DEFAULT txid_current(),
    began              timestamptz      NOT NULL DEFAULT transaction_timestamp(), -- transaction ids start again after a restore
    command            bigint,
    table_id           integer          NOT NULL,
    old_row            tid,
    new_row            tid,
    entity_id          text COLLATE "C" NOT NULL,
    previous_entity_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (table_id, id)
);
GRANT SELECT ON exaudit_internal.key_changes TO exaudit_reader;
GRANT INSERT ON exaudit_internal.key_changes TO exaudit_writer;
CREATE INDEX key_changes_to ON exaudit_internal.key_changes (table_id, entity_id);
CREATE INDEX key_changes_from ON exaudit_internal.key_changes (table_id, previous_entity_id);
CREATE INDEX key_changes_transaction ON exaudit_internal.key_changes (table_id, transaction_id);

-- +goose StatementBegin
-- The columns that are not the user's own. Neither this function nor the next pins anything: so they are
-- expanded in the expressions that call them.
CREATE FUNCTION exaudit_internal.version_columns() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ARRAY['id', 'recorded_at', 'transaction_id', 'table_id', 'action', 'rollback', 'entity_id', 'previous_entity_id',
                 'before', 'after', 'custom', 'session_user_name']
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.version_columns TO exaudit_writer, exaudit_reader;

-- The values of the others. One jsonb may not hold the images of both sides.
CREATE FUNCTION exaudit_internal.custom_values(version exaudit.versions) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.to_jsonb(pg_catalog.jsonb_populate_record(version, '{"before": null, "after": null}'))
           OPERATOR(pg_catalog.-) exaudit_internal.version_columns()
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_values TO exaudit_writer, exaudit_reader;
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
       v.transaction_id::text::xid8 AS transaction_id,
       v.previous_entity_id,
       v.session_user_name
FROM exaudit.versions v
JOIN exaudit.tables t ON t.id = v.table_id
WHERE v.table_id IN (SELECT exaudit_internal.readable_tables());
GRANT SELECT ON exaudit.history TO exaudit_reader;
ALTER TABLE exaudit.versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON exaudit.versions FOR SELECT TO exaudit_reader
    USING (table_id IN (SELECT exaudit_internal.readable_tables()));
CREATE POLICY writers ON exaudit.versions FOR INSERT TO exaudit_writer WITH CHECK (true);

-- Retention is for who holds DELETE, and chooses among all versions: row security would leave others where they are, and
-- say nothing.
CREATE POLICY retention ON exaudit.versions FOR DELETE USING (true);
CREATE POLICY retention_reads ON exaudit.versions FOR SELECT
    USING ((SELECT pg_catalog.has_table_privilege('exaudit.versions', 'DELETE')));
ALTER TABLE exaudit_internal.key_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON exaudit_internal.key_changes FOR SELECT TO exaudit_reader
    USING (table_id IN (SELECT exaudit_internal.readable_tables()));
CREATE POLICY writers ON exaudit_internal.key_changes FOR INSERT TO exaudit_writer WITH CHECK (true);

-- +goose StatementBegin
-- With a version that retention removes goes what it was to its keys.
CREATE FUNCTION exaudit_internal.forget_key_changes() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'exaudit.versions'::regclass OR TG_NAME <> 'forget_key_changes' THEN
        PERFORM exaudit_internal.refuse_trigger('forget_key_changes', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    DELETE FROM exaudit_internal.key_changes k
    USING forgotten f
    WHERE f.previous_entity_id IS NOT NULL AND (k.table_id, k.id) = (f.table_id, f.id);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER append_only
    BEFORE UPDATE OF id, recorded_at, transaction_id, table_id, action, rollback, entity_id, previous_entity_id,
                     before, after, custom, session_user_name
        OR DELETE OR TRUNCATE
    ON exaudit.versions
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.refuse_change();

CREATE TRIGGER append_only_custom
    BEFORE UPDATE ON exaudit.versions
    FOR EACH ROW EXECUTE FUNCTION exaudit_internal.refuse_custom_change();

CREATE TRIGGER forget_key_changes
    AFTER DELETE ON exaudit.versions
    REFERENCING OLD TABLE AS forgotten
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.forget_key_changes();

CREATE TRIGGER append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON exaudit_internal.key_changes
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.refuse_change();
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER append_only_custom;
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER forget_key_changes;
ALTER TABLE exaudit_internal.key_changes ENABLE ALWAYS TRIGGER append_only;
GRANT USAGE ON SEQUENCE exaudit.versions_id_seq TO exaudit_writer;

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

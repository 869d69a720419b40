-- What the event triggers of "exaudit install --follow-ddl" do to the registry. They run
-- this as exaudit_owner; what they do to tables is in triggers/templates/follow.sql.tmpl.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Brings the registry up to date with a tracked table: its name, its key, its columns.
-- Gives whether its triggers fire for replicas; NULL where the table is not tracked.
CREATE FUNCTION exaudit.follow_table(table_id integer, relation oid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    replica boolean;
    keys    text[] := ARRAY(SELECT pg_catalog.jsonb_array_elements_text(exaudit.key_columns($2) -> 'names'));
BEGIN
    SELECT t.options @> '{"replica": true}' INTO replica FROM exaudit.tables t WHERE t.id = $1 AND t.tracked;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE exaudit.tables t
    SET schema_name = n.nspname, table_name = c.relname,
        key_columns = CASE WHEN keys = '{}' THEN t.key_columns ELSE keys END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.id = $1 AND c.oid = $2
      AND ((t.schema_name, t.table_name) IS DISTINCT FROM (n.nspname::text, c.relname::text)
           OR keys <> '{}' AND t.key_columns <> keys);
    PERFORM exaudit.note_columns($1, $2, exaudit.present_columns($2));
    RETURN replica;
END
$$;

-- Registers a new table and gives its id; NULL for one that is in the registry already,
-- perhaps because it was uninstalled.
CREATE FUNCTION exaudit.follow_new_table(relation oid) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    table_id integer;
BEGIN
    IF EXISTS (SELECT FROM exaudit.relations r WHERE r.relation = $1) THEN
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.tables (schema_name, table_name, key_columns, complete_after)
    SELECT n.nspname, c.relname, ARRAY(SELECT pg_catalog.jsonb_array_elements_text(exaudit.key_columns($1) -> 'names')),
           exaudit.last_version_id()
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = $1
    RETURNING id INTO table_id;
    PERFORM exaudit.note_columns(table_id, $1, exaudit.present_columns($1));
    RETURN table_id;
END
$$;

-- Lets go of the tables that are gone, and of the one of the id.
CREATE FUNCTION exaudit.let_go(table_id integer DEFAULT NULL) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE exaudit.tables t SET tracked = false
    WHERE t.tracked AND (t.id = $1 OR NOT EXISTS (SELECT FROM exaudit.relations r WHERE r.table_id = t.id))
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 6::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.follow_table, exaudit.follow_new_table, exaudit.let_go FROM PUBLIC;

RESET ROLE;

-- +goose Down
DROP EVENT TRIGGER IF EXISTS exaudit_ddl;
DROP EVENT TRIGGER IF EXISTS exaudit_drop;
DROP SCHEMA IF EXISTS exaudit_follow CASCADE;
DROP FUNCTION exaudit.let_go;
DROP FUNCTION exaudit.follow_new_table;
DROP FUNCTION exaudit.follow_table;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 5::bigint';

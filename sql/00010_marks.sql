-- Named marks in the stream of changes, as one before a deploy.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- What had been committed when a mark was made is before it, all else is after it.
CREATE TABLE exaudit.marks (
    name       text        PRIMARY KEY CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text        NOT NULL DEFAULT session_user,
    note       text,
    snapshot   pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
    last_id    bigint      NOT NULL DEFAULT exaudit.last_version_id()
);

COMMENT ON TABLE exaudit.marks IS 'Named marks: what had been committed when one was made is before it.';
GRANT SELECT ON exaudit.marks TO exaudit_reader;

-- +goose StatementBegin
CREATE FUNCTION exaudit.mark(name text, note text DEFAULT NULL) RETURNS exaudit.marks
    LANGUAGE sql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO exaudit.marks (name, note) VALUES (mark.name, mark.note) RETURNING *
$$;

CREATE FUNCTION exaudit.remove_mark(name text) RETURNS boolean
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- another's is for members of exaudit_owner
    IF EXISTS (SELECT FROM exaudit.marks m
               WHERE m.name = remove_mark.name AND m.created_by <> session_user
                 AND NOT pg_catalog.pg_has_role(session_user, 'exaudit_owner', 'USAGE')) THEN
        RAISE EXCEPTION 'mark "%" was made by another role', name USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM exaudit.marks m WHERE m.name = remove_mark.name;
    RETURN FOUND;
END
$$;

CREATE FUNCTION exaudit.find_mark(name text) RETURNS exaudit.marks
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named exaudit.marks;
BEGIN
    SELECT * INTO named FROM exaudit.marks m WHERE m.name = find_mark.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no mark "%"', name USING ERRCODE = 'undefined_object';
    END IF;
    RETURN named;
END
$$;

-- Is a version after a mark? By its transaction; and one that was recorded in another cluster,
-- after the mark came here in a dump, by its id, which is greater.
CREATE FUNCTION exaudit.is_after(snapshot pg_snapshot, last_id bigint, xid xid8, id bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT id OPERATOR(pg_catalog.>) last_id OR NOT pg_catalog.pg_visible_in_snapshot(xid, snapshot)
$$;

-- The rows of a table as they were when a mark was made.
CREATE FUNCTION exaudit.as_of_mark(base anyelement, name text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mark exaudit.marks := exaudit.find_mark(name);
BEGIN
    RETURN QUERY SELECT r.* FROM exaudit.rows_before(
        base, mark.created_at, pg_catalog.format('exaudit.is_after(%L::pg_snapshot, %s, v.xid, v.id)', mark.snapshot, mark.last_id)) AS r;
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 10::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.mark, exaudit.remove_mark, exaudit.find_mark, exaudit.is_after, exaudit.as_of_mark FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.mark, exaudit.remove_mark, exaudit.find_mark, exaudit.is_after, exaudit.as_of_mark TO exaudit_reader;

RESET ROLE;

-- +goose Down
DROP FUNCTION exaudit.as_of_mark;
DROP FUNCTION exaudit.is_after;
DROP FUNCTION exaudit.find_mark;
DROP FUNCTION exaudit.remove_mark;
DROP FUNCTION exaudit.mark;
DROP TABLE exaudit.marks;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 9::bigint';

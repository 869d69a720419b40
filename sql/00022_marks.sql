-- Named moments.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- The snapshot tells of each transaction of this cluster whether it had committed. Numbers of
-- transactions start again in another cluster, but ids go on: what is beyond last_id was recorded
-- after the mark, wherever; up to restored_id is what the mark found here that had come with a dump,
-- under numbers that are still to come here. So marks outlive dump and restore.
CREATE TABLE exaudit.marks (
    name        text        PRIMARY KEY,
    snapshot    pg_snapshot NOT NULL,
    last_id     bigint      NOT NULL,
    restored_id bigint      NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by  text        NOT NULL DEFAULT session_user,
    note        text
);
GRANT SELECT ON exaudit.marks TO exaudit_reader;

-- +goose StatementBegin
-- The current snapshot, which has the own transaction among those under way. PostgreSQL leaves it
-- out, and pg_visible_in_snapshot calls it visible as soon as a later one has ended.
CREATE FUNCTION exaudit_internal.current_snapshot() RETURNS pg_snapshot
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN c.own < pg_snapshot_xmax(c.snapshot) THEN
                   format('%s:%s:%s', least(pg_snapshot_xmin(c.snapshot), c.own), pg_snapshot_xmax(c.snapshot),
                          (SELECT string_agg(u.transaction_id::text, ',' ORDER BY u.transaction_id)
                           FROM (SELECT pg_snapshot_xip(c.snapshot) UNION SELECT c.own) AS u (transaction_id)))::pg_snapshot
               ELSE c.snapshot END
        FROM (SELECT pg_current_snapshot() AS snapshot, pg_current_xact_id_if_assigned() AS own) AS c
    );
END
$$;

-- Makes a mark. What the transaction that makes it has changed itself is after it.
CREATE FUNCTION exaudit.mark(name text, note text DEFAULT NULL) RETURNS exaudit.marks
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
DECLARE
    made exaudit.marks;
BEGIN
    IF coalesce(mark.name, '') = '' THEN
        RAISE EXCEPTION 'a mark needs a name' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM exaudit.versions v WHERE v.id > (SELECT exaudit_internal.last_version_id())) THEN
        RAISE EXCEPTION 'the ids of exaudit.versions are ahead of their sequence'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = 'They were restored or replicated without the state of sequence exaudit.versions_id_seq.',
                  HINT = 'Run: SELECT setval(''exaudit.versions_id_seq'', max(id)) FROM exaudit.versions';
    END IF;
    -- In one statement, whose snapshot is older than the last id it reads. What it sees
    -- although the snapshot does not have its transaction is of another cluster, or its own.
    INSERT INTO exaudit.marks AS m (name, snapshot, last_id, restored_id, note)
    SELECT mark.name, exaudit_internal.current_snapshot(), exaudit_internal.last_version_id(),
           coalesce((SELECT max(v.id)
                     FROM exaudit.versions v
                     WHERE v.transaction_id >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                       AND NOT pg_visible_in_snapshot(v.transaction_id::text::xid8, pg_current_snapshot())
                       AND v.transaction_id IS DISTINCT FROM txid_current_if_assigned()), 0),
           mark.note
    ON CONFLICT DO NOTHING
    RETURNING m.* INTO made;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'mark % exists already', mark.name USING ERRCODE = 'XA002';
    END IF;
    RETURN made;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.mark TO exaudit_reader;

-- A mark, or an error that there is none of that name.
CREATE FUNCTION exaudit.find_mark(name text) RETURNS exaudit.marks
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_mark exaudit.marks;
BEGIN
    SELECT * INTO found_mark FROM exaudit.marks m WHERE m.name = find_mark.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no mark %', find_mark.name USING ERRCODE = 'XA001';
    END IF;
    RETURN found_mark;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.find_mark TO exaudit_reader;

-- Is a version after a mark? Pins nothing, so that it can be part of the query that calls it.
CREATE FUNCTION exaudit.after_mark(mark exaudit.marks, id bigint, transaction_id xid8) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT $2 OPERATOR(pg_catalog.>) ($1).last_id
           OR $2 OPERATOR(pg_catalog.>) ($1).restored_id AND NOT pg_catalog.pg_visible_in_snapshot($3, ($1).snapshot)
$$;
GRANT EXECUTE ON FUNCTION exaudit.after_mark TO exaudit_reader;

-- Removes a mark: one's own, or as a member of exaudit_owner any.
CREATE FUNCTION exaudit.remove_mark(name text) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    removed exaudit.marks := exaudit.find_mark(remove_mark.name);
BEGIN
    IF removed.created_by <> session_user AND NOT pg_has_role(session_user, 'exaudit_owner', 'USAGE') THEN
        RAISE EXCEPTION 'mark % was made by %', removed.name, removed.created_by
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Only the user who made a mark and members of exaudit_owner may remove it.';
    END IF;
    DELETE FROM exaudit.marks m WHERE m.name = removed.name;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.remove_mark TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

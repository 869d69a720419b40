-- Whether a table still is what its triggers were written for.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- What a trigger function was written for: columns and primary key, as in CREATE TABLE.
CREATE FUNCTION exaudit_internal.shape(relation oid) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    unchecked integer[] := exaudit_internal.unchecked_columns(relation);
BEGIN
    RETURN (
        SELECT string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                          -- another domain of its name may be over another type
                          || CASE WHEN t.typtype = 'd' THEN ' AS ' || pg_catalog.format_type(exaudit_internal.base_type(t.oid), NULL) ELSE '' END
                          -- under such a collation, "=" does not see every difference
                          || CASE WHEN NOT col.collisdeterministic THEN ' (nondeterministic)' ELSE '' END
                          -- "<>" is asked where neither value can be NULL
                          || CASE WHEN a.attnotnull AND a.attnum <> ALL (unchecked) THEN ' NOT NULL' ELSE '' END,
                          E',\n        ' ORDER BY a.attnum)
               || coalesce((SELECT pg_catalog.format(E',\n        PRIMARY KEY (%s)%s',
                                                     string_agg(quote_ident(ka.attname), ', ' ORDER BY key.position),
                                                     CASE WHEN bool_and(k.indimmediate) THEN '' ELSE ' DEFERRABLE' END)
                            FROM pg_catalog.pg_index k
                            CROSS JOIN LATERAL unnest(k.indkey::int2[]) WITH ORDINALITY AS key (number, position)
                            JOIN pg_catalog.pg_attribute ka ON ka.attrelid = k.indrelid AND ka.attnum = key.number
                            WHERE k.indrelid = relation AND k.indisprimary
                            HAVING count(*) > 0), '')
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_collation col ON col.oid = a.attcollation
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.shape TO exaudit_writer, exaudit_reader;

-- What follows is planned with, and so must not be told by a snapshot that is older than the table
-- as it is: by that of a REPEATABLE READ or SERIALIZABLE transaction, or of replication's apply. What
-- such a transaction would record could not be trusted, and the plan would stay for its session.
-- Privileges and file nodes are looked up in the catalog as it is, whatever the snapshot.
CREATE FUNCTION exaudit_internal.check_snapshot(relation oid) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_catalog.has_table_privilege(relation, 'SELECT') IS NULL -- there is none: a dump came from elsewhere
       OR EXISTS (
           SELECT
           FROM pg_catalog.pg_class c
           LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
           WHERE c.oid = relation
             AND pg_catalog.pg_relation_filenode(c.oid) IS NOT DISTINCT FROM nullif(c.relfilenode, 0)
             AND (i.indexrelid IS NULL OR pg_catalog.has_table_privilege(i.indexrelid, 'SELECT') IS NOT NULL)
             AND pg_catalog.has_column_privilege(c.oid, (c.relnatts + 1)::smallint, 'SELECT') IS NULL
             AND NOT EXISTS (SELECT
                             FROM pg_catalog.pg_attribute a
                             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                               AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') IS NULL)) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'could not serialize access to table % due to a concurrent change of its definition', relation::regclass
        USING ERRCODE = 'serialization_failure', HINT = 'The transaction might succeed if retried.';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_snapshot TO exaudit_writer, exaudit_reader;

-- The digest of a shape: what is written into a trigger function.
CREATE FUNCTION exaudit_internal.shape_digest(shape text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_catalog.left(encode(sha256(convert_to(shape, 'UTF8')), 'hex'), 32);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.shape_digest TO exaudit_writer, exaudit_reader;

-- Does the table still have the columns and the key that the trigger function was written for?
--
-- IMMUTABLE is deliberate and only holds inside a trigger function, with constant
-- arguments: the planner then evaluates this once per plan, and because the plan holds
-- the table's oid as a constant, PostgreSQL throws the plan away when the table is
-- altered. DDL is noticed by the next write, in every session, and costs nothing
-- in between.
CREATE FUNCTION exaudit_internal.has_shape(relation oid, digest text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_snapshot(relation);
    RETURN exaudit_internal.shape_digest(exaudit_internal.shape(relation)) IS NOT DISTINCT FROM digest;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_shape TO exaudit_writer, exaudit_reader;

-- The changed columns of an update, both sides, with what is noted of them. Numbers are
-- compared as they are written: 1.0 is not 1.00. Pins nothing, which takes time: every
-- name is qualified.
CREATE FUNCTION exaudit_internal.changed_columns(before jsonb, after jsonb, OUT old_values jsonb, OUT new_values jsonb)
    LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    old_notes pg_catalog.jsonb := before OPERATOR(pg_catalog.->) '';
    new_notes pg_catalog.jsonb := after OPERATOR(pg_catalog.->) '';
    same      pg_catalog.text[];
BEGIN
    same := ARRAY(
        SELECT e.key
        FROM pg_catalog.jsonb_each(before) e
        WHERE e.value::pg_catalog.text OPERATOR(pg_catalog.=) (after OPERATOR(pg_catalog.->) e.key)::pg_catalog.text
          AND coalesce(old_notes OPERATOR(pg_catalog.?) e.key, false)
              OPERATOR(pg_catalog.=) coalesce(new_notes OPERATOR(pg_catalog.?) e.key, false)
          -- a placeholder is no text that reads the same, and without a digest not even itself
          AND (old_notes IS NULL AND new_notes IS NULL
               OR (coalesce(old_notes OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('oversized', e.key)), false)
                   OPERATOR(pg_catalog.=) coalesce(new_notes OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('oversized', e.key)), false)
                   AND (coalesce(old_notes OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('oversized', e.key)), false) IS FALSE
                        OR e.value::pg_catalog.text OPERATOR(pg_catalog.~) ', sha256 '))))
        OPERATOR(pg_catalog.||) '{""}'::pg_catalog.text[];
    old_values := before OPERATOR(pg_catalog.-) same;
    new_values := after OPERATOR(pg_catalog.-) same;
    IF old_notes IS NOT NULL OR new_notes IS NOT NULL THEN
        old_values := exaudit_internal.with_notes(old_values, before);
        new_values := exaudit_internal.with_notes(new_values, after);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.changed_columns TO exaudit_writer;

-- What the columns of a table are, as a snapshot keeps them: their places in the primary key, and of a type that is not
-- built in also what it is made of. IMMUTABLE as has_shape is, and
-- under the same conditions.
CREATE FUNCTION exaudit_internal.present_columns(relation oid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
BEGIN
    PERFORM exaudit_internal.check_snapshot(relation);
    RETURN (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'number', c.number, 'name', c.name, 'type', c.type_name, 'encoding', c.encoding)
                   || CASE WHEN c.key_position >= 0 THEN pg_catalog.jsonb_build_object('key', c.key_position) ELSE '{}' END
                   || CASE WHEN c.built_in THEN '{}'
                           ELSE (SELECT pg_catalog.jsonb_build_object('oid', c.type::bigint) || pg_catalog.to_jsonb(p)
                                 FROM exaudit_internal.type_parts(c.type, c.type_modifier) AS p) END ORDER BY c.number)
        FROM exaudit_internal.table_columns c
        WHERE c.relation = present_columns.relation
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.present_columns TO exaudit_writer, exaudit_reader;

-- The columns, where they are not the ones that the last snapshot has, else NULL. The shape does not tell: a column that
-- was dropped and added again has its name and type, and another number. What the own transaction has kept may be rolled
-- back and does not count, for this is IMMUTABLE as has_shape is: the plan would go on with it.
CREATE FUNCTION exaudit_internal.unnoted_columns(table_id integer, relation oid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last    exaudit_internal.column_snapshots;
    present jsonb := exaudit_internal.present_columns(relation);
BEGIN
    SELECT * INTO last FROM exaudit_internal.column_snapshots s
    WHERE s.table_id = unnoted_columns.table_id
    ORDER BY s.since DESC LIMIT 1;
    IF last.relation = unnoted_columns.relation
       AND last.transaction_id IS DISTINCT FROM pg_catalog.pg_current_xact_id_if_assigned()
       AND last.columns = present THEN
        RETURN NULL;
    END IF;
    RETURN coalesce(present, '[]');
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.unnoted_columns TO exaudit_writer;

-- Does an INSERT into exaudit.versions run nothing of a user's, which search_path could redirect: no default, function,
-- operator, trigger or policy? IMMUTABLE as has_shape is: the oid has the plan thrown away when the table is altered.
CREATE FUNCTION exaudit_internal.stores_plainly(versions oid) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN exaudit_internal.has_custom_columns(versions, '{}')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = versions AND t.tgtype & 4 <> 0)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p
                           WHERE p.polrelid = versions AND p.polcmd IN ('a', '*') AND p.polname <> 'writers')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = versions AND c.contype = 'c')
           -- nothing depends on what is built in
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                           JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                                      AND d.refclassid NOT IN ('pg_class'::regclass, 'pg_constraint'::regclass)
                           WHERE i.indrelid = versions);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.stores_plainly TO exaudit_writer;

-- May functions without SET clauses record a table? It has to be what they were written for, and no other trigger may have
-- the function, where one is named. IMMUTABLE as has_shape is.
CREATE FUNCTION exaudit_internal.is_current(table_id integer, relation oid, digest text, versions oid, function_name text DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN exaudit_internal.has_shape(relation, digest)
           AND exaudit_internal.unnoted_columns(table_id, relation) IS NULL
           AND exaudit_internal.stores_plainly(versions)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc f
                           JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid AND d.classid = 'pg_trigger'::regclass
                           JOIN pg_catalog.pg_trigger t ON t.oid = d.objid
                           WHERE f.proname = function_name AND f.pronamespace = 'exaudit_internal'::regnamespace
                             AND (t.tgrelid <> relation OR t.tgname <> '!exaudit_' || function_name));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_current TO exaudit_writer;

-- Keeps such columns, unless somebody else has by now. Returns true; STRICT, so that the planner drops the call where there
-- are none.
CREATE FUNCTION exaudit_internal.take_snapshot(table_id integer, relation oid, present jsonb) RETURNS boolean
    LANGUAGE plpgsql STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- No version need follow: whoever comes next must not wait for this transaction.
    IF (SELECT s.relation = take_snapshot.relation AND s.columns = present FROM exaudit_internal.column_snapshots s
        WHERE s.table_id = take_snapshot.table_id ORDER BY s.since DESC LIMIT 1) IS NOT TRUE THEN
        PERFORM exaudit_internal.note_columns(table_id, relation, present, pg_catalog.nextval('exaudit.versions_id_seq'));
    END IF;
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.take_snapshot TO exaudit_writer;

-- Keeps what the columns are from the next version on, where that is news; since may be an id that is nobody else's.
CREATE FUNCTION exaudit_internal.note_columns(table_id integer, relation oid, present jsonb, since bigint DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last exaudit_internal.column_snapshots;
BEGIN
    SELECT * INTO last FROM exaudit_internal.column_snapshots s
    WHERE s.table_id = note_columns.table_id
    ORDER BY s.since DESC LIMIT 1;
    IF last.columns IS NOT DISTINCT FROM present AND last.relation = note_columns.relation THEN
        RETURN;
    END IF;
    IF last.relation <> note_columns.relation THEN
        PERFORM exaudit_internal.check_restored(note_columns.relation);
    END IF;
    -- The sequence tells the last id that any session has taken. Nobody else writes this
    -- table under new columns at the same time and is not held up here: the first comes first.
    INSERT INTO exaudit_internal.column_snapshots (table_id, since, relation, columns)
    VALUES (note_columns.table_id, coalesce(note_columns.since, exaudit_internal.last_version_id()), note_columns.relation, present)
    ON CONFLICT DO NOTHING;
    -- Altered twice without a version in between: an id of its own keeps the two apart.
    IF NOT FOUND THEN
        INSERT INTO exaudit_internal.column_snapshots (table_id, since, relation, columns)
        VALUES (note_columns.table_id, pg_catalog.nextval('exaudit.versions_id_seq'), note_columns.relation, present);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.note_columns TO exaudit_writer;

-- The times in which a table had the same primary key, oldest first: from the versions after after_id to until_id, NULL
-- of the present one. Columns may be renamed, and given a type that writes the same; an enum whose labels were renamed
-- writes another key.
CREATE FUNCTION exaudit_internal.key_periods(table_id integer, relation oid, OUT after_id bigint, OUT until_id bigint, OUT columns text[])
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    periods jsonb[] := '{}';
    n       integer := 0;
    begins  bigint;
    key     jsonb;
    s       record;
BEGIN
    FOR s IN
        SELECT x.since, x.relation, k.numbers, k.names, k.types, k.labels
        FROM (SELECT c.since, c.relation, c.columns, 1 AS place
              FROM exaudit_internal.column_snapshots c WHERE c.table_id = key_periods.table_id
              UNION ALL
              SELECT exaudit_internal.last_version_id(), key_periods.relation, exaudit_internal.present_columns(key_periods.relation), 2
              WHERE key_periods.relation IS NOT NULL) AS x
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(c -> 'number' ORDER BY c -> 'key') AS numbers, jsonb_agg(c -> 'name' ORDER BY c -> 'key') AS names,
                   jsonb_agg(CASE WHEN c ->> 'type' ~ '^(smallint|integer|bigint|text|character varying([(][0-9]+[)])?)$' THEN ''
                                  ELSE coalesce(c ->> 'layout', c ->> 'type') END ORDER BY c -> 'key') AS types,
                   (SELECT coalesce(jsonb_object_agg(label.key, label.value), '{}')
                    FROM pg_catalog.jsonb_array_elements(x.columns) AS of_key
                    CROSS JOIN LATERAL pg_catalog.jsonb_each(of_key -> 'labels') AS enum
                    CROSS JOIN LATERAL pg_catalog.jsonb_each(enum.value) AS label
                    WHERE of_key ? 'key') AS labels
            FROM pg_catalog.jsonb_array_elements(x.columns) AS c WHERE c ? 'key') AS k
        ORDER BY x.place, x.since
    LOOP
        key := pg_catalog.jsonb_build_object('relation', s.relation::bigint, 'numbers', s.numbers, 'names', s.names, 'types', s.types, 'labels', s.labels);
        begins := CASE WHEN n = 0 THEN 0 ELSE s.since END;
        WHILE n > 0 LOOP
            IF periods[n] -> 'types' = key -> 'types'
               AND NOT EXISTS (SELECT FROM pg_catalog.jsonb_each(s.labels) AS label
                               WHERE periods[n] -> 'labels' -> label.key <> label.value)
               AND (CASE WHEN periods[n] -> 'relation' = key -> 'relation' THEN periods[n] -> 'numbers' = key -> 'numbers'
                         ELSE periods[n] -> 'names' = key -> 'names' END) THEN
                begins := periods[n] ->> 'begins';
                n := n - 1;
                EXIT;
            END IF;
            -- another key; one under which nothing was recorded does not count
            EXIT WHEN EXISTS (SELECT FROM exaudit.versions v
                              WHERE v.table_id = key_periods.table_id AND v.id > (periods[n] ->> 'begins')::bigint AND v.id <= s.since);
            begins := periods[n] ->> 'begins';
            n := n - 1;
        END LOOP;
        n := n + 1;
        periods[n] := key || pg_catalog.jsonb_build_object('begins', begins);
    END LOOP;
    FOR i IN 1 .. n LOOP
        after_id := periods[i] ->> 'begins';
        until_id := CASE WHEN i < n THEN periods[i + 1] ->> 'begins' END;
        columns := ARRAY(SELECT pg_catalog.jsonb_array_elements_text(nullif(periods[i] -> 'names', 'null')));
        RETURN NEXT;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_periods TO exaudit_reader;

-- The last version of a table before its primary key became what it is; 0 where it always was.
CREATE FUNCTION exaudit_internal.key_since(table_id integer, relation oid) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(max(p.after_id), 0) FROM exaudit_internal.key_periods(table_id, relation) AS p
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_since TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

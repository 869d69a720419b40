-- Points in time, and whether everything is known since.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- After retention, what was before is not known any more.
CREATE FUNCTION exaudit_internal.note_forgotten() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'exaudit.versions'::regclass OR TG_NAME <> 'note_forgotten' THEN
        PERFORM exaudit_internal.refuse_trigger('note_forgotten', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    UPDATE exaudit.tables t
    SET complete_since = greatest(t.complete_since, f.until),
        complete_after = greatest(t.complete_after, f.last_id),
        forgotten_transaction_id = greatest(t.forgotten_transaction_id::text::bigint, f.last_transaction_id)::text::xid8,
        forgotten_at = clock_timestamp()
    FROM (SELECT table_id, max(recorded_at) AS until, max(id) AS last_id, max(transaction_id) AS last_transaction_id
          FROM forgotten GROUP BY table_id) f
    WHERE t.id = f.table_id;
    UPDATE exaudit_internal.periods p
    SET since = greatest(p.since, f.until),
        after_id = greatest(p.after_id, f.last_id),
        anchor_id = CASE WHEN f.last_id <= p.anchor_id THEN p.anchor_id END,
        forgotten_transaction_id = greatest(p.forgotten_transaction_id::text::bigint, f.last_transaction_id)::text::xid8
    FROM (SELECT g.table_id, g.until AS ended, max(o.recorded_at) AS until, max(o.id) AS last_id, max(o.transaction_id) AS last_transaction_id
          FROM exaudit_internal.periods g
          JOIN forgotten o ON o.table_id = g.table_id AND o.id <= g.until_id
          GROUP BY g.table_id, g.until) f
    WHERE p.table_id = f.table_id AND p.until = f.ended;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER note_forgotten
    AFTER DELETE ON exaudit.versions
    REFERENCING OLD TABLE AS forgotten
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.note_forgotten();
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER note_forgotten;

-- +goose StatementBegin
-- Raises for what exaudit_internal.rewind and exaudit_internal.is_legible say of a row.
CREATE FUNCTION exaudit_internal.raise_problem(problem jsonb) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '%', problem ->> 'message'
        USING ERRCODE = coalesce(problem ->> 'code', 'data_exception'), HINT = coalesce(problem ->> 'hint', '');
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.raise_problem TO exaudit_reader;

-- The table that a row type is of, with what its history needs: it must be or have been tracked, and the
-- caller must see all of it.
CREATE FUNCTION exaudit_internal.known_table(row_type oid, OUT table_id integer, OUT relation regclass)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT t.id, c.oid::regclass INTO table_id, relation
    FROM pg_catalog.pg_class c
    CROSS JOIN LATERAL exaudit_internal.tables_of(c.oid) AS r (table_id)
    JOIN exaudit.tables t ON t.id = r.table_id
    WHERE c.reltype = known_table.row_type
    ORDER BY t.tracked DESC
    LIMIT 1;
    IF known_table.table_id IS NULL THEN
        RAISE EXCEPTION '% is not the row type of a tracked table', row_type::regtype
            USING ERRCODE = 'undefined_table', HINT = 'Name it as in NULL::public.orders; "exaudit install" tracks a table.';
    ELSIF NOT EXISTS (SELECT FROM exaudit_internal.readable_tables() AS id WHERE id = known_table.table_id) THEN
        RAISE EXCEPTION 'permission denied for the history of %', known_table.relation
            USING ERRCODE = 'insufficient_privilege', HINT = 'The role needs SELECT on the whole table, and row security must not apply to it.';
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.known_table TO exaudit_reader;

-- Raises where rows of a table may have changed, or change, without a version, so that nobody knows what they were:
-- unless exaudit.unseen is on, with which what was not recorded is taken to be as it is now.
CREATE FUNCTION exaudit_internal.check_sight(table_id integer, relation regclass) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    options jsonb := (SELECT t.options FROM exaudit.tables t WHERE t.id = check_sight.table_id);
    reason  text := CASE WHEN NOT exaudit_internal.is_watched(table_id, relation) THEN 'its triggers are disabled or missing'
                         WHEN options ? 'where' THEN 'its option "where" leaves changes out'
                         WHEN options ? 'allow_ignore' THEN 'its option "allow_ignore" lets sessions leave changes out'
                         WHEN options ->> 'on_truncate' = 'ignore' THEN 'its option "on_truncate: ignore" leaves changes out' END;
BEGIN
    IF reason IS NOT NULL AND coalesce(pg_catalog.current_setting('exaudit.unseen', true), '') <> 'on' THEN
        RAISE EXCEPTION '% may have changed without being recorded: %', relation, reason
            USING ERRCODE = 'XA014',
                  HINT = 'With SET exaudit.unseen = ''on'', what was not recorded is assumed to have been as it is now.';
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_sight TO exaudit_reader;

-- Raises where a row before a version would have to be told by another primary key than the present one.
CREATE FUNCTION exaudit_internal.check_same_key(table_id integer, relation regclass, crossed boolean) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    was record;
    is_now record;
BEGIN
    IF NOT crossed THEN
        RETURN;
    END IF;
    SELECT p.* INTO is_now FROM exaudit_internal.key_periods(table_id, relation) AS p WHERE p.until_id IS NULL;
    SELECT p.* INTO was FROM exaudit_internal.key_periods(table_id, relation) AS p WHERE p.until_id = is_now.after_id;
    RAISE EXCEPTION 'the primary key of % was changed after version %, %', relation, was.until_id,
        CASE WHEN was.columns = is_now.columns THEN 'by its type'
             ELSE pg_catalog.format('from (%s) to (%s)', array_to_string(was.columns, ', '), array_to_string(is_now.columns, ', ')) END
        USING ERRCODE = 'XA017', HINT = 'The present key does not identify earlier rows. Use "exaudit history" with the earlier key, or "exaudit log".';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_same_key TO exaudit_reader;

-- When a table was tracked at a point, which is told in words: NULL where it has been since. complete says whether
-- everything is known that came after it, if the table is tracked. Of the instant and the id of the last version
-- then, what is NULL does not matter; a mark also has a snapshot. Raises where that is not known.
CREATE FUNCTION exaudit_internal.period_of(table_id integer, relation regclass, complete boolean, point text, instant timestamptz, version_id bigint,
                                  snapshot pg_snapshot DEFAULT NULL, restored_id bigint DEFAULT NULL) RETURNS exaudit_internal.periods
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
    t      exaudit.tables;
    found  exaudit_internal.periods;
    before exaudit_internal.periods;
    since  timestamptz;
BEGIN
    SELECT * INTO STRICT t FROM exaudit.tables k WHERE k.id = period_of.table_id;
    IF t.tracked AND complete THEN
        PERFORM exaudit_internal.check_sight(t.id, period_of.relation);
        RETURN NULL;
    END IF;
    SELECT * INTO found FROM exaudit_internal.periods p
    WHERE p.table_id = t.id AND p.last_id IS NOT NULL AND p.since <= p.until
      AND (instant IS NULL OR instant BETWEEN p.since AND p.until)
      AND (version_id IS NULL OR version_id BETWEEN p.after_id AND p.until_id)
      AND (p.forgotten_transaction_id IS NULL OR snapshot IS NULL OR p.after_id <= restored_id OR p.forgotten_transaction_id < pg_snapshot_xmin(snapshot))
    ORDER BY p.until DESC LIMIT 1;
    IF found.anchor_id IS NOT NULL THEN
        RETURN found;
    ELSIF found.table_id IS NOT NULL THEN
        RAISE EXCEPTION 'the rows of %.% at % are not known: they were not recorded when it was uninstalled, at %',
            t.schema_name, t.table_name, point, found.until USING ERRCODE = 'XA011';
    END IF;
    SELECT * INTO before FROM exaudit_internal.periods p
    WHERE p.table_id = t.id AND p.last_id IS NOT NULL AND (instant IS NULL OR p.until < instant) AND (version_id IS NULL OR p.until_id <= version_id)
    ORDER BY p.until DESC LIMIT 1;
    since := (SELECT min(u.since)
              FROM (SELECT p.since FROM exaudit_internal.periods p WHERE p.table_id = t.id AND p.since <= p.until AND (before.until IS NULL OR p.until > before.until)
                    UNION ALL
                    SELECT t.complete_since WHERE t.tracked) AS u);
    IF since IS NULL THEN
        RAISE EXCEPTION '%.% was not tracked at %: it was uninstalled at %', t.schema_name, t.table_name, point, before.until
            USING ERRCODE = 'XA015';
    ELSIF before.until IS NOT NULL AND before.until < since THEN
        RAISE EXCEPTION '%.% was not tracked at %: it was uninstalled at %, and tracked again from % on', t.schema_name, t.table_name, point, before.until, since
            USING ERRCODE = 'XA015';
    END IF;
    RAISE EXCEPTION 'the history of %.% is complete only since %, after %', t.schema_name, t.table_name, since, point
        USING ERRCODE = 'XA011';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.period_of TO exaudit_reader;

-- The changes of a table after a point: of each key that was changed, the first id. Of one key, also what it is linked to.
-- Where the table has been uninstalled since, period is what period_of returns, and the changes are those up to last_id.
-- is_after is a condition for versions v: $3 to $6 are an instant, an id, a mark and the oldest transaction that may be
-- after the point.
CREATE FUNCTION exaudit_internal.changes_after(table_id integer, relation regclass, key text, period exaudit_internal.periods, is_after text,
                                      instant timestamptz, version_id bigint, mark exaudit.marks,
                                      OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_since bigint := exaudit_internal.key_since(table_id, relation);
    oldest    bigint := pg_snapshot_xmin(mark.snapshot)::text::bigint;
    crossed   boolean;
BEGIN
    last_id := period.until_id;
    linked := CASE WHEN key IS NOT NULL THEN exaudit_internal.linked_keys(table_id, ARRAY[key], 0) END;
    IF key_since > 0 THEN
        EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM exaudit.versions v WHERE v.table_id = $1 AND v.id <= $2 AND (%s))', is_after)
        INTO crossed USING table_id, key_since, instant, version_id, mark, oldest;
        PERFORM exaudit_internal.check_same_key(table_id, relation, crossed);
    END IF;
    EXECUTE pg_catalog.format(
        'SELECT array_agg(l.entity_id), array_agg(l.first_id) '
        'FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.versions v '
        'WHERE v.table_id = $1 AND ((%s) OR v.id > $7) AND ($8 IS NULL OR v.id BETWEEN $9 AND $8) '
        'AND ($2 IS NULL OR v.entity_id = ANY ($2)) GROUP BY v.entity_id) AS l', is_after)
    INTO keys, first_ids USING table_id, linked, instant, version_id, mark, oldest, period.anchor_id, period.until_id, period.after_id;
    IF version_id IS NULL AND NOT exaudit_internal.has_one_spelling(relation) THEN
        SELECT m.keys, m.first_ids INTO keys, first_ids
        FROM exaudit_internal.with_equal_keys(table_id, relation, keys, first_ids, linked, period, is_after, instant, mark) AS m;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.changes_after TO exaudit_reader;

-- The same keys, with those that come after one of them which is equal and spelled otherwise. A version may be recorded after
-- another one and not be after the point, because its transaction began earlier; but a row that has the key of one that
-- left it after the point was not there at the point either.
CREATE FUNCTION exaudit_internal.with_equal_keys(table_id integer, relation regclass, INOUT keys text[], INOUT first_ids bigint[], linked text[],
                                        period exaudit_internal.periods, is_after text, instant timestamptz, mark exaudit.marks)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    oldest      bigint := pg_snapshot_xmin(mark.snapshot)::text::bigint;
    known_keys  text[] := keys;
    known_ids   bigint[] := first_ids;
    later_keys  text[];
    later_ids   bigint[];
BEGIN
    IF keys IS NULL AND linked IS NULL THEN
        RETURN;
    END IF;
    EXECUTE pg_catalog.format(
        'SELECT array_agg(v.entity_id), array_agg(v.id) FROM exaudit.versions v '
        'WHERE v.table_id = $1 AND v.id > $2 AND ((%s) OR v.id > $7) IS NOT TRUE AND ($8 IS NULL OR v.id BETWEEN $9 AND $8) '
        'AND ($10 IS NULL OR v.entity_id = ANY ($10))', is_after)
    INTO later_keys, later_ids
    USING table_id, CASE WHEN linked IS NULL THEN (SELECT min(id) FROM unnest(first_ids) AS id) ELSE 0 END, instant, NULL::bigint, mark, oldest,
          period.anchor_id, period.until_id, period.after_id, linked;
    IF later_keys IS NULL THEN
        RETURN;
    END IF;
    IF linked IS NOT NULL THEN
        EXECUTE pg_catalog.format(
            'SELECT array_agg(l.entity_id), array_agg(l.first_id) '
            'FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.versions v '
            'WHERE v.table_id = $1 AND v.id < $2 AND ((%s) OR v.id > $7) AND ($8 IS NULL OR v.id BETWEEN $9 AND $8) GROUP BY v.entity_id) AS l', is_after)
        INTO known_keys, known_ids
        USING table_id, (SELECT max(id) FROM unnest(later_ids) AS id), instant, NULL::bigint, mark, oldest,
              period.anchor_id, period.until_id, period.after_id;
    END IF;
    SELECT array_agg(m.entity_id), array_agg(m.first_id) INTO keys, first_ids
    FROM (SELECT a.entity_id, min(a.id) AS first_id
          FROM (SELECT k.entity_id, k.id FROM unnest(keys, first_ids) AS k (entity_id, id)
                UNION ALL
                SELECT l.entity_id, l.id
                FROM exaudit_internal.equal_keys(relation, known_keys, ARRAY(SELECT DISTINCT k FROM unnest(later_keys) AS k)) AS e
                JOIN unnest(known_keys, known_ids) AS k (entity_id, id) ON k.entity_id = e.key
                JOIN unnest(later_keys, later_ids) AS l (entity_id, id) ON l.entity_id = e.other AND l.id > k.id) AS a
          GROUP BY a.entity_id) AS m;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_equal_keys TO exaudit_reader;

-- The changes after an instant. Before complete_since in exaudit.tables, when tracking began or after what retention has
-- removed, it raises an error. So does an instant that is still to come: nobody knows.
CREATE FUNCTION exaudit_internal.since_as_of(row_type oid, instant timestamptz, key text,
                                    OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT t.table_id, t.relation INTO table_id, relation FROM exaudit_internal.known_table(row_type) AS t;
    IF instant IS NULL THEN
        RAISE EXCEPTION 'as_of needs a time' USING ERRCODE = 'null_value_not_allowed';
    ELSIF instant > clock_timestamp() THEN
        RAISE EXCEPTION '% is in the future', exaudit_internal.utc_text(instant) USING ERRCODE = 'XA012';
    END IF;
    SELECT c.keys, c.first_ids, c.last_id, c.linked INTO keys, first_ids, last_id, linked
    FROM exaudit_internal.changes_after(
        table_id, relation, key,
        exaudit_internal.period_of(table_id, relation, (SELECT instant >= k.complete_since FROM exaudit.tables k WHERE k.id = since_as_of.table_id),
                                   exaudit_internal.utc_text(instant), instant, NULL),
        'v.recorded_at > $3', instant, NULL, NULL) AS c;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.since_as_of TO exaudit_reader;

-- The same after a version, of whatever table: with the versions up to its id.
CREATE FUNCTION exaudit_internal.since_as_of_version(row_type oid, version_id bigint, key text,
                                            OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT t.table_id, t.relation INTO table_id, relation FROM exaudit_internal.known_table(row_type) AS t;
    IF NOT EXISTS (SELECT FROM exaudit.versions v WHERE v.id = since_as_of_version.version_id) THEN
        RAISE EXCEPTION 'there is no version %', since_as_of_version.version_id
            USING ERRCODE = 'XA013', HINT = 'Retention may have removed it, or this role may not read its table.';
    END IF;
    SELECT c.keys, c.first_ids, c.last_id, c.linked INTO keys, first_ids, last_id, linked
    FROM exaudit_internal.changes_after(
        table_id, relation, key,
        exaudit_internal.period_of(table_id, relation, (SELECT version_id >= k.complete_after FROM exaudit.tables k WHERE k.id = since_as_of_version.table_id),
                                   'version ' || version_id, NULL, version_id),
        'v.id > $4', NULL, version_id, NULL) AS c;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.since_as_of_version TO exaudit_reader;

-- An instant in words.
CREATE FUNCTION exaudit_internal.utc_text(instant timestamptz) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
AS $$
BEGIN
    RETURN instant::text;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.utc_text TO exaudit_reader;

-- The last version of a transaction, of whatever table.
CREATE FUNCTION exaudit_internal.transaction_end(transaction_id xid8) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_id bigint := (SELECT max(v.id) FROM exaudit_internal.readable_versions v
                       WHERE v.transaction_id = transaction_end.transaction_id::text::bigint);
BEGIN
    IF last_id IS NULL THEN
        RAISE EXCEPTION 'there is no version of transaction %', transaction_end.transaction_id
            USING ERRCODE = 'XA013', HINT = 'Retention may have removed it, or this role may not read its tables.';
    END IF;
    RETURN last_id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.transaction_end TO exaudit_reader;

-- Is everything known that came after a mark, of a table that is tracked? Of what retention has removed nothing may be
-- after the mark, though it was recorded earlier: its transaction may have been under way.
CREATE FUNCTION exaudit_internal.is_complete_since_mark(table_id integer, mark exaudit.marks) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT -- a clock may have been set back; it is asked only where no id was given out in between
               (mark.last_id > t.complete_after OR mark.last_id = t.complete_after AND mark.created_at >= t.complete_since)
               AND (t.forgotten_transaction_id IS NULL OR mark.created_at >= t.forgotten_at OR t.complete_after <= mark.restored_id
                    OR t.forgotten_transaction_id < pg_snapshot_xmin(mark.snapshot))
        FROM exaudit.tables t WHERE t.id = $1
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_complete_since_mark TO exaudit_reader;

-- The changes of a table after the last version of a transaction, of whatever table: with the
-- versions up to its id; see since_as_of.
CREATE FUNCTION exaudit_internal.since_as_of_transaction(row_type oid, transaction_id xid8, key text,
                                                OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT s.* INTO table_id, relation, keys, first_ids, last_id, linked
    FROM exaudit_internal.since_as_of_version(row_type, exaudit_internal.transaction_end(transaction_id), key) AS s;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.since_as_of_transaction TO exaudit_reader;

-- The same after what was committed when a mark was made.
CREATE FUNCTION exaudit_internal.since_as_of_mark(row_type oid, name text, key text,
                                         OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    mark exaudit.marks := exaudit.find_mark(since_as_of_mark.name);
BEGIN
    SELECT t.table_id, t.relation INTO table_id, relation FROM exaudit_internal.known_table(row_type) AS t;
    SELECT c.keys, c.first_ids, c.last_id, c.linked INTO keys, first_ids, last_id, linked
    FROM exaudit_internal.changes_after(
        table_id, relation, key,
        exaudit_internal.period_of(table_id, relation, exaudit_internal.is_complete_since_mark(table_id, mark), 'mark ' || mark.name,
                                   mark.created_at, mark.last_id, mark.snapshot, mark.restored_id),
        '(v.id > $4 OR v.transaction_id >= $6) AND exaudit.after_mark($5, v.id, v.transaction_id::text::xid8)', NULL, mark.last_id, mark) AS c;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.since_as_of_mark TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

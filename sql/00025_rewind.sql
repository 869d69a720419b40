-- Rows as they were before some versions.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Do the values of a column mean something else in a later snapshot? Each is a column as present_columns has it; same
-- says that they are of one relation, so that numbers and oids may be compared.
CREATE FUNCTION exaudit_internal.is_retyped(was jsonb, later jsonb, same boolean) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    same_type boolean := same AND was -> 'oid' = later -> 'oid';
BEGIN
    -- the type itself may have been renamed
    RETURN was -> 'encoding' IS DISTINCT FROM later -> 'encoding'
        OR was -> 'layout' IS DISTINCT FROM later -> 'layout'
        OR was -> 'type' IS DISTINCT FROM later -> 'type' AND (same_type AND was ->> 'type' !~ '[(]' AND later ->> 'type' !~ '[(]') IS NOT TRUE
        OR same_type AND was -> 'numbers' IS DISTINCT FROM later -> 'numbers'
        OR same AND EXISTS (
            SELECT
            FROM pg_catalog.jsonb_each(was -> 'labels') AS e
            CROSS JOIN LATERAL pg_catalog.jsonb_each(e.value) AS o
            CROSS JOIN LATERAL pg_catalog.jsonb_each(later -> 'labels' -> e.key) AS n
            -- a label that is a part of a text, or whose name is another's now: of a value, nobody knows which is meant
            WHERE o.key = n.key AND o.value <> n.value AND (was ->> 'nested')::boolean
               OR o.key <> n.key AND o.value = n.value);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_retyped TO exaudit_reader;

-- What the labels of an enum in a column are called now, by what they were called in a snapshot: renamed has this of the
-- later snapshot. Those that kept their names are missing.
CREATE FUNCTION exaudit_internal.renamed_labels(was jsonb, later jsonb, same boolean, renamed jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(renamed, '{}') - coalesce(array_agg(o.value #>> '{}'), '{}')
               || coalesce(jsonb_object_agg(o.value #>> '{}', coalesce(renamed -> (l.label #>> '{}'), l.label))
                           FILTER (WHERE o.value <> coalesce(renamed -> (l.label #>> '{}'), l.label)), '{}')
        FROM pg_catalog.jsonb_each(was -> 'labels') AS e
        CROSS JOIN LATERAL pg_catalog.jsonb_each(e.value) AS o
        CROSS JOIN LATERAL (SELECT CASE WHEN same THEN coalesce(later -> 'labels' -> e.key -> o.key, o.value) ELSE o.value END AS label) AS l
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.renamed_labels TO exaudit_reader;

-- What the columns of a table came to be called, by the snapshots of its columns, the newest
-- first: names has those that are called otherwise now, null where they are gone; retyped the
-- present names of those whose type has changed since; labels by the present names of columns the labels of enums that
-- are called otherwise now. ALTER TYPE does not wait for who uses the type: what was a label only in an earlier snapshot
-- is meant as it was then.
CREATE FUNCTION exaudit_internal.column_epochs(table_id integer, relation oid,
                                      OUT since bigint, OUT names jsonb, OUT retyped text[], OUT labels jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    later          jsonb := exaudit_internal.present_columns(relation);
    later_relation oid := relation;
    epochs         jsonb[] := '{}'; -- what is returned, and the columns
    snapshot       record;
BEGIN
    later := (SELECT jsonb_agg(c || pg_catalog.jsonb_build_object('present', c -> 'name'))
              FROM pg_catalog.jsonb_array_elements(later) AS c);
    retyped := '{}';
    FOR snapshot IN
        SELECT s.since, s.relation, s.columns FROM exaudit_internal.column_snapshots s
        WHERE s.table_id = column_epochs.table_id ORDER BY s.since DESC
    LOOP
        -- a restore numbers columns anew; then the name tells
        SELECT jsonb_agg(c || pg_catalog.jsonb_build_object('present', l -> 'present')
                           || CASE WHEN c ? 'labels' THEN pg_catalog.jsonb_build_object(
                                  'renamed', exaudit_internal.renamed_labels(c, l, snapshot.relation = later_relation, l -> 'renamed')) ELSE '{}' END),
               coalesce(jsonb_object_agg(c ->> 'name', l -> 'present')
                        FILTER (WHERE l -> 'present' IS DISTINCT FROM c -> 'name'), '{}'),
               retyped || coalesce(array_agg(l ->> 'present')
                                   FILTER (WHERE exaudit_internal.is_retyped(c, l, snapshot.relation = later_relation)
                                             AND l ->> 'present' IS NOT NULL), '{}')
        INTO later, names, retyped
        FROM pg_catalog.jsonb_array_elements(snapshot.columns) AS c
        LEFT JOIN pg_catalog.jsonb_array_elements(later) AS l
               ON CASE WHEN snapshot.relation = later_relation THEN c -> 'number' = l -> 'number' ELSE c -> 'name' = l -> 'name' END;
        later_relation := snapshot.relation;
        epochs := epochs || pg_catalog.jsonb_build_object('since', snapshot.since, 'names', names, 'retyped', retyped, 'columns',
            (SELECT jsonb_object_agg(c ->> 'present', c) FROM pg_catalog.jsonb_array_elements(later) AS c
             WHERE c ->> 'present' IS NOT NULL AND c -> 'labels' <> '{}'));
    END LOOP;
    FOR i IN 1 .. cardinality(epochs) LOOP
        since := epochs[i] ->> 'since';
        names := epochs[i] -> 'names';
        retyped := ARRAY(SELECT pg_catalog.jsonb_array_elements_text(epochs[i] -> 'retyped'));
        labels := '{}';
        FOR j IN REVERSE cardinality(epochs) .. i LOOP
            SELECT labels || coalesce(jsonb_object_agg(c.key, coalesce(labels -> c.key, '{}') || r.renamed) FILTER (WHERE r.renamed <> '{}'), '{}')
            INTO labels
            FROM pg_catalog.jsonb_each(nullif(epochs[j] -> 'columns', 'null')) AS c
            CROSS JOIN LATERAL (
                SELECT CASE WHEN i = j THEN c.value -> 'renamed'
                            ELSE (c.value -> 'renamed') - coalesce((SELECT array_agg(o.value)
                                                           FROM pg_catalog.jsonb_each(epochs[i] -> 'columns' -> c.key -> 'labels') AS e
                                                           CROSS JOIN LATERAL pg_catalog.jsonb_each_text(e.value) AS o), '{}') END AS renamed) AS r
            WHERE i = j OR epochs[i] -> 'columns' ? c.key;
        END LOOP;
        RETURN NEXT;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.column_epochs TO exaudit_reader;

-- A value of an enum, or an array of one, under the present names of its labels. An array that is no list is a text.
CREATE FUNCTION exaudit_internal.with_present_labels(value jsonb, labels jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN CASE
               WHEN pg_catalog.jsonb_typeof(value) = 'array' THEN
                   (SELECT coalesce(jsonb_agg(coalesce(labels -> (e.value #>> '{}'), e.value) ORDER BY e.place), '[]')
                    FROM pg_catalog.jsonb_array_elements(value) WITH ORDINALITY AS e (value, place))
               WHEN pg_catalog.jsonb_typeof(value) <> 'string' THEN value
               WHEN labels ? (value #>> '{}') THEN labels -> (value #>> '{}')
               WHEN value #>> '{}' ~ E'^(\\[[0-9:\\]\\[-]+\\]=)?\\{.*\\}$' THEN
                   (SELECT pg_catalog.to_jsonb(coalesce(substring(value #>> '{}' FROM '^[^{]*='), '') || string_agg(
                               CASE WHEN l.label IS NULL THEN m.token[1]
                                    WHEN l.label = '' OR l.label ~ E'[{},"\\\\\\s]' OR pg_catalog.upper(l.label) = 'NULL'
                                        THEN '"' || pg_catalog.regexp_replace(l.label, E'(["\\\\])', E'\\\\\\1', 'g') || '"'
                                    ELSE l.label END, '' ORDER BY m.place))
                    FROM pg_catalog.regexp_matches(pg_catalog.regexp_replace(value #>> '{}', '^[^{]*=', ''),
                                                   E'"(?:[^"\\\\]|\\\\.)*"|[^{},"]+|[{},]', 'g') WITH ORDINALITY AS m (token, place)
                    CROSS JOIN LATERAL (SELECT labels ->> CASE WHEN m.token[1] ^@ '"' THEN
                        pg_catalog.regexp_replace(substr(m.token[1], 2, length(m.token[1]) - 2), E'\\\\(.)', E'\\1', 'g') ELSE m.token[1] END AS label) AS l)
               ELSE value
           END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_present_labels TO exaudit_reader;

-- An image under the present names of its columns, without those that are gone, and of their labels.
CREATE FUNCTION exaudit_internal.with_present_names(image jsonb, names jsonb, labels jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF image IS NULL OR names = '{}' AND labels = '{}' THEN
        RETURN image;
    END IF;
    RETURN (
        SELECT coalesce(jsonb_object_agg(
                   CASE WHEN names ? e.key THEN names ->> e.key ELSE e.key END,
                   CASE WHEN e.key = '' THEN (
                            SELECT coalesce(jsonb_agg(CASE WHEN pg_catalog.jsonb_typeof(n) = 'object'
                                                           THEN (SELECT jsonb_object_agg(k.key, coalesce(names -> (k.value #>> '{}'), k.value))
                                                                 FROM pg_catalog.jsonb_each(n) AS k)
                                                           ELSE coalesce(names -> (n #>> '{}'), n) END), '[]')
                            FROM pg_catalog.jsonb_array_elements(e.value) AS n)
                        WHEN labels ? coalesce(names ->> e.key, e.key) THEN exaudit_internal.with_present_labels(e.value, labels -> coalesce(names ->> e.key, e.key))
                        ELSE e.value END), '{}')
        FROM pg_catalog.jsonb_each(image) e
        WHERE names -> e.key IS DISTINCT FROM 'null'
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_present_names TO exaudit_reader;

-- Does a row hold what an update, or an insert, left in it? Columns that it lacks were added
-- or excluded since; of those in skipped, and of placeholders, nothing is known.
CREATE FUNCTION exaudit_internal.holds(image jsonb, part jsonb, skipped text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM pg_catalog.jsonb_each(part) e
        WHERE e.key <> ''
          AND image ? e.key
          AND e.key <> ALL (skipped)
          -- as written: 1.0 is not 1.00
          AND ((image -> e.key)::text <> e.value::text
               OR coalesce((image -> '') ? e.key, false) <> coalesce((part -> '') ? e.key, false))
          AND NOT exaudit_internal.is_placeholder(image, e.key)
          AND NOT exaudit_internal.is_placeholder(part, e.key));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.holds TO exaudit_reader;

-- An image with the values of one side of a change, and what is noted of them; what is noted of other columns stays.
CREATE FUNCTION exaudit_internal.with_change(image jsonb, side jsonb, other jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    notes jsonb;
BEGIN
    IF NOT (image ? '' OR side ? '') THEN
        RETURN image || side;
    END IF;
    SELECT jsonb_agg(n) INTO notes
    FROM pg_catalog.jsonb_array_elements(image -> '') AS n
    WHERE NOT side || coalesce(other, '{}') ? coalesce(n ->> 'masked', n ->> 'oversized', n #>> '{}');
    notes := coalesce(notes, '[]') || coalesce(side -> '', '[]');
    RETURN (image || side) - '' || CASE WHEN notes = '[]' THEN '{}' ELSE pg_catalog.jsonb_build_object('', notes) END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_change TO exaudit_reader;

-- A row before a change: image is the row after it, NULL where there is none. possible is
-- false where the change cannot have led there.
CREATE FUNCTION exaudit_internal.row_before(image jsonb, action exaudit.action, before jsonb, after jsonb, skipped text[],
                               OUT possible boolean, OUT earlier jsonb)
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF action = 'deleted' THEN
        possible := image IS NULL;
        earlier := before;
        RETURN;
    END IF;
    possible := image IS NOT NULL AND exaudit_internal.holds(image, after, skipped);
    IF action = 'created' OR NOT possible THEN
        RETURN;
    ELSIF action = 'baseline' THEN
        earlier := image;
        RETURN;
    END IF;
    earlier := exaudit_internal.with_change(image, before, after);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.row_before TO exaudit_reader;

-- The rows that have some keys now, by the places of these, as images without what the options of their table hide.
CREATE FUNCTION exaudit_internal.rows_now(table_id integer, relation regclass, keys text[], OUT place integer, OUT image jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET array_nulls = on
    SET quote_all_identifiers = off
AS $$
DECLARE
    -- one row by its primary key, many by reading the table once; keys that are equal need not be the same
    query text := 'SELECT o.place::integer, exaudit_internal.redact(e.image, $4, $5) FROM unnest($2) WITH ORDINALITY AS o (entity_id, place) ' ||
        CASE WHEN cardinality(keys) > 10 THEN pg_catalog.format(
                 'CROSS JOIN LATERAL (SELECT exaudit_internal.encode_with($3, t.*) AS image FROM %s AS t WHERE %s = o.entity_id COLLATE "C") AS e',
                 exaudit_internal.target(relation), exaudit_internal.entity_id_expression(relation, 't'))
             ELSE pg_catalog.format(
                 'CROSS JOIN LATERAL exaudit_internal.key_record($1, exaudit_internal.key_image($1, o.entity_id)) AS r (%s) '
                 'CROSS JOIN LATERAL (SELECT exaudit_internal.encode_with($3, t.*) AS image FROM %s AS t, (SELECT r.*) AS k WHERE %s AND %s = o.entity_id COLLATE "C") AS e '
                 'WHERE o.entity_id IS NOT NULL',
                 exaudit_internal.key_definition(relation), exaudit_internal.target(relation), exaudit_internal.key_condition(relation),
                 exaudit_internal.entity_id_expression(relation, 't'))
        END;
BEGIN
    RETURN QUERY EXECUTE query USING relation, keys, exaudit_internal.encode_query(relation),
        exaudit_internal.option_columns(table_id, relation, 'exclude'), exaudit_internal.option_columns(table_id, relation, 'mask');
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_now TO exaudit_reader;

-- The versions that rewind walks back through, row by row, the newest first. A row's chain is its place. After the last there
-- is a row of NULL.
CREATE FUNCTION exaudit_internal.versions_back(table_id integer, keys text[], first_ids bigint[], listed integer[], listed_ids bigint[], listed_keys text[],
                                      last_id bigint, OUT chain integer, OUT id bigint, OUT transaction_id bigint, OUT action exaudit.action,
                                      OUT entity_id text, OUT before jsonb, OUT after jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT b.chain, b.id, b.transaction_id, b.action, b.entity_id, b.before, b.after
    FROM (
        SELECT k.chain::integer AS chain, o.id, o.transaction_id, o.action, o.entity_id, o.before, o.after, o.id AS position
        FROM ROWS FROM (unnest(keys), unnest(first_ids)) WITH ORDINALITY AS k (entity_id, first_id, chain)
        -- by the index, whatever is known of the table's size
        CROSS JOIN LATERAL (
            SELECT o.id, o.transaction_id, o.action, o.entity_id, o.before, o.after FROM exaudit.versions o
            WHERE o.table_id = versions_back.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id >= k.first_id
              AND (versions_back.last_id IS NULL OR o.id <= versions_back.last_id) OFFSET 0) AS o
        UNION ALL
        SELECT l.chain, o.id, o.transaction_id, o.action, o.entity_id, o.before, o.after, l.position
        FROM ROWS FROM (unnest(listed), unnest(listed_ids), unnest(listed_keys)) WITH ORDINALITY AS l (chain, id, entity_id, position)
        CROSS JOIN LATERAL (
            SELECT o.id, o.transaction_id, o.action, o.entity_id, o.before, o.after FROM exaudit.versions o
            WHERE o.table_id = versions_back.table_id AND o.entity_id = l.entity_id COLLATE "C" AND o.id = l.id OFFSET 0) AS o
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    ) AS b
    ORDER BY b.chain NULLS LAST, b.position DESC;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.versions_back TO exaudit_reader;

-- The problem of a row whose versions do not fit together, told_apart if it was told apart from others: where, and what to do.
CREATE FUNCTION exaudit_internal.misfit(relation regclass, entity_id text, version_id bigint, told_apart boolean) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_catalog.jsonb_build_object(
        'key', entity_id, 'version', version_id,
        'message', pg_catalog.format('the history of %s %s does not fit together at version %s', relation, entity_id, version_id),
        'hint', CASE WHEN told_apart
                     THEN 'Something was changed without being recorded, or several rows had one key until the end of a transaction: "exaudit history" shows what.'
                     ELSE 'Something was changed without being recorded: "exaudit history" shows what.' END);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.misfit TO exaudit_reader;

-- Walks back through the versions of some rows, from the present ones to before some of their versions, and returns the
-- rows as they were then: of those that there were none, nothing. A row has the key now that keys have in its place, or
-- NULL where it is gone. Undone are its versions under this key from its first_id on; of rows that have changed their
-- keys, it is NULL, and those that are listed: in the order of tell_apart, by the row's place. Traced, it returns the
-- states of the rows instead, each with the version that led there, the newest first. Up to a last_id, it begins
-- with the rows that were recorded when the table was uninstalled.
--
-- Inside a transaction, ids of a row's versions may be the wrong way round, where a nested trigger recorded the later
-- change first. What cannot be undone yet waits. Of a row whose versions do not fit together, the problem is returned.
CREATE FUNCTION exaudit_internal.rewind(table_id integer, relation regclass, keys text[], first_ids bigint[],
                               listed integer[], listed_ids bigint[], listed_keys text[], traced boolean, last_id bigint,
                               OUT version_id bigint, OUT image jsonb, OUT problem jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    epochs   jsonb[] := ARRAY(SELECT pg_catalog.to_jsonb(e) FROM exaudit_internal.column_epochs(table_id, relation) e);
    epoch    integer := 1;
    periods  exaudit_internal.periods[] := ARRAY(SELECT p FROM exaudit_internal.periods p WHERE p.table_id = rewind.table_id AND p.last_id IS NOT NULL ORDER BY p.last_id);
    period   integer; -- of the version; beyond periods is the present one
    before   integer; -- of the version before it
    states   jsonb[] := pg_catalog.array_fill(NULL::jsonb, ARRAY[cardinality(keys)]); -- as the keys are placed
    problems jsonb[] := '{}';
    chain    integer;
    broken   integer; -- the chain that has a problem
    transaction_id      bigint;
    waiting  jsonb[] := '{}';
    n        integer := 0; -- how many wait
    progress boolean;
    chosen   integer;
    u        record;
    v        record;
BEGIN
    IF last_id IS NULL THEN
        FOR v IN SELECT r.place, r.image FROM exaudit_internal.rows_now(table_id, relation, keys) AS r LOOP
            states[v.place] := v.image;
        END LOOP;
    END IF;
    FOR v IN SELECT b.* FROM exaudit_internal.versions_back(table_id, keys, first_ids, listed, listed_ids, listed_keys, last_id) AS b LOOP
        before := CASE WHEN v.chain = chain THEN period ELSE cardinality(periods) + 1 END;
        period := cardinality(periods) + 1;
        WHILE period > 1 AND v.id <= (periods[period - 1]).last_id LOOP
            period := period - 1;
        END LOOP;
        -- another row's change, or one of another transaction: nothing may wait any more
        IF n > 0 AND (v.chain IS DISTINCT FROM chain OR v.transaction_id <> transaction_id OR period <> before) THEN
            broken := chain;
            states[chain] := NULL;
            problems := problems || exaudit_internal.misfit(relation, waiting[n] ->> 'entity_id', (waiting[n] ->> 'id')::bigint, chain = ANY (listed));
            waiting := '{}';
            n := 0;
        END IF;
        EXIT WHEN v.id IS NULL;
        chain := v.chain;
        transaction_id := v.transaction_id;
        CONTINUE WHEN chain = broken;
        WHILE epoch > 1 AND (epochs[epoch - 1] ->> 'since')::bigint < v.id LOOP
            epoch := epoch - 1;
        END LOOP;
        WHILE epoch < cardinality(epochs) AND (epochs[epoch] ->> 'since')::bigint >= v.id LOOP
            epoch := epoch + 1;
        END LOOP;
        IF period < before THEN -- what became of the row since is not known
            states[chain] := CASE WHEN v.action = 'baseline' AND v.id > (periods[period]).anchor_id
                                  THEN exaudit_internal.with_present_names(v.after, epochs[epoch] -> 'names', epochs[epoch] -> 'labels') END;
        END IF;
        n := n + 1;
        waiting[n] := pg_catalog.jsonb_build_object(
            'id', v.id, 'action', v.action, 'entity_id', v.entity_id, 'before', exaudit_internal.with_present_names(v.before, epochs[epoch] -> 'names', epochs[epoch] -> 'labels'),
            'after', exaudit_internal.with_present_names(v.after, epochs[epoch] -> 'names', epochs[epoch] -> 'labels'), 'retyped', epochs[epoch] -> 'retyped');
        progress := false;
        WHILE n > 0 LOOP
            chosen := NULL;
            FOR i IN REVERSE n .. 1 LOOP
                CONTINUE WHEN waiting[i] IS NULL;
                u := exaudit_internal.row_before(states[chain], (waiting[i] ->> 'action')::exaudit.action,
                                    nullif(waiting[i] -> 'before', 'null'), nullif(waiting[i] -> 'after', 'null'),
                                    ARRAY(SELECT pg_catalog.jsonb_array_elements_text(waiting[i] -> 'retyped')));
                IF u.possible THEN
                    chosen := i;
                    EXIT;
                END IF;
                EXIT WHEN NOT progress; -- for the others, nothing has changed
            END LOOP;
            EXIT WHEN chosen IS NULL;
            IF traced AND states[chain] IS NOT NULL THEN
                image := states[chain];
                version_id := (waiting[chosen] ->> 'id')::bigint;
                RETURN NEXT;
            END IF;
            states[chain] := u.earlier;
            waiting[chosen] := NULL;
            progress := true;
            WHILE n > 0 AND waiting[n] IS NULL LOOP
                n := n - 1;
            END LOOP;
        END LOOP;
    END LOOP;
    version_id := NULL;
    IF NOT traced THEN
        FOREACH image IN ARRAY states LOOP
            IF image IS NOT NULL THEN
                RETURN NEXT;
            END IF;
        END LOOP;
    END IF;
    image := NULL;
    FOREACH problem IN ARRAY problems LOOP
        RETURN NEXT;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rewind TO exaudit_reader;

-- Rows as they were just after some of their versions, of those of which that is known: each version with its key, under
-- which the row began. Images are those of rewind. Where rows may have shared a key, nothing is returned.
CREATE FUNCTION exaudit_internal.states_after(table_id integer, relation regclass, keys text[], ids bigint[], OUT version_id bigint, OUT image jsonb)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    first  bigint := (SELECT min(u.id) FROM unnest(ids) AS u (id));
    shared text[] := exaudit_internal.shared_keys(table_id, keys, first);
    plain  text[];
    starts bigint[];
    moved  text[];
    told   record;
BEGIN
    SELECT array_agg(k.key), array_agg(k.id) INTO plain, starts
    FROM (SELECT u.key, min(u.id) AS id FROM ROWS FROM (unnest(keys), unnest(ids)) AS u (key, id) GROUP BY u.key) AS k
    WHERE NOT EXISTS (SELECT FROM exaudit_internal.key_changes c
                      WHERE c.table_id = states_after.table_id AND c.id >= first AND c.entity_id = k.key COLLATE "C")
      AND NOT EXISTS (SELECT FROM exaudit_internal.key_changes c
                      WHERE c.table_id = states_after.table_id AND c.id >= first AND c.previous_entity_id = k.key COLLATE "C")
      AND k.key <> ALL (shared);
    IF plain <> '{}' THEN
        RETURN QUERY
        SELECT r.version_id, r.image
        FROM exaudit_internal.rewind(table_id, relation, plain, starts, '{}', '{}', '{}', true, NULL) AS r
        WHERE r.version_id = ANY (ids) AND r.problem IS NULL;
    END IF;
    moved := ARRAY(SELECT DISTINCT u.key FROM unnest(keys) AS u (key)
                   WHERE (u.key = ANY (plain)) IS NOT TRUE AND u.key <> ALL (shared));
    moved := exaudit_internal.linked_keys(table_id, moved, first);
    IF coalesce(moved, '{}') = '{}' OR exaudit_internal.shared_keys(table_id, moved, first) <> '{}' THEN
        RETURN;
    END IF;
    WITH told AS MATERIALIZED (
        SELECT a.row_number, a.version_id, a.action, moved[a.place] AS key, a.i
        FROM exaudit_internal.tell_apart(table_id, moved, first, NULL) WITH ORDINALITY AS a (row_number, version_id, action, place, origin, step, i)
    ), ends AS (
        SELECT l.row_number, pg_catalog.row_number() OVER () AS chain, CASE WHEN l.action <> 'deleted' THEN l.key END AS key
        FROM (SELECT DISTINCT ON (o.row_number) o.* FROM told o ORDER BY o.row_number, o.i DESC) AS l
    )
    SELECT array_agg(e.chain::integer ORDER BY o.i) AS listed, array_agg(o.version_id ORDER BY o.i) AS ids, array_agg(o.key ORDER BY o.i) AS keys,
           (SELECT array_agg(e.key ORDER BY e.chain) FROM ends e) AS present
    INTO told
    FROM told o JOIN ends e USING (row_number);
    IF told.listed IS NOT NULL THEN
        RETURN QUERY
        SELECT r.version_id, r.image
        FROM exaudit_internal.rewind(table_id, relation, told.present, pg_catalog.array_fill(NULL::bigint, ARRAY[cardinality(told.present)]),
                                     told.listed, told.ids, told.keys, true, NULL) AS r
        WHERE r.version_id = ANY (ids) AND r.problem IS NULL;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.states_after TO exaudit_reader;

-- An image of rewind under the names that columns had when a version was recorded, without those that were not there then or
-- have been given another type since. epochs are those of column_epochs, the newest first.
CREATE FUNCTION exaudit_internal.image_then(table_id integer, version_id bigint, image jsonb, epochs jsonb[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    epoch jsonb := (SELECT e.epoch FROM unnest(epochs) WITH ORDINALITY AS e (epoch, place)
                    WHERE (e.epoch ->> 'since')::bigint < version_id ORDER BY e.place LIMIT 1);
    names jsonb; -- by the present names, those of then
BEGIN
    IF epoch IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT coalesce(jsonb_object_agg(n.present, n.name), '{}') INTO names
    FROM exaudit_internal.column_snapshots s
    CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(s.columns) AS c (col)
    CROSS JOIN LATERAL (SELECT c.col ->> 'name' AS name,
                               CASE WHEN epoch -> 'names' ? (c.col ->> 'name') THEN epoch -> 'names' ->> (c.col ->> 'name')
                                    ELSE c.col ->> 'name' END AS present) AS n
    WHERE s.table_id = image_then.table_id AND s.since = (epoch ->> 'since')::bigint
      AND n.present IS NOT NULL AND NOT epoch -> 'retyped' ? n.present;
    RETURN exaudit_internal.with_present_names(
        exaudit_internal.redact(image, ARRAY(SELECT k.name FROM pg_catalog.jsonb_object_keys(image) AS k (name)
                                             WHERE k.name <> '' AND NOT names ? k.name), '{}'),
        names, '{}');
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.image_then TO exaudit_reader;

-- The image of a row that was created by a version, by the next whole image that was recorded of it, up to a last id: while its
-- columns were the same. NULL where there is none, or where the order of the changes of a transaction might be another one.
CREATE FUNCTION exaudit_internal.image_before(table_id integer, key text, version_id bigint, last_id bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    transaction_id bigint := (SELECT v.transaction_id FROM exaudit.versions v
                     WHERE v.table_id = image_before.table_id AND v.entity_id = image_before.key COLLATE "C" AND v.id = image_before.version_id);
    image jsonb;
    whole record;
    known record;
    v     record;
BEGIN
    SELECT o.id, o.action, o.transaction_id, coalesce(o.before, o.after) AS image INTO whole FROM exaudit.versions o
    WHERE o.table_id = image_before.table_id AND o.entity_id = image_before.key COLLATE "C" AND o.id > image_before.version_id AND o.id <= image_before.last_id
      AND (o.action <> 'updated' OR o.previous_entity_id IS NOT NULL)
    ORDER BY o.id LIMIT 1;
    SELECT o.action, o.transaction_id INTO known FROM exaudit.versions o
    WHERE o.table_id = image_before.table_id AND o.entity_id = image_before.key COLLATE "C" AND o.id < image_before.version_id
    ORDER BY o.id DESC LIMIT 1;
    IF whole.id IS NULL OR whole.action NOT IN ('deleted', 'baseline')
       OR known.transaction_id = this.transaction_id OR whole.action = 'deleted' AND whole.transaction_id = this.transaction_id AND known.action IS DISTINCT FROM 'deleted'
       OR EXISTS (SELECT FROM exaudit_internal.key_changes c
                  WHERE c.table_id = image_before.table_id AND c.previous_entity_id = image_before.key COLLATE "C" AND c.id > image_before.version_id AND c.id < whole.id)
    THEN
        RETURN NULL;
    END IF;
    image := whole.image;
    FOR v IN
        SELECT o.action, o.before, o.after FROM exaudit.versions o
        WHERE o.table_id = image_before.table_id AND o.entity_id = image_before.key COLLATE "C" AND o.id > image_before.version_id AND o.id < whole.id
        ORDER BY o.id DESC
    LOOP
        known := exaudit_internal.row_before(image, v.action, v.before, v.after, '{}');
        IF NOT known.possible THEN
            RETURN NULL;
        END IF;
        image := known.earlier;
    END LOOP;
    RETURN image;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.image_before TO exaudit_reader;

-- The images of rows that were created without one, by their versions, each with its key: what rewinding says of the row just
-- after. This is the one place that says what such an image is. It lacks what is not known: columns that have been dropped or
-- given another type since, if no whole image was recorded before that; and every column where the row may have changed
-- without a version, where its versions do not fit together, where the table was not tracked for a while, had another primary
-- key, or is gone.
CREATE FUNCTION exaudit_internal.created_images(table_id integer, keys text[], ids bigint[], OUT version_id bigint, OUT image jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t         exaudit.tables := (SELECT k FROM exaudit.tables k WHERE k.id = created_images.table_id);
    relation  regclass := (SELECT r.relation FROM exaudit_internal.relations r WHERE r.table_id = created_images.table_id);
    epochs    jsonb[] := ARRAY(SELECT pg_catalog.to_jsonb(e) FROM exaudit_internal.column_epochs(table_id, relation) AS e);
    key_since bigint;
    watched   boolean;
    known     text[]; -- keys and ids of rows that have not changed out of sight
    known_ids bigint[];
    present   text[]; -- those of which the present rows tell
    at        bigint[];
BEGIN
    watched := t.tracked AND t.complete_since < 'infinity' AND NOT exaudit_internal.hides_changes(t.options)
               AND coalesce(exaudit_internal.is_watched(table_id, relation), false);
    key_since := exaudit_internal.key_since(table_id, relation);
    SELECT array_agg(u.key), array_agg(u.id), array_agg(u.key) FILTER (WHERE u.there), array_agg(u.id) FILTER (WHERE u.there)
    INTO known, known_ids, present, at
    FROM (SELECT u.key, u.id, relation IS NOT NULL AND u.id > key_since AS there FROM ROWS FROM (unnest(keys), unnest(ids)) AS u (key, id)) AS u
    LEFT JOIN LATERAL (SELECT p.after_id, p.since <= p.until AS complete FROM exaudit_internal.periods p
                       WHERE p.table_id = created_images.table_id AND p.last_id >= u.id ORDER BY p.last_id LIMIT 1) AS p ON true
    WHERE u.id > coalesce(p.after_id, t.complete_after) AND coalesce(p.complete, watched);
    RETURN QUERY
    WITH now AS MATERIALIZED (
        SELECT s.version_id, exaudit_internal.image_then(table_id, s.version_id, s.image, epochs) AS image
        FROM exaudit_internal.states_after(table_id, relation, present, at) AS s
    )
    SELECT u.id, coalesce(CASE WHEN now.image IS NULL OR e.lost THEN exaudit_internal.image_before(table_id, k.key, u.id, e.last_id) END, now.image, '{}')
    FROM unnest(ids) AS u (id)
    LEFT JOIN ROWS FROM (unnest(known), unnest(known_ids)) AS k (key, id) ON k.id = u.id
    LEFT JOIN now ON now.version_id = u.id
    -- while its columns were the same; are any gone?
    LEFT JOIN LATERAL (
        SELECT coalesce(min((e.epoch ->> 'since')::bigint) FILTER (WHERE (e.epoch ->> 'since')::bigint >= u.id), 9223372036854775807) AS last_id,
               (array_agg(e.epoch -> 'retyped' <> '[]' OR EXISTS (SELECT FROM pg_catalog.jsonb_each(e.epoch -> 'names') AS n WHERE n.value = 'null') ORDER BY e.place)
                FILTER (WHERE (e.epoch ->> 'since')::bigint < u.id))[1] AS lost
        FROM unnest(epochs) WITH ORDINALITY AS e (epoch, place)) AS e ON true;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.created_images TO exaudit_reader;

-- Images as their table is today. A column that one lacks was added later: it holds what the column was filled with,
-- where that is known without calling anything, a constant. What is not recorded, excluded, masked or too large, is missing.
CREATE FUNCTION exaudit_internal.filled_images(table_id integer, relation regclass, images jsonb[]) RETURNS jsonb[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
AS $$
#variable_conflict use_column
DECLARE
    hidden text[] := exaudit_internal.option_columns(table_id, relation, 'exclude') || exaudit_internal.option_columns(table_id, relation, 'mask');
    added  jsonb := '{}';
    filled text;
    col    record;
BEGIN
    FOR col IN
        SELECT c.name, c.encoding, a.attnotnull,
               -- as it is kept for the rows that were there
               CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END AS kept,
               pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM exaudit_internal.table_columns c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.relation AND d.adnum = c.number
        WHERE c.relation = filled_images.relation AND NOT c.generated AND c.name <> ALL (hidden)
    LOOP
        filled := col.kept;
        IF filled IS NULL AND col.attnotnull THEN
            filled := exaudit_internal.constant_text(col.expression);
        END IF;
        IF filled IS NOT NULL THEN
            added := added || pg_catalog.jsonb_build_object(
                col.name, CASE col.encoding WHEN 'jsonb' THEN filled::jsonb ELSE pg_catalog.to_jsonb(filled) END);
        END IF;
    END LOOP;
    RETURN ARRAY(SELECT added || exaudit_internal.without_placeholders(i.image)
                 FROM unnest(images) WITH ORDINALITY AS i (image, place) ORDER BY i.place);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.filled_images TO exaudit_reader;

-- The text of a default that is a constant, without evaluating it: its type's owner may have written a cast or a CHECK.
-- NULL where it is something else.
CREATE FUNCTION exaudit_internal.constant_text(expression text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE WHEN c.match[1] ^@ 'E' THEN replace(replace(substr(c.match[1], 3, length(c.match[1]) - 3), '''''', ''''), E'\\\\', E'\\')
                    WHEN c.match[1] ^@ '''' THEN replace(substr(c.match[1], 2, length(c.match[1]) - 2), '''''', '''')
                    ELSE c.match[1] END
        FROM regexp_match(expression, E'^(E?''(?:[^'']|'''')*''|-?[0-9]+(?:\\.[0-9]+)?|true|false)(?:::[^'']*)?$') AS c (match)
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.constant_text TO exaudit_reader;

-- The rows that have had some keys, which are linked with no other, where each key has the id from which on its versions
-- are undone, NULL if none. What follows an undone change is undone as well: of the same row, and of a row that came to a
-- key which another had left by it. present has the key that each row has now, NULL where it is gone; the versions that
-- are undone are those of rewind. Keys that none of the rows has have a place of their own.
CREATE FUNCTION exaudit_internal.moved_since(table_id integer, keys text[], first_ids bigint[], first_id bigint, last_id bigint,
                                    OUT present text[], OUT listed integer[], OUT listed_ids bigint[], OUT listed_keys text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    rows    integer[];
    ids     bigint[];
    actions exaudit.action[];
    places  integer[];
    origins integer[];
    steps   integer[];
    undone  boolean[];   -- by rows: from here on
    freed   boolean[];   -- by places: by what is undone
    marked  boolean[];   -- by changes
    at      integer[];   -- by rows, their places, 0 where they are gone
    holder  integer[];   -- by places, the row that is there
    n       integer := 0;
    first   integer := 1;
    last    integer;
    more    boolean;
BEGIN
    SELECT array_agg(a.row_number), array_agg(a.version_id), array_agg(a.action), array_agg(a.place), array_agg(a.origin), array_agg(a.step), coalesce(max(a.row_number), 0)
    INTO rows, ids, actions, places, origins, steps, n
    FROM exaudit_internal.tell_apart(table_id, keys, first_id, last_id) AS a;
    present := pg_catalog.array_fill(NULL::text, ARRAY[n]);
    marked := pg_catalog.array_fill(false, ARRAY[coalesce(cardinality(ids), 0)]);
    listed := '{}';
    WHILE first <= coalesce(cardinality(ids), 0) LOOP
        last := first;
        WHILE steps[last + 1] = steps[first] LOOP
            last := last + 1;
        END LOOP;
        LOOP
            more := false;
            FOR i IN first .. last LOOP
                IF NOT marked[i]
                   AND (undone[rows[i]] OR ids[i] >= first_ids[places[i]] OR freed[places[i]] AND (actions[i] = 'created' OR origins[i] IS NOT NULL))
                THEN
                    marked[i] := true;
                    undone[rows[i]] := true;
                    IF origins[i] IS NOT NULL OR actions[i] = 'deleted' THEN
                        freed[coalesce(origins[i], places[i])] := true;
                    END IF;
                    more := true;
                END IF;
            END LOOP;
            EXIT WHEN NOT more OR first = last;
        END LOOP;
        FOR i IN first .. last LOOP
            at[rows[i]] := CASE WHEN actions[i] = 'deleted' THEN 0 ELSE places[i] END;
        END LOOP;
        first := last + 1;
    END LOOP;
    FOR i IN 1 .. coalesce(cardinality(ids), 0) LOOP -- who came last, of those that are there
        IF at[rows[i]] = places[i] THEN
            holder[places[i]] := rows[i];
        END IF;
    END LOOP;
    SELECT coalesce(array_agg(u.number ORDER BY u.i), '{}'), coalesce(array_agg(u.id ORDER BY u.i), '{}'), coalesce(array_agg(keys[u.place] ORDER BY u.i), '{}')
    INTO listed, listed_ids, listed_keys
    FROM ROWS FROM (unnest(rows), unnest(ids), unnest(places), unnest(marked)) WITH ORDINALITY AS u (number, id, place, marked, i)
    WHERE u.marked;
    FOR i IN 1 .. cardinality(keys) LOOP
        IF holder[i] IS NULL THEN
            n := n + 1;
            holder[i] := n;
        END IF;
        present[holder[i]] := keys[i];
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.moved_since TO exaudit_reader;

-- May several rows have had a key before an id? In the middle of a transaction, under a deferrable primary key.
CREATE FUNCTION exaudit_internal.may_be_twice(table_id integer, key text, first_id bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN exaudit_internal.may_share_keys(may_be_twice.table_id) AND EXISTS (
        SELECT FROM exaudit.versions v
        JOIN exaudit.versions o ON o.table_id = v.table_id AND o.transaction_id = v.transaction_id AND o.id >= may_be_twice.first_id
        WHERE v.table_id = may_be_twice.table_id AND v.entity_id = may_be_twice.key COLLATE "C" AND v.id < may_be_twice.first_id
          AND (o.entity_id = may_be_twice.key COLLATE "C" OR o.previous_entity_id = may_be_twice.key COLLATE "C"));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.may_be_twice TO exaudit_reader;

-- The rows of a table before some changes: of each key that was changed, the first id that is
-- undone, and with it all that follow, up to a last one where the table was uninstalled then. Of one key, linked has all
-- that it is linked to. They are records of row_definition's columns, or where the form is 'images' of image_definition's.
--
-- Of a row whose versions do not fit together, or cannot be read, nobody knows what it was. Typed, that is an error,
-- or with exaudit.misfits = 'skip' a warning; other forms have one more column, in which such a row has its problem, and
-- nothing in the others.
CREATE FUNCTION exaudit_internal.rows_before(table_id integer, relation regclass, keys text[], first_ids bigint[], last_id bigint,
                                    key text, linked text[], form text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET array_nulls = on
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    first    bigint := (SELECT min(u.id) FROM unnest(first_ids) AS u (id));
    moved    text[];
    changed  text[];
    starts   bigint[];
    rewound  record;
    images   jsonb[];
    problems jsonb[];
    twice    text[];
    legible  record;
    plain    boolean := form = 'plain';
    columns  text := exaudit_internal.row_definition(exaudit_internal.row_type(relation), form = 'plain');
    problem  jsonb;
    gone     text; -- the query for the rows that were rebuilt
    present  text := exaudit_internal.present_row(table_id, relation, form) || CASE WHEN form = 'typed' THEN '' ELSE ', NULL::text' END;
    query    text := exaudit_internal.encode_query(relation);
BEGIN
    -- rows whose keys were rewritten or shared since
    moved := ARRAY(SELECT c.entity_id FROM exaudit_internal.key_changes c
                   WHERE c.table_id = rows_before.table_id AND c.id >= first AND (linked IS NULL OR c.entity_id = ANY (linked))
                   UNION
                   SELECT c.previous_entity_id FROM exaudit_internal.key_changes c
                   WHERE c.table_id = rows_before.table_id AND c.id >= first AND (linked IS NULL OR c.previous_entity_id = ANY (linked)));
    moved := moved || ARRAY(SELECT unnest(exaudit_internal.shared_keys(table_id, keys, first)) EXCEPT SELECT unnest(moved));
    IF moved <> '{}' THEN
        moved := exaudit_internal.linked_keys(table_id, moved, first); -- of the same transactions
    END IF;
    rewound := exaudit_internal.moved_since(table_id, moved, ARRAY(SELECT u.first_id FROM unnest(moved) WITH ORDINALITY AS m (key, place)
                                                          LEFT JOIN ROWS FROM (unnest(keys), unnest(first_ids)) AS u (entity_id, first_id) ON u.entity_id = m.key
                                                          ORDER BY m.place), first, last_id);
    -- the rows that kept theirs
    SELECT coalesce(array_agg(u.entity_id), '{}'), coalesce(array_agg(u.first_id), '{}') INTO changed, starts
    FROM ROWS FROM (unnest(keys), unnest(first_ids)) AS u (entity_id, first_id)
    WHERE NOT EXISTS (SELECT FROM unnest(moved) AS m (key) WHERE m.key = u.entity_id);
    SELECT coalesce(array_agg(r.image) FILTER (WHERE r.problem IS NULL AND (key IS NULL OR exaudit_internal.entity_id_of(relation, r.image) = key)), '{}'),
           coalesce(array_agg(r.problem) FILTER (WHERE r.problem IS NOT NULL), '{}')
    INTO images, problems
    FROM exaudit_internal.rewind(table_id, relation, rewound.present || changed,
                        pg_catalog.array_fill(NULL::bigint, ARRAY[cardinality(rewound.present)]) || starts,
                        rewound.listed, rewound.listed_ids, rewound.listed_keys, false, last_id) AS r;
    changed := changed || moved;
    IF moved <> '{}' THEN
        twice := ARRAY(SELECT r.key FROM (SELECT exaudit_internal.entity_id_of(relation, i.image) AS key FROM unnest(images) AS i (image)) AS r
                       GROUP BY r.key HAVING count(*) > 1 AND NOT exaudit_internal.may_be_twice(table_id, r.key, first));
        IF twice <> '{}' THEN
            images := ARRAY(SELECT i.image FROM unnest(images) AS i (image) WHERE exaudit_internal.entity_id_of(relation, i.image) <> ALL (twice));
            problems := problems || ARRAY(SELECT pg_catalog.jsonb_build_object(
                'key', t.key, 'message', pg_catalog.format('the history of %s %s does not fit together: there would have been two rows', relation, t.key),
                'hint', 'Something was changed without being recorded: "exaudit history" shows what.') FROM unnest(twice) AS t (key));
        END IF;
    END IF;
    images := exaudit_internal.filled_images(table_id, relation, images);
    gone := CASE form
        WHEN 'images' THEN pg_catalog.format(
            'SELECT i.image, k.*, NULL::pg_catalog.text FROM exaudit_internal.present_images($1, $2) AS i (image) '
            'CROSS JOIN LATERAL exaudit_internal.key_record($1, i.image) AS k (%s)', exaudit_internal.key_definition(relation))
        WHEN 'plain' THEN pg_catalog.format('SELECT r.*, NULL::pg_catalog.text FROM exaudit_internal.rows_of($1, $2, $3) AS r (%s)', columns)
        ELSE pg_catalog.format('SELECT r.* FROM exaudit_internal.rows_of($1, $2, $3) AS r (%s)', columns) END;
    BEGIN
        RETURN QUERY EXECUTE gone USING relation, images, plain; -- all rows, or none
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR syntax_error_or_access_rule_violation OR raise_exception THEN
        legible := exaudit_internal.is_legible(relation, images, form <> 'typed');
        RETURN QUERY EXECUTE gone USING relation, legible.images, plain;
        problems := problems || legible.problems;
    END;
    IF form <> 'typed' THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s, p.problem::pg_catalog.text FROM unnest($1) AS p (problem)',
            CASE form
                WHEN 'images' THEN 'NULL::pg_catalog.jsonb' || (SELECT string_agg(', NULL::' || exaudit_internal.type_name(k.type, k.modifier), '' ORDER BY k.place)
                                                                FROM exaudit_internal.key_types(relation) AS k)
                ELSE (SELECT string_agg('NULL::' || exaudit_internal.type_name(c.type, c.modifier), ', ' ORDER BY c.number)
                      FROM exaudit_internal.row_columns(exaudit_internal.row_type(relation), true) AS c) END)
        USING problems;
    ELSE
        FOREACH problem IN ARRAY problems LOOP
            IF coalesce(pg_catalog.current_setting('exaudit.misfits', true), '') = 'skip' THEN
                RAISE WARNING '%', problem ->> 'message' USING DETAIL = 'The row is left out.';
            ELSE
                PERFORM exaudit_internal.raise_problem(problem || E'{"hint": "With SET exaudit.misfits = ''skip'', such rows are left out. \\"exaudit history\\" shows what was recorded."}');
            END IF;
        END LOOP;
    END IF;

    IF last_id IS NOT NULL THEN
        RETURN; -- every row has been rebuilt
    ELSIF key IS NULL THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t WHERE NOT EXISTS (SELECT FROM unnest($1) AS c (entity_id) WHERE c.entity_id COLLATE "C" = %s)',
            present, exaudit_internal.target(relation), exaudit_internal.entity_id_expression(relation, 't'))
        USING changed, query;
    ELSIF (key = ANY (changed)) IS NOT TRUE THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t, exaudit_internal.key_record($3, exaudit_internal.key_image($3, $4)) AS k (%s) WHERE %s',
            present, exaudit_internal.target(relation), exaudit_internal.key_definition(relation), exaudit_internal.key_condition(relation))
        USING changed, query, relation, key;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_before TO exaudit_reader;

-- The images of rows that are gone as their table would have them today, each with every column.
CREATE FUNCTION exaudit_internal.present_images(relation regclass, images jsonb[]) RETURNS SETOF jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET array_nulls = on
    SET quote_all_identifiers = off
AS $$
DECLARE
    made jsonb[];
BEGIN
    EXECUTE pg_catalog.format('SELECT ARRAY(SELECT %s FROM exaudit_internal.rows_of($1, $2, true) AS r (%s))', exaudit_internal.image_expression(relation, 'r'),
                              exaudit_internal.row_definition(exaudit_internal.row_type(relation), true))
    INTO made USING relation, images;
    RETURN QUERY SELECT * FROM unnest(made);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.present_images TO exaudit_reader;

-- A query for the rows of a type before the changes that one of these functions finds after a point $1, perhaps for the
-- row that had a key $2, in a form of rows_before.
CREATE FUNCTION exaudit_internal.rows_before_query(row_type oid, function_name text, form text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation oid := (SELECT t.typrelid FROM pg_catalog.pg_type t WHERE t.oid = row_type);
BEGIN
    IF coalesce(relation, 0) = 0 THEN
        PERFORM exaudit_internal.known_table(row_type); -- raises
    END IF;
    RETURN pg_catalog.format(
        'SELECT "!row".* FROM exaudit_internal.%I(%s, $1, $2::pg_catalog.text) AS "!since" CROSS JOIN LATERAL exaudit_internal.rows_before('
        '"!since".table_id, "!since".relation, "!since".keys, "!since".first_ids, "!since".last_id, $2::pg_catalog.text, "!since".linked, %L) AS "!row" (%s)',
        'since_' || function_name, row_type, form,
        CASE form WHEN 'images' THEN exaudit_internal.free_name(relation, '!image') || ' pg_catalog.jsonb, ' || exaudit_internal.key_definition(relation)
                  ELSE exaudit_internal.row_definition(row_type, form = 'plain') END
        || CASE WHEN form = 'typed' THEN '' ELSE ', ' || exaudit_internal.free_name(relation, '!problem') || ' pg_catalog.text' END);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_before_query TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

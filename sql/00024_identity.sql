-- Which versions are which row's.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Does a row that lay at a place lie at another one still? They are a transaction and a tid. An update that changed nothing
-- is not recorded, and puts the row further back as a rule: then nobody knows, as of another transaction.
CREATE FUNCTION exaudit_internal.is_at_same_place(was text, now text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN pg_catalog.split_part(was, ' ', 1) OPERATOR(pg_catalog.<>) pg_catalog.split_part(now, ' ', 1) THEN NULL
                WHEN was OPERATOR(pg_catalog.=) now THEN true
                WHEN pg_catalog.split_part(now, ' ', 2)::pg_catalog.tid OPERATOR(pg_catalog.<) pg_catalog.split_part(was, ' ', 2)::pg_catalog.tid THEN false
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_at_same_place TO exaudit_reader;

-- May rows of a table have the same key for a while, under a deferrable primary key? Of a table that is gone, nobody knows.
CREATE FUNCTION exaudit_internal.may_share_keys(table_id integer) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN coalesce((SELECT bool_or(NOT i.indimmediate)
                     FROM exaudit_internal.relations r JOIN pg_catalog.pg_index i ON i.indrelid = r.relation AND i.indisprimary
                     WHERE r.table_id = may_share_keys.table_id),
                    NOT EXISTS (SELECT FROM exaudit_internal.relations r WHERE r.table_id = may_share_keys.table_id AND r.relation IS NOT NULL));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.may_share_keys TO exaudit_reader;

-- The keys that several rows may have had at once: in one transaction a row has come to them and one has gone, the one or the
-- other since an id. Key changes since then are left out.
CREATE FUNCTION exaudit_internal.shared_keys(table_id integer, keys text[], first_id bigint) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(array_agg(DISTINCT k.key), '{}')
        FROM unnest(CASE WHEN exaudit_internal.may_share_keys(shared_keys.table_id) THEN keys END) AS k (key)
        CROSS JOIN LATERAL (
            SELECT v.transaction_id, v.action FROM exaudit.versions v
            WHERE v.table_id = shared_keys.table_id AND v.entity_id = k.key COLLATE "C" AND v.id >= shared_keys.first_id
              AND v.action IN ('created', 'deleted') OFFSET 0) AS v
        WHERE EXISTS (
            SELECT FROM exaudit.versions o
            WHERE o.table_id = shared_keys.table_id AND o.entity_id = k.key COLLATE "C" AND o.transaction_id = v.transaction_id
              AND o.action IN ('created', 'deleted') AND o.action <> v.action)
           OR EXISTS (
            SELECT FROM exaudit_internal.key_changes c
            WHERE c.table_id = shared_keys.table_id AND c.transaction_id = v.transaction_id
              AND CASE v.action WHEN 'deleted' THEN c.entity_id ELSE c.previous_entity_id END = k.key COLLATE "C")
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.shared_keys TO exaudit_reader;

-- The rows that are known to have had some keys before an id, by the places of these: where they lay, and what is known of
-- them by their last version.
CREATE FUNCTION exaudit_internal.rows_there(table_id integer, keys text[], first_id bigint, OUT place integer, OUT lies text, OUT image jsonb)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT k.place::integer, came.transaction_id || ' ' || came.new_row::text, coalesce(o.after, '{}')
    FROM unnest(keys) WITH ORDINALITY AS k (entity_id, place)
    CROSS JOIN (SELECT coalesce(max(p.last_id), 0) AS id FROM exaudit_internal.periods p
                WHERE p.table_id = rows_there.table_id AND p.last_id < rows_there.first_id) AS untracked
    CROSS JOIN LATERAL (
        SELECT o.id, o.action, o.after FROM exaudit.versions o
        WHERE o.table_id = rows_there.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id < rows_there.first_id AND o.id > untracked.id
        ORDER BY o.id DESC LIMIT 1) AS o
    LEFT JOIN exaudit_internal.key_changes came ON came.table_id = rows_there.table_id AND came.id = o.id
    LEFT JOIN LATERAL (
        SELECT c.id, c.transaction_id, c.began, c.command FROM exaudit_internal.key_changes c
        WHERE c.table_id = rows_there.table_id AND c.previous_entity_id = k.entity_id COLLATE "C" AND c.id < rows_there.first_id
        ORDER BY c.id DESC LIMIT 1) AS left_at ON true
    WHERE o.action <> 'deleted'
      AND (left_at.id IS NULL OR left_at.id < o.id OR (left_at.transaction_id, left_at.began, left_at.command) = (came.transaction_id, came.began, came.command));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_there TO exaudit_reader;

-- The changes under some keys since an id, as statements followed each other: places are those of keys, origin is that of
-- the key before. The last change of a statement ends it. After the last change there is a row of NULL.
--
-- The command of a key change is not known if a trigger has updated the row again before the change was recorded. Then the
-- change comes before that update, which is recorded under the new key: the first one since another statement changed keys,
-- or else the last one.
CREATE FUNCTION exaudit_internal.changes_in_order(table_id integer, keys text[], first_id bigint, last_id bigint,
                                         OUT version_id bigint, OUT transaction_id bigint, OUT action exaudit.action, OUT place integer, OUT origin integer,
                                         OUT left_row text, OUT new_row text, OUT ends boolean) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH statements AS MATERIALIZED (
        SELECT c.id, c.transaction_id, c.began, c.command, c.entity_id, c.previous_entity_id, c.old_row, c.new_row,
               min(c.id) OVER (PARTITION BY c.transaction_id, c.began, c.command) AS start
        FROM exaudit_internal.key_changes c
        WHERE c.table_id = changes_in_order.table_id AND c.id >= changes_in_order.first_id
          AND (changes_in_order.last_id IS NULL OR c.id <= changes_in_order.last_id)
          AND EXISTS (SELECT FROM unnest(keys) AS k (key) WHERE k.key = c.entity_id)
    ), changes AS MATERIALIZED (
        SELECT s.*, CASE WHEN s.command IS NULL THEN coalesce(2 * u.id - 1, 2 * s.id)
                         ELSE 2 * min(s.start) FILTER (WHERE s.command IS NOT NULL)
                              OVER (PARTITION BY s.transaction_id, s.began ORDER BY s.command DESC NULLS LAST RANGE UNBOUNDED PRECEDING)
                    END AS position
        FROM statements s
        LEFT JOIN LATERAL (
            SELECT coalesce(min(v.id) FILTER (WHERE v.id > (
                                SELECT max(o.start) FROM statements o
                                WHERE o.transaction_id = s.transaction_id AND o.began = s.began AND o.command IS NOT NULL AND o.start < s.id)),
                            max(v.id)) AS id
            FROM exaudit.versions v
            WHERE v.table_id = changes_in_order.table_id AND v.entity_id = s.entity_id COLLATE "C" AND v.id >= changes_in_order.first_id
              AND v.id < s.id AND v.transaction_id = s.transaction_id AND v.action = 'updated'
              AND s.command IS NULL AND NOT EXISTS (SELECT FROM statements o WHERE o.id = v.id)) AS u ON true
    )
    SELECT o.id, o.transaction_id, o.action, o.place, o.origin, o.left_row, o.new_row,
           o.command IS NULL OR lead(o.position) OVER w IS DISTINCT FROM o.position OR lead(o.command) OVER w IS DISTINCT FROM o.command
    FROM (
        SELECT o.id, o.transaction_id, o.action, k.place::integer AS place, p.place::integer AS origin, coalesce(c.position, 2 * o.id) AS position, c.command,
               o.transaction_id || ' ' || c.old_row::text AS left_row, o.transaction_id || ' ' || c.new_row::text AS new_row
        FROM unnest(keys) WITH ORDINALITY AS k (entity_id, place)
        -- by the index, whatever is known of the table's size
        CROSS JOIN LATERAL (
            SELECT o.id, o.transaction_id, o.action FROM exaudit.versions o
            WHERE o.table_id = changes_in_order.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id >= changes_in_order.first_id
              AND (changes_in_order.last_id IS NULL OR o.id <= changes_in_order.last_id) OFFSET 0) AS o
        LEFT JOIN changes c ON c.id = o.id
        LEFT JOIN unnest(keys) WITH ORDINALITY AS p (entity_id, place) ON p.entity_id = c.previous_entity_id
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    ) AS o
    WINDOW w AS (ORDER BY o.position NULLS LAST, o.command, o.id)
    ORDER BY o.position NULLS LAST, o.command, o.id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.changes_in_order TO exaudit_reader;

-- The changes of changes_in_order by the steps in which they happened. A step whose rows are not there yet waits for those
-- that bring them, at the longest until another transaction's change of the same keys. Period is the number of times that the
-- table had not been tracked before. Others is how many rows may have been at the place where one arrives.
CREATE FUNCTION exaudit_internal.steps_in_order(table_id integer, keys text[], first_id bigint, last_id bigint,
                                       OUT version_id bigint, OUT action exaudit.action, OUT place integer, OUT origin integer,
                                       OUT left_row text, OUT new_row text, OUT step integer, OUT period integer, OUT others integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    ends     bigint[] := ARRAY(SELECT p.last_id FROM exaudit_internal.periods p
                               WHERE p.table_id = steps_in_order.table_id AND p.last_id >= steps_in_order.first_id ORDER BY p.last_id);
    there    integer[]; -- by places, how many rows are; NULL if that is not known
    ids      bigint[];  -- of changes that wait
    actions  exaudit.action[];
    places   integer[];
    origins  integer[];
    lefts    text[];
    cames    text[];
    first_of integer[]; -- by steps that wait
    last_of  integer[];
    transaction_ids bigint[];
    n        integer := 0; -- changes that wait
    steps    integer := 0;
    open     integer := 0; -- steps that are not taken
    begins   boolean := true;
    must     boolean;
    chosen   integer;
    v        record;
BEGIN
    step := 0;
    period := 0;
    FOR v IN SELECT r.place FROM exaudit_internal.rows_there(table_id, keys, first_id) AS r LOOP
        there[v.place] := 1;
    END LOOP;
    FOR v IN SELECT c.* FROM exaudit_internal.changes_in_order(table_id, keys, first_id, last_id) AS c LOOP
        must := open > 0 AND begins AND (v.version_id IS NULL OR coalesce(v.version_id > ends[period + 1], false) OR EXISTS (
            SELECT FROM generate_series(1, n) AS i
            JOIN generate_series(1, steps) AS s ON i BETWEEN first_of[s] AND last_of[s] AND transaction_ids[s] <> v.transaction_id
            WHERE places[i] IN (v.place, v.origin) OR origins[i] IN (v.place, v.origin)));
        begins := v.ends;
        FOR turn IN 1 .. 2 LOOP
            CONTINUE WHEN turn = 1 AND NOT must;
            IF turn = 2 THEN
                EXIT WHEN v.version_id IS NULL;
                WHILE v.version_id > ends[period + 1] LOOP
                    period := period + 1;
                    there := NULL;
                END LOOP;
                n := n + 1;
                ids[n] := v.version_id; actions[n] := v.action; places[n] := v.place; origins[n] := v.origin;
                lefts[n] := v.left_row; cames[n] := v.new_row;
                IF steps = 0 OR transaction_ids[steps] IS NULL OR last_of[steps] IS NOT NULL THEN
                    steps := steps + 1; open := open + 1;
                    first_of[steps] := n; last_of[steps] := NULL; transaction_ids[steps] := v.transaction_id;
                END IF;
                EXIT WHEN NOT v.ends;
                last_of[steps] := n;
            END IF;
            WHILE open > 0 LOOP
                -- the oldest that finds its rows; if it must be, the oldest
                chosen := NULL;
                FOR s IN 1 .. steps LOOP
                    CONTINUE WHEN transaction_ids[s] IS NULL;
                    must := true;
                    FOR i IN first_of[s] .. last_of[s] LOOP
                        IF actions[i] <> 'created' AND there[coalesce(origins[i], places[i])] = 0 THEN
                            must := false;
                            EXIT;
                        END IF;
                    END LOOP;
                    IF must OR turn = 1 AND chosen IS NULL THEN
                        chosen := s;
                        EXIT WHEN must;
                    END IF;
                END LOOP;
                EXIT WHEN chosen IS NULL;
                step := step + 1;
                FOR i IN first_of[chosen] .. last_of[chosen] LOOP
                    IF origins[i] IS NOT NULL OR actions[i] = 'deleted' THEN
                        there[coalesce(origins[i], places[i])] := greatest(coalesce(there[coalesce(origins[i], places[i])], 0) - 1, 0);
                    END IF;
                END LOOP;
                FOR i IN first_of[chosen] .. last_of[chosen] LOOP
                    version_id := ids[i]; action := actions[i]; place := places[i]; origin := origins[i];
                    left_row := lefts[i]; new_row := cames[i];
                    others := NULL;
                    IF action = 'created' OR origin IS NOT NULL THEN
                        others := coalesce(there[place], 1);
                        there[place] := coalesce(there[place], 0) + 1;
                    ELSIF action <> 'deleted' THEN
                        there[place] := greatest(there[place], 1);
                    END IF;
                    RETURN NEXT;
                END LOOP;
                transaction_ids[chosen] := NULL;
                open := open - 1;
            END LOOP;
            IF open = 0 THEN
                n := 0;
                steps := 0;
            END IF;
        END LOOP;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.steps_in_order TO exaudit_reader;

-- The columns of images that cannot be compared over time, because they were renamed or given another type since.
CREATE FUNCTION exaudit_internal.altered_columns(table_id integer) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
    SELECT coalesce(array_agg(DISTINCT n.name), '{}')
    FROM exaudit_internal.relations r
    CROSS JOIN LATERAL exaudit_internal.column_epochs(r.table_id, r.relation) AS e
    CROSS JOIN LATERAL (
        SELECT unnest(e.retyped)
        UNION ALL SELECT jsonb_object_keys(e.names)
        UNION ALL SELECT jsonb_each_text.value FROM jsonb_each_text(e.names)
        UNION ALL SELECT jsonb_object_keys(e.labels)) AS n (name)
    WHERE r.table_id = altered_columns.table_id AND n.name IS NOT NULL);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.altered_columns TO exaudit_reader;

-- What happened at a key that rows may have shared, told by images: for each event the one by which its row came to the key,
-- 0 where it was there before, NULL of what comes; all NULL if the images do not fit in any way. Comes says that a row came,
-- goes that it was there no more; befores are what is known of it before, afters what is known after. was is what is known of the
-- row that was there before; is_now is the row that is there in the end, null if there is none, NULL if that is not known.
--
-- Tried is one row after the other, those that surely fit before others and those that came first before later ones.
CREATE FUNCTION exaudit_internal.told_by_images(comes boolean[], goes boolean[], befores jsonb[], afters jsonb[], left_rows text[], new_rows text[],
                                       was jsonb, is_now jsonb, skipped text[]) RETURNS integer[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n       integer := cardinality(comes);
    known   jsonb[] := ARRAY[coalesce(was, '{}')]; -- by rows, NULL where one is not there; the first was there before, others came with the event before
    lies    text[];
    rows    integer[];   -- by events
    untried text[];
    earlier jsonb[];
    lay     text[];
    tries   integer := 10000;
    i       integer := 1;
    r       integer;
    back    boolean := false;
    options integer[];
BEGIN
    WHILE i > 0 AND tries > 0 LOOP
        tries := tries - 1;
        IF back THEN
            known[rows[i]] := earlier[i];
            lies[rows[i]] := lay[i];
            options := untried[i]::integer[];
        ELSIF comes[i] THEN
            options := ARRAY[i + 1];
        ELSE
            options := ARRAY(
                SELECT k.place FROM (SELECT g.place, exaudit_internal.is_at_same_place(lies[g.place], left_rows[i]) AS same
                                     FROM generate_subscripts(known, 1) AS g (place) WHERE known[g.place] IS NOT NULL) AS k
                WHERE k.same IS NOT FALSE AND exaudit_internal.holds(known[k.place], befores[i], skipped)
                ORDER BY k.same NULLS LAST, NOT known[k.place] ?& ARRAY(SELECT jsonb_object_keys(befores[i])), k.place);
        END IF;
        back := options = '{}';
        IF back THEN
            i := i - 1;
            CONTINUE;
        END IF;
        r := options[1];
        untried[i] := options[2:]; rows[i] := r; earlier[i] := known[r]; lay[i] := lies[r];
        known[r] := CASE WHEN NOT goes[i] THEN exaudit_internal.with_change(coalesce(known[r], '{}') || coalesce(befores[i], '{}'), afters[i], befores[i]) END;
        lies[r] := new_rows[i];
        IF i < n THEN
            i := i + 1;
        ELSIF exaudit_internal.ends_well(known, was IS NULL AND known[1] = '{}', is_now, skipped) THEN
            RETURN ARRAY(SELECT CASE WHEN NOT comes[e.i] THEN e.number - 1 END FROM unnest(rows) WITH ORDINALITY AS e (number, i) ORDER BY e.i);
        ELSE
            back := true;
        END IF;
    END LOOP;
    RETURN pg_catalog.array_fill(NULL::integer, ARRAY[n]);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.told_by_images TO exaudit_reader;

-- Is at most one of some rows left, and the one that is there now? The first need not have been there, if it is doubtful.
CREATE FUNCTION exaudit_internal.ends_well(known jsonb[], doubtful boolean, is_now jsonb, skipped text[]) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
    SELECT count(*) <= 1
           AND CASE WHEN is_now IS NULL THEN true
                    WHEN is_now = 'null' THEN count(*) = 0
                    WHEN count(*) = 0 THEN doubtful
                    ELSE bool_and(CASE WHEN is_now <> 'null' THEN exaudit_internal.holds(k.image, is_now, skipped) END) END
    FROM unnest(known) WITH ORDINALITY AS k (image, place)
    WHERE k.image IS NOT NULL AND NOT (k.place = 1 AND doubtful));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.ends_well TO exaudit_reader;

-- The rows that have some keys now, by the places of these, null if there is none. None where that is not known, or the
-- table was not tracked until now.
CREATE FUNCTION exaudit_internal.images_now(table_id integer, keys text[], last_id bigint, OUT place integer, OUT image jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    relation regclass := (SELECT r.relation FROM exaudit_internal.relations r JOIN exaudit.tables t ON t.id = r.table_id
                          WHERE r.table_id = images_now.table_id AND t.tracked);
BEGIN
    IF keys <> '{}' AND relation IS NOT NULL AND last_id IS NULL THEN
        RETURN QUERY
        SELECT k.place::integer, coalesce(r.image, 'null')
        FROM unnest(keys) WITH ORDINALITY AS k (key, place)
        LEFT JOIN exaudit_internal.rows_now(images_now.table_id, relation, keys) AS r ON r.place = k.place;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.images_now TO exaudit_reader;

-- told_by_images for what happened at one key, by versions, whose images it reads; keys are those under which they were recorded.
CREATE FUNCTION exaudit_internal.told_at_key(table_id integer, ids bigint[], keys text[], comes boolean[], goes boolean[],
                                    left_rows text[], new_rows text[], was jsonb, is_now jsonb, skipped text[],
                                    OUT version_id bigint, OUT came_by bigint) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    befores jsonb[];
    afters  jsonb[];
    told    integer[];
BEGIN
    SELECT array_agg(CASE WHEN v.action = 'baseline' THEN v.after ELSE v.before END ORDER BY e.i), array_agg(v.after ORDER BY e.i) INTO befores, afters
    FROM ROWS FROM (unnest(ids), unnest(keys)) WITH ORDINALITY AS e (id, key, i)
    CROSS JOIN LATERAL (
        SELECT o.action, o.before, o.after FROM exaudit.versions o
        WHERE o.table_id = told_at_key.table_id AND o.entity_id = e.key COLLATE "C" AND o.id = e.id OFFSET 0) AS v;
    told := exaudit_internal.told_by_images(comes, goes, befores, afters, left_rows, new_rows, was, is_now, skipped);
    IF is_now IS NOT NULL AND array_remove(told, NULL) = '{}' THEN -- something was changed without being recorded
        told := exaudit_internal.told_by_images(comes, goes, befores, afters, left_rows, new_rows, was, NULL, skipped);
    END IF;
    RETURN QUERY
    SELECT ids[t.i], CASE WHEN t.event = 0 THEN 0 ELSE ids[t.event] END
    FROM unnest(told) WITH ORDINALITY AS t (event, i) WHERE t.event IS NOT NULL;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.told_at_key TO exaudit_reader;

-- The changes of steps_in_order, numbered, each twice: the rows of a step go, then they come. Where rows may have shared a
-- key, came_by is the change by which the row that goes, or stays, came to the key that it had; 0 if it was there before, NULL
-- if the images do not tell.
CREATE FUNCTION exaudit_internal.told_steps(table_id integer, keys text[], first_id bigint, last_id bigint,
                                   OUT version_id bigint, OUT action exaudit.action, OUT place integer, OUT origin integer, OUT left_row text,
                                   OUT new_row text, OUT step integer, OUT period integer, OUT number integer, OUT comes boolean, OUT came_by integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY -- planned for these keys
    WITH steps AS MATERIALIZED (
        SELECT s.* FROM exaudit_internal.steps_in_order(table_id, keys, first_id, last_id) WITH ORDINALITY
            AS s (version_id, action, place, origin, left_row, new_row, step, period, others, i)
    ), names AS MATERIALIZED ( -- an element of a long array is slow to find
        SELECT k.key, k.place FROM unnest(keys) WITH ORDINALITY AS k (key, place)
    ), events AS (
        SELECT s.*, k.key, s.place AS spot, s.action = 'created' OR s.origin IS NOT NULL AS comes, s.action = 'deleted' AS goes
        FROM steps s JOIN names k ON k.place = s.place
        UNION ALL
        SELECT s.*, k.key, s.origin, false, true FROM steps s JOIN names k ON k.place = s.place WHERE s.origin IS NOT NULL
    ), shared AS MATERIALIZED (
        SELECT e.period, e.spot, array_agg(e.version_id ORDER BY e.step, e.comes, e.i) AS ids, array_agg(e.comes ORDER BY e.step, e.comes, e.i) AS comes,
               array_agg(e.goes ORDER BY e.step, e.comes, e.i) AS goes, array_agg(e.key ORDER BY e.step, e.comes, e.i) AS keys,
               array_agg(CASE WHEN NOT e.comes THEN e.left_row END ORDER BY e.step, e.comes, e.i) AS left_rows,
               array_agg(CASE WHEN e.comes THEN e.new_row END ORDER BY e.step, e.comes, e.i) AS new_rows,
               (pg_catalog.row_number() OVER ())::integer AS i
        FROM events e
        WHERE exaudit_internal.may_share_keys(told_steps.table_id)
        GROUP BY e.period, e.spot
        HAVING count(*) > 1 AND bool_or(e.comes AND e.others > 0)
    ), at AS MATERIALIZED (
        SELECT array_agg(k.key ORDER BY g.i) AS keys, exaudit_internal.altered_columns(told_steps.table_id) AS skipped
        FROM shared g JOIN names k ON k.place = g.spot
    ), told AS MATERIALIZED (
        SELECT g.period, g.spot, t.version_id, t.came_by
        FROM at
        CROSS JOIN shared g
        LEFT JOIN exaudit_internal.rows_there(told_steps.table_id, (SELECT at.keys FROM at), told_steps.first_id) AS was ON was.place = g.i AND g.period = 0
        LEFT JOIN exaudit_internal.images_now(told_steps.table_id, (SELECT at.keys FROM at), told_steps.last_id) AS n ON n.place = g.i
        CROSS JOIN LATERAL exaudit_internal.told_at_key(told_steps.table_id, g.ids, g.keys, g.comes, g.goes, g.left_rows, g.new_rows,
                                                        was.image, n.image, at.skipped) AS t
    )
    SELECT s.version_id, s.action, s.place, s.origin, s.left_row, s.new_row, s.step, s.period, s.i::integer, h.comes,
           CASE WHEN t.came_by = 0 THEN 0 ELSE c.i::integer END
    FROM steps s
    CROSS JOIN (VALUES (false), (true)) AS h (comes)
    LEFT JOIN told t ON NOT h.comes AND t.period = s.period AND t.spot = coalesce(s.origin, s.place) AND t.version_id = s.version_id
    LEFT JOIN steps c ON c.version_id = t.came_by
    ORDER BY s.step, h.comes, s.i;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.told_steps TO exaudit_reader;

-- Which of the rows at a place goes, where images have not told: the one that lay where it is gone from; else the one that
-- came first, of those that may have lain there. latest is the one that came last, under has by rows which came before each.
CREATE FUNCTION exaudit_internal.who_goes(latest integer, under integer[], lies text[], left_row text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    chosen integer;
    same   boolean;
BEGIN
    WHILE latest > 0 LOOP
        same := exaudit_internal.is_at_same_place(lies[latest], left_row);
        IF same THEN
            RETURN latest;
        ELSIF same IS NULL THEN
            chosen := latest;
        END IF;
        latest := under[latest];
    END LOOP;
    RETURN chosen;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.who_goes TO exaudit_reader;

-- Which versions are of which row, where rows have changed their keys or shared one. This is the one place that says so;
-- for other rows, all versions of a key follow each other.
--
-- A row comes to a key by being created, or by changing its key to it; it is there until it is deleted, or changes its
-- key again. Its versions are those under the keys that it had, while it had them. Key changes of one statement
-- happen at once: each row leaves its key, then each comes to its new one. Statements of a transaction follow each other
-- as they began, and other changes by their ids; a statement counts from the first id that it took. A change that finds
-- no row under its key, because a nested trigger recorded it before the change that led there, waits for that one.
--
-- Under a deferrable constraint, several rows may have a key for a while. Which of them was changed is told by their images
-- and by where they lay; where both do not tell, the one that came first goes first.
--
-- Where a table was not tracked for a while, nobody knows which rows went on: they are other rows then.
--
-- keys must hold every key that one of them was rewritten to or from since first_id; see linked_keys. Versions after
-- last_id are left out. Numbers of rows begin with 1, places are those of keys; origin is that of the key before. Changes
-- of one step happened at once.
CREATE FUNCTION exaudit_internal.tell_apart(table_id integer, keys text[], first_id bigint, last_id bigint,
                                   OUT row_number integer, OUT version_id bigint, OUT action exaudit.action,
                                   OUT place integer, OUT origin integer, OUT step integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- nobody knows how many keys there are, and costs are estimated far too high
AS $$
#variable_conflict use_column
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    since  bigint := exaudit_internal.first_to_tell_apart(table_id, keys, first_id);
    known  integer := 0; -- rows told apart
    here   integer[];    -- by places, the row that has come last, 0 if there is none
    under  integer[];    -- by rows, the one that came to the same place before, 0 if there is none
    lies   text[];       -- by rows, where they are known to lie, and in which transaction
    at     integer[];    -- by rows, their places, 0 where they are gone
    was    integer[];    -- by places, the row that was there before
    movers integer[];    -- by changes, their rows
    period integer := 0;
    spot   integer;
    above  integer;
    v      record;
BEGIN
    FOR v IN SELECT r.place, r.lies FROM exaudit_internal.rows_there(table_id, keys, since) AS r LOOP
        known := known + 1;
        here[v.place] := known; was[v.place] := known; under[known] := 0; lies[known] := v.lies; at[known] := v.place;
    END LOOP;
    FOR v IN SELECT t.* FROM exaudit_internal.told_steps(table_id, keys, since, last_id) AS t LOOP
        IF v.period <> period THEN
            period := v.period;
            here := NULL; was := NULL; at := NULL;
        END IF;
        version_id := v.version_id; action := v.action; place := v.place; origin := v.origin; step := v.step;
        IF NOT v.comes THEN
            spot := coalesce(origin, place);
            row_number := CASE
                WHEN v.came_by = 0 THEN was[spot]
                WHEN v.came_by > 0 THEN movers[v.came_by]
                WHEN action = 'created' THEN NULL
                WHEN origin IS NULL AND action <> 'deleted' OR under[here[spot]] = 0 AND lies[here[spot]] IS NULL THEN nullif(here[spot], 0)
                ELSE exaudit_internal.who_goes(here[spot], under, lies, v.left_row) END;
            IF row_number IS NULL THEN -- one that nothing had been recorded of
                known := known + 1;
                row_number := known;
                under[known] := 0; at[known] := 0;
                IF v.came_by = 0 THEN
                    was[spot] := known;
                END IF;
            ELSIF origin IS NULL AND action <> 'deleted' THEN
                lies[row_number] := NULL;
            ELSIF here[spot] = row_number THEN
                here[spot] := under[row_number];
            ELSE
                above := here[spot];
                WHILE above > 0 AND under[above] <> row_number LOOP
                    above := under[above];
                END LOOP;
                IF above > 0 THEN
                    under[above] := under[row_number];
                END IF;
            END IF;
            IF origin IS NOT NULL OR action = 'deleted' THEN
                at[row_number] := 0;
            END IF;
            movers[v.number] := row_number;
        ELSE
            row_number := movers[v.number];
            IF action <> 'deleted' AND at[row_number] IS DISTINCT FROM place THEN
                under[row_number] := coalesce(here[place], 0);
                here[place] := row_number; at[row_number] := place;
            END IF;
            IF origin IS NOT NULL THEN
                lies[row_number] := v.new_row;
            END IF;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.tell_apart TO exaudit_reader;

-- The first id from which on rows can be told apart: nothing of the same transactions came before.
CREATE FUNCTION exaudit_internal.first_to_tell_apart(table_id integer, keys text[], first_id bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    since   bigint := exaudit_internal.first_of_key_changes(table_id, first_id);
    earlier bigint;
BEGIN
    WHILE since > 0 AND exaudit_internal.may_share_keys(table_id) LOOP
        SELECT min(o.id) INTO earlier
        FROM unnest(keys) AS k (key)
        CROSS JOIN LATERAL (
            SELECT v.transaction_id FROM exaudit.versions v
            WHERE v.table_id = first_to_tell_apart.table_id AND v.entity_id = k.key COLLATE "C" AND v.id < this.since ORDER BY v.id DESC LIMIT 1) AS l
        CROSS JOIN LATERAL (
            SELECT v.id, v.transaction_id FROM exaudit.versions v
            WHERE v.table_id = first_to_tell_apart.table_id AND v.entity_id = k.key COLLATE "C" AND v.id < this.since AND v.transaction_id = l.transaction_id
              AND EXISTS (SELECT FROM exaudit.versions n WHERE n.table_id = v.table_id AND n.entity_id = v.entity_id AND n.id >= this.since AND n.transaction_id = v.transaction_id)
            ORDER BY v.id LIMIT 1) AS o;
        EXIT WHEN earlier IS NULL;
        since := exaudit_internal.first_of_key_changes(table_id, earlier);
    END LOOP;
    RETURN since;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.first_to_tell_apart TO exaudit_reader;

-- The first id of the transactions that changed keys from an id on.
CREATE FUNCTION exaudit_internal.first_of_key_changes(table_id integer, first_id bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    earlier bigint;
BEGIN
    WHILE first_id > 0 LOOP
        SELECT min(o.id) INTO earlier
        FROM exaudit_internal.key_changes c
        JOIN exaudit_internal.key_changes o ON o.table_id = c.table_id AND o.transaction_id = c.transaction_id AND o.began = c.began
        WHERE c.table_id = first_of_key_changes.table_id AND c.id >= first_id AND o.id < first_id;
        EXIT WHEN earlier IS NULL;
        first_id := earlier;
    END LOOP;
    RETURN first_id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.first_of_key_changes TO exaudit_reader;

-- Every key that some are linked to by rewritten ones since an id, themselves among them.
CREATE FUNCTION exaudit_internal.linked_keys(table_id integer, keys text[], first_id bigint) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- nobody knows how many keys there are, and costs are estimated far too high
AS $$
DECLARE
    since bigint := exaudit_internal.first_to_tell_apart(table_id, keys, first_id);
BEGIN
    RETURN (
        WITH RECURSIVE linked (key) AS (
            SELECT u.key COLLATE "C" FROM unnest(keys) AS u (key)
            UNION
            SELECT moved.key
            FROM linked l
            CROSS JOIN LATERAL (
                SELECT c.previous_entity_id FROM exaudit_internal.key_changes c
                WHERE c.table_id = linked_keys.table_id AND c.entity_id = l.key AND c.id >= since
                UNION ALL
                SELECT c.entity_id FROM exaudit_internal.key_changes c
                WHERE c.table_id = linked_keys.table_id AND c.previous_entity_id = l.key AND c.id >= since) AS moved (key)
        )
        SELECT array_agg(l.key) FROM linked l);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.linked_keys TO exaudit_reader;

-- The versions of the rows that have had some keys or such as are linked with them, as tell_apart has them; none where no
-- row has changed its key to one of these or from one, and no two may have had one of them at once.
CREATE FUNCTION exaudit_internal.moved_versions(table_id integer, keys text[], first_id bigint,
                                       OUT row_number integer, OUT version_id bigint, OUT action exaudit.action, OUT entity_id text, OUT previous_entity_id text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- nobody knows how many keys there are, and costs are estimated far too high
AS $$
#variable_conflict use_column
DECLARE
    linked text[] := exaudit_internal.linked_keys(table_id, keys, first_id);
BEGIN
    IF cardinality(linked) > cardinality(keys) OR EXISTS (
        SELECT FROM exaudit_internal.key_changes c JOIN unnest(keys) AS k (key) ON k.key = c.entity_id WHERE c.table_id = moved_versions.table_id AND c.id >= first_id)
       OR exaudit_internal.shared_keys(table_id, keys, first_id) <> '{}'
    THEN
        RETURN QUERY SELECT a.row_number, a.version_id, a.action, linked[a.place], linked[a.origin] FROM exaudit_internal.tell_apart(table_id, linked, first_id, NULL) AS a;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.moved_versions TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

-- Rows as they were: a table as of an instant, the states of one row. They are walked back
-- to from the present rows. With the caller's rights, under the caller's snapshot.
--
-- A change counts from the start of its transaction, which is what recorded_at is. A row's
-- changes are taken in the order of their ids: one that follows a change that is not yet
-- made is not made either.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- After retention, what was before is not known any more.
CREATE FUNCTION exaudit.note_forgotten() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'exaudit.versions'::regclass OR TG_NAME <> 'note_forgotten' THEN
        PERFORM exaudit.refuse_trigger('note_forgotten', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    UPDATE exaudit.tables t
    SET complete_since = greatest(t.complete_since, f.until),
        complete_after = greatest(t.complete_after, f.last_id),
        forgotten_xid = greatest(t.forgotten_xid::text::bigint, f.last_xid)::text::xid8,
        forgotten_at = clock_timestamp()
    FROM (SELECT table_id, max(recorded_at) AS until, max(id) AS last_id, max(xid) AS last_xid
          FROM forgotten GROUP BY table_id) f
    WHERE t.id = f.table_id;
    UPDATE exaudit.periods p
    SET since = greatest(p.since, f.until),
        after_id = greatest(p.after_id, f.last_id),
        anchor_id = CASE WHEN f.last_id <= p.anchor_id THEN p.anchor_id END,
        forgotten_xid = greatest(p.forgotten_xid::text::bigint, f.last_xid)::text::xid8
    FROM (SELECT g.table_id, g.until AS ended, max(o.recorded_at) AS until, max(o.id) AS last_id, max(o.xid) AS last_xid
          FROM exaudit.periods g
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
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit.note_forgotten();
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER note_forgotten;

-- +goose StatementBegin
-- Do the values of a column mean something else in a later snapshot? Each is a column as present_columns has it; same
-- says that they are of one relation, so that numbers and oids may be compared.
CREATE FUNCTION exaudit.is_retyped(was jsonb, later jsonb, same boolean) RETURNS boolean
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

-- What the labels of an enum in a column are called now, by what they were called in a snapshot: renamed has this of the
-- later snapshot. Those that kept their names are missing.
CREATE FUNCTION exaudit.renamed_labels(was jsonb, later jsonb, same boolean, renamed jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(renamed, '{}') - coalesce(array_agg(o.value #>> '{}'), '{}')
           || coalesce(jsonb_object_agg(o.value #>> '{}', coalesce(renamed -> (l.label #>> '{}'), l.label))
                       FILTER (WHERE o.value <> coalesce(renamed -> (l.label #>> '{}'), l.label)), '{}')
    FROM pg_catalog.jsonb_each(was -> 'labels') AS e
    CROSS JOIN LATERAL pg_catalog.jsonb_each(e.value) AS o
    CROSS JOIN LATERAL (SELECT CASE WHEN same THEN coalesce(later -> 'labels' -> e.key -> o.key, o.value) ELSE o.value END AS label) AS l
$$;

-- What the columns of a table came to be called, by the snapshots of its columns, the newest
-- first: names has those that are called otherwise now, null where they are gone; retyped the
-- present names of those whose type has changed since; labels by the present names of columns the labels of enums that
-- are called otherwise now. ALTER TYPE does not wait for who uses the type: what was a label only in an earlier snapshot
-- is meant as it was then.
CREATE FUNCTION exaudit.column_epochs(table_id integer, relation oid,
                                      OUT since bigint, OUT names jsonb, OUT retyped text[], OUT labels jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    later          jsonb := exaudit.present_columns(relation);
    later_relation oid := relation;
    epochs         jsonb[] := '{}'; -- what is returned, and the columns
    snapshot       record;
BEGIN
    later := (SELECT jsonb_agg(c || pg_catalog.jsonb_build_object('present', c -> 'name'))
              FROM pg_catalog.jsonb_array_elements(later) AS c);
    retyped := '{}';
    FOR snapshot IN
        SELECT s.since, s.relation, s.columns FROM exaudit.column_snapshots s
        WHERE s.table_id = column_epochs.table_id ORDER BY s.since DESC
    LOOP
        -- a restore numbers columns anew; then the name tells
        SELECT jsonb_agg(c || pg_catalog.jsonb_build_object('present', l -> 'present')
                           || CASE WHEN c ? 'labels' THEN pg_catalog.jsonb_build_object(
                                  'renamed', exaudit.renamed_labels(c, l, snapshot.relation = later_relation, l -> 'renamed')) ELSE '{}' END),
               coalesce(jsonb_object_agg(c ->> 'name', l -> 'present')
                        FILTER (WHERE l -> 'present' IS DISTINCT FROM c -> 'name'), '{}'),
               retyped || coalesce(array_agg(l ->> 'present')
                                   FILTER (WHERE exaudit.is_retyped(c, l, snapshot.relation = later_relation)
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

-- A value of an enum, or an array of one, under the present names of its labels. An array that is no list is a text.
CREATE FUNCTION exaudit.relabeled(value jsonb, labels jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
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
           END
$$;

-- An image under the present names of its columns, without those that are gone, and of their labels.
CREATE FUNCTION exaudit.renamed(image jsonb, names jsonb, labels jsonb) RETURNS jsonb
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
                        WHEN labels ? coalesce(names ->> e.key, e.key) THEN exaudit.relabeled(e.value, labels -> coalesce(names ->> e.key, e.key))
                        ELSE e.value END), '{}')
        FROM pg_catalog.jsonb_each(image) e
        WHERE names -> e.key IS DISTINCT FROM 'null'
    );
END
$$;

-- Does the image note that it has a placeholder for a column's value: masked, or too large?
CREATE FUNCTION exaudit.is_placeholder(image jsonb, column_name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce((image OPERATOR(pg_catalog.->) '')
                    OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('masked', column_name))
                    OR (image OPERATOR(pg_catalog.->) '')
                       OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('oversized', column_name)), false)
$$;

-- Does a row hold what an update, or an insert, left in it? Columns that it lacks were added
-- or excluded since; of those in skipped, and of placeholders, nothing is known.
CREATE FUNCTION exaudit.holds(image jsonb, part jsonb, skipped text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT NOT EXISTS (
        SELECT FROM pg_catalog.jsonb_each(part) e
        WHERE e.key <> ''
          AND image ? e.key
          AND e.key <> ALL (skipped)
          -- as written: 1.0 is not 1.00
          AND ((image -> e.key)::text <> e.value::text
               OR coalesce((image -> '') ? e.key, false) <> coalesce((part -> '') ? e.key, false))
          AND NOT exaudit.is_placeholder(image, e.key)
          AND NOT exaudit.is_placeholder(part, e.key))
$$;

-- A row before a change: image is the row after it, NULL where there is none. possible is
-- false where the change cannot have led there.
CREATE FUNCTION exaudit.undone(image jsonb, action exaudit.action, before jsonb, after jsonb, skipped text[],
                               OUT possible boolean, OUT earlier jsonb)
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    notes jsonb;
BEGIN
    IF action = 'deleted' THEN
        possible := image IS NULL;
        earlier := before;
        RETURN;
    END IF;
    possible := image IS NOT NULL AND exaudit.holds(image, after, skipped);
    IF action = 'created' OR NOT possible THEN
        RETURN;
    ELSIF action = 'baseline' THEN
        earlier := image;
        RETURN;
    END IF;
    earlier := image || before;
    IF image ? '' OR after ? '' THEN
        -- what is noted of other columns stays
        SELECT jsonb_agg(n) INTO notes
        FROM pg_catalog.jsonb_array_elements(image -> '') AS n
        WHERE NOT before || after ? coalesce(n ->> 'masked', n ->> 'oversized', n #>> '{}');
        notes := coalesce(notes, '[]') || coalesce(before -> '', '[]');
        earlier := earlier - '' || CASE WHEN notes = '[]' THEN '{}' ELSE pg_catalog.jsonb_build_object('', notes) END;
    END IF;
END
$$;

-- Does a row that lay at a place lie at another one still? They are a transaction and a tid. An update that changed nothing
-- is not recorded, and puts the row further back as a rule: then nobody knows, as of another transaction.
CREATE FUNCTION exaudit.same_place(was text, now text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN pg_catalog.split_part(was, ' ', 1) OPERATOR(pg_catalog.<>) pg_catalog.split_part(now, ' ', 1) THEN NULL
                WHEN was OPERATOR(pg_catalog.=) now THEN true
                WHEN pg_catalog.split_part(now, ' ', 2)::pg_catalog.tid OPERATOR(pg_catalog.<) pg_catalog.split_part(was, ' ', 2)::pg_catalog.tid THEN false
           END
$$;

-- Which versions are of which row, where rows have changed their keys. This is the one place that says so; for rows
-- that kept their keys, all versions of a key follow each other.
--
-- A row comes to a key by being created, or by changing its key to it; it is there until it is deleted, or changes its
-- key again. Its versions are those under the keys that it had, while it had them. Key changes of one statement
-- happen at once: each row leaves its key, then each comes to its new one. Statements of a transaction follow each other
-- as they began, and other changes by their ids; a statement counts from the first id that it took. A change that finds
-- no row under its key, because a nested trigger recorded it before the change that led there, waits for that one.
--
-- Under a deferred constraint, several rows have a key for a while. Of these, where a row lay tells which one goes on;
-- where that is not known, the one that came first goes first.
--
-- Where a table was not tracked for a while, nobody knows which rows went on: they are other rows then.
--
-- keys must hold every key that one of them was rewritten to or from since first_id; see linked_keys. Versions after
-- last_id are left out. Numbers of rows begin with 1, places are those of keys; origin is that of the key before. Changes
-- of one step happened at once.
CREATE FUNCTION exaudit.tell_apart(table_id integer, keys text[], first_id bigint, last_id bigint,
                                   OUT row_number integer, OUT version_id bigint, OUT action exaudit.action,
                                   OUT place integer, OUT origin integer, OUT step integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    since         bigint := exaudit.first_of_key_changes(table_id, first_id);
    ends          bigint[] := ARRAY(SELECT p.last_id FROM exaudit.periods p WHERE p.table_id = tell_apart.table_id ORDER BY p.last_id);
    period        integer := 0; -- of ends, how many came before
    known         integer := 0; -- rows told apart
    here          integer[];    -- by places, the row that has come last; 0 if there is none any more, NULL if nothing is known
    beneath       integer[] := '{}'; -- rows that were there when it came, in the order of their coming
    beneath_place integer[] := '{}';
    lies          text[];       -- by rows, where they are known to lie, and in which transaction
    ids           bigint[];     -- of what waits
    actions       exaudit.action[];
    places        integer[];
    origins       integer[];
    lefts         text[];
    cames         text[];
    first_of      integer[];    -- by steps that wait
    last_of       integer[];
    xids          bigint[];
    n             integer := 0; -- changes that wait
    steps         integer := 0;
    open          integer := 0; -- steps of them that are not taken
    begins        boolean := true;
    must          boolean;
    ready         boolean;
    chosen        integer;
    spot          integer;
    found         integer;
    movers        integer[];
    v             record;
BEGIN
    step := 0;
    WHILE ends[period + 1] < since LOOP
        period := period + 1;
    END LOOP;
    -- the rows that are known to have been there before
    FOR v IN
        SELECT k.place::integer AS place, came.xid || ' ' || came.new_row::text AS lies
        FROM unnest(keys) WITH ORDINALITY AS k (entity_id, place)
        CROSS JOIN LATERAL (
            SELECT o.id, o.action FROM exaudit.versions o
            WHERE o.table_id = tell_apart.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id < this.since
              AND (this.period = 0 OR o.id > this.ends[this.period])
            ORDER BY o.id DESC LIMIT 1) AS o
        LEFT JOIN exaudit.key_changes came ON came.table_id = tell_apart.table_id AND came.id = o.id
        LEFT JOIN LATERAL (
            SELECT c.id, c.xid, c.began, c.command FROM exaudit.key_changes c
            WHERE c.table_id = tell_apart.table_id AND c.previous_entity_id = k.entity_id COLLATE "C" AND c.id < this.since
            ORDER BY c.id DESC LIMIT 1) AS left_at ON true
        WHERE o.action <> 'deleted'
          AND (left_at.id IS NULL OR left_at.id < o.id OR (left_at.xid, left_at.began, left_at.command) = (came.xid, came.began, came.command))
    LOOP
        known := known + 1;
        here[v.place] := known;
        lies[known] := v.lies;
    END LOOP;
    FOR v IN
        WITH statements AS MATERIALIZED (
            SELECT c.id, c.xid, c.began, c.command, c.previous_entity_id, c.old_row, c.new_row,
                   min(c.id) OVER (PARTITION BY c.xid, c.began, c.command) AS start
            FROM exaudit.key_changes c
            WHERE c.table_id = tell_apart.table_id AND c.id >= this.since AND (tell_apart.last_id IS NULL OR c.id <= tell_apart.last_id)
              AND EXISTS (SELECT FROM unnest(keys) AS k (key) WHERE k.key = c.entity_id)
        ), changes AS MATERIALIZED (
            SELECT s.*, CASE WHEN s.command IS NULL THEN s.id
                             ELSE min(s.start) FILTER (WHERE s.command IS NOT NULL)
                                  OVER (PARTITION BY s.xid, s.began ORDER BY s.command DESC NULLS LAST RANGE UNBOUNDED PRECEDING)
                        END AS position
            FROM statements s
        )
        SELECT o.*, lead(o.position) OVER w IS DISTINCT FROM o.position OR lead(o.command) OVER w IS DISTINCT FROM o.command AS ends
        FROM (
            SELECT o.id, o.xid, o.action, k.place::integer AS place, p.place::integer AS origin, coalesce(c.position, o.id) AS position, c.command,
                   o.xid || ' ' || c.old_row::text AS left_row, o.xid || ' ' || c.new_row::text AS new_row
            FROM unnest(keys) WITH ORDINALITY AS k (entity_id, place)
            -- by the index, whatever is known of the table's size
            CROSS JOIN LATERAL (
                SELECT o.id, o.xid, o.action FROM exaudit.versions o
                WHERE o.table_id = tell_apart.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id >= this.since
                  AND (tell_apart.last_id IS NULL OR o.id <= tell_apart.last_id) OFFSET 0) AS o
            LEFT JOIN changes c ON c.id = o.id
            LEFT JOIN unnest(keys) WITH ORDINALITY AS p (entity_id, place) ON p.entity_id = c.previous_entity_id
            UNION ALL
            SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL -- the end
        ) AS o
        WINDOW w AS (ORDER BY o.position NULLS LAST, o.command, o.id)
        ORDER BY o.position NULLS LAST, o.command, o.id
    LOOP
        -- at the end, and before another transaction's change of the same keys, nothing may wait any more
        must := open > 0 AND begins AND (v.id IS NULL OR coalesce(v.id > ends[period + 1], false) OR EXISTS (
            SELECT FROM generate_series(1, n) AS i
            JOIN generate_series(1, steps) AS s ON i BETWEEN first_of[s] AND last_of[s] AND xids[s] <> v.xid
            WHERE places[i] IN (v.place, v.origin) OR origins[i] IN (v.place, v.origin)));
        begins := v.ends;
        FOR turn IN 1 .. 2 LOOP
            CONTINUE WHEN turn = 1 AND NOT must;
            IF turn = 2 THEN
                EXIT WHEN v.id IS NULL;
                WHILE v.id > ends[period + 1] LOOP
                    period := period + 1;
                    here := NULL; beneath := '{}'; beneath_place := '{}';
                END LOOP;
                n := n + 1;
                ids[n] := v.id; actions[n] := v.action; places[n] := v.place; origins[n] := v.origin;
                lefts[n] := v.left_row; cames[n] := v.new_row;
                IF steps = 0 OR xids[steps] IS NULL OR last_of[steps] IS NOT NULL THEN
                    steps := steps + 1; open := open + 1;
                    first_of[steps] := n; last_of[steps] := NULL; xids[steps] := v.xid;
                END IF;
                EXIT WHEN NOT v.ends;
                last_of[steps] := n;
            END IF;
            WHILE open > 0 LOOP
                -- the oldest that finds its rows; if it must be, the oldest
                chosen := NULL;
                FOR s IN 1 .. steps LOOP
                    CONTINUE WHEN xids[s] IS NULL;
                    ready := true;
                    FOR i IN first_of[s] .. last_of[s] LOOP
                        IF actions[i] <> 'created' AND here[coalesce(origins[i], places[i])] = 0 THEN
                            ready := false;
                            EXIT;
                        END IF;
                    END LOOP;
                    IF ready OR turn = 1 AND chosen IS NULL THEN
                        chosen := s;
                        EXIT WHEN ready;
                    END IF;
                END LOOP;
                EXIT WHEN chosen IS NULL;
                step := step + 1;
                -- who goes
                FOR i IN first_of[chosen] .. last_of[chosen] LOOP
                    row_number := NULL;
                    IF origins[i] IS NOT NULL OR actions[i] = 'deleted' THEN
                        place := coalesce(origins[i], places[i]);
                        spot := NULL;
                        IF cardinality(beneath) > 0 THEN
                            SELECT min(b.i) FILTER (WHERE exaudit.same_place(lies[beneath[b.i]], lefts[i])),
                                   min(b.i) FILTER (WHERE exaudit.same_place(lies[beneath[b.i]], lefts[i]) IS NOT FALSE)
                            INTO found, spot
                            FROM generate_subscripts(beneath, 1) AS b (i) WHERE beneath_place[b.i] = place;
                            IF found IS NOT NULL THEN
                                spot := found;
                            ELSIF exaudit.same_place(lies[here[place]], lefts[i]) THEN
                                spot := NULL;
                            END IF;
                        END IF;
                        IF spot IS NOT NULL THEN
                            row_number := beneath[spot];
                            beneath := beneath[:spot - 1] || beneath[spot + 1:];
                            beneath_place := beneath_place[:spot - 1] || beneath_place[spot + 1:];
                        ELSIF here[place] > 0 AND exaudit.same_place(lies[here[place]], lefts[i]) IS NOT FALSE THEN
                            row_number := here[place];
                            here[place] := 0;
                            IF place = ANY (beneath_place) THEN
                                SELECT max(b.i) INTO spot FROM generate_subscripts(beneath, 1) AS b (i) WHERE beneath_place[b.i] = place;
                                here[place] := beneath[spot];
                                beneath := beneath[:spot - 1] || beneath[spot + 1:];
                                beneath_place := beneath_place[:spot - 1] || beneath_place[spot + 1:];
                            END IF;
                        ELSE -- one that nothing had been recorded of
                            known := known + 1;
                            row_number := known;
                            here[place] := coalesce(here[place], 0);
                        END IF;
                    ELSIF actions[i] <> 'created' THEN
                        row_number := nullif(here[places[i]], 0);
                        IF row_number IS NOT NULL THEN
                            lies[row_number] := NULL;
                        END IF;
                    END IF;
                    IF row_number IS NULL THEN
                        known := known + 1;
                        row_number := known;
                    END IF;
                    movers[i] := row_number;
                END LOOP;
                -- who comes
                FOR i IN first_of[chosen] .. last_of[chosen] LOOP
                    row_number := movers[i]; version_id := ids[i]; action := actions[i]; place := places[i]; origin := origins[i];
                    IF action <> 'deleted' AND here[place] IS DISTINCT FROM row_number THEN
                        IF here[place] > 0 THEN
                            beneath := beneath || here[place];
                            beneath_place := beneath_place || place;
                        END IF;
                        here[place] := row_number;
                    END IF;
                    IF origin IS NOT NULL THEN
                        lies[row_number] := cames[i];
                    END IF;
                    RETURN NEXT;
                END LOOP;
                xids[chosen] := NULL;
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

-- Walks back through the versions of some rows, from the present ones to before some of their versions, and returns the
-- rows as they were then: of those that there were none, nothing. A row has the key now that keys have in its place, or
-- NULL where it is gone. Undone are its versions under this key from its first_id on; of rows that have changed their
-- keys, it is NULL, and those that are listed: in the order of tell_apart, by the row's place. Traced, it returns the
-- states of the rows instead, each with the version that led there, the newest first. Up to a last_id, it begins
-- with the rows that were recorded when the table was uninstalled.
--
-- Inside a transaction, ids of a row's versions may be the wrong way round, where a nested trigger recorded the later
-- change first. What cannot be undone yet waits. Of a row whose versions do not fit together, the problem is returned.
CREATE FUNCTION exaudit.rewind(table_id integer, relation regclass, keys text[], first_ids bigint[],
                               listed integer[], listed_ids bigint[], listed_keys text[], traced boolean, last_id bigint,
                               OUT version_id bigint, OUT image jsonb, OUT problem jsonb) RETURNS SETOF record
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
    -- one row by its primary key, many by reading the table once; keys that are equal need not be the same
    row_query text :=
        'SELECT o.place::integer AS place, exaudit.redact(e.image, $4, $5) AS image '
        'FROM unnest($2) WITH ORDINALITY AS o (entity_id, place) ' ||
        CASE WHEN cardinality(keys) > 10 THEN pg_catalog.format(
                 'CROSS JOIN LATERAL (SELECT exaudit.encode_with($3, t.*) AS image FROM %s AS t WHERE %s = o.entity_id COLLATE "C") AS e',
                 exaudit.target(relation), exaudit.entity_id_expression(relation, 't'))
             ELSE pg_catalog.format(
                 'CROSS JOIN LATERAL exaudit.key_record($1, exaudit.key_image($1, o.entity_id)) AS r (%s) '
                 'CROSS JOIN LATERAL (SELECT exaudit.encode_with($3, t.*) AS image FROM %s AS t, (SELECT r.*) AS k WHERE %s AND %s = o.entity_id COLLATE "C") AS e '
                 'WHERE o.entity_id IS NOT NULL',
                 exaudit.key_definition(relation), exaudit.target(relation), exaudit.key_condition(relation),
                 exaudit.entity_id_expression(relation, 't'))
        END;
    epochs   jsonb[] := ARRAY(SELECT pg_catalog.to_jsonb(e) FROM exaudit.column_epochs(table_id, relation) e);
    epoch    integer := 1;
    periods  exaudit.periods[] := ARRAY(SELECT p FROM exaudit.periods p WHERE p.table_id = rewind.table_id AND p.last_id IS NOT NULL ORDER BY p.last_id);
    period   integer; -- of the version; beyond periods is the present one
    before   integer; -- of the version before it
    states   jsonb[] := pg_catalog.array_fill(NULL::jsonb, ARRAY[cardinality(keys)]); -- as the keys are placed
    problems jsonb[] := '{}';
    chain    integer;
    broken   integer; -- the chain that has a problem
    xid      bigint;
    waiting  jsonb[] := '{}';
    n        integer := 0; -- how many wait
    progress boolean;
    chosen   integer;
    u        record;
    v        record;
BEGIN
    IF last_id IS NULL THEN
        FOR v IN EXECUTE row_query USING relation, keys, exaudit.encode_query(relation),
                                         exaudit.option_columns(table_id, relation, 'exclude'), exaudit.option_columns(table_id, relation, 'mask')
        LOOP
            states[v.place] := v.image;
        END LOOP;
    END IF;
    FOR v IN
        SELECT k.chain::integer AS chain, o.id, o.xid, o.action, o.entity_id, o.before, o.after, o.id AS position
        FROM ROWS FROM (unnest(keys), unnest(first_ids)) WITH ORDINALITY AS k (entity_id, first_id, chain)
        -- by the index, whatever is known of the table's size
        CROSS JOIN LATERAL (
            SELECT o.id, o.xid, o.action, o.entity_id, o.before, o.after FROM exaudit.versions o
            WHERE o.table_id = rewind.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id >= k.first_id
              AND (rewind.last_id IS NULL OR o.id <= rewind.last_id) OFFSET 0) AS o
        UNION ALL
        SELECT l.chain, o.id, o.xid, o.action, o.entity_id, o.before, o.after, l.position
        FROM ROWS FROM (unnest(listed), unnest(listed_ids), unnest(listed_keys)) WITH ORDINALITY AS l (chain, id, entity_id, position)
        CROSS JOIN LATERAL (
            SELECT o.id, o.xid, o.action, o.entity_id, o.before, o.after FROM exaudit.versions o
            WHERE o.table_id = rewind.table_id AND o.entity_id = l.entity_id COLLATE "C" AND o.id = l.id OFFSET 0) AS o
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL -- the end
        ORDER BY chain NULLS LAST, position DESC
    LOOP
        before := CASE WHEN v.chain = chain THEN period ELSE cardinality(periods) + 1 END;
        period := cardinality(periods) + 1;
        WHILE period > 1 AND v.id <= (periods[period - 1]).last_id LOOP
            period := period - 1;
        END LOOP;
        -- another row's change, or one of another transaction: nothing may wait any more
        IF n > 0 AND (v.chain IS DISTINCT FROM chain OR v.xid <> xid OR period <> before) THEN
            broken := chain;
            states[chain] := NULL;
            problems := problems || pg_catalog.jsonb_build_object(
                'key', waiting[n] ->> 'entity_id', 'version', waiting[n] -> 'id',
                'message', pg_catalog.format('the history of %s %s does not fit together at version %s', relation, waiting[n] ->> 'entity_id', waiting[n] ->> 'id'),
                'hint', CASE WHEN chain = ANY (listed)
                             THEN 'Something was changed without being recorded, or several rows had one key until the end of a transaction: "exaudit history" shows what.'
                             ELSE 'Something was changed without being recorded: "exaudit history" shows what.' END);
            waiting := '{}';
            n := 0;
        END IF;
        EXIT WHEN v.id IS NULL;
        chain := v.chain;
        xid := v.xid;
        CONTINUE WHEN chain = broken;
        WHILE epoch > 1 AND (epochs[epoch - 1] ->> 'since')::bigint < v.id LOOP
            epoch := epoch - 1;
        END LOOP;
        WHILE epoch < cardinality(epochs) AND (epochs[epoch] ->> 'since')::bigint >= v.id LOOP
            epoch := epoch + 1;
        END LOOP;
        IF period < before THEN -- what became of the row since is not known
            states[chain] := CASE WHEN v.action = 'baseline' AND v.id > (periods[period]).anchor_id
                                  THEN exaudit.renamed(v.after, epochs[epoch] -> 'names', epochs[epoch] -> 'labels') END;
        END IF;
        n := n + 1;
        waiting[n] := pg_catalog.jsonb_build_object(
            'id', v.id, 'action', v.action, 'entity_id', v.entity_id, 'before', exaudit.renamed(v.before, epochs[epoch] -> 'names', epochs[epoch] -> 'labels'),
            'after', exaudit.renamed(v.after, epochs[epoch] -> 'names', epochs[epoch] -> 'labels'), 'retyped', epochs[epoch] -> 'retyped');
        progress := false;
        WHILE n > 0 LOOP
            chosen := NULL;
            FOR i IN REVERSE n .. 1 LOOP
                CONTINUE WHEN waiting[i] IS NULL;
                u := exaudit.undone(states[chain], (waiting[i] ->> 'action')::exaudit.action,
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

-- Raises for what exaudit.rewind and exaudit.legible say of a row.
CREATE FUNCTION exaudit.raise_problem(problem jsonb) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '%', problem ->> 'message'
        USING ERRCODE = coalesce(problem ->> 'code', 'data_exception'), HINT = coalesce(problem ->> 'hint', '');
END
$$;

-- The table that a row type is of, with what its history needs: it must be or have been tracked, and the
-- caller must see all of it.
CREATE FUNCTION exaudit.known_table(row_type oid, OUT table_id integer, OUT relation regclass)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT t.id, c.oid::regclass INTO table_id, relation
    FROM pg_catalog.pg_class c
    JOIN exaudit.relations r ON r.relation = c.oid
    JOIN exaudit.tables t ON t.id = r.table_id
    WHERE c.reltype = known_table.row_type
    ORDER BY t.tracked DESC
    LIMIT 1;
    IF known_table.table_id IS NULL THEN
        RAISE EXCEPTION '% is not the row type of a tracked table', row_type::regtype
            USING ERRCODE = 'undefined_table', HINT = 'Name it as in NULL::public.orders; "exaudit install" tracks a table.';
    ELSIF NOT EXISTS (SELECT FROM exaudit.readable_tables() AS id WHERE id = known_table.table_id) THEN
        RAISE EXCEPTION 'permission denied for the history of %', known_table.relation
            USING ERRCODE = 'insufficient_privilege', HINT = 'It takes SELECT on the whole table, without row security.';
    END IF;
END
$$;

-- Raises where rows of a table may have changed, or change, without a version, so that nobody knows what they were:
-- unless exaudit.unseen is on, with which what was not recorded is taken to be as it is now.
CREATE FUNCTION exaudit.check_sight(table_id integer, relation regclass) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    options jsonb := (SELECT t.options FROM exaudit.tables t WHERE t.id = check_sight.table_id);
    reason  text := CASE WHEN NOT exaudit.is_watched(table_id, relation) THEN 'its triggers are disabled or missing'
                         WHEN options ? 'where' THEN 'its option "where" leaves changes out'
                         WHEN options ? 'ignore' THEN 'its option "ignore" lets sessions leave changes out'
                         WHEN options ->> 'truncate' = 'ignore' THEN 'its option "truncate: ignore" leaves changes out' END;
BEGIN
    IF reason IS NOT NULL AND coalesce(pg_catalog.current_setting('exaudit.unseen', true), '') <> 'on' THEN
        RAISE EXCEPTION 'nobody knows what % was: %', relation, reason
            USING ERRCODE = 'XA014',
                  HINT = 'With SET exaudit.unseen = ''on'', what is not recorded is taken to be as it is now.';
    END IF;
END
$$;

-- Images as their table is today. A column that one lacks was added later: it holds what the column was filled with,
-- where that is known without calling anything, a constant. What is not recorded, excluded, masked or too large, is missing.
CREATE FUNCTION exaudit.filled_images(table_id integer, relation regclass, images jsonb[]) RETURNS jsonb[]
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
    hidden text[] := exaudit.option_columns(table_id, relation, 'exclude') || exaudit.option_columns(table_id, relation, 'mask');
    added  jsonb := '{}';
    filled text;
    col    record;
BEGIN
    FOR col IN
        SELECT c.name, c.encoding, a.attnotnull,
               -- as it is kept for the rows that were there
               CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END AS kept,
               pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM exaudit.table_columns c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.relation AND d.adnum = c.number
        WHERE c.relation = filled_images.relation AND NOT c.generated AND c.name <> ALL (hidden)
    LOOP
        filled := col.kept;
        IF filled IS NULL AND col.attnotnull THEN
            filled := exaudit.constant_text(col.expression);
        END IF;
        IF filled IS NOT NULL THEN
            added := added || pg_catalog.jsonb_build_object(
                col.name, CASE col.encoding WHEN 'jsonb' THEN filled::jsonb ELSE pg_catalog.to_jsonb(filled) END);
        END IF;
    END LOOP;
    RETURN ARRAY(SELECT added || exaudit.without_placeholders(i.image)
                 FROM unnest(images) WITH ORDINALITY AS i (image, place) ORDER BY i.place);
END
$$;

-- The text of a default that is a constant, without evaluating it: its type's owner may have written a cast or a CHECK.
-- NULL where it is something else.
CREATE FUNCTION exaudit.constant_text(expression text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN c.match[1] ^@ 'E' THEN replace(replace(substr(c.match[1], 3, length(c.match[1]) - 3), '''''', ''''), E'\\\\', E'\\')
                WHEN c.match[1] ^@ '''' THEN replace(substr(c.match[1], 2, length(c.match[1]) - 2), '''''', '''')
                ELSE c.match[1] END
    FROM regexp_match(expression, E'^(E?''(?:[^'']|'''')*''|-?[0-9]+(?:\\.[0-9]+)?|true|false)(?:::[^'']*)?$') AS c (match)
$$;

-- An image without placeholders.
CREATE FUNCTION exaudit.without_placeholders(image jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT image - coalesce((SELECT array_agg(coalesce(n ->> 'masked', n ->> 'oversized'))
                             FROM pg_catalog.jsonb_array_elements(image -> '') AS n
                             WHERE pg_catalog.jsonb_typeof(n) = 'object'), '{}')
$$;

-- The first id of the transactions that changed keys from an id on.
CREATE FUNCTION exaudit.first_of_key_changes(table_id integer, first_id bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    earlier bigint;
BEGIN
    WHILE first_id > 0 LOOP
        SELECT min(o.id) INTO earlier
        FROM exaudit.key_changes c
        JOIN exaudit.key_changes o ON o.table_id = c.table_id AND o.xid = c.xid AND o.began = c.began
        WHERE c.table_id = first_of_key_changes.table_id AND c.id >= first_id AND o.id < first_id;
        EXIT WHEN earlier IS NULL;
        first_id := earlier;
    END LOOP;
    RETURN first_id;
END
$$;

-- Every key that some are linked to by rewritten ones since an id, themselves among them.
CREATE FUNCTION exaudit.linked_keys(table_id integer, keys text[], first_id bigint) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since bigint := exaudit.first_of_key_changes(table_id, first_id);
BEGIN
    RETURN (
        WITH RECURSIVE linked (key) AS (
            SELECT u.key COLLATE "C" FROM unnest(keys) AS u (key)
            UNION
            SELECT moved.key
            FROM linked l
            CROSS JOIN LATERAL (
                SELECT c.previous_entity_id FROM exaudit.key_changes c
                WHERE c.table_id = linked_keys.table_id AND c.entity_id = l.key AND c.id >= since
                UNION ALL
                SELECT c.entity_id FROM exaudit.key_changes c
                WHERE c.table_id = linked_keys.table_id AND c.previous_entity_id = l.key AND c.id >= since) AS moved (key)
        )
        SELECT array_agg(l.key) FROM linked l);
END
$$;

-- The versions of the rows that have had some keys or such as are linked with them, as tell_apart has them; none where no
-- row has changed its key to one of these or from one.
CREATE FUNCTION exaudit.moved_versions(table_id integer, keys text[], first_id bigint, 
                                       OUT row_number integer, OUT version_id bigint, OUT action exaudit.action, OUT entity_id text, OUT previous_entity_id text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    linked text[] := exaudit.linked_keys(table_id, keys, first_id);
BEGIN
    IF cardinality(linked) > cardinality(keys) OR EXISTS (
        SELECT FROM exaudit.key_changes c JOIN unnest(keys) AS k (key) ON k.key = c.entity_id WHERE c.table_id = moved_versions.table_id AND c.id >= first_id)
    THEN
        RETURN QUERY SELECT a.row_number, a.version_id, a.action, linked[a.place], linked[a.origin] FROM exaudit.tell_apart(table_id, linked, first_id, NULL) AS a;
    END IF;
END
$$;

-- The rows that have had some keys, which are linked with no other, where each key has the id from which on its versions
-- are undone, NULL if none. What follows an undone change is undone as well: of the same row, and of a row that came to a
-- key which another had left by it. present has the key that each row has now, NULL where it is gone; the versions that
-- are undone are those of rewind. Keys that none of the rows has have a place of their own.
CREATE FUNCTION exaudit.moved_since(table_id integer, keys text[], first_ids bigint[], first_id bigint, last_id bigint,
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
    holder  integer[];   -- by places, the row that has come last, if it is there still
    n       integer := 0;
    first   integer := 1;
    last    integer;
    more    boolean;
BEGIN
    SELECT array_agg(a.row_number), array_agg(a.version_id), array_agg(a.action), array_agg(a.place), array_agg(a.origin), array_agg(a.step), coalesce(max(a.row_number), 0)
    INTO rows, ids, actions, places, origins, steps, n
    FROM exaudit.tell_apart(table_id, keys, first_id, last_id) AS a;
    present := pg_catalog.array_fill(NULL::text, ARRAY[n]);
    listed := '{}';
    WHILE first <= coalesce(cardinality(ids), 0) LOOP
        last := first;
        WHILE steps[last + 1] = steps[first] LOOP
            last := last + 1;
        END LOOP;
        LOOP
            more := false;
            FOR i IN first .. last LOOP
                IF marked[i] IS NOT TRUE
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
            IF holder[coalesce(origins[i], places[i])] = rows[i] THEN
                holder[coalesce(origins[i], places[i])] := NULL;
            END IF;
        END LOOP;
        FOR i IN first .. last LOOP
            IF actions[i] <> 'deleted' THEN
                holder[places[i]] := rows[i];
            END IF;
        END LOOP;
        first := last + 1;
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

-- Which of the images of some rows can be rows of their table as it is now, and the problems of the others: a type that
-- has changed since may not read what was recorded.
CREATE FUNCTION exaudit.legible(relation regclass, INOUT images jsonb[], plain boolean, OUT problems jsonb[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query    text := pg_catalog.format('SELECT FROM exaudit.rows_of($1, ARRAY[$2], $3) AS r (%s)',
                                       exaudit.row_definition(exaudit.row_type(relation), plain));
    readable jsonb[] := '{}';
    image    jsonb;
BEGIN
    problems := '{}';
    FOREACH image IN ARRAY images LOOP
        BEGIN
            EXECUTE query USING relation, image, plain;
            readable := readable || image;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR syntax_error_or_access_rule_violation OR raise_exception THEN
            problems := problems || pg_catalog.jsonb_build_object(
                'key', exaudit.entity_id_of(relation, image), 'code', 'XA016',
                'message', pg_catalog.format('what was recorded of %s %s cannot be read as the table is now: %s',
                                             relation, exaudit.entity_id_of(relation, image), SQLERRM),
                'hint', '"exaudit history" shows it as it was recorded.');
        END;
    END LOOP;
    images := readable;
END
$$;

-- The rows of a table before some changes: of each key that was changed, the first id that is
-- undone, and with it all that follow, up to a last one where the table was uninstalled then. Of one key, linked has all
-- that it is linked to. They are records of row_definition's columns, or where the form is 'images' of image_definition's.
--
-- Of a row whose versions do not fit together, or cannot be read, nobody knows what it was. Typed, that is an error,
-- or with exaudit.misfits = 'skip' a warning; other forms have one more column, in which such a row has its problem, and
-- nothing in the others.
CREATE FUNCTION exaudit.rows_before(table_id integer, relation regclass, keys text[], first_ids bigint[], last_id bigint,
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
    columns  text := exaudit.row_definition(exaudit.row_type(relation), form = 'plain');
    problem  jsonb;
    gone     text; -- the query for the rows that were rebuilt
    present  text := exaudit.present_row(table_id, relation, form) || CASE WHEN form = 'typed' THEN '' ELSE ', NULL::text' END;
    query    text := exaudit.encode_query(relation);
BEGIN
    -- rows whose keys were rewritten since
    moved := ARRAY(SELECT c.entity_id FROM exaudit.key_changes c
                   WHERE c.table_id = rows_before.table_id AND c.id >= first AND (linked IS NULL OR c.entity_id = ANY (linked))
                   UNION
                   SELECT c.previous_entity_id FROM exaudit.key_changes c
                   WHERE c.table_id = rows_before.table_id AND c.id >= first AND (linked IS NULL OR c.previous_entity_id = ANY (linked)));
    IF moved <> '{}' THEN
        moved := exaudit.linked_keys(table_id, moved, first); -- of the same transactions
    END IF;
    rewound := exaudit.moved_since(table_id, moved, ARRAY(SELECT u.first_id FROM unnest(moved) WITH ORDINALITY AS m (key, place)
                                                          LEFT JOIN ROWS FROM (unnest(keys), unnest(first_ids)) AS u (entity_id, first_id) ON u.entity_id = m.key
                                                          ORDER BY m.place), first, last_id);
    -- the rows that kept theirs
    SELECT coalesce(array_agg(u.entity_id), '{}'), coalesce(array_agg(u.first_id), '{}') INTO changed, starts
    FROM ROWS FROM (unnest(keys), unnest(first_ids)) AS u (entity_id, first_id)
    WHERE NOT EXISTS (SELECT FROM unnest(moved) AS m (key) WHERE m.key = u.entity_id);
    SELECT coalesce(array_agg(r.image) FILTER (WHERE r.problem IS NULL AND (key IS NULL OR exaudit.entity_id_of(relation, r.image) = key)), '{}'),
           coalesce(array_agg(r.problem) FILTER (WHERE r.problem IS NOT NULL), '{}')
    INTO images, problems
    FROM exaudit.rewind(table_id, relation, rewound.present || changed,
                        pg_catalog.array_fill(NULL::bigint, ARRAY[cardinality(rewound.present)]) || starts,
                        rewound.listed, rewound.listed_ids, rewound.listed_keys, false, last_id) AS r;
    changed := changed || moved;
    IF moved <> '{}' THEN
        twice := ARRAY(SELECT r.key FROM (SELECT exaudit.entity_id_of(relation, i.image) AS key FROM unnest(images) AS i (image)) AS r
                       GROUP BY r.key HAVING count(*) > 1);
        IF twice <> '{}' THEN
            images := ARRAY(SELECT i.image FROM unnest(images) AS i (image) WHERE exaudit.entity_id_of(relation, i.image) <> ALL (twice));
            problems := problems || ARRAY(SELECT pg_catalog.jsonb_build_object(
                'key', t.key, 'message', pg_catalog.format('the history of %s %s does not fit together: there would have been two rows', relation, t.key),
                'hint', 'Something was changed without being recorded: "exaudit history" shows what.') FROM unnest(twice) AS t (key));
        END IF;
    END IF;
    images := exaudit.filled_images(table_id, relation, images);
    gone := CASE form
        WHEN 'images' THEN pg_catalog.format(
            'SELECT i.image, k.*, NULL::pg_catalog.text FROM exaudit.present_images($1, $2) AS i (image) '
            'CROSS JOIN LATERAL exaudit.key_record($1, i.image) AS k (%s)', exaudit.key_definition(relation))
        WHEN 'plain' THEN pg_catalog.format('SELECT r.*, NULL::pg_catalog.text FROM exaudit.rows_of($1, $2, $3) AS r (%s)', columns)
        ELSE pg_catalog.format('SELECT r.* FROM exaudit.rows_of($1, $2, $3) AS r (%s)', columns) END;
    BEGIN
        RETURN QUERY EXECUTE gone USING relation, images, plain; -- all rows, or none
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR syntax_error_or_access_rule_violation OR raise_exception THEN
        legible := exaudit.legible(relation, images, form <> 'typed');
        RETURN QUERY EXECUTE gone USING relation, legible.images, plain;
        problems := problems || legible.problems;
    END;
    IF form <> 'typed' THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s, p.problem::pg_catalog.text FROM unnest($1) AS p (problem)',
            CASE form
                WHEN 'images' THEN 'NULL::pg_catalog.jsonb' || (SELECT string_agg(', NULL::' || exaudit.type_name(k.type, k.modifier), '' ORDER BY k.place)
                                                                FROM exaudit.key_types(relation) AS k)
                ELSE (SELECT string_agg('NULL::' || exaudit.type_name(c.type, c.modifier), ', ' ORDER BY c.number)
                      FROM exaudit.row_columns(exaudit.row_type(relation), true) AS c) END)
        USING problems;
    ELSE
        FOREACH problem IN ARRAY problems LOOP
            IF coalesce(pg_catalog.current_setting('exaudit.misfits', true), '') = 'skip' THEN
                RAISE WARNING '%', problem ->> 'message' USING DETAIL = 'The row is left out.';
            ELSE
                PERFORM exaudit.raise_problem(problem || E'{"hint": "With SET exaudit.misfits = ''skip'', such rows are left out. \\"exaudit history\\" shows what was recorded."}');
            END IF;
        END LOOP;
    END IF;

    IF last_id IS NOT NULL THEN
        RETURN; -- every row has been rebuilt
    ELSIF key IS NULL THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t WHERE NOT EXISTS (SELECT FROM unnest($1) AS c (entity_id) WHERE c.entity_id COLLATE "C" = %s)',
            present, exaudit.target(relation), exaudit.entity_id_expression(relation, 't'))
        USING changed, query;
    ELSIF (key = ANY (changed)) IS NOT TRUE THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t, exaudit.key_record($3, exaudit.key_image($3, $4)) AS k (%s) WHERE %s',
            present, exaudit.target(relation), exaudit.key_definition(relation), exaudit.key_condition(relation))
        USING changed, query, relation, key;
    END IF;
END
$$;

-- A column of a row t under another type that is as plain, or its own. No cast is asked that its owner wrote, as one of
-- arrays of a domain may be: only a domain's own to the type beneath it is PostgreSQL's.
CREATE FUNCTION exaudit.plain_value(own_type oid, plain_type oid, modifier integer, name text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_catalog.format(CASE WHEN plain_type = own_type THEN 't.%1$I'
                                  WHEN plain_type = exaudit.base_type(own_type) THEN 't.%1$I::%2$s'
                                  ELSE 'exaudit.text_value(t.%1$I)::%2$s' END, name, exaudit.type_name(plain_type, modifier))
$$;

-- What rows_before selects of a row t that nothing has changed; $2 is the table's encode_query.
CREATE FUNCTION exaudit.present_row(table_id integer, relation regclass, form text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hidden   text[] := exaudit.option_columns(table_id, relation, 'exclude') || exaudit.option_columns(table_id, relation, 'mask');
    row_type oid := exaudit.row_type(relation);
BEGIN
    IF form = 'images' THEN
        RETURN (SELECT 'exaudit.encode_with($2, t.*)' || string_agg(', ' || exaudit.plain_value(a.atttypid, k.type, k.modifier, k.name), '' ORDER BY k.place)
                FROM exaudit.key_types(present_row.relation) AS k
                JOIN pg_catalog.pg_attribute a ON a.attrelid = present_row.relation AND a.attname = k.name);
    END IF;
    RETURN (SELECT string_agg(CASE WHEN c.name = ANY (hidden) THEN 'NULL::' || exaudit.type_name(c.type, c.modifier)
                                   ELSE exaudit.plain_value(a.atttypid, c.type, c.modifier, c.name) END, ', ' ORDER BY c.number)
            FROM exaudit.row_columns(row_type, form = 'plain') AS c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = relation AND a.attnum = c.number);
END
$$;

-- The images of rows that are gone as their table would have them today, each with every column.
CREATE FUNCTION exaudit.present_images(relation regclass, images jsonb[]) RETURNS SETOF jsonb
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
    EXECUTE pg_catalog.format('SELECT ARRAY(SELECT %s FROM exaudit.rows_of($1, $2, true) AS r (%s))', exaudit.image_expression(relation, 'r'),
                              exaudit.row_definition(exaudit.row_type(relation), true))
    INTO made USING relation, images;
    RETURN QUERY SELECT * FROM unnest(made);
END
$$;

-- The times in which a table had the same primary key, oldest first: from the versions after after_id to until_id, NULL
-- of the present one. Columns may be renamed, and given a type that writes the same.
CREATE FUNCTION exaudit.key_periods(table_id integer, relation oid, OUT after_id bigint, OUT until_id bigint, OUT columns text[])
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
        SELECT x.since, x.relation, k.numbers, k.names, k.types
        FROM (SELECT c.since, c.relation, c.columns, 1 AS place
              FROM exaudit.column_snapshots c WHERE c.table_id = key_periods.table_id
              UNION ALL
              SELECT exaudit.last_version_id(), key_periods.relation, exaudit.present_columns(key_periods.relation), 2
              WHERE key_periods.relation IS NOT NULL) AS x
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(c -> 'number' ORDER BY c -> 'key') AS numbers, jsonb_agg(c -> 'name' ORDER BY c -> 'key') AS names,
                   jsonb_agg(CASE WHEN c ->> 'type' ~ '^(smallint|integer|bigint|text|character varying([(][0-9]+[)])?)$' THEN ''
                                  ELSE coalesce(c ->> 'layout', c ->> 'type') END ORDER BY c -> 'key') AS types
            FROM pg_catalog.jsonb_array_elements(x.columns) AS c WHERE c ? 'key') AS k
        ORDER BY x.place, x.since
    LOOP
        key := pg_catalog.jsonb_build_object('relation', s.relation::bigint, 'numbers', s.numbers, 'names', s.names, 'types', s.types);
        begins := CASE WHEN n = 0 THEN 0 ELSE s.since END;
        WHILE n > 0 LOOP
            IF periods[n] -> 'types' = key -> 'types'
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

-- The last version of a table before its primary key became what it is; 0 where it always was.
CREATE FUNCTION exaudit.key_since(table_id integer, relation oid) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(max(p.after_id), 0) FROM exaudit.key_periods(table_id, relation) AS p
$$;

-- Raises where a row before a version would have to be told by another primary key than the present one.
CREATE FUNCTION exaudit.check_same_key(table_id integer, relation regclass, crossed boolean) RETURNS void
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
    SELECT p.* INTO is_now FROM exaudit.key_periods(table_id, relation) AS p WHERE p.until_id IS NULL;
    SELECT p.* INTO was FROM exaudit.key_periods(table_id, relation) AS p WHERE p.until_id = is_now.after_id;
    RAISE EXCEPTION 'the primary key of % was changed after version %, from (%) to (%)', relation, was.until_id,
        array_to_string(was.columns, ', '), array_to_string(is_now.columns, ', ')
        USING ERRCODE = 'XA017', HINT = 'Rows before that are not told by the present key: "exaudit history" takes the earlier one, "exaudit log" needs none.';
END
$$;

-- When a table was tracked at a point, which is told in words: NULL where it has been since. complete says whether
-- everything is known that came after it, if the table is tracked. Of the instant and the id of the last version
-- then, what is NULL does not matter; a mark also has a snapshot. Raises where that is not known.
CREATE FUNCTION exaudit.period_of(table_id integer, relation regclass, complete boolean, point text, instant timestamptz, version_id bigint,
                                  snapshot pg_snapshot DEFAULT NULL, restored_id bigint DEFAULT NULL) RETURNS exaudit.periods
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
    t      exaudit.tables;
    found  exaudit.periods;
    before exaudit.periods;
    since  timestamptz;
BEGIN
    SELECT * INTO STRICT t FROM exaudit.tables k WHERE k.id = period_of.table_id;
    IF t.tracked AND complete THEN
        PERFORM exaudit.check_sight(t.id, period_of.relation);
        RETURN NULL;
    END IF;
    SELECT * INTO found FROM exaudit.periods p
    WHERE p.table_id = t.id AND p.last_id IS NOT NULL AND p.since <= p.until
      AND (instant IS NULL OR instant BETWEEN p.since AND p.until)
      AND (version_id IS NULL OR version_id BETWEEN p.after_id AND p.until_id)
      AND (p.forgotten_xid IS NULL OR snapshot IS NULL OR p.after_id <= restored_id OR p.forgotten_xid < pg_snapshot_xmin(snapshot))
    ORDER BY p.until DESC LIMIT 1;
    IF found.anchor_id IS NOT NULL THEN
        RETURN found;
    ELSIF found.table_id IS NOT NULL THEN
        RAISE EXCEPTION 'nobody knows what %.% was at %: its rows were not recorded when it was uninstalled, at %',
            t.schema_name, t.table_name, point, found.until USING ERRCODE = 'XA011';
    END IF;
    SELECT * INTO before FROM exaudit.periods p
    WHERE p.table_id = t.id AND p.last_id IS NOT NULL AND (instant IS NULL OR p.until < instant) AND (version_id IS NULL OR p.until_id <= version_id)
    ORDER BY p.until DESC LIMIT 1;
    since := (SELECT min(u.since)
              FROM (SELECT p.since FROM exaudit.periods p WHERE p.table_id = t.id AND p.since <= p.until AND (before.until IS NULL OR p.until > before.until)
                    UNION ALL
                    SELECT t.complete_since WHERE t.tracked) AS u);
    IF since IS NULL THEN
        RAISE EXCEPTION 'nothing of %.% has been recorded since %, when it was uninstalled, before %', t.schema_name, t.table_name, before.until, point
            USING ERRCODE = 'XA015';
    ELSIF before.until IS NOT NULL AND before.until < since THEN
        RAISE EXCEPTION 'nothing of %.% was recorded from % to %, while it was not tracked, at %', t.schema_name, t.table_name, before.until, since, point
            USING ERRCODE = 'XA015';
    END IF;
    RAISE EXCEPTION 'the history of %.% is complete only since %, after %', t.schema_name, t.table_name, since, point
        USING ERRCODE = 'XA011';
END
$$;

-- The changes of a table after an instant: of each key that was changed, the first id. Of one key, also what it is linked
-- to. Where the table has been uninstalled since, up to last_id. Before complete_since in exaudit.tables, when tracking
-- began or after what retention has removed, it raises an error. So does an instant that is still to come: nobody knows.
CREATE FUNCTION exaudit.since_as_of(row_type oid, instant timestamptz, key text,
                                    OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    t         record := exaudit.known_table(row_type);
    key_since bigint := exaudit.key_since(t.table_id, t.relation);
    period    exaudit.periods;
BEGIN
    IF instant IS NULL THEN
        RAISE EXCEPTION 'as_of needs an instant' USING ERRCODE = 'null_value_not_allowed';
    ELSIF instant > clock_timestamp() THEN
        RAISE EXCEPTION '% is still to come', exaudit.utc(instant) USING ERRCODE = 'XA012';
    END IF;
    period := exaudit.period_of(t.table_id, t.relation, (SELECT instant >= k.complete_since FROM exaudit.tables k WHERE k.id = t.table_id),
                                exaudit.utc(instant), instant, NULL);
    table_id := t.table_id;
    relation := t.relation;
    last_id := period.until_id;
    linked := CASE WHEN key IS NOT NULL THEN exaudit.linked_keys(t.table_id, ARRAY[key], 0) END;
    PERFORM exaudit.check_same_key(t.table_id, t.relation, key_since > 0 AND EXISTS (
        SELECT FROM (SELECT key_since) AS k (id) -- a custom column may have this name
        JOIN exaudit.versions v ON v.table_id = t.table_id AND v.id <= k.id AND v.recorded_at > since_as_of.instant));
    SELECT array_agg(l.entity_id), array_agg(l.first_id) INTO keys, first_ids
    FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.versions v
          WHERE v.table_id = t.table_id AND (v.recorded_at > since_as_of.instant OR v.id > period.anchor_id)
            AND (period.until_id IS NULL OR v.id BETWEEN period.after_id AND period.until_id)
            AND (since_as_of.linked IS NULL OR v.entity_id = ANY (since_as_of.linked))
          GROUP BY v.entity_id) AS l;
END
$$;

-- The same after a version, of whatever table: with the versions up to its id.
CREATE FUNCTION exaudit.since_as_of_version(row_type oid, version_id bigint, key text,
                                            OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT last_id bigint, OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    t         record := exaudit.known_table(row_type);
    key_since bigint := exaudit.key_since(t.table_id, t.relation);
    period    exaudit.periods;
BEGIN
    IF NOT EXISTS (SELECT FROM exaudit.versions v WHERE v.id = since_as_of_version.version_id) THEN
        RAISE EXCEPTION 'there is no version %', since_as_of_version.version_id
            USING ERRCODE = 'XA013', HINT = 'Or its table may not be read by this role, or retention has removed it.';
    END IF;
    period := exaudit.period_of(t.table_id, t.relation, (SELECT version_id >= k.complete_after FROM exaudit.tables k WHERE k.id = t.table_id),
                                'version ' || version_id, NULL, version_id);
    table_id := t.table_id;
    relation := t.relation;
    last_id := period.until_id;
    linked := CASE WHEN key IS NOT NULL THEN exaudit.linked_keys(t.table_id, ARRAY[key], 0) END;
    PERFORM exaudit.check_same_key(t.table_id, t.relation, key_since > 0 AND EXISTS (
        SELECT FROM (SELECT key_since) AS k (id) -- a custom column may have this name
        JOIN exaudit.versions v ON v.table_id = t.table_id AND v.id <= k.id AND v.id > since_as_of_version.version_id));
    SELECT array_agg(l.entity_id), array_agg(l.first_id) INTO keys, first_ids
    FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.versions v
          WHERE v.table_id = t.table_id AND (v.id > since_as_of_version.version_id OR v.id > period.anchor_id)
            AND (period.until_id IS NULL OR v.id <= period.until_id)
            AND (since_as_of_version.linked IS NULL OR v.entity_id = ANY (since_as_of_version.linked))
          GROUP BY v.entity_id) AS l;
END
$$;

-- An instant in words.
CREATE FUNCTION exaudit.utc(instant timestamptz) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
AS $$ SELECT instant::text $$;

-- A query for the rows of a type before the changes that one of these functions finds after a point $1, perhaps for the
-- row that had a key $2, in a form of rows_before.
CREATE FUNCTION exaudit.rows_before_query(row_type oid, function_name text, form text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation oid := (SELECT t.typrelid FROM pg_catalog.pg_type t WHERE t.oid = row_type);
BEGIN
    IF coalesce(relation, 0) = 0 THEN
        PERFORM exaudit.known_table(row_type); -- raises
    END IF;
    RETURN pg_catalog.format(
        'SELECT "!row".* FROM exaudit.%I(%s, $1, $2::pg_catalog.text) AS "!since" CROSS JOIN LATERAL exaudit.rows_before('
        '"!since".table_id, "!since".relation, "!since".keys, "!since".first_ids, "!since".last_id, $2::pg_catalog.text, "!since".linked, %L) AS "!row" (%s)',
        'since_' || function_name, row_type, form,
        CASE form WHEN 'images' THEN exaudit.free_name(relation, '!image') || ' pg_catalog.jsonb, ' || exaudit.key_definition(relation)
                  ELSE exaudit.row_definition(row_type, form = 'plain') END
        || CASE WHEN form = 'typed' THEN '' ELSE ', ' || exaudit.free_name(relation, '!problem') || ' pg_catalog.text' END);
END
$$;

-- Raises for a key that is NULL: it names no row, and must not be taken for a question about all rows.
CREATE FUNCTION exaudit.check_key(key text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF key IS NULL THEN
        RAISE EXCEPTION 'a key is NULL' USING ERRCODE = 'null_value_not_allowed', HINT = 'Without a key, all rows are asked for.';
    END IF;
END
$$;

-- The rows of a table as they were at an instant: exaudit.as_of(NULL::public.orders, '2026-01-31').
-- With a key, as exaudit.entity_id makes it, only the row that had it then.
-- Rows of the table's type are made, and so the CHECKs of its domains run.
CREATE FUNCTION exaudit.as_of(base anyelement, instant timestamp with time zone) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of', 'typed') USING instant, NULL::text;
END
$$;

CREATE FUNCTION exaudit.as_of(base anyelement, instant timestamp with time zone, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_key(key);
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of', 'typed') USING instant, key;
END
$$;

-- The rows of a table just after a version, of whatever table: with the versions up to its id.
CREATE FUNCTION exaudit.as_of_version(base anyelement, version_id bigint) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_version', 'typed') USING version_id, NULL::text;
END
$$;

CREATE FUNCTION exaudit.as_of_version(base anyelement, version_id bigint, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_key(key);
    RETURN QUERY EXECUTE exaudit.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_version', 'typed') USING version_id, key;
END
$$;

-- The states of one row, from the oldest to the present one: one for each version that left
-- a row. The key is the one that it has, or had last: exaudit.entity_id makes it.
CREATE FUNCTION exaudit.states(base anyelement, entity_id text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t        record := exaudit.known_table(pg_catalog.pg_typeof(base));
    first    bigint := exaudit.key_since(t.table_id, t.relation) + 1; -- under the present primary key
    keys     text[] := exaudit.linked_keys(t.table_id, ARRAY[states.entity_id], first);
    present  text[];
    rewound  record;
    problems jsonb[];
    images   jsonb[];
BEGIN
    PERFORM exaudit.check_key(states.entity_id);
    PERFORM exaudit.check_sight(k.id, t.relation) FROM exaudit.tables k WHERE k.id = t.table_id AND k.tracked;
    IF cardinality(keys) = 1 THEN
        SELECT array_agg(r.image ORDER BY r.place DESC) FILTER (WHERE r.problem IS NULL), array_agg(r.problem) FILTER (WHERE r.problem IS NOT NULL)
        INTO images, problems
        FROM exaudit.rewind(t.table_id, t.relation, keys, ARRAY[first], '{}', '{}', '{}', true, NULL) WITH ORDINALITY AS r (version_id, image, problem, place);
    ELSE
        -- the rows that have, or had last, this key, the newest first
        WITH told AS MATERIALIZED (
            SELECT a.row_number, a.version_id, a.action, keys[a.place] AS key, a.i
            FROM exaudit.tell_apart(t.table_id, keys, first, NULL) WITH ORDINALITY AS a (row_number, version_id, action, place, origin, step, i)
        ), ends AS (
            SELECT l.row_number, pg_catalog.row_number() OVER (ORDER BY l.i DESC) AS chain, l.action
            FROM (SELECT DISTINCT ON (o.row_number) o.* FROM told o ORDER BY o.row_number, o.i DESC) AS l
            WHERE l.key = states.entity_id
        )
        SELECT array_agg(e.chain::integer ORDER BY o.i) AS listed, array_agg(o.version_id ORDER BY o.i) AS ids, array_agg(o.key ORDER BY o.i) AS keys,
               array_agg(DISTINCT e.chain) FILTER (WHERE e.action <> 'deleted') AS alive, max(e.chain)::integer AS n
        INTO rewound
        FROM told o JOIN ends e USING (row_number);
        -- who came last is there, if it was not deleted
        present := pg_catalog.array_fill(NULL::text, ARRAY[coalesce(rewound.n, 0)]);
        IF rewound.alive @> ARRAY[1::bigint] THEN
            present[1] := states.entity_id;
        END IF;
        SELECT array_agg(r.image ORDER BY r.place DESC) FILTER (WHERE r.problem IS NULL), array_agg(r.problem) FILTER (WHERE r.problem IS NOT NULL)
        INTO images, problems
        FROM exaudit.rewind(t.table_id, t.relation, present, pg_catalog.array_fill(NULL::bigint, ARRAY[cardinality(present)]),
                            rewound.listed, rewound.ids, rewound.keys, true, NULL) WITH ORDINALITY AS r (version_id, image, problem, place);
    END IF;
    IF problems <> '{}' THEN
        PERFORM exaudit.raise_problem(problems[1]);
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format('SELECT r.* FROM exaudit.rows_of($1, $2, false) AS r (%s)',
                                           exaudit.row_definition(pg_catalog.pg_typeof(base), false))
    USING t.relation, exaudit.filled_images(t.table_id, t.relation, images);
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 8::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.note_forgotten, exaudit.is_retyped, exaudit.renamed_labels, exaudit.column_epochs, exaudit.relabeled, exaudit.renamed, exaudit.is_placeholder, exaudit.holds,
    exaudit.undone, exaudit.same_place, exaudit.tell_apart, exaudit.rewind, exaudit.known_table, exaudit.raise_problem, exaudit.legible, exaudit.period_of, exaudit.utc, exaudit.check_sight,
    exaudit.filled_images, exaudit.constant_text, exaudit.plain_value, exaudit.present_row, exaudit.present_images, exaudit.since_as_of, exaudit.since_as_of_version, exaudit.rows_before_query, exaudit.without_placeholders,
    exaudit.first_of_key_changes, exaudit.linked_keys, exaudit.moved_versions, exaudit.moved_since, exaudit.rows_before, exaudit.key_periods, exaudit.key_since, exaudit.check_same_key, exaudit.check_key,
    exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz), exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz, pg_catalog.text),
    exaudit.as_of_version(pg_catalog.anyelement, bigint), exaudit.as_of_version(pg_catalog.anyelement, bigint, pg_catalog.text), exaudit.states
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.is_retyped, exaudit.renamed_labels, exaudit.column_epochs, exaudit.relabeled, exaudit.renamed, exaudit.is_placeholder, exaudit.holds, exaudit.undone,
    exaudit.same_place, exaudit.tell_apart, exaudit.rewind, exaudit.known_table, exaudit.raise_problem, exaudit.legible, exaudit.period_of, exaudit.utc, exaudit.check_sight,
    exaudit.filled_images, exaudit.constant_text, exaudit.plain_value, exaudit.present_row, exaudit.present_images, exaudit.since_as_of, exaudit.since_as_of_version, exaudit.rows_before_query, exaudit.without_placeholders,
    exaudit.first_of_key_changes, exaudit.linked_keys, exaudit.moved_versions, exaudit.moved_since, exaudit.rows_before, exaudit.key_periods, exaudit.key_since, exaudit.check_same_key, exaudit.check_key,
    exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz), exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz, pg_catalog.text),
    exaudit.as_of_version(pg_catalog.anyelement, bigint), exaudit.as_of_version(pg_catalog.anyelement, bigint, pg_catalog.text), exaudit.states, exaudit.redacted
    TO exaudit_reader;

RESET ROLE;

-- +goose Down
DROP FUNCTION exaudit.states;
DROP FUNCTION exaudit.as_of_version(pg_catalog.anyelement, bigint, pg_catalog.text);
DROP FUNCTION exaudit.as_of_version(pg_catalog.anyelement, bigint);
DROP FUNCTION exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz, pg_catalog.text);
DROP FUNCTION exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz);
DROP FUNCTION exaudit.check_key;
DROP FUNCTION exaudit.rows_before_query;
DROP FUNCTION exaudit.since_as_of_version;
DROP FUNCTION exaudit.since_as_of;
DROP FUNCTION exaudit.utc;
DROP FUNCTION exaudit.period_of;
DROP FUNCTION exaudit.check_same_key;
DROP FUNCTION exaudit.key_since;
DROP FUNCTION exaudit.key_periods;
DROP FUNCTION exaudit.present_images;
DROP FUNCTION exaudit.present_row;
DROP FUNCTION exaudit.plain_value;
DROP FUNCTION exaudit.rows_before;
DROP FUNCTION exaudit.legible;
DROP FUNCTION exaudit.moved_since;
DROP FUNCTION exaudit.moved_versions;
DROP FUNCTION exaudit.linked_keys;
DROP FUNCTION exaudit.first_of_key_changes;
DROP FUNCTION exaudit.constant_text;
DROP FUNCTION exaudit.filled_images;
DROP FUNCTION exaudit.without_placeholders;
DROP FUNCTION exaudit.check_sight;
DROP FUNCTION exaudit.known_table;
DROP FUNCTION exaudit.raise_problem;
DROP FUNCTION exaudit.rewind;
DROP FUNCTION exaudit.tell_apart;
DROP FUNCTION exaudit.same_place;
DROP FUNCTION exaudit.undone;
DROP FUNCTION exaudit.holds;
DROP FUNCTION exaudit.is_placeholder;
DROP FUNCTION exaudit.renamed;
DROP FUNCTION exaudit.relabeled;
DROP FUNCTION exaudit.column_epochs;
DROP FUNCTION exaudit.renamed_labels;
DROP FUNCTION exaudit.is_retyped;
DROP TRIGGER note_forgotten ON exaudit.versions;
DROP FUNCTION exaudit.note_forgotten;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 7::bigint';

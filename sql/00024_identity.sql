-- Which versions are which row's.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Does a row that lay at a place lie at another one still? They are a transaction and a tid. An update that changed nothing
-- is not recorded, and puts the row further back as a rule: then nobody knows, as of another transaction.
CREATE FUNCTION exaudit_internal.same_place(was text, now text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN pg_catalog.split_part(was, ' ', 1) OPERATOR(pg_catalog.<>) pg_catalog.split_part(now, ' ', 1) THEN NULL
                WHEN was OPERATOR(pg_catalog.=) now THEN true
                WHEN pg_catalog.split_part(now, ' ', 2)::pg_catalog.tid OPERATOR(pg_catalog.<) pg_catalog.split_part(was, ' ', 2)::pg_catalog.tid THEN false
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.same_place TO exaudit_reader;

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
CREATE FUNCTION exaudit_internal.tell_apart(table_id integer, keys text[], first_id bigint, last_id bigint,
                                   OUT row_number integer, OUT version_id bigint, OUT action exaudit.action,
                                   OUT place integer, OUT origin integer, OUT step integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
<<this>> -- custom columns of versions may be called as variables are
DECLARE
    since         bigint := exaudit_internal.first_of_key_changes(table_id, first_id);
    ends          bigint[] := ARRAY(SELECT p.last_id FROM exaudit_internal.periods p WHERE p.table_id = tell_apart.table_id ORDER BY p.last_id);
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
        LEFT JOIN exaudit_internal.key_changes came ON came.table_id = tell_apart.table_id AND came.id = o.id
        LEFT JOIN LATERAL (
            SELECT c.id, c.xid, c.began, c.command FROM exaudit_internal.key_changes c
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
            FROM exaudit_internal.key_changes c
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
                            SELECT min(b.i) FILTER (WHERE exaudit_internal.same_place(lies[beneath[b.i]], lefts[i])),
                                   min(b.i) FILTER (WHERE exaudit_internal.same_place(lies[beneath[b.i]], lefts[i]) IS NOT FALSE)
                            INTO found, spot
                            FROM generate_subscripts(beneath, 1) AS b (i) WHERE beneath_place[b.i] = place;
                            IF found IS NOT NULL THEN
                                spot := found;
                            ELSIF exaudit_internal.same_place(lies[here[place]], lefts[i]) THEN
                                spot := NULL;
                            END IF;
                        END IF;
                        IF spot IS NOT NULL THEN
                            row_number := beneath[spot];
                            beneath := beneath[:spot - 1] || beneath[spot + 1:];
                            beneath_place := beneath_place[:spot - 1] || beneath_place[spot + 1:];
                        ELSIF here[place] > 0 AND exaudit_internal.same_place(lies[here[place]], lefts[i]) IS NOT FALSE THEN
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
GRANT EXECUTE ON FUNCTION exaudit_internal.tell_apart TO exaudit_reader;

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
        JOIN exaudit_internal.key_changes o ON o.table_id = c.table_id AND o.xid = c.xid AND o.began = c.began
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
AS $$
DECLARE
    since bigint := exaudit_internal.first_of_key_changes(table_id, first_id);
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
-- row has changed its key to one of these or from one.
CREATE FUNCTION exaudit_internal.moved_versions(table_id integer, keys text[], first_id bigint, 
                                       OUT row_number integer, OUT version_id bigint, OUT action exaudit.action, OUT entity_id text, OUT previous_entity_id text)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    linked text[] := exaudit_internal.linked_keys(table_id, keys, first_id);
BEGIN
    IF cardinality(linked) > cardinality(keys) OR EXISTS (
        SELECT FROM exaudit_internal.key_changes c JOIN unnest(keys) AS k (key) ON k.key = c.entity_id WHERE c.table_id = moved_versions.table_id AND c.id >= first_id)
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

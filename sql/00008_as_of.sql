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
-- What the columns of a table came to be called, by the snapshots of its columns, the newest
-- first: names has those that are called otherwise now, null where they are gone; retyped the
-- present names of those whose type has changed since.
CREATE FUNCTION exaudit.column_epochs(table_id integer, relation oid,
                                      OUT since bigint, OUT names jsonb, OUT retyped text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    later          jsonb := exaudit.present_columns(relation);
    later_relation oid := relation;
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
        SELECT jsonb_agg(c || pg_catalog.jsonb_build_object('present', l -> 'present')),
               coalesce(jsonb_object_agg(c ->> 'name', l -> 'present')
                        FILTER (WHERE l -> 'present' IS DISTINCT FROM c -> 'name'), '{}'),
               retyped || coalesce(array_agg(l ->> 'present')
                                   FILTER (WHERE (l -> 'type', l -> 'encoding') IS DISTINCT FROM (c -> 'type', c -> 'encoding')
                                             AND l ->> 'present' IS NOT NULL), '{}')
        INTO later, names, retyped
        FROM pg_catalog.jsonb_array_elements(snapshot.columns) AS c
        LEFT JOIN pg_catalog.jsonb_array_elements(later) AS l
               ON CASE WHEN snapshot.relation = later_relation THEN c -> 'number' = l -> 'number' ELSE c -> 'name' = l -> 'name' END;
        later_relation := snapshot.relation;
        since := snapshot.since;
        RETURN NEXT;
    END LOOP;
END
$$;

-- An image under the present names of its columns, without those that are gone.
CREATE FUNCTION exaudit.renamed(image jsonb, names jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF image IS NULL OR names = '{}' THEN
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

-- A change that waits in rewind, with the row before it under "earlier" where it can be undone
-- now; image is the row that its key has.
CREATE FUNCTION exaudit.with_undone(change jsonb, image jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN u.possible THEN change || pg_catalog.jsonb_build_object('earlier', u.earlier) ELSE change END
    FROM exaudit.undone(image, (change ->> 'action')::exaudit.action, nullif(change -> 'before', 'null'), nullif(change -> 'after', 'null'),
                        ARRAY(SELECT pg_catalog.jsonb_array_elements_text(change -> 'retyped'))) AS u
$$;

-- Walks back through the versions of some keys, from the present rows to before the version
-- that first_ids has for each, and gives the rows as they were then. keys must hold every key
-- that one of them was rewritten to or from since. With a traced key, gives instead the states
-- of the row that has it, each with the version that led there, the newest first.
--
-- Inside a transaction, ids may be the wrong way round, where a nested trigger recorded the
-- later change first, and rows may exchange their keys. What cannot be undone yet waits.
CREATE FUNCTION exaudit.rewind(table_id integer, relation regclass, keys text[], first_ids bigint[], traced text,
                               OUT version_id bigint, OUT image jsonb) RETURNS SETOF record
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
    -- one row by its primary key, many by reading the table once
    row_query text :=
        'SELECT k.place::integer AS place, exaudit.redact(e.image, $4, $5) AS image '
        'FROM unnest($2) WITH ORDINALITY AS k (entity_id, place) ' ||
        CASE WHEN cardinality(keys) > 10 THEN pg_catalog.format(
                 'CROSS JOIN LATERAL (SELECT exaudit.encode_with($3, t.*) AS image FROM %s AS t WHERE %s = k.entity_id) AS e',
                 exaudit.target(relation), exaudit.entity_id_expression(relation, 't'))
             ELSE pg_catalog.format(
                 'CROSS JOIN LATERAL exaudit.key_record($1, exaudit.key_image($1, k.entity_id)) AS r (%s) '
                 'CROSS JOIN LATERAL (SELECT exaudit.encode_with($3, t.*) AS image FROM %s AS t, (SELECT r.*) AS k WHERE %s) AS e',
                 exaudit.key_definition(relation), exaudit.target(relation), exaudit.key_condition(relation))
        END;
    epochs    jsonb[] := ARRAY(SELECT pg_catalog.to_jsonb(e) FROM exaudit.column_epochs(table_id, relation) e);
    epoch     integer := 1;
    states    jsonb[] := pg_catalog.array_fill(NULL::jsonb, ARRAY[cardinality(keys)]); -- as the keys are placed
    traced_at integer := array_position(keys, traced);
    next_at   integer;
    waiting   jsonb[] := '{}';
    n         integer := 0; -- how many wait
    movers    integer[] := '{}'; -- which one waits to leave a place
    must      boolean;
    progress  boolean;
    chosen    integer[];
    conflict  jsonb;
    spot      integer;
    w         jsonb;
    v         record;
BEGIN
    FOR v IN EXECUTE row_query USING relation, keys, exaudit.encode_query(relation),
                                     exaudit.option_columns(table_id, relation, 'exclude'), exaudit.option_columns(table_id, relation, 'mask')
    LOOP
        states[v.place] := v.image;
    END LOOP;
    FOR v IN
        SELECT o.id, o.xid::text AS xid, o.action, o.before, o.after, k.place::integer AS place, p.place::integer AS origin
        FROM ROWS FROM (unnest(keys), unnest(first_ids)) WITH ORDINALITY AS k (entity_id, first_id, place)
        -- by the index, whatever is known of the table's size
        CROSS JOIN LATERAL (
            SELECT * FROM exaudit.versions o
            WHERE o.table_id = rewind.table_id AND o.entity_id = k.entity_id COLLATE "C" AND o.id >= k.first_id OFFSET 0) AS o
        LEFT JOIN unnest(keys) WITH ORDINALITY AS p (entity_id, place) ON p.entity_id = o.previous_entity_id
        UNION ALL
        SELECT 0, NULL, NULL, NULL, NULL, NULL, NULL -- the end
        ORDER BY id DESC
    LOOP
        -- At the end, and before another transaction's change of the same rows, nothing may
        -- wait any more.
        must := v.id = 0 OR n > 0 AND EXISTS (
            SELECT FROM unnest(waiting[1:n]) AS u
            WHERE u ->> 'xid' <> v.xid
              AND ((u ->> 'place')::integer IN (v.place, v.origin) OR (u ->> 'origin')::integer IN (v.place, v.origin)));
        FOR turn IN 1 .. 2 LOOP
            CONTINUE WHEN turn = 1 AND NOT must;
            EXIT WHEN v.id = 0 AND turn = 2;
            IF turn = 2 THEN
                WHILE epoch < cardinality(epochs) AND (epochs[epoch] ->> 'since')::bigint >= v.id LOOP
                    epoch := epoch + 1;
                END LOOP;
                n := n + 1;
                waiting[n] := pg_catalog.jsonb_build_object(
                    'id', v.id, 'xid', v.xid, 'action', v.action, 'place', v.place, 'origin', v.origin,
                    'before', exaudit.renamed(v.before, epochs[epoch] -> 'names'),
                    'after', exaudit.renamed(v.after, epochs[epoch] -> 'names'), 'retyped', epochs[epoch] -> 'retyped');
                IF v.origin IS NOT NULL THEN
                    movers[v.place] := n;
                END IF;
                must := false;
            END IF;
            progress := must;
            WHILE n > 0 LOOP
                chosen := '{}';
                FOR i IN REVERSE n .. 1 LOOP
                    CONTINUE WHEN waiting[i] IS NULL;
                    IF waiting[i] ->> 'origin' IS NULL OR states[(waiting[i] ->> 'origin')::integer] IS NULL THEN
                        w := exaudit.with_undone(waiting[i], states[(waiting[i] ->> 'place')::integer]);
                        IF w ? 'earlier' THEN
                            waiting[i] := w;
                            chosen := ARRAY[i];
                            EXIT;
                        END IF;
                    END IF;
                    EXIT WHEN NOT progress; -- for the others, nothing has changed
                END LOOP;
                -- rows that exchanged their keys go together, as soon as all of them are here
                IF chosen = '{}' THEN
                    spot := n;
                    WHILE waiting[spot] ->> 'origin' IS NOT NULL AND spot <> ALL (chosen) LOOP
                        waiting[spot] := exaudit.with_undone(waiting[spot], states[(waiting[spot] ->> 'place')::integer]);
                        EXIT WHEN NOT waiting[spot] ? 'earlier';
                        chosen := chosen || spot;
                        spot := movers[(waiting[spot] ->> 'origin')::integer];
                    END LOOP;
                    IF spot IS DISTINCT FROM n OR chosen = '{}' THEN
                        chosen := '{}';
                    END IF;
                END IF;
                EXIT WHEN chosen = '{}' AND NOT must;
                IF chosen = '{}' THEN
                    -- or those that can, which the others then must fit
                    FOR i IN 1 .. n LOOP
                        CONTINUE WHEN waiting[i] ->> 'origin' IS NULL;
                        waiting[i] := exaudit.with_undone(waiting[i], states[(waiting[i] ->> 'place')::integer]);
                        IF waiting[i] ? 'earlier' THEN
                            chosen := chosen || i;
                        END IF;
                    END LOOP;
                END IF;
                conflict := CASE chosen WHEN '{}' THEN waiting[n] END;
                next_at := traced_at;
                FOREACH spot IN ARRAY chosen LOOP
                    w := waiting[spot];
                    IF (w ->> 'place')::integer = traced_at THEN
                        next_at := coalesce((w ->> 'origin')::integer, traced_at);
                        image := states[traced_at];
                        version_id := (w ->> 'id')::bigint;
                        IF image IS NOT NULL THEN
                            RETURN NEXT;
                        END IF;
                    END IF;
                    states[(w ->> 'place')::integer] := NULL;
                    movers[(w ->> 'place')::integer] := NULL;
                END LOOP;
                traced_at := next_at;
                FOREACH spot IN ARRAY chosen LOOP
                    w := waiting[spot];
                    waiting[spot] := NULL;
                    spot := coalesce((w ->> 'origin')::integer, (w ->> 'place')::integer);
                    conflict := coalesce(conflict, CASE WHEN states[spot] IS NOT NULL THEN w END);
                    states[spot] := nullif(w -> 'earlier', 'null');
                END LOOP;
                IF conflict IS NOT NULL THEN
                    RAISE EXCEPTION 'the history of % % does not fit together at version %',
                        relation, keys[(conflict ->> 'place')::integer], conflict ->> 'id'
                        USING ERRCODE = 'data_exception',
                              HINT = 'Something was changed without being recorded: "exaudit history" shows what.';
                END IF;
                progress := true;
                WHILE n > 0 AND waiting[n] IS NULL LOOP
                    n := n - 1;
                END LOOP;
            END LOOP;
        END LOOP;
    END LOOP;
    IF traced IS NULL THEN
        version_id := NULL;
        FOREACH image IN ARRAY states LOOP
            IF image IS NOT NULL THEN
                RETURN NEXT;
            END IF;
        END LOOP;
    END IF;
END
$$;

-- The table that a row type is of, with what its history needs: it must be tracked, and the
-- caller must see all of it.
CREATE FUNCTION exaudit.tracked_table(row_type oid, OUT table_id integer, OUT relation regclass)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT t.id, c.oid::regclass INTO table_id, relation
    FROM pg_catalog.pg_class c
    JOIN exaudit.relations r ON r.relation = c.oid
    JOIN exaudit.tables t ON t.id = r.table_id AND t.tracked
    WHERE c.reltype = tracked_table.row_type;
    IF tracked_table.table_id IS NULL THEN
        RAISE EXCEPTION '% is not the row type of a tracked table', row_type::regtype
            USING ERRCODE = 'undefined_table', HINT = 'Name it as in NULL::public.orders; "exaudit install" tracks a table.';
    ELSIF NOT EXISTS (SELECT FROM exaudit.readable_tables() AS id WHERE id = tracked_table.table_id) THEN
        RAISE EXCEPTION 'permission denied for the history of %', tracked_table.relation
            USING ERRCODE = 'insufficient_privilege', HINT = 'It takes SELECT on the whole table, without row security.';
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

-- Every key that one is linked to by a rewritten one, itself among them.
CREATE FUNCTION exaudit.linked_keys(table_id integer, key text) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        WITH RECURSIVE linked (key) AS (
            SELECT linked_keys.key COLLATE "C"
            UNION
            SELECT moved.key
            FROM linked l
            CROSS JOIN LATERAL (
                SELECT c.previous_entity_id FROM exaudit.key_changes c
                WHERE c.table_id = linked_keys.table_id AND c.entity_id = l.key
                UNION ALL
                SELECT c.entity_id FROM exaudit.key_changes c
                WHERE c.table_id = linked_keys.table_id AND c.previous_entity_id = l.key) AS moved (key)
        )
        SELECT array_agg(l.key) FROM linked l);
END
$$;

-- The rows of a table before some changes: of each key that was changed, the first id that is
-- undone, and with it all that follow. Of one key, linked has all that it is linked to. They are records of
-- row_definition's columns, or where the form is 'images' of image_definition's.
CREATE FUNCTION exaudit.rows_before(table_id integer, relation regclass, keys text[], first_ids bigint[],
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
    first   bigint := (SELECT min(u.id) FROM unnest(first_ids) AS u (id));
    moved   text[];
    changed text[];
    starts  bigint[];
    images  jsonb[];
    present text := exaudit.present_row(table_id, relation, form);
    query   text := exaudit.encode_query(relation);
BEGIN
    -- rows whose keys were rewritten since are taken together
    moved := ARRAY(SELECT c.entity_id FROM exaudit.key_changes c
                   WHERE c.table_id = rows_before.table_id AND c.id >= first AND (linked IS NULL OR c.entity_id = ANY (linked))
                   UNION
                   SELECT c.previous_entity_id FROM exaudit.key_changes c
                   WHERE c.table_id = rows_before.table_id AND c.id >= first AND (linked IS NULL OR c.previous_entity_id = ANY (linked)));
    SELECT array_agg(c.entity_id), array_agg(CASE WHEN c.moved THEN c.first_moved ELSE c.first_id END)
    INTO changed, starts
    FROM (SELECT k.entity_id, m.entity_id IS NOT NULL AS moved, k.first_id,
                 min(k.first_id) FILTER (WHERE m.entity_id IS NOT NULL) OVER () AS first_moved
          FROM (SELECT u.entity_id, u.first_id FROM ROWS FROM (unnest(keys), unnest(first_ids)) AS u (entity_id, first_id)
                UNION ALL
                -- keys that rows only left
                SELECT u.key, NULL FROM (SELECT unnest(moved) EXCEPT SELECT unnest(keys)) AS u (key)) k
          LEFT JOIN unnest(moved) AS m (entity_id) ON m.entity_id = k.entity_id) c;
    images := ARRAY(SELECT r.image FROM exaudit.rewind(table_id, relation, coalesce(changed, '{}'), starts, NULL) AS r
                    WHERE key IS NULL OR exaudit.entity_id_of(relation, r.image) = key);
    images := exaudit.filled_images(table_id, relation, images);
    IF form = 'images' THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT i.image, k.* FROM exaudit.present_images($1, $2) AS i (image) CROSS JOIN LATERAL exaudit.key_record($1, i.image) AS k (%s)',
            exaudit.key_definition(relation))
        USING relation, images;
    ELSE
        RETURN QUERY EXECUTE pg_catalog.format('SELECT r.* FROM exaudit.rows_of($1, $2, $3) AS r (%s)',
                                               exaudit.row_definition(exaudit.row_type(relation), form = 'plain'))
        USING relation, images, form = 'plain';
    END IF;

    IF key IS NULL THEN
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t WHERE NOT EXISTS (SELECT FROM unnest($1) AS c (entity_id) WHERE c.entity_id = %s)',
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

-- Raises unless everything is known of a table that came after a point, which is told in words.
CREATE FUNCTION exaudit.check_complete(table_id integer, complete boolean, point text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
AS $$
DECLARE
    t exaudit.tables;
BEGIN
    IF complete THEN
        RETURN;
    END IF;
    SELECT * INTO t FROM exaudit.tables k WHERE k.id = check_complete.table_id;
    RAISE EXCEPTION 'the history of %.% is complete only since %, after %', t.schema_name, t.table_name, t.complete_since, point
        USING ERRCODE = 'XA011';
END
$$;

-- Raises unless a table's history reaches back to an instant, and where that is still to come:
-- nobody knows.
CREATE FUNCTION exaudit.check_instant(table_id integer, instant timestamptz) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET timezone = 'UTC'
AS $$
BEGIN
    IF instant IS NULL THEN
        RAISE EXCEPTION 'as_of needs an instant' USING ERRCODE = 'null_value_not_allowed';
    ELSIF instant > clock_timestamp() THEN
        RAISE EXCEPTION '% is still to come', instant USING ERRCODE = 'XA012';
    END IF;
    PERFORM exaudit.check_complete(t.id, instant >= t.complete_since, instant::text)
    FROM exaudit.tables t WHERE t.id = check_instant.table_id;
END
$$;

-- Raises unless there is such a version, of whatever table, and a table's history reaches back
-- to it.
CREATE FUNCTION exaudit.check_version(table_id integer, version_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM exaudit.versions v WHERE v.id = check_version.version_id) THEN
        RAISE EXCEPTION 'there is no version %', check_version.version_id
            USING ERRCODE = 'XA013', HINT = 'Or its table may not be read by this role, or retention has removed it.';
    END IF;
    PERFORM exaudit.check_complete(t.id, check_version.version_id >= t.complete_after, 'version ' || check_version.version_id)
    FROM exaudit.tables t WHERE t.id = check_version.table_id;
END
$$;

-- The changes of a table after an instant: of each key that was changed, the first id. Of one key, also what it is linked
-- to. Before complete_since in exaudit.tables, when tracking began or after what retention has
-- removed, it raises an error, and where a history does not fit together. So does an instant
-- that is still to come: nobody knows.
CREATE FUNCTION exaudit.since_as_of(row_type oid, instant timestamptz, key text,
                                    OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    t record := exaudit.tracked_table(row_type);
BEGIN
    table_id := t.table_id;
    relation := t.relation;
    linked := CASE WHEN key IS NOT NULL THEN exaudit.linked_keys(t.table_id, key) END;
    PERFORM exaudit.check_instant(t.table_id, instant);
    SELECT array_agg(l.entity_id), array_agg(l.first_id) INTO keys, first_ids
    FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.versions v
          WHERE v.table_id = t.table_id AND v.recorded_at > instant AND (since_as_of.linked IS NULL OR v.entity_id = ANY (since_as_of.linked))
          GROUP BY v.entity_id) AS l;
END
$$;

-- The same after a version, of whatever table: with the versions up to its id.
CREATE FUNCTION exaudit.since_as_of_version(row_type oid, version_id bigint, key text,
                                            OUT table_id integer, OUT relation regclass, OUT keys text[], OUT first_ids bigint[], OUT linked text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    t record := exaudit.tracked_table(row_type);
BEGIN
    table_id := t.table_id;
    relation := t.relation;
    linked := CASE WHEN key IS NOT NULL THEN exaudit.linked_keys(t.table_id, key) END;
    PERFORM exaudit.check_version(t.table_id, version_id);
    SELECT array_agg(l.entity_id), array_agg(l.first_id) INTO keys, first_ids
    FROM (SELECT v.entity_id, min(v.id) AS first_id FROM exaudit.versions v
          WHERE v.table_id = t.table_id AND v.id > since_as_of_version.version_id
            AND (since_as_of_version.linked IS NULL OR v.entity_id = ANY (since_as_of_version.linked))
          GROUP BY v.entity_id) AS l;
END
$$;

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
        PERFORM exaudit.tracked_table(row_type); -- raises
    END IF;
    RETURN pg_catalog.format(
        'SELECT "!row".* FROM exaudit.%I(%s, $1, $2::pg_catalog.text) AS "!since" CROSS JOIN LATERAL exaudit.rows_before('
        '"!since".table_id, "!since".relation, "!since".keys, "!since".first_ids, $2::pg_catalog.text, "!since".linked, %L) AS "!row" (%s)',
        'since_' || function_name, row_type, form,
        CASE form WHEN 'images' THEN exaudit.free_name(relation, '!image') || ' pg_catalog.jsonb, ' || exaudit.key_definition(relation)
                  ELSE exaudit.row_definition(row_type, form = 'plain') END);
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
    t      record := exaudit.tracked_table(pg_catalog.pg_typeof(base));
    keys   text[] := exaudit.linked_keys(t.table_id, states.entity_id);
    images jsonb[];
BEGIN
    PERFORM exaudit.check_key(states.entity_id);
    images := ARRAY(SELECT r.image
                    FROM exaudit.rewind(t.table_id, t.relation, keys, pg_catalog.array_fill(0::bigint, ARRAY[cardinality(keys)]), states.entity_id) WITH ORDINALITY AS r (version_id, image, place)
                    ORDER BY r.place DESC);
    RETURN QUERY EXECUTE pg_catalog.format('SELECT r.* FROM exaudit.rows_of($1, $2, false) AS r (%s)',
                                           exaudit.row_definition(pg_catalog.pg_typeof(base), false))
    USING t.relation, exaudit.filled_images(t.table_id, t.relation, images);
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 8::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.note_forgotten, exaudit.column_epochs, exaudit.renamed, exaudit.is_placeholder, exaudit.holds,
    exaudit.undone, exaudit.with_undone, exaudit.rewind, exaudit.tracked_table,
    exaudit.filled_images, exaudit.constant_text, exaudit.plain_value, exaudit.present_row, exaudit.present_images, exaudit.since_as_of, exaudit.since_as_of_version, exaudit.rows_before_query, exaudit.without_placeholders,
    exaudit.linked_keys, exaudit.rows_before, exaudit.check_complete, exaudit.check_instant, exaudit.check_version, exaudit.check_key,
    exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz), exaudit.as_of(pg_catalog.anyelement, pg_catalog.timestamptz, pg_catalog.text),
    exaudit.as_of_version(pg_catalog.anyelement, bigint), exaudit.as_of_version(pg_catalog.anyelement, bigint, pg_catalog.text), exaudit.states
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.column_epochs, exaudit.renamed, exaudit.is_placeholder, exaudit.holds, exaudit.undone,
    exaudit.with_undone, exaudit.rewind, exaudit.tracked_table,
    exaudit.filled_images, exaudit.constant_text, exaudit.plain_value, exaudit.present_row, exaudit.present_images, exaudit.since_as_of, exaudit.since_as_of_version, exaudit.rows_before_query, exaudit.without_placeholders,
    exaudit.linked_keys, exaudit.rows_before, exaudit.check_complete, exaudit.check_instant, exaudit.check_version, exaudit.check_key,
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
DROP FUNCTION exaudit.check_version;
DROP FUNCTION exaudit.check_instant;
DROP FUNCTION exaudit.check_complete;
DROP FUNCTION exaudit.present_images;
DROP FUNCTION exaudit.present_row;
DROP FUNCTION exaudit.plain_value;
DROP FUNCTION exaudit.rows_before;
DROP FUNCTION exaudit.linked_keys;
DROP FUNCTION exaudit.constant_text;
DROP FUNCTION exaudit.filled_images;
DROP FUNCTION exaudit.without_placeholders;
DROP FUNCTION exaudit.tracked_table;
DROP FUNCTION exaudit.rewind;
DROP FUNCTION exaudit.with_undone;
DROP FUNCTION exaudit.undone;
DROP FUNCTION exaudit.holds;
DROP FUNCTION exaudit.is_placeholder;
DROP FUNCTION exaudit.renamed;
DROP FUNCTION exaudit.column_epochs;
DROP TRIGGER note_forgotten ON exaudit.versions;
DROP FUNCTION exaudit.note_forgotten;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 7::bigint';

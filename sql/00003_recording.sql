-- What the generated triggers share: session data, the check that a trigger fires for
-- its own table, and the slower way that records everything between a schema change and
-- the next install or sync.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The session's data as a versions row: custom, rollback and the user's own columns.
-- jsonb_populate_record makes each value what its column is; only when that fails is it
-- worth finding out which key it was. Its base is a row, if one of NULLs, because for a
-- NULL it refuses columns that are missing and whose domain is NOT NULL.
CREATE FUNCTION exaudit.session_data() RETURNS exaudit.versions
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    setting text := nullif(pg_catalog.current_setting('exaudit.custom', true), '');
    data    jsonb;
    stamp   exaudit.versions;
    col     record;
BEGIN
    BEGIN
        data := setting::jsonb;
    EXCEPTION WHEN OTHERS THEN
        RAISE EXCEPTION 'setting exaudit.custom is not valid JSON: %', SQLERRM
            USING ERRCODE = 'invalid_text_representation',
                  DETAIL = pg_catalog.left(setting, 200),
                  HINT = 'Set it to a JSON object, for example {"actor_id": 7}.';
    END;
    IF pg_catalog.jsonb_typeof(data) <> 'object' THEN
        RAISE EXCEPTION 'setting exaudit.custom must be a JSON object, not a JSON %', pg_catalog.jsonb_typeof(data)
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = pg_catalog.left(setting, 200),
                  HINT = 'Set it to a JSON object, for example {"actor_id": 7}.';
    END IF;
    stamp.custom := data;
    stamp.rollback := coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = 'on';
    BEGIN
        stamp := pg_catalog.jsonb_populate_record(stamp, coalesce(
            (SELECT pg_catalog.jsonb_object_agg(c.name, data -> c.name) FROM exaudit.custom_columns c WHERE c.filled AND data ? c.name), '{}'));
    EXCEPTION WHEN OTHERS THEN
        FOR col IN SELECT c.name, c.type_name FROM exaudit.custom_columns c WHERE c.filled AND data ? c.name LOOP
            BEGIN
                PERFORM pg_catalog.jsonb_populate_record(stamp, pg_catalog.jsonb_build_object(col.name, data -> col.name));
            EXCEPTION WHEN OTHERS THEN
                RAISE EXCEPTION 'setting exaudit.custom: key "%" does not fit column "%" of type %: %',
                    col.name, col.name, col.type_name, SQLERRM
                    USING ERRCODE = 'invalid_parameter_value',
                          DETAIL = pg_catalog.format('Value: %s', pg_catalog.left((data -> col.name)::text, 200));
            END;
        END LOOP;
        RAISE;
    END;
    RETURN stamp;
END
$$;

-- The user's columns of the versions table, or of a copy of it, as the generator writes them down:
-- the same text in every session.
CREATE FUNCTION exaudit.custom_column_list(
    versions oid DEFAULT 'exaudit.versions'::regclass, OUT name text, OUT filled boolean, OUT default_expression text, OUT definition text
) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
AS $$
    SELECT c.name, c.filled, c.default_expression,
           CASE WHEN c.filled THEN pg_catalog.format('%I %s', c.name, c.type_name) || coalesce(' DEFAULT ' || c.default_expression, '')
                ELSE pg_catalog.format('%I by default', c.name) END
    FROM exaudit.columns_beside c
    WHERE c.relation = $1
$$;

-- Are the user's columns of the versions table still the ones that a trigger function was
-- written for? IMMUTABLE for the same reason and under the same conditions as has_shape.
CREATE FUNCTION exaudit.has_custom_columns(versions oid, custom_columns text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN custom_columns = ARRAY(SELECT c.definition FROM exaudit.custom_column_list() c);
END
$$;

-- What is wrong with the user's columns, or with those that are tried on a copy of the versions table: what would run somebody else's code with
-- exaudit_writer's rights, or make statements of the application fail.
CREATE FUNCTION exaudit.custom_column_flaws(
    versions oid DEFAULT 'exaudit.versions'::regclass, OUT object text, OUT problem text, OUT cure text
) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'column ' || quote_ident(a.attname), flaw.problem,
           pg_catalog.format('ALTER TABLE exaudit.versions %s', replace(flaw.cure, '{}', quote_ident(a.attname)))
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN exaudit.columns_beside c ON c.relation = a.attrelid AND c.name = a.attname
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    CROSS JOIN LATERAL (
        SELECT pg_catalog.format('is of type %s, which is not built in, and so is not filled', c.type_name), 'DROP COLUMN {}'
        WHERE t.typnamespace <> 'pg_catalog'::regnamespace
        UNION ALL
        -- nothing depends on what is built in
        SELECT pg_catalog.format('has a default by %s, which is not built in', pg_catalog.pg_describe_object(dep.refclassid, dep.refobjid, 0)),
               'ALTER {} DROP DEFAULT'
        FROM pg_catalog.pg_depend dep
        WHERE dep.classid = 'pg_catalog.pg_attrdef'::regclass AND dep.objid = d.oid AND dep.refclassid <> 'pg_catalog.pg_class'::regclass
        UNION ALL
        SELECT pg_catalog.format('has a default by %s, and should be an identity column', pg_catalog.pg_describe_object(dep.refclassid, dep.refobjid, 0)),
               'ALTER {} DROP DEFAULT'
        FROM pg_catalog.pg_depend dep
        WHERE dep.classid = 'pg_catalog.pg_attrdef'::regclass AND dep.objid = d.oid AND dep.refclassid = 'pg_catalog.pg_class'::regclass
          AND dep.refobjid <> a.attrelid
        UNION ALL
        SELECT 'is NOT NULL, so that changes without a value for it fail', 'ALTER {} DROP NOT NULL'
        WHERE a.attnotnull AND a.attidentity = '' AND a.attgenerated = '' AND (c.filled OR d.oid IS NULL)
    ) AS flaw (problem, cure)
    WHERE a.attrelid = $1 AND NOT a.attisdropped
    UNION ALL
    -- of these columns alone; no others are for users to add
    SELECT 'constraint ' || quote_ident(con.conname),
           CASE con.contype WHEN 'f' THEN pg_catalog.format('makes statements on table %s fail: it must be ON DELETE SET NULL ON UPDATE CASCADE', con.confrelid::regclass)
                ELSE pg_catalog.format('makes changes fail: %s', pg_catalog.pg_get_constraintdef(con.oid)) END,
           pg_catalog.format('ALTER TABLE exaudit.versions DROP CONSTRAINT %I', con.conname)
    FROM pg_catalog.pg_constraint con
    WHERE con.conrelid = $1 AND con.conkey <> '{}'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey) AND a.attname::text = ANY (exaudit.version_columns()))
      AND CASE WHEN con.contype = 'f' THEN con.confdeltype <> 'n' OR con.confupdtype NOT IN ('c', 'n')
               -- what the server says passes, or should
               ELSE con.contype IN ('c', 'u', 'x')
                    AND EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN exaudit.columns_beside c ON c.relation = a.attrelid AND c.name = a.attname AND c.filled
                                WHERE a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey)) END
    UNION ALL
    SELECT 'index ' || quote_ident(i.relname), 'is unique, and makes changes fail', pg_catalog.format('DROP INDEX exaudit.%I', i.relname)
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = $1 AND x.indisunique
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint con WHERE con.conindid = x.indexrelid AND con.conrelid = x.indrelid)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey::int2[]) AND a.attname::text = ANY (exaudit.version_columns()))
      AND EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN exaudit.columns_beside c ON c.relation = a.attrelid AND c.name = a.attname AND c.filled
                  WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey::int2[]))
    ORDER BY 1, 2
$$;

-- Who is logged in, where the options of a table ask for it.
CREATE FUNCTION exaudit.session_role(table_id integer) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT session_user::text FROM exaudit.tables t WHERE t.id = $1 AND t.options @> '{"session_user": true}'
$$;

-- Notes that a version rewrote its row's primary key, see exaudit.key_changes, and returns its id.
CREATE FUNCTION exaudit.note_key_change(
    version_id bigint, table_id integer, entity_id text, previous_entity_id text, command bigint, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS bigint
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO exaudit.key_changes (id, table_id, entity_id, previous_entity_id, command, old_row, new_row)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING $1
$$;

-- The command that wrote a row, by what an AFTER trigger sees of it: NEW's xmax and cmin, OLD's xmin and cmax. Where the
-- transaction has written the row once more already, cmin is another number; so is cmax where it had written it before.
CREATE FUNCTION exaudit.command_of(new_xmax xid, new_cmin cid, old_xmin xid, old_cmax cid) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN new_xmax = 0 THEN new_cmin::text::bigint
                WHEN old_xmin::text::bigint < txid_current() % 4294967296 THEN old_cmax::text::bigint END
$$;

-- Adds one version with the session's data, whatever columns the versions table has by
-- now, under an id that was taken before or the next one. Generated functions that know
-- the columns insert by themselves. The options are those of the table, for who has read
-- them already.
CREATE FUNCTION exaudit.record(
    table_id integer, action exaudit.action, entity_id text, previous_entity_id text, before jsonb, after jsonb,
    options jsonb DEFAULT NULL, version_id bigint DEFAULT NULL, command bigint DEFAULT NULL, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stamp     exaudit.versions;
    logged_in text;
    columns   text;
    fields    text;
BEGIN
    IF options IS NULL THEN
        logged_in := exaudit.session_role(table_id);
    ELSIF options <> '{}' AND options @> '{"session_user": true}' THEN
        logged_in := session_user;
    END IF;
    version_id := coalesce(version_id, pg_catalog.nextval('exaudit.versions_id_seq'));
    IF previous_entity_id IS NOT NULL THEN
        PERFORM exaudit.note_key_change(version_id, table_id, entity_id, previous_entity_id, command, old_row, new_row);
    END IF;
    -- Without session data, or columns of the user's, no statement has to be made up.
    IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = ''
       AND coalesce(pg_catalog.current_setting('exaudit.rollback', true), '') = '' THEN
        INSERT INTO exaudit.versions (id, table_id, action, entity_id, previous_entity_id, before, after, session_role)
        OVERRIDING SYSTEM VALUE
        VALUES (version_id, $1, $2, $3, $4, $5, $6, logged_in);
        RETURN;
    END IF;
    LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE; -- its columns stay as they are from here on
    stamp := exaudit.session_data();
    IF exaudit.has_custom_columns('exaudit.versions'::pg_catalog.regclass, '{}') THEN
        INSERT INTO exaudit.versions
            (id, table_id, action, entity_id, previous_entity_id, before, after, custom, rollback, session_role)
        OVERRIDING SYSTEM VALUE
        VALUES (version_id, $1, $2, $3, $4, $5, $6, stamp.custom, stamp.rollback, logged_in);
        RETURN;
    END IF;
    -- a column without its key in the custom data is left out, and so takes its default
    SELECT coalesce(string_agg(pg_catalog.format(', %I', c.name), ''), ''),
           coalesce(string_agg(pg_catalog.format(', ($7).%I', c.name), ''), '')
    INTO columns, fields
    FROM exaudit.custom_columns c
    WHERE c.filled AND stamp.custom ? c.name;

    EXECUTE pg_catalog.format(
        'INSERT INTO exaudit.versions '
        '(id, table_id, action, entity_id, previous_entity_id, before, after, custom, rollback, session_role%s) '
        'OVERRIDING SYSTEM VALUE '
        'VALUES ($9, $1, $2, $3, $4, $5, $6, ($7).custom, ($7).rollback, $8%s)', columns, fields)
    USING table_id, action, entity_id, previous_entity_id, before, after, stamp, logged_in, version_id;
END
$$;

-- A relation and the partitions below it, level 0 and on. Unlike pg_partition_tree it locks none.
CREATE FUNCTION exaudit.partition_tree(root oid, OUT relation oid, OUT level integer) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree (relation, level) AS (
        SELECT $1, 0
        UNION ALL
        SELECT i.inhrelid, tree.level + 1
        FROM tree
        JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.relation AND NOT i.inhdetachpending
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    )
    SELECT tree.relation, tree.level FROM tree
$$;

-- The condition of a trigger, node by node, with the names of what it calls and compares; NULL where
-- there is none. pg_get_triggerdef would lock the table.
CREATE FUNCTION exaudit.trigger_condition(trigger oid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(
        CASE
            WHEN part.node = 'ROW' THEN 'ROWEXPR' -- before PostgreSQL 15
            WHEN part.node IS NOT NULL THEN part.node
            WHEN part.field = 'opno' THEN (SELECT pg_catalog.format('%s.%s', n.nspname, o.oprname)
                                           FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                                           WHERE o.oid = part.number::oid)
            WHEN part.field = 'funcid' THEN (SELECT pg_catalog.format('%s.%s', n.nspname, p.proname)
                                             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                                             WHERE p.oid = part.number::oid)
            WHEN part.field = 'varno' THEN CASE part.number WHEN '1' THEN 'old' WHEN '2' THEN 'new' ELSE part.number END
            ELSE coalesce((SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
                           WHERE a.attrelid = part.relation AND a.attnum = part.number::int2 AND a.attnum > 0), part.number)
        END, ' ' ORDER BY part.place)
    FROM (SELECT tg.tgrelid AS relation, found.part[1] AS node, found.part[2] AS field, found.part[3] AS number, found.place
          FROM pg_catalog.pg_trigger tg
          CROSS JOIN pg_catalog.regexp_matches(tg.tgqual::text, E'\\{([A-Z]+)|:(opno|funcid|varno|varattno) (-?[0-9]+)', 'g')
                     WITH ORDINALITY AS found (part, place)
          WHERE tg.oid = $1) part
$$;

-- The table that a relation's rows are recorded as: the relation itself or the nearest partitioned table above
-- it that has the registered name, or carries the trigger (it was renamed, perhaps to make room for another of its
-- name). NULL where there is none: a generated trigger may not fire for the relation.
CREATE FUNCTION exaudit.recorded_table(table_id integer, relation oid) RETURNS oid
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid
    FROM exaudit.tables t
    LEFT JOIN exaudit.relations r ON r.table_id = t.id
    CROSS JOIN LATERAL (
        SELECT $2 AS relation, 0 AS distance
        UNION ALL
        SELECT up.relid, up.distance FROM pg_catalog.pg_partition_ancestors($2) WITH ORDINALITY AS up (relid, distance)) AS a
    JOIN pg_catalog.pg_class c ON c.oid = a.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.id = $1
      AND (c.oid = r.relation OR c.relname = t.table_name AND n.nspname = t.schema_name)
    ORDER BY a.distance
    LIMIT 1
$$;

-- The same for a relation that the trigger may fire for. Only a partition has to be looked up.
CREATE FUNCTION exaudit.recorded_root(table_id integer, relation oid) RETURNS oid
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN coalesce(pg_catalog.pg_partition_root($2)::oid, $2) = $2 THEN $2
                ELSE exaudit.recorded_table($1, $2) END
$$;

-- Reports whether a relation is a partitioned table's partition, on any level.
CREATE FUNCTION exaudit.is_partition_of(relation oid, parent oid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $2 IN (SELECT up.relid::oid FROM pg_catalog.pg_partition_ancestors($1) AS up (relid))
$$;

-- Raises unless it may.
CREATE FUNCTION exaudit.check_table(table_id integer, relation oid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    registered exaudit.tables;
BEGIN
    IF exaudit.recorded_table(table_id, relation) IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO registered FROM exaudit.tables t WHERE t.id = check_table.table_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'trigger function t%_* of % records a table that exaudit.tables does not have',
            table_id, relation::regclass
            USING ERRCODE = 'triggered_action_exception',
                  HINT = 'Restore the data of schema exaudit, or begin a new history with "exaudit install --all".';
    END IF;
    RAISE EXCEPTION 'trigger function t%_* records table %.%, not %',
        table_id, registered.schema_name, registered.table_name, relation::regclass
        USING ERRCODE = 'triggered_action_exception',
              HINT = 'Drop the trigger and run "exaudit install" for the table.';
END
$$;

-- Raises for a trigger that a trigger function was not made for.
CREATE FUNCTION exaudit.refuse_trigger(function_name text, name text, timing text, operation text, level text, relation oid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'function exaudit.% was called by trigger "%", % % of table % for each %, which it is not for',
        function_name, name, timing, operation, relation::regclass, lower(level)
        USING ERRCODE = 'triggered_action_exception',
              HINT = 'Drop the trigger and run "exaudit sync".';
END
$$;

-- The columns of a table's primary key, in its order, and whether one alone is jsonb.
-- IMMUTABLE as has_shape is, and under the same conditions.
CREATE FUNCTION exaudit.key_columns(relation oid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_snapshot(relation);
    RETURN (
        SELECT pg_catalog.jsonb_build_object(
                   'names', coalesce(pg_catalog.jsonb_agg(c.name ORDER BY c.key_position), '[]'),
                   'jsonb', coalesce(bool_and(c.encoding = 'jsonb'), false))
        FROM exaudit.table_columns c
        WHERE c.relation = $1 AND c.key_position >= 0
    );
END
$$;

-- A key as versions carry it. In place of one that their index could not take, or that looks
-- like a digest, stands its digest.
CREATE FUNCTION exaudit.bounded_key(key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN pg_catalog.octet_length(key) OPERATOR(pg_catalog.<=) 2000
                     AND pg_catalog.left(key, 7) COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) 'sha256 ' THEN key
                ELSE 'sha256 ' OPERATOR(pg_catalog.||) pg_catalog.encode(
                    pg_catalog.sha256(pg_catalog.convert_to(key, 'UTF8')), 'hex') END
$$;

-- The key of a row, from its image: the text of a single value, else a JSON array. A
-- table that has lost its primary key is told apart by whole rows. NULL where the image lacks
-- a part of the key.
CREATE FUNCTION exaudit.entity_id_in(key_columns jsonb, image jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT -- pins nothing, which takes time: every name is qualified
AS $$
DECLARE
    names pg_catalog.jsonb := key_columns OPERATOR(pg_catalog.->) 'names';
    list  pg_catalog.jsonb;
BEGIN
    IF pg_catalog.jsonb_array_length(names) OPERATOR(pg_catalog.>) 1 THEN
        list := '[]';
        FOR i IN 0 .. pg_catalog.jsonb_array_length(names) OPERATOR(pg_catalog.-) 1 LOOP
            list := list OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_array(
                image OPERATOR(pg_catalog.->) (names OPERATOR(pg_catalog.->>) i));
            IF NOT image OPERATOR(pg_catalog.?) (names OPERATOR(pg_catalog.->>) i) THEN
                RETURN NULL;
            END IF;
        END LOOP;
        RETURN exaudit.bounded_key(list::pg_catalog.text);
    ELSIF pg_catalog.jsonb_array_length(names) OPERATOR(pg_catalog.<) 1 THEN
        RETURN exaudit.bounded_key(image::pg_catalog.text);
    ELSIF (key_columns OPERATOR(pg_catalog.->) 'jsonb')::boolean THEN
        RETURN exaudit.bounded_key((image OPERATOR(pg_catalog.->) (names OPERATOR(pg_catalog.->>) 0))::pg_catalog.text);
    ELSE
        RETURN exaudit.bounded_key(image OPERATOR(pg_catalog.->>) (names OPERATOR(pg_catalog.->>) 0));
    END IF;
END
$$;

-- The same for the image of a table's row.
CREATE FUNCTION exaudit.entity_id_of(relation oid, image jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS 'SELECT exaudit.entity_id_in(exaudit.key_columns($1), $2)';

-- An SQL expression for the key of a row, read through an alias: what entity_id_of gives.
CREATE FUNCTION exaudit.entity_id_expression(relation oid, alias text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_catalog.format(
           -- an index takes 32 columns of these
           CASE WHEN bool_and(c.type IN ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype,
                                         'uuid'::regtype, 'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype))
                THEN '%s' ELSE 'exaudit.bounded_key(%s)' END,
           CASE
               WHEN count(*) > 1 THEN pg_catalog.format(
                   'pg_catalog.jsonb_build_array(%s)::pg_catalog.text',
                   string_agg(replace(c.value_expression, '{}', alias || '.' || exaudit.quoted(c.name)), ', '
                              ORDER BY c.key_position))
               WHEN min(c.encoding) = 'jsonb'
                    -- for these the cast gives the same text, sooner
                    OR min(c.type) IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype,
                                       'text'::regtype, 'varchar'::regtype)
                   THEN alias || '.' || exaudit.quoted(min(c.name)) || '::pg_catalog.text'
               ELSE pg_catalog.format('(pg_catalog.to_jsonb(%s) OPERATOR(pg_catalog.#>>) ''{}'')',
                                      replace(min(c.value_expression), '{}', alias || '.' || exaudit.quoted(min(c.name))))
           END)
    FROM exaudit.table_columns c
    WHERE c.relation = $1 AND c.key_position >= 0
    HAVING count(*) > 0
$$;

-- The notes of an image that concern the columns of a part of it.
CREATE FUNCTION exaudit.with_notes(part jsonb, image jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT part || coalesce((SELECT pg_catalog.jsonb_build_object('', pg_catalog.jsonb_agg(n))
                             FROM pg_catalog.jsonb_array_elements(image -> '') AS n
                             WHERE part ? coalesce(n ->> 'oversized', n #>> '{}')
                             HAVING count(*) > 0), '{}')
$$;

-- The changed columns of an update, both sides, with what is noted of them. Numbers are
-- compared as they are written: 1.0 is not 1.00. Pins nothing, which takes time: every
-- name is qualified.
CREATE FUNCTION exaudit.changed_columns(before jsonb, after jsonb, OUT old_values jsonb, OUT new_values jsonb)
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
        old_values := exaudit.with_notes(old_values, before);
        new_values := exaudit.with_notes(new_values, after);
    END IF;
END
$$;

-- What the columns of a table are, as a snapshot keeps them: their places in the primary key, and of a type that is not
-- built in also what it is made of. IMMUTABLE as has_shape is, and
-- under the same conditions.
CREATE FUNCTION exaudit.present_columns(relation oid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
BEGIN
    PERFORM exaudit.check_snapshot(relation);
    RETURN (
        SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'number', c.number, 'name', c.name, 'type', c.type_name, 'encoding', c.encoding)
                   || CASE WHEN c.key_position >= 0 THEN pg_catalog.jsonb_build_object('key', c.key_position) ELSE '{}' END
                   || CASE WHEN own.is_own THEN (SELECT pg_catalog.jsonb_build_object('oid', c.type::bigint) || pg_catalog.to_jsonb(p)
                                                 FROM exaudit.type_parts(c.type, own.modifier) AS p)
                           ELSE '{}' END ORDER BY c.number)
        FROM exaudit.table_columns c
        CROSS JOIN LATERAL (
            SELECT t.typnamespace <> 'pg_catalog'::regnamespace AS is_own, a.atttypmod AS modifier
            FROM pg_catalog.pg_type t, pg_catalog.pg_attribute a
            WHERE t.oid = c.type AND a.attrelid = c.relation AND a.attnum = c.number) AS own
        WHERE c.relation = present_columns.relation
    );
END
$$;

-- Are the columns the ones that the last snapshot has? The shape does not tell: a column that was dropped and added again
-- has its name and type, and another number. What the own transaction has kept may be rolled back and does not count, for
-- this is IMMUTABLE as has_shape is: the plan would go on with it.
CREATE FUNCTION exaudit.has_snapshot(table_id integer, relation oid) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last exaudit.column_snapshots;
BEGIN
    SELECT * INTO last FROM exaudit.column_snapshots s
    WHERE s.table_id = has_snapshot.table_id
    ORDER BY s.since DESC LIMIT 1;
    RETURN coalesce(last.relation = has_snapshot.relation
                    AND last.xid IS DISTINCT FROM pg_catalog.pg_current_xact_id_if_assigned()
                    AND last.columns = exaudit.present_columns(has_snapshot.relation), false);
END
$$;

-- The same of now, where that could not be planned with, and keeps the columns where they are news. Returns true.
CREATE FUNCTION exaudit.take_snapshot(table_id integer, relation oid, present jsonb) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- No version need follow: whoever comes next must not wait for this transaction.
    IF (SELECT s.relation = take_snapshot.relation AND s.columns = present FROM exaudit.column_snapshots s
        WHERE s.table_id = take_snapshot.table_id ORDER BY s.since DESC LIMIT 1) IS NOT TRUE THEN
        PERFORM exaudit.note_columns(table_id, relation, present, pg_catalog.nextval('exaudit.versions_id_seq'));
    END IF;
    RETURN true;
END
$$;

-- Keeps what the columns are from the next version on, where that is news; since may be an id that is nobody else's.
CREATE FUNCTION exaudit.note_columns(table_id integer, relation oid, present jsonb, since bigint DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last exaudit.column_snapshots;
BEGIN
    SELECT * INTO last FROM exaudit.column_snapshots s
    WHERE s.table_id = note_columns.table_id
    ORDER BY s.since DESC LIMIT 1;
    IF last.columns IS NOT DISTINCT FROM present AND last.relation = note_columns.relation THEN
        RETURN;
    END IF;
    IF last.relation <> note_columns.relation THEN
        PERFORM exaudit.check_restored(note_columns.relation);
    END IF;
    -- The sequence tells the last id that any session has taken. Nobody else writes this
    -- table under new columns at the same time and is not held up here: the first comes first.
    INSERT INTO exaudit.column_snapshots (table_id, since, relation, columns)
    VALUES (note_columns.table_id, coalesce(note_columns.since, exaudit.last_version_id()), note_columns.relation, present)
    ON CONFLICT DO NOTHING;
    -- Altered twice without a version in between: an id of its own keeps the two apart.
    IF NOT FOUND THEN
        INSERT INTO exaudit.column_snapshots (table_id, since, relation, columns)
        VALUES (note_columns.table_id, pg_catalog.nextval('exaudit.versions_id_seq'), note_columns.relation, present);
    END IF;
END
$$;

-- Raises while a dump is being loaded, whose rows are no changes, or where the sequence of
-- ids lags behind the versions that came with it. For the first write to a restored table.
CREATE FUNCTION exaudit.check_restored(relation oid) RETURNS void
    LANGUAGE plpgsql STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
BEGIN
    -- every script of pg_dump turns this off first, and hardly anybody else does
    IF NOT pg_catalog.current_setting('check_function_bodies')::boolean THEN
        RAISE EXCEPTION 'rows of % are loaded from a dump, which must not fire its triggers', relation::regclass
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Load data with --disable-triggers, then run "exaudit sync".';
    END IF;
    IF EXISTS (SELECT FROM exaudit.versions v WHERE v.id > exaudit.last_version_id()) THEN
        RAISE EXCEPTION 'the ids of exaudit.versions are ahead of their sequence'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format('Table %s was restored from a dump, without the state of sequence exaudit.versions_id_seq.',
                                             relation::regclass),
                  HINT = 'Run: SELECT setval(''exaudit.versions_id_seq'', max(id)) FROM exaudit.versions';
    END IF;
END
$$;

-- The last version id that was given out; 0 before the first.
CREATE FUNCTION exaudit.last_version_id() RETURNS bigint
    LANGUAGE sql VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM exaudit.versions_id_seq s
$$;

-- The present names of the columns that an option of a table lists. A column that was
-- renamed is still meant, and so is a new one of a listed name: in doubt, a value stays
-- secret. The primary key is never meant.
CREATE FUNCTION exaudit.option_columns(table_id integer, relation oid, option text) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}')
    FROM exaudit.tables t
    JOIN pg_catalog.pg_attribute a ON a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.id = $1
      AND EXISTS (SELECT FROM pg_catalog.jsonb_array_elements_text(t.options -> option) AS listed (name)
                  WHERE listed.name = a.attname
                     OR t.option_columns -> 'relation' = pg_catalog.to_jsonb($2::bigint)
                        AND t.option_columns -> 'numbers' -> listed.name = pg_catalog.to_jsonb(a.attnum))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_index k
                      WHERE k.indrelid = $2 AND k.indisprimary AND a.attnum = ANY (k.indkey::int2[]))
$$;

-- Do the options of a table let its rows change without a version: by a condition, by exaudit.ignore, by a TRUNCATE
-- that is ignored?
CREATE FUNCTION exaudit.hides_changes(options jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $1 ?| ARRAY['where', 'ignore'] OR coalesce($1 ->> 'truncate', '') = 'ignore'
$$;

-- Are the triggers of a table there, and enabled, on each of its partitions?
CREATE FUNCTION exaudit.is_watched(table_id integer, relation oid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(bit_and(CASE WHEN tg.tgenabled IN ('O', 'A') THEN 1 ELSE 0 END) = 1
                    -- INSERT 4, DELETE 8, UPDATE 16
                    AND bit_or(CASE WHEN tg.tgrelid = $2 THEN tg.tgtype ELSE 0 END) & 28 = 28, false)
    FROM exaudit.partition_tree($2) AS tree
    JOIN pg_catalog.pg_trigger tg ON tg.tgrelid = tree.relation
    JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid
    WHERE p.pronamespace = 'exaudit'::regnamespace
      AND p.proname ~ pg_catalog.format('^t%s_(insert|update|delete|truncate)$', $1)
$$;

-- Notes, before a table's triggers are mended, that changes have been made that nobody recorded. Whoever mends them knows
-- until when: the history is complete since then.
CREATE FUNCTION exaudit.note_unwatched(table_id integer, relation oid) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE exaudit.tables t SET complete_since = 'infinity'
    WHERE t.id = $1 AND t.tracked AND NOT exaudit.is_watched($1, $2)
$$;

-- Sets the options of a table, and which columns they name. What its condition was bound to stays, for
-- exaudit.bind_condition.
CREATE FUNCTION exaudit.set_options(table_id integer, relation oid, options jsonb) RETURNS void
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE exaudit.tables t
    SET options = $3,
        -- until whoever installs them knows since when nothing is hidden any more
        complete_since = CASE WHEN t.tracked AND exaudit.hides_changes(t.options) AND NOT exaudit.hides_changes($3) THEN 'infinity'
                              ELSE t.complete_since END,
        option_columns = (
            SELECT CASE WHEN count(*) = 0 THEN '{}' ELSE pg_catalog.jsonb_build_object(
                'relation', $2::bigint, 'numbers', pg_catalog.jsonb_object_agg(a.attname, a.attnum)) END
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped
              AND ($3 -> 'exclude' ? a.attname::text OR $3 -> 'mask' ? a.attname::text))
            || CASE WHEN t.option_columns ? 'condition'
                    THEN pg_catalog.jsonb_build_object('condition', t.option_columns -> 'condition') ELSE '{}' END
    WHERE t.id = $1
$$;

-- How a value of a column is handed to the function of a condition: as what type, and by which
-- expression, in which "{}" is the value. All that the function sees is of types of PostgreSQL's own, so
-- that it runs nobody's cast, operator, check or comparison: of a domain the type beneath it, of an enum
-- the label, which no cast makes. reason says why a column cannot be handed over.
CREATE FUNCTION exaudit.condition_argument(type oid, collation_id oid,
                                           OUT argument text, OUT expression text, OUT collation_name text, OUT enum oid, OUT reason text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    base    record;
    element record;
BEGIN
    SELECT t.oid, t.typtype, t.typelem, t.typcollation INTO STRICT base FROM pg_catalog.pg_type t WHERE t.oid = exaudit.base_type(type);
    SELECT t.oid, t.typtype, t.typarray INTO element -- of NULLs where it is no array
    FROM pg_catalog.pg_type t
    WHERE t.oid = (SELECT exaudit.base_type(e.oid) FROM pg_catalog.pg_type e WHERE e.oid = base.typelem AND e.typarray = base.oid);
    IF base.typtype = 'e' THEN
        enum := base.oid;
        argument := 'text';
        expression := 'exaudit.text_value({})';
    ELSIF element.typtype = 'e' THEN
        enum := element.oid;
        argument := 'text[]';
        expression := 'exaudit.text_value({})::pg_catalog.text[]';
    ELSIF base.oid < 16384 AND base.typtype IN ('b', 'r', 'm') AND coalesce(element.typtype <> 'c', true) THEN
        argument := pg_catalog.format_type(base.oid, -1);
        expression := '{}';
    ELSIF element.oid < 16384 AND element.typtype IN ('b', 'r', 'm') THEN -- of a domain
        argument := pg_catalog.format_type(element.typarray, -1);
        expression := pg_catalog.format('exaudit.text_value({})::%s', argument);
    ELSE
        reason := pg_catalog.format('is of type %s, which is not PostgreSQL''s own', pg_catalog.format_type(type, NULL));
        RETURN;
    END IF;
    IF collation_id NOT IN (0, base.typcollation) THEN
        collation_name := (SELECT pg_catalog.format('%s.%I', c.collnamespace::regnamespace, c.collname)
                           FROM pg_catalog.pg_collation c WHERE c.oid = collation_id);
        IF collation_id >= 16384 THEN
            reason := pg_catalog.format('has collation %s, which is not PostgreSQL''s own', collation_name);
        END IF;
    END IF;
END
$$;

-- The columns that the condition of a table asks about, in the order of its function's arguments: what
-- they are called, and how a value is handed over, of a row or of its image. A column, or a label of an enum, that
-- was renamed since is still meant: a label goes by its former name.
-- "<table_id>" stands for the table's id. problem says why the condition cannot be asked any more.
CREATE FUNCTION exaudit.condition_columns(
    table_id integer, relation oid,
    OUT name text, OUT argument text, OUT expression text, OUT image_expression text, OUT base oid, OUT problem text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    condition jsonb := (SELECT t.option_columns -> 'condition' FROM exaudit.tables t WHERE t.id = $1);
    same      boolean := condition -> 'relation' = pg_catalog.to_jsonb($2::bigint);
BEGIN
    RETURN QUERY
    SELECT a.attname::text, bound.argument,
           CASE WHEN bound.labels IS NULL OR NOT same THEN given.expression
                WHEN bound.argument = 'text[]' THEN pg_catalog.format('exaudit.former_labels(<table_id>, %L, %s)', bound.name, given.expression)
                ELSE pg_catalog.format('(exaudit.former_labels(<table_id>, %L, ARRAY[%s]))[1]', bound.name, given.expression) END,
           CASE WHEN bound.labels IS NULL OR NOT same THEN 'r.{}'
                ELSE pg_catalog.format(CASE bound.argument WHEN 'text[]' THEN 'exaudit.former_labels(<table_id>, %L, r.{})'
                                                           ELSE '(exaudit.former_labels(<table_id>, %L, ARRAY[r.{}]))[1]' END, bound.name) END,
           exaudit.base_type(a.atttypid),
           CASE WHEN a.attname IS NULL THEN pg_catalog.format('column "%s" was dropped', bound.name)
                WHEN given.reason IS NOT NULL THEN pg_catalog.format('column "%s" %s', a.attname, given.reason)
                WHEN given.argument <> bound.argument OR given.collation_name IS DISTINCT FROM bound.collation_name
                    THEN pg_catalog.format('column "%s" was given another type or collation', a.attname) END
    FROM ROWS FROM (pg_catalog.jsonb_to_recordset(condition -> 'columns')
                        AS (name text, number integer, argument text, collation_name text, labels jsonb))
        WITH ORDINALITY AS bound (name, number, argument, collation_name, labels, place)
    LEFT JOIN pg_catalog.pg_attribute a
           ON a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped
          AND CASE WHEN same THEN a.attnum = bound.number ELSE a.attname = bound.name END
    LEFT JOIN LATERAL exaudit.condition_argument(a.atttypid, a.attcollation) AS given ON a.atttypid IS NOT NULL
    ORDER BY bound.place;
END
$$;

-- The names that labels of an enum had when the condition of a table was bound, in an array of whatever shape; the
-- labels themselves where that is not known.
CREATE FUNCTION exaudit.former_labels(table_id integer, column_name text, labels text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
BEGIN
    FOR renamed IN
        SELECT e.enumlabel::text AS label, l.former, step.final
        FROM exaudit.tables t
        CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(t.option_columns #> '{condition,columns}')
            AS bound (name text, number integer, labels jsonb)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = (t.option_columns #>> '{condition,relation}')::oid
                                      AND a.attnum = bound.number
        JOIN pg_catalog.pg_type b ON b.oid = exaudit.base_type(a.atttypid)
        JOIN pg_catalog.pg_enum e ON e.enumtypid = b.oid OR e.enumtypid = exaudit.base_type(b.typelem)
        CROSS JOIN LATERAL (SELECT bound.labels ->> e.oid::text AS former) AS l
        -- labels may have exchanged their names: first each gives way
        CROSS JOIN (VALUES (false), (true)) AS step (final)
        WHERE t.id = $1 AND bound.name = $2 AND l.former <> e.enumlabel
        ORDER BY step.final
    LOOP
        labels := CASE WHEN renamed.final THEN array_replace(labels, chr(1) || renamed.label, renamed.former)
                       ELSE array_replace(labels, renamed.label, chr(1) || renamed.label) END;
    END LOOP;
    RETURN labels;
END
$$;

-- Why the condition of a table cannot be asked: all its rows are recorded then. NULL where it can, or
-- there is none.
CREATE FUNCTION exaudit.condition_problem(table_id integer, relation oid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT c.problem FROM exaudit.condition_columns($1, $2) AS c WHERE c.problem IS NOT NULL LIMIT 1),
                    CASE WHEN NOT t.option_columns ? 'condition' THEN 'it was not bound to columns' END)
    FROM exaudit.tables t
    WHERE t.id = $1 AND t.options ? 'where'
$$;

-- What the function of a table's condition is handed of a row, which is read through an alias. NULL where the
-- table has no condition that can be asked.
CREATE FUNCTION exaudit.condition_arguments(table_id integer, relation oid, alias text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT string_agg(replace(c.expression, '{}', pg_catalog.format('%s.%s', alias, exaudit.quoted(c.name))), ', ')
                     FROM exaudit.condition_columns($1, $2) AS c), '')
    FROM exaudit.tables t
    WHERE t.id = $1 AND t.options ? 'where' AND exaudit.condition_problem($1, $2) IS NULL
$$;

-- A query that is true for the image of a row, $1, that meets the condition of its table; NULL where the table
-- has none that can be asked. Values are read as PostgreSQL's own types, not as those of the table. True also
-- where the image lacks a column that the condition asks about, or has a placeholder in its stead.
CREATE FUNCTION exaudit.condition_query(table_id integer, relation oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col         record;
    names       text[] := '{}';
    arguments   text[] := '{}';
    definitions text[] := '{}';
BEGIN
    IF NOT EXISTS (SELECT FROM exaudit.tables t WHERE t.id = $1 AND t.options ? 'where' AND t.option_columns ? 'condition') THEN
        RETURN NULL;
    END IF;
    FOR col IN SELECT * FROM exaudit.condition_columns($1, $2) LOOP
        IF col.problem IS NOT NULL THEN
            RETURN NULL;
        END IF;
        names := names || col.name;
        definitions := definitions || pg_catalog.format('%I %s', col.name, col.argument);
        arguments := arguments || CASE
            WHEN col.base = 'json'::regtype THEN pg_catalog.format('($1 ->> %L)::json', col.name)
            WHEN col.base = 'jsonb'::regtype THEN pg_catalog.format('CASE WHEN ($1 -> '''') ? %L THEN ''null'' ELSE r.%I END', col.name, col.name)
            ELSE replace(col.image_expression, '{}', quote_ident(col.name)) END;
    END LOOP;
    RETURN replace(pg_catalog.format(
        'SELECT CASE WHEN $1 ?& %1$L::text[] AND NOT EXISTS ('
        'SELECT FROM pg_catalog.jsonb_array_elements($1 -> '''') AS note (value) WHERE note.value ->> ''oversized'' = ANY (%1$L::text[])) '
        'THEN coalesce(exaudit.t<table_id>_condition(%2$s), false) ELSE true END FROM %3$s',
        names, array_to_string(arguments, ', '),
        CASE WHEN names = '{}' THEN '(SELECT) AS r'
             ELSE 'pg_catalog.jsonb_to_record($1) AS r (' || array_to_string(definitions, ', ') || ')' END), '<table_id>', $1::text);
END
$$;

-- What is wrong with the function of a table's condition; NULL where nothing is.
CREATE FUNCTION exaudit.condition_flaw(table_id integer) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
    SELECT CASE
        WHEN p.oid IS NULL THEN 'is missing'
        WHEN pg_catalog.pg_get_functiondef(p.oid) <> t.option_columns #>> '{condition,function}' THEN 'was altered by hand'
        WHEN p.proowner <> 'exaudit_owner'::regrole THEN pg_catalog.format('belongs to %s, not exaudit_owner', p.proowner::regrole)
        WHEN pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE') THEN 'may be executed by PUBLIC'
        WHEN NOT pg_catalog.has_function_privilege('exaudit_writer', p.oid, 'EXECUTE') THEN 'may not be executed by exaudit_writer'
    END
    FROM exaudit.tables t
    LEFT JOIN pg_catalog.pg_proc p ON p.pronamespace = 'exaudit'::regnamespace AND p.proname = pg_catalog.format('t%s_condition', t.id)
    WHERE t.id = $1 AND t.options ? 'where' AND t.option_columns ? 'condition'
    ORDER BY 1
    LIMIT 1
$$;

-- Does the row of an image meet the condition of its table? A condition that fails, or cannot be asked,
-- is met: in doubt, a change is recorded, and never does the statement fail. relation is where the row
-- is, perhaps a partition.
CREATE FUNCTION exaudit.meets(table_id integer, relation oid, image jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET xmloption = 'content'
    SET array_nulls = on
AS $$
DECLARE
    query text := exaudit.condition_query(table_id, exaudit.recorded_root(table_id, relation));
    met   boolean;
BEGIN
    IF image IS NULL THEN
        RETURN false;
    ELSIF query IS NULL THEN
        RETURN true;
    END IF;
    EXECUTE query INTO met USING image;
    RETURN met;
EXCEPTION WHEN OTHERS THEN
    RETURN true;
END
$$;

-- What is stored of the images on both sides of a change, as the options of the table say.
-- Both are NULL where an update changed nothing that is recorded. An update is captured
-- whole where that is wanted, or the option capture says so.
CREATE FUNCTION exaudit.captured(table_id integer, relation oid, options jsonb, before jsonb, after jsonb, whole boolean,
                                 OUT old_values jsonb, OUT new_values jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    excluded text[];
    masked   text[];
    changed  record;
BEGIN
    IF NOT options ?| ARRAY['exclude', 'mask', 'capture', 'where'] THEN
        old_values := before;
        new_values := after;
        IF before IS NOT NULL AND after IS NOT NULL THEN
            changed := exaudit.changed_columns(before, after);
            old_values := changed.old_values;
            new_values := changed.new_values;
            IF old_values = '{}' AND new_values = '{}' THEN
                old_values := NULL;
                new_values := NULL;
            END IF;
        END IF;
        RETURN;
    END IF;
    excluded := exaudit.option_columns(table_id, relation, 'exclude');
    masked := exaudit.option_columns(table_id, relation, 'mask');
    IF before IS NULL OR after IS NULL THEN
        old_values := exaudit.redact(before, excluded, masked);
        new_values := exaudit.redact(after, excluded, masked);
        RETURN;
    END IF;
    changed := exaudit.changed_columns(before, after);
    old_values := exaudit.redact(changed.old_values, excluded, masked);
    new_values := exaudit.redact(changed.new_values, excluded, masked);
    IF old_values = '{}' AND new_values = '{}' AND NOT whole THEN
        old_values := NULL;
        new_values := NULL;
    ELSIF whole OR options @> '{"capture": "full"}' THEN
        -- of the masked columns only those that changed: nobody could tell otherwise
        excluded := excluded || masked;
        masked := ARRAY(SELECT name FROM unnest(masked) AS name WHERE old_values ? name OR new_values ? name);
        excluded := ARRAY(SELECT unnest(excluded) EXCEPT SELECT unnest(masked));
        old_values := exaudit.redact(before, excluded, masked);
        new_values := exaudit.redact(after, excluded, masked);
    END IF;
END
$$;

-- Records a change of a table that has been altered since its triggers were written:
-- whole and exact, only slower. relation is where the row is, perhaps a partition. An update
-- is captured whole where it crosses the condition; who has asked the condition already, of
-- rows that no image may hold, says so.
CREATE FUNCTION exaudit.record_altered(
    table_id integer, relation oid, before jsonb, after jsonb, present jsonb, key_columns jsonb,
    version_id bigint DEFAULT NULL, crossing boolean DEFAULT NULL, command bigint DEFAULT NULL, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    root      oid := exaudit.recorded_root(table_id, relation);
    options   jsonb;
    noted     boolean;
    was_met   boolean := true;
    is_met    boolean := true;
    stored    record;
    old_key   text;
    new_key   text;
BEGIN
    SELECT t.options, (SELECT s.relation = root AND s.columns = present FROM exaudit.column_snapshots s
                       WHERE s.table_id = t.id ORDER BY s.since DESC LIMIT 1)
    INTO options, noted
    FROM exaudit.tables t WHERE t.id = record_altered.table_id;
    IF noted IS NOT TRUE THEN
        PERFORM exaudit.note_columns(table_id, root, present);
    END IF;
    IF options ? 'where' AND crossing IS NULL THEN
        was_met := exaudit.meets(table_id, relation, before);
        is_met := exaudit.meets(table_id, relation, after);
        IF NOT was_met AND NOT is_met THEN
            RETURN;
        END IF;
    END IF;
    stored := exaudit.captured(table_id, root, options, before, after, coalesce(crossing, was_met <> is_met));
    IF stored.old_values IS NULL AND stored.new_values IS NULL THEN
        RETURN;
    END IF;
    -- A table that has lost its primary key is told apart by whole rows: not by what is secret.
    IF options ?| ARRAY['exclude', 'mask'] THEN
        before := exaudit.redacted(table_id, root, before);
        after := exaudit.redacted(table_id, root, after);
    END IF;
    old_key := exaudit.entity_id_in(key_columns, before);
    new_key := exaudit.entity_id_in(key_columns, after);
    IF before IS NULL THEN
        PERFORM exaudit.record(table_id, 'created', new_key, NULL, NULL, stored.new_values, options, version_id);
    ELSIF after IS NULL THEN
        PERFORM exaudit.record(table_id, 'deleted', old_key, NULL, stored.old_values, NULL, options, version_id);
    ELSE
        PERFORM exaudit.record(table_id, 'updated', new_key, nullif(old_key, new_key), stored.old_values, stored.new_values,
                               options, version_id, command, old_row, new_row);
    END IF;
END
$$;

-- The same for a table whose oid is not the one that its triggers were written for. What
-- that oid means in this database says nothing about the table.
CREATE FUNCTION exaudit.record_restored(
    table_id integer, relation oid, before jsonb, after jsonb, command bigint DEFAULT NULL, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    root oid := exaudit.recorded_root(table_id, relation);
BEGIN
    PERFORM exaudit.check_table(table_id, relation);
    PERFORM exaudit.record_altered(table_id, relation, before, after, exaudit.present_columns(root), exaudit.key_columns(root),
                                   command => command, old_row => old_row, new_row => new_row);
END
$$;

-- A query that calls record_altered for all rows of a statement, which its trigger sees as
-- exaudit_old_rows and exaudit_new_rows, in the same order; or only for those with a value that
-- jsonb may not hold. These are of no table's type, and exaudit_writer may not be able to look
-- that up: it is only named for such values.
CREATE FUNCTION exaudit.altered_rows_query(table_id integer, relation oid, action exaudit.action, only_oversized boolean DEFAULT false)
    RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
DECLARE
    columns       text[] := ARRAY(SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
                                  WHERE a.attrelid = altered_rows_query.relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
    place         text := exaudit.free_name(relation, 'row');
    old_oversized text := exaudit.oversized_expression(relation, 'old');
    new_oversized text := exaudit.oversized_expression(relation, 'new');
    old_image     text := exaudit.image_expression(relation, 'old');
    new_image     text := exaudit.image_expression(relation, 'new');
    row_type      text := (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
                           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                           WHERE c.oid = altered_rows_query.relation AND pg_catalog.has_schema_privilege('exaudit_writer', n.oid, 'USAGE'));
BEGIN
    IF row_type IS NOT NULL AND old_oversized IS NOT NULL THEN
        old_image := pg_catalog.format('CASE WHEN %s THEN exaudit.encode(ROW(old.%s)::%s) ELSE %s END',
                                       old_oversized, array_to_string(columns, ', old.'), row_type, old_image);
        new_image := pg_catalog.format('CASE WHEN %s THEN exaudit.encode(ROW(new.%s)::%s) ELSE %s END',
                                       new_oversized, array_to_string(columns, ', new.'), row_type, new_image);
    END IF;
    RETURN pg_catalog.format(
        -- sorted without the columns, which may be too many for one row
        'SELECT exaudit.record_altered(%s, %s, r.before, r.after, known.present, known.key, command => known.command) '
        'FROM (SELECT %s AS place, %s AS before, %s AS after FROM %s%s OFFSET 0) AS r '
        'CROSS JOIN (SELECT exaudit.present_columns(%2$s) AS present, exaudit.key_columns(%2$s) AS key, exaudit.last_version_id() AS command OFFSET 0) AS known ORDER BY r.place',
        table_id, relation,
        CASE WHEN action = 'updated' THEN 'o.' || place ELSE '1' END,
        CASE WHEN action = 'created' THEN 'NULL::jsonb' ELSE old_image END,
        CASE WHEN action = 'deleted' THEN 'NULL::jsonb' ELSE new_image END,
        CASE action
            WHEN 'created' THEN 'exaudit_new_rows AS new'
            WHEN 'deleted' THEN 'exaudit_old_rows AS old'
            ELSE pg_catalog.format(
                '(SELECT pg_catalog.row_number() OVER () AS %1$s, %4$s FROM exaudit_old_rows) AS o '
                'FULL JOIN (SELECT pg_catalog.row_number() OVER () AS %1$s, %4$s FROM exaudit_new_rows) AS n ON n.%1$s = o.%1$s '
                'CROSS JOIN LATERAL (SELECT o.%2$s) AS old CROSS JOIN LATERAL (SELECT n.%3$s) AS new',
                place, array_to_string(columns, ', o.'), array_to_string(columns, ', n.'), array_to_string(columns, ', '))
        END,
        CASE WHEN only_oversized
             THEN ' WHERE ' || concat_ws(' OR ', CASE WHEN action <> 'created' THEN old_oversized END, CASE WHEN action <> 'deleted' THEN new_oversized END)
             ELSE '' END);
END
$$;

-- A whole image as the options of a table say.
CREATE FUNCTION exaudit.redacted(table_id integer, relation oid, image jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT exaudit.redact(image, exaudit.option_columns(table_id, relation, 'exclude'),
                          exaudit.option_columns(table_id, relation, 'mask'))
$$;

-- Is there the policy under which exaudit_writer may read every row? It is created before
-- it is needed: without row security, a policy means nothing.
CREATE FUNCTION exaudit.has_truncate_policy(relation oid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT exists (SELECT FROM pg_catalog.pg_policy p
                   WHERE p.polrelid = relation AND p.polname = '~exaudit_truncate' AND p.polpermissive
                     AND p.polcmd = 'r' AND p.polroles = ARRAY['exaudit_writer'::regrole::oid]
                     -- the constant true; pg_get_expr would lock the table
                     AND p.polqual::text ~ E'^\\{CONST :consttype 16 [^{]*:constisnull false [^{]*:constvalue 1 \\[( 0)* 1( 0)* \\]\\}$')
$$;

-- The restrictive policies that keep rows from exaudit_writer, or would run code of the table's owner as that role.
CREATE FUNCTION exaudit.restrictive_policies(relation oid) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(p.polname::text ORDER BY p.polname), '{}')
    FROM pg_catalog.pg_policy p
    JOIN pg_catalog.pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
    WHERE p.polrelid = relation AND NOT p.polpermissive AND p.polcmd IN ('r', '*')
      AND exists (SELECT FROM unnest(p.polroles) AS role
                  WHERE role = 0 OR pg_catalog.pg_has_role('exaudit_writer', role, 'USAGE'))
$$;

-- May exaudit_writer read every row, and does row security let it without running a
-- function of the table's owner as that role? A permissive policy that is true makes all
-- others of its kind void, but restrictive ones remain.
CREATE FUNCTION exaudit.reads_every_row(relation oid) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_catalog.has_schema_privilege('exaudit_writer', c.relnamespace, 'USAGE')
           AND pg_catalog.has_table_privilege('exaudit_writer', c.oid, 'SELECT')
           AND (NOT c.relrowsecurity
                OR exaudit.has_truncate_policy(c.oid) AND exaudit.restrictive_policies(c.oid) = '{}')
    FROM pg_catalog.pg_class c
    WHERE c.oid = relation
$$;

-- What might run as exaudit_writer where that queries a relation: the planner computes what it can of the expressions of
-- indexes, statistics and partition keys, and of permissive policies until it comes to one that is true, the last name
-- first; foreign tables make values of domains. Functions of superusers do not count, nor those of members of
-- exaudit_writer, who could do as much without it. NULL where there is nothing.
CREATE FUNCTION exaudit.planned_code(relation oid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT min('the input functions of foreign table ' || c.oid::regclass::text)
    FROM exaudit.partition_tree($1) AS tree
    JOIN pg_catalog.pg_class c ON c.oid = tree.relation AND c.relkind = 'f'
    HAVING count(*) > 0
    UNION ALL
    SELECT min('function ' || p.oid::regprocedure::text)
    FROM (SELECT tree.relation AS id FROM exaudit.partition_tree($1) AS tree
          UNION
          SELECT up.relid FROM pg_catalog.pg_partition_ancestors($1) AS up (relid)) AS r
    CROSS JOIN LATERAL (SELECT 'pg_catalog.pg_class'::regclass AS class, r.id AS object
                        UNION ALL
                        SELECT 'pg_catalog.pg_class'::regclass, i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = r.id
                        UNION ALL
                        SELECT 'pg_catalog.pg_statistic_ext'::regclass, e.oid FROM pg_catalog.pg_statistic_ext e WHERE e.stxrelid = r.id
                        UNION ALL
                        SELECT 'pg_catalog.pg_policy'::regclass, po.oid
                        FROM pg_catalog.pg_policy po JOIN pg_catalog.pg_class c ON c.oid = po.polrelid AND c.relrowsecurity
                        WHERE po.polrelid = $1 AND r.id = $1 AND po.polpermissive AND po.polcmd IN ('r', '*') AND po.polname > '~exaudit_truncate'
                          AND exists (SELECT FROM unnest(po.polroles) AS role
                                      WHERE role = 0 OR pg_catalog.pg_has_role('exaudit_writer', role, 'USAGE'))) AS part
    -- before PostgreSQL 15, that of a generated column is its own
    JOIN pg_catalog.pg_depend d ON d.classid = part.class AND d.objid = part.object AND d.objsubid = 0
    LEFT JOIN pg_catalog.pg_operator o ON d.refclassid = 'pg_catalog.pg_operator'::regclass AND o.oid = d.refobjid
    JOIN pg_catalog.pg_proc p ON p.oid = CASE WHEN d.refclassid = 'pg_catalog.pg_proc'::regclass THEN d.refobjid ELSE o.oprcode::oid END
    -- a superuser is a member of every role
    WHERE NOT pg_catalog.pg_has_role(p.proowner, 'exaudit_writer', 'MEMBER')
    LIMIT 1
$$;

-- The partitions below a relation whose rows its TRUNCATE trigger has to record, because
-- they have none themselves: PostgreSQL does not clone these to partitions that are
-- attached later.
CREATE FUNCTION exaudit.untriggered_partitions(table_id integer, relation oid) RETURNS oid[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(tree.relation)
    FROM exaudit.partition_tree($2) AS tree
    JOIN pg_catalog.pg_class leaf ON leaf.oid = tree.relation AND leaf.relkind <> 'p'
      -- the nearest relation with a trigger, from the partition upwards
    WHERE $2 = (SELECT up.relid
                FROM pg_catalog.pg_partition_ancestors(tree.relation) WITH ORDINALITY AS up (relid, distance)
                JOIN pg_catalog.pg_trigger tg ON tg.tgrelid = up.relid AND tg.tgenabled IN ('O', 'A')
                JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid
                WHERE p.pronamespace = 'exaudit'::regnamespace AND p.proname = 't' || $1 || '_truncate'
                ORDER BY up.distance
                LIMIT 1)
$$;

-- Records rows of a table whole, as deleted or as a baseline, and gives their number. Source is
-- what follows FROM, a WHERE with it: it calls a row r, $1 is the table's id and $3 partitions, if
-- any. Rows that do not meet the table's condition are left out.
CREATE FUNCTION exaudit.record_rows(table_id integer, relation oid, action exaudit.action, source text, partitions oid[] DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
    -- else the planner looks at CHECK constraints, which the table's owner wrote
    SET constraint_exclusion = off
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
    root        oid := exaudit.recorded_root(table_id, relation);
    stamp       exaudit.versions;
    columns     text;
    fields      text;
    excluded    text[] := exaudit.option_columns(table_id, root, 'exclude');
    masked      text[] := exaudit.option_columns(table_id, root, 'mask');
    recorded    text[] := ARRAY(SELECT c.name FROM exaudit.table_columns c
                                WHERE c.relation = record_rows.relation AND c.name <> ALL (excluded) ORDER BY c.number);
    condition   text := exaudit.condition_arguments(table_id, root, 'r');
    image       text := pg_catalog.format('CASE WHEN %s THEN exaudit.bounded_image(r.*, $7) ELSE %s END',
                                          coalesce(exaudit.oversized_expression(relation, 'r'), 'false'),
                                          exaudit.image_expression(relation, 'r'));
    by_image    text := pg_catalog.format('exaudit.meets($1, %s, %s)', root, image);
    statement   text;
    foreign_code text;
    written     bigint;
BEGIN
    IF NOT exaudit.reads_every_row(relation) THEN
        RAISE EXCEPTION 'rows of % cannot be recorded: exaudit_writer may not read every row', relation::regclass
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Run "exaudit install" for the table. Restrictive policies must not apply to exaudit_writer.';
    END IF;
    foreign_code := exaudit.planned_code(relation);
    IF foreign_code IS NOT NULL THEN
        RAISE EXCEPTION 'rows of % cannot be recorded: reading them might run % as exaudit_writer', relation::regclass, foreign_code
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = CASE WHEN foreign_code ^@ 'function' THEN 'An index, statistics, a partition key or a policy calls it.'
                                ELSE 'They check the domains of its columns.' END,
                  HINT = CASE WHEN foreign_code ^@ 'function' THEN 'Have the function owned by a superuser, or' ELSE 'Have' END
                         || ' the table installed with the option truncate: refuse or ignore.';
    END IF;
    PERFORM exaudit.note_columns(table_id, root, exaudit.present_columns(root));
    LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE; -- as in exaudit.record
    stamp := exaudit.session_data();
    SELECT coalesce(string_agg(pg_catalog.format(', %I', c.name), ''), ''),
           coalesce(string_agg(pg_catalog.format(', ($2).%I', c.name), ''), '')
    INTO columns, fields
    FROM exaudit.custom_columns c
    WHERE c.filled AND stamp.custom ? c.name;

    IF excluded || masked <> '{}' THEN
        image := pg_catalog.format('exaudit.redact(%s, $4, $5)', image);
    END IF;
    statement := pg_catalog.format(
        'INSERT INTO exaudit.versions (table_id, action, entity_id, %I, custom, rollback, session_role%s) '
        'SELECT $1, $8, %s, %s, ($2).custom, ($2).rollback, $6%s FROM %s',
        CASE action WHEN 'deleted' THEN 'before' ELSE 'after' END, columns,
        coalesce(exaudit.entity_id_expression(root, 'r'),
                 pg_catalog.format('exaudit.entity_id_in(''{"names": []}'', %s)', image)), image, fields, source);
    IF condition IS NOT NULL THEN
        BEGIN
            EXECUTE statement || pg_catalog.format(' AND coalesce(exaudit.t%s_condition(%s), false)', table_id, replace(condition, '<table_id>', table_id::text))
            USING table_id, stamp, partitions, excluded, masked, exaudit.session_role(table_id), recorded, action;
            GET DIAGNOSTICS written = ROW_COUNT;
            RETURN written;
        EXCEPTION WHEN OTHERS THEN
            statement := statement || ' AND ' || by_image; -- it fails for a row: asked for each by itself
        END;
    END IF;
    EXECUTE statement
    USING table_id, stamp, partitions, excluded, masked, exaudit.session_role(table_id), recorded, action;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;

-- Records every row of a table that is about to be truncated as deleted. Only the rows of
-- this very relation: TRUNCATE fires on each partition and each cascaded table by itself.
CREATE FUNCTION exaudit.record_truncated(table_id integer, relation oid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
DECLARE
    partitioned boolean := (SELECT c.relkind = 'p' FROM pg_catalog.pg_class c WHERE c.oid = relation);
    partitions  oid[];
BEGIN
    -- TRUNCATE removes what others have committed since, but an older snapshot does not show it.
    IF pg_catalog.current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'TRUNCATE of % cannot be recorded in a transaction of isolation level %',
            relation::regclass, pg_catalog.current_setting('transaction_isolation')
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Use DELETE, or a transaction of isolation level READ COMMITTED.';
    END IF;
    IF partitioned THEN
        partitions := exaudit.untriggered_partitions(table_id, relation);
        IF partitions IS NULL THEN
            RETURN;
        END IF;
    END IF;
    PERFORM exaudit.record_rows(table_id, relation, 'deleted', pg_catalog.format(
        '%s AS r WHERE %s', CASE WHEN partitioned THEN '' ELSE 'ONLY ' END || relation::regclass,
        CASE WHEN partitioned THEN 'r.tableoid = ANY ($3)' ELSE 'true' END), partitions);
END
$$;

-- Records a change that no trigger saw. The images are whole rows, or for an update at
-- least the columns that changed, as exaudit.encode makes them.
CREATE FUNCTION exaudit.track(table_id integer, entity_id text, before jsonb, after jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
DECLARE
    relation oid := (SELECT r.relation FROM exaudit.relations r WHERE r.table_id = track.table_id);
    options  jsonb := (SELECT t.options FROM exaudit.tables t WHERE t.id = track.table_id AND t.tracked);
    was_met  boolean := true;
    is_met   boolean := true;
    stored   record;
BEGIN
    IF options IS NULL THEN
        RAISE EXCEPTION 'table % is not tracked', track.table_id USING ERRCODE = 'undefined_table';
    END IF;
    IF before IS NULL AND after IS NULL THEN
        RAISE EXCEPTION 'a change needs a row before or after it' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF options @> '{"ignore": true}' AND coalesce(pg_catalog.current_setting('exaudit.ignore', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
    IF options ? 'where' THEN
        was_met := exaudit.meets(table_id, relation, before);
        is_met := exaudit.meets(table_id, relation, after);
        IF NOT was_met AND NOT is_met THEN
            RETURN NULL;
        END IF;
    END IF;
    stored := exaudit.captured(table_id, relation, options, before, after,
                               was_met <> is_met AND before IS NOT NULL AND after IS NOT NULL);
    IF stored.old_values IS NULL AND stored.new_values IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM exaudit.record(table_id,
                           CASE WHEN before IS NULL THEN 'created' WHEN after IS NULL THEN 'deleted' ELSE 'updated' END::exaudit.action,
                           entity_id, NULL, stored.old_values, stored.new_values, options);
    RETURN pg_catalog.currval('exaudit.versions_id_seq');
END
$$;
-- +goose StatementEnd

GRANT USAGE ON SEQUENCE exaudit.versions_id_seq TO exaudit_writer;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA exaudit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.session_data, exaudit.custom_column_list, exaudit.has_custom_columns,
    exaudit.note_key_change, exaudit.command_of, exaudit.record, exaudit.has_truncate_policy, exaudit.restrictive_policies, exaudit.reads_every_row, exaudit.planned_code, exaudit.untriggered_partitions, exaudit.record_rows, exaudit.record_truncated,
    exaudit.partition_tree, exaudit.recorded_table, exaudit.recorded_root, exaudit.is_partition_of, exaudit.check_table, exaudit.entity_id_of,
    exaudit.bounded_key, exaudit.entity_id_in, exaudit.key_columns, exaudit.present_columns, exaudit.entity_id_expression,
    exaudit.with_notes, exaudit.changed_columns, exaudit.has_snapshot, exaudit.take_snapshot, exaudit.note_columns, exaudit.check_restored, exaudit.last_version_id,
    exaudit.session_role, exaudit.option_columns, exaudit.condition_argument, exaudit.condition_columns, exaudit.condition_problem,
    exaudit.condition_arguments, exaudit.former_labels, exaudit.condition_flaw, exaudit.condition_query, exaudit.meets, exaudit.captured, exaudit.redacted,
    exaudit.record_altered, exaudit.record_restored, exaudit.altered_rows_query
    TO exaudit_writer;
GRANT EXECUTE ON FUNCTION exaudit.bounded_key, exaudit.entity_id_of, exaudit.entity_id_in, exaudit.key_columns, exaudit.present_columns,
    exaudit.entity_id_expression, exaudit.custom_column_list, exaudit.partition_tree, exaudit.trigger_condition,
    exaudit.reads_every_row, exaudit.planned_code, exaudit.has_truncate_policy, exaudit.restrictive_policies, exaudit.option_columns, exaudit.condition_argument,
    exaudit.condition_columns, exaudit.condition_arguments, exaudit.condition_flaw, exaudit.condition_problem,
    exaudit.hides_changes, exaudit.is_watched
    TO exaudit_reader;
GRANT EXECUTE ON FUNCTION exaudit.refuse_trigger TO exaudit_writer;
GRANT EXECUTE ON FUNCTION exaudit.custom_column_flaws, exaudit.session_data TO exaudit_reader; -- of "exaudit status"

-- track runs with the writer's rights, not the owner's. Handing it over takes a member of
-- both roles, which the owner is not, and CREATE on the schema for a moment.
GRANT CREATE ON SCHEMA exaudit TO exaudit_writer;
RESET ROLE;
ALTER FUNCTION exaudit.track OWNER TO exaudit_writer;
REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer;

-- +goose Down
DROP FUNCTION IF EXISTS exaudit.track; -- it belonged to exaudit_writer
DROP FUNCTION exaudit.record_truncated;
DROP FUNCTION exaudit.record_rows;
DROP FUNCTION exaudit.untriggered_partitions;
DROP FUNCTION exaudit.planned_code;
DROP FUNCTION exaudit.reads_every_row;
DROP FUNCTION exaudit.restrictive_policies;
DROP FUNCTION exaudit.has_truncate_policy;
DROP FUNCTION exaudit.altered_rows_query;
DROP FUNCTION exaudit.record_restored;
DROP FUNCTION exaudit.redacted;
DROP FUNCTION exaudit.record_altered;
DROP FUNCTION exaudit.captured;
DROP FUNCTION exaudit.meets;
DROP FUNCTION exaudit.condition_query;
DROP FUNCTION exaudit.condition_arguments;
DROP FUNCTION exaudit.former_labels;
DROP FUNCTION exaudit.condition_flaw;
DROP FUNCTION exaudit.condition_problem;
DROP FUNCTION exaudit.condition_columns;
DROP FUNCTION exaudit.condition_argument;
DROP FUNCTION exaudit.set_options;
DROP FUNCTION exaudit.note_unwatched;
DROP FUNCTION exaudit.is_watched;
DROP FUNCTION exaudit.hides_changes;
DROP FUNCTION exaudit.option_columns;
DROP FUNCTION exaudit.last_version_id;
DROP FUNCTION exaudit.check_restored;
DROP FUNCTION exaudit.note_columns;
DROP FUNCTION exaudit.take_snapshot;
DROP FUNCTION exaudit.has_snapshot;
DROP FUNCTION exaudit.present_columns;
DROP FUNCTION exaudit.changed_columns;
DROP FUNCTION exaudit.with_notes;
DROP FUNCTION exaudit.entity_id_expression;
DROP FUNCTION exaudit.entity_id_of;
DROP FUNCTION exaudit.bounded_key;
DROP FUNCTION exaudit.entity_id_in;
DROP FUNCTION exaudit.key_columns;
DROP FUNCTION exaudit.refuse_trigger;
DROP FUNCTION exaudit.check_table;
DROP FUNCTION exaudit.is_partition_of;
DROP FUNCTION exaudit.recorded_root;
DROP FUNCTION exaudit.recorded_table;
DROP FUNCTION exaudit.trigger_condition;
DROP FUNCTION exaudit.partition_tree;
DROP FUNCTION exaudit.record;
DROP FUNCTION exaudit.command_of;
DROP FUNCTION exaudit.note_key_change;
DROP FUNCTION exaudit.session_role;
DROP FUNCTION exaudit.has_custom_columns;
DROP FUNCTION exaudit.custom_column_flaws;
DROP FUNCTION exaudit.custom_column_list;
DROP FUNCTION exaudit.session_data;

-- Reading and writing many rows at once, and what was undone. As for single rows, all that
-- touches a table runs with the caller's rights and under the caller's settings.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- Which rollback undid which version. A version is undone as long as one of its rollbacks is not
-- undone itself.
CREATE TABLE exaudit.undone (
    version_id  bigint  NOT NULL,
    rollback_id bigint  NOT NULL,
    table_id    integer NOT NULL,
    -- their transactions: a transaction that took others back says which without a look at the versions
    version_xid  bigint NOT NULL,
    rollback_xid bigint NOT NULL,
    PRIMARY KEY (version_id, rollback_id)
);
CREATE INDEX undone_rollback ON exaudit.undone (rollback_id);

COMMENT ON TABLE exaudit.undone IS 'Which rollback undid which version. Append-only.';

ALTER TABLE exaudit.undone ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON exaudit.undone FOR SELECT TO exaudit_reader
    USING (table_id IN (SELECT exaudit.readable_tables()));
GRANT SELECT ON exaudit.undone TO exaudit_reader;

CREATE TRIGGER append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON exaudit.undone
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit.refuse_change();
ALTER TABLE exaudit.undone ENABLE ALWAYS TRIGGER append_only;

-- +goose StatementBegin
-- With a version that retention removes goes what was noted of it.
CREATE FUNCTION exaudit.forget_undone() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'exaudit.versions'::regclass OR TG_NAME <> 'forget_undone' THEN
        PERFORM exaudit.refuse_trigger('forget_undone', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    DELETE FROM exaudit.undone u USING forgotten f WHERE u.version_id = f.id;
    DELETE FROM exaudit.undone u USING forgotten f WHERE u.rollback_id = f.id;
    RETURN NULL;
END
$$;

-- One undo at a time in a database. Only a member of exaudit_reader can hold this, until its transaction ends; an
-- advisory lock could be held by anybody. Reverts, which write to the table, go on.
CREATE FUNCTION exaudit.lock_undo() RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE exaudit.undone IN SHARE UPDATE EXCLUSIVE MODE;
END
$$;

-- Notes which rollbacks of this transaction undid which versions. Versions are named by their
-- entities, so that an index finds them.
CREATE FUNCTION exaudit.note_undone(rollback_ids bigint[], table_ids integer[], entity_ids text[], version_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    noted bigint;
BEGIN
    WITH pairs AS (
        SELECT * FROM unnest(rollback_ids, table_ids, entity_ids, version_ids) AS p (rollback_id, table_id, entity_id, version_id)
    ), own AS MATERIALIZED (
        SELECT v.id, v.table_id, v.xid FROM exaudit.versions v
        WHERE v.id >= (SELECT min(p.rollback_id) FROM pairs p) AND v.xid = pg_catalog.txid_current() AND v.rollback
    )
    INSERT INTO exaudit.undone (version_id, rollback_id, table_id, version_xid, rollback_xid)
    SELECT v.id, own.id, own.table_id, v.xid, own.xid
    FROM pairs p
    JOIN own ON own.id = p.rollback_id AND own.table_id = p.table_id
    JOIN exaudit.versions v ON v.table_id = p.table_id AND v.entity_id = p.entity_id COLLATE "C" AND v.id = p.version_id AND v.id < own.id;
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted <> cardinality(version_ids) THEN
        RAISE EXCEPTION 'what undid a version must be a rollback of this transaction, later and in the same table'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

-- What undid some versions, and what undid that.
CREATE FUNCTION exaudit.undone_by(version_ids bigint[], OUT version_id bigint, OUT rollback_id bigint) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE found (version_id, rollback_id) AS (
        SELECT u.version_id, u.rollback_id FROM exaudit.undone u WHERE u.version_id = ANY (version_ids)
        UNION
        SELECT u.version_id, u.rollback_id FROM found f JOIN exaudit.undone u ON u.version_id = f.rollback_id
    )
    SELECT f.version_id, f.rollback_id FROM found f
$$;

-- The keys of many entities, as records of the columns of key_records_definition: the place, the id and
-- those of key_definition. A digest whose row is in no table has none.
CREATE FUNCTION exaudit.key_records(relation regclass, entity_ids text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET lc_monetary = 'C'
    SET xmloption = 'content'
AS $$
DECLARE
    names  text[];
    simple boolean; -- the image needs no look at the value
    image  text;
BEGIN
    SELECT array_agg(c.name ORDER BY c.key_position),
           bool_and(c.encoding <> 'jsonb' AND (c.encoding NOT LIKE '%array' OR i.indnkeyatts > 1))
    INTO names, simple
    FROM exaudit.table_columns c
    JOIN pg_catalog.pg_index i ON i.indrelid = c.relation AND i.indisprimary
    WHERE c.relation = $1 AND c.key_position >= 0;

    IF simple AND NOT EXISTS (SELECT FROM unnest(entity_ids) AS u (id) WHERE u.id LIKE 'sha256 %') THEN
        image := CASE cardinality(names)
            WHEN 1 THEN pg_catalog.format('pg_catalog.jsonb_build_object(%L, u.id)', names[1])
            ELSE pg_catalog.format('(SELECT pg_catalog.jsonb_object_agg(n.name, u.id::jsonb -> (n.place - 1)::integer) '
                                   'FROM unnest(%L::text[]) WITH ORDINALITY AS n (name, place))', names)
            END;
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT u.place, u.id, k.* FROM unnest($1) WITH ORDINALITY AS u (id, place) '
            'CROSS JOIN LATERAL pg_catalog.jsonb_to_record(%s) AS k (%s) ORDER BY u.place', image, exaudit.key_definition(relation))
        USING entity_ids;
    ELSE
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT u.place, u.id, k.* FROM unnest($2) WITH ORDINALITY AS u (id, place) '
            'CROSS JOIN LATERAL exaudit.key_record($1, exaudit.key_image($1, u.id)) AS k (%s) ORDER BY u.place',
            exaudit.key_definition(relation))
        USING relation, entity_ids;
    END IF;
END
$$;

-- The columns of key_records, as its caller has to list them.
CREATE FUNCTION exaudit.key_records_definition(relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_catalog.format('%s bigint, %s pg_catalog.text, %s', exaudit.free_name(relation, '!place'),
                             exaudit.free_name(relation, '!entity_id'), exaudit.key_definition(relation))
$$;

-- The images of the present rows of many entities, in the order of their keys; in that order they
-- are locked, if they are. Keys that no row has give none.
CREATE FUNCTION exaudit.row_images(relation regclass, entity_ids text[], locked boolean,
                                   OUT entity_id text, OUT image jsonb) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT k.%5$s, exaudit.encode_with($3, t.*) '
        'FROM exaudit.key_records($1, $2) AS k (%1$s) JOIN %2$s AS t ON %3$s%6$s '
        'ORDER BY k.%5$s COLLATE pg_catalog."C" %4$s',
        exaudit.key_records_definition(relation), exaudit.target(relation), exaudit.key_condition(relation),
        CASE WHEN locked THEN 'FOR UPDATE OF t' END, exaudit.free_name(relation, '!entity_id'),
        -- keys that are equal need not be the same
        CASE WHEN NOT exaudit.equal_is_same(relation)
             THEN pg_catalog.format(' AND exaudit.entity_id_of($1, exaudit.encode_with($3, t.*)) OPERATOR(pg_catalog.=) k.%s', exaudit.free_name(relation, '!entity_id')) END)
    USING relation, entity_ids, exaudit.encode_query(relation);
END
$$;

-- What has happened to some entities from a version of each on, and to those that had or got one
-- of their keys since, when keys were rewritten.
CREATE FUNCTION exaudit.later_versions(table_id integer, entity_ids text[], first_ids bigint[],
                                       OUT id bigint, OUT xid bigint, OUT action exaudit.action, OUT entity_id text,
                                       OUT previous_entity_id text, OUT rollback boolean) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    first  bigint := exaudit.first_of_key_changes(table_id, (SELECT min(f) FROM unnest(first_ids) AS f));
    linked text[];
BEGIN
    -- keys are rarely rewritten: most often, there is nothing to follow
    linked := exaudit.linked_keys(table_id, ARRAY(
        SELECT u.key FROM unnest(entity_ids) AS u (key)
        WHERE EXISTS (SELECT FROM exaudit.key_changes c
                      WHERE c.table_id = later_versions.table_id AND c.id >= first AND c.entity_id = u.key
                      UNION ALL
                      SELECT FROM exaudit.key_changes c
                      WHERE c.table_id = later_versions.table_id AND c.id >= first AND c.previous_entity_id = u.key)), first);
    RETURN QUERY
    SELECT v.id, v.xid, v.action, v.entity_id, v.previous_entity_id, v.rollback
    FROM (SELECT u.key, u.first FROM unnest(entity_ids, first_ids) AS u (key, first)
          WHERE NOT EXISTS (SELECT FROM unnest(linked) AS l (key) WHERE l.key = u.key)
          UNION ALL
          SELECT l.key, first FROM unnest(linked) AS l (key)) AS k
    -- by the index, whatever is known of the table's size
    CROSS JOIN LATERAL (SELECT o.* FROM exaudit.versions o
                        WHERE o.table_id = later_versions.table_id AND o.entity_id = k.key COLLATE "C" AND o.id >= k.first OFFSET 0) AS v
    ORDER BY v.id;
END
$$;

-- Writes many rows of many tables by one statement, so that foreign keys are looked at when all is
-- written. A row belongs to the group with its number; a group says what is done:
-- {"relation": oid, "action": "created", "columns": [...], "wave": 1}. Groups of a later wave begin
-- when those of the earlier ones are done. Gives how many rows each has written.
CREATE FUNCTION exaudit.write_rows(row_groups integer[], entity_ids text[], images jsonb[], groups jsonb,
                                   OUT group_number integer, OUT written bigint) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    parts pg_catalog.text;
    sums  pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('g%s AS (%s)', g.number, exaudit.group_statement(
               g.number::integer, (g.definition OPERATOR(pg_catalog.->>) 'relation')::pg_catalog.oid, g.definition,
               (SELECT pg_catalog.string_agg(pg_catalog.format('(SELECT pg_catalog.count(*) FROM g%s) OPERATOR(pg_catalog.>=) 0', e.number), ' AND ')
                FROM pg_catalog.jsonb_array_elements(groups) WITH ORDINALITY AS e (definition, number)
                WHERE (e.definition OPERATOR(pg_catalog.->>) 'wave')::integer OPERATOR(pg_catalog.<) (g.definition OPERATOR(pg_catalog.->>) 'wave')::integer))),
               ', ' ORDER BY (g.definition OPERATOR(pg_catalog.->>) 'wave')::integer, g.number),
           pg_catalog.string_agg(pg_catalog.format('SELECT %s, (SELECT pg_catalog.count(*) FROM g%1$s)', g.number), ' UNION ALL ' ORDER BY g.number)
    INTO parts, sums
    FROM pg_catalog.jsonb_array_elements(groups) WITH ORDINALITY AS g (definition, number);
    RETURN QUERY EXECUTE pg_catalog.format('WITH %s %s', parts, sums) USING row_groups, entity_ids, images;
END
$$;

-- The statement of one group, of which $1 to $3 are the arguments of write_rows; it begins when
-- the condition holds.
CREATE FUNCTION exaudit.group_statement(number integer, relation regclass, definition jsonb, condition text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target text := exaudit.target(relation);
    name   text := relation::text;
    chosen text := pg_catalog.format(
        'ARRAY(SELECT i.%%s FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY '
        'AS i (number, entity_id, image, place) WHERE i.number OPERATOR(pg_catalog.=) %s ORDER BY i.place)', number);
    keys   text := pg_catalog.format('exaudit.key_records(%L::pg_catalog.regclass, %s) AS k (%s)', name,
                                     pg_catalog.format(chosen, 'entity_id'), exaudit.key_records_definition(relation));
    rows   text := pg_catalog.format('exaudit.decode_all(NULL::%s, %s)', name, pg_catalog.format(chosen, 'image'));
    listed text;
    fields text;
    assigned text;
BEGIN
    SELECT string_agg(pg_catalog.quote_ident(c.name), ', ' ORDER BY c.number),
           string_agg('r.' || pg_catalog.quote_ident(c.name), ', ' ORDER BY c.number),
           string_agg(pg_catalog.format('%1$I = r.%1$I', c.name), ', ' ORDER BY c.number)
    INTO listed, fields, assigned
    FROM exaudit.table_columns c
    WHERE c.relation = $2 AND NOT c.generated AND definition -> 'columns' ? c.name;
    condition := coalesce(condition, 'true');
    RETURN CASE definition ->> 'action'
        WHEN 'deleted' THEN pg_catalog.format('DELETE FROM %s AS t USING %s WHERE %s AND %s RETURNING 1',
            target, keys, exaudit.key_condition(relation), condition)
        WHEN 'updated' THEN pg_catalog.format(
            'UPDATE %1$s AS t SET %2$s FROM %3$s, (SELECT pg_catalog.row_number() OVER () AS %7$s, d.* FROM %4$s AS d) AS r '
            'WHERE r.%7$s OPERATOR(pg_catalog.=) k.%7$s AND %5$s AND %6$s RETURNING 1',
            target, assigned, keys, rows, exaudit.key_condition(relation), condition, exaudit.free_name(relation, '!place'))
        WHEN 'created' THEN pg_catalog.format(
            'INSERT INTO %s %s OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS r WHERE %s RETURNING 1',
            name, '(' || listed || ')', fields, rows, condition)
    END;
END
$$;

-- "x.name = r.name" for a column x of a table, or where both are of images, and one of an image r, by an operator that the
-- column's type has: the values of a type that only a superuser can have made are read as that type, all others that are
-- not PostgreSQL's own are compared as text. NULL where they are not compared.
CREATE FUNCTION exaudit.same_value(column_type oid, name text, operator text, index_collation oid, both_images boolean) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN exaudit.plain_type(column_type) = b.oid THEN pg_catalog.format('t.%1$I%3$s %2$s r.%1$I', name, operator, v.beneath) || v.collated
                WHEN b.typelem <> 0 AND b.typlen = -1 THEN NULL
                WHEN b.typtype <> 'b' AND both_images THEN pg_catalog.format('t.%1$I OPERATOR(pg_catalog.=) r.%1$I', name)
                WHEN b.typtype <> 'b' THEN pg_catalog.format('exaudit.text_value(t.%1$I) OPERATOR(pg_catalog.=) r.%1$I', name)
                ELSE pg_catalog.format(
                    CASE WHEN both_images THEN v.typed || ' %2$s ' ELSE 't.%1$I%4$s %2$s ' END || replace(v.typed, 't.', 'r.'),
                    name, operator, exaudit.type_name(b.oid, -1), v.beneath) || v.collated END
    FROM pg_catalog.pg_type b,
         (SELECT CASE WHEN both_images THEN '' ELSE exaudit.beneath(column_type) END AS beneath,
                 coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, o.collname) FROM pg_catalog.pg_collation o
                           JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
                           WHERE o.oid = index_collation AND NOT o.collisdeterministic), '') AS collated,
                 '(SELECT "!v"."!v" FROM pg_catalog.jsonb_to_record(pg_catalog.jsonb_build_object(''!v'', t.%1$I)) AS "!v" ("!v" %3$s))' AS typed) AS v
    WHERE b.oid = exaudit.base_type(column_type)
$$;

-- The unique indexes of a table, and the columns on which they depend. Those of plain columns have
-- a condition for two rows with the same values, of which one is an image, or both; the others have their entry for a row
-- "!row", which is NULL where it has none, and where it can be looked for, the predicate, what is indexed as "!1" and on,
-- and the condition for a row with the same as r.
CREATE FUNCTION exaudit.unique_columns(
    relation regclass, OUT index_name text, OUT columns text[], OUT nullable boolean[], OUT types text[], OUT is_deferrable boolean,
    OUT nulls_distinct boolean, OUT condition text, OUT rival_condition text, OUT entry text,
    OUT predicate text, OUT indexed text, OUT probe text
) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.relname::text, k.columns, k.nullable, k.types, NOT i.indimmediate, k.nulls_distinct,
           CASE WHEN NOT k.computed THEN s.condition END,
           CASE WHEN NOT k.computed THEN s.rival_condition END,
           CASE WHEN k.computed THEN (
               SELECT pg_catalog.format('CASE WHEN %s%s THEN pg_catalog.jsonb_build_array(%s)::text END',
                          coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true'),
                          CASE WHEN k.nulls_distinct THEN string_agg(pg_catalog.format(' AND (%s) IS NOT NULL', e.definition), '') END,
                          string_agg(pg_catalog.format('(%s)::text', e.definition), ', ' ORDER BY e.position))
               FROM (SELECT p AS position, pg_catalog.pg_get_indexdef(i.indexrelid, p, false) AS definition FROM generate_series(1, i.indnkeyatts) AS p) AS e)
           END,
           CASE WHEN k.computed AND k.comparable THEN coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true') END,
           CASE WHEN k.computed AND k.comparable THEN s.indexed END,
           CASE WHEN k.computed AND k.comparable THEN s.probe END
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    CROSS JOIN LATERAL (
        SELECT -- as many as there are, or none
               CASE WHEN count(p.same) = count(*) THEN string_agg(p.same, ' AND ' ORDER BY p.position) END AS condition,
               CASE WHEN count(p.same_images) = count(*) THEN string_agg(p.same_images, ' AND ' ORDER BY p.position) END AS rival_condition,
               string_agg(pg_catalog.format('(%s) AS "!%s"', p.definition, p.position), ', ' ORDER BY p.position) AS indexed,
               string_agg(pg_catalog.format('(%s) %s r."!%s"', p.definition, p.operator, p.position), ' AND ' ORDER BY p.position) AS probe
        FROM (SELECT u.position, pg_catalog.pg_get_indexdef(i.indexrelid, u.position::integer, false) AS definition, e.operator,
                     exaudit.same_value(a.atttypid, a.attname::text, e.operator, i.indcollation[u.position - 1], false) AS same,
                     exaudit.same_value(a.atttypid, a.attname::text, e.operator, i.indcollation[u.position - 1], true) AS same_images
              FROM unnest(i.indclass, i.indkey::int2[]) WITH ORDINALITY AS u (class, number, position)
              JOIN pg_catalog.pg_opclass oc ON oc.oid = u.class
              JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
                                        AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
              JOIN pg_catalog.pg_operator o ON o.oid = am.amopopr
              JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
              CROSS JOIN LATERAL (SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS operator) AS e
              LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
              WHERE u.position <= i.indnkeyatts) AS p
    ) AS s
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY u.position, a.attnum) AS columns,
               array_agg(NOT a.attnotnull ORDER BY u.position, a.attnum) AS nullable,
               array_agg(pg_catalog.format_type(exaudit.base_type(a.atttypid), a.atttypmod) ORDER BY u.position, a.attnum) AS types,
               -- with what is read of an image
               bool_and(exaudit.plain_type(a.atttypid) = exaudit.base_type(a.atttypid)) AS comparable,
               -- no such column before PostgreSQL 15
               NOT coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_distinct,
               i.indpred IS NOT NULL OR i.indexprs IS NOT NULL AS computed
        FROM (SELECT min(d.position) AS position, d.number
              FROM (SELECT p.position, p.number::integer FROM unnest(i.indkey) WITH ORDINALITY AS p (number, position)
                    WHERE p.number > 0 AND p.position <= i.indnkeyatts
                    UNION ALL
                    SELECT NULL, d.refobjsubid FROM pg_catalog.pg_depend d
                    WHERE (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)
                      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0) AS d
              GROUP BY d.number) AS u
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
    ) AS k
    WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND k.columns IS NOT NULL
    ORDER BY c.relname
$$;

-- How a key of which nothing is recorded is spelled otherwise, where its types take several spellings for equal: by the
-- row that is there, or else by the rows that were. None where it has a history itself.
CREATE FUNCTION exaudit.spellings(table_id integer, relation regclass, entity_id text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    same_row   text; -- a row t of the table, and a key r
    same_image text; -- two keys
    present    text;
BEGIN
    SELECT string_agg(exaudit.same_value(c.type, c.name, o.operator, i.indcollation[c.key_position], false), ' AND ' ORDER BY c.key_position),
           string_agg(exaudit.same_value(c.type, c.name, o.operator, i.indcollation[c.key_position], true), ' AND ' ORDER BY c.key_position)
    INTO same_row, same_image
    FROM exaudit.table_columns c
    JOIN pg_catalog.pg_index i ON i.indrelid = c.relation AND i.indisprimary
    JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[c.key_position]
    JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
                              AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
    JOIN pg_catalog.pg_operator p ON p.oid = am.amopopr
    JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
    CROSS JOIN LATERAL (SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, p.oprname) AS operator) AS o
    WHERE c.relation = spellings.relation
    HAVING count(*) FILTER (WHERE c.changed_expression <> '{old} IS DISTINCT FROM {new}'
                              AND (SELECT t.typtype FROM pg_catalog.pg_type t WHERE t.oid = exaudit.base_type(c.type)) = 'b') > 0
       AND count(exaudit.same_value(c.type, c.name, o.operator, i.indcollation[c.key_position], true)) = count(*);
    IF same_image IS NULL OR entity_id ^@ 'sha256 '
       OR EXISTS (SELECT FROM exaudit.versions v WHERE v.table_id = spellings.table_id AND v.entity_id = spellings.entity_id COLLATE "C") THEN
        RETURN;
    END IF;
    IF pg_catalog.has_table_privilege(relation, 'SELECT') THEN
        EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t JOIN exaudit.key_records($1, ARRAY[$2]) AS r (%s) ON %s',
            exaudit.entity_id_expression(relation, 't'), exaudit.target(relation), exaudit.key_records_definition(relation), same_row)
        INTO present USING relation, entity_id;
        IF present IS NOT NULL THEN
            RETURN QUERY SELECT present WHERE present <> entity_id;
            RETURN;
        END IF;
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format(
        'WITH RECURSIVE known (id) AS ('
        'SELECT (SELECT v.entity_id FROM exaudit.versions v WHERE v.table_id = $3 ORDER BY v.entity_id LIMIT 1) '
        'UNION ALL SELECT (SELECT v.entity_id FROM exaudit.versions v WHERE v.table_id = $3 AND v.entity_id > k.id ORDER BY v.entity_id LIMIT 1) '
        'FROM known k WHERE k.id IS NOT NULL) '
        'SELECT t.%1$s FROM exaudit.key_records($1, ARRAY(SELECT k.id FROM known k WHERE NOT k.id ^@ ''sha256 '')) AS t (%2$s) '
        'JOIN exaudit.key_records($1, ARRAY[$2]) AS r (%2$s) ON %3$s ORDER BY t.%1$s COLLATE "C"',
        exaudit.free_name(relation, '!entity_id'), exaudit.key_records_definition(relation), same_image)
    USING relation, entity_id, table_id;
EXCEPTION WHEN data_exception THEN
    RETURN; -- the primary key was another one once
END
$$;

-- What an index has of rows that are given as images, in their order; see unique_columns. It is
-- computed under the search_path that indexes are built under.
CREATE FUNCTION exaudit.index_entries(relation regclass, index_name text, images jsonb[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE (
        SELECT pg_catalog.format('SELECT %s FROM exaudit.rows_of($1, $2, true) AS "!row" (%s)', u.entry,
                                 exaudit.row_definition(exaudit.row_type(relation), true))
        FROM exaudit.unique_columns(relation) AS u WHERE u.index_name = $2)
    USING relation, images;
END
$$;

-- Rows, given as images by their places, that would have a unique value which a row of another key
-- has; there reports which of them are there, and have a key.
CREATE FUNCTION exaudit.taken_values(relation regclass, entity_ids text[], there boolean[], images jsonb[],
                                     OUT place bigint, OUT columns text[], OUT occupant text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    unique_index pg_catalog.record;
BEGIN
    FOR unique_index IN SELECT * FROM exaudit.unique_columns(relation) WHERE condition IS NOT NULL LOOP
        columns := unique_index.columns;
        FOR place, occupant IN EXECUTE pg_catalog.format(
            'SELECT r.%5$s, %1$s FROM (SELECT pg_catalog.row_number() OVER () AS %5$s, d.* FROM exaudit.rows_of($3, $2, true) AS d (%2$s)) AS r '
            'JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($4)) WITH ORDINALITY AS "!u" (id, there, place) ON "!u".place OPERATOR(pg_catalog.=) r.%5$s '
            'JOIN %3$s AS t ON %4$s WHERE NOT "!u".there OR %1$s OPERATOR(pg_catalog.<>) "!u".id',
            exaudit.entity_id_expression(relation, 't'), exaudit.row_definition(exaudit.row_type(relation), true), exaudit.target(relation),
            unique_index.condition, exaudit.free_name(relation, '!place'))
        USING entity_ids, images, relation, there LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
    RETURN QUERY SELECT e.place, e.columns, e.occupant FROM exaudit.taken_entries(relation, entity_ids, there, images) AS e;
END
$$;

-- The same of indexes that are computed, under the search_path that they are built under.
CREATE FUNCTION exaudit.taken_entries(relation regclass, entity_ids text[], there boolean[], images jsonb[],
                                      OUT place bigint, OUT columns text[], OUT occupant text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unique_index record;
BEGIN
    FOR unique_index IN SELECT * FROM exaudit.unique_columns(relation) WHERE probe IS NOT NULL LOOP
        columns := unique_index.columns;
        FOR place, occupant IN EXECUTE pg_catalog.format(
            'SELECT r."!place", o."!id" FROM (SELECT row_number() OVER () AS "!place", (%1$s) AS "!in", %2$s FROM exaudit.rows_of($3, $2, true) AS "!row" (%3$s)) AS r '
            'JOIN ROWS FROM (unnest($1), unnest($4)) WITH ORDINALITY AS u ("!id", "!there", "!at") ON u."!at" = r."!place" '
            'CROSS JOIN LATERAL (SELECT %4$s AS "!id" FROM %5$s AS t WHERE %1$s AND %6$s) AS o '
            'WHERE r."!in" AND (NOT u."!there" OR o."!id" <> u."!id")',
            unique_index.predicate, unique_index.indexed, exaudit.row_definition(exaudit.row_type(relation), true),
            exaudit.entity_id_expression(relation, 't'), exaudit.target(relation), unique_index.probe)
        USING entity_ids, images, relation, there LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

-- Rows, given as images, that would have the same unique value, by their places.
CREATE FUNCTION exaudit.rival_values(relation regclass, images jsonb[],
                                     OUT place bigint, OUT rival bigint, OUT columns text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unique_index record;
BEGIN
    FOR unique_index IN SELECT * FROM exaudit.unique_columns(relation) AS u WHERE coalesce(u.rival_condition, u.entry) IS NOT NULL LOOP
        columns := unique_index.columns;
        FOR place, rival IN EXECUTE pg_catalog.format(
            'WITH "!rows" AS MATERIALIZED (SELECT row_number() OVER () AS %1$s, "!row".*%2$s FROM exaudit.rows_of($2, $1, true) AS "!row" (%3$s)) '
            'SELECT t.%1$s, r.%1$s FROM "!rows" AS t JOIN "!rows" AS r ON %4$s WHERE t.%1$s < r.%1$s',
            exaudit.free_name(relation, '!place'),
            CASE WHEN unique_index.rival_condition IS NULL THEN ', ' || unique_index.entry || ' AS ' || exaudit.free_name(relation, '!entry') ELSE '' END,
            exaudit.row_definition(exaudit.row_type(relation), true),
            coalesce(unique_index.rival_condition, pg_catalog.format('t.%1$s = r.%1$s', exaudit.free_name(relation, '!entry'))))
        USING images, relation LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

-- Rows, given as images by their places, that would point to a row that is not there. A table of
-- which the caller may not see all rows is left to the foreign key itself.
CREATE FUNCTION exaudit.missing_references(relation regclass, images jsonb[],
                                           OUT place bigint, OUT columns text[], OUT referenced oid, OUT referenced_table text,
                                           OUT referenced_columns text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    key pg_catalog.record;
BEGIN
    FOR key IN SELECT * FROM exaudit.foreign_keys k
               WHERE k.referencing OPERATOR(pg_catalog.=) relation::pg_catalog.oid AND k.referenced_readable AND k.comparable LOOP
        columns := key.referencing_columns;
        referenced := key.referenced;
        referenced_table := key.referenced_table;
        referenced_columns := key.referenced_columns;
        FOR place IN EXECUTE pg_catalog.format(
            'SELECT f.%5$s FROM (SELECT pg_catalog.row_number() OVER () AS %5$s, d.* FROM exaudit.rows_of($2, $1, true) AS d (%1$s)) AS f '
            'WHERE %2$s AND NOT EXISTS (SELECT FROM %3$s AS t WHERE %4$s)', exaudit.row_definition(exaudit.row_type(relation), true), key.given,
            exaudit.target(key.referenced), key.condition, exaudit.free_name(relation, '!place'))
        USING images, relation LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

-- The rows that reference some rows which would be deleted or, where changed is given, would get
-- other values in these columns; not those that would only follow. Where rows of a table would
-- change of which the caller may not see all, there is no telling which.
CREATE FUNCTION exaudit.rows_referencing(relation regclass, entity_ids text[], changed text[],
                                         OUT entity_id text, OUT referencing oid, OUT referencing_table text,
                                         OUT referencing_entity_id text, OUT columns text[], OUT referenced_columns text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    key    pg_catalog.record;
    action pg_catalog.text;
BEGIN
    FOR key IN SELECT * FROM exaudit.foreign_keys k WHERE k.referenced OPERATOR(pg_catalog.=) relation::pg_catalog.oid LOOP
        action := CASE WHEN changed IS NULL THEN key.action ELSE key.update_action END;
        CONTINUE WHEN action OPERATOR(pg_catalog.=) 'updated' OR NOT key.referenced_columns OPERATOR(pg_catalog.&&) changed
            OR NOT key.referencing_readable AND action OPERATOR(pg_catalog.=) 'in the way'; -- the foreign key itself will tell
        IF NOT key.referencing_readable THEN
            RAISE EXCEPTION 'permission denied for rows of table %, which may reference some of %', key.referencing_table, relation
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'The foreign key would change or delete rows of that table; it takes SELECT on all of them to see which.';
        END IF;
        referencing := key.referencing;
        referencing_table := key.referencing_table;
        columns := key.referencing_columns;
        referenced_columns := key.referenced_columns;
        FOR entity_id, referencing_entity_id IN EXECUTE pg_catalog.format(
            'SELECT k.%7$s, %1$s FROM exaudit.key_records($1, $2) AS k (%2$s) JOIN %3$s AS t ON %4$s JOIN %5$s AS f ON %6$s %8$s',
            coalesce(exaudit.entity_id_expression(key.referencing, 'f'), '''''::pg_catalog.text'), exaudit.key_records_definition(relation), exaudit.target(relation),
            exaudit.key_condition(relation), exaudit.target(key.referencing), key.condition, exaudit.free_name(relation, '!entity_id'),
            -- a row that points to itself loses that as well, if its key changes
            CASE WHEN changed IS NULL OR action OPERATOR(pg_catalog.=) 'in the way'
                 THEN 'WHERE NOT (f.tableoid OPERATOR(pg_catalog.=) t.tableoid AND f.ctid OPERATOR(pg_catalog.=) t.ctid)' ELSE '' END)
        USING relation, entity_ids LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 12::bigint';
-- +goose StatementEnd

CREATE TRIGGER forget_undone
    AFTER DELETE ON exaudit.versions
    REFERENCING OLD TABLE AS forgotten
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit.forget_undone();
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER forget_undone;

REVOKE EXECUTE ON FUNCTION exaudit.forget_undone, exaudit.lock_undo, exaudit.note_undone, exaudit.undone_by, exaudit.key_records, exaudit.key_records_definition,
    exaudit.row_images, exaudit.later_versions, exaudit.write_rows, exaudit.group_statement, exaudit.same_value, exaudit.unique_columns, exaudit.spellings, exaudit.index_entries, exaudit.taken_values,
    exaudit.taken_entries, exaudit.rival_values, exaudit.missing_references, exaudit.rows_referencing
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.lock_undo, exaudit.note_undone, exaudit.undone_by, exaudit.key_records, exaudit.key_records_definition,
    exaudit.row_images, exaudit.later_versions, exaudit.write_rows, exaudit.group_statement, exaudit.same_value, exaudit.unique_columns, exaudit.spellings, exaudit.index_entries, exaudit.taken_values,
    exaudit.taken_entries, exaudit.rival_values, exaudit.missing_references, exaudit.rows_referencing
    TO exaudit_reader;

RESET ROLE;

-- +goose Down
DROP TRIGGER forget_undone ON exaudit.versions;
DROP FUNCTION exaudit.rows_referencing;
DROP FUNCTION exaudit.missing_references;
DROP FUNCTION exaudit.rival_values;
DROP FUNCTION exaudit.taken_entries;
DROP FUNCTION exaudit.taken_values;
DROP FUNCTION exaudit.index_entries;
DROP FUNCTION exaudit.spellings;
DROP FUNCTION exaudit.unique_columns;
DROP FUNCTION exaudit.same_value;
DROP FUNCTION exaudit.write_rows;
DROP FUNCTION exaudit.group_statement;
DROP FUNCTION exaudit.later_versions;
DROP FUNCTION exaudit.row_images;
DROP FUNCTION exaudit.key_records_definition;
DROP FUNCTION exaudit.key_records;
DROP FUNCTION exaudit.undone_by;
DROP FUNCTION exaudit.note_undone;
DROP FUNCTION exaudit.lock_undo;
DROP FUNCTION exaudit.forget_undone;
DROP TABLE exaudit.undone;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 11::bigint';

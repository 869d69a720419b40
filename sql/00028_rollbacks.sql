-- What was undone, and writing many rows at once.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- Which rollback undid which version. A version is undone as long as one of its rollbacks is not
-- undone itself.
CREATE TABLE exaudit.rollbacks (
    version_id  bigint  NOT NULL,
    rollback_id bigint  NOT NULL,
    table_id    integer NOT NULL,
    -- their transactions: a transaction that took others back says which without a look at the versions
    version_transaction_id  bigint NOT NULL,
    rollback_transaction_id bigint NOT NULL,
    PRIMARY KEY (version_id, rollback_id)
);
GRANT SELECT ON exaudit.rollbacks TO exaudit_reader;
CREATE INDEX undone_rollback ON exaudit.rollbacks (rollback_id);
ALTER TABLE exaudit.rollbacks ENABLE ROW LEVEL SECURITY;
CREATE POLICY readers ON exaudit.rollbacks FOR SELECT TO exaudit_reader
    USING (table_id IN (SELECT exaudit_internal.readable_tables()));

CREATE TRIGGER append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON exaudit.rollbacks
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.refuse_change();
ALTER TABLE exaudit.rollbacks ENABLE ALWAYS TRIGGER append_only;

-- +goose StatementBegin
-- With a version that retention removes goes what was noted of it.
CREATE FUNCTION exaudit_internal.forget_rollbacks() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_RELID <> 'exaudit.versions'::regclass OR TG_NAME <> 'forget_rollbacks' THEN
        PERFORM exaudit_internal.refuse_trigger('forget_rollbacks', TG_NAME, TG_WHEN, TG_OP, TG_LEVEL, TG_RELID);
    END IF;
    DELETE FROM exaudit.rollbacks u USING forgotten f WHERE u.version_id = f.id;
    DELETE FROM exaudit.rollbacks u USING forgotten f WHERE u.rollback_id = f.id;
    RETURN NULL;
END
$$;

-- One undo at a time in a database. Only a member of exaudit_reader can hold this, until its transaction ends; an
-- advisory lock could be held by anybody. Reverts, which write to the table, go on.
CREATE FUNCTION exaudit_internal.lock_undo() RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE exaudit.rollbacks IN SHARE UPDATE EXCLUSIVE MODE;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.lock_undo TO exaudit_reader;

-- Notes which rollbacks of this transaction undid which versions. Versions are named by their
-- entities, so that an index finds them.
CREATE FUNCTION exaudit_internal.note_rollbacks(rollback_ids bigint[], table_ids integer[], entity_ids text[], version_ids bigint[]) RETURNS void
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
        SELECT v.id, v.table_id, v.transaction_id FROM exaudit.versions v
        WHERE v.id >= (SELECT min(p.rollback_id) FROM pairs p) AND v.transaction_id = pg_catalog.txid_current() AND v.rollback
    )
    INSERT INTO exaudit.rollbacks (version_id, rollback_id, table_id, version_transaction_id, rollback_transaction_id)
    SELECT v.id, own.id, own.table_id, v.transaction_id, own.transaction_id
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
GRANT EXECUTE ON FUNCTION exaudit_internal.note_rollbacks TO exaudit_reader;

-- What undid some versions, and what undid that.
CREATE FUNCTION exaudit_internal.rollbacks_of(version_ids bigint[], OUT version_id bigint, OUT rollback_id bigint) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE found (version_id, rollback_id) AS (
        SELECT u.version_id, u.rollback_id FROM exaudit.rollbacks u WHERE u.version_id = ANY (version_ids)
        UNION
        SELECT u.version_id, u.rollback_id FROM found f JOIN exaudit.rollbacks u ON u.version_id = f.rollback_id
    )
    SELECT f.version_id, f.rollback_id FROM found f;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rollbacks_of TO exaudit_reader;

-- The keys of many entities, as records of the columns of key_records_definition: the place, the id and
-- those of key_definition. A digest whose row is in no table has none.
CREATE FUNCTION exaudit_internal.key_records(relation regclass, entity_ids text[]) RETURNS SETOF record
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
    FROM exaudit_internal.table_columns c
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
            'CROSS JOIN LATERAL pg_catalog.jsonb_to_record(%s) AS k (%s) ORDER BY u.place', image, exaudit_internal.key_definition(relation))
        USING entity_ids;
    ELSE
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT u.place, u.id, k.* FROM unnest($2) WITH ORDINALITY AS u (id, place) '
            'CROSS JOIN LATERAL exaudit_internal.key_record($1, exaudit_internal.key_image($1, u.id)) AS k (%s) ORDER BY u.place',
            exaudit_internal.key_definition(relation))
        USING relation, entity_ids;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_records TO exaudit_reader;

-- The columns of key_records, as its caller has to list them.
CREATE FUNCTION exaudit_internal.key_records_definition(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_catalog.format('%s bigint, %s pg_catalog.text, %s', exaudit_internal.free_name(relation, '!place'),
                             exaudit_internal.free_name(relation, '!entity_id'), exaudit_internal.key_definition(relation));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_records_definition TO exaudit_reader;

-- The images of the present rows of many entities, in the order of their keys; in that order they
-- are locked, if they are. Keys that no row has give none.
CREATE FUNCTION exaudit_internal.row_images(relation regclass, entity_ids text[], locked boolean,
                                   OUT entity_id text, OUT image jsonb) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT k.%5$s, exaudit_internal.encode_with($3, t.*) '
        'FROM exaudit_internal.key_records($1, $2) AS k (%1$s) JOIN %2$s AS t ON %3$s%6$s '
        'ORDER BY k.%5$s COLLATE pg_catalog."C" %4$s',
        exaudit_internal.key_records_definition(relation), exaudit_internal.target(relation), exaudit_internal.key_condition(relation),
        CASE WHEN locked THEN 'FOR UPDATE OF t' END, exaudit_internal.free_name(relation, '!entity_id'),
        -- keys that are equal need not be the same
        CASE WHEN NOT exaudit_internal.has_one_spelling(relation)
             THEN pg_catalog.format(' AND exaudit_internal.entity_id_of($1, exaudit_internal.encode_with($3, t.*)) OPERATOR(pg_catalog.=) k.%s', exaudit_internal.free_name(relation, '!entity_id')) END)
    USING relation, entity_ids, exaudit_internal.encode_query(relation);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.row_images TO exaudit_reader;

-- What has happened to some entities from a version of each on, and to those that had or got one
-- of their keys since, when keys were rewritten or shared.
CREATE FUNCTION exaudit_internal.later_versions(table_id integer, entity_ids text[], first_ids bigint[],
                                       OUT id bigint, OUT transaction_id bigint, OUT action exaudit.action, OUT entity_id text,
                                       OUT previous_entity_id text, OUT rollback boolean) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
<<this>>
DECLARE
    first  bigint := exaudit_internal.first_of_key_changes(table_id, (SELECT min(f) FROM unnest(first_ids) AS f));
    linked text[];
BEGIN
    -- keys are rarely rewritten: most often, there is nothing to follow
    linked := exaudit_internal.linked_keys(table_id, ARRAY(
        SELECT u.key FROM unnest(entity_ids) AS u (key)
        WHERE EXISTS (SELECT FROM exaudit_internal.key_changes c
                      WHERE c.table_id = later_versions.table_id AND c.id >= first AND c.entity_id = u.key
                      UNION ALL
                      SELECT FROM exaudit_internal.key_changes c
                      WHERE c.table_id = later_versions.table_id AND c.id >= first AND c.previous_entity_id = u.key)
        UNION
        SELECT unnest(exaudit_internal.shared_keys(table_id, entity_ids, first))), first);
    first := exaudit_internal.first_to_tell_apart(table_id, linked, first);
    RETURN QUERY
    SELECT v.id, v.transaction_id, v.action, v.entity_id, v.previous_entity_id, v.rollback
    FROM (SELECT u.key, u.first FROM unnest(entity_ids, first_ids) AS u (key, first)
          WHERE NOT EXISTS (SELECT FROM unnest(linked) AS l (key) WHERE l.key = u.key)
          UNION ALL
          -- with the last version before, of the row that was there
          SELECT l.key, coalesce((SELECT o.id FROM exaudit.versions o
                                  WHERE o.table_id = later_versions.table_id AND o.entity_id = l.key COLLATE "C" AND o.id < this.first ORDER BY o.id DESC LIMIT 1), this.first)
          FROM unnest(linked) AS l (key)) AS k
    -- by the index, whatever is known of the table's size
    CROSS JOIN LATERAL (SELECT o.* FROM exaudit.versions o
                        WHERE o.table_id = later_versions.table_id AND o.entity_id = k.key COLLATE "C" AND o.id >= k.first OFFSET 0) AS v
    ORDER BY v.id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.later_versions TO exaudit_reader;

-- Writes many rows of many tables by one statement, so that foreign keys are looked at when all is
-- written. A row belongs to the group with its number; a group says what is done:
-- {"relation": oid, "action": "created", "columns": [...], "wave": 1}. Groups of a later wave begin
-- when those of the earlier ones are done. Gives how many rows each has written.
CREATE FUNCTION exaudit_internal.write_rows(row_groups integer[], entity_ids text[], images jsonb[], groups jsonb,
                                   OUT group_number integer, OUT written bigint) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    parts pg_catalog.text;
    sums  pg_catalog.text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('g%s AS (%s)', g.number, exaudit_internal.group_statement(
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
GRANT EXECUTE ON FUNCTION exaudit_internal.write_rows TO exaudit_reader;

-- The statement of one group, of which $1 to $3 are the arguments of write_rows; it begins when
-- the condition holds.
CREATE FUNCTION exaudit_internal.group_statement(number integer, relation regclass, definition jsonb, condition text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target text := exaudit_internal.target(relation);
    name   text := relation::text;
    chosen text := pg_catalog.format(
        'ARRAY(SELECT i.%%s FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY '
        'AS i (number, entity_id, image, place) WHERE i.number OPERATOR(pg_catalog.=) %s ORDER BY i.place)', number);
    keys   text := pg_catalog.format('exaudit_internal.key_records(%L::pg_catalog.regclass, %s) AS k (%s)', name,
                                     pg_catalog.format(chosen, 'entity_id'), exaudit_internal.key_records_definition(relation));
    rows   text := pg_catalog.format('exaudit_internal.decode_all(NULL::%s, %s)', name, pg_catalog.format(chosen, 'image'));
    listed text;
    fields text;
    assigned text;
BEGIN
    SELECT string_agg(pg_catalog.quote_ident(c.name), ', ' ORDER BY c.number),
           string_agg('r.' || pg_catalog.quote_ident(c.name), ', ' ORDER BY c.number),
           string_agg(pg_catalog.format('%1$I = r.%1$I', c.name), ', ' ORDER BY c.number)
    INTO listed, fields, assigned
    FROM exaudit_internal.table_columns c
    WHERE c.relation = $2 AND NOT c.generated AND definition -> 'columns' ? c.name;
    condition := coalesce(condition, 'true');
    RETURN CASE definition ->> 'action'
        WHEN 'deleted' THEN pg_catalog.format('DELETE FROM %s AS t USING %s WHERE %s AND %s RETURNING 1',
            target, keys, exaudit_internal.key_condition(relation), condition)
        WHEN 'updated' THEN pg_catalog.format(
            'UPDATE %1$s AS t SET %2$s FROM %3$s, (SELECT pg_catalog.row_number() OVER () AS %7$s, d.* FROM %4$s AS d) AS r '
            'WHERE r.%7$s OPERATOR(pg_catalog.=) k.%7$s AND %5$s AND %6$s RETURNING 1',
            target, assigned, keys, rows, exaudit_internal.key_condition(relation), condition, exaudit_internal.free_name(relation, '!place'))
        WHEN 'created' THEN pg_catalog.format(
            'INSERT INTO %s %s OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS r WHERE %s RETURNING 1',
            name, '(' || listed || ')', fields, rows, condition)
    END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.group_statement TO exaudit_reader;

-- "x.name = r.name" for a column x of a table, or where both are of images, and one of an image r, by an operator that the
-- column's type has: the values of a type that only a superuser can have made are read as that type, all others that are
-- not PostgreSQL's own are compared as text. NULL where they are not compared.
CREATE FUNCTION exaudit_internal.same_value(column_type oid, name text, operator text, index_collation oid, both_images boolean) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE WHEN exaudit_internal.plain_type(column_type) = b.oid THEN pg_catalog.format('t.%1$I%3$s %2$s r.%1$I', name, operator, v.beneath) || v.collated
                    WHEN b.typelem <> 0 AND b.typlen = -1 THEN NULL
                    WHEN b.typtype <> 'b' AND both_images THEN pg_catalog.format('t.%1$I OPERATOR(pg_catalog.=) r.%1$I', name)
                    WHEN b.typtype <> 'b' THEN pg_catalog.format('exaudit_internal.text_value(t.%1$I) OPERATOR(pg_catalog.=) r.%1$I', name)
                    ELSE pg_catalog.format(
                        CASE WHEN both_images THEN v.typed || ' %2$s ' ELSE 't.%1$I%4$s %2$s ' END || replace(v.typed, 't.', 'r.'),
                        name, operator, exaudit_internal.type_name(b.oid, -1), v.beneath) || v.collated END
        FROM pg_catalog.pg_type b,
             (SELECT CASE WHEN both_images THEN '' ELSE exaudit_internal.base_type_cast(column_type) END AS beneath,
                     coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, o.collname) FROM pg_catalog.pg_collation o
                               JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
                               WHERE o.oid = index_collation AND NOT o.collisdeterministic), '') AS collated,
                     '(SELECT "!v"."!v" FROM pg_catalog.jsonb_to_record(pg_catalog.jsonb_build_object(''!v'', t.%1$I)) AS "!v" ("!v" %3$s))' AS typed) AS v
        WHERE b.oid = exaudit_internal.base_type(column_type)
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.same_value TO exaudit_reader;
-- +goose StatementEnd

CREATE TRIGGER forget_rollbacks
    AFTER DELETE ON exaudit.versions
    REFERENCING OLD TABLE AS forgotten
    FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.forget_rollbacks();
ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER forget_rollbacks;

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

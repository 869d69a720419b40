-- What a session says about its changes: exaudit.custom and the columns that it fills.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- The user's columns. Custom data fills those of a built-in type, because it is read with
-- exaudit_writer's rights, whose default is missing or a constant: another default, session_user
-- or now(), is the server's own word. An old snapshot does not show what became of a column
-- since: privileges and addresses are looked up in the catalog as it is. Of a copy of the versions
-- table, too, on which columns are tried.
CREATE VIEW exaudit_internal.columns_beside AS
SELECT a.attrelid                                             AS relation,
       (pg_catalog.pg_identify_object_as_address('pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum)).object_names[3] AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod)::text  AS type_name,
       x.expression                                           AS default_expression,
       a.attgenerated = '' AND a.attidentity = '' -- these number themselves
       AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
       AND coalesce(x.expression ~ E'^(E?''([^'']|'''')*''|-?[0-9.]+|true|false|NULL)(::[a-z0-9_. "()\\[\\],]+)?$', true) AS filled
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)::text AS expression) x
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT') IS NOT NULL
  AND a.attname <> ALL (exaudit_internal.version_columns()::name[])
ORDER BY a.attnum;
GRANT SELECT ON exaudit_internal.columns_beside TO exaudit_reader, exaudit_writer;

CREATE VIEW exaudit_internal.custom_columns AS
SELECT c.name, c.type_name, c.default_expression, c.filled
-- of two relations, which PostgreSQL shows in the same way in all versions
FROM (SELECT 'exaudit.versions'::pg_catalog.regclass::pg_catalog.oid AS relation) v
JOIN exaudit_internal.columns_beside c ON c.relation = v.relation;
GRANT SELECT ON exaudit_internal.custom_columns TO exaudit_reader, exaudit_writer;

-- +goose StatementBegin
-- Reports whether text of this database can hold what an escape of JSON stands for, as \u00e9.
CREATE FUNCTION exaudit_internal.holds_escape(escape text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ('"' || escape || '"')::jsonb IS NOT NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.holds_escape TO exaudit_writer, exaudit_reader;

-- Custom data as jsonb. Valid JSON may have escapes that no text of the database can hold: of characters that its
-- encoding lacks, of NUL, of halves of surrogate pairs. No change fails because of them: they stay as they are written.
CREATE FUNCTION exaudit_internal.custom_data(setting text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN setting::jsonb;
EXCEPTION WHEN untranslatable_character OR invalid_text_representation OR feature_not_supported THEN
    PERFORM setting::json; -- which looks into no escape
    RETURN (
        SELECT string_agg(CASE WHEN t.token ~ E'^\\\\u' AND NOT exaudit_internal.holds_escape(t.token)
                               THEN pg_catalog.replace(t.token, E'\\', E'\\\\') ELSE t.token END, '' ORDER BY t.place)
        FROM (SELECT m.parts[1] AS token, m.place
              FROM pg_catalog.regexp_matches(setting,
                  E'(\\\\u[dD][89aAbB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\.|[^\\\\]+)', 'g')
                  WITH ORDINALITY AS m (parts, place)) t)::jsonb;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_data TO exaudit_writer, exaudit_reader;

-- Does the session take changes back? Whoever sets exaudit.rollback sets exaudit.custom, too, so that sessions
-- without custom data need not be asked for both. The planner puts the bodies in place of the calls.
CREATE FUNCTION exaudit_internal.is_rollback() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (pg_catalog.current_setting('exaudit.rollback', true) OPERATOR(pg_catalog.=) 'on'
            AND pg_catalog.current_setting('exaudit.custom', true) OPERATOR(pg_catalog.<>) '') IS TRUE
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_rollback TO exaudit_writer, exaudit_reader;

-- The custom data, NULL if there is none: with a rollback, that is '{}'.
CREATE FUNCTION exaudit_internal.custom_setting() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN pg_catalog.current_setting('exaudit.custom', true) OPERATOR(pg_catalog.<>) ''
                     AND (pg_catalog.current_setting('exaudit.custom', true) OPERATOR(pg_catalog.<>) '{}'
                          OR NOT exaudit_internal.is_rollback())
                THEN pg_catalog.current_setting('exaudit.custom', true) END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_setting TO exaudit_writer, exaudit_reader;

-- The session's data as a versions row: custom, rollback and the user's own columns.
-- jsonb_populate_record makes each value what its column is; only when that fails is it
-- worth finding out which key it was. Its base is a row, if one of NULLs, because for a
-- NULL it refuses columns that are missing and whose domain is NOT NULL.
CREATE FUNCTION exaudit_internal.session_data() RETURNS exaudit.versions
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    setting text := exaudit_internal.custom_setting();
    data    jsonb;
    stamp   exaudit.versions;
    col     record;
BEGIN
    BEGIN
        data := exaudit_internal.custom_data(setting);
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
    stamp.rollback := exaudit_internal.is_rollback();
    BEGIN
        stamp := pg_catalog.jsonb_populate_record(stamp, coalesce(
            (SELECT pg_catalog.jsonb_object_agg(c.name, data -> c.name) FROM exaudit_internal.custom_columns c WHERE c.filled AND data ? c.name), '{}'));
    EXCEPTION WHEN OTHERS THEN
        FOR col IN SELECT c.name, c.type_name FROM exaudit_internal.custom_columns c WHERE c.filled AND data ? c.name LOOP
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
GRANT EXECUTE ON FUNCTION exaudit_internal.session_data TO exaudit_writer, exaudit_reader;

-- The user's columns of the versions table, or of a copy of it, as the generator writes them down:
-- the same text in every session.
CREATE FUNCTION exaudit_internal.custom_column_list(
    versions oid DEFAULT 'exaudit.versions'::regclass, OUT name text, OUT filled boolean, OUT default_expression text, OUT definition text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.name, c.filled, c.default_expression,
           CASE WHEN c.filled THEN pg_catalog.format('%I %s', c.name, c.type_name) || coalesce(' DEFAULT ' || c.default_expression, '')
                ELSE pg_catalog.format('%I by default', c.name) END
    FROM exaudit_internal.columns_beside c
    WHERE c.relation = $1;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_column_list TO exaudit_writer, exaudit_reader;

-- Are the user's columns of the versions table still the ones that a trigger function was
-- written for? IMMUTABLE for the same reason and under the same conditions as has_shape.
CREATE FUNCTION exaudit_internal.has_custom_columns(versions oid, custom_columns text[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN custom_columns = ARRAY(SELECT c.definition FROM exaudit_internal.custom_column_list() c);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_custom_columns TO exaudit_writer;

-- What is wrong with the user's columns, or with those that are tried on a copy of the versions table: what would run somebody else's code with
-- exaudit_writer's rights, or make statements of the application fail.
CREATE FUNCTION exaudit_internal.custom_column_flaws(
    versions oid DEFAULT 'exaudit.versions'::regclass, OUT object text, OUT problem text, OUT cure text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'column ' || quote_ident(a.attname), flaw.problem,
           pg_catalog.format('ALTER TABLE exaudit.versions %s', replace(flaw.cure, '{}', quote_ident(a.attname)))
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN exaudit_internal.columns_beside c ON c.relation = a.attrelid AND c.name = a.attname
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
                      WHERE a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey) AND a.attname::text = ANY (exaudit_internal.version_columns()))
      AND CASE WHEN con.contype = 'f' THEN con.confdeltype <> 'n' OR con.confupdtype NOT IN ('c', 'n')
               -- what the server says passes, or should
               ELSE con.contype IN ('c', 'u', 'x')
                    AND EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN exaudit_internal.columns_beside c ON c.relation = a.attrelid AND c.name = a.attname AND c.filled
                                WHERE a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey)) END
    UNION ALL
    SELECT 'index ' || quote_ident(i.relname), 'is unique, and makes changes fail', pg_catalog.format('DROP INDEX exaudit.%I', i.relname)
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = $1 AND x.indisunique
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint con WHERE con.conindid = x.indexrelid AND con.conrelid = x.indrelid)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey::int2[]) AND a.attname::text = ANY (exaudit_internal.version_columns()))
      AND EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN exaudit_internal.columns_beside c ON c.relation = a.attrelid AND c.name = a.attname AND c.filled
                  WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey::int2[]))
    ORDER BY 1, 2;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_column_flaws TO exaudit_reader;

-- Who is logged in, where the options of a table ask for it.
CREATE FUNCTION exaudit_internal.session_user_name(table_id integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT session_user::text FROM exaudit.tables t WHERE t.id = $1 AND t.options @> '{"record_session_user": true}'
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.session_user_name TO exaudit_writer;

-- Makes an empty table with the columns and keys of another one, on which columns and what refers to them are tried
-- while others go on with that one, and returns its name. Columns that are part of no key are integers.
CREATE FUNCTION exaudit_internal.empty_copy(relation oid) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    copy text := pg_catalog.format('exaudit.copy_%s', relation);
    key  record;
BEGIN
    IF pg_catalog.to_regclass(copy) IS NOT NULL THEN
        RETURN copy;
    END IF;
    EXECUTE (
        SELECT pg_catalog.format('CREATE TABLE %s (%s)', copy, string_agg(
            CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey::int2[]))
                 THEN pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                      || coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, c.collname)
                                   FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
                                   WHERE c.oid = a.attcollation), '')
                 ELSE pg_catalog.format('%I integer', a.attname) END, ', ' ORDER BY a.attnum))
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped);
    FOR key IN
        SELECT i.indisprimary, con.oid IS NOT NULL AS constrains, i.indimmediate,
               string_agg(quote_ident(a.attname), ', ' ORDER BY k.place) AS columns,
               string_agg(pg_catalog.format('%I %I.%I', a.attname, n.nspname, o.opcname), ', ' ORDER BY k.place) AS operators
        FROM pg_catalog.pg_index i
        LEFT JOIN pg_catalog.pg_constraint con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('p', 'u')
        CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS k (attnum, opclass, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        JOIN pg_catalog.pg_opclass o ON o.oid = k.opclass
        JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
        WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL
        GROUP BY i.indexrelid, con.oid
    LOOP
        IF key.constrains THEN
            EXECUTE pg_catalog.format('ALTER TABLE %s ADD %s (%s)%s', copy, CASE WHEN key.indisprimary THEN 'PRIMARY KEY' ELSE 'UNIQUE' END,
                                      key.columns, CASE WHEN key.indimmediate THEN '' ELSE ' DEFERRABLE' END);
        ELSE
            EXECUTE pg_catalog.format('CREATE UNIQUE INDEX ON %s (%s)', copy, key.operators);
        END IF;
    END LOOP;
    RETURN copy;
END
$$;

-- The same of a table that a column refers to, and its name. PostgreSQL asks the same of it. NULL of nothing.
CREATE FUNCTION exaudit_internal.create_copy_of_referenced(relation oid, OUT copy text, OUT name text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    referenced record;
BEGIN
    SELECT c.relkind, c.relpersistence, c.relname, c.oid::regclass::text AS quoted INTO referenced
    FROM pg_catalog.pg_class c WHERE c.oid = relation;
    IF NOT FOUND THEN
        RETURN;
    ELSIF referenced.relkind NOT IN ('r', 'p') OR relation < 16384 THEN
        RAISE EXCEPTION 'referenced relation "%" is not a table', referenced.relname USING ERRCODE = 'wrong_object_type';
    ELSIF referenced.relpersistence <> 'p' THEN
        RAISE EXCEPTION 'constraints on permanent tables may reference only permanent tables' USING ERRCODE = 'invalid_table_definition';
    ELSIF NOT pg_catalog.has_any_column_privilege(relation, 'REFERENCES') THEN
        RAISE EXCEPTION 'permission denied for table %', referenced.relname USING ERRCODE = 'insufficient_privilege';
    END IF;
    copy := exaudit_internal.empty_copy(relation);
    name := referenced.quoted;
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

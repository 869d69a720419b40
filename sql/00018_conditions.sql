-- Conditions of tables as functions that read the row and nothing else.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- What of a condition is not to be read at all: PostgreSQL reads some literals by functions of their types' owners. No
-- name of another schema than pg_catalog, and nothing in which one could hide.
CREATE FUNCTION exaudit_internal.hidden_name(condition text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE WHEN t.token = '/*' THEN 'it has a comment that does not end, or in another one'
                    WHEN t.token ^@ '$' THEN 'it has a string in dollar signs'
                    WHEN t.token ~ '^[eE]''' THEN 'it has a string that continues another one'
                    ELSE pg_catalog.format('it names %s.%s: it may name columns and what PostgreSQL has built in', t.token, t.third) END
        FROM (SELECT found.part[1] AS token, found.place,
                     lead(found.part[1]) OVER (ORDER BY found.place) AS second, lead(found.part[1], 2) OVER (ORDER BY found.place) AS third
              -- as PostgreSQL tells tokens apart: the longest, from left to right
              FROM pg_catalog.regexp_matches($1, '(--[^\n\r]*|/\*(?:(?!/\*|\*/).)*\*/|/\*|[eE]''(?:[^''\\]|''''|\\.)*''|''(?:[^'']|'''')*''|"(?:[^"]|"")*"|\$[^0-9]?'
                                                 '|[^\x01-\x40\x5b-\x5e\x60\x7b-\x7f][^\x01-\x23\x25-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*'
                                                 '|[0-9]+(?:\.[0-9]*)?|\s+|.)', 'g') WITH ORDINALITY AS found (part, place)
              WHERE found.part[1] !~ '^(\s|--|/\*.)') AS t
        WHERE t.token = '/*' OR t.token ~ '^\$[^0-9]' OR t.token ~ '^[eE]''' AND t.second ^@ ''''
           OR t.second = '.' AND t.token ~ '^("|[^\x01-\x40\x5b-\x5e\x60\x7b-\x7f])'
              AND t.token <> '"pg_catalog"' AND pg_catalog.lower(t.token) <> 'pg_catalog'
              -- what its columns are read of
              AND (t.token NOT IN ('r', 'R', '"r"') OR pg_catalog.to_regnamespace('r') IS NOT NULL)
        ORDER BY t.place
        LIMIT 1
    );
END
$$;

-- What a condition says, as an expression on the columns of a row, and which columns it asks about: an array of
-- their names, numbers, and how they are handed over. Or why it is refused. Bound are the columns that it was bound to
-- before, if these are to stay: they, and the labels of enums, are known by the names that they had then.
--
-- The condition is read, and never run, on an empty table of PostgreSQL's own types that is given up again:
-- so it meets no type, and runs no input function, of anybody else's.
CREATE FUNCTION exaudit_internal.compile_condition(relation oid, condition text, bound jsonb,
                                          OUT expression text, OUT columns jsonb, OUT reason text)
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET xmloption = 'content'
    SET array_nulls = on
    SET standard_conforming_strings = on
    SET transform_null_equals = off
    SET quote_all_identifiers = off
AS $$
DECLARE
    col      record;
    own_type text;
    listed   text := '';
    plain    text := '';
    refused  text[] := '{}';
    tree     text;
BEGIN
    reason := exaudit_internal.hidden_name(condition);
    IF reason IS NOT NULL THEN
        RETURN;
    END IF;
    BEGIN
        FOR col IN
            SELECT c.number, coalesce(was.name, c.name) AS name, given.argument, given.collation_name, given.reason,
                   given.enum, given.argument = 'text[]' AS is_array,
                   (SELECT pg_catalog.jsonb_object_agg(l.oid, coalesce(was.labels ->> l.oid::text, l.enumlabel))
                    FROM pg_catalog.pg_enum l WHERE l.enumtypid = given.enum) AS labels
            FROM exaudit_internal.table_columns c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
            CROSS JOIN LATERAL exaudit_internal.condition_argument(a.atttypid, a.attcollation) AS given
            LEFT JOIN pg_catalog.jsonb_to_recordset(bound) AS was (name text, number integer, labels jsonb) ON was.number = c.number
            WHERE c.relation = compile_condition.relation
              -- a column that has taken the name of one that was renamed is not meant
              AND (was.number IS NOT NULL
                   OR NOT EXISTS (SELECT FROM pg_catalog.jsonb_to_recordset(bound) AS other (name text) WHERE other.name = c.name))
            ORDER BY c.number
        LOOP
            IF col.reason IS NOT NULL THEN
                refused := refused || pg_catalog.format('column "%s" %s', col.name, col.reason);
                CONTINUE;
            END IF;
            own_type := 'exaudit_internal.r_' || col.enum;
            IF own_type IS NOT NULL AND pg_catalog.to_regtype(own_type) IS NULL THEN
                EXECUTE pg_catalog.format('CREATE TYPE %s AS ENUM (%s)', own_type,
                                          (SELECT string_agg(DISTINCT quote_literal(l.value), ', ') FROM pg_catalog.jsonb_each_text(col.labels) AS l));
            END IF;
            listed := listed || pg_catalog.format(', %I %s', col.name, coalesce(own_type || CASE WHEN col.is_array THEN '[]' ELSE '' END, col.argument));
            plain := plain || pg_catalog.format(', %I %s', col.name, col.argument);
            columns := coalesce(columns, '[]') || pg_catalog.jsonb_build_object(
                'name', col.name, 'number', col.number, 'argument', col.argument, 'collation_name', col.collation_name,
                'labels', col.labels);
        END LOOP;
        EXECUTE pg_catalog.format('CREATE TABLE exaudit_internal.r (%s)', pg_catalog.substr(listed, 3));
        -- In parentheses, it must be a condition; where it stands alone, it must not be more than one expression. Both
        -- are read before either is created.
        EXECUTE pg_catalog.format(E'CREATE VIEW exaudit_internal.r_condition AS SELECT (%1$s\n) AS met FROM exaudit_internal.r WHERE (%1$s\n); '
                                  'CREATE VIEW exaudit_internal.r_alone AS SELECT %1$s\nFROM exaudit_internal.r', condition);
        tree := (SELECT r.ev_action::text FROM pg_catalog.pg_rewrite r WHERE r.ev_class = 'exaudit_internal.r_condition'::regclass);
        reason := exaudit_internal.condition_objection(tree);
        IF reason IS NULL THEN
            -- as it is asked, of the labels of enums
            DROP VIEW exaudit_internal.r_condition, exaudit_internal.r_alone;
            DROP TABLE exaudit_internal.r;
            EXECUTE pg_catalog.format('CREATE TABLE exaudit_internal.r (%s)', pg_catalog.substr(plain, 3));
            -- takes only what is immutable, of the row alone
            EXECUTE pg_catalog.format(E'CREATE INDEX r_index ON exaudit_internal.r ((1)) WHERE (%s\n)', condition);
            SELECT coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true'),
                   coalesce((SELECT pg_catalog.jsonb_agg(columns -> (d.refobjsubid - 1) ORDER BY d.refobjsubid)
                             FROM pg_catalog.pg_depend d
                             WHERE d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0), '[]')
            INTO expression, columns
            FROM pg_catalog.pg_index i WHERE i.indrelid = 'exaudit_internal.r'::regclass;
            IF pg_catalog.jsonb_array_length(columns) > 100 THEN
                reason := 'it asks about more than 100 columns';
            END IF;
        END IF;
        RAISE EXCEPTION USING ERRCODE = 'EXA00'; -- gives up what was created
    EXCEPTION
        WHEN SQLSTATE 'EXA00' THEN
            NULL;
        WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported OR program_limit_exceeded
             OR cardinality_violation THEN
            reason := coalesce((SELECT f.problem FROM unnest(refused) AS f (problem)
                                WHERE SQLSTATE = '42703' AND position(split_part(f.problem, '"', 2) IN SQLERRM) > 0 LIMIT 1),
                               CASE WHEN SQLSTATE = '42P17' AND tree IS NOT NULL THEN exaudit_internal.mutable_part(tree) END, SQLERRM);
    END;
    IF reason IS NOT NULL THEN
        expression := NULL;
        columns := NULL;
    END IF;
END
$$;

-- What is wrong with a condition that PostgreSQL would take, of which compile_condition has made views.
CREATE FUNCTION exaudit_internal.condition_objection(tree text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN CASE
        WHEN (SELECT array_agg(a.atttypid::regtype::text) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = pg_catalog.to_regclass('exaudit_internal.r_alone') AND a.attnum > 0) <> '{boolean}' THEN 'it is not one condition'
        WHEN $1 LIKE '%:hasSubLinks true%' THEN 'it has a subquery, and may ask about the row alone'
        WHEN $1 ~ ':varattno -[0-9]' THEN 'it names a system column, which says where a row is and not what'
        WHEN $1 ~ ':varattno 0 ' THEN 'it names the row as a whole: name its columns'
        -- a label is handed over as text, of which "=" and "<>" are the same
        WHEN $1 ~ (SELECT pg_catalog.format(E'(:opno|:opnos \\(o[0-9 ]*) (%s)[ )]', string_agg(o.oid::text, '|'))
                   FROM pg_catalog.pg_operator o
                   WHERE o.oprname IN ('<', '<=', '>', '>=')
                     AND (o.oprleft = 'anyenum'::regtype
                          OR o.oprleft = 'anyarray'::regtype
                             AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                         JOIN pg_catalog.pg_type e ON e.typarray = a.atttypid AND e.typtype = 'e'
                                         WHERE a.attrelid = pg_catalog.to_regclass('exaudit_internal.r'))))
             OR $1 ~ (SELECT pg_catalog.format(':minmaxtype (%s) ', coalesce(string_agg(t.oid::text, '|'), 'none'))
                      FROM pg_catalog.pg_type t WHERE t.typnamespace = 'exaudit_internal'::regnamespace AND t.typname ~ '^r_[0-9]+$')
            THEN 'it asks for the order of an enum''s labels: compare with =, <> or IN'
        ELSE (SELECT pg_catalog.format('it uses %s: it may use what PostgreSQL has built in', pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0))
              FROM pg_catalog.pg_depend d
              JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
              LEFT JOIN pg_catalog.pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
              LEFT JOIN pg_catalog.pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
              WHERE d.classid = 'pg_rewrite'::regclass AND r.ev_class = pg_catalog.to_regclass('exaudit_internal.r_condition')
                AND d.refobjid >= 16384
                AND 'exaudit_internal'::regnamespace IS DISTINCT FROM coalesce(c.relnamespace, t.typnamespace)
              LIMIT 1)
        END;
END
$$;

-- What of a condition depends on more than the row.
CREATE FUNCTION exaudit_internal.mutable_part(tree text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN 'it depends on more than the row: on '
           || coalesce((SELECT string_agg(DISTINCT p.proname || '()', ', ')
                        FROM pg_catalog.regexp_matches($1, ':(?:op)?funcid ([0-9]+)', 'g') AS called (part)
                        JOIN pg_catalog.pg_proc p ON p.oid = called.part[1]::oid
                        WHERE p.provolatile <> 'i'),
                       CASE WHEN $1 ~ 'SQLVALUEFUNCTION' THEN 'the current user or time'
                            ELSE 'settings, as a cast from or to text may' END);
END
$$;

-- The statement that creates the function of a condition. A column's own collation is named where it is not
-- that of its type; that takes a subquery, which PostgreSQL does not expand where the function is called.
CREATE FUNCTION exaudit_internal.condition_function(table_id integer, expression text, columns jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT pg_catalog.format('CREATE FUNCTION exaudit_internal.t%s_condition(%s) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s', $1,
                   string_agg(pg_catalog.format('%I %s', c.name, c.argument), ', ' ORDER BY c.place),
                   CASE WHEN count(c.collation_name) = 0 THEN $2
                        ELSE pg_catalog.format('(SELECT %s FROM (SELECT %s) AS r)', $2,
                                 string_agg(pg_catalog.format('%I%s AS %I', c.name, ' COLLATE ' || c.collation_name, c.name), ', ' ORDER BY c.place)) END)
        FROM ROWS FROM (pg_catalog.jsonb_to_recordset($3) AS (name text, argument text, collation_name text))
             WITH ORDINALITY AS c (name, argument, collation_name, place)
    );
END
$$;

-- Drops the function of a table's condition, and tells whether there was one.
CREATE FUNCTION exaudit_internal.drop_condition(table_id integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    had   regprocedure;
    found boolean := false;
BEGIN
    FOR had IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'exaudit_internal'::regnamespace AND p.proname = pg_catalog.format('t%s_condition', table_id)
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', had);
        found := true;
    END LOOP;
    RETURN found;
END
$$;

-- Makes the function of a table's condition, or drops that of a table without one, and returns whether
-- anything changed, or why the condition is refused. Given anew, it means the columns of the names that it has.
-- Otherwise, and where it means none any more, it stays bound to the columns that it was bound to, renamed or not;
-- what PostgreSQL does not take any more, because the table was altered, is not refused then.
CREATE FUNCTION exaudit_internal.bind_condition(table_id integer, relation oid, given boolean, OUT changed boolean, OUT reason text)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
DECLARE
    condition text;
    bound     jsonb;
    compiled  record;
    wanted    text;
BEGIN
    SELECT t.options ->> 'where', t.option_columns -> 'condition' INTO condition, bound
    FROM exaudit.tables t WHERE t.id = bind_condition.table_id;
    IF condition IS NULL THEN
        changed := exaudit_internal.drop_condition(table_id);
        UPDATE exaudit.tables t SET option_columns = t.option_columns - 'condition'
        WHERE t.id = bind_condition.table_id AND t.option_columns ? 'condition';
        RETURN;
    END IF;
    changed := false;
    compiled := exaudit_internal.compile_condition(relation, condition, NULL);
    IF bound ->> 'text' = condition AND (compiled.reason IS NOT NULL OR NOT given) THEN
        compiled := exaudit_internal.compile_condition(relation, condition, CASE WHEN bound -> 'relation' = pg_catalog.to_jsonb(relation::bigint)
                                                                        THEN bound -> 'columns' END);
        IF compiled.reason IS NOT NULL THEN
            RETURN; -- condition_problem knows
        END IF;
    ELSIF compiled.reason IS NOT NULL THEN
        reason := compiled.reason;
        RETURN;
    END IF;
    wanted := exaudit_internal.condition_function(table_id, compiled.expression, compiled.columns);
    IF bound ->> 'wanted' IS DISTINCT FROM wanted OR exaudit_internal.condition_flaw(table_id) IS NOT NULL THEN
        changed := true;
        PERFORM exaudit_internal.drop_condition(table_id);
        EXECUTE wanted;
        EXECUTE pg_catalog.format('ALTER FUNCTION exaudit_internal.%1$I OWNER TO exaudit_owner', pg_catalog.format('t%s_condition', table_id));
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION exaudit_internal.%1$I FROM PUBLIC', pg_catalog.format('t%s_condition', table_id));
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION exaudit_internal.%1$I TO exaudit_writer', pg_catalog.format('t%s_condition', table_id));
    END IF;
    bound := pg_catalog.jsonb_build_object(
        'text', condition, 'relation', relation::bigint, 'columns', compiled.columns, 'wanted', wanted,
        'function', pg_catalog.pg_get_functiondef(pg_catalog.to_regproc(pg_catalog.format('exaudit_internal.t%s_condition', table_id))));
    UPDATE exaudit.tables t SET option_columns = t.option_columns || pg_catalog.jsonb_build_object('condition', bound)
    WHERE t.id = bind_condition.table_id AND t.option_columns -> 'condition' IS DISTINCT FROM bound;
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

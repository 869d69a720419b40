-- Installing from a migration of the application: what "exaudit generate" writes is made
-- for a table of whatever database it is applied to, so ids and oids are filled in here.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- One install at a time, of tables as they are called by now.
CREATE FUNCTION exaudit.begin_install() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE exaudit.tables IN SHARE UPDATE EXCLUSIVE MODE;
    PERFORM exaudit.refresh_names();
    PERFORM exaudit.let_go();
END
$$;

-- Runs a script once for a table and once for each of its partitions, with their names.
CREATE FUNCTION exaudit.run_for_partitions(relation regclass, script text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid IN (SELECT tree.relation FROM exaudit.partition_tree(run_for_partitions.relation) AS tree)
        ORDER BY c.oid <> relation, n.nspname, c.relname
    LOOP
        EXECUTE replace(replace(script, '<partition>', pg_catalog.format('%I.%I', part.nspname, part.relname)),
                        '<partition_schema>', quote_ident(part.nspname));
    END LOOP;
END
$$;

-- Gives a table and its partitions what depends on them: the policy by which TRUNCATE can be
-- recorded, which is only created where it is missing because that waits for readers; the
-- triggers that notice rows that move between partitions, one for each partitioned level; and
-- what the owners of these levels need.
CREATE FUNCTION exaudit.complete_partitions(table_id integer, relation regclass, replica boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part    record;
    trigger text;
    event   text;
BEGIN
    FOR part IN
        SELECT c.oid::regclass AS name, tree.level, owner.rolname AS owner, owner.rolsuper AS by_superuser,
               (SELECT pg_catalog.format('pg_catalog.record_image_ne(ROW(%s), ROW(%s))',
                                         string_agg(pg_catalog.format('OLD.%I', a.attname), ', ' ORDER BY a.attnum),
                                         string_agg(pg_catalog.format('NEW.%I', a.attname), ', ' ORDER BY a.attnum))
                FROM pg_catalog.pg_partitioned_table pt
                JOIN pg_catalog.pg_attribute a ON a.attrelid = pt.partrelid AND a.attnum = ANY (pt.partattrs::int2[])
                WHERE pt.partrelid = c.oid
                HAVING count(*) > 0) AS moves
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_roles owner ON owner.oid = c.relowner
        JOIN exaudit.partition_tree(complete_partitions.relation) AS tree ON tree.relation = c.oid
        ORDER BY c.oid <> complete_partitions.relation, c.oid::regclass::text
    LOOP
        IF NOT exaudit.has_truncate_policy(part.name) THEN
            EXECUTE pg_catalog.format('DROP POLICY IF EXISTS "~exaudit_truncate" ON %s', part.name);
            EXECUTE pg_catalog.format('CREATE POLICY "~exaudit_truncate" ON %s FOR SELECT TO exaudit_writer USING (true)', part.name);
        END IF;
        IF part.moves IS NOT NULL THEN
            trigger := pg_catalog.format('~exaudit_t%s_move', table_id) || CASE WHEN part.level > 0 THEN '_' || part.level ELSE '' END;
            EXECUTE pg_catalog.format(
                'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION exaudit.%I()',
                trigger, part.name, part.moves, pg_catalog.format('t%s_move', table_id));
            IF replica THEN
                EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', part.name, trigger);
            END IF;
            -- or its owner could create no partition: that copies triggers, which takes EXECUTE
            FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'move'] LOOP
                CONTINUE WHEN part.by_superuser;
                EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION exaudit.%I() TO %I',
                                          pg_catalog.format('t%s_%s', table_id, event), part.owner);
            END LOOP;
        END IF;
    END LOOP;
END
$$;

-- Makes an empty table with the columns and keys of another one, on which columns and what refers to them are tried
-- while others go on with that one, and returns its name. Columns that are part of no key are integers.
CREATE FUNCTION exaudit.empty_copy(relation oid) RETURNS text
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
CREATE FUNCTION exaudit.copy_of_referenced(relation oid, OUT copy text, OUT name text)
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
    copy := exaudit.empty_copy(relation);
    name := referenced.quoted;
END
$$;

-- What of a condition is not to be read at all: PostgreSQL reads some literals by functions of their types' owners. No
-- name of another schema than pg_catalog, and nothing in which one could hide.
CREATE FUNCTION exaudit.hidden_name(condition text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET standard_conforming_strings = on
AS $$
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
$$;

-- What a condition says, as an expression on the columns of a row, and which columns it asks about: an array of
-- their names, numbers, and how they are handed over. Or why it is refused. Bound are the columns that it was bound to
-- before, if these are to stay: they, and the labels of enums, are known by the names that they had then.
--
-- The condition is read, and never run, on an empty table of PostgreSQL's own types that is given up again:
-- so it meets no type, and runs no input function, of anybody else's.
CREATE FUNCTION exaudit.compile_condition(relation oid, condition text, bound jsonb,
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
    reason := exaudit.hidden_name(condition);
    IF reason IS NOT NULL THEN
        RETURN;
    END IF;
    BEGIN
        FOR col IN
            SELECT c.number, coalesce(was.name, c.name) AS name, given.argument, given.collation_name, given.reason,
                   given.enum, given.argument = 'text[]' AS is_array,
                   (SELECT pg_catalog.jsonb_object_agg(l.oid, coalesce(was.labels ->> l.oid::text, l.enumlabel))
                    FROM pg_catalog.pg_enum l WHERE l.enumtypid = given.enum) AS labels
            FROM exaudit.table_columns c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
            CROSS JOIN LATERAL exaudit.condition_argument(a.atttypid, a.attcollation) AS given
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
            own_type := 'exaudit.r_' || col.enum;
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
        EXECUTE pg_catalog.format('CREATE TABLE exaudit.r (%s)', pg_catalog.substr(listed, 3));
        -- In parentheses, it must be a condition; where it stands alone, it must not be more than one expression. Both
        -- are read before either is created.
        EXECUTE pg_catalog.format(E'CREATE VIEW exaudit.r_condition AS SELECT (%1$s\n) AS met FROM exaudit.r WHERE (%1$s\n); '
                                  'CREATE VIEW exaudit.r_alone AS SELECT %1$s\nFROM exaudit.r', condition);
        tree := (SELECT r.ev_action::text FROM pg_catalog.pg_rewrite r WHERE r.ev_class = 'exaudit.r_condition'::regclass);
        reason := exaudit.condition_objection(tree);
        IF reason IS NULL THEN
            -- as it is asked, of the labels of enums
            DROP VIEW exaudit.r_condition, exaudit.r_alone;
            DROP TABLE exaudit.r;
            EXECUTE pg_catalog.format('CREATE TABLE exaudit.r (%s)', pg_catalog.substr(plain, 3));
            -- takes only what is immutable, of the row alone
            EXECUTE pg_catalog.format(E'CREATE INDEX r_index ON exaudit.r ((1)) WHERE (%s\n)', condition);
            SELECT coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true'),
                   coalesce((SELECT pg_catalog.jsonb_agg(columns -> (d.refobjsubid - 1) ORDER BY d.refobjsubid)
                             FROM pg_catalog.pg_depend d
                             WHERE d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0), '[]')
            INTO expression, columns
            FROM pg_catalog.pg_index i WHERE i.indrelid = 'exaudit.r'::regclass;
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
                               CASE WHEN SQLSTATE = '42P17' AND tree IS NOT NULL THEN exaudit.mutable_part(tree) END, SQLERRM);
    END;
    IF reason IS NOT NULL THEN
        expression := NULL;
        columns := NULL;
    END IF;
END
$$;

-- What is wrong with a condition that PostgreSQL would take, of which compile_condition has made views.
CREATE FUNCTION exaudit.condition_objection(tree text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN (SELECT array_agg(a.atttypid::regtype::text) FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = pg_catalog.to_regclass('exaudit.r_alone') AND a.attnum > 0) <> '{boolean}' THEN 'it is not one condition'
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
                                         WHERE a.attrelid = pg_catalog.to_regclass('exaudit.r'))))
             OR $1 ~ (SELECT pg_catalog.format(':minmaxtype (%s) ', coalesce(string_agg(t.oid::text, '|'), 'none'))
                      FROM pg_catalog.pg_type t WHERE t.typnamespace = 'exaudit'::regnamespace AND t.typname ~ '^r_[0-9]+$')
            THEN 'it asks for the order of an enum''s labels: compare with =, <> or IN'
        ELSE (SELECT pg_catalog.format('it uses %s: it may use what PostgreSQL has built in', pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0))
              FROM pg_catalog.pg_depend d
              JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
              LEFT JOIN pg_catalog.pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
              LEFT JOIN pg_catalog.pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
              WHERE d.classid = 'pg_rewrite'::regclass AND r.ev_class = pg_catalog.to_regclass('exaudit.r_condition')
                AND d.refobjid >= 16384
                AND 'exaudit'::regnamespace IS DISTINCT FROM coalesce(c.relnamespace, t.typnamespace)
              LIMIT 1)
        END
$$;

-- What of a condition depends on more than the row.
CREATE FUNCTION exaudit.mutable_part(tree text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'it depends on more than the row: on '
           || coalesce((SELECT string_agg(DISTINCT p.proname || '()', ', ')
                        FROM pg_catalog.regexp_matches($1, ':(?:op)?funcid ([0-9]+)', 'g') AS called (part)
                        JOIN pg_catalog.pg_proc p ON p.oid = called.part[1]::oid
                        WHERE p.provolatile <> 'i'),
                       CASE WHEN $1 ~ 'SQLVALUEFUNCTION' THEN 'the current user or time'
                            ELSE 'settings, as a cast from or to text may' END)
$$;

-- The statement that creates the function of a condition. A column's own collation is named where it is not
-- that of its type; that takes a subquery, which PostgreSQL does not expand where the function is called.
CREATE FUNCTION exaudit.condition_function(table_id integer, expression text, columns jsonb) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_catalog.format('CREATE FUNCTION exaudit.t%s_condition(%s) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN %s', $1,
               string_agg(pg_catalog.format('%I %s', c.name, c.argument), ', ' ORDER BY c.place),
               CASE WHEN count(c.collation_name) = 0 THEN $2
                    ELSE pg_catalog.format('(SELECT %s FROM (SELECT %s) AS r)', $2,
                             string_agg(pg_catalog.format('%I%s AS %I', c.name, ' COLLATE ' || c.collation_name, c.name), ', ' ORDER BY c.place)) END)
    FROM ROWS FROM (pg_catalog.jsonb_to_recordset($3) AS (name text, argument text, collation_name text))
         WITH ORDINALITY AS c (name, argument, collation_name, place)
$$;

-- Drops the function of a table's condition, and tells whether there was one.
CREATE FUNCTION exaudit.drop_condition(table_id integer) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    had   regprocedure;
    found boolean := false;
BEGIN
    FOR had IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'exaudit'::regnamespace AND p.proname = pg_catalog.format('t%s_condition', table_id)
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
CREATE FUNCTION exaudit.bind_condition(table_id integer, relation oid, given boolean, OUT changed boolean, OUT reason text)
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
        changed := exaudit.drop_condition(table_id);
        UPDATE exaudit.tables t SET option_columns = t.option_columns - 'condition'
        WHERE t.id = bind_condition.table_id AND t.option_columns ? 'condition';
        RETURN;
    END IF;
    changed := false;
    compiled := exaudit.compile_condition(relation, condition, NULL);
    IF bound ->> 'text' = condition AND (compiled.reason IS NOT NULL OR NOT given) THEN
        compiled := exaudit.compile_condition(relation, condition, CASE WHEN bound -> 'relation' = pg_catalog.to_jsonb(relation::bigint)
                                                                        THEN bound -> 'columns' END);
        IF compiled.reason IS NOT NULL THEN
            RETURN; -- condition_problem knows
        END IF;
    ELSIF compiled.reason IS NOT NULL THEN
        reason := compiled.reason;
        RETURN;
    END IF;
    wanted := exaudit.condition_function(table_id, compiled.expression, compiled.columns);
    IF bound ->> 'wanted' IS DISTINCT FROM wanted OR exaudit.condition_flaw(table_id) IS NOT NULL THEN
        changed := true;
        PERFORM exaudit.drop_condition(table_id);
        EXECUTE wanted;
        EXECUTE pg_catalog.format('ALTER FUNCTION exaudit.%1$I OWNER TO exaudit_owner', pg_catalog.format('t%s_condition', table_id));
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION exaudit.%1$I FROM PUBLIC', pg_catalog.format('t%s_condition', table_id));
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION exaudit.%1$I TO exaudit_writer', pg_catalog.format('t%s_condition', table_id));
    END IF;
    bound := pg_catalog.jsonb_build_object(
        'text', condition, 'relation', relation::bigint, 'columns', compiled.columns, 'wanted', wanted,
        'function', pg_catalog.pg_get_functiondef(pg_catalog.to_regproc(pg_catalog.format('exaudit.t%s_condition', table_id))));
    UPDATE exaudit.tables t SET option_columns = t.option_columns || pg_catalog.jsonb_build_object('condition', bound)
    WHERE t.id = bind_condition.table_id AND t.option_columns -> 'condition' IS DISTINCT FROM bound;
END
$$;

-- Registers a table with its options, or finds it, and runs the scripts with its id and
-- oid in place of <table_id> and <relation>: script once, partition_script for the table and
-- each of its partitions. Afterwards "exaudit status" finds what "exaudit install" makes.
-- It runs with the rights of its caller, who must own the table and be a member of
-- exaudit_owner and exaudit_writer.
CREATE FUNCTION exaudit.install_table(table_name text, options jsonb, script text, partition_script text DEFAULT '')
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    target    regclass := pg_catalog.to_regclass(install_table.table_name);
    superuser boolean := (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
    keys      text[] := ARRAY(SELECT c.name FROM exaudit.table_columns c
                              WHERE c.relation = pg_catalog.to_regclass(install_table.table_name) AND c.key_position >= 0
                              ORDER BY c.key_position);
    known     integer;
    had       record;
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'table % does not exist', install_table.table_name USING ERRCODE = 'undefined_table';
    ELSIF keys = '{}' THEN
        RAISE EXCEPTION 'table % has no primary key: versions name a row by it', install_table.table_name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM exaudit.begin_install();
    SELECT t.id INTO known
    FROM exaudit.tables t
    JOIN exaudit.relations r ON r.table_id = t.id
    WHERE r.relation = target
    ORDER BY t.tracked DESC LIMIT 1;
    IF known IS NULL THEN
        INSERT INTO exaudit.tables (schema_name, table_name, key_columns, tracked)
        SELECT n.nspname, c.relname, '{}', false
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = target
        RETURNING exaudit.tables.id INTO known;
    END IF;
    PERFORM exaudit.set_options(known, target, install_table.options);
    had := exaudit.bind_condition(known, target, true);
    IF had.reason IS NOT NULL THEN
        RAISE EXCEPTION 'the condition of table % is refused: %', install_table.table_name, had.reason
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF NOT superuser THEN
        GRANT CREATE ON SCHEMA exaudit TO exaudit_writer;
    END IF;
    PERFORM exaudit.note_unwatched(known, target);
    script := replace(replace(script, '<table_id>', known::text), '<relation>', target::oid::text);
    partition_script := replace(replace(partition_script, '<table_id>', known::text), '<relation>', target::oid::text);
    EXECUTE script;
    PERFORM exaudit.run_for_partitions(target, partition_script);
    -- each function vouches for its own text
    FOR had IN
        SELECT pg_catalog.pg_get_functiondef(p.oid) AS definition,
               substring(trim(E'\n' FROM p.prosrc), position(E'\n' IN trim(E'\n' FROM p.prosrc)) + 1) AS content
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'exaudit'::regnamespace
          AND p.proname ~ ('^t' || known || '_[a-z_]+$')
          AND p.prorettype = 'trigger'::regtype
          AND p.prosrc LIKE '%, content <content>.%'
    LOOP
        EXECUTE replace(had.definition, ', content <content>.',
                        ', content ' || left(encode(sha256(convert_to(had.content, 'UTF8')), 'hex'), 12) || '.');
    END LOOP;
    -- those of an earlier script, or on partitions that were detached
    FOR had IN
        SELECT tg.tgname, tg.tgrelid::regclass AS carrier
        FROM pg_catalog.pg_trigger tg
        JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid
        WHERE p.pronamespace = 'exaudit'::regnamespace
          AND p.proname ~ ('^t' || known || '_[a-z_]+$')
          AND tg.tgparentid = 0
          AND NOT (strpos(partition_script, quote_ident(tg.tgname)) > 0
                   AND tg.tgrelid IN (SELECT tree.relation FROM exaudit.partition_tree(target) AS tree)
                   OR strpos(script, quote_ident(tg.tgname)) > 0 AND tg.tgrelid = target)
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', had.tgname, had.carrier);
    END LOOP;
    PERFORM exaudit.complete_partitions(known, target, install_table.options @> '{"replica": true}');
    IF NOT superuser THEN
        REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer;
    END IF;

    UPDATE exaudit.tables t
    SET key_columns = keys, tracked = true,
        complete_since = CASE WHEN t.tracked AND t.complete_since < 'infinity' THEN t.complete_since ELSE clock_timestamp() END,
        complete_after = CASE WHEN t.tracked AND t.complete_since < 'infinity' THEN t.complete_after ELSE exaudit.last_version_id() END
    WHERE t.id = known AND (t.key_columns IS DISTINCT FROM keys OR NOT t.tracked OR t.complete_since = 'infinity');
    PERFORM exaudit.note_columns(known, target, exaudit.present_columns(target));
END
$$;

-- Before the triggers of a table go, records its rows as they are: so that it is known what they were while they were
-- tracked, whatever becomes of them. Nobody else may write to the table. Returns why that cannot be recorded, if so.
CREATE FUNCTION exaudit.record_end(table_id integer, relation oid) RETURNS text
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t      exaudit.tables;
    anchor bigint;
    reason text;
BEGIN
    PERFORM exaudit.note_unwatched(table_id, relation);
    SELECT * INTO STRICT t FROM exaudit.tables k WHERE k.id = record_end.table_id;
    DELETE FROM exaudit.periods p WHERE p.table_id = t.id AND p.last_id IS NULL; -- of an attempt that failed
    IF t.complete_since = 'infinity' OR exaudit.hides_changes(t.options) THEN
        RETURN 'rows may have changed out of sight';
    END IF;
    BEGIN
        anchor := exaudit.last_version_id();
        PERFORM exaudit.record_baseline(t.id, true);
        INSERT INTO exaudit.periods (table_id, since, after_id, until, until_id, anchor_id)
        VALUES (t.id, t.complete_since, t.complete_after, clock_timestamp(), exaudit.last_version_id(), anchor);
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected OR serialization_failure OR disk_full THEN
            RAISE;
        WHEN OTHERS THEN
            reason := SQLERRM;
    END;
    RETURN reason;
END
$$;

-- Takes the triggers off a table and lets go of it; its versions stay, and with a baseline it is known what its rows were
-- until now. partition_script takes back what installing has granted. A table that is not tracked under this name, having
-- been renamed or never installed, is left alone.
CREATE FUNCTION exaudit.uninstall_table(table_name text, partition_script text DEFAULT '', baseline boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    target   regclass := pg_catalog.to_regclass(uninstall_table.table_name);
    known    record;
    had      regprocedure;
BEGIN
    PERFORM exaudit.begin_install();
    FOR known IN
        SELECT t.id, t.tracked, r.relation::regclass AS relation
        FROM exaudit.tables t
        LEFT JOIN exaudit.relations r ON r.table_id = t.id
        WHERE r.relation = target
           OR r.relation IS NULL AND pg_catalog.format('%I.%I', t.schema_name, t.table_name) = uninstall_table.table_name
    LOOP
        IF baseline AND known.relation IS NOT NULL AND known.tracked THEN
            -- as strong as dropping triggers takes it
            EXECUTE pg_catalog.format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', exaudit.target(known.relation));
            PERFORM exaudit.record_end(known.id, known.relation);
        END IF;
        FOR had IN
            SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
            WHERE p.pronamespace = 'exaudit'::regnamespace
              AND p.proname ~ ('^t' || known.id || '_[a-z_]+$')
              AND p.prorettype = 'trigger'::regtype
        LOOP
            EXECUTE pg_catalog.format('DROP FUNCTION %s CASCADE', had);
        END LOOP;
        PERFORM exaudit.drop_condition(known.id);
        IF known.relation IS NOT NULL THEN
            PERFORM exaudit.run_for_partitions(known.relation, partition_script);
        END IF;
        PERFORM exaudit.end_tracking(known.id);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 7::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.hidden_name, exaudit.compile_condition, exaudit.condition_objection, exaudit.mutable_part, exaudit.condition_function,
     exaudit.bind_condition, exaudit.drop_condition,
    exaudit.begin_install, exaudit.empty_copy, exaudit.copy_of_referenced, exaudit.run_for_partitions, exaudit.complete_partitions,
    exaudit.install_table, exaudit.record_end, exaudit.uninstall_table
    FROM PUBLIC;

RESET ROLE;

-- +goose Down
DROP FUNCTION exaudit.uninstall_table;
DROP FUNCTION exaudit.record_end;
DROP FUNCTION exaudit.install_table;
DROP FUNCTION exaudit.bind_condition;
DROP FUNCTION exaudit.drop_condition;
DROP FUNCTION exaudit.condition_function;
DROP FUNCTION exaudit.compile_condition;
DROP FUNCTION exaudit.hidden_name;
DROP FUNCTION exaudit.condition_objection;
DROP FUNCTION exaudit.mutable_part;
DROP FUNCTION exaudit.complete_partitions;
DROP FUNCTION exaudit.copy_of_referenced;
DROP FUNCTION exaudit.empty_copy;
DROP FUNCTION exaudit.run_for_partitions;
DROP FUNCTION exaudit.begin_install;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 6::bigint';

-- Recording many rows at once: TRUNCATE and baselines.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Is there the policy under which exaudit_writer may read every row? It is created before
-- it is needed: without row security, a policy means nothing.
CREATE FUNCTION exaudit_internal.has_truncate_policy(relation oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- only of the one policy that has the name, of which there is one for each table
    RETURN coalesce((
        SELECT p.polpermissive AND p.polcmd = 'r' AND p.polroles = ARRAY['exaudit_writer'::regrole::oid]
               -- the constant true; pg_get_expr would lock the table
               AND p.polqual::text ~ E'^\\{CONST :consttype 16 [^{]*:constisnull false [^{]*:constvalue 1 \\[( 0)* 1( 0)* \\]\\}$'
        FROM pg_catalog.pg_policy p
        WHERE p.polrelid = relation AND p.polname = '~exaudit_truncate'), false);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_truncate_policy TO exaudit_writer, exaudit_reader;

-- The restrictive policies that keep rows from exaudit_writer, or would run code of the table's owner as that role.
CREATE FUNCTION exaudit_internal.restrictive_policies(relation oid) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(array_agg(p.polname::text ORDER BY p.polname), '{}')
        FROM pg_catalog.pg_policy p
        JOIN pg_catalog.pg_class c ON c.oid = p.polrelid AND c.relrowsecurity
        WHERE p.polrelid = relation AND NOT p.polpermissive AND p.polcmd IN ('r', '*')
          AND exists (SELECT FROM unnest(p.polroles) AS role
                      WHERE role = 0 OR pg_catalog.pg_has_role('exaudit_writer', role, 'USAGE'))
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.restrictive_policies TO exaudit_writer, exaudit_reader;

-- May exaudit_writer read every row, and does row security let it without running a
-- function of the table's owner as that role? A permissive policy that is true makes all
-- others of its kind void, but restrictive ones remain.
CREATE FUNCTION exaudit_internal.reads_every_row(relation oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT pg_catalog.has_schema_privilege('exaudit_writer', c.relnamespace, 'USAGE')
               AND pg_catalog.has_table_privilege('exaudit_writer', c.oid, 'SELECT')
               AND (NOT c.relrowsecurity
                    OR exaudit_internal.has_truncate_policy(c.oid) AND exaudit_internal.restrictive_policies(c.oid) = '{}')
        FROM pg_catalog.pg_class c
        WHERE c.oid = relation
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.reads_every_row TO exaudit_writer, exaudit_reader;

-- What might run as exaudit_writer where that queries a relation: the planner computes what it can of the expressions of
-- indexes, statistics and partition keys, and of permissive policies until it comes to one that is true, the last name
-- first; foreign tables make values of domains. Functions of superusers do not count, nor those of members of
-- exaudit_writer, who could do as much without it. NULL where there is nothing.
CREATE FUNCTION exaudit_internal.planned_code(relation oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT min('the input functions of foreign table ' || c.oid::regclass::text)
        FROM exaudit_internal.partition_tree($1) AS tree
        JOIN pg_catalog.pg_class c ON c.oid = tree.relation AND c.relkind = 'f'
        HAVING count(*) > 0
        UNION ALL
        SELECT min('function ' || p.oid::regprocedure::text)
        FROM (SELECT tree.relation AS id FROM exaudit_internal.partition_tree($1) AS tree
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
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.planned_code TO exaudit_writer, exaudit_reader;

-- The partitions below a relation whose rows its TRUNCATE trigger has to record, because
-- they have none themselves: PostgreSQL does not clone these to partitions that are
-- attached later.
CREATE FUNCTION exaudit_internal.untriggered_partitions(table_id integer, relation oid) RETURNS oid[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT array_agg(tree.relation)
        FROM exaudit_internal.partition_tree($2) AS tree
        JOIN pg_catalog.pg_class leaf ON leaf.oid = tree.relation AND leaf.relkind <> 'p'
          -- the nearest relation with a trigger, from the partition upwards
        WHERE $2 = (SELECT up.relid
                    FROM pg_catalog.pg_partition_ancestors(tree.relation) WITH ORDINALITY AS up (relid, distance)
                    JOIN pg_catalog.pg_trigger tg ON tg.tgrelid = up.relid AND tg.tgenabled IN ('O', 'A')
                    JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid
                    WHERE p.pronamespace = 'exaudit_internal'::regnamespace AND p.proname = 't' || $1 || '_truncate'
                    ORDER BY up.distance
                    LIMIT 1)
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.untriggered_partitions TO exaudit_writer;

-- Records rows of a table whole, as deleted or as a baseline, and gives their number. Source is
-- what follows FROM, a WHERE with it: it calls a row r, $1 is the table's id and $3 partitions, if
-- any. Rows that do not meet the table's condition are left out.
CREATE FUNCTION exaudit_internal.record_rows(table_id integer, relation oid, action exaudit.action, source text, partitions oid[] DEFAULT NULL)
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
    root        oid := exaudit_internal.recorded_root(table_id, relation);
    stamp       exaudit.versions;
    columns     text;
    fields      text;
    excluded    text[] := exaudit_internal.option_columns(table_id, root, 'exclude');
    masked      text[] := exaudit_internal.option_columns(table_id, root, 'mask');
    recorded    text[] := ARRAY(SELECT c.name FROM exaudit_internal.table_columns c
                                WHERE c.relation = record_rows.relation AND c.name <> ALL (excluded) ORDER BY c.number);
    condition   text := exaudit_internal.condition_arguments(table_id, root, 'r');
    image       text := pg_catalog.format('CASE WHEN %s THEN exaudit_internal.bounded_image(r.*, $7) ELSE %s END',
                                          coalesce(exaudit_internal.oversized_expression(relation, 'r'), 'false'),
                                          exaudit_internal.image_expression(relation, 'r'));
    by_image    text := pg_catalog.format('exaudit_internal.matches_condition($1, %s, %s)', root, image);
    statement   text;
    foreign_code text;
    written     bigint;
BEGIN
    IF NOT exaudit_internal.reads_every_row(relation) THEN
        RAISE EXCEPTION 'rows of % cannot be recorded: exaudit_writer may not read every row', relation::regclass
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Run "exaudit install" for the table. Restrictive policies must not apply to exaudit_writer.';
    END IF;
    foreign_code := exaudit_internal.planned_code(relation);
    IF foreign_code IS NOT NULL THEN
        RAISE EXCEPTION 'rows of % cannot be recorded: reading them might run % as exaudit_writer', relation::regclass, foreign_code
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = CASE WHEN foreign_code ^@ 'function' THEN 'An index, statistics, a partition key or a policy calls it.'
                                ELSE 'They check the domains of its columns.' END,
                  HINT = CASE WHEN foreign_code ^@ 'function' THEN 'Have the function owned by a superuser, or' ELSE 'Have' END
                         || ' the table installed with the option on_truncate: refuse or ignore.';
    END IF;
    PERFORM exaudit_internal.note_columns(table_id, root, exaudit_internal.present_columns(root));
    LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE; -- as in exaudit_internal.record
    stamp := exaudit_internal.session_data();
    SELECT coalesce(string_agg(pg_catalog.format(', %I', c.name), ''), ''),
           coalesce(string_agg(pg_catalog.format(', ($2).%I', c.name), ''), '')
    INTO columns, fields
    FROM exaudit_internal.custom_columns c
    WHERE c.filled AND stamp.custom ? c.name;

    IF excluded || masked <> '{}' THEN
        image := pg_catalog.format('exaudit_internal.redact(%s, $4, $5)', image);
    END IF;
    statement := pg_catalog.format(
        'INSERT INTO exaudit.versions (table_id, action, entity_id, %I, custom, rollback, session_user_name%s) '
        'SELECT $1, $8, %s, %s, ($2).custom, ($2).rollback, $6%s FROM %s',
        CASE action WHEN 'deleted' THEN 'before' ELSE 'after' END, columns,
        coalesce(exaudit_internal.entity_id_expression(root, 'r'),
                 pg_catalog.format('exaudit_internal.entity_id_in(''{"names": []}'', %s)', image)), image, fields, source);
    IF condition IS NOT NULL THEN
        BEGIN
            EXECUTE statement || pg_catalog.format(' AND coalesce(exaudit_internal.t%s_condition(%s), false)', table_id, replace(condition, '<table_id>', table_id::text))
            USING table_id, stamp, partitions, excluded, masked, exaudit_internal.session_user_name(table_id), recorded, action;
            GET DIAGNOSTICS written = ROW_COUNT;
            RETURN written;
        EXCEPTION WHEN OTHERS THEN
            statement := statement || ' AND ' || by_image; -- it fails for a row: asked for each by itself
        END;
    END IF;
    EXECUTE statement
    USING table_id, stamp, partitions, excluded, masked, exaudit_internal.session_user_name(table_id), recorded, action;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_rows TO exaudit_writer;

-- Records every row of a table that is about to be truncated as deleted. Only the rows of
-- this very relation: TRUNCATE fires on each partition and each cascaded table by itself.
CREATE FUNCTION exaudit_internal.record_truncated(table_id integer, relation oid) RETURNS void
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
        partitions := exaudit_internal.untriggered_partitions(table_id, relation);
        IF partitions IS NULL THEN
            RETURN;
        END IF;
    END IF;
    PERFORM exaudit_internal.record_rows(table_id, relation, 'deleted', pg_catalog.format(
        '%s AS r WHERE %s', CASE WHEN partitioned THEN '' ELSE 'ONLY ' END || relation::regclass,
        CASE WHEN partitioned THEN 'r.tableoid = ANY ($3)' ELSE 'true' END), partitions);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_truncated TO exaudit_writer;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

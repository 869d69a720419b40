-- Names that others could create to redirect SQL that does not qualify its own. Whatever is looked up along a search_path
-- of "traps, lair, pg_catalog, public" raises an error, and takes a number of the sequence: an error may be caught.
--
-- traps has what pg_catalog has. lair has functions and operators for types for which pg_catalog needs a cast: an exact
-- match in any schema of the path comes before it, also where pg_catalog is the first.
CREATE SCHEMA traps;
CREATE SCHEMA lair;
GRANT USAGE ON SCHEMA traps, lair TO PUBLIC;
CREATE SEQUENCE traps.bites;
GRANT ALL ON SEQUENCE traps.bites TO PUBLIC;

CREATE FUNCTION traps.bite(what text) RETURNS boolean LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $$
BEGIN
    IF NOT current_setting('transaction_read_only')::boolean THEN
        PERFORM nextval('traps.bites');
    END IF;
    RAISE WARNING 'trap: %', what;
    RAISE EXCEPTION 'trap: %', what;
END
$$;

SET check_function_bodies = off;
SET search_path = pg_catalog;

CREATE FUNCTION traps.lay(schema text, name text, arguments text, result text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', schema, name, arguments, result,
                   format('BEGIN PERFORM traps.bite(%L); END', format('function %s(%s)', name, arguments)));
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    RETURN false; -- not all that pg_catalog has can be written in PL/pgSQL
END
$$;

CREATE FUNCTION traps.lay_operator(schema text, name text, lefttype text, righttype text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF to_regoperator(format('pg_catalog.%s(%s,%s)', name, coalesce(lefttype, 'none'), righttype)) IS NOT NULL AND schema = 'lair' THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE FUNCTION %I.%I(%s) RETURNS boolean LANGUAGE plpgsql AS %L', schema, 'operator ' || name,
                   concat_ws(', ', lefttype, righttype),
                   format('BEGIN PERFORM traps.bite(%L); END', format('operator %s(%s,%s)', name, lefttype, righttype)));
    EXECUTE format('CREATE OPERATOR %1$I.%2$s (FUNCTION = %1$I.%3$I%4$s, RIGHTARG = %5$s)', schema, name, 'operator ' || name,
                   ', LEFTARG = ' || lefttype, righttype);
    RETURN true;
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END
$$;

CREATE TEMP TABLE types AS SELECT unnest(ARRAY[
    'boolean', 'smallint', 'integer', 'bigint', 'oid', 'regclass', 'regproc', 'regtype', 'regnamespace', 'name', 'text', 'varchar', '"char"',
    'timestamptz', 'jsonb', 'xid', 'text[]', 'name[]', 'oid[]', 'smallint[]', 'int2vector', 'oidvector']) AS name;

DO $$
BEGIN
    -- functions and aggregates, also those with arguments of any type and number
    PERFORM traps.lay('traps', p.proname,
                      CASE WHEN p.prokind <> 'f' THEN array_to_string(p.proargtypes::regtype[], ', ')
                           ELSE replace(pg_get_function_arguments(p.oid), 'VARIADIC "any"', 'VARIADIC text[]') END,
                      pg_get_function_result(p.oid))
    FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[] || p.prorettype)
      AND NOT 'cstring'::regtype = ANY (p.proargtypes::oid[] || p.prorettype);
    PERFORM traps.lay('traps', p.proname, 'anyelement' || repeat(', anyelement', n), pg_get_function_result(p.oid))
    FROM pg_proc p, generate_series(0, 3) AS n
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND '"any"'::regtype = ANY (p.proargtypes::oid[]);

    PERFORM traps.lay_operator('traps', o.oprname, nullif(o.oprleft, 0)::regtype::text, o.oprright::regtype::text)
    FROM pg_operator o WHERE o.oprnamespace = 'pg_catalog'::regnamespace;

    PERFORM traps.lay_operator('lair', o.name, l.name, r.name)
    FROM unnest(ARRAY['=', '<>', '<', '||']) AS o (name), pg_temp.types AS l (name), pg_temp.types AS r (name);
    PERFORM traps.lay_operator('lair', o.name, l.name, r.name)
    FROM unnest(ARRAY['->', '->>', '?', '-', '@>', '#>>', '?|', '~', '!~']) AS o (name),
         unnest(ARRAY['jsonb', 'text', 'name']) AS l (name),
         unnest(ARRAY['name', 'varchar', 'bigint', 'smallint', 'name[]', 'text', 'text[]', 'jsonb']) AS r (name);

    -- one argument of another type
    PERFORM traps.lay('lair', p.proname,
                      array_to_string(ARRAY(SELECT CASE WHEN a.place = other.place THEN other.name ELSE a.type::regtype::text END
                                            FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, place)), ', '),
                      CASE WHEN p.proretset THEN 'SETOF ' ELSE '' END || p.prorettype::regtype)
    FROM pg_proc p
    CROSS JOIN LATERAL (SELECT a.place, t.name FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, place)
                        JOIN (VALUES ('text'::regtype, 'name'), ('text', 'varchar'), ('oid', 'integer'), ('oid', 'regclass'), ('bigint', 'integer'),
                                     ('regclass', 'oid'), ('anyelement', 'text'), ('anyelement', 'jsonb')) AS t (type, name)
                             ON t.type = a.type) AS other
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.proargmodes IS NULL AND p.provariadic = 0
      AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
      AND NOT EXISTS (SELECT FROM pg_amproc m WHERE m.amproc = p.oid)
      AND NOT EXISTS (SELECT FROM pg_aggregate g WHERE p.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn));
END
$$;

DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT typname FROM pg_type
             WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm', 'p') AND typname !~ '^_' LOOP
        EXECUTE format('CREATE TYPE traps.%I AS ENUM (''trap'')', r.typname);
    END LOOP;
    FOR r IN SELECT c.relname, string_agg(CASE WHEN a.atttypid IN ('anyarray'::regtype, 'pg_statistic[]'::regtype) THEN format('NULL::text AS %I', a.attname)
                                               ELSE format('c.%I', a.attname) END, ', ') AS columns
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
             WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
             GROUP BY c.relname LOOP
        EXECUTE format('CREATE VIEW traps.%I AS SELECT %s FROM pg_catalog.%1$I AS c WHERE traps.bite(%3$L)', r.relname, r.columns, 'relation ' || r.relname);
        EXECUTE format('GRANT SELECT ON traps.%I TO PUBLIC', r.relname);
    END LOOP;
END
$$;
DROP TABLE pg_temp.types;
RESET search_path;
RESET check_function_bodies;

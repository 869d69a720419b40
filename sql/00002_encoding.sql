-- Rows as jsonb images and back, without loss for any type.
--
-- The rules live here once: the generator asks for the expressions and writes them
-- into the trigger functions; encode and decode use the same ones at run time.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- A name as it stands in an expression of PL/pgSQL, where OLD.loop would not do: PL/pgSQL
-- reserves words that SQL does not, and so that quote_ident leaves as they are.
CREATE FUNCTION exaudit.quoted(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT '"' OPERATOR(pg_catalog.||) pg_catalog.replace(name, '"', '""') OPERATOR(pg_catalog.||) '"'
$$;

-- A name, quoted, that no column of a relation has: this one, or one like it.
CREATE FUNCTION exaudit.free_name(relation oid, name text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attname = $2)
                THEN exaudit.free_name($1, $2 || '!') ELSE exaudit.quoted($2) END
$$;

-- How a value of a type goes into an image:
--   native       as jsonb makes it, which is exact for these types
--   jsonb        as it is; a JSON null is noted under the image's key ''
--   float        native, but -0 as the string "-0"
--   array        a list, where one-dimensional and counted from 1; else its text
--   float_array  the same, and its text also where it holds -0
--   format_array a list of the elements' texts; else its text
--   text         the text of the value: jsonb would lose something or raise an error
--   format       the text, made by the type's output function: a cast that the owner
--                of a type outside pg_catalog wrote must not run as the definer
CREATE FUNCTION exaudit.encoding(type oid) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t       record;
    element text;
BEGIN
    SELECT ty.typtype, ty.typbasetype, ty.typelem, ty.typrelid, ty.typdelim,
           ty.typnamespace = 'pg_catalog'::regnamespace AS builtin,
           ty.typcategory = 'A' AND ty.typlen = -1 AS is_array
    INTO STRICT t
    FROM pg_catalog.pg_type ty WHERE ty.oid = type;

    IF t.typtype = 'd' THEN
        RETURN exaudit.encoding(t.typbasetype);
    ELSIF type IN ('json'::regtype, 'xml'::regtype, 'int2vector'::regtype, 'oidvector'::regtype) THEN
        RETURN 'text';
    ELSIF type = 'jsonb'::regtype THEN
        RETURN 'jsonb';
    ELSIF type IN ('float4'::regtype, 'float8'::regtype) THEN
        RETURN 'float';
    ELSIF t.is_array AND t.typelem <> 0 THEN
        element := exaudit.encoding(t.typelem);
        RETURN CASE
                   WHEN element = 'native' THEN 'array'
                   WHEN element = 'float' THEN 'float_array'
                   WHEN element = 'format' AND (SELECT typdelim FROM pg_catalog.pg_type WHERE oid = t.typelem) = ','
                       THEN 'format_array'
                   WHEN t.builtin THEN 'text'
                   ELSE 'format'
               END;
    ELSE
        -- Composites as text, too: ALTER TYPE could give one an attribute that jsonb cannot
        -- carry, and no plan would notice.
        RETURN CASE WHEN t.builtin AND t.typtype <> 'c' THEN 'native' ELSE 'format' END;
    END IF;
END
$$;

-- The type beneath a domain, or the type itself.
CREATE FUNCTION exaudit.base_type(type oid) RETURNS oid
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN ty.typtype = 'd' THEN exaudit.base_type(ty.typbasetype) ELSE ty.oid END
    FROM pg_catalog.pg_type ty WHERE ty.oid = type
$$;

-- Does reading a value of a type check a domain, which might run somebody else's code? Whether a domain has a CHECK is not
-- asked: it may get one at any time. Nor whose it is: what its CHECK calls may be another's.
CREATE FUNCTION exaudit.has_domain(type oid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
               WHEN ty.typtype = 'd' THEN true
               WHEN ty.typtype = 'c' THEN
                   exists (SELECT FROM pg_catalog.pg_attribute a
                           WHERE a.attrelid = ty.typrelid AND a.attnum > 0 AND NOT a.attisdropped AND exaudit.has_domain(a.atttypid))
               WHEN ty.typtype IN ('r', 'm') THEN
                   exists (SELECT FROM pg_catalog.pg_range r
                           WHERE ty.oid IN (r.rngtypid, r.rngmultitypid) AND exaudit.has_domain(r.rngsubtype))
               WHEN ty.typcategory = 'A' AND ty.typelem <> 0 THEN exaudit.has_domain(ty.typelem)
               ELSE false
           END
    FROM pg_catalog.pg_type ty WHERE ty.oid = type
$$;

-- The type under which a value is read without a domain's CHECK: what a domain is over, and text where a domain is a
-- part of the type. Its values have the same image.
CREATE FUNCTION exaudit.plain_type(type oid) RETURNS oid
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
               WHEN ty.typtype = 'd' THEN exaudit.plain_type(ty.typbasetype)
               WHEN ty.typtype IN ('c', 'r', 'm') AND exaudit.has_domain(ty.oid) THEN 'text'::regtype::oid
               WHEN ty.typtype = 'b' AND ty.typcategory = 'A' AND ty.typelem <> 0 AND exaudit.plain_type(ty.typelem) <> ty.typelem THEN
                   (SELECT e.typarray FROM pg_catalog.pg_type e WHERE e.oid = exaudit.plain_type(ty.typelem))
               ELSE ty.oid
           END
    FROM pg_catalog.pg_type ty WHERE ty.oid = type
$$;

-- What a value of a type is made of, which ALTER TYPE changes under the name of the type: layout has the types of its
-- parts, numbers the attribute numbers of composite types, labels those of enums by their oids. nested says that labels
-- are but a part of the text of a value.
CREATE FUNCTION exaudit.type_parts(type oid, modifier integer, OUT layout text, OUT numbers text, OUT labels jsonb, OUT nested boolean)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
DECLARE
    t    record;
    part record;
BEGIN
    SELECT ty.typtype, ty.typbasetype, ty.typtypmod, ty.typelem, ty.typrelid, ty.typname, r.rngsubtype,
           ty.typnamespace = 'pg_catalog'::regnamespace AS builtin, ty.typcategory = 'A' AND ty.typlen = -1 AS is_array
    INTO STRICT t
    FROM pg_catalog.pg_type ty
    LEFT JOIN pg_catalog.pg_range r ON ty.oid IN (r.rngtypid, r.rngmultitypid)
    WHERE ty.oid = type;
    layout := '';
    numbers := '';
    labels := '{}';
    nested := false;
    IF t.typtype = 'd' THEN
        SELECT p.layout, p.numbers, p.labels, p.nested INTO layout, numbers, labels, nested
        FROM exaudit.type_parts(t.typbasetype, t.typtypmod) AS p;
    ELSIF t.typtype = 'e' THEN
        layout := 'enum';
        labels := pg_catalog.jsonb_build_object(type::text, (SELECT coalesce(jsonb_object_agg(e.oid::text, e.enumlabel), '{}')
                                                             FROM pg_catalog.pg_enum e WHERE e.enumtypid = type));
    ELSIF t.typtype = 'c' THEN
        FOR part IN
            SELECT a.attnum, p.layout, p.numbers, p.labels
            FROM pg_catalog.pg_attribute a
            CROSS JOIN LATERAL exaudit.type_parts(a.atttypid, a.atttypmod) AS p
            WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
        LOOP
            layout := layout || CASE WHEN layout = '' THEN '' ELSE ',' END || part.layout;
            numbers := numbers || ' ' || part.attnum || part.numbers;
            labels := labels || part.labels;
        END LOOP;
        layout := '(' || layout || ')';
        nested := true;
    ELSIF t.rngsubtype IS NOT NULL THEN
        SELECT t.typname || '(' || p.layout || ')', p.numbers, p.labels, true INTO layout, numbers, labels, nested
        FROM exaudit.type_parts(t.rngsubtype, -1) AS p;
    ELSIF t.is_array AND t.typelem <> 0 THEN
        SELECT p.layout || '[]', p.numbers, p.labels, p.nested INTO layout, numbers, labels, nested
        FROM exaudit.type_parts(t.typelem, modifier) AS p;
    ELSE
        layout := CASE WHEN t.builtin THEN pg_catalog.format_type(type, modifier) ELSE t.typname END;
    END IF;
END
$$;

-- A type by its name, which is the same under any search_path.
CREATE FUNCTION exaudit.type_name(type oid, modifier integer) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    -- with a modifier, types of pg_catalog are written in SQL's own words
    SELECT CASE WHEN modifier >= 0 THEN pg_catalog.format_type(type, modifier)
                ELSE (SELECT pg_catalog.format('%I.%I', n.nspname, ty.typname)
                      FROM pg_catalog.pg_type ty JOIN pg_catalog.pg_namespace n ON n.oid = ty.typnamespace
                      WHERE ty.oid = type) END
$$;

-- How a value of a domain becomes one of the type beneath it, to which it is compared: a domain over an enum has no
-- operators. Nothing for a value of any other type.
CREATE FUNCTION exaudit.beneath(type oid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN exaudit.base_type(type) = type THEN '' ELSE '::' || exaudit.type_name(exaudit.base_type(type), -1) END
$$;

-- The settings that the text of a type's values depends on.
CREATE FUNCTION exaudit.settings(type oid) RETURNS text[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t record;
BEGIN
    SELECT ty.typtype, ty.typbasetype, ty.typelem, ty.typrelid, ty.typcategory,
           ty.typnamespace = 'pg_catalog'::regnamespace AS builtin,
           ty.typnamespace = 'pg_catalog'::regnamespace AND ty.typname LIKE 'reg%' AS is_name,
           coalesce(r.rngsubtype, 0) AS subtype
    INTO STRICT t
    FROM pg_catalog.pg_type ty
    LEFT JOIN pg_catalog.pg_range r ON ty.oid IN (r.rngtypid, r.rngmultitypid)
    WHERE ty.oid = type;

    RETURN CASE
        WHEN t.typtype = 'd' THEN exaudit.settings(t.typbasetype)
        -- whatever attributes it may be given
        WHEN t.typtype = 'c' THEN ARRAY['bytea_output', 'datestyle', 'extra_float_digits', 'intervalstyle', 'lc_monetary',
                                        'quote_all_identifiers', 'timezone']
        WHEN t.subtype <> 0 THEN exaudit.settings(t.subtype)
        WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN
            exaudit.settings(t.typelem)
            -- a list of texts is made by reading the array's text
            || CASE WHEN exaudit.encoding(type) = 'format_array' THEN ARRAY['array_nulls'] END
        WHEN type IN ('date'::regtype, 'timestamp'::regtype) THEN ARRAY['datestyle']
        WHEN type = 'timestamptz'::regtype THEN ARRAY['datestyle', 'timezone']
        WHEN type = 'interval'::regtype THEN ARRAY['intervalstyle']
        WHEN type = 'money'::regtype THEN ARRAY['lc_monetary']
        WHEN type = 'bytea'::regtype THEN ARRAY['bytea_output']
        WHEN type IN ('float4'::regtype, 'float8'::regtype) OR t.typcategory = 'G' THEN ARRAY['extra_float_digits']
        WHEN t.is_name THEN ARRAY['quote_all_identifiers']
        WHEN t.builtin OR t.typtype = 'e' THEN ARRAY[]::text[]
        -- an output function that exaudit does not know may look at any of them
        ELSE ARRAY['bytea_output', 'datestyle', 'extra_float_digits', 'intervalstyle', 'timezone']
    END;
END
$$;

-- What generated expressions are made of. These run as the definer of a trigger and so
-- qualify every name and operator; without SET clauses, the planner puts their bodies in
-- place of the calls. The text of an array or of a type outside pg_catalog comes from
-- format: unlike a cast, it runs nobody's own cast function.
CREATE FUNCTION exaudit.float_value(value double precision) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN value OPERATOR(pg_catalog.=) 0 AND value::pg_catalog.text OPERATOR(pg_catalog.=) '-0'
                   THEN pg_catalog.to_jsonb('-0'::pg_catalog.text)
               ELSE pg_catalog.to_jsonb(value)
           END
$$;

CREATE FUNCTION exaudit.float_value(value real) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN value OPERATOR(pg_catalog.=) 0 AND value::pg_catalog.text OPERATOR(pg_catalog.=) '-0'
                   THEN pg_catalog.to_jsonb('-0'::pg_catalog.text)
               ELSE pg_catalog.to_jsonb(value)
           END
$$;

CREATE FUNCTION exaudit.text_value(value anyelement) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    -- a composite of NULLs "IS NULL", too
    SELECT CASE WHEN value IS NOT DISTINCT FROM NULL THEN NULL ELSE pg_catalog.format('%s', value) END
$$;

-- Is the array what JSON knows: of one dimension, counted from 1?
CREATE FUNCTION exaudit.is_list(value anyarray) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce(pg_catalog.array_ndims(value), 1) OPERATOR(pg_catalog.=) 1
           AND coalesce(pg_catalog.array_lower(value, 1), 1) OPERATOR(pg_catalog.=) 1
$$;

CREATE FUNCTION exaudit.array_value(value anyarray) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN exaudit.is_list(value) THEN pg_catalog.to_jsonb(value)
               ELSE pg_catalog.to_jsonb(pg_catalog.format('%s', value))
           END
$$;

CREATE FUNCTION exaudit.float_array_value(value anyarray) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN exaudit.is_list(value)
                    AND pg_catalog.format('%s', value) OPERATOR(pg_catalog.!~) '[{,]-0[,}]'
                   THEN pg_catalog.to_jsonb(value)
               ELSE pg_catalog.to_jsonb(pg_catalog.format('%s', value))
           END
$$;

CREATE FUNCTION exaudit.format_array_value(value anyarray) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN value IS NULL THEN NULL
               WHEN exaudit.is_list(value) THEN pg_catalog.to_jsonb(pg_catalog.format('%s', value)::pg_catalog.text[])
               ELSE pg_catalog.to_jsonb(pg_catalog.format('%s', value))
           END
$$;

-- An SQL expression for the encoded value of a column. "{}" is where it is read.
-- Without settings of its own, so that the planner inlines it: no operator may be looked
-- up along the caller's search_path, as CASE encoding WHEN would.
CREATE FUNCTION exaudit.value_expression(type oid, encoding text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN encoding OPERATOR(pg_catalog.=) 'native' THEN '{}'
        WHEN encoding OPERATOR(pg_catalog.=) 'jsonb' THEN '{}'
        -- xml's output function drops the declaration, its cast to text does not
        WHEN encoding OPERATOR(pg_catalog.=) 'text' THEN CASE WHEN type OPERATOR(pg_catalog.=) 'pg_catalog.xml[]'::pg_catalog.regtype THEN '{}::pg_catalog.text[]::pg_catalog.text' ELSE '{}::pg_catalog.text' END
        WHEN encoding OPERATOR(pg_catalog.=) 'float' THEN 'exaudit.float_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'format' THEN 'exaudit.text_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'array' THEN 'exaudit.array_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'float_array' THEN 'exaudit.float_array_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'format_array' THEN 'exaudit.format_array_value({})'
    END
$$;
-- +goose StatementEnd

-- Every column of every table as exaudit sees it. Virtual generated columns (PostgreSQL
-- 18) are absent: triggers see NULL in them.
CREATE VIEW exaudit.table_columns AS
SELECT a.attrelid                                              AS relation,
       a.attnum::integer                                       AS number,
       a.attname::text                                         AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod)::text   AS type_name,
       a.atttypid                                              AS type,
       e.encoding,
       -- as jsonb, a date or timestamp looks the same under every datestyle
       CASE a.atttypid
           WHEN 'date'::pg_catalog.regtype THEN '{}'
           WHEN 'timestamp'::pg_catalog.regtype THEN '{}'
           WHEN 'timestamptz'::pg_catalog.regtype THEN '{timezone}'
           ELSE exaudit.settings(a.atttypid)
       END::text[]                                             AS settings,
       exaudit.value_expression(a.atttypid, e.encoding)        AS value_expression,
       coalesce(pg_catalog.array_position(k.indkey::int2[], a.attnum), -1)::integer AS key_position,
       a.attgenerated <> ''                                    AS generated,
       -- Is true where the stored value differs. "=" sees every difference only where the default
       -- btree operator class says that equal means the same image. bpchar says so too, but
       -- unconstrained it keeps blanks that "=" ignores. No type outside pg_catalog is asked,
       -- not even an enum: its owner's implicit cast could change which operator "=" is.
       CASE
           WHEN base.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
                AND base.oid <> 'bpchar'::pg_catalog.regtype
                AND exists (SELECT
                            FROM pg_catalog.pg_opclass oc
                            JOIN pg_catalog.pg_am am ON am.oid = oc.opcmethod AND am.amname = 'btree'
                            JOIN pg_catalog.pg_amproc ap ON ap.amprocfamily = oc.opcfamily
                                                        AND ap.amproclefttype = oc.opcintype
                                                        AND ap.amprocnum = 4
                            WHERE oc.opcdefault
                              AND oc.opcintype = CASE
                                      WHEN base.oid = 'varchar'::pg_catalog.regtype THEN 'text'::pg_catalog.regtype::oid
                                      ELSE base.oid
                                  END
                              AND (ap.amproc = 'pg_catalog.btequalimage'::pg_catalog.regproc OR col.collisdeterministic))
               THEN '{old} IS DISTINCT FROM {new}'
           -- 1.0 and 1.00 are equal; faster than the general way
           WHEN base.oid = 'numeric'::pg_catalog.regtype
               THEN '{old} IS DISTINCT FROM {new} OR pg_catalog.scale({old}) IS DISTINCT FROM pg_catalog.scale({new})'
           ELSE 'ROW({old})::record OPERATOR(pg_catalog.*<>) ROW({new})::record'
       END                                                     AS changed_expression,
       a.attidentity = 'a'                                     AS numbered -- an UPDATE can only number it anew
FROM pg_catalog.pg_attribute a
-- OFFSET 0: once per column, not once per use
CROSS JOIN LATERAL (SELECT exaudit.encoding(a.atttypid) AS encoding OFFSET 0) e
JOIN pg_catalog.pg_type base ON base.oid = exaudit.base_type(a.atttypid)
LEFT JOIN pg_catalog.pg_collation col ON col.oid = a.attcollation
LEFT JOIN pg_catalog.pg_index k ON k.indrelid = a.attrelid AND k.indisprimary
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND a.attgenerated <> 'v';

-- +goose StatementBegin
-- What a trigger function was written for: columns and primary key, as in CREATE TABLE,
-- indented as it stands in the function.
CREATE FUNCTION exaudit.shape(relation oid) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
    SELECT string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                      -- another domain of its name may be over another type
                      || CASE WHEN t.typtype = 'd' THEN ' AS ' || pg_catalog.format_type(exaudit.base_type(t.oid), NULL) ELSE '' END
                      -- under such a collation, "=" does not see every difference
                      || CASE WHEN NOT col.collisdeterministic THEN ' (nondeterministic)' ELSE '' END,
                      E',\n        ' ORDER BY a.attnum)
           || coalesce((SELECT pg_catalog.format(E',\n        PRIMARY KEY (%s)',
                                                 string_agg(quote_ident(ka.attname), ', ' ORDER BY key.position))
                        FROM pg_catalog.pg_index k
                        CROSS JOIN LATERAL unnest(k.indkey::int2[]) WITH ORDINALITY AS key (number, position)
                        JOIN pg_catalog.pg_attribute ka ON ka.attrelid = k.indrelid AND ka.attnum = key.number
                        WHERE k.indrelid = relation AND k.indisprimary
                        HAVING count(*) > 0), '')
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_collation col ON col.oid = a.attcollation
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
$$;

-- What follows is planned with, and so must not be told by a snapshot that is older than the table
-- as it is: by that of a REPEATABLE READ or SERIALIZABLE transaction, or of replication's apply. What
-- such a transaction would record could not be trusted, and the plan would stay for its session.
-- Privileges and file nodes are looked up in the catalog as it is, whatever the snapshot.
CREATE FUNCTION exaudit.check_snapshot(relation oid) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_catalog.has_table_privilege(relation, 'SELECT') IS NULL -- there is none: a dump came from elsewhere
       OR EXISTS (
           SELECT
           FROM pg_catalog.pg_class c
           LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
           WHERE c.oid = relation
             AND pg_catalog.pg_relation_filenode(c.oid) IS NOT DISTINCT FROM nullif(c.relfilenode, 0)
             AND (i.indexrelid IS NULL OR pg_catalog.has_table_privilege(i.indexrelid, 'SELECT') IS NOT NULL)
             AND pg_catalog.has_column_privilege(c.oid, (c.relnatts + 1)::smallint, 'SELECT') IS NULL
             AND NOT EXISTS (SELECT
                             FROM pg_catalog.pg_attribute a
                             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                               AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') IS NULL)) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION 'could not serialize access to table % due to a concurrent change of its definition', relation::regclass
        USING ERRCODE = 'serialization_failure', HINT = 'The transaction might succeed if retried.';
END
$$;

-- Is the table still what the trigger function was written for?
--
-- IMMUTABLE is deliberate and only holds inside a trigger function, with constant
-- arguments: the planner then evaluates this once per plan, and because the plan holds
-- the table's oid as a constant, PostgreSQL throws the plan away when the table is
-- altered. DDL is noticed by the next write, in every session, and costs nothing
-- in between.
CREATE FUNCTION exaudit.has_shape(relation oid, shape text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_snapshot(relation);
    RETURN exaudit.shape(relation) IS NOT DISTINCT FROM shape;
END
$$;

-- The TOAST table of a table; NULL where there is none, or where another access method than
-- heap decides what goes there. IMMUTABLE as has_shape is: an alteration that rewrites the table
-- gives it another one.
CREATE FUNCTION exaudit.toast_table(relation oid) RETURNS oid
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_snapshot(relation);
    RETURN (SELECT nullif(c.reltoastrelid, 0)
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_am am ON am.oid = c.relam
            WHERE c.oid = relation AND am.amhandler = 'pg_catalog.heap_tableam_handler'::pg_catalog.regproc);
END
$$;

-- A value of the column that takes more bytes than this is stored out of line.
--
-- VOLATILE, so that under READ COMMITTED it sees the storage options as they are.
CREATE FUNCTION exaudit.toast_threshold(relation oid, column_name text) RETURNS integer
    LANGUAGE plpgsql PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT greatest(pg_catalog.current_setting('block_size')::integer / 4, -- TOAST_TUPLE_TARGET
                            (SELECT o.option_value::integer
                             FROM pg_catalog.pg_options_to_table(c.reloptions) o
                             WHERE o.option_name = 'toast_tuple_target'))
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            WHERE c.oid = relation AND a.attname = column_name AND a.attstorage IN ('x', 'e'));
END
$$;

-- The same, to plan with: IMMUTABLE as has_shape is. What is larger than a page is always out of
-- line, and with an older snapshot, nothing else is known.
CREATE FUNCTION exaudit.inline_limit(relation oid, column_name text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    page constant integer := pg_catalog.current_setting('block_size');
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RETURN page;
    END IF;
    RETURN coalesce(exaudit.toast_threshold(relation, column_name), page);
END
$$;

-- An SQL expression for the image of a row, or of some of its columns, read through an
-- alias; or for that of a row whose jsonb columns hold no JSON null. PL/pgSQL keeps the plan,
-- which would take longer than the work.
CREATE FUNCTION exaudit.image_expression(relation oid, alias text, only_columns text[] DEFAULT NULL,
                                         json_nulls boolean DEFAULT true) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH columns AS (
            SELECT c.name,
                   c.encoding,
                   alias || '.' || exaudit.quoted(c.name) AS reference,
                   c.value_expression,
                   (row_number() OVER (ORDER BY c.number) - 1) / 50 AS chunk,
                   c.number
            FROM exaudit.table_columns c
            WHERE c.relation = $1 AND (only_columns IS NULL OR c.name = ANY (only_columns))
        ),
        -- jsonb_build_object takes at most 100 arguments
        chunks AS (
            SELECT c.chunk,
                   'pg_catalog.jsonb_build_object('
                   || string_agg(E'\n        ' || quote_literal(c.name) || ', ' || replace(c.value_expression, '{}', c.reference),
                                 ',' ORDER BY c.number)
                   || ')' AS built
            FROM columns c
            GROUP BY c.chunk
        ),
        nullable AS (
            SELECT string_agg(c.reference, ', ' ORDER BY c.number) AS list,
                   string_agg(pg_catalog.format('CASE WHEN %s = ''null'' THEN %L END', c.reference, c.name), ', ' ORDER BY c.number) AS names
            FROM columns c
            WHERE c.encoding = 'jsonb'
        )
        SELECT CASE
                   -- jsonb makes the image in one call where every column is exact as it is
                   WHEN only_columns IS NULL
                        AND NOT EXISTS (SELECT FROM columns WHERE encoding NOT IN ('native', 'jsonb'))
                        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                        WHERE a.attrelid = $1 AND a.attnum > 0 AND a.attgenerated = 'v')
                       THEN pg_catalog.format('pg_catalog.to_jsonb(%s.*)', alias)
                   ELSE (SELECT string_agg(built, E'\n    || ' ORDER BY chunk) FROM chunks)
               END
               || coalesce((SELECT pg_catalog.format(
                      E'\n    || CASE WHEN ''null''::jsonb IN (%1$s)\n'
                      '            THEN pg_catalog.jsonb_build_object('''', pg_catalog.array_remove(ARRAY[%2$s], NULL))\n'
                      '            ELSE ''{}'' END', list, names) FROM nullable WHERE list IS NOT NULL AND json_nulls), '')
    );
END
$$;

-- Notes in an image that a jsonb column holds a JSON null, not an SQL NULL. No column can be
-- called ''.
CREATE FUNCTION exaudit.note_json_null(image jsonb, column_name text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT image || pg_catalog.jsonb_build_object('', coalesce(image -> '', '[]') || pg_catalog.to_jsonb(column_name))
$$;

-- Puts a placeholder into an image for a column whose values are not recorded, and notes
-- that it is one.
CREATE FUNCTION exaudit.note_masked(image jsonb, column_name text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT image || pg_catalog.jsonb_build_object(
        column_name, '***', '', coalesce(image -> '', '[]') || pg_catalog.jsonb_build_object('masked', column_name))
$$;

-- Adds notes to an image, and the placeholders that they tell of.
CREATE FUNCTION exaudit.noted(image jsonb, notes jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT image
           || coalesce((SELECT pg_catalog.jsonb_object_agg(n ->> 'masked', '***') FROM pg_catalog.jsonb_array_elements(notes) AS n
                        WHERE pg_catalog.jsonb_typeof(n) = 'object'), '{}')
           || pg_catalog.jsonb_build_object('', coalesce(image -> '', '[]') || notes)
$$;

-- An image without the excluded columns, and with placeholders for the masked ones that
-- it has.
CREATE FUNCTION exaudit.redact(image jsonb, excluded text[], masked text[]) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    redacted jsonb := image - (excluded || masked || ARRAY['']);
    notes    jsonb := (SELECT jsonb_agg(n) FROM pg_catalog.jsonb_array_elements(image -> '') AS n
                       WHERE coalesce(n ->> 'masked', n ->> 'oversized', n #>> '{}') <> ALL (excluded || masked));
    name     text;
BEGIN
    IF notes IS NOT NULL THEN
        redacted := redacted || pg_catalog.jsonb_build_object('', notes);
    END IF;
    FOREACH name IN ARRAY masked LOOP
        IF image ? name THEN
            redacted := exaudit.note_masked(redacted, name);
        END IF;
    END LOOP;
    RETURN redacted;
END
$$;

-- jsonb holds 268,435,455 bytes, and no more than that in one object. An image leaves some
-- room for notes.
CREATE FUNCTION exaudit.image_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT 256000000';

-- The columns with values that may be so large that an image has no room for them: a format for
-- the size of one, of the alias and the quoted name, and how large they may be without a question. A length is kept beside the
-- value, which need not be fetched. Where only is known what the value takes compressed, it may
-- be 255 times as long, and where it becomes text, that again 16 times; a bytea becomes twice as
-- long. Together the bounds are 250 MB.
CREATE FUNCTION exaudit.wide_columns(relation oid, OUT number integer, OUT name text, OUT size text, OUT bound bigint) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.number, c.name,
           CASE WHEN base.type IN ('json'::regtype, 'xml'::regtype) THEN 'pg_catalog.octet_length(%s.%s::text)' ELSE k.size END,
           least(k.most, k.together / count(*) OVER (PARTITION BY k.kind))
    FROM exaudit.table_columns c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
    CROSS JOIN LATERAL (SELECT exaudit.base_type(c.type) AS type OFFSET 0) base
    JOIN (VALUES ('text', 'pg_catalog.octet_length(%s.%s)', 1000000, 60000000),
                 ('jsonb', 'pg_catalog.pg_column_size(%s.%s)', 100000, 200000),
                 ('other', 'pg_catalog.pg_column_size(%s.%s)', 16000, 19000)) AS k (kind, size, most, together)
      ON k.kind = CASE WHEN base.type IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'bytea'::regtype,
                                          'json'::regtype, 'xml'::regtype) THEN 'text'
                       WHEN c.encoding = 'jsonb' THEN 'jsonb' ELSE 'other' END
    WHERE c.relation = $1
      AND a.attlen = -1
      AND base.type NOT IN ('numeric'::regtype, 'inet'::regtype, 'cidr'::regtype)
      -- varchar(200), char(10): never wide
      AND NOT (a.atttypmod BETWEEN 0 AND 10000 AND base.type IN ('varchar'::regtype, 'bpchar'::regtype))
$$;

-- An SQL expression that is true where the image of a row, read through an alias, might be
-- more than jsonb holds; NULL where the columns are too narrow for that.
CREATE FUNCTION exaudit.oversized_expression(relation oid, alias text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(pg_catalog.format(CASE WHEN b.columns > 1 THEN 'greatest(%s) > %s' ELSE '%s > %s' END, b.sizes, b.bound), ' OR ' ORDER BY b.bound DESC)
    FROM (SELECT c.bound, count(*) AS columns, string_agg(pg_catalog.format(c.size, alias, exaudit.quoted(c.name)), ', ' ORDER BY c.number) AS sizes
          FROM exaudit.wide_columns(relation) AS c
          GROUP BY c.bound) AS b
$$;

-- Puts a placeholder into an image for a value that is too large for it, and notes that it
-- is one. Of the same value it always is the same.
CREATE FUNCTION exaudit.note_oversized(image jsonb, column_name text, size bigint, sha256 bytea) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT image || pg_catalog.jsonb_build_object(
        column_name, pg_catalog.format('*** %s bytes', size) || coalesce(', sha256 ' || pg_catalog.encode(sha256, 'hex'), ''),
        '', coalesce(image -> '', '[]') || pg_catalog.jsonb_build_object('oversized', column_name))
$$;

-- The image of some columns of a row; those that it has no room for are noted, the widest
-- ones. What PostgreSQL cannot make the text of raises one of three errors.
CREATE FUNCTION exaudit.bounded_image(row_value anyelement, columns text[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation oid := (SELECT t.typrelid FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.pg_typeof(row_value));
    image    jsonb;
    part     jsonb;
    sizes    bigint[];
    name     text;
BEGIN
    IF columns = '{}' THEN
        RETURN '{}';
    END IF;
    BEGIN
        EXECUTE pg_catalog.format('SELECT %s FROM (SELECT ($1).*) AS r', exaudit.image_expression(relation, 'r', columns))
        INTO image USING row_value;
        IF pg_catalog.pg_column_size(image) <= exaudit.image_limit() THEN
            RETURN image;
        END IF;
    EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory THEN
        NULL;
    END;
    EXECUTE pg_catalog.format('SELECT ARRAY[%s] FROM (SELECT ($1).*) AS r',
                              (SELECT string_agg(pg_catalog.format('pg_catalog.pg_column_size(r.%I)', c.name), ', ' ORDER BY c.position)
                               FROM unnest(columns) WITH ORDINALITY AS c (name, position)))
    INTO sizes USING row_value;
    image := '{}';
    FOR name IN SELECT c.name FROM unnest(columns, sizes) WITH ORDINALITY AS c (name, size, position)
                ORDER BY c.size NULLS FIRST, c.position LOOP
        part := NULL;
        BEGIN
            EXECUTE pg_catalog.format('SELECT %s FROM (SELECT ($1).*) AS r',
                                      exaudit.image_expression(relation, 'r', ARRAY[name]))
            INTO part USING row_value;
        EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory THEN
            NULL;
        END;
        IF part IS NULL OR pg_catalog.pg_column_size(image) + pg_catalog.pg_column_size(part) > exaudit.image_limit() THEN
            image := exaudit.without_value(image, row_value, name);
        ELSIF part ? '' THEN
            image := exaudit.note_json_null(image || (part - ''), name);
        ELSE
            image := image || part;
        END IF;
    END LOOP;
    RETURN image;
END
$$;

-- Notes a value that an image has no room for, with the digest of its bytes or text, if
-- that can be had.
CREATE FUNCTION exaudit.without_value(image jsonb, row_value anyelement, column_name text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    size   bigint;
    digest bytea;
BEGIN
    EXECUTE (
        SELECT replace('SELECT octet_length(v.bytes), sha256(v.bytes) FROM (SELECT {} AS bytes OFFSET 0) AS v', '{}',
                       pg_catalog.format(CASE
                           WHEN base.type = 'bytea'::regtype THEN '($1).%I::bytea'
                           WHEN base.type IN ('text'::regtype, 'varchar'::regtype, 'json'::regtype)
                               THEN 'convert_to(($1).%I::text, ''UTF8'')'
                           ELSE 'convert_to(format(''%%s'', ($1).%I), ''UTF8'')'
                       END, column_name))
        FROM pg_catalog.pg_type t
        JOIN exaudit.table_columns c ON c.relation = t.typrelid AND c.name = column_name
        CROSS JOIN LATERAL (SELECT exaudit.base_type(c.type) AS type) base
        WHERE t.oid = pg_catalog.pg_typeof(row_value))
    INTO size, digest USING row_value;
    RETURN exaudit.note_oversized(image, column_name, size, digest);
EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory OR untranslatable_character
              OR character_not_in_repertoire THEN
    EXECUTE pg_catalog.format('SELECT pg_catalog.pg_column_size(($1).%I)', column_name) INTO size USING row_value;
    RETURN exaudit.note_oversized(image, column_name, size, NULL);
END
$$;

-- What an update of a row with wide values changed, of some of its columns: both sides.
CREATE FUNCTION exaudit.bounded_changes(old_row anyelement, new_row anyelement, columns text[],
                                        OUT old_values jsonb, OUT new_values jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed text[];
BEGIN
    EXECUTE (
        SELECT pg_catalog.format('SELECT array_remove(ARRAY[%s], NULL)', string_agg(pg_catalog.format(
                   'CASE WHEN ROW(($1).%1$I)::record *<> ROW(($2).%1$I)::record THEN %1$L END', c.name), ', '))
        FROM unnest(columns) AS c (name))
    INTO changed USING old_row, new_row;
    old_values := exaudit.bounded_image(old_row, changed);
    new_values := exaudit.bounded_image(new_row, changed);
END
$$;

-- The image of a row of any table. The settings are those that any type's text can
-- depend on: the same row gives the same image in every session.
CREATE FUNCTION exaudit.encode(row_value anyelement) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN exaudit.encode_with(exaudit.encode_query(
        (SELECT typrelid FROM pg_catalog.pg_type WHERE oid = pg_catalog.pg_typeof(row_value))), row_value);
END
$$;

-- What encode runs for the rows of a table; NULL where to_jsonb alone makes the image.
-- IMMUTABLE as has_shape is, and under the same conditions: the text is made once per plan.
CREATE FUNCTION exaudit.encode_query(relation oid) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    image text := exaudit.image_expression(relation, 'r');
BEGIN
    PERFORM exaudit.check_snapshot(relation);
    IF image = 'pg_catalog.to_jsonb(r.*)' THEN
        RETURN NULL;
    END IF;
    RETURN pg_catalog.format('SELECT %s FROM (SELECT ($1).*) AS r', image);
END
$$;

-- encode, for who has the query already.
CREATE FUNCTION exaudit.encode_with(query text, row_value anyelement) RETURNS jsonb
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
    image jsonb;
BEGIN
    IF query IS NULL THEN
        image := pg_catalog.to_jsonb(row_value);
    ELSE
        EXECUTE query INTO image USING row_value;
    END IF;
    IF pg_catalog.pg_column_size(image) <= exaudit.image_limit() THEN
        RETURN image;
    END IF;
    RETURN exaudit.bounded_image(row_value, exaudit.column_names(row_value));
EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory THEN
    RETURN exaudit.bounded_image(row_value, exaudit.column_names(row_value));
END
$$;

-- The recorded columns of a row.
CREATE FUNCTION exaudit.column_names(row_value anyelement) RETURNS text[]
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(c.name ORDER BY c.number)
    FROM pg_catalog.pg_type t
    JOIN exaudit.table_columns c ON c.relation = t.typrelid
    WHERE t.oid = pg_catalog.pg_typeof(row_value)
$$;

-- A query for the row of an image, which is an expression, over the base row $1. Only json
-- and jsonb need a word: every other type reads its own text from a JSON string. The base
-- is taken apart and put together again, because jsonb_populate_record refuses a NULL row
-- where a missing key's domain is NOT NULL.
CREATE FUNCTION exaudit.decode_query(row_type oid, image text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts  text;
    fields text;
    apart  text[];
BEGIN
    SELECT string_agg(pg_catalog.format('($1).%I', c.name), ', ' ORDER BY c.number),
           string_agg(CASE
               WHEN c.is_json THEN
                   pg_catalog.format('CASE WHEN %2$s ? %1$L THEN (%2$s ->> %1$L)::json ELSE p.%1$I END', c.name, image)
               WHEN c.encoding = 'jsonb' THEN
                   pg_catalog.format('CASE WHEN (%2$s -> '''') ? %1$L THEN ''null''::jsonb ELSE p.%1$I END', c.name, image)
               ELSE pg_catalog.format('p.%I', c.name)
           END, ', ' ORDER BY c.number),
           array_agg(c.name) FILTER (WHERE c.is_json)
    INTO parts, fields, apart
    FROM (SELECT a.attname::text AS name,
                 a.attnum AS number,
                 x.encoding,
                 -- or a domain over json, at any depth
                 x.encoding = 'text' AND exaudit.base_type(a.atttypid) = 'json'::regtype AS is_json
          FROM pg_catalog.pg_type rt
          JOIN pg_catalog.pg_attribute a ON a.attrelid = rt.typrelid AND a.attnum > 0 AND NOT a.attisdropped
          CROSS JOIN LATERAL (SELECT exaudit.encoding(a.atttypid) AS encoding) x
          WHERE rt.oid = row_type) c;
    RETURN pg_catalog.format('SELECT %s FROM pg_catalog.jsonb_populate_record(ROW(%s)::%s, %s - %L::text[]) AS p',
                             fields, parts, row_type::regtype, image, ARRAY[''] || apart);
END
$$;

-- The same over no base row, for a record of plain_types: it runs no code of the owners of the columns' types.
CREATE FUNCTION exaudit.plain_query(row_type oid, image text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.format('SELECT %s FROM pg_catalog.jsonb_to_record(%s) AS p (%s)',
                   string_agg(CASE
                       -- of the string that the image has, not the string itself
                       WHEN c.type = 'json'::regtype THEN pg_catalog.format('p.%I::json', c.name)
                       WHEN c.type = 'jsonb'::regtype THEN
                           pg_catalog.format('CASE WHEN (%2$s -> '''') ? %1$L THEN ''null''::jsonb ELSE p.%1$I END', c.name, image)
                       ELSE pg_catalog.format('p.%I', c.name)
                   END, ', ' ORDER BY c.number),
                   image,
                   string_agg(pg_catalog.format('%I %s', c.name, CASE WHEN c.type = 'json'::regtype THEN 'text'
                                                                      ELSE exaudit.type_name(c.type, c.modifier) END), ', ' ORDER BY c.number))
        FROM exaudit.row_columns(row_type, true) AS c
    );
END
$$;

-- The columns of a row type, under their own types or their plain ones.
CREATE FUNCTION exaudit.row_columns(row_type oid, plain boolean, OUT number integer, OUT name text, OUT type oid, OUT modifier integer)
    RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.attnum::integer, a.attname::text, t.type,
           CASE WHEN t.type = a.atttypid THEN a.atttypmod
                WHEN own.typtype = 'd' AND t.type = own.typbasetype THEN own.typtypmod
                ELSE -1 END
    FROM pg_catalog.pg_type rt
    JOIN pg_catalog.pg_attribute a ON a.attrelid = rt.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
    CROSS JOIN LATERAL (SELECT CASE WHEN plain THEN exaudit.plain_type(a.atttypid) ELSE a.atttypid END AS type OFFSET 0) AS t
    WHERE rt.oid = row_type
$$;

-- These columns as a function that returns records needs them to be listed, under any search_path.
CREATE FUNCTION exaudit.row_definition(row_type oid, plain boolean) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(pg_catalog.format('%I %s', c.name, exaudit.type_name(c.type, c.modifier)), ', ' ORDER BY c.number)
    FROM exaudit.row_columns(row_type, plain) AS c
$$;

-- The row of an image; keys that the image lacks keep the value of the base row.
CREATE FUNCTION exaudit.decode(base anyelement, image jsonb) RETURNS anyelement
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
    decoded alias FOR $0;
BEGIN
    EXECUTE exaudit.decode_query(pg_catalog.pg_typeof(base), '$2') INTO decoded USING base, image;
    RETURN decoded;
END
$$;

-- The same for many images, in their order: the query is made and planned once.
CREATE FUNCTION exaudit.decode_all(base anyelement, images jsonb[]) RETURNS SETOF anyelement
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
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT d.* FROM pg_catalog.unnest($2) WITH ORDINALITY AS i (image, position) '
        'CROSS JOIN LATERAL (%s) AS d ORDER BY i.position', exaudit.decode_query(pg_catalog.pg_typeof(base), 'i.image'))
    USING base, images;
END
$$;
-- +goose StatementEnd

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA exaudit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.has_domain, exaudit.plain_type, exaudit.plain_query, exaudit.row_columns,
    exaudit.row_definition
    TO exaudit_reader;
GRANT EXECUTE ON FUNCTION exaudit.quoted, exaudit.free_name, exaudit.type_parts, exaudit.type_name, exaudit.beneath, exaudit.encoding, exaudit.base_type, exaudit.settings, exaudit.float_value(real),
    exaudit.float_value(double precision), exaudit.text_value, exaudit.is_list, exaudit.array_value,
    exaudit.float_array_value, exaudit.format_array_value, exaudit.value_expression, exaudit.shape,
    exaudit.has_shape, exaudit.check_snapshot, exaudit.toast_table, exaudit.toast_threshold, exaudit.inline_limit, exaudit.image_expression, exaudit.note_json_null,
    exaudit.note_masked, exaudit.noted, exaudit.redact, exaudit.image_limit, exaudit.wide_columns, exaudit.oversized_expression, exaudit.note_oversized,
    exaudit.bounded_image, exaudit.without_value, exaudit.bounded_changes, exaudit.column_names, exaudit.encode, exaudit.encode_query, exaudit.encode_with,
    exaudit.decode_query, exaudit.decode, exaudit.decode_all
    TO exaudit_writer, exaudit_reader;
GRANT SELECT ON exaudit.table_columns TO exaudit_writer, exaudit_reader;

RESET ROLE;

-- +goose Down
DROP FUNCTION exaudit.decode_all;
DROP FUNCTION exaudit.decode;
DROP FUNCTION exaudit.row_definition;
DROP FUNCTION exaudit.plain_query;
DROP FUNCTION exaudit.row_columns;
DROP FUNCTION exaudit.decode_query;
DROP FUNCTION exaudit.encode;
DROP FUNCTION exaudit.encode_with;
DROP FUNCTION exaudit.encode_query;
DROP FUNCTION exaudit.column_names;
DROP FUNCTION exaudit.bounded_changes;
DROP FUNCTION exaudit.without_value;
DROP FUNCTION exaudit.bounded_image;
DROP FUNCTION exaudit.note_oversized;
DROP FUNCTION exaudit.oversized_expression;
DROP FUNCTION exaudit.wide_columns;
DROP FUNCTION exaudit.image_limit;
DROP FUNCTION exaudit.redact;
DROP FUNCTION exaudit.noted;
DROP FUNCTION exaudit.note_masked;
DROP FUNCTION exaudit.note_json_null;
DROP FUNCTION exaudit.image_expression;
DROP FUNCTION exaudit.inline_limit;
DROP FUNCTION exaudit.toast_threshold;
DROP FUNCTION exaudit.toast_table;
DROP FUNCTION exaudit.has_shape;
DROP FUNCTION exaudit.check_snapshot;
DROP FUNCTION exaudit.shape;
DROP VIEW exaudit.table_columns;
DROP FUNCTION exaudit.value_expression;
DROP FUNCTION exaudit.format_array_value;
DROP FUNCTION exaudit.float_array_value;
DROP FUNCTION exaudit.array_value;
DROP FUNCTION exaudit.is_list;
DROP FUNCTION exaudit.text_value;
DROP FUNCTION exaudit.float_value(real);
DROP FUNCTION exaudit.float_value(double precision);
DROP FUNCTION exaudit.settings;
DROP FUNCTION exaudit.beneath;
DROP FUNCTION exaudit.type_name;
DROP FUNCTION exaudit.type_parts;
DROP FUNCTION exaudit.plain_type;
DROP FUNCTION exaudit.has_domain;
DROP FUNCTION exaudit.base_type;
DROP FUNCTION exaudit.encoding;
DROP FUNCTION exaudit.free_name;
DROP FUNCTION exaudit.quoted;

-- How values of any type become JSON.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- A name as it stands in an expression of PL/pgSQL, where OLD.loop would not do: PL/pgSQL
-- reserves words that SQL does not, and so that quote_ident leaves as they are.
CREATE FUNCTION exaudit_internal.quoted_name(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT '"' OPERATOR(pg_catalog.||) pg_catalog.replace(name, '"', '""') OPERATOR(pg_catalog.||) '"'
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.quoted_name TO exaudit_writer, exaudit_reader;

-- A name, quoted, that no column of a relation has: this one, or one like it.
CREATE FUNCTION exaudit_internal.free_name(relation oid, name text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attname = $2)
                THEN exaudit_internal.free_name($1, $2 || '!') ELSE exaudit_internal.quoted_name($2) END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.free_name TO exaudit_writer, exaudit_reader;

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
CREATE FUNCTION exaudit_internal.encoding(type oid) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    t       record;
    element text;
BEGIN
    -- the most common ones, without a look at the catalog
    IF type IN ('bool'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'text'::regtype, 'varchar'::regtype,
                'uuid'::regtype, 'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN
        RETURN 'native';
    ELSIF type = 'jsonb'::regtype THEN
        RETURN 'jsonb';
    END IF;

    SELECT ty.typtype, ty.typbasetype, ty.typelem, ty.typrelid, ty.typdelim,
           ty.typnamespace = 'pg_catalog'::regnamespace AS builtin,
           ty.typcategory = 'A' AND ty.typlen = -1 AS is_array
    INTO STRICT t
    FROM pg_catalog.pg_type ty WHERE ty.oid = type;

    IF t.typtype = 'd' THEN
        RETURN exaudit_internal.encoding(t.typbasetype);
    ELSIF type IN ('json'::regtype, 'xml'::regtype, 'int2vector'::regtype, 'oidvector'::regtype) THEN
        RETURN 'text';
    ELSIF type IN ('float4'::regtype, 'float8'::regtype) THEN
        RETURN 'float';
    ELSIF t.is_array AND t.typelem <> 0 THEN
        element := exaudit_internal.encoding(t.typelem);
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
GRANT EXECUTE ON FUNCTION exaudit_internal.encoding TO exaudit_writer, exaudit_reader;

-- The type beneath a domain, or the type itself.
CREATE FUNCTION exaudit_internal.base_type(type oid) RETURNS oid
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE WHEN ty.typtype = 'd' THEN exaudit_internal.base_type(ty.typbasetype) ELSE ty.oid END
        FROM pg_catalog.pg_type ty WHERE ty.oid = type
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.base_type TO exaudit_writer, exaudit_reader;

-- Does reading a value of a type check a domain, which might run somebody else's code? Whether a domain has a CHECK is not
-- asked: it may get one at any time. Nor whose it is: what its CHECK calls may be another's.
CREATE FUNCTION exaudit_internal.has_domain(type oid) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE
                   WHEN ty.typtype = 'd' THEN true
                   WHEN ty.typtype = 'c' THEN
                       exists (SELECT FROM pg_catalog.pg_attribute a
                               WHERE a.attrelid = ty.typrelid AND a.attnum > 0 AND NOT a.attisdropped AND exaudit_internal.has_domain(a.atttypid))
                   WHEN ty.typtype IN ('r', 'm') THEN
                       exists (SELECT FROM pg_catalog.pg_range r
                               WHERE ty.oid IN (r.rngtypid, r.rngmultitypid) AND exaudit_internal.has_domain(r.rngsubtype))
                   WHEN ty.typcategory = 'A' AND ty.typelem <> 0 THEN exaudit_internal.has_domain(ty.typelem)
                   ELSE false
               END
        FROM pg_catalog.pg_type ty WHERE ty.oid = type
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_domain TO exaudit_reader;

-- The type under which a value is read without a domain's CHECK: what a domain is over, and text where a domain is a
-- part of the type. Its values have the same image.
CREATE FUNCTION exaudit_internal.plain_type(type oid) RETURNS oid
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE
                   WHEN ty.typtype = 'd' THEN exaudit_internal.plain_type(ty.typbasetype)
                   WHEN ty.typtype IN ('c', 'r', 'm') AND exaudit_internal.has_domain(ty.oid) THEN 'text'::regtype::oid
                   WHEN ty.typtype = 'b' AND ty.typcategory = 'A' AND ty.typelem <> 0 AND exaudit_internal.plain_type(ty.typelem) <> ty.typelem THEN
                       (SELECT e.typarray FROM pg_catalog.pg_type e WHERE e.oid = exaudit_internal.plain_type(ty.typelem))
                   ELSE ty.oid
               END
        FROM pg_catalog.pg_type ty WHERE ty.oid = type
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.plain_type TO exaudit_reader;

-- What a value of a type is made of, which ALTER TYPE changes under the name of the type: layout has the types of its
-- parts, numbers the attribute numbers of composite types, labels those of enums by their oids. nested says that labels
-- are but a part of the text of a value.
CREATE FUNCTION exaudit_internal.type_parts(type oid, modifier integer, OUT layout text, OUT numbers text, OUT labels jsonb, OUT nested boolean)
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
        FROM exaudit_internal.type_parts(t.typbasetype, t.typtypmod) AS p;
    ELSIF t.typtype = 'e' THEN
        layout := 'enum';
        labels := pg_catalog.jsonb_build_object(type::text, (SELECT coalesce(jsonb_object_agg(e.oid::text, e.enumlabel), '{}')
                                                             FROM pg_catalog.pg_enum e WHERE e.enumtypid = type));
    ELSIF t.typtype = 'c' THEN
        FOR part IN
            SELECT a.attnum, p.layout, p.numbers, p.labels
            FROM pg_catalog.pg_attribute a
            CROSS JOIN LATERAL exaudit_internal.type_parts(a.atttypid, a.atttypmod) AS p
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
        FROM exaudit_internal.type_parts(t.rngsubtype, -1) AS p;
    ELSIF t.is_array AND t.typelem <> 0 THEN
        SELECT p.layout || '[]', p.numbers, p.labels, p.nested INTO layout, numbers, labels, nested
        FROM exaudit_internal.type_parts(t.typelem, modifier) AS p;
    ELSE
        layout := CASE WHEN t.builtin THEN pg_catalog.format_type(type, modifier) ELSE t.typname END;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.type_parts TO exaudit_writer, exaudit_reader;

-- A type by its name, which is the same under any search_path.
CREATE FUNCTION exaudit_internal.type_name(type oid, modifier integer) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        -- with a modifier, types of pg_catalog are written in SQL's own words
        SELECT CASE WHEN modifier >= 0 THEN pg_catalog.format_type(type, modifier)
                    ELSE (SELECT pg_catalog.format('%I.%I', n.nspname, ty.typname)
                          FROM pg_catalog.pg_type ty JOIN pg_catalog.pg_namespace n ON n.oid = ty.typnamespace
                          WHERE ty.oid = type) END
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.type_name TO exaudit_writer, exaudit_reader;

-- How a value of a domain becomes one of the type beneath it, to which it is compared: a domain over an enum has no
-- operators. Nothing for a value of any other type.
CREATE FUNCTION exaudit_internal.base_type_cast(type oid) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN exaudit_internal.base_type(type) = type THEN '' ELSE '::' || exaudit_internal.type_name(exaudit_internal.base_type(type), -1) END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.base_type_cast TO exaudit_writer, exaudit_reader;

-- The columns that are NOT NULL and may hold NULL all the same: since PostgreSQL 18, in rows from before that were not
-- checked.
CREATE FUNCTION exaudit_internal.unchecked_columns(relation oid) RETURNS integer[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT c.conkey[1]::integer FROM pg_catalog.pg_constraint c
                 WHERE c.conrelid = $1 AND c.contype = 'n' AND NOT c.convalidated);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.unchecked_columns TO exaudit_writer, exaudit_reader;

-- Is a value of a type the same, as it is stored, where "=" says that it is equal? The default btree operator class tells
-- whether equal means the same image. bpchar says so too, but unconstrained it keeps blanks that "=" ignores. No type
-- outside pg_catalog is asked, not even an enum: its owner's implicit cast could change which operator "=" is.
CREATE FUNCTION exaudit_internal.is_same_if_equal(type oid, collation_id oid) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    base oid := exaudit_internal.base_type(type);
BEGIN
    RETURN (SELECT ty.typnamespace = 'pg_catalog'::regnamespace FROM pg_catalog.pg_type ty WHERE ty.oid = base)
       AND base <> 'bpchar'::regtype
       AND EXISTS (SELECT
                   FROM pg_catalog.pg_opclass oc
                   JOIN pg_catalog.pg_am am ON am.oid = oc.opcmethod AND am.amname = 'btree'
                   JOIN pg_catalog.pg_amproc ap ON ap.amprocfamily = oc.opcfamily
                                               AND ap.amproclefttype = oc.opcintype
                                               AND ap.amprocnum = 4
                   WHERE oc.opcdefault
                     AND oc.opcintype = CASE WHEN base = 'varchar'::regtype THEN 'text'::regtype::oid ELSE base END
                     AND (ap.amproc = 'pg_catalog.btequalimage'::regproc
                          OR (SELECT col.collisdeterministic FROM pg_catalog.pg_collation col WHERE col.oid = collation_id)));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_same_if_equal TO exaudit_reader;

-- An SQL expression that is true where the stored values of a column differ; {old} and {new} stand for them.
CREATE FUNCTION exaudit_internal.changed_expression(type oid, collation_id oid) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE
               WHEN exaudit_internal.is_same_if_equal(type, collation_id) THEN '{old} IS DISTINCT FROM {new}'
               -- 1.0 and 1.00 are equal; faster than the general way
               WHEN exaudit_internal.base_type(type) = 'numeric'::regtype
                   THEN '{old} IS DISTINCT FROM {new} OR pg_catalog.scale({old}) IS DISTINCT FROM pg_catalog.scale({new})'
               ELSE 'ROW({old})::record OPERATOR(pg_catalog.*<>) ROW({new})::record'
           END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.changed_expression TO exaudit_reader;

-- Is the text of a type's values the same whatever search_path is, and made by nobody else's code? Composite types may get
-- other attributes at any time, and the reg types leave out schemas of the path.
CREATE FUNCTION exaudit_internal.is_pathless(type oid) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE
                   WHEN t.typtype = 'd' THEN exaudit_internal.is_pathless(t.typbasetype)
                   WHEN t.typtype = 'e' THEN true
                   WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN exaudit_internal.is_pathless(t.typelem)
                   ELSE t.typtype IN ('b', 'r', 'm') AND t.typnamespace = 'pg_catalog'::regnamespace AND t.typname NOT LIKE 'reg%'
               END
        FROM pg_catalog.pg_type t WHERE t.oid = type
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_pathless TO exaudit_writer, exaudit_reader;

-- The settings that the text of a type's values depends on.
CREATE FUNCTION exaudit_internal.settings(type oid) RETURNS text[]
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
        WHEN t.typtype = 'd' THEN exaudit_internal.settings(t.typbasetype)
        -- whatever attributes it may be given
        WHEN t.typtype = 'c' THEN ARRAY['bytea_output', 'datestyle', 'extra_float_digits', 'intervalstyle', 'lc_monetary',
                                        'quote_all_identifiers', 'timezone']
        WHEN t.subtype <> 0 THEN exaudit_internal.settings(t.subtype)
        WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN
            exaudit_internal.settings(t.typelem)
            -- a list of texts is made by reading the array's text
            || CASE WHEN exaudit_internal.encoding(type) = 'format_array' THEN ARRAY['array_nulls'] END
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
GRANT EXECUTE ON FUNCTION exaudit_internal.settings TO exaudit_writer, exaudit_reader;

-- What generated expressions are made of. These run as the definer of a trigger and so
-- qualify every name and operator; without SET clauses, the planner puts their bodies in
-- place of the calls. The text of an array or of a type outside pg_catalog comes from
-- format: unlike a cast, it runs nobody's own cast function.
CREATE FUNCTION exaudit_internal.float_value(value double precision) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN value OPERATOR(pg_catalog.=) 0 AND value::pg_catalog.text OPERATOR(pg_catalog.=) '-0'
                   THEN pg_catalog.to_jsonb('-0'::pg_catalog.text)
               ELSE pg_catalog.to_jsonb(value)
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.float_value(double precision) TO exaudit_writer, exaudit_reader;

CREATE FUNCTION exaudit_internal.float_value(value real) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN value OPERATOR(pg_catalog.=) 0 AND value::pg_catalog.text OPERATOR(pg_catalog.=) '-0'
                   THEN pg_catalog.to_jsonb('-0'::pg_catalog.text)
               ELSE pg_catalog.to_jsonb(value)
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.float_value(real) TO exaudit_writer, exaudit_reader;

CREATE FUNCTION exaudit_internal.text_value(value anyelement) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    -- a composite of NULLs "IS NULL", too
    SELECT CASE WHEN value IS NOT DISTINCT FROM NULL THEN NULL ELSE pg_catalog.format('%s', value) END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.text_value TO exaudit_writer, exaudit_reader;

-- Is the array what JSON knows: of one dimension, counted from 1?
CREATE FUNCTION exaudit_internal.is_list(value anyarray) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce(pg_catalog.array_ndims(value), 1) OPERATOR(pg_catalog.=) 1
           AND coalesce(pg_catalog.array_lower(value, 1), 1) OPERATOR(pg_catalog.=) 1
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_list TO exaudit_writer, exaudit_reader;

CREATE FUNCTION exaudit_internal.array_value(value anyarray) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN exaudit_internal.is_list(value) THEN pg_catalog.to_jsonb(value)
               ELSE pg_catalog.to_jsonb(pg_catalog.format('%s', value))
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.array_value TO exaudit_writer, exaudit_reader;

CREATE FUNCTION exaudit_internal.float_array_value(value anyarray) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN exaudit_internal.is_list(value)
                    AND pg_catalog.format('%s', value) OPERATOR(pg_catalog.!~) '[{,]-0[,}]'
                   THEN pg_catalog.to_jsonb(value)
               ELSE pg_catalog.to_jsonb(pg_catalog.format('%s', value))
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.float_array_value TO exaudit_writer, exaudit_reader;

CREATE FUNCTION exaudit_internal.format_array_value(value anyarray) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE
               WHEN value IS NULL THEN NULL
               WHEN exaudit_internal.is_list(value) THEN pg_catalog.to_jsonb(pg_catalog.format('%s', value)::pg_catalog.text[])
               ELSE pg_catalog.to_jsonb(pg_catalog.format('%s', value))
           END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.format_array_value TO exaudit_writer, exaudit_reader;

-- An SQL expression for the encoded value of a column. "{}" is where it is read.
-- Without settings of its own, so that the planner inlines it: no operator may be looked
-- up along the caller's search_path, as CASE encoding WHEN would.
CREATE FUNCTION exaudit_internal.value_expression(type oid, encoding text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN encoding OPERATOR(pg_catalog.=) 'native' THEN '{}'
        WHEN encoding OPERATOR(pg_catalog.=) 'jsonb' THEN '{}'
        -- xml's output function drops the declaration, its cast to text does not
        WHEN encoding OPERATOR(pg_catalog.=) 'text' THEN CASE WHEN type OPERATOR(pg_catalog.=) 'pg_catalog.xml[]'::pg_catalog.regtype THEN '{}::pg_catalog.text[]::pg_catalog.text' ELSE '{}::pg_catalog.text' END
        WHEN encoding OPERATOR(pg_catalog.=) 'float' THEN 'exaudit_internal.float_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'format' THEN 'exaudit_internal.text_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'array' THEN 'exaudit_internal.array_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'float_array' THEN 'exaudit_internal.float_array_value({})'
        WHEN encoding OPERATOR(pg_catalog.=) 'format_array' THEN 'exaudit_internal.format_array_value({})'
    END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.value_expression TO exaudit_writer, exaudit_reader;

-- A column of a row t under another type that is as plain, or its own. No cast is asked that its owner wrote, as one of
-- arrays of a domain may be: only a domain's own to the type beneath it is PostgreSQL's.
CREATE FUNCTION exaudit_internal.plain_value(own_type oid, plain_type oid, modifier integer, name text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_catalog.format(CASE WHEN plain_type = own_type THEN 't.%1$I'
                                  WHEN plain_type = exaudit_internal.base_type(own_type) THEN 't.%1$I::%2$s'
                                  ELSE 'exaudit_internal.text_value(t.%1$I)::%2$s' END, name, exaudit_internal.type_name(plain_type, modifier));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.plain_value TO exaudit_reader;

-- The type of a name, NULL where there is none. Types that are not PostgreSQL's own are named with their schema.
CREATE FUNCTION exaudit_internal.type_named(name text) RETURNS oid
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN to_regtype(name)::oid;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.type_named TO exaudit_reader;

-- The columns of a relation that have one of some types, or a domain over one.
CREATE FUNCTION exaudit_internal.columns_of_types(relation oid, types text[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE has (name, type) AS (
        SELECT a.attname::text, a.atttypid
        FROM pg_attribute a WHERE a.attrelid = columns_of_types.relation AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT h.name, t.typbasetype FROM has h JOIN pg_type t ON t.oid = h.type AND t.typtype = 'd'
    )
    SELECT DISTINCT h.name FROM has h
    WHERE h.type = ANY (ARRAY(SELECT exaudit_internal.type_named(t) FROM unnest(columns_of_types.types) t));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.columns_of_types TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

-- Retention: which old versions the options keep and keep_last of a table no longer keep.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The time before which versions are removed that are kept for some time.
CREATE FUNCTION exaudit_internal.horizon(keep text) RETURNS timestamptz
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET intervalstyle = 'postgres'
AS $$
BEGIN
    -- "1 month -30 days" is in the past or in the future, as the month is
    IF keep::interval::text ~ '-|infinity' THEN
        RAISE EXCEPTION 'versions cannot be kept for %', keep USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN greatest(now() - keep::interval, 'epoch'); -- nothing is older
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.horizon TO exaudit_reader;

-- An id before which versions of a table may be removed that were to be removed up to another one: changes of keys of one
-- transaction go together, because which row had a key is only known while all of them are there.
CREATE FUNCTION exaudit_internal.between_key_changes(table_id integer, cut_id bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    split bigint;
BEGIN
    LOOP
        split := (SELECT min(k.id)
                  FROM exaudit_internal.key_changes o
                  JOIN exaudit_internal.key_changes k ON k.table_id = o.table_id AND k.transaction_id = o.transaction_id AND k.id < cut_id
                  WHERE o.table_id = between_key_changes.table_id AND o.id >= cut_id);
        EXIT WHEN split IS NULL;
        cut_id := split;
    END LOOP;
    RETURN cut_id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.between_key_changes TO exaudit_reader;

-- The ids up to which tables have nothing but versions from before their horizons, one for each that has any: cut_id is the
-- first one that stays. A version stays if one with a smaller id does, so that a history never has a hole. first_id is
-- the first one of all.
CREATE FUNCTION exaudit_internal.expired_ids(table_ids integer[], horizons timestamptz[])
    RETURNS TABLE (table_id integer, first_id bigint, cut_id bigint)
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    newest      timestamptz := (SELECT max(h) FROM unnest(horizons) AS h);
    tables      integer[];
    limits      timestamptz[];
    firsts      bigint[];
    lasts       bigint[];
    greatest_id bigint;
BEGIN
    -- by the block ranges of old times, and then of the ids found
    SELECT array_agg(o.table_id), array_agg(o.horizon), array_agg(o.first_id), array_agg(o.last_id), max(o.last_id)
    INTO tables, limits, firsts, lasts, greatest_id
    FROM (SELECT v.table_id, r.horizon, min(v.id) AS first_id, max(v.id) AS last_id
          FROM exaudit.versions v
          JOIN unnest($1, $2) AS r (table_id, horizon) ON r.table_id = v.table_id
          WHERE v.recorded_at < newest AND v.recorded_at < r.horizon
          GROUP BY v.table_id, r.horizon) AS o;
    RETURN QUERY
    SELECT r.table_id, r.first_id, exaudit_internal.between_key_changes(r.table_id, coalesce(k.cut_id, r.last_id + 1))
    FROM unnest(tables, firsts, lasts) AS r (table_id, first_id, last_id)
    LEFT JOIN (SELECT v.table_id, min(v.id) AS cut_id
               FROM exaudit.versions v
               JOIN unnest(tables, limits, lasts) AS o (table_id, horizon, last_id) ON o.table_id = v.table_id
               WHERE v.id <= greatest_id AND v.id <= o.last_id AND v.recorded_at >= o.horizon
               GROUP BY v.table_id) AS k ON k.table_id = r.table_id
    WHERE coalesce(k.cut_id > r.first_id, true);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.expired_ids TO exaudit_reader;

-- From which id on versions of an entity stay because of changes of keys. Which row had a key is only known while all
-- changes of keys of a transaction are there. So if one stays, the others of its transaction do, and with each the later
-- versions under its key, and those of the row that took it from there.
CREATE FUNCTION exaudit_internal.kept_key_changes(
    table_id integer, keep_last integer, horizon timestamptz, OUT entities text[], OUT ids bigint[]
)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    WITH RECURSIVE stays (id, entity_id, transaction_id) AS (
        SELECT k.id, k.entity_id, k.transaction_id
        FROM exaudit_internal.key_changes k
        WHERE k.table_id = $1
          AND (coalesce(k.began >= $3, false)
               OR NOT EXISTS (SELECT FROM exaudit.versions v
                              WHERE v.table_id = $1 AND v.entity_id = k.entity_id AND v.id > k.id OFFSET $2 - 1))
        UNION
        SELECT k.id, k.entity_id, k.transaction_id
        FROM stays s
        CROSS JOIN LATERAL (
            SELECT o.id, o.entity_id, o.transaction_id FROM exaudit_internal.key_changes o WHERE o.table_id = $1 AND o.transaction_id = s.transaction_id
            UNION ALL
            SELECT o.id, o.entity_id, o.transaction_id FROM exaudit_internal.key_changes o
            WHERE o.table_id = $1 AND o.entity_id = s.entity_id AND o.id > s.id
            UNION ALL
            SELECT o.id, o.entity_id, o.transaction_id FROM exaudit_internal.key_changes o
            WHERE o.table_id = $1 AND o.previous_entity_id = s.entity_id AND o.id > s.id) AS k
    )
    SELECT array_agg(e.entity_id), array_agg(e.id) INTO entities, ids
    FROM (SELECT s.entity_id, min(s.id) AS id FROM stays s GROUP BY s.entity_id) AS e;
END
$$;

-- One page of a table's versions, by entity and id, after a place: which of them are neither among the last keep_last of
-- their entity nor, with a horizon, from after it, nor kept for kept_key_changes. A version stays if an earlier one of the
-- entity does. more reports whether the table goes on after the page; last_entity and last_id are where.
CREATE FUNCTION exaudit_internal.surplus(
    table_id integer, keep_last integer, horizon timestamptz, kept_entities text[], kept_ids bigint[],
    after_entity text, after_id bigint, size integer,
    OUT places tid[], OUT ids bigint[], OUT last_entity text, OUT last_id bigint, OUT more boolean
)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    kept boolean;
BEGIN
    SELECT array_agg(m.place ORDER BY m.number) FILTER (WHERE m.goes), array_agg(m.id ORDER BY m.number) FILTER (WHERE m.goes),
           (array_agg(m.entity_id ORDER BY m.number DESC))[1], max(m.id) FILTER (WHERE m.last), bool_or(NOT m.goes) FILTER (WHERE m.last),
           count(*) = surplus.size
    INTO places, ids, last_entity, last_id, kept, more
    FROM (SELECT r.*, r.number = max(r.number) OVER () AS last,
                 bool_and(r.next IS NOT NULL AND coalesce(r.recorded_at < surplus.horizon, surplus.horizon IS NULL)
                          AND coalesce(r.id < r.kept_from, true)) OVER (PARTITION BY r.entity_id ORDER BY r.id) AS goes
          FROM (SELECT p.*, k.id AS kept_from, row_number() OVER (ORDER BY p.entity_id, p.id) AS number,
                       lead(p.id, surplus.keep_last) OVER (PARTITION BY p.entity_id ORDER BY p.id) AS next
                FROM (SELECT v.entity_id, v.id, v.recorded_at, v.ctid AS place
                      FROM exaudit.versions v
                      WHERE v.table_id = surplus.table_id AND (v.entity_id, v.id) > (surplus.after_entity COLLATE "C", surplus.after_id)
                      ORDER BY v.entity_id, v.id
                      LIMIT surplus.size + surplus.keep_last) AS p
                LEFT JOIN unnest(kept_entities, kept_ids) AS k (entity_id, id) ON k.entity_id COLLATE "C" = p.entity_id) AS r
          -- those after it only tell how many follow
          WHERE r.number <= surplus.size) AS m;
    -- nothing of an entity goes after a version that stays
    IF kept THEN
        last_id := 9223372036854775807;
    END IF;
END
$$;

-- Removes such versions, and with each that rewrote a key those that the row had under the key before; returns how many.
CREATE FUNCTION exaudit_internal.remove_surplus(table_id integer, places text[], ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    earlier tid[];
    former  bigint[];
    removed bigint;
BEGIN
    WITH RECURSIVE former (entity_id, id) AS (
        SELECT k.previous_entity_id, k.id
        FROM exaudit_internal.key_changes k
        WHERE k.table_id = $1 AND k.id = ANY ($3)
        UNION
        SELECT k.previous_entity_id, k.id
        FROM former f
        JOIN exaudit_internal.key_changes k ON k.table_id = $1 AND k.entity_id = f.entity_id AND k.id < f.id
    )
    SELECT array_agg(v.ctid), array_agg(v.id) INTO earlier, former
    FROM former f
    JOIN exaudit.versions v ON v.table_id = $1 AND v.entity_id = f.entity_id AND v.id < f.id;
    -- where one lay, there may be another one by now
    DELETE FROM exaudit.versions v WHERE v.ctid = ANY ($2::tid[] || earlier) AND v.table_id = $1 AND v.id = ANY ($3 || former);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

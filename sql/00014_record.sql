-- Recording: the slower way, which needs to know nothing of a table.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Notes that a version rewrote its row's primary key, see exaudit_internal.key_changes, and returns its id.
CREATE FUNCTION exaudit_internal.note_key_change(
    version_id bigint, table_id integer, entity_id text, previous_entity_id text, command bigint, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO exaudit_internal.key_changes (id, table_id, entity_id, previous_entity_id, command, old_row, new_row)
    VALUES ($1, $2, $3, $4, $5, $6, $7);
    RETURN version_id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.note_key_change TO exaudit_writer;

-- The command that wrote a row, by what an AFTER trigger sees of it: NEW's xmax and cmin, OLD's xmin and cmax. Where the
-- transaction has written the row once more already, cmin is another number; so is cmax where it had written it before.
CREATE FUNCTION exaudit_internal.command_of(new_xmax xid, new_cmin cid, old_xmin xid, old_cmax cid) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN new_xmax = 0 THEN new_cmin::text::bigint
                WHEN old_xmin::text::bigint < txid_current() % 4294967296 THEN old_cmax::text::bigint END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.command_of TO exaudit_writer;

-- Adds one version with the session's data, whatever columns the versions table has by
-- now, under an id that was taken before or the next one. Generated functions that know
-- the columns insert by themselves. The options are those of the table, for who has read
-- them already.
CREATE FUNCTION exaudit_internal.record(
    table_id integer, action exaudit.action, entity_id text, previous_entity_id text, before jsonb, after jsonb,
    options jsonb DEFAULT NULL, version_id bigint DEFAULT NULL, command bigint DEFAULT NULL, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
DECLARE
    stamp     exaudit.versions;
    logged_in text;
    columns   text;
    fields    text;
BEGIN
    IF options IS NULL THEN
        logged_in := exaudit_internal.session_user_name(table_id);
    ELSIF options <> '{}' AND options @> '{"record_session_user": true}' THEN
        logged_in := session_user;
    END IF;
    version_id := coalesce(version_id, pg_catalog.nextval('exaudit.versions_id_seq'));
    IF previous_entity_id IS NOT NULL THEN
        PERFORM exaudit_internal.note_key_change(version_id, table_id, entity_id, previous_entity_id, command, old_row, new_row);
    END IF;
    -- Without session data, or columns of the user's, no statement has to be made up.
    IF coalesce(pg_catalog.current_setting('exaudit.custom', true), '') = '' THEN
        INSERT INTO exaudit.versions (id, table_id, action, entity_id, previous_entity_id, before, after, session_user_name)
        OVERRIDING SYSTEM VALUE
        VALUES (version_id, $1, $2, $3, $4, $5, $6, logged_in);
        RETURN;
    END IF;
    LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE; -- its columns stay as they are from here on
    stamp := exaudit_internal.session_data();
    IF exaudit_internal.has_custom_columns('exaudit.versions'::pg_catalog.regclass, '{}') THEN
        INSERT INTO exaudit.versions
            (id, table_id, action, entity_id, previous_entity_id, before, after, custom, rollback, session_user_name)
        OVERRIDING SYSTEM VALUE
        VALUES (version_id, $1, $2, $3, $4, $5, $6, stamp.custom, stamp.rollback, logged_in);
        RETURN;
    END IF;
    -- a column without its key in the custom data is left out, and so takes its default
    SELECT coalesce(string_agg(pg_catalog.format(', %I', c.name), ''), ''),
           coalesce(string_agg(pg_catalog.format(', ($7).%I', c.name), ''), '')
    INTO columns, fields
    FROM exaudit_internal.custom_columns c
    WHERE c.filled AND stamp.custom ? c.name;

    EXECUTE pg_catalog.format(
        'INSERT INTO exaudit.versions '
        '(id, table_id, action, entity_id, previous_entity_id, before, after, custom, rollback, session_user_name%s) '
        'OVERRIDING SYSTEM VALUE '
        'VALUES ($9, $1, $2, $3, $4, $5, $6, ($7).custom, ($7).rollback, $8%s)', columns, fields)
    USING table_id, action, entity_id, previous_entity_id, before, after, stamp, logged_in, version_id;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record TO exaudit_writer;

-- Adds one version of a table that has no custom columns to fill, with the session's data. Generated functions call this
-- where the short way, an INSERT of their own, does not do. Returns NULL, for them to return: that is faster than PERFORM.
-- Pins nothing, which takes time: every name is qualified.
CREATE FUNCTION exaudit_internal.record_with_custom_data(
    table_id integer, action exaudit.action, entity_id text, before jsonb, after jsonb, logged_in text DEFAULT NULL
) RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    data pg_catalog.jsonb;
BEGIN
    IF exaudit_internal.has_session_data() THEN
        BEGIN
            data := exaudit_internal.custom_setting()::pg_catalog.jsonb;
        EXCEPTION WHEN OTHERS THEN
            data := '[]'; -- exaudit_internal.record says what is wrong with it
        END;
    END IF;
    IF pg_catalog.jsonb_typeof(data) OPERATOR(pg_catalog.<>) 'object'
       -- or something was added to exaudit.versions
       OR NOT exaudit_internal.stores_plainly('exaudit.versions'::pg_catalog.regclass) THEN
        PERFORM exaudit_internal.record(table_id, action, entity_id, NULL, before, after);
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.versions (table_id, action, entity_id, before, after, custom, rollback, session_user_name)
    VALUES ($1, $2, $3, $4, $5, data, exaudit_internal.is_rollback(), logged_in);
    RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_with_custom_data TO exaudit_writer;

-- What functions without SET clauses ask of a session. The planner puts the bodies in place of the calls.
CREATE FUNCTION exaudit_internal.is_unusual_setting(name text, usual text[]) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.current_setting(name) OPERATOR(pg_catalog.<>) ALL (usual)
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_unusual_setting TO exaudit_writer;

CREATE FUNCTION exaudit_internal.has_session_data() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.current_setting('exaudit.custom', true) OPERATOR(pg_catalog.<>) ''
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_session_data TO exaudit_writer;

-- Is the session's data custom data that jsonb takes as it is: an object without escapes, some of which it refuses?
CREATE FUNCTION exaudit_internal.has_plain_custom_data() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.left(pg_catalog.current_setting('exaudit.custom', true), 1) OPERATOR(pg_catalog.=) '{'
           AND pg_catalog.strpos(pg_catalog.current_setting('exaudit.custom', true), E'\\u') OPERATOR(pg_catalog.=) 0
           AND (pg_catalog.current_setting('exaudit.rollback', true) OPERATOR(pg_catalog.<>) '') IS NOT TRUE
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_plain_custom_data TO exaudit_writer;

-- Is it another trigger than the one that was made for a function of rows?
CREATE FUNCTION exaudit_internal.is_misfired(function_name text, name text, timing text, operation text, level text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN name <> '!exaudit_' || function_name OR timing <> 'AFTER' OR level <> 'ROW'
           OR lower(operation) <> split_part(function_name, '_', 2);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_misfired TO exaudit_writer;

-- Gives settings the values that recording needs, for functions without SET clauses: names and values by turns. Returns
-- those that they had, NULL where they had these values. An error takes it back with the transaction or the savepoint.
-- Pins nothing: search_path would be put back with the others.
CREATE FUNCTION exaudit_internal.pin_settings(wanted text[]) RETURNS text[]
    LANGUAGE plpgsql
AS $$
DECLARE
    had   pg_catalog.text[];
    value pg_catalog.text;
BEGIN
    FOR n IN 1 .. pg_catalog.cardinality(wanted) BY 2 LOOP
        value := pg_catalog.current_setting(wanted[n]);
        IF value OPERATOR(pg_catalog.<>) wanted[n OPERATOR(pg_catalog.+) 1] THEN
            had := had OPERATOR(pg_catalog.||) ARRAY[wanted[n], value];
            value := pg_catalog.set_config(wanted[n], wanted[n OPERATOR(pg_catalog.+) 1], true);
        END IF;
    END LOOP;
    RETURN had;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.pin_settings TO exaudit_writer;

-- Gives settings back what pin_settings took; STRICT, and so not called where that is nothing.
CREATE FUNCTION exaudit_internal.restore_settings(had text[]) RETURNS text[]
    LANGUAGE plpgsql STRICT
AS $$
BEGIN
    RETURN exaudit_internal.pin_settings(had);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.restore_settings TO exaudit_writer;

-- Raises while a dump is being loaded, whose rows are no changes, or where the sequence of
-- ids lags behind the versions that came with it. For the first write to a restored table.
CREATE FUNCTION exaudit_internal.check_restored(relation oid) RETURNS void
    LANGUAGE plpgsql STABLE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
BEGIN
    -- every script of pg_dump turns this off first, and hardly anybody else does
    IF NOT pg_catalog.current_setting('check_function_bodies')::boolean THEN
        RAISE EXCEPTION 'rows of % are loaded from a dump, which must not fire its triggers', relation::regclass
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Load data with --disable-triggers, then run "exaudit sync".';
    END IF;
    IF EXISTS (SELECT FROM exaudit.versions v WHERE v.id > exaudit_internal.last_version_id()) THEN
        RAISE EXCEPTION 'the ids of exaudit.versions are ahead of their sequence'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format('Table %s was restored from a dump, without the state of sequence exaudit.versions_id_seq.',
                                             relation::regclass),
                  HINT = 'Run: SELECT setval(''exaudit.versions_id_seq'', max(id)) FROM exaudit.versions';
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_restored TO exaudit_writer;

-- The last version id that was given out; 0 before the first.
CREATE FUNCTION exaudit_internal.last_version_id() RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM exaudit.versions_id_seq s
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.last_version_id TO exaudit_writer, exaudit_reader;

-- What is stored of the images on both sides of a change, as the options of the table say.
-- Both are NULL where an update changed nothing that is recorded. An update is captured
-- whole where that is wanted, or the option updates says so.
CREATE FUNCTION exaudit_internal.stored_images(table_id integer, relation oid, options jsonb, before jsonb, after jsonb, whole boolean,
                                 OUT old_values jsonb, OUT new_values jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    excluded text[];
    masked   text[];
    changed  record;
BEGIN
    IF NOT options ?| ARRAY['exclude', 'mask', 'updates', 'where'] THEN
        old_values := before;
        new_values := after;
        IF before IS NOT NULL AND after IS NOT NULL THEN
            changed := exaudit_internal.changed_columns(before, after);
            old_values := changed.old_values;
            new_values := changed.new_values;
            IF old_values = '{}' AND new_values = '{}' THEN
                old_values := NULL;
                new_values := NULL;
            END IF;
        END IF;
        RETURN;
    END IF;
    excluded := exaudit_internal.option_columns(table_id, relation, 'exclude');
    masked := exaudit_internal.option_columns(table_id, relation, 'mask');
    IF before IS NULL OR after IS NULL THEN
        old_values := exaudit_internal.redact(before, excluded, masked);
        new_values := exaudit_internal.redact(after, excluded, masked);
        RETURN;
    END IF;
    changed := exaudit_internal.changed_columns(before, after);
    old_values := exaudit_internal.redact(changed.old_values, excluded, masked);
    new_values := exaudit_internal.redact(changed.new_values, excluded, masked);
    IF old_values = '{}' AND new_values = '{}' AND NOT whole THEN
        old_values := NULL;
        new_values := NULL;
    ELSIF whole OR options @> '{"updates": "full"}' THEN
        -- of the masked columns only those that changed: nobody could tell otherwise
        excluded := excluded || masked;
        masked := ARRAY(SELECT name FROM unnest(masked) AS name WHERE old_values ? name OR new_values ? name);
        excluded := ARRAY(SELECT unnest(excluded) EXCEPT SELECT unnest(masked));
        old_values := exaudit_internal.redact(before, excluded, masked);
        new_values := exaudit_internal.redact(after, excluded, masked);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.stored_images TO exaudit_writer;

-- Records a change of a table that has been altered since its triggers were written:
-- whole and exact, only slower. relation is where the row is, perhaps a partition. An update
-- is captured whole where it crosses the condition; who has asked the condition already, of
-- rows that no image may hold, says so.
CREATE FUNCTION exaudit_internal.record_altered(
    table_id integer, relation oid, before jsonb, after jsonb, present jsonb, key_columns jsonb,
    version_id bigint DEFAULT NULL, crossing boolean DEFAULT NULL, command bigint DEFAULT NULL, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    root      oid := exaudit_internal.recorded_root(table_id, relation);
    options   jsonb;
    noted     boolean;
    was_met   boolean := true;
    is_met    boolean := true;
    stored    record;
    old_key   text;
    new_key   text;
BEGIN
    SELECT t.options, (SELECT s.relation = root AND s.columns = present FROM exaudit_internal.column_snapshots s
                       WHERE s.table_id = t.id ORDER BY s.since DESC LIMIT 1)
    INTO options, noted
    FROM exaudit.tables t WHERE t.id = record_altered.table_id;
    IF noted IS NOT TRUE THEN
        PERFORM exaudit_internal.note_columns(table_id, root, present);
    END IF;
    IF options ? 'where' AND crossing IS NULL THEN
        was_met := exaudit_internal.matches_condition(table_id, relation, before);
        is_met := exaudit_internal.matches_condition(table_id, relation, after);
        IF NOT was_met AND NOT is_met THEN
            RETURN;
        END IF;
    END IF;
    stored := exaudit_internal.stored_images(table_id, root, options, before, after, coalesce(crossing, was_met <> is_met));
    IF stored.old_values IS NULL AND stored.new_values IS NULL THEN
        RETURN;
    END IF;
    -- A table that has lost its primary key is told apart by whole rows: not by what is secret.
    IF options ?| ARRAY['exclude', 'mask'] THEN
        before := exaudit_internal.redacted_image(table_id, root, before);
        after := exaudit_internal.redacted_image(table_id, root, after);
    END IF;
    old_key := exaudit_internal.entity_id_in(key_columns, before);
    new_key := exaudit_internal.entity_id_in(key_columns, after);
    IF before IS NULL THEN
        PERFORM exaudit_internal.record(table_id, 'created', new_key, NULL, NULL, stored.new_values, options, version_id);
    ELSIF after IS NULL THEN
        PERFORM exaudit_internal.record(table_id, 'deleted', old_key, NULL, stored.old_values, NULL, options, version_id);
    ELSE
        PERFORM exaudit_internal.record(table_id, 'updated', new_key, nullif(old_key, new_key), stored.old_values, stored.new_values,
                               options, version_id, command, old_row, new_row);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_altered TO exaudit_writer;

-- The same for a table of which nothing is known in advance, as one whose oid is not the one that its triggers were written
-- for: what that oid means in this database says nothing about the table.
CREATE FUNCTION exaudit_internal.record_row(
    table_id integer, relation oid, before jsonb, after jsonb,
    crossing boolean DEFAULT NULL, command bigint DEFAULT NULL, old_row tid DEFAULT NULL, new_row tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    root oid := exaudit_internal.recorded_root(table_id, relation);
BEGIN
    PERFORM exaudit_internal.check_table(table_id, relation);
    PERFORM exaudit_internal.record_altered(table_id, relation, before, after, exaudit_internal.present_columns(root), exaudit_internal.key_columns(root),
                                   crossing => crossing, command => command, old_row => old_row, new_row => new_row);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_row TO exaudit_writer;

-- What can be known in advance of the whole rows of a table: IMMUTABLE as has_shape is, and under the same conditions.
CREATE FUNCTION exaudit_internal.description(relation oid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_catalog.jsonb_build_object('query', exaudit_internal.encode_query(relation), 'present', exaudit_internal.present_columns(relation),
                              'key', exaudit_internal.key_columns(relation));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.description TO exaudit_writer;

-- Records a change of a table that a trigger function was not written for: altered since, restored from a dump, or covered
-- by an event trigger. known describes the relation that it was written for. Raises for a trigger that was not made for the
-- function. Of a row that is created or deleted, the other one is NULL.
CREATE FUNCTION exaudit_internal.record_whole_row(
    table_id integer, written_for oid, known jsonb, function_name text, name text, timing text, operation text, level text, relation oid,
    old_row anyelement, new_row anyelement, crossing boolean DEFAULT NULL, command bigint DEFAULT NULL, old_place tid DEFAULT NULL, new_place tid DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before jsonb;
    after  jsonb;
BEGIN
    PERFORM exaudit_internal.check_trigger(function_name, 'ROW', name, timing, operation, level, relation);
    IF relation <> written_for AND NOT exaudit_internal.is_partition_of(relation, written_for) THEN
        -- what that oid means in this database says nothing about the table
        PERFORM exaudit_internal.record_row(
            table_id, relation, CASE WHEN operation <> 'INSERT' THEN exaudit_internal.encode(old_row) END,
            CASE WHEN operation <> 'DELETE' THEN exaudit_internal.encode(new_row) END, NULL, command, old_place, new_place);
        RETURN;
    END IF;
    IF operation <> 'INSERT' THEN
        before := exaudit_internal.encode_with(known ->> 'query', old_row);
    END IF;
    IF operation <> 'DELETE' THEN
        after := exaudit_internal.encode_with(known ->> 'query', new_row);
    END IF;
    IF operation <> 'UPDATE' AND pg_catalog.pg_stat_get_xact_tuples_inserted('exaudit_internal.moves'::pg_catalog.regclass) > 0
       AND (CASE WHEN operation = 'DELETE' THEN exaudit_internal.begin_move(table_id, relation, old_place, before, known -> 'present', known -> 'key')
                 ELSE exaudit_internal.finish_move(table_id, relation, command::text::cid, after, known -> 'present', known -> 'key') END) THEN
        RETURN;
    END IF;
    PERFORM exaudit_internal.record_altered(table_id, relation, before, after, known -> 'present', known -> 'key',
                                   crossing => crossing, command => command, old_row => old_place, new_row => new_place);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_whole_row TO exaudit_writer;

-- Records an update that generated functions leave to others: of the primary key, of a value that jsonb may have no room
-- for, or of something that they compare in another way (after is NULL then).
CREATE FUNCTION exaudit_internal.record_update(
    table_id integer, relation oid, old_row anyelement, new_row anyelement, previous_entity_id text, entity_id text, before jsonb, after jsonb,
    wide boolean, crossing boolean, command bigint, old_place tid, new_place tid
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    root   oid;
    values record;
    masked text[];
BEGIN
    IF wide THEN
        root := exaudit_internal.recorded_root(table_id, relation);
        masked := exaudit_internal.option_columns(table_id, root, 'mask');
        values := exaudit_internal.bounded_changes(old_row, new_row, ARRAY(
            SELECT name FROM unnest(exaudit_internal.column_names(new_row)) AS name
            WHERE name <> ALL (exaudit_internal.option_columns(table_id, root, 'exclude'))));
        before := exaudit_internal.redact(values.old_values, '{}', masked);
        after := exaudit_internal.redact(values.new_values, '{}', masked);
    ELSIF after IS NULL THEN
        PERFORM exaudit_internal.record_row(table_id, relation, exaudit_internal.encode(old_row), exaudit_internal.encode(new_row),
                                   crossing, command, old_place, new_place);
        RETURN;
    END IF;
    PERFORM exaudit_internal.record(table_id, 'updated', entity_id, previous_entity_id, before, after,
                           command => command, old_row => old_place, new_row => new_place);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.record_update TO exaudit_writer;

-- A query that calls record_altered for all rows of a statement, which its trigger sees as
-- exaudit_old_rows and exaudit_new_rows, in the same order; or only for those with a value that
-- jsonb may not hold. These are of no table's type, and exaudit_writer may not be able to look
-- that up: it is only named for such values.
CREATE FUNCTION exaudit_internal.altered_rows_query(table_id integer, relation oid, action exaudit.action, only_oversized boolean DEFAULT false)
    RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
DECLARE
    columns       text[] := ARRAY(SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
                                  WHERE a.attrelid = altered_rows_query.relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
    place         text := exaudit_internal.free_name(relation, 'row');
    old_oversized text := exaudit_internal.oversized_expression(relation, 'old');
    new_oversized text := exaudit_internal.oversized_expression(relation, 'new');
    old_image     text := exaudit_internal.image_expression(relation, 'old');
    new_image     text := exaudit_internal.image_expression(relation, 'new');
    row_type      text := (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
                           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                           WHERE c.oid = altered_rows_query.relation AND pg_catalog.has_schema_privilege('exaudit_writer', n.oid, 'USAGE'));
BEGIN
    IF row_type IS NOT NULL AND old_oversized IS NOT NULL THEN
        old_image := pg_catalog.format('CASE WHEN %s THEN exaudit_internal.encode(ROW(old.%s)::%s) ELSE %s END',
                                       old_oversized, array_to_string(columns, ', old.'), row_type, old_image);
        new_image := pg_catalog.format('CASE WHEN %s THEN exaudit_internal.encode(ROW(new.%s)::%s) ELSE %s END',
                                       new_oversized, array_to_string(columns, ', new.'), row_type, new_image);
    END IF;
    RETURN pg_catalog.format(
        -- sorted without the columns, which may be too many for one row
        'SELECT exaudit_internal.record_altered(%s, %s, r.before, r.after, known.present, known.key, command => known.command) '
        'FROM (SELECT %s AS place, %s AS before, %s AS after FROM %s%s OFFSET 0) AS r '
        'CROSS JOIN (SELECT exaudit_internal.present_columns(%2$s) AS present, exaudit_internal.key_columns(%2$s) AS key, exaudit_internal.last_version_id() AS command OFFSET 0) AS known ORDER BY r.place',
        table_id, relation,
        CASE WHEN action = 'updated' THEN 'o.' || place ELSE '1' END,
        CASE WHEN action = 'created' THEN 'NULL::jsonb' ELSE old_image END,
        CASE WHEN action = 'deleted' THEN 'NULL::jsonb' ELSE new_image END,
        CASE action
            WHEN 'created' THEN 'exaudit_new_rows AS new'
            WHEN 'deleted' THEN 'exaudit_old_rows AS old'
            ELSE pg_catalog.format(
                '(SELECT pg_catalog.row_number() OVER () AS %1$s, %4$s FROM exaudit_old_rows) AS o '
                'FULL JOIN (SELECT pg_catalog.row_number() OVER () AS %1$s, %4$s FROM exaudit_new_rows) AS n ON n.%1$s = o.%1$s '
                'CROSS JOIN LATERAL (SELECT o.%2$s) AS old CROSS JOIN LATERAL (SELECT n.%3$s) AS new',
                place, array_to_string(columns, ', o.'), array_to_string(columns, ', n.'), array_to_string(columns, ', '))
        END,
        CASE WHEN only_oversized
             THEN ' WHERE ' || concat_ws(' OR ', CASE WHEN action <> 'created' THEN old_oversized END, CASE WHEN action <> 'deleted' THEN new_oversized END)
             ELSE '' END);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.altered_rows_query TO exaudit_writer;

-- Records a change that no trigger saw. The images are whole rows, or for an update at
-- least the columns that changed, as exaudit_internal.encode makes them.
CREATE FUNCTION exaudit.track(table_id integer, entity_id text, before jsonb, after jsonb) RETURNS bigint
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET row_security = on
AS $$
DECLARE
    relation oid := (SELECT r.relation FROM exaudit_internal.relations r WHERE r.table_id = track.table_id);
    options  jsonb := (SELECT t.options FROM exaudit.tables t WHERE t.id = track.table_id AND t.tracked);
    was_met  boolean := true;
    is_met   boolean := true;
    stored   record;
BEGIN
    IF options IS NULL THEN
        RAISE EXCEPTION 'table % is not tracked', track.table_id USING ERRCODE = 'undefined_table';
    END IF;
    IF before IS NULL AND after IS NULL THEN
        RAISE EXCEPTION 'a change needs a row before or after it' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF options @> '{"allow_ignore": true}' AND coalesce(pg_catalog.current_setting('exaudit.ignore', true), '') = 'on' THEN
        RETURN NULL;
    END IF;
    IF options ? 'where' THEN
        was_met := exaudit_internal.matches_condition(table_id, relation, before);
        is_met := exaudit_internal.matches_condition(table_id, relation, after);
        IF NOT was_met AND NOT is_met THEN
            RETURN NULL;
        END IF;
    END IF;
    stored := exaudit_internal.stored_images(table_id, relation, options, before, after,
                               was_met <> is_met AND before IS NOT NULL AND after IS NOT NULL);
    IF stored.old_values IS NULL AND stored.new_values IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM exaudit_internal.record(table_id,
                           CASE WHEN before IS NULL THEN 'created' WHEN after IS NULL THEN 'deleted' ELSE 'updated' END::exaudit.action,
                           entity_id, NULL, stored.old_values, stored.new_values, options);
    RETURN pg_catalog.currval('exaudit.versions_id_seq');
END
$$;
-- +goose StatementEnd

GRANT CREATE ON SCHEMA exaudit TO exaudit_writer;
RESET ROLE;
ALTER FUNCTION exaudit.track OWNER TO exaudit_writer;
REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer;

-- +goose Down
-- The first migration drops everything.

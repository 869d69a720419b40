-- Installing and removing the triggers of a table.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- One install at a time, of tables as they are called by now.
CREATE FUNCTION exaudit_internal.begin_install() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOCK TABLE exaudit.tables IN SHARE UPDATE EXCLUSIVE MODE;
    PERFORM exaudit_internal.refresh_names();
    PERFORM exaudit_internal.untrack_dropped_tables();
END
$$;

-- Runs a script once for a table and once for each of its partitions, with their names.
CREATE FUNCTION exaudit_internal.run_for_partitions(relation regclass, script text) RETURNS void
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
        WHERE c.oid IN (SELECT tree.relation FROM exaudit_internal.partition_tree(run_for_partitions.relation) AS tree)
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
CREATE FUNCTION exaudit_internal.complete_partitions(table_id integer, relation regclass, replica boolean) RETURNS void
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
        JOIN exaudit_internal.partition_tree(complete_partitions.relation) AS tree ON tree.relation = c.oid
        ORDER BY c.oid <> complete_partitions.relation, c.oid::regclass::text
    LOOP
        IF NOT exaudit_internal.has_truncate_policy(part.name) THEN
            EXECUTE pg_catalog.format('DROP POLICY IF EXISTS "~exaudit_truncate" ON %s', part.name);
            EXECUTE pg_catalog.format('CREATE POLICY "~exaudit_truncate" ON %s FOR SELECT TO exaudit_writer USING (true)', part.name);
        END IF;
        IF part.moves IS NOT NULL THEN
            trigger := pg_catalog.format('~exaudit_t%s_move', table_id) || CASE WHEN part.level > 0 THEN '_' || part.level ELSE '' END;
            EXECUTE pg_catalog.format(
                'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION exaudit_internal.%I()',
                trigger, part.name, part.moves, pg_catalog.format('t%s_move', table_id));
            IF replica THEN
                EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', part.name, trigger);
            END IF;
            -- or its owner could create no partition: that copies triggers, which takes EXECUTE
            FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'move'] LOOP
                CONTINUE WHEN part.by_superuser;
                EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION exaudit_internal.%I() TO %I',
                                          pg_catalog.format('t%s_%s', table_id, event), part.owner);
            END LOOP;
        END IF;
    END LOOP;
END
$$;

-- Registers a table with its options, or finds it, and runs the scripts with its id and
-- oid in place of <table_id> and <relation>: script once, partition_script for the table and
-- each of its partitions. Afterwards "exaudit status" finds what "exaudit install" makes.
-- It runs with the rights of its caller, who must own the table and be a member of
-- exaudit_owner and exaudit_writer.
CREATE FUNCTION exaudit_internal.install_table(table_name text, options jsonb, script text, partition_script text DEFAULT '')
    RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    target    regclass := pg_catalog.to_regclass(install_table.table_name);
    superuser boolean := (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
    keys      text[] := ARRAY(SELECT c.name FROM exaudit_internal.table_columns c
                              WHERE c.relation = pg_catalog.to_regclass(install_table.table_name) AND c.key_position >= 0
                              ORDER BY c.key_position);
    known     integer;
    had       record;
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'table % does not exist', install_table.table_name USING ERRCODE = 'undefined_table';
    ELSIF keys = '{}' THEN
        RAISE EXCEPTION 'table % has no primary key, which exaudit needs to identify rows', install_table.table_name
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM exaudit_internal.begin_install();
    SELECT t.id INTO known
    FROM exaudit_internal.tables_of(target) AS r (id)
    JOIN exaudit.tables t ON t.id = r.id
    ORDER BY t.tracked DESC LIMIT 1;
    IF known IS NULL THEN
        INSERT INTO exaudit.tables (schema_name, table_name, key_columns, tracked)
        SELECT n.nspname, c.relname, '{}', false
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = target
        RETURNING exaudit.tables.id INTO known;
    END IF;
    PERFORM exaudit_internal.set_options(known, target, install_table.options);
    had := exaudit_internal.bind_condition(known, target, true);
    IF had.reason IS NOT NULL THEN
        RAISE EXCEPTION 'the condition of table % is refused: %', install_table.table_name, had.reason
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    IF NOT superuser THEN
        GRANT CREATE ON SCHEMA exaudit_internal TO exaudit_writer;
    END IF;
    PERFORM exaudit_internal.note_unwatched(known, target);
    script := replace(replace(script, '<table_id>', known::text), '<relation>', target::oid::text);
    partition_script := replace(replace(partition_script, '<table_id>', known::text), '<relation>', target::oid::text);
    EXECUTE script;
    PERFORM exaudit_internal.run_for_partitions(target, partition_script);
    -- each function vouches for its own text
    FOR had IN
        SELECT pg_catalog.pg_get_functiondef(p.oid) AS definition,
               substring(trim(E'\n' FROM p.prosrc), position(E'\n' IN trim(E'\n' FROM p.prosrc)) + 1) AS content
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = 'exaudit_internal'::regnamespace
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
        WHERE p.pronamespace = 'exaudit_internal'::regnamespace
          AND p.proname ~ ('^t' || known || '_[a-z_]+$')
          AND tg.tgparentid = 0
          AND NOT (strpos(partition_script, quote_ident(tg.tgname)) > 0
                   AND tg.tgrelid IN (SELECT tree.relation FROM exaudit_internal.partition_tree(target) AS tree)
                   OR strpos(script, quote_ident(tg.tgname)) > 0 AND tg.tgrelid = target)
    LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', had.tgname, had.carrier);
    END LOOP;
    PERFORM exaudit_internal.complete_partitions(known, target, install_table.options @> '{"record_replicated": true}');
    IF NOT superuser THEN
        REVOKE CREATE ON SCHEMA exaudit_internal FROM exaudit_writer;
    END IF;

    UPDATE exaudit.tables t
    SET key_columns = keys, tracked = true,
        complete_since = CASE WHEN t.tracked AND t.complete_since < 'infinity' THEN t.complete_since ELSE clock_timestamp() END,
        complete_after = CASE WHEN t.tracked AND t.complete_since < 'infinity' THEN t.complete_after ELSE exaudit_internal.last_version_id() END
    WHERE t.id = known AND (t.key_columns IS DISTINCT FROM keys OR NOT t.tracked OR t.complete_since = 'infinity');
    PERFORM exaudit_internal.note_columns(known, target, exaudit_internal.present_columns(target));
END
$$;

-- Takes the triggers off a table and lets go of it; its versions stay, and with a baseline it is known what its rows were
-- until now. partition_script takes back what installing has granted. A table that is not tracked under this name, having
-- been renamed or never installed, is left alone.
CREATE FUNCTION exaudit_internal.uninstall_table(table_name text, partition_script text DEFAULT '', baseline boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    target   regclass := pg_catalog.to_regclass(uninstall_table.table_name);
    known    record;
    had      regprocedure;
BEGIN
    PERFORM exaudit_internal.begin_install();
    FOR known IN
        SELECT t.id, t.tracked, r.relation::regclass AS relation
        FROM exaudit.tables t
        LEFT JOIN exaudit_internal.relations r ON r.table_id = t.id
        WHERE r.relation = target
           OR r.relation IS NULL AND pg_catalog.format('%I.%I', t.schema_name, t.table_name) = uninstall_table.table_name
    LOOP
        IF baseline AND known.relation IS NOT NULL AND known.tracked THEN
            -- as strong as dropping triggers takes it
            EXECUTE pg_catalog.format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', exaudit_internal.target(known.relation));
            PERFORM exaudit_internal.record_end(known.id, known.relation);
        END IF;
        FOR had IN
            SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
            WHERE p.pronamespace = 'exaudit_internal'::regnamespace
              AND p.proname ~ ('^t' || known.id || '_[a-z_]+$')
              AND p.prorettype = 'trigger'::regtype
        LOOP
            EXECUTE pg_catalog.format('DROP FUNCTION %s CASCADE', had);
        END LOOP;
        PERFORM exaudit_internal.drop_condition(known.id);
        IF known.relation IS NOT NULL THEN
            PERFORM exaudit_internal.run_for_partitions(known.relation, partition_script);
        END IF;
        PERFORM exaudit_internal.end_tracking(known.id);
    END LOOP;
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

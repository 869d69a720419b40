-- Removes schema exaudit, whatever it has: also one that was made only in part, or by another build. Names are looked up
-- in pg_catalog; the transaction pins that.

DROP EVENT TRIGGER IF EXISTS exaudit_ddl;
DROP EVENT TRIGGER IF EXISTS exaudit_drop;
DROP SCHEMA IF EXISTS exaudit_follow CASCADE;

-- What others have built on the schema would go with it, unasked. Triggers and policies of tracked tables are ours.
DO $dependents$
DECLARE
    dependents text;
BEGIN
    WITH own (class, object) AS (
        SELECT 'pg_class'::regclass, c.oid FROM pg_class c WHERE c.relnamespace = 'exaudit'::regnamespace
        UNION ALL
        SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p WHERE p.pronamespace = 'exaudit'::regnamespace
        UNION ALL
        SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.typnamespace = 'exaudit'::regnamespace
    ), dependent (class, object, part) AS (
        -- a rule stands for its view
        SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(r.ev_class, d.objid), d.objsubid
        FROM pg_depend d
        JOIN own ON own.class = d.refclassid AND own.object = d.refobjid
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        WHERE d.deptype IN ('n', 'a') AND d.classid NOT IN ('pg_trigger'::regclass, 'pg_policy'::regclass)
    )
    SELECT string_agg(DISTINCT pg_describe_object(d.class, d.object, d.part), ', ')
    INTO dependents
    FROM dependent d
    LEFT JOIN pg_constraint k ON d.class = 'pg_constraint'::regclass AND k.oid = d.object
    LEFT JOIN pg_attrdef f ON d.class = 'pg_attrdef'::regclass AND f.oid = d.object
    LEFT JOIN pg_class c ON c.oid = CASE WHEN d.class = 'pg_class'::regclass THEN d.object ELSE coalesce(k.conrelid, f.adrelid) END
    LEFT JOIN pg_proc p ON d.class = 'pg_proc'::regclass AND p.oid = d.object
    LEFT JOIN pg_type t ON d.class = 'pg_type'::regclass AND t.oid = d.object
    WHERE coalesce(c.relnamespace, p.pronamespace, t.typnamespace, 0) NOT IN ('exaudit'::regnamespace, 0, 'pg_toast'::regnamespace);
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION 'schema exaudit is used by %', dependents
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop that first.';
    END IF;
END
$dependents$;

-- The trigger functions, and with them the triggers; what exaudit_writer was granted on tracked tables, and its policies.
-- Where the functions belong to somebody else, after a restore without owners, the schema takes them along.
DO $owned$
BEGIN
    IF EXISTS (SELECT FROM pg_shdepend d JOIN pg_roles r ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
               WHERE r.rolname = 'exaudit_writer'
                 AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
        DROP OWNED BY exaudit_writer CASCADE;
    END IF;
END
$owned$;

DROP SCHEMA exaudit CASCADE;

-- The roles, where no other database uses them.
DO $roles$
DECLARE
    unwanted text;
BEGIN
    FOREACH unwanted IN ARRAY ARRAY['exaudit_reader', 'exaudit_writer', 'exaudit_owner'] LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', unwanted);
        EXCEPTION
            -- still used by another database of the cluster, or not ours to drop
            -- (being granted or dropped by another one, it is reported in several ways)
            WHEN dependent_objects_still_exist OR insufficient_privilege OR undefined_object
                OR object_in_use OR internal_error OR deadlock_detected OR lock_not_available THEN NULL;
        END;
    END LOOP;
END
$roles$;

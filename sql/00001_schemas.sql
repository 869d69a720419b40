-- The schemas and the roles.
--
-- exaudit is for people, exaudit_internal for the machine. Everything belongs to exaudit_owner.
-- The generated trigger functions belong to exaudit_writer, which may add versions and nothing
-- else: code that runs as the definer of a trigger can never change what is recorded already.

-- +goose Up
-- +goose StatementBegin
-- Texts are kept in JSON, and read as UTF-8.
DO $encoding$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.=) ANY (ARRAY['SQL_ASCII', 'MULE_INTERNAL']) THEN
        RAISE EXCEPTION 'texts in the encoding % cannot be stored as JSON', pg_catalog.getdatabaseencoding()
            USING ERRCODE = 'feature_not_supported', HINT = 'Dump and restore into a database of encoding UTF8.';
    END IF;
END
$encoding$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Whoever has created a schema of these names may have put anything into it.
DO $owner$
DECLARE
    found pg_catalog.text;
BEGIN
    SELECT pg_catalog.format('schema %I belongs to %I', n.nspname, r.rolname)
    INTO found
    FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
      AND r.rolname OPERATOR(pg_catalog.<>) ALL (ARRAY['exaudit_owner', current_user]::pg_catalog.name[])
      AND NOT r.rolsuper
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION '%', found USING ERRCODE = 'insufficient_privilege', HINT = 'Drop it first.';
    END IF;
END
$owner$;
-- +goose StatementEnd

CREATE SCHEMA IF NOT EXISTS exaudit;
CREATE SCHEMA IF NOT EXISTS exaudit_internal;

-- +goose StatementBegin
DO $roles$
DECLARE
    wanted pg_catalog.text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['exaudit_owner', 'exaudit_writer', 'exaudit_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) wanted) THEN
            BEGIN
                EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION
                -- another database of the cluster is being initialised at this moment
                WHEN duplicate_object OR unique_violation THEN NULL;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'role "%" is missing and "%" may not create it', wanted, current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = pg_catalog.format('An administrator runs once: CREATE ROLE exaudit_owner NOLOGIN; '
                                     'CREATE ROLE exaudit_writer NOLOGIN; CREATE ROLE exaudit_reader NOLOGIN; '
                                     'GRANT exaudit_owner, exaudit_writer TO %I;', current_user);
            END;
        END IF;
    END LOOP;
    -- A superuser acts as any role. Everybody else must be a member to hand objects over, and becomes one where allowed to.
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN
        BEGIN
            EXECUTE pg_catalog.format('GRANT exaudit_owner, exaudit_writer TO %I', current_user)
                    OPERATOR(pg_catalog.||) CASE WHEN pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.>=) 160000
                            THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END;
        EXCEPTION
            WHEN insufficient_privilege THEN
                IF NOT pg_catalog.pg_has_role('exaudit_owner', 'USAGE') OR NOT pg_catalog.pg_has_role('exaudit_writer', 'USAGE') THEN
                    RAISE EXCEPTION 'role "%" is not a member of exaudit_owner and exaudit_writer', current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = pg_catalog.format('An administrator runs once: GRANT exaudit_owner, exaudit_writer TO %I;', current_user);
                END IF;
        END;
    END IF;
END
$roles$;
-- +goose StatementEnd

ALTER SCHEMA exaudit OWNER TO exaudit_owner;
ALTER SCHEMA exaudit_internal OWNER TO exaudit_owner;

SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

REVOKE ALL ON SCHEMA exaudit, exaudit_internal FROM PUBLIC;
GRANT USAGE ON SCHEMA exaudit, exaudit_internal TO exaudit_writer, exaudit_reader;
-- Each function is granted to whom it is for.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

RESET ROLE;

-- +goose Down
-- Drops both schemas, whatever they have: also where they were made only in part, or by another build. What other
-- migrations have made goes with them.
SET LOCAL search_path = pg_catalog, pg_temp;

DROP EVENT TRIGGER IF EXISTS exaudit_ddl;
DROP EVENT TRIGGER IF EXISTS exaudit_drop;
DROP EVENT TRIGGER IF EXISTS exaudit_loss;
DROP SCHEMA IF EXISTS exaudit_follow CASCADE;

-- What others have built on the schema would go with it, unasked. Triggers and policies of tracked tables are ours.
-- +goose StatementBegin
DO $dependents$
DECLARE
    dependents text;
BEGIN
    WITH schema AS (
        SELECT n.oid FROM pg_namespace n WHERE n.nspname IN ('exaudit', 'exaudit_internal')
    ), own (class, object) AS (
        SELECT 'pg_class'::regclass, c.oid FROM pg_class c JOIN schema ON schema.oid = c.relnamespace
        UNION ALL
        SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p JOIN schema ON schema.oid = p.pronamespace
        UNION ALL
        SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN schema ON schema.oid = t.typnamespace
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
    WHERE coalesce(c.relnamespace, p.pronamespace, t.typnamespace, 0)
          NOT IN (SELECT schema.oid FROM schema UNION ALL VALUES (0::oid), ('pg_toast'::regnamespace::oid));
    IF dependents IS NOT NULL THEN
        RAISE EXCEPTION 'schema exaudit is used by %', dependents
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop that first.';
    END IF;
END
$dependents$;
-- +goose StatementEnd

-- The trigger functions, and with them the triggers; what exaudit_writer was granted on tracked tables, and its policies.
-- Where the functions belong to somebody else, after a restore without owners, the schema takes them along.
-- +goose StatementBegin
DO $owned$
BEGIN
    IF EXISTS (SELECT FROM pg_shdepend d JOIN pg_roles r ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid
               WHERE r.rolname = 'exaudit_writer'
                 AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN
        DROP OWNED BY exaudit_writer CASCADE;
    END IF;
    IF EXISTS (SELECT FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole WHERE r.rolname = 'exaudit_owner') THEN
        ALTER DEFAULT PRIVILEGES FOR ROLE exaudit_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
    END IF;
END
$owned$;
-- +goose StatementEnd

DROP SCHEMA IF EXISTS exaudit CASCADE;
DROP SCHEMA IF EXISTS exaudit_internal CASCADE;

-- The roles, where no other database uses them.
-- +goose StatementBegin
DO $roles$
DECLARE
    unwanted text;
BEGIN
    FOREACH unwanted IN ARRAY ARRAY['exaudit_reader', 'exaudit_writer', 'exaudit_owner'] LOOP
        -- not even tried where it is used: others who grant it anything would wait meanwhile
        CONTINUE WHEN EXISTS (SELECT FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
                              WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = unwanted);
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
-- +goose StatementEnd

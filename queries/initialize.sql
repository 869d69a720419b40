-- exaudit's schemas as a whole: what made them, and who may make them.

-- name: SchemaState :one
-- No row where there is neither schema. All of it is read from the catalog: nothing in the schemas runs before their
-- owners are known to be trustworthy, and a role without privileges on them may ask, too.
WITH own AS (
    SELECT n.oid, n.nspname AS name, r.rolname AS owner,
           r.rolname OPERATOR(pg_catalog.=) 'exaudit_owner' OR r.rolname OPERATOR(pg_catalog.=) current_user OR r.rolsuper AS trusted
    FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
)
SELECT o.name::pg_catalog.text AS name,
       o.owner::pg_catalog.text AS owner,
       o.trusted::boolean AS trusted,
       ((SELECT pg_catalog.count(*) FROM own) OPERATOR(pg_catalog.=) 2)::boolean AS complete,
       coalesce((SELECT pg_catalog.substring(p.prosrc, '[0-9]{1,18}') FROM pg_catalog.pg_proc p
                 JOIN own ON own.oid OPERATOR(pg_catalog.=) p.pronamespace AND own.name OPERATOR(pg_catalog.=) 'exaudit'
                 WHERE p.proname OPERATOR(pg_catalog.=) 'schema_version' AND p.pronargs OPERATOR(pg_catalog.=) 0), '0')::bigint AS version,
       coalesce((SELECT pg_catalog.substring(p.prosrc, '[0-9a-f]{64}') FROM pg_catalog.pg_proc p
                 JOIN own ON own.oid OPERATOR(pg_catalog.=) p.pronamespace AND own.name OPERATOR(pg_catalog.=) 'exaudit_internal'
                 WHERE p.proname OPERATOR(pg_catalog.=) 'schema_digest' AND p.pronargs OPERATOR(pg_catalog.=) 0), '')::pg_catalog.text AS digest,
       -- made by "exaudit init", not by migrations of the application
       (goose.owner IS NOT NULL)::boolean AS keeps_own_version,
       coalesce(goose.owner OPERATOR(pg_catalog.=) 'exaudit_owner', false)::boolean AS owns_version,
       (NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN own ON own.oid OPERATOR(pg_catalog.=) c.relnamespace)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN own ON own.oid OPERATOR(pg_catalog.=) p.pronamespace))::boolean AS bare
FROM own o
LEFT JOIN LATERAL (
    SELECT r.rolname AS owner
    FROM own
    JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) own.oid AND c.relname OPERATOR(pg_catalog.=) 'goose_db_version'
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) c.relowner
    WHERE own.name OPERATOR(pg_catalog.=) 'exaudit_internal'
) goose ON true
-- the one that is not to be trusted, if there is one, or not exaudit's own
ORDER BY o.trusted, o.owner OPERATOR(pg_catalog.=) 'exaudit_owner', o.name
LIMIT 1;

-- name: Installer :one
-- Who makes or updates the schema, and what that role may do in the database.
SELECT r.rolname::pg_catalog.text AS role,
       pg_catalog.current_database()::pg_catalog.text AS database,
       r.rolsuper::boolean AS superuser,
       pg_catalog.getdatabaseencoding()::pg_catalog.text AS encoding,
       -- texts of any other become UTF-8, which JSON is in, where it is read
       (pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.=) 'UTF8'
        OR EXISTS (SELECT FROM pg_catalog.pg_conversion c
                   WHERE c.condefault AND pg_catalog.pg_encoding_to_char(c.conforencoding) OPERATOR(pg_catalog.=) pg_catalog.getdatabaseencoding()::pg_catalog.name
                     AND pg_catalog.pg_encoding_to_char(c.contoencoding) OPERATOR(pg_catalog.=) 'UTF8'))::boolean AS becomes_utf8,
       r.rolcreaterole::boolean AS may_create_roles,
       r.rolinherit::boolean AS inherits,
       -- since PostgreSQL 16, each membership says what it is good for
       (pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.>=) 160000)::boolean AS by_membership,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')::boolean AS may_create_schema
FROM pg_catalog.pg_roles r
WHERE r.rolname OPERATOR(pg_catalog.=) current_user;

-- name: InstallerRoles :many
-- The roles that the schema needs, and what who makes it may do with them. Before PostgreSQL 16, members may SET ROLE,
-- and a role with CREATEROLE may grant any that is no superuser.
SELECT wanted.name::pg_catalog.text AS name,
       (r.oid IS NOT NULL)::boolean AS is_there,
       coalesce(pg_catalog.pg_has_role(r.oid, 'MEMBER'), false)::boolean AS is_member,
       coalesce(pg_catalog.pg_has_role(r.oid, 'USAGE'), false)::boolean AS has_privileges,
       coalesce(CASE WHEN pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.>=) 160000
                     THEN pg_catalog.pg_has_role(r.oid, 'SET') ELSE pg_catalog.pg_has_role(r.oid, 'MEMBER') END,
                false)::boolean AS may_become,
       coalesce(pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
                OR own.rolcreaterole AND pg_catalog.current_setting('server_version_num')::integer OPERATOR(pg_catalog.<) 160000,
                false)::boolean AS may_grant,
       (pg_catalog.has_language_privilege(coalesce(r.rolname, 'public'), 'plpgsql', 'USAGE')
        AND pg_catalog.has_language_privilege(coalesce(r.rolname, 'public'), 'sql', 'USAGE'))::boolean AS may_use_languages,
       -- the tablespace in which its tables would be, and may not
       coalesce((SELECT pg_catalog.quote_ident(s.spcname) FROM pg_catalog.pg_tablespace s
                 WHERE s.spcname OPERATOR(pg_catalog.=) pg_catalog.current_setting('default_tablespace')
                   AND s.oid OPERATOR(pg_catalog.<>) d.dattablespace
                   AND NOT pg_catalog.has_tablespace_privilege(coalesce(r.rolname, 'public'), s.oid, 'CREATE')),
                '')::pg_catalog.text AS lacks_tablespace
FROM pg_catalog.unnest(ARRAY['exaudit_owner', 'exaudit_writer', 'exaudit_reader', current_user::pg_catalog.text]) AS wanted (name)
LEFT JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) wanted.name
JOIN pg_catalog.pg_roles own ON own.rolname OPERATOR(pg_catalog.=) current_user
JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();

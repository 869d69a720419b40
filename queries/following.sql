-- The event triggers, and the schema that their functions stand in.

-- name: FollowingSchema :one
SELECT coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')::text AS comment,
       pg_catalog.pg_get_userbyid(n.nspowner)::text                          AS owner,
       -- Or could somebody else have functions run as the superuser who installs? Who owns an
       -- event trigger may do so anyway.
       (o.rolsuper OR o.rolname = current_user
        OR EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtowner = n.nspowner))::boolean AS trusted,
       EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner)::boolean AS others_may_use
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_roles o ON o.oid = n.nspowner
WHERE n.nspname = 'exaudit_follow';

-- name: FollowingFunctions :many
SELECT p.proname::text                              AS name,
       p.prosrc::text                               AS body,
       coalesce(p.proconfig, '{}')::text[]          AS settings,
       p.prosecdef::boolean                         AS security_definer,
       pg_catalog.pg_get_userbyid(p.proowner)::text AS owner,
       (p.proacl IS NULL OR EXISTS (SELECT FROM pg_catalog.aclexplode(p.proacl) a
                                    WHERE a.grantee <> p.proowner))::boolean AS others_may_execute
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'exaudit_follow'
ORDER BY p.proname;

-- name: EventTriggers :many
SELECT e.evtname::text                        AS name,
       e.evtevent::text                       AS event,
       e.evtenabled::text                     AS enabled,
       coalesce(e.evttags, '{}')::text[]      AS tags,
       pg_catalog.format('%I.%I', n.nspname, p.proname)::text AS function_name
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE e.evtname IN ('exaudit_ddl', 'exaudit_drop')
ORDER BY e.evtname;

-- name: SuspendFollowing :one
-- For the transaction: the event triggers leave alone what exaudit itself does. Gives what
-- to go back to.
SELECT coalesce(pg_catalog.current_setting('exaudit.following', true), '')::text AS previous,
       pg_catalog.set_config('exaudit.following', @following::text, true)::text  AS following;

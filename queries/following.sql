-- The event triggers, and the schema that their functions stand in.

-- name: FollowingSchema :one
SELECT coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')::pg_catalog.text AS comment,
       pg_catalog.pg_get_userbyid(n.nspowner)::pg_catalog.text AS owner,
       -- Or could somebody else have functions run as the superuser who installs? Who owns an
       -- event trigger may do so anyway.
       (o.rolsuper OR o.rolname OPERATOR(pg_catalog.=) current_user
        OR EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtowner OPERATOR(pg_catalog.=) n.nspowner))::boolean AS trusted,
       EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee OPERATOR(pg_catalog.<>) n.nspowner)::boolean AS others_may_use
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) n.nspowner
WHERE n.nspname OPERATOR(pg_catalog.=) 'exaudit_follow';

-- name: FollowingFunctions :many
SELECT p.proname::pg_catalog.text AS name,
       p.prosrc::pg_catalog.text AS body,
       coalesce(p.proconfig, '{}')::pg_catalog.text[] AS settings,
       p.prosecdef::boolean AS security_definer,
       pg_catalog.pg_get_userbyid(p.proowner)::pg_catalog.text AS owner,
       (p.proacl IS NULL OR EXISTS (SELECT FROM pg_catalog.aclexplode(p.proacl) a
                                    WHERE a.grantee OPERATOR(pg_catalog.<>) p.proowner))::boolean AS others_may_execute
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE n.nspname OPERATOR(pg_catalog.=) 'exaudit_follow'
ORDER BY p.proname;

-- name: EventTriggers :many
SELECT e.evtname::pg_catalog.text AS name,
       e.evtevent::pg_catalog.text AS event,
       e.evtenabled::pg_catalog.text AS enabled,
       coalesce(e.evttags, '{}')::pg_catalog.text[] AS tags,
       pg_catalog.format('%I.%I', n.nspname, p.proname)::pg_catalog.text AS function_name
FROM pg_catalog.pg_event_trigger e
JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) e.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE e.evtname OPERATOR(pg_catalog.=) ANY ('{exaudit_ddl,exaudit_drop,exaudit_loss}'::pg_catalog.name[])
ORDER BY e.evtname;

-- name: SuspendFollowing :one
-- For the transaction: the event triggers leave alone what exaudit itself does. Gives what
-- to go back to.
SELECT coalesce(pg_catalog.current_setting('exaudit.following', true), '')::pg_catalog.text AS previous,
       pg_catalog.set_config('exaudit.following', @following::pg_catalog.text, true)::pg_catalog.text  AS following;

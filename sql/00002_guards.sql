-- What keeps versions from being changed, and trigger functions from being called by other triggers.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- Refuses every change of a recorded version, the owner's and a superuser's too.
-- Retention deletes with SET LOCAL exaudit.retention = 'on', which does not help
-- anybody who holds no DELETE privilege.
CREATE FUNCTION exaudit_internal.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND pg_catalog.current_setting('exaudit.retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege',
              HINT = 'Retention deletes old versions in a transaction with SET LOCAL exaudit.retention = ''on''.';
END
$$;

-- A custom column that references another table may be cleared by that reference
-- (ON DELETE SET NULL); its action runs inside a trigger. Where the history is a replica,
-- the worker that applies it repeats that. Nothing else may change one.
CREATE FUNCTION exaudit_internal.refuse_custom_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_catalog.pg_trigger_depth() > 1
       -- which no session can pretend to be
       OR EXISTS (SELECT FROM pg_catalog.pg_stat_get_subscription(NULL) AS worker
                  WHERE worker.pid = pg_catalog.pg_backend_pid()) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%.% is append-only: % refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Raises for a trigger that a trigger function was not made for.
CREATE FUNCTION exaudit_internal.refuse_trigger(function_name text, name text, timing text, operation text, level text, relation oid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'function exaudit_internal.% was called by trigger "%", % % of table % for each %, which it is not for',
        function_name, name, timing, operation, relation::regclass, lower(level)
        USING ERRCODE = 'triggered_action_exception',
              HINT = 'Drop the trigger and run "exaudit sync".';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.refuse_trigger TO exaudit_writer;

-- The same unless the trigger is the one that was made for a function called t1_insert or the like, and fires for each of
-- wanted_level: ROW or STATEMENT.
CREATE FUNCTION exaudit_internal.check_trigger(
    function_name text, wanted_level text, name text, timing text, operation text, level text, relation oid
) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name <> '!exaudit_' || function_name OR operation <> upper(split_part(function_name, '_', 2)) OR level <> wanted_level
       OR timing <> (CASE WHEN operation = 'TRUNCATE' THEN 'BEFORE' ELSE 'AFTER' END) THEN
        PERFORM exaudit_internal.refuse_trigger(function_name, name, timing, operation, level, relation);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_trigger TO exaudit_writer;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.

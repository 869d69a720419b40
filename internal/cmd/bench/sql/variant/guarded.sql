-- The shadow tables, written by a role of their own under a pinned search_path: as somebody would who trusts no
-- role of the application.
DO $$ BEGIN CREATE ROLE bench_guard; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT p.oid::regprocedure AS function, p.proname FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype = 'trigger'::regtype LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO bench_guard', item.function);
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = pg_catalog, pg_temp', item.function);
    END LOOP;
    FOR item IN SELECT c.oid::regclass AS relation FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relname LIKE '%_history' AND c.relkind = 'r' LOOP
        EXECUTE format('GRANT INSERT ON %s TO bench_guard', item.relation);
    END LOOP;
END
$$;

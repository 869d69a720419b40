-- The floor: what a row trigger costs that inserts one fixed narrow row.
CREATE TABLE bench_floor (a integer NOT NULL, b integer NOT NULL);
CREATE FUNCTION bench_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.bench_floor VALUES (1, 2);
    RETURN NULL;
END
$$;
DO $$
DECLARE
    tracked regclass;
BEGIN
    FOREACH tracked IN ARRAY current_setting('bench.tables')::regclass[] LOOP
        EXECUTE format('CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON %s
            FOR EACH ROW EXECUTE FUNCTION bench_floor()', tracked);
    END LOOP;
END
$$;

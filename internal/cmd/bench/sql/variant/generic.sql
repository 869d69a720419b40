-- What most projects ship: one function for all tables, whole rows as jsonb on both sides.
CREATE TABLE bench_generic (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    actor       text DEFAULT current_setting('app.actor', true),
    table_name  text NOT NULL,
    operation   text NOT NULL,
    row_key     text NOT NULL,
    old_row     jsonb,
    new_row     jsonb
);
CREATE INDEX bench_generic_row ON bench_generic (table_name, row_key);

-- The argument is the name of the key column.
CREATE FUNCTION bench_generic() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb;
    new_row jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        old_row := to_jsonb(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        new_row := to_jsonb(NEW);
    END IF;
    INSERT INTO public.bench_generic (table_name, operation, row_key, old_row, new_row)
    VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, coalesce(new_row, old_row) ->> TG_ARGV[0], old_row, new_row);
    RETURN NULL;
END
$$;
DO $$
DECLARE
    tracked regclass;
BEGIN
    FOREACH tracked IN ARRAY current_setting('bench.tables')::regclass[] LOOP
        EXECUTE format('CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON %s
            FOR EACH ROW EXECUTE FUNCTION bench_generic(''id'')', tracked);
    END LOOP;
END
$$;

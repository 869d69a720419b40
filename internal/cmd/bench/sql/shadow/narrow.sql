CREATE TABLE narrow_history (
    history_id  bigint GENERATED ALWAYS AS IDENTITY,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    operation   "char" NOT NULL,
    actor       text DEFAULT current_setting('app.actor', true),
    id          integer NOT NULL,
    name        text NOT NULL,
    amount      numeric NOT NULL
);
CREATE INDEX narrow_history_id ON narrow_history (id, history_id);

CREATE FUNCTION narrow_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.narrow_history (operation, id, name, amount)
        VALUES ('U', OLD.id, OLD.name, OLD.amount);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.narrow_history (operation, id, name, amount)
        VALUES ('D', OLD.id, OLD.name, OLD.amount);
    ELSE
        INSERT INTO public.narrow_history (operation, id, name, amount)
        VALUES ('I', NEW.id, NEW.name, NEW.amount);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON narrow FOR EACH ROW EXECUTE FUNCTION narrow_record();

-- The text is kept only where it changed, or the row went.
CREATE TABLE toast_history (
    history_id  bigint GENERATED ALWAYS AS IDENTITY,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    operation   "char" NOT NULL,
    actor       text DEFAULT current_setting('app.actor', true),
    id          bigint NOT NULL,
    n           integer NOT NULL,
    body        text
);
CREATE INDEX toast_history_id ON toast_history (id, history_id);

CREATE FUNCTION toast_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.toast_history (operation, id, n, body)
        VALUES ('U', OLD.id, OLD.n, CASE WHEN OLD.body IS DISTINCT FROM NEW.body THEN OLD.body END);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.toast_history (operation, id, n, body)
        VALUES ('D', OLD.id, OLD.n, OLD.body);
    ELSE
        INSERT INTO public.toast_history (operation, id, n, body)
        VALUES ('I', NEW.id, NEW.n, NEW.body);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON toast FOR EACH ROW EXECUTE FUNCTION toast_record();

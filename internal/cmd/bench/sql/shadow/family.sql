CREATE TABLE parents_history (
    history_id  bigint GENERATED ALWAYS AS IDENTITY,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    operation   "char" NOT NULL,
    actor       text DEFAULT current_setting('app.actor', true),
    id          bigint NOT NULL,
    name        text NOT NULL
);
CREATE INDEX parents_history_id ON parents_history (id, history_id);

CREATE FUNCTION parents_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.parents_history (operation, id, name)
        VALUES ('U', OLD.id, OLD.name);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.parents_history (operation, id, name)
        VALUES ('D', OLD.id, OLD.name);
    ELSE
        INSERT INTO public.parents_history (operation, id, name)
        VALUES ('I', NEW.id, NEW.name);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON parents FOR EACH ROW EXECUTE FUNCTION parents_record();

CREATE TABLE children_history (
    history_id  bigint GENERATED ALWAYS AS IDENTITY,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    operation   "char" NOT NULL,
    actor       text DEFAULT current_setting('app.actor', true),
    id          bigint NOT NULL,
    parent_id   bigint NOT NULL,
    name        text NOT NULL,
    amount      integer NOT NULL
);
CREATE INDEX children_history_id ON children_history (id, history_id);

CREATE FUNCTION children_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.children_history (operation, id, parent_id, name, amount)
        VALUES ('U', OLD.id, OLD.parent_id, OLD.name, OLD.amount);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.children_history (operation, id, parent_id, name, amount)
        VALUES ('D', OLD.id, OLD.parent_id, OLD.name, OLD.amount);
    ELSE
        INSERT INTO public.children_history (operation, id, parent_id, name, amount)
        VALUES ('I', NEW.id, NEW.parent_id, NEW.name, NEW.amount);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON children FOR EACH ROW EXECUTE FUNCTION children_record();

-- The row as it was before an update or a delete, or as it was created: with the table
-- itself a complete history. One typed row a change, one index for the history of a row.
CREATE TABLE orders_history (
    history_id   bigint GENERATED ALWAYS AS IDENTITY,
    changed_at   timestamptz NOT NULL DEFAULT now(),
    operation    "char" NOT NULL,
    actor        text DEFAULT current_setting('app.actor', true),
    id           bigint NOT NULL,
    customer_id  bigint NOT NULL,
    status       text NOT NULL,
    total        numeric(12,2) NOT NULL,
    quantity     integer NOT NULL,
    paid         boolean NOT NULL,
    reference    uuid NOT NULL,
    email        text NOT NULL,
    note         text,
    details      jsonb NOT NULL,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX orders_history_id ON orders_history (id, history_id);

CREATE FUNCTION orders_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.orders_history (operation,
            id, customer_id, status, total, quantity, paid, reference, email, note, details,
            created_at, updated_at)
        VALUES ('U',
            OLD.id, OLD.customer_id, OLD.status, OLD.total, OLD.quantity, OLD.paid, OLD.reference,
            OLD.email, OLD.note, OLD.details, OLD.created_at, OLD.updated_at);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.orders_history (operation,
            id, customer_id, status, total, quantity, paid, reference, email, note, details,
            created_at, updated_at)
        VALUES ('D',
            OLD.id, OLD.customer_id, OLD.status, OLD.total, OLD.quantity, OLD.paid, OLD.reference,
            OLD.email, OLD.note, OLD.details, OLD.created_at, OLD.updated_at);
    ELSE
        INSERT INTO public.orders_history (operation,
            id, customer_id, status, total, quantity, paid, reference, email, note, details,
            created_at, updated_at)
        VALUES ('I',
            NEW.id, NEW.customer_id, NEW.status, NEW.total, NEW.quantity, NEW.paid, NEW.reference,
            NEW.email, NEW.note, NEW.details, NEW.created_at, NEW.updated_at);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION orders_record();

-- The text is kept only where it changed, or the row went: nobody copies 20 kB for a counter.
CREATE TABLE wide_history (
    history_id  bigint GENERATED ALWAYS AS IDENTITY,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    operation   "char" NOT NULL,
    actor       text DEFAULT current_setting('app.actor', true),
    id          bigint NOT NULL,
    n           integer NOT NULL,
    body        text,
    i1 integer,
    d2 timestamptz,
    t3 text,
    i4 integer,
    d5 timestamptz,
    t6 text,
    i7 integer,
    d8 timestamptz,
    t9 text,
    i10 integer,
    d11 timestamptz,
    t12 text,
    i13 integer,
    d14 timestamptz,
    t15 text,
    i16 integer,
    d17 timestamptz,
    t18 text,
    i19 integer,
    d20 timestamptz,
    t21 text,
    i22 integer,
    d23 timestamptz,
    t24 text,
    i25 integer,
    d26 timestamptz,
    t27 text,
    i28 integer,
    d29 timestamptz,
    t30 text,
    i31 integer,
    d32 timestamptz,
    t33 text,
    i34 integer,
    d35 timestamptz,
    t36 text,
    i37 integer
);
CREATE INDEX wide_history_id ON wide_history (id, history_id);

CREATE FUNCTION wide_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.wide_history (operation, id, n, body,
            i1, d2, t3, i4, d5, t6, i7, d8, t9, i10, d11, t12, i13, d14, t15, i16, d17, t18, i19,
            d20, t21, i22, d23, t24, i25, d26, t27, i28, d29, t30, i31, d32, t33, i34, d35, t36, i37)
        VALUES ('U', OLD.id, OLD.n, CASE WHEN OLD.body IS DISTINCT FROM NEW.body THEN OLD.body END,
            OLD.i1, OLD.d2, OLD.t3, OLD.i4, OLD.d5, OLD.t6, OLD.i7, OLD.d8, OLD.t9, OLD.i10,
            OLD.d11, OLD.t12, OLD.i13, OLD.d14, OLD.t15, OLD.i16, OLD.d17, OLD.t18, OLD.i19,
            OLD.d20, OLD.t21, OLD.i22, OLD.d23, OLD.t24, OLD.i25, OLD.d26, OLD.t27, OLD.i28,
            OLD.d29, OLD.t30, OLD.i31, OLD.d32, OLD.t33, OLD.i34, OLD.d35, OLD.t36, OLD.i37);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.wide_history (operation, id, n, body,
            i1, d2, t3, i4, d5, t6, i7, d8, t9, i10, d11, t12, i13, d14, t15, i16, d17, t18, i19,
            d20, t21, i22, d23, t24, i25, d26, t27, i28, d29, t30, i31, d32, t33, i34, d35, t36, i37)
        VALUES ('D', OLD.id, OLD.n, OLD.body,
            OLD.i1, OLD.d2, OLD.t3, OLD.i4, OLD.d5, OLD.t6, OLD.i7, OLD.d8, OLD.t9, OLD.i10,
            OLD.d11, OLD.t12, OLD.i13, OLD.d14, OLD.t15, OLD.i16, OLD.d17, OLD.t18, OLD.i19,
            OLD.d20, OLD.t21, OLD.i22, OLD.d23, OLD.t24, OLD.i25, OLD.d26, OLD.t27, OLD.i28,
            OLD.d29, OLD.t30, OLD.i31, OLD.d32, OLD.t33, OLD.i34, OLD.d35, OLD.t36, OLD.i37);
    ELSE
        INSERT INTO public.wide_history (operation, id, n, body,
            i1, d2, t3, i4, d5, t6, i7, d8, t9, i10, d11, t12, i13, d14, t15, i16, d17, t18, i19,
            d20, t21, i22, d23, t24, i25, d26, t27, i28, d29, t30, i31, d32, t33, i34, d35, t36, i37)
        VALUES ('I', NEW.id, NEW.n, NEW.body,
            NEW.i1, NEW.d2, NEW.t3, NEW.i4, NEW.d5, NEW.t6, NEW.i7, NEW.d8, NEW.t9, NEW.i10,
            NEW.d11, NEW.t12, NEW.i13, NEW.d14, NEW.t15, NEW.i16, NEW.d17, NEW.t18, NEW.i19,
            NEW.d20, NEW.t21, NEW.i22, NEW.d23, NEW.t24, NEW.i25, NEW.d26, NEW.t27, NEW.i28,
            NEW.d29, NEW.t30, NEW.i31, NEW.d32, NEW.t33, NEW.i34, NEW.d35, NEW.t36, NEW.i37);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER record AFTER INSERT OR UPDATE OR DELETE ON wide FOR EACH ROW EXECUTE FUNCTION wide_record();

-- A table as applications have them: 12 columns, three indexes, a jsonb column, a foreign
-- key, about 400 bytes a row.
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
    id           bigint PRIMARY KEY,
    customer_id  bigint        NOT NULL REFERENCES customers,
    status       text          NOT NULL,
    total        numeric(12,2) NOT NULL,
    quantity     integer       NOT NULL,
    paid         boolean       NOT NULL,
    reference    uuid          NOT NULL,
    email        text          NOT NULL,
    note         text,
    details      jsonb         NOT NULL,
    created_at   timestamptz   NOT NULL,
    updated_at   timestamptz   NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_created ON orders (created_at);

CREATE FUNCTION new_order(number bigint) RETURNS orders LANGUAGE sql STABLE AS $$
    SELECT number, 1 + number % 1000, 'new', 10 + number % 500, 1 + (number % 9)::integer, number % 2 = 0,
           md5(number::text)::uuid, 'customer' || number % 1000 || '@example.com',
           'Leave the parcel with the neighbours at number ' || number % 100,
           jsonb_build_object('city', 'Uppsala', 'street', 'Storgatan ' || number % 100, 'carrier', 'express',
                              'weight', 1.25, 'gift', false, 'tags', ARRAY['web', 'spring'],
                              'tracking', md5(number::text)),
           timestamptz '2026-01-01' + number * interval '1 second', timestamptz '2026-01-01' + number * interval '1 second'
$$;

INSERT INTO customers SELECT number, 'customer ' || number FROM generate_series(1, 1000) AS number;
INSERT INTO orders
SELECT created.* FROM generate_series(1, current_setting('bench.rows')::bigint) AS number, new_order(number) AS created;

-- +goose Up
CREATE TYPE order_status AS ENUM ('new', 'paid', 'sent', 'cancelled');

CREATE TABLE orders (
    id         bigint         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer   text           NOT NULL,
    status     order_status   NOT NULL DEFAULT 'new',
    address    jsonb          NOT NULL DEFAULT '{}',
    created_at timestamptz    NOT NULL DEFAULT now()
);

CREATE TABLE order_items (
    order_id bigint         NOT NULL REFERENCES orders ON DELETE CASCADE,
    sku      text           NOT NULL,
    quantity integer        NOT NULL CHECK (quantity > 0),
    price    numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, sku)
);

-- +goose Down
DROP TABLE order_items;
DROP TABLE orders;
DROP TYPE order_status;

-- name: CreateOrder :one
INSERT INTO orders (customer, address) VALUES ($1, $2)
RETURNING *;

-- name: AddItems :copyfrom
INSERT INTO order_items (order_id, sku, quantity, price) VALUES ($1, $2, $3, $4);

-- name: Order :one
SELECT * FROM orders WHERE id = $1;

-- name: ItemsOf :many
SELECT * FROM order_items WHERE order_id = $1 ORDER BY sku;

-- name: SetStatus :one
UPDATE orders SET status = $2 WHERE id = $1
RETURNING *;

-- name: DeleteOrder :execrows
DELETE FROM orders WHERE id = $1;

-- name: OrdersAt :many
SELECT * FROM orders_at($1);

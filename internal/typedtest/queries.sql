-- name: Thing :one
SELECT * FROM things WHERE id = $1;

-- name: Pair :one
SELECT * FROM pairs WHERE a = $1 AND b = $2;

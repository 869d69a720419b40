-- name: CreateAuthor :one
INSERT INTO authors (name) VALUES ($1) RETURNING *;

-- name: ListAuthors :many
SELECT * FROM authors ORDER BY id;

-- name: RenameAuthor :execrows
UPDATE authors SET name = $2 WHERE id = $1;

-- name: RenameAuthors :many
UPDATE authors SET name = upper(name) RETURNING id, name;

-- name: DeleteAuthor :exec
DELETE FROM authors WHERE id = $1;

-- name: DeleteAllBooks :execresult
DELETE FROM books;

-- name: CreateBook :one
INSERT INTO books (id, author, title, price) VALUES ($1, $2, $3, $4) RETURNING *;

-- What only pgx can.

-- name: ImportAuthors :copyfrom
INSERT INTO authors (name) VALUES ($1);

-- name: RetitleBooks :batchexec
UPDATE books SET title = $2 WHERE id = $1;

-- name: CreateAuthors :batchone
INSERT INTO authors (name) VALUES ($1) RETURNING *;

-- name: BooksOf :batchmany
SELECT * FROM books WHERE author = $1 ORDER BY id;

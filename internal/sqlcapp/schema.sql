-- The schema of a small application. sqlc reads it, the tests create it.
CREATE TABLE authors (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE books (
    id     uuid PRIMARY KEY,
    author bigint NOT NULL REFERENCES authors DEFERRABLE INITIALLY DEFERRED,
    title  text NOT NULL,
    price  numeric(10, 2)
);

-- Named marks in the stream of changes.

-- name: MakeMark :exec
SELECT exaudit.mark(@name::text, nullif(@note::text, ''));

-- name: RemoveMark :one
SELECT exaudit.remove_mark(@name::text)::boolean AS removed;

-- name: Marks :many
SELECT m.name, m.created_at, m.created_by, coalesce(m.note, '')::text AS note, m.snapshot::text AS snapshot, m.last_id
FROM exaudit.marks m
ORDER BY m.created_at, m.name;

-- name: MarkByName :one
SELECT m.name, m.created_at, m.created_by, coalesce(m.note, '')::text AS note, m.snapshot::text AS snapshot, m.last_id
FROM exaudit.marks m
WHERE m.name OPERATOR(pg_catalog.=) @name::text;

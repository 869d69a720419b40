-- name: MakeMark :one
SELECT m.name, m.snapshot::pg_catalog.text AS snapshot, m.last_id, m.restored_id, m.created_at, m.created_by, m.note
FROM exaudit.mark(@name::pg_catalog.text, sqlc.narg('note')::pg_catalog.text) AS m;

-- name: FindMark :one
SELECT m.name, m.snapshot::pg_catalog.text AS snapshot, m.last_id, m.restored_id, m.created_at, m.created_by, m.note
FROM exaudit.find_mark(@name::pg_catalog.text) AS m;

-- name: Marks :many
-- Oldest first.
SELECT m.name, m.snapshot::pg_catalog.text AS snapshot, m.last_id, m.restored_id, m.created_at, m.created_by, m.note
FROM exaudit.marks m
ORDER BY m.created_at, m.name;

-- name: RemoveMark :exec
SELECT exaudit.remove_mark(@name::pg_catalog.text);

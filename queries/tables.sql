-- The registry of tracked tables. Installing reads it before it pins the search_path, and
-- a superuser may do so under any path: integers are compared by pg_catalog's operator, in
-- whose place somebody could have put another.

-- name: LockTables :exec
-- One install at a time. Migrations that event triggers follow write the registry meanwhile.
LOCK TABLE exaudit.tables IN SHARE UPDATE EXCLUSIVE MODE;

-- name: RefreshTableNames :exec
SELECT exaudit_internal.refresh_names();

-- name: RegisterTable :one
INSERT INTO exaudit.tables (schema_name, table_name, key_columns, tracked)
SELECT n.nspname, c.relname, '{}', false
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.=) @relation::pg_catalog.oid
RETURNING id;

-- name: UpdateTable :exec
-- The triggers are there, and keep writers waiting until the end of the transaction.
UPDATE exaudit.tables
SET key_columns = @key_columns, tracked = true,
    complete_since = CASE WHEN tracked AND complete_since OPERATOR(pg_catalog.<) 'infinity' THEN complete_since ELSE pg_catalog.clock_timestamp() END,
    complete_after = CASE WHEN tracked AND complete_since OPERATOR(pg_catalog.<) 'infinity' THEN complete_after ELSE exaudit_internal.last_version_id() END
WHERE id OPERATOR(pg_catalog.=) @id
  AND (key_columns OPERATOR(pg_catalog.<>) @key_columns OR NOT tracked OR complete_since OPERATOR(pg_catalog.=) 'infinity');

-- name: NoteUnwatched :exec
-- Before the triggers are mended.
SELECT exaudit_internal.note_unwatched(@id::integer, @relation::pg_catalog.oid);

-- name: UntrackGoneTables :exec
-- Tables that were dropped need no looking after any more.
SELECT exaudit_internal.untrack_dropped_tables(NULL::integer);

-- name: UntrackTable :exec
SELECT exaudit_internal.end_tracking(@id::integer);

-- name: RecordEnd :one
-- Why the last rows of a table cannot be recorded; '' where they are.
SELECT coalesce(exaudit_internal.record_end(@id::integer, @relation::pg_catalog.oid), '')::pg_catalog.text AS reason;

-- name: AttachedTables :many
-- Tables that have become partitions of a tracked one, which records their rows as its own.
SELECT t.id, pg_catalog.format('%I.%I', t.schema_name, t.table_name)::pg_catalog.text AS quoted_name,
       pg_catalog.format('%I.%I', root.schema_name, root.table_name)::pg_catalog.text AS root
FROM exaudit.tables t
JOIN exaudit_internal.relations r ON r.table_id OPERATOR(pg_catalog.=) t.id
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.relation AND c.relispartition
CROSS JOIN LATERAL exaudit_internal.tables_of(pg_catalog.pg_partition_root(r.relation)::pg_catalog.oid) AS rr (id)
JOIN exaudit.tables root ON root.id OPERATOR(pg_catalog.=) rr.id
WHERE t.tracked AND root.tracked AND root.id OPERATOR(pg_catalog.<>) t.id;

-- name: RegisteredTables :many
SELECT coalesce(r.relation, 0)::pg_catalog.oid AS relation, t.id, t.schema_name, t.table_name, pg_catalog.format('%I.%I', t.schema_name, t.table_name)::pg_catalog.text AS quoted_name,
       t.key_columns, t.tracked, t.options
FROM exaudit.tables t
LEFT JOIN exaudit_internal.relations r ON r.table_id OPERATOR(pg_catalog.=) t.id
ORDER BY t.schema_name, t.table_name;

-- name: RegisteredTable :one
-- The registered table that a relation is.
SELECT @relation::pg_catalog.oid AS relation, t.id, t.schema_name, t.table_name, pg_catalog.format('%I.%I', t.schema_name, t.table_name)::pg_catalog.text AS quoted_name,
       t.key_columns, t.tracked, t.options
FROM exaudit_internal.tables_of(@relation::pg_catalog.oid) AS r (id)
JOIN exaudit.tables t ON t.id OPERATOR(pg_catalog.=) r.id
ORDER BY t.tracked DESC
LIMIT 1;

-- name: RegisteredTableByName :many
-- The registered tables that are gone, by the last known name: the newest first.
SELECT 0::pg_catalog.oid AS relation, t.id, t.schema_name, t.table_name, pg_catalog.format('%I.%I', t.schema_name, t.table_name)::pg_catalog.text AS quoted_name,
       t.key_columns, t.tracked, t.options
FROM exaudit.tables t
WHERE (pg_catalog.format('%I.%I', t.schema_name, t.table_name) OPERATOR(pg_catalog.=) @name::pg_catalog.text
       OR (@name::pg_catalog.text OPERATOR(pg_catalog.=) t.table_name
           OR @name::pg_catalog.text OPERATOR(pg_catalog.=) pg_catalog.quote_ident(t.table_name))
          AND t.schema_name OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false)::pg_catalog.text[]))
  AND NOT EXISTS (SELECT FROM exaudit_internal.relations r WHERE r.table_id OPERATOR(pg_catalog.=) t.id)
ORDER BY t.id DESC;

-- name: SetOptions :exec
SELECT exaudit_internal.set_options(@id::integer, @relation::pg_catalog.oid, @options::pg_catalog.jsonb);

-- name: BindCondition :one
-- Why the condition is refused; '' where it is not.
SELECT b.changed::boolean AS changed, coalesce(b.reason, '')::pg_catalog.text AS reason
FROM exaudit_internal.bind_condition(@id::integer, @relation::pg_catalog.oid, @given::boolean) AS b;

-- name: ConditionRefusal :one
-- Why a condition would be refused; '' where it would not, nor where the table has it already.
SELECT CASE WHEN EXISTS (SELECT FROM exaudit_internal.tables_of(@relation::pg_catalog.oid) AS r (id)
                         JOIN exaudit.tables t ON t.id OPERATOR(pg_catalog.=) r.id
                         WHERE (t.option_columns OPERATOR(pg_catalog.#>>) '{condition,text}') OPERATOR(pg_catalog.=) @condition::pg_catalog.text) THEN ''
            ELSE coalesce((exaudit_internal.compile_condition(@relation::pg_catalog.oid, @condition::pg_catalog.text, NULL)).reason, '')
       END::pg_catalog.text AS reason;

-- name: DropCondition :exec
SELECT exaudit_internal.drop_condition(@id::integer);

-- name: Condition :one
-- The condition of a table: whether it can be asked, what its function is handed of OLD and NEW, what is
-- wrong with it or its function, and that function.
SELECT (arguments.of_old IS NOT NULL)::boolean AS asked,
       coalesce(arguments.of_old, '')::pg_catalog.text AS of_old,
       coalesce(exaudit_internal.condition_arguments(c.id, c.relation, 'NEW'), '')::pg_catalog.text AS of_new,
       coalesce(exaudit_internal.condition_problem(c.id, c.relation), '')::pg_catalog.text AS problem,
       coalesce(exaudit_internal.condition_flaw(c.id), '')::pg_catalog.text AS flaw,
       coalesce((SELECT t.option_columns OPERATOR(pg_catalog.#>>) '{condition,function}'
                 FROM exaudit.tables t WHERE t.id OPERATOR(pg_catalog.=) c.id), '')::pg_catalog.text AS function
FROM (SELECT @id::integer AS id, @relation::pg_catalog.oid AS relation) AS c
CROSS JOIN LATERAL (SELECT exaudit_internal.condition_arguments(c.id, c.relation, 'OLD') AS of_old) AS arguments;

-- name: Options :many
-- The options of tables, whose relations are given in the order of their ids, and the present names of the columns that
-- they list.
SELECT t.id,
       t.options,
       exaudit_internal.option_columns(t.id, r.relation, 'exclude')::pg_catalog.text[] AS excluded,
       exaudit_internal.option_columns(t.id, r.relation, 'mask')::pg_catalog.text[] AS masked
FROM ROWS FROM (pg_catalog.unnest(@ids::integer[]), pg_catalog.unnest(@relations::pg_catalog.oid[])) AS r (id, relation)
JOIN exaudit.tables t ON t.id OPERATOR(pg_catalog.=) r.id;

-- name: NoteColumns :exec
SELECT exaudit_internal.note_columns(@table_id::integer, @relation::pg_catalog.oid, exaudit_internal.present_columns(@relation::pg_catalog.oid));

-- name: PinSettings :one
-- Generated SQL, and what PostgreSQL makes of its catalog, must not depend on the session while it is installed or
-- compared. Nor must how long it takes, the statistics of the catalog: they are those of before, where many tables were
-- just created, and what asks of one table after the other is planned once. Returns the settings to go back to.
WITH had AS MATERIALIZED (
    SELECT pg_catalog.jsonb_object_agg(s.name, pg_catalog.current_setting(s.name)) AS settings
    FROM pg_catalog.unnest('{search_path, quote_all_identifiers, transform_null_equals, standard_conforming_strings, array_nulls,
                             datestyle, intervalstyle, timezone, bytea_output, extra_float_digits, plan_cache_mode, jit}'::pg_catalog.text[]) AS s (name)
)
SELECT had.settings::pg_catalog.text AS settings,
       pg_catalog.concat_ws(' ', pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
                            pg_catalog.set_config('quote_all_identifiers', 'off', true),
                            pg_catalog.set_config('transform_null_equals', 'off', true),
                            pg_catalog.set_config('standard_conforming_strings', 'on', true),
                            pg_catalog.set_config('array_nulls', 'on', true),
                            pg_catalog.set_config('datestyle', 'ISO, YMD', true),
                            pg_catalog.set_config('intervalstyle', 'postgres', true),
                            pg_catalog.set_config('timezone', 'UTC', true),
                            pg_catalog.set_config('bytea_output', 'hex', true),
                            pg_catalog.set_config('extra_float_digits', '1', true),
                            pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true),
                            pg_catalog.set_config('jit', 'off', true))::pg_catalog.text AS pinned
FROM had;

-- name: SetLockTimeout :one
-- For the transaction. Gives the one to go back to.
SELECT pg_catalog.current_setting('lock_timeout')::pg_catalog.text AS previous,
       pg_catalog.set_config('lock_timeout', @lock_timeout::pg_catalog.text, true)::pg_catalog.text AS lock_timeout;

-- name: RestoreSettings :exec
SELECT pg_catalog.set_config(s.name, s.value, true)
FROM pg_catalog.jsonb_each_text((@settings::pg_catalog.text)::pg_catalog.jsonb) AS s (name, value);

-- name: IsSuperuser :one
SELECT rolsuper::boolean FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user;

-- name: ColumnSnapshots :many
SELECT s.since, s.relation, s.columns
FROM exaudit_internal.column_snapshots s
WHERE s.table_id OPERATOR(pg_catalog.=) @table_id::integer
ORDER BY s.since;

-- name: RenamedLabels :many
SELECT e.since::bigint AS since, e.labels::pg_catalog.jsonb AS labels
FROM exaudit_internal.column_epochs(@table_id::integer, @relation::pg_catalog.oid) AS e;

-- name: KeyPeriods :many
SELECT p.after_id::bigint AS after_id, coalesce(p.until_id, 0)::bigint AS until_id, p.columns::pg_catalog.text[] AS columns
FROM exaudit_internal.key_periods(@table_id::integer, CASE WHEN @relation::pg_catalog.oid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid THEN @relation::pg_catalog.oid END) AS p;

-- name: LockVersions :exec
-- As strong as ALTER TABLE needs it next.
LOCK TABLE exaudit.versions IN ACCESS EXCLUSIVE MODE;

-- name: RecordedAtDefault :one
-- The default that cuts the time of versions, and whether any has been recorded with it. Under some
-- search_path PostgreSQL writes pg_catalog's names with their schema.
SELECT pg_catalog.replace(pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'pg_catalog.', '')::pg_catalog.text AS expression,
       EXISTS (SELECT FROM exaudit.versions)::boolean AS versions_exist
FROM pg_catalog.pg_attrdef d
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) d.adrelid AND a.attnum OPERATOR(pg_catalog.=) d.adnum
WHERE a.attrelid OPERATOR(pg_catalog.=) 'exaudit.versions'::pg_catalog.regclass AND a.attname OPERATOR(pg_catalog.=) 'recorded_at';

-- name: CurrentSchemas :one
SELECT pg_catalog.current_schemas(false)::pg_catalog.text[] AS schemas;

-- name: IsType :one
-- Whether a name is one of a type, as options have it.
SELECT (exaudit_internal.type_named(@name::pg_catalog.text) IS NOT NULL)::boolean AS known;

-- name: HistoryBegin :one
-- From when on everything is recorded of a table and still there, and the tables that had its name before it and have
-- versions that may be read. untracked_from has when it was uninstalled, and untracked_to when it was installed again.
SELECT coalesce((SELECT pg_catalog.min(p.since) FROM exaudit_internal.periods p
                 WHERE p.table_id OPERATOR(pg_catalog.=) t.id AND p.since OPERATOR(pg_catalog.<=) p.until), t.complete_since)::pg_catalog.timestamptz AS complete_since,
       ARRAY(SELECT p.until FROM exaudit_internal.periods p
             WHERE p.table_id OPERATOR(pg_catalog.=) t.id AND p.last_id IS NOT NULL ORDER BY p.until)::pg_catalog.timestamptz[] AS untracked_from,
       ARRAY(SELECT s.since
             FROM (SELECT p.until AS place, LEAST(p.since, p.until) AS since FROM exaudit_internal.periods p
                   WHERE p.table_id OPERATOR(pg_catalog.=) t.id AND p.last_id IS NOT NULL
                   UNION ALL SELECT 'infinity', t.complete_since WHERE t.tracked) AS s
             ORDER BY s.place OFFSET 1)::pg_catalog.timestamptz[] AS untracked_to,
       (t.forgotten_at IS NOT NULL)::boolean AS forgotten,
       ARRAY(SELECT p.id FROM exaudit.tables p
             WHERE p.schema_name OPERATOR(pg_catalog.=) t.schema_name AND p.table_name OPERATOR(pg_catalog.=) t.table_name
               AND p.id OPERATOR(pg_catalog.<) t.id
               AND EXISTS (SELECT FROM exaudit.versions v WHERE v.table_id OPERATOR(pg_catalog.=) p.id)
             ORDER BY p.id)::integer[] AS predecessors
FROM exaudit.tables t
WHERE t.id OPERATOR(pg_catalog.=) @table_id::integer;

-- name: SettledTables :many
-- Those of some tables whose columns are noted as they are, and whose history is complete from some point on.
SELECT t.id
FROM ROWS FROM (pg_catalog.unnest(@ids::integer[]), pg_catalog.unnest(@relations::pg_catalog.oid[])) AS r (id, relation)
JOIN exaudit.tables t ON t.id OPERATOR(pg_catalog.=) r.id
WHERE t.tracked AND t.complete_since OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz
  AND exaudit_internal.unnoted_columns(r.id, r.relation) IS NULL;

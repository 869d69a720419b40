-- Reading the catalog: what a table is, what is installed on it.

-- name: ResolveRelation :one
-- The relation that a name means for the present search_path, quoted as in SQL; 0 where
-- there is none. to_regclass raises for a schema on which the role has no USAGE, though the catalog shows it.
WITH hidden AS (
  SELECT n.oid, p.part[pg_catalog.array_length(p.part, 1)] AS table_name
  FROM (SELECT pg_catalog.parse_ident(@name::pg_catalog.text) AS part) AS p, pg_catalog.pg_namespace n
  WHERE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) p.part[pg_catalog.array_length(p.part, 1) OPERATOR(pg_catalog.-) 1]
    AND (pg_catalog.array_length(p.part, 1) OPERATOR(pg_catalog.=) 2
         OR pg_catalog.array_length(p.part, 1) OPERATOR(pg_catalog.=) 3 AND p.part[1] OPERATOR(pg_catalog.=) pg_catalog.current_database()::pg_catalog.text)
    AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE'))
SELECT coalesce(CASE WHEN EXISTS (SELECT FROM hidden) THEN
                         (SELECT c.oid FROM pg_catalog.pg_class c, hidden h
                          WHERE c.relnamespace OPERATOR(pg_catalog.=) h.oid AND c.relname::pg_catalog.text OPERATOR(pg_catalog.=) h.table_name)
                     ELSE pg_catalog.to_regclass(@name::pg_catalog.text)::pg_catalog.oid END, 0)::pg_catalog.oid AS relation;

-- name: DescribeRelations :many
SELECT c.oid::pg_catalog.oid AS relation,
       n.nspname::pg_catalog.text AS schema_name,
       c.relname::pg_catalog.text AS table_name,
       pg_catalog.quote_ident(n.nspname)::pg_catalog.text AS quoted_schema,
       pg_catalog.format('%I.%I', n.nspname, c.relname)::pg_catalog.text AS quoted_name,
       c.relkind::pg_catalog.text AS kind,
       c.relpersistence::pg_catalog.text AS persistence,
       c.relispartition::boolean AS is_partition,
       (n.nspname OPERATOR(pg_catalog.=) ANY (ARRAY['pg_catalog', 'information_schema', 'pg_toast', 'exaudit', 'exaudit_internal']::pg_catalog.name[]))::boolean AS is_system,
       EXISTS (SELECT FROM pg_catalog.pg_index k
               WHERE k.indrelid OPERATOR(pg_catalog.=) c.oid AND k.indisprimary)::boolean AS has_primary_key
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.=) ANY (@relations::pg_catalog.oid[]);

-- name: TablesOfSchemas :many
-- The tables of schemas that could be tracked: partitions belong to their parents. Those of migration tools are none.
SELECT c.oid AS relation,
       pg_catalog.format('%I.%I', n.nspname, c.relname)::pg_catalog.text AS quoted_name,
       n.nspname::pg_catalog.text AS schema_name,
       c.relname::pg_catalog.text AS table_name,
       EXISTS (SELECT FROM pg_catalog.pg_index k
               WHERE k.indrelid OPERATOR(pg_catalog.=) c.oid AND k.indisprimary)::boolean AS has_primary_key,
       EXISTS (SELECT FROM pg_catalog.pg_depend d
               WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) c.oid
                 AND d.deptype OPERATOR(pg_catalog.=) 'e')::boolean AS of_extension
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) ANY (@schemas::pg_catalog.text[])
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog."char"[])
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'
  AND NOT c.relispartition
  AND c.relname OPERATOR(pg_catalog.<>) ALL (@bookkeeping::pg_catalog.text[])
ORDER BY n.nspname, c.relname;

-- name: UserSchemas :many
-- The schemas in which there may be tables to track.
SELECT n.nspname::pg_catalog.text AS name
FROM pg_catalog.pg_namespace n
WHERE n.nspname OPERATOR(pg_catalog.<>) ALL ('{exaudit,exaudit_internal,exaudit_follow,information_schema}'::pg_catalog.name[])
  AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
ORDER BY n.nspname;

-- name: TableColumns :many
WITH types AS MATERIALIZED ( -- what depends on types alone is asked once for each
    SELECT d.type, d.collation, exaudit_internal.changed_expression(d.type, d.collation) AS changed_expression,
           exaudit_internal.is_same_if_equal(d.type, d.collation) AS is_same_if_equal,
           exaudit_internal.is_pathless(d.type) AS pathless,
           -- as jsonb, a date or timestamp looks the same under every datestyle
           CASE WHEN d.type OPERATOR(pg_catalog.=) ANY ('{pg_catalog.date,pg_catalog.timestamp}'::pg_catalog.regtype[]) THEN '{}'
                WHEN d.type OPERATOR(pg_catalog.=) 'pg_catalog.timestamptz'::pg_catalog.regtype THEN '{timezone}'
                ELSE exaudit_internal.settings(d.type) END::pg_catalog.text[] AS settings
    FROM (SELECT DISTINCT a.atttypid AS type, a.attcollation AS collation
          FROM pg_catalog.pg_attribute a
          WHERE a.attrelid OPERATOR(pg_catalog.=) ANY (@relations::pg_catalog.oid[]) AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped) AS d
)
SELECT c.relation, c.name, exaudit_internal.quoted_name(c.name)::pg_catalog.text AS quoted_name, c.number, c.type_name, c.encoding,
       t.settings::pg_catalog.text[] AS settings, c.value_expression, c.key_position, c.generated, c.numbered,
       t.changed_expression::pg_catalog.text AS changed_expression,
       -- with a scale for all values, 1.0 and 1.00 are equal and the same
       ((t.is_same_if_equal OR c.type OPERATOR(pg_catalog.=) 'pg_catalog.numeric'::pg_catalog.regtype AND c.type_modifier OPERATOR(pg_catalog.>=) 0)
        AND c.not_null AND c.number OPERATOR(pg_catalog.<>) ALL (r.unchecked))::pg_catalog.bool AS plainly_compared,
       t.pathless::pg_catalog.bool AS pathless,
       coalesce(pg_catalog.format(w.size OPERATOR(pg_catalog.||) ' OPERATOR(pg_catalog.>) %s', 'OLD', exaudit_internal.quoted_name(c.name), w.bound), '')::pg_catalog.text AS old_oversized,
       coalesce(pg_catalog.format(w.size OPERATOR(pg_catalog.||) ' OPERATOR(pg_catalog.>) %s', 'NEW', exaudit_internal.quoted_name(c.name), w.bound), '')::pg_catalog.text AS new_oversized
FROM (SELECT DISTINCT u.relation, exaudit_internal.unchecked_columns(u.relation) AS unchecked FROM pg_catalog.unnest(@relations::pg_catalog.oid[]) AS u (relation)) AS r
JOIN exaudit_internal.table_columns c ON c.relation OPERATOR(pg_catalog.=) r.relation
JOIN types t ON t.type OPERATOR(pg_catalog.=) c.type AND t.collation OPERATOR(pg_catalog.=) c.collation
LEFT JOIN ((SELECT DISTINCT u.relation FROM pg_catalog.unnest(@relations::pg_catalog.oid[]) AS u (relation)) AS wr
           CROSS JOIN LATERAL exaudit_internal.wide_columns(wr.relation) AS w)
       ON wr.relation OPERATOR(pg_catalog.=) c.relation AND w.number OPERATOR(pg_catalog.=) c.number
ORDER BY c.relation, c.number;

-- name: PresentColumns :one
SELECT coalesce(exaudit_internal.present_columns(@relation::pg_catalog.oid), '[]')::pg_catalog.jsonb AS columns;

-- name: TableExpressions :many
-- The SQL expressions from which the trigger functions of tables are made. Each is made once, for an alias that is
-- longer than any name, and then named OLD and NEW. Without a primary key, there are none.
WITH made AS MATERIALIZED (
    SELECT r.relation, r.alias,
           exaudit_internal.shape_digest(exaudit_internal.shape(r.relation))  AS shape,
           exaudit_internal.image_expression(r.relation, r.alias)              AS image,
           exaudit_internal.oversized_expression(r.relation, r.alias)          AS oversized,
           exaudit_internal.image_expression(r.relation, r.alias, NULL, false) AS plain_image,
           exaudit_internal.entity_id_expression(r.relation, r.alias)          AS entity_id
    FROM (SELECT u.relation, pg_catalog.repeat('x', 64) AS alias FROM pg_catalog.unnest(@relations::pg_catalog.oid[]) AS u (relation)) r
)
SELECT m.relation::pg_catalog.oid AS relation,
       coalesce(m.shape, '')::pg_catalog.text AS shape,
       coalesce(pg_catalog.replace(m.image, m.alias, 'OLD'), '')::pg_catalog.text AS old_image,
       coalesce(pg_catalog.replace(m.image, m.alias, 'NEW'), '')::pg_catalog.text AS new_image,
       coalesce(pg_catalog.replace(m.oversized, m.alias, 'OLD'), '')::pg_catalog.text AS old_oversized,
       coalesce(pg_catalog.replace(m.oversized, m.alias, 'NEW'), '')::pg_catalog.text AS new_oversized,
       coalesce(pg_catalog.replace(m.plain_image, m.alias, 'OLD'), '')::pg_catalog.text AS old_plain_image,
       coalesce(pg_catalog.replace(m.plain_image, m.alias, 'NEW'), '')::pg_catalog.text AS new_plain_image,
       coalesce(pg_catalog.replace(m.entity_id, m.alias, 'OLD'), '')::pg_catalog.text AS old_entity_id,
       coalesce(pg_catalog.replace(m.entity_id, m.alias, 'NEW'), '')::pg_catalog.text AS new_entity_id
FROM made m;

-- name: StatementLevelObstacles :many
SELECT o.reason::pg_catalog.text AS reason
FROM exaudit_internal.statement_level_obstacles(@relation::pg_catalog.oid) AS o (reason);

-- name: HasDeferrableKey :one
SELECT EXISTS (SELECT FROM pg_catalog.pg_index i
               WHERE i.indrelid OPERATOR(pg_catalog.=) @relation::pg_catalog.oid AND i.indisprimary AND NOT i.indimmediate)::boolean AS deferrable;

-- name: CustomColumns :many
-- Of exaudit.versions or a copy of it, by its name with the schema.
SELECT c.name::pg_catalog.text AS name, exaudit_internal.quoted_name(c.name)::pg_catalog.text AS quoted_name, c.definition::pg_catalog.text AS definition,
       coalesce(c.default_expression, '')::pg_catalog.text AS default_expression, c.filled::boolean AS filled
FROM exaudit_internal.custom_column_list(pg_catalog.to_regclass(@versions::pg_catalog.text)) c;

-- name: CustomColumnFlaws :many
SELECT f.object::pg_catalog.text AS object, f.problem::pg_catalog.text AS problem, f.cure::pg_catalog.text AS cure FROM exaudit_internal.custom_column_flaws(pg_catalog.to_regclass(@versions::pg_catalog.text)) f;

-- name: CopyVersions :one
SELECT exaudit_internal.empty_copy('exaudit.versions'::pg_catalog.regclass)::pg_catalog.text AS name;

-- name: CopyReferenced :one
-- A copy of the table of this name, if there is one. The name is as in SQL.
SELECT c.copy::pg_catalog.text AS copy, c.name::pg_catalog.text AS name
FROM exaudit_internal.create_copy_of_referenced(pg_catalog.to_regclass(@name::pg_catalog.text)) AS c
WHERE c.copy IS NOT NULL;

-- name: TryCustomData :exec
-- Raises what a change would, were this its setting of exaudit.custom.
SELECT pg_catalog.set_config('exaudit.custom', @setting::pg_catalog.text, true) AS setting, (exaudit_internal.session_data()).custom AS custom;

-- name: CustomColumnTypes :many
-- The types as TypeName gives them under the same search_path.
SELECT c.name::pg_catalog.text AS name, c.type_name::pg_catalog.text AS type_name FROM exaudit_internal.custom_columns c;

-- name: TypeName :one
SELECT pg_catalog.format_type(@type::pg_catalog.oid, @modifier::integer)::pg_catalog.text AS type_name;

-- name: Partitions :many
-- Tables and everything below them, as quoted names. TRUNCATE triggers are not
-- cloned to partitions. May exaudit_writer read every row, which recording TRUNCATE takes?
-- And the columns that decide in which of its own partitions a row is: no DDL can drop or
-- retype them. creator is who creates partitions below it, which takes the right to execute
-- the functions of its triggers: '' where that needs no grant.
SELECT root.relation::pg_catalog.oid AS root,
       c.oid::pg_catalog.oid AS relation,
       pg_catalog.quote_ident(n.nspname)::pg_catalog.text AS quoted_schema,
       EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a
               WHERE a.grantee OPERATOR(pg_catalog.=) 'exaudit_writer'::pg_catalog.regrole AND a.privilege_type OPERATOR(pg_catalog.=) 'USAGE')::boolean AS schema_granted,
       pg_catalog.format('%I.%I', n.nspname, c.relname)::pg_catalog.text AS name,
       exaudit_internal.has_truncate_policy(c.oid)::boolean AS has_policy,
       exaudit_internal.reads_every_row(c.oid)::boolean AS writer_may_read,
       coalesce(exaudit_internal.planned_code(c.oid), '')::pg_catalog.text AS planned_code,
       exaudit_internal.restrictive_policies(c.oid)::pg_catalog.text[] AS restrictive,
       t.level::integer AS level,
       ARRAY(SELECT pg_catalog.quote_ident(a.attname)
             FROM pg_catalog.pg_attribute a
             WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
               -- without expressions, which a primary key rules out
               AND a.attnum OPERATOR(pg_catalog.=) ANY (pt.partattrs::smallint[])
             ORDER BY a.attnum)::pg_catalog.text[] AS partition_columns,
       CASE WHEN pt.partrelid IS NULL OR pg_catalog.pg_has_role(owner.oid, 'exaudit_writer', 'USAGE') THEN '' ELSE pg_catalog.quote_ident(owner.rolname) END::pg_catalog.text AS creator,
       pg_catalog.quote_ident(owner.rolname)::pg_catalog.text AS owner
FROM pg_catalog.unnest(@relations::pg_catalog.oid[]) AS root (relation)
CROSS JOIN LATERAL exaudit_internal.partition_tree(root.relation) t
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.relation
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_roles owner ON owner.oid OPERATOR(pg_catalog.=) c.relowner
LEFT JOIN pg_catalog.pg_partitioned_table pt ON pt.partrelid OPERATOR(pg_catalog.=) c.oid
ORDER BY c.oid OPERATOR(pg_catalog.<>) root.relation, name;

-- name: InstalledFunctions :many
-- The generated functions of tables, as the catalog has them.
WITH generated AS MATERIALIZED ( -- each name is made once
    SELECT t.id AS table_id, pg_catalog.format('t%s_%s', t.id, event.name)::pg_catalog.name AS name
    FROM pg_catalog.unnest(@table_ids::integer[]) AS t (id)
    CROSS JOIN pg_catalog.unnest('{insert,update,delete,truncate,move}'::pg_catalog.text[]) AS event (name))
SELECT generated.table_id::integer AS table_id,
       p.proname::pg_catalog.text AS name,
       p.prosrc::pg_catalog.text AS body,
       coalesce(p.proconfig, '{}')::pg_catalog.text[] AS settings,
       p.prosecdef::boolean AS security_definer,
       (p.provolatile OPERATOR(pg_catalog.=) 'v')::boolean AS volatile,
       pg_catalog.pg_get_userbyid(p.proowner)::pg_catalog.text AS owner,
       (p.proacl IS NULL OR EXISTS (SELECT FROM pg_catalog.aclexplode(p.proacl) a
                                    WHERE a.grantee OPERATOR(pg_catalog.=) 0))::boolean AS public_may_execute,
       ARRAY(SELECT pg_catalog.quote_ident(r.rolname)
             FROM pg_catalog.aclexplode(p.proacl) a
             JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee)::pg_catalog.text[] AS executors
FROM generated
CROSS JOIN LATERAL (SELECT f.* FROM pg_catalog.pg_proc f
                    WHERE f.proname OPERATOR(pg_catalog.=) generated.name
                      AND f.pronamespace OPERATOR(pg_catalog.=) 'exaudit_internal'::pg_catalog.regnamespace OFFSET 0) AS p
WHERE p.prorettype OPERATOR(pg_catalog.=) 'pg_catalog.trigger'::pg_catalog.regtype
ORDER BY p.proname;

-- name: InstalledTriggers :many
-- exaudit's triggers on tables and their partitions, clones left out.
WITH generated AS MATERIALIZED ( -- each name is made once
    SELECT t.id AS table_id, pg_catalog.format('t%s_%s', t.id, event.name)::pg_catalog.name AS name
    FROM pg_catalog.unnest(@table_ids::integer[]) AS t (id)
    CROSS JOIN pg_catalog.unnest('{insert,update,delete,truncate,move}'::pg_catalog.text[]) AS event (name))
SELECT generated.table_id::integer AS table_id,
       tg.tgname::pg_catalog.text AS name,
       pg_catalog.format('%I.%I', n.nspname, c.relname)::pg_catalog.text AS table_name,
       tg.tgrelid::pg_catalog.oid AS relation,
       tg.tgenabled::pg_catalog.text AS enabled,
       p.proname::pg_catalog.text AS function_name,
       tg.tgtype::smallint AS type,
       coalesce(tg.tgoldtable, '')::pg_catalog.text AS old_rows,
       coalesce(tg.tgnewtable, '')::pg_catalog.text AS new_rows,
       coalesce(exaudit_internal.trigger_condition(tg.oid), '')::pg_catalog.text AS condition,
       -- a constraint trigger, or one with columns or arguments
       (tg.tgconstraint OPERATOR(pg_catalog.<>) 0::pg_catalog.oid OR tg.tgdeferrable OR tg.tgnargs OPERATOR(pg_catalog.<>) 0
        OR pg_catalog.array_length(tg.tgattr::smallint[], 1) OPERATOR(pg_catalog.>) 0)::boolean AS special,
       -- clones on partitions that fire at other times than the trigger: when, and where
       CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'p' THEN
       ARRAY(SELECT clone.tgenabled::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.format(' %I.%I', pn.nspname, pc.relname)
             FROM exaudit_internal.partition_tree(tg.tgrelid) tree
             JOIN pg_catalog.pg_class pc ON pc.oid OPERATOR(pg_catalog.=) tree.relation AND pc.oid OPERATOR(pg_catalog.<>) tg.tgrelid
             JOIN pg_catalog.pg_namespace pn ON pn.oid OPERATOR(pg_catalog.=) pc.relnamespace
             JOIN pg_catalog.pg_trigger clone ON clone.tgrelid OPERATOR(pg_catalog.=) pc.oid AND clone.tgname OPERATOR(pg_catalog.=) tg.tgname
             WHERE clone.tgparentid OPERATOR(pg_catalog.<>) 0 AND clone.tgenabled OPERATOR(pg_catalog.<>) tg.tgenabled
             ORDER BY 1) ELSE '{}' END::pg_catalog.text[] AS differs_on
FROM generated
-- by way of indexes, as in exaudit_internal.relations
CROSS JOIN LATERAL (SELECT f.oid, f.proname FROM pg_catalog.pg_proc f
                    WHERE f.proname OPERATOR(pg_catalog.=) generated.name
                      AND f.pronamespace OPERATOR(pg_catalog.=) 'exaudit_internal'::pg_catalog.regnamespace OFFSET 0) AS p
CROSS JOIN LATERAL (SELECT d.objid FROM pg_catalog.pg_depend d
                    WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) p.oid
                      AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_trigger'::pg_catalog.regclass OFFSET 0) AS d
CROSS JOIN LATERAL (SELECT own.* FROM pg_catalog.pg_trigger own
                    WHERE own.oid OPERATOR(pg_catalog.=) d.objid AND own.tgfoid OPERATOR(pg_catalog.=) p.oid
                      AND own.tgparentid OPERATOR(pg_catalog.=) 0 OFFSET 0) AS tg
CROSS JOIN LATERAL (SELECT r.oid, r.relname, r.relkind, r.relnamespace FROM pg_catalog.pg_class r
                    WHERE r.oid OPERATOR(pg_catalog.=) tg.tgrelid OFFSET 0) AS c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
ORDER BY c.oid, tg.tgname;

-- name: DropConstraintTriggers :one
-- Drops the constraint triggers of a table and its partitions that have names of exaudit's.
SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('DROP TRIGGER %I ON %I.%I', tg.tgname, n.nspname, c.relname), '; '), '')::pg_catalog.text AS statements
FROM exaudit_internal.partition_tree(@relation::pg_catalog.oid) tree
JOIN pg_catalog.pg_trigger tg ON tg.tgrelid OPERATOR(pg_catalog.=) tree.relation
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) tree.relation
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE tg.tgconstraint OPERATOR(pg_catalog.<>) 0::pg_catalog.oid AND NOT tg.tgisinternal
  AND tg.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
  AND tg.tgname OPERATOR(pg_catalog.~) '^[!~]exaudit_t[0-9]+_';

-- name: InheritanceChildren :many
-- The tables that inherit from others, and theirs, partitions aside. Their parents' triggers do not
-- fire for their rows.
WITH RECURSIVE children AS (
    SELECT i.inhparent AS parent, i.inhrelid AS relation
    FROM pg_catalog.pg_inherits i
    WHERE i.inhparent OPERATOR(pg_catalog.=) ANY (@relations::pg_catalog.oid[])
    UNION
    SELECT children.parent, i.inhrelid
    FROM children
    JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) children.relation
)
SELECT children.parent::pg_catalog.oid AS parent,
       pg_catalog.format('%I.%I', n.nspname, c.relname)::pg_catalog.text AS name,
       EXISTS (SELECT FROM pg_catalog.pg_trigger tg
               JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) tg.tgfoid
               WHERE tg.tgrelid OPERATOR(pg_catalog.=) c.oid
                 AND p.pronamespace OPERATOR(pg_catalog.=) 'exaudit_internal'::pg_catalog.regnamespace
                 AND p.proname OPERATOR(pg_catalog.~) '^t[0-9]+_insert$')::boolean AS covered,
       EXISTS (SELECT FROM pg_catalog.pg_index k
               WHERE k.indrelid OPERATOR(pg_catalog.=) c.oid AND k.indisprimary)::boolean AS has_primary_key,
       (c.relkind OPERATOR(pg_catalog.=) 'f')::boolean AS is_foreign
FROM children
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) children.relation AND NOT c.relispartition
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
ORDER BY name;

-- name: OwnFunctions :many
-- The functions of exaudit's schemas, as the catalog has them.
SELECT own.nspname::pg_catalog.text AS schema,
       p.proname::pg_catalog.text AS name,
       pg_catalog.format('%I.%I(%s)', own.nspname, p.proname, (
           SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, t.typname), ', ' ORDER BY u.place)
           FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS u (type, place)
           JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) u.type
           JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace))::pg_catalog.text AS signature,
       -- under some search_path, with the schema of types
       pg_catalog.replace(pg_catalog.pg_get_function_identity_arguments(p.oid), 'pg_catalog.', '')::pg_catalog.text AS arguments,
       p.prosrc::pg_catalog.text AS body,
       coalesce(p.proconfig, '{}')::pg_catalog.text[] AS settings,
       p.prosecdef::boolean AS security_definer,
       pg_catalog.concat(CASE WHEN p.provolatile OPERATOR(pg_catalog.=) 'i' THEN 'IMMUTABLE' WHEN p.provolatile OPERATOR(pg_catalog.=) 's' THEN 'STABLE' ELSE 'VOLATILE' END,
                         CASE WHEN p.proparallel OPERATOR(pg_catalog.=) 's' THEN ' PARALLEL SAFE' WHEN p.proparallel OPERATOR(pg_catalog.=) 'r' THEN ' PARALLEL RESTRICTED' END,
                         CASE WHEN p.proisstrict THEN ' STRICT' END, CASE WHEN p.proleakproof THEN ' LEAKPROOF' END)::pg_catalog.text AS attributes,
       pg_catalog.pg_get_userbyid(p.proowner)::pg_catalog.text AS owner,
       -- but for its owner
       ARRAY(SELECT coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC')
             FROM pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
             LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.grantee
             WHERE a.grantee OPERATOR(pg_catalog.<>) p.proowner
             ORDER BY 1)::pg_catalog.text[] AS executors,
       EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
               WHERE a.grantee OPERATOR(pg_catalog.=) p.proowner)::boolean AS owner_may_execute
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace own ON own.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE own.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
ORDER BY p.proname, signature;

-- name: VersionsAhead :one
-- The greatest id beyond the last one that the sequence gave out; 0 where there is none.
SELECT coalesce(pg_catalog.max(v.id), 0)::bigint AS id
FROM exaudit.versions v
WHERE v.id OPERATOR(pg_catalog.>) exaudit_internal.last_version_id();

-- name: Unsummarized :one
-- How many pages a search by time or transaction reads in vain, and from which one on.
SELECT coalesce(u.first_page, 0)::bigint AS first_page, coalesce(u.pages, 0)::bigint AS pages
FROM exaudit_internal.unsummarized_pages() AS u;

-- name: Subscriptions :many
-- The subscriptions that write to tables or their partitions.
SELECT DISTINCT root.relation::pg_catalog.oid AS relation, s.subname::pg_catalog.text AS name
FROM pg_catalog.unnest(@relations::pg_catalog.oid[]) AS root (relation)
CROSS JOIN LATERAL exaudit_internal.partition_tree(root.relation) t
JOIN pg_catalog.pg_subscription_rel sr ON sr.srrelid OPERATOR(pg_catalog.=) t.relation
JOIN pg_catalog.pg_subscription s ON s.oid OPERATOR(pg_catalog.=) sr.srsubid
ORDER BY name;

-- name: ForeignKeys :many
-- Which of some tables reference which, by foreign keys.
SELECT DISTINCT k.referencing, k.referenced
FROM exaudit_internal.foreign_keys k
WHERE k.referencing OPERATOR(pg_catalog.=) ANY (@relations::pg_catalog.oid[]) AND k.referenced OPERATOR(pg_catalog.=) ANY (@relations::pg_catalog.oid[])
ORDER BY k.referencing, k.referenced;

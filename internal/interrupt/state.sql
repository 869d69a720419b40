WITH ours AS (
    SELECT n.oid, n.nspname FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT string_agg(o.line, E'\n' ORDER BY o.line)
FROM (
    SELECT concat_ws(' ', 'schema', n.nspname, n.nspowner::regrole, n.nspacl) AS line FROM pg_namespace n JOIN ours USING (oid)
    UNION ALL
    SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, c.relowner::regrole, c.relacl, c.reloptions, c.relrowsecurity,
                     c.relreplident, c.relpersistence, pg_get_viewdef(CASE WHEN c.relkind = 'v' THEN c.oid END),
                     CASE WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END)
    FROM pg_class c JOIN ours n ON n.oid = c.relnamespace
    UNION ALL
    SELECT concat_ws(' ', 'column', a.attrelid::regclass, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                     a.attidentity, a.attgenerated, a.attisdropped, a.attacl, a.attcompression, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN ours n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0
    UNION ALL
    SELECT concat_ws(' ', 'function', p.oid::regprocedure, p.proowner::regrole, p.proacl, pg_get_functiondef(p.oid))
    FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace WHERE p.prokind <> 'a'
    UNION ALL
    SELECT concat_ws(' ', 'trigger', t.tgrelid::regclass, t.tgenabled, pg_get_triggerdef(t.oid))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN ours n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal
    UNION ALL
    SELECT concat_ws(' ', 'policy', p.polname, p.polrelid::regclass, p.polcmd, p.polpermissive, p.polroles::regrole[],
                     pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p
    UNION ALL
    SELECT concat_ws(' ', 'constraint', k.conname, k.conrelid::regclass, k.convalidated, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN ours n ON n.oid = k.connamespace
    UNION ALL
    SELECT concat_ws(' ', 'type', t.oid::regtype, t.typowner::regrole, t.typacl, (SELECT string_agg(e.enumlabel, ' ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
    FROM pg_type t JOIN ours n ON n.oid = t.typnamespace
    UNION ALL
    SELECT concat_ws(' ', 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
    FROM pg_description d WHERE d.objoid >= 16384
    UNION ALL
    SELECT concat_ws(' ', 'event trigger', e.evtname, e.evtevent, e.evtenabled, e.evttags, e.evtfoid::regprocedure) FROM pg_event_trigger e
    UNION ALL
    SELECT concat_ws(' ', 'default privileges', a.defaclrole::regrole, a.defaclnamespace, a.defaclobjtype, a.defaclacl) FROM pg_default_acl a
) AS o

-- What schema exaudit is made of, to be compared with own.txt, which is what its migrations make. $1 are the columns of
-- exaudit.versions that are exaudit's own.
--
-- Everything but functions, one line for each thing that can be another; names as under an empty search_path. Left out is
-- what users may add: columns of exaudit.versions, constraints and unique indexes of these alone.
WITH relations AS (
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::pg_catalog.text AS kind, c.relowner AS owner, c.relacl AS acl,
           CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'v' THEN 'view' WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'sequence'
                ELSE 'table' END OPERATOR(pg_catalog.||) pg_catalog.format(' %I.%I', n.nspname, c.relname) AS object,
           pg_catalog.format(' of %I.%I', n.nspname, c.relname) AS of_it,
           c.relpersistence AS persistence, c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced,
           c.relreplident AS identity, c.reloptions AS options
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
      AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,f,m,v,S}'::pg_catalog."char"[])
), tables AS (
    SELECT r.*
    FROM relations r
    WHERE r.kind OPERATOR(pg_catalog.=) 'r' AND r.name OPERATOR(pg_catalog.<>) 'goose_db_version'
), columns AS (
    SELECT t.object, t.of_it, a.attrelid, a.attnum, a.attname, a.attnotnull, a.attidentity, a.attgenerated, a.atttypid, a.atttypmod,
           a.attcollation, d.oid AS default_id, coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') AS expression,
           t.name OPERATOR(pg_catalog.=) 'versions'
               AND a.attname OPERATOR(pg_catalog.<>) ALL ($1::pg_catalog.name[]) AS custom
    FROM tables t
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) t.oid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid AND d.adnum OPERATOR(pg_catalog.=) a.attnum
    WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
), granted AS (
    SELECT pg_catalog.format('schema %I', n.nspname) AS object, 'n' AS kind, n.nspowner AS owner, g.grantee, g.privilege_type AS privilege
    FROM pg_catalog.pg_namespace n
    CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) AS g
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
    UNION
    SELECT r.object, r.kind, r.owner, g.grantee, g.privilege_type
    FROM relations r
    CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(r.acl, pg_catalog.acldefault(
        CASE WHEN r.kind OPERATOR(pg_catalog.=) 'S' THEN 's' ELSE 'r' END::pg_catalog."char", r.owner))) AS g
    WHERE r.name OPERATOR(pg_catalog.!~) '^goose_db_version'
    UNION
    SELECT r.object, r.kind, r.owner, g.grantee, g.privilege_type
    FROM relations r
    JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) r.oid
    CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS g
)
SELECT o.object::pg_catalog.text AS object, o.part::pg_catalog.text AS part, o.value::pg_catalog.text AS value
FROM (
    SELECT pg_catalog.format('schema %I', n.nspname) AS object, 'owner' AS part, pg_catalog.pg_get_userbyid(n.nspowner)::pg_catalog.text AS value
    FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
    UNION ALL
    SELECT r.object, 'owner', pg_catalog.pg_get_userbyid(r.owner)
    FROM relations r
    -- a sequence of a column has its table's; on 14, a generated column depends on others of its own table
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) r.oid
                        AND d.objsubid OPERATOR(pg_catalog.=) 0 AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,i}'::pg_catalog."char"[])
                        AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass)
    UNION ALL
    SELECT pg_catalog.format('type %I.%I', n.nspname, t.typname), p.part, p.value
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
    CROSS JOIN LATERAL (
        SELECT 'owner' AS part, pg_catalog.pg_get_userbyid(t.typowner)::pg_catalog.text AS value
        UNION ALL
        SELECT 'labels', (SELECT pg_catalog.string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e
                          WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid)
        WHERE t.typtype OPERATOR(pg_catalog.=) 'e'
    ) AS p
    WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal}'::pg_catalog.name[])
      AND t.typtype OPERATOR(pg_catalog.=) ANY ('{e,d,r}'::pg_catalog."char"[])
    UNION ALL
    -- of other roles than exaudit's, only what lets them write
    SELECT DISTINCT g.object, 'privilege ' OPERATOR(pg_catalog.||) g.privilege OPERATOR(pg_catalog.||) ' of '
                    OPERATOR(pg_catalog.||) coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC'), 'granted'
    FROM granted g
    LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) g.grantee
    WHERE g.privilege OPERATOR(pg_catalog.<>) 'MAINTAIN'
      AND CASE WHEN r.rolname OPERATOR(pg_catalog.=) ANY ('{exaudit_owner,exaudit_writer,exaudit_reader}'::pg_catalog.name[]) THEN true
               WHEN g.grantee OPERATOR(pg_catalog.=) g.owner THEN false
               ELSE g.privilege OPERATOR(pg_catalog.=) ANY ('{INSERT,UPDATE,TRUNCATE,TRIGGER,CREATE}'::pg_catalog.text[]) END
    UNION ALL
    SELECT t.object, p.part, p.value
    FROM tables t
    CROSS JOIN LATERAL (VALUES
        ('persistence', CASE WHEN t.persistence OPERATOR(pg_catalog.=) 'p' THEN 'LOGGED' ELSE 'UNLOGGED' END),
        ('row security', CASE WHEN t.row_security THEN 'ENABLE' ELSE 'DISABLE' END
            OPERATOR(pg_catalog.||) ' ROW LEVEL SECURITY, ' OPERATOR(pg_catalog.||)
            CASE WHEN t.forced THEN 'FORCE' ELSE 'NO FORCE' END OPERATOR(pg_catalog.||) ' ROW LEVEL SECURITY'),
        ('replica identity', coalesce((
            SELECT pg_catalog.format('USING INDEX %I', i.relname) FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid OPERATOR(pg_catalog.=) x.indexrelid
            WHERE x.indrelid OPERATOR(pg_catalog.=) t.oid AND x.indisreplident AND t.identity OPERATOR(pg_catalog.=) 'i'),
            CASE WHEN t.identity OPERATOR(pg_catalog.=) 'f' THEN 'FULL' WHEN t.identity OPERATOR(pg_catalog.=) 'd' THEN 'DEFAULT' ELSE 'NOTHING' END))
        ) AS p (part, value)
    UNION ALL
    SELECT t.object, CASE WHEN i.inhparent OPERATOR(pg_catalog.=) t.oid THEN 'child ' ELSE 'parent ' END
                     OPERATOR(pg_catalog.||) pg_catalog.format('%I.%I', n.nspname, c.relname), ''
    FROM tables t
    JOIN pg_catalog.pg_inherits i ON i.inhparent OPERATOR(pg_catalog.=) t.oid OR i.inhrelid OPERATOR(pg_catalog.=) t.oid
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) CASE WHEN i.inhparent OPERATOR(pg_catalog.=) t.oid THEN i.inhrelid ELSE i.inhparent END
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    UNION ALL
    SELECT 'column ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.attname) OPERATOR(pg_catalog.||) c.of_it, p.part, p.value
    FROM columns c
    CROSS JOIN LATERAL (VALUES
        ('definition', pg_catalog.concat(
            pg_catalog.format_type(c.atttypid, c.atttypmod),
            (SELECT pg_catalog.format(' COLLATE %I', l.collname) FROM pg_catalog.pg_collation l
             WHERE l.oid OPERATOR(pg_catalog.=) c.attcollation AND l.collname OPERATOR(pg_catalog.<>) 'default'),
            CASE WHEN c.attnotnull THEN ' NOT NULL' END,
            CASE WHEN c.attidentity OPERATOR(pg_catalog.<>) '' THEN ' identity ' OPERATOR(pg_catalog.||) c.attidentity::pg_catalog.text END,
            CASE WHEN c.attgenerated OPERATOR(pg_catalog.<>) '' THEN ' generated' END)),
        ('default', c.expression)) AS p (part, value)
    WHERE NOT c.custom
    UNION ALL
    SELECT 'constraint ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(k.conname) OPERATOR(pg_catalog.||) t.of_it, 'definition', pg_catalog.pg_get_constraintdef(k.oid)
    FROM tables t
    JOIN pg_catalog.pg_constraint k ON k.conrelid OPERATOR(pg_catalog.=) t.oid AND k.contype OPERATOR(pg_catalog.<>) ALL ('{n,t}'::pg_catalog."char"[])
    WHERE coalesce(pg_catalog.array_length(k.conkey, 1), 0) OPERATOR(pg_catalog.=) 0
       OR EXISTS (SELECT FROM columns c
                  WHERE c.attrelid OPERATOR(pg_catalog.=) t.oid AND NOT c.custom AND c.attnum OPERATOR(pg_catalog.=) ANY (k.conkey))
    UNION ALL
    SELECT 'index ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(i.relname) OPERATOR(pg_catalog.||) t.of_it, p.part, p.value
    FROM tables t
    JOIN pg_catalog.pg_index x ON x.indrelid OPERATOR(pg_catalog.=) t.oid
    JOIN pg_catalog.pg_class i ON i.oid OPERATOR(pg_catalog.=) x.indexrelid
    CROSS JOIN LATERAL (VALUES
        ('definition', pg_catalog.pg_get_indexdef(x.indexrelid)),
        ('state', CASE WHEN x.indisvalid AND x.indisready AND x.indislive THEN 'valid' ELSE 'invalid' END)) AS p (part, value)
    WHERE NOT x.indisunique
       OR EXISTS (SELECT FROM columns c
                  WHERE c.attrelid OPERATOR(pg_catalog.=) t.oid AND NOT c.custom AND c.attnum OPERATOR(pg_catalog.=) ANY (x.indkey::smallint[]))
       OR 0::smallint OPERATOR(pg_catalog.=) ANY (x.indkey::smallint[])
    UNION ALL
    SELECT 'trigger ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(tg.tgname) OPERATOR(pg_catalog.||) t.of_it, p.part, p.value
    FROM tables t
    JOIN pg_catalog.pg_trigger tg ON tg.tgrelid OPERATOR(pg_catalog.=) t.oid
    CROSS JOIN LATERAL (
        SELECT 'definition' AS part, pg_catalog.pg_get_triggerdef(tg.oid) AS value WHERE NOT tg.tgisinternal
        UNION ALL
        SELECT 'enabled', tg.tgenabled::pg_catalog.text WHERE NOT tg.tgisinternal OR tg.tgenabled OPERATOR(pg_catalog.<>) 'O'
    ) AS p
    UNION ALL
    SELECT 'policy ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(p.polname) OPERATOR(pg_catalog.||) t.of_it, 'definition', pg_catalog.concat(
               CASE WHEN p.polpermissive THEN '' ELSE 'AS RESTRICTIVE ' END,
               CASE WHEN p.polcmd OPERATOR(pg_catalog.=) 'r' THEN 'FOR SELECT' WHEN p.polcmd OPERATOR(pg_catalog.=) 'a' THEN 'FOR INSERT'
                    WHEN p.polcmd OPERATOR(pg_catalog.=) 'w' THEN 'FOR UPDATE' WHEN p.polcmd OPERATOR(pg_catalog.=) 'd' THEN 'FOR DELETE' ELSE 'FOR ALL' END,
               ' TO ', (SELECT pg_catalog.string_agg(coalesce(pg_catalog.quote_ident(g.rolname), 'PUBLIC'), ', ' ORDER BY g.rolname)
                        FROM pg_catalog.unnest(p.polroles) AS u (id)
                        LEFT JOIN pg_catalog.pg_roles g ON g.oid OPERATOR(pg_catalog.=) u.id),
               ' USING (' OPERATOR(pg_catalog.||) pg_catalog.pg_get_expr(p.polqual, p.polrelid) OPERATOR(pg_catalog.||) ')',
               ' WITH CHECK (' OPERATOR(pg_catalog.||) pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) OPERATOR(pg_catalog.||) ')')
    FROM tables t
    JOIN pg_catalog.pg_policy p ON p.polrelid OPERATOR(pg_catalog.=) t.oid
    UNION ALL
    SELECT 'rule ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(w.rulename) OPERATOR(pg_catalog.||) r.of_it, 'definition', pg_catalog.pg_get_ruledef(w.oid)
    FROM relations r
    JOIN pg_catalog.pg_rewrite w ON w.ev_class OPERATOR(pg_catalog.=) r.oid AND w.rulename OPERATOR(pg_catalog.<>) '_RETURN'
    UNION ALL
    SELECT r.object, p.part, p.value
    FROM relations r
    CROSS JOIN LATERAL (VALUES
        ('definition', pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(r.oid), '\s+', ' ', 'g'),
                                                -- of the only table, PostgreSQL 16 and later leave it out
                                                '\mv\.(?=[a-z_])', '', 'g')),
        ('options', coalesce((SELECT pg_catalog.string_agg(u.option, ', ' ORDER BY u.option) FROM pg_catalog.unnest(r.options) AS u (option)), ''))
        ) AS p (part, value)
    WHERE r.kind OPERATOR(pg_catalog.=) 'v' AND r.name OPERATOR(pg_catalog.!~) '^versions_custom_[0-9a-f]{16}_view$'
    UNION ALL
    SELECT r.object, p.part, p.value
    FROM relations r
    JOIN pg_catalog.pg_sequence s ON s.seqrelid OPERATOR(pg_catalog.=) r.oid
    CROSS JOIN LATERAL (
        SELECT 'definition' AS part, pg_catalog.format('START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s', s.seqstart, s.seqincrement,
                                                       s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END) AS value
    ) AS p
    WHERE r.name OPERATOR(pg_catalog.=) ANY ('{versions_id_seq,tables_id_seq}'::pg_catalog.name[])
    UNION ALL
    SELECT 'role ' OPERATOR(pg_catalog.||) r.rolname, 'attribute ' OPERATOR(pg_catalog.||) a.name, ''
    FROM pg_catalog.pg_roles r
    CROSS JOIN LATERAL (VALUES
        ('LOGIN', r.rolcanlogin AND r.rolname OPERATOR(pg_catalog.<>) 'exaudit_reader'), ('SUPERUSER', r.rolsuper), ('BYPASSRLS', r.rolbypassrls),
        ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication)) AS a (name, has)
    WHERE r.rolname OPERATOR(pg_catalog.=) ANY ('{exaudit_owner,exaudit_writer,exaudit_reader}'::pg_catalog.name[]) AND a.has
    UNION ALL
    -- who installs is a member of both
    SELECT 'role ' OPERATOR(pg_catalog.||) r.rolname, 'member ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(m.rolname),
           CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_auth_members b JOIN pg_catalog.pg_roles br ON br.oid OPERATOR(pg_catalog.=) b.roleid
                             WHERE b.member OPERATOR(pg_catalog.=) m.oid AND br.oid OPERATOR(pg_catalog.<>) r.oid
                               AND br.rolname OPERATOR(pg_catalog.=) ANY ('{exaudit_owner,exaudit_writer}'::pg_catalog.name[]))
                THEN 'installs' ELSE '' END
    FROM pg_catalog.pg_auth_members a
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.roleid
    JOIN pg_catalog.pg_roles m ON m.oid OPERATOR(pg_catalog.=) a.member
    WHERE r.rolname OPERATOR(pg_catalog.=) ANY ('{exaudit_owner,exaudit_writer}'::pg_catalog.name[])
    UNION ALL
    SELECT 'role ' OPERATOR(pg_catalog.||) m.rolname, 'is a member of ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(r.rolname), ''
    FROM pg_catalog.pg_auth_members a
    JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.roleid
    JOIN pg_catalog.pg_roles m ON m.oid OPERATOR(pg_catalog.=) a.member
    WHERE m.rolname OPERATOR(pg_catalog.=) ANY ('{exaudit_owner,exaudit_writer}'::pg_catalog.name[])
      AND (r.rolsuper OR r.rolname OPERATOR(pg_catalog.~) '^pg_' AND r.rolname OPERATOR(pg_catalog.<>) 'pg_read_all_data')
    UNION ALL
    SELECT CASE WHEN r.oid IS NULL AND d.oid IS NULL THEN 'ROLE ALL'
                WHEN r.oid IS NULL THEN pg_catalog.format('DATABASE %I', d.datname)
                WHEN d.oid IS NULL THEN pg_catalog.format('ROLE %I', r.rolname)
                ELSE pg_catalog.format('ROLE %I IN DATABASE %I', r.rolname, d.datname) END,
           'setting ' OPERATOR(pg_catalog.||) pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1)),
           pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') OPERATOR(pg_catalog.+) 1)
    FROM pg_catalog.pg_db_role_setting s
    CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
    LEFT JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
    LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.setrole
    WHERE (s.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
      AND c.setting OPERATOR(pg_catalog.~*) '^(exaudit[.][^=]*|session_replication_role)='
    UNION ALL
    SELECT 'ROUTINE ' OPERATOR(pg_catalog.||) p.oid::pg_catalog.regprocedure::pg_catalog.text,
           'setting ' OPERATOR(pg_catalog.||) pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1)),
           pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') OPERATOR(pg_catalog.+) 1)
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) AS c (setting)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n -- whose functions are compared by themselves
                      WHERE n.oid OPERATOR(pg_catalog.=) p.pronamespace
                        AND n.nspname OPERATOR(pg_catalog.=) ANY ('{exaudit,exaudit_internal,exaudit_follow}'::pg_catalog.name[]))
      AND c.setting OPERATOR(pg_catalog.~*) '^(exaudit[.][^=]*|session_replication_role)='
    UNION ALL
    SELECT 'SYSTEM', 'setting ' OPERATOR(pg_catalog.||) s.name, s.setting
    FROM pg_catalog.pg_settings s
    WHERE s.name OPERATOR(pg_catalog.=) 'session_replication_role'
      AND s.source OPERATOR(pg_catalog.=) ANY ('{configuration file,command line,environment variable}'::pg_catalog.text[])
) AS o
ORDER BY object, part, value

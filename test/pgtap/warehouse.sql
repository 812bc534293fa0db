-- Contract of the warehouse: everything is commented, owned by its user, and granted to nobody.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

SELECT is_empty($$
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'patternos_dw'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND coalesce(obj_description(c.oid, 'pg_class'), '') = ''
$$, 'every table and view has a comment');

SELECT is_empty($$
    SELECT c.relname || '.' || a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'patternos_dw'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
      AND coalesce(col_description(a.attrelid, a.attnum), '') = ''
    ORDER BY 1
$$, 'every column of a table or view has a comment');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'patternos'::regnamespace AND p.proname NOT LIKE '\_%'
      AND p.prorettype <> 'internal'::regtype AND NOT 'internal'::regtype = ANY (p.proargtypes)
      AND p.prorettype <> 'trigger'::regtype
      AND coalesce(obj_description(p.oid, 'pg_proc'), '') = ''
$$, 'every public function has a comment');

SELECT is_empty($$
    SELECT c.relname FROM pg_class c, aclexplode(c.relacl) AS a
    WHERE c.relnamespace IN ('patternos_dw'::regnamespace, 'patternos_part'::regnamespace) AND a.grantee = 0
    UNION ALL
    SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) AS a
    WHERE n.nspname IN ('patternos_dw', 'patternos_part') AND a.grantee = 0
$$, 'nothing of the warehouse is granted to PUBLIC');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'patternos'::regnamespace AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
      AND (p.prosrc ~ 'patternos_dw|_require_owner' OR pg_get_functiondef(p.oid) ~ 'patternos_dw|_require_owner')
      AND p.prokind <> 'a' AND has_function_privilege('public', p.oid, 'EXECUTE')
      -- matching is for everybody's own tables; these read labels and models as far as the caller may, or register for the owner
      AND p.proname <> ALL ('{_train_match_model,_match_labels,_label_query,_explained_records,_shown_values,_explained_document,_said_of_pair,match_review}')
$$, 'what touches the warehouse is not executable by PUBLIC');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = 'patternos'::regnamespace AND p.prokind = 'f'
      AND (l.lanname = 'plpgsql' OR l.lanname = 'sql' AND p.prosqlbody IS NULL)
      AND coalesce(p.proconfig::text, '') NOT LIKE '%search_path=pg_catalog, pg_temp%'
$$, 'every plpgsql function has its own search_path, and every SQL function that is not parsed yet');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'patternos'::regnamespace AND p.prokind = 'p'
      AND p.prosrc ~* '\mcommit\M|CALL' AND (p.proconfig IS NOT NULL OR p.prosecdef OR p.prosrc ~* '\mexception\M')
$$, 'procedures that commit carry no SET clause, definer or exception block');

-- rows of pg_depend from a warehouse object, other than a view or trigger, to a member of the extension
SELECT is_empty($$
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
    FROM pg_depend d
    JOIN pg_depend m ON m.classid = d.refclassid AND m.objid = d.refobjid AND m.deptype = 'e'
                    AND m.refclassid = 'pg_extension'::regclass
                    AND m.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'patternos')
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS o
    WHERE d.classid NOT IN ('pg_rewrite'::regclass, 'pg_trigger'::regclass)
      AND coalesce(o.schema, '') IN ('patternos_dw', 'patternos_part')
$$, 'no column, default, index or constraint of the warehouse uses the extension');

SELECT is_empty($$
    SELECT o.type, o.identity
    FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS o
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'patternos')
      AND (o.schema ~ '^patternos_(dw|part)$' OR o.type = 'schema')
$$, 'nothing of the warehouse is a member of the extension');

SELECT is_empty($$
    SELECT r.child_table, r.child_columns FROM patternos_dw.relationship r
    WHERE (SELECT count(*) FROM pg_attribute a
           WHERE a.attrelid = format('patternos_dw.%I', r.child_table)::regclass AND a.attname = ANY (r.child_columns))
          <> cardinality(r.child_columns)
       OR (SELECT count(*) FROM pg_attribute a
           WHERE a.attrelid = format('patternos_dw.%I', r.parent_table)::regclass AND a.attname = ANY (r.parent_columns))
          <> cardinality(r.parent_columns)
$$, 'every relationship names columns that exist');

SELECT is_empty($$
    SELECT c.relname, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN (VALUES ('batch_id', 'raw_batch'), ('customer_key', 'dim_customer'), ('platform_id', 'dim_platform'),
                 ('location_id', 'dim_location'), ('category_id', 'dim_product_category'), ('date_id', 'dim_time'),
                 ('identity_key', 'dim_customer_identity')) AS key (name, home) ON key.name = a.attname AND key.home <> c.relname
    WHERE c.relnamespace = 'patternos_dw'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM patternos_dw.relationship r
                      WHERE r.child_table = c.relname AND a.attname = ANY (r.child_columns))
$$, 'every column that names a row elsewhere is a listed relationship');

SELECT ok(patternos.add_foreign_keys() > 30, 'the relationships can be declared');
SELECT is(patternos.add_foreign_keys(), 0, 'and are declared once');
SELECT is(patternos.create_views(), patternos.create_views(), 'views can be rebuilt');

-- plpgsql bodies are not looked at while an extension is created: compile each
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT p.oid::regprocedure AS name, p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
             WHERE p.pronamespace = 'patternos'::regnamespace AND l.lanname = 'plpgsql' LOOP
        PERFORM plpgsql_validator(f.name::oid);
    END LOOP;
END
$$;
SELECT pass('every plpgsql function compiles');

SELECT * FROM finish();
ROLLBACK;

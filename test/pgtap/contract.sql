-- What must hold for every object of the extension and of the warehouse.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

SELECT is_empty($$
    SELECT d.objid::regclass::text FROM pg_depend d
    JOIN pg_class c ON c.oid = d.objid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'patternos')
      AND c.relkind <> 'c'
$$, 'no table, view or sequence is a member of the extension');

SELECT is_empty($$
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE pronamespace = 'patternos'::regnamespace AND prosecdef
      AND NOT coalesce(proconfig::text, '') LIKE '%search_path=%'
$$, 'no definer function without a search_path of its own');

SELECT is_empty($$
    SELECT t.oid::regtype::text FROM pg_type t
    WHERE typnamespace = 'patternos'::regnamespace AND typelem = 0 AND obj_description(t.oid, 'pg_type') IS NULL
$$, 'every type has a comment');

SELECT * FROM finish();
ROLLBACK;

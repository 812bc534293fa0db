-- Last step of CREATE EXTENSION: an empty warehouse that belongs to the user, not to the extension.

DO $$
DECLARE
    owner name;
    member record;
BEGIN
    SET LOCAL search_path TO pg_catalog, pg_temp;
    SELECT pg_get_userbyid(nspowner) INTO owner FROM pg_namespace WHERE nspname = 'patternos_dw';
    IF FOUND THEN
        RAISE WARNING 'schema "patternos_dw" exists already, owned by "%": it was left as it is', owner
            USING HINT = 'When a dump is being restored this is expected. Otherwise inspect it, then call patternos.create_views() as its owner, or drop it and call patternos.create_warehouse().';
        RETURN;
    END IF;
    PERFORM patternos.create_warehouse();
    FOR member IN
        SELECT CASE d.classid WHEN 'pg_namespace'::regclass THEN 'SCHEMA'
                    ELSE CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END END AS kind,
               CASE d.classid WHEN 'pg_namespace'::regclass THEN quote_ident(n.nspname)
                    ELSE d.objid::regclass::text END AS name
        FROM pg_depend d
        LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
        LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
        WHERE d.refclassid = 'pg_extension'::regclass
          AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'patternos')
          AND d.deptype = 'e'
          AND (n.nspname IN ('patternos_dw', 'patternos_part')
               OR c.relnamespace IN ('patternos_dw'::regnamespace, 'patternos_part'::regnamespace))
    LOOP
        EXECUTE format('ALTER EXTENSION patternos DROP %s %s', member.kind, member.name);
    END LOOP;
END
$$;

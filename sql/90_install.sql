-- Last step of CREATE EXTENSION: an empty warehouse that belongs to the user, not to the extension.
-- A schema that exists already is left alone, and nothing in it is run: whoever made it may be a stranger.

DO $$
DECLARE
    existing record;
    member record;
BEGIN
    SET LOCAL search_path TO pg_catalog, pg_temp;
    SELECT nspname AS name, pg_get_userbyid(nspowner) AS owner INTO existing
    FROM pg_namespace WHERE nspname IN ('patternos_dw', 'patternos_part') ORDER BY nspname LIMIT 1;
    IF FOUND THEN
        RAISE WARNING 'schema "%" exists already, owned by "%": it was left as it is', existing.name, existing.owner
            USING HINT = 'While a dump is restored this is expected. Otherwise, if you trust its owner, call patternos.create_views() as that role; if not, drop schemas patternos_dw and patternos_part and call patternos.create_warehouse().';
        RETURN;
    END IF;
    PERFORM patternos.create_warehouse();
    FOR member IN
        SELECT o.type, o.identity
        FROM pg_depend d
        CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) AS o
        WHERE d.refclassid = 'pg_extension'::regclass
          AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'patternos')
          AND d.deptype = 'e' AND d.classid <> 'pg_type'::regclass -- the types of a table go with it
          AND (o.schema IN ('patternos_dw', 'patternos_part')
               OR (o.type = 'schema' AND o.identity IN ('patternos_dw', 'patternos_part')))
    LOOP
        EXECUTE format('ALTER EXTENSION patternos DROP %s %s', member.type, member.identity);
    END LOOP;
END
$$;

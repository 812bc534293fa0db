\echo Use "CREATE EXTENSION patternos CASCADE" to load this file. \quit

-- Whoever owns the schema of the code could add functions to it that superusers then call.
DO $$
DECLARE
    owner record;
BEGIN
    SET LOCAL search_path TO pg_catalog, pg_temp;
    SELECT r.rolname AS name, r.rolsuper OR r.rolname = current_user AS is_trusted INTO owner
    FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'patternos';
    IF NOT owner.is_trusted THEN
        RAISE EXCEPTION 'schema "patternos" exists already, owned by "%"', owner.name
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'The schema of the code must belong to a superuser: drop it, or take it over after a look at what is in it.';
    END IF;
END
$$;

COMMENT ON SCHEMA patternos IS 'patternos: functions, aggregates and procedures (the data is in schema patternos_dw)';
GRANT USAGE ON SCHEMA patternos TO PUBLIC;


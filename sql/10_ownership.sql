-- Who may write, and where settings are read.

-- The layout of tables that this version's code works with.
CREATE FUNCTION patternos._layout_version() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1;

-- Raises unless the current user owns the warehouse. The check comes before any look at a table: in a
-- schema of somebody else even a SELECT could run that person's code.
CREATE FUNCTION patternos._require_schema_owner() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner name;
    part_owner name;
BEGIN
    SELECT pg_get_userbyid(nspowner) INTO owner FROM pg_namespace WHERE nspname = 'patternos_dw';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no warehouse in this database'
            USING ERRCODE = 'invalid_schema_name', HINT = 'Call patternos.create_warehouse().';
    END IF;
    IF owner <> current_user THEN
        RAISE EXCEPTION 'only the owner of schema "patternos_dw" may do this'
            USING ERRCODE = 'insufficient_privilege', HINT = format('Run SET ROLE %I first.', owner);
    END IF;
    SELECT pg_get_userbyid(nspowner) INTO part_owner FROM pg_namespace WHERE nspname = 'patternos_part';
    IF part_owner IS DISTINCT FROM owner THEN
        RAISE EXCEPTION 'schema "patternos_part" does not belong to the owner of schema "patternos_dw"'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Both schemas together are the warehouse. A superuser can make them one by ALTER SCHEMA ... OWNER TO, after a look at what is in them.';
    END IF;
    IF to_regclass('patternos_dw.setting') IS NULL THEN
        RAISE EXCEPTION 'schema "patternos_dw" holds no warehouse'
            USING ERRCODE = 'undefined_table',
                  HINT = 'Drop schemas patternos_dw and patternos_part, then call patternos.create_warehouse().';
    END IF;
END
$$;

CREATE FUNCTION patternos._setting(name text) RETURNS text
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result text;
BEGIN
    SELECT s.value INTO result FROM patternos_dw.setting s WHERE s.name = _setting.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'setting "%" is missing', name
            USING ERRCODE = 'undefined_object', HINT = 'Insert it into patternos_dw.setting; doc/operations.md lists the settings and their defaults.';
    END IF;
    RETURN result;
END
$$;

-- What every function that writes calls first: the owner, and tables of this version's layout.
CREATE FUNCTION patternos._require_owner() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    layout text;
BEGIN
    PERFORM patternos._require_schema_owner();
    layout := patternos._setting('layout_version');
    IF layout <> patternos._layout_version()::text THEN
        RAISE EXCEPTION 'the warehouse has layout %, this version of patternos works with layout %',
                        layout, patternos._layout_version()
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Call patternos.upgrade_warehouse().';
    END IF;
END
$$;

REVOKE ALL ON FUNCTION patternos._layout_version(), patternos._require_schema_owner(),
    patternos._require_owner(), patternos._setting(text) FROM PUBLIC;


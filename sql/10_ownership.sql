-- Who may write, and where settings are read.

CREATE FUNCTION patternos._require_owner() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner name;
BEGIN
    SELECT pg_get_userbyid(nspowner) INTO owner FROM pg_namespace WHERE nspname = 'patternos_dw';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no warehouse in this database'
            USING ERRCODE = 'undefined_schema', HINT = 'Call patternos.create_warehouse().';
    END IF;
    IF owner <> current_user THEN
        RAISE EXCEPTION 'only the owner of schema "patternos_dw" may do this'
            USING ERRCODE = 'insufficient_privilege', HINT = format('Run SET ROLE %I first.', owner);
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

REVOKE ALL ON FUNCTION patternos._require_owner(), patternos._setting(text) FROM PUBLIC;


-- The registry of models: training adds a version, others read it.

-- Adds a version of a model and returns its number.
CREATE FUNCTION patternos._register_match_model(name text, document jsonb, origin text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result integer;
BEGIN
    PERFORM patternos._require_owner();
    IF name IS NULL OR name !~ '^[[:alnum:]_][[:alnum:]_ .-]{0,62}$' THEN
        RAISE EXCEPTION 'a model''s name must have between 1 and 63 letters, digits, "_", "-", "." and spaces'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('patternos match model ' || name, 0));
    INSERT INTO patternos_dw.match_model (name, version, document, origin)
    SELECT _register_match_model.name, coalesce(max(m.version), 0) + 1, _register_match_model.document, _register_match_model.origin
    FROM patternos_dw.match_model AS m WHERE m.name = _register_match_model.name
    RETURNING version INTO result;
    RETURN result;
END
$$;

CREATE FUNCTION patternos.match_model(name text, version integer DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    PERFORM patternos._require_owner();
    SELECT m.document INTO result FROM patternos_dw.match_model AS m
    WHERE m.name = match_model.name AND (match_model.version IS NULL OR m.version = match_model.version)
    ORDER BY m.version DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no match model of this name and version'
            USING ERRCODE = 'undefined_object', HINT = 'patternos.train_match_model(name, settings) makes one; patternos_dw.match_model lists them.';
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.match_model(text, integer) IS 'The document of a match model, the newest version unless another one is asked for.';

-- Trains on a relation without touching the registry; the work tables live in a schema so that plans may be parallel.
CREATE FUNCTION patternos._train(settings jsonb, relation regclass, work_schema name) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    document jsonb := patternos._propose_document(relation, settings);
    work text := patternos._create_match_records(document, relation, work_schema, ARRAY(SELECT jsonb_array_elements_text(document -> 'training_blocking')));
BEGIN
    document := patternos._train_on_records(document, work, relation);
    PERFORM patternos._drop_match_records(work);
    RETURN document;
END
$$;

-- A schema for work tables of the caller: the first of the search path, if tables may be made there.
CREATE FUNCTION patternos._work_schema(current name) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT nspname FROM pg_namespace WHERE nspname = current AND has_schema_privilege(oid, 'CREATE') AND nspname NOT LIKE 'pg\_%' $$;

CREATE FUNCTION patternos._train_match_model(name text, settings jsonb, relation regclass, work_schema name) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    document jsonb;
BEGIN
    IF settings IS NULL THEN
        RAISE EXCEPTION 'settings must not be NULL' USING ERRCODE = 'null_value_not_allowed', HINT = 'An empty object, {}, stands for what is proposed.';
    END IF;
    IF name IS NOT NULL THEN
        PERFORM patternos._require_owner();
    END IF;
    document := patternos._train(settings, patternos._match_relation(settings, relation), work_schema);
    IF name IS NOT NULL THEN
        PERFORM patternos._register_match_model(name, document, 'trained');
    END IF;
    RETURN document;
END
$$;

-- no SET clause: the caller's schema is where the work tables go
CREATE FUNCTION patternos.train_match_model(name text, settings jsonb, relation regclass DEFAULT NULL) RETURNS jsonb
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT patternos._train_match_model(name, settings, relation, patternos._work_schema(pg_catalog.current_schema()));
END;
COMMENT ON FUNCTION patternos.train_match_model(text, jsonb, regclass) IS
    'Trains a model that finds records of the same person in a table, registers it under a name and returns its document.';

REVOKE ALL ON FUNCTION patternos._register_match_model(text, jsonb, text), patternos.match_model(text, integer) FROM PUBLIC;

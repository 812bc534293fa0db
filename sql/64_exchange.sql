-- Models from elsewhere, and ours for elsewhere.

CREATE FUNCTION patternos.import_model(name text, document text, format text DEFAULT 'xgboost', features text[] DEFAULT NULL)
RETURNS patternos.trained_model
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    read patternos.training_result;
    names text[];
    result patternos.trained_model;
BEGIN
    PERFORM patternos._require_owner();
    IF document IS NULL THEN
        RAISE EXCEPTION 'document must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    read := patternos._read_model(document, coalesce(format, 'xgboost'));
    names := coalesce(features, read.names);
    IF names IS NULL OR cardinality(names) <> cardinality(read.gain) OR array_position(names, NULL) IS NOT NULL
        OR cardinality(names) <> (SELECT count(DISTINCT n) FROM unnest(names) AS n) THEN
        RAISE EXCEPTION 'the model has % features, % different names are known', cardinality(read.gain),
            (SELECT count(DISTINCT n) FROM unnest(names) AS n)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the names of its features in their order as argument features.';
    END IF;
    result.name := name;
    result.model_type := 'trees';
    result.trees := read.trees;
    result.version := patternos._register_model(name, 'import', jsonb_build_object('model_type', 'trees', 'features', names,
        'params', jsonb_build_object('format', coalesce(format, 'xgboost'), 'sha256', encode(sha256(convert_to(document, 'UTF8')), 'hex')),
        'metrics', '{}'::jsonb, 'calibration', '{"method": "none", "x": [], "y": []}'::jsonb, 'encoders', '{}'::jsonb,
        'importance', patternos._importance_of(names, read)), read.document,
        patternos._compile_model('trees', read.scorer, names, 'none', '{}', '{}', '{}', '{}', '{}'));
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.import_model(text, text, text, text[]) IS
    'Registers a binary classifier that XGBoost or LightGBM has saved, as the next version of a name.';

-- The model of a name: a version, or the champion, or the newest where there is no champion.
CREATE FUNCTION patternos._find_model(name text, version text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result bigint;
BEGIN
    SELECT m.model_id INTO result FROM patternos_dw.model AS m
    WHERE m.name = _find_model.name AND (_find_model.version IS NULL OR m.version = _find_model.version) AND m.compiled IS NOT NULL
    ORDER BY m.stage = 'champion' DESC, m.model_id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no model "%"%', left(name, 63), CASE WHEN version IS NULL THEN '' ELSE ' of this version' END
            USING ERRCODE = 'undefined_object', HINT = 'Models and their versions stand in patternos_dw.model.';
    END IF;
    RETURN result;
END
$$;

CREATE FUNCTION patternos.export_model(name text, version text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result text;
BEGIN
    SELECT m.document INTO result FROM patternos_dw.model AS m WHERE m.model_id = patternos._find_model(export_model.name, export_model.version);
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.export_model(text, text) IS
    'The document of a model: for trees XGBoost''s JSON, which xgboost.Booster.load_model reads.';

REVOKE ALL ON FUNCTION patternos.import_model(text, text, text, text[]), patternos._find_model(text, text), patternos.export_model(text, text) FROM PUBLIC;

-- Lookalikes that are kept: made again by refresh_lookalikes(), addressed through audience_lookalike.

-- Registers a model of the seed against the population, trained on all of them, under the lookalike's name. Returns its version.
CREATE FUNCTION patternos._register_lookalike(result patternos.lookalike_result, exclude text[], params jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    names text[];
    kinds text[];
    model record;
    figures jsonb := to_jsonb(result) - '{name,model_version}'::text[];
BEGIN
    IF result.method = 'distance' THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(f.feature), array_agg(f.kind) INTO names, kinds
    FROM patternos._lookalike_columns(exclude || result.features_left_out, 'global_customer_id') f;
    PERFORM patternos._set_lookalike_fold(-1, result.seed_customers, result.prospects);
    SELECT * INTO model FROM patternos._train_lookalike(names, kinds, params);
    RETURN patternos._register_model(result.name, 'train', jsonb_build_object('model_type', result.method, 'features', names,
        'label_definition', jsonb_build_object('event', 'is in the seed of lookalike ' || result.name), 'params', params,
        'rows_used', patternos._rows_used('lookalike ' || result.name, NULL), 'metrics', jsonb_build_object('lookalike', figures),
        'calibration', '{"method": "none", "x": [], "y": []}'::jsonb, 'encoders', model.encoders,
        'importance', patternos._importance_of(names, model.trained)), (model.trained).document, model.compiled);
END
$$;

-- Makes a lookalike and stores definition, figures and members. Its sources are read without a search_path, as they are at each refresh.
CREATE FUNCTION patternos._make_lookalike(definition patternos.lookalike_definition) RETURNS patternos.lookalike_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result patternos.lookalike_result;
BEGIN
    IF definition.population IS NOT NULL AND NOT patternos._has_only_id(definition.population, 'global_customer_id', 'pg_catalog, pg_temp') THEN
        RAISE EXCEPTION 'the population of a lookalike that is kept has global_customer_id only' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Its features are those of the newest refresh.';
    END IF;
    result := patternos._rank_lookalike(definition.seed, definition.population, definition.size, definition.excluded, 'global_customer_id',
                                        definition.params, 'pg_catalog, pg_temp');
    result.name := definition.name;
    result.model_version := patternos._register_lookalike(result, definition.excluded, patternos._lookalike_params(definition.params));
    INSERT INTO patternos_dw.lookalike AS l (name, seed, population, size, excluded, params, as_of, method, seed_customers, prospects, members, spies,
        spy_recall, spy_recall_low, spy_recall_high, spy_lift, distance_recall, features_left_out, model_version)
    VALUES (definition.name, definition.seed, definition.population, definition.size, definition.excluded, definition.params, patternos._lookalike_date(),
        result.method, result.seed_customers, result.prospects, result.members, result.spies, result.spy_recall, result.spy_recall_low,
        result.spy_recall_high, result.spy_lift, result.distance_recall, result.features_left_out, result.model_version)
    ON CONFLICT (name) DO UPDATE SET (seed, population, size, excluded, params, as_of, method, seed_customers, prospects, members, spies, spy_recall,
        spy_recall_low, spy_recall_high, spy_lift, distance_recall, features_left_out, model_version, updated_at) =
        (excluded.seed, excluded.population, excluded.size, excluded.excluded, excluded.params, excluded.as_of, excluded.method, excluded.seed_customers,
        excluded.prospects, excluded.members, excluded.spies, excluded.spy_recall, excluded.spy_recall_low, excluded.spy_recall_high, excluded.spy_lift,
        excluded.distance_recall, excluded.features_left_out, excluded.model_version, now());
    DELETE FROM patternos_dw.lookalike_member m WHERE m.name = definition.name;
    INSERT INTO patternos_dw.lookalike_member (name, customer_key, similarity, rank)
    SELECT definition.name, d.customer_key, r.similarity, r.rank
    FROM pg_temp.lookalike_rank r JOIN patternos_dw.dim_customer d ON d.global_customer_id = r.id;
    PERFORM patternos._tell_lookalike(result);
    PERFORM patternos._drop_lookalike_rows();
    RETURN result;
END
$$;

CREATE FUNCTION patternos.save_lookalike(name text, seed text, population text DEFAULT NULL, size double precision DEFAULT 0.1,
    exclude text[] DEFAULT '{}', params jsonb DEFAULT '{}') RETURNS patternos.lookalike_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    RETURN patternos._make_lookalike(ROW(name, seed, population, size, exclude, params));
END
$$;
COMMENT ON FUNCTION patternos.save_lookalike(text, text, text, double precision, text[], jsonb) IS
    'Makes a lookalike of customers and keeps it under a name: its members, its figures and its model.';

CREATE FUNCTION patternos.refresh_lookalikes() RETURNS SETOF patternos.lookalike_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition patternos.lookalike_definition;
BEGIN
    PERFORM patternos._require_owner();
    FOR definition IN
        SELECT l.name, l.seed, l.population, l.size, l.excluded, l.params FROM patternos_dw.lookalike l ORDER BY l.name
    LOOP
        RETURN NEXT patternos._make_lookalike(definition);
    END LOOP;
END
$$;
COMMENT ON FUNCTION patternos.refresh_lookalikes() IS
    'Makes every lookalike that is kept again, from the features of the newest refresh.';

CREATE FUNCTION patternos.drop_lookalike(name text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    DELETE FROM patternos_dw.lookalike_member m WHERE m.name = drop_lookalike.name;
    DELETE FROM patternos_dw.lookalike l WHERE l.name = drop_lookalike.name;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION patternos.drop_lookalike(text) IS
    'Removes a lookalike with its members, and returns whether it was there; its models stay in the registry.';

REVOKE ALL ON FUNCTION patternos._register_lookalike(patternos.lookalike_result, text[], jsonb), patternos._make_lookalike(patternos.lookalike_definition),
    patternos.save_lookalike(text, text, text, double precision, text[], jsonb), patternos.refresh_lookalikes(), patternos.drop_lookalike(text) FROM PUBLIC;

-- Lookalikes: who is chosen, and how well that works.

CREATE TYPE patternos.lookalike_result AS (
    name              text,
    method            text,
    seed_customers    bigint,
    prospects         bigint,
    members           bigint,
    spies             bigint,
    spy_recall        double precision,
    spy_recall_low    double precision,
    spy_recall_high   double precision,
    spy_lift          double precision,
    distance_recall   double precision,
    features_left_out text[],
    model_version     text
);
COMMENT ON TYPE patternos.lookalike_result IS 'A lookalike that has just been made: who was there, who was chosen, and how many of the seed''s own members such a choice finds.';

CREATE TYPE patternos.lookalike_definition AS (
    name       text,
    seed       text,
    population text,
    size       double precision,
    excluded   text[],
    params     jsonb
);
COMMENT ON TYPE patternos.lookalike_definition IS 'What a lookalike that is kept is made of.';

-- How many of the prospects: a share below 1, a number from 1 on.
CREATE FUNCTION patternos._lookalike_members(size double precision, prospects bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN size < 1 THEN greatest(1, round((size * prospects)::numeric))::bigint ELSE least(prospects, floor(size)::numeric)::bigint END
$$;

CREATE FUNCTION patternos._check_lookalike_arguments(seed text, size double precision, exclude text[], id_column text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF seed IS NULL OR id_column IS NULL OR exclude IS NULL OR array_position(exclude, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'seed, id_column and exclude must not be null' USING ERRCODE = 'null_value_not_allowed';
    ELSIF (size > 0 AND size < 1e15) IS NOT TRUE THEN
        RAISE EXCEPTION 'size must be a share of the prospects below 1, or their number' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

-- The features among the columns of pg_temp.training_source, without those excluded.
CREATE FUNCTION patternos._lookalike_columns(exclude text[], id_column text) RETURNS TABLE (feature text, kind text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT f.feature, f.kind
    FROM patternos._training_features('pg_temp.training_source', NULL, exclude || ARRAY[id_column, 'lookalike_id', 'lookalike_seed', 'lookalike_prospect',
        'lookalike_part', 'lookalike_order']) f
    WHERE f.feature NOT IN ('global_customer_id', 'customer_key');
END
$$;

-- Ranks the prospects: pg_temp.lookalike_rank (id, similarity, rank) has those chosen, pg_temp.training_source what they were chosen from.
CREATE FUNCTION patternos._rank_lookalike(seed text, population text, size double precision, exclude text[], id_column text, params jsonb, path text)
RETURNS patternos.lookalike_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET work_mem = '128MB'
AS $$
DECLARE
    settings jsonb := patternos._lookalike_params(params);
    given bigint;
    counts record;
    names text[];
    kinds text[];
    result patternos.lookalike_result;
BEGIN
    PERFORM patternos._check_lookalike_arguments(seed, size, exclude, id_column);
    PERFORM patternos._has_only_id(seed, id_column, path);
    given := patternos._take_ids('lookalike_seed', seed, id_column, path);
    PERFORM patternos._take_lookalike_rows(population, id_column, settings ->> 'seed', path);
    SELECT * INTO counts FROM patternos._check_lookalike(given);
    result.method := settings ->> 'engine';
    SELECT array_agg(f.feature), array_agg(f.kind) INTO names, kinds FROM patternos._lookalike_columns(exclude, id_column) f;
    PERFORM patternos._set_lookalike_fold(-1, counts.seeds, counts.prospects);
    result.features_left_out := (patternos._defining_features(names, kinds)).features;
    SELECT array_agg(f.name ORDER BY f.i), array_agg(f.kind ORDER BY f.i) INTO names, kinds
    FROM unnest(names, kinds) WITH ORDINALITY f (name, kind, i) WHERE f.name <> ALL (result.features_left_out);
    IF names IS NULL THEN
        RAISE EXCEPTION 'every feature defines the seed' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('Left out because each alone separates seed and population: %s.', array_to_string(result.features_left_out, ', '));
    END IF;
    PERFORM patternos._score_lookalike(names, kinds, settings, counts.seeds, counts.prospects);
    result.seed_customers := counts.seeds;
    result.prospects := counts.prospects;
    result.members := patternos._lookalike_members(size, counts.prospects);
    DROP TABLE IF EXISTS pg_temp.lookalike_rank;
    CREATE TEMP TABLE lookalike_rank AS
    SELECT s.id, CASE result.method WHEN 'distance' THEN 1 / (1 - s.margin) ELSE 1 / (1 + exp(-s.margin)) END AS similarity,
           row_number() OVER (ORDER BY s.margin DESC, s.id COLLATE "C") AS rank
    FROM pg_temp.lookalike_score s WHERE NOT s.is_seed ORDER BY s.margin DESC, s.id COLLATE "C" LIMIT result.members;
    RETURN patternos._judge_lookalike(result);
END
$$;

-- The figures of the spies: recall within the members with its interval, lift over chance, and the baseline's recall.
CREATE FUNCTION patternos._judge_lookalike(result patternos.lookalike_result) RETURNS patternos.lookalike_result
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    result.spies := result.seed_customers;
    result.spy_recall := patternos._spy_recall('margin', result.members);
    SELECT greatest(0, w.ci_low), least(1, w.ci_high) INTO result.spy_recall_low, result.spy_recall_high FROM patternos._wilson(result.spy_recall, result.spies) w;
    result.spy_lift := result.spy_recall * result.prospects / result.members;
    result.distance_recall := patternos._spy_recall('distance', result.members);
    RETURN result;
END
$$;

-- Says how a choice was made.
CREATE FUNCTION patternos._tell_lookalike(result patternos.lookalike_result) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE NOTICE '% of % prospects, the most alike to % of the seed, by %', result.members, result.prospects, result.seed_customers, result.method
        USING DETAIL = format('Of the seed''s members, each ranked without being known, %s %% are within that size (95 %% interval %s to %s %%; by chance %s %%, by distance to the centroid %s %%).%s',
            round(100 * result.spy_recall::numeric, 1), round(100 * result.spy_recall_low::numeric, 1), round(100 * result.spy_recall_high::numeric, 1),
            round(100.0 * result.members / result.prospects, 1), round(100 * result.distance_recall::numeric, 1),
            CASE WHEN result.features_left_out <> '{}' THEN ' Features left out because they define the seed: ' || array_to_string(result.features_left_out, ', ') || '.' ELSE '' END);
END
$$;

-- Removes what a ranking has left.
CREATE FUNCTION patternos._drop_lookalike_rows() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
    DROP VIEW IF EXISTS pg_temp.training_row;
    DROP TABLE IF EXISTS pg_temp.training_source, pg_temp.training_score, pg_temp.lookalike_seed, pg_temp.lookalike_population,
        pg_temp.lookalike_shape, pg_temp.lookalike_score, pg_temp.lookalike_rank;
END
$$;

CREATE FUNCTION patternos._lookalike(seed text, population text, size double precision, exclude text[], id_column text, params jsonb, path text)
RETURNS TABLE (id text, similarity double precision, rank bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._tell_lookalike(patternos._rank_lookalike(seed, population, size, exclude, id_column, params, path));
    RETURN QUERY SELECT r.id, r.similarity, r.rank FROM pg_temp.lookalike_rank r ORDER BY r.rank;
    PERFORM patternos._drop_lookalike_rows();
END
$$;

CREATE FUNCTION patternos.lookalike(seed text, population text DEFAULT NULL, size double precision DEFAULT 0.1, exclude text[] DEFAULT '{}',
    id_column text DEFAULT 'global_customer_id', params jsonb DEFAULT '{}')
RETURNS TABLE (id text, similarity double precision, rank bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT * FROM patternos._lookalike(seed, population, size, exclude, id_column, params, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.lookalike(text, text, double precision, text[], text, jsonb) IS
    'Of a population, the customers most like those of a seed, best first.';

REVOKE ALL ON FUNCTION patternos._lookalike_columns(text[], text), patternos._rank_lookalike(text, text, double precision, text[], text, jsonb, text),
    patternos._judge_lookalike(patternos.lookalike_result), patternos._tell_lookalike(patternos.lookalike_result), patternos._drop_lookalike_rows(),
    patternos._lookalike(text, text, double precision, text[], text, jsonb, text),
    patternos.lookalike(text, text, double precision, text[], text, jsonb) FROM PUBLIC;

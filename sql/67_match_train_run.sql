-- One training: from records in work tables to a trained document.

-- Beside an address, an equal postcode, place or region is no evidence of its own: the address implies it, and weights that add up as if
-- they were independent make one person of a household. What differs keeps its weight. Levels that speak for a match get the m of u.
CREATE FUNCTION patternos._without_implied_places(document jsonb, relation regclass) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH implied AS (
        SELECT r.name FROM patternos._column_roles(relation) AS r
        WHERE r.role IN ('postcode', 'place', 'region') AND document -> 'columns' @> '[{"kind": "address"}]'
    ), changed AS (
        SELECT c.ordinality AS n, CASE WHEN EXISTS (SELECT FROM implied WHERE c.value -> 'columns' = jsonb_build_array(implied.name))
            THEN c.value || jsonb_build_object('levels', (
                SELECT jsonb_agg(CASE WHEN (l.value ->> 'm')::float8 > (l.value ->> 'u')::float8
                                      THEN l.value - '{tf_weight,h}'::text[] || jsonb_build_object('u', l.value -> 'm') ELSE l.value END ORDER BY l.ordinality)
                FROM jsonb_array_elements(c.value -> 'levels') WITH ORDINALITY AS l))
            ELSE c.value END AS c
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
    )
    SELECT document || jsonb_build_object('comparisons', (SELECT jsonb_agg(c ORDER BY n) FROM changed))
$$;

CREATE FUNCTION patternos._train_on_records(document jsonb, work text, relation regclass) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    model bytea := patternos._compile_match_model(document);
    total double precision := patternos._all_pairs(document, work);
    labels bigint := patternos._match_labels(document, work, relation);
    passes patternos._match_passes := patternos._collect_passes(document, work, relation, model, labels > 0);
    origin text := CASE WHEN document -> 'settings' ? 'probability_two_random_records_match' THEN 'given' ELSE 'estimated' END;
    lambda double precision := CASE WHEN origin = 'given' THEN (document ->> 'probability_two_random_records_match')::float8 END;
    random record;
    truth record;
    p record;
    household record := patternos._household_sharing(document, relation);
    looked_at double precision;
    fit record;
    result jsonb;
BEGIN
    random := patternos._random_patterns(document, work, model, total);
    IF document -> 'labels' ? 'column' THEN
        truth := patternos._truth_patterns(document, work, model, relation);
        IF truth.patterns <> '{}' THEN
            passes.rules := ARRAY['labels'];
            passes.masks := ARRAY[(1::bigint << 60) - 1];
            passes.shares := '{1}';
            passes.patterns := truth.patterns;
            passes.counts := truth.counts;
            passes.passes := array_fill(1, ARRAY[cardinality(truth.patterns)]);
            passes.truths := passes.passes;
            SELECT coalesce(lambda, truth.lambda), CASE origin WHEN 'given' THEN origin ELSE 'labels' END INTO lambda, origin;
        END IF;
    ELSIF lambda IS NULL AND jsonb_array_length(document -> 'deterministic_rules') > 0 THEN
        lambda := patternos._deterministic_lambda(document, work, total);
        origin := 'deterministic rules';
    END IF;
    p := patternos._start_parameters(document);
    lambda := least(greatest(coalesce(lambda, 1 / sqrt(2 * total + 100)), 1e-12), 1 - 1e-9);
    SELECT coalesce(sum(n), 0) / greatest(total, 1) INTO looked_at FROM unnest(random.counts) AS n;
    fit := patternos._fit_match_model(p.levels, lambda || p.start, 0::float8 || p.prior, (origin <> 'estimated') || p.fixed,
               patternos._agreement(document, relation, work, random.patterns, random.counts,
                                    total > coalesce((document ->> 'max_pairs')::float8, 1e6)),
               total, passes.masks, passes.passes, passes.patterns, passes.counts, passes.truths, looked_at,
               household.sharing, household.names, patternos._naming(document));
    IF total >= 1000 AND fit.parameters[1] * total < 1 THEN
        RAISE WARNING 'less than one match is expected among % pairs of records', total::numeric
            USING HINT = 'If there are matches, compare more columns, or say which rules only matches agree on ("deterministic_rules") or how likely a match is ("probability_two_random_records_match").';
    END IF;
    result := patternos._with_column_shares(patternos._with_parameters(document, fit.parameters, fit.households), relation, work);
    result := patternos._without_implied_places(result, relation);
    RETURN result || jsonb_build_object('training', jsonb_build_object(
        'pairs', total::numeric, 'random_pairs', (SELECT coalesce(sum(n), 0) FROM unnest(random.counts) AS n), 'labelled_pairs', labels,
        'lambda', jsonb_build_object('source', origin, 'pairs_above_0.9', jsonb_build_object(
            'half', fit.sensitivity[1]::numeric(20, 0), 'as_is', fit.sensitivity[2]::numeric(20, 0), 'double', fit.sensitivity[3]::numeric(20, 0))),
        'rounds', fit.rounds, 'passes', patternos._describe_passes(document, passes, fit.passes)));
END
$$;

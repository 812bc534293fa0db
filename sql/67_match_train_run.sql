-- One training: from records in work tables to a trained document.

-- Pattern counts of all passes in one list: pass 0 is the blocked pairs, each once, scaled to all of them; the others are the rules'.
CREATE TYPE patternos._match_passes AS (
    rules text[], masks bigint[], shares double precision[], passes integer[], patterns bigint[], counts double precision[], truths integer[]
);

COMMENT ON TYPE patternos._match_passes IS 'Pattern counts of the training passes of a match model.';

CREATE FUNCTION patternos._collect_passes(document jsonb, work text, relation regclass, model bytea, has_labels boolean) RETURNS patternos._match_passes
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result patternos._match_passes := ROW ('{}', '{}', '{}', '{}', '{}', '{}', '{}');
    rule record;
    found record;
    pass integer;
BEGIN
    FOR rule IN EXECUTE format('SELECT rule AS r, definition, refined_by, rule <= $1 AS is_blocking FROM %s_rule ORDER BY rule', work)
                USING jsonb_array_length(document -> 'blocking') LOOP
        found := patternos._rule_patterns(document, work, model, rule.r, has_labels);
        pass := cardinality(result.rules) + 1;
        result.rules := result.rules || rule.definition;
        result.masks := result.masks || patternos._rule_mask(document, relation, concat_ws(', ', rule.definition,
                            (SELECT string_agg(quote_ident(c), ', ') FROM unnest(rule.refined_by) AS c)));
        result.shares := result.shares || found.share;
        IF rule.is_blocking THEN
            result.passes := result.passes || array_fill(0, ARRAY[(SELECT count(*)::integer FROM unnest(found.firsts) AS f WHERE f)]);
            result.patterns := result.patterns || ARRAY(SELECT p FROM unnest(found.patterns, found.firsts) AS u (p, f) WHERE f);
            result.counts := result.counts || ARRAY(SELECT n / found.share FROM unnest(found.counts, found.firsts) AS u (n, f) WHERE f);
            result.truths := result.truths || ARRAY(SELECT t FROM unnest(found.truths, found.firsts) AS u (t, f) WHERE f);
        END IF;
        result.passes := result.passes || array_fill(pass, ARRAY[cardinality(found.patterns)]);
        result.patterns := result.patterns || found.patterns;
        result.counts := result.counts || found.counts::double precision[];
        result.truths := result.truths || found.truths;
        EXIT WHEN pass = 60;
    END LOOP;
    RETURN result;
END
$$;

-- What is kept of how a model was trained: per pass the figures and the m of the comparisons that it speaks of.
CREATE FUNCTION patternos._describe_passes(document jsonb, passes patternos._match_passes, figures double precision[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH comparison AS (
        SELECT c.value ->> 'name' AS name, c.ordinality AS n, jsonb_array_length(c.value -> 'levels') AS levels,
               sum(jsonb_array_length(c.value -> 'levels')) OVER (ORDER BY c.ordinality) AS last
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
    ), width AS (
        SELECT max(last)::integer + 6 AS w FROM comparison
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'rule', r.rule, 'share_of_records', patternos._significant(passes.shares[r.pass]),
               'pairs', figures[(r.pass - 1) * w + 6]::bigint, 'lambda', patternos._significant(figures[(r.pass - 1) * w + 1]),
               'matches', round(figures[(r.pass - 1) * w + 2]::numeric, 1), 'iterations', figures[(r.pass - 1) * w + 3]::integer,
               'm', (SELECT jsonb_object_agg(c.name, (SELECT jsonb_agg(round(figures[(r.pass - 1) * w + 6 + i]::numeric, 6) ORDER BY i DESC)
                                                      FROM generate_series((c.last - c.levels + 1)::integer, c.last::integer) AS i))
                     FROM comparison AS c WHERE (passes.masks[r.pass] >> (4 * (c.n::integer - 1))) & 15 = 15)) ORDER BY r.pass), '[]')
    FROM unnest(passes.rules) WITH ORDINALITY AS r (rule, pass), width
$$;

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

-- Beside a name, most of what a similar e-mail address says was said: addresses are made of names, so that namesakes have similar ones. Levels
-- other than equality that speak for a match keep a quarter of their weight; what differs keeps all of it.
CREATE FUNCTION patternos._discount_mailboxes(document jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT document || jsonb_build_object('comparisons', jsonb_agg(
        CASE WHEN c.value ->> 'kind' = 'email'
                  AND (document -> 'comparisons' @> '[{"kind": "full_name"}]' OR document -> 'comparisons' @> '[{"kind": "name"}]')
             THEN c.value || jsonb_build_object('levels', (
                SELECT jsonb_agg(CASE WHEN l.value ->> 'test' <> 'exact' AND p.m > p.u
                                      THEN l.value - '{tf_weight,h}'::text[] || jsonb_build_object('u', patternos._significant(p.m * power(p.u / p.m, 0.25)))
                                      ELSE l.value END ORDER BY l.ordinality)
                FROM jsonb_array_elements(c.value -> 'levels') WITH ORDINALITY AS l,
                     LATERAL (SELECT (l.value ->> 'm')::float8 AS m, (l.value ->> 'u')::float8 AS u) AS p))
             ELSE c.value END ORDER BY c.ordinality))
    FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
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
               total, passes.masks, passes.passes, passes.patterns, passes.counts, passes.truths, looked_at, household.sharing, household.names);
    result := patternos._with_column_shares(patternos._with_parameters(document, fit.parameters, fit.households), relation, work);
    result := patternos._discount_mailboxes(patternos._without_implied_places(result, relation));
    RETURN result || jsonb_build_object('training', jsonb_build_object(
        'pairs', total::numeric, 'random_pairs', (SELECT coalesce(sum(n), 0) FROM unnest(random.counts) AS n), 'labelled_pairs', labels,
        'lambda', jsonb_build_object('source', origin, 'pairs_above_0.9', jsonb_build_object(
            'half', fit.sensitivity[1]::numeric(20, 0), 'as_is', fit.sensitivity[2]::numeric(20, 0), 'double', fit.sensitivity[3]::numeric(20, 0))),
        'rounds', fit.rounds, 'passes', patternos._describe_passes(document, passes, fit.passes)));
END
$$;

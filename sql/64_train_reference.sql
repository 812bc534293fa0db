-- What training keeps of its rows: the distribution of each feature, for drift, and how well each alone tells the outcomes apart, for leaks.

-- How far a distribution of counts has moved: sum over bins of (current - reference) * ln(current / reference), an empty bin counted as half a row.
CREATE FUNCTION patternos.psi(reference double precision[], current double precision[]) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result double precision;
BEGIN
    IF cardinality(reference) <> cardinality(current) OR EXISTS (
        SELECT FROM unnest(reference || current) AS c WHERE (c >= 0 AND c < 'Infinity') IS NOT TRUE) THEN
        RAISE EXCEPTION 'reference and current must be counts of the same bins' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT sum((b.c - b.r) * ln(b.c / b.r)) INTO result
    FROM (SELECT (CASE WHEN u.r = 0 THEN 0.5 ELSE u.r END) / nullif(sum(u.r) OVER (), 0) AS r,
                 (CASE WHEN u.c = 0 THEN 0.5 ELSE u.c END) / nullif(sum(u.c) OVER (), 0) AS c
          FROM unnest(reference, current) AS u (r, c) WHERE u.r > 0 OR u.c > 0) AS b;
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.psi(double precision[], double precision[]) IS
    'Population stability index between counts of the same bins.';

-- Nine cuts, and the counts of what lies between them.
CREATE FUNCTION patternos._bin_counts(numbers double precision[], edges double precision[]) RETURNS double precision[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(coalesce(c.n, 0)::float8 ORDER BY b.bin)
    FROM generate_series(0, cardinality(edges)) AS b (bin)
    LEFT JOIN (SELECT CASE WHEN cardinality(edges) = 0 THEN 0 ELSE width_bucket(v, edges) END AS bin, count(*) AS n
               FROM unnest(numbers) AS v WHERE v IS NOT NULL GROUP BY 1) AS c USING (bin)
$$;

-- {"edges": […], "counts": […], "missing": n} of numbers: bins between deciles, fewer where values repeat. The least number is no edge: below it were a
-- bin that is always empty, which a slight move of a frequent least value would fill.
CREATE FUNCTION patternos._distribution(numbers double precision[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('edges', e.edges, 'counts', patternos._bin_counts(numbers, e.edges), 'missing', e.missing)
    FROM (SELECT coalesce((SELECT array_agg(DISTINCT d ORDER BY d) FROM unnest(percentile_disc('{.1,.2,.3,.4,.5,.6,.7,.8,.9}'::float8[]) WITHIN GROUP (ORDER BY v)) AS d
                           WHERE d > (SELECT min(l) FROM unnest(numbers) AS l)), '{}') AS edges,
                 count(*) FILTER (WHERE v IS NULL) AS missing
          FROM unnest(numbers) AS v) AS e
$$;

-- The reference of a training: from about 20,000 training rows {"features": {name: {"edges", "counts", "missing", "auc"}}, "score": {…}}.
CREATE FUNCTION patternos._training_reference(names text[], kinds text[], encoders jsonb, prior double precision, id_column text, time_column text)
RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    share double precision;
    features jsonb;
    score jsonb;
BEGIN
    SELECT 20000.0 / count(*) INTO share FROM pg_temp.training_row AS r WHERE r.training_part = 0;
    -- a category is judged by a code that has not seen the row's own label, as in training
    EXECUTE format($q$
        SELECT jsonb_object_agg(($2)[c.i], patternos._distribution(c.coded) || jsonb_build_object('auc', c.auc))
        FROM (SELECT v.i, array_agg(v.coded::float8) AS coded, greatest(
                  patternos.auc(coalesce(v.learned, -3e38), s.label), 1 - patternos.auc(coalesce(v.learned, -3e38), s.label),
                  patternos.auc(coalesce(v.learned, 3e38), s.label), 1 - patternos.auc(coalesce(v.learned, 3e38), s.label)) AS auc
              FROM (SELECT training_label = 1 AS label, ARRAY[%s] AS coded, ARRAY[%s] AS learned FROM pg_temp.training_row
                    WHERE training_part = 0 AND training_order < $1 %s) AS s
              CROSS JOIN LATERAL unnest(s.coded, s.learned) WITH ORDINALITY AS v (coded, learned, i) GROUP BY v.i) AS c$q$,
        (SELECT string_agg(patternos._feature_value(f.name, f.kind, encoders -> f.name, prior, false), ', ' ORDER BY f.i)
         FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i)),
        (SELECT string_agg(patternos._feature_value(f.name, f.kind, encoders -> f.name, prior, true), ', ' ORDER BY f.i)
         FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i)),
        patternos._training_windows(names, kinds, id_column, time_column))
    INTO features USING share, names;
    SELECT patternos._distribution(array_agg(s.score)) INTO score FROM pg_temp.training_score AS s;
    RETURN jsonb_build_object('features', features, 'score', score);
END
$$;

-- Warns of features that alone tell the outcomes apart too well to be known in time: {"warnings": […]}, or {}.
CREATE FUNCTION patternos._leak_warnings(reference jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leak record;
    warnings jsonb := '[]';
BEGIN
    FOR leak IN
        SELECT e.key AS feature, round((e.value ->> 'auc')::numeric, 4) AS auc FROM jsonb_each(reference -> 'features') AS e
        WHERE (e.value ->> 'auc')::float8 > 0.95 ORDER BY 2 DESC, 1
    LOOP
        RAISE WARNING 'feature "%" alone separates the outcomes (area under the ROC curve %)', leak.feature, leak.auc
            USING HINT = 'It may hold what is known only after the outcome. Make sure that it is known at prediction time, or leave it out.';
        warnings := warnings || jsonb_build_object('warning', 'leak', 'feature', leak.feature, 'auc', leak.auc);
    END LOOP;
    RETURN CASE WHEN warnings = '[]' THEN '{}' ELSE jsonb_build_object('warnings', warnings) END;
END
$$;

REVOKE ALL ON FUNCTION patternos._training_reference(text[], text[], jsonb, double precision, text, text), patternos._leak_warnings(jsonb) FROM PUBLIC;

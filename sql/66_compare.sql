-- Two versions of a model on the same rows.

-- How a version scores a row s: by its compiled form, as argument number place; the baseline is a column of intent examples.
CREATE FUNCTION patternos._version_score(model bigint, place integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN m.model_type = 'baseline' THEN 's.intent_index::pg_catalog.float8' ELSE format('patternos.score($%s, s)', place) END
    FROM patternos_dw.model m WHERE m.model_id = model
$$;

-- The number of a version that can be compared: a compiled one, or the baseline.
CREATE FUNCTION patternos._find_version(name text, version text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT m.model_id FROM patternos_dw.model m WHERE m.name = $1 AND m.version = $2 AND m.model_type = 'baseline'),
                    patternos._find_model(name, coalesce(version, '')))
$$;

-- The examples of an intent model after all that either version was trained or calibrated on, of all platforms together; NULL for other models.
CREATE FUNCTION patternos._out_of_time_rows(a bigint, b bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT format('(SELECT * FROM patternos_dw.intent_training_set WHERE platform_id = ''ALL'' AND label_window_days = %L AND purchased IS NOT NULL AND as_of > %L '
                  'AND NOT EXISTS (SELECT FROM (%s) u WHERE u.customer_key = intent_training_set.customer_key))',
                  max(m.label_definition ->> 'window_days'), max(l.last::date), patternos._unscored_query(max(l.last::date)))
    FROM patternos_dw.model m
    CROSS JOIN LATERAL (SELECT max(m.rows_used #>> ARRAY[p, 'last']) AS last FROM unnest('{train,valid,calibrate}'::text[]) p) l
    WHERE m.model_id IN (a, b) AND m.model_type <> 'baseline'
    HAVING bool_and(m.label_definition ->> 'event' = 'purchase' AND l.last ~ '^\d{4}-\d\d-\d\d$'
                    AND m.features <@ ARRAY(SELECT f.feature FROM patternos._intent_features() f)) AND count(DISTINCT m.label_definition ->> 'window_days') = 1
$$;

-- The comparison of scored rows: a FROM item with columns a, b, label, level_a and level_b. Ranks are doubled, so that sums are of integers.
CREATE FUNCTION patternos._comparison_query(scored text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($q$
        WITH scored AS MATERIALIZED (SELECT * FROM %s), figure AS (
            SELECT count(*) AS n, count(*) FILTER (WHERE label) AS n_pos, patternos.auc(a, label) AS auc_a, patternos.auc(b, label) AS auc_b,
                   patternos.lift_at(a, label, 0.1) AS lift_a, patternos.lift_at(b, label, 0.1) AS lift_b, patternos.brier(a, label) AS brier_a,
                   patternos.brier(b, label) AS brier_b, patternos.ece(a, label, 10) AS ece_a, patternos.ece(b, label, 10) AS ece_b,
                   avg((level_a <> level_b)::integer)::float8 AS moved, sum(loss) AS loss, sum(loss * loss) AS loss_square
            FROM (SELECT *, round((power(b - label::integer, 2) - power(a - label::integer, 2))::numeric, 12) AS loss FROM scored) s
        ), ranked AS (
            SELECT label, 2 * rank() OVER (ORDER BY a) + count(*) OVER (PARTITION BY a) AS rank_a, 2 * rank() OVER (ORDER BY b) + count(*) OVER (PARTITION BY b) AS rank_b,
                   2 * rank() OVER (PARTITION BY label ORDER BY a) + count(*) OVER (PARTITION BY label, a) AS own_a,
                   2 * rank() OVER (PARTITION BY label ORDER BY b) + count(*) OVER (PARTITION BY label, b) AS own_b
            FROM scored
        ), placed AS (
            SELECT label, count(*) AS n, sum(rank_b - own_b - rank_a + own_a) AS moved, sum((rank_b - own_b - rank_a + own_a) ^ 2::numeric) AS moved_square,
                   sum(rank_a) AS a, sum(rank_b) AS b, sum(rank_a * rank_a) AS aa, sum(rank_b * rank_b) AS bb, sum(rank_a * rank_b) AS ab
            FROM ranked GROUP BY label
        ), delong AS (
            SELECT sqrt(sum(CASE WHEN p.n > 1 THEN (p.moved_square - p.moved ^ 2 / p.n) / (p.n - 1) / p.n / (4 * (f.n - p.n)::numeric ^ 2) END)::float8) AS error,
                   ((f.n * sum(p.ab) - sum(p.a) * sum(p.b)) / nullif(sqrt((f.n * sum(p.aa) - sum(p.a) ^ 2) * (f.n * sum(p.bb) - sum(p.b) ^ 2)), 0))::float8 AS correlation
            FROM placed p, figure f WHERE f.n_pos BETWEEN 1 AND f.n - 1 GROUP BY f.n
        ), line AS (
            SELECT 1 AS place, 'auc' AS metric, auc_a AS a, auc_b AS b, auc_b - auc_a AS difference, d.error FROM figure LEFT JOIN delong d ON true
            UNION ALL SELECT 2, 'lift_10', lift_a, lift_b, lift_b - lift_a, NULL FROM figure
            UNION ALL SELECT 3, 'brier', brier_a, brier_b, brier_b - brier_a, sqrt(CASE WHEN n > 1 THEN (loss_square - loss ^ 2 / n) / (n - 1) / n END)::float8 FROM figure
            UNION ALL SELECT 4, 'ece', ece_a, ece_b, ece_b - ece_a, NULL FROM figure
            UNION ALL SELECT 5, 'level_changes', NULL, NULL, moved, NULL FROM figure
            UNION ALL SELECT 6, 'rank_correlation', NULL, NULL, d.correlation, NULL FROM figure LEFT JOIN delong d ON true
        )
        SELECT l.metric, l.a, l.b, l.difference, l.difference - 1.96 * l.error, l.difference + 1.96 * l.error,
               patternos._normal_p(l.difference / nullif(l.error, 0)), f.n, f.n_pos
        FROM line l, figure f ORDER BY l.place$q$, scored)
$$;

CREATE FUNCTION patternos._compare(name text, a text, b text, source text, label text, path text)
RETURNS TABLE (metric text, version_a double precision, version_b double precision, difference double precision, ci_low double precision,
               ci_high double precision, p_value double precision, n bigint, n_pos bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    first CONSTANT bigint := patternos._find_version(name, a);
    second CONSTANT bigint := patternos._find_version(name, b);
    rows CONSTANT text := CASE WHEN source IS NULL THEN patternos._out_of_time_rows(first, second) ELSE patternos._source_rows(source, path) END;
    statement text;
BEGIN
    IF rows IS NULL THEN
        RAISE EXCEPTION 'these versions have no examples of their own in common' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Give a table, a view or a query as source.';
    END IF;
    SELECT patternos._comparison_query(format($q$(
            SELECT r.*, patternos.intent_level(r.a::pg_catalog.numeric(5, 4), %L, %L) AS level_a, patternos.intent_level(r.b::pg_catalog.numeric(5, 4), %L, %L) AS level_b
            FROM (SELECT %s AS a, %s AS b, s.%I::pg_catalog.int4 OPERATOR(pg_catalog.=) 1 AS label FROM %s AS s OFFSET 0) AS r) AS rows$q$,
        x.high_cut, x.medium_cut, y.high_cut, y.medium_cut, patternos._version_score(first, 1), patternos._version_score(second, 2), label, rows))
    INTO statement FROM patternos_dw.model x, patternos_dw.model y WHERE x.model_id = first AND y.model_id = second;
    IF source IS NOT NULL THEN
        PERFORM set_config('search_path', path, true);
    END IF;
    RETURN QUERY EXECUTE statement USING (SELECT m.compiled FROM patternos_dw.model m WHERE m.model_id = first),
                                         (SELECT m.compiled FROM patternos_dw.model m WHERE m.model_id = second);
END
$$;

CREATE FUNCTION patternos.compare(name text, a text, b text, source text DEFAULT NULL, label text DEFAULT NULL)
RETURNS TABLE (metric text, version_a double precision, version_b double precision, difference double precision, ci_low double precision,
               ci_high double precision, p_value double precision, n bigint, n_pos bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM patternos._compare(name, a, b, source, coalesce(label, CASE WHEN source IS NULL THEN 'purchased' ELSE 'label' END),
                                     pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.compare(text, text, text, text, text) IS
    'Two versions of a model on the same rows: figures of both, their difference with intervals, and how differently they rank and grade.';

REVOKE ALL ON FUNCTION patternos._version_score(bigint, integer), patternos._find_version(text, text), patternos._out_of_time_rows(bigint, bigint),
    patternos._compare(text, text, text, text, text, text), patternos.compare(text, text, text, text, text) FROM PUBLIC;

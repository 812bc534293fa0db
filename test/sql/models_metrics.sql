-- Aggregates over scores and outcomes: published values, brute force, and the same in any order and with any workers.
SET client_min_messages = warning;
BEGIN;
CREATE TABLE pg_temp.known (s float8, y boolean);
INSERT INTO pg_temp.known VALUES (.1, false), (.2, false), (.2, true), (.35, false), (.4, true), (.8, true), (.8, false), (.9, true);
-- scikit-learn 1.2.1 on the same rows
SELECT patternos.auc(s, y), round(patternos.pr_auc(s, y)::numeric, 7) AS pr_auc, round(patternos.brier(s, y)::numeric, 7) AS brier, round(patternos.log_loss(s, y)::numeric, 7) AS log_loss FROM pg_temp.known;
SELECT (patternos.isotonic(s, y)).* FROM pg_temp.known;
SELECT round((patternos.platt(s, y)).x[1]::numeric, 4) AS slope, round((patternos.platt(s, y)).y[1]::numeric, 4) AS intercept FROM pg_temp.known;
SELECT patternos.precision_at(s, y, 0.25), patternos.recall_at(s, y, 0.25), patternos.lift_at(s, y, 0.25) FROM pg_temp.known;
-- ties are shared: of the three highest rows two are the tie at 0.8, of which one is positive
SELECT round(patternos.precision_at(s, y, 0.375)::numeric, 6), round(patternos.precision_at(s, y, 0.2)::numeric, 6) FROM pg_temp.known;
SELECT round(patternos.ece(s, y, 5)::numeric, 7) AS ece FROM pg_temp.known;
SELECT u.* FROM (SELECT patternos.calibration_curve(s, y, 4) AS c FROM pg_temp.known) AS q, unnest(q.c) AS u;
SELECT u.* FROM (SELECT patternos.roc_curve(s, y) AS c FROM pg_temp.known) AS q, unnest(q.c) AS u;

-- What must hold of the area under the curve.
CREATE TABLE pg_temp.many AS SELECT i, (hashint4(i) & 255) / 256.0::float8 AS s, (hashint4(i + 7) & 255) / 256.0 < 0.2 + 0.5 * (hashint4(i) & 255) / 256.0 AS y FROM generate_series(1, 200) AS i;
SELECT patternos.auc(0.3, y) AS all_tied, patternos.auc(y::int, y) AS perfect, patternos.auc(-y::int, y) AS reversed, patternos.auc(s, y) + patternos.auc(-s, y) AS both,
       patternos.auc(s, y) = patternos.auc(exp(3 * s) - 1, y) AS monotone FROM pg_temp.many;
SELECT abs((SELECT patternos.auc(s, y) FROM pg_temp.many) - (SELECT avg(CASE WHEN p.s > n.s THEN 1 WHEN p.s = n.s THEN 0.5 ELSE 0 END) FROM pg_temp.many AS p, pg_temp.many AS n WHERE p.y AND NOT n.y)) < 1e-12 AS pairs_counted;
-- trapezoids under the ROC curve are the area
SELECT abs((SELECT patternos.auc(s, y) FROM pg_temp.many) - sum((x - x0) * (t + t0) / 2)) < 1e-12 AS trapezoids
FROM (SELECT u.false_positive_rate AS x, u.true_positive_rate AS t, lag(u.false_positive_rate) OVER w AS x0, lag(u.true_positive_rate) OVER w AS t0
      FROM (SELECT patternos.roc_curve(s, y) AS c FROM pg_temp.many) AS q, unnest(q.c) AS u WINDOW w AS (ORDER BY u.false_positive_rate, u.true_positive_rate)) AS r;
SELECT count(*) AS deciles, sum(rows) AS rows, max(cumulative_recall) AS recall, round(sum(positives)::numeric, 6) = (SELECT count(*) FROM pg_temp.many WHERE y) AS positives
FROM (SELECT patternos.decile_table(s, y) AS d FROM pg_temp.many) AS q, unnest(q.d) AS u;

-- Calibration: never inverts a rank, keeps the mean, changes nothing the second time.
CREATE TABLE pg_temp.fitted AS SELECT m.s, m.y, (SELECT max(k.y + (n.y - k.y) * CASE WHEN n.x > k.x THEN (m.s - k.x) / (n.x - k.x) ELSE 0 END)
    FROM (SELECT u.x, u.y, lead(u.x, 1, u.x) OVER (ORDER BY i) AS nx, lead(u.y, 1, u.y) OVER (ORDER BY i) AS ny FROM unnest(c.x, c.y) WITH ORDINALITY AS u (x, y, i)) AS l,
         LATERAL (SELECT l.x, l.y) AS k, LATERAL (SELECT l.nx AS x, l.ny AS y) AS n WHERE m.s >= k.x AND m.s <= n.x) AS f
FROM pg_temp.many AS m, (SELECT (patternos.isotonic(s, y)).* FROM pg_temp.many) AS c;
SELECT abs(avg(f) - avg(y::int)) < 1e-9 AS mean_kept, bool_and(f BETWEEN 0 AND 1) AS probabilities FROM pg_temp.fitted;
SELECT count(*) AS inverted FROM pg_temp.fitted AS a JOIN pg_temp.fitted AS b ON a.s < b.s AND a.f > b.f + 1e-12;
SELECT (SELECT patternos.ece(f, y, 10) FROM pg_temp.fitted) <= (SELECT patternos.ece(s, y, 10) FROM pg_temp.many) AS no_worse;
SELECT max(abs(u.x - u.y)) < 1e-9 AS again_the_same FROM (SELECT (patternos.isotonic(f, y)).* FROM pg_temp.fitted) AS c, unnest(c.x, c.y) AS u (x, y);

-- NULL is left out; without a class there is no area.
SELECT patternos.auc(s, y), patternos.log_loss(s, y), patternos.roc_curve(s, y) FROM pg_temp.many WHERE false;
SELECT patternos.auc(s, true), patternos.pr_auc(s, false), patternos.lift_at(s, false, 0.1), (patternos.platt(s, true)).x FROM pg_temp.many;
SELECT patternos.auc(CASE WHEN i % 3 > 0 THEN s END, y) = (SELECT patternos.auc(s, y) FROM pg_temp.many WHERE i % 3 > 0) AS nulls_left_out FROM pg_temp.many;
DO $$
DECLARE
    statement text;
BEGIN
    FOREACH statement IN ARRAY '{"auc(''NaN'', true)","auc(''Infinity'', true)","log_loss(1.5, true)","precision_at(0.5, true, 0)","precision_at(0.5, true, 2)","ece(0.5, true, 0)","ece(0.5, true, 1e9)","brier(-1, false)"}'::text[] LOOP
        BEGIN
            EXECUTE 'SELECT patternos.' || statement;
            RAISE WARNING '% is taken', statement;
        EXCEPTION WHEN numeric_value_out_of_range OR invalid_parameter_value THEN NULL;
        END;
    END LOOP;
END
$$;
ROLLBACK;

-- The same bits with and without workers.
CREATE TABLE public.scored AS SELECT i, (hashint4(i) & 4095) / 4096.0::float8 AS s, hashint4(i + 9) % 3 = 0 AS y FROM generate_series(1, 30000) AS i;
ANALYZE public.scored;
CREATE FUNCTION public.figures() RETURNS text LANGUAGE sql AS $$
    SELECT md5(ROW (patternos.auc(s, y), patternos.auc_error(s, y), patternos.pr_auc(s, y), patternos.log_loss(s, y), patternos.brier(s, y), patternos.ece(s, y, 10), patternos.lift_at(s, y, 0.1),
                    patternos.roc_curve(s, y), patternos.decile_table(s, y), patternos.platt(s, y), patternos.isotonic(s, y))::text) FROM public.scored $$;
CREATE FUNCTION public.is_parallel() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXPLAIN SELECT patternos.auc(s, y), patternos.isotonic(s, y) FROM public.scored LOOP
        IF line LIKE '%Partial Aggregate%' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT public.figures() AS serial \gset
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT public.is_parallel(), public.figures() = :'serial' AS same;
DROP FUNCTION public.figures(), public.is_parallel();
DROP TABLE public.scored;

-- What an experiment changed, by intention to treat.

-- Outcomes of the arms of an experiment, of what was known before a moment: every assigned customer counts, who did not buy as 0. Outcomes of a
-- customer count from the assignment until the experiment ends, or its outcome_days have passed. late: purchases that became known after that.
CREATE FUNCTION patternos._experiment_outcomes(experiment integer, known_until timestamptz)
RETURNS TABLE (arm text, customers bigint, converted bigint, purchases numeric, revenue numeric, mean double precision, variance double precision, late numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET datestyle = 'ISO' SET timezone = 'UTC'
AS $$
DECLARE
    asked record;
BEGIN
    SELECT * INTO asked FROM patternos_dw.experiment e WHERE e.experiment_id = experiment;
    RETURN QUERY EXECUTE format($query$
        WITH unit AS (
            SELECT x.customer_key, x.arm, x.assigned_at, coalesce(least(x.assigned_at + make_interval(hours => 24 * %1$L::integer), %2$L), 'infinity') AS closes_at
            FROM patternos_dw.experiment_customer x WHERE x.experiment_id = %3$L
        ), purchase AS (
            SELECT f.customer_key, f.transaction_datetime, f.known_at, %4$s AS revenue
            FROM patternos_dw.fact_transaction f %5$s
            WHERE f.transaction_datetime >= %6$L AND f.transaction_datetime < coalesce(%2$L, 'infinity'::timestamptz) AND f.known_at < %7$L AND %8$s
        ), outcome AS (
            SELECT u.arm, count(p.customer_key) AS purchases, coalesce(sum(p.revenue), 0) AS revenue, count(*) FILTER (WHERE p.known_at >= u.closes_at) AS late
            FROM unit u
            LEFT JOIN purchase p ON p.customer_key = u.customer_key AND p.transaction_datetime >= u.assigned_at AND p.transaction_datetime < u.closes_at
            GROUP BY u.customer_key, u.arm
        )
        SELECT a.arm, count(o.arm), count(*) FILTER (WHERE o.purchases > 0), coalesce(sum(o.purchases), 0), coalesce(round(sum(o.revenue), 2), 0),
               coalesce(avg(o.revenue), 0)::float8, coalesce(var_samp(o.revenue), 0)::float8, coalesce(sum(o.late), 0)
        FROM (VALUES ('treatment'), ('holdout')) a (arm)
        LEFT JOIN outcome o USING (arm)
        GROUP BY a.arm$query$,
        asked.outcome_days, asked.ends_at, experiment,
        CASE WHEN asked.unified_category IS NULL THEN 'f.total_value' ELSE 'l.revenue' END,
        CASE WHEN asked.unified_category IS NOT NULL THEN format($lines$
            JOIN (SELECT n.customer_key, n.transaction_datetime, n.transaction_id, sum(n.line_total) AS revenue
                  FROM patternos_dw.fact_transaction_line n
                  JOIN patternos_dw.dim_product_category k USING (category_id)
                  WHERE k.unified_category = %L AND n.transaction_datetime >= %L
                  GROUP BY n.customer_key, n.transaction_datetime, n.transaction_id) l USING (customer_key, transaction_datetime, transaction_id)$lines$,
            asked.unified_category, asked.starts_at) END,
        asked.starts_at, coalesce(known_until, 'infinity'),
        CASE asked.platform_id WHEN 'ALL' THEN format('%s & 2 <> 0', patternos._rfm_role())
                               ELSE format('f.platform_id = %L AND %s & 1 <> 0', asked.platform_id, patternos._rfm_role()) END);
END
$$;

CREATE FUNCTION patternos.experiment_results(name text, confidence double precision DEFAULT 0.95, known_until timestamptz DEFAULT NULL)
RETURNS TABLE (metric text, treatment numeric, holdout numeric, lift numeric, lift_low numeric, lift_high numeric, relative_lift numeric,
               relative_low numeric, relative_high numeric, p_value numeric, minimum_detectable numeric, note text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    experiment CONSTANT integer := patternos._find_experiment(name);
    planned CONSTANT double precision := (SELECT e.holdout FROM patternos_dw.experiment e WHERE e.experiment_id = experiment);
BEGIN
    RETURN QUERY
    WITH outcome AS MATERIALIZED (
        SELECT * FROM patternos._experiment_outcomes(experiment, known_until)
    ), compared AS MATERIALIZED (
        SELECT t.*, h.customers AS h_customers, h.converted AS h_converted, h.purchases AS h_purchases, h.revenue AS h_revenue, h.mean AS h_mean,
               patternos.compare_rates(t.converted, t.customers, h.converted, h.customers, confidence) AS rate,
               patternos.compare_means(t.customers, t.mean, t.variance, h.customers, h.mean, h.variance, confidence) AS money,
               patternos.sample_ratio_p(h.customers, t.customers, planned) AS ratio_p
        FROM outcome t, outcome h WHERE t.arm = 'treatment' AND h.arm = 'holdout'
    ), line AS (
        SELECT 1 AS place, 'customers' AS metric, c.customers::numeric AS treatment, c.h_customers::numeric AS holdout, 0 AS digits, NULL::patternos.lift_estimate AS estimate, 1::bigint AS factor FROM compared c
        UNION ALL SELECT 2, 'converted_customers', c.converted, c.h_converted, 0, NULL, 1 FROM compared c
        UNION ALL SELECT 3, 'conversion_rate', round(c.converted::numeric / nullif(c.customers, 0), 6), round(c.h_converted::numeric / nullif(c.h_customers, 0), 6), 6, c.rate, 1 FROM compared c
        UNION ALL SELECT 4, 'purchases', c.purchases, c.h_purchases, 0, NULL, 1 FROM compared c
        UNION ALL SELECT 5, 'revenue', c.revenue, c.h_revenue, 2, NULL, 1 FROM compared c
        UNION ALL SELECT 6, 'revenue_per_customer', round(c.revenue / nullif(c.customers, 0), 4), round(c.h_revenue / nullif(c.h_customers, 0), 4), 4, c.money, 1 FROM compared c
        UNION ALL SELECT 7, 'incremental_conversions', NULL, NULL, 1, c.rate, c.customers FROM compared c
        UNION ALL SELECT 8, 'incremental_revenue', NULL, NULL, 2, c.money, c.customers FROM compared c
    )
    SELECT l.metric, l.treatment, l.holdout, round(((l.estimate).lift * l.factor)::numeric, l.digits),
           round(((l.estimate).lift_low * l.factor)::numeric, l.digits), round(((l.estimate).lift_high * l.factor)::numeric, l.digits),
           round(s.relative_lift::numeric, 4), round(s.relative_low::numeric, 4), round(s.relative_high::numeric, 4),
           round(coalesce(CASE l.place WHEN 1 THEN c.ratio_p END, s.p_value)::numeric, 6), round(s.minimum_detectable::numeric, l.digits),
           CASE WHEN l.place = 1 AND c.ratio_p < 0.001 THEN 'SAMPLE RATIO MISMATCH: the arms are not divided as planned; find out why before reading on'
                WHEN l.place = 1 AND c.ratio_p IS NOT NULL THEN 'arms divided as planned'
                WHEN s.p_value < 1 - confidence THEN 'differs from no effect'
                WHEN l.place IN (3, 6) THEN 'not told apart from no effect'
                WHEN l.place > 6 AND l.estimate IS NOT NULL THEN 'lift x treated customers' END
    FROM line l
    CROSS JOIN compared c
    LEFT JOIN LATERAL (SELECT (l.estimate).* WHERE l.place IN (3, 6)) s ON true
    ORDER BY l.place;
END
$$;
COMMENT ON FUNCTION patternos.experiment_results(text, double precision, timestamptz) IS
    'What an experiment changed, by intention to treat: both arms side by side, lift with intervals and p-values.';

CREATE FUNCTION patternos.experiment_checks(name text) RETURNS TABLE ("check" text, state text, detail text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted CONSTANT integer := patternos._find_experiment(name);
BEGIN
    RETURN QUERY
    WITH asked AS (
        SELECT * FROM patternos_dw.experiment e WHERE e.experiment_id = wanted
    ), outcome AS MATERIALIZED (
        SELECT sum(o.customers) FILTER (WHERE o.arm = 'holdout')::bigint AS holdout, sum(o.customers) FILTER (WHERE o.arm = 'treatment')::bigint AS treatment,
               sum(o.late) AS late, sum(o.purchases) AS purchases FROM patternos._experiment_outcomes(wanted, NULL) o
    ), assigned AS (
        SELECT count(*) AS rows, count(*) FILTER (WHERE a.recorded_at > a.assigned_at + interval '1 hour') AS dated_back
        FROM patternos_dw.experiment_assignment a WHERE a.experiment_id = wanted
    ), today AS (
        SELECT coalesce(sum(x.assignments), 0) AS rows, coalesce(sum(x.assignments - 1), 0) AS merged, count(*) FILTER (WHERE x.is_conflicting) AS conflicts
        FROM patternos_dw.experiment_customer x WHERE x.experiment_id = wanted
    )
    SELECT c."check", CASE WHEN c.bad THEN c.verdict ELSE 'ok' END, c.detail
    FROM asked e, outcome o, assigned a, today t, LATERAL (SELECT patternos.sample_ratio_p(o.holdout, o.treatment, e.holdout) AS p) r,
         LATERAL (SELECT max(f.transaction_datetime) AS known FROM patternos_dw.fact_transaction f WHERE f.transaction_datetime >= e.starts_at) k,
         LATERAL (VALUES
            (1, 'sample ratio', r.p < 0.001, 'problem', format('%s of %s held out, %s %% planned; p = %s', o.holdout, o.holdout + o.treatment, round((100 * e.holdout)::numeric, 2), round(r.p::numeric, 4))),
            (2, 'window', coalesce(k.known < e.ends_at, true), 'open', format('%s; newest transaction: %s', coalesce('ends ' || e.ends_at, 'no end is set'), coalesce(k.known::text, 'none'))),
            (3, 'late data', o.late > 0, 'note', format('%s of %s purchases became known after their window had closed', o.late, o.purchases)),
            (4, 'merged customers', t.conflicts > 0, 'note', format('%s assignments became part of another customer''s, of %s customers in different arms: counted in their first', t.merged, t.conflicts)),
            (5, 'erased customers', a.rows > t.rows, 'note', format('%s of %s assignments are of customers who are gone; they do not count', a.rows - t.rows, a.rows)),
            (6, 'dated back', a.dated_back > 0, 'note', format('%s assignments were recorded more than an hour after the moment from which they count', a.dated_back))
         ) c (place, "check", bad, verdict, detail)
    ORDER BY c.place;
END
$$;
COMMENT ON FUNCTION patternos.experiment_checks(text) IS
    'What to look at before the results of an experiment: sample ratio, open window, late data, merges, erasures, assignments dated back.';

REVOKE ALL ON FUNCTION patternos._experiment_outcomes(integer, timestamptz), patternos.experiment_results(text, double precision, timestamptz),
    patternos.experiment_checks(text) FROM PUBLIC;

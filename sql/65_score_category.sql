-- Scores of category intent at a date by the champions of models "category_intent" and "category_intent_7d".

-- Scores the pairs of customers on whom condition holds into patternos_part.category_scored. Without a model of 7 days a purchase is as likely
-- on each of the 30 days.
CREATE FUNCTION patternos._find_category_scores(as_of date, condition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET work_mem = '64MB'
SET parallel_setup_cost = 100 SET parallel_tuple_cost = 0.001
AS $$
BEGIN
    DROP TABLE IF EXISTS patternos_part.category_scored;
    EXECUTE format($query$
        CREATE UNLOGGED TABLE patternos_part.category_scored AS
        SELECT s.customer_key, s.unified_category, coalesce(s.purchases, 0)::integer AS purchase_count,
               s.purchase_interval_days::numeric(8, 2) AS purchase_interval_days, s.purchase_recency_days, floor(s.event_days)::integer AS event_recency_days,
               s.score, s.score::numeric(5, 4) AS probability_30d,
               least(s.score, coalesce(s.score_7d, 1 - power(1 - s.score, 7 / 30.0)))::numeric(5, 4) AS probability_7d
        FROM (SELECT f.customer_key, f.unified_category, f.purchases, f.purchase_interval_days, f.purchase_recency_days, f.event_days,
                     patternos.score(%s, f) AS score, patternos.score(%s, f) AS score_7d
              FROM %s
              OFFSET '0') s$query$, patternos._champion_column('category_intent', 'compiled'), patternos._champion_column('category_intent_7d', 'compiled'),
        patternos._category_rows(as_of, condition));
    ANALYZE patternos_part.category_scored;
END
$$;

-- Writes the scores of a date with rank, lift and the category within each unified one: the customer's own, or what all bought most.
CREATE FUNCTION patternos._write_category_scores(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET datestyle = 'ISO'
AS $$
DECLARE
    champion record;
BEGIN
    SELECT m.version, m.model_type INTO champion FROM patternos_dw.model m WHERE m.name = 'category_intent' AND m.stage = 'champion';
    RETURN patternos._write_snapshot('patternos_dw.intent_score_category', as_of, format($query$
        SELECT s.customer_key, %1$L::date AS as_of, s.unified_category, coalesce(o.category_id, d.category_id) AS category_id,
               row_number() OVER (PARTITION BY s.customer_key ORDER BY s.score DESC, s.probability_7d DESC, s.purchase_count DESC, s.unified_category) AS category_rank,
               s.probability_7d AS purchase_probability_7d, s.probability_30d AS purchase_probability_30d,
               least(s.probability_30d / nullif(n.mean, 0), 999999.99) AS lift, s.purchase_count, s.purchase_interval_days, s.purchase_recency_days,
               s.event_recency_days, %2$L AS model_version, %3$L AS model_type
        FROM patternos_part.category_scored s
        JOIN (SELECT t.unified_category, sum(t.probability_30d) / max(c.customers) AS mean
              FROM patternos_part.category_scored t CROSS JOIN (SELECT count(DISTINCT customer_key) AS customers FROM patternos_part.category_scored) c
              GROUP BY t.unified_category) n ON n.unified_category = s.unified_category
        LEFT JOIN (SELECT DISTINCT ON (a.customer_key, a.unified_category) a.customer_key, a.unified_category COLLATE "C" AS unified_category, a.category_id
                   FROM %4$s a WHERE a.as_of = %1$L AND a.window_days = %5$L AND a.level = 'category' AND a.category_id IS NOT NULL
                   ORDER BY a.customer_key, a.unified_category, a.category_rank) o
               ON o.customer_key = s.customer_key AND o.unified_category = s.unified_category
        LEFT JOIN (SELECT DISTINCT ON (k.unified_category) k.unified_category COLLATE "C" AS unified_category, k.category_id
                   FROM patternos_dw.dim_product_category k
                   LEFT JOIN patternos_dw.affinity_population p
                          ON p.category_id = k.category_id AND p.as_of = %1$L AND p.window_days = %5$L AND p.level = 'category'
                   ORDER BY k.unified_category, p.purchase_count DESC NULLS LAST, k.category_id) d
               ON d.unified_category = s.unified_category$query$,
        as_of, champion.version, champion.model_type, patternos._snapshot_source('patternos_dw.feat_customer_affinity', as_of),
        patternos._setting('affinity_window_days')));
END
$$;

-- Makes the likeliest category the one predicted, in patternos_part.intent_category; who has no pair keeps what is there.
CREATE FUNCTION patternos._predict_categories(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET work_mem = '64MB'
AS $$
BEGIN
    EXECUTE format($query$
        CREATE UNLOGGED TABLE patternos_part.intent_category_new AS
        SELECT customer_key, coalesce(s.category_id, c.category_id) AS category_id, coalesce(c.is_last, false) AND s.category_id IS NULL AS is_last,
               c.category_affinity_score, CASE WHEN s.category_id IS NOT NULL THEN s.purchase_probability_30d END AS category_intent_score
        FROM patternos_part.intent_category c
        FULL JOIN (SELECT * FROM %s WHERE as_of = %L AND category_rank = 1) s USING (customer_key)$query$,
        patternos._snapshot_source('patternos_dw.intent_score_category', as_of), as_of);
    DROP TABLE patternos_part.intent_category;
    ALTER TABLE patternos_part.intent_category_new RENAME TO intent_category;
    ANALYZE patternos_part.intent_category (customer_key);
END
$$;

-- The drift of a model's scores of about 20,000 customers at a date from those of the examples held out in training.
CREATE FUNCTION patternos._category_score_shift(model bigint, as_of date) RETURNS double precision
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off
AS $$
DECLARE
    share numeric := (SELECT least(1, 20000.0 / greatest(count(*), 1)) FROM patternos_dw.dim_customer);
    result double precision;
BEGIN
    PERFORM patternos._check_model(model, true);
    PERFORM patternos._find_category_signals(as_of);
    EXECUTE format($query$
        SELECT patternos.psi(ARRAY(SELECT v::float8 FROM jsonb_array_elements_text(m.reference #> '{score,counts}') v),
                   patternos._bin_counts(s.scores, ARRAY(SELECT v::float8 FROM jsonb_array_elements_text(m.reference #> '{score,edges}') v)))
        FROM patternos_dw.model m
        CROSS JOIN LATERAL (SELECT array_agg(patternos.score(m.compiled, f)) AS scores FROM %s) s
        WHERE m.model_id = $1 AND m.reference IS NOT NULL$query$,
        patternos._category_rows(as_of, patternos._category_condition(as_of, share))) INTO result USING model;
    DROP TABLE patternos_part.category_signal, patternos_part.category_popularity;
    RETURN result;
END
$$;

-- Scores categories where "category_intent" has a champion; where it has none, what an earlier one scored at the date goes.
CREATE FUNCTION patternos._score_categories(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM patternos_dw.model m WHERE m.name = 'category_intent' AND m.stage = 'champion') THEN
        PERFORM patternos._drop_snapshot(s.partition) FROM patternos._snapshots() s
        WHERE s.parent = 'patternos_dw.intent_score_category'::regclass AND s.as_of = _score_categories.as_of;
        RETURN;
    END IF;
    PERFORM patternos._check_model(m.model_id, true) FROM patternos_dw.model m WHERE m.name IN ('category_intent', 'category_intent_7d') AND m.stage = 'champion';
    PERFORM patternos._find_category_signals(as_of);
    PERFORM patternos._find_category_scores(as_of, 'NOT EXISTS (SELECT FROM patternos_part.intent_unscored u WHERE u.customer_key = r.customer_key)');
    PERFORM patternos._write_category_scores(as_of);
    PERFORM patternos._predict_categories(as_of);
    DROP TABLE patternos_part.category_signal, patternos_part.category_popularity, patternos_part.category_scored;
END
$$;

REVOKE ALL ON FUNCTION patternos._find_category_scores(date, text), patternos._write_category_scores(date),
    patternos._predict_categories(date), patternos._category_score_shift(bigint, date), patternos._score_categories(date) FROM PUBLIC;

-- Intent scores of the warehouse's customers at a reference date, and the row that serves them.

-- Fits the purchase rates of each platform, and of all together, to the customers known at the date.
CREATE FUNCTION patternos._fit_purchase_rates(as_of date) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM patternos_dw.purchase_rate_model m WHERE m.as_of = $1;
    INSERT INTO patternos_dw.purchase_rate_model (as_of, platform_id, r, alpha, log_likelihood, customers)
    SELECT $1, g.platform_id, (g.fit).r, (g.fit).alpha, (g.fit).log_likelihood, (g.fit).customers
    FROM (SELECT c.platform_id, patternos.fit_purchase_rate(array_agg(c.x), array_agg(c.t), array_agg(c.customers)) AS fit
          FROM (SELECT f.platform_id, f.frequency_lifetime::bigint - 1 AS x,
                       ($1 - f.first_purchase_date)::double precision AS t, count(*) AS customers
                FROM patternos_dw.feat_customer_rfm f
                WHERE f.as_of = $1 AND f.frequency_lifetime > 0
                GROUP BY f.platform_id, x, t) c
          GROUP BY c.platform_id) g
$$;

-- Stores what share of a platform's customers has at most each score.
CREATE FUNCTION patternos._store_percentiles(as_of date) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM patternos_dw.intent_percentile p WHERE p.as_of = $1;
    INSERT INTO patternos_dw.intent_percentile (as_of, platform_id, intent_score, intent_percentile)
    SELECT $1, s.platform_id, s.score,
           round(100 * sum(s.customers) OVER (PARTITION BY s.platform_id ORDER BY s.score)
                 / sum(s.customers) OVER (PARTITION BY s.platform_id), 2)
    FROM (SELECT f.platform_id, patternos.intent_score(coalesce(f.recency_days, 180), f.frequency_90d, f.monetary_90d) AS score,
                 count(*) AS customers
          FROM patternos_dw.feat_customer_rfm f
          WHERE f.as_of = $1 AND f.customer_key NOT IN (SELECT u.customer_key FROM patternos._unscored($1) u)
          GROUP BY f.platform_id, score) s
$$;

-- The category that customers bought last, for those of patternos_part.intent_uncategorized: customer_key, category_id. Their
-- transactions are found first (OFFSET), before lines are joined to all.
CREATE FUNCTION patternos._last_categories(as_of date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._per_partition(format($query$
        (SELECT DISTINCT ON (t.customer_key) t.customer_key, coalesce(k.category_id, l.category_id) AS category_id
         FROM (SELECT f.customer_key, f.transaction_datetime, f.transaction_id
               FROM patternos_part.intent_uncategorized u
               JOIN {transaction} f ON f.customer_key = u.customer_key
               WHERE f.transaction_date < %L AND f.transaction_status = 'completed'
               OFFSET '0') t
         JOIN {line} l
              ON l.customer_key = t.customer_key AND l.transaction_datetime = t.transaction_datetime AND l.transaction_id = t.transaction_id
         LEFT JOIN patternos_dw.dim_sku k ON k.platform_id = l.platform_id AND k.sku_id = l.sku_id AND k.valid_to = 'infinity'
         WHERE coalesce(k.category_id, l.category_id) IS NOT NULL
         ORDER BY t.customer_key, t.transaction_datetime DESC, t.transaction_id DESC, l.line_number)$query$, as_of))
$$;

-- Each customer's category as patternos_part.intent_category: the one with most affinity, or the last bought for who has none at the
-- date. A table has statistics, and leaves the rest of the work to parallel workers. Without parallel scans a worker takes a partition.
CREATE FUNCTION patternos._find_categories(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET work_mem = '64MB'
SET parallel_setup_cost = 100 SET parallel_tuple_cost = 0.001
AS $$
DECLARE
    affinity text := format('(SELECT customer_key, category_id, category_affinity_score FROM %s WHERE as_of = %L AND window_days = %L '
                            'AND level = ''category'' AND category_rank = 1)',
                            patternos._snapshot_source('patternos_dw.feat_customer_affinity', as_of), as_of,
                            patternos._setting('affinity_window_days'));
BEGIN
    DROP TABLE IF EXISTS patternos_part.intent_category, patternos_part.intent_uncategorized, patternos_part.intent_last_category;
    EXECUTE format($query$
        CREATE UNLOGGED TABLE patternos_part.intent_uncategorized AS
        SELECT DISTINCT r.customer_key
        FROM %s r LEFT JOIN %s a ON a.customer_key = r.customer_key AND a.category_id IS NOT NULL
        WHERE r.as_of = %L AND r.frequency_lifetime > 0 AND a.customer_key IS NULL
        $query$, patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of), affinity, as_of);
    ANALYZE patternos_part.intent_uncategorized;
    PERFORM set_config('min_parallel_table_scan_size', '1TB', true), set_config('min_parallel_index_scan_size', '1TB', true);
    EXECUTE 'CREATE UNLOGGED TABLE patternos_part.intent_last_category AS ' || patternos._last_categories(as_of);
    PERFORM set_config('min_parallel_table_scan_size', '8MB', true), set_config('min_parallel_index_scan_size', '512kB', true);
    EXECUTE format($query$
        CREATE UNLOGGED TABLE patternos_part.intent_category AS
        SELECT customer_key, coalesce(a.category_id, l.category_id) AS category_id, a.category_id IS NULL AS is_last,
               a.category_affinity_score, NULL::numeric(5, 4) AS category_intent_score
        FROM %s a FULL JOIN patternos_part.intent_last_category l USING (customer_key)$query$, affinity);
    ANALYZE patternos_part.intent_category (customer_key);
    DROP TABLE patternos_part.intent_uncategorized, patternos_part.intent_last_category;
END
$$;

-- Who must not be scored as patternos_part.intent_unscored.
CREATE FUNCTION patternos._find_unscored(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET enable_nestloop = on
AS $$
BEGIN
    DROP TABLE IF EXISTS patternos_part.intent_unscored;
    EXECUTE 'CREATE UNLOGGED TABLE patternos_part.intent_unscored AS ' || patternos._unscored_query(as_of);
    ANALYZE patternos_part.intent_unscored;
END
$$;

-- The rows of intent_score by the documented baseline, see doc/reference.md. It reads the snapshot's own table, which has statistics,
-- and patternos_part.intent_category. OFFSET '0': see sql/48_refresh_rfm.sql.
CREATE FUNCTION patternos._intent_query(as_of date, version text, high numeric, medium numeric) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT s.customer_key, s.as_of, s.platform_id,
               %1$L::timestamp AT TIME ZONE %5$L AS scoring_timestamp, s.intent_score,
               patternos.intent_level(s.intent_score, %3$L, %4$L) AS intent_level, p.intent_percentile,
               s.predicted_category_id, coalesce(s.category_intent_score, s.intent_score * s.category_affinity_score) AS category_intent_score,
               CASE WHEN s.days < 99999999 THEN s.days END AS predicted_purchase_days,
               s.probability_7d AS purchase_probability_7d, s.probability_30d AS purchase_probability_30d,
               %2$L AS model_version, CASE WHEN s.days IS NULL THEN 'baseline' ELSE 'gamma-poisson' END AS model_type,
               s.terms AS feature_importance
        FROM (SELECT q.customer_key, q.as_of, q.platform_id, c.category_affinity_score, c.category_intent_score,
                     CASE WHEN NOT c.is_last OR q.frequency_lifetime > 0 THEN c.category_id END AS predicted_category_id,
                     patternos.intent_score(coalesce(q.recency_days, 180), q.frequency_90d, q.monetary_90d) AS intent_score,
                     patternos._intent_terms(coalesce(q.recency_days, 180), q.frequency_90d, q.monetary_90d) AS terms,
                     patternos.predicted_purchase_days(q.frequency_lifetime - 1, q.as_of - q.first_purchase_date, m.r, m.alpha) AS days,
                     patternos.purchase_probability(q.frequency_lifetime - 1, q.as_of - q.first_purchase_date, m.r, m.alpha, 7) AS probability_7d,
                     patternos.purchase_probability(q.frequency_lifetime - 1, q.as_of - q.first_purchase_date, m.r, m.alpha, 30) AS probability_30d
              FROM %6$s q
              LEFT JOIN patternos_dw.purchase_rate_model m
                     ON m.as_of = %1$L AND m.platform_id = q.platform_id AND q.frequency_lifetime > 0
              LEFT JOIN patternos_part.intent_category c ON c.customer_key = q.customer_key
              WHERE q.as_of = %1$L AND NOT EXISTS (SELECT FROM patternos_part.intent_unscored u WHERE u.customer_key = q.customer_key)
              OFFSET '0') s
        JOIN patternos_dw.intent_percentile p
          ON p.as_of = %1$L AND p.platform_id = s.platform_id AND p.intent_score = s.intent_score
        $query$, as_of, version, high, medium, patternos._setting('time_zone'),
        patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of))
$$;

-- Brings what is served in line with consent, for these customers or (NULL) for all.
CREATE FUNCTION patternos._refresh_serving(keys bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    PERFORM patternos._require_owner();
    UPDATE patternos_dw.intent_serving s
    SET is_servable = c.consent_marketing AND c.consent_personalization AND NOT c.anonymized, updated_at = now()
    FROM patternos_dw.dim_customer c
    WHERE c.customer_key = s.customer_key AND (keys IS NULL OR s.customer_key = ANY (keys))
      AND s.is_servable <> (c.consent_marketing AND c.consent_personalization AND NOT c.anonymized);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

-- Serves the scores of a date, except to customers who have newer ones; who must not be scored any more is served no longer.
CREATE FUNCTION patternos._serve_scores(as_of date) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM patternos_dw.intent_serving v
    WHERE v.as_of <= $1 AND NOT EXISTS (SELECT FROM patternos_dw.intent_score s
                                        WHERE s.as_of = $1 AND s.platform_id = 'ALL' AND s.customer_key = v.customer_key)
      AND v.customer_key IN (SELECT u.customer_key FROM patternos._unscored($1) u);
    INSERT INTO patternos_dw.intent_serving AS v
        (customer_key, as_of, is_servable, intent_score, intent_level, intent_percentile, purchase_probability_7d,
         purchase_probability_30d, predicted_category_id, model_version)
    SELECT s.customer_key, s.as_of, c.consent_marketing AND c.consent_personalization AND NOT c.anonymized, s.intent_score,
           s.intent_level, s.intent_percentile, s.purchase_probability_7d, s.purchase_probability_30d, s.predicted_category_id,
           s.model_version
    FROM patternos_dw.intent_score s
    JOIN patternos_dw.dim_customer c USING (customer_key)
    WHERE s.as_of = $1 AND s.platform_id = 'ALL'
    ON CONFLICT (customer_key) DO UPDATE
    SET as_of = excluded.as_of, is_servable = excluded.is_servable, intent_score = excluded.intent_score,
        intent_level = excluded.intent_level, intent_percentile = excluded.intent_percentile,
        purchase_probability_7d = excluded.purchase_probability_7d, purchase_probability_30d = excluded.purchase_probability_30d,
        predicted_category_id = excluded.predicted_category_id, model_version = excluded.model_version, updated_at = now()
    WHERE excluded.as_of >= v.as_of
      AND (v.as_of, v.is_servable, v.intent_score, v.intent_level, v.intent_percentile, v.purchase_probability_7d,
           v.purchase_probability_30d, v.predicted_category_id, v.model_version)
          IS DISTINCT FROM
          (excluded.as_of, excluded.is_servable, excluded.intent_score, excluded.intent_level, excluded.intent_percentile,
           excluded.purchase_probability_7d, excluded.purchase_probability_30d, excluded.predicted_category_id, excluded.model_version)
$$;

-- The rows of intent_score of a date with what came of them: the first purchase in the 30 days from it.
CREATE FUNCTION patternos._outcome_query(as_of date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT %2$s, o.day IS NOT NULL AS actual_purchased, o.day AS actual_purchase_date, o.day - s.as_of AS days_to_purchase
        FROM patternos_dw.intent_score s
        LEFT JOIN (SELECT f.customer_key, v.platform_id, min(f.transaction_date) AS day
                   FROM patternos_dw.fact_transaction f
                   CROSS JOIN LATERAL (VALUES (f.platform_id, 1), ('ALL', 2)) v (platform_id, role)
                   WHERE f.transaction_date >= %1$L AND f.transaction_date < %3$L AND %4$s & v.role <> 0
                   GROUP BY f.customer_key, v.platform_id) o
          ON o.customer_key = s.customer_key AND o.platform_id = s.platform_id
        WHERE s.as_of = %1$L$query$,
        as_of,
        (SELECT string_agg('s.' || quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
         WHERE a.attrelid = 'patternos_dw.intent_score'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
           AND a.attname <> ALL ('{actual_purchased,actual_purchase_date,days_to_purchase}')),
        as_of + 30, patternos._rfm_role())
$$;

-- Records what came of the scores whose 30 days lie before the end of the facts. Once: the rows of a date are filled together.
CREATE FUNCTION patternos._record_outcomes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known_until date;
    scored record;
    is_open boolean;
BEGIN
    FOR scored IN
        SELECT s.partition, s.as_of FROM patternos._snapshots() s
        WHERE s.parent = 'patternos_dw.intent_score'::regclass AND s.as_of + 30 <= current_date + 2 ORDER BY s.as_of
    LOOP
        EXECUTE format('SELECT actual_purchased IS NULL FROM %s LIMIT 1', scored.partition) INTO is_open;
        CONTINUE WHEN is_open IS DISTINCT FROM true;
        -- reads the facts: only when it decides something
        known_until := coalesce(known_until, patternos._reference_date(NULL));
        IF scored.as_of + 30 <= known_until THEN
            PERFORM patternos._write_snapshot('patternos_dw.intent_score', scored.as_of, patternos._outcome_query(scored.as_of));
        END IF;
    END LOOP;
END
$$;

-- Scores by the documented baseline.
CREATE FUNCTION patternos._score_by_baseline(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    champion patternos_dw.model;
BEGIN
    SELECT * INTO champion FROM patternos_dw.model WHERE name = 'intent' AND stage = 'champion';
    PERFORM patternos._store_percentiles(as_of);
    -- believed to be few, they would be joined after the workers' part
    ANALYZE patternos_dw.purchase_rate_model, patternos_dw.intent_percentile;
    RETURN patternos._write_snapshot('patternos_dw.intent_score', as_of,
        patternos._intent_query(as_of, champion.version, champion.high_cut, champion.medium_cut));
END
$$;

-- All customers are scored: estimates of joins by several columns are too low, and nested loops take ten times as long.
CREATE FUNCTION patternos._score_intent(as_of date) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off
AS $$
DECLARE
    champion_type text := (SELECT m.model_type FROM patternos_dw.model m WHERE m.name = 'intent' AND m.stage = 'champion');
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    IF champion_type IS NULL THEN
        RAISE EXCEPTION 'model "intent" has no champion'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT * FROM patternos.promote(''intent'', ''baseline-1'') makes the documented baseline the champion.';
    END IF;
    IF NOT EXISTS (SELECT FROM patternos._snapshots() s
                   WHERE s.parent = 'patternos_dw.feat_customer_rfm'::regclass AND s.as_of = _score_intent.as_of) THEN
        RAISE EXCEPTION 'there are no RFM features as of %', as_of
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'CALL patternos.refresh_features() for this date first.';
    END IF;
    PERFORM patternos._fit_purchase_rates(as_of);
    PERFORM patternos._find_unscored(as_of);
    PERFORM patternos._find_categories(as_of);
    PERFORM patternos._score_categories(as_of);
    IF champion_type = 'baseline' THEN
        rows := patternos._score_by_baseline(as_of);
    ELSE
        rows := patternos._score_by_champion(as_of);
    END IF;
    DROP TABLE patternos_part.intent_category, patternos_part.intent_unscored;
    PERFORM patternos._record_outcomes();
    PERFORM patternos._serve_scores(as_of);
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._fit_purchase_rates(date), patternos._store_percentiles(date), patternos._last_categories(date), patternos._find_categories(date),
    patternos._intent_query(date, text, numeric, numeric), patternos._refresh_serving(bigint[]), patternos._serve_scores(date),
    patternos._outcome_query(date), patternos._record_outcomes(), patternos._find_unscored(date), patternos._score_by_baseline(date),
    patternos._score_intent(date) FROM PUBLIC;

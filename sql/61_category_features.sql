-- The features of category intent: one row per customer and category that could be bought in next.
--
-- A pair is looked at when the customer bought in the category within 730 days or showed interest within 90 (of those the twenty
-- latest), or when the category is one of the three that all customers bought most in the last 30 days.

-- Search terms of the 90 days before a date as patternos_part.category_term: the category that the item rules give them.
CREATE FUNCTION patternos._find_category_terms(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET datestyle = 'ISO'
AS $$
BEGIN
    DROP TABLE IF EXISTS patternos_part.category_term;
    EXECUTE format($query$
        CREATE UNLOGGED TABLE patternos_part.category_term AS
        SELECT p.platform_id, c.item_name AS search_term, c.unified_category
        FROM (SELECT e.platform_id, array_agg(DISTINCT e.search_term) AS terms
              FROM patternos_dw.fact_event e
              WHERE e.event_timestamp >= %1$L AND e.event_timestamp < %2$L AND e.event_type = 'search' AND e.category_id IS NULL AND e.search_term <> ''
              GROUP BY e.platform_id) p
        CROSS JOIN LATERAL patternos._classify_items(p.platform_id, p.terms) c
        WHERE c.unified_category IS NOT NULL$query$,
        (as_of - 90)::timestamp AT TIME ZONE patternos._setting('time_zone'), as_of::timestamp AT TIME ZONE patternos._setting('time_zone'));
    ANALYZE patternos_part.category_term;
END
$$;

-- Purchases by customer and category in the days [as_of - 730, as_of), an order counted once in each of its categories; and events in
-- [as_of - 90, as_of). Purchases are found by their date; that a line's time lies near only spares reading others.
CREATE FUNCTION patternos._category_signal_query(as_of date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT patternos._per_partition(format($query$
        SELECT customer_key, unified_category, p.purchases, p.purchases_30d, p.purchases_90d, p.purchases_365d, p.purchases_31_60d,
               p.spend_90d, p.spend_365d, p.recency_days, p.first_days, p.several_platforms, e.views_7d, e.views_30d, e.views_90d,
               e.searches_7d, e.searches_30d, e.carts_7d, e.carts_30d, e.wishes_90d, e.event_days,
               row_number() OVER (PARTITION BY customer_key ORDER BY least(p.recency_days, e.event_days), unified_category) AS place
        FROM (SELECT o.customer_key, o.unified_category, count(*) AS purchases, count(*) FILTER (WHERE o.days <= 30) AS purchases_30d,
                     count(*) FILTER (WHERE o.days <= 90) AS purchases_90d, count(*) FILTER (WHERE o.days <= 365) AS purchases_365d,
                     count(*) FILTER (WHERE o.days BETWEEN 31 AND 60) AS purchases_31_60d,
                     sum(o.value) FILTER (WHERE o.days <= 90) AS spend_90d, sum(o.value) FILTER (WHERE o.days <= 365) AS spend_365d,
                     min(o.days) AS recency_days, max(o.days) AS first_days, min(o.platform_id) <> max(o.platform_id) AS several_platforms
              FROM (SELECT t.customer_key, c.unified_category COLLATE "C" AS unified_category, t.platform_id, %1$L::date - t.transaction_date AS days,
                           sum(l.line_total) AS value
                    FROM {transaction} t
                    JOIN {line} l USING (customer_key, transaction_datetime, transaction_id)
                    LEFT JOIN patternos_dw.dim_sku k ON k.platform_id = l.platform_id AND k.sku_id = l.sku_id AND k.valid_to = 'infinity'
                    JOIN patternos_dw.dim_product_category c ON c.category_id = coalesce(k.category_id, l.category_id)
                    WHERE t.transaction_status = 'completed' AND t.transaction_type IN ('order', 'booking')
                      AND t.transaction_date >= %1$L::date - 730 AND t.transaction_date < %1$L
                      AND l.transaction_datetime >= %2$L AND l.transaction_datetime < %3$L
                    GROUP BY t.customer_key, t.transaction_datetime, t.transaction_id, t.platform_id, t.transaction_date, c.unified_category) o
              GROUP BY o.customer_key, o.unified_category) p
        FULL JOIN (SELECT v.customer_key, v.unified_category,
                          count(*) FILTER (WHERE v.kind = 'view' AND v.days <= 7) AS views_7d, count(*) FILTER (WHERE v.kind = 'view' AND v.days <= 30) AS views_30d,
                          count(*) FILTER (WHERE v.kind = 'view') AS views_90d, count(*) FILTER (WHERE v.kind = 'search' AND v.days <= 7) AS searches_7d,
                          count(*) FILTER (WHERE v.kind = 'search' AND v.days <= 30) AS searches_30d, count(*) FILTER (WHERE v.kind = 'cart' AND v.days <= 7) AS carts_7d,
                          count(*) FILTER (WHERE v.kind = 'cart' AND v.days <= 30) AS carts_30d, count(*) FILTER (WHERE v.kind = 'wish') AS wishes_90d,
                          min(v.days) AS event_days
                   FROM (SELECT e.customer_key, coalesce(c.unified_category, s.unified_category) COLLATE "C" AS unified_category,
                                date_part('epoch', %4$L::timestamptz - e.event_timestamp) / 86400 AS days,
                                CASE e.event_type WHEN 'product_view' THEN 'view' WHEN 'category_view' THEN 'view' WHEN 'search' THEN 'search'
                                     WHEN 'add_to_cart' THEN 'cart' WHEN 'wishlist_add' THEN 'wish' END AS kind
                         FROM {event} e
                         LEFT JOIN patternos_dw.dim_product_category c ON c.category_id = e.category_id
                         LEFT JOIN patternos_part.category_term s ON e.event_type = 'search' AND e.category_id IS NULL AND s.platform_id = e.platform_id
                                                               AND s.search_term = e.search_term
                         WHERE e.event_timestamp >= %5$L AND e.event_timestamp < %4$L) v
                   WHERE v.kind IS NOT NULL AND v.unified_category IS NOT NULL
                   GROUP BY v.customer_key, v.unified_category) e USING (customer_key, unified_category)$query$,
        as_of, (as_of - 732)::timestamp AT TIME ZONE 'UTC', (as_of + 2)::timestamp AT TIME ZONE 'UTC',
        as_of::timestamp AT TIME ZONE patternos._setting('time_zone'), (as_of - 90)::timestamp AT TIME ZONE patternos._setting('time_zone')))
$$;

-- What customers did in each category as patternos_part.category_signal, and what all did together as patternos_part.category_popularity.
-- Training, evaluation and scoring take turns: a table that parallel workers can read has one name for all sessions.
CREATE FUNCTION patternos._find_category_signals(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET work_mem = '64MB' SET jit = off
SET enable_nestloop = off SET parallel_setup_cost = 100 SET parallel_tuple_cost = 0.001
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('patternos category tables', 0));
    PERFORM patternos._find_category_terms(as_of);
    DROP TABLE IF EXISTS patternos_part.category_signal, patternos_part.category_popularity;
    -- without parallel scans a worker takes a partition
    PERFORM set_config('min_parallel_table_scan_size', '1TB', true), set_config('min_parallel_index_scan_size', '1TB', true);
    EXECUTE 'CREATE UNLOGGED TABLE patternos_part.category_signal AS ' || patternos._category_signal_query(as_of);
    PERFORM set_config('min_parallel_table_scan_size', '8MB', true), set_config('min_parallel_index_scan_size', '512kB', true);
    DROP TABLE patternos_part.category_term;
    ANALYZE patternos_part.category_signal;
    CREATE UNLOGGED TABLE patternos_part.category_popularity AS
    SELECT s.unified_category, sum(s.purchases_30d) AS purchases_30d, sum(s.purchases_31_60d) AS purchases_31_60d,
           count(*) FILTER (WHERE s.purchases_30d > 0) AS buyers_30d, count(s.purchases) AS buyers,
           count(*) FILTER (WHERE s.purchases > 1)::numeric / nullif(count(s.purchases), 0) AS repeat_share,
           sum(s.first_days - s.recency_days)::numeric / nullif(sum(s.purchases - 1), 0) AS interval_days,
           sum(s.views_30d) AS views_30d,
           row_number() OVER (ORDER BY sum(s.purchases_30d) DESC NULLS LAST, count(s.purchases) DESC, s.unified_category) <= 3 AS is_popular
    FROM patternos_part.category_signal s GROUP BY s.unified_category;
    ANALYZE patternos_part.category_popularity;
END
$$;

-- Name, expression and meaning of each feature over p (the pair's signal, NULLs without one), c (category_popularity), n (number of customers),
-- r (feat_customer_rfm), b (feat_customer_behavior), m (purchase rates), each of 'ALL', and a (the customer's affinity to the category).
CREATE FUNCTION patternos._category_features() RETURNS TABLE (feature text, expression text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('pair_purchases', 'coalesce(p.purchases, 0)', 'purchases in the category in 730 days'),
        ('pair_purchases_365d', 'coalesce(p.purchases_365d, 0)', 'the same in 365 days'),
        ('pair_purchases_90d', 'coalesce(p.purchases_90d, 0)', 'the same in 90 days'),
        ('pair_purchases_30d', 'coalesce(p.purchases_30d, 0)', 'the same in 30 days'),
        ('pair_spend_365d', 'coalesce(p.spend_365d, 0)', 'spend in the category in 365 days'),
        ('pair_spend_90d', 'coalesce(p.spend_90d, 0)', 'the same in 90 days'),
        ('pair_recency_days', 'p.recency_days', 'days since the last purchase in the category; NULL without one'),
        ('pair_interval_days', '(p.first_days - p.recency_days)::real / nullif(p.purchases - 1, 0)', 'mean days between purchases in the category; NULL under two'),
        ('pair_recency_to_interval', 'p.recency_days / nullif((p.first_days - p.recency_days)::real / nullif(p.purchases - 1, 0), 0)', 'pair_recency_days / pair_interval_days'),
        ('pair_recency_to_category_interval', 'p.recency_days / nullif(c.interval_days, 0)', 'pair_recency_days / category_interval_days'),
        ('pair_rate', 'p.purchases::real / greatest(p.first_days, 30)', 'purchases in the category a day since the first, at least 30 days'),
        ('pair_share_of_purchases', 'coalesce(p.purchases_365d, 0)::real / nullif(r.frequency_365d, 0)', 'share of the customer''s purchases in 365 days'),
        ('pair_share_of_spend', 'coalesce(p.spend_365d, 0) / nullif(r.monetary_365d, 0)', 'share of the customer''s spend in 365 days'),
        ('pair_is_last', '(p.recency_days = r.recency_days)::integer', '1 when the last day with a purchase had one in the category'),
        ('pair_several_platforms', 'p.several_platforms::integer', '1 when bought in the category on two or more platforms'),
        ('pair_affinity', 'a.category_affinity_score', 'affinity to the category'),
        ('pair_views_7d', 'coalesce(p.views_7d, 0)', 'products and lists viewed in the category in 7 days'),
        ('pair_views_30d', 'coalesce(p.views_30d, 0)', 'the same in 30 days'),
        ('pair_views_90d', 'coalesce(p.views_90d, 0)', 'the same in 90 days'),
        ('pair_searches_7d', 'coalesce(p.searches_7d, 0)', 'searches for the category in 7 days'),
        ('pair_searches_30d', 'coalesce(p.searches_30d, 0)', 'the same in 30 days'),
        ('pair_carts_7d', 'coalesce(p.carts_7d, 0)', 'put into the cart in 7 days'),
        ('pair_carts_30d', 'coalesce(p.carts_30d, 0)', 'the same in 30 days'),
        ('pair_wishes_90d', 'coalesce(p.wishes_90d, 0)', 'put on the wish list in 90 days'),
        ('pair_event_days', 'p.event_days', 'days since the last such event; NULL without one in 90 days'),
        ('category_buyer_share', 'coalesce(c.buyers_30d, 0)::real / n.customers', 'share of all customers who bought in the category in 30 days'),
        ('category_trend', 'coalesce(c.purchases_30d, 0)::real / nullif(c.purchases_31_60d, 0)', 'purchases in 30 days / those in the 30 days before'),
        ('category_interval_days', 'c.interval_days', 'mean days between purchases of one customer in the category'),
        ('category_repeat_share', 'c.repeat_share', 'share of its buyers who bought more than once'),
        ('recency_days', 'r.recency_days', 'days since the last purchase'),
        ('frequency_7d', 'r.frequency_7d', 'purchases in 7 days'),
        ('frequency_30d', 'r.frequency_30d', 'the same in 30 days'),
        ('frequency_90d', 'r.frequency_90d', 'the same in 90 days'),
        ('frequency_365d', 'r.frequency_365d', 'the same in 365 days'),
        ('monetary_90d', 'r.monetary_90d', 'spend in 90 days'),
        ('monetary_365d', 'r.monetary_365d', 'the same in 365 days'),
        ('avg_days_between_purchases', 'r.avg_days_between_purchases', 'mean days between purchases'),
        ('tenure_days', 'r.as_of - r.first_purchase_date', 'days since the first purchase; NULL without one'),
        ('gamma_poisson_30d', 'CASE WHEN r.frequency_lifetime > 0 THEN patternos.purchase_probability(r.frequency_lifetime - 1, '
                              'r.as_of - r.first_purchase_date, m.r, m.alpha, 30) END', 'probability of any purchase within 30 days by the gamma-Poisson model'),
        ('total_sessions', 'b.total_sessions', 'sessions'),
        ('product_views', 'b.product_views', 'products viewed'),
        ('total_searches', 'b.total_searches', 'searches'),
        ('add_to_cart_count', 'b.add_to_cart_count', 'put into carts')
$$;

-- The columns of all features, each as a real.
CREATE FUNCTION patternos._category_columns() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(format('(%s)::real AS %I', f.expression, f.feature), ', ') FROM patternos._category_features() f
$$;

-- A FROM clause f with the pairs of a date and their features, from its snapshots and patternos_part.category_signal: of customers r on whom
-- condition holds.
CREATE FUNCTION patternos._category_rows(as_of date, condition text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT format($from$
        (SELECT r.customer_key, r.as_of, k.unified_category, p.purchases, p.recency_days AS purchase_recency_days, p.event_days,
                (p.first_days - p.recency_days)::numeric / nullif(p.purchases - 1, 0) AS purchase_interval_days, %1$s
         FROM (SELECT s.customer_key, s.unified_category
               FROM patternos_part.category_signal s JOIN patternos_part.category_popularity c USING (unified_category)
               WHERE s.place <= 20 OR c.is_popular
               UNION ALL
               SELECT q.customer_key, c.unified_category
               FROM %2$s q JOIN patternos_part.category_popularity c ON c.is_popular
               WHERE q.as_of = %3$L AND q.platform_id = 'ALL'
                 AND NOT EXISTS (SELECT FROM patternos_part.category_signal s
                                 WHERE s.customer_key = q.customer_key AND s.unified_category = c.unified_category)) k
         JOIN %2$s r ON r.customer_key = k.customer_key AND r.as_of = %3$L AND r.platform_id = 'ALL'
         LEFT JOIN patternos_part.category_signal p ON p.customer_key = k.customer_key AND p.unified_category = k.unified_category
         JOIN patternos_part.category_popularity c ON c.unified_category = k.unified_category
         LEFT JOIN %4$s b ON b.customer_key = k.customer_key AND b.as_of = %3$L AND b.platform_id = 'ALL'
         LEFT JOIN %5$s a ON a.customer_key = k.customer_key AND a.as_of = %3$L AND a.window_days = %6$L AND a.level = 'unified_category'
                         AND a.item = k.unified_category
         LEFT JOIN patternos_dw.purchase_rate_model m ON m.as_of = %3$L AND m.platform_id = 'ALL'
         CROSS JOIN (SELECT count(*) AS customers FROM %2$s q WHERE q.as_of = %3$L AND q.platform_id = 'ALL') n
         WHERE %7$s
         OFFSET '0') f$from$,
        patternos._category_columns(), patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of), as_of,
        patternos._snapshot_source('patternos_dw.feat_customer_behavior', as_of),
        patternos._snapshot_source('patternos_dw.feat_customer_affinity', as_of), patternos._setting('affinity_window_days'), condition)
$$;

-- What customers bought in the days from a date on, as SQL: customer_key, unified_category, each pair once.
CREATE FUNCTION patternos._category_outcomes(as_of date, window_days integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT format($query$
        SELECT DISTINCT t.customer_key, c.unified_category COLLATE "C" AS unified_category
        FROM patternos_dw.fact_transaction t
        JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
        LEFT JOIN patternos_dw.dim_sku k ON k.platform_id = l.platform_id AND k.sku_id = l.sku_id AND k.valid_to = 'infinity'
        JOIN patternos_dw.dim_product_category c ON c.category_id = coalesce(k.category_id, l.category_id)
        WHERE t.transaction_status = 'completed' AND t.transaction_type IN ('order', 'booking')
          AND t.transaction_date >= %1$L AND t.transaction_date < %2$L
          AND l.transaction_datetime >= %3$L AND l.transaction_datetime < %4$L$query$,
        as_of, as_of + window_days, (as_of - 2)::timestamp AT TIME ZONE 'UTC', (as_of + window_days + 2)::timestamp AT TIME ZONE 'UTC')
$$;

-- the columns of a training set, by the list of features
DO $$
BEGIN
    EXECUTE (SELECT 'CREATE TYPE patternos.category_example AS (id text, customer_key bigint, as_of date, dataset_split text, purchased boolean, '
                    'unified_category text, ' || string_agg(f.feature || ' real', ', ') || ')' FROM patternos._category_features() f);
    EXECUTE (SELECT string_agg(format('COMMENT ON COLUMN patternos.category_example.%I IS %L', f.feature, f.meaning), '; ')
             FROM patternos._category_features() f);
END
$$;
COMMENT ON TYPE patternos.category_example IS 'A row of category_training_set: a customer and a category at a date, the label and the features.';

REVOKE ALL ON FUNCTION patternos._find_category_terms(date), patternos._category_signal_query(date), patternos._find_category_signals(date),
    patternos._category_rows(date, text), patternos._category_outcomes(date, integer) FROM PUBLIC;

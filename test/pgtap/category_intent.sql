-- Category intent: pairs, features and labels against brute force, no look ahead, scores, prediction, and who must not be scored.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';
TRUNCATE patternos_dw.pipeline_run, patternos_dw.refresh_state, patternos_dw.stale_customer, patternos_dw.changed_customer;

INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers(500, 7);
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(500, 7);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(500, 7);
INSERT INTO patternos_dw.landing_nykaa SELECT * FROM patternos.sample_nykaa(500, 7);
INSERT INTO patternos_dw.landing_makemytrip SELECT * FROM patternos.sample_makemytrip(500, 7);
INSERT INTO patternos_dw.landing_carwale SELECT * FROM patternos.sample_carwale(500, 7);
INSERT INTO patternos_dw.landing_event SELECT * FROM patternos.sample_events(300, 7, '2025-06-01');
-- events on the edges of all windows, a search by its term, and wishes
INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, event_type, event_timestamp, category_id, search_term, known_at, batch_id)
SELECT c.customer_key, 900000000 + c.customer_key * 100 + d, 'ZEPTO', (ARRAY['product_view', 'search', 'add_to_cart', 'wishlist_add', 'cart_view'])[1 + (c.customer_key + d) % 5],
       TIMESTAMPTZ '2025-08-04 00:00+05:30' - make_interval(days => (ARRAY[0, 7, 30, 90])[1 + d / 3]) + make_interval(secs => d % 3 - 1),
       CASE WHEN d % 2 = 0 THEN (SELECT min(category_id) FROM patternos_dw.dim_product_category) END, CASE WHEN d % 4 = 1 THEN 'lipstick' WHEN d % 4 = 3 THEN 'qqqq' END, now(), 1
FROM patternos_dw.dim_customer c CROSS JOIN generate_series(0, 11) d WHERE c.customer_key % 3 = 0 AND c.first_seen_date < '2025-08-01';
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT patternos._prepare_training_features('{2025-08-04}');

-- one date, brute force: what is known of a pair comes from plain loops over the facts
CREATE TEMP TABLE example AS SELECT * FROM patternos.category_training_set('{2025-08-04}', max_rows => 100000000);
CREATE TEMP TABLE line AS
SELECT t.customer_key, t.transaction_id, t.transaction_date, t.platform_id, l.line_total, c.unified_category
FROM patternos_dw.fact_transaction t JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
JOIN patternos_dw.dim_product_category c USING (category_id) WHERE t.transaction_status = 'completed' AND t.transaction_type <> 'enquiry';
CREATE INDEX ON line (customer_key);
CREATE TEMP TABLE act AS
SELECT e.customer_key, e.event_type, extract(epoch FROM TIMESTAMPTZ '2025-08-04 00:00+05:30' - e.event_timestamp) / 86400 AS days,
       coalesce(c.unified_category, CASE WHEN e.category_id IS NULL AND e.event_type = 'search' THEN k.unified_category END) AS unified_category
FROM patternos_dw.fact_event e LEFT JOIN patternos_dw.dim_product_category c USING (category_id)
LEFT JOIN (SELECT p.platform_id, k.* FROM patternos_dw.dim_platform p CROSS JOIN LATERAL patternos._classify_items(p.platform_id, ARRAY(SELECT DISTINCT search_term FROM patternos_dw.fact_event WHERE search_term <> '')) k) k
    ON (k.platform_id, k.item_name) = (e.platform_id, e.search_term)
WHERE e.event_type IN ('product_view', 'category_view', 'search', 'add_to_cart', 'wishlist_add') AND e.event_timestamp < TIMESTAMPTZ '2025-08-04 00:00+05:30';
DELETE FROM act WHERE days > 90 OR unified_category IS NULL;
CREATE INDEX ON act (customer_key);
CREATE TEMP TABLE known AS SELECT customer_key FROM patternos_dw.dim_customer c WHERE first_seen_date < '2025-08-04' OR first_seen_date IS NULL
    OR EXISTS (SELECT FROM patternos_dw.fact_transaction t WHERE t.customer_key = c.customer_key AND t.transaction_date < '2025-08-04');
CREATE TEMP TABLE popular AS
SELECT unified_category FROM line WHERE transaction_date BETWEEN DATE '2025-08-04' - 730 AND '2025-08-03' GROUP BY 1
ORDER BY count(DISTINCT transaction_id) FILTER (WHERE transaction_date >= DATE '2025-08-04' - 30) DESC, count(DISTINCT customer_key) DESC, 1 LIMIT 3;
SELECT set_eq('SELECT customer_key, unified_category FROM example', $$SELECT customer_key, unified_category FROM known CROSS JOIN popular
    UNION SELECT customer_key, unified_category FROM line WHERE transaction_date BETWEEN DATE '2025-08-04' - 730 AND '2025-08-03' UNION SELECT customer_key, unified_category FROM act
    EXCEPT SELECT customer_key, unified_category FROM patternos._unscored('2025-08-04') CROSS JOIN (SELECT DISTINCT unified_category FROM patternos_dw.dim_product_category) k$$, 'the pairs looked at');
CREATE TEMP VIEW brute AS
SELECT e.id, p.*, v.*, coalesce(p.days_365, 0)::real / nullif(r.frequency_365d, 0) AS share, (p.last = r.recency_days)::integer AS is_last, r.frequency_90d, y.bought
FROM example e
JOIN patternos_dw.feat_customer_rfm r ON r.customer_key = e.customer_key AND r.as_of = '2025-08-04' AND r.platform_id = 'ALL'
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE days <= 730) AS days_730, count(*) FILTER (WHERE days <= 365) AS days_365, count(*) FILTER (WHERE days <= 90) AS days_90, count(*) FILTER (WHERE days <= 30) AS days_30,
           coalesce(sum(spent) FILTER (WHERE days <= 365), 0) AS spent_365, coalesce(sum(spent) FILTER (WHERE days <= 90), 0) AS spent_90, min(days) AS last, max(days) AS first, (count(DISTINCT platform_id) > 1) AS several
    FROM (SELECT transaction_id, platform_id, DATE '2025-08-04' - transaction_date AS days, sum(line_total) AS spent FROM line l
          WHERE l.customer_key = e.customer_key AND l.unified_category = e.unified_category AND transaction_date BETWEEN DATE '2025-08-04' - 730 AND '2025-08-03' GROUP BY 1, 2, 3) o) p
CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE event_type LIKE '%view' AND days <= 7) AS views_7, count(*) FILTER (WHERE event_type LIKE '%view' AND days <= 30) AS views_30, count(*) FILTER (WHERE event_type LIKE '%view') AS views_90,
           count(*) FILTER (WHERE event_type = 'search' AND days <= 7) AS searches_7, count(*) FILTER (WHERE event_type = 'search' AND days <= 30) AS searches_30, count(*) FILTER (WHERE event_type = 'add_to_cart' AND days <= 7) AS carts_7,
           count(*) FILTER (WHERE event_type = 'add_to_cart' AND days <= 30) AS carts_30, count(*) FILTER (WHERE event_type = 'wishlist_add') AS wishes, min(days) AS event_days
    FROM act a WHERE a.customer_key = e.customer_key AND a.unified_category = e.unified_category) v
CROSS JOIN LATERAL (SELECT count(*) > 0 AS bought FROM line l WHERE l.customer_key = e.customer_key AND l.unified_category = e.unified_category AND transaction_date BETWEEN '2025-08-04' AND '2025-09-02') y;
SELECT is_empty($$SELECT id, purchased, pair_purchases::bigint, pair_purchases_365d::bigint, pair_purchases_90d::bigint, pair_purchases_30d::bigint, pair_spend_365d, pair_spend_90d, pair_recency_days::integer, pair_several_platforms::integer, pair_is_last::integer,
        pair_interval_days, pair_share_of_purchases, pair_rate FROM example
    EXCEPT SELECT id, bought, days_730, days_365, days_90, days_30, spent_365::real, spent_90::real, last, CASE WHEN days_730 > 0 THEN several::integer END, is_last,
        ((first - last)::real / nullif(days_730 - 1, 0))::real, share::real, (CASE WHEN days_730 > 0 THEN days_730::real / greatest(first, 30) END)::real FROM brute$$, 'purchases in the category and the label, by brute force');
SELECT is_empty($$SELECT id, pair_views_7d::bigint, pair_views_30d::bigint, pair_views_90d::bigint, pair_searches_7d::bigint, pair_searches_30d::bigint, pair_carts_7d::bigint, pair_carts_30d::bigint, pair_wishes_90d::bigint, pair_event_days FROM example
    EXCEPT SELECT id, views_7, views_30, views_90, searches_7, searches_30, carts_7, carts_30, wishes, event_days::real FROM brute$$, 'events in the category, by brute force');
SELECT ok(count(*) FILTER (WHERE purchased) > 30 AND count(*) FILTER (WHERE pair_searches_30d > 0) > 30 AND count(pair_interval_days) > 100 AND count(*) FILTER (WHERE pair_several_platforms = 1) > 0
    AND count(*) FILTER (WHERE pair_wishes_90d > 0) > 30 AND count(pair_affinity) > 100, 'and there is something of all of it') FROM example;
SELECT is_empty($$SELECT DISTINCT unified_category, category_buyer_share, category_trend, category_interval_days, category_repeat_share FROM example EXCEPT (
    SELECT unified_category, (buyers_30::real / (SELECT count(*) FROM known))::real, (orders_30::real / nullif(orders_60, 0))::real, (waited::numeric / nullif(again, 0))::real, (repeaters::numeric / nullif(buyers, 0))::real
    FROM (SELECT unified_category, count(*) FILTER (WHERE last <= 30) AS buyers_30, count(*) AS buyers, sum(in_30) AS orders_30, sum(in_60) AS orders_60, sum(first - last) AS waited, sum(n - 1) AS again, count(*) FILTER (WHERE n > 1) AS repeaters
          FROM (SELECT unified_category, customer_key, count(*) AS n, count(*) FILTER (WHERE days <= 30) AS in_30, count(*) FILTER (WHERE days BETWEEN 31 AND 60) AS in_60, min(days) AS last, max(days) AS first
                FROM (SELECT DISTINCT unified_category, customer_key, transaction_id, DATE '2025-08-04' - transaction_date AS days FROM line WHERE transaction_date BETWEEN DATE '2025-08-04' - 730 AND '2025-08-03') o GROUP BY 1, 2) p
          GROUP BY 1) c UNION ALL SELECT unified_category, 0, NULL, NULL, NULL FROM act)$$, 'popularity, trend and interval of categories');

-- no look ahead
CREATE FUNCTION pg_temp.examples() RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg((to_jsonb(e) - 'purchased')::text, E'\n' ORDER BY id)) FROM patternos.category_training_set('{2025-08-04}') e $$;
CREATE TEMP TABLE before AS SELECT pg_temp.examples() AS digest;
SAVEPOINT clean;
UPDATE patternos_dw.fact_transaction SET total_value = 99999, transaction_status = 'cancelled' WHERE transaction_date >= '2025-08-04' AND customer_key % 2 = 0;
UPDATE patternos_dw.fact_transaction_line SET category_id = (SELECT min(category_id) FROM patternos_dw.dim_product_category), line_total = 77, sku_id = NULL WHERE transaction_datetime >= TIMESTAMPTZ '2025-08-04 00:00+05:30';
UPDATE patternos_dw.fact_event SET category_id = (SELECT min(category_id) FROM patternos_dw.dim_product_category), event_type = 'add_to_cart' WHERE event_timestamp >= TIMESTAMPTZ '2025-08-04 00:00+05:30';
SELECT patternos._compute_step(s, '2025-08-04') FROM unnest('{rfm,affinity,behavior,cross_platform}'::text[]) s;
SELECT patternos._fit_purchase_rates('2025-08-04');
SELECT is(pg_temp.examples(), (SELECT digest FROM before), 'poison from the date on is not seen');
SELECT isnt((SELECT md5(string_agg(id || purchased, ' ' ORDER BY id)) FROM patternos.category_training_set('{2025-08-04}')), (SELECT md5(string_agg(id || purchased, ' ' ORDER BY id)) FROM example), 'but by the labels');
ROLLBACK TO clean;
UPDATE patternos_dw.fact_event SET category_id = (SELECT min(category_id) FROM patternos_dw.dim_product_category) WHERE event_timestamp >= TIMESTAMPTZ '2025-08-03 00:00+05:30' AND event_timestamp < TIMESTAMPTZ '2025-08-04 00:00+05:30';
SELECT isnt(pg_temp.examples(), (SELECT digest FROM before), 'the day before is');
ROLLBACK TO clean;

-- windows, parts, bounds, wrong input
SELECT results_eq($$SELECT as_of, dataset_split, count(*) = count(purchased) FROM patternos.category_training_set('{2025-06-01,2025-07-03,2025-08-04,2025-09-05,2025-10-15}') GROUP BY 1, 2, as_of ORDER BY 1$$,
    $$VALUES ('2025-06-01'::date, 'train', true), ('2025-07-03', 'train', true), ('2025-08-04', 'valid', true), ('2025-09-05', 'test', true), ('2025-10-15', NULL, false)$$, 'an open window has no label; parts by time');
SELECT is((SELECT count(purchased) FROM patternos.category_training_set('{2025-10-15}')), 0::bigint, 'none at all');
SELECT ok((SELECT count(*) FROM patternos.category_training_set('{2025-08-04,2025-09-05}', max_rows => 1000)) BETWEEN 500 AND 1300, 'a share of the customers');
SELECT is_empty($$SELECT customer_key, unified_category FROM example WHERE customer_key IN (SELECT customer_key FROM patternos.category_training_set('{2025-08-04}', max_rows => 1000))
    EXCEPT SELECT customer_key, unified_category FROM patternos.category_training_set('{2025-08-04}', max_rows => 1000)$$, 'with all their pairs');
SELECT is((SELECT count(DISTINCT dataset_split) FROM example), 3::bigint, 'few dates are split by customers');
SELECT is_empty('SELECT customer_key FROM example GROUP BY 1 HAVING count(DISTINCT dataset_split) > 1', 'each in one part');
SELECT throws_ok($$SELECT * FROM patternos.category_training_set('{infinity}')$$, '22008');
SELECT throws_ok($$SELECT * FROM patternos.category_training_set(NULL)$$, '22008');
SELECT throws_ok($$SELECT * FROM patternos.category_training_set('{2025-08-04}', 0)$$, '22023');
SELECT throws_ok($$SELECT * FROM patternos.category_training_set('{2025-08-04}', max_rows => 10)$$, '22023');
SELECT throws_ok($$SELECT * FROM patternos.category_training_set('{2025-08-04}', NULL)$$, '22023');
SELECT throws_ok($$SELECT * FROM patternos.train_category_intent('{2025-08-04,NULL}')$$, '22008');
SELECT throws_ok($$SELECT * FROM patternos.train_category_intent(params => '{"depth": 1}')$$, '22023');
SELECT throws_ok($$SELECT * FROM patternos.category_hit_rates()$$, '42704');

-- training, promotion, scores
SELECT is(count(*), 0::bigint, 'no scores without a champion') FROM patternos_dw.intent_score_category;
CREATE TEMP TABLE plain AS SELECT customer_key, platform_id, predicted_category_id, category_intent_score FROM patternos_dw.intent_score_latest;
SELECT ok(auc > 0.75 AND ece < 0.05 AND version = '1' AND rows_test > 200, 'a model is trained by one call') FROM patternos.train_category_intent('{2025-04-28,2025-05-30,2025-07-03,2025-08-04,2025-09-05}', params => '{"n_estimators": 40, "max_depth": 4, "learning_rate": 0.15}');
SELECT ok(label_definition ->> 'window_days' = '30' AND label_definition ->> 'split' = 'time' AND jsonb_array_length(label_definition -> 'test_dates') = 1 AND metrics -> 'hit_rates' ? 'last_bought'
    AND features[1] = 'unified_category', 'label, dates and hit rates are recorded') FROM patternos_dw.model WHERE name = 'category_intent';
SELECT throws_ok($$SELECT patternos.promote('category_intent', '1', gates => '{"auc": 0.999}')$$, '55000');
SELECT set_eq($$SELECT figure FROM patternos.promote('category_intent', '1', gates => '{"auc": 0.7, "lift_10": 2, "max_psi": 5}')$$, '{auc,lift_10,ece,psi}'::text[], 'gates of all models');
CREATE TEMP TABLE refused AS SELECT min(customer_key) AS key FROM patternos_dw.intent_serving UNION SELECT max(customer_key) FROM patternos_dw.intent_serving;
INSERT INTO patternos_dw.account_consent (identity_key, occurred_at, personalization)
SELECT identity_key, '2025-10-30', false FROM patternos_dw.dim_customer_identity WHERE customer_key = (SELECT min(key) FROM refused);
UPDATE patternos_dw.account_profile p SET age_group = '0-17', age_group_at = '2025-10-31' FROM patternos_dw.dim_customer_identity i WHERE i.customer_key = (SELECT max(key) FROM refused) AND i.identity_key = p.identity_key;
SELECT patternos._rebuild_customers(NULL);
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT is_empty('SELECT 1 FROM patternos_dw.intent_score_category WHERE customer_key IN (SELECT key FROM refused)', 'no scores of who refused or is a minor');
SELECT ok(count(DISTINCT customer_key) = (SELECT count(*) FROM patternos_dw.intent_score_latest) AND bool_and(purchase_probability_7d <= purchase_probability_30d) AND bool_and(model_version = '1' AND model_type = 'trees')
    AND bool_and(category_id IS NOT NULL), 'everybody else has some') FROM patternos_dw.intent_score_category_latest;
SELECT is_empty($$SELECT customer_key, unified_category FROM patternos_dw.intent_score_category EXCEPT SELECT customer_key, unified_category FROM patternos.category_training_set('{2025-11-01}')$$, 'of the pairs that training looks at');
SELECT is_empty($$SELECT s.customer_key, s.unified_category, s.purchase_probability_30d FROM patternos_dw.intent_score_category s EXCEPT
    SELECT e.customer_key, e.unified_category, patternos.score(m.compiled, e)::numeric(5, 4) FROM patternos.category_training_set('{2025-11-01}') e, patternos_dw.model m WHERE m.name = 'category_intent'$$, 'with the features that it reads');
SELECT is_empty($$SELECT customer_key FROM patternos_dw.intent_score_category GROUP BY customer_key HAVING max(category_rank) <> count(*) OR max(category_rank) <> count(DISTINCT category_rank)
    OR max(purchase_probability_30d) <> max(purchase_probability_30d) FILTER (WHERE category_rank = 1)$$, 'rank 1 is the likeliest');
SELECT is_empty($$SELECT c.customer_key FROM patternos_dw.intent_score i JOIN patternos_dw.intent_score_category c USING (customer_key, as_of) JOIN patternos_dw.intent_serving v USING (customer_key)
    WHERE c.category_rank = 1 AND ((i.predicted_category_id, i.category_intent_score, v.predicted_category_id) IS DISTINCT FROM (c.category_id, c.purchase_probability_30d, c.category_id)
      OR (SELECT unified_category FROM patternos_dw.dim_product_category k WHERE k.category_id = i.predicted_category_id) <> c.unified_category) AND i.as_of = '2025-11-01'$$, 'it is predicted, and served');
SELECT is_empty($$SELECT unified_category FROM patternos_dw.intent_score_category GROUP BY unified_category
    HAVING abs(sum(lift) / (SELECT count(DISTINCT customer_key) FROM patternos_dw.intent_score_category) - 1) > 0.02$$, 'the mean lift of all customers is 1');
CREATE FUNCTION pg_temp.scores() RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(s::text, E'\n' ORDER BY s::text)) FROM patternos_dw.intent_score_category s $$;
CREATE TEMP TABLE scores AS SELECT pg_temp.scores() AS digest;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL max_parallel_workers_per_gather = 4;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP IF line ~ 'Workers Planned' THEN RETURN true; END IF; END LOOP;
    RETURN false;
END $$;
SELECT patternos._find_category_terms('2025-11-01');
SELECT ok(pg_temp.is_parallel(patternos._category_signal_query('2025-11-01')), 'the facts are read by workers');
SELECT patternos._score_intent('2025-11-01');
SELECT is(pg_temp.scores(), (SELECT digest FROM scores), 'the same with four workers');
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT patternos._score_intent('2025-11-01');
SELECT is(pg_temp.scores(), (SELECT digest FROM scores), 'with two');
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT patternos._score_intent('2025-11-01');
SELECT is(pg_temp.scores(), (SELECT digest FROM scores), 'and with none');

-- hit rates at a date, by brute force
CREATE TEMP TABLE truth AS SELECT DISTINCT customer_key, unified_category FROM line WHERE transaction_date BETWEEN '2025-08-04' AND '2025-09-02' AND customer_key IN (SELECT customer_key FROM example);
SELECT results_eq($$SELECT predictor, buyers, hits FROM patternos.category_hit_rates(as_of => '{2025-08-04}')$$, $$
    SELECT 'model', (SELECT count(DISTINCT customer_key) FROM truth), (SELECT count(*) FROM truth JOIN (SELECT DISTINCT ON (e.customer_key) e.customer_key, e.unified_category FROM example e, patternos_dw.model m
        WHERE m.name = 'category_intent' ORDER BY e.customer_key, patternos.score(m.compiled, e) DESC, pair_purchases DESC, e.unified_category) p USING (customer_key, unified_category))
    UNION ALL SELECT 'last_bought', (SELECT count(DISTINCT customer_key) FROM truth), (SELECT count(*) FROM truth JOIN (SELECT DISTINCT ON (customer_key) customer_key, unified_category FROM example WHERE pair_recency_days IS NOT NULL
        ORDER BY customer_key, pair_recency_days, pair_purchases DESC, pair_spend_365d DESC, unified_category) p USING (customer_key, unified_category))
    UNION ALL SELECT 'top_affinity', (SELECT count(DISTINCT customer_key) FROM truth), (SELECT count(*) FROM truth JOIN patternos_dw.feat_customer_affinity a ON a.customer_key = truth.customer_key AND a.item = truth.unified_category
        WHERE a.as_of = '2025-08-04' AND a.level = 'unified_category' AND a.category_rank = 1)
    UNION ALL SELECT 'most_popular', (SELECT count(DISTINCT customer_key) FROM truth), (SELECT count(*) FROM truth WHERE unified_category = (SELECT unified_category FROM popular LIMIT 1))$$, 'hits of each way to predict');
SELECT throws_ok($$SELECT * FROM patternos.category_hit_rates(as_of => '{2025-10-20}')$$, '55000');
SELECT throws_ok($$SELECT * FROM patternos.category_hit_rates('intent', 'baseline-1')$$, '55000');
SELECT throws_ok($$SELECT * FROM patternos.category_hit_rates(version => '9')$$, '42704');
SELECT is_empty($$SELECT 1 FROM pg_class WHERE relnamespace = 'patternos_part'::regnamespace AND relname ~ '^(category_(signal|popularity|scored)|intent_category)'$$, 'nothing is left behind');

-- a model of 7 days of its own, the way back, and old snapshots
SELECT is(name || ' ' || version, 'category_intent_7d 1', 'another window, another name') FROM patternos.train_category_intent('{2025-06-01,2025-07-03,2025-08-04}', 7, params => '{"n_estimators": 10, "max_depth": 2}');
SELECT count(*) FROM patternos.promote('category_intent_7d', '1', gates => '{}');
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT isnt(pg_temp.scores(), (SELECT digest FROM scores), 'a champion of 7 days is seen by the next refresh');
SELECT ok(bool_and(purchase_probability_7d <= purchase_probability_30d), 'never more than within 30') FROM patternos_dw.intent_score_category;
SELECT is(patternos.rollback('category_intent', 'worse'), NULL, 'the way back');
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT is(count(*), 0::bigint, 'without a champion no scores') FROM patternos_dw.intent_score_category;
SELECT set_eq('SELECT customer_key, platform_id, predicted_category_id, category_intent_score FROM patternos_dw.intent_score_latest', 'SELECT * FROM plain WHERE customer_key NOT IN (SELECT key FROM refused)', 'and predictions as before');
SELECT count(*) FROM patternos.promote('category_intent', '1', gates => '{}');
CALL patternos.score_intent('2025-08-04', in_steps => false);
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT results_eq('SELECT DISTINCT as_of FROM patternos_dw.intent_score_category ORDER BY 1', $$VALUES ('2025-08-04'::date), ('2025-11-01')$$, 'a snapshot each date');
SELECT patternos.drop_snapshots('2025-10-01');
SELECT results_eq('SELECT DISTINCT as_of FROM patternos_dw.intent_score_category ORDER BY 1', $$VALUES ('2025-11-01'::date)$$, 'dropped with the others');
UPDATE patternos_dw.model SET features = features || 'no_such'::text WHERE name = 'category_intent';
SELECT throws_ok($$SELECT patternos._score_intent('2025-11-01')$$, '55000');
SELECT * FROM finish();
ROLLBACK;

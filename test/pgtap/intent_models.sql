-- Intent models from labels to scores: brute force, no look ahead, promotion and the way back, one customer as in the batch.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';
TRUNCATE patternos_dw.pipeline_run, patternos_dw.refresh_state, patternos_dw.stale_customer, patternos_dw.changed_customer;

INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers(400, 5);
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(400, 5);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(400, 5);
INSERT INTO patternos_dw.landing_nykaa SELECT * FROM patternos.sample_nykaa(400, 5);
INSERT INTO patternos_dw.landing_carwale SELECT * FROM patternos.sample_carwale(400, 5);
INSERT INTO patternos_dw.landing_event SELECT * FROM patternos.sample_events(100, 5, '2025-09-01');
CALL patternos.refresh('2025-11-01', in_steps => false);

-- labels: against brute force
CREATE TEMP TABLE spine AS SELECT unnest('{2025-06-01,2025-07-03,2025-08-04,2025-09-05,2025-10-15}'::date[]) AS t;
SELECT is(patternos.build_labels(ARRAY(SELECT t FROM spine)), (SELECT 2 * count(*) FROM (
        SELECT DISTINCT f.customer_key, p, t FROM spine JOIN patternos_dw.fact_transaction f ON f.transaction_date < t CROSS JOIN LATERAL (VALUES (f.platform_id), ('ALL')) v (p)
        UNION SELECT c.customer_key, 'ALL', t FROM spine JOIN patternos_dw.dim_customer c ON c.first_seen_date < t) s), 'everybody seen before a date, on each platform with facts');
CREATE TEMP VIEW brute AS
SELECT l.customer_key, l.platform_id, s.t, l.label_window_days,
       CASE WHEN s.t + l.label_window_days <= DATE '2025-11-01' THEN o.n > 0 END AS purchased, CASE WHEN s.t + l.label_window_days <= DATE '2025-11-01' THEN o.spent END AS spent,
       CASE WHEN s.t + l.label_window_days <= DATE '2025-11-01' THEN o.day - s.t END AS days
FROM patternos_dw.intent_training_labels l
JOIN spine s ON l.label_timestamp = s.t::timestamp AT TIME ZONE 'Asia/Kolkata'
CROSS JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(f.total_value), 0) AS spent, min(f.transaction_date) AS day FROM patternos_dw.fact_transaction f
    WHERE f.customer_key = l.customer_key AND f.transaction_status = 'completed' AND f.transaction_date >= s.t AND f.transaction_date < s.t + l.label_window_days
      AND CASE l.platform_id WHEN 'ALL' THEN f.transaction_type IN ('order', 'booking')
          ELSE f.platform_id = l.platform_id AND f.transaction_type = (SELECT conversion_type FROM patternos_dw.dim_platform d WHERE d.platform_id = f.platform_id) END) o;
SELECT set_eq($$SELECT customer_key, platform_id, (label_timestamp AT TIME ZONE 'Asia/Kolkata')::date, label_window_days, purchased, purchase_value, days_to_purchase FROM patternos_dw.intent_training_labels$$,
    'SELECT customer_key, platform_id, t, label_window_days, purchased, spent, days FROM brute', 'labels as counted from the facts');
SELECT ok(count(*) > 100 AND count(purchased) = 0, 'a window that is open has no label, not a negative one')
FROM patternos_dw.intent_training_labels WHERE label_window_days = 30 AND label_timestamp > '2025-10-10';
SELECT results_eq($$SELECT DISTINCT (label_timestamp AT TIME ZONE 'Asia/Kolkata')::date, label_window_days::integer, dataset_split FROM patternos_dw.intent_training_labels ORDER BY 2, 1$$,
    $$VALUES ('2025-06-01'::date, 7, 'train'), ('2025-07-03', 7, 'train'), ('2025-08-04', 7, 'train'), ('2025-09-05', 7, 'valid'), ('2025-10-15', 7, 'test'),
             ('2025-06-01', 30, 'train'), ('2025-07-03', 30, 'train'), ('2025-08-04', 30, 'valid'), ('2025-09-05', 30, 'test'), ('2025-10-15', 30, NULL)$$, 'parts by time, of closed windows');
SELECT is_empty($$SELECT a.as_of, b.as_of FROM patternos._date_parts(ARRAY(SELECT DATE '2025-01-01' + 7 * i FROM generate_series(1, 40) i), 30, 0.2, 0.2) a,
    patternos._date_parts(ARRAY(SELECT DATE '2025-01-01' + 7 * i FROM generate_series(1, 40) i), 30, 0.2, 0.2) b WHERE a.part <> b.part AND abs(a.as_of - b.as_of) < 30$$, 'no window reaches into another part');
SELECT results_eq($$SELECT count(*), count(purchased_within_7_days), count(purchased_within_30_days) FROM patternos_dw.intent_training_labels_wide WHERE scoring_date = '2025-10-15'$$,
    $$SELECT count(*), count(*), 0::bigint FROM patternos_dw.intent_training_labels WHERE platform_id = 'ALL' AND label_window_days = 7 AND label_timestamp > '2025-10-10'$$, 'a row per customer and date');
SELECT patternos.build_labels('{2025-09-01}');
SELECT ok(count(DISTINCT dataset_split) = 3 AND count(DISTINCT fold_number) = 5, 'a single date is split by customers')
FROM patternos_dw.intent_training_labels WHERE label_timestamp = TIMESTAMPTZ '2025-09-01 00:00+05:30' AND label_window_days = 30;
SELECT throws_ok($$SELECT patternos.build_labels('{2025-09-01}', split => '{"method": "time"}')$$, '22023');
SELECT throws_ok($$SELECT patternos.build_labels('{2025-09-01,NULL}')$$, '22008');
SELECT throws_ok($$SELECT patternos.build_labels('{infinity}')$$, '22008');
SELECT throws_ok($$SELECT patternos.training_set('{2025-08-04}', 'NOPE')$$, '42704', 'there is no such platform');
SELECT throws_ok($$SELECT patternos.build_labels('{2025-09-01}', '{0}')$$, '22023');
SELECT throws_ok($$SELECT patternos.build_labels('{2025-09-01}', split => '{"vaild": 0.2}')$$, '22023');

-- no feature sees its date or what comes after: facts from then on do not change the examples but for their labels
SELECT patternos._prepare_training_features('{2025-08-04}');
CREATE FUNCTION pg_temp.examples() RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE 'SELECT md5(string_agg((to_jsonb(e) - ''purchased'')::text, E''\n'' ORDER BY id)) FROM (' || patternos.training_set('{2025-08-04}') || ') e' INTO result;
    RETURN result;
END $$;
CREATE TEMP TABLE before AS SELECT pg_temp.examples() AS digest;
SAVEPOINT clean;
UPDATE patternos_dw.fact_transaction SET total_value = 99999, transaction_status = 'cancelled' WHERE transaction_date >= '2025-08-04';
DELETE FROM patternos_dw.fact_event WHERE event_timestamp >= TIMESTAMPTZ '2025-08-04 00:00+05:30';
SELECT patternos._compute_step(s, '2025-08-04') FROM unnest('{rfm,affinity,behavior,cross_platform}'::text[]) s;
SELECT patternos._fit_purchase_rates('2025-08-04');
SELECT is(pg_temp.examples(), (SELECT digest FROM before), 'poison from the date on is not seen');
ROLLBACK TO clean;
UPDATE patternos_dw.fact_transaction SET total_value = total_value + 1 WHERE transaction_date BETWEEN '2025-07-20' AND '2025-08-03';
SELECT patternos._compute_step(s, '2025-08-04') FROM unnest('{rfm,affinity,behavior,cross_platform}'::text[]) s;
SELECT isnt(pg_temp.examples(), (SELECT digest FROM before), 'the days before are');
ROLLBACK TO clean;

-- training, promotion, scores
SELECT throws_like($$SELECT patternos.train_intent('{2025-08-01}', platform => 'NOWHERE')$$, 'there are too few purchases to train on', 'nothing to learn from is said');
SELECT is(patternos._intent_params('{"eta": 0.1, "lambda": 3}') - 'eta', '{"lambda": 3, "max_depth": 4, "subsample": 0.7, "min_child_weight": 10, "colsample_bytree": 0.5}', 'what is asked for, under any name, is kept');
SELECT is(patternos._intent_params('{"engine": "logistic"}'), '{"engine": "logistic"}', 'a regression has no trees');
CREATE TEMP TABLE trained AS SELECT * FROM patternos.train_intent(params => '{"n_estimators": 30, "max_depth": 3}');
SELECT ok(version = '1' AND auc > 0.6 AND rows_test > 300, 'a model is trained by one call') FROM trained;
SELECT is(m.features, ARRAY(SELECT feature FROM patternos._intent_features()), 'on the features that scoring reads') FROM patternos_dw.model m WHERE name = 'intent' AND version = '1';
SELECT patternos.train_intent(window_days => 7, params => '{"n_estimators": 20, "max_depth": 3}');
SELECT throws_ok($$SELECT patternos.promote('intent', '1', gates => '{"auc": 0.99}')$$, '55000');
SELECT throws_ok($$SELECT patternos.promote('intent', '1', gates => '{"acu": 0.99}')$$, '22023');
SELECT throws_ok($$SELECT patternos.promote('intent', '1', force => true)$$, '22023');
SELECT throws_ok($$SELECT patternos.promote('intent', '77')$$, '42704');
SELECT is((SELECT version FROM patternos_dw.model WHERE name = 'intent' AND stage = 'champion'), 'baseline-1', 'what does not pass changes nothing');
SELECT set_eq($$SELECT figure FROM patternos.promote('intent', '1', gates => '{"auc": 0.99}', force => true, reason => 'a test')$$, '{auc,lift_10,ece,psi,share_high,share_medium,share_low}'::text[], 'figures, drift and level shares are shown');
SELECT results_eq($$SELECT from_version, to_version, reason, details ->> 'forced' FROM patternos_dw.model_event WHERE action = 'promote'$$, $$VALUES ('baseline-1', '1', 'a test', 'true')$$, 'and recorded');
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT is(count(*), 0::bigint, 'a promotion makes the step compute all scores') FROM patternos_dw.intent_score WHERE model_version <> '1' OR model_type <> 'trees';
SELECT ok(count(*) > 300 AND min(intent_score) >= 0 AND max(intent_score) <= 1 AND bool_and(intent_score = purchase_probability_30d), 'the score is the probability within 30 days') FROM patternos_dw.intent_score;
SELECT count(*) FROM patternos.promote('intent_7d', '1', gates => '{}');
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT ok(bool_and(purchase_probability_7d <= purchase_probability_30d) AND count(purchase_probability_7d) = count(*), 'never less probable within more days') FROM patternos_dw.intent_score;
SELECT is_empty($$SELECT customer_key, platform_id, intent_percentile FROM patternos_dw.intent_score EXCEPT
    SELECT customer_key, platform_id, round((100 * cume_dist() OVER (PARTITION BY platform_id ORDER BY intent_score))::numeric, 2) FROM patternos_dw.intent_score$$, 'percentiles of the scores');
SELECT is(count(*), 0::bigint, 'at most five reasons') FROM patternos_dw.intent_score WHERE (SELECT count(*) FROM jsonb_object_keys(feature_importance)) NOT BETWEEN 1 AND 5;
SELECT results_eq($$SELECT customer_key, intent_score FROM patternos_dw.intent_serving ORDER BY 1$$, $$SELECT customer_key, intent_score FROM patternos_dw.intent_score WHERE platform_id = 'ALL' ORDER BY 1$$, 'and they are served');

-- the same by any number of workers
-- scores come from below the node that gathers
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (VERBOSE, FORMAT json) ' || query INTO plan;
    RETURN plan::text ~ '"Gather".*patternos\.score\(';
END
$$;
CREATE FUNCTION pg_temp.scores_by(workers integer) RETURNS text LANGUAGE plpgsql
    SET parallel_setup_cost = 0 SET parallel_tuple_cost = 1 SET min_parallel_table_scan_size = 0 AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, true);
    IF pg_temp.is_parallel(patternos._champion_query(patternos._scored_rows(patternos._intent_sources('2025-11-01'), 'r.as_of = DATE ''2025-11-01'''))) <> (workers > 0) THEN
        RETURN format('the plan does not fit %s workers', workers);
    END IF;
    PERFORM patternos._score_intent('2025-11-01');
    RETURN (SELECT md5(string_agg(s::text, E'\n' ORDER BY customer_key, platform_id)) FROM patternos_dw.intent_score s WHERE as_of = '2025-11-01');
END
$$;
CREATE TEMP TABLE by_workers AS SELECT w AS workers, pg_temp.scores_by(w) AS bytes FROM unnest('{0,2,4}'::integer[]) w;
SELECT matches((SELECT string_agg(bytes, ' ' ORDER BY workers) FROM by_workers), '^([0-9a-f]{32}) \1 \1$', 'with the same bytes by any number of workers');

-- one customer at a time
SELECT is_empty($$SELECT 1 FROM (SELECT * FROM patternos_dw.dim_customer ORDER BY customer_key LIMIT 12) c CROSS JOIN LATERAL patternos.score_now(c.global_customer_id) n
    LEFT JOIN patternos_dw.intent_score s ON s.customer_key = c.customer_key AND s.platform_id = n.platform_id AND s.as_of = n.as_of
    WHERE (n.intent_score, n.intent_level, n.intent_percentile, n.purchase_probability_7d, n.reasons)
          IS DISTINCT FROM (s.intent_score, s.intent_level, s.intent_percentile, s.purchase_probability_7d, s.feature_importance)$$, 'scored alone as in the batch');
CREATE TEMP TABLE buyer AS SELECT global_customer_id AS id, customer_key AS key FROM patternos_dw.feat_customer_rfm WHERE platform_id = 'ZEPTO' AND as_of = '2025-11-01' AND recency_days > 100
    AND customer_key IN (SELECT customer_key FROM patternos_dw.intent_serving) AND customer_key IN (SELECT customer_key FROM patternos_dw.dim_customer_identity GROUP BY 1 HAVING count(*) > 1) ORDER BY customer_key LIMIT 1;
CREATE TEMP TABLE score_before AS SELECT n.* FROM buyer, patternos.score_now(id) n WHERE platform_id = 'ZEPTO';
INSERT INTO patternos_dw.landing_zepto (customer_id, date_of_order, items_list, order_value)
SELECT platform_customer_id, '2025-10-31', 'Milk', '400' FROM patternos_dw.dim_customer_identity, buyer WHERE customer_key = key AND platform_id = 'ZEPTO' LIMIT 1;
-- which way a score moves is the model's affair
SELECT isnt((SELECT n.intent_score FROM buyer, patternos.score_now(id) n WHERE platform_id = 'ZEPTO'), (SELECT intent_score FROM score_before), 'an order of this moment is in the score');
SELECT set_eq($$SELECT DISTINCT part FROM buyer, patternos.trace(id)$$, '{line,account,link,fact,feature,score,reason}'::text[], 'where a score comes from');
SELECT throws_ok($$SELECT * FROM patternos.trace('GLOBAL999999')$$, 'P0002');
SELECT throws_ok($$SELECT * FROM patternos.score_now(NULL)$$, 'P0002');

-- who must not be scored
UPDATE patternos_dw.account_profile p SET age_group = '0-17', age_group_at = '2025-10-31' FROM patternos_dw.dim_customer_identity i JOIN buyer ON key = customer_key WHERE i.identity_key = p.identity_key;
SELECT patternos._rebuild_customers(NULL);
INSERT INTO patternos_dw.account_consent (identity_key, occurred_at, personalization)
SELECT identity_key, '2025-10-30', false FROM patternos_dw.dim_customer_identity WHERE customer_key = (SELECT min(customer_key) FROM patternos_dw.intent_serving);
CREATE TEMP TABLE refused AS SELECT key FROM buyer UNION SELECT min(customer_key) FROM patternos_dw.intent_serving;
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT is_empty('SELECT 1 FROM patternos_dw.intent_score JOIN refused ON key = customer_key WHERE as_of = ''2025-11-01''', 'minors and who refused have no score');
SELECT is_empty('SELECT 1 FROM patternos_dw.intent_serving JOIN refused ON key = customer_key', 'are not served');
SELECT is_empty('SELECT n.* FROM buyer, patternos.score_now(id) n', 'nor now');
SELECT ok(count(*) > 0, 'unknown consent is scored and not served') FROM patternos_dw.intent_serving s JOIN patternos_dw.dim_customer c USING (customer_key)
WHERE NOT s.is_servable AND NOT EXISTS (SELECT FROM patternos_dw.account_consent a JOIN patternos_dw.dim_customer_identity i USING (identity_key) WHERE i.customer_key = c.customer_key AND a.personalization IS NOT NULL);
UPDATE patternos_dw.setting SET value = '1' WHERE name = 'consent_days';
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT is_empty($$SELECT 1 FROM patternos_dw.intent_score s JOIN patternos_dw.dim_customer_identity i USING (customer_key) JOIN patternos_dw.account_consent a USING (identity_key)
    WHERE s.as_of = '2025-11-01' AND a.personalization IS NOT NULL GROUP BY i.identity_key HAVING max(a.occurred_at) < '2025-10-30'$$, 'an expired consent is none');
UPDATE patternos_dw.setting SET value = '0' WHERE name = 'consent_days';

-- the way back, and what came of the scores
SELECT is(patternos.rollback('intent', 'worse'), 'baseline-1', 'the champion before');
SELECT throws_ok($$SELECT patternos.rollback('intent', 'again')$$, '55000');
SELECT lives_ok($$SELECT patternos.promote('intent', '1', gates => '{}')$$, 'promoted again');
SELECT lives_ok($$SELECT patternos.promote('intent', 'baseline-1')$$, 'the baseline can be promoted as well');
SELECT is(patternos.rollback('intent_7d', 'none'), NULL, 'or none');
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT is(count(*), 0::bigint, 'scores are the baseline''s again') FROM patternos_dw.intent_score WHERE as_of = '2025-11-01' AND model_version <> 'baseline-1';
SELECT is_empty($$SELECT 1 FROM (SELECT * FROM patternos_dw.dim_customer ORDER BY customer_key LIMIT 12) c CROSS JOIN LATERAL patternos.score_now(c.global_customer_id) n
    LEFT JOIN patternos_dw.intent_score s ON s.customer_key = c.customer_key AND s.platform_id = n.platform_id AND s.as_of = n.as_of
    WHERE (n.intent_score, n.intent_level, n.intent_percentile, n.purchase_probability_7d, n.purchase_probability_30d, n.reasons)
          IS DISTINCT FROM (s.intent_score, s.intent_level, s.intent_percentile, s.purchase_probability_7d, s.purchase_probability_30d, s.feature_importance)$$, 'by the baseline alone as in the batch too');
SELECT patternos._score_intent('2025-08-04');
UPDATE patternos_dw.intent_score SET actual_purchased = NULL WHERE as_of = '2025-08-04';
CREATE TEMP TABLE due AS SELECT count(*) AS rows FROM patternos_dw.intent_score WHERE as_of = '2025-08-04';
SELECT is(patternos.observe_outcomes(), (SELECT rows FROM due), 'outcomes are recorded when they are due');
SELECT * FROM finish();
ROLLBACK;

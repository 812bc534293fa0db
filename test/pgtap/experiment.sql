-- Experiments: arms that do not depend on order or growth, who is assigned, outcomes against brute force, merges, erasures, intervals that cover.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

-- arms: a share of any ids, kept when the share grows, independent between salts
CREATE TEMP TABLE arm AS SELECT i, patternos.experiment_arm('one', i::text, 0.1) AS a, patternos.experiment_arm('one', i::text, 0.3) AS wider, patternos.experiment_arm('two', i::text, 0.1) AS b
FROM generate_series(1, 20000) i;
SELECT ok(patternos.sample_ratio_p(count(*) FILTER (WHERE a = 'holdout'), count(*) FILTER (WHERE a = 'treatment'), 0.1) > 0.001, 'the share asked for') FROM arm;
SELECT is(count(*), 0::bigint, 'a wider holdout keeps who was held out') FROM arm WHERE a = 'holdout' AND wider <> 'holdout';
SELECT ok((patternos.compare_rates(count(*) FILTER (WHERE a = 'holdout' AND b = 'holdout'), count(*) FILTER (WHERE b = 'holdout'),
                                   count(*) FILTER (WHERE a = 'holdout' AND b <> 'holdout'), count(*) FILTER (WHERE b <> 'holdout'))).p_value > 0.001, 'arms of two experiments are independent') FROM arm;

SELECT is((SELECT count(*) FROM arm WHERE (a = 'holdout') <> ((('x' || encode(substr(hmac(i::text, 'one', 'sha256'), 1, 7), 'hex'))::bit(56)::bigint >> 3) / 2::float8 ^ 53 < 0.1)), 0::bigint, 'for every id');
SELECT throws_ok($$SELECT patternos.experiment_arm('x', 'y', 0)$$, '22023');
SELECT throws_ok($$SELECT patternos.experiment_arm('x', 'y', 'NaN')$$, '22023');


-- 900 customers with an account each: a third may not be addressed
INSERT INTO patternos_dw.landing_customer (platform_id, platform_customer_id, email, birth_date, consent_marketing, consent_personalization, updated_at)
SELECT CASE i % 2 WHEN 0 THEN 'ZEPTO' ELSE 'AMAZON' END, 'X' || i, 'person' || i || '@test.example', CASE WHEN i % 30 = 0 THEN '2012-03-' || 1 + i / 30 % 28 END, CASE WHEN i % 3 > 0 OR i % 30 = 0 THEN 'true' ELSE 'false' END, 'true', '2025-08-01'
FROM generate_series(1, 900) i;
CALL patternos.resolve_identities(in_steps => false);
CREATE TEMP VIEW person AS SELECT substr(platform_customer_id, 2)::integer AS i, customer_key FROM patternos_dw.dim_customer_identity WHERE platform_customer_id ~ '^X\d+$';
SELECT lives_ok($$SELECT patternos.create_experiment('sale', 'SELECT d.customer_key FROM patternos_dw.dim_customer_identity d WHERE d.platform_customer_id ~ ''^X[1-4]''', 0.25, salt => 'fixed')$$, 'an experiment is registered');
SELECT throws_ok($$SELECT patternos.create_experiment('sale', 'patternos_dw.dim_customer')$$, '23505');
SELECT throws_ok($$SELECT patternos.create_experiment('none', 'patternos_dw.no_such')$$, '42P01');
SELECT throws_ok($$SELECT patternos.create_experiment('none', 'SELECT 1 AS x')$$, '42703');
SELECT throws_ok($$SELECT patternos.create_experiment('none', 'patternos_dw.dim_customer', 1)$$, '22023');
SELECT throws_ok($$SELECT patternos.create_experiment('none', 'patternos_dw.dim_customer', platform => 'MOON')$$, '42704');
SELECT throws_ok($$SELECT patternos.create_experiment('none', 'patternos_dw.dim_customer', category => 'Moon')$$, '42704');
SELECT throws_ok($$SELECT * FROM patternos.assign_experiment('sale')$$, '55000');
SELECT throws_ok($$SELECT * FROM patternos.start_experiment('sale', '2025-09-01', '2025-09-01')$$, '22008');
SELECT throws_ok($$SELECT * FROM patternos.start_experiment('sale', 'infinity')$$, '22008');
SELECT throws_ok($$SELECT * FROM patternos.start_experiment('nosuch')$$, '42704');
SELECT lives_ok($$SELECT * FROM patternos.start_experiment('sale', '2025-09-01 00:00Z', '2025-10-01 00:00Z')$$, 'it starts');
SELECT throws_ok($$SELECT * FROM patternos.start_experiment('sale', '2025-09-01')$$, '55000');
SELECT set_eq($$SELECT customer_key FROM patternos_dw.experiment_assignment$$, $$SELECT customer_key FROM person WHERE i::text ~ '^[1-4]' AND i % 3 > 0$$, 'of the audience those who consented and are of age');
SELECT is(count(*), 0::bigint, 'by the hash of the customer') FROM patternos_dw.experiment_assignment WHERE arm <> patternos.experiment_arm('fixed', global_customer_id, 0.25);

-- growth: who is in stays where they are, with the moment
CREATE TEMP TABLE former AS SELECT * FROM patternos_dw.experiment_assignment;
UPDATE patternos_dw.experiment SET audience = 'patternos_dw.dim_customer_identity' WHERE name = 'sale';
SELECT ok(sum(assigned) = sum(total) - (SELECT count(*) FROM former) AND sum(assigned) > 100, 'the others are assigned later') FROM patternos.assign_experiment('sale', '2025-09-10 00:00Z');
SELECT is_empty($$SELECT * FROM former EXCEPT SELECT * FROM patternos_dw.experiment_assignment$$, 'nobody changes the arm');
SELECT is(sum(assigned), 0::numeric, 'once') FROM patternos.assign_experiment('sale', '2025-09-11 00:00Z');
SELECT patternos.create_experiment('again', 'patternos_dw.dim_customer', 0.25, salt => 'fixed');
SELECT * FROM patternos.start_experiment('again', '2025-09-01 00:00Z');
SELECT is_empty($$SELECT customer_key, arm FROM patternos_dw.experiment_assignment a JOIN patternos_dw.experiment e USING (experiment_id) WHERE e.name = 'sale'
    EXCEPT SELECT customer_key, arm FROM patternos_dw.experiment_assignment a JOIN patternos_dw.experiment e USING (experiment_id) WHERE e.name = 'again'$$, 'the same arms in one batch as in two');

-- outcomes: orders before, after, cancelled, late, of another platform; against brute force
INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_status, transaction_datetime, transaction_date, date_id, total_value, currency, known_at, batch_id)
SELECT p.customer_key, 100000 + p.i * 10 + n, (ARRAY['ZEPTO', 'AMAZON', 'CARWALE'])[1 + (p.i + n) % 3], 'X' || p.i, CASE (p.i + n) % 3 WHEN 2 THEN 'enquiry' ELSE 'order' END,
       CASE WHEN (p.i * n) % 7 = 0 THEN 'cancelled' ELSE 'completed' END, t.at, t.at::date, to_char(t.at, 'YYYYMMDD')::integer,
       CASE (p.i + n) % 3 WHEN 2 THEN 0 ELSE 100 + p.i % 13 * n END, 'INR', t.at + CASE WHEN p.i % 11 = 0 THEN interval '60 days' ELSE interval '1 day' END, 1
FROM person p CROSS JOIN generate_series(1, 4) n CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2025-08-20 00:00Z' + make_interval(hours => (p.i * 37 + n * 311) % 1200) AS at) t
WHERE p.i % 5 < 2;
CREATE FUNCTION pg_temp.brute(wanted text, platforms text[], type text, days integer, until timestamptz) RETURNS TABLE (arm text, customers bigint, converted bigint, purchases numeric, revenue numeric, mean numeric, variance numeric)
LANGUAGE sql AS $$
    SELECT c.arm, count(*), count(*) FILTER (WHERE c.orders > 0), sum(c.orders), sum(c.value), round(avg(c.value), 6), round(var_samp(c.value), 3)
    FROM (SELECT a.arm, (SELECT count(*) FROM patternos_dw.fact_transaction x WHERE x.customer_key = a.customer_key AND x.platform_id = ANY (platforms) AND x.transaction_type = type
                     AND x.transaction_status = 'completed' AND x.transaction_datetime >= a.assigned_at AND x.transaction_datetime < coalesce(e.ends_at, 'infinity')
                     AND x.transaction_datetime < coalesce(a.assigned_at + days * interval '24 hours', 'infinity') AND x.known_at < until) AS orders,
                 (SELECT coalesce(sum(x.total_value), 0) FROM patternos_dw.fact_transaction x WHERE x.customer_key = a.customer_key AND x.platform_id = ANY (platforms) AND x.transaction_type = type
                     AND x.transaction_status = 'completed' AND x.transaction_datetime >= a.assigned_at AND x.transaction_datetime < coalesce(e.ends_at, 'infinity')
                     AND x.transaction_datetime < coalesce(a.assigned_at + days * interval '24 hours', 'infinity') AND x.known_at < until) AS value
          FROM patternos_dw.experiment_assignment a JOIN patternos_dw.experiment e USING (experiment_id) WHERE e.name = wanted) c
    GROUP BY c.arm
$$;

CREATE FUNCTION pg_temp.found(wanted text, until timestamptz) RETURNS TABLE (arm text, customers bigint, converted bigint, purchases numeric, revenue numeric, mean numeric, variance numeric)
LANGUAGE sql AS $$
    SELECT o.arm, o.customers, o.converted, o.purchases, o.revenue, round(o.mean::numeric, 6), round(o.variance::numeric, 3)
    FROM patternos_dw.experiment e, patternos._experiment_outcomes(e.experiment_id, until) o WHERE e.name = wanted
$$;
SELECT ok(count(*) = 2 AND min(purchases) > 20, 'there are outcomes') FROM pg_temp.found('sale', NULL);
SELECT set_eq($$SELECT * FROM pg_temp.found('sale', NULL)$$, $$SELECT * FROM pg_temp.brute('sale', '{ZEPTO,AMAZON,CARWALE}', 'order', NULL, 'infinity')$$, 'orders after the assignment and before the end');
SELECT set_eq($$SELECT * FROM pg_temp.found('sale', '2025-10-20')$$, $$SELECT * FROM pg_temp.brute('sale', '{ZEPTO,AMAZON,CARWALE}', 'order', NULL, '2025-10-20')$$, 'as it was known at a time');
UPDATE patternos_dw.experiment SET outcome_days = 7, platform_id = 'ZEPTO' WHERE name = 'sale';
SELECT set_eq($$SELECT * FROM pg_temp.found('sale', NULL)$$, $$SELECT * FROM pg_temp.brute('sale', '{ZEPTO}', 'order', 7, 'infinity')$$, 'of a platform, within days');
UPDATE patternos_dw.experiment SET outcome_days = NULL, platform_id = 'CARWALE' WHERE name = 'sale';
SELECT set_eq($$SELECT * FROM pg_temp.found('sale', NULL)$$, $$SELECT * FROM pg_temp.brute('sale', '{CARWALE}', 'enquiry', NULL, 'infinity')$$, 'as the platform counts conversions');
UPDATE patternos_dw.experiment SET platform_id = 'ALL' WHERE name = 'sale';
INSERT INTO patternos_dw.dim_product_category (category_id, category_level_1, unified_category) VALUES (77001, 'Lamps of the test', 'Lamps of the test');
INSERT INTO patternos_dw.fact_transaction_line (customer_key, transaction_datetime, transaction_id, line_number, platform_id, category_id, quantity, line_total, is_allocated, known_at, batch_id)
SELECT f.customer_key, f.transaction_datetime, f.transaction_id, g, f.platform_id, 77001, 1, 10, false, f.known_at, 1 FROM patternos_dw.fact_transaction f, generate_series(1, 2) g WHERE f.transaction_id % 3 = 1 AND f.transaction_id > 100000;
UPDATE patternos_dw.experiment SET unified_category = 'Lamps of the test' WHERE name = 'sale';
SELECT ok(count(*) = 2 AND min(purchases) > 0 AND bool_and(revenue = 20 * purchases), 'of a category the lines'' value') FROM pg_temp.found('sale', NULL);
UPDATE patternos_dw.experiment SET unified_category = NULL WHERE name = 'sale';

-- results are those outcomes compared
SELECT results_eq($$SELECT metric, treatment, holdout, p_value FROM patternos.experiment_results('sale') WHERE metric IN ('customers', 'conversion_rate', 'revenue')$$,
    $$SELECT v.* FROM pg_temp.found('sale', NULL) t, pg_temp.found('sale', NULL) h, LATERAL (VALUES
        ('customers', t.customers::numeric, h.customers::numeric, round(patternos.sample_ratio_p(h.customers, t.customers, 0.25)::numeric, 6)),
        ('conversion_rate', round(t.converted::numeric / t.customers, 6), round(h.converted::numeric / h.customers, 6), round((patternos.compare_rates(t.converted, t.customers, h.converted, h.customers)).p_value::numeric, 6)),
        ('revenue', t.revenue, h.revenue, NULL)) v WHERE t.arm = 'treatment' AND h.arm = 'holdout'$$, 'figures of the results');
SELECT patternos.create_experiment('empty', 'patternos_dw.dim_customer');
SELECT is(count(*), 8::bigint, 'eight rows, also before it starts') FROM patternos.experiment_results('empty');
SELECT throws_ok($$SELECT * FROM patternos.experiment_results('sale', 1)$$, '22023');
SELECT results_eq($$SELECT "check", state FROM patternos.experiment_checks('sale')$$, $$VALUES ('sample ratio', 'ok'), ('window', 'ok'), ('late data', 'note'), ('merged customers', 'ok'), ('erased customers', 'ok'), ('dated back', 'note')$$, 'checks');

-- merges: two assigned customers become one, which counts once, in the arm of its first assignment
CREATE TEMP TABLE pair AS
SELECT (SELECT min(i) FROM person JOIN patternos_dw.experiment_assignment USING (customer_key) JOIN patternos_dw.experiment USING (experiment_id) WHERE name = 'sale' AND arm = 'holdout' AND assigned_at < '2025-09-05') AS held,
       (SELECT min(i) FROM person JOIN patternos_dw.experiment_assignment USING (customer_key) JOIN patternos_dw.experiment USING (experiment_id) WHERE name = 'sale' AND arm = 'treatment' AND assigned_at > '2025-09-05') AS treated;
INSERT INTO patternos_dw.landing_customer (platform_id, platform_customer_id, email, consent_marketing, consent_personalization, updated_at)
SELECT CASE treated % 2 WHEN 0 THEN 'ZEPTO' ELSE 'AMAZON' END, 'X' || treated, 'person' || held || '@test.example', 'true', 'true', '2025-10-05' FROM pair;
CALL patternos.resolve_identities(in_steps => false);
SELECT is(count(DISTINCT customer_key), 1::bigint, 'they are one') FROM person JOIN pair ON i IN (held, treated);
SELECT results_eq($$SELECT x.arm, x.assigned_at, x.assignments, x.is_conflicting FROM patternos_dw.experiment_customer x JOIN person p USING (customer_key) JOIN pair ON p.i = held WHERE experiment = 'sale'$$,
    $$VALUES ('holdout', TIMESTAMPTZ '2025-09-01 00:00Z', 2::bigint, true)$$, 'the first assignment counts');
SELECT is((SELECT count(*) FROM patternos_dw.experiment_customer WHERE experiment = 'sale') + 1, (SELECT count(*) FROM patternos_dw.experiment_assignment a JOIN patternos_dw.experiment e USING (experiment_id) WHERE name = 'sale'), 'assignments stay as they were recorded');
SELECT is((SELECT sum(customers) FROM pg_temp.found('sale', NULL)), (SELECT count(*)::numeric FROM patternos_dw.experiment_customer WHERE experiment = 'sale'), 'the customer counts once');
SELECT is(state, 'note', 'and the conflict is told') FROM patternos.experiment_checks('sale') WHERE "check" = 'merged customers';
SELECT is(sum(assigned), 0::numeric, 'who became part of an assigned customer is not assigned again') FROM patternos.assign_experiment('sale', '2025-09-12 00:00Z');

-- erased customers are in no arm; their assignments can go
UPDATE patternos_dw.dim_customer SET anonymized = true WHERE customer_key = (SELECT customer_key FROM person, pair WHERE i = held);
SELECT results_eq($$SELECT state FROM patternos.experiment_checks('sale') WHERE "check" = 'erased customers'$$, $$VALUES ('note')$$, 'who was erased does not count');
SELECT throws_ok($$SELECT patternos.drop_experiment('again')$$, '55000');
SELECT is(patternos.stop_experiment('again', 'enough', '2025-09-20 00:00Z'), '2025-09-20 00:00Z'::timestamptz, 'an experiment is stopped');
SELECT throws_ok($$SELECT patternos.stop_experiment('again', NULL, '2025-10-20 00:00Z')$$, '55000');
SELECT throws_ok($$SELECT patternos.assign_experiment('again')$$, '55000');
SELECT ok(patternos.drop_experiment('again') > 400, 'and dropped with its assignments');
SELECT is(count(*), 0::bigint, 'of which none is left') FROM patternos_dw.experiment_assignment a WHERE NOT EXISTS (SELECT FROM patternos_dw.experiment e WHERE e.experiment_id = a.experiment_id);
SET LOCAL ROLE pg_read_all_data;
SELECT throws_ok($$SELECT * FROM patternos.experiment_results('sale')$$, '42501');
RESET ROLE;

-- drift of a score whose least value is frequent
SELECT ok(patternos.psi(ARRAY(SELECT c::float8 FROM jsonb_array_elements_text(d -> 'counts') c), patternos._bin_counts(ARRAY(SELECT CASE WHEN i > 600 THEN i / 1000.0 ELSE 0.019 END::float8 FROM generate_series(1, 1000) i),
    ARRAY(SELECT e::float8 FROM jsonb_array_elements_text(d -> 'edges') e))) < 0.01, 'a slight move of it is none')
FROM patternos._distribution(ARRAY(SELECT CASE WHEN i > 600 THEN i / 1000.0 ELSE 0.02 END::float8 FROM generate_series(1, 1000) i)) d;

-- intervals cover the truth as often as they say: 400 experiments without and with an effect
CREATE TEMP TABLE drawn AS
SELECT r, g.p, sum((random_at < g.p)::integer) AS hits FROM (SELECT r, a, (hashint8extended(r * 1000000 + a * 10000 + k, 7) & 9007199254740991) / 9007199254740992.0::float8 AS random_at
    FROM generate_series(1, 400) r, generate_series(0, 1) a, generate_series(1, 300) k) d JOIN (VALUES (0, 0.1::float8), (1, 0.16)) g (a, p) USING (a) GROUP BY r, g.p;
SELECT ok(avg((0.06 BETWEEN (e).lift_low AND (e).lift_high)::integer) BETWEEN 0.92 AND 0.98 AND avg((0.6 BETWEEN (e).relative_low AND (e).relative_high)::integer) BETWEEN 0.92 AND 0.98, 'intervals of 95 % cover')
FROM (SELECT patternos.compare_rates(b.hits, 300, a.hits, 300) AS e FROM drawn a JOIN drawn b USING (r) WHERE a.p = 0.1 AND b.p = 0.16) x;
SELECT * FROM finish();
ROLLBACK;

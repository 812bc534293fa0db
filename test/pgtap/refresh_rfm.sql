-- feat_customer_rfm, the value tiers and the intent scores of a random warehouse against plain SQL.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SELECT setseed(0.7);
SET LOCAL client_min_messages = warning;
\set T '''2025-01-15'''

-- customers 1 to 400, of which the last 60 never bought and a few are not known yet
TRUNCATE patternos_dw.dim_customer, patternos_dw.fact_transaction, patternos_dw.fact_transaction_line, patternos_dw.intent_serving;
INSERT INTO patternos_dw.dim_customer (customer_key, first_seen_date, consent_marketing, consent_personalization, anonymized)
SELECT k, DATE '2023-01-01' + k * 2, k % 2 = 0, k % 3 = 0, k % 36 = 0 FROM generate_series(1, 400) k;
INSERT INTO patternos_dw.fact_transaction
    (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_status, transaction_datetime,
     transaction_date, date_id, total_value, discount_value, currency, known_at, batch_id, original_transaction_id)
SELECT k, g, p, 'x', CASE p WHEN 'CARWALE' THEN CASE WHEN s < 0.9 THEN 'enquiry' ELSE 'order' END WHEN 'MAKEMYTRIP' THEN 'booking' ELSE 'order' END,
       CASE WHEN s < 0.05 THEN 'cancelled' WHEN s < 0.1 THEN 'returned' ELSE 'completed' END,
       (d + INTERVAL '10 hours') AT TIME ZONE 'Asia/Kolkata' + g * INTERVAL '1 ms', d, 0,
       -- some credit notes are negative instead of naming the order
       CASE WHEN p = 'CARWALE' AND s < 0.9 THEN 0 WHEN s BETWEEN 0.025 AND 0.035 THEN -v ELSE v END,
       CASE WHEN s BETWEEN 0.025 AND 0.035 THEN -round(v / 10, 2) ELSE round(v / 10, 2) END, 'INR', now(), 1, CASE WHEN s < 0.02 OR s BETWEEN 0.05 AND 0.08 THEN g - 1 END
FROM (SELECT g, 1 + (random() ^ 2 * 339)::integer AS k, random() AS s, round((random() * 9000)::numeric, 2) AS v,
             DATE '2025-01-17' - (random() ^ 2 * 700)::integer AS d,
             (ARRAY['ZEPTO', 'SWIGGY', 'NYKAA', 'MAKEMYTRIP', 'CARWALE'])[1 + (random() * 4)::integer] AS p
      FROM generate_series(1, 4000) g OFFSET 0) x;

SELECT cmp_ok(patternos._refresh_rfm(:T), '>', 1000::bigint, 'rows written');
CREATE TABLE public.expected AS
WITH fact AS (
    SELECT customer_key, p.platform_id, DATE :T - transaction_date AS age, transaction_date AS day,
           transaction_status = 'completed' AND CASE WHEN p.platform_id = 'ALL' THEN transaction_type <> 'enquiry'
               ELSE transaction_type = (SELECT conversion_type FROM patternos_dw.dim_platform d WHERE d.platform_id = f.platform_id) END AS counts,
           CASE WHEN transaction_status = 'completed' AND transaction_type <> 'enquiry' THEN total_value ELSE 0 END AS money,
           CASE WHEN transaction_type = 'enquiry' THEN 0 WHEN transaction_status = 'completed' THEN net_value
                WHEN original_transaction_id IS NOT NULL THEN -net_value WHEN total_value < 0 THEN net_value ELSE 0 END AS net
    FROM patternos_dw.fact_transaction f CROSS JOIN LATERAL (VALUES ('ALL'), (f.platform_id)) p (platform_id)
    WHERE transaction_date < :T 
      -- what counts for nothing makes no row of its platform
      AND (p.platform_id = 'ALL' OR CASE WHEN transaction_type = 'enquiry' THEN f.platform_id = 'CARWALE' AND transaction_status = 'completed'
                                         ELSE transaction_status = 'completed' OR original_transaction_id IS NOT NULL OR total_value < 0 END)
)
SELECT customer_key, platform_id, min(age) FILTER (WHERE counts) AS recency_days,
       count(*) FILTER (WHERE counts AND age <= 90)::integer AS frequency_90d, count(*) FILTER (WHERE counts)::integer AS frequency_lifetime,
       coalesce(sum(money) FILTER (WHERE age <= 90), 0) AS monetary_90d, sum(money) AS monetary_lifetime,
       coalesce(sum(net) FILTER (WHERE age <= 365), 0) AS net_monetary_365d, sum(net) AS net_monetary_lifetime, min(day) FILTER (WHERE counts) AS first_purchase_date
FROM fact
GROUP BY customer_key, platform_id
UNION ALL
SELECT customer_key, 'ALL', NULL, 0, 0, 0, 0, 0, 0, NULL FROM patternos_dw.dim_customer c
WHERE first_seen_date < :T AND NOT EXISTS (SELECT FROM patternos_dw.fact_transaction f WHERE f.customer_key = c.customer_key AND transaction_date < :T);

PREPARE computed AS
SELECT customer_key, platform_id, recency_days, frequency_90d, frequency_lifetime, monetary_90d, monetary_lifetime, net_monetary_365d, net_monetary_lifetime, first_purchase_date
FROM patternos_dw.feat_customer_rfm WHERE as_of = :T ORDER BY 1, 2;
SELECT results_eq('computed', 'SELECT * FROM public.expected ORDER BY 1, 2', 'features are what plain SQL computes');
SELECT results_eq('SELECT customer_key, platform_id, recency_score, frequency_score, monetary_score, rfm_score, customer_segment FROM patternos_dw.feat_customer_rfm WHERE as_of = ' || quote_literal(:T) || ' ORDER BY 1, 2',
    'SELECT customer_key, platform_id, coalesce(patternos.recency_score(recency_days), 1)::smallint, CASE WHEN recency_days IS NULL THEN 1 ELSE patternos.frequency_score(frequency_90d) END::smallint,
        CASE WHEN recency_days IS NULL THEN 1 ELSE patternos.monetary_score(monetary_90d) END::smallint, CASE WHEN recency_days IS NULL THEN ''111'' ELSE patternos.rfm_score(recency_days, frequency_90d, monetary_90d) END,
        patternos.rfm_segment(patternos.recency_score(recency_days), patternos.frequency_score(frequency_90d)) FROM public.expected ORDER BY 1, 2', 'scores and segments are those of the functions');
SELECT ok(count(*) BETWEEN 25 AND 90, 'prospects have a row') FROM patternos_dw.feat_customer_rfm WHERE as_of = :T AND customer_segment = 'Prospect' AND platform_id = 'ALL';
SELECT is((SELECT sum(monetary_lifetime) FROM patternos_dw.feat_customer_rfm WHERE platform_id = 'ALL'), (SELECT sum(monetary_lifetime) FROM patternos_dw.feat_customer_rfm WHERE platform_id <> 'ALL'), 'platforms add up to all');
SELECT throws_ok('SELECT patternos._refresh_rfm(''infinity'')', '22008');

-- value tiers
SELECT patternos._refresh_customers(:T);
SELECT results_eq($$SELECT customer_key, customer_segment, lifetime_value, total_orders, total_platforms_used FROM patternos_dw.dim_customer ORDER BY 1$$,
$$WITH spend AS (SELECT customer_key, monetary_365d, rank() OVER (ORDER BY monetary_365d DESC) AS rank, count(*) OVER () AS n FROM patternos_dw.feat_customer_rfm WHERE platform_id = 'ALL' AND monetary_365d > 0)
SELECT c.customer_key, CASE WHEN r.customer_key IS NULL THEN NULL WHEN least(c.first_seen_date, r.first_purchase_date) >= DATE '2025-01-15' - 30 THEN 'New'
         WHEN s.rank <= ceil(0.2 * n) THEN 'High-Value' WHEN r.frequency_lifetime >= 2 THEN 'Regular' ELSE 'Occasional' END,
       coalesce(r.monetary_lifetime, 0), coalesce(r.frequency_lifetime, 0),
       (SELECT count(*) FROM patternos_dw.feat_customer_rfm p WHERE p.customer_key = c.customer_key AND p.platform_id <> 'ALL' AND p.frequency_lifetime > 0)::smallint
FROM patternos_dw.dim_customer c LEFT JOIN patternos_dw.feat_customer_rfm r ON r.customer_key = c.customer_key AND r.platform_id = 'ALL' LEFT JOIN spend s ON s.customer_key = c.customer_key ORDER BY 1$$, 'value tiers and totals');
SELECT is(patternos._refresh_customers(:T), 0::bigint, 'a second run changes nothing');
SELECT throws_ok('SELECT patternos._refresh_customers(''2025-01-16'')', '55000');

-- intent
SELECT is(patternos._score_intent(:T), (SELECT count(*) FROM patternos_dw.feat_customer_rfm JOIN patternos_dw.dim_customer USING (customer_key) WHERE NOT anonymized), 'a score for every row, but for who was erased');
SELECT results_eq($$SELECT customer_key, platform_id, intent_score, intent_level, intent_percentile FROM patternos_dw.intent_score ORDER BY 1, 2$$,
$$SELECT customer_key, platform_id, round(x, 4)::numeric(5, 4), CASE WHEN round(x, 4) >= 0.7 THEN 'high' WHEN round(x, 4) >= 0.4 THEN 'medium' ELSE 'low' END,
         round((100 * cume_dist() OVER (PARTITION BY platform_id ORDER BY round(x, 4)))::numeric, 2)
  FROM (SELECT customer_key, platform_id, 0.4 * (1 - least(coalesce(recency_days, 180)::numeric / 180, 1)) + 0.3 * least(frequency_90d / 10.0, 1) + 0.3 * least(monetary_90d / 50000, 1) AS x FROM public.expected JOIN patternos_dw.dim_customer USING (customer_key) WHERE NOT anonymized) s ORDER BY 1, 2$$,
  'score, level and percentile');
SELECT is_empty($$SELECT 1 FROM patternos_dw.intent_score s JOIN public.expected e USING (customer_key, platform_id) JOIN patternos_dw.purchase_rate_model m USING (platform_id),
    LATERAL (SELECT frequency_lifetime - 1 AS x, DATE '2025-01-15' - first_purchase_date AS t) v
    WHERE frequency_lifetime > 0 AND (abs(s.purchase_probability_30d - (1 - power((m.alpha + t) / (m.alpha + t + 30), m.r + x))) > 0.000051
        OR s.purchase_probability_7d IS NULL OR s.purchase_probability_7d > s.purchase_probability_30d OR s.predicted_purchase_days IS NULL OR s.model_type <> 'gamma-poisson')$$, 'probabilities');
SELECT is_empty($$SELECT 1 FROM patternos_dw.intent_score s JOIN public.expected e USING (customer_key, platform_id)
    WHERE frequency_lifetime = 0 AND (s.purchase_probability_30d IS NOT NULL OR s.model_type <> 'baseline')$$, 'none for who never bought');
SELECT results_eq('SELECT customer_key, is_servable, intent_score FROM patternos_dw.intent_serving ORDER BY 1',
    'SELECT customer_key, consent_marketing AND consent_personalization AND NOT anonymized, intent_score FROM patternos_dw.intent_score JOIN patternos_dw.dim_customer USING (customer_key) WHERE platform_id = ''ALL'' ORDER BY 1', 'served with consent only');
SELECT ok(count(*) > 30, 'some are served') FROM patternos_dw.intent_serving WHERE is_servable;
UPDATE patternos_dw.dim_customer SET consent_marketing = false WHERE customer_key IN (6, 12);
SELECT is(patternos._refresh_serving('{6}'), 1::bigint, 'consent withdrawn');
SELECT ok(NOT is_servable, 'is obeyed') FROM patternos_dw.intent_serving WHERE customer_key = 6;
SELECT is(patternos._refresh_serving(NULL), 1::bigint, 'for all customers');
SELECT throws_ok('SELECT patternos._score_intent(''2025-01-16'')', '55000');
SELECT patternos._refresh_rfm('2024-12-01');
SELECT patternos._score_intent('2024-12-01');
SELECT is((SELECT count(*) FROM patternos_dw.intent_serving WHERE as_of <> :T), 0::bigint, 'older scores are not served');
-- outcomes
SELECT results_eq($$SELECT s.customer_key, s.platform_id, actual_purchased, actual_purchase_date, days_to_purchase FROM patternos_dw.intent_score s WHERE as_of = '2024-12-01' ORDER BY 1, 2$$,
$$SELECT s.customer_key, s.platform_id, o.day IS NOT NULL, o.day, o.day - DATE '2024-12-01' FROM patternos_dw.feat_customer_rfm s JOIN patternos_dw.dim_customer c ON c.customer_key = s.customer_key AND NOT c.anonymized CROSS JOIN LATERAL (
      SELECT min(transaction_date) AS day FROM patternos_dw.fact_transaction f WHERE f.customer_key = s.customer_key AND transaction_status = 'completed'
         AND transaction_date BETWEEN '2024-12-01' AND '2024-12-30' AND CASE s.platform_id WHEN 'ALL' THEN transaction_type <> 'enquiry'
             ELSE f.platform_id = s.platform_id AND transaction_type = (SELECT conversion_type FROM patternos_dw.dim_platform d WHERE d.platform_id = f.platform_id) END) o
  WHERE as_of = '2024-12-01' ORDER BY 1, 2$$, 'what came of scores within 30 days is recorded');
SELECT ok(count(*) FILTER (WHERE actual_purchased) > 50, 'some bought') FROM patternos_dw.intent_score WHERE as_of = '2024-12-01';
SELECT is(count(actual_purchased), 0::bigint, 'nothing before the 30 days have passed') FROM patternos_dw.intent_score WHERE as_of = :T;
-- the next day's scores are, and the same bytes come with and without workers
CREATE TEMP TABLE digest AS SELECT md5(string_agg(f::text, ',' ORDER BY customer_key, platform_id)) AS digest FROM patternos_dw.feat_customer_rfm f WHERE as_of = :T;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT patternos._refresh_rfm(:T);
SELECT is(md5(string_agg(f::text, ',' ORDER BY customer_key, platform_id)), (SELECT digest FROM digest), 'the same bytes without workers') FROM patternos_dw.feat_customer_rfm f WHERE as_of = :T;

-- quantiles keep ties together, ntile splits them by customer; a customer alone gets the same
UPDATE patternos_dw.rfm_threshold SET method = 'quantile' WHERE metric <> 'monetary';
UPDATE patternos_dw.rfm_threshold SET method = 'ntile' WHERE metric = 'monetary';
INSERT INTO patternos_dw.rfm_threshold (platform_id, metric, method, cuts) VALUES ('ZEPTO', 'recency', 'ntile', NULL), ('NYKAA', 'frequency', 'fixed', '{1,2,3,4}');
SELECT patternos._refresh_rfm(:T);
SELECT is_empty($$SELECT * FROM (
    SELECT f.*, 1 + floor(5 * (rank() OVER (w ORDER BY recency_days DESC) - 1)::numeric / count(*) OVER w) AS r, ntile(5) OVER (w ORDER BY recency_days DESC, customer_key) AS rn,
           1 + floor(5 * (rank() OVER (w ORDER BY frequency_90d) - 1)::numeric / count(*) OVER w) AS f, ntile(5) OVER (w ORDER BY monetary_90d, customer_key) AS m
    FROM patternos_dw.feat_customer_rfm f WHERE as_of = '2025-01-15' AND recency_days IS NOT NULL WINDOW w AS (PARTITION BY platform_id)) s
    WHERE recency_score <> CASE platform_id WHEN 'ZEPTO' THEN rn ELSE r END OR monetary_score <> m
       OR frequency_score <> CASE platform_id WHEN 'NYKAA' THEN least(frequency_90d, 4) + 1 ELSE f END$$, 'scores by quantile and ntile');
SELECT is_empty($$SELECT 1 FROM patternos_dw.feat_customer_rfm f JOIN patternos_dw.rfm_cutpoint c USING (as_of, platform_id)
    WHERE as_of = '2025-01-15' AND recency_days IS NOT NULL AND metric = 'monetary'
      AND monetary_score <> patternos.score_by_cuts(monetary_90d, customer_key, cuts, cut_keys, true)$$, 'one by one as in the batch');
SELECT * FROM finish();
ROLLBACK;

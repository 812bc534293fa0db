-- The RFM aggregates against plain SQL on random purchases, in any order and with any number of workers.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SELECT setseed(0.42);
SET LOCAL client_min_messages = warning;

CREATE TABLE public.orders AS
SELECT (random() ^ 2 * 200)::integer AS customer,
       TIMESTAMP '2025-03-01' - random() ^ 3 * INTERVAL '900 days' + INTERVAL '3 days' AS ordered_at,
       round((random() * 3000)::numeric, (random() * 4)::integer) AS amount,
       round((random() * 2000 - 500)::numeric, 2) AS net,
       (ARRAY['A', 'B', 'b', 'longer name of a platform'])[1 + (random() * 3)::integer] AS platform
FROM generate_series(1, 6000);
-- borders: the reference date, the day before, and both sides of each window
INSERT INTO public.orders
SELECT 1000 + g % 3, TIMESTAMP '2025-03-01' - (d || ' days')::interval + t, 10, 9, 'A'
FROM generate_series(1, 6) g, unnest('{0,1,7,8,30,31,90,91,365,366}'::integer[]) d, unnest(ARRAY['00:00', '23:59:59.999999']::interval[]) t;

CREATE VIEW public.expected AS
WITH purchase AS (
    SELECT o.customer, p.platform, DATE '2025-03-01' - o.ordered_at::date AS age, o.ordered_at::date AS day, o.amount, o.net
    FROM public.orders o CROSS JOIN LATERAL (VALUES ('ALL'), (o.platform)) p (platform)
    WHERE o.ordered_at < '2025-03-01'
), gap AS (
    SELECT customer, platform, day - lag(day) OVER (PARTITION BY customer, platform ORDER BY day) AS gap FROM purchase
), rhythm AS (
    SELECT customer, platform, round(avg(gap), 2) AS mean, round((1 / (1 + stddev_pop(gap) / nullif(avg(gap), 0)))::numeric, 4) AS consistency, count(gap) AS gaps
    FROM gap GROUP BY customer, platform
)
SELECT p.customer, p.platform, min(age) AS recency_days,
       count(*) FILTER (WHERE age <= 7) AS f7, count(*) FILTER (WHERE age <= 30) AS f30, count(*) FILTER (WHERE age <= 90) AS f90,
       count(*) FILTER (WHERE age <= 365) AS f365, count(*) AS f,
       round(coalesce(sum(amount) FILTER (WHERE age <= 7), 0), 2) AS m7, round(coalesce(sum(amount) FILTER (WHERE age <= 30), 0), 2) AS m30,
       round(coalesce(sum(amount) FILTER (WHERE age <= 90), 0), 2) AS m90, round(coalesce(sum(amount) FILTER (WHERE age <= 365), 0), 2) AS m365, round(sum(amount), 2) AS m,
       round(coalesce(sum(net) FILTER (WHERE age <= 7), 0), 2) AS n7, round(coalesce(sum(net) FILTER (WHERE age <= 30), 0), 2) AS n30,
       round(coalesce(sum(net) FILTER (WHERE age <= 90), 0), 2) AS n90, round(coalesce(sum(net) FILTER (WHERE age <= 365), 0), 2) AS n365, round(sum(net), 2) AS n,
       round(avg(amount) FILTER (WHERE age <= 30), 2) AS aov_30d, round(avg(amount) FILTER (WHERE age <= 90), 2) AS aov_90d, round(avg(amount), 2) AS aov,
       max(r.mean) AS mean, max(r.consistency) FILTER (WHERE r.gaps >= 2) AS consistency, min(day) AS first_day, max(day) AS last_day
FROM purchase p JOIN rhythm r USING (customer, platform)
GROUP BY p.customer, p.platform;

CREATE VIEW public.computed AS
SELECT q.customer, r.*
FROM (SELECT customer, patternos.rfm_by_platform(ordered_at, amount, net, '2025-03-01', platform) AS rows FROM public.orders GROUP BY customer) q, unnest(q.rows) r
WHERE frequency_lifetime > 0;

SELECT ok((SELECT count(*) > 500 FROM public.expected), 'there is something to compare');
SELECT is_empty('SELECT * FROM public.expected EXCEPT SELECT * FROM public.computed', 'rfm_by_platform is what plain SQL computes');
SELECT is_empty('SELECT * FROM public.computed EXCEPT SELECT * FROM public.expected', 'and nothing else');
SELECT is_empty($$
    SELECT customer, (r).* FROM (SELECT customer, patternos.rfm(ordered_at, amount, net, '2025-03-01') AS r FROM public.orders GROUP BY customer) q
    WHERE (r).frequency_lifetime > 0
    EXCEPT SELECT customer, recency_days, f7, f30, f90, f365, f, m7, m30, m90, m365, m, n7, n30, n90, n365, n, aov_30d, aov_90d, aov, mean, consistency, first_day, last_day
    FROM public.expected WHERE platform = 'ALL'$$, 'so is rfm');
SELECT is_empty($$
    SELECT customer, patternos.rfm(ordered_at, amount, '2025-03-01')::text FROM public.orders GROUP BY customer
    EXCEPT SELECT customer, patternos.rfm(ordered_at, amount, amount, '2025-03-01')::text FROM public.orders GROUP BY customer$$, 'net is gross unless given');
SELECT results_eq('SELECT frequency_7d, frequency_30d, frequency_90d, frequency_365d, frequency_lifetime FROM public.computed WHERE customer = 1000 AND platform_id = ''ALL''',
    'VALUES (8, 16, 24, 32, 36)', 'windows hold their first day and not the reference date');

-- the same bytes, whatever the order and the plan
CREATE FUNCTION public.digest_of(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(rows::text, '','' ORDER BY customer)) FROM (SELECT customer, patternos.rfm_by_platform(ordered_at, amount, net, ''2025-03-01'', platform) AS rows
        FROM %s GROUP BY customer) q', source) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION public.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; result text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        result := result || line || E'\n';
    END LOOP;
    RETURN result;
END $$;
CREATE TABLE public.split (LIKE public.orders) PARTITION BY HASH (platform);
CREATE TABLE public.split_0 PARTITION OF public.split FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.split_1 PARTITION OF public.split FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO public.split SELECT * FROM public.orders;
ANALYZE public.orders, public.split;
CREATE TEMP TABLE digest AS SELECT public.digest_of('public.orders') AS digest;
SELECT is(public.digest_of('(SELECT * FROM public.orders ORDER BY ordered_at) o'), digest, 'oldest first') FROM digest;
SELECT is(public.digest_of('(SELECT * FROM public.orders ORDER BY ordered_at DESC) o'), digest, 'newest first') FROM digest;
SELECT is(public.digest_of('(SELECT * FROM public.orders ORDER BY random()) o'), digest, 'shuffled') FROM digest;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_leader_participation = off;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT matches(public.plan_of('SELECT customer, patternos.rfm_by_platform(ordered_at, amount, net, ''2025-03-01'', platform) FROM public.orders GROUP BY customer'), 'Partial', 'a plan with workers');
SELECT is(public.digest_of('public.orders'), digest, 'two workers') FROM digest;
SET LOCAL max_parallel_workers_per_gather = 4;
ALTER TABLE public.orders SET (parallel_workers = 4);
SELECT is(public.digest_of('public.orders'), digest, 'four workers') FROM digest;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL enable_partitionwise_aggregate = on;
SELECT matches(public.plan_of('SELECT customer, patternos.rfm_by_platform(ordered_at, amount, net, ''2025-03-01'', platform) FROM public.split GROUP BY customer'), 'Partial', 'a plan by partition');
SELECT is(public.digest_of('public.split'), digest, 'combined from partitions') FROM digest;

-- sums are the numerics that PostgreSQL makes, byte for byte
SELECT is_empty($$
    SELECT v FROM (SELECT v, (patternos.rfm(DATE '2024-01-01', v, '2024-02-01')).monetary_lifetime AS sum
        FROM (SELECT v FROM unnest('{0,0.01,-0.01,0.1,1,-1,9999.99,10000,10000.01,100000000,123456789012345.67,-922337203685477.58,5600.5,0.005,-0.005,0.0049,90000000000,1234567.8951}'::numeric[]) v
              UNION SELECT round(((random() - 0.5) * 10 ^ (random() * 14))::numeric, (random() * 4)::integer) FROM generate_series(1, 2000)) r
        GROUP BY v) s WHERE numeric_send(sum) <> numeric_send(round(v, 2))$$, 'the bytes of sums');
-- ties of a fraction are rounded away from zero: gaps of 37 and 80 days have 1 / (1 + CV) = 117 / 160 = 0.73125
SELECT is((patternos.rfm(day, 1, '2025-01-01')).purchase_consistency_score, 0.7313) FROM unnest('{2024-01-01,2024-02-07,2024-04-27}'::date[]) day;

SELECT throws_ok($$SELECT patternos.rfm(day, 1, as_of) FROM (VALUES (DATE '2024-01-01', DATE '2025-01-01'), ('2024-01-01', '2025-01-02')) v (day, as_of)$$, '22023');
SELECT * FROM finish();
ROLLBACK;

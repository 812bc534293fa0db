-- Cross-platform: row functions, the aggregate on a small example, the step against plain SQL.
BEGIN;
SELECT patternos.platform_diversity_score(3, 7), patternos.platform_diversity_score(8, 7), patternos.platform_diversity_score(0, 0),
       patternos.category_overlap_score(1, 3), patternos.category_overlap_score(0, 0);
-- window of 30 days, an enquiry (no amount), an order of two categories, dominance by spend, then name
SELECT (f).* FROM (SELECT patternos.cross_platform(ROW(p, o, at, amount, category)::patternos.purchase_line, '2026-01-31') AS f FROM (VALUES
    ('ZEPTO', 1, '2026-01-01 00:00', 10, 'FMCG'), ('ZEPTO', 1, '2026-01-01 00:00', 5, 'Beauty'), ('NYKAA', 1, '2026-01-30 23:59', 15.005, 'Beauty'),
    ('AMAZON', 2, '2025-12-31 23:59:59', 100, 'Home'), ('AMAZON', 3, '2026-01-31 00:00', 999, 'FMCG'), ('CARWALE', 4, '2026-01-10', NULL, 'Beauty'))
    v (p, o, at, amount, category)) x \gx
SELECT (f).platforms_used_count, (f).dominant_platform, (f).platform_loyalty_score, (f).category_overlap_score, (f).platform_switching_frequency
FROM (SELECT patternos.cross_platform(ROW('CARWALE', 1, '2026-01-30', NULL, 'x')::patternos.purchase_line, '2026-01-31') AS f) x;
SELECT (f).dominant_platform FROM (SELECT patternos.cross_platform(ROW(p, 1, '2026-01-30', 1, NULL)::patternos.purchase_line, '2026-01-31') AS f FROM unnest('{B,A,a}'::text[]) p) x;
ROLLBACK;

-- random facts of 200 customers
BEGIN;
SELECT setseed(0.75);
INSERT INTO patternos_dw.dim_product_category (category_id, category_level_1, unified_category)
SELECT 9000 + i, 'level ' || i, 'unified ' || i / 2 FROM generate_series(1, 8) i;
INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_status,
    transaction_datetime, transaction_date, date_id, total_value, currency, unified_category, known_at, batch_id)
SELECT 1 + i % 200, i, p, 'c', CASE WHEN p = 'CARWALE' THEN 'enquiry' WHEN i % 9 = 0 THEN 'booking' ELSE 'order' END,
       (ARRAY['completed', 'completed', 'completed', 'cancelled', 'returned'])[1 + floor(random() * 5)::integer],
       at, (at AT TIME ZONE 'Asia/Kolkata')::date, 0, CASE p WHEN 'CARWALE' THEN 0 ELSE round((random() * 1000)::numeric, 2) END, 'INR',
       CASE WHEN i % 3 = 0 THEN 'unified 9' END, now(), 1
FROM (SELECT i, (ARRAY['ZEPTO', 'NYKAA', 'CARWALE', 'AMAZON'])[1 + floor(random() * 4)::integer] AS p,
             timestamptz '2026-01-01 00:00+05:30' + interval '90 days' * (random() - 0.95) AS at FROM generate_series(1, 1200) i) x;
-- two lines that add up to the order, for most orders
INSERT INTO patternos_dw.fact_transaction_line (customer_key, transaction_datetime, transaction_id, line_number, platform_id, category_id,
    quantity, line_total, is_allocated, known_at, batch_id)
SELECT customer_key, transaction_datetime, transaction_id, n, platform_id, 9001 + floor(random() * 8)::integer, 1,
       CASE n WHEN 1 THEN round(total_value / 3, 4) ELSE total_value - round(total_value / 3, 4) END, true, now(), 1
FROM patternos_dw.fact_transaction, generate_series(1, 2) n WHERE transaction_id % 4 > 0;
SELECT patternos._refresh_cross_platform('2026-01-01') > 150 AS refreshed;
CREATE TEMPORARY TABLE used AS
SELECT t.customer_key AS c, platform_id AS p, transaction_id AS id, transaction_type <> 'enquiry' AS paid, total_value AS value,
       transaction_date AS day, transaction_datetime AS at, unified_category
FROM patternos_dw.fact_transaction t WHERE transaction_status = 'completed' AND transaction_date < '2026-01-01';
CREATE TEMPORARY TABLE bought AS
SELECT c, p, coalesce(k.unified_category, u.unified_category) AS category
FROM used u LEFT JOIN patternos_dw.fact_transaction_line l ON l.transaction_id = u.id LEFT JOIN patternos_dw.dim_product_category k USING (category_id)
WHERE paid AND coalesce(k.unified_category, u.unified_category) IS NOT NULL;
CREATE TEMPORARY TABLE expected AS
SELECT u.c, count(DISTINCT u.p)::integer AS platforms, array_agg(DISTINCT u.p ORDER BY u.p) AS list,
       CASE WHEN r.platforms > 1 THEN r.purchases ELSE 0 END AS purchases, CASE WHEN r.platforms > 1 THEN r.value ELSE 0 END AS value,
       k.common, k.overlap, round(count(*) FILTER (WHERE changed) * 30.0 / (date '2026-01-01' - min(u.day)), 4) AS switching,
       d.p AS dominant, d.share, round(count(DISTINCT u.p) / 7.0, 4) AS diversity, d.loyalty
FROM (SELECT *, p <> lag(p) OVER (PARTITION BY c ORDER BY at) AS changed FROM used) u,
     LATERAL (SELECT count(*)::integer AS purchases, count(DISTINCT p) AS platforms, coalesce(sum(value), 0) AS value
              FROM used i WHERE i.c = u.c AND paid AND day >= '2025-12-02') r,
     LATERAL (SELECT coalesce(array_agg(category ORDER BY category) FILTER (WHERE platforms > 1), '{}') AS common,
                     round(count(*) FILTER (WHERE platforms > 1)::numeric / nullif(count(*), 0), 4) AS overlap
              FROM (SELECT category, count(DISTINCT p) AS platforms FROM bought i WHERE i.c = u.c GROUP BY category) g) k,
     LATERAL (SELECT (array_agg(p ORDER BY n DESC, spend DESC, p))[1] AS p, round(max(n) / sum(n), 4) AS share, round(sum(n * n) / (sum(n) * sum(n)), 4) AS loyalty
              FROM (SELECT p, count(*)::numeric AS n, sum(value) AS spend FROM used i WHERE i.c = u.c AND paid GROUP BY p) g) d
GROUP BY u.c, r.platforms, r.purchases, r.value, k.common, k.overlap, d.p, d.share, d.loyalty;
CREATE TEMPORARY VIEW computed AS
SELECT customer_key, platforms_used_count, platforms_list, cross_platform_purchase_count_30d, cross_platform_value_30d, common_categories, category_overlap_score,
       platform_switching_frequency, dominant_platform, dominant_platform_share, platform_diversity_score, platform_loyalty_score
FROM patternos_dw.feat_cross_platform WHERE as_of = '2026-01-01';
SELECT count(*) = (SELECT count(*) FROM expected) AS same_rows, count(DISTINCT category_overlap_score) > 5 AS varied, count(DISTINCT platform_loyalty_score) > 5 AS varied_too FROM computed;
SELECT count(*) AS differences FROM ((TABLE computed EXCEPT TABLE expected) UNION ALL (TABLE expected EXCEPT TABLE computed)) d;
ROLLBACK;

-- Affinity: row functions, the aggregates against plain SQL, the refresh against plain SQL.
BEGIN;
SELECT patternos.category_affinity(0.5, 0.75, 0.25), patternos.category_affinity(1, 1, 1), patternos.category_affinity(0, 0, 0);
SELECT days, patternos.recency_weight(days) FROM unnest(ARRAY[0, 45, 179, 180, 181, 2147483647]) days;
-- average customer 100; no purchases shrink towards average by the smoothing
SELECT patternos.affinity_index(2, 8, 0.25), patternos.affinity_index(0, 0, 0.25), patternos.affinity_index(8, 8, 0.25),
       patternos.affinity_index(8, 8, 0.25, 0), patternos.affinity_index(0, 0, 0.25, 0), patternos.affinity_index(0, 5, 0);

-- boundaries: the day before the reference date is 1 day ago, the date itself is not seen
SELECT i.item, i.purchase_count, i.all_purchases, i.purchase_value, i.recency_days, i.affinity_score, i.item_rank
FROM (SELECT patternos.affinity(item, order_id, ordered_at, amount, '2026-01-01') AS items
      FROM (VALUES ('tea', 1, timestamp '2025-12-31 23:59:59.999999', 10.00), ('tea', 1, '2025-12-31 23:59:59.999999', 5.00),
                   ('jam', 1, '2025-12-31 23:59:59.999999', 5.00), ('jam', 2, '2025-07-05', 20.00),
                   (NULL, 3, '1999-12-31 12:00', 60.00), ('tea', 4, '2026-01-01 00:00', 1000.00),
                   ('old', 5, '1999-12-31 12:00', NULL), ('tea', NULL, '2025-12-30', 1000.00), ('tea', 6, NULL, 1000.00))
           v (item, order_id, ordered_at, amount)) a, unnest(a.items) i;
-- equal scores and spends are ranked by name, in order of bytes
SELECT array_agg(i.item ORDER BY i.item_rank) FROM
    (SELECT patternos.affinity(item, 1, '2025-12-01', 1, '2026-01-01') AS items FROM unnest('{b,a,Z,"",ä}'::text[]) item) a, unnest(a.items) i;
SELECT patternos.affinity('x', 1, '2027-01-01', 1, '2026-01-01'), patternos.affinity(NULL, 1, '2025-01-01', 1, '2026-01-01');

-- random lines of 300 customers: equal to plain SQL
CREATE TABLE line AS
SELECT 1 + i % 300 AS customer, CASE WHEN i % 13 > 0 THEN 'item ' || (i * 31 % 97 % 12) END AS item,
       (i / 3)::bigint AS order_id, timestamp '2025-12-31 20:00' - interval '1 hour' * (i / 3 * 7919 % 9000) AS ordered_at,
       round((i * 7907 % 100003)::numeric / 77, 2) - 100 AS amount
FROM generate_series(1, 9000) i;
CREATE VIEW expected AS
WITH total AS (SELECT customer, count(DISTINCT order_id)::integer AS all_purchases, sum(amount)::double precision AS spend FROM line GROUP BY 1),
summed AS (
    SELECT l.customer, l.item, count(DISTINCT l.order_id)::integer AS purchase_count, t.all_purchases, sum(l.amount) AS purchase_value,
           date '2026-01-01' - max(l.ordered_at)::date AS recency_days, count(DISTINCT l.order_id)::double precision / t.all_purchases AS count_share,
           CASE WHEN t.spend <= 0 THEN 0 ELSE least(1, greatest(0, sum(l.amount)::double precision / t.spend)) END AS spend_share
    FROM line l JOIN total t USING (customer) WHERE l.item IS NOT NULL GROUP BY l.customer, l.item, t.all_purchases, t.spend),
scored AS (
    SELECT *, round((0.4 * count_share + 0.3 * (1 - least(recency_days, 180)::double precision / 180) + 0.3 * spend_share)::numeric, 4) AS affinity_score
    FROM summed)
SELECT customer, item, purchase_count, all_purchases, purchase_value::numeric(18, 2), recency_days, round(count_share::numeric, 4) AS count_share,
       round(spend_share::numeric, 4) AS spend_share, affinity_score,
       row_number() OVER (PARTITION BY customer ORDER BY affinity_score DESC, purchase_value DESC, item COLLATE "C")::integer AS item_rank,
       row_number() OVER (PARTITION BY customer ORDER BY round(count_share::numeric, 4) DESC, purchase_value DESC, item COLLATE "C")::integer AS brand_rank
FROM scored;
CREATE VIEW computed AS
SELECT customer, i.* FROM (SELECT customer, patternos.affinity(item, order_id, ordered_at, amount, '2026-01-01') AS items FROM line GROUP BY 1) a, unnest(a.items) i;
SELECT count(*) > 2000 AS many, count(DISTINCT spend_share) > 100 AS varied FROM computed;
SELECT count(*) AS differences FROM
    ((SELECT customer, item, purchase_count, all_purchases, purchase_value, recency_days, count_share, spend_share, affinity_score, item_rank FROM expected
      EXCEPT ALL TABLE computed)
     UNION ALL
     (TABLE computed EXCEPT ALL
      SELECT customer, item, purchase_count, all_purchases, purchase_value, recency_days, count_share, spend_share, affinity_score, item_rank FROM expected)) d;
SELECT count(*) AS brand_differences FROM
    (SELECT customer, item, purchase_count, count_share, brand_rank FROM expected
     EXCEPT ALL
     SELECT customer, i.item, i.purchase_count, i.affinity_score, i.item_rank
     FROM (SELECT customer, patternos.brand_affinity(item, order_id, ordered_at, amount, '2026-01-01') AS items FROM line GROUP BY 1) a, unnest(a.items) i) d;
ROLLBACK;

-- the step, on orders with two categories, without lines, cancelled, too old, too new
BEGIN;
INSERT INTO patternos_dw.dim_product_category (category_id, category_level_1, category_level_2, unified_category)
VALUES (9001, 'Grocery', 'Tea', 'FMCG'), (9002, 'Beauty', NULL, 'Beauty');
INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, category_id, valid_from, valid_to)
VALUES ('ZEPTO', 't1', 'tea', 'Leaf', 9001, '-infinity', 'infinity'), ('ZEPTO', 'b1', 'balm', NULL, 9001, '-infinity', '2025-06-01'),
       ('ZEPTO', 'b1', 'balm', 'Dew', 9002, '2025-06-01', 'infinity');
INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_status,
    transaction_datetime, transaction_date, date_id, total_value, currency, known_at, batch_id)
SELECT c, id, 'ZEPTO', 'c', type, status, day::timestamp AT TIME ZONE 'UTC', day, 0, 100, 'INR', now(), 1
FROM (VALUES (1, 1, 'order', 'completed', date '2025-12-31'), (1, 2, 'booking', 'completed', '2025-11-02'), (1, 3, 'order', 'cancelled', '2025-12-30'),
             (1, 4, 'enquiry', 'completed', '2025-12-30'), (1, 5, 'order', 'completed', '2024-12-31'), (1, 6, 'order', 'completed', '2026-01-01'),
             (2, 7, 'order', 'completed', '2025-01-01'), (3, 8, 'order', 'completed', '2025-12-01')) v (c, id, type, status, day);
INSERT INTO patternos_dw.fact_transaction_line (customer_key, transaction_datetime, transaction_id, line_number, platform_id, sku_id, category_id,
    quantity, line_total, is_allocated, known_at, batch_id)
SELECT t.customer_key, t.transaction_datetime, t.transaction_id, l.line, 'ZEPTO', l.sku, 9002, 1, l.total, false, now(), 1
FROM patternos_dw.fact_transaction t, (VALUES (1, 't1', 25), (2, 't1', 25), (3, 'b1', 50)) l (line, sku, total)
WHERE t.transaction_id <> 8 AND NOT (t.transaction_id = 2 AND l.line < 3);
SELECT patternos._refresh_affinity('2026-01-01');
SELECT customer_key AS c, level, item, f.category_id AS id, f.unified_category, category_purchase_count AS n, category_purchase_value AS value,
       category_recency_days AS days, category_affinity_score AS score, brand_purchase_count AS brand_n, brand_affinity_score AS brand_score,
       patternos.affinity_index(coalesce(category_purchase_count, brand_purchase_count), f.window_purchases, purchase_count::double precision / p.window_purchases) AS affinity_index,
       category_rank AS rank
FROM patternos_dw.feat_customer_affinity f JOIN patternos_dw.affinity_population p USING (as_of, window_days, level, item)
WHERE as_of = '2026-01-01' ORDER BY 1, 2, 13;
SELECT patternos._refresh_affinity('2026-01-01');
SELECT count(*) FROM patternos_dw.feat_customer_affinity;
ROLLBACK;

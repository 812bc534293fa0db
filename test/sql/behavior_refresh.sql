-- The behaviour step on random facts of 100 customers against plain SQL (sessions by session_number, which behavior.sql checks).
BEGIN;
SELECT setseed(0.25);
INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_status,
    transaction_datetime, transaction_date, date_id, total_value, currency, known_at, batch_id)
SELECT 1 + i % 100, i, p, 'c', CASE WHEN p = 'CARWALE' AND i % 3 > 0 THEN 'enquiry' WHEN i % 9 = 0 THEN 'booking' ELSE 'order' END,
       (ARRAY['completed', 'completed', 'completed', 'cancelled', 'returned'])[1 + floor(random() * 5)::integer],
       at, (at AT TIME ZONE 'Asia/Kolkata')::date, 0, 0, 'INR', now(), 1
FROM (SELECT i, (ARRAY['ZEPTO', 'NYKAA', 'CARWALE', 'MAKEMYTRIP'])[1 + floor(random() * 4)::integer] AS p,
             timestamptz '2026-01-01 00:00+05:30' + interval '10 days' * (random() - 0.9) AS at FROM generate_series(1, 1500) i) x;
INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, session_id, event_type, event_timestamp, search_term, category_id, device_type, known_at, batch_id)
SELECT 1 + i % 100, i, (ARRAY['ZEPTO', 'NYKAA', 'CARWALE'])[1 + floor(random() * 3)::integer], CASE WHEN random() < 0.5 THEN 's' || floor(random() * 9) END,
       (ARRAY['page_view', 'Product Viewed', 'search', 'add_to_cart', 'remove_from_cart', 'wishlist_add', 'purchase', 'view_item_list', 'weird'])[1 + floor(random() * 9)::integer],
       timestamptz '2026-01-01 00:00+05:30' + interval '10 days' * (random() - 0.9), (ARRAY['Milk', ' milk ', 'soap', NULL, ''])[1 + floor(random() * 5)::integer],
       CASE WHEN random() < 0.8 THEN floor(random() * 6)::integer END, (ARRAY['mobile', 'Desktop', 'tablet', NULL, ''])[1 + floor(random() * 5)::integer], now(), 1
FROM generate_series(1, 6000) i;
-- further back, to the edges of the windows
INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, session_id, event_type, event_timestamp, known_at, batch_id)
SELECT 1 + i % 100, 10000 + i, (ARRAY['ZEPTO', 'NYKAA', 'CARWALE'])[1 + floor(random() * 3)::integer], CASE WHEN random() < 0.2 THEN 's' || i % 4 END,
       (ARRAY['page_view', 'Product Viewed', 'search', 'add_to_cart'])[1 + i / 100 % 4],
       timestamptz '2026-01-01 00:00+05:30' - CASE WHEN i % 5 = 0 THEN (ARRAY[7, 14, 30, 90])[1 + floor(random() * 4)::integer] * interval '1 day'
                                                                      + (i % 3 - 1) * interval '1 microsecond' ELSE interval '120 days' * random() END, now(), 1
FROM generate_series(1, 4000) i;
SELECT patternos._refresh_behavior('2026-01-01') > 300 AS refreshed;

CREATE TEMPORARY TABLE event AS
SELECT customer_key AS c, platform_id AS p, patternos.event_kind(event_type) AS kind, event_timestamp AS at, nullif(lower(btrim(search_term)), '') AS term,
       category_id AS category, CASE lower(device_type) WHEN 'mobile' THEN 1 WHEN 'desktop' THEN 2 WHEN 'tablet' THEN 3 END AS device,
       patternos.session_number(event_timestamp AT TIME ZONE 'UTC', session_id) OVER (PARTITION BY customer_key, platform_id ORDER BY event_timestamp) AS session
FROM patternos_dw.fact_event WHERE event_timestamp < '2026-01-01 00:00+05:30';
CREATE TEMPORARY TABLE purchase AS
SELECT customer_key AS c, platform_id AS p, transaction_datetime AS at, transaction_type <> 'enquiry' AS in_all,
       transaction_type = d.conversion_type AS on_platform, transaction_datetime AT TIME ZONE 'Asia/Kolkata' AS local
FROM patternos_dw.fact_transaction JOIN patternos_dw.dim_platform d USING (platform_id)
WHERE transaction_status = 'completed' AND transaction_datetime < '2026-01-01 00:00+05:30' AND (transaction_type <> 'enquiry' OR conversion_type = 'enquiry');
CREATE TEMPORARY TABLE visit AS
SELECT s.*, EXISTS (SELECT FROM purchase b WHERE b.c = s.c AND b.p = s.p AND on_platform AND b.at >= first_add AND b.at < last_add + interval '24 hours') AS bought,
       EXISTS (SELECT FROM purchase b WHERE b.c = s.c AND b.p = s.p AND on_platform AND b.at >= first_search AND b.at < last_search + interval '24 hours') AS found
FROM (SELECT c, p, session, max(at) - min(at) AS duration, min(at) FILTER (WHERE kind = 'add_to_cart') AS first_add, max(at) FILTER (WHERE kind = 'add_to_cart') AS last_add,
             min(at) FILTER (WHERE kind = 'search') AS first_search, max(at) FILTER (WHERE kind = 'search') AS last_search,
             (array_agg(device ORDER BY at, device) FILTER (WHERE device IS NOT NULL))[1] AS device
      FROM event GROUP BY c, p, session) s;
CREATE TEMPORARY TABLE expected AS
WITH scope AS (SELECT c, p FROM event UNION SELECT c, p FROM purchase UNION SELECT c, 'ALL' FROM event UNION SELECT c, 'ALL' FROM purchase)
SELECT c AS customer_key, p AS platform_id, v.*, e.*, b.*, x.exploration
FROM scope s,
     LATERAL (SELECT count(*)::integer AS sessions, round(extract(epoch FROM avg(duration)), 2) AS duration,
                     count(*) FILTER (WHERE NOT bought AND last_add + interval '24 hours' <= '2026-01-01 00:00+05:30')::integer AS abandoned,
                     round(count(*) FILTER (WHERE NOT bought AND last_add + interval '24 hours' <= '2026-01-01 00:00+05:30')::numeric
                           / nullif(count(*) FILTER (WHERE first_add IS NOT NULL AND (bought OR last_add + interval '24 hours' <= '2026-01-01 00:00+05:30')), 0), 4) AS abandonment,
                     round(count(*) FILTER (WHERE found)::numeric
                           / nullif(count(*) FILTER (WHERE first_search IS NOT NULL AND (found OR last_search + interval '24 hours' <= '2026-01-01 00:00+05:30')), 0), 4) AS conversion,
                     round(count(*) FILTER (WHERE device = 1)::numeric / nullif(count(device), 0), 4) AS mobile,
                     round(count(*) FILTER (WHERE device = 2)::numeric / nullif(count(device), 0), 4) AS desktop
              FROM visit i WHERE i.c = s.c AND s.p IN (i.p, 'ALL')) v,
     LATERAL (SELECT count(*) FILTER (WHERE kind = 'page_view')::integer AS pages, count(*) FILTER (WHERE kind = 'search')::integer AS searches,
                     count(DISTINCT term) FILTER (WHERE kind = 'search')::integer AS terms, count(*) FILTER (WHERE kind = 'add_to_cart')::integer AS adds,
                     count(*) FILTER (WHERE kind = 'remove_from_cart')::integer AS removes, count(*) FILTER (WHERE kind = 'wishlist_add')::integer AS wishes,
                     count(*) FILTER (WHERE kind = 'product_view')::integer AS views, max(at) AS last_at
              FROM event i WHERE i.c = s.c AND s.p IN (i.p, 'ALL')) e,
     LATERAL (SELECT round(count(*)::numeric / nullif(e.searches, 0), 4) AS ratio,
                     CASE WHEN count(*) >= 3 THEN mode() WITHIN GROUP (ORDER BY extract(hour FROM local)) END::smallint AS hour,
                     round(avg((extract(isodow FROM local) >= 6)::integer), 4) AS weekend,
                     round(avg((extract(hour FROM local) NOT BETWEEN 6 AND 21)::integer), 4) AS night
              FROM purchase i WHERE i.c = s.c AND CASE s.p WHEN 'ALL' THEN in_all ELSE i.p = s.p AND on_platform END) b,
     LATERAL (SELECT round(CASE count(*) WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE -sum(n / total * ln(n / total)) / ln(count(*)::numeric) END, 4) AS exploration
              FROM (SELECT count(*)::numeric AS n, sum(count(*)) OVER () AS total FROM event i
                    WHERE i.c = s.c AND s.p IN (i.p, 'ALL') AND kind IN ('product_view', 'category_view') AND category IS NOT NULL GROUP BY category) t) x;
CREATE TEMPORARY VIEW computed AS
SELECT customer_key, platform_id, total_sessions, avg_session_duration, cart_abandonment_count, cart_abandonment_rate, search_conversion_rate, mobile_sessions_pct,
       desktop_sessions_pct, total_page_views, total_searches, unique_search_terms, add_to_cart_count, remove_from_cart_count, wishlist_adds, product_views, last_event_at,
       search_to_purchase_ratio, preferred_shopping_hour, weekend_shopping_ratio, night_shopping_ratio, category_exploration_score
FROM patternos_dw.feat_customer_behavior WHERE as_of = '2026-01-01';
SELECT count(*) = (SELECT count(*) FROM expected) AS same_rows, count(DISTINCT cart_abandonment_rate) > 10 AS varied, count(DISTINCT search_conversion_rate) > 10 AS varied_too FROM computed;
SELECT count(*) AS differences FROM ((TABLE computed EXCEPT TABLE expected) UNION ALL (TABLE expected EXCEPT TABLE computed)) d;
SELECT bool_and(avg_pages_per_session IS NOT DISTINCT FROM round(total_page_views::numeric / nullif(total_sessions, 0), 2)) AS pages,
       bool_and(night_shopping_flag IS NOT DISTINCT FROM night_shopping_ratio >= 0.5) AS night FROM patternos_dw.feat_customer_behavior;

-- what was done lately
CREATE TEMPORARY TABLE recent AS
SELECT s.c AS customer_key, s.p AS platform_id, v.*, e.*
FROM (SELECT c, p FROM event UNION SELECT c, p FROM purchase UNION SELECT c, 'ALL' FROM event UNION SELECT c, 'ALL' FROM purchase) s,
     LATERAL (SELECT count(*) FILTER (WHERE day >= '2025-12-25')::integer AS s7, count(*) FILTER (WHERE day >= '2025-12-18')::integer AS s14,
                     count(*) FILTER (WHERE day >= '2025-12-02')::integer AS s30, count(*) FILTER (WHERE day >= '2025-10-03')::integer AS s90
              FROM (SELECT (min(at) AT TIME ZONE 'Asia/Kolkata')::date AS day FROM event i WHERE i.c = s.c AND s.p IN (i.p, 'ALL') GROUP BY p, session) i) v,
     LATERAL (SELECT count(*) FILTER (WHERE kind = 'product_view' AND day >= '2025-12-25')::integer AS v7, count(*) FILTER (WHERE kind = 'product_view' AND day >= '2025-12-18')::integer AS v14,
                     count(*) FILTER (WHERE kind = 'product_view' AND day >= '2025-12-02')::integer AS v30, count(*) FILTER (WHERE kind = 'product_view' AND day >= '2025-10-03')::integer AS v90,
                     count(*) FILTER (WHERE kind = 'search' AND day >= '2025-12-25')::integer AS q7, count(*) FILTER (WHERE kind = 'search' AND day >= '2025-12-02')::integer AS q30,
                     count(*) FILTER (WHERE kind = 'add_to_cart' AND day >= '2025-12-25')::integer AS a7, count(*) FILTER (WHERE kind = 'add_to_cart' AND day >= '2025-12-02')::integer AS a30,
                     max(at) FILTER (WHERE kind = 'product_view') AS viewed, max(at) FILTER (WHERE kind = 'search') AS searched, max(at) FILTER (WHERE kind = 'add_to_cart') AS added
              FROM (SELECT kind, at, (at AT TIME ZONE 'Asia/Kolkata')::date AS day FROM event i WHERE i.c = s.c AND s.p IN (i.p, 'ALL')) i) e;
CREATE TEMPORARY VIEW computed_recent AS
SELECT customer_key, platform_id, sessions_7d, sessions_14d, sessions_30d, sessions_90d, product_views_7d, product_views_14d, product_views_30d, product_views_90d,
       searches_7d, searches_30d, add_to_cart_7d, add_to_cart_30d, last_product_view_at, last_search_at, last_add_to_cart_at
FROM patternos_dw.feat_customer_behavior WHERE as_of = '2026-01-01';
SELECT count(*) FILTER (WHERE s90 > s30 AND s30 > s14 AND s14 > s7 AND v90 > v30 AND v30 > v14 AND v14 > v7) > 50 AS varied, bool_and(s90 IS NOT NULL) AS counted FROM recent;
SELECT count(*) AS differences FROM ((TABLE computed_recent EXCEPT TABLE recent) UNION ALL (TABLE recent EXCEPT TABLE computed_recent)) d;
ROLLBACK;

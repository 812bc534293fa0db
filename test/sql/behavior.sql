-- Behaviour: names of events, ratios, sessions and carts against plain SQL.
BEGIN;
SELECT name, patternos.event_kind(name) FROM unnest(ARRAY['Product Added', 'add_to_cart', 'AddToCart', 'product_added_to_cart', 'view_item',
    'Product Viewed', 'Products Searched', 'view_search_results', 'Order Completed', 'checkout_completed', 'generate_lead', 'page', 'PAGE-VIEW',
    'page_ping', '', '!!!', repeat('add_to_cart', 1000), E'caf\u00e9 page']) WITH ORDINALITY n (name, place) WHERE length(name) < 100 ORDER BY place;
SELECT patternos.cart_abandonment_rate(10, 3), patternos.cart_abandonment_rate(3, 10), patternos.cart_abandonment_rate(0, 3),
       patternos.search_to_purchase_ratio(3, 2), patternos.search_to_purchase_ratio(0, 9), patternos.search_to_purchase_ratio(3, 0);

-- sessions end after 30 minutes without an event, 24 hours, or with another id
SELECT at, id, patternos.session_number(at, id) OVER (ORDER BY at) FROM (VALUES
    (timestamp '2026-01-01 10:00', NULL), ('2026-01-01 10:29:59.999999', NULL), ('2026-01-01 10:59:59.999999', NULL), ('2026-01-01 11:00', 'a'),
    ('2026-01-01 11:05', NULL), ('2026-01-01 20:00', 'b'), ('2026-01-02 10:59:59.999999', 'a'), ('2026-01-02 11:00', 'a')) v (at, id);

-- a random stream: numbers equal to plain SQL
CREATE TABLE stream AS
SELECT i, i % 40 AS visitor, timestamp '2026-01-01' + interval '1 second' * (i * 7919 % 400009) AS at, CASE WHEN i % 3 = 0 THEN 's' || i / 40 % 7 END AS id
FROM generate_series(1, 6000) i;
WITH RECURSIVE numbered AS (
    SELECT *, row_number() OVER (PARTITION BY visitor, id ORDER BY at, i) AS place FROM stream),
walked AS (
    SELECT *, at AS first, 1 AS part FROM numbered WHERE place = 1
    UNION ALL
    SELECT n.*, CASE WHEN c.continues THEN w.first ELSE n.at END, w.part + CASE WHEN c.continues THEN 0 ELSE 1 END
    FROM walked w JOIN numbered n ON n.visitor = w.visitor AND n.id IS NOT DISTINCT FROM w.id AND n.place = w.place + 1,
         LATERAL (SELECT n.at < w.first + interval '24 hours' AND (n.id IS NOT NULL OR n.at < w.at + interval '30 minutes') AS continues) c),
expected AS (SELECT visitor, i, dense_rank() OVER (PARTITION BY visitor ORDER BY first, coalesce(id, ''), part) AS session FROM walked),
computed AS (SELECT visitor, i, patternos.session_number(at, id) OVER (PARTITION BY visitor ORDER BY at, coalesce(id, '')) AS session FROM stream)
SELECT count(*) AS events, count(DISTINCT (visitor, c.session)) > 1000 AS many, count(*) FILTER (WHERE e.session <> c.session) AS differences
FROM expected e JOIN computed c USING (visitor, i);

-- carts and searches: bought within 24 hours of the last add, abandoned, still open at the reference date
CREATE FUNCTION carts(VARIADIC events text[]) RETURNS TABLE (abandoned integer, rate numeric, searching numeric, ratio numeric)
LANGUAGE sql AS $$
    SELECT (b).cart_abandonment_count, (b).cart_abandonment_rate, (b).search_conversion_rate, (b).search_to_purchase_ratio
    FROM (SELECT patternos.behavior(ROW('ZEPTO', split_part(e, '@', 1), split_part(e, '@', 2) || '+05:30', split_part(e, '@', 3), NULL, NULL)::patternos.behavior_event,
                 ROW('2026-01-10', 'Asia/Kolkata', 30, 24, 24)::patternos.behavior_rules) AS b FROM unnest(events) e) x
$$;
SELECT * FROM carts('add_to_cart@2026-01-05 10:00@a', 'purchase@2026-01-06 09:59:59.999999');
SELECT * FROM carts('add_to_cart@2026-01-05 10:00@a', 'purchase@2026-01-06 10:00');
SELECT * FROM carts('add_to_cart@2026-01-05 10:00@a', 'add_to_cart@2026-01-05 12:00@a', 'search@2026-01-05 09:00@a', 'purchase@2026-01-06 11:00');
SELECT * FROM carts('purchase@2026-01-05 09:59', 'add_to_cart@2026-01-05 10:00@a', 'search@2026-01-05 10:00@b');
SELECT * FROM carts('add_to_cart@2026-01-09 00:00@a', 'add_to_cart@2026-01-09 00:00:00.000001@b', 'search@2026-01-09 12:00@a');
SELECT * FROM carts('add_to_cart@2026-01-09 12:00@a', 'purchase@2026-01-10 00:00', 'add_to_cart@2026-01-10 00:00@b');

-- hours of purchases: three at least, ties to the earlier hour; night is 22 to 6; 2026-01-03 was a Saturday
SELECT h, (b).preferred_shopping_hour, (b).weekend_shopping_ratio, (b).night_shopping_ratio, (b).night_shopping_flag, (b).total_sessions, (b).avg_session_duration, (b).mobile_sessions_pct
FROM (VALUES ('{"2026-01-02 22:00","2026-01-03 05:59:59","2026-01-05 06:00"}'::text[]), ('{"2026-01-02 21:59","2026-01-04 23:59:59"}'),
             ('{"2026-01-02 21:00","2026-01-02 21:30","2026-01-04 09:10","2026-01-05 09:00"}')) v (h),
     LATERAL (SELECT patternos.behavior(ROW('ZEPTO', 'purchase', t || '+05:30', NULL, NULL, NULL)::patternos.behavior_event,
                     ROW('2026-01-10', 'Asia/Kolkata', 30, 24, 24)::patternos.behavior_rules) AS b FROM unnest(h) t) x;
-- devices of sessions, categories viewed, terms; per platform and in all
SELECT f.platform_id, f.total_sessions, f.avg_session_duration, f.total_page_views, f.avg_pages_per_session, f.total_searches, f.unique_search_terms,
       f.product_views, f.category_exploration_score AS exploration, f.mobile_sessions_pct AS mobile, f.desktop_sessions_pct AS desktop, f.wishlist_adds AS wishes, f.remove_from_cart_count AS removed
FROM (SELECT patternos.behavior_by_platform(ROW(platform, kind, at || '+05:30', session, device, detail)::patternos.behavior_event,
             ROW('2026-01-10', 'Asia/Kolkata', 30, 24, 24)::patternos.behavior_rules) AS features
      FROM (VALUES ('ZEPTO', 'page_view', '2026-01-01 10:00', '1', NULL, NULL), ('ZEPTO', 'page_view', '2026-01-01 10:00:30', '1', 'Mobile', NULL),
                   ('ZEPTO', 'search', '2026-01-01 10:01', '1', 'desktop', 'milk'), ('ZEPTO', 'search', '2026-01-02 10:01', NULL, 'desktop', 'milk'),
                   ('ZEPTO', 'search', '2026-01-03 10:01', NULL, '', ''), ('NYKAA', 'search', '2026-01-03 10:01', '1', 'tablet', 'milk'),
                   ('NYKAA', 'product_view', '2026-01-03 10:01', '1', NULL, 'lips'), ('NYKAA', 'Product Viewed', '2026-01-03 10:02', '1', NULL, 'eyes'),
                   ('NYKAA', 'wishlist_add', '2026-01-03 10:02', '1', NULL, 'eyes'), ('NYKAA', 'remove_from_cart', '2026-01-03 10:02', '1', NULL, 'eyes'),
                   ('ZEPTO', 'category_view', '2026-01-01 10:20', '1', NULL, 'lips'), ('CARWALE', 'enquiry', '2026-01-01 10:20', NULL, NULL, NULL),
                   (NULL, 'page_view', '2026-01-01 10:20', NULL, NULL, NULL))
           v (platform, kind, at, session, device, detail)) x, unnest(x.features) f;
-- the day that is 25 hours long: the reference date begins at 05:00 UTC, 01:30 comes twice
SELECT (b).total_sessions, (b).preferred_shopping_hour, (b).weekend_shopping_ratio, (b).last_event_at AT TIME ZONE 'UTC' AS last
FROM (SELECT patternos.behavior(ROW('P', kind, at::timestamptz, NULL, NULL, NULL)::patternos.behavior_event,
             ROW('2025-11-03', 'America/New_York', 30, 24, 24)::patternos.behavior_rules) AS b
      FROM (VALUES ('purchase', '2025-11-02 05:30Z'), ('purchase', '2025-11-02 06:30Z'), ('purchase', '2025-11-01 12:00Z'), ('page_view', '2025-11-02 05:50Z'),
                   ('page_view', '2025-11-02 06:10Z'), ('page_view', '2025-11-03 04:59:59Z'), ('page_view', '2025-11-03 05:00Z')) v (kind, at)) x;
ROLLBACK;

-- Affinity, behaviour and cross-platform: the same bytes in any order of input and with 0, 2 and 4 workers.
BEGIN;
CREATE TABLE hit AS
SELECT i % 50 AS customer, (i / 2)::bigint AS order_id, timestamp '2025-12-30' - interval '11 minutes' * (i * 7919 % 20011) AS at,
       round((i * 7907 % 100003)::numeric / 77, 4) AS amount, 'item ' || i * 31 % 97 % 23 AS item, 'P' || i * 17 % 11 % 4 AS platform,
       (ARRAY['search', 'add_to_cart', 'product_view', 'purchase', 'page_view', 'enquiry'])[1 + i * 13 % 101 % 6] AS kind,
       CASE WHEN i % 5 < 2 THEN 'session ' || i * 19 % 89 END AS session, (ARRAY['mobile', 'desktop', 'tablet', NULL])[1 + i * 23 % 79 % 4] AS device
FROM generate_series(1, 20000) i;
ALTER TABLE hit SET (parallel_workers = 4);
ANALYZE hit;
CREATE VIEW features AS
SELECT customer, patternos.affinity(item, order_id, at, amount, '2026-01-01')::text AS a, patternos.brand_affinity(item, order_id, at, amount, '2026-01-01')::text AS b,
       patternos.behavior(ROW(platform, kind, at AT TIME ZONE 'UTC', session, device, item)::patternos.behavior_event,
                          ROW('2025-12-29', 'Asia/Kolkata', 30, 24, 24)::patternos.behavior_rules)::text AS c,
       patternos.behavior_by_platform(ROW(platform, kind, at AT TIME ZONE 'UTC', session, device, item)::patternos.behavior_event,
                          ROW('2025-12-29', 'Asia/Kolkata', 30, 24, 24)::patternos.behavior_rules)::text AS d,
       patternos.cross_platform(ROW(platform, order_id, at, amount, item)::patternos.purchase_line, '2025-12-29')::text AS e
FROM hit GROUP BY customer;
CREATE FUNCTION digest_with(workers integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    plan text := '';
    result text;
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, true);
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT * FROM features' LOOP
        plan := plan || line;
    END LOOP;
    IF (workers > 0) <> (plan ~ 'Partial .*Aggregate' AND plan ~ 'Gather') THEN
        RAISE EXCEPTION 'unexpected plan: %', plan;
    END IF;
    SELECT md5(string_agg(f::text, '|' ORDER BY customer)) INTO result FROM features f;
    RETURN result;
END
$$;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers = 8;
CREATE TEMPORARY TABLE digest AS SELECT 'workers ' || w AS run, digest_with(w) AS md5 FROM unnest(ARRAY[0, 2, 4]) w;
-- the same with sorting instead of hashing
SET LOCAL enable_hashagg = off;
INSERT INTO digest VALUES ('sorted, 2 workers', digest_with(2));
RESET enable_hashagg;
-- other orders
CREATE TABLE backwards AS SELECT * FROM hit ORDER BY at, item DESC, kind;
TRUNCATE hit;
INSERT INTO hit SELECT * FROM backwards;
INSERT INTO digest VALUES ('by time', digest_with(0));
TRUNCATE hit;
INSERT INTO hit SELECT * FROM backwards ORDER BY md5(backwards::text);
INSERT INTO digest VALUES ('shuffled, 4 workers', digest_with(4));
SELECT count(*) AS runs, count(DISTINCT md5) AS results, min(length(md5)) AS length FROM digest;
SELECT length(a) > 500 AS a, length(d) > 300 AS d, length(e) > 30 AS e FROM features ORDER BY customer LIMIT 1;
ROLLBACK;

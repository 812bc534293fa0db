-- The steps of affinity, behaviour and cross-platform: the same bytes with 0, 2 and 4 workers; facts of the reference date and later change nothing.
BEGIN;
SET LOCAL TimeZone = 'America/New_York';
SET LOCAL DateStyle = 'SQL, DMY';
INSERT INTO patternos_dw.dim_product_category (category_id, category_level_1, unified_category)
SELECT 9000 + i, 'level ' || i, 'unified ' || i / 2 FROM generate_series(1, 8) i;
INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, category_id)
SELECT p, 's' || i, 'name', 'brand ' || i % 5, 9001 + i % 8 FROM unnest('{ZEPTO,NYKAA,AMAZON}'::text[]) p, generate_series(1, 20) i;
CREATE FUNCTION add_facts(first integer, last integer, start timestamptz, step interval) RETURNS void LANGUAGE sql AS $$
    INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type,
        transaction_datetime, transaction_date, date_id, total_value, currency, known_at, batch_id)
    SELECT 1 + abs(i) % 97, i, (ARRAY['ZEPTO', 'NYKAA', 'CARWALE', 'AMAZON'])[1 + abs(i) % 4], 'c', CASE WHEN abs(i) % 4 = 2 THEN 'enquiry' ELSE 'order' END,
           start + step * i, ((start + step * i) AT TIME ZONE 'Asia/Kolkata')::date, 0, CASE WHEN abs(i) % 4 = 2 THEN 0 ELSE abs(i) % 1000 END, 'INR', now(), 1
    FROM generate_series(first, last) i;
    INSERT INTO patternos_dw.fact_transaction_line (customer_key, transaction_datetime, transaction_id, line_number, platform_id, sku_id,
        quantity, line_total, is_allocated, known_at, batch_id)
    SELECT customer_key, transaction_datetime, transaction_id, n, platform_id, 's' || 1 + abs(transaction_id * n) % 23, 1, total_value / 2, true, now(), 1
    FROM patternos_dw.fact_transaction, generate_series(1, 2) n WHERE transaction_id BETWEEN first AND last;
    INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, session_id, event_type, event_timestamp, search_term, category_id, device_type, known_at, batch_id)
    SELECT 1 + abs(i) % 97, i, (ARRAY['ZEPTO', 'NYKAA', 'CARWALE'])[1 + abs(i) % 3], CASE WHEN abs(i) % 5 > 2 THEN 's' || abs(i) % 31 END,
           (ARRAY['page_view', 'search', 'add_to_cart', 'product_view', 'purchase'])[1 + abs(i) % 7 % 5], start + step * i, 'term ' || abs(i) % 11, abs(i) % 6, 'mobile', now(), 1
    FROM generate_series(first, last) i;
$$;
-- up to a microsecond before the reference date: local midnight of 2026-01-01
SELECT add_facts(-3000, -1, '2026-01-01 00:00+05:30', '1 hour');
SELECT add_facts(0, 0, '2025-12-31 23:59:59.999999+05:30', '1 hour');
CREATE FUNCTION digest_with(workers integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('max_parallel_workers_per_gather', workers::text, true);
    PERFORM patternos._refresh_affinity('2026-01-01'::date), patternos._refresh_behavior('2026-01-01'::date), patternos._refresh_cross_platform('2026-01-01'::date);
    RETURN (SELECT md5(string_agg(r, '|' ORDER BY r)) FROM (
        SELECT t::text AS r FROM patternos_dw.feat_customer_affinity t UNION ALL
        SELECT t::text FROM patternos_dw.feat_customer_behavior t UNION ALL
        SELECT t::text FROM patternos_dw.feat_cross_platform t) x);
END
$$;
CREATE TEMPORARY TABLE digest AS SELECT w::text AS run, digest_with(w) AS md5 FROM unnest(ARRAY[0, 2, 4]) w;
SELECT count(*) AS runs, count(DISTINCT md5) AS results FROM digest;
SELECT (SELECT count(*) FROM patternos_dw.feat_customer_affinity) > 1000 AS affinity,
       (SELECT count(*) FROM patternos_dw.feat_customer_behavior) > 400 AS behavior,
       (SELECT count(*) FROM patternos_dw.feat_cross_platform) = 97 AS cross_platform;
-- facts of the reference date and later
SELECT add_facts(1, 2000, '2025-12-31 23:00+05:30', '1 hour');
INSERT INTO digest VALUES ('with a future', digest_with(2));
SELECT count(*) AS runs, count(DISTINCT md5) AS results FROM digest;
-- one fact before it changes the result
SELECT add_facts(-9001, -9001, '2026-12-31 00:00+05:30', '1 hour');
INSERT INTO digest VALUES ('with a past', digest_with(2));
SELECT count(*) AS runs, count(DISTINCT md5) AS results FROM digest;
-- an empty warehouse
TRUNCATE patternos_dw.fact_transaction, patternos_dw.fact_transaction_line, patternos_dw.fact_event;
SELECT patternos._refresh_affinity('2026-01-01'), patternos._refresh_behavior('2026-01-01'), patternos._refresh_cross_platform('2026-01-01');
ROLLBACK;

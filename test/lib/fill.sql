-- Rows in every zone of an empty warehouse, the same each time: 300 customers with two accounts for every
-- third, 2,000 orders with lines, 1,500 events; then a refresh at two dates.
SET client_min_messages = warning;
SET timezone = 'Asia/Kolkata';
BEGIN;
SELECT patternos._extend_dim_time('2024-01-01', '2025-06-30');
INSERT INTO patternos_dw.raw_batch (platform_id, entity, source, rows_total, rows_accepted, status, loaded_at, received_at)
VALUES ('NYKAA', 'transaction', 'fill', 3500, 3500, 'loaded', '2025-06-01', '2025-06-01');
INSERT INTO patternos_dw.raw_reject VALUES (1, 7, 'order_value', 'bad_number', 3);
INSERT INTO patternos_dw.dim_product_category (category_level_1, unified_category) VALUES ('Makeup', 'Beauty'), ('Dairy', 'FMCG');
INSERT INTO patternos_dw.dim_location (pincode, city, state) VALUES ('560001', 'Bengaluru', 'Karnataka');
INSERT INTO patternos_dw.dim_customer (first_seen_date, last_seen_date, gender, created_at, updated_at)
SELECT DATE '2024-01-01' + i % 400, DATE '2025-05-01', CASE WHEN i % 2 = 0 THEN 'F' ELSE 'M' END, '2025-06-01', '2025-06-01'
FROM generate_series(1, 300) AS i;
INSERT INTO patternos_dw.dim_customer_identity
    (customer_key, platform_id, platform_customer_id, created_at, last_matched_at, valid_from)
SELECT key, platform, left(platform, 3) || lpad(key::text, 6, '0'), '2025-06-01', '2025-06-01', '2025-06-01'
FROM (SELECT i AS key, 'NYKAA' AS platform FROM generate_series(1, 300) AS i
      UNION ALL
      SELECT i, 'ZEPTO' FROM generate_series(3, 300, 3) AS i) AS account
ORDER BY platform, key;
INSERT INTO patternos_dw.account_identifier
SELECT identity_key, 'email', sha256(customer_key::text::bytea), '2025-01-01', '2025-05-01' FROM patternos_dw.dim_customer_identity;
INSERT INTO patternos_dw.account_profile (identity_key, gender, first_seen, last_seen)
SELECT identity_key, 'F', '2024-01-01', '2025-05-01' FROM patternos_dw.dim_customer_identity;
INSERT INTO patternos_dw.fact_transaction
    (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_datetime, transaction_date,
     date_id, total_value, discount_value, currency, items_count, items_list, unified_category, location_id, known_at, batch_id)
SELECT k.key, i, 'NYKAA', 'NYK' || lpad(k.key::text, 6, '0'), 'order', t.at, t.at::date, to_char(t.at, 'YYYYMMDD')::integer,
       (i * 37 % 9000) + 0.5, i % 50, 'INR', 1 + i % 3, 'Lipstick, Kajal', CASE WHEN i % 3 = 0 THEN 'FMCG' ELSE 'Beauty' END, 1, '2025-06-01', 1
FROM generate_series(1, 2000) AS i
CROSS JOIN LATERAL (SELECT 1 + i * 7919 % 300 AS key) AS k
CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2024-02-01 09:00+05:30' + i * INTERVAL '5 hours 17 minutes' AS at) AS t;
INSERT INTO patternos_dw.fact_transaction_line
    (customer_key, transaction_datetime, transaction_id, line_number, platform_id, item_name, category_id, quantity, line_total, is_allocated, known_at, batch_id)
SELECT customer_key, transaction_datetime, transaction_id, 1, platform_id, 'Lipstick', 1, 1, total_value, true, known_at, batch_id
FROM patternos_dw.fact_transaction;
INSERT INTO patternos_dw.fact_event
    (customer_key, event_id, platform_id, platform_customer_id, session_id, event_type, event_timestamp, page_url, device_type, known_at, batch_id)
SELECT k.key, i, 'NYKAA', 'NYK' || lpad(k.key::text, 6, '0'), 's' || i / 3,
       (ARRAY['page_view', 'search', 'add_to_cart', 'product_view'])[1 + i % 4],
       TIMESTAMPTZ '2025-03-01 08:00+05:30' + i * INTERVAL '41 minutes', '/p/' || i, CASE WHEN i % 2 = 0 THEN 'mobile' ELSE 'desktop' END, '2025-06-01', 1
FROM generate_series(1, 1500) AS i
CROSS JOIN LATERAL (SELECT 1 + (i / 3) * 7919 % 300 AS key) AS k;
SELECT patternos.mark_changed(ARRAY[1, 2, 3], 'test');
COMMIT;
CALL patternos.refresh('2025-05-01');
CALL patternos.refresh('2025-05-15');

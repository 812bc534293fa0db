-- 200 dirty rows: each gets the verdict that test/data/dirty.csv states, and no rejected value is kept.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

CREATE TEMP TABLE dirty (line bigint GENERATED ALWAYS AS IDENTITY, customer_id text, date_of_order text, age_group text,
    state text, city text, pincode text, items_purchased_count text, items_list text, repeat_order text, order_value text,
    discount_value text, payment_mode text, verdict text);
\copy dirty (customer_id, date_of_order, age_group, state, city, pincode, items_purchased_count, items_list, repeat_order, order_value, discount_value, payment_mode, verdict) FROM 'test/data/dirty.csv' WITH (FORMAT csv, HEADER MATCH, FORCE_NOT_NULL (customer_id, date_of_order, order_value))
SELECT is(count(*), 200::bigint, 'two hundred rows') FROM dirty;

UPDATE patternos_dw.setting SET value = '1' WHERE name = 'max_reject_share';
SELECT coalesce(max(batch_id), 0) AS before FROM patternos_dw.raw_batch \gset
SELECT sum(total_value) AS revenue, count(*) AS facts FROM patternos_dw.fact_transaction \gset
INSERT INTO patternos_dw.landing_zepto
SELECT customer_id, date_of_order, age_group, state, city, pincode, items_purchased_count, items_list, repeat_order,
       order_value, discount_value, payment_mode
FROM dirty ORDER BY line;
SELECT max(batch_id) AS batch FROM patternos_dw.raw_batch WHERE batch_id > :before \gset

SELECT is_empty($$
    SELECT d.line, d.verdict, v.verdict
    FROM dirty d
    CROSS JOIN LATERAL (
        SELECT coalesce('rejected ' || string_agg(format('%s %s', r.column_name, r.reason_code), '; ' ORDER BY a.attnum), 'accepted') AS verdict
        FROM patternos_dw.raw_reject r
        JOIN pg_attribute a ON a.attrelid = 'patternos_dw.landing_zepto'::regclass AND a.attname = r.column_name
        WHERE r.line = d.line AND r.batch_id = (SELECT max(batch_id) FROM patternos_dw.raw_batch)
    ) v
    WHERE array(SELECT unnest(string_to_array(replace(v.verdict, 'rejected ', ''), '; ')) ORDER BY 1)
       <> array(SELECT unnest(string_to_array(replace(d.verdict, 'rejected ', ''), '; ')) ORDER BY 1)
$$, 'every row has its verdict');

SELECT is(ROW(rows_total, rows_accepted, rows_rejected, rows_duplicate, rows_suppressed, status),
          ROW(200::bigint, (SELECT count(*) FROM dirty WHERE verdict = 'accepted'),
              (SELECT count(*) FROM dirty WHERE verdict LIKE 'rejected%'), 0::bigint, 0::bigint, 'loaded'::text), 'counts of the batch')
FROM patternos_dw.raw_batch WHERE batch_id = :batch;
SELECT is((SELECT count(*) FROM patternos_dw.fact_transaction WHERE batch_id = :batch),
          (SELECT count(*) FROM dirty WHERE verdict = 'accepted'), 'accepted rows are facts');
SELECT is((SELECT count(*) FROM patternos_dw.raw_record WHERE batch_id = :batch),
          (SELECT count(*) FROM dirty WHERE verdict = 'accepted'), 'accepted rows are kept raw');
SELECT is((SELECT count(DISTINCT line) FROM patternos_dw.raw_reject WHERE batch_id = :batch),
          (SELECT count(*) FROM dirty WHERE verdict LIKE 'rejected%'), 'rejected rows have their reasons');
SELECT is_empty($$
    SELECT * FROM patternos_dw.fact_transaction f
    WHERE f.total_value <> (SELECT sum(l.line_total) FROM patternos_dw.fact_transaction_line l
                            WHERE (l.customer_key, l.transaction_datetime, l.transaction_id)
                                  = (f.customer_key, f.transaction_datetime, f.transaction_id))
       OR f.discount_value <> (SELECT sum(l.discount_applied) FROM patternos_dw.fact_transaction_line l
                            WHERE (l.customer_key, l.transaction_datetime, l.transaction_id)
                                  = (f.customer_key, f.transaction_datetime, f.transaction_id))
$$, 'lines add up to their orders');

-- personal data in accepted rows
SELECT is((SELECT count(*) FROM patternos_dw.fact_transaction WHERE batch_id = :batch AND platform_customer_id ~ '^h[0-9a-f]{64}$'),
          2::bigint, 'personal account ids are hashes');
SELECT is((SELECT items_list FROM patternos_dw.fact_transaction WHERE batch_id = :batch AND items_list LIKE 'gift%'),
          'gift for [phone], card [card], to [email]', 'personal data in free text is redacted');
SELECT is_empty(format($$
    SELECT record_time FROM patternos_dw.raw_record
    WHERE batch_id = %s AND payload::text ~ '9820098200|4111 1111|@example'
$$, :batch), 'nor is it in the raw record');

-- the same rows again: what was accepted is there, what was rejected is rejected again
INSERT INTO patternos_dw.landing_zepto
SELECT customer_id, date_of_order, age_group, state, city, pincode, items_purchased_count, items_list, repeat_order,
       order_value, discount_value, payment_mode
FROM dirty ORDER BY line;
SELECT is(ROW(rows_total, rows_accepted, rows_rejected, rows_duplicate),
          ROW(200::bigint, 0::bigint, (SELECT count(*) FROM dirty WHERE verdict LIKE 'rejected%'),
              (SELECT count(*) FROM dirty WHERE verdict = 'accepted')), 'a second time adds nothing')
FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1;
SELECT is(count(*) - :facts, (SELECT count(*) FROM dirty WHERE verdict = 'accepted'), 'no fact twice') FROM patternos_dw.fact_transaction;

SELECT * FROM finish();
ROLLBACK;

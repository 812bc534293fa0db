-- A small warehouse with everything that the views answer from: people on several platforms, events, consents.
SET client_min_messages = warning;
SET timezone = 'UTC';
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(900);
INSERT INTO patternos_dw.landing_swiggy SELECT * FROM patternos.sample_swiggy(900);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(900);
INSERT INTO patternos_dw.landing_nykaa SELECT * FROM patternos.sample_nykaa(900);
INSERT INTO patternos_dw.landing_chumbak SELECT * FROM patternos.sample_chumbak(900);
INSERT INTO patternos_dw.landing_makemytrip SELECT * FROM patternos.sample_makemytrip(900);
INSERT INTO patternos_dw.landing_carwale SELECT * FROM patternos.sample_carwale(900);
-- three accounts in ten share an e-mail address with others; six in ten consent; some orders come back
INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
SELECT identity_key, 'email', sha256(convert_to((identity_key % 150)::text, 'UTF8')), '2024-01-01', '2024-01-01'
FROM patternos_dw.dim_customer_identity WHERE identity_key % 10 IN (1, 4, 7);
INSERT INTO patternos_dw.account_consent (identity_key, marketing, occurred_at)
SELECT identity_key, identity_key % 5 < 3, '2024-01-01' FROM patternos_dw.dim_customer_identity;
INSERT INTO patternos_dw.changed_account SELECT identity_key FROM patternos_dw.dim_customer_identity ON CONFLICT DO NOTHING;
UPDATE patternos_dw.fact_transaction SET transaction_status = CASE transaction_id % 3 WHEN 0 THEN 'cancelled' ELSE 'returned' END
WHERE transaction_id % 29 = 0;
CALL patternos.resolve_identities();
INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, platform_customer_id, session_id, event_type, event_timestamp,
                                     search_term, page_url, device_type, known_at, batch_id)
SELECT d.customer_key, d.identity_key * 100 + i, d.platform_id, d.platform_customer_id, NULL,
       CASE WHEN i = 0 THEN 'add_to_cart' WHEN (i + d.identity_key) % 4 < 2 THEN 'search' ELSE 'product_view' END,
       TIMESTAMPTZ '2025-08-01 05:00+05:30' + (d.identity_key % 60) * INTERVAL '1 day' + i * INTERVAL '5 minutes',
       CASE WHEN (i + d.identity_key) % 4 < 2 AND i > 0 THEN 'term ' || i END, '/p/' || i, CASE WHEN d.identity_key % 3 = 0 THEN 'mobile' ELSE 'desktop' END, now(), 0
FROM patternos_dw.dim_customer_identity d, generate_series(0, 12) i
WHERE d.identity_key % 3 < 2;
SELECT patternos.mark_changed(array_agg(customer_key), 'test') FROM patternos_dw.dim_customer;
CALL patternos.refresh('2025-09-01');
CALL patternos.refresh('2025-11-01');
ANALYZE;

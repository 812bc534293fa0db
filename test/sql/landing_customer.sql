-- landing_customer and landing_sku: what a batch of each leaves; t/landing_customer.t and t/landing_sku.t go deeper.
BEGIN;
SET LOCAL client_min_messages = warning;
INSERT INTO patternos_dw.landing_customer (platform_id, platform_customer_id, email, phone, gender, consent_marketing, consent_sharing, updated_at) VALUES
    ('ZEPTO', 'RC-1', 'Asha.Verma@gmail.com', '098390 13341', 'F', 'Yes', 'No', '2025-06-01 10:00'),
    ('NYKAA', 'RC-2', 'ashaverma@GMAIL.com', '9999999999', NULL, NULL, 'Yes', '2025-06-02 10:00'),
    ('ZEPTO', 'RC-1', NULL, '098390 13341', 'F', 'No', NULL, '2025-05-01 10:00'),
    ('ZEPTO', 'RC-1', 'Asha.Verma@gmail.com', '098390 13341', 'F', 'Yes', 'No', '2025-06-01 10:00'),
    ('NOBODY', 'RC-3', 'x@y.in', NULL, NULL, NULL, NULL, NULL);
SELECT status, rows_total, rows_accepted, rows_rejected, rows_duplicate, rows_suppressed, values_refused
FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1;
SELECT line, column_name, reason_code, value_length, row_rejected
FROM patternos_dw.raw_reject WHERE batch_id = (SELECT max(batch_id) FROM patternos_dw.raw_batch) ORDER BY line;
CREATE TEMP VIEW account AS
SELECT i.platform_customer_id, i.identity_key, c.* FROM patternos_dw.dim_customer_identity i JOIN patternos_dw.dim_customer c USING (customer_key)
WHERE i.platform_customer_id LIKE 'RC-%';
SELECT a.platform_customer_id, h.kind, h.value_hash = patternos.hash_identifier(h.kind, CASE h.kind WHEN 'email' THEN 'ashaverma@gmail.com' ELSE '+919839013341' END) AS as_hashed
FROM account a JOIN patternos_dw.account_identifier h USING (identity_key) ORDER BY 1, 2;
SELECT platform_customer_id, gender, first_seen_date, last_seen_date, consent_marketing, consent_personalization, consent_sharing FROM account ORDER BY 1;
SELECT a.platform_customer_id, s.marketing, s.personalization, s.sharing, s.occurred_at AT TIME ZONE 'Asia/Kolkata' AS said_at
FROM account a JOIN patternos_dw.account_consent s USING (identity_key) ORDER BY 1, 5;
-- one customer after resolution: every account that was asked has to agree
CALL patternos.resolve_identities(in_steps => false);
SELECT count(DISTINCT customer_key), bool_and(consent_marketing) AS marketing, bool_or(consent_sharing) AS sharing FROM account;
-- an address given up
INSERT INTO patternos_dw.landing_customer (platform_id, platform_customer_id, phone, updated_at) VALUES ('ZEPTO', 'RC-1', '9839013341', '2025-07-01');
CALL patternos.resolve_identities(in_steps => false);
SELECT count(DISTINCT customer_key) FROM account;

INSERT INTO patternos_dw.landing_sku (sku_id, sku_name, brand, category_level_1, category_level_2, selling_price, availability_status) VALUES
    ('RS-1', 'Sun Salt 1kg', 'Sun', 'Grocery & Essentials', 'Staples', '24.50', 'In Stock'), ('RS-2', NULL, 'Sun', NULL, NULL, '1', NULL);
SELECT status, rows_accepted, rows_rejected FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1;
ROLLBACK;

-- Landing of events: the view's columns, and what a batch does once its rows are staged.

CREATE FUNCTION patternos._seed_event_mapping() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, entity, field)
    SELECT 'landing_event', c.name, c.position, 'event', c.name
    FROM unnest('{platform_id,platform_customer_id,visitor_id,session_id,event_type,event_timestamp,page_url,referrer_url,
                  search_term,product_id,category,device_type,browser,os,ip,event_properties,event_id}'::text[])
         WITH ORDINALITY c (name, position)
    ON CONFLICT DO NOTHING
$$;

-- Products and the platforms' own names of categories. Leaves "product_key" and "category_key".
CREATE FUNCTION patternos._landing_steps_event_categories() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('product_key', $$
    SELECT p.row_platform, p.product_id, d.category_id
    FROM (SELECT DISTINCT row_platform COLLATE "C" AS row_platform, product_id COLLATE "C" AS product_id
          FROM staged WHERE product_id IS NOT NULL) p
    JOIN patternos_dw.dim_sku d ON d.platform_id = p.row_platform AND d.sku_id = p.product_id AND d.valid_to = 'infinity'
    WHERE d.category_id IS NOT NULL$$),
('own_category', $$
    SELECT p.row_platform, c.item_name AS category, coalesce(c.category_level_1, c.item_name) AS category_level_1,
           c.category_level_2, c.category_level_3, coalesce(c.unified_category, 'Other') AS unified_category
    FROM (SELECT row_platform COLLATE "C" AS row_platform, array_agg(DISTINCT category) AS names
          FROM staged WHERE category IS NOT NULL GROUP BY 1) p
    CROSS JOIN LATERAL patternos._classify_items(p.row_platform, p.names) c$$),
(NULL, $$
    INSERT INTO patternos_dw.dim_product_category (category_level_1, category_level_2, category_level_3, unified_category)
    SELECT DISTINCT ON (1, 2, 3) category_level_1, category_level_2, category_level_3, unified_category
    FROM own_category ORDER BY 1, 2, 3, 4
    ON CONFLICT (category_level_1, category_level_2, category_level_3) DO NOTHING$$),
('category_key', $$
    SELECT o.row_platform, o.category, d.category_id
    FROM own_category o
    JOIN patternos_dw.dim_product_category d
         ON d.category_level_1 = o.category_level_1 AND d.category_level_2 IS NOT DISTINCT FROM o.category_level_2
        AND d.category_level_3 IS NOT DISTINCT FROM o.category_level_3$$)
$steps$;

-- Events of accounts are facts. Leaves "inserted": numbers and times of known accounts' events that were not there.
CREATE FUNCTION patternos._landing_steps_event_facts() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$
WITH fact (query) AS (VALUES ($$
    SELECT k.customer_key, a.event_number AS event_id, a.row_platform AS platform_id, k.platform_customer_id, a.session_id,
           a.event_type, a.event_timestamp, a.page_url, a.referrer_url, a.search_term, a.product_id,
           coalesce(p.category_id, c.category_id) AS category_id, a.device_type, a.browser, a.os, a.ip AS ip_hash,
           a.session_duration_seconds, a.pages_viewed_in_session,
           CASE WHEN a.properties IS NULL THEN a.event_properties ELSE coalesce(a.event_properties, '{}') || a.properties END
               AS event_properties, $3 AS known_at, $1 AS batch_id
    FROM staged a JOIN {account} k USING (account)
    LEFT JOIN product_key p ON p.row_platform = a.row_platform COLLATE "C" AND p.product_id = a.product_id COLLATE "C"
    LEFT JOIN category_key c ON c.row_platform = a.row_platform COLLATE "C" AND c.category = a.category
    WHERE NOT a.is_repeated
    ORDER BY k.customer_key, a.event_timestamp$$))
SELECT 'patternos_dw.fact_event', replace(query, '{account}', 'new_key') FROM fact
UNION ALL
SELECT 'inserted INTO patternos_dw.fact_event RETURNING event_id, event_timestamp', replace(query, '{account}', 'known_key') FROM fact
$steps$;

-- Events of visitors wait, unless they have been given to the customer behind the visitor already. Leaves
-- "inserted_anonymous".
CREATE FUNCTION patternos._landing_steps_event_visitors() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('visitor_key', $$
    SELECT v.visitor_id, i.customer_key
    FROM (SELECT DISTINCT visitor_id FROM staged WHERE account IS NULL) v
    JOIN patternos_dw.match_member d ON d.value_key = patternos._value_key(v.visitor_id) AND d.kind = 'device'
    JOIN patternos_dw.dim_customer_identity i USING (identity_key)
    GROUP BY 1, 2$$),
('known_event', $$
    SELECT a.line
    FROM staged a JOIN visitor_key v USING (visitor_id)
    JOIN patternos_dw.fact_event f
         ON f.customer_key = v.customer_key AND f.event_timestamp = a.event_timestamp AND f.event_id = a.event_number
    WHERE a.account IS NULL$$),
('inserted_anonymous', $$
    INSERT INTO patternos_dw.event_anonymous
        (visitor_hash, event_timestamp, event_id, platform_id, session_id, event_type, page_url, referrer_url, search_term,
         product_id, category_id, device_type, browser, os, ip_hash, event_properties, known_at, batch_id)
    SELECT a.visitor_id, a.event_timestamp, a.event_number, a.row_platform, a.session_id, a.event_type, a.page_url,
           a.referrer_url, a.search_term, a.product_id, coalesce(p.category_id, c.category_id), a.device_type, a.browser,
           a.os, a.ip,
           CASE WHEN a.properties IS NULL THEN a.event_properties ELSE coalesce(a.event_properties, '{}') || a.properties END,
           $3, $1
    FROM staged a
    LEFT JOIN product_key p ON p.row_platform = a.row_platform COLLATE "C" AND p.product_id = a.product_id COLLATE "C"
    LEFT JOIN category_key c ON c.row_platform = a.row_platform COLLATE "C" AND c.category = a.category
    WHERE a.account IS NULL AND NOT a.is_repeated AND NOT EXISTS (SELECT FROM known_event e WHERE e.line = a.line)
    ORDER BY a.visitor_id, a.event_timestamp
    ON CONFLICT (visitor_hash, event_timestamp, event_id) DO NOTHING
    RETURNING event_id, event_timestamp$$),
('duplicate', $$
    SELECT s.line FROM staged s JOIN known_key k USING (account)
    WHERE s.is_repeated
       OR NOT EXISTS (SELECT FROM inserted i WHERE i.event_id = s.event_number AND i.event_timestamp = s.event_timestamp)
    UNION ALL
    SELECT s.line FROM staged s JOIN new_key k USING (account) WHERE s.is_repeated
    UNION ALL
    SELECT s.line FROM staged s
    WHERE s.account IS NULL
      AND (s.is_repeated
           OR NOT EXISTS (SELECT FROM inserted_anonymous i WHERE i.event_id = s.event_number AND i.event_timestamp = s.event_timestamp))$$)
$steps$;

-- After the facts: when customers were seen, devices, the calendar, who has to be looked at again (an event of a
-- known account tells identities nothing new), and keys that lead nowhere.
CREATE FUNCTION patternos._landing_steps_event_after() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('device', $$
    SELECT DISTINCT k.identity_key, patternos._value_key(s.visitor_id) AS value_key
    FROM staged s JOIN account_key k USING (account)
    WHERE s.visitor_id IS NOT NULL$$),
(NULL, $$
    UPDATE patternos_dw.dim_customer c
    SET first_seen_date = least(c.first_seen_date, s.first_date), last_seen_date = greatest(c.last_seen_date, s.last_date), updated_at = now()
    FROM (SELECT k.customer_key, min((p.first_seen AT TIME ZONE z.zone)::date) AS first_date,
                 max((p.last_seen AT TIME ZONE z.zone)::date) AS last_date
          FROM known_key k JOIN staged_profile p USING (account)
          CROSS JOIN (SELECT patternos._setting('time_zone') AS zone OFFSET 0) z
          GROUP BY k.customer_key) s
    WHERE c.customer_key = s.customer_key
      AND (s.first_date < c.first_seen_date OR s.last_date > c.last_seen_date OR c.first_seen_date IS NULL)$$),
('new_device', $$
    SELECT d.identity_key, array_agg(d.value_key ORDER BY d.value_key) AS value_keys,
           bool_or(f.device_hashes IS NULL OR d.value_key <> ALL (f.device_hashes)) AS is_unknown
    FROM device d LEFT JOIN patternos_dw.account_feature f USING (identity_key)
    WHERE f.observed_device_hashes IS NULL OR d.value_key <> ALL (f.observed_device_hashes)
    GROUP BY d.identity_key$$),
('patternos_dw.changed_account', $$
    SELECT identity_key FROM new_device WHERE is_unknown$$),
(NULL, $$
    INSERT INTO patternos_dw.account_feature AS old (identity_key, device_hashes, observed_device_hashes)
    SELECT identity_key, value_keys, value_keys FROM new_device ORDER BY identity_key
    ON CONFLICT (identity_key) DO UPDATE
        SET device_hashes = patternos._union(old.device_hashes, excluded.device_hashes),
            observed_device_hashes = patternos._union(old.observed_device_hashes, excluded.observed_device_hashes)$$),
(NULL, $$
    SELECT patternos._extend_dim_time((min(a.event_timestamp) AT TIME ZONE z.zone)::date, (max(a.event_timestamp) AT TIME ZONE z.zone)::date)
    FROM staged a CROSS JOIN (SELECT patternos._setting('time_zone') AS zone OFFSET 0) z GROUP BY z.zone$$),
('patternos_dw.changed_customer', $$
    SELECT DISTINCT k.customer_key, 'load' AS reason
    FROM staged a JOIN account_key k USING (account)
    WHERE NOT EXISTS (SELECT FROM duplicate d WHERE d.line = a.line)$$),
('orphan', $$
    SELECT 'account' AS kind FROM staged_account a
    WHERE NOT EXISTS (SELECT FROM new_key k WHERE k.account = a.account)
      AND NOT EXISTS (SELECT FROM known_key k JOIN patternos_dw.dim_customer c USING (customer_key) WHERE k.account = a.account)
    UNION ALL
    SELECT 'category' FROM product_key p
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_product_category c WHERE c.category_id = p.category_id)$$)
$steps$;

-- The steps of events. Of several rows with one declared id the first counts.
CREATE FUNCTION patternos._landing_steps_event(has_event_id boolean) RETURNS TABLE (relation text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM patternos._landing_steps_profiles()
    UNION ALL SELECT * FROM patternos._landing_steps_event_categories()
    UNION ALL SELECT * FROM patternos._landing_steps_event_facts()
    UNION ALL SELECT * FROM patternos._landing_steps_event_visitors()
    UNION ALL SELECT * FROM patternos._landing_steps_event_after()
$$;

REVOKE ALL ON FUNCTION patternos._seed_event_mapping(), patternos._landing_steps_event_categories(),
    patternos._landing_steps_event_facts(), patternos._landing_steps_event_visitors(),
    patternos._landing_steps_event_after(),
    patternos._landing_steps_event(boolean) FROM PUBLIC;

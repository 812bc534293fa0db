-- What a landing batch does once its rows are staged: set-based statements that src/landing_batch.c runs in
-- order. They read the batch's relations by name (src/landing.h lists them); $1 is the batch, $2 the platform,
-- $3 the time at which its rows became known. A statement with a relation leaves its result under that name.

CREATE FUNCTION patternos._note_categories(items integer[], categories text[]) RETURNS void
AS 'MODULE_PATHNAME', 'patternos__note_categories' LANGUAGE C STRICT;
CREATE FUNCTION patternos._main_category(items integer[], line_values bigint[], fallback text) RETURNS text
AS 'MODULE_PATHNAME', 'patternos__main_category' LANGUAGE C COST 10;
CREATE FUNCTION patternos._decimal(units bigint, scale integer) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos__decimal' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

-- Profiles of known accounts, and places. Leaves "location_key": location_id by place number.
CREATE FUNCTION patternos._landing_steps_profiles() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
(NULL, $$
    INSERT INTO patternos_dw.account_profile AS old
        (identity_key, age_group, age_group_at, gender, gender_at, state, city, pincode, location_at, first_seen, last_seen)
    SELECT k.identity_key, p.age_group, p.age_group_at, p.gender, p.gender_at, p.state, p.city, p.pincode,
           p.location_at, p.first_seen, p.last_seen
    FROM known_key k JOIN staged_profile p USING (account)
    ORDER BY k.identity_key
    ON CONFLICT (identity_key) DO UPDATE SET
        (age_group, age_group_at) = (SELECT excluded.age_group, excluded.age_group_at
            WHERE (excluded.age_group_at, excluded.age_group) > (old.age_group_at, old.age_group) OR old.age_group_at IS NULL
            UNION ALL SELECT old.age_group, old.age_group_at LIMIT 1),
        (gender, gender_at) = (SELECT excluded.gender, excluded.gender_at
            WHERE (excluded.gender_at, excluded.gender) > (old.gender_at, old.gender) OR old.gender_at IS NULL
            UNION ALL SELECT old.gender, old.gender_at LIMIT 1),
        (state, city, pincode, location_at) = (SELECT excluded.state, excluded.city, excluded.pincode, excluded.location_at
            WHERE excluded.location_at >= old.location_at OR old.location_at IS NULL
            UNION ALL SELECT old.state, old.city, old.pincode, old.location_at LIMIT 1),
        first_seen = least(old.first_seen, excluded.first_seen),
        last_seen = greatest(old.last_seen, excluded.last_seen)$$),
(NULL, $$
    INSERT INTO patternos_dw.dim_location (state, city, pincode)
    SELECT l.state, l.city, l.pincode FROM staged_location l
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_location d
                      WHERE d.pincode = l.pincode AND d.city = l.city AND d.state = l.state)
    ORDER BY l.pincode, l.city, l.state
    ON CONFLICT (pincode, city, state) DO NOTHING$$),
('location_key', $$
    SELECT l.location, d.location_id
    FROM staged_location l JOIN patternos_dw.dim_location d
         ON d.pincode = l.pincode AND d.city IS NOT DISTINCT FROM l.city AND d.state IS NOT DISTINCT FROM l.state
    UNION ALL
    SELECT l.location, d.location_id
    FROM staged_location l JOIN patternos_dw.dim_location d
         ON d.pincode IS NULL AND d.city IS NOT DISTINCT FROM l.city AND d.state IS NOT DISTINCT FROM l.state
    WHERE l.pincode IS NULL$$)
$steps$;

-- Names of items to SKUs and categories. Leaves "item_key", and "category_key" for the platform's own names of
-- categories, which count where an item's category is not known.
CREATE FUNCTION patternos._landing_steps_items() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
(NULL, $$SELECT patternos._observe_items($2, ARRAY(SELECT item_name FROM staged_item))$$),
('item_key', $$
    SELECT s.item, s.item_name, f.sku_id, f.brand, f.category_id, f.unified_category
    FROM staged_item s
    LEFT JOIN patternos._find_items($2, ARRAY(SELECT item_name FROM staged_item)) f USING (item_name)$$),
(NULL, $$SELECT patternos._note_categories(array_agg(item), array_agg(unified_category)) FROM item_key$$),
('own_category', $$
    SELECT c.category, f.*
    FROM (SELECT DISTINCT category FROM arrived WHERE category IS NOT NULL) c
    CROSS JOIN LATERAL patternos._category_fallback($2, c.category) f$$),
(NULL, $$
    INSERT INTO patternos_dw.dim_product_category (category_level_1, category_level_2, category_level_3, unified_category)
    SELECT DISTINCT ON (1, 2, 3) category_level_1, category_level_2, category_level_3, unified_category
    FROM own_category WHERE category_level_1 IS NOT NULL ORDER BY 1, 2, 3, 4
    ON CONFLICT (category_level_1, category_level_2, category_level_3) DO NOTHING$$),
('category_key', $$
    SELECT o.category, d.category_id, d.unified_category
    FROM own_category o
    JOIN patternos_dw.dim_product_category d
         ON d.category_level_1 = o.category_level_1 AND d.category_level_2 IS NOT DISTINCT FROM o.category_level_2
        AND d.category_level_3 IS NOT DISTINCT FROM o.category_level_3$$)
$steps$;

-- A declared order id that comes again with other content replaces what it brought before.
CREATE FUNCTION patternos._landing_steps_revisions() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('revised', $$
    SELECT f.customer_key, f.transaction_datetime, f.transaction_id
    FROM arrived a JOIN known_key k USING (account)
    JOIN patternos_dw.fact_transaction f ON f.customer_key = k.customer_key AND f.transaction_id = a.transaction_id
    WHERE (f.transaction_datetime, f.transaction_type, f.transaction_status, f.original_transaction_id,
           f.total_value, f.quoted_value, f.discount_value, f.currency, f.items_count, f.items_list, f.is_repeat,
           f.payment_mode, f.delivery_speed, f.fulfillment_time_hours, f.prime_member, f.loyalty_member,
           f.transaction_properties)
          IS DISTINCT FROM
          (a.transaction_datetime, a.transaction_type, a.transaction_status, a.original_transaction_id,
           a.total_value * 0.01, a.quoted_value * 0.01, a.discount_value * 0.01, a.currency, a.items_count, a.items_list,
           a.is_repeat, a.payment_mode, a.delivery_speed, a.fulfillment_time_hours * 0.01, a.prime_member,
           a.loyalty_member, a.properties)$$),
(NULL, $$
    INSERT INTO patternos_dw.fact_transaction_revision
        (platform_id, transaction_id, batch_id, customer_key, transaction, lines, replaced_at)
    SELECT f.platform_id, f.transaction_id, $1, f.customer_key, to_jsonb(f),
           (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.line_number), '[]') FROM patternos_dw.fact_transaction_line l
            WHERE (l.customer_key, l.transaction_datetime, l.transaction_id) = (f.customer_key, f.transaction_datetime, f.transaction_id)),
           $3
    FROM revised r JOIN patternos_dw.fact_transaction f USING (customer_key, transaction_datetime, transaction_id)$$),
(NULL, $$
    DELETE FROM patternos_dw.fact_transaction_line l USING revised r
    WHERE (l.customer_key, l.transaction_datetime, l.transaction_id) = (r.customer_key, r.transaction_datetime, r.transaction_id)$$),
(NULL, $$
    DELETE FROM patternos_dw.fact_transaction f USING revised r
    WHERE (f.customer_key, f.transaction_datetime, f.transaction_id) = (r.customer_key, r.transaction_datetime, r.transaction_id)$$)
$steps$;

-- The facts, from "arrived". A new account's rows cannot be there already; others may be. Leaves "inserted", the
-- ids of known accounts' rows that were not there.
CREATE FUNCTION patternos._landing_steps_facts(line_values text) RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$
WITH fact (query) AS (VALUES ($$
    SELECT k.customer_key, a.transaction_id, $2 AS platform_id, k.platform_customer_id, a.transaction_type, a.transaction_status,
           a.original_transaction_id, a.transaction_datetime, a.transaction_date, a.date_id, patternos._decimal(a.total_value, 2) AS total_value,
           patternos._decimal(a.quoted_value, 2) AS quoted_value, patternos._decimal(a.discount_value, 2) AS discount_value,
           a.currency, a.items_count, a.items_list, patternos._main_category(a.items, {values}, c.unified_category) AS unified_category, a.is_repeat,
           a.payment_mode, a.delivery_speed, patternos._decimal(a.fulfillment_time_hours, 2) AS fulfillment_time_hours, a.prime_member,
           a.loyalty_member, l.location_id, a.properties AS transaction_properties, $3 AS known_at, $1 AS batch_id
    FROM arrived a JOIN {account} k USING (account) LEFT JOIN location_key l USING (location)
    LEFT JOIN category_key c USING (category)
    ORDER BY k.customer_key, a.transaction_datetime$$))
SELECT 'patternos_dw.fact_transaction', replace(replace(query, '{account}', 'new_key'), '{values}', line_values) FROM fact
UNION ALL
SELECT 'inserted INTO patternos_dw.fact_transaction RETURNING transaction_id',
       replace(replace(query, '{account}', 'known_key'), '{values}', line_values) FROM fact
$steps$;

-- Staged rows that add nothing: their order was there, or a later row of the batch brings it again.
CREATE FUNCTION patternos._landing_steps_duplicates(entity text, has_order_id boolean) RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$
SELECT 'duplicate', CASE
    WHEN entity = 'transaction_line' THEN $$
        SELECT s.line FROM staged s JOIN arrived a USING (transaction_id) LEFT JOIN known_key k ON k.account = a.account
        WHERE (k.account IS NOT NULL OR a.account IS NULL)
          AND NOT EXISTS (SELECT FROM inserted i WHERE i.transaction_id = s.transaction_id)
          AND NOT EXISTS (SELECT FROM inserted_anonymous i WHERE i.transaction_id = s.transaction_id)$$
    WHEN has_order_id THEN $$
        SELECT s.line FROM staged s
        WHERE NOT EXISTS (SELECT FROM arrived a WHERE a.line = s.line)
           OR ((s.account IS NULL OR EXISTS (SELECT FROM known_key k WHERE k.account = s.account))
               AND NOT EXISTS (SELECT FROM inserted i WHERE i.transaction_id = s.transaction_id)
               AND NOT EXISTS (SELECT FROM inserted_anonymous i WHERE i.transaction_id = s.transaction_id))$$
    ELSE $$
        SELECT s.line FROM staged s JOIN known_key k USING (account)
        WHERE NOT EXISTS (SELECT FROM inserted i WHERE i.transaction_id = s.transaction_id)
        UNION ALL
        SELECT s.line FROM staged s
        WHERE s.account IS NULL AND NOT EXISTS (SELECT FROM inserted_anonymous i WHERE i.transaction_id = s.transaction_id)$$
    END
$steps$;

-- Orders of unknown buyers wait apart. Leaves "inserted_anonymous".
CREATE FUNCTION patternos._landing_steps_anonymous() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('inserted_anonymous', $$
    INSERT INTO patternos_dw.transaction_anonymous
        (platform_id, transaction_id, transaction_type, transaction_status, transaction_datetime, transaction_date,
         total_value, discount_value, currency, items_count, transaction_properties, known_at, batch_id)
    SELECT $2, a.transaction_id, a.transaction_type, a.transaction_status, a.transaction_datetime, a.transaction_date,
           a.total_value * 0.01, a.discount_value * 0.01, a.currency, a.items_count, a.properties, $3, $1
    FROM arrived a WHERE a.account IS NULL
    ORDER BY a.transaction_id
    ON CONFLICT (platform_id, transaction_id) DO NOTHING
    RETURNING transaction_id$$)
$steps$;

-- Orders out of staged lines. Leaves "arrived". An order's amounts are the sums of its lines', rounded once.
CREATE FUNCTION patternos._landing_steps_orders() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('arrived', $$
    SELECT s.transaction_id, min(s.line) AS line, min(s.account) AS account, min(s.location) AS location,
           min(s.transaction_type) AS transaction_type, min(s.transaction_status) AS transaction_status,
           min(s.original_transaction_id) AS original_transaction_id, min(s.transaction_datetime) AS transaction_datetime,
           min(s.transaction_date) AS transaction_date, min(s.date_id) AS date_id,
           round(sum(s.line_total) * 0.01)::bigint AS total_value, NULL::bigint AS quoted_value,
           round(sum(s.discount_value) * 0.01)::bigint AS discount_value, min(s.currency) AS currency,
           abs(round(sum(s.quantity) * 0.0001))::integer AS items_count,
           string_agg(n.item_name, ', ' ORDER BY s.line) AS items_list,
           array_agg(s.item ORDER BY s.line) FILTER (WHERE s.item IS NOT NULL) AS items,
           array_agg(s.line_total ORDER BY s.line) FILTER (WHERE s.item IS NOT NULL) AS item_values,
           min(s.category) AS category, NULL::boolean AS is_repeat, min(s.payment_mode) AS payment_mode,
           NULL::text AS delivery_speed, NULL::bigint AS fulfillment_time_hours, NULL::boolean AS prime_member,
           NULL::boolean AS loyalty_member, (array_agg(s.properties ORDER BY s.line))[1] AS properties
    FROM staged s LEFT JOIN staged_item n USING (item)
    GROUP BY s.transaction_id$$)
$steps$;

-- The lines of orders that came line by line, and the SKUs that they name.
CREATE FUNCTION patternos._landing_steps_order_lines() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
(NULL, $$
    INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, category_id, is_observed)
    SELECT DISTINCT ON (s.item_id COLLATE "C") $2, s.item_id, f.item_name, f.brand, f.category_id, true
    FROM staged s JOIN item_key f USING (item)
    WHERE s.item_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM patternos_dw.dim_sku d WHERE d.platform_id = $2 AND d.sku_id = s.item_id)
    ORDER BY s.item_id COLLATE "C", s.line
    ON CONFLICT DO NOTHING$$),
('patternos_dw.fact_transaction_line', $$
    SELECT k.customer_key, a.transaction_datetime, s.transaction_id,
           row_number() OVER (PARTITION BY s.transaction_id ORDER BY s.line) AS line_number, $2 AS platform_id,
           coalesce(s.item_id, f.sku_id) AS sku_id, f.item_name, coalesce(f.category_id, c.category_id) AS category_id,
           s.quantity * 0.0001 AS quantity, s.unit_price * 0.0001 AS unit_price, s.line_total * 0.0001 AS line_total,
           s.discount_value * 0.0001 AS discount_applied, false AS is_allocated, $3 AS known_at, $1 AS batch_id
    FROM staged s JOIN arrived a USING (transaction_id) JOIN account_key k ON k.account = a.account
    LEFT JOIN item_key f USING (item) LEFT JOIN category_key c ON c.category = s.category
    WHERE NOT EXISTS (SELECT FROM duplicate d WHERE d.line = s.line)$$)
$steps$;

-- The lines: an order's total and discount are shared evenly over its items, the remainder by one minor
-- unit each from the first.
CREATE FUNCTION patternos._landing_steps_lines() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('patternos_dw.fact_transaction_line', $$
    SELECT a.customer_key, a.transaction_datetime, a.transaction_id, a.number AS line_number, $2 AS platform_id, f.sku_id,
           f.item_name, coalesce(f.category_id, a.category_id) AS category_id, share.sign AS quantity,
           CASE WHEN a.transaction_type <> 'enquiry' THEN patternos._decimal(share.total, 2) END AS unit_price,
           patternos._decimal(share.sign * share.total, 2) AS line_total,
           patternos._decimal(share.sign * share.discount, 2) AS discount_applied,
           true AS is_allocated, $3 AS known_at, $1 AS batch_id
    FROM (
        SELECT o.*, unnest(o.items) AS item, generate_subscripts(o.items, 1) AS number
        FROM (
            SELECT k.customer_key, a.transaction_datetime, a.transaction_id, a.transaction_type, a.total_value,
                   a.discount_value, coalesce(a.items, '{NULL}') AS items, coalesce(cardinality(a.items), 1) AS n, c.category_id
            FROM arrived a JOIN account_key k USING (account) LEFT JOIN category_key c USING (category)
            WHERE NOT EXISTS (SELECT FROM duplicate d WHERE d.line = a.line)
            ORDER BY k.customer_key, a.transaction_datetime
        ) o
    ) a
    CROSS JOIN LATERAL (SELECT CASE WHEN a.total_value < 0 THEN -1 ELSE 1 END AS sign,
                               abs(a.total_value) / a.n + (a.number <= abs(a.total_value) % a.n)::integer AS total,
                               abs(a.discount_value) / a.n + (a.number <= abs(a.discount_value) % a.n)::integer AS discount) share
    LEFT JOIN item_key f USING (item)$$)
$steps$;

-- After the facts: the calendar, and who has to be looked at again.
CREATE FUNCTION patternos._landing_steps_after() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
(NULL, $$SELECT patternos._extend_dim_time(min(transaction_date), max(transaction_date)) FROM arrived$$),
('patternos_dw.changed_customer', $$
    SELECT DISTINCT k.customer_key, 'load' AS reason
    FROM arrived a JOIN account_key k USING (account)
    WHERE NOT EXISTS (SELECT FROM duplicate d WHERE d.line = a.line)$$),
('patternos_dw.changed_account', $$
    SELECT identity_key FROM known_key$$)
$steps$;

-- Keys that lead nowhere: a load that leaves one fails.
CREATE FUNCTION patternos._landing_steps_orphans() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('orphan', $$
    SELECT 'account' AS kind FROM staged_account a
    WHERE NOT EXISTS (SELECT FROM new_key k WHERE k.account = a.account)
      AND NOT EXISTS (SELECT FROM known_key k JOIN patternos_dw.dim_customer c USING (customer_key) WHERE k.account = a.account)
    UNION ALL
    SELECT 'location' FROM staged_location l WHERE NOT EXISTS (SELECT FROM location_key k WHERE k.location = l.location)
    UNION ALL
    SELECT 'category' FROM item_key i
    WHERE i.category_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM patternos_dw.dim_product_category c WHERE c.category_id = i.category_id)
    UNION ALL
    SELECT 'date' FROM (SELECT DISTINCT date_id FROM arrived) a
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_time t WHERE t.date_id = a.date_id)$$)
$steps$;

-- The steps of orders, bookings and enquiries that come one a row.
CREATE FUNCTION patternos._landing_steps_transaction(has_order_id boolean) RETURNS TABLE (relation text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'arrived', 'SELECT DISTINCT ON (transaction_id) * FROM staged ORDER BY transaction_id, line DESC'
              WHERE has_order_id
    UNION ALL SELECT * FROM patternos._landing_steps_profiles()
    UNION ALL SELECT * FROM patternos._landing_steps_items()
    UNION ALL SELECT r.* FROM patternos._landing_steps_revisions() r WHERE has_order_id
    UNION ALL SELECT * FROM patternos._landing_steps_facts('ARRAY[a.total_value]')
    UNION ALL SELECT * FROM patternos._landing_steps_anonymous()
    UNION ALL SELECT * FROM patternos._landing_steps_duplicates('transaction', has_order_id)
    UNION ALL SELECT * FROM patternos._landing_steps_lines()
    UNION ALL SELECT * FROM patternos._landing_steps_after()
    UNION ALL SELECT * FROM patternos._landing_steps_orphans()
$$;

-- The steps of orders that come one line a row.
CREATE FUNCTION patternos._landing_steps_transaction_line(has_order_id boolean) RETURNS TABLE (relation text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM patternos._landing_steps_orders()
    UNION ALL SELECT * FROM patternos._landing_steps_profiles()
    UNION ALL SELECT * FROM patternos._landing_steps_items()
    UNION ALL SELECT * FROM patternos._landing_steps_revisions()
    UNION ALL SELECT * FROM patternos._landing_steps_facts('a.item_values')
    UNION ALL SELECT * FROM patternos._landing_steps_anonymous()
    UNION ALL SELECT * FROM patternos._landing_steps_duplicates('transaction_line', has_order_id)
    UNION ALL SELECT * FROM patternos._landing_steps_order_lines()
    UNION ALL SELECT * FROM patternos._landing_steps_after()
    UNION ALL SELECT * FROM patternos._landing_steps_orphans()
$$;

-- The steps of a landing view, in order: those of its entity.
CREATE FUNCTION patternos._landing_steps(landing_view text) RETURNS TABLE (step bigint, relation text, statement text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    what text;
    has_order_id boolean;
BEGIN
    SELECT min(m.entity), bool_or(m.field IN ('order_id', 'event_id')) INTO what, has_order_id
    FROM patternos_dw.source_mapping m WHERE m.landing_view = _landing_steps.landing_view;
    RETURN QUERY EXECUTE
        format('SELECT row_number() OVER (), s.relation, s.statement FROM patternos.%I($1) s', '_landing_steps_' || what)
        USING has_order_id;
END
$$;

REVOKE ALL ON FUNCTION patternos._note_categories(integer[], text[]), patternos._main_category(integer[], bigint[], text),
    patternos._decimal(bigint, integer),
    patternos._landing_steps_profiles(), patternos._landing_steps_items(),
    patternos._landing_steps_revisions(), patternos._landing_steps_facts(text),
    patternos._landing_steps_duplicates(text, boolean), patternos._landing_steps_anonymous(),
    patternos._landing_steps_orders(), patternos._landing_steps_order_lines(), patternos._landing_steps_lines(),
    patternos._landing_steps_after(), patternos._landing_steps_orphans(), patternos._landing_steps_transaction(boolean),
    patternos._landing_steps_transaction_line(boolean), patternos._landing_steps(text) FROM PUBLIC;

-- Sample data: deterministic generators of a made-up population.

CREATE FUNCTION patternos.sample_zepto(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, date_of_order text, age_group text, state text, city text, pincode text,
    items_purchased_count text, items_list text, repeat_order text, order_value text, discount_value text,
    payment_mode text)
AS 'MODULE_PATHNAME', 'patternos_sample_zepto'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_zepto(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of Zepto''s export.';

CREATE FUNCTION patternos.sample_swiggy(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, date_of_order text, age_group text, state text, city text, pincode text,
    items_purchased_count text, items_list text, repeat_order text, order_value text, discount_value text,
    payment_mode text)
AS 'MODULE_PATHNAME', 'patternos_sample_swiggy'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_swiggy(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of Swiggy''s export.';

CREATE FUNCTION patternos.sample_amazon(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, date_of_order text, age_group text, state text, city text, pincode text,
    items_purchased_count text, items_list text, repeat_order text, order_value text, discount_value text,
    payment_mode text, product_category text, prime_member_flag text, delivery_speed text)
AS 'MODULE_PATHNAME', 'patternos_sample_amazon'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_amazon(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of Amazon''s export.';

CREATE FUNCTION patternos.sample_nykaa(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, date_of_order text, age_group text, state text, city text, pincode text,
    items_purchased_count text, items_list text, repeat_order text, order_value text, discount_value text,
    payment_mode text, product_category text, membership_flag text)
AS 'MODULE_PATHNAME', 'patternos_sample_nykaa'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_nykaa(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of Nykaa''s export.';

CREATE FUNCTION patternos.sample_chumbak(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, date_of_order text, age_group text, state text, city text, pincode text,
    items_purchased_count text, items_list text, repeat_order text, order_value text, discount_value text,
    payment_mode text)
AS 'MODULE_PATHNAME', 'patternos_sample_chumbak'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_chumbak(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of Chumbak''s export.';

CREATE FUNCTION patternos.sample_makemytrip(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, booking_date text, age_group text, home_state text, home_city text, home_pincode text,
    service_type text, destination text, number_of_travellers text, items_purchased_count text,
    items_list text, travel_value text, discount_value text, payment_mode text, loyalty_member_flag text,
    trip_duration_days text)
AS 'MODULE_PATHNAME', 'patternos_sample_makemytrip'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_makemytrip(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of MakeMyTrip''s export.';

CREATE FUNCTION patternos.sample_carwale(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    customer_id text, enquiry_date text, age_group text, state text, city text, pincode text,
    vehicle_interest_count text, items_list text, vehicle_type_interest text, purchase_value text,
    down_payment_value text, finance_flag text, repeat_purchase_flag text, preferred_payment_mode text)
AS 'MODULE_PATHNAME', 'patternos_sample_carwale'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_carwale(integer, bigint, date, date, double precision, integer, double precision) IS
    'Generated purchases in the columns of CarWale''s export.';

CREATE FUNCTION patternos.sample_transactions(
    platform text, people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2024-01-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1)
RETURNS TABLE (
    platform_id text, platform_customer_id text, ordered_at timestamp,
    amount numeric, discount numeric, items text[])
AS 'MODULE_PATHNAME', 'patternos_sample_transactions'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_transactions(text, integer, bigint, date, date, double precision, integer) IS
    'Generated purchases on one platform or ALL, in typed columns.';

CREATE FUNCTION patternos.sample_truth_accounts(
    people integer, seed bigint DEFAULT 42,
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1)
RETURNS TABLE (platform_id text, platform_customer_id text, person integer)
AS 'MODULE_PATHNAME', 'patternos_sample_truth_accounts'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_truth_accounts(integer, bigint, double precision, integer) IS
    'Truth of the generated accounts: the person behind each; never to be loaded.';

CREATE FUNCTION patternos.sample_truth_probability(
    people integer, seed bigint DEFAULT 42, as_of date DEFAULT '2025-09-01', horizon integer DEFAULT 30,
    platform text DEFAULT 'ALL', overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1)
RETURNS TABLE (person integer, probability double precision, purchased boolean)
AS 'MODULE_PATHNAME', 'patternos_sample_truth_probability'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_truth_probability(integer, bigint, date, integer, text, double precision, integer) IS
    'Truth of the generated purchases: the probability of one within the horizon, and whether it came; never to be loaded.';

CREATE FUNCTION patternos.sample_customers(
    people integer, seed bigint DEFAULT 42,
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1, dirty double precision DEFAULT 0)
RETURNS TABLE (
    platform_id text, platform_customer_id text, name text, email text, phone text, birth_date text,
    gender text, address text, city text, state text, pincode text, loyalty_id text, devices text, ips text,
    consent_marketing text, consent_personalization text, consent_sharing text,
    email_sha256 text, mobile_sha256 text, updated_at text)
AS 'MODULE_PATHNAME', 'patternos_sample_customers'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_customers(integer, bigint, double precision, integer, double precision) IS
    'Generated accounts in the columns of landing_customer.';

CREATE FUNCTION patternos.sample_events(
    people integer, seed bigint DEFAULT 42,
    from_date date DEFAULT '2025-07-01', to_date date DEFAULT '2025-11-01',
    overlap double precision DEFAULT 0.3, first_person integer DEFAULT 1)
RETURNS TABLE (
    platform_id text, platform_customer_id text, visitor_id text, session_id text, event_type text,
    event_timestamp text, page_url text, referrer_url text, search_term text, product_id text, category text,
    device_type text, browser text, os text, ip text, event_properties text, event_id text)
AS 'MODULE_PATHNAME', 'patternos_sample_events'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION patternos.sample_events(integer, bigint, date, date, double precision, integer) IS
    'Generated visits in the columns of landing_event.';

CREATE FUNCTION patternos.sample_skus(platform text, n integer DEFAULT 10000, seed bigint DEFAULT 42)
RETURNS TABLE (
    sku_id text, sku_name text, brand text, manufacturer text, category_level_1 text,
    category_level_2 text, category_level_3 text, sku_description text, size_variant text,
    unit_measure text, mrp text, selling_price text, price_band text, availability_status text,
    rating text, review_count text, launch_date text, discount_percent text, ad_visibility_flag text,
    high_intent_flag text, avg_weekly_sales_units text, avg_weekly_revenue text,
    inventory_turnover_days text, supplier_region text, last_updated text)
AS 'MODULE_PATHNAME', 'patternos_sample_skus'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 1000;
COMMENT ON FUNCTION patternos.sample_skus(text, integer, bigint) IS
    'Generated catalogue of a platform in the columns of landing_sku.';

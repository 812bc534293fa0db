-- What a new warehouse holds: settings, the seven platforms, the rules of scores and segments.

CREATE FUNCTION patternos._seed_warehouse() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO patternos_dw.setting (name, value, description) VALUES
        ('layout_version', '1', 'layout of the tables; patternos.upgrade_warehouse() raises it'),
        ('time_zone', 'Asia/Kolkata', 'time zone that defines day, hour and reference date'),
        ('currency', 'INR', 'reporting currency; others convert through fx_rate'),
        ('earliest_date', '2000-01-01', 'rows dated before this day are rejected'),
        ('future_tolerance', '1 day', 'rows dated further ahead than this are rejected'),
        ('max_reject_share', '0.20', 'a batch with a greater share of rejected rows is parked whole'),
        ('identifier_account_cap', '20', 'an identifier shared by more accounts links nobody'),
        ('device_account_cap', '10', 'a device shared by more accounts is no evidence'),
        ('ip_account_cap', '10', 'an IP address shared by more accounts is no evidence'),
        ('match_key_cap', '100', 'accounts that share a blocking key with more others are not compared for that'),
        ('match_threshold', '0.9', 'probability from which on two accounts are one person''s'),
        ('customer_account_cap', '50', 'a group of more accounts is put into quarantine and divided by stronger evidence'),
        ('max_churn', '0.05', 'share of known accounts that a run may give another customer'),
        ('max_growth', '5', 'how many times larger than any customer before one may become'),
        ('session_gap_minutes', '30', 'inactivity that ends a session without a given id'),
        ('session_cap_hours', '24', 'the longest session'),
        ('cart_timeout_hours', '24', 'a cart without an order for so long is abandoned'),
        ('affinity_window_days', '365', 'default window of affinities'),
        ('consent_days', '0', 'days after which a consent to personalisation that was not renewed expires; 0 for never');

    INSERT INTO patternos_dw.dim_platform
        (platform_id, platform_name, platform_type, industry_vertical, region, launch_date, is_active, conversion_type) VALUES
        ('ALL', 'All platforms', 'all', 'all', 'India', NULL, false, 'any'),
        ('AMAZON', 'Amazon', 'marketplace', 'e-commerce', 'India', '2013-06-05', true, 'order'),
        ('CARWALE', 'CarWale', 'marketplace', 'automotive', 'India', '2005-01-01', true, 'enquiry'),
        ('CHUMBAK', 'Chumbak', 'brand store', 'lifestyle', 'India', '2010-03-01', true, 'order'),
        ('MAKEMYTRIP', 'MakeMyTrip', 'travel agency', 'travel', 'India', '2000-04-01', true, 'booking'),
        ('NYKAA', 'Nykaa', 'retailer', 'beauty', 'India', '2012-04-01', true, 'order'),
        ('SWIGGY', 'Swiggy', 'food delivery', 'food', 'India', '2014-08-01', true, 'order'),
        ('ZEPTO', 'Zepto', 'quick commerce', 'grocery', 'India', '2021-07-01', true, 'order');

    -- holidays of the same day each year; movable feasts go in with their year
    INSERT INTO patternos_dw.holiday (month, day, holiday_name) VALUES
        (1, 1, 'New Year''s Day'), (1, 26, 'Republic Day'), (5, 1, 'Labour Day'),
        (8, 15, 'Independence Day'), (10, 2, 'Gandhi Jayanti'), (12, 25, 'Christmas');

    INSERT INTO patternos_dw.rfm_threshold (platform_id, metric, cuts) VALUES
        ('ALL', 'recency', '{7,30,90,180}'),
        ('ALL', 'frequency', '{2,3,6,10}'),
        ('ALL', 'monetary', '{2500,10000,20000,50000}');

    INSERT INTO patternos_dw.rfm_segment_rule (segment, recency_scores, frequency_scores) VALUES
        ('Champions', '[5,5]', '[4,5]'),
        ('Loyal', '[3,4]', '[4,5]'),
        ('Potential Loyalist', '[4,5]', '[2,3]'),
        ('New Customers', '[5,5]', '[1,1]'),
        ('Promising', '[4,4]', '[1,1]'),
        ('Need Attention', '[3,3]', '[3,3]'),
        ('About To Sleep', '[3,3]', '[1,2]'),
        ('At Risk', '[1,2]', '[3,4]'),
        ('Can''t Lose Them', '[1,2]', '[5,5]'),
        ('Hibernating', '[2,2]', '[1,2]'),
        ('Lost', '[1,1]', '[1,2]');

    INSERT INTO patternos_dw.value_segment_rule (priority, segment, rule, threshold) VALUES
        (1, 'New', 'first_seen_within_days', 30),
        (2, 'High-Value', 'top_share_of_spend_365d', 0.20),
        (3, 'Regular', 'minimum_purchases', 2),
        (4, 'Occasional', 'otherwise', NULL);

    INSERT INTO patternos_dw.model (name, version, model_type, stage)
    VALUES ('intent', 'baseline-1', 'baseline', 'champion');
END
$$;

REVOKE ALL ON FUNCTION patternos._seed_warehouse() FROM PUBLIC;


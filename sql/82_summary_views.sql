-- Totals for dashboards: computed from tables with one row per customer, at the newest complete refresh.

CREATE FUNCTION patternos._create_reference_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.platform_category AS
    SELECT DISTINCT s.platform_id, c.unified_category
    FROM patternos_dw.dim_sku s
    JOIN patternos_dw.dim_platform p ON p.platform_id = s.platform_id AND p.is_active
    JOIN patternos_dw.dim_product_category c ON c.category_id = s.category_id
    WHERE s.valid_to = 'infinity' AND s.is_active;
    PERFORM patternos._describe('platform_category', 'Unified categories of the articles that each active platform has.', $c$
platform_id: active platform$c$);

    CREATE OR REPLACE VIEW patternos_dw.fx_rate_current AS
    SELECT DISTINCT ON (f.currency) f.currency, f.rate, f.rate_date
    FROM patternos_dw.fx_rate f
    ORDER BY f.currency, f.rate_date DESC;
    PERFORM patternos._describe('fx_rate_current', 'The newest exchange rate of each currency.', $c$
rate: units of the reporting currency for one of this currency
rate_date: day from which the rate holds$c$);
END
$$;

CREATE FUNCTION patternos._create_segment_summary_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.segment_summary AS
    SELECT s.segment_type, s.segment, max(r.as_of) AS as_of, count(*) AS customers,
           round(count(*)::numeric / sum(count(*)) OVER (PARTITION BY s.segment_type), 4) AS share_of_customers,
           sum(r.frequency_lifetime) AS purchases, sum(r.monetary_lifetime) AS revenue, sum(r.monetary_365d) AS revenue_365d,
           sum(r.monetary_30d) AS revenue_30d,
           round(sum(r.monetary_lifetime) / nullif(sum(r.frequency_lifetime), 0), 2) AS average_order_value,
           round(avg(r.recency_days), 2) AS average_recency_days, round(avg(i.intent_score), 4) AS average_intent_score,
           count(*) FILTER (WHERE i.intent_level = 'high') AS high_intent_customers,
           count(*) FILTER (WHERE c.consent_marketing AND NOT c.anonymized) AS contactable_customers
    FROM patternos_dw.feat_customer_rfm_latest r
    JOIN patternos_dw.dim_customer c ON c.customer_key = r.customer_key
    LEFT JOIN patternos_dw.intent_score_latest i ON i.customer_key = r.customer_key
    CROSS JOIN LATERAL (VALUES ('rfm', r.customer_segment), ('value', c.customer_segment)) AS s (segment_type, segment)
    GROUP BY s.segment_type, s.segment;
    PERFORM patternos._describe('segment_summary', 'Customers, money and intent of each segment: one row per segment type and segment.', $c$
segment_type: rfm (such as Champions) or value (such as High-Value)
segment: the segment; NULL for customers without one
as_of: reference date of the features
customers: customers in the segment
share_of_customers: their share of all customers, 0 to 1
purchases: completed orders and bookings before as_of
revenue: what they came to, in the reporting currency
revenue_365d: revenue of the 365 days before as_of
revenue_30d: revenue of the 30 days before as_of
average_order_value: revenue / purchases; NULL without purchases
average_recency_days: average days since the last purchase; NULL when none of them bought
average_intent_score: average intent score; NULL without scores
high_intent_customers: customers with intent level high
contactable_customers: customers with consent to marketing$c$);
END
$$;

CREATE FUNCTION patternos._create_platform_overlap_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.platform_overlap AS
    WITH combination AS MATERIALIZED (
        SELECT x.platforms_list, max(x.as_of) AS as_of, count(*) AS customers
        FROM patternos_dw.feat_cross_platform_latest x GROUP BY x.platforms_list
    )
    SELECT a.platform_id AS platform_a, b.platform_id AS platform_b, max(k.as_of) AS as_of,
           coalesce(sum(k.customers) FILTER (WHERE a.platform_id = ANY (k.platforms_list)), 0)::bigint AS customers_a,
           coalesce(sum(k.customers) FILTER (WHERE b.platform_id = ANY (k.platforms_list)), 0)::bigint AS customers_b,
           coalesce(sum(k.customers) FILTER (WHERE ARRAY[a.platform_id, b.platform_id] <@ k.platforms_list), 0)::bigint AS customers_both,
           round(coalesce(sum(k.customers) FILTER (WHERE ARRAY[a.platform_id, b.platform_id] <@ k.platforms_list), 0)
                 / sum(k.customers) FILTER (WHERE ARRAY[a.platform_id, b.platform_id] && k.platforms_list), 4) AS jaccard
    FROM patternos_dw.dim_platform a
    JOIN patternos_dw.dim_platform b ON b.platform_id > a.platform_id AND b.is_active
    LEFT JOIN combination k ON true
    WHERE a.is_active
    GROUP BY a.platform_id, b.platform_id;
    PERFORM patternos._describe('platform_overlap', 'How many customers two platforms share: one row per pair of active platforms. A customer counts for a platform with a conversion on it.', $c$
platform_a: platform that comes first by name
platform_b: the other platform
as_of: reference date of the features; NULL before the first refresh
customers_a: customers of platform_a
customers_b: customers of platform_b
customers_both: customers of both
jaccard: customers of both / customers of either, 0 to 1; NULL when neither has any$c$);
END
$$;

CREATE FUNCTION patternos._create_intent_distribution_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.intent_distribution AS
    SELECT i.platform_id, i.intent_level, max(i.as_of) AS as_of, count(*) AS customers,
           round(count(*)::numeric / sum(count(*)) OVER (PARTITION BY i.platform_id), 4) AS share_of_customers,
           round(avg(i.intent_score), 4) AS average_score, min(i.intent_score) AS lowest_score, max(i.intent_score) AS highest_score,
           round(sum(i.purchase_probability_7d), 2) AS expected_buyers_7d,
           round(sum(i.purchase_probability_30d), 2) AS expected_buyers_30d
    FROM (SELECT * FROM patternos_dw.intent_score_latest
          UNION ALL SELECT * FROM patternos_dw.intent_score_latest_by_platform) i
    GROUP BY i.platform_id, i.intent_level;
    PERFORM patternos._describe('intent_distribution', 'How the newest intent scores spread: one row per platform (ALL included) and intent level.', $c$
intent_level: high, medium or low
customers: customers with this level
share_of_customers: their share of the platform's scored customers, 0 to 1
average_score: average intent score
lowest_score: lowest intent score of the level
highest_score: highest intent score of the level
expected_buyers_7d: customers expected to buy within 7 days: the sum of their probabilities
expected_buyers_30d: customers expected to buy within 30 days: the sum of their probabilities$c$);
END
$$;

CREATE FUNCTION patternos._create_dashboard_totals_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.dashboard_totals AS
    SELECT r.as_of, c.customers, a.accounts, x.multi_platform_customers,
           round(x.multi_platform_customers::numeric / nullif(c.customers, 0), 4) AS multi_platform_share,
           r.buyers, r.active_customers_30d, r.purchases, r.revenue, r.net_revenue, r.purchases_30d, r.revenue_30d,
           round(r.revenue / nullif(r.purchases, 0), 2) AS average_order_value,
           i.scored_customers, i.high_intent_customers, i.medium_intent_customers, i.low_intent_customers,
           i.average_intent_score, c.contactable_customers
    FROM (SELECT count(*) AS customers, count(*) FILTER (WHERE d.consent_marketing AND NOT d.anonymized) AS contactable_customers
          FROM patternos_dw.dim_customer d) c
    CROSS JOIN (SELECT count(*) AS accounts FROM patternos_dw.dim_customer_identity d) a
    CROSS JOIN (SELECT max(f.as_of) AS as_of, count(*) FILTER (WHERE f.frequency_lifetime > 0) AS buyers,
                       count(*) FILTER (WHERE f.frequency_30d > 0) AS active_customers_30d,
                       coalesce(sum(f.frequency_lifetime), 0) AS purchases, coalesce(sum(f.monetary_lifetime), 0) AS revenue,
                       coalesce(sum(f.net_monetary_lifetime), 0) AS net_revenue,
                       coalesce(sum(f.frequency_30d), 0) AS purchases_30d, coalesce(sum(f.monetary_30d), 0) AS revenue_30d
                FROM patternos_dw.feat_customer_rfm_latest f) r
    CROSS JOIN (SELECT count(*) FILTER (WHERE f.platforms_used_count >= 2) AS multi_platform_customers
                FROM patternos_dw.feat_cross_platform_latest f) x
    CROSS JOIN (SELECT count(*) AS scored_customers, count(*) FILTER (WHERE s.intent_level = 'high') AS high_intent_customers,
                       count(*) FILTER (WHERE s.intent_level = 'medium') AS medium_intent_customers,
                       count(*) FILTER (WHERE s.intent_level = 'low') AS low_intent_customers,
                       round(avg(s.intent_score), 4) AS average_intent_score
                FROM patternos_dw.intent_score_latest s) i;
    PERFORM patternos._describe('dashboard_totals', 'The whole warehouse in one row, at the newest complete refresh.', $c$
as_of: reference date of the features; NULL before the first refresh
customers: customers in the warehouse now
accounts: platform accounts in the warehouse now
multi_platform_customers: customers with a conversion on two or more platforms
multi_platform_share: their share of the customers, 0 to 1
buyers: customers who ever bought
active_customers_30d: customers who bought in the 30 days before as_of
purchases: completed orders and bookings before as_of
revenue: what they came to, in the reporting currency
net_revenue: revenue less discounts and returns
purchases_30d: purchases in the 30 days before as_of
revenue_30d: revenue of the 30 days before as_of
average_order_value: revenue / purchases; NULL without purchases
scored_customers: customers with an intent score
high_intent_customers: scored customers with level high
medium_intent_customers: scored customers with level medium
low_intent_customers: scored customers with level low
average_intent_score: average intent score; NULL without scores
contactable_customers: customers with consent to marketing$c$);
END
$$;

CREATE FUNCTION patternos._create_answer_views() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._create_reference_views();
    SELECT patternos._create_score_date_view();
    SELECT patternos._create_customer_360_view();
    SELECT patternos._describe_customer_360();
    SELECT patternos._create_journey_views();
    SELECT patternos._create_audience_views();
    SELECT patternos._create_segment_summary_view();
    SELECT patternos._create_platform_overlap_view();
    SELECT patternos._create_intent_distribution_view();
    SELECT patternos._create_dashboard_totals_view()
$$;

REVOKE ALL ON FUNCTION patternos._create_reference_views(), patternos._create_segment_summary_view(),
    patternos._create_platform_overlap_view(), patternos._create_intent_distribution_view(),
    patternos._create_dashboard_totals_view(), patternos._create_answer_views() FROM PUBLIC;

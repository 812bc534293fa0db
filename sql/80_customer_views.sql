-- Answers: one row per customer. Every part is one row per customer before it is joined, so nothing multiplies.

-- The newest complete score's date, and that of the newest kept score before it.
CREATE FUNCTION patternos._create_score_date_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.score_date AS
    SELECT d.as_of, max(p.as_of) AS previous_as_of
    FROM (SELECT max(r.as_of) AS as_of FROM patternos_dw.pipeline_run r
          WHERE r.step IN ('refresh', 'score_intent') AND r.status = 'complete') d
    LEFT JOIN patternos_dw.pipeline_run p
           ON p.step IN ('refresh', 'score_intent') AND p.status = 'complete' AND p.as_of < d.as_of
          AND EXISTS (SELECT FROM pg_class c
                      WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'patternos_part')
                        AND c.relname = 'intent_score_' || to_char(p.as_of::timestamp, 'YYYYMMDD'))
    GROUP BY d.as_of;
    PERFORM patternos._describe('score_date', 'Which scores the views show: one row.', $c$
as_of: reference date of the newest complete scores; NULL before the first
previous_as_of: that of the newest scores before it which are still kept; NULL when there are none$c$);
END
$$;

CREATE FUNCTION patternos._create_customer_360_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.customer_360 AS
    SELECT c.customer_key, c.global_customer_id, r.as_of,
           c.first_seen_date, c.last_seen_date, c.primary_age_group, c.gender, c.primary_state, c.primary_city, c.primary_pincode,
           c.customer_segment AS value_segment, r.customer_segment AS rfm_segment,
           r.recency_days, r.recency_score, r.frequency_score, r.monetary_score, r.rfm_score,
           r.frequency_30d, r.frequency_90d, r.frequency_365d, r.frequency_lifetime,
           r.monetary_30d, r.monetary_90d, r.monetary_365d, r.monetary_lifetime, r.net_monetary_lifetime, r.aov_lifetime,
           r.avg_days_between_purchases, r.first_purchase_date, r.last_purchase_date,
           b.total_sessions, b.product_views, b.total_searches, b.search_to_purchase_ratio, b.add_to_cart_count,
           b.cart_abandonment_rate, b.preferred_shopping_hour, b.mobile_sessions_pct, b.last_event_at,
           x.platforms_used_count, x.platforms_list, x.dominant_platform, x.platform_diversity_score, x.category_overlap_score,
           fc.item AS top_category, fu.item AS top_unified_category, fb.item AS top_brand,
           i.intent_score, i.intent_level, i.intent_percentile, p.intent_score AS intent_score_previous,
           i.intent_score - p.intent_score AS intent_score_change, i.purchase_probability_7d, i.purchase_probability_30d,
           i.predicted_category_id, k.unified_category AS predicted_category, i.model_version, i.as_of AS scored_as_of,
           c.consent_marketing, c.consent_personalization, c.consent_sharing, c.anonymized
    FROM patternos_dw.dim_customer c
    LEFT JOIN patternos_dw.feat_customer_rfm_latest r ON r.customer_key = c.customer_key
    LEFT JOIN patternos_dw.feat_customer_behavior_latest b ON b.customer_key = c.customer_key
    LEFT JOIN patternos_dw.feat_cross_platform_latest x ON x.customer_key = c.customer_key
    LEFT JOIN patternos_dw.intent_score_latest i ON i.customer_key = c.customer_key
    LEFT JOIN patternos_dw.intent_score p
           ON p.customer_key = c.customer_key AND p.platform_id = 'ALL'
          AND p.as_of = (SELECT d.previous_as_of FROM patternos_dw.score_date d)
    LEFT JOIN patternos_dw.dim_product_category k ON k.category_id = i.predicted_category_id
    LEFT JOIN patternos_dw.feat_customer_affinity_latest fc
           ON fc.customer_key = c.customer_key AND fc.level = 'category' AND fc.category_rank = 1
    LEFT JOIN patternos_dw.feat_customer_affinity_latest fu
           ON fu.customer_key = c.customer_key AND fu.level = 'unified_category' AND fu.category_rank = 1
    LEFT JOIN patternos_dw.feat_customer_affinity_latest fb
           ON fb.customer_key = c.customer_key AND fb.level = 'brand' AND fb.category_rank = 1;
    CREATE OR REPLACE VIEW patternos_dw.high_intent_users AS
    SELECT v.* FROM patternos_dw.customer_360 v WHERE v.intent_level = 'high';
    CREATE OR REPLACE VIEW patternos_dw.vw_customer_360 AS SELECT v.* FROM patternos_dw.customer_360 v;
    CREATE OR REPLACE VIEW patternos_dw.vw_high_intent_users AS SELECT v.* FROM patternos_dw.high_intent_users v;
END
$$;

-- Columns that several views take from the same tables get those tables' comments.
CREATE FUNCTION patternos._describe_customer_columns(view_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source text;
BEGIN
    FOREACH source IN ARRAY ARRAY['feat_cross_platform', 'feat_customer_behavior', 'intent_score', 'feat_customer_rfm', 'dim_customer'] LOOP
        PERFORM patternos._describe_like(view_name, source, 'customers');
    END LOOP;
END
$$;

CREATE FUNCTION patternos._describe_customer_360() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    described record;
BEGIN
    FOR described IN
        SELECT * FROM (VALUES
            ('customer_360', 'Everything known about each customer at the newest complete refresh, with or without consent: one row per customer.'),
            ('vw_customer_360', 'The same as customer_360, under the name that older queries use.'),
            ('high_intent_users', 'The rows of customer_360 with intent level high, with or without consent: one row per customer. For a campaign use audience_high_intent.'),
            ('vw_high_intent_users', 'The same as high_intent_users, under the name that older queries use.')) AS v (name, comment)
    LOOP
        PERFORM patternos._describe_customer_columns(described.name);
        PERFORM patternos._describe(described.name, described.comment, $c$
as_of: reference date of the features; NULL before the first refresh or for who was not seen before it
value_segment: value tier: New, High-Value, Regular or Occasional; NULL before the first refresh
rfm_segment: RFM segment, such as Champions; Prospect for who never bought
top_category: category with the highest affinity; NULL without a purchase in the window
top_unified_category: unified category with the highest affinity; NULL without a purchase in the window
top_brand: brand with the highest affinity; NULL when no brand was recognised
intent_score_previous: score at the newest kept refresh before; NULL when there is none
intent_score_change: score less the previous one; NULL without a previous one
predicted_category: unified category of predicted_category_id; NULL when unknown
scored_as_of: reference date of the score$c$);
    END LOOP;
END
$$;

CREATE FUNCTION patternos._create_journey_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.customer_journey AS
    SELECT c.customer_key, c.global_customer_id, s.happened_at, s.kind, s.source_id, s.platform_id, s.activity, s.status,
           s.description, s.unified_category, s.amount
    FROM patternos_dw.dim_customer c
    JOIN (SELECT t.customer_key, t.transaction_datetime AS happened_at, 'transaction'::text AS kind, t.transaction_id AS source_id,
                 t.platform_id, t.transaction_type AS activity, t.transaction_status AS status, t.items_list AS description,
                 t.unified_category, CASE t.transaction_type WHEN 'enquiry' THEN t.quoted_value ELSE t.total_value END AS amount
          FROM patternos_dw.fact_transaction t
          UNION ALL
          SELECT e.customer_key, e.event_timestamp, 'event'::text, e.event_id, e.platform_id, e.event_type, NULL::text,
                 coalesce(e.search_term, e.product_id, e.page_url), NULL::text, NULL::numeric(18, 2)
          FROM patternos_dw.fact_event e) s ON s.customer_key = c.customer_key;
    PERFORM patternos._describe('customer_journey', 'What each customer did, transactions and events together: one row per step. Order by happened_at, kind, source_id.', $c$
happened_at: when it happened
kind: transaction or event
source_id: transaction_id or event_id of the fact
activity: order, booking or enquiry of a transaction; the kind of an event
status: completed, cancelled or returned of a transaction; NULL for an event
description: items of a transaction; search term, product or page of an event
unified_category: category with most of a transaction''s value; NULL for an event
amount: value of a transaction in the reporting currency, of an enquiry the price quoted; NULL for an event$c$);

    CREATE OR REPLACE VIEW patternos_dw.transaction_history AS
    SELECT t.customer_key, t.transaction_id, t.transaction_datetime, t.platform_id, t.transaction_date, t.total_value,
           row_number() OVER sequence AS purchase_number,
           row_number() OVER sequence = 1 AS is_first_purchase,
           t.transaction_date - lag(t.transaction_date) OVER sequence AS days_since_last_transaction
    FROM patternos_dw.fact_transaction t
    WHERE t.transaction_status = 'completed' AND t.transaction_type IN ('order', 'booking')
    WINDOW sequence AS (PARTITION BY t.customer_key ORDER BY t.transaction_datetime, t.transaction_id);
    PERFORM patternos._describe_like('transaction_history', 'fact_transaction', 'purchases');
    PERFORM patternos._describe('transaction_history', 'Completed orders and bookings in each customer''s order: what changes when older ones arrive late. One row per purchase.', $c$
purchase_number: 1 for the customer''s first purchase, then 2, 3 …
is_first_purchase: whether it is the customer''s first
days_since_last_transaction: days from the purchase before; NULL for the first$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._create_score_date_view(), patternos._create_customer_360_view(),
    patternos._describe_customer_columns(text), patternos._describe_customer_360(), patternos._create_journey_views() FROM PUBLIC;

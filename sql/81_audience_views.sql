-- Audiences: customers who may be addressed. Without a recorded consent to marketing nobody is in them.

-- Who may be addressed, with what a campaign selects by: the columns that all audiences begin with.
CREATE FUNCTION patternos._create_audience_view(name text, columns text, joined text, condition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($view$
        CREATE OR REPLACE VIEW patternos_dw.%I AS
        SELECT c.customer_key, c.global_customer_id, r.as_of, c.primary_state, c.primary_city, c.customer_segment AS value_segment,
               r.customer_segment AS rfm_segment, i.intent_score, i.intent_level, i.intent_percentile,
               i.purchase_probability_7d, i.purchase_probability_30d, %s
        FROM patternos_dw.dim_customer c
        JOIN patternos_dw.feat_customer_rfm_latest r ON r.customer_key = c.customer_key
        LEFT JOIN patternos_dw.intent_score_latest i ON i.customer_key = c.customer_key
        %s
        WHERE c.consent_marketing AND NOT c.anonymized AND %s$view$, name, columns, joined, condition);
END
$$;

CREATE FUNCTION patternos._create_audience_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._create_audience_view('audience_high_intent',
        'i.predicted_category_id, k.unified_category AS predicted_category, b.item AS top_brand', $j$
        LEFT JOIN patternos_dw.dim_product_category k ON k.category_id = i.predicted_category_id
        LEFT JOIN patternos_dw.feat_customer_affinity_latest b
               ON b.customer_key = c.customer_key AND b.level = 'brand' AND b.category_rank = 1$j$,
        'i.intent_level = ''high''');
    PERFORM patternos._create_audience_view('audience_cart_retargeting',
        'b.cart_abandonment_rate, b.cart_abandonment_count, b.add_to_cart_count, b.last_event_at',
        'JOIN patternos_dw.feat_customer_behavior_latest b ON b.customer_key = c.customer_key',
        'b.cart_abandonment_rate > 0.7');
    PERFORM patternos._create_audience_view('audience_researching',
        'b.search_to_purchase_ratio, b.total_searches, b.unique_search_terms, b.product_views, b.last_event_at',
        'JOIN patternos_dw.feat_customer_behavior_latest b ON b.customer_key = c.customer_key',
        'b.search_to_purchase_ratio < 0.1');
    PERFORM patternos._create_audience_view('audience_churn_risk',
        'r.recency_days, r.last_purchase_date, y.monetary_365d_to_last_purchase, r.monetary_lifetime, x.dominant_platform', $j$
        LEFT JOIN patternos_dw.feat_cross_platform_latest x ON x.customer_key = c.customer_key
        CROSS JOIN LATERAL (
            SELECT sum(t.total_value) AS monetary_365d_to_last_purchase
            FROM patternos_dw.fact_transaction t
            WHERE t.customer_key = c.customer_key AND t.transaction_status = 'completed'
              AND t.transaction_type IN ('order', 'booking')
              AND t.transaction_date > r.last_purchase_date - 365 AND t.transaction_date <= r.last_purchase_date) y$j$,
        'r.recency_days > 60 AND r.monetary_lifetime > 10000 AND y.monetary_365d_to_last_purchase > 10000');
    PERFORM patternos._create_audience_view('audience_cross_sell',
        'p.platform_id, f.unified_category, CASE WHEN a.platform_customer_id IS NULL THEN ''acquire'' ELSE ''target'' END AS action, '
        'a.platform_customer_id, f.category_rank, f.category_affinity_score, f.category_purchase_value', $j$
        JOIN patternos_dw.feat_customer_affinity_latest f ON f.customer_key = c.customer_key AND f.level = 'unified_category'
        JOIN patternos_dw.platform_category p ON p.unified_category = f.unified_category
        LEFT JOIN (SELECT d.customer_key, d.platform_id, min(d.platform_customer_id) AS platform_customer_id
                   FROM patternos_dw.dim_customer_identity d GROUP BY d.customer_key, d.platform_id) a
               ON a.customer_key = c.customer_key AND a.platform_id = p.platform_id$j$,
        $c$NOT EXISTS (
            SELECT FROM patternos_dw.feat_customer_rfm_latest_by_platform q
            WHERE q.customer_key = c.customer_key AND q.platform_id = p.platform_id AND q.frequency_365d > 0)$c$);
    PERFORM patternos._create_category_audience_views();
    PERFORM patternos._create_audience_view('audience_lookalike',
        'l.name AS lookalike, l.similarity, l.rank',
        'JOIN patternos_dw.lookalike_member l ON l.customer_key = c.customer_key',
        'c.consent_personalization AND c.primary_age_group IS DISTINCT FROM ''0-17''');
    PERFORM patternos._describe_audiences();
END
$$;

-- Audiences by category, from the scores of a champion of model category_intent.
CREATE FUNCTION patternos._create_category_audience_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores CONSTANT text := 'JOIN patternos_dw.intent_score_category_latest s ON s.customer_key = c.customer_key';
    in_market CONSTANT text := '(s.lift >= 2 OR s.purchase_probability_30d >= 0.5)';
BEGIN
    PERFORM patternos._create_audience_view('audience_in_market',
        's.unified_category, s.category_rank, s.purchase_probability_7d AS category_probability_7d, s.purchase_probability_30d AS category_probability_30d, '
        's.lift, s.purchase_count, s.purchase_recency_days, s.event_recency_days', scores, in_market);
    PERFORM patternos._create_audience_view('audience_new_to_brand',
        'o.brand, s.unified_category, s.purchase_probability_30d AS category_probability_30d, s.lift, s.purchase_count, s.event_recency_days',
        scores || $j$
        JOIN (SELECT DISTINCT k.brand, d.unified_category
              FROM patternos_dw.dim_sku k JOIN patternos_dw.dim_product_category d USING (category_id)
              WHERE k.valid_to = 'infinity' AND k.is_active AND k.brand IS NOT NULL) o ON o.unified_category = s.unified_category$j$,
        in_market || $c$ AND NOT EXISTS (
            SELECT FROM patternos_dw.feat_customer_affinity_latest a
            WHERE a.customer_key = c.customer_key AND a.level = 'brand' AND a.item = o.brand)$c$);
    PERFORM patternos._create_audience_view('audience_lapsed',
        's.unified_category, s.purchase_count, s.purchase_interval_days, s.purchase_recency_days, s.event_recency_days, '
        's.purchase_probability_30d AS category_probability_30d', scores,
        's.purchase_count >= 2 AND s.purchase_recency_days > greatest(60, 2 * s.purchase_interval_days)');
END
$$;

CREATE FUNCTION patternos._describe_audiences() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    consent CONSTANT text := ' Only customers with consent_marketing (false until granted) who were not erased. ';
    audience record;
BEGIN
    FOR audience IN
        SELECT * FROM (VALUES
            ('audience_high_intent', 'Customers with intent level high.', 'One row per customer.', $c$
predicted_category: unified category of predicted_category_id; NULL when unknown
top_brand: brand with the highest affinity; NULL when no brand was recognised$c$),
            ('audience_cart_retargeting', 'Customers who abandon more than 70 % of their carts.', 'One row per customer.', ''),
            ('audience_researching', 'Customers who search much and buy little: fewer than one purchase in ten searches.', 'One row per customer.', ''),
            ('audience_churn_risk', 'Customers without a purchase for more than 60 days who had spent more than 10,000 in the 365 days up to the last one.', 'One row per customer.', $c$
monetary_365d_to_last_purchase: spend in the 365 days that end with the day of the last purchase
dominant_platform: platform with most purchases$c$),
            ('audience_cross_sell', 'What to offer on the platforms where a customer has not bought in 365 days: the unified categories bought elsewhere which the platform has too.',
             'One row per customer, platform and category: select by platform_id and unified_category, or by category_rank.', $c$
platform_id: platform to offer it on
unified_category: category bought elsewhere which this platform has
action: target (has an account there) or acquire (has none)
platform_customer_id: the account to target, the first by name of several; NULL for acquire
category_affinity_score: the customer's affinity to the category, 0 to 1
category_purchase_value: spend in the category on all platforms in the affinity window$c$),
            ('audience_in_market', 'Customers likely to buy in a category within 30 days: twice as likely as all customers on average, or with a probability of one half. '
             'Empty until model category_intent has a champion.',
             'One row per customer and category: select by unified_category, or by category_rank.', $c$
category_probability_7d: probability of a purchase in the category within 7 days, 0 to 1
category_probability_30d: the same within 30 days$c$),
            ('audience_new_to_brand', 'Customers in market for a category who bought nothing of a brand of it within the affinity window (365 days unless set otherwise). '
             'Empty until model category_intent has a champion.',
             'One row per customer, brand and category: select by brand.', $c$
brand: active brand of the category that the customer has not bought
category_probability_30d: probability of a purchase in the category, of any brand, within 30 days, 0 to 1$c$),
            ('audience_lapsed', 'Customers who bought in a category twice or more, but not for 60 days and twice their usual interval. '
             'Empty until model category_intent has a champion.',
             'One row per customer and category: select by unified_category.', $c$
category_probability_30d: probability of a purchase in the category within 30 days, 0 to 1$c$),
            ('audience_lookalike', 'Prospects most like the customers of a seed, by the lookalikes that are kept; of age, and with consent to personalisation too.',
             'One row per lookalike and customer: select by lookalike.', $c$
lookalike: name of the lookalike, as in table lookalike
similarity: how typical of its seed, 0 to 1; 0.5 is as typical of the seed as of the population
rank: place among all its prospects, 1 for the most alike$c$)
        ) AS v (name, who, grain, columns)
    LOOP
        IF audience.name = ANY ('{audience_in_market,audience_new_to_brand,audience_lapsed}') THEN
            PERFORM patternos._describe_like(audience.name, 'intent_score_category', '');
        END IF;
        PERFORM patternos._describe_customer_columns(audience.name);
        IF audience.name = 'audience_cross_sell' THEN
            PERFORM patternos._describe_like(audience.name, 'feat_customer_affinity', '');
        END IF;
        PERFORM patternos._describe(audience.name, audience.who || consent || audience.grain, concat(audience.columns, $c$
as_of: reference date of the features
value_segment: value tier: New, High-Value, Regular or Occasional
rfm_segment: RFM segment, such as Champions$c$));
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION patternos._create_audience_view(text, text, text, text), patternos._create_audience_views(), patternos._create_category_audience_views(),
    patternos._describe_audiences() FROM PUBLIC;

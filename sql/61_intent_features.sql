-- The features of intent models: one list that training and scoring read.

-- Name and expression of each feature over r (feat_customer_rfm), b (feat_customer_behavior), x (feat_cross_platform), a (the customer's
-- affinities) and m (the platform's purchase rates), all at one reference date.
CREATE FUNCTION patternos._intent_features() RETURNS TABLE (feature text, expression text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c, 'r.' || c FROM unnest('{recency_days,frequency_7d,frequency_30d,frequency_90d,frequency_365d,frequency_lifetime,monetary_7d,
        monetary_30d,monetary_90d,monetary_365d,monetary_lifetime,net_monetary_90d,net_monetary_365d,net_monetary_lifetime,aov_30d,aov_90d,
        aov_lifetime,avg_days_between_purchases,purchase_consistency_score}'::text[]) c
    UNION ALL VALUES
        ('tenure_days', 'r.as_of - r.first_purchase_date'),
        ('recency_to_gap', 'r.recency_days / nullif(r.avg_days_between_purchases, 0)'),
        ('is_all_platforms', '(r.platform_id = ''ALL'')::integer'),
        ('intent_index', 'patternos.intent_score(coalesce(r.recency_days, 180), r.frequency_90d, r.monetary_90d)'),
        ('platform_purchase_rate', 'm.r / m.alpha'),
        ('gamma_poisson_7d', 'CASE WHEN r.frequency_lifetime > 0 THEN patternos.purchase_probability(r.frequency_lifetime - 1, '
                             'r.as_of - r.first_purchase_date, m.r, m.alpha, 7) END'),
        ('gamma_poisson_30d', 'CASE WHEN r.frequency_lifetime > 0 THEN patternos.purchase_probability(r.frequency_lifetime - 1, '
                              'r.as_of - r.first_purchase_date, m.r, m.alpha, 30) END')
    UNION ALL
    SELECT c, 'b.' || c FROM unnest('{total_sessions,avg_session_duration,total_page_views,avg_pages_per_session,total_searches,
        unique_search_terms,search_to_purchase_ratio,search_conversion_rate,add_to_cart_count,remove_from_cart_count,cart_abandonment_count,
        cart_abandonment_rate,wishlist_adds,product_views,category_exploration_score,preferred_shopping_hour,weekend_shopping_ratio,
        night_shopping_ratio,mobile_sessions_pct,desktop_sessions_pct,sessions_7d,sessions_14d,sessions_30d,sessions_90d,product_views_7d,
        product_views_14d,product_views_30d,product_views_90d,searches_7d,searches_30d,add_to_cart_7d,add_to_cart_30d}'::text[]) c
    UNION ALL
    SELECT 'days_since_' || e, format('extract(epoch FROM r.as_of::timestamp AT TIME ZONE z.zone - b.last_%s_at) / 86400', e)
    FROM unnest('{event,product_view,search,add_to_cart}'::text[]) e
    UNION ALL
    SELECT c, 'x.' || c FROM unnest('{platforms_used_count,cross_platform_purchase_count_30d,cross_platform_value_30d,category_overlap_score,
        platform_switching_frequency,dominant_platform_share,platform_diversity_score,platform_loyalty_score}'::text[]) c
    UNION ALL VALUES
        ('is_dominant_platform', '(r.platform_id = x.dominant_platform)::integer'),
        ('top_category_affinity', 'a.top_category_affinity'), ('top_category_recency_days', 'a.top_category_recency_days'),
        ('top_category_purchases', 'a.top_category_purchases'), ('categories_bought', 'a.categories_bought'),
        ('top_brand_affinity', 'a.top_brand_affinity'), ('brands_bought', 'a.brands_bought')
$$;

-- What the expressions are over, as a FROM clause, from the sources of each kind of features and of purchase rates.
CREATE FUNCTION patternos._join_intent_sources(rfm text, behavior text, cross_platform text, affinity text, rates text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($from$
        %1$s r
        CROSS JOIN (SELECT %5$L AS zone) z
        LEFT JOIN %2$s b ON b.customer_key = r.customer_key AND b.as_of = r.as_of AND b.platform_id = r.platform_id
        LEFT JOIN %3$s x ON x.customer_key = r.customer_key AND x.as_of = r.as_of
        LEFT JOIN (SELECT customer_key, as_of,
                          max(category_affinity_score) FILTER (WHERE level = 'category' AND category_rank = 1) AS top_category_affinity,
                          max(category_recency_days) FILTER (WHERE level = 'category' AND category_rank = 1) AS top_category_recency_days,
                          max(category_purchase_count) FILTER (WHERE level = 'category' AND category_rank = 1) AS top_category_purchases,
                          count(*) FILTER (WHERE level = 'category') AS categories_bought,
                          max(brand_affinity_score) AS top_brand_affinity, count(*) FILTER (WHERE level = 'brand') AS brands_bought
                   FROM %4$s v WHERE window_days = %6$L GROUP BY customer_key, as_of) a
               ON a.customer_key = r.customer_key AND a.as_of = r.as_of
        LEFT JOIN %7$s m ON m.as_of = r.as_of AND m.platform_id = r.platform_id$from$,
        rfm, behavior, cross_platform, affinity, patternos._setting('time_zone'), patternos._setting('affinity_window_days')::smallint, rates)
$$;

-- The same over the snapshots of a date, or (NULL) of all dates.
CREATE FUNCTION patternos._intent_sources(as_of date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT patternos._join_intent_sources(max(s.source) FILTER (WHERE s.name = 'feat_customer_rfm'),
        max(s.source) FILTER (WHERE s.name = 'feat_customer_behavior'), max(s.source) FILTER (WHERE s.name = 'feat_cross_platform'),
        max(s.source) FILTER (WHERE s.name = 'feat_customer_affinity'), 'patternos_dw.purchase_rate_model')
    FROM (SELECT n AS name, CASE WHEN as_of IS NULL THEN 'patternos_dw.' || n
                 ELSE format('(SELECT * FROM %s WHERE as_of = %L)', patternos._snapshot_source(('patternos_dw.' || n)::regclass, as_of), as_of) END AS source
          FROM unnest('{feat_customer_rfm,feat_customer_behavior,feat_cross_platform,feat_customer_affinity}'::text[]) n) s
$$;

-- The columns of all features, each as a real.
CREATE FUNCTION patternos._intent_columns() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(format('(%s)::real AS %I', f.expression, f.feature), ', ') FROM patternos._intent_features() f
$$;

-- Who must not be scored, nor trained on, at a date: refused personalisation on an account, let it expire, is a minor, or was erased. With
-- a key only that customer is looked at.
CREATE FUNCTION patternos._unscored_query(as_of date, key bigint DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT customer_key FROM patternos_dw.dim_customer WHERE (primary_age_group = '0-17' OR anonymized) %2$s
        UNION
        SELECT i.customer_key
        FROM (SELECT DISTINCT ON (identity_key) identity_key, personalization, occurred_at FROM patternos_dw.account_consent
              WHERE personalization IS NOT NULL %3$s ORDER BY identity_key, occurred_at DESC) c
        JOIN patternos_dw.dim_customer_identity i USING (identity_key)
        WHERE NOT c.personalization %1$s$query$,
        CASE WHEN patternos._setting('consent_days')::integer > 0
             THEN format('OR c.occurred_at < %L::timestamptz', as_of::timestamp AT TIME ZONE patternos._setting('time_zone')
                                                  - make_interval(days => patternos._setting('consent_days')::integer)) END,
        'AND customer_key = ' || key,
        'AND identity_key IN (SELECT a.identity_key FROM patternos_dw.dim_customer_identity a WHERE a.customer_key = ' || key || ')')
$$;

CREATE FUNCTION patternos._unscored(as_of date) RETURNS TABLE (customer_key bigint)
LANGUAGE plpgsql STABLE ROWS 10000 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE patternos._unscored_query(as_of);
END
$$;

CREATE FUNCTION patternos.training_set(as_of date[], platform text DEFAULT NULL, window_days integer DEFAULT 30) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
BEGIN
    PERFORM patternos._check_label_windows(as_of, ARRAY[window_days]);
    IF NOT EXISTS (SELECT FROM patternos_dw.dim_platform p WHERE p.platform_id = coalesce(platform, 'ALL')) THEN
        RAISE EXCEPTION 'there is no such platform' USING ERRCODE = 'undefined_object', HINT = 'Platforms stand in patternos_dw.dim_platform; ALL is all of them.';
    END IF;
    RETURN (SELECT string_agg(format($query$
        SELECT r.customer_key || ' ' || r.platform_id AS id, r.customer_key, r.platform_id, r.as_of, l.dataset_split, l.fold_number,
               l.purchased, %1$s
        FROM %2$s
        JOIN patternos_dw.intent_training_labels l
          ON l.customer_key = r.customer_key AND l.platform_id = r.platform_id AND l.label_timestamp = %3$L AND l.label_window_days = %4$L
        WHERE r.as_of = %5$L AND l.purchased IS NOT NULL %6$s AND NOT EXISTS (SELECT FROM (%7$s) u WHERE u.customer_key = r.customer_key)
        $query$, patternos._intent_columns(), patternos._intent_sources(d),
        d::timestamp AT TIME ZONE patternos._setting('time_zone'), window_days, d,
        'AND r.platform_id = ' || quote_literal(platform), patternos._unscored_query(d)), ' UNION ALL ' ORDER BY d)
        FROM (SELECT DISTINCT unnest(as_of) AS d) t);
END
$$;
COMMENT ON FUNCTION patternos.training_set(date[], text, integer) IS
    'The query that joins labels with the features at their dates: the examples of an intent model.';

-- Views of labels, a row per customer and date, and of the examples at all dates with features.
CREATE FUNCTION patternos._create_training_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.intent_training_labels_wide AS
    SELECT l.customer_key, l.global_customer_id, (l.label_timestamp AT TIME ZONE z.value)::date AS scoring_date,
           bool_or(l.purchased) FILTER (WHERE l.label_window_days = 7) AS purchased_within_7_days,
           bool_or(l.purchased) FILTER (WHERE l.label_window_days = 30) AS purchased_within_30_days
    FROM patternos_dw.intent_training_labels l
    JOIN patternos_dw.setting z ON z.name = 'time_zone'
    WHERE l.platform_id = 'ALL' AND l.label_window_days IN (7, 30)
    GROUP BY l.customer_key, l.global_customer_id, l.label_timestamp, z.value;
    PERFORM patternos._describe('intent_training_labels_wide', 'Labels of all platforms together: one row per customer and reference date.', $c$
scoring_date: reference date: features come from before it, the labels from it on
purchased_within_7_days: whether the customer bought within 7 days; NULL while that is open
purchased_within_30_days: whether the customer bought within 30 days; NULL while that is open$c$);
    EXECUTE format($view$
        CREATE OR REPLACE VIEW patternos_dw.intent_training_set AS
        SELECT r.customer_key || ' ' || r.platform_id AS id, r.customer_key, r.global_customer_id, r.platform_id, r.as_of, l.label_window_days,
               l.dataset_split, l.fold_number, l.purchased, %s
        FROM %s
        JOIN patternos_dw.intent_training_labels l
          ON l.customer_key = r.customer_key AND l.platform_id = r.platform_id AND l.label_timestamp = r.as_of::timestamp AT TIME ZONE z.zone
        $view$, patternos._intent_columns(), patternos._intent_sources(NULL));
    PERFORM patternos._describe_like('intent_training_set', t, '') FROM unnest('{feat_customer_rfm,feat_customer_behavior,feat_cross_platform,intent_training_labels}'::text[]) t;
    PERFORM patternos._describe('intent_training_set',
        'Labels with the features of intent models at their dates, as training reads them: one row per customer, platform, date and window.', $c$
id: customer_key and platform_id as one text
tenure_days: days since the first purchase; NULL without one
recency_to_gap: recency_days divided by avg_days_between_purchases; NULL under two purchases
is_all_platforms: 1 for all platforms together, 0 for one
intent_index: the documented baseline, patternos.intent_score()
platform_purchase_rate: mean purchases a day of the platform's customers, r / alpha of purchase_rate_model
gamma_poisson_7d: probability of a purchase within 7 days by the gamma-Poisson model; NULL without purchases
gamma_poisson_30d: the same within 30 days
days_since_event: days since the last event; NULL without one
days_since_product_view: days since a product was viewed; NULL without
days_since_search: days since the last search; NULL without
days_since_add_to_cart: days since an item was put into a cart; NULL without
is_dominant_platform: 1 on the platform with most purchases, else 0; NULL without purchases
top_category_affinity: affinity to the first category; NULL without one
top_category_recency_days: days since the last purchase in it
top_category_purchases: purchases in it within the affinity window
categories_bought: number of categories bought within the affinity window; NULL for none
top_brand_affinity: affinity to the first brand; NULL without one
brands_bought: number of brands bought within the affinity window; NULL for none$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._join_intent_sources(text, text, text, text, text), patternos._intent_sources(date), patternos._unscored_query(date, bigint), patternos._unscored(date), patternos.training_set(date[], text, integer),
    patternos._create_training_views() FROM PUBLIC;

-- Feature tables: a row per customer and reference date, partitioned by that date.

CREATE FUNCTION patternos._create_features() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE TABLE patternos_dw.feat_customer_rfm (
        customer_key               bigint NOT NULL,
        as_of                      date NOT NULL,
        platform_id                text COLLATE "C" NOT NULL,
        global_customer_id         text GENERATED ALWAYS AS ('GLOBAL' ||
                                   CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                        ELSE customer_key::text END) STORED,
        recency_days               integer,
        recency_score              smallint NOT NULL,
        frequency_score            smallint NOT NULL,
        monetary_score             smallint NOT NULL,
        frequency_7d               integer NOT NULL,
        frequency_30d              integer NOT NULL,
        frequency_90d              integer NOT NULL,
        frequency_365d             integer NOT NULL,
        frequency_lifetime         integer NOT NULL,
        monetary_7d                numeric(18, 2) NOT NULL,
        monetary_30d               numeric(18, 2) NOT NULL,
        monetary_90d               numeric(18, 2) NOT NULL,
        monetary_365d              numeric(18, 2) NOT NULL,
        monetary_lifetime          numeric(18, 2) NOT NULL,
        net_monetary_7d            numeric(18, 2) NOT NULL,
        net_monetary_30d           numeric(18, 2) NOT NULL,
        net_monetary_90d           numeric(18, 2) NOT NULL,
        net_monetary_365d          numeric(18, 2) NOT NULL,
        net_monetary_lifetime      numeric(18, 2) NOT NULL,
        aov_30d                    numeric(18, 2),
        aov_90d                    numeric(18, 2),
        aov_lifetime               numeric(18, 2),
        avg_days_between_purchases numeric(10, 2),
        purchase_consistency_score numeric(5, 4),
        first_purchase_date        date,
        last_purchase_date         date,
        rfm_score                  text NOT NULL,
        customer_segment           text NOT NULL,
        PRIMARY KEY (customer_key, as_of, platform_id)
    ) PARTITION BY LIST (as_of);

    CREATE TABLE patternos_dw.feat_customer_affinity (
        customer_key            bigint NOT NULL,
        as_of                   date NOT NULL,
        window_days             smallint NOT NULL,
        level                   text COLLATE "C" NOT NULL CHECK (level IN ('category', 'unified_category', 'brand')),
        item                    text COLLATE "C" NOT NULL,
        global_customer_id      text GENERATED ALWAYS AS ('GLOBAL' ||
                                CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                     ELSE customer_key::text END) STORED,
        category_id             integer,
        unified_category        text,
        brand                   text,
        category_purchase_count integer,
        category_purchase_value numeric(18, 2),
        category_recency_days   integer,
        category_affinity_score numeric(5, 4),
        brand_purchase_count    integer,
        brand_purchase_value    numeric(18, 2),
        brand_recency_days      integer,
        brand_affinity_score    numeric(5, 4),
        window_purchases        integer NOT NULL,
        category_rank           integer NOT NULL,
        PRIMARY KEY (customer_key, as_of, window_days, level, item)
    ) PARTITION BY LIST (as_of);

    -- what all customers together bought: apart, because one more purchase changes it for everybody
    CREATE TABLE patternos_dw.affinity_population (
        as_of            date NOT NULL,
        window_days      smallint NOT NULL,
        level            text COLLATE "C" NOT NULL,
        item             text COLLATE "C" NOT NULL,
        category_id      integer,
        unified_category text,
        purchase_count   bigint NOT NULL,
        window_purchases bigint NOT NULL,
        PRIMARY KEY (as_of, window_days, level, item)
    );

    CREATE TABLE patternos_dw.feat_customer_behavior (
        customer_key               bigint NOT NULL,
        as_of                      date NOT NULL,
        platform_id                text COLLATE "C" NOT NULL,
        global_customer_id         text GENERATED ALWAYS AS ('GLOBAL' ||
                                   CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                        ELSE customer_key::text END) STORED,
        total_sessions             integer NOT NULL,
        avg_session_duration       numeric(12, 2),
        total_page_views           integer NOT NULL,
        avg_pages_per_session      numeric(10, 2),
        total_searches             integer NOT NULL,
        unique_search_terms        integer NOT NULL,
        search_to_purchase_ratio   numeric(12, 4),
        search_conversion_rate     numeric(5, 4),
        add_to_cart_count          integer NOT NULL,
        remove_from_cart_count     integer NOT NULL,
        cart_abandonment_count     integer NOT NULL,
        cart_abandonment_rate      numeric(5, 4),
        wishlist_adds              integer NOT NULL,
        product_views              integer NOT NULL,
        category_exploration_score numeric(5, 4),
        preferred_shopping_hour    smallint,
        weekend_shopping_ratio     numeric(5, 4),
        night_shopping_ratio       numeric(5, 4),
        night_shopping_flag        boolean,
        mobile_sessions_pct        numeric(5, 4),
        desktop_sessions_pct       numeric(5, 4),
        last_event_at              timestamptz,
        sessions_7d                integer NOT NULL,
        sessions_14d               integer NOT NULL,
        sessions_30d               integer NOT NULL,
        sessions_90d               integer NOT NULL,
        product_views_7d           integer NOT NULL,
        product_views_14d          integer NOT NULL,
        product_views_30d          integer NOT NULL,
        product_views_90d          integer NOT NULL,
        searches_7d                integer NOT NULL,
        searches_30d               integer NOT NULL,
        add_to_cart_7d             integer NOT NULL,
        add_to_cart_30d            integer NOT NULL,
        last_product_view_at       timestamptz,
        last_search_at             timestamptz,
        last_add_to_cart_at        timestamptz,
        PRIMARY KEY (customer_key, as_of, platform_id)
    ) PARTITION BY LIST (as_of);

    CREATE TABLE patternos_dw.feat_cross_platform (
        customer_key                      bigint NOT NULL,
        as_of                             date NOT NULL,
        global_customer_id                text GENERATED ALWAYS AS ('GLOBAL' ||
                                          CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                               ELSE customer_key::text END) STORED,
        platforms_used_count              smallint NOT NULL,
        platforms_list                    text[] NOT NULL,
        cross_platform_purchase_count_30d integer NOT NULL,
        cross_platform_value_30d          numeric(18, 2) NOT NULL,
        common_categories                 text[] NOT NULL,
        category_overlap_score            numeric(5, 4),
        platform_switching_frequency      numeric(10, 4),
        dominant_platform                 text COLLATE "C",
        dominant_platform_share           numeric(5, 4),
        platform_diversity_score          numeric(5, 4) NOT NULL,
        platform_loyalty_score            numeric(5, 4),
        PRIMARY KEY (customer_key, as_of)
    ) PARTITION BY LIST (as_of);
END
$$;

-- The rules of scores and segments.
CREATE FUNCTION patternos._create_feature_rules() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- cut points of the RFM scores: rows per platform, 'ALL' is the default
    CREATE TABLE patternos_dw.rfm_threshold (
        platform_id text COLLATE "C" NOT NULL,
        metric      text NOT NULL CHECK (metric IN ('recency', 'frequency', 'monetary')),
        method      text NOT NULL DEFAULT 'fixed' CHECK (method IN ('fixed', 'quantile', 'ntile')),
        cuts        numeric[] CHECK (cardinality(cuts) = 4),
        PRIMARY KEY (platform_id, metric),
        CHECK (method <> 'fixed' OR cuts IS NOT NULL)
    );

    -- the cut points in force at a date
    CREATE TABLE patternos_dw.rfm_cutpoint (
        as_of       date NOT NULL,
        platform_id text COLLATE "C" NOT NULL,
        metric      text NOT NULL,
        method      text NOT NULL,
        cuts        numeric[] NOT NULL,
        cut_keys    bigint[],
        PRIMARY KEY (as_of, platform_id, metric)
    );

    CREATE TABLE patternos_dw.rfm_segment_rule (
        segment         text NOT NULL,
        recency_scores  int4range NOT NULL,
        frequency_scores int4range NOT NULL,
        PRIMARY KEY (segment, recency_scores, frequency_scores)
    );

    CREATE TABLE patternos_dw.value_segment_rule (
        priority    integer PRIMARY KEY,
        segment     text NOT NULL,
        rule        text NOT NULL CHECK (rule IN ('first_seen_within_days', 'top_share_of_spend_365d', 'minimum_purchases', 'otherwise')),
        threshold   numeric
    );
END
$$;

REVOKE ALL ON FUNCTION patternos._create_features(), patternos._create_feature_rules() FROM PUBLIC;


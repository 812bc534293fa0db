-- Category intent: how likely each customer is to buy in each category.

CREATE FUNCTION patternos._create_category_intent() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE TABLE patternos_dw.intent_score_category (
        customer_key             bigint NOT NULL,
        as_of                    date NOT NULL,
        unified_category         text COLLATE "C" NOT NULL,
        global_customer_id       text GENERATED ALWAYS AS ('GLOBAL' ||
                                 CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                      ELSE customer_key::text END) STORED,
        category_id              integer,
        category_rank            integer NOT NULL CHECK (category_rank > 0),
        purchase_probability_7d  numeric(5, 4) NOT NULL CHECK (purchase_probability_7d BETWEEN 0 AND 1),
        purchase_probability_30d numeric(5, 4) NOT NULL CHECK (purchase_probability_30d BETWEEN purchase_probability_7d AND 1),
        lift                     numeric(8, 2),
        purchase_count           integer NOT NULL,
        purchase_interval_days   numeric(8, 2),
        purchase_recency_days    integer,
        event_recency_days       integer,
        model_version            text NOT NULL,
        model_type               text NOT NULL,
        PRIMARY KEY (customer_key, as_of, unified_category)
    ) PARTITION BY LIST (as_of);
END
$$;

CREATE FUNCTION patternos._describe_category_intent() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('intent_score_category',
        'How likely each customer is to buy in each category, by the champion of model category_intent: one row per customer, category and date. '
        'Categories with a purchase in 730 days or an event in 90, and the three most bought by all; a pair without a row is less likely than those.', $c$
category_id: the customer's own category within the unified one (dim_product_category), or the one that all bought most
category_rank: 1 for the customer's likeliest category
purchase_probability_7d: probability of an order or booking with something of the category within 7 days, 0 to 1
purchase_probability_30d: the same within 30 days; never less
lift: purchase_probability_30d / its mean over all customers scored, 1 is average; NULL where the mean is 0
purchase_count: purchases with something of the category in the 730 days before
purchase_interval_days: mean days between them; NULL under two purchases
purchase_recency_days: days since the last of them; NULL without one
event_recency_days: days since the last view, search, cart or wish in the category within 90 days; NULL without one
model_version: version of the model that scored
model_type: kind of model: trees, logistic, xgboost, lightgbm$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._create_category_intent(), patternos._describe_category_intent() FROM PUBLIC;

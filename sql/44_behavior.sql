-- Behaviour: event names, sessions, carts, searches, shopping hours.

CREATE FUNCTION patternos.event_kind(event_name text) RETURNS text
AS 'MODULE_PATHNAME', 'patternos_event_kind'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION patternos.event_kind(text) IS 'Kind of an event behind its name in the vocabularies of Segment, RudderStack, Google Analytics 4, Snowplow, Shopify and Meta.';

CREATE FUNCTION patternos.cart_abandonment_rate(adds bigint, purchases bigint) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos_cart_abandonment_rate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.cart_abandonment_rate(bigint, bigint) IS 'Share of carts without a purchase: (adds - purchases) / adds.';

CREATE FUNCTION patternos.search_to_purchase_ratio(purchases bigint, searches bigint) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos_search_to_purchase_ratio'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.search_to_purchase_ratio(bigint, bigint) IS 'Purchases per search.';

CREATE FUNCTION patternos.session_number(happened_at timestamp, session_id text DEFAULT NULL,
    gap interval DEFAULT '30 minutes', cap interval DEFAULT '24 hours') RETURNS integer
AS 'MODULE_PATHNAME', 'patternos_session_number'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION patternos.session_number(timestamp, text, interval, interval) IS
    'Window function that numbers the sessions of a visitor: by the given id, else by inactivity, at most so long.';

CREATE TYPE patternos.behavior_event AS (
    platform_id text,
    kind        text,
    happened_at timestamptz,
    session_id  text,
    device      text,
    detail      text
);
COMMENT ON TYPE patternos.behavior_event IS 'An event or purchase as the aggregate behavior takes it; detail is a search''s term or a view''s category.';

CREATE TYPE patternos.behavior_rules AS (
    as_of               date,
    time_zone           text,
    session_gap_minutes integer,
    session_cap_hours   integer,
    cart_timeout_hours  integer
);
COMMENT ON TYPE patternos.behavior_rules IS 'Reference date and rules of sessions and carts, the same for all rows of the aggregate behavior.';

CREATE TYPE patternos.behavior_features AS (
    platform_id                text,
    total_sessions             integer,
    avg_session_duration       numeric(12, 2),
    total_page_views           integer,
    avg_pages_per_session      numeric(10, 2),
    total_searches             integer,
    unique_search_terms        integer,
    search_to_purchase_ratio   numeric(12, 4),
    search_conversion_rate     numeric(5, 4),
    add_to_cart_count          integer,
    remove_from_cart_count     integer,
    cart_abandonment_count     integer,
    cart_abandonment_rate      numeric(5, 4),
    wishlist_adds              integer,
    product_views              integer,
    preferred_shopping_hour    smallint,
    weekend_shopping_ratio     numeric(5, 4),
    night_shopping_ratio       numeric(5, 4),
    night_shopping_flag        boolean,
    category_exploration_score numeric(5, 4),
    mobile_sessions_pct        numeric(5, 4),
    desktop_sessions_pct       numeric(5, 4),
    last_event_at              timestamptz
);
COMMENT ON TYPE patternos.behavior_features IS 'Features of behaviour on a platform or, as platform ALL, on all together.';

CREATE FUNCTION patternos._behavior_step(internal, patternos.behavior_event, patternos.behavior_rules) RETURNS internal
AS 'MODULE_PATHNAME', 'patternos__behavior_step' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION patternos._behavior_final(internal) RETURNS patternos.behavior_features
AS 'MODULE_PATHNAME', 'patternos__behavior_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;
CREATE FUNCTION patternos._behavior_by_platform_final(internal) RETURNS patternos.behavior_features[]
AS 'MODULE_PATHNAME', 'patternos__behavior_by_platform_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200;

CREATE AGGREGATE patternos.behavior(event patternos.behavior_event, rules patternos.behavior_rules) (
    SFUNC = patternos._behavior_step,
    STYPE = internal,
    SSPACE = 3000,
    FINALFUNC = patternos._behavior_final,
    COMBINEFUNC = patternos._journal_combine,
    SERIALFUNC = patternos._journal_serialize,
    DESERIALFUNC = patternos._journal_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.behavior(patternos.behavior_event, patternos.behavior_rules) IS
    'Sessions, searches, carts, shopping hours and devices of a customer over all platforms.';

CREATE AGGREGATE patternos.behavior_by_platform(event patternos.behavior_event, rules patternos.behavior_rules) (
    SFUNC = patternos._behavior_step,
    STYPE = internal,
    SSPACE = 3000,
    FINALFUNC = patternos._behavior_by_platform_final,
    COMBINEFUNC = patternos._journal_combine,
    SERIALFUNC = patternos._journal_serialize,
    DESERIALFUNC = patternos._journal_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.behavior_by_platform(patternos.behavior_event, patternos.behavior_rules) IS
    'The same per platform, by name, with the row of all platforms last.';

-- What the warehouse runs over its facts.
CREATE TYPE patternos._behavior_customer AS (
    customer_key               bigint,
    platform_id                text,
    total_sessions             integer,
    avg_session_duration       numeric(12, 2),
    total_page_views           integer,
    avg_pages_per_session      numeric(10, 2),
    total_searches             integer,
    unique_search_terms        integer,
    search_to_purchase_ratio   numeric(12, 4),
    search_conversion_rate     numeric(5, 4),
    add_to_cart_count          integer,
    remove_from_cart_count     integer,
    cart_abandonment_count     integer,
    cart_abandonment_rate      numeric(5, 4),
    wishlist_adds              integer,
    product_views              integer,
    preferred_shopping_hour    smallint,
    weekend_shopping_ratio     numeric(5, 4),
    night_shopping_ratio       numeric(5, 4),
    night_shopping_flag        boolean,
    category_exploration_score numeric(5, 4),
    mobile_sessions_pct        numeric(5, 4),
    desktop_sessions_pct       numeric(5, 4),
    last_event_at              timestamptz,
    sessions_7d                integer,
    sessions_14d               integer,
    sessions_30d               integer,
    sessions_90d               integer,
    product_views_7d           integer,
    product_views_14d          integer,
    product_views_30d          integer,
    product_views_90d          integer,
    searches_7d                integer,
    searches_30d               integer,
    add_to_cart_7d             integer,
    add_to_cart_30d            integer,
    last_product_view_at       timestamptz,
    last_search_at             timestamptz,
    last_add_to_cart_at        timestamptz
);
COMMENT ON TYPE patternos._behavior_customer IS 'A row of _behavior_of_facts: features of a customer''s behaviour.';

CREATE FUNCTION patternos._behavior_of_facts(events text, purchases text, rules patternos.behavior_rules)
RETURNS SETOF patternos._behavior_customer
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'patternos__behavior_of_facts';

-- Events and purchases of each customer before the date.
CREATE FUNCTION patternos._behavior_query(as_of date, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._per_partition(format($query$
        SELECT f.*, %1$L::date AS as_of
        FROM patternos._behavior_of_facts(
            $events$SELECT customer_key, event_timestamp, platform_id, event_type, nullif(session_id, ''), device_type,
                           CASE WHEN search_term <> '' THEN nullif(lower(btrim(search_term) COLLATE "C"), '') END, category_id
                    FROM {event} e
                    WHERE event_timestamp < %1$L::date::timestamp AT TIME ZONE %3$L$events$,
            $purchases$SELECT t.customer_key, t.transaction_datetime, t.platform_id,
                              p.conversion_type IN ('any', t.transaction_type), t.transaction_type <> 'enquiry'
                       FROM {transaction} t
                       JOIN patternos_dw.dim_platform p USING (platform_id)
                       WHERE t.transaction_datetime < %1$L::date::timestamp AT TIME ZONE %3$L AND t.transaction_status = 'completed'
                         AND (t.transaction_type <> 'enquiry' OR p.conversion_type IN ('any', 'enquiry'))$purchases$,
            %2$L) f$query$,
    as_of,
    ROW(as_of, patternos._setting('time_zone'), patternos._setting('session_gap_minutes')::integer,
        patternos._setting('session_cap_hours')::integer, patternos._setting('cart_timeout_hours')::integer)::patternos.behavior_rules,
    patternos._setting('time_zone')), stale_for)
$$;

CREATE FUNCTION patternos._refresh_behavior(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    RETURN patternos._write_snapshot('patternos_dw.feat_customer_behavior', as_of, patternos._behavior_query(as_of));
END
$$;

REVOKE ALL ON FUNCTION patternos._behavior_of_facts(text, text, patternos.behavior_rules), patternos._behavior_query(date, text),
    patternos._refresh_behavior(date) FROM PUBLIC;

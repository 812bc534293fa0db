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

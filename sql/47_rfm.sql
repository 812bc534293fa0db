-- The RFM aggregates.

CREATE TYPE patternos.rfm_result AS (
    recency_days               integer,
    frequency_7d               integer,
    frequency_30d              integer,
    frequency_90d              integer,
    frequency_365d             integer,
    frequency_lifetime         integer,
    monetary_7d                numeric(18, 2),
    monetary_30d               numeric(18, 2),
    monetary_90d               numeric(18, 2),
    monetary_365d              numeric(18, 2),
    monetary_lifetime          numeric(18, 2),
    net_monetary_7d            numeric(18, 2),
    net_monetary_30d           numeric(18, 2),
    net_monetary_90d           numeric(18, 2),
    net_monetary_365d          numeric(18, 2),
    net_monetary_lifetime      numeric(18, 2),
    aov_30d                    numeric(18, 2),
    aov_90d                    numeric(18, 2),
    aov_lifetime               numeric(18, 2),
    avg_days_between_purchases numeric(10, 2),
    purchase_consistency_score numeric(5, 4),
    first_purchase_date        date,
    last_purchase_date         date
);
COMMENT ON TYPE patternos.rfm_result IS 'What the aggregate rfm returns.';

CREATE TYPE patternos.rfm_platform_result AS (
    platform_id                text,
    recency_days               integer,
    frequency_7d               integer,
    frequency_30d              integer,
    frequency_90d              integer,
    frequency_365d             integer,
    frequency_lifetime         integer,
    monetary_7d                numeric(18, 2),
    monetary_30d               numeric(18, 2),
    monetary_90d               numeric(18, 2),
    monetary_365d              numeric(18, 2),
    monetary_lifetime          numeric(18, 2),
    net_monetary_7d            numeric(18, 2),
    net_monetary_30d           numeric(18, 2),
    net_monetary_90d           numeric(18, 2),
    net_monetary_365d          numeric(18, 2),
    net_monetary_lifetime      numeric(18, 2),
    aov_30d                    numeric(18, 2),
    aov_90d                    numeric(18, 2),
    aov_lifetime               numeric(18, 2),
    avg_days_between_purchases numeric(10, 2),
    purchase_consistency_score numeric(5, 4),
    first_purchase_date        date,
    last_purchase_date         date
);
COMMENT ON TYPE patternos.rfm_platform_result IS 'An element of what the aggregate rfm_by_platform returns.';

CREATE FUNCTION patternos._rfm_add(internal, ordered_at timestamp, amount numeric, as_of date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_add';

CREATE FUNCTION patternos._rfm_add_net(internal, ordered_at timestamp, amount numeric, net_amount numeric, as_of date) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_add_net';

CREATE FUNCTION patternos._rfm_add_platform(internal, ordered_at timestamp, amount numeric, as_of date, platform text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_add_platform';

CREATE FUNCTION patternos._rfm_add_net_platform(internal, ordered_at timestamp, amount numeric, net_amount numeric, as_of date, platform text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_add_net_platform';

CREATE FUNCTION patternos._rfm_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_combine';

CREATE FUNCTION patternos._rfm_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_serialize';

CREATE FUNCTION patternos._rfm_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_deserialize';

CREATE FUNCTION patternos._rfm_result(internal) RETURNS patternos.rfm_result
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_result';

CREATE FUNCTION patternos._rfm_results(internal) RETURNS patternos.rfm_platform_result[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__rfm_results';

-- SSPACE: the state with four parts, or eight by platform, and the days of a few dozen purchases
CREATE AGGREGATE patternos.rfm(ordered_at timestamp, amount numeric, as_of date) (
    SFUNC = patternos._rfm_add, STYPE = internal, SSPACE = 1024,
    FINALFUNC = patternos._rfm_result, COMBINEFUNC = patternos._rfm_combine,
    SERIALFUNC = patternos._rfm_serialize, DESERIALFUNC = patternos._rfm_deserialize, PARALLEL = SAFE
);

CREATE AGGREGATE patternos.rfm(ordered_at timestamp, amount numeric, net_amount numeric, as_of date) (
    SFUNC = patternos._rfm_add_net, STYPE = internal, SSPACE = 1024,
    FINALFUNC = patternos._rfm_result, COMBINEFUNC = patternos._rfm_combine,
    SERIALFUNC = patternos._rfm_serialize, DESERIALFUNC = patternos._rfm_deserialize, PARALLEL = SAFE
);

CREATE AGGREGATE patternos.rfm_by_platform(ordered_at timestamp, amount numeric, as_of date, platform text) (
    SFUNC = patternos._rfm_add_platform, STYPE = internal, SSPACE = 2560,
    FINALFUNC = patternos._rfm_results, COMBINEFUNC = patternos._rfm_combine,
    SERIALFUNC = patternos._rfm_serialize, DESERIALFUNC = patternos._rfm_deserialize, PARALLEL = SAFE
);

CREATE AGGREGATE patternos.rfm_by_platform(ordered_at timestamp, amount numeric, net_amount numeric, as_of date, platform text) (
    SFUNC = patternos._rfm_add_net_platform, STYPE = internal, SSPACE = 2560,
    FINALFUNC = patternos._rfm_results, COMBINEFUNC = patternos._rfm_combine,
    SERIALFUNC = patternos._rfm_serialize, DESERIALFUNC = patternos._rfm_deserialize, PARALLEL = SAFE
);

-- What the warehouse runs over its facts, see sql/48_refresh_rfm.sql.
CREATE TYPE patternos._rfm_customer AS (
    customer_key               bigint,
    platform_id                text,
    recency_days               integer,
    frequency_7d               integer,
    frequency_30d              integer,
    frequency_90d              integer,
    frequency_365d             integer,
    frequency_lifetime         integer,
    monetary_7d                numeric(18, 2),
    monetary_30d               numeric(18, 2),
    monetary_90d               numeric(18, 2),
    monetary_365d              numeric(18, 2),
    monetary_lifetime          numeric(18, 2),
    net_monetary_7d            numeric(18, 2),
    net_monetary_30d           numeric(18, 2),
    net_monetary_90d           numeric(18, 2),
    net_monetary_365d          numeric(18, 2),
    net_monetary_lifetime      numeric(18, 2),
    aov_30d                    numeric(18, 2),
    aov_90d                    numeric(18, 2),
    aov_lifetime               numeric(18, 2),
    avg_days_between_purchases numeric(10, 2),
    purchase_consistency_score numeric(5, 4),
    first_purchase_date        date,
    last_purchase_date         date
);
COMMENT ON TYPE patternos._rfm_customer IS
    'A row of _rfm_of_facts: the RFM of a customer on a platform or, as platform ALL, on all together.';

CREATE FUNCTION patternos._rfm_of_facts(facts text, as_of date) RETURNS SETOF patternos._rfm_customer
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'patternos__rfm_of_facts';

COMMENT ON AGGREGATE patternos.rfm(timestamp, numeric, date) IS
    'Recency, frequency and monetary value of one customer''s purchases before a date.';
COMMENT ON AGGREGATE patternos.rfm(timestamp, numeric, numeric, date) IS
    'Recency, frequency and monetary value of one customer''s purchases before a date.';
COMMENT ON AGGREGATE patternos.rfm_by_platform(timestamp, numeric, date, text) IS
    'The same for each platform of a customer and for all together, in one pass.';
COMMENT ON AGGREGATE patternos.rfm_by_platform(timestamp, numeric, numeric, date, text) IS
    'The same for each platform of a customer and for all together, in one pass.';

REVOKE ALL ON FUNCTION patternos._rfm_of_facts(text, date) FROM PUBLIC;

-- Purchase intent: the documented baseline, and the gamma-Poisson model of purchases.

CREATE FUNCTION patternos.intent_score(recency_days integer, frequency_90d bigint, monetary_90d numeric) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_intent_score';

CREATE FUNCTION patternos._intent_terms(recency_days integer, frequency_90d bigint, monetary_90d numeric) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'patternos__intent_terms';

CREATE FUNCTION patternos.intent_level(score numeric, high numeric DEFAULT 0.7, medium numeric DEFAULT 0.4) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_intent_level';

CREATE FUNCTION patternos.purchase_probability(x bigint, t double precision, r double precision, alpha double precision, horizon double precision)
RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_purchase_probability';

CREATE FUNCTION patternos.predicted_purchase_days(x bigint, t double precision, r double precision, alpha double precision)
RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_predicted_purchase_days';

CREATE TYPE patternos.purchase_rate AS (
    r              double precision,
    alpha          double precision,
    log_likelihood double precision,
    customers      bigint
);
COMMENT ON TYPE patternos.purchase_rate IS 'Shape r and rate alpha of a fitted gamma-Poisson model, its log likelihood and the number of customers.';

CREATE FUNCTION patternos.fit_purchase_rate(x bigint[], t double precision[], customers bigint[]) RETURNS patternos.purchase_rate
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'patternos_fit_purchase_rate';

COMMENT ON FUNCTION patternos.intent_score(integer, bigint, numeric) IS
    'The documented purchase intent index, from 0.0000 to 1.0000.';
COMMENT ON FUNCTION patternos.intent_level(numeric, numeric, numeric) IS
    'The level of an intent score: high, medium or low.';
COMMENT ON FUNCTION patternos.purchase_probability(bigint, double precision, double precision, double precision, double precision) IS
    'Probability that a customer buys within a horizon, by the gamma-Poisson model.';
COMMENT ON FUNCTION patternos.predicted_purchase_days(bigint, double precision, double precision, double precision) IS
    'The time within which a customer buys again with probability one half, by the gamma-Poisson model.';
COMMENT ON FUNCTION patternos.fit_purchase_rate(bigint[], double precision[], bigint[]) IS
    'Fits the gamma-Poisson model: shape and rate of the distribution of purchase rates, by maximum likelihood.';

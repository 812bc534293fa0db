-- The difference between two groups of an experiment, for any table.

CREATE FUNCTION patternos.experiment_arm(salt text, id text, holdout double precision) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'patternos_experiment_arm';
COMMENT ON FUNCTION patternos.experiment_arm(text, text, double precision) IS
    'The arm of an experiment that an id falls into, by a hash under the experiment''s salt: holdout or treatment.';

CREATE TYPE patternos.lift_estimate AS (
    lift               double precision,
    lift_low           double precision,
    lift_high          double precision,
    relative_lift      double precision,
    relative_low       double precision,
    relative_high      double precision,
    p_value            double precision,
    minimum_detectable double precision
);
COMMENT ON TYPE patternos.lift_estimate IS 'What the first group has more than the second, absolute and as a share of the second, with confidence intervals, the two-sided p-value and the difference that is found with a probability of 80 %.';

CREATE FUNCTION patternos.compare_rates(conversions_a bigint, n_a bigint, conversions_b bigint, n_b bigint, confidence double precision DEFAULT 0.95)
RETURNS patternos.lift_estimate
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'patternos_compare_rates';
COMMENT ON FUNCTION patternos.compare_rates(bigint, bigint, bigint, bigint, double precision) IS
    'The difference of the conversion rates of two groups, absolute and relative, with intervals and p-value.';

CREATE FUNCTION patternos.compare_means(n_a bigint, mean_a double precision, variance_a double precision, n_b bigint,
    mean_b double precision, variance_b double precision, confidence double precision DEFAULT 0.95)
RETURNS patternos.lift_estimate
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'patternos_compare_means';
COMMENT ON FUNCTION patternos.compare_means(bigint, double precision, double precision, bigint, double precision, double precision, double precision) IS
    'The difference of the means of two groups, absolute and relative, with intervals and p-value.';

CREATE FUNCTION patternos.sample_ratio_p(n_a bigint, n_b bigint, share_a double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'patternos_sample_ratio_p';
COMMENT ON FUNCTION patternos.sample_ratio_p(bigint, bigint, double precision) IS
    'How probable a division into two groups at least as far from its plan is by chance.';

-- How probable a standard normal variable of at least this size is.
CREATE FUNCTION patternos._normal_p(z double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__normal_p';

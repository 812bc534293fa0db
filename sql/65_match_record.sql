-- Matching: records encoded for a model, and pairs of them compared.

CREATE FUNCTION patternos._kind_levels(kind text, columns integer DEFAULT 1) RETURNS jsonb
AS 'MODULE_PATHNAME', 'patternos__kind_levels'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION patternos._normalize_value(kind text, value text) RETURNS text
AS 'MODULE_PATHNAME', 'patternos__normalize_value'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;

CREATE FUNCTION patternos._compile_match_model(document jsonb) RETURNS bytea
AS 'MODULE_PATHNAME', 'patternos__compile_match_model'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;

CREATE FUNCTION patternos._encode_record(model bytea, VARIADIC "values" "any") RETURNS bytea
AS 'MODULE_PATHNAME', 'patternos__encode_record'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;

CREATE FUNCTION patternos._match_pattern(a bytea, b bytea, model bytea) RETURNS bigint
AS 'MODULE_PATHNAME', 'patternos__match_pattern'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION patternos._match_weight(a bytea, b bytea, model bytea, floor double precision DEFAULT '-infinity')
RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos__match_weight'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;

CREATE FUNCTION patternos._match_terms(a bytea, b bytea, model bytea) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'patternos__match_terms'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION patternos.match_probability(weight double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_match_probability'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.match_probability(double precision) IS 'Probability that two records are of one person, from the match weight in bits.';

CREATE FUNCTION patternos.match_weight(probability double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_match_weight'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.match_weight(double precision) IS 'Match weight in bits of a probability: the logarithm to base two of its odds.';

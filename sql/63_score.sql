-- Scores of a model that stands in one value.

CREATE FUNCTION patternos._compile_model(kind text, scorer bytea, names text[], calibration text, knots_x double precision[],
    knots_y double precision[], category_features integer[], category_texts text[], category_values real[]) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__compile_model';

CREATE FUNCTION patternos.score(model bytea, features real[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'patternos_score_array';
CREATE FUNCTION patternos.score(model bytea, features jsonb) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'patternos_score_jsonb';
CREATE FUNCTION patternos.score(model bytea, features record) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 120 AS 'MODULE_PATHNAME', 'patternos_score_record';
CREATE FUNCTION patternos.score_raw(model bytea, features real[]) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'patternos_score_raw_array';
CREATE FUNCTION patternos.score_raw(model bytea, features jsonb) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'patternos_score_raw_jsonb';
CREATE FUNCTION patternos.score_raw(model bytea, features record) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 120 AS 'MODULE_PATHNAME', 'patternos_score_raw_record';

COMMENT ON FUNCTION patternos.score(bytea, real[]) IS
    'The probability that a compiled model gives to features in the order of its own.';
COMMENT ON FUNCTION patternos.score(bytea, jsonb) IS
    'The probability that a compiled model gives to features in a JSON object, by name.';
COMMENT ON FUNCTION patternos.score(bytea, record) IS
    'The probability that a compiled model gives to features in a row, by name.';
COMMENT ON FUNCTION patternos.score_raw(bytea, real[]) IS
    'The margin that a compiled model gives to features in the order of its own, before calibration.';
COMMENT ON FUNCTION patternos.score_raw(bytea, jsonb) IS
    'The margin that a compiled model gives to features in a JSON object, by name, before calibration.';
COMMENT ON FUNCTION patternos.score_raw(bytea, record) IS
    'The margin that a compiled model gives to features in a row, by name, before calibration.';

-- What score() makes of a margin.
CREATE FUNCTION patternos._probability(model bytea, margin double precision) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__probability';

-- A row's features as the model sees them.
CREATE FUNCTION patternos._features(model bytea, features record) RETURNS real[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'patternos__features_record';

-- What each feature adds to the margin, in the model's order, and last the margin before anything is known. The document is the model's.
CREATE FUNCTION patternos._attribute(model bytea, features jsonb, document text, method text) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'patternos__attribute_jsonb';
CREATE FUNCTION patternos._attribute(model bytea, features record, document text, method text) RETURNS double precision[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME', 'patternos__attribute_record';

-- Parameters of training: names, aliases, defaults and ranges in one place.

CREATE FUNCTION patternos.train_parameters()
RETURNS TABLE (parameter text, aliases text[], "default" jsonb, lowest double precision, highest double precision, is_integer boolean, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('engine', '{}'::text[], '"trees"'::jsonb, NULL::float8, NULL::float8, false, 'trees (gradient boosting) or logistic (regression)'),
        ('objective', '{}', '"binary:logistic"', NULL, NULL, false, 'only binary:logistic'),
        ('n_estimators', '{num_boost_round,num_round,n_trees}', '500', 1, 10000, true, 'trees at most; early stopping keeps fewer'),
        ('max_depth', '{}', '6', 1, 16, true, 'depth of a tree'),
        ('learning_rate', '{eta}', '0.05', 0.0001, 1, false, 'share of each tree''s correction that is taken'),
        ('min_child_weight', '{}', '1', 0, 1e9, false, 'least sum of second derivatives in a leaf'),
        ('reg_lambda', '{lambda}', '1', 0, 1e9, false, 'L2 penalty'),
        ('reg_alpha', '{alpha}', '0', 0, 1e9, false, 'L1 penalty'),
        ('gamma', '{min_split_loss}', '0', 0, 1e9, false, 'least gain of a split'),
        ('subsample', '{}', '0.8', 0.01, 1, false, 'share of rows that each tree sees'),
        ('colsample_bytree', '{}', '0.8', 0.01, 1, false, 'share of features that each tree sees'),
        ('scale_pos_weight', '{}', '1', 1e-6, 1e6, false, 'weight of positive rows'),
        ('max_bin', '{}', '255', 2, 255, true, 'bins of a feature'),
        ('early_stopping_rounds', '{}', '30', 0, 10000, true, 'rounds without progress on the validation rows before training ends; 0 for never'),
        ('eval_metric', '{}', '"logloss"', NULL, NULL, false, 'logloss or auc: what stops early'),
        ('monotone_constraints', '{}', '{}', NULL, NULL, false, 'object of feature and 1 (rising) or -1 (falling)'),
        ('sample_weight', '{}', 'null', NULL, NULL, false, 'column with the weight of each row'),
        ('max_memory', '{}', '1024', 1, 1048576, false, 'memory for training, in MB'),
        ('seed', '{random_state}', '42', 0, 9007199254740991, true, 'start of all random choices')
$$;

-- The parameters with their own names and all defaults. Errors: a name that is unknown or given twice, a value out of range.
CREATE FUNCTION patternos._train_params(params jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
    given record;
BEGIN
    IF jsonb_typeof(params) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'params must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT jsonb_object_agg(p.parameter, p."default") INTO result FROM patternos.train_parameters() AS p;
    FOR given IN
        SELECT e.key, e.value, p.*, count(*) OVER (PARTITION BY p.parameter) AS times
        FROM jsonb_each(params) AS e LEFT JOIN patternos.train_parameters() AS p ON e.key = p.parameter OR e.key = ANY (p.aliases)
    LOOP
        IF given.parameter IS NULL THEN
            RAISE EXCEPTION 'unknown parameter "%"', left(given.key, 63)
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Allowed are %s.', (SELECT string_agg(p.parameter, ', ') FROM patternos.train_parameters() AS p));
        ELSIF given.times > 1 THEN
            RAISE EXCEPTION 'parameter "%" is given more than once, under two names', given.parameter USING ERRCODE = 'invalid_parameter_value';
        ELSIF given.lowest IS NOT NULL AND (CASE WHEN jsonb_typeof(given.value) = 'number' THEN
                  (given.value)::numeric >= given.lowest::numeric AND (given.value)::numeric <= given.highest::numeric
                  AND (NOT given.is_integer OR (given.value)::numeric % 1 = 0) ELSE false END) IS NOT TRUE THEN
            RAISE EXCEPTION 'parameter "%" must be % from % to %', given.key, CASE WHEN given.is_integer THEN 'a whole number' ELSE 'a number' END,
                given.lowest::numeric, given.highest::numeric USING ERRCODE = 'invalid_parameter_value';
        END IF;
        result := jsonb_set(result, ARRAY[given.parameter], given.value);
    END LOOP;
    PERFORM patternos._require_choice(result, 'engine', '{trees,logistic}');
    PERFORM patternos._require_choice(result, 'objective', '{binary:logistic}');
    PERFORM patternos._require_choice(result, 'eval_metric', '{logloss,auc}');
    RETURN result;
END
$$;

CREATE FUNCTION patternos._require_choice(params jsonb, parameter text, allowed text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (params ->> parameter = ANY (allowed)) IS NOT TRUE THEN
        RAISE EXCEPTION 'parameter "%" must be one of: %', parameter, array_to_string(allowed, ', ') USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

COMMENT ON FUNCTION patternos.train_parameters() IS 'The parameters that training takes, with defaults and ranges.';

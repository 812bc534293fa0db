-- Training of models: the engines, and documents of others.

CREATE TYPE patternos.training_result AS (
    document        text,
    scorer          bytea,
    rounds          integer,
    trees           integer,
    rows_train      bigint,
    positives_train bigint,
    rows_valid      bigint,
    positives_valid bigint,
    valid_loss      double precision,
    valid_auc       double precision,
    gain            double precision[],
    splits          double precision[],
    cover           double precision[],
    names           text[]
);
COMMENT ON TYPE patternos.training_result IS 'A model as trained or read: document, compiled scorer, rounds run, trees kept, rows, best validation loss, importance by feature.';

CREATE TYPE patternos.trained_model AS (
    name            text,
    version         text,
    model_type      text,
    trees           integer,
    rows_train      bigint,
    rows_test       bigint,
    auc             double precision,
    pr_auc          double precision,
    log_loss        double precision,
    brier           double precision,
    ece             double precision,
    precision_at_10 double precision,
    lift_at_10      double precision
);
COMMENT ON TYPE patternos.trained_model IS 'A model that has just been trained, with its figures on the test rows, or on those held out last.';

CREATE FUNCTION patternos._train_trees(query text, names text[], max_bin integer, monotone smallint[], n_estimators integer,
    max_depth integer, learning_rate double precision, min_child_weight double precision, reg_lambda double precision,
    reg_alpha double precision, gamma double precision, subsample double precision, colsample_bytree double precision,
    scale_pos_weight double precision, early_stopping_rounds integer, stop_on_auc boolean, seed bigint, max_memory bigint)
RETURNS patternos.training_result
LANGUAGE c VOLATILE STRICT COST 1000000 AS 'MODULE_PATHNAME', 'patternos__train_trees';
REVOKE ALL ON FUNCTION patternos._train_trees(text, text[], integer, smallint[], integer, integer, double precision, double precision,
    double precision, double precision, double precision, double precision, double precision, double precision, integer, boolean,
    bigint, bigint) FROM PUBLIC;

CREATE FUNCTION patternos._train_logistic(query text, names text[], reg_lambda double precision, scale_pos_weight double precision,
    max_memory bigint) RETURNS patternos.training_result
LANGUAGE c VOLATILE STRICT COST 1000000 AS 'MODULE_PATHNAME', 'patternos__train_logistic';
CREATE FUNCTION patternos._read_model(document text, format text) RETURNS patternos.training_result
LANGUAGE c IMMUTABLE STRICT COST 100000 AS 'MODULE_PATHNAME', 'patternos__read_model';
REVOKE ALL ON FUNCTION patternos._train_logistic(text, text[], double precision, double precision, bigint),
    patternos._read_model(text, text) FROM PUBLIC;

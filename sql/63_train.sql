-- Training of models: the engines.

CREATE TYPE patternos.trained_trees AS (
    document        text,
    packed          bytea,
    rounds          integer,
    trees           integer,
    rows_train      bigint,
    positives_train bigint,
    rows_valid      bigint,
    positives_valid bigint,
    valid_loss      double precision,
    valid_auc       double precision,
    gain            double precision[],
    splits          integer[]
);
COMMENT ON TYPE patternos.trained_trees IS 'Gradient-boosted trees as trained: XGBoost document, compiled form, rounds run and kept, rows, best validation loss, importance by feature.';

CREATE FUNCTION patternos._train_trees(query text, names text[], max_bin integer, monotone smallint[], n_estimators integer,
    max_depth integer, learning_rate double precision, min_child_weight double precision, reg_lambda double precision,
    reg_alpha double precision, gamma double precision, subsample double precision, colsample_bytree double precision,
    scale_pos_weight double precision, early_stopping_rounds integer, stop_on_auc boolean, seed bigint, max_memory bigint)
RETURNS patternos.trained_trees
LANGUAGE c VOLATILE STRICT COST 1000000 AS 'MODULE_PATHNAME', 'patternos__train_trees';
REVOKE ALL ON FUNCTION patternos._train_trees(text, text[], integer, smallint[], integer, integer, double precision, double precision,
    double precision, double precision, double precision, double precision, double precision, double precision, integer, boolean,
    bigint, bigint) FROM PUBLIC;

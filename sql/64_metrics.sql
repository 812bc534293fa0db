-- Aggregates over scores and outcomes, for any table.

CREATE TYPE patternos.roc_point AS (
    threshold           double precision,
    false_positive_rate double precision,
    true_positive_rate  double precision
);
COMMENT ON TYPE patternos.roc_point IS 'A point of a ROC curve: the rates among rows that score at least the threshold.';

CREATE TYPE patternos.calibration_bin AS (
    bin        bigint,
    rows       bigint,
    mean_score double precision,
    rate       double precision
);
COMMENT ON TYPE patternos.calibration_bin IS 'A bin of a calibration curve: number from 1, rows, mean probability, share of positives.';

CREATE TYPE patternos.score_decile AS (
    decile            bigint,
    rows              bigint,
    positives         double precision,
    rate              double precision,
    lift              double precision,
    cumulative_recall double precision,
    lowest_score      double precision,
    mean_score        double precision
);
COMMENT ON TYPE patternos.score_decile IS 'A tenth of the rows by score, the highest first: positives, their share, targeting lift (over the base rate), recall so far.';

CREATE TYPE patternos.calibration_knots AS (
    x double precision[],
    y double precision[]
);
COMMENT ON TYPE patternos.calibration_knots IS 'A calibration: knots of an isotonic curve, or slope (x) and intercept (y) of Platt''s.';

CREATE FUNCTION patternos._scored_step(internal, double precision, boolean) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__scored_step';
CREATE FUNCTION patternos._scored_step(internal, double precision, boolean, double precision) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__scored_step';
CREATE FUNCTION patternos._scored_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__scored_combine';
CREATE FUNCTION patternos._scored_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__scored_serialize';
CREATE FUNCTION patternos._scored_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__scored_deserialize';

CREATE FUNCTION patternos._auc_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__auc_final';
CREATE AGGREGATE patternos.auc(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._auc_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.auc(double precision, boolean) IS
    'Area under the ROC curve of scores for a boolean outcome; ties count half.';

CREATE FUNCTION patternos._auc_error_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__auc_error_final';
CREATE AGGREGATE patternos.auc_error(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._auc_error_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.auc_error(double precision, boolean) IS
    'Standard error of the area under the ROC curve, by DeLong.';

CREATE FUNCTION patternos._pr_auc_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__pr_auc_final';
CREATE AGGREGATE patternos.pr_auc(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._pr_auc_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.pr_auc(double precision, boolean) IS
    'Average precision of scores: the area under the precision-recall curve by steps.';

CREATE FUNCTION patternos._log_loss_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__log_loss_final';
CREATE AGGREGATE patternos.log_loss(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._log_loss_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.log_loss(double precision, boolean) IS
    'Mean negative log likelihood of outcomes under probabilities.';

CREATE FUNCTION patternos._log_loss_error_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__log_loss_error_final';
CREATE AGGREGATE patternos.log_loss_error(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._log_loss_error_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.log_loss_error(double precision, boolean) IS
    'Standard error of the mean log loss.';

CREATE FUNCTION patternos._brier_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__brier_final';
CREATE AGGREGATE patternos.brier(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._brier_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.brier(double precision, boolean) IS
    'Mean squared difference between probabilities and outcomes.';

CREATE FUNCTION patternos._brier_error_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__brier_error_final';
CREATE AGGREGATE patternos.brier_error(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._brier_error_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.brier_error(double precision, boolean) IS
    'Standard error of the Brier score.';

CREATE FUNCTION patternos._precision_at_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__precision_at_final';
CREATE AGGREGATE patternos.precision_at(score double precision, label boolean, fraction double precision) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._precision_at_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.precision_at(double precision, boolean, double precision) IS
    'Share of positives among the fraction of rows with the highest scores.';

CREATE FUNCTION patternos._recall_at_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__recall_at_final';
CREATE AGGREGATE patternos.recall_at(score double precision, label boolean, fraction double precision) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._recall_at_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.recall_at(double precision, boolean, double precision) IS
    'Share of all positives that are among the fraction of rows with the highest scores.';

CREATE FUNCTION patternos._lift_at_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__lift_at_final';
CREATE AGGREGATE patternos.lift_at(score double precision, label boolean, fraction double precision) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._lift_at_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.lift_at(double precision, boolean, double precision) IS
    'Targeting lift: how many times the base rate the share of positives is among the fraction of rows with the highest scores.';

CREATE FUNCTION patternos._ece_final(internal) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__ece_final';
CREATE AGGREGATE patternos.ece(score double precision, label boolean, bins double precision) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._ece_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.ece(double precision, boolean, double precision) IS
    'Expected calibration error of probabilities over bins of equal width.';

CREATE FUNCTION patternos._roc_curve_final(internal) RETURNS patternos.roc_point[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__roc_curve_final';
CREATE AGGREGATE patternos.roc_curve(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._roc_curve_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.roc_curve(double precision, boolean) IS
    'The ROC curve of scores for a boolean outcome, without points between neighbours on a line.';

CREATE FUNCTION patternos._calibration_curve_final(internal) RETURNS patternos.calibration_bin[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__calibration_curve_final';
CREATE AGGREGATE patternos.calibration_curve(score double precision, label boolean, bins double precision) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._calibration_curve_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.calibration_curve(double precision, boolean, double precision) IS
    'Mean probability and share of positives by bins of equal width.';

CREATE FUNCTION patternos._decile_table_final(internal) RETURNS patternos.score_decile[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__decile_table_final';
CREATE AGGREGATE patternos.decile_table(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._decile_table_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.decile_table(double precision, boolean) IS
    'Positives, rate, lift and recall by tenths of the rows, the highest scores first.';

CREATE FUNCTION patternos._platt_final(internal) RETURNS patternos.calibration_knots
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__platt_final';
CREATE AGGREGATE patternos.platt(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._platt_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.platt(double precision, boolean) IS
    'Platt''s logistic calibration of margins: slope and intercept.';

CREATE FUNCTION patternos._isotonic_final(internal) RETURNS patternos.calibration_knots
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos__isotonic_final';
CREATE AGGREGATE patternos.isotonic(score double precision, label boolean) (
    SFUNC = patternos._scored_step,
    STYPE = internal,
    SSPACE = 16384,
    FINALFUNC = patternos._isotonic_final,
    COMBINEFUNC = patternos._scored_combine,
    SERIALFUNC = patternos._scored_serialize,
    DESERIALFUNC = patternos._scored_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.isotonic(double precision, boolean) IS
    'Isotonic calibration of scores: knots between which probabilities are interpolated.';

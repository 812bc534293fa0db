/*
 * metrics.h
 *		How well scores foretell outcomes.
 *
 * Pure C.  Everything works on outcomes sorted by score, lowest first, and
 * treats equal scores as one: no result depends on the order of ties.
 */
#ifndef PATTERNOS_METRICS_H
#define PATTERNOS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Outcome
{
	double		score;
	bool		label;
} Outcome;

/* A value with its standard error, NaN where there is none. */
typedef struct Estimate
{
	double		value;
	double		error;
} Estimate;

/* A bin of a calibration curve or of a table of deciles. */
typedef struct ScoreBin
{
	size_t		rows;
	double		positives;		/* whole, except where a tie lies across a
								 * border */
	double		score_sum;
	double		lowest;
	double		highest;
} ScoreBin;

typedef struct RocPoint
{
	double		threshold;
	double		false_positive_rate;
	double		true_positive_rate;
} RocPoint;

/* Share of positives and rows among the highest scores. */
typedef struct TopShare
{
	double		precision;
	double		recall;
	double		lift;
} TopShare;

extern void metrics_sort(Outcome *outcomes, size_t count);
extern size_t metrics_positives(const Outcome *outcomes, size_t count);
extern Estimate metrics_auc(const Outcome *outcomes, size_t count);
extern double metrics_average_precision(const Outcome *outcomes, size_t count);
extern Estimate metrics_log_loss(const Outcome *outcomes, size_t count);
extern Estimate metrics_brier(const Outcome *outcomes, size_t count);
extern TopShare metrics_top(const Outcome *outcomes, size_t count, double fraction);
extern void metrics_calibration(const Outcome *outcomes, size_t count, int bins, ScoreBin *result);
extern double metrics_calibration_error(const Outcome *outcomes, size_t count, int bins, ScoreBin *work);
extern void metrics_quantiles(const Outcome *outcomes, size_t count, int parts, ScoreBin *result);
extern size_t metrics_roc(const Outcome *outcomes, size_t count, RocPoint *result);
extern bool metrics_platt(const Outcome *outcomes, size_t count, double *slope, double *intercept);
extern size_t metrics_isotonic(const Outcome *outcomes, size_t count, double *x, double *y);

#endif							/* PATTERNOS_METRICS_H */

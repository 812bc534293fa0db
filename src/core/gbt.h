/*
 * gbt.h
 *		Training of gradient-boosted trees on histograms, binary logistic loss.
 *
 * Pure C; memory belongs to the caller.  Values are one byte each: bin 0 is
 * missing, bin b > 0 holds the values with cut[b - 2] <= value < cut[b - 1].
 */
#ifndef PATTERNOS_GBT_H
#define PATTERNOS_GBT_H

#include "core/tree.h"

#define GBT_BINS		256
#define GBT_MAX_CUTS	254
#define GBT_MAX_DEPTH	16

typedef struct GbtParams
{
	int			n_estimators;
	int			max_depth;
	double		learning_rate;
	double		min_child_weight;
	double		reg_lambda;
	double		reg_alpha;
	double		gamma;
	double		subsample;
	double		colsample_bytree;
	double		scale_pos_weight;
	int			early_stopping_rounds;	/* 0 for none */
	bool		stop_on_auc;	/* otherwise on log loss */
	uint64_t	seed;
	const int8_t *monotone;		/* per feature -1, 0, 1, or NULL */
} GbtParams;

/* Rows of bins, row by row; weights may be NULL. */
typedef struct GbtRows
{
	size_t		nrows;
	const uint8_t *bins;
	const uint8_t *labels;
	const float *weights;
} GbtRows;

/* The cuts of feature f are cuts[start[f]] to cuts[start[f + 1] - 1], rising. */
typedef struct GbtCuts
{
	int			nfeatures;
	const int32_t *start;
	const float *cuts;
} GbtCuts;

/* What a round reports; false from the callback stops the training. */
typedef struct GbtRound
{
	int			round;
	double		train_loss;
	double		valid_loss;		/* NaN without validation rows */
	double		valid_auc;		/* NaN unless it is what stops */
} GbtRound;

typedef bool (*GbtReport) (void *context, const GbtRound *round);

/* Called about every 100,000 cells; may not return (the caller then frees the memory). */
typedef void (*GbtTick) (void *context);

typedef struct GbtJob
{
	GbtParams	params;
	GbtCuts		cuts;
	GbtRows		train;
	GbtRows		valid;			/* nrows 0 for none */
	GbtReport	report;
	GbtTick		tick;
	void	   *context;
} GbtJob;

/* The trained model; arrays given by the caller, as large as gbt_max_nodes says. */
typedef struct GbtResult
{
	int			ntrees;			/* the best number of rounds when stopped
								 * early */
	int			nrounds;		/* rounds that were run */
	float		base_margin;
	float		base_score;
	int32_t    *start;			/* n_estimators + 1 */
	TreeNode   *nodes;			/* grown by grow */
	size_t		nodes_allocated;
	bool		(*grow) (void *context, struct GbtResult *result, size_t nodes);
} GbtResult;

extern size_t gbt_workspace_size(const GbtJob *job);
extern int	gbt_make_cuts(float *values, size_t count, int max_cuts, float *cuts);
extern uint8_t gbt_bin(const float *cuts, int ncuts, float value);
extern bool gbt_train(const GbtJob *job, void *workspace, GbtResult *result);

#endif							/* PATTERNOS_GBT_H */

/*
 * training_result.h
 *		What an engine or an importer hands to the registry.
 */
#ifndef PATTERNOS_TRAINING_RESULT_H
#define PATTERNOS_TRAINING_RESULT_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "core/tree.h"
#include "core/tree_xgboost.h"
#include "training_rows.h"

typedef struct TrainingResult
{
	Datum		document;		/* text */
	bytea	   *scorer;
	int			rounds;
	int			trees;
	const TrainingRows *rows;	/* NULL for an imported model */
	double		valid_loss;		/* NaN where there is none */
	double		valid_auc;
	int			nfeatures;
	const char *const *names;	/* NULL where the document has none */
	double	   *gain;			/* by feature */
	double	   *splits;
	double	   *cover;
} TrainingResult;

extern Datum training_result_row(FunctionCallInfo fcinfo, const TrainingResult *result);
extern void describe_trees(const TreeModel *model, TrainingResult *result);
extern Datum trees_document(const TreeModel *model, float base_score, const char *const *names);
extern char **feature_names(ArrayType *array, int *count);

#endif							/* PATTERNOS_TRAINING_RESULT_H */

/*
 * train_trees.c
 *		Training of gradient-boosted trees on the rows of a query.
 *
 * Values become one byte each, by cuts from a sample of the rows; the loops are
 * in core/gbt_train.c.  Rows must come in a fixed order for the result to have
 * the same bits again.
 */
#include "patternos.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/gbt.h"
#include "training_result.h"

/* Rows that cuts are taken from, at most. */
#define SAMPLE_ROWS 65536

/* Progress is reported as often as this, in microseconds. */
#define REPORT_EVERY INT64CONST(2000000)

/* State of the callbacks. */
typedef struct Progress
{
	TimestampTz last;
	int			rounds;
	double		valid_loss;		/* of the best round */
	double		valid_auc;
} Progress;

static void
train_tick(void *context)
{
	CHECK_FOR_INTERRUPTS();
}

static bool
train_report(void *context, const GbtRound *round)
{
	Progress   *progress = context;
	TimestampTz now = GetCurrentTimestamp();

	if (isnan(progress->valid_loss)
		|| (isnan(round->valid_auc) ? round->valid_loss < progress->valid_loss : round->valid_auc > progress->valid_auc))
	{
		progress->valid_loss = round->valid_loss;
		progress->valid_auc = round->valid_auc;
	}
	if (now - progress->last >= REPORT_EVERY)
	{
		progress->last = now;
		if (isnan(round->valid_loss))
			ereport(NOTICE, (errmsg("round %d of %d", round->round, progress->rounds)));
		else
			ereport(NOTICE, (errmsg("round %d of %d: validation log loss %.5f", round->round, progress->rounds,
									round->valid_loss)));
	}
	return true;
}

static bool
grow_nodes(void *context, GbtResult *result, size_t nodes)
{
	result->nodes_allocated = 2 * nodes;
	result->nodes = repalloc_huge(result->nodes, result->nodes_allocated * sizeof(TreeNode));
	return true;
}

/*
 * Cuts of every feature from an even sample of the training rows.
 */
static GbtCuts
make_cuts(TrainingRows *rows, int max_bin, size_t most_memory)
{
	size_t		step = rows->count[PART_TRAIN] / SAMPLE_ROWS + 1;
	size_t		most = rows->count[PART_TRAIN] / step + 1;
	size_t		size = most * rows->nfeatures * sizeof(float4);
	float4	   *row = palloc(rows->nfeatures * sizeof(float4));
	size_t	   *counts = palloc0(rows->nfeatures * sizeof(size_t));
	int32	   *start = palloc((rows->nfeatures + 1) * sizeof(int32));
	float4	   *cuts = palloc_extended((Size) rows->nfeatures * GBT_MAX_CUTS * sizeof(float4), MCXT_ALLOC_HUGE);
	float4	   *sample;
	size_t		seen = 0;

	refuse_memory(size, most_memory);
	sample = palloc_extended(size, MCXT_ALLOC_HUGE);
	training_rows_rewind(rows);
	for (size_t i = 0; i < rows->nrows; i++)
	{
		training_rows_next(rows, row);
		if (rows->parts[i] != PART_TRAIN || seen++ % step != 0)
			continue;
		for (int k = 0; k < rows->nfeatures; k++)
			if (!isnan(row[k]))
				sample[k * most + counts[k]++] = row[k];
		CHECK_FOR_INTERRUPTS();
	}
	start[0] = 0;
	for (int k = 0; k < rows->nfeatures; k++)
	{
		start[k + 1] = start[k] + gbt_make_cuts(sample + k * most, counts[k], max_bin - 1, cuts + start[k]);
		CHECK_FOR_INTERRUPTS();
	}
	pfree(sample);
	pfree(counts);
	pfree(row);
	return (GbtCuts)
	{
		.nfeatures = rows->nfeatures,.start = start,.cuts = cuts
	};
}

/*
 * The rows of each part as bins, labels and weights.
 */
static void
make_bins(TrainingRows *rows, const GbtCuts *cuts, GbtRows parts[PARTS])
{
	float4	   *row = palloc(rows->nfeatures * sizeof(float4));
	uint8	   *bins[PARTS];
	uint8	   *labels[PARTS];
	float4	   *weights[PARTS];
	size_t		count[PARTS] = {0};

	for (int p = 0; p < PARTS; p++)
	{
		bins[p] = palloc_extended(Max(rows->count[p], 1) * rows->nfeatures, MCXT_ALLOC_HUGE);
		labels[p] = palloc_extended(Max(rows->count[p], 1), MCXT_ALLOC_HUGE);
		weights[p] = rows->is_weighted ? palloc_extended(Max(rows->count[p], 1) * sizeof(float4), MCXT_ALLOC_HUGE) : NULL;
	}
	training_rows_rewind(rows);
	for (size_t i = 0; i < rows->nrows; i++)
	{
		int			p = rows->parts[i];
		uint8	   *line = bins[p] + count[p] * rows->nfeatures;

		training_rows_next(rows, row);
		for (int k = 0; k < rows->nfeatures; k++)
			line[k] = gbt_bin(cuts->cuts + cuts->start[k], cuts->start[k + 1] - cuts->start[k], row[k]);
		labels[p][count[p]] = rows->labels[i];
		if (rows->is_weighted)
			weights[p][count[p]] = rows->weights[i];
		count[p]++;
		CHECK_FOR_INTERRUPTS();
	}
	for (int p = 0; p < PARTS; p++)
		parts[p] = (GbtRows)
	{
		.nrows = rows->count[p],.bins = bins[p],.labels = labels[p],.weights = weights[p]
	};
	pfree(row);
}

static int8_t *
constraints_of(ArrayType *array, int nfeatures)
{
	Datum	   *elements;
	int			count;
	int8_t	   *constraints;
	bool		any = false;

	deconstruct_array(array, INT2OID, sizeof(int16), true, TYPALIGN_SHORT, &elements, NULL, &count);
	if (count != nfeatures || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("monotone constraints must be one for each feature")));
	constraints = palloc(nfeatures);
	for (int i = 0; i < count; i++)
	{
		constraints[i] = (int8_t) DatumGetInt16(elements[i]);
		any |= constraints[i] != 0;
	}
	return any ? constraints : NULL;
}

/*
 * The parameters, which SQL has checked, in the order of the arguments.
 */
static GbtParams
params_of(FunctionCallInfo fcinfo, int nfeatures)
{
	GbtParams	params = {
		.n_estimators = PG_GETARG_INT32(4),
		.max_depth = PG_GETARG_INT32(5),
		.learning_rate = PG_GETARG_FLOAT8(6),
		.min_child_weight = PG_GETARG_FLOAT8(7),
		.reg_lambda = PG_GETARG_FLOAT8(8),
		.reg_alpha = PG_GETARG_FLOAT8(9),
		.gamma = PG_GETARG_FLOAT8(10),
		.subsample = PG_GETARG_FLOAT8(11),
		.colsample_bytree = PG_GETARG_FLOAT8(12),
		.scale_pos_weight = PG_GETARG_FLOAT8(13),
		.early_stopping_rounds = PG_GETARG_INT32(14),
		.stop_on_auc = PG_GETARG_BOOL(15),
		.seed = (uint64_t) PG_GETARG_INT64(16),
		.monotone = constraints_of(PG_GETARG_ARRAYTYPE_P(3), nfeatures),
	};

	if (params.n_estimators < 1 || params.n_estimators > TREE_MAX_TREES || params.max_depth < 1
		|| params.max_depth > GBT_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number or depth of trees is out of range")));
	return params;
}

/*
 * _train_trees(query text, names text[], max_bin int, monotone smallint[], n_estimators int, max_depth int,
 *		learning_rate, min_child_weight, reg_lambda, reg_alpha, gamma, subsample, colsample_bytree,
 *		scale_pos_weight float8, early_stopping_rounds int, stop_on_auc boolean, seed bigint, max_memory bigint)
 *
 * Strict.  max_memory in bytes.  Returns patternos.training_result.
 */
PG_FUNCTION_INFO_V1(patternos__train_trees);
Datum
patternos__train_trees(PG_FUNCTION_ARGS)
{
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	size_t		most_memory = (size_t) Max(PG_GETARG_INT64(17), 0);
	int			nfeatures;
	char	  **names = feature_names(PG_GETARG_ARRAYTYPE_P(1), &nfeatures);
	GbtJob		job = {.params = params_of(fcinfo, nfeatures),.report = train_report,.tick = train_tick};
	Progress	progress = {.last = GetCurrentTimestamp(),.rounds = job.params.n_estimators,.valid_loss = NAN,.valid_auc = NAN};
	GbtResult	trained = {.grow = grow_nodes,.nodes_allocated = 1024};
	GbtRows		parts[PARTS];
	TrainingRows *rows;
	TrainingResult result = {.names = (const char *const *) names};
	TreeModel	model;
	size_t		workspace;

	rows = training_rows_read(query, names, nfeatures, most_memory);
	training_rows_check(rows, job.params.early_stopping_rounds > 0 && rows->count[PART_VALID] > 0);
	job.cuts = make_cuts(rows, Min(Max(PG_GETARG_INT32(2), 2), GBT_MAX_CUTS + 1), most_memory);
	job.train.nrows = rows->count[PART_TRAIN];
	job.valid.nrows = rows->count[PART_VALID];
	workspace = gbt_workspace_size(&job);
	refuse_memory(workspace + rows->nrows * (nfeatures + 3 + 2 * sizeof(float4)), most_memory);
	make_bins(rows, &job.cuts, parts);
	training_rows_close(rows);
	job.train = parts[PART_TRAIN];
	job.valid = parts[PART_VALID];
	job.context = &progress;
	trained.start = palloc((job.params.n_estimators + 1) * sizeof(int32));
	trained.nodes = palloc(trained.nodes_allocated * sizeof(TreeNode));
	if (!gbt_train(&job, palloc_extended(workspace, MCXT_ALLOC_HUGE), &trained))
		elog(ERROR, "training ended before its time");
	model = (TreeModel)
	{
		.ntrees = trained.ntrees,.nfeatures = nfeatures,.base_margin = trained.base_margin,.start = trained.start,
			.nodes = trained.nodes
	};
	Assert(tree_check(&model) == NULL);
	describe_trees(&model, &result);
	result.document = trees_document(&model, trained.base_score, result.names);
	result.rounds = trained.nrounds;
	result.valid_loss = progress.valid_loss;
	result.valid_auc = progress.valid_auc;
	result.rows = rows;
	PG_RETURN_DATUM(training_result_row(fcinfo, &result));
}

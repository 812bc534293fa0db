/*
 * predict.c
 *		Scores of a model for the rows of a query.
 *
 * Rows come from the executor straight into blocks of floats, which go through
 * all trees together; what is slow about a row by name, finding the columns and
 * making a row of them, is done once or not at all.
 */
#include "patternos.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "feature_map.h"
#include "server/query_rows.h"

/* The columns of the result. */
enum
{
	COLUMN_ID,
	COLUMN_PROBABILITY,
	COLUMN_RAW,
	COLUMN_VERSION,
	COLUMNS
};

/* Rows that wait for the model. */
typedef struct Prediction
{
	const Model *model;
	Datum		version;
	ReturnSetInfo *result;
	MemoryContext block_context;	/* what a block's rows need */
	FeatureMap *map;
	int			id_column;
	int			count;
	Datum		ids[TREE_BLOCK_ROWS];
	bool		no_id[TREE_BLOCK_ROWS];
	float4	   *rows;
	float4	   *block;
} Prediction;

/*
 * The last column of the query is the id, as a text.
 */
static void
start_prediction(void *state, TupleDesc type)
{
	Prediction *prediction = state;

	prediction->id_column = type->natts - 1;
	prediction->map = feature_map_make(prediction->model, type);
}

/*
 * Scores the rows that wait.
 */
static void
score_block(Prediction *prediction)
{
	double		margins[TREE_BLOCK_ROWS];

	CHECK_FOR_INTERRUPTS();
	model_margins(prediction->model, prediction->rows, prediction->count, prediction->block, margins);
	for (int i = 0; i < prediction->count; i++)
	{
		Datum		values[COLUMNS];
		bool		nulls[COLUMNS] = {false};

		values[COLUMN_ID] = prediction->ids[i];
		nulls[COLUMN_ID] = prediction->no_id[i];
		values[COLUMN_PROBABILITY] = Float8GetDatum(model_probability(prediction->model, margins[i]));
		values[COLUMN_RAW] = Float8GetDatum(margins[i]);
		values[COLUMN_VERSION] = prediction->version;
		tuplestore_putvalues(prediction->result->setResult, prediction->result->setDesc, values, nulls);
	}
	prediction->count = 0;
	MemoryContextReset(prediction->block_context);
}

static void
take_row(void *state, const Datum *values, const bool *nulls)
{
	Prediction *prediction = state;
	MemoryContext caller = MemoryContextSwitchTo(prediction->block_context);
	int			i = prediction->count++;

	feature_map_row(prediction->map, values, nulls, prediction->rows + (size_t) i * prediction->model->head->nfeatures);
	prediction->no_id[i] = nulls[prediction->id_column];
	prediction->ids[i] = prediction->no_id[i] ? (Datum) 0
		: PointerGetDatum(PG_DETOAST_DATUM_COPY(values[prediction->id_column]));
	if (prediction->count == TREE_BLOCK_ROWS)
		score_block(prediction);
	MemoryContextSwitchTo(caller);
}

/*
 * _predict(model bytea, version text, query text) returns (id text, probability float8, raw float8, model_version text)
 *
 * Strict.  The query returns a row's columns and last its id as text; it is run
 * with the rights and in the search_path of the caller.  Errors: those of score
 * and of the query.
 */
PG_FUNCTION_INFO_V1(patternos__predict);
Datum
patternos__predict(PG_FUNCTION_ARGS)
{
	Prediction	prediction = {0};
	int			nfeatures;

	InitMaterializedSRF(fcinfo, 0);
	prediction.model = model_open(fcinfo, 0);
	nfeatures = prediction.model->head->nfeatures;
	prediction.version = PG_GETARG_DATUM(1);
	prediction.result = (ReturnSetInfo *) fcinfo->resultinfo;
	prediction.block_context = AllocSetContextCreate(CurrentMemoryContext, "patternos rows to score", ALLOCSET_DEFAULT_SIZES);
	prediction.rows = palloc_extended(TREE_BLOCK_ROWS * sizeof(float4) * nfeatures, MCXT_ALLOC_HUGE);
	prediction.block = palloc_extended(tree_block_size(nfeatures) * sizeof(float4), MCXT_ALLOC_HUGE);
	query_any_rows(text_to_cstring(PG_GETARG_TEXT_PP(2)), start_prediction, take_row, &prediction);
	score_block(&prediction);
	MemoryContextDelete(prediction.block_context);
	return (Datum) 0;
}

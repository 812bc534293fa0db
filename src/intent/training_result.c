/*
 * training_result.c
 *		What an engine or an importer hands to the registry.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "server/composite.h"
#include "training_result.h"

#define RESULT_COLUMNS 14

static Datum
numbers_array(const double *numbers, int count)
{
	Datum	   *elements = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(elements, count, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
names_array(const char *const *names, int count)
{
	Datum	   *elements = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(names[i]);
	return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * The row of type patternos.training_result.
 */
Datum
training_result_row(FunctionCallInfo fcinfo, const TrainingResult *result)
{
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {false};

	values[0] = result->document;
	values[1] = PointerGetDatum(result->scorer);
	values[2] = Int32GetDatum(result->rounds);
	values[3] = Int32GetDatum(result->trees);
	for (int p = 0; p < PARTS; p++)
	{
		values[4 + 2 * p] = Int64GetDatum(result->rows ? result->rows->count[p] : 0);
		values[5 + 2 * p] = Int64GetDatum(result->rows ? result->rows->positives[p] : 0);
		nulls[4 + 2 * p] = nulls[5 + 2 * p] = result->rows == NULL;
	}
	values[8] = Float8GetDatum(result->valid_loss);
	nulls[8] = isnan(result->valid_loss);
	values[9] = Float8GetDatum(result->valid_auc);
	nulls[9] = isnan(result->valid_auc);
	values[10] = numbers_array(result->gain, result->nfeatures);
	values[11] = numbers_array(result->splits, result->nfeatures);
	values[12] = numbers_array(result->cover, result->nfeatures);
	nulls[13] = result->names == NULL;
	values[13] = nulls[13] ? (Datum) 0 : names_array(result->names, result->nfeatures);
	return HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls));
}

/*
 * The compiled form of trees that tree_check has passed, and how much each
 * feature matters in them.
 */
void
describe_trees(const TreeModel *model, TrainingResult *result)
{
	size_t		size = tree_packed_size(model);

	if (size + VARHDRSZ > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model is too large"),
				 errhint("Train fewer or shallower trees.")));
	result->scorer = palloc(size + VARHDRSZ);
	SET_VARSIZE(result->scorer, size + VARHDRSZ);
	tree_pack(model, palloc(TREE_MAX_NODES * sizeof(int32)), (PackedTrees *) VARDATA(result->scorer));
	result->trees = model->ntrees;
	result->nfeatures = model->nfeatures;
	result->gain = palloc0(model->nfeatures * sizeof(double));
	result->splits = palloc0(model->nfeatures * sizeof(double));
	result->cover = palloc0(model->nfeatures * sizeof(double));
	for (int i = 0; i < model->start[model->ntrees]; i++)
	{
		const TreeNode *node = &model->nodes[i];

		if (node->left < 0)
			continue;
		result->gain[node->feature] += node->gain;
		result->splits[node->feature] += 1;
		result->cover[node->feature] += node->cover;
	}
}

static void
append_document(void *context, const char *text, size_t length)
{
	appendBinaryStringInfo(context, text, length);
}

/*
 * Trees as an XGBoost document.
 */
Datum
trees_document(const TreeModel *model, float base_score, const char *const *names)
{
	StringInfoData document;
	TreeWriter	writer = {append_document, &document};

	initStringInfo(&document);
	xgboost_write(model, base_score, names, &writer);
	return PointerGetDatum(cstring_to_text_with_len(document.data, document.len));
}

/*
 * The names of features as C strings.
 */
char	  **
feature_names(ArrayType *array, int *count)
{
	Datum	   *elements;
	char	  **names;

	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("names of features must be a list without nulls")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, count);
	if (*count > TREE_MAX_FEATURES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("number of features must be between 1 and %d", TREE_MAX_FEATURES)));
	names = palloc(*count * sizeof(char *));
	for (int i = 0; i < *count; i++)
		names[i] = TextDatumGetCString(elements[i]);
	return names;
}

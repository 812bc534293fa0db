/*
 * read_model.c
 *		Documents of tree models, read into memory of the server.
 */
#include "patternos.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/tree_lightgbm.h"
#include "read_model.h"
#include "training_result.h"

/*
 * Memory in the current context; an error frees it with the context.
 */
static void *
resize_memory(void *context, void *memory, size_t size)
{
	CHECK_FOR_INTERRUPTS();
	return memory ? repalloc_huge(memory, size) : palloc_extended(size, MCXT_ALLOC_HUGE);
}

static void
obey_cancel(void)
{
	CHECK_FOR_INTERRUPTS();
}

/*
 * Keeps the name of a feature; context is the ModelDocument.
 */
static void
keep_name(void *context, int number, const char *name, size_t length)
{
	ModelDocument *document = context;

	if (!document->names)
		document->names = palloc0(TREE_MAX_FEATURES * sizeof(char *));
	document->names[number] = pnstrdup(name, length);
	document->nnames = Max(document->nnames, number + 1);
}

/*
 * Reads a document into a result that holds zeros.  Errors: whatever cannot be scored with the same result.
 */
void
read_model_document(text *document, ModelFormat format, ModelDocument *result)
{
	TreeMemory	memory = {resize_memory, result, obey_cancel};
	const char *bytes = VARDATA_ANY(document);
	size_t		length = VARSIZE_ANY_EXHDR(document);
	const char *wrong;

	result->trees.name = keep_name;
	wrong = format == FORMAT_XGBOOST ? xgboost_read(bytes, length, &memory, &result->trees)
		: lightgbm_read(bytes, length, &memory, &result->trees);
	if (wrong)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model document is not usable: %s", wrong),
				 errhint("Documents are XGBoost's JSON (save_model to a .json file) or LightGBM's text (save_model), of binary classifiers.")));
	if (result->nnames != result->trees.model.nfeatures)
		result->names = NULL;
}

/*
 * _read_model(document text, format text)
 *
 * Strict.  Returns patternos.training_result; document is kept as it is when it
 * is XGBoost's, else rewritten as such.
 */
PG_FUNCTION_INFO_V1(patternos__read_model);
Datum
patternos__read_model(PG_FUNCTION_ARGS)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	char	   *format = text_to_cstring(PG_GETARG_TEXT_PP(1));
	bool		is_xgboost = strcmp(format, "xgboost") == 0;
	TrainingResult result = {.valid_loss = NAN,.valid_auc = NAN};
	ModelDocument model = {0};

	if (!is_xgboost && strcmp(format, "lightgbm") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("format must be xgboost or lightgbm")));
	read_model_document(document, is_xgboost ? FORMAT_XGBOOST : FORMAT_LIGHTGBM, &model);
	describe_trees(&model.trees.model, &result);
	result.rounds = result.trees;
	result.names = (const char *const *) model.names;
	result.document = is_xgboost ? PointerGetDatum(document)
		: trees_document(&model.trees.model, model.trees.base_score, result.names);
	PG_RETURN_DATUM(training_result_row(fcinfo, &result));
}

/*
 * attribute.c
 *		What each feature adds to the score of a row.
 *
 * The compiled model has no covers, so trees come from the model's document,
 * which a call site reads once.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/tree_explain.h"
#include "model.h"
#include "read_model.h"

typedef enum Method
{
	TREESHAP,
	PATH
} Method;

/* What a call site keeps: the trees and the argument that they came from, byte by byte. */
typedef struct Attribution
{
	struct varlena *argument;
	Size		size;
	TreeModel	trees;
	double	   *means;
	double		expected;
	double	   *contributions;
	Datum	   *elements;
} Attribution;

/*
 * Reads the document in argument 2 unless the call site has it.
 */
static Attribution *
open_document(FunctionCallInfo fcinfo, ModelSite *site)
{
	Attribution *kept = site->attribution;
	struct varlena *argument = (struct varlena *) PG_GETARG_POINTER(2);
	Size		size = VARSIZE_ANY(argument);
	const ModelHead *head = site->model->head;
	MemoryContext caller;
	ModelDocument document = {0};

	if (kept && (head->kind == MODEL_LOGISTIC || (kept->size == size && memcmp(kept->argument, argument, size) == 0)))
		return kept;
	site->attribution = NULL;
	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	kept = palloc0(sizeof(Attribution));
	kept->contributions = palloc0(head->nfeatures * sizeof(double));
	kept->elements = palloc((head->nfeatures + 1) * sizeof(Datum));
	if (head->kind == MODEL_TREES)
	{
		kept->argument = memcpy(palloc_extended(size, MCXT_ALLOC_HUGE), argument, size);
		kept->size = size;
		read_model_document(PG_GETARG_TEXT_PP(2), FORMAT_XGBOOST, &document);
		kept->trees = document.trees.model;
		if (kept->trees.nfeatures != head->nfeatures || kept->trees.ntrees != site->model->trees->ntrees
			|| kept->trees.start[kept->trees.ntrees] != site->model->trees->nnodes)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("document does not belong to the model")));
		kept->means = palloc_extended((kept->trees.start[kept->trees.ntrees] + 1) * sizeof(double), MCXT_ALLOC_HUGE);
		tree_means(&kept->trees, kept->means);
		kept->expected = tree_expected(&kept->trees, kept->means);
	}
	MemoryContextSwitchTo(caller);
	site->attribution = kept;
	return kept;
}

/*
 * A linear margin is its own explanation: each feature adds its distance from
 * the mean times its coefficient.
 */
static void
attribute_logistic(const Model *model, const float4 *row, Attribution *kept)
{
	kept->expected = model->coefficients[0];
	for (int i = 0; i < model->head->nfeatures; i++)
	{
		double		coefficient = model->coefficients[2 * i + 1];
		double		mean = model->coefficients[2 * i + 2];

		kept->expected += coefficient * mean;
		kept->contributions[i] = isnan(row[i]) ? 0 : coefficient * (row[i] - mean);
	}
}

static Method
method_of(text *name)
{
	char	   *word = text_to_cstring(name);

	if (strcmp(word, "treeshap") != 0 && strcmp(word, "path") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("method must be treeshap or path")));
	return strcmp(word, "path") == 0 ? PATH : TREESHAP;
}

static Datum
attribute(FunctionCallInfo fcinfo, Oid type)
{
	const float4 *row = model_row(fcinfo, type);
	ModelSite  *site = model_site(fcinfo);
	Attribution *kept = open_document(fcinfo, site);
	Method		method = method_of(PG_GETARG_TEXT_PP(3));
	int			nfeatures = site->model->head->nfeatures;

	if (site->model->head->kind == MODEL_LOGISTIC)
		attribute_logistic(site->model, row, kept);
	else if (method == PATH)
		tree_path_attribution(&kept->trees, kept->means, row, kept->contributions);
	else
		tree_shap(&kept->trees, row, kept->contributions);
	for (int i = 0; i < nfeatures; i++)
		kept->elements[i] = Float8GetDatum(kept->contributions[i]);
	kept->elements[nfeatures] = Float8GetDatum(kept->expected);
	return PointerGetDatum(construct_array(kept->elements, nfeatures + 1, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/*
 * _attribute(model bytea, features jsonb | record, document text, method text) returns float8[]
 *
 * Strict.  What each feature adds to the margin, in the order of the model's
 * features, and last the margin before anything is known: their sum is the
 * margin.  document is the model's own.
 */
PG_FUNCTION_INFO_V1(patternos__attribute_jsonb);
Datum
patternos__attribute_jsonb(PG_FUNCTION_ARGS)
{
	return attribute(fcinfo, JSONBOID);
}

PG_FUNCTION_INFO_V1(patternos__attribute_record);
Datum
patternos__attribute_record(PG_FUNCTION_ARGS)
{
	return attribute(fcinfo, RECORDOID);
}

/*
 * score.c
 *		Scores of a model for features given by position, as JSON or as a row.
 *
 * A missing value is NULL; by name, a feature that is not there at all is an
 * error, and what the model does not know is passed over.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "feature_map.h"

/* How rows of a type are read. */
typedef struct RowMap
{
	Oid			type;
	int32		typmod;
	TupleDesc	desc;
	FeatureMap *features;
	Datum	   *values;
	bool	   *nulls;
} RowMap;

/*
 * Features by position.
 */
static const float4 *
row_of_array(ModelSite *site, ArrayType *array)
{
	const Model *model = site->model;
	const float4 *values = (const float4 *) ARR_DATA_PTR(array);
	bits8	   *nulls = ARR_NULLBITMAP(array);
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int			next = 0;

	if (ARR_NDIM(array) > 1 || count != model->head->nfeatures)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("model has %d features, %d values are given", model->head->nfeatures, count),
				 errhint("Give the features in the order of patternos_dw.model.features, or as a row or jsonb by name.")));
	for (int i = 0; i < count; i++)
	{
		bool		missing = nulls && !(nulls[i / 8] & (1 << (i % 8)));

		site->row[i] = missing ? NAN : values[next++];
		if (isinf(site->row[i]))
			refuse_infinite(model, i);
	}
	return site->row;
}

/*
 * Features by name from a JSON object: numbers, booleans, null, and texts where
 * the model has categories.
 */
static const float4 *
row_of_jsonb(ModelSite *site, Jsonb *features)
{
	const Model *model = site->model;

	if (!JB_ROOT_IS_OBJECT(features))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be a JSON object")));
	for (int i = 0; i < model->head->nfeatures; i++)
	{
		JsonbValue	found;
		JsonbValue *value = getKeyJsonValueFromContainer(&features->root, model->names[i], strlen(model->names[i]), &found);

		if (value == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("feature \"%s\" is not given", model->names[i]),
					 errhint("Give null for a value that is not known.")));
		if (value->type == jbvNull)
			site->row[i] = NAN;
		else if (value->type == jbvNumeric && !model->is_category[i])
			site->row[i] = feature_number(model, i, DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
																					   NumericGetDatum(value->val.numeric))));
		else if (value->type == jbvBool && !model->is_category[i])
			site->row[i] = value->val.boolean;
		else if (value->type == jbvString && model->is_category[i])
			site->row[i] = model_category(model, i, value->val.string.val, value->val.string.len);
		else
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("feature \"%s\" must be a %s", model->names[i], model->is_category[i] ? "string" : "number")));
	}
	return site->row;
}

/*
 * Finds the features of a model among the columns of a row type.
 */
static RowMap *
map_row(FunctionCallInfo fcinfo, const Model *model, Oid type, int32 typmod)
{
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	TupleDesc	found = lookup_rowtype_tupdesc(type, typmod);
	RowMap	   *map = palloc(sizeof(RowMap));

	map->type = type;
	map->typmod = typmod;
	map->desc = CreateTupleDescCopy(found);
	ReleaseTupleDesc(found);
	map->values = palloc(map->desc->natts * sizeof(Datum));
	map->nulls = palloc(map->desc->natts * sizeof(bool));
	map->features = feature_map_make(model, map->desc);
	MemoryContextSwitchTo(caller);
	return map;
}

/*
 * Features by name from a row.
 */
static const float4 *
row_of_record(FunctionCallInfo fcinfo, ModelSite *site, HeapTupleHeader record)
{
	const Model *model = site->model;
	RowMap	   *map = site->map;
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(record),.t_data = record};

	if (!map || map->type != HeapTupleHeaderGetTypeId(record) || map->typmod != HeapTupleHeaderGetTypMod(record))
		site->map = map = map_row(fcinfo, model, HeapTupleHeaderGetTypeId(record), HeapTupleHeaderGetTypMod(record));
	ItemPointerSetInvalid(&tuple.t_self);
	heap_deform_tuple(&tuple, map->desc, map->values, map->nulls);
	feature_map_row(map->features, map->values, map->nulls, site->row);
	return site->row;
}

/*
 * The features in argument 1, of the given type, for the model in argument 0.
 */
const float4 *
model_row(FunctionCallInfo fcinfo, Oid type)
{
	ModelSite  *site;

	(void) model_open(fcinfo, 0);
	site = model_site(fcinfo);
	switch (type)
	{
		case FLOAT4ARRAYOID:
			return row_of_array(site, PG_GETARG_ARRAYTYPE_P(1));
		case JSONBOID:
			return row_of_jsonb(site, PG_GETARG_JSONB_P(1));
		default:
			return row_of_record(fcinfo, site, PG_GETARG_HEAPTUPLEHEADER(1));
	}
}

static double
margin_of(FunctionCallInfo fcinfo, Oid type)
{
	const float4 *row = model_row(fcinfo, type);

	return model_margin(model_site(fcinfo)->model, row);
}

/*
 * score(model bytea, features real[] | jsonb | record) returns double precision
 *
 * The calibrated probability.  Strict.  Errors: bytes that are no model, a
 * feature that is missing, infinite or of a wrong type.
 */
PG_FUNCTION_INFO_V1(patternos_score_array);
Datum
patternos_score_array(PG_FUNCTION_ARGS)
{
	double		margin = margin_of(fcinfo, FLOAT4ARRAYOID);

	PG_RETURN_FLOAT8(model_probability(model_site(fcinfo)->model, margin));
}

PG_FUNCTION_INFO_V1(patternos_score_jsonb);
Datum
patternos_score_jsonb(PG_FUNCTION_ARGS)
{
	double		margin = margin_of(fcinfo, JSONBOID);

	PG_RETURN_FLOAT8(model_probability(model_site(fcinfo)->model, margin));
}

PG_FUNCTION_INFO_V1(patternos_score_record);
Datum
patternos_score_record(PG_FUNCTION_ARGS)
{
	double		margin = margin_of(fcinfo, RECORDOID);

	PG_RETURN_FLOAT8(model_probability(model_site(fcinfo)->model, margin));
}

/*
 * score_raw: the same before calibration and sigmoid, as a margin.
 */
PG_FUNCTION_INFO_V1(patternos_score_raw_array);
Datum
patternos_score_raw_array(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(margin_of(fcinfo, FLOAT4ARRAYOID));
}

PG_FUNCTION_INFO_V1(patternos_score_raw_jsonb);
Datum
patternos_score_raw_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(margin_of(fcinfo, JSONBOID));
}

PG_FUNCTION_INFO_V1(patternos_score_raw_record);
Datum
patternos_score_raw_record(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(margin_of(fcinfo, RECORDOID));
}

/*
 * _probability(model bytea, margin float8) returns float8: what score() makes of
 * the margin that score_raw() returns.
 */
PG_FUNCTION_INFO_V1(patternos__probability);
Datum
patternos__probability(PG_FUNCTION_ARGS)
{
	const Model *model = model_open(fcinfo, 0);

	PG_RETURN_FLOAT8(model_probability(model, PG_GETARG_FLOAT8(1)));
}

/*
 * _features(model bytea, features record) returns real[]: a row's features as
 * the model sees them, categories as their codes.
 */
PG_FUNCTION_INFO_V1(patternos__features_record);
Datum
patternos__features_record(PG_FUNCTION_ARGS)
{
	const float4 *row = model_row(fcinfo, RECORDOID);
	int			count = model_site(fcinfo)->model->head->nfeatures;
	int			lower = 1;
	Datum	   *elements = palloc(count * sizeof(Datum));
	bool	   *nulls = palloc(count * sizeof(bool));

	for (int i = 0; i < count; i++)
	{
		elements[i] = Float4GetDatum(row[i]);
		nulls[i] = isnan(row[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(elements, nulls, 1, &count, &lower, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

/*
 * feature_map.c
 *		Where rows of a type have the features of a model, and their values as
 *		floats.
 *
 * Names are looked up once for a row type; a row costs a switch for each
 * feature.
 */
#include "patternos.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "feature_map.h"

void
refuse_infinite(const Model *model, int feature)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("feature \"%s\" is infinite", model->names[feature]),
			 errhint("Give NULL for a value that does not exist.")));
}

/*
 * A number as the float that trees compare; what is beyond a float's range
 * counts as its largest.
 */
float4
feature_number(const Model *model, int feature, double value)
{
	if (isinf(value))
		refuse_infinite(model, feature);
	if (value > FLT_MAX)
		return FLT_MAX;
	return value < -FLT_MAX ? -FLT_MAX : (float4) value;
}

static int
find_column(TupleDesc desc, const char *name)
{
	for (int i = desc->natts - 1; i >= 0; i--)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i;
	return -1;
}

/*
 * Finds the features of a model among the columns of a row type.  Error 42703
 * for one that is not there.
 */
FeatureMap *
feature_map_make(const Model *model, TupleDesc desc)
{
	int			count = model->head->nfeatures;
	FeatureMap *map = palloc(offsetof(FeatureMap, columns) + count * sizeof(FeatureColumn));

	map->model = model;
	map->ncolumns = 0;
	for (int i = 0; i < count; i++)
	{
		FeatureColumn *column = &map->columns[i];
		Oid			output;
		bool		is_varlena;

		column->number = find_column(desc, model->names[i]);
		if (column->number < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("feature \"%s\" is no column of the row", model->names[i]),
					 errhint("Give the features under the names in patternos_dw.model.features.")));
		column->type = TupleDescAttr(desc, column->number)->atttypid;
		if (model->is_category[i])
		{
			getTypeOutputInfo(column->type, &output, &is_varlena);
			fmgr_info(output, &column->output);
		}
		map->ncolumns = Max(map->ncolumns, column->number + 1);
	}
	return map;
}

/*
 * The value of a column as a feature.
 */
static float4
column_value(const Model *model, int feature, FeatureColumn *column, Datum value)
{
	if (model->is_category[feature])
	{
		char	   *text = OutputFunctionCall(&column->output, value);

		return model_category(model, feature, text, strlen(text));
	}
	switch (column->type)
	{
		case BOOLOID:
			return DatumGetBool(value);
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return (float4) DatumGetInt32(value);
		case INT8OID:
			return (float4) DatumGetInt64(value);
		case FLOAT4OID:
			if (isinf(DatumGetFloat4(value)))
				refuse_infinite(model, feature);
			return DatumGetFloat4(value);
		case FLOAT8OID:
			return feature_number(model, feature, DatumGetFloat8(value));
		case NUMERICOID:
			return feature_number(model, feature, DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)));
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("feature \"%s\" must be a number, not %s", model->names[feature], format_type_be(column->type))));
	}
	return NAN;
}

/*
 * The features of a row, missing ones NaN.  Errors: an infinite value, a type
 * that is no number.
 */
void
feature_map_row(FeatureMap *map, const Datum *values, const bool *nulls, float4 *row)
{
	int			count = map->model->head->nfeatures;

	for (int i = 0; i < count; i++)
	{
		FeatureColumn *column = &map->columns[i];

		row[i] = nulls[column->number] ? NAN : column_value(map->model, i, column, values[column->number]);
	}
}

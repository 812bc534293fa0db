/*
 * model_compile.c
 *		Putting a model together from its parts.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "model.h"

/* Parts of a list of categories, to be sorted. */
typedef struct CategoryPart
{
	int32		feature;
	float4		value;
	char	   *text;
} CategoryPart;

/*
 * Fills up to a multiple of eight bytes.
 */
static void
align_buffer(StringInfo buffer, int start)
{
	while ((buffer->len - start) % 8 != 0)
		appendStringInfoCharMacro(buffer, '\0');
}

static Datum *
elements_of(ArrayType *array, Oid type, int16 length, bool by_value, char alignment, int *count)
{
	Datum	   *elements;

	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("parts of a model must be lists without nulls")));
	deconstruct_array(array, type, length, by_value, alignment, &elements, NULL, count);
	return elements;
}

static int
compare_parts(const void *a, const void *b)
{
	const CategoryPart *x = a;
	const CategoryPart *y = b;

	if (x->feature != y->feature)
		return x->feature < y->feature ? -1 : 1;
	return strcmp(x->text, y->text);
}

/*
 * Appends the categories, sorted, with features counted from 0, then their texts.
 */
static void
append_categories(FunctionCallInfo fcinfo, StringInfo buffer, ModelHead *head)
{
	int			count,
				ntexts,
				nvalues;
	Datum	   *features = elements_of(PG_GETARG_ARRAYTYPE_P(6), INT4OID, sizeof(int32), true, TYPALIGN_INT, &count);
	Datum	   *texts = elements_of(PG_GETARG_ARRAYTYPE_P(7), TEXTOID, -1, false, TYPALIGN_INT, &ntexts);
	Datum	   *values = elements_of(PG_GETARG_ARRAYTYPE_P(8), FLOAT4OID, sizeof(float4), true, TYPALIGN_INT, &nvalues);
	CategoryPart *parts = palloc(Max(count, 1) * sizeof(CategoryPart));
	StringInfoData strings;

	if (ntexts != count || nvalues != count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("lists of categories differ in length")));
	for (int i = 0; i < count; i++)
	{
		parts[i].feature = DatumGetInt32(features[i]) - 1;
		parts[i].value = DatumGetFloat4(values[i]);
		parts[i].text = TextDatumGetCString(texts[i]);
	}
	qsort(parts, count, sizeof(CategoryPart), compare_parts);
	initStringInfo(&strings);
	for (int i = 0; i < count; i++)
	{
		CategoryCode code = {.feature = parts[i].feature,.text = strings.len,.value = parts[i].value};

		appendBinaryStringInfo(buffer, (char *) &code, sizeof(code));
		appendBinaryStringInfo(&strings, parts[i].text, strlen(parts[i].text) + 1);
	}
	appendBinaryStringInfo(buffer, strings.data, strings.len);
	head->ncategories = count;
	head->texts_size = strings.len;
}

static void
append_knots(StringInfo buffer, ArrayType *array, int *count)
{
	Datum	   *knots = elements_of(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, count);

	for (int i = 0; i < *count; i++)
	{
		double		knot = DatumGetFloat8(knots[i]);

		appendBinaryStringInfo(buffer, (char *) &knot, sizeof(knot));
	}
}

static uint32
calibration_of(const char *name)
{
	if (strcmp(name, "none") == 0)
		return CALIBRATION_NONE;
	if (strcmp(name, "platt") == 0)
		return CALIBRATION_PLATT;
	if (strcmp(name, "isotonic") == 0)
		return CALIBRATION_ISOTONIC;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("calibration must be none, platt or isotonic")));
	return CALIBRATION_NONE;
}

/*
 * _compile_model(kind text, scorer bytea, names text[], calibration text, knots_x float8[], knots_y float8[],
 *		category_features int[], category_texts text[], category_values real[]) returns bytea
 *
 * Strict.  kind is trees or logistic; category_features count from 1.  Errors:
 * parts that do not fit together.
 */
PG_FUNCTION_INFO_V1(patternos__compile_model);
Datum
patternos__compile_model(PG_FUNCTION_ARGS)
{
	char	   *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea	   *scorer = PG_GETARG_BYTEA_PP(1);
	ModelHead	head = {.magic = MODEL_MAGIC};
	Datum	   *names = elements_of(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &head.nfeatures);
	StringInfoData buffer;
	int			start = MAXALIGN(VARHDRSZ);
	int			first = start + MAXALIGN(sizeof(ModelHead));
	int			names_start,
				nknots_y;
	const char *wrong;
	bytea	   *result;

	head.kind = strcmp(kind, "logistic") == 0 ? MODEL_LOGISTIC : MODEL_TREES;
	head.calibration = calibration_of(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	head.scorer_size = VARSIZE_ANY_EXHDR(scorer);
	initStringInfo(&buffer);
	appendStringInfoSpaces(&buffer, first);
	appendBinaryStringInfo(&buffer, VARDATA_ANY(scorer), head.scorer_size);
	align_buffer(&buffer, start);
	append_knots(&buffer, PG_GETARG_ARRAYTYPE_P(4), &head.nknots);
	append_knots(&buffer, PG_GETARG_ARRAYTYPE_P(5), &nknots_y);
	append_categories(fcinfo, &buffer, &head);
	names_start = buffer.len;
	for (int i = 0; i < head.nfeatures; i++)
	{
		char	   *name = TextDatumGetCString(names[i]);

		appendBinaryStringInfo(&buffer, name, strlen(name) + 1);
	}
	head.names_size = buffer.len - names_start;
	head.digest = model_digest(buffer.data + first, buffer.len - first);
	memset(buffer.data + start, 0, first - start);
	memcpy(buffer.data + start, &head, sizeof(head));
	wrong = nknots_y == head.nknots ? model_check(buffer.data + start, buffer.len - start) : "its calibration has two lengths";
	if (wrong)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parts do not make a model: %s", wrong)));
	result = palloc(buffer.len - start + VARHDRSZ);
	SET_VARSIZE(result, buffer.len - start + VARHDRSZ);
	memcpy(VARDATA(result), buffer.data + start, buffer.len - start);
	PG_RETURN_BYTEA_P(result);
}

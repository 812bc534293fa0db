/*
 * match_document.c
 *		Compiles the document of a match model; see doc/reference.md for its shape.
 */
#include "match.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

/* Frequencies below this count as this where a level names no floor. */
#define DEFAULT_TF_FLOOR 1e-6

/* A household shares a value when it makes an agreement this many bits likelier. */
#define SHARED_BITS 0.01

PG_FUNCTION_INFO_V1(patternos__compile_match_model);

/*
 * The names of what is allowed, for a hint.
 */
static char *
allowed_tests(int kind, int columns)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < TEST_COUNT; i++)
	{
		if (match_test_fits(kind, columns, i))
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", match_tests[i].name);
	}
	return list.data;
}

/*
 * See match.h.
 */
void
match_refuse_kind(const char *where)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < KIND_COUNT; i++)
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", match_kinds[i].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is unknown", where),
			 errhint("Kinds are %s.", list.data)));
}

/*
 * Refuses the document.  where is a place in it, such as "comparisons[2].levels[0].m".
 */
pg_noreturn static void
refuse(const char *where, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("match model: %s is wrong", where),
			 errdetail("It must be %s.", what)));
}

/*
 * A member of an object, NULL when it is missing or null.
 */
static JsonbValue *
member(JsonbContainer *object, const char *key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), NULL);

	return value == NULL || value->type == jbvNull ? NULL : value;
}

/*
 * A member that is an array of lowest to highest elements.
 */
static JsonbContainer *
array_member(JsonbContainer *object, const char *key, const char *where, int lowest, int highest)
{
	JsonbValue *value = member(object, key);

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data) ||
		JsonContainerSize(value->val.binary.data) < lowest ||
		JsonContainerSize(value->val.binary.data) > highest)
		refuse(where, psprintf("an array of %d to %d elements", lowest, highest));
	return value->val.binary.data;
}

/*
 * The object at a place of an array.
 */
static JsonbContainer *
object_element(JsonbContainer *array, int i, const char *where)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array, i);

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		refuse(where, "an object");
	return value->val.binary.data;
}

/*
 * A member that is a number between two bounds, or its default.
 */
static double
number_member(JsonbContainer *object, const char *key, const char *where,
			  double lowest, double highest, const double *otherwise)
{
	JsonbValue *value = member(object, key);
	double		number = 0;
	bool		good = false;

	if (value == NULL && otherwise != NULL)
		return *otherwise;
	if (value != NULL && value->type == jbvNumeric)
	{
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													NumericGetDatum(value->val.numeric)));
		good = number >= lowest && number <= highest;
	}
	if (!good)
		refuse(psprintf("%s.%s", where, key), psprintf("a number from %g to %g", lowest, highest));
	return number;
}

/*
 * A member that is text, or NULL when it may be missing.
 */
static JsonbValue *
text_member(JsonbContainer *object, const char *key, const char *where, bool required)
{
	JsonbValue *value = member(object, key);

	if (value == NULL ? required : value->type != jbvString)
		refuse(psprintf("%s.%s", where, key), "a text");
	return value;
}

/*
 * Refuses members that are not among the allowed.
 */
static void
check_keys(JsonbContainer *object, const char *where, const char *const *keys)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue	value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		bool		known = token != WJB_KEY;
		StringInfoData list;

		for (int i = 0; keys[i] != NULL && !known; i++)
			known = strlen(keys[i]) == value.val.string.len &&
				memcmp(keys[i], value.val.string.val, value.val.string.len) == 0;
		if (known)
			continue;
		initStringInfo(&list);
		for (int i = 0; keys[i] != NULL; i++)
			appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", keys[i]);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("match model: %s has an unknown member", where),
				 errhint("Members are %s.", list.data)));
	}
}

/*
 * The kind named by a member.
 */
static int
kind_member(JsonbContainer *object, const char *where)
{
	JsonbValue *value = text_member(object, "kind", where, true);
	int			kind = match_find_kind(value->val.string.val, value->val.string.len);

	if (kind < 0)
		match_refuse_kind(psprintf("match model: %s.kind", where));
	return kind;
}

/*
 * Reads the list of columns.  An agreement that is not stated is NaN for now.
 */
static void
compile_columns(JsonbContainer *columns, MatchModel *model)
{
	static const char *const keys[] = {"column", "kind", "tf", "u_exact", NULL};

	model->columns = JsonContainerSize(columns);
	for (int i = 0; i < model->columns; i++)
	{
		char	   *where = psprintf("columns[%d]", i);
		JsonbContainer *object = object_element(columns, i, where);
		JsonbValue *tf = member(object, "tf");
		double		unknown = NAN;

		check_keys(object, where, keys);
		text_member(object, "column", where, true);
		model->column[i].kind = (uint8_t) kind_member(object, where);
		if (tf != NULL && tf->type != jbvBool)
			refuse(psprintf("%s.tf", where), "true or false");
		model->column[i].tf = tf != NULL && tf->val.boolean;
		model->column[i].log2_u = log2(number_member(object, "u_exact", where, 1e-300, 1, &unknown));
	}
}

/*
 * The place of a comparison's column in the list of columns: the entry of that name
 * whose kind fits.
 */
static uint8_t
find_column(JsonbContainer *columns, const MatchModel *model, const MatchComparison *comparison,
			JsonbValue *name, const char *where)
{
	for (int i = 0; i < model->columns; i++)
	{
		JsonbValue *value = member(object_element(columns, i, "columns"), "column");

		if (match_column_fits(comparison->kind, comparison->columns, model->column[i].kind) &&
			value->val.string.len == name->val.string.len &&
			memcmp(value->val.string.val, name->val.string.val, name->val.string.len) == 0)
			return (uint8_t) i;
	}
	refuse(where, psprintf("in the document's columns, with kind %s",
						   comparison->kind == KIND_FULL_NAME && comparison->columns == 2 ? "name" :
						   comparison->kind == KIND_DATE && comparison->columns == 3 ? "exact" :
						   match_kinds[comparison->kind].name));
}

/*
 * Reads one level.
 */
static void
compile_level(JsonbContainer *object, const MatchComparison *comparison, const char *where,
			  bool last, MatchLevel *level)
{
	static const char *const keys[] = {
		"label", "test", "threshold", "m", "u", "h", "fix_m", "fix_u", "tf_weight", "tf_floor", NULL
	};
	JsonbValue *name = text_member(object, "test", where, true);
	int			test = match_find_test(name->val.string.val, name->val.string.len);
	double		none = 0;
	double		floor = DEFAULT_TF_FLOOR;
	double		u;
	const TestInfo *info;

	check_keys(object, where, keys);
	if (test < 0 || !match_test_fits(comparison->kind, comparison->columns, test))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("match model: %s.test is none of kind %s over %d columns", where,
						match_kinds[comparison->kind].name, comparison->columns),
				 errhint("Tests are %s.", allowed_tests(comparison->kind, comparison->columns))));
	if ((test == TEST_ELSE) != last)
		refuse(where, last ? "the level with test else, which comes last" :
			   "any test but else, which comes last");
	info = &match_tests[test];
	level->test = (uint8_t) test;
	level->threshold = number_member(object, "threshold", where,
									 info->use == THRESHOLD_NONE ? -1e300 : info->lowest,
									 info->use == THRESHOLD_NONE ? 1e300 : info->highest,
									 info->use == THRESHOLD_REQUIRED ? NULL : &info->usual);
	if (info->use == THRESHOLD_NONE)
		level->threshold = 0;
	u = number_member(object, "u", where, 1e-300, 1, NULL);
	level->weight = log2(number_member(object, "m", where, 1e-300, 1, NULL)) - log2(u);
	level->household = log2(number_member(object, "h", where, 1e-300, 1, &u)) - log2(u);
	level->tf_weight = number_member(object, "tf_weight", where, 0, 10, &none);
	level->log2_floor = log2(number_member(object, "tf_floor", where, 1e-300, 1, &floor));
}

/*
 * Which columns' values a household shares where they agree: bit i for column i.  Of
 * a whole name that is the surname, whose frequency is not known in one column.
 */
static uint8_t
shared_columns(const MatchComparison *comparison)
{
	bool		shared = false;

	for (int i = 0; i < comparison->levels; i++)
		shared = shared || comparison->level[i].household > SHARED_BITS;
	if (!shared)
		return 0;
	if (comparison->kind == KIND_FULL_NAME || comparison->columns == 2)
		return comparison->columns == 2 ? 2 : 0;
	return (uint8_t) ((1 << comparison->columns) - 1);
}

/*
 * Reads one comparison, without the agreement of its columns.
 */
static void
compile_comparison(JsonbContainer *object, JsonbContainer *columns, const char *where,
				   MatchModel *model, MatchComparison *comparison)
{
	static const char *const keys[] = {"name", "kind", "columns", "levels", NULL};
	const KindInfo *info;
	JsonbContainer *names;
	JsonbContainer *levels;

	check_keys(object, where, keys);
	comparison->kind = (uint8_t) kind_member(object, where);
	info = &match_kinds[comparison->kind];
	names = array_member(object, "columns", psprintf("%s.columns", where), info->min_columns, info->max_columns);
	comparison->columns = (uint8_t) JsonContainerSize(names);
	for (int i = 0; i < comparison->columns; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(names, i);
		char	   *place = psprintf("%s.columns[%d]", where, i);

		if (name->type != jbvString)
			refuse(place, "a text");
		comparison->column[i] = find_column(columns, model, comparison, name, place);
	}
	levels = array_member(object, "levels", psprintf("%s.levels", where), 2, MATCH_MAX_LEVELS);
	comparison->levels = (uint8_t) JsonContainerSize(levels);
	for (int i = 0; i < comparison->levels; i++)
	{
		char	   *place = psprintf("%s.levels[%d]", where, i);

		compile_level(object_element(levels, i, place), comparison, place,
					  i == comparison->levels - 1, &comparison->level[i]);
	}
	comparison->household_tf = shared_columns(comparison);
}

/*
 * Agreement of columns that state none: the u of the exact level of a comparison of
 * that column alone; the square root of it when there are two columns.
 */
static void
complete_agreement(JsonbContainer *comparisons, MatchModel *model)
{
	for (int c = 0; c < model->comparisons; c++)
	{
		MatchComparison *comparison = &model->comparison[c];
		JsonbContainer *levels = member(getIthJsonbValueFromContainer(comparisons, c)->val.binary.data,
										"levels")->val.binary.data;

		for (int i = 0; i < comparison->levels; i++)
		{
			if (comparison->level[i].test != TEST_EXACT)
				continue;
			for (int k = 0; k < comparison->columns; k++)
			{
				MatchColumn *column = &model->column[comparison->column[k]];

				if (isnan(column->log2_u))
					column->log2_u = log2(number_member(getIthJsonbValueFromContainer(levels, i)->val.binary.data,
														"u", "level", 1e-300, 1, NULL)) / comparison->columns;
			}
		}
	}
	for (int i = 0; i < model->columns; i++)
	{
		if (isnan(model->column[i].log2_u))
			model->column[i].log2_u = 0;
	}
}

/*
 * patternos._compile_match_model(document): the form that encodes and compares.
 */
Datum
patternos__compile_match_model(PG_FUNCTION_ARGS)
{
	JsonbContainer *document = &PG_GETARG_JSONB_P(0)->root;
	MatchModel *model = palloc0(sizeof(MatchModel));
	JsonbContainer *columns;
	JsonbContainer *comparisons;
	JsonbValue *format;
	double		lambda;
	bytea	   *result;
	Size		size;

	if (!JsonContainerIsObject(document))
		refuse("the document", "an object");
	format = text_member(document, "format", "document", false);
	if (format != NULL && (format->val.string.len != 21 ||
						   memcmp(format->val.string.val, "patternos.match_model", 21) != 0))
		refuse("format", "patternos.match_model");
	lambda = 1;
	number_member(document, "format_version", "document", 1, 1, &lambda);
	lambda = number_member(document, "probability_two_random_records_match", "document", 1e-15, 1 - 1e-9, NULL);
	model->prior = log2(lambda) - log2(1 - lambda);
	lambda = 0;
	model->household = number_member(document, "probability_same_household", "document", 0, 0.5, &lambda);
	columns = array_member(document, "columns", "columns", 1, MATCH_MAX_COLUMNS);
	compile_columns(columns, model);
	comparisons = array_member(document, "comparisons", "comparisons", 1, MATCH_MAX_COMPARISONS);
	model->comparisons = JsonContainerSize(comparisons);
	for (int c = 0; c < model->comparisons; c++)
	{
		char	   *where = psprintf("comparisons[%d]", c);

		compile_comparison(object_element(comparisons, c, where), columns, where, model, &model->comparison[c]);
	}
	complete_agreement(comparisons, model);
	size = match_model_size(model);
	result = palloc(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	match_write_model(model, VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

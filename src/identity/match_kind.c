/*
 * match_kind.c
 *		The levels that each kind of comparison has unless the settings say otherwise.
 *
 * m and u are what persons in customer files show on the whole.  Training takes them
 * as pseudo-counts, so they decide only where a table is small or a level is rare:
 * doc/reference.md explains the levels one by one.
 */
#include "match.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"

typedef struct KindLevel
{
	MatchTest	test;
	double		threshold;
	double		m;
	double		u;
	double		tf_weight;
} KindLevel;

/* Levels of a kind over a number of columns; else is the last. */
typedef struct KindLevels
{
	MatchKind	kind;
	int			columns;
	KindLevel	level[MATCH_MAX_LEVELS];
} KindLevels;

static const KindLevels kind_levels[] = {
	{KIND_EXACT, 1, {
			{TEST_EXACT, 0, 0.9, 0.05, 1},
			{TEST_ELSE, 0, 0.1, 0.95, 0}
	}},
	{KIND_NAME, 1, {
			{TEST_EXACT, 0, 0.73, 0.005, 1},
			{TEST_JARO_WINKLER, 0.92, 0.08, 0.0015, 0},
			{TEST_DAMERAU_LEVENSHTEIN, 1, 0.03, 0.0005, 0},
			{TEST_NICKNAME, 0, 0.02, 0.0008, 0},
			{TEST_JARO_WINKLER, 0.88, 0.015, 0.0012, 0},
			{TEST_INITIAL, 0, 0.01, 0.002, 0},
			{TEST_PHONETIC, 0, 0.01, 0.0015, 0},
			{TEST_JARO_WINKLER, 0.75, 0.025, 0.018, 0},
			{TEST_ELSE, 0, 0.08, 0.9695, 0}
	}},
	{KIND_FULL_NAME, 1, {
			{TEST_EXACT, 0, 0.62, 0.00001, 1},
			{TEST_SWAPPED, 1, 0.02, 0.000002, 0},
			{TEST_SURNAME_EXACT, 1, 0.04, 0.00002, 0},
			{TEST_NICKNAME, 0.92, 0.02, 0.00001, 0},
			{TEST_BOTH_JARO_WINKLER, 0.92, 0.09, 0.00003, 0},
			{TEST_INITIAL, 0.92, 0.02, 0.0001, 0},
			{TEST_TOKEN_OVERLAP, 0.6, 0.02, 0.00005, 0},
			{TEST_BOTH_JARO_WINKLER, 0.85, 0.03, 0.0003, 0},
			{TEST_PHONETIC, 0, 0.01, 0.0001, 0},
			{TEST_SURNAME_ONLY, 0.92, 0.005, 0.0002, 0},
			{TEST_FORENAME_ONLY, 0.92, 0.005, 0.0003, 0},
			{TEST_SURNAME_EXACT, 0, 0.03, 0.005, 0},
			{TEST_FORENAME_EXACT, 0, 0.03, 0.008, 0},
			{TEST_ELSE, 0, 0.06, 0.985878, 0}
	}},
	{KIND_FULL_NAME, 2, {
			{TEST_EXACT, 0, 0.55, 0.00002, 1},
			{TEST_SWAPPED, 1, 0.015, 0.000002, 1},
			{TEST_SURNAME_EXACT, 0.88, 0.09, 0.00002, 1},
			{TEST_FORENAME_EXACT, 0.88, 0.09, 0.00002, 1},
			{TEST_NICKNAME, 0.92, 0.02, 0.00001, 0},
			{TEST_BOTH_JARO_WINKLER, 0.88, 0.03, 0.00002, 0},
			{TEST_INITIAL, 0.92, 0.01, 0.00004, 0},
			{TEST_PHONETIC, 0, 0.005, 0.00002, 0},
			{TEST_SURNAME_ONLY, 1, 0.025, 0.00025, 1},
			{TEST_FORENAME_ONLY, 1, 0.025, 0.00025, 1},
			{TEST_SURNAME_ONLY, 0.88, 0.01, 0.00015, 0},
			{TEST_FORENAME_ONLY, 0.88, 0.01, 0.00015, 0},
			{TEST_SURNAME_EXACT, 0, 0.03, 0.0035, 1},
			{TEST_FORENAME_EXACT, 0, 0.03, 0.005, 1},
			{TEST_ELSE, 0, 0.06, 0.990548, 0}
	}},
	{KIND_DATE, 1, {
			{TEST_EXACT, 0, 0.83, 0.00005, 0.5},
			{TEST_SWAPPED_DAY_MONTH, 0, 0.01, 0.00003, 0},
			{TEST_ONE_EDIT, 0, 0.055, 0.001, 0},
			{TEST_TWO_PARTS, 0, 0.02, 0.003, 0},
			{TEST_ONE_EDIT_YEAR, 0, 0.01, 0.001, 0},
			{TEST_SAME_YEAR, 0, 0.02, 0.012, 0},
			{TEST_WITHIN_DAYS, 366, 0.01, 0.018, 0},
			{TEST_ELSE, 0, 0.045, 0.96492, 0}
	}},
	{KIND_DATE, 3, {
			{TEST_EXACT, 0, 0.86, 0.00006, 0},
			{TEST_SWAPPED_DAY_MONTH, 0, 0.01, 0.00003, 0},
			{TEST_TWO_PARTS, 0, 0.08, 0.004, 0},
			{TEST_SAME_YEAR, 0, 0.02, 0.014, 0},
			{TEST_ELSE, 0, 0.03, 0.98191, 0}
	}},
	{KIND_EMAIL, 1, {
			{TEST_EXACT, 0, 0.72, 0.00001, 1},
			{TEST_USER_EXACT, 0, 0.03, 0.00003, 0},
			{TEST_DAMERAU_LEVENSHTEIN, 2, 0.06, 0.00001, 0},
			{TEST_USER_JARO_WINKLER, 0.93, 0.03, 0.0001, 0},
			{TEST_JARO_WINKLER, 0.88, 0.03, 0.0005, 0},
			{TEST_ELSE, 0, 0.13, 0.99935, 0}
	}},
	{KIND_PHONE, 1, {
			{TEST_EXACT, 0, 0.7, 0.00001, 1},
			{TEST_LAST_DIGITS, 7, 0.02, 0.000002, 0},
			{TEST_ONE_EDIT, 0, 0.06, 0.000005, 0},
			{TEST_DAMERAU_LEVENSHTEIN, 2, 0.02, 0.0001, 0},
			{TEST_ELSE, 0, 0.2, 0.999883, 0}
	}},
	{KIND_POSTCODE, 1, {
			{TEST_EXACT, 0, 0.74, 0.002, 1},
			{TEST_ONE_EDIT, 0, 0.07, 0.005, 0},
			{TEST_PREFIX, -2, 0.03, 0.006, 0},
			{TEST_PREFIX, -3, 0.02, 0.017, 0},
			{TEST_ELSE, 0, 0.14, 0.97, 0}
	}},
	{KIND_ADDRESS, 1, {
			{TEST_EXACT, 0, 0.55, 0.0003, 1},
			{TEST_SAME_HOUSE_AND_STREET, 0.5, 0.12, 0.00002, 0},
			{TEST_DAMERAU_LEVENSHTEIN, 2, 0.06, 0.0001, 0},
			{TEST_STREET, 0.75, 0.05, 0.0005, 0},
			{TEST_JARO_WINKLER, 0.92, 0.04, 0.0005, 0},
			{TEST_STREET, 0.5, 0.03, 0.003, 0},
			{TEST_HOUSE_NUMBER, 0, 0.02, 0.01, 0},
			{TEST_ELSE, 0, 0.13, 0.98558, 0}
	}},
	{KIND_TEXT, 1, {
			{TEST_EXACT, 0, 0.76, 0.01, 1},
			{TEST_DAMERAU_LEVENSHTEIN, 1, 0.04, 0.0005, 0},
			{TEST_JARO_WINKLER, 0.92, 0.05, 0.003, 0},
			{TEST_TOKEN_OVERLAP, 0.34, 0.03, 0.02, 0},
			{TEST_JARO_WINKLER, 0.85, 0.02, 0.0165, 0},
			{TEST_ELSE, 0, 0.1, 0.95, 0}
	}},
	{KIND_NUMBER, 1, {
			{TEST_EXACT, 0, 0.8, 0.02, 1},
			{TEST_RELATIVE, 0.01, 0.05, 0.02, 0},
			{TEST_RELATIVE, 0.05, 0.05, 0.06, 0},
			{TEST_RELATIVE, 0.2, 0.04, 0.15, 0},
			{TEST_ELSE, 0, 0.06, 0.75, 0}
	}},
	{KIND_SET, 1, {
			{TEST_SHARED_WEIGHT, 24, 0.2, 0.00005, 0},
			{TEST_SHARED_WEIGHT, 14, 0.3, 0.0002, 0},
			{TEST_SHARED_WEIGHT, 8, 0.1, 0.002, 0},
			{TEST_SHARED, 1, 0.1, 0.02, 0},
			{TEST_ELSE, 0, 0.3, 0.97775, 0}
	}},
	{KIND_BLOOM, 1, {
			{TEST_EXACT, 0, 0.74, 0.005, 1},
			{TEST_DICE, 0.9, 0.05, 0.001, 0},
			{TEST_DICE, 0.8, 0.07, 0.002, 0},
			{TEST_DICE, 0.7, 0.04, 0.003, 0},
			{TEST_DICE, 0.55, 0.04, 0.02, 0},
			{TEST_ELSE, 0, 0.06, 0.969, 0}
	}},
	{KIND_BLOOM, 2, {
			{TEST_EXACT, 0, 0.66, 0.00006, 1},
			{TEST_SWAPPED, 1, 0.015, 0.00001, 1},
			{TEST_SURNAME_EXACT, 0.7, 0.08, 0.0001, 1},
			{TEST_FORENAME_EXACT, 0.7, 0.08, 0.0001, 1},
			{TEST_BOTH_JARO_WINKLER, 0.7, 0.035, 0.00005, 0},
			{TEST_SURNAME_ONLY, 1, 0.025, 0.0003, 1},
			{TEST_FORENAME_ONLY, 1, 0.025, 0.0003, 1},
			{TEST_SURNAME_ONLY, 0.7, 0.003, 0.0003, 0},
			{TEST_FORENAME_ONLY, 0.7, 0.003, 0.0003, 0},
			{TEST_SURNAME_EXACT, 0, 0.02, 0.008, 1},
			{TEST_FORENAME_EXACT, 0, 0.024, 0.01, 1},
			{TEST_ELSE, 0, 0.03, 0.98048, 0}
	}},
	{KIND_IDENTIFIER, 1, {
			{TEST_EXACT, 0, 0.84, 0.00001, 1},
			{TEST_DAMERAU_LEVENSHTEIN, 1, 0.07, 0.00002, 0},
			{TEST_DAMERAU_LEVENSHTEIN, 2, 0.02, 0.0002, 0},
			{TEST_ELSE, 0, 0.07, 0.99977, 0}
	}},
	{KIND_GENDER, 1, {
			{TEST_EXACT, 0, 0.97, 0.5, 0},
			{TEST_ELSE, 0, 0.03, 0.5, 0}
	}}
};

PG_FUNCTION_INFO_V1(patternos__kind_levels);

/*
 * Appends a level as an object.
 */
static void
append_level(StringInfo json, const KindLevel *level)
{
	const TestInfo *info = &match_tests[level->test];

	appendStringInfo(json, "{\"test\": \"%s\", \"label\": \"%s", info->name, info->name);
	if (info->use != THRESHOLD_NONE && level->threshold != 0)
	{
		bool		distance = level->test == TEST_LEVENSHTEIN || level->test == TEST_DAMERAU_LEVENSHTEIN ||
		level->test == TEST_WITHIN_DAYS || level->test == TEST_ABSOLUTE || level->test == TEST_RELATIVE;

		if (level->test == TEST_PREFIX || level->test == TEST_LAST_DIGITS)
			appendStringInfo(json, " %g", level->threshold);
		else
			appendStringInfo(json, " %s %g", distance ? "<=" : ">=", level->threshold);
	}
	appendStringInfoChar(json, '"');
	if (info->use == THRESHOLD_REQUIRED ||
		(info->use == THRESHOLD_OPTIONAL && level->threshold != info->usual && level->threshold != 0))
		appendStringInfo(json, ", \"threshold\": %g", level->threshold);
	appendStringInfo(json, ", \"m\": %g, \"u\": %g", level->m, level->u);
	if (level->tf_weight > 0)
		appendStringInfo(json, ", \"tf_weight\": %g", level->tf_weight);
	appendStringInfoChar(json, '}');
}

/*
 * patternos._kind_levels(kind, columns): the default levels, best first.
 */
Datum
patternos__kind_levels(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	int			columns = PG_GETARG_INT32(1);
	int			kind = match_find_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	StringInfoData json;

	if (kind < 0)
		match_refuse_kind("kind");
	for (int i = 0; i < lengthof(kind_levels); i++)
	{
		const KindLevel *level = kind_levels[i].level;

		if (kind_levels[i].kind != kind || kind_levels[i].columns != columns)
			continue;
		initStringInfo(&json);
		appendStringInfoChar(&json, '[');
		for (;; level++)
		{
			append_level(&json, level);
			if (level->test == TEST_ELSE)
				break;
			appendStringInfoString(&json, ", ");
		}
		appendStringInfoChar(&json, ']');
		PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a comparison of kind %s cannot have %d columns", match_kinds[kind].name, columns),
			 errhint("Most kinds take one column, full_name and bloom one or two (forename, surname), date one or three (year, month, day).")));
}

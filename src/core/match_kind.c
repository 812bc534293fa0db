/*
 * match_kind.c
 *		Vocabulary of match models: kinds of columns and tests of levels.
 */
#include "core/match.h"

#include <string.h>

#define BIT(test) (UINT64_C(1) << (test))

/* what can be asked of any text */
#define TEXT_TESTS (BIT(TEST_ELSE) | BIT(TEST_EXACT) | BIT(TEST_JARO_WINKLER) | \
	BIT(TEST_JARO) | BIT(TEST_LEVENSHTEIN) | BIT(TEST_DAMERAU_LEVENSHTEIN) | \
	BIT(TEST_JACCARD) | BIT(TEST_DICE) | BIT(TEST_TOKEN_OVERLAP) | \
	BIT(TEST_PREFIX) | BIT(TEST_ONE_EDIT))

/* what can be asked of a forename with a surname */
#define NAME_TESTS (BIT(TEST_ELSE) | BIT(TEST_EXACT) | BIT(TEST_SWAPPED) | \
	BIT(TEST_BOTH_JARO_WINKLER) | BIT(TEST_SURNAME_EXACT) | \
	BIT(TEST_FORENAME_EXACT) | BIT(TEST_SURNAME_ONLY) | BIT(TEST_FORENAME_ONLY))

const KindInfo match_kinds[KIND_COUNT] = {
	[KIND_EXACT] = {"exact", CLASS_TEXT, TEXT_TESTS, 1, 1},
	[KIND_NAME] = {"name", CLASS_TEXT,
	TEXT_TESTS | BIT(TEST_NICKNAME) | BIT(TEST_PHONETIC) | BIT(TEST_INITIAL), 1, 1},
	[KIND_FULL_NAME] = {"full_name", CLASS_TEXT,
		NAME_TESTS | BIT(TEST_NICKNAME) | BIT(TEST_PHONETIC) | BIT(TEST_INITIAL) |
	BIT(TEST_TOKEN_OVERLAP), 1, 2},
	[KIND_DATE] = {"date", CLASS_DATE,
		BIT(TEST_ELSE) | BIT(TEST_EXACT) | BIT(TEST_SWAPPED_DAY_MONTH) |
		BIT(TEST_ONE_EDIT) | BIT(TEST_ONE_EDIT_YEAR) | BIT(TEST_TWO_PARTS) |
		BIT(TEST_SAME_YEAR_MONTH) |
	BIT(TEST_SAME_YEAR) | BIT(TEST_WITHIN_DAYS), 1, 3},
	[KIND_EMAIL] = {"email", CLASS_TEXT,
	TEXT_TESTS | BIT(TEST_USER_EXACT) | BIT(TEST_USER_JARO_WINKLER), 1, 1},
	[KIND_PHONE] = {"phone", CLASS_TEXT, TEXT_TESTS | BIT(TEST_LAST_DIGITS), 1, 1},
	[KIND_POSTCODE] = {"postcode", CLASS_TEXT, TEXT_TESTS, 1, 1},
	[KIND_ADDRESS] = {"address", CLASS_TEXT,
		TEXT_TESTS | BIT(TEST_SAME_HOUSE_AND_STREET) | BIT(TEST_STREET) |
	BIT(TEST_HOUSE_NUMBER), 1, 1},
	[KIND_TEXT] = {"text", CLASS_TEXT, TEXT_TESTS, 1, 1},
	[KIND_NUMBER] = {"number", CLASS_NUMBER,
	BIT(TEST_ELSE) | BIT(TEST_EXACT) | BIT(TEST_ABSOLUTE) | BIT(TEST_RELATIVE), 1, 1},
	[KIND_SET] = {"set", CLASS_SET,
		BIT(TEST_ELSE) | BIT(TEST_SHARED) | BIT(TEST_SHARED_WEIGHT) |
	BIT(TEST_JACCARD) | BIT(TEST_DICE) | BIT(TEST_DISJOINT), 1, 1},
	[KIND_BLOOM] = {"bloom", CLASS_BLOOM,
	NAME_TESTS | BIT(TEST_DICE) | BIT(TEST_JACCARD), 1, 2},
	[KIND_IDENTIFIER] = {"identifier", CLASS_TEXT, TEXT_TESTS | BIT(TEST_LAST_DIGITS), 1, 1},
	[KIND_GENDER] = {"gender", CLASS_TEXT, BIT(TEST_ELSE) | BIT(TEST_EXACT), 1, 1}
};

const TestInfo match_tests[TEST_COUNT] = {
	[TEST_ELSE] = {"else", THRESHOLD_NONE, 0, 0, 0},
	[TEST_EXACT] = {"exact", THRESHOLD_NONE, 0, 0, 0},
	[TEST_JARO_WINKLER] = {"jaro_winkler", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_JARO] = {"jaro", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_LEVENSHTEIN] = {"levenshtein", THRESHOLD_REQUIRED, 0, MATCH_MAX_CHARS, 0},
	[TEST_DAMERAU_LEVENSHTEIN] = {"damerau_levenshtein", THRESHOLD_REQUIRED, 0, MATCH_MAX_CHARS, 0},
	[TEST_JACCARD] = {"jaccard", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_DICE] = {"dice", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_TOKEN_OVERLAP] = {"token_overlap", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_NICKNAME] = {"nickname", THRESHOLD_OPTIONAL, 0, 1, 1},
	[TEST_PHONETIC] = {"phonetic", THRESHOLD_OPTIONAL, 0, 1, 1},
	[TEST_INITIAL] = {"initial", THRESHOLD_OPTIONAL, 0, 1, 1},
	[TEST_SWAPPED] = {"swapped", THRESHOLD_OPTIONAL, 0, 1, 1},
	[TEST_BOTH_JARO_WINKLER] = {"both_jaro_winkler", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_SURNAME_EXACT] = {"surname_exact", THRESHOLD_OPTIONAL, 0, 1, 0},
	[TEST_FORENAME_EXACT] = {"forename_exact", THRESHOLD_OPTIONAL, 0, 1, 0},
	[TEST_SURNAME_ONLY] = {"surname_only", THRESHOLD_OPTIONAL, 0, 1, 1},
	[TEST_FORENAME_ONLY] = {"forename_only", THRESHOLD_OPTIONAL, 0, 1, 1},
	[TEST_SWAPPED_DAY_MONTH] = {"swapped_day_month", THRESHOLD_NONE, 0, 0, 0},
	[TEST_ONE_EDIT] = {"one_edit", THRESHOLD_NONE, 0, 0, 0},
	[TEST_ONE_EDIT_YEAR] = {"one_edit_year", THRESHOLD_NONE, 0, 0, 0},
	[TEST_TWO_PARTS] = {"two_parts", THRESHOLD_NONE, 0, 0, 0},
	[TEST_SAME_YEAR_MONTH] = {"same_year_month", THRESHOLD_NONE, 0, 0, 0},
	[TEST_SAME_YEAR] = {"same_year", THRESHOLD_NONE, 0, 0, 0},
	[TEST_WITHIN_DAYS] = {"within_days", THRESHOLD_REQUIRED, 0, 1e7, 0},
	[TEST_USER_EXACT] = {"user_exact", THRESHOLD_NONE, 0, 0, 0},
	[TEST_USER_JARO_WINKLER] = {"user_jaro_winkler", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_LAST_DIGITS] = {"last_digits", THRESHOLD_OPTIONAL, 1, 15, 7},
	[TEST_PREFIX] = {"prefix", THRESHOLD_REQUIRED, -20, MATCH_MAX_CHARS, 0},
	[TEST_SAME_HOUSE_AND_STREET] = {"same_house_and_street", THRESHOLD_OPTIONAL, 0, 1, 0.6},
	[TEST_STREET] = {"street", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_HOUSE_NUMBER] = {"house_number", THRESHOLD_NONE, 0, 0, 0},
	[TEST_ABSOLUTE] = {"absolute", THRESHOLD_REQUIRED, 0, 1e300, 0},
	[TEST_RELATIVE] = {"relative", THRESHOLD_REQUIRED, 0, 1, 0},
	[TEST_SHARED] = {"shared", THRESHOLD_OPTIONAL, 1, MATCH_MAX_MEMBERS, 1},
	[TEST_SHARED_WEIGHT] = {"shared_weight", THRESHOLD_REQUIRED, 0, 1e6, 0},
	[TEST_DISJOINT] = {"disjoint", THRESHOLD_NONE, 0, 0, 0}
};

/*
 * The kind of a name, or -1.
 */
int
match_find_kind(const char *name, size_t length)
{
	for (int i = 0; i < KIND_COUNT; i++)
	{
		if (strlen(match_kinds[i].name) == length && memcmp(match_kinds[i].name, name, length) == 0)
			return i;
	}
	return -1;
}

/*
 * The test of a name, or -1.
 */
int
match_find_test(const char *name, size_t length)
{
	for (int i = 0; i < TEST_COUNT; i++)
	{
		if (strlen(match_tests[i].name) == length && memcmp(match_tests[i].name, name, length) == 0)
			return i;
	}
	return -1;
}

/*
 * Whether a column of a kind can be part of a comparison of a kind: a full name of
 * two columns consists of names, a date of three of values that are only equal or not.
 */
bool
match_column_fits(int kind, int columns, int column_kind)
{
	if (kind == KIND_FULL_NAME && columns == 2)
		return column_kind == KIND_NAME;
	if (kind == KIND_DATE && columns == 3)
		return column_kind == KIND_EXACT;
	return column_kind == kind;
}

/*
 * Whether a test may stand in a comparison of a kind over a number of columns.
 */
bool
match_test_fits(int kind, int columns, int test)
{
	const KindInfo *info = &match_kinds[kind];

	if (columns < info->min_columns || columns > info->max_columns ||
		(info->tests & BIT(test)) == 0)
		return false;
	if (kind == KIND_BLOOM)
		return columns == 1 ? (BIT(test) & NAME_TESTS) == 0 || test == TEST_ELSE || test == TEST_EXACT :
			(BIT(test) & NAME_TESTS) != 0;
	if (kind == KIND_FULL_NAME && columns == 2)
		return test != TEST_TOKEN_OVERLAP;
	if (kind == KIND_DATE && columns > 1)
		return columns == 3 && test != TEST_ONE_EDIT && test != TEST_ONE_EDIT_YEAR && test != TEST_WITHIN_DAYS;
	return true;
}

/*
 * Which of a comparison's columns give a level its frequency: bit i for column i.
 */
int
match_tf_parts(const MatchComparison *comparison, int test)
{
	if (comparison->columns == 1)
		return 1;
	if (comparison->columns == 3)
		return 7;
	switch (test)
	{
		case TEST_SURNAME_EXACT:
		case TEST_SURNAME_ONLY:
			return 2;
		case TEST_FORENAME_EXACT:
		case TEST_FORENAME_ONLY:
			return 1;
		default:
			return 3;
	}
}

/*
 * Rough cost of a test in nanoseconds.
 */
double
match_test_cost(int test)
{
	switch (test)
	{
		case TEST_JARO:
		case TEST_JARO_WINKLER:
		case TEST_DAMERAU_LEVENSHTEIN:
		case TEST_LEVENSHTEIN:
		case TEST_USER_JARO_WINKLER:
		case TEST_SURNAME_EXACT:
		case TEST_FORENAME_EXACT:
			return 20;
		case TEST_JACCARD:
		case TEST_DICE:
		case TEST_TOKEN_OVERLAP:
		case TEST_BOTH_JARO_WINKLER:
		case TEST_STREET:
		case TEST_SAME_HOUSE_AND_STREET:
			return 60;
		default:
			return 2;
	}
}

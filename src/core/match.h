/*
 * match.h
 *		Compares pairs of encoded records under a Fellegi-Sunter model.
 *
 * A model lists columns (what a record holds) and comparisons (levels from best
 * to worst over one to three columns).  A record is encoded once; a pair is then
 * compared without decoding anything.  Both are flat bytes that come from SQL,
 * so every reader checks them and answers false for bytes that are none.
 *
 * Pure C.  Levels are numbered as in a pattern: 0 = null on either side,
 * 1 = else, 2 and above are better, the best is the number of levels.
 */
#ifndef PATTERNOS_MATCH_H
#define PATTERNOS_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MATCH_MAX_COMPARISONS 15
#define MATCH_MAX_LEVELS 15
#define MATCH_MAX_COLUMNS 45
#define MATCH_MAX_PARTS 3		/* columns of one comparison */
#define MATCH_MAX_CHARS 256		/* characters of a value that are compared */
#define MATCH_MAX_MEMBERS 400	/* members of a set that are kept */
#define MATCH_NORMAL_MAX 2048	/* bytes of a normalised value */
#define MATCH_MAX_BLOOM 1024	/* bytes of a Bloom filter */

typedef enum MatchKind
{
	KIND_EXACT,
	KIND_NAME,
	KIND_FULL_NAME,
	KIND_DATE,
	KIND_EMAIL,
	KIND_PHONE,
	KIND_POSTCODE,
	KIND_ADDRESS,
	KIND_TEXT,
	KIND_NUMBER,
	KIND_SET,
	KIND_BLOOM,
	KIND_IDENTIFIER,
	KIND_GENDER,
	KIND_COUNT
} MatchKind;

/* How a column of a kind is held in a record. */
typedef enum MatchClass
{
	CLASS_TEXT,
	CLASS_DATE,
	CLASS_NUMBER,
	CLASS_SET,
	CLASS_BLOOM
} MatchClass;

typedef enum MatchTest
{
	TEST_ELSE,
	TEST_EXACT,
	TEST_JARO_WINKLER,
	TEST_JARO,
	TEST_LEVENSHTEIN,
	TEST_DAMERAU_LEVENSHTEIN,
	TEST_JACCARD,
	TEST_DICE,
	TEST_TOKEN_OVERLAP,
	TEST_NICKNAME,
	TEST_PHONETIC,
	TEST_INITIAL,
	TEST_SWAPPED,
	TEST_BOTH_JARO_WINKLER,
	TEST_SURNAME_EXACT,
	TEST_FORENAME_EXACT,
	TEST_SURNAME_ONLY,
	TEST_FORENAME_ONLY,
	TEST_SWAPPED_DAY_MONTH,
	TEST_ONE_EDIT,
	TEST_ONE_EDIT_YEAR,
	TEST_TWO_PARTS,
	TEST_SAME_YEAR_MONTH,
	TEST_SAME_YEAR,
	TEST_WITHIN_DAYS,
	TEST_USER_EXACT,
	TEST_USER_JARO_WINKLER,
	TEST_LAST_DIGITS,
	TEST_PREFIX,
	TEST_SAME_HOUSE_AND_STREET,
	TEST_STREET,
	TEST_HOUSE_NUMBER,
	TEST_ABSOLUTE,
	TEST_RELATIVE,
	TEST_SHARED,
	TEST_SHARED_WEIGHT,
	TEST_DISJOINT,
	TEST_COUNT
} MatchTest;

/* What a test asks of its threshold. */
typedef enum ThresholdUse
{
	THRESHOLD_NONE,
	THRESHOLD_OPTIONAL,
	THRESHOLD_REQUIRED
} ThresholdUse;

typedef struct TestInfo
{
	const char *name;
	ThresholdUse use;
	double		lowest;
	double		highest;
	double		usual;			/* when it is optional and left out */
} TestInfo;

typedef struct KindInfo
{
	const char *name;
	MatchClass	class;
	uint64_t	tests;			/* bit t: test t may be used */
	int			min_columns;
	int			max_columns;
} KindInfo;

typedef struct MatchColumn
{
	uint8_t		kind;
	bool		tf;				/* a relative frequency follows the value */
	double		log2_u;			/* of exact agreement, for the frequency's
								 * term */
} MatchColumn;

typedef struct MatchLevel
{
	uint8_t		test;
	double		threshold;
	double		weight;			/* log2(m / u) */
	double		household;		/* log2(h / u) */
	double		tf_weight;		/* 0: no frequency term */
	double		log2_floor;		/* of the frequency */
} MatchLevel;

typedef struct MatchComparison
{
	uint8_t		kind;
	uint8_t		columns;
	uint8_t		column[MATCH_MAX_PARTS];
	uint8_t		levels;
	uint8_t		household_tf;	/* bit i: a household shares the frequency of
								 * column i */
	MatchLevel	level[MATCH_MAX_LEVELS];	/* best first, else last */
	/* derived by match_prepare_model() */
	double		best;			/* largest weight of any level with its term */
	double		best_unequal;	/* the same of levels other than exact */
	double		lowest_jaro_winkler;	/* smallest threshold, 2 without one */
	int			exact_level;	/* index of the exact level or -1 */
} MatchComparison;

typedef struct MatchModel
{
	double		prior;			/* log2(lambda / (1 - lambda)) */
	double		household;		/* share of one household among non-matches, 0
								 * to 0.5 */
	int			columns;
	int			comparisons;
	MatchColumn column[MATCH_MAX_COLUMNS];
	MatchComparison comparison[MATCH_MAX_COMPARISONS];
	/* derived */
	uint32_t	layout;			/* of records encoded for this model */
	uint8_t		order[MATCH_MAX_COMPARISONS];	/* of evaluation */
} MatchModel;

/* A pair's terms: weights of the levels and of the frequencies, document order, and the household's. */
typedef struct MatchTerms
{
	uint8_t		level[MATCH_MAX_COMPARISONS];	/* numbered as in a pattern */
	double		weight[MATCH_MAX_COMPARISONS];
	double		tf[MATCH_MAX_COMPARISONS];
	double		household;		/* of the pair: what one household explains */
} MatchTerms;

/* vocabulary, src/core/match_kind.c */
extern const KindInfo match_kinds[KIND_COUNT];
extern const TestInfo match_tests[TEST_COUNT];
extern int	match_find_kind(const char *name, size_t length);	/* -1: none */
extern int	match_find_test(const char *name, size_t length);

/* whether a column can be part of a comparison; a test stand in one */
extern bool match_column_fits(int kind, int columns, int column_kind);
extern bool match_test_fits(int kind, int columns, int test);

/* bit i: column i of the comparison gives a level of this test its frequency */
extern int	match_tf_parts(const MatchComparison *comparison, int test);
extern double match_test_cost(int test);

/*
 * The normal form of a value, at most MATCH_NORMAL_MAX bytes; false for what
 * counts as null.
 */
extern bool match_normalize(MatchKind kind, const char *text, size_t length,
							char *result, size_t *size);

/* models, src/core/match_model.c */
extern size_t match_model_size(const MatchModel *model);
extern void match_write_model(const MatchModel *model, char *result);
extern bool match_read_model(const char *bytes, size_t size, MatchModel *model);
extern void match_prepare_model(MatchModel *model);

/* pairs, src/core/match_compare.c; false when a or b is no record of the model */
typedef struct MatchBytes
{
	const char *bytes;
	size_t		size;
} MatchBytes;

extern bool match_pattern(const MatchModel *model, MatchBytes a, MatchBytes b,
						  int64_t *pattern);
extern bool match_terms(const MatchModel *model, MatchBytes a, MatchBytes b,
						MatchTerms *terms);

/* The weight, or minus infinity when it is below floor. */
extern bool match_weight(const MatchModel *model, MatchBytes a, MatchBytes b,
						 double floor, double *weight);

#endif							/* PATTERNOS_MATCH_H */

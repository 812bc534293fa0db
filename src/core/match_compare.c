/*
 * match_compare.c
 *		A pair of records under a model: levels, pattern, terms, weight.
 *
 * The weight is prior, then for each comparison in the document's order the level's
 * weight and its frequency term, added from left to right, then the household's term:
 * the same bits wherever it is computed.  Non-matches are a mixture of strangers and
 * pairs of one household, so that what a household explains does not count twice.  With a floor, comparisons that are quick to decide come first, and
 * the others in the order of match_prepare_model(), until the best that can still
 * come leaves the pair below the floor.
 */
#include "core/match_view.h"

/* Slack of the bound, far above the rounding of at most 31 sums. */
#define BOUND_SLACK 1e-6

/* Bits of evidence beyond which more makes no difference; 2 to its power is finite. */
#define MOST_EVIDENCE 1000

/* A pair's terms with the evidence of each comparison for one household. */
typedef struct PairTerms
{
	MatchTerms	terms;
	double		household[MATCH_MAX_COMPARISONS];
} PairTerms;

/* A level that has not been looked for; see also LEVEL_NULL and LEVEL_BAD. */
#define LEVEL_OPEN (-3)

/*
 * Whether the bytes begin like a record of the model.
 */
static bool
is_record(const MatchModel *model, MatchBytes record)
{
	RecordHeader header;

	if (record.size < sizeof(header) + sizeof(uint16_t) * (size_t) model->columns)
		return false;
	memcpy(&header, record.bytes, sizeof(header));
	return header.magic == RECORD_MAGIC && header.version == 1 &&
		header.columns == model->columns && header.layout == model->layout;
}

/*
 * The level of a comparison of two columns or three.
 */
static int
parts_level(const MatchModel *model, const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	MatchBytes	x[MATCH_MAX_PARTS],
				y[MATCH_MAX_PARTS];
	FieldState	x_state[MATCH_MAX_PARTS],
				y_state[MATCH_MAX_PARTS];

	for (int i = 0; i < comparison->columns; i++)
	{
		x_state[i] = find_field(a, comparison->column[i], &x[i]);
		y_state[i] = find_field(b, comparison->column[i], &y[i]);
		if (x_state[i] == FIELD_BAD || y_state[i] == FIELD_BAD)
			return LEVEL_BAD;
	}
	return comparison->kind == KIND_DATE ? date_parts_level(comparison, x, y, x_state, y_state) :
		name_level(model, comparison, x, y, x_state, y_state);
}

/*
 * The level of a comparison: an index from the best, LEVEL_NULL or LEVEL_BAD.
 */
static int
find_level(const MatchModel *model, const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	MatchBytes	x,
				y;
	FieldState	x_state,
				y_state;

	if (comparison->columns > 1)
		return parts_level(model, comparison, a, b);
	x_state = find_field(a, comparison->column[0], &x);
	y_state = find_field(b, comparison->column[0], &y);
	if (x_state == FIELD_BAD || y_state == FIELD_BAD)
		return LEVEL_BAD;
	if (x_state == FIELD_NULL || y_state == FIELD_NULL)
		return LEVEL_NULL;
	switch (match_kinds[comparison->kind].class)
	{
		case CLASS_DATE:
			return date_level(comparison, x, y);
		case CLASS_NUMBER:
			return number_level(comparison, x, y);
		case CLASS_SET:
			return set_level(comparison, x, y);
		case CLASS_BLOOM:
			return bloom_level(comparison, x, y);
		default:
			break;
	}
	if (comparison->kind == KIND_FULL_NAME)
		return name_level(model, comparison, &x, &y, &x_state, &y_state);
	return text_level(comparison, x, y);
}

/*
 * The level where it is quick to tell: null, equal, or a kind without texts.
 */
static int
quick_level(const MatchModel *model, const MatchComparison *comparison, MatchBytes a, MatchBytes b)
{
	MatchBytes	x,
				y;
	FieldState	x_state,
				y_state;
	bool		is_name = comparison->kind == KIND_NAME || comparison->kind == KIND_FULL_NAME;

	if (comparison->columns > 1)
		return comparison->kind == KIND_DATE ? find_level(model, comparison, a, b) : LEVEL_OPEN;
	x_state = find_field(a, comparison->column[0], &x);
	y_state = find_field(b, comparison->column[0], &y);
	if (x_state == FIELD_BAD || y_state == FIELD_BAD)
		return LEVEL_BAD;
	if (x_state == FIELD_NULL || y_state == FIELD_NULL)
		return LEVEL_NULL;
	switch (match_kinds[comparison->kind].class)
	{
		case CLASS_DATE:
			return date_level(comparison, x, y);
		case CLASS_NUMBER:
			return number_level(comparison, x, y);
		case CLASS_TEXT:
			break;
		default:
			return LEVEL_OPEN;
	}
	if (comparison->exact_level == 0)
	{
		TextView	p,
					q;
		uint64_t	p_hash,
					q_hash;

		if (x.size < sizeof(p_hash) || y.size < sizeof(q_hash))
			return LEVEL_BAD;
		memcpy(&p_hash, x.bytes + offsetof(TextHeader, hash), sizeof(p_hash));
		memcpy(&q_hash, y.bytes + offsetof(TextHeader, hash), sizeof(q_hash));
		if (p_hash != q_hash)
			return comparison->levels == 2 && !is_name ? 1 : LEVEL_OPEN;
		if (!read_text(x, comparison->kind, &p) || !read_text(y, comparison->kind, &q))
			return LEVEL_BAD;
		if (text_equal(&p, &q) && !other_generation(&p, &q))
			return 0;
	}
	return comparison->levels == 2 && comparison->exact_level == 0 && !is_name ? 1 : LEVEL_OPEN;
}

/*
 * The best that a comparison which is not quick to decide can still bring.
 */
static double
open_bound(const MatchComparison *comparison)
{
	bool		unequal = comparison->exact_level == 0 && comparison->columns == 1 &&
	match_kinds[comparison->kind].class == CLASS_TEXT;

	return unequal ? comparison->best_unequal : comparison->best;
}

/*
 * log2 of the frequency in a column's field, NaN without.
 */
static float
field_log2_tf(int kind, MatchBytes field)
{
	size_t		at;
	float		result = NAN;

	switch (match_kinds[kind].class)
	{
		case CLASS_TEXT:
			at = offsetof(TextHeader, log2_tf);
			break;
		case CLASS_DATE:
			at = offsetof(DateField, log2_tf);
			break;
		case CLASS_NUMBER:
			at = offsetof(NumberField, log2_tf);
			break;
		case CLASS_BLOOM:
			at = offsetof(BloomHeader, log2_tf);
			break;
		default:
			return NAN;
	}
	if (field.size >= at + sizeof(result))
		memcpy(&result, field.bytes + at, sizeof(result));
	return result <= 0 ? result : NAN;
}

/*
 * The frequency term of a level: how much rarer than on average the values are that
 * agree; the more frequent one of the two counts.  *shared is the part of it that
 * one household would explain as well.
 */
static double
tf_term(const MatchModel *model, const MatchComparison *comparison, const MatchLevel *level,
		MatchBytes a, MatchBytes b, double *shared)
{
	int			parts;
	double		sum = 0;

	*shared = 0;
	if (level->tf_weight == 0)
		return 0;
	parts = match_tf_parts(comparison, level->test);
	for (int i = 0; i < comparison->columns; i++)
	{
		const MatchColumn *column = &model->column[comparison->column[i]];
		MatchBytes	x,
					y;
		double		log2_tf;

		if ((parts & 1 << i) == 0 || !column->tf ||
			find_field(a, comparison->column[i], &x) != FIELD_GOOD ||
			find_field(b, comparison->column[i], &y) != FIELD_GOOD)
			continue;
		log2_tf = fmax(field_log2_tf(column->kind, x), field_log2_tf(column->kind, y));
		if (isnan(log2_tf))
			continue;
		sum += column->log2_u - fmax(log2_tf, level->log2_floor);
		if ((comparison->household_tf & 1 << i) != 0)
			*shared += level->tf_weight * (column->log2_u - fmax(log2_tf, level->log2_floor));
	}
	return level->tf_weight * sum;
}

/*
 * The terms of a comparison at a level.
 */
static inline void
set_terms(const MatchModel *model, int c, int index, MatchBytes a, MatchBytes b, PairTerms *pair)
{
	const MatchComparison *comparison = &model->comparison[c];
	MatchTerms *terms = &pair->terms;
	const MatchLevel *level;
	double		shared;

	pair->household[c] = 0;
	if (index == LEVEL_NULL)
	{
		terms->level[c] = 0;
		terms->weight[c] = terms->tf[c] = 0;
		return;
	}
	level = &comparison->level[index];
	terms->level[c] = (uint8_t) (comparison->levels - index);
	terms->weight[c] = level->weight;
	terms->tf[c] = tf_term(model, comparison, level, a, b, &shared);
	/* a value that strangers share even more often is no sign of a household */
	pair->household[c] = level->household > 0 ? fmax(level->household + shared, 0) : level->household;
}

/*
 * What is taken off because the two may be of one household: with s the household's
 * share of non-matches and e its evidence, log2 of (1 - s) + s 2^e.
 */
static double
household_term(const MatchModel *model, const PairTerms *pair)
{
	double		evidence = 0;

	if (model->household <= 0)
		return 0;
	for (int c = 0; c < model->comparisons; c++)
		evidence += pair->household[c];
	return -log2((1 - model->household) + model->household * exp2(fmin(evidence, MOST_EVIDENCE)));
}

/*
 * The weight: the terms in their order.
 */
static double
sum_terms(const MatchModel *model, const PairTerms *pair)
{
	double		sum = model->prior;

	for (int c = 0; c < model->comparisons; c++)
	{
		sum += pair->terms.weight[c];
		sum += pair->terms.tf[c];
	}
	return sum + household_term(model, pair);
}

/*
 * All terms of a pair; false when a or b is no record of the model.
 */
bool
match_terms(const MatchModel *model, MatchBytes a, MatchBytes b, MatchTerms *terms)
{
	PairTerms	pair;

	if (!is_record(model, a) || !is_record(model, b))
		return false;
	for (int c = 0; c < model->comparisons; c++)
	{
		int			level = find_level(model, &model->comparison[c], a, b);

		if (level == LEVEL_BAD)
			return false;
		set_terms(model, c, level, a, b, &pair);
	}
	pair.terms.household = household_term(model, &pair);
	*terms = pair.terms;
	return true;
}

/*
 * The pattern: four bits a comparison, the first lowest.
 */
bool
match_pattern(const MatchModel *model, MatchBytes a, MatchBytes b, int64_t *pattern)
{
	*pattern = 0;
	if (!is_record(model, a) || !is_record(model, b))
		return false;
	for (int c = 0; c < model->comparisons; c++)
	{
		int			level = find_level(model, &model->comparison[c], a, b);

		if (level == LEVEL_BAD)
			return false;
		if (level != LEVEL_NULL)
			*pattern |= (int64_t) (model->comparison[c].levels - level) << (4 * c);
	}
	return true;
}

/*
 * The weight, or minus infinity when it is below the floor; false when a or b is no
 * record of the model.  A malformed field may go unnoticed when the pair is given up
 * before it is read.
 */
bool
match_weight(const MatchModel *model, MatchBytes a, MatchBytes b, double floor, double *weight)
{
	PairTerms	pair = {0};
	uint16_t	open = 0;
	double		bound = model->prior - log2(1 - model->household);

	if (!is_record(model, a) || !is_record(model, b))
		return false;
	*weight = -INFINITY;
	for (int c = 0; c < model->comparisons; c++)
	{
		int			level = quick_level(model, &model->comparison[c], a, b);

		if (level == LEVEL_BAD)
			return false;
		if (level == LEVEL_OPEN)
		{
			open |= (uint16_t) (1u << c);
			bound += open_bound(&model->comparison[c]);
			continue;
		}
		set_terms(model, c, level, a, b, &pair);
		bound += pair.terms.weight[c] + pair.terms.tf[c];
	}
	for (int i = 0; i < model->comparisons && open != 0; i++)
	{
		int			c = model->order[i];
		const MatchComparison *comparison = &model->comparison[c];
		int			level;

		if ((open & 1u << c) == 0)
			continue;
		if (bound < floor - BOUND_SLACK)
			return true;
		level = find_level(model, comparison, a, b);
		if (level == LEVEL_BAD)
			return false;
		open &= (uint16_t) ~(1u << c);
		set_terms(model, c, level, a, b, &pair);
		bound += pair.terms.weight[c] + pair.terms.tf[c] - open_bound(comparison);
	}
	bound = sum_terms(model, &pair);
	if (bound >= floor)
		*weight = bound;
	return true;
}

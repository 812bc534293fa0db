/*
 * match_model.c
 *		The compiled form of a match model: flat bytes, checked whenever read.
 *
 * Magic, size of the whole, then prior, columns and comparisons in the order of
 * the structures of match.h.  Numbers have the server's own byte order: the form
 * is an argument of functions, never stored for another machine.
 */
#include "core/match.h"

#include <math.h>
#include <string.h>

#include "core/match_record.h"

#define MODEL_MAGIC 0x324D4D50	/* PMM2 */

typedef struct Writer
{
	char	   *bytes;			/* NULL: only count */
	size_t		size;
} Writer;

typedef struct Reader
{
	const char *bytes;
	size_t		left;
	bool		good;
} Reader;

/*
 * Appends bytes, or only counts them.
 */
static void
put(Writer *w, const void *from, size_t n)
{
	if (w->bytes != NULL)
		memcpy(w->bytes + w->size, from, n);
	w->size += n;
}

static void
put_byte(Writer *w, int value)
{
	uint8_t		byte = (uint8_t) value;

	put(w, &byte, 1);
}

static void
put_double(Writer *w, double value)
{
	put(w, &value, sizeof(value));
}

/*
 * Takes n bytes, or zeros and remembers that they were missing.
 */
static void
take(Reader *r, void *to, size_t n)
{
	if (r->left < n)
	{
		r->good = false;
		memset(to, 0, n);
		return;
	}
	memcpy(to, r->bytes, n);
	r->bytes += n;
	r->left -= n;
}

/*
 * Takes a byte that must lie in low .. high.
 */
static uint8_t
take_byte(Reader *r, int low, int high)
{
	uint8_t		value;

	take(r, &value, 1);
	if (value < low || value > high)
	{
		r->good = false;
		return (uint8_t) low;
	}
	return value;
}

/*
 * Takes a finite number.
 */
static double
take_double(Reader *r)
{
	double		value;

	take(r, &value, sizeof(value));
	if (!isfinite(value))
	{
		r->good = false;
		return 0;
	}
	return value;
}

/*
 * Writes the whole model, or only counts its bytes.
 */
static void
write_model(const MatchModel *model, Writer *w, uint32_t size)
{
	uint32_t	magic = MODEL_MAGIC;

	put(w, &magic, sizeof(magic));
	put(w, &size, sizeof(size));
	put_double(w, model->prior);
	put_double(w, model->household);
	put_byte(w, model->columns);
	put_byte(w, model->comparisons);
	for (int i = 0; i < model->columns; i++)
	{
		put_byte(w, model->column[i].kind);
		put_byte(w, model->column[i].tf);
		put_double(w, model->column[i].log2_u);
	}
	for (int c = 0; c < model->comparisons; c++)
	{
		const MatchComparison *comparison = &model->comparison[c];

		put_byte(w, comparison->kind);
		put_byte(w, comparison->columns);
		for (int i = 0; i < comparison->columns; i++)
			put_byte(w, comparison->column[i]);
		put_byte(w, comparison->levels);
		put_byte(w, comparison->household_tf);
		for (int i = 0; i < comparison->levels; i++)
		{
			const MatchLevel *level = &comparison->level[i];

			put_byte(w, level->test);
			put_double(w, level->threshold);
			put_double(w, level->weight);
			put_double(w, level->household);
			put_double(w, level->tf_weight);
			put_double(w, level->log2_floor);
		}
	}
}

/*
 * Bytes of the compiled form.
 */
size_t
match_model_size(const MatchModel *model)
{
	Writer		w = {NULL, 0};

	write_model(model, &w, 0);
	return w.size;
}

/*
 * Writes the compiled form, match_model_size() bytes.
 */
void
match_write_model(const MatchModel *model, char *result)
{
	Writer		w = {result, 0};

	write_model(model, &w, (uint32_t) match_model_size(model));
}

/*
 * Takes one comparison.
 */
static void
take_comparison(Reader *r, const MatchModel *model, MatchComparison *comparison)
{
	comparison->kind = take_byte(r, 0, KIND_COUNT - 1);
	comparison->columns = take_byte(r, 1, MATCH_MAX_PARTS);
	for (int i = 0; i < comparison->columns; i++)
	{
		comparison->column[i] = take_byte(r, 0, model->columns - 1);
		if (r->good && !match_column_fits(comparison->kind, comparison->columns,
										  model->column[comparison->column[i]].kind))
			r->good = false;
	}
	comparison->levels = take_byte(r, 2, MATCH_MAX_LEVELS);
	comparison->household_tf = take_byte(r, 0, (1 << MATCH_MAX_PARTS) - 1);
	for (int i = 0; i < comparison->levels && r->good; i++)
	{
		MatchLevel *level = &comparison->level[i];

		level->test = take_byte(r, 0, TEST_COUNT - 1);
		level->threshold = take_double(r);
		level->weight = take_double(r);
		level->household = take_double(r);
		level->tf_weight = take_double(r);
		level->log2_floor = take_double(r);
		if (!match_test_fits(comparison->kind, comparison->columns, level->test) ||
			(level->test == TEST_ELSE) != (i == comparison->levels - 1) ||
			level->tf_weight < 0 || level->log2_floor > 0 ||
			level->threshold < match_tests[level->test].lowest ||
			level->threshold > match_tests[level->test].highest)
			r->good = false;
	}
}

/*
 * Reads and prepares a compiled model; false for bytes that are none.
 */
bool
match_read_model(const char *bytes, size_t size, MatchModel *model)
{
	Reader		r = {bytes, size, true};
	uint32_t	header[2];

	memset(model, 0, sizeof(*model));
	take(&r, header, sizeof(header));
	if (header[0] != MODEL_MAGIC || header[1] != size)
		return false;
	model->prior = take_double(&r);
	model->household = take_double(&r);
	if (model->household < 0 || model->household > 0.5)
		r.good = false;
	model->columns = take_byte(&r, 1, MATCH_MAX_COLUMNS);
	model->comparisons = take_byte(&r, 1, MATCH_MAX_COMPARISONS);
	for (int i = 0; i < model->columns; i++)
	{
		model->column[i].kind = take_byte(&r, 0, KIND_COUNT - 1);
		model->column[i].tf = take_byte(&r, 0, 1) != 0;
		model->column[i].log2_u = take_double(&r);
	}
	for (int c = 0; c < model->comparisons && r.good; c++)
		take_comparison(&r, model, &model->comparison[c]);
	if (!r.good || r.left != 0)
		return false;
	match_prepare_model(model);
	return true;
}

/*
 * Largest frequency term that a level can get.
 */
static double
largest_tf_term(const MatchModel *model, const MatchComparison *comparison,
				const MatchLevel *level)
{
	int			parts = match_tf_parts(comparison, level->test);
	double		sum = 0;

	for (int i = 0; i < comparison->columns; i++)
	{
		const MatchColumn *column = &model->column[comparison->column[i]];

		if ((parts & 1 << i) != 0 && column->tf && column->log2_u > level->log2_floor)
			sum += column->log2_u - level->log2_floor;
	}
	return level->tf_weight * sum;
}

/*
 * How soon a comparison should be looked at: bits that it can cost a pair, by the
 * nanoseconds that it takes.
 */
static double
usefulness(const MatchComparison *comparison)
{
	double		cost = 1;

	for (int i = 0; i < comparison->levels; i++)
		cost += match_test_cost(comparison->level[i].test);
	return (comparison->best_unequal - comparison->level[comparison->levels - 1].weight) / cost;
}

/*
 * Fills in what is derived: bounds, thresholds, order of evaluation, layout.
 */
void
match_prepare_model(MatchModel *model)
{
	uint32_t	layout = 0x9E3779B9;

	for (int i = 0; i < model->columns; i++)
		layout = (layout ^ (model->column[i].kind * 2u + model->column[i].tf + 1)) * 0x01000193 + 77;
	model->layout = layout;
	for (int c = 0; c < model->comparisons; c++)
	{
		MatchComparison *comparison = &model->comparison[c];
		int			place = c;

		comparison->best = comparison->best_unequal = -INFINITY;
		comparison->lowest_jaro_winkler = 2;
		comparison->exact_level = -1;
		for (int i = 0; i < comparison->levels; i++)
		{
			const MatchLevel *level = &comparison->level[i];
			double		bound = level->weight + largest_tf_term(model, comparison, level);

			if (level->test == TEST_EXACT)
				comparison->exact_level = i;
			else if (bound > comparison->best_unequal)
				comparison->best_unequal = bound;
			if (bound > comparison->best)
				comparison->best = bound;
			if (level->test == TEST_JARO_WINKLER && level->threshold < comparison->lowest_jaro_winkler)
				comparison->lowest_jaro_winkler = level->threshold;
		}
		while (place > 0 && usefulness(&model->comparison[model->order[place - 1]]) < usefulness(comparison))
		{
			model->order[place] = model->order[place - 1];
			place--;
		}
		model->order[place] = (uint8_t) c;
	}
}

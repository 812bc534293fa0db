/*
 * items.c
 *		Item lists, shares of a total, and the dictionaries of brands and
 *		categories.
 *
 * A dictionary is an array argument.  It is compiled on the first call and
 * kept in fn_extra as long as the array's bytes stay the same.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "core/items.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(patternos_split_items);
PG_FUNCTION_INFO_V1(patternos_allocate);
PG_FUNCTION_INFO_V1(patternos_match_brand);
PG_FUNCTION_INFO_V1(patternos_match_rule);

/* A compiled dictionary and the array that it was made from. */
typedef struct Dictionary
{
	ArrayType  *source;
	PhraseSet	set;
	MemoryContext context;
} Dictionary;

/*
 * The items of a list as an array; an empty array when there are none.
 */
Datum
patternos_split_items(PG_FUNCTION_ARGS)
{
	text	   *list = PG_GETARG_TEXT_PP(0);
	const char *cursor = VARDATA_ANY(list);
	const char *end = cursor + VARSIZE_ANY_EXHDR(list);
	ArrayBuildState *state = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	ItemPart	part;

	items_trim(&cursor, end, &end);
	while (items_next(&cursor, end, &part))
	{
		text	   *item = palloc(VARHDRSZ + part.size);
		size_t		size = items_copy(&part, VARDATA(item));

		CHECK_FOR_INTERRUPTS();
		SET_VARSIZE(item, VARHDRSZ + size);
		state = accumArrayResult(state, PointerGetDatum(item), false, TEXTOID,
								 CurrentMemoryContext);
		pfree(item);
	}
	PG_RETURN_DATUM(makeArrayResult(state, CurrentMemoryContext));
}

/*
 * The total divided by the weights, in whole units that add up to it.  An
 * array without elements gives one.  22004 for a NULL weight, 22023 for one
 * below zero.
 */
Datum
patternos_allocate(PG_FUNCTION_ARGS)
{
	int64		total = PG_GETARG_INT64(0);
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	ArrayType  *result;
	int64	   *weights;
	AllocateShare *scratch;

	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("weights must not be null")));
	weights = (int64 *) ARR_DATA_PTR(array);
	for (int i = 0; i < count; i++)
		if (weights[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weights must not be negative")));
	if (count == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));

	/* the shares take the place of the weights in a copy of the array */
	result = (ArrayType *) palloc(VARSIZE(array));
	memcpy(result, array, VARSIZE(array));
	scratch = palloc_extended(sizeof(AllocateShare) * (Size) count, MCXT_ALLOC_HUGE);
	allocate_units(total, weights, count, (int64 *) ARR_DATA_PTR(result), scratch);
	pfree(scratch);
	PG_RETURN_ARRAYTYPE_P(result);
}

/*
 * Adds the words of one phrase, or of each of several between vertical bars.
 */
static void
add_phrases(PhraseSet *set, text *pattern, int id, bool alternatives)
{
	const char *start = VARDATA_ANY(pattern);
	const char *end = start + VARSIZE_ANY_EXHDR(pattern);

	while (start < end)
	{
		const char *bar = alternatives ? memchr(start, '|', end - start) : NULL;
		const char *stop = bar != NULL ? bar : end;
		char	   *words = palloc(PHRASE_TEXT_SIZE);
		size_t		size = phrase_words(start, stop - start, words);

		if (size > 0)
			phrase_add(set, repalloc(words, size), size, id);
		else
			pfree(words);
		start = stop + 1;
	}
}

/*
 * Number of phrases in an array of patterns, at most.
 */
static uint64
count_phrases(Datum *elements, bool *nulls, int count, bool alternatives)
{
	uint64		phrases = 0;

	for (int i = 0; i < count; i++)
	{
		text	   *pattern;

		if (nulls[i])
			continue;
		phrases++;
		if (!alternatives)
			continue;
		pattern = DatumGetTextPP(elements[i]);
		for (int at = 0; at < VARSIZE_ANY_EXHDR(pattern); at++)
			phrases += VARDATA_ANY(pattern)[at] == '|';
	}
	return phrases;
}

/*
 * The dictionary of an array of patterns: that of the last call when the array
 * is the same.  Elements that are NULL or have no words match nothing.
 */
static Dictionary *
dictionary(FunctionCallInfo fcinfo, ArrayType *patterns, bool alternatives)
{
	Dictionary *cached = fcinfo->flinfo->fn_extra;
	MemoryContext context;
	MemoryContext old;
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	uint64		slots = 16;

	if (cached != NULL && VARSIZE(cached->source) == VARSIZE(patterns) &&
		memcmp(cached->source, patterns, VARSIZE(patterns)) == 0)
		return cached;
	if (cached != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(cached->context);
	}
	context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "patternos dictionary",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	cached = palloc0(sizeof(Dictionary));
	cached->context = context;
	cached->source = palloc(VARSIZE(patterns));
	memcpy(cached->source, patterns, VARSIZE(patterns));
	deconstruct_array(cached->source, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	while (slots < 2 * count_phrases(elements, nulls, count, alternatives))
		slots *= 2;
	cached->set.slots = palloc_extended(sizeof(Phrase) * slots,
										MCXT_ALLOC_ZERO | MCXT_ALLOC_HUGE);
	cached->set.mask = slots - 1;
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			add_phrases(&cached->set, DatumGetTextPP(elements[i]), i, alternatives);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = cached;
	return cached;
}

/*
 * Index of the pattern found in the item, from 0, or -1.
 */
static int
match_item(Dictionary *dictionary, text *item, PhraseOrder order)
{
	char		words[PHRASE_TEXT_SIZE];
	size_t		size = phrase_words(VARDATA_ANY(item), VARSIZE_ANY_EXHDR(item), words);

	return phrase_find(&dictionary->set, words, size, order);
}

/*
 * The brand of the longest alias in an item, NULL when there is none or when
 * that brand is NULL.  2202E when the arrays are not of the same length.
 */
Datum
patternos_match_brand(PG_FUNCTION_ARGS)
{
	ArrayType  *aliases = PG_GETARG_ARRAYTYPE_P(1);
	ArrayType  *brands = PG_GETARG_ARRAYTYPE_P(2);
	int			count = ArrayGetNItems(ARR_NDIM(aliases), ARR_DIMS(aliases));
	int			index;
	bool		isnull;
	Datum		brand;

	if (count != ArrayGetNItems(ARR_NDIM(brands), ARR_DIMS(brands)) ||
		ARR_NDIM(aliases) > 1 || ARR_NDIM(brands) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("aliases and brands must be one-dimensional arrays of the same length")));
	index = match_item(dictionary(fcinfo, aliases, false), PG_GETARG_TEXT_PP(0), PHRASE_LONGEST);
	if (index < 0)
		PG_RETURN_NULL();
	index += ARR_LBOUND(brands)[0];
	brand = array_get_element(PointerGetDatum(brands), 1, &index, -1, -1, false,
							  TYPALIGN_INT, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(brand);
}

/*
 * The number (from 1) of the first pattern that the item has, NULL when there
 * is none.
 */
Datum
patternos_match_rule(PG_FUNCTION_ARGS)
{
	ArrayType  *patterns = PG_GETARG_ARRAYTYPE_P(1);
	int			index = match_item(dictionary(fcinfo, patterns, true), PG_GETARG_TEXT_PP(0), PHRASE_FIRST);

	if (index < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(index + 1);
}

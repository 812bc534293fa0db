/*
 * items.c
 *		Splits lists of item names, divides totals over lines, finds phrases.
 */
#include "core/items.h"

#include <stdlib.h>
#include <string.h>

/*
 * White space: ASCII's, and the no-break space of UTF-8.  Returns its bytes.
 */
static size_t
space_at(const char *text, const char *end)
{
	if (text >= end)
		return 0;
	if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		return 1;
	if (end - text >= 2 && text[0] == '\xC2' && text[1] == '\xA0')
		return 2;
	return 0;
}

/*
 * The end of text without the white space before it.
 */
static const char *
trim_end(const char *text, const char *end)
{
	while (end > text)
	{
		if (space_at(end - 1, end) == 1)
			end--;
		else if (end - text >= 2 && space_at(end - 2, end) == 2)
			end -= 2;
		else
			break;
	}
	return end;
}

static bool
is_opening(char c)
{
	return c == '(' || c == '[' || c == '{';
}

static bool
is_closing(char c)
{
	return c == ')' || c == ']' || c == '}';
}

/*
 * The closing parenthesis that belongs to the opening one at text, or NULL.
 */
static const char *
closing(const char *text, const char *end)
{
	int			depth = 0;

	if (end - text > ITEM_NESTING_SPAN)
		end = text + ITEM_NESTING_SPAN;

	for (; text < end; text++)
	{
		if (is_opening(*text))
			depth++;
		else if (is_closing(*text) && --depth == 0)
			return text;
	}
	return NULL;
}

/*
 * The quote that closes the one at text and is followed by a separator or the
 * end, or NULL.  A doubled quote or one after a backslash does not close.
 */
static const char *
closing_quote(const char *text, const char *end)
{
	const char *limit = end - text > ITEM_NESTING_SPAN ? text + ITEM_NESTING_SPAN : end;
	const char *rest;

	for (text++; text < limit; text++)
	{
		if (*text == '\\' && text + 1 < limit)
			text++;

		else if (*text == '"')
		{
			if (text + 1 < limit && text[1] == '"')
			{
				text++;

				continue;
			}
			rest = text + 1;

			while (space_at(rest, end) > 0 && *rest != '\n' && *rest != '\r')
				rest += space_at(rest, end);
			if (rest == end || *rest == ',' || *rest == '\n' || *rest == '\r')
				return text;

			return NULL;
		}
	}
	return NULL;
}

/*
 * Takes white space from both ends of a list, and brackets around the whole
 * of it, as JSON has them.
 */
void
items_trim(const char **text, const char *end, const char **trimmed_end)
{
	while (space_at(*text, end) > 0)
		*text += space_at(*text, end);
	end = trim_end(*text, end);
	if (end - *text >= 2 && **text == '[' && end[-1] == ']' &&
		memchr(*text + 1, '[', end - *text - 1) == NULL)
	{
		(*text)++;
		end--;
	}
	*trimmed_end = end;
}

/*
 * The next item that is not empty: up to a comma or line end outside of
 * parentheses and quotes.
 */
bool
items_next(const char **cursor, const char *end, ItemPart *part)
{
	const char *text = *cursor;

	while (text < end)
	{
		const char *start;
		const char *close;

		while (text < end && (space_at(text, end) > 0 || *text == ','))
			text += *text == ',' ? 1 : space_at(text, end);

		if (text == end)
			break;
		if (*text == '"' && (close = closing_quote(text, end)) != NULL)
		{
			part->quoted = true;
			start = text + 1;

			while (space_at(start, close) > 0)
				start += space_at(start, close);
			text = close + 1;

			close = trim_end(start, close);
		}
		else
		{
			part->quoted = false;
			for (start = text; text < end && *text != ',' && *text != '\n' && *text != '\r'; text++)
				if (is_opening(*text) && (close = closing(text, end)) != NULL)
					text = close;

			close = trim_end(start, text);
		}
		part->start = start;
		part->size = close - start;
		if (part->size > 0)
		{
			*cursor = text;

			return true;
		}
	}
	*cursor = end;
	return false;
}

/*
 * The item's bytes; of a quoted one without the second of two quotes and
 * without the backslash before a quote or backslash.
 */
size_t
items_copy(const ItemPart *part, char *result)
{
	size_t		size = 0;

	for (size_t i = 0; i < part->size; i++)
	{
		char		c = part->start[i];

		if (part->quoted && i + 1 < part->size &&
			((c == '"' && part->start[i + 1] == '"') ||
			 (c == '\\' && (part->start[i + 1] == '"' || part->start[i + 1] == '\\'))))
			i++;
		result[size++] = part->start[i];
	}
	return size;
}

/*
 * Greater remainders first, then by position.
 */
static int
compare_shares(const void *a, const void *b)
{
	const AllocateShare *x = a;
	const AllocateShare *y = b;

	if (x->high != y->high)
		return x->high > y->high ? -1 : 1;
	if (x->low != y->low)
		return x->low > y->low ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

/*
 * Largest remainder: each line gets the whole units of its share, the units
 * left over go to the largest remainders, ties to the earlier line.  Weights
 * are not negative; all zero means equal shares.  A negative total is divided
 * like the positive one.  The shares add up to total exactly.
 */
void
allocate_units(int64_t total, const int64_t *weights, int count,
			   int64_t *result, AllocateShare *scratch)
{
	uint64_t	units = total < 0 ? -(uint64_t) total : (uint64_t) total;
	uint64_t	left = units;
	unsigned	__int128 sum = 0;

	for (int i = 0; i < count; i++)
		sum += (uint64_t) weights[i];
	for (int i = 0; i < count; i++)
	{
		unsigned	__int128 weight = sum > 0 ? (uint64_t) weights[i] : 1;
		unsigned	__int128 whole = sum > 0 ? sum : (unsigned) count;
		unsigned	__int128 share = units * weight;
		uint64_t	given = (uint64_t) (share / whole);

		scratch[i].high = (uint64_t) ((share % whole) >> 64);
		scratch[i].low = (uint64_t) (share % whole);
		scratch[i].position = i;
		left -= given;
		result[i] = (int64_t) given;
	}
	qsort(scratch, count, sizeof(AllocateShare), compare_shares);
	for (uint64_t i = 0; i < left; i++)
		result[scratch[i].position] = (int64_t) ((uint64_t) result[scratch[i].position] + 1);
	if (total < 0)
		for (int i = 0; i < count; i++)
			result[i] = (int64_t) -(uint64_t) result[i];
}

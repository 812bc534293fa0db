/*
 * keyed_rows.h
 *		Rows of a query as integers, in the order of their key.
 *
 * The features of customers are computed from the facts of one after the
 * other.  A row is an array of integers: dates, times and whole numbers as
 * they are, booleans as 0 and 1, amounts in ten-thousandths, texts as numbers of
 * words.  Its first column is the key.
 */
#ifndef PATTERNOS_KEYED_ROWS_H
#define PATTERNOS_KEYED_ROWS_H

#include "patternos.h"

#include "funcapi.h"

#include "intern.h"

/* what stands for NULL in a row */
#define NULL_VALUE	PG_INT64_MIN

typedef struct KeyedRows
{
	int			ncolumns;
	Size		count;
	Size		capacity;
	Intern	   *words;			/* of the texts */
	int64	   *values;			/* count * ncolumns */
} KeyedRows;

/* the rows of a key: those from first up to end */
typedef struct KeyedRange
{
	Size		first;
	Size		end;
} KeyedRange;

/*
 * Runs a query that may not write, and sorts its rows by their first column;
 * rows of equal keys stay in the query's order.  The rows live in the current
 * memory context.  Error 42804 when the query has not so many columns, or one
 * of another type.
 */
extern KeyedRows *keyed_rows_read(const char *query, int ncolumns, Intern *words);

/* A row. */
static inline int64 *
keyed_row(const KeyedRows *rows, Size number)
{
	return rows->values + number * rows->ncolumns;
}

/* Marks the words of a column. */
extern void keyed_mark_words(const KeyedRows *rows, int column, bool *marks);

/*
 * Puts the marked words in the order of bytes: each word's place among them
 * (-1 for the others), and how many there are.
 */
extern int32 keyed_place_words(const Intern *words, const bool *marks, int32 **places, int32 **ordered);

/* The key of the next rows to come; false behind the last. */
static inline bool
keyed_rows_peek(const KeyedRows *rows, const KeyedRange *range, int64 *key)
{
	if (range->end == rows->count)
		return false;
	*key = keyed_row(rows, range->end)[0];
	return true;
}

/* Moves on to the rows of the next key; false behind the last. */
extern bool keyed_rows_next(const KeyedRows *rows, KeyedRange *range);

/* Moves on to the rows of this key, which is beyond those before; empty when there are none. */
extern void keyed_rows_seek(const KeyedRows *rows, int64 key, KeyedRange *range);

#endif							/* PATTERNOS_KEYED_ROWS_H */

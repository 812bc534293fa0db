/*
 * order_lines.h
 *		The orders of customers with their lines, from two queries.
 */
#ifndef PATTERNOS_ORDER_LINES_H
#define PATTERNOS_ORDER_LINES_H

#include "server/keyed_rows.h"

/* the first columns of both queries, which join them */
enum
{
	ORDER_CUSTOMER, ORDER_AT, ORDER_ID, ORDER_KEYS
};

/* the other columns of lines */
enum
{
	LINE_PLATFORM = ORDER_KEYS, LINE_ITEM, LINE_CATEGORY_ID, LINE_AMOUNT, LINE_COLUMNS
};

typedef struct OrderLines
{
	KeyedRows  *orders;
	KeyedRows  *lines;
	KeyedRange	order;			/* those of the customer, by time and id */
	KeyedRange	line;			/* the same */
	Size		next_line;		/* first line that no order had yet */
} OrderLines;

/* Reads the queries; the first has so many columns. */
extern void order_lines_read(OrderLines *input, const char *orders, int columns, const char *lines, Intern *words);

/* Moves on to the next customer with orders; false behind the last. */
extern bool order_lines_next(OrderLines *input);

/* The lines of an order; to be asked for the customer's orders in turn. */
extern KeyedRange order_lines_of(OrderLines *input, const int64 *order);

#endif							/* PATTERNOS_ORDER_LINES_H */

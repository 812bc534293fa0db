/*
 * order_lines.c
 *		The orders of customers with their lines, from two queries.
 */
#include "order_lines.h"

/*
 * Order of orders and lines of a customer: by time and id.
 */
static int
compare_keys(const void *a, const void *b)
{
	const int64 *x = a;
	const int64 *y = b;

	if (x[ORDER_AT] != y[ORDER_AT])
		return x[ORDER_AT] < y[ORDER_AT] ? -1 : 1;
	return (x[ORDER_ID] > y[ORDER_ID]) - (x[ORDER_ID] < y[ORDER_ID]);
}

static void
sort_range(KeyedRows *rows, const KeyedRange *range)
{
	qsort(keyed_row(rows, range->first), range->end - range->first,
		  rows->ncolumns * sizeof(int64), compare_keys);
}

/*
 * Reads the queries.
 */
void
order_lines_read(OrderLines *input, const char *orders, int columns, const char *lines, Intern *words)
{
	memset(input, 0, sizeof(OrderLines));
	input->orders = keyed_rows_read(orders, columns, words);
	input->lines = keyed_rows_read(lines, LINE_COLUMNS, words);
}

/*
 * Moves on to the next customer with orders; false behind the last.
 */
bool
order_lines_next(OrderLines *input)
{
	if (!keyed_rows_next(input->orders, &input->order))
		return false;
	keyed_rows_seek(input->lines, keyed_row(input->orders, input->order.first)[ORDER_CUSTOMER], &input->line);
	sort_range(input->orders, &input->order);
	sort_range(input->lines, &input->line);
	input->next_line = input->line.first;
	return true;
}

/*
 * The lines of an order; orders are asked for in turn.
 */
KeyedRange
order_lines_of(OrderLines *input, const int64 *order)
{
	KeyedRange	range;

	while (input->next_line < input->line.end &&
		   compare_keys(keyed_row(input->lines, input->next_line), order) < 0)
		input->next_line++;
	range.first = input->next_line;
	while (input->next_line < input->line.end &&
		   compare_keys(keyed_row(input->lines, input->next_line), order) == 0)
		input->next_line++;
	range.end = input->next_line;
	return range;
}

/*
 * intern.h
 *		Tables of distinct values that a batch builds while its rows arrive.
 *
 * An Intern numbers distinct byte strings in order of first appearance; rows
 * then carry the number.  A RowCounter counts how often a 64-bit value came.
 * Both live in one memory context and grow with the distinct values.
 */
#ifndef PATTERNOS_INTERN_H
#define PATTERNOS_INTERN_H

#include "postgres.h"

typedef struct Intern Intern;
typedef struct RowCounter RowCounter;

extern Intern *intern_create(MemoryContext context);

/* The number of a value, counted from 0; *is_new tells its first appearance. */
extern uint32 intern_number(Intern *intern, const char *value, size_t size, bool *is_new);
extern uint32 intern_count(const Intern *intern);
extern const char *intern_value(const Intern *intern, uint32 number, size_t *size);

extern RowCounter *row_counter_create(MemoryContext context);

/* How often the value came so far, this time included. */
extern uint32 row_counter_add(RowCounter *counter, uint64 value);

/* The distinct values, in no order. */
typedef struct RowCounterIterator
{
	RowCounter *counter;
	uint64		position;
} RowCounterIterator;

extern void row_counter_scan(RowCounter *counter, RowCounterIterator *iterator);
extern bool row_counter_next(RowCounterIterator *iterator, uint64 *value);

#endif							/* PATTERNOS_INTERN_H */

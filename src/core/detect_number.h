/*
 * detect_number.h
 *		Which identifier a number of grouped digits is.
 *
 * Pure C.
 */
#ifndef PATTERNOS_DETECT_NUMBER_H
#define PATTERNOS_DETECT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_GROUPS 8
#define MAX_DIGITS 19

/* Digits in groups, as they follow one another in the text. */
typedef struct Number
{
	bool		plus;			/* begins with '+' */
	bool		joined;			/* follows a letter or digit and a dash, as in
								 * a UUID */
	int			count;			/* groups */
	int			size[MAX_GROUPS];	/* digits of each group */
	size_t		end[MAX_GROUPS];	/* where each group ends in the text */
	uint32_t	separator[MAX_GROUPS];	/* before each group */
	char		digits[MAX_DIGITS + 1];
} Number;

/*
 * The label of the identifier that the first groups of a number, with so many digits
 * in all, are; NULL when they are none.
 */
extern const char *number_label(const Number *n, int count, int digits);

#endif							/* PATTERNOS_DETECT_NUMBER_H */

/*
 * date_comparison.h
 *		How alike two dates are, as people and clerks get them wrong.
 *
 * Pure C.
 */
#ifndef PATTERNOS_DATE_COMPARISON_H
#define PATTERNOS_DATE_COMPARISON_H

/* From least to most alike. */
typedef enum DateLevel
{
	DATE_DIFFERENT,
	DATE_SAME_YEAR,
	DATE_PLACEHOLDER,			/* one of them stands for "unknown": says
								 * nothing */
	DATE_SAME_MONTH,			/* and year */
	DATE_EXACT_JANUARY_FIRST,	/* equal, but often only the year is known */
	DATE_TYPO,					/* one digit differs, or two neighbours are
								 * swapped */
	DATE_SWAPPED,				/* day and month are */
	DATE_EXACT,
	DATE_LEVELS
} DateLevel;

/* Years from 1 to 9999. */
typedef struct DateParts
{
	int			year;
	int			month;
	int			day;
} DateParts;

extern DateLevel compare_dates(DateParts a, DateParts b);
extern const char *date_level_name(DateLevel level);

/* 0 to 1. */
extern double date_level_similarity(DateLevel level);

#endif							/* PATTERNOS_DATE_COMPARISON_H */

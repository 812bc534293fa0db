/*
 * date_comparison.c
 *		How alike two dates are, as people and clerks get them wrong.
 */
#include "core/date_comparison.h"

#include <stdbool.h>
#include <stddef.h>

#define DIGITS 8

static const struct
{
	const char *name;
	double		similarity;
}			levels[DATE_LEVELS] = {
	{"different", 0}, {"same_year", 0.3}, {"placeholder", 0.5}, {"same_month", 0.7},
	{"exact_january_first", 0.8}, {"typo", 0.9}, {"swapped", 0.9}, {"exact", 1}
};

/*
 * Whether a date stands for "unknown": the first days of calendars, epochs of systems,
 * and the last day that they know.
 */
static bool
is_placeholder(DateParts d)
{
	static const DateParts dates[] = {
		{1, 1, 1}, {1753, 1, 1}, {1800, 1, 1}, {1899, 12, 30}, {1899, 12, 31},
		{1900, 1, 1}, {1970, 1, 1}, {9999, 12, 31}
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
	{
		if (d.year == dates[i].year && d.month == dates[i].month && d.day == dates[i].day)
			return true;
	}
	return false;
}

/*
 * Whether the digits YYYYMMDD become equal when one is replaced or two neighbours are
 * swapped.
 */
static bool
is_typo(DateParts a, DateParts b)
{
	int			x = a.year * 10000 + a.month * 100 + a.day;
	int			y = b.year * 10000 + b.month * 100 + b.day;
	int			x_digits[DIGITS];
	int			y_digits[DIGITS];
	int			differing = 0;
	int			last = 0;

	for (int i = 0; i < DIGITS; i++)
	{
		x_digits[i] = x % 10;
		y_digits[i] = y % 10;
		x /= 10;
		y /= 10;
		if (x_digits[i] != y_digits[i])
		{
			differing++;
			last = i;
		}
	}
	return differing == 1 ||
		(differing == 2 && last > 0 && x_digits[last] == y_digits[last - 1] &&
		 x_digits[last - 1] == y_digits[last]);
}

/*
 * The first level that applies: placeholder, exact, swapped, typo, same month, same
 * year.
 */
DateLevel
compare_dates(DateParts a, DateParts b)
{
	if (is_placeholder(a) || is_placeholder(b))
		return DATE_PLACEHOLDER;
	if (a.year == b.year && a.month == b.month && a.day == b.day)
		return a.month == 1 && a.day == 1 ? DATE_EXACT_JANUARY_FIRST : DATE_EXACT;
	if (a.year == b.year && a.month == b.day && a.day == b.month)
		return DATE_SWAPPED;
	if (is_typo(a, b))
		return DATE_TYPO;
	if (a.year != b.year)
		return DATE_DIFFERENT;
	return a.month == b.month ? DATE_SAME_MONTH : DATE_SAME_YEAR;
}

const char *
date_level_name(DateLevel level)
{
	return levels[level].name;
}

double
date_level_similarity(DateLevel level)
{
	return levels[level].similarity;
}

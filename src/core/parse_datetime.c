/*
 * parse_datetime.c
 *		Dates and times in the forms that exports have.
 *
 * Dates:	2025-08-02  2025/08/02  2025.08.02  20250802  20250802221530
 *			02/08/2025  02-08-2025  02.08.2025  (see numeric_date())
 *			2-Aug-2025  02 August 2025  Aug 2, 2025  Sat, 2nd Aug 2025
 * Times:	22:02  22:02:55  22:02:55.123  10:02 PM, after 'T', blanks or a comma
 * Offsets: Z  UTC  GMT  IST (India)  +05:30  +0530  +05  (GMT+0530)
 *
 * Years have four digits; two only where the file's format is known.  Words such
 * as 'now' or 'infinity', serial numbers of spreadsheets, seconds since 1970, the
 * hour 24 and the second 60 are refused.
 */
#include "core/parse.h"

#include <string.h>

#include "core/utf8.h"

typedef struct Scanner
{
	const char *p;
	const char *end;
} Scanner;

/*
 * Takes up to most digits; returns how many, their value in *value.
 */
static int
take_digits(Scanner *s, int most, int *value)
{
	int			n = 0;

	*value = 0;
	while (n < most && s->p < s->end && is_ascii_digit(*s->p))
	{
		*value = *value * 10 + (*s->p++ - '0');
		n++;
	}
	return n;
}

/*
 * Takes one given character.
 */
static bool
take_char(Scanner *s, char c)
{
	if (s->p < s->end && *s->p == c)
	{
		s->p++;
		return true;
	}
	return false;
}

/*
 * Takes one of the separators of dates; '\\0' when there is none.
 */
static char
take_separator(Scanner *s)
{
	if (s->p < s->end && (*s->p == '-' || *s->p == '/' || *s->p == '.'))
		return *s->p++;
	return '\0';
}

/*
 * Takes blanks; whether there were any.
 */
static bool
take_blanks(Scanner *s)
{
	const char *before = s->p;
	uint32_t	code;
	size_t		n;

	while ((n = utf8_decode(s->p, (size_t) (s->end - s->p), &code)) > 0 && is_blank(code))
		s->p += n;
	return s->p > before;
}

/*
 * The run of letters at the scanner's position.
 */
static size_t
word_length(const Scanner *s)
{
	size_t		n = 0;

	while (s->p + n < s->end && is_ascii_letter(s->p[n]))
		n++;
	return n;
}

/*
 * Takes a word when it is one of names, either in full or its first letters
 * (three at least, as in 'Aug' and 'Sept'); its index, or -1.
 */
static int
take_name(Scanner *s, const char *const *names, int count)
{
	size_t		n = word_length(s);

	for (int i = 0; i < count && n >= 3; i++)
	{
		size_t		full = strlen(names[i]);
		size_t		j = 0;

		if (n > full || (n > 4 && n < full))
			continue;
		while (j < n && ascii_lower(s->p[j]) == names[i][j])
			j++;
		if (j == n)
		{
			s->p += n;
			return i;
		}
	}
	return -1;
}

/*
 * Takes the name of a month; 1 to 12, or 0.
 */
static int
take_month(Scanner *s)
{
	static const char *const months[] = {
		"january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december"
	};

	return take_name(s, months, 12) + 1;
}

/*
 * Takes the name of a weekday with what follows it; it is not compared with the date.
 */
static void
take_weekday(Scanner *s)
{
	static const char *const days[] = {
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
	};

	if (take_name(s, days, 7) >= 0)
	{
		take_char(s, ',');
		take_blanks(s);
	}
}

/*
 * Number of days of a month of the Gregorian calendar.
 */
static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/*
 * Stores a date that exists, years 1 to 9999.
 */
static bool
set_date(CivilTime *t, int year, int month, int day)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 ||
		day < 1 || day > days_in_month(year, month))
		return false;
	t->year = year;
	t->month = month;
	t->day = day;
	return true;
}

/*
 * Takes a year of four digits, or of two where that is allowed: 00 to 68 belong
 * to this century, as in POSIX.
 */
static bool
take_year(Scanner *s, bool two_digits, int *year)
{
	int			n = take_digits(s, 4, year);

	if (s->p < s->end && is_ascii_digit(*s->p))
		return false;
	if (n == 2 && two_digits)
	{
		*year += *year <= 68 ? 2000 : 1900;
		return true;
	}
	return n == 4;
}

/*
 * Date of two numbers and a year.  In a file of known format the numbers are what
 * it says.  Otherwise one of them must be greater than 12, or both the same.
 */
static bool
numeric_date(CivilTime *t, const char *format, int first, int second, int year)
{
	if (format != NULL && strcmp(format, "mdy") == 0)
		return set_date(t, year, first, second);
	if (format != NULL && strcmp(format, "dmy") == 0)
		return set_date(t, year, second, first);
	if (first > 12 || first == second)
		return set_date(t, year, second, first);
	return second > 12 && set_date(t, year, first, second);
}

/*
 * Eight digits: year, month and day without separators.
 */
static bool
compact_date(Scanner *s, CivilTime *t)
{
	int			year,
				month,
				day;

	return take_digits(s, 4, &year) == 4 && take_digits(s, 2, &month) == 2 &&
		take_digits(s, 2, &day) == 2 && set_date(t, year, month, day);
}

/*
 * 'Aug 2, 2025' from its month on.
 */
static bool
month_first_date(Scanner *s, const char *format, CivilTime *t)
{
	int			year,
				month,
				day;

	month = take_month(s);
	if (month == 0)
		return false;
	take_char(s, '.');
	if (!take_blanks(s))
		take_char(s, '-');
	if (take_digits(s, 2, &day) == 0)
		return false;
	if (word_length(s) == 2)
		s->p += 2;				/* 2nd */
	take_char(s, ',');
	if (!take_blanks(s))
		take_char(s, '-');
	return take_year(s, format != NULL, &year) && set_date(t, year, month, day);
}

/*
 * What follows the day of '2-Aug-2025', '02 Aug 2025' or '2nd of August 2025'.
 */
static bool
day_first_date(Scanner *s, const char *format, int day, CivilTime *t)
{
	int			year,
				month;
	char		separator;

	if (word_length(s) == 2 && take_month(s) == 0)
		s->p += 2;				/* 2nd */
	separator = take_separator(s);
	take_blanks(s);
	month = take_month(s);
	if (month == 0)
		return false;
	if (separator != '\0')
		take_char(s, separator);
	else
	{
		take_char(s, '.');
		take_char(s, ',');
	}
	take_blanks(s);
	return take_year(s, format != NULL, &year) && set_date(t, year, month, day);
}

/*
 * Takes a date in any of the forms.
 */
static bool
take_date(Scanner *s, const char *format, CivilTime *t)
{
	const char *start = s->p;
	int			numbers[3];
	int			n = take_digits(s, 4, &numbers[0]);
	char		separator;

	if (n == 0)
		return month_first_date(s, format, t);
	if (n == 4 && s->p < s->end && is_ascii_digit(*s->p))
	{
		s->p = start;
		return compact_date(s, t);
	}
	if (n <= 2 && s->p < s->end &&
		(*s->p == ' ' || is_ascii_letter(*s->p) ||
		 (s->p + 1 < s->end && is_ascii_letter(s->p[1]))))
		return day_first_date(s, format, numbers[0], t);
	separator = take_separator(s);
	if (separator == '\0')
		return false;
	if (n == 4)
		return take_digits(s, 2, &numbers[1]) > 0 && take_char(s, separator) &&
			take_digits(s, 2, &numbers[2]) > 0 &&
			set_date(t, numbers[0], numbers[1], numbers[2]);
	return n <= 2 && take_digits(s, 2, &numbers[1]) > 0 && take_char(s, separator) &&
		take_year(s, format != NULL, &numbers[2]) &&
		numeric_date(t, format, numbers[0], numbers[1], numbers[2]);
}

/*
 * Takes AM or PM and turns the hour of 12 into one of 24.
 */
static bool
take_meridiem(Scanner *s, CivilTime *t)
{
	bool		afternoon;

	if (s->end - s->p < 2 || (ascii_lower(s->p[0]) != 'a' && ascii_lower(s->p[0]) != 'p'))
		return true;
	afternoon = ascii_lower(s->p[0]) == 'p';
	s->p++;
	take_char(s, '.');
	if (s->p == s->end || ascii_lower(*s->p) != 'm')
		return false;
	s->p++;
	take_char(s, '.');
	if (t->hour < 1 || t->hour > 12)
		return false;
	t->hour = t->hour % 12 + (afternoon ? 12 : 0);
	return true;
}

/*
 * Takes a time of day.  Digits of the fraction after the sixth are dropped.
 */
static bool
take_time(Scanner *s, CivilTime *t)
{
	int			n = take_digits(s, 2, &t->hour);
	bool		colons = take_char(s, ':');

	if (n == 0 || (!colons && n != 2) || take_digits(s, 2, &t->minute) != 2)
		return false;
	if (colons ? take_char(s, ':') : (s->p < s->end && is_ascii_digit(*s->p)))
	{
		int			unit = 100000;

		if (take_digits(s, 2, &t->second) != 2)
			return false;
		if (s->end - s->p >= 2 && (*s->p == '.' || *s->p == ',') && is_ascii_digit(s->p[1]))
		{
			for (s->p++; s->p < s->end && is_ascii_digit(*s->p); s->p++, unit /= 10)
				t->microsecond += unit * (*s->p - '0');
		}
	}
	take_blanks(s);
	return take_meridiem(s, t) && t->hour < 24 && t->minute < 60 && t->second < 60;
}

/*
 * Takes an offset from UTC, at most 15:59 as in PostgreSQL.
 */
static bool
take_offset(Scanner *s, CivilTime *t)
{
	size_t		n = word_length(s);
	bool		west;
	int			hours,
				minutes = 0;

	if (n == 1 && ascii_lower(*s->p) == 'z')
		s->p++;
	else if (n == 3 && equals_word(s->p, 3, "ist"))
	{
		s->p += 3;
		t->has_offset = true;
		t->offset_seconds = 19800;
		return true;
	}
	else if (n == 3 && (equals_word(s->p, 3, "utc") || equals_word(s->p, 3, "gmt")))
		s->p += 3;
	else if (n > 0)
		return false;
	t->has_offset = n > 0;
	if (s->p == s->end || n == 1 || (*s->p != '+' && *s->p != '-'))
		return true;
	west = *s->p++ == '-';
	if (take_digits(s, 2, &hours) != 2)
		return false;
	if ((take_char(s, ':') || (s->p < s->end && is_ascii_digit(*s->p))) &&
		take_digits(s, 2, &minutes) != 2)
		return false;
	if (hours > 15 || minutes > 59)
		return false;
	t->has_offset = true;
	t->offset_seconds = (west ? -60 : 60) * (hours * 60 + minutes);
	return true;
}

/*
 * '2025-08-02' or '2025-08-02 22:02:55', which is what nearly all files hold.
 * False when anything else stands in the text.
 */
static bool
read_plain(const char *text, size_t length, CivilTime *t)
{
	static const char shape[] = "0000-00-00 00:00:00";
	int			d[19];

	if (length != 10 && length != 19)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		d[i] = text[i] - '0';

		if (shape[i] == '0' ? (unsigned) d[i] > 9 :
			text[i] != shape[i] && !(i == 10 && text[i] == 'T'))
			return false;
	}
	memset(t, 0, sizeof(*t));
	if (length == 19)
	{
		t->hour = d[11] * 10 + d[12];
		t->minute = d[14] * 10 + d[15];
		t->second = d[17] * 10 + d[18];
	}
	return set_date(t, d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3],
					d[5] * 10 + d[6], d[8] * 10 + d[9]) &&
		t->hour < 24 && t->minute < 60 && t->second < 60;
}

/*
 * A date, with a time and an offset where they are written.  format is NULL,
 * "dmy" or "mdy".
 */
Reason
parse_datetime(const char *text, size_t length, const char *format, CivilTime *result)
{
	CivilTime	t = {0};
	Scanner		s;

	if (read_plain(text, length, &t))
	{
		*result = t;
		return REASON_OK;
	}
	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	memset(&t, 0, sizeof(t));
	s.p = text;
	s.end = text + length;

	take_weekday(&s);
	if (!take_date(&s, format, &t))
		return REASON_BAD_DATE;
	if (s.p < s.end)
	{
		bool		separated = take_char(&s, 'T') || take_char(&s, 't') || take_char(&s, ',');

		separated = take_blanks(&s) || separated || s.p - text == 8;

		if (!separated || !take_time(&s, &t))
			return REASON_BAD_DATE;
		take_blanks(&s);
		if (!take_offset(&s, &t) || s.p != s.end)
			return REASON_BAD_DATE;
	}
	*result = t;
	return REASON_OK;
}

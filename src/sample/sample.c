/*
 * sample.c
 *		What the set-returning functions of the sample data share: checks of
 *		arguments, and rows of text columns.
 */
#include "sample.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/*
 * Begins a materialised result of the caller's row type.
 */
void
sample_start(SampleRow *row, FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	row->result = (ReturnSetInfo *) fcinfo->resultinfo;
	row->column = 0;
	row->used = 0;
}

static void
append_value(SampleRow *row, const char *value, int length)
{
	int			size = VARHDRSZ + length;
	char	   *datum = row->buffer + row->used;

	Assert(row->column < SAMPLE_COLUMNS && row->used + INTALIGN(size) <= SAMPLE_ROW_SIZE);
	SET_VARSIZE(datum, size);
	memcpy(VARDATA(datum), value, length);
	row->used += INTALIGN(size);
	row->nulls[row->column] = false;
	row->values[row->column++] = PointerGetDatum(datum);
}

/*
 * Sets the next column to a text.
 */
void
sample_text(SampleRow *row, const char *value)
{
	append_value(row, value, strlen(value));
}

/*
 * Sets the next column to a text, to NULL when that is empty.
 */
void
sample_text_or_null(SampleRow *row, const char *value)
{
	if (value[0])
		sample_text(row, value);
	else
		sample_null(row);
}

/*
 * Sets the next column to a formatted text of less than 256 bytes.
 */
void
sample_format(SampleRow *row, const char *format,...)
{
	char		value[256];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	append_value(row, value, strlen(value));
}

static char *
two_digits(char *to, int value)
{
	*to++ = '0' + value / 10;
	*to++ = '0' + value % 10;
	return to;
}

/*
 * Sets the next column to 'YYYY-MM-DD HH:MM:SS'.
 */
void
sample_time(SampleRow *row, int day, int second)
{
	char		value[20];
	char	   *to = value;
	int			year;
	int			month;
	int			day_of_month;

	date_of_day(day, &year, &month, &day_of_month);
	to = two_digits(two_digits(to, year / 100), year % 100);
	*to++ = '-';
	to = two_digits(to, month);
	*to++ = '-';
	to = two_digits(to, day_of_month);
	*to++ = ' ';
	to = two_digits(to, second / 3600);
	*to++ = ':';
	to = two_digits(to, second / 60 % 60);
	*to++ = ':';
	two_digits(to, second % 60);
	append_value(row, value, 19);
}

/*
 * Sets the next column to Yes or No.
 */
void
sample_flag(SampleRow *row, bool value)
{
	sample_text(row, value ? "Yes" : "No");
}

/*
 * Sets the next column to a datum of its type.
 */
void
sample_datum(SampleRow *row, Datum value)
{
	row->nulls[row->column] = false;
	row->values[row->column++] = value;
}

/*
 * Sets the next column to NULL.
 */
void
sample_null(SampleRow *row)
{
	row->nulls[row->column++] = true;
}

/*
 * Puts another text into a column that has been set.
 */
void
sample_replace(SampleRow *row, int column, const char *value)
{
	int			next = row->column;

	row->column = column;
	sample_text(row, value);
	row->column = next;
}

/*
 * Adds the row to the result and begins the next one.
 */
void
sample_emit(SampleRow *row)
{
	Assert(row->column == row->result->setDesc->natts);
	tuplestore_putvalues(row->result->setResult, row->result->setDesc, row->values, row->nulls);
	row->column = 0;
	row->used = 0;
	CHECK_FOR_INTERRUPTS();
}

/*
 * A share between 0 and 1, or an error.
 */
double
sample_check_share(const char *argument, float8 value)
{
	if (isnan(value) || value < 0.0 || value > 1.0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range", argument),
				 errhint("Give a share between 0 and 1.")));
	return value;
}

/*
 * Persons first_person to people of a seed, or an error.
 */
void
sample_check_people(SampleRange *range, int32 people, int64 seed, float8 overlap, int32 first_person)
{
	if (people < 0 || people > MOST_PEOPLE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of people is out of range"),
				 errhint("Give a number between 0 and %d.", MOST_PEOPLE)));
	if (first_person < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("first person is out of range"),
				 errhint("People are numbered from 1.")));
	range->seed = (uint64) seed;
	range->first = first_person;
	range->last = people;
	range->overlap = sample_check_share("overlap", overlap);
}

/*
 * The days from from_date up to and without to_date, or an error.
 */
void
sample_check_dates(SampleRange *range, DateADT from_date, DateADT to_date)
{
	if (from_date < FIRST_DAY || from_date > LAST_DAY || to_date < FIRST_DAY || to_date > LAST_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("date is out of the range of the sample data"),
				 errhint("Give dates between 2020-01-01 and 2031-01-01.")));
	if (from_date > to_date)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("first date is later than last date"),
				 errhint("Rows are made from from_date up to and without to_date.")));
	range->from_day = from_date;
	range->until_day = to_date;
}

static void
unknown_platform(const char *others)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown platform"),
			 errhint("Give ZEPTO, SWIGGY, AMAZON, NYKAA, CHUMBAK, MAKEMYTRIP, CARWALE%s.", others)));
}

static int
find_platform(text *name)
{
	for (int i = 0; i < SAMPLE_PLATFORMS; i++)
		if (strcmp(text_to_cstring(name), sample_platform_ids[i]) == 0)
			return i;
	return -1;
}

/*
 * The named platform, or an error.
 */
SamplePlatform
sample_check_platform(text *name)
{
	int			platform = find_platform(name);

	if (platform < 0)
		unknown_platform("");
	return (SamplePlatform) platform;
}

/*
 * A bit mask of the named platform, of those with orders and bookings for ALL;
 * an error for an unknown one.
 */
unsigned
sample_check_platforms(text *name)
{
	int			platform;

	if (strcmp(text_to_cstring(name), "ALL") == 0)
		return (1u << SAMPLE_CARWALE) - 1;
	platform = find_platform(name);
	if (platform >= 0)
		return 1u << platform;
	unknown_platform(" or ALL");
	return 0;					/* keep the compiler quiet */
}

/*
 * The season factors, computed once per session.
 */
const Season *
sample_season(void)
{
	static Season *season = NULL;

	if (season == NULL)
	{
		Season	   *fresh = MemoryContextAlloc(TopMemoryContext, sizeof(Season));

		season_init(fresh);
		season = fresh;
	}
	return season;
}

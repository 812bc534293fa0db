/*
 * sample.h
 *		What the set-returning functions of the sample data share.
 */
#ifndef PATTERNOS_SAMPLE_H
#define PATTERNOS_SAMPLE_H

#include "patternos.h"

#include "core/sample_order.h"
#include "nodes/execnodes.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#define SAMPLE_COLUMNS 32
#define SAMPLE_ROW_SIZE 4096
#define MOST_PEOPLE 100000000

/* one row of text columns, built in place */
typedef struct SampleRow
{
	ReturnSetInfo *result;
	int			column;
	int			used;
	Datum		values[SAMPLE_COLUMNS];
	char		buffer[SAMPLE_ROW_SIZE];	/* aligned, since values are */
	bool		nulls[SAMPLE_COLUMNS];
} SampleRow;

typedef struct SampleRange
{
	uint64		seed;
	uint64		first;			/* persons, both included */
	uint64		last;
	double		overlap;
	int			from_day;		/* days since 2000-01-01; until is excluded */
	int			until_day;
} SampleRange;

extern void sample_start(SampleRow *row, FunctionCallInfo fcinfo);
extern void sample_text(SampleRow *row, const char *value);
extern void sample_text_or_null(SampleRow *row, const char *value);
extern void sample_format(SampleRow *row, const char *format,...) pg_attribute_printf(2, 3);
extern void sample_time(SampleRow *row, int day, int second);
extern void sample_flag(SampleRow *row, bool value);
extern void sample_datum(SampleRow *row, Datum value);
extern void sample_null(SampleRow *row);
extern void sample_replace(SampleRow *row, int column, const char *value);
extern void sample_emit(SampleRow *row);

extern void sample_check_people(SampleRange *range, int32 people, int64 seed,
								float8 overlap, int32 first_person);
extern void sample_check_dates(SampleRange *range, DateADT from_date, DateADT to_date);
extern double sample_check_share(const char *argument, float8 value);
extern SamplePlatform sample_check_platform(text *name);
extern unsigned sample_check_platforms(text *name);
extern const Season *sample_season(void);

#endif							/* PATTERNOS_SAMPLE_H */

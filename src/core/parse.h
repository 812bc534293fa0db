/*
 * parse.h
 *		Parsers of exported text that answer with a reason code instead of an error.
 *
 * Pure C: no backend headers, no allocation, no locale.  Input is bytes with a
 * length; nothing is assumed about it.  White space around a value is ignored.
 */
#ifndef PATTERNOS_PARSE_H
#define PATTERNOS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Reason
{
	REASON_OK = 0,
	REASON_EMPTY,				/* nothing but white space: a NULL, not a
								 * fault by itself */
	REASON_MISSING,				/* empty where a value is required */
	REASON_BAD_UTF8,
	REASON_CONTROL_CHARACTER,
	REASON_TOO_LONG,
	REASON_BAD_NUMBER,
	REASON_NEGATIVE,
	REASON_OUT_OF_RANGE,
	REASON_BAD_DATE,
	REASON_DATE_OUT_OF_RANGE,
	REASON_FUTURE_DATE,
	REASON_BAD_FLAG,
	REASON_BAD_PINCODE,
	REASON_BAD_EMAIL,
	REASON_BAD_PHONE,
	REASON_BAD_HASH,
	REASON_BAD_VALUE,			/* not in the column's list of values */
	REASON_PLACEHOLDER,			/* na@na.com, 9999999999: valid in form,
								 * identifies nobody */
	REASON_DISCOUNT_OVER_TOTAL, /* more discount than there is to discount */
	REASON_MISSING_RATE,		/* no exchange rate for the row's currency and
								 * date */
	REASON_COUNT
} Reason;

/* A date and time as written, before any time zone. */
typedef struct CivilTime
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			microsecond;
	bool		has_offset;		/* the text named its offset from UTC */
	int			offset_seconds; /* east of UTC */
} CivilTime;

extern const char *reason_name(Reason reason);

/*
 * format: NULL for unambiguous forms only, "dmy" or "mdy" for a file whose
 * numeric dates are known to be written so.
 */
extern Reason parse_datetime(const char *text, size_t length, const char *format, CivilTime *result);

/* An amount in units of 10^-scale, exact; more digits are rounded half away from zero. */
extern Reason parse_amount(const char *text, size_t length, int scale, int64_t *result);

/* The same with the ISO code of the currency whose sign was written, "" without one. */
extern Reason parse_money(const char *text, size_t length, int scale, int64_t *result,
						  char currency[4]);
extern Reason parse_integer(const char *text, size_t length, int64_t *result);
extern Reason parse_flag(const char *text, size_t length, bool *result);
extern Reason parse_pincode(const char *text, size_t length, char result[7]);

/*
 * Trimmed text without control characters.  *start and *size tell the part of
 * the input that is the value.
 */
extern Reason parse_text(const char *text, size_t length, size_t max_size,
						 const char **start, size_t *size);

#endif							/* PATTERNOS_PARSE_H */

/*
 * parse.c
 *		Parsers of text, numbers, flags and pincodes that answer with a reason code.
 *
 * Every parser trims its input, answers REASON_EMPTY for what is then empty,
 * and leaves *result alone unless it answers REASON_OK.
 */
#include "core/parse.h"

#include <string.h>

#include "core/utf8.h"

/* The longest written number that is looked at: more is no number of a person's order. */
#define MAX_NUMBER_SIZE 64

static const char *const reason_names[REASON_COUNT] = {
	[REASON_OK] = "ok",
	[REASON_EMPTY] = "empty",
	[REASON_MISSING] = "missing",
	[REASON_BAD_UTF8] = "bad_utf8",
	[REASON_CONTROL_CHARACTER] = "control_character",
	[REASON_TOO_LONG] = "too_long",
	[REASON_BAD_NUMBER] = "bad_number",
	[REASON_NEGATIVE] = "negative",
	[REASON_OUT_OF_RANGE] = "out_of_range",
	[REASON_BAD_DATE] = "bad_date",
	[REASON_DATE_OUT_OF_RANGE] = "date_out_of_range",
	[REASON_FUTURE_DATE] = "future_date",
	[REASON_BAD_FLAG] = "bad_flag",
	[REASON_BAD_PINCODE] = "bad_pincode",
	[REASON_BAD_EMAIL] = "bad_email",
	[REASON_BAD_PHONE] = "bad_phone",
	[REASON_BAD_HASH] = "bad_hash",
	[REASON_BAD_VALUE] = "bad_value",
	[REASON_PLACEHOLDER] = "placeholder",
	[REASON_DISCOUNT_OVER_TOTAL] = "discount_over_total",
	[REASON_MISSING_RATE] = "missing_rate",
};

/*
 * The code as it is stored in raw_reject.reason_code.
 */
const char *
reason_name(Reason reason)
{
	return reason < REASON_COUNT ? reason_names[reason] : "unknown";
}

/*
 * Whether one byte of ASCII is a control character other than tab, line feed and
 * carriage return, which addresses and item lists contain.
 */
static bool
is_control(uint32_t code)
{
	return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') ||
		(code >= 0x7F && code <= 0x9F);
}

/*
 * Why a text is refused, REASON_OK when it is valid UTF-8 without control
 * characters.  Eight bytes at a time while they are plain ASCII.
 */
static Reason
check_text(const char *text, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t		i = 0;

	while (i < length)
	{
		uint64_t	word;
		uint32_t	code;
		size_t		n;

		if (length - i >= sizeof(word))
		{
			uint64_t	rubout;

			memcpy(&word, text + i, sizeof(word));
			rubout = word ^ ones * 0x7F;
			/* no high bit, no byte below 0x20, no 0x7F */
			if (((word | (word - ones * 0x20) | (rubout - ones)) & ones * 0x80) == 0)
			{
				i += sizeof(word);
				continue;
			}
		}
		n = utf8_decode(text + i, length - i, &code);
		if (n == 0)
			return REASON_BAD_UTF8;
		if (is_control(code))
			return REASON_CONTROL_CHARACTER;
		i += n;
	}
	return REASON_OK;
}

/*
 * Trimmed text: valid UTF-8, no control character but tab and line ends, at most
 * max_size bytes.
 */
Reason
parse_text(const char *text, size_t length, size_t max_size,
		   const char **start, size_t *size)
{
	Reason		reason;

	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	if (length > max_size)
		return REASON_TOO_LONG;
	reason = check_text(text, length);
	if (reason != REASON_OK)
		return reason;
	*start = text;

	*size = length;
	return REASON_OK;
}

/*
 * Yes or no in the spellings of exports, upper or lower case; '1.0' and '0.0'
 * are what spreadsheets make of 1 and 0.
 */
Reason
parse_flag(const char *text, size_t length, bool *result)
{
	static const char *const yes[] = {"yes", "y", "true", "t", "1", "1.0", "on"};
	static const char *const no[] = {"no", "n", "false", "f", "0", "0.0", "off"};

	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
	{
		if (equals_word(text, length, yes[i]) || equals_word(text, length, no[i]))
		{
			*result = equals_word(text, length, yes[i]);
			return REASON_OK;
		}
	}
	return REASON_BAD_FLAG;
}

/*
 * Six digits, the first not 0, as a C string.  One blank or dash may stand in the
 * middle ('560 001'), and '.0' at the end.
 */
Reason
parse_pincode(const char *text, size_t length, char result[7])
{
	char		digits[6];
	size_t		n = 0;

	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	if (length == 8 && memcmp(text + 6, ".0", 2) == 0)
		length = 6;
	if (length > 7)
		return REASON_BAD_PINCODE;
	for (size_t i = 0; i < length; i++)
	{
		if (i == 3 && length == 7 && (text[i] == ' ' || text[i] == '-'))
			continue;
		if (!is_ascii_digit(text[i]) || n == 6)
			return REASON_BAD_PINCODE;
		digits[n++] = text[i];
	}
	if (n != 6 || digits[0] == '0')
		return REASON_BAD_PINCODE;
	memcpy(result, digits, 6);
	result[6] = '\0';
	return REASON_OK;
}

/*
 * A number as written: digits without grouping, where the fraction begins, and
 * what stood around them.
 */
typedef struct Written
{
	char		digits[MAX_NUMBER_SIZE];
	size_t		whole;			/* digits before the decimal point */
	size_t		count;			/* all digits */
	bool		negative;
	const char *currency;		/* ISO code, or "" */
} Written;

/*
 * Moves over blanks inside a number ('Rs. 500', '₹ 500' with any kind of space).
 */
static void
skip_blanks(const char **p, const char *end)
{
	uint32_t	code;
	size_t		n;

	while ((n = utf8_decode(*p, (size_t) (end - *p), &code)) > 0 && is_blank(code))
		*p += n;
}

/*
 * Takes a minus sign, ASCII or the mathematical one.
 */
static bool
take_minus(const char **p, const char *end)
{
	static const char minus[] = "\xE2\x88\x92";

	if (*p < end && **p == '-')
	{
		*p += 1;
		return true;
	}
	if (end - *p >= 3 && memcmp(*p, minus, 3) == 0)
	{
		*p += 3;
		return true;
	}
	return false;
}

/*
 * Takes a sign in front of a number; returns how many were taken.
 */
static int
take_sign(const char **p, const char *end, bool *negative)
{
	if (take_minus(p, end))
	{
		*negative = true;
		return 1;
	}
	if (*p < end && **p == '+')
	{
		*p += 1;
		return 1;
	}
	return 0;
}

/*
 * Takes a currency's sign or code and returns its ISO code, NULL when there is none.
 */
static const char *
take_currency(const char **p, const char *end)
{
	static const struct
	{
		const char *sign;
		const char *code;
	}			currencies[] = {
		{"\xE2\x82\xB9", "INR"}, {"\xE2\x82\xA8", "INR"},	/* rupee signs */
		{"rs.", "INR"}, {"rs", "INR"}, {"inr", "INR"},
		{"us$", "USD"}, {"$", "USD"}, {"usd", "USD"},
		{"\xC2\xA3", "GBP"}, {"gbp", "GBP"},	/* pound sign */
		{"\xE2\x82\xAC", "EUR"}, {"eur", "EUR"} /* euro sign */
	};

	for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++)
	{
		size_t		n = strlen(currencies[i].sign);

		if ((size_t) (end - *p) >= n && equals_word(*p, n, currencies[i].sign))
		{
			*p += n;
			return currencies[i].code;
		}
	}
	return NULL;
}

/*
 * Takes digits before the decimal point.  Commas must group them in threes, or as
 * in India by two with three at the end.
 */
static bool
take_whole(const char **p, const char *end, Written *w)
{
	size_t		first = 0;		/* digits before the first comma */
	size_t		group = 0;		/* digits since the last comma */
	size_t		commas = 0;
	bool		twos = true;
	bool		threes = true;

	for (; *p < end; (*p)++)
	{
		if (is_ascii_digit(**p))
		{
			w->digits[w->count++] = **p;
			group++;
			continue;
		}
		if (**p != ',')
			break;
		if (commas++ == 0)
			first = group;
		else
		{
			twos = twos && group == 2;
			threes = threes && group == 3;
		}
		group = 0;
	}
	w->whole = w->count;
	if (commas == 0)
		return true;
	if (group != 3 || first < 1)
		return false;
	return (threes && first <= 3) || (twos && first <= 2);
}

/*
 * Takes a number with what exports put around it: one sign in front, behind or as
 * parentheses, one currency in front or behind, '/-' at the end.
 */
static bool
read_number(const char *text, size_t length, Written *w)
{
	const char *p = text;
	const char *end = text + length;
	const char *currency;
	bool		parentheses = length >= 2 && text[0] == '(' && end[-1] == ')';
	int			signs = parentheses ? 1 : 0;

	if (parentheses)
	{
		p++;
		end--;
		skip_blanks(&p, end);
	}
	w->count = 0;
	w->negative = parentheses;
	signs += take_sign(&p, end, &w->negative);
	skip_blanks(&p, end);
	currency = take_currency(&p, end);
	if (currency != NULL)
	{
		skip_blanks(&p, end);
		signs += take_sign(&p, end, &w->negative);
	}
	if (!take_whole(&p, end, w))
		return false;
	if (p < end && *p == '.')
	{
		for (p++; p < end && is_ascii_digit(*p); p++)
			w->digits[w->count++] = *p;
	}
	if (end - p >= 2 && p[0] == '/' && (p[1] == '-' || p[1] == '='))
		p += 2;
	if (take_minus(&p, end))
	{
		w->negative = true;
		signs++;
	}
	skip_blanks(&p, end);
	if (currency == NULL)
		currency = take_currency(&p, end);
	skip_blanks(&p, end);
	w->currency = currency ? currency : "";
	return p == end && w->count > 0 && signs <= 1;
}

/*
 * The written number in units of 10^-scale, rounded half away from zero.
 */
static Reason
to_units(const Written *w, int scale, int64_t *result)
{
	const uint64_t limit = INT64_MAX;
	uint64_t	units = 0;
	size_t		wanted = w->whole + (size_t) scale;

	for (size_t i = 0; i < wanted; i++)
	{
		unsigned	digit = i < w->count ? (unsigned) (w->digits[i] - '0') : 0;

		if (units > (limit - digit) / 10)
			return REASON_OUT_OF_RANGE;
		units = units * 10 + digit;
	}
	if (wanted < w->count && w->digits[wanted] >= '5')
	{
		if (units == limit)
			return REASON_OUT_OF_RANGE;
		units++;
	}
	*result = w->negative ? -(int64_t) units : (int64_t) units;
	return REASON_OK;
}

/*
 * An amount of digits, a point and digits, which is what nearly all files hold.
 * False when anything else stands in the text.
 */
static bool
read_plain(const char *text, size_t length, int scale, int64_t *result)
{
	int64_t		units = 0;
	size_t		i = 0;

	if (length == 0 || length + (size_t) scale > 18)
		return false;
	for (; i < length && is_ascii_digit(text[i]); i++)
		units = units * 10 + (text[i] - '0');
	if (i == 0)
		return false;
	if (i < length && text[i] == '.' && i + 1 < length)
	{
		for (i++; i < length && scale > 0 && is_ascii_digit(text[i]); i++, scale--)
			units = units * 10 + (text[i] - '0');
	}
	if (i < length)
		return false;
	for (; scale > 0; scale--)
		units *= 10;
	*result = units;
	return true;
}

/*
 * An amount in units of 10^-scale (scale 0 to 18) with the ISO code of the
 * currency whose sign was written, "" without one.
 */
Reason
parse_money(const char *text, size_t length, int scale, int64_t *result,
			char currency[4])
{
	Written		written;

	currency[0] = '\0';
	if (read_plain(text, length, scale, result))
		return REASON_OK;
	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	if (length > MAX_NUMBER_SIZE || !read_number(text, length, &written))
		return REASON_BAD_NUMBER;
	memcpy(currency, written.currency, strlen(written.currency) + 1);
	return to_units(&written, scale, result);
}

/*
 * The amount of parse_money(), whatever the currency.
 */
Reason
parse_amount(const char *text, size_t length, int scale, int64_t *result)
{
	char		currency[4];

	return parse_money(text, length, scale, result, currency);
}

/*
 * A whole number; a fraction of zeros ('5.0') is what spreadsheets add.
 */
Reason
parse_integer(const char *text, size_t length, int64_t *result)
{
	Written		written;

	if (read_plain(text, length, 0, result))
		return REASON_OK;
	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	if (length > MAX_NUMBER_SIZE || !read_number(text, length, &written) ||
		written.currency[0] != '\0')
		return REASON_BAD_NUMBER;
	for (size_t i = written.whole; i < written.count; i++)
	{
		if (written.digits[i] != '0')
			return REASON_BAD_NUMBER;
	}
	written.count = written.whole;
	return written.count > 0 ? to_units(&written, 0, result) : REASON_BAD_NUMBER;
}

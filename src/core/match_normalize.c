/*
 * match_normalize.c
 *		Normal forms of compared values, one for each kind.
 *
 * More lenient than the forms that are hashed at landing: a value with a typing
 * error keeps what is right in it.  What says that there is no value (unknown,
 * n/a, 0000000000, na@na.com, 1 January 1900) is null.
 */
#include "core/match.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/match_record.h"
#include "core/address.h"
#include "core/normalize.h"
#include "core/utf8.h"

#define RAW_MAX 512				/* bytes of a value that are looked at */
#define PHONE_DIGITS 10
#define NUMBER_TEXT_MAX 64

/*
 * Copies a value without control characters, at most RAW_MAX bytes and never half
 * a character; returns the number of bytes, 0 for an empty value or invalid UTF-8.
 */
static size_t
clean(const char *text, size_t length, char *result)
{
	size_t		n = 0;

	trim(&text, &length);
	if (length > RAW_MAX)
	{
		length = RAW_MAX;
		while (length > 0 && ((unsigned char) text[length] & 0xC0) == 0x80)
			length--;
	}
	if (!utf8_valid(text, length))
		return 0;
	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c == 0xC2 && (unsigned char) text[i + 1] < 0xA0)
		{
			result[n++] = ' ';	/* C1 controls */
			i++;
		}
		else
			result[n++] = c < 0x20 || c == 0x7F ? ' ' : text[i];
	}
	text = result;
	length = n;
	trim(&text, &length);
	memmove(result, text, length);
	return length;
}

/*
 * Whether a value says that there is none: such a word, or nothing but signs.
 */
static bool
says_nothing(const char *text, size_t length)
{
	static const char *const words[] = {
		"na", "n/a", "n.a.", "nil", "nan", "none", "null", "unknown", "undefined",
		"not available", "not applicable", "not provided", "not known", "missing",
		"(null)", "<null>", "#n/a", "\\n", "tbd", "tba"
	};
	bool		signs = true;

	for (size_t i = 0; i < length && signs; i++)
		signs = (unsigned char) text[i] < 0x80 && !is_ascii_letter(text[i]) && !is_ascii_digit(text[i]);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !signs; i++)
		signs = equals_word(text, length, words[i]);
	return signs;
}

/*
 * Codes and whatever else is equal or not: small letters, single blanks.
 */
static bool
normalize_exact(const char *text, size_t length, char *result, size_t *size)
{
	size_t		n = 0;

	if (says_nothing(text, length))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == ' ' && n > 0 && result[n - 1] == ' ')
			continue;
		result[n++] = ascii_lower(text[i]);
	}
	*size = n;
	return true;
}

/*
 * E-mail addresses: the canonical form, or small letters without blanks when the
 * address is not valid; without the name that mail programs write before it.
 */
static bool
normalize_mail(const char *text, size_t length, char *result, size_t *size)
{
	Reason		reason;
	size_t		n = 0;
	const char *open = memchr(text, '<', length);
	const char *close = length > 0 && text[length - 1] == '>' ? text + length - 1 : NULL;

	if (open != NULL && close != NULL && memchr(open, '@', (size_t) (close - open)) != NULL)
	{
		length = (size_t) (close - open) - 1;	/* Name <user@domain> */
		text = open + 1;
		trim(&text, &length);
	}
	reason = normalize_email(text, length, result, MATCH_NORMAL_MAX, size);
	if (reason == REASON_OK || reason == REASON_PLACEHOLDER)
		return reason == REASON_OK;
	if (says_nothing(text, length))
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] != ' ')
			result[n++] = ascii_lower(text[i]);
	}
	*size = n;
	return true;
}

/*
 * Phone numbers: the last ten digits, without the zeros in front, of what stands
 * before an extension.
 */
static bool
normalize_digits(const char *text, size_t length, char *result, size_t *size)
{
	char		digits[RAW_MAX] = "";
	size_t		n = 0;
	size_t		zeros = 0;
	bool		same = true;

	if (length > 2 && memcmp(text + length - 2, ".0", 2) == 0)
		length -= 2;			/* went through a spreadsheet */
	for (size_t i = 0; i < length;)
	{
		uint32_t	code = 0;
		int			value;

		i += utf8_decode(text + i, length - i, &code);
		value = digit_value(code);
		if (value >= 0)
			digits[n++] = (char) ('0' + value);
		else if ((code == 'x' || code == 'X' || code == '#' || code == 'e' || code == 'E') && n >= 7)
			break;
	}
	while (zeros < n && digits[zeros] == '0')
		zeros++;
	if (n - zeros > PHONE_DIGITS)
		zeros = n - PHONE_DIGITS;
	while (zeros < n && digits[zeros] == '0')
		zeros++;
	n -= zeros;
	if (n < 4)
		return false;
	memcpy(result, digits + zeros, n);
	for (size_t i = 1; i < n; i++)
		same = same && result[i] == result[0];
	*size = n;
	return !same && !(n == 10 && memcmp(result, "1234567890", 10) == 0) &&
		!(n == 9 && memcmp(result, "123456789", 9) == 0);
}

/*
 * Letters in capitals and digits, nothing between them; *same tells whether it is one
 * character repeated.  False for a value that says that there is none.
 */
static bool
letters_and_digits(const char *text, size_t length, char *result, size_t *size, bool *same)
{
	size_t		n = 0;

	if (says_nothing(text, length))
		return false;
	if (length > 2 && memcmp(text + length - 2, ".0", 2) == 0)
		length -= 2;			/* went through a spreadsheet */
	for (size_t i = 0; i < length;)
	{
		uint32_t	code = 0;
		size_t		bytes = utf8_decode(text + i, length - i, &code);
		int			value = digit_value(code);

		if (value >= 0)
			result[n++] = (char) ('0' + value);
		else if (code >= 0x80 || is_ascii_letter((char) code))
		{
			for (size_t j = 0; j < bytes; j++)
				result[n++] = ascii_upper(text[i + j]);
		}
		i += bytes;
	}
	*same = true;
	for (size_t i = 1; i < n; i++)
		*same = *same && result[i] == result[0];
	*size = n;
	return n > 0;
}

/*
 * Numbers of documents and registers.
 */
static bool
normalize_identifier(const char *text, size_t length, char *result, size_t *size)
{
	bool		same;

	return letters_and_digits(text, length, result, size, &same) && !same &&
		!equals_word(result, *size, "123456789") && !equals_word(result, *size, "1234567890");
}

/*
 * Male or female, as m or f, from the words of some languages; anything else is null.
 */
static bool
normalize_gender(const char *text, size_t length, char *result, size_t *size)
{
	static const char *const words[2][13] = {
		{"m", "male", "man", "boy", "masculine", "masculin", "masculino", "maschio", "homme", "hombre", "herr", "mr", "männlich"},
		{"f", "female", "woman", "girl", "feminine", "feminin", "femenino", "femmina", "femme", "mujer", "frau", "mrs", "w"}
	};

	if (length > 0 && text[length - 1] == '.')
		length--;
	for (int i = 0; i < 26; i++)
	{
		if (equals_word(text, length, words[i / 13][i % 13]))
		{
			*result = i < 13 ? 'm' : 'f';
			*size = 1;
			return true;
		}
	}
	return false;
}

/*
 * Postal codes.
 */
static bool
normalize_postcode(const char *text, size_t length, char *result, size_t *size)
{
	bool		same;

	return letters_and_digits(text, length, result, size, &same) &&
		!(same && (*size == 1 || result[0] == '0' || result[0] == '9' || result[0] == 'X'));
}

/*
 * Years, months and days that forms and programs fill in by themselves.
 */
bool
match_placeholder_date(int year, int month, int day)
{
	static const int dates[][3] = {
		{1, 1, 1}, {1111, 11, 11}, {1753, 1, 1}, {1899, 12, 30}, {1899, 12, 31},
		{1900, 1, 1}, {1970, 1, 1}, {9999, 12, 31}, {9999, 9, 9}
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
	{
		if (dates[i][0] == year && dates[i][1] == month && dates[i][2] == day)
			return true;
	}
	return year == 0 || year == 9999;
}

/*
 * Numbers of a date whose month or day may not exist: year first or last, or eight
 * or six or four digits together.
 */
static bool
loose_date(const char *text, size_t length, int *year, int *month, int *day)
{
	int			value[3] = {0, 0, 0};
	int			digits[3] = {0, 0, 0};
	int			count = 0;

	for (size_t i = 0; i < length; i++)
	{
		if (is_ascii_digit(text[i]))
		{
			if (count == 0 || i == 0 || !is_ascii_digit(text[i - 1]))
				count++;
			if (count > 3 || digits[count - 1] == 8)
				return false;
			value[count - 1] = value[count - 1] * 10 + (text[i] - '0');
			digits[count - 1]++;
		}
		else if (memchr("-/. ", text[i], 4) == NULL)
			return false;
	}
	if (count == 1 && digits[0] == 8)
	{
		bool		year_first = value[0] / 10000 >= 1000 && value[0] / 10000 < 3000;

		*year = year_first ? value[0] / 10000 : value[0] % 10000;
		*month = value[0] / (year_first ? 100 : 10000) % 100;
		*day = year_first ? value[0] % 100 : value[0] / 1000000;
		return true;
	}
	for (int i = 0; i < count; i++)
	{
		if (digits[i] > 2 && !(digits[i] == 4 && (i == 0 || i == count - 1)))
			return false;
	}
	if (digits[0] == 4)
	{
		*year = value[0];
		*month = value[1];
		*day = value[2];
		return true;
	}
	if (count < 2 || digits[count - 1] != 4)
		return false;
	*year = value[count - 1];
	*month = value[count - 2];
	*day = count == 3 ? value[0] : 0;
	if (*month > 12 && *day <= 12 && *day > 0)
	{
		int			swap = *month;

		*month = *day;
		*day = swap;
	}
	return true;
}

/*
 * A date in any form that people write; day before month where both are possible.
 * Years of two digits lie between 1931 and 2030.
 */
bool
match_parse_date(const char *text, size_t length, int *year, int *month, int *day)
{
	CivilTime	t;

	if (parse_datetime(text, length, NULL, &t) == REASON_OK ||
		parse_datetime(text, length, "dmy", &t) == REASON_OK ||
		parse_datetime(text, length, "mdy", &t) == REASON_OK)
	{
		*year = t.year;
		*month = t.month;
		*day = t.day;
		if (t.year > 2030 && t.year <= 2068)
		{
			char		written[5];

			snprintf(written, sizeof(written), "%04d", t.year);
			for (size_t i = 0; i + 4 <= length; i++)
			{
				if (memcmp(text + i, written, 4) == 0)
					return !match_placeholder_date(*year, *month, *day);
			}
			*year -= 100;
		}
		return !match_placeholder_date(*year, *month, *day);
	}
	trim(&text, &length);
	return loose_date(text, length, year, month, day) && !match_placeholder_date(*year, *month, *day);
}

/*
 * A number, with commas between thousands at most; no infinity.
 */
bool
match_parse_number(const char *text, size_t length, double *value)
{
	char		buffer[NUMBER_TEXT_MAX];
	size_t		n = 0;
	char	   *end;

	trim(&text, &length);
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == ',' && i > 0 && is_ascii_digit(text[i - 1]))
			continue;
		if (n + 1 == sizeof(buffer) ||
			(!is_ascii_digit(text[i]) && memchr("+-.eE", text[i], 5) == NULL))
			return false;
		buffer[n++] = text[i];
	}
	buffer[n] = '\0';
	*value = strtod(buffer, &end);
	if (n == 0 || *end != '\0' || !isfinite(*value))
		return false;
	if (*value == 0)
		*value = 0;				/* no minus zero */
	return true;
}

/*
 * The normal form of a date as text: YYYY-MM-DD, 00 where a part is unknown.
 */
static bool
normalize_date(const char *text, size_t length, char *result, size_t *size)
{
	int			year,
				month,
				day;

	if (!match_parse_date(text, length, &year, &month, &day))
		return false;
	*size = (size_t) sprintf(result, "%04d-%02d-%02d", year, month, day);
	return true;
}

/*
 * The normal form of a number as text: the shortest of 17 digits or fewer that
 * reads back the same.
 */
static bool
normalize_number(const char *text, size_t length, char *result, size_t *size)
{
	double		value;

	if (!match_parse_number(text, length, &value))
		return false;
	for (int digits = 1; digits <= 17; digits++)
	{
		*size = (size_t) sprintf(result, "%.*g", digits, value);
		if (strtod(result, NULL) == value)
			break;
	}
	return true;
}

/*
 * Addresses: folded words, abbreviations written out.
 */
static bool
normalize_street(const char *text, size_t length, char *result, size_t *size)
{
	AddressWords words;
	size_t		n = 0;

	if (normalize_address(text, length, result, MATCH_NORMAL_MAX, size) != REASON_OK)
		return false;
	if (!address_split(result, *size, &words))
		return true;			/* nothing but words that say nothing */
	for (int i = 0; i < words.count; i++)
	{
		if (n + words.words[i].size + 1 > MATCH_NORMAL_MAX)
			break;
		if (i > 0)
			result[n++] = ' ';
		memcpy(result + n, words.words[i].text, words.words[i].size);
		n += words.words[i].size;
	}
	*size = n;
	return true;
}

/*
 * The normal form of a value; false for null.  See the kinds' rules above.
 */
bool
match_normalize(MatchKind kind, const char *text, size_t length, char *result, size_t *size)
{
	char		cleaned[RAW_MAX];
	char		raw[RAW_MAX];

	length = clean(text, length, cleaned);
	if (kind == KIND_NAME || kind == KIND_FULL_NAME || kind == KIND_ADDRESS || kind == KIND_TEXT)
		length = transliterate(cleaned, length, raw, sizeof(raw));
	else
		memcpy(raw, cleaned, length);
	if (length == 0)
		return false;
	switch (kind)
	{
		case KIND_FULL_NAME:
			return match_normalize_full_name(raw, length, result, size);
		case KIND_NAME:
			return match_normalize_name(raw, length, result, size);
		case KIND_IDENTIFIER:
			return normalize_identifier(raw, length, result, size);
		case KIND_GENDER:
			return normalize_gender(raw, length, result, size);
		case KIND_DATE:
			return normalize_date(raw, length, result, size);
		case KIND_EMAIL:
			return normalize_mail(raw, length, result, size);
		case KIND_PHONE:
			return normalize_digits(raw, length, result, size);
		case KIND_POSTCODE:
			return normalize_postcode(raw, length, result, size);
		case KIND_ADDRESS:
			return normalize_street(raw, length, result, size);
		case KIND_TEXT:
			return normalize_address(raw, length, result, MATCH_NORMAL_MAX, size) == REASON_OK;
		case KIND_NUMBER:
			return normalize_number(raw, length, result, size);
		default:
			return normalize_exact(raw, length, result, size);
	}
}

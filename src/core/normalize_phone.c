/*
 * normalize_phone.c
 *		Canonical form, version 1, of phone numbers: E.164 with '+', India where no
 *		country is written.
 *
 * Only a mobile number of India (ten digits, the first 6 to 9) or a number of
 * another country identifies a person.  India's fixed lines and service numbers
 * are shared by many, hence placeholders.
 */
#include "core/normalize.h"

#include <string.h>

#include "core/utf8.h"

#define MAX_PHONE_SIZE 64
#define MAX_DIGITS 15
#define MIN_DIGITS 8
#define NATIONAL_DIGITS 10

/*
 * Whether a character only separates digits for the eye.
 */
static bool
is_separator(uint32_t code)
{
	return code == '(' || code == ')' || code == '-' || code == '.' || code == '/' ||
		is_blank(code) || (code >= 0x2010 && code <= 0x2015) || code == 0x2212 ||
		code == 0xFF08 || code == 0xFF09 || code == 0xFF0D || code == 0xFF0E;
}

/*
 * The digits of any script, without separators; *plus tells whether a plus sign
 * stood before them.
 */
static Reason
read_digits(const char *text, size_t length, char digits[MAX_PHONE_SIZE],
			size_t *count, bool *plus)
{
	*count = 0;
	*plus = false;
	for (size_t i = 0; i < length;)
	{
		uint32_t	code;
		size_t		n = utf8_decode(text + i, length - i, &code);
		int			value;

		if (n == 0)
			return REASON_BAD_UTF8;
		value = digit_value(code);
		if (value >= 0)
			digits[(*count)++] = (char) ('0' + value);
		else if ((code == '+' || code == 0xFF0B) && *count == 0 && !*plus)
			*plus = true;
		else if (!is_separator(code))
			return REASON_BAD_PHONE;
		i += n;
	}
	return *count > 0 ? REASON_OK : REASON_BAD_PHONE;
}

/*
 * Whether digits are what people type to get past a form: one digit repeated, one
 * digit and zeros, or counting up.
 */
static bool
placeholder_digits(const char *digits, size_t count)
{
	bool		same = true;
	bool		zeros = true;

	for (size_t i = 1; i < count; i++)
	{
		same = same && digits[i] == digits[0];
		zeros = zeros && digits[i] == '0';
	}
	return same || zeros ||
		(count == NATIONAL_DIGITS && (memcmp(digits, "1234567890", 10) == 0 ||
									  memcmp(digits, "0123456789", 10) == 0));
}

/*
 * A number of India without its country code.
 */
static Reason
indian_number(const char *digits, size_t count, char *result, size_t *result_size)
{
	if (placeholder_digits(digits, count))
		return REASON_PLACEHOLDER;
	if (digits[0] == '1')		/* service numbers, 1 and 7 to 12 digits */
		return count >= 8 && count <= 13 ? REASON_PLACEHOLDER : REASON_BAD_PHONE;
	if (count != NATIONAL_DIGITS || digits[0] == '0')
		return REASON_BAD_PHONE;
	if (digits[0] < '6')
		return REASON_PLACEHOLDER;
	memcpy(result, "+91", 3);
	memcpy(result + 3, digits, NATIONAL_DIGITS);
	*result_size = 3 + NATIONAL_DIGITS;
	return REASON_OK;
}

/*
 * Phone numbers; see the rules at the head of this file.
 */
Reason
normalize_phone(const char *text, size_t length,
				char *result, size_t size, size_t *result_size)
{
	char		buffer[MAX_PHONE_SIZE];
	const char *digits = buffer;
	size_t		count;
	bool		plus;
	Reason		reason;

	reason = parse_text(text, length, MAX_PHONE_SIZE, &text, &length);
	if (reason != REASON_OK)
		return reason;
	if (length > 12 && memcmp(text + length - 2, ".0", 2) == 0)
		length -= 2;			/* a number that went through a spreadsheet */
	else if (length == 12 && memcmp(text + 10, ".0", 2) == 0)
		length = 10;
	if (size < MAX_DIGITS + 1)
		return REASON_TOO_LONG;
	reason = read_digits(text, length, buffer, &count, &plus);
	if (reason != REASON_OK)
		return reason;
	if (!plus && placeholder_digits(digits, count))
		return count >= MIN_DIGITS - 1 ? REASON_PLACEHOLDER : REASON_BAD_PHONE;
	if (!plus && count > 2 && memcmp(digits, "00", 2) == 0)
	{
		plus = true;
		digits += 2;
		count -= 2;
	}
	if (!plus)
	{
		if (digits[0] == '0')	/* trunk prefix */
			digits++, count--;
		if (count == NATIONAL_DIGITS)
			return indian_number(digits, count, result, result_size);
		if (count != 2 + NATIONAL_DIGITS || memcmp(digits, "91", 2) != 0 || digits[2] < '6')
			return REASON_BAD_PHONE;
	}
	if (count > 2 && memcmp(digits, "91", 2) == 0)
	{
		digits += 2;
		count -= 2;
		if (digits[0] == '0' && count > NATIONAL_DIGITS)
			digits++, count--;
		return indian_number(digits, count, result, result_size);
	}
	if (count < MIN_DIGITS || count > MAX_DIGITS || digits[0] == '0')
		return REASON_BAD_PHONE;
	if (placeholder_digits(digits, count))
		return REASON_PLACEHOLDER;
	result[0] = '+';
	memcpy(result + 1, digits, count);
	*result_size = count + 1;
	return REASON_OK;
}

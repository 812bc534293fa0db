/*
 * detect_number.c
 *		Which identifier a number of grouped digits is; the rules stand at the head of
 *		detect.c.
 */
#include "core/detect_number.h"

#include <string.h>

/*
 * Whether the last of the digits is the check digit of Luhn's formula.
 */
static bool
luhn(const char *digits, int count)
{
	int			sum = 0;

	for (int i = 0; i < count; i++)
	{
		int			digit = digits[count - 1 - i] - '0';

		if (i % 2 == 1)
			digit = digit < 5 ? 2 * digit : 2 * digit - 9;
		sum += digit;
	}
	return sum % 10 == 0;
}

/*
 * Whether the last of the digits is the check digit of Verhoeff's scheme.
 */
static bool
verhoeff(const char *digits, int count)
{
	/* multiplication in the dihedral group of order 10 */
	static const char product[10][11] = {
		"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
		"5987604321", "6598710432", "7659821043", "8765932104", "9876543210"
	};
	static const char permutation[8][11] = {
		"0123456789", "1576283094", "5803796142", "8916043527",
		"9453126870", "4286573901", "2793806415", "7046913258"
	};
	int			check = 0;

	for (int i = 0; i < count; i++)
	{
		int			digit = digits[count - 1 - i] - '0';

		check = product[check][permutation[i % 8][digit] - '0'] - '0';
	}
	return check == 0;
}

/*
 * Whether the digits begin like the cards of a network: Visa, Mastercard, American
 * Express, Diners, Discover, JCB, RuPay, UnionPay, Maestro.
 */
static bool
card_network(const char *digits)
{
	int			first4 = (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 +
	(digits[2] - '0') * 10 + (digits[3] - '0');

	return digits[0] == '4' || digits[0] == '5' || digits[0] == '6' ||
		(first4 >= 2221 && first4 <= 2720) || (first4 >= 3000 && first4 <= 3059) ||
		(first4 >= 3400 && first4 <= 3999) || (first4 >= 8100 && first4 <= 8299);
}

/*
 * Whether the first groups are of the given sizes, the last one of any size up to
 * its own, with one kind of separator.
 */
static bool
grouped(const Number *n, int count, const char *sizes)
{
	if (count != (int) strlen(sizes))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (n->size[i] > sizes[i] - '0' || (i + 1 < count && n->size[i] < sizes[i] - '0'))
			return false;
		if (i > 0 && (n->separator[i] == '.' || n->separator[i] != n->separator[1]))
			return false;
	}
	return true;
}

static bool
is_card(const Number *n, int count, int digits)
{
	if (n->plus || n->joined || digits < 13 || !card_network(n->digits) ||
		!luhn(n->digits, digits))
		return false;
	return count == 1 || grouped(n, count, "4444") || grouped(n, count, "44443") ||
		grouped(n, count, "465");
}

static bool
is_aadhaar(const Number *n, int count, int digits)
{
	return !n->plus && !n->joined && digits == 12 && n->digits[0] >= '2' &&
		(count == 1 || grouped(n, count, "444")) && verhoeff(n->digits, 12);
}

/*
 * Length of the prefix (0, 91, 091, 0091 or none) that leaves a mobile number of
 * India; -1 when there is none.
 */
static int
mobile_prefix(const Number *n, int digits)
{
	static const char *const prefixes[] = {"", "0", "91", "091", "0091"};

	for (int i = 0; i < 5; i++)
	{
		int			size = (int) strlen(prefixes[i]);

		if (digits == size + 10 && memcmp(n->digits, prefixes[i], (size_t) size) == 0 &&
			n->digits[size] >= '6')
			return size;
	}
	return -1;
}

static bool
is_phone(const Number *n, int count, int digits)
{
	int			prefix;
	int			first = 0;		/* group after a prefix of its own */

	if (n->plus)
	{
		if (memcmp(n->digits, "91", 2) == 0)
			return digits == 12 || (digits == 13 && n->digits[2] == '0');
		return digits >= 9 && digits <= 15 && n->digits[0] != '0';
	}
	/* fixed line: 022-23456789 */
	if (digits == 11 && n->digits[0] == '0' && n->digits[1] != '0' && count == 2 &&
		n->size[0] >= 3 && n->size[0] <= 5 && n->separator[1] != '.')
		return true;
	prefix = mobile_prefix(n, digits);
	if (prefix < 0)
		return false;
	if (count > 1 && n->size[0] == prefix)
		first = 1;
	for (int i = first; i < count && count > 1; i++)
	{
		if (n->size[i] < 3 || (i > 0 && n->separator[i] == '.'))
			return false;
	}
	return true;
}

/*
 * See detect_number.h.
 */
const char *
number_label(const Number *n, int count, int digits)
{
	if (is_phone(n, count, digits))
		return "[phone]";
	if (is_card(n, count, digits))
		return "[card]";
	if (is_aadhaar(n, count, digits))
		return "[aadhaar]";
	return NULL;
}

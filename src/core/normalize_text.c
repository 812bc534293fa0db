/*
 * normalize_text.c
 *		Canonical forms, version 1, of names and addresses.
 *
 * Letters lose their case and Latin ones their accents, composed signs of Indian
 * scripts are taken apart, apostrophes vanish, and whatever else is no letter, mark
 * or (in addresses) digit separates words.  Two encodings of one text that look
 * alike thus become one.
 */
#include "core/normalize.h"

#include <string.h>

#include "core/utf8.h"

#define MAX_TEXT_SIZE 512

/* Base letters of U+00C0 to U+017F. */
static const char *const latin_letters[] = {
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",
	"i", "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y",
	"th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e",
	"i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u",
	"u", "u", "y", "th", "y", "a", "a", "a", "a", "a", "a", "c", "c", "c", "c",
	"c", "c", "c", "c", "d", "d", "d", "d", "e", "e", "e", "e", "e", "e", "e",
	"e", "e", "e", "g", "g", "g", "g", "g", "g", "g", "g", "h", "h", "h", "h",
	"i", "i", "i", "i", "i", "i", "i", "i", "i", "i", "ij", "ij", "j", "j", "k",
	"k", "k", "l", "l", "l", "l", "l", "l", "l", "l", "l", "l", "n", "n", "n",
	"n", "n", "n", "n", "n", "n", "o", "o", "o", "o", "o", "o", "oe", "oe", "r",
	"r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s", "s", "s", "t", "t",
	"t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u", "u",
	"u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s"
};

/* Canonical decompositions of U+0900 to U+0DFF. */
static const struct
{
	uint16_t	code;
	uint16_t	parts[3];
}			indic_letters[] = {
	{0x929, {0x928, 0x93C, 0x0}}, {0x931, {0x930, 0x93C, 0x0}},
	{0x934, {0x933, 0x93C, 0x0}}, {0x958, {0x915, 0x93C, 0x0}},
	{0x959, {0x916, 0x93C, 0x0}}, {0x95A, {0x917, 0x93C, 0x0}},
	{0x95B, {0x91C, 0x93C, 0x0}}, {0x95C, {0x921, 0x93C, 0x0}},
	{0x95D, {0x922, 0x93C, 0x0}}, {0x95E, {0x92B, 0x93C, 0x0}},
	{0x95F, {0x92F, 0x93C, 0x0}}, {0x9CB, {0x9C7, 0x9BE, 0x0}},
	{0x9CC, {0x9C7, 0x9D7, 0x0}}, {0x9DC, {0x9A1, 0x9BC, 0x0}},
	{0x9DD, {0x9A2, 0x9BC, 0x0}}, {0x9DF, {0x9AF, 0x9BC, 0x0}},
	{0xA33, {0xA32, 0xA3C, 0x0}}, {0xA36, {0xA38, 0xA3C, 0x0}},
	{0xA59, {0xA16, 0xA3C, 0x0}}, {0xA5A, {0xA17, 0xA3C, 0x0}},
	{0xA5B, {0xA1C, 0xA3C, 0x0}}, {0xA5E, {0xA2B, 0xA3C, 0x0}},
	{0xB48, {0xB47, 0xB56, 0x0}}, {0xB4B, {0xB47, 0xB3E, 0x0}},
	{0xB4C, {0xB47, 0xB57, 0x0}}, {0xB5C, {0xB21, 0xB3C, 0x0}},
	{0xB5D, {0xB22, 0xB3C, 0x0}}, {0xB94, {0xB92, 0xBD7, 0x0}},
	{0xBCA, {0xBC6, 0xBBE, 0x0}}, {0xBCB, {0xBC7, 0xBBE, 0x0}},
	{0xBCC, {0xBC6, 0xBD7, 0x0}}, {0xC48, {0xC46, 0xC56, 0x0}},
	{0xCC0, {0xCBF, 0xCD5, 0x0}}, {0xCC7, {0xCC6, 0xCD5, 0x0}},
	{0xCC8, {0xCC6, 0xCD6, 0x0}}, {0xCCA, {0xCC6, 0xCC2, 0x0}},
	{0xCCB, {0xCC6, 0xCC2, 0xCD5}}, {0xD4A, {0xD46, 0xD3E, 0x0}},
	{0xD4B, {0xD47, 0xD3E, 0x0}}, {0xD4C, {0xD46, 0xD57, 0x0}},
	{0xDDA, {0xDD9, 0xDCA, 0x0}}, {0xDDC, {0xDD9, 0xDCF, 0x0}},
	{0xDDD, {0xDD9, 0xDCF, 0xDCA}}, {0xDDE, {0xDD9, 0xDDF, 0x0}}
};

/*
 * Whether a character beyond Latin is a sign, not a letter or mark: general
 * punctuation and symbols, the dandas, emoji and private use.
 */
static bool
is_sign(uint32_t code)
{
	return code < 0xC0 || code == 0xD7 || code == 0xF7 || (code >= 0x2B0 && code <= 0x2FF) ||
		code == 0x964 || code == 0x965 || code == 0x970 ||
		(code >= 0x2000 && code <= 0x2BFF) || (code >= 0x2E00 && code <= 0x2E7F) ||
		(code >= 0x3000 && code <= 0x3020) || (code >= 0xE000 && code <= 0xF8FF) ||
		(code >= 0xFE00 && code <= 0xFE6F) || code >= 0xFF00;
}

/*
 * Whether a character is dropped without separating words.
 */
static bool
vanishes(uint32_t code)
{
	return code == '\'' || code == '`' || code == 0xB4 || code == 0x2018 ||
		code == 0x2019 || code == 0x2BC || (code >= 0x300 && code <= 0x36F) ||
		(code >= 0x200B && code <= 0x200F) || code == 0x2060 || code == 0xFEFF;
}

/*
 * Writes the canonical form of one character, at most 3 * UTF8_MAX bytes, and
 * returns their number; 0 for a character that separates words.
 */
static size_t
fold(uint32_t code, bool digits, char *result)
{
	int			low = 0;
	int			high = (int) (sizeof(indic_letters) / sizeof(indic_letters[0])) - 1;
	int			value;

	if (code >= 0xFF01 && code <= 0xFF5E)
		code -= 0xFEE0;			/* full width */
	value = digit_value(code);
	if (value >= 0)
	{
		*result = (char) ('0' + value);
		return digits ? 1 : 0;
	}
	if (code < 0x80)
	{
		*result = ascii_lower((char) code);
		return is_ascii_letter((char) code) ? 1 : 0;
	}
	if (code >= 0xC0 && code < 0x180)
	{
		size_t		n = strlen(latin_letters[code - 0xC0]);

		memcpy(result, latin_letters[code - 0xC0], n);
		return n;
	}
	while (low <= high)
	{
		int			middle = (low + high) / 2;
		const uint16_t *parts = indic_letters[middle].parts;
		size_t		n = 0;

		if (indic_letters[middle].code == code)
		{
			for (int i = 0; i < 3 && parts[i] != 0; i++)
				n += utf8_encode(parts[i], result + n);
			return n;
		}
		if (indic_letters[middle].code < code)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return is_sign(code) ? 0 : utf8_encode(code, result);
}

/*
 * Folded words joined by single spaces.
 */
static Reason
fold_text(const char *text, size_t length, bool digits,
		  char *result, size_t size, size_t *result_size)
{
	Reason		reason = parse_text(text, length, MAX_TEXT_SIZE, &text, &length);
	size_t		n = 0;
	bool		space = false;

	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < length;)
	{
		char		folded[3 * UTF8_MAX];
		uint32_t	code;
		size_t		bytes;

		i += utf8_decode(text + i, length - i, &code);
		if (vanishes(code))
			continue;
		bytes = fold(code, digits, folded);
		if (bytes == 0)
		{
			space = n > 0;
			continue;
		}
		if (n + bytes + 1 > size)
			return REASON_TOO_LONG;
		if (space)
			result[n++] = ' ';
		space = false;
		memcpy(result + n, folded, bytes);
		n += bytes;
	}
	if (n == 0)
		return REASON_BAD_VALUE;
	*result_size = n;
	return REASON_OK;
}

/*
 * Whether a canonical text says that there is none.
 */
static bool
placeholder_text(const char *text, size_t length)
{
	static const char *const words[] = {
		"na", "n a", "nil", "nan", "none", "null", "no name", "noname", "not available",
		"not provided", "not applicable", "unknown", "undefined", "anonymous", "guest",
		"guest user", "test", "test user", "testing", "dummy", "customer", "user", "xyz",
		"abc", "asdf"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (equals_word(text, length, words[i]))
			return true;
	}
	return false;
}

/*
 * Whether the first word of a name only addresses its bearer.
 */
static bool
is_honorific(const char *word, size_t length)
{
	static const char *const honorifics[] = {
		"mr", "mrs", "ms", "miss", "master", "dr", "prof", "shri", "sri", "smt",
		"kumari", "md", "er", "adv"
	};

	for (size_t i = 0; i < sizeof(honorifics) / sizeof(honorifics[0]); i++)
	{
		if (equals_word(word, length, honorifics[i]))
			return true;
	}
	return false;
}

/*
 * Names: folded words without honorifics in front and 'jr' or 'sr' at the end.  The
 * last word left always stays.
 */
Reason
normalize_name(const char *text, size_t length,
			   char *result, size_t size, size_t *result_size)
{
	size_t		n;
	Reason		reason = fold_text(text, length, false, result, size, &n);
	const char *start = result;
	const char *space;

	if (reason != REASON_OK)
		return reason;
	while ((space = memchr(start, ' ', n)) != NULL &&
		   is_honorific(start, (size_t) (space - start)))
	{
		n -= (size_t) (space - start) + 1;
		start = space + 1;
	}
	while (n > 3 && (memcmp(start + n - 3, " jr", 3) == 0 || memcmp(start + n - 3, " sr", 3) == 0))
		n -= 3;
	memmove(result, start, n);
	if (placeholder_text(result, n))
		return REASON_PLACEHOLDER;
	*result_size = n;
	return REASON_OK;
}

/*
 * Any text: folded words with their digits.
 */
Reason
normalize_words(const char *text, size_t length,
				char *result, size_t size, size_t *result_size)
{
	return fold_text(text, length, true, result, size, result_size);
}

/*
 * Addresses: the same, unless they say that there is none.
 */
Reason
normalize_address(const char *text, size_t length,
				  char *result, size_t size, size_t *result_size)
{
	Reason		reason = fold_text(text, length, true, result, size, result_size);

	if (reason == REASON_OK && placeholder_text(result, *result_size))
		return REASON_PLACEHOLDER;
	return reason;
}

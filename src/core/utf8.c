/*
 * utf8.c
 *		Decoding of UTF-8 and the classes of characters that parsers care about.
 */
#include "core/utf8.h"

#include <string.h>

/*
 * The first character's code and number of bytes; 0 for an invalid, overlong,
 * surrogate or truncated encoding and for an empty text.
 */
size_t
utf8_decode(const char *text, size_t length, uint32_t *code)
{
	const unsigned char *s = (const unsigned char *) text;
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t		n;
	uint32_t	c;

	if (length == 0)
		return 0;
	if (s[0] < 0x80)
	{
		*code = s[0];
		return 1;
	}
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return 0;
	n = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (length < n)
		return 0;
	c = s[0] & (0x7F >> n);
	for (size_t i = 1; i < n; i++)
	{
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3F);
	}
	if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*code = c;
	return n;
}

/*
 * Writes a valid code's encoding, at most UTF8_MAX bytes; returns their number.
 */
size_t
utf8_encode(uint32_t code, char *result)
{
	if (code < 0x80)
	{
		result[0] = (char) code;
		return 1;
	}
	if (code < 0x800)
	{
		result[0] = (char) (0xC0 | code >> 6);
		result[1] = (char) (0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000)
	{
		result[0] = (char) (0xE0 | code >> 12);
		result[1] = (char) (0x80 | (code >> 6 & 0x3F));
		result[2] = (char) (0x80 | (code & 0x3F));
		return 3;
	}
	result[0] = (char) (0xF0 | code >> 18);
	result[1] = (char) (0x80 | (code >> 12 & 0x3F));
	result[2] = (char) (0x80 | (code >> 6 & 0x3F));
	result[3] = (char) (0x80 | (code & 0x3F));
	return 4;
}

/*
 * Whether the whole text is valid UTF-8.
 */
bool
utf8_valid(const char *text, size_t length)
{
	size_t		i = 0;

	while (i < length)
	{
		uint64_t	word;
		uint32_t	code;
		size_t		n;

		if (length - i >= sizeof(word))
		{
			memcpy(&word, text + i, sizeof(word));
			if ((word & UINT64_C(0x8080808080808080)) == 0)
			{
				i += sizeof(word);
				continue;
			}
		}
		n = utf8_decode(text + i, length - i, &code);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/*
 * As many bytes from the beginning as are at most max and cut no character.
 */
size_t
utf8_prefix(const char *text, size_t length, size_t max)
{
	size_t		n = max;

	if (length <= max)
		return length;
	while (n > 0 && max - n < UTF8_MAX && ((unsigned char) text[n] & 0xC0) == 0x80)
		n--;
	return n;
}

/*
 * Unicode white space, and the invisible characters that spreadsheets and chat
 * programs leave around a value: byte order mark, zero width, directional marks.
 */
bool
is_blank(uint32_t code)
{
	if (code < 0x80)
		return code == ' ' || (code >= '\t' && code <= '\r');
	return code == 0x85 || code == 0xA0 || code == 0x1680 || code == 0x180E ||
		(code >= 0x2000 && code <= 0x200F) ||
		(code >= 0x2028 && code <= 0x202F) || code == 0x205F ||
		(code >= 0x2060 && code <= 0x2069) || code == 0x3000 || code == 0xFEFF;
}

/*
 * Value 0 to 9 of a decimal digit: ASCII, full width, Arabic, and the scripts of
 * India and its neighbours; -1 for any other character.
 */
int
digit_value(uint32_t code)
{
	static const uint16_t zeros[] = {
		'0', 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6,
		0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1C50,
		0xA8D0, 0xABF0, 0xFF10
	};

	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
	{
		if (code < zeros[i])
			return -1;
		if (code <= zeros[i] + 9u)
			return (int) (code - zeros[i]);
	}
	return -1;
}

/*
 * Leaves the part of the text between the first and last character that is not
 * blank.
 */
void
trim(const char **text, size_t *length)
{
	const char *start = *text;
	const char *end = start + *length;

	while (start < end)
	{
		uint32_t	code = 0;
		size_t		n = utf8_decode(start, (size_t) (end - start), &code);

		if (n == 0 || !is_blank(code))
			break;
		start += n;
	}
	while (end > start)
	{
		const char *p = end - 1;
		uint32_t	code = 0;

		while (p > start && end - p < UTF8_MAX && ((unsigned char) *p & 0xC0) == 0x80)
			p--;
		if (utf8_decode(p, (size_t) (end - p), &code) != (size_t) (end - p) ||
			!is_blank(code))
			break;
		end = p;
	}
	*text = start;
	*length = (size_t) (end - start);
}

/*
 * See equals_word(), which looks at the first letter alone.
 */
bool
equals_rest(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++)
	{
		if (word[i] == '\0' || ascii_lower(text[i]) != word[i])
			return false;
	}
	return word[length] == '\0';
}

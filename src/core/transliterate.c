/*
 * transliterate.c
 *		Cyrillic, Greek and Arabic letters in Latin ones, so that a name written in
 *		one of them can be compared with its usual English spelling.
 *
 * Cyrillic as BGN/PCGN for Russian without signs, with the letters of its
 * neighbours; Greek as ELOT 743 without its rules of context but for "ou"; Arabic,
 * with the letters of Persian and Urdu, as it is written, mostly without vowels:
 * such names agree by sound.
 */
#include "core/match_record.h"

#include <string.h>

#include "core/utf8.h"

/* U+0430 to U+045F */
static const char *const cyrillic[] = {
	"a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p",
	"r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
	"e", "e", "dj", "g", "ye", "dz", "i", "yi", "j", "lj", "nj", "c", "k", "i", "u", "dz"
};

/* U+0621 to U+064A */
static const char *const arabic[] = {
	"", "a", "a", "u", "i", "i", "a", "b", "a", "t", "th", "j", "h", "kh", "d", "dh",
	"r", "z", "s", "sh", "s", "d", "t", "z", "", "gh", "", "", "", "", "", "",
	"f", "q", "k", "l", "m", "n", "h", "w", "a", "y"
};

/* further letters of Persian and Urdu */
static const struct
{
	uint16_t	code;
	const char *letters;
}			persian[] = {
	{0x671, "a"}, {0x679, "t"}, {0x67E, "p"}, {0x686, "ch"}, {0x688, "d"}, {0x691, "r"},
	{0x698, "zh"}, {0x6A9, "k"}, {0x6AF, "g"}, {0x6BA, "n"}, {0x6BE, "h"}, {0x6C1, "h"},
	{0x6CC, "y"}, {0x6D2, "e"}
};

/* U+03AC to U+03CE */
static const char *const greek[] = {
	"a", "e", "i", "i", "y", "a", "v", "g", "d", "e", "z", "i", "th", "i", "k", "l",
	"m", "n", "x", "o", "p", "r", "s", "s", "t", "y", "f", "ch", "ps", "o", "i", "y",
	"o", "y", "o"
};

/*
 * A Cyrillic, Greek or Arabic letter in Latin ones; NULL for any other character.
 */
static const char *
latin_letters(uint32_t code)
{
	if (code >= 0x400 && code <= 0x40F)
		code += 0x50;
	else if (code >= 0x410 && code <= 0x42F)
		code += 0x20;
	else if (code >= 0x391 && code <= 0x3AB)
		code += 0x20;
	if (code >= 0x430 && code <= 0x45F)
		return cyrillic[code - 0x430];
	if (code == 0x490 || code == 0x491)
		return "g";
	if (code >= 0x3AC && code <= 0x3CE)
		return greek[code - 0x3AC];
	if (code >= 0x621 && code <= 0x64A)
		return arabic[code - 0x621];
	if (code >= 0x64B && code <= 0x652)
		return "";				/* signs of vowels */
	for (size_t i = 0; code >= 0x671 && code <= 0x6D2 && i < sizeof(persian) / sizeof(persian[0]); i++)
	{
		if (persian[i].code == code)
			return persian[i].letters;
	}
	switch (code)
	{
		case 0x386:
			return "a";
		case 0x388:
			return "e";
		case 0x389:
		case 0x38A:
		case 0x390:
			return "i";
		case 0x38C:
		case 0x38F:
			return "o";
		case 0x38E:
			return "y";
		default:
			return NULL;
	}
}

/*
 * Writes a text with such letters in Latin ones, at most size
 * bytes and never half a letter; returns the number of bytes.
 */
size_t
transliterate(const char *text, size_t length, char *result, size_t size)
{
	size_t		n = 0;
	bool		after_o = false;	/* a Greek o */

	for (size_t i = 0; i < length;)
	{
		uint32_t	code = 0;
		size_t		bytes = utf8_decode(text + i, length - i, &code);
		const char *letters = latin_letters(code);
		size_t		count;

		bytes = bytes > 0 ? bytes : 1;
		if (letters != NULL && after_o && code >= 0x380 && code < 0x400 && *letters == 'y')
			letters = "u";
		count = letters != NULL ? strlen(letters) : bytes;
		if (n + count > size)
			break;
		memcpy(result + n, letters != NULL ? letters : text + i, count);
		n += count;
		i += bytes;
		after_o = code >= 0x380 && code < 0x400 && letters != NULL && *letters == 'o';
	}
	return n;
}

/*
 * phonetic.c
 *		A key by sound for names of India and of English, to find candidates by.
 *
 * The name is normalised, Indian scripts are written in Latin letters, and blanks go.
 * The key is the sequence of consonant sounds, a sound again only after a vowel:
 *
 *	B C D F G H J K L M N R S T V Y		ch is C; j and z are J; c, k, q, kh, ck are K;
 *										ph is F; v, w, wh are V; s, sh, sch and soft c are S;
 *										x and ksh are KS; th, dh, bh, gh … lose the h
 *	A									any vowel at the beginning; other vowels and y vanish
 *
 * Silent are k, g, w and p in initial kn, gn, wr, ps and pn; gh before t and, after i or
 * u, at the end; b in final mb; d in dt; w in ow before a consonant or at the end; h but
 * before an initial vowel.  dge and initial geo are J; ch before r, l or ol is K; tch is
 * C; n before b and p is M.  Initial x is J.  "mohd" and "md" are read as "mohammed".
 */
#include "core/phonetic.h"

#include <string.h>

#include "core/normalize.h"
#include "core/utf8.h"

/* Bytes of a name that count. */
#define MAX_NAME 512

/* Letters looked at: enough for PHONETIC_MAX sounds of any name. */
#define MAX_LETTERS 128

typedef struct Letters
{
	char		text[MAX_LETTERS + 8];	/* zeros at the end: one may look
										 * ahead */
	size_t		length;
} Letters;

/* What the scripts of India, alike in Unicode from ka (0x15) to ha (0x39), sound like. */
static const char *const consonants[] = {
	"k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh",
	"n", "t", "th", "d", "dh", "n", "n", "p", "ph", "b", "bh", "m", "y", "r", "r",
	"l", "l", "l", "v", "sh", "sh", "s", "h"
};

/* Vowels from a (0x05) to au (0x14), and signs from aa (0x3E) to au (0x4C). */
static const char *const vowels[] = {
	"a", "a", "i", "i", "u", "u", "ri", "li", "e", "e", "e", "ai", "o", "o", "o", "au"
};
static const char *const vowel_signs[] = {
	"a", "i", "i", "u", "u", "ri", "ri", "e", "e", "e", "ai", "o", "o", "o", "au"
};

static bool
is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

static bool
is_front_vowel(char c)
{
	return c == 'e' || c == 'i' || c == 'y';
}

static void
add_letters(Letters *letters, const char *text)
{
	for (; *text != '\0' && letters->length < MAX_LETTERS; text++)
		letters->text[letters->length++] = *text;
}

/*
 * Adds a letter of a script of India, by its place in the script's block; whether the
 * last consonant still has its own vowel a comes and goes in *open.
 */
static void
add_indian(Letters *letters, unsigned place, bool *open)
{
	bool		is_sign = place >= 0x3E && place <= 0x4C;

	if (place == 0x3C)			/* nukta: the sounds it tells apart are one
								 * here */
		return;
	if (*open && !is_sign && place != 0x4D)
		add_letters(letters, "a");
	*open = place >= 0x15 && place <= 0x39;
	if (*open)
		add_letters(letters, consonants[place - 0x15]);
	else if (is_sign)
		add_letters(letters, vowel_signs[place - 0x3E]);
	else if (place >= 0x05 && place <= 0x14)
		add_letters(letters, vowels[place - 0x05]);
	else if (place == 0x02)		/* anusvara */
		add_letters(letters, "n");
}

/*
 * The letters of a normalised name without blanks; false when there is one of a script
 * that is neither Latin nor of India.
 */
static bool
collect_letters(const char *name, size_t size, Letters *letters)
{
	bool		open = false;

	memset(letters, 0, sizeof(*letters));
	for (size_t i = 0; i < size;)
	{
		uint32_t	code;
		size_t		n = utf8_decode(name + i, size - i, &code);
		char		letter[2] = {name[i], '\0'};

		if (n == 0)
			return false;
		i += n;
		if (code >= 0x900 && code < 0xD80)
		{
			add_indian(letters, code % 0x80, &open);
			continue;
		}
		if (open)
			add_letters(letters, "a");
		open = false;
		if (code >= 'a' && code <= 'z')
			add_letters(letters, letter);
		else if (code >= 0x80)
			return false;
	}
	return letters->length > 0;
}

/*
 * The sound of c at letter i, and how many letters make it.
 */
static const char *
sound_of_c(const char *s, size_t i, size_t *used)
{
	if (s[i + 1] == 'c')
		return "";
	if (s[i + 1] != 'h')
		return is_front_vowel(s[i + 1]) ? "S" : "K";
	*used = 2;
	if (s[i + 2] == 'r' || s[i + 2] == 'l' || (i > 0 && s[i + 2] == 'o' && s[i + 3] == 'l'))
		return "K";
	return "C";
}

static const char *
sound_of_g(const char *s, size_t i, size_t *used)
{
	if (s[i + 1] == 'h')
	{
		*used = 2;
		if (s[i + 2] == 't' || (s[i + 2] == '\0' && i > 0 && (s[i - 1] == 'i' || s[i - 1] == 'u')))
			return "";
		return "G";
	}
	if (i == 0 && s[1] == 'n')
		return "";
	return i == 0 && s[1] == 'e' && s[2] == 'o' ? "J" : "G";
}

static const char *
sound_of_s(const char *s, size_t i, size_t *used)
{
	if (s[i + 1] == 'c' && s[i + 2] == 'h')
		*used = 3;
	else if (s[i + 1] == 'h' || (s[i + 1] == 'c' && is_front_vowel(s[i + 2])))
		*used = 2;
	return "S";
}

static const char *
sound_of_w(const char *s, size_t i)
{
	if (i == 0)
		return s[1] == 'r' ? "" : "V";
	return s[i - 1] == 'o' && !is_vowel(s[i + 1]) && s[i + 1] != 'y' ? "-" : "V";
}

/*
 * The sound at letter i, "" for none and "-" for a vowel; *used becomes the number of
 * letters that make it.
 */
static const char *
sound(const char *s, size_t i, size_t *used)
{
	*used = 1;
	switch (s[i])
	{
		case 'b':
			return s[i + 1] == '\0' && i > 0 && s[i - 1] == 'm' ? "" : "B";
		case 'c':
			return sound_of_c(s, i, used);
		case 'd':
			if (s[i + 1] == 'g' && is_front_vowel(s[i + 2]))
			{
				*used = 2;
				return "J";
			}
			return s[i + 1] == 't' ? "" : "D";
		case 'f':
			return "F";
		case 'g':
			return sound_of_g(s, i, used);
		case 'h':
			return i == 0 && is_vowel(s[1]) ? "H" : "";
		case 'j':
		case 'z':
			return "J";
		case 'k':
			return i == 0 && s[1] == 'n' ? "" : "K";
		case 'l':
			return "L";
		case 'm':
			return "M";
		case 'n':
			return s[i + 1] == 'b' || s[i + 1] == 'p' ? "M" : "N";
		case 'p':
			if (s[i + 1] == 'h')
			{
				*used = 2;
				return "F";
			}
			return i == 0 && (s[1] == 's' || s[1] == 'n') ? "" : "P";
		case 'q':
			return "K";
		case 'r':
			return "R";
		case 's':
			return sound_of_s(s, i, used);
		case 't':
			if (s[i + 1] == 'c' && s[i + 2] == 'h')
			{
				*used = 3;
				return "C";
			}
			return "T";
		case 'v':
			return "V";
		case 'w':
			return sound_of_w(s, i);
		case 'x':
			return i == 0 ? "J" : "KS";
		case 'y':
			return i == 0 && is_vowel(s[1]) ? "Y" : "-";
		default:
			return "-";
	}
}

/*
 * The first characters of a name in another script, whole ones.
 */
static size_t
copy_start(const char *name, size_t size, char *result)
{
	size_t		n = utf8_prefix(name, size, PHONETIC_MAX);

	memcpy(result, name, n);
	return n;
}

/*
 * The key of a normalised name.
 */
size_t
phonetic_key_normalized(const char *name, size_t size, char *result)
{
	Letters		letters;
	size_t		n = 0;
	char		last = '\0';	/* sound just before, '-' for a vowel */
	size_t		used;

	if (!collect_letters(name, size, &letters))
		return copy_start(name, size, result);
	if (strcmp(letters.text, "mohd") == 0 || strcmp(letters.text, "md") == 0)
	{
		memcpy(letters.text, "mohammed", 9);
		letters.length = 8;
	}
	for (size_t i = 0; i < letters.length && n < PHONETIC_MAX; i += used)
	{
		const char *s = sound(letters.text, i, &used);

		if (*s == '-')
		{
			if (i == 0)
				result[n++] = 'A';
			last = '-';
		}
		for (; *s >= 'A' && n < PHONETIC_MAX; s++)
		{
			if (*s != last)
				result[n++] = *s;
			last = *s;
		}
	}
	return n;
}

/*
 * The key of any name; of a very long text its beginning counts.
 */
size_t
phonetic_key(const char *name, size_t size, char *result)
{
	char		normal[NORMALIZE_MAX];
	size_t		normal_size;

	if (normalize_name(name, utf8_prefix(name, size, MAX_NAME), normal, sizeof(normal), &normal_size) != REASON_OK)
		return 0;
	return phonetic_key_normalized(normal, normal_size, result);
}

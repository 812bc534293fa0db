/*
 * utf8.h
 *		Decoding of UTF-8 and the classes of characters that parsers care about.
 *
 * Pure C.
 */
#ifndef PATTERNOS_UTF8_H
#define PATTERNOS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest encoding of one character. */
#define UTF8_MAX 4

/* Number of bytes of the first character, its code in *code; 0 when invalid. */
extern size_t utf8_decode(const char *text, size_t length, uint32_t *code);

/* Writes the character and returns the number of its bytes. */
extern size_t utf8_encode(uint32_t code, char *result);

/* Whether all bytes form valid UTF-8 (no overlong form, no surrogate). */
extern bool utf8_valid(const char *text, size_t length);

/* The size of the longest part of at most max bytes from the beginning in whole characters. */
extern size_t utf8_prefix(const char *text, size_t length, size_t max);

/* White space of any script, and characters without width that exports leave at the ends. */
extern bool is_blank(uint32_t code);

/* Value of a decimal digit of any common script, or -1. */
extern int	digit_value(uint32_t code);

/* Moves both ends of the text over blanks; bytes that are no UTF-8 stay. */
extern void trim(const char **text, size_t *length);

static inline bool
is_ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char
ascii_lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? c + ('a' - 'A') : c;
}

static inline char
ascii_upper(char c)
{
	return (c >= 'a' && c <= 'z') ? c - ('a' - 'A') : c;
}

extern bool equals_rest(const char *text, size_t length, const char *word);

/*
 * Whether text equals a word given in lower case, ASCII letters in either case.
 */
static inline bool
equals_word(const char *text, size_t length, const char *word)
{
	/* most texts differ in the first letter from each word of a list */
	return length == 0 ? word[0] == '\0' : ascii_lower(text[0]) == word[0] && equals_rest(text, length, word);
}

#endif							/* PATTERNOS_UTF8_H */

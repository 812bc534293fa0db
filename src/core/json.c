/*
 * json.c
 *		A check that a text is JSON which PostgreSQL's jsonb can hold.
 *
 * Pure C.  What passes is read by jsonb's input function without an error.
 */
#include "core/json.h"

#include <stdint.h>
#include <string.h>

#include "core/utf8.h"

typedef struct Cursor
{
	const char *at;
	const char *end;
} Cursor;

static bool check_value(Cursor *cursor, int depth);

static void
skip_blanks(Cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) != NULL && *cursor->at != '\0')
		cursor->at++;
}

/* Takes a character when it comes next. */
static bool
take(Cursor *cursor, char c)
{
	if (cursor->at == cursor->end || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

/* Four hexadecimal digits; -1 when they are not. */
static int
take_code(Cursor *cursor)
{
	int			code = 0;

	for (int i = 0; i < 4; i++)
	{
		char		c = cursor->at < cursor->end ? ascii_lower(*cursor->at++) : 'x';

		if (is_ascii_digit(c))
			code = code * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			code = code * 16 + 10 + c - 'a';
		else
			return -1;
	}
	return code;
}

/* What follows a backslash. */
static bool
check_escape(Cursor *cursor)
{
	int			code;

	if (cursor->at == cursor->end)
		return false;
	if (*cursor->at != 'u')
		return *cursor->at != '\0' && strchr("\"\\/bfnrt", *cursor->at++) != NULL;
	cursor->at++;
	code = take_code(cursor);
	if (code <= 0 || (code >= 0xDC00 && code <= 0xDFFF))
		return false;
	if (code < 0xD800 || code > 0xDBFF)
		return true;
	if (!take(cursor, '\\') || !take(cursor, 'u'))
		return false;
	code = take_code(cursor);
	return code >= 0xDC00 && code <= 0xDFFF;
}

static bool
check_string(Cursor *cursor)
{
	if (!take(cursor, '"'))
		return false;
	while (cursor->at < cursor->end)
	{
		char		c = *cursor->at++;

		if (c == '"')
			return true;
		if ((unsigned char) c < 0x20 || (c == '\\' && !check_escape(cursor)))
			return false;
	}
	return false;
}

/* One digit or more. */
static bool
take_digits(Cursor *cursor)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && is_ascii_digit(*cursor->at))
		cursor->at++;
	return cursor->at > start;
}

/* A number; its exponent has three digits at most. */
static bool
check_number(Cursor *cursor)
{
	const char *start = cursor->at;

	(void) take(cursor, '-');
	if (!take(cursor, '0') && !take_digits(cursor))
		return false;
	if (take(cursor, '.') && !take_digits(cursor))
		return false;
	if (take(cursor, 'e') || take(cursor, 'E'))
	{
		const char *exponent;

		if (!take(cursor, '+'))
			(void) take(cursor, '-');
		exponent = cursor->at;
		if (!take_digits(cursor) || cursor->at - exponent > 3)
			return false;
	}
	return cursor->at - start <= JSON_MAX_NUMBER;
}

static bool
check_word(Cursor *cursor, const char *word)
{
	size_t		size = strlen(word);

	if ((size_t) (cursor->end - cursor->at) < size || memcmp(cursor->at, word, size) != 0)
		return false;
	cursor->at += size;
	return true;
}

/* Members of an object or elements of an array, up to the closing bracket. */
static bool
check_members(Cursor *cursor, bool is_object, char closing, int depth)
{
	cursor->at++;
	skip_blanks(cursor);
	if (take(cursor, closing))
		return true;
	do
	{
		skip_blanks(cursor);
		if (is_object)
		{
			if (!check_string(cursor))
				return false;
			skip_blanks(cursor);
			if (!take(cursor, ':'))
				return false;
		}
		if (!check_value(cursor, depth))
			return false;
	} while (take(cursor, ','));
	return take(cursor, closing);
}

/* A value with the blanks around it. */
static bool
check_value(Cursor *cursor, int depth)
{
	bool		ok;

	skip_blanks(cursor);
	if (cursor->at == cursor->end || depth > JSON_MAX_DEPTH)
		return false;
	switch (*cursor->at)
	{
		case '{':
			ok = check_members(cursor, true, '}', depth + 1);
			break;
		case '[':
			ok = check_members(cursor, false, ']', depth + 1);
			break;
		case '"':
			ok = check_string(cursor);
			break;
		case 't':
			ok = check_word(cursor, "true");
			break;
		case 'f':
			ok = check_word(cursor, "false");
			break;
		case 'n':
			ok = check_word(cursor, "null");
			break;
		default:
			ok = check_number(cursor);
			break;
	}
	skip_blanks(cursor);
	return ok;
}

/*
 * Whether the text is one object that jsonb can hold.
 */
bool
json_is_object(const char *text, size_t length)
{
	Cursor		cursor = {text, text + length};

	skip_blanks(&cursor);
	if (cursor.at == cursor.end || *cursor.at != '{')
		return false;
	return check_value(&cursor, 1) && cursor.at == cursor.end;
}

/*
 * json_reader.c
 *		Reading JSON of a known shape, value by value.
 *
 * Numbers may also stand in quotes, as XGBoost writes its parameters, and be
 * true or false, as older versions of it write flags.  Nesting that is skipped
 * is counted, not recursed into.
 */
#include "core/json_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER	64
#define MAX_NESTING	64
#define POLL_BYTES	1048576

void
json_reader_start(JsonReader *reader, const char *text, size_t length, void (*poll) (void))
{
	reader->at = text;
	reader->end = text + length;
	reader->wrong = NULL;
	reader->poll = poll;
	reader->polled = text;
}

/*
 * Goes on by a character, and calls poll once a megabyte.
 */
static inline void
advance(JsonReader *reader)
{
	reader->at++;
	if (reader->at - reader->polled >= POLL_BYTES)
	{
		reader->polled = reader->at;
		if (reader->poll)
			reader->poll();
	}
}

/*
 * Notes the first error; always false.
 */
bool
json_fail(JsonReader *reader, const char *wrong)
{
	if (!reader->wrong)
		reader->wrong = wrong;
	reader->at = reader->end;
	return false;
}

/*
 * The next character that is no white space, 0 at the end.
 */
char
json_peek(JsonReader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
		advance(reader);
	return reader->at < reader->end ? *reader->at : '\0';
}

/*
 * Passes an opening bracket.
 */
bool
json_open(JsonReader *reader, char bracket)
{
	if (json_peek(reader) != bracket)
		return json_fail(reader, bracket == '{' ? "object expected" : "array expected");
	reader->at++;
	return true;
}

/*
 * Goes to the next member; *more is false when the closing bracket has been
 * passed.  *first starts as true.
 */
bool
json_next(JsonReader *reader, char bracket, bool *first, bool *more)
{
	char		next = json_peek(reader);

	*more = false;
	if (reader->wrong)
		return false;
	if (next == (bracket == '{' ? '}' : ']'))
	{
		reader->at++;
		return true;
	}
	if (!*first)
	{
		if (next != ',')
			return json_fail(reader, "comma or closing bracket expected");
		advance(reader);
		if (json_peek(reader) == (bracket == '{' ? '}' : ']'))
			return json_fail(reader, "value expected");
	}
	*first = false;
	*more = true;
	return true;
}

bool
json_string(JsonReader *reader, JsonText *text)
{
	if (json_peek(reader) != '"')
		return json_fail(reader, "string expected");
	text->start = ++reader->at;
	while (reader->at < reader->end && *reader->at != '"')
	{
		if ((unsigned char) *reader->at < ' ')
			return json_fail(reader, "control character in a string");
		if (*reader->at == '\\' && reader->at + 1 < reader->end)
			reader->at++;
		advance(reader);
	}
	if (reader->at >= reader->end)
		return json_fail(reader, "string without an end");
	text->length = (size_t) (reader->at - text->start);
	reader->at++;
	return true;
}

bool
json_key(JsonReader *reader, JsonText *key)
{
	if (!json_string(reader, key))
		return false;
	if (json_peek(reader) != ':')
		return json_fail(reader, "colon expected");
	reader->at++;
	return true;
}

/*
 * Copies a number, true or false, with or without quotes and one pair of square
 * brackets around it, into a buffer that ends with 0.
 */
static bool
number_text(JsonReader *reader, char *buffer)
{
	const char *start;
	const char *end;

	if (json_peek(reader) == '"')
	{
		JsonText	text;

		if (!json_string(reader, &text))
			return false;
		start = text.start;
		end = start + text.length;
		/* "[5E-1]": a vector of one, since XGBoost 3.1 */
		if (text.length >= 2 && *start == '[' && end[-1] == ']')
		{
			start++;
			end--;
		}
	}
	else
	{
		start = reader->at;
		while (reader->at < reader->end && strchr("+-.0123456789eEtrufals", *reader->at) && *reader->at != '\0')
			reader->at++;
		end = reader->at;
	}
	if (end == start || end - start >= MAX_NUMBER)
		return json_fail(reader, "number expected");
	memcpy(buffer, start, (size_t) (end - start));
	buffer[end - start] = '\0';
	if (strcmp(buffer, "true") == 0)
		memcpy(buffer, "1", 2);
	else if (strcmp(buffer, "false") == 0)
		memcpy(buffer, "0", 2);
	else if (strspn(buffer, "+-.0123456789eE") != (size_t) (end - start))
		return json_fail(reader, "number expected");
	return true;
}

/*
 * A finite number.
 */
bool
json_double(JsonReader *reader, double *number)
{
	char		buffer[MAX_NUMBER];
	char	   *rest;

	if (!number_text(reader, buffer))
		return false;
	*number = strtod(buffer, &rest);
	if (*rest != '\0' || !isfinite(*number))
		return json_fail(reader, "finite number expected");
	return true;
}

/*
 * A finite number, rounded once, to a float.
 */
bool
json_float(JsonReader *reader, float *number)
{
	char		buffer[MAX_NUMBER];
	char	   *rest;

	if (!number_text(reader, buffer))
		return false;
	*number = strtof(buffer, &rest);
	if (*rest != '\0' || !isfinite(*number))
		return json_fail(reader, "finite number expected");
	return true;
}

bool
json_integer(JsonReader *reader, int32_t *number)
{
	double		value;

	if (!json_double(reader, &value))
		return false;
	if (value != rint(value) || value < INT32_MIN || value > INT32_MAX)
		return json_fail(reader, "integer expected");
	*number = (int32_t) value;
	return true;
}

/*
 * Passes a value of any kind.
 */
bool
json_skip(JsonReader *reader)
{
	int			depth = 0;

	do
	{
		char		next = json_peek(reader);
		JsonText	text;

		if (next == '\0')
			return json_fail(reader, "value expected");
		if (next == '"')
		{
			if (!json_string(reader, &text))
				return false;
			continue;
		}
		if (next == '{' || next == '[')
		{
			if (++depth > MAX_NESTING)
				return json_fail(reader, "nested too deeply");
		}
		else if (next == '}' || next == ']')
		{
			if (--depth < 0)
				return json_fail(reader, "value expected");
		}
		else if (depth == 0 && (next == ',' || next == ':'))
			return json_fail(reader, "value expected");
		if (strchr("{}[],:", next))
			advance(reader);
		else
			while (reader->at < reader->end && !strchr("{}[],:\" \n\r\t", *reader->at))
				advance(reader);
	} while (depth > 0);
	return true;
}

/*
 * Whether nothing but white space is left.
 */
bool
json_finish(JsonReader *reader)
{
	if (!reader->wrong && json_peek(reader) != '\0')
		return json_fail(reader, "text after the document");
	return reader->wrong == NULL && reader->at == reader->end;
}

bool
json_text_is(JsonText text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.start, word, text.length) == 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/*
 * Four hexadecimal digits, or 0.
 */
static uint32_t
hex_four(const char *at, const char *end)
{
	uint32_t	value = 0;
	int			i;

	if (end - at < 4)
		return 0;
	for (i = 0; i < 4; i++)
	{
		int			digit = hex_digit(at[i]);

		if (digit < 0)
			return 0;
		value = value * 16 + (uint32_t) digit;
	}
	return value;
}

static size_t
put_utf8(uint32_t code, char *out)
{
	if (code < 0x80)
	{
		out[0] = (char) code;
		return 1;
	}
	if (code < 0x800)
	{
		out[0] = (char) (0xC0 | (code >> 6));
		out[1] = (char) (0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000)
	{
		out[0] = (char) (0xE0 | (code >> 12));
		out[1] = (char) (0x80 | ((code >> 6) & 0x3F));
		out[2] = (char) (0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char) (0xF0 | (code >> 18));
	out[1] = (char) (0x80 | ((code >> 12) & 0x3F));
	out[2] = (char) (0x80 | ((code >> 6) & 0x3F));
	out[3] = (char) (0x80 | (code & 0x3F));
	return 4;
}

/*
 * Writes a string without its escapes, at most as long as it stands, and returns
 * its length.  What is no character becomes a question mark.
 */
size_t
json_text_decode(JsonText text, char *out)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *at = text.start;
	const char *end = at + text.length;
	size_t		length = 0;

	while (at < end)
	{
		const char *escape;

		if (*at != '\\' || at + 1 >= end)
		{
			out[length++] = *at++;
			continue;
		}
		at++;
		escape = strchr(escapes, *at);
		if (*at == 'u')
		{
			uint32_t	code = hex_four(at + 1, end);

			at += end - at < 5 ? end - at : 5;
			if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u')
			{
				uint32_t	low = hex_four(at + 2, end);

				code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0;
				at += 6;
			}
			length += put_utf8(code == 0 || (code >= 0xD800 && code < 0xE000) ? '?' : code, out + length);
			continue;
		}
		out[length++] = escape && *at != '\0' ? meanings[escape - escapes] : '?';
		at++;
	}
	return length;
}

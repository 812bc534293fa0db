/*
 * json_reader.h
 *		Reading JSON of a known shape, value by value.
 *
 * Pure C, no memory of its own.  Every function returns false after an error,
 * which stands in the reader then.  While a long document is read, poll is
 * called now and then; it may leave by longjmp.
 */
#ifndef PATTERNOS_JSON_READER_H
#define PATTERNOS_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct JsonReader
{
	const char *at;
	const char *end;
	const char *wrong;			/* NULL as long as all is well */
	void		(*poll) (void); /* or NULL */
	const char *polled;			/* where it was called last */
} JsonReader;

/* A string as it stands between its quotes. */
typedef struct JsonText
{
	const char *start;
	size_t		length;
} JsonText;

extern void json_reader_start(JsonReader *reader, const char *text, size_t length, void (*poll) (void));
extern bool json_fail(JsonReader *reader, const char *wrong);
extern char json_peek(JsonReader *reader);
extern bool json_open(JsonReader *reader, char bracket);
extern bool json_next(JsonReader *reader, char bracket, bool *first, bool *more);
extern bool json_key(JsonReader *reader, JsonText *key);
extern bool json_string(JsonReader *reader, JsonText *text);
extern bool json_double(JsonReader *reader, double *number);
extern bool json_float(JsonReader *reader, float *number);
extern bool json_integer(JsonReader *reader, int32_t *number);
extern bool json_skip(JsonReader *reader);
extern bool json_finish(JsonReader *reader);
extern bool json_text_is(JsonText text, const char *word);
extern size_t json_text_decode(JsonText text, char *out);

#endif							/* PATTERNOS_JSON_READER_H */

/*
 * json.h
 *		A check that a text is JSON which PostgreSQL's jsonb can hold.
 *
 * Pure C.
 */
#ifndef PATTERNOS_JSON_H
#define PATTERNOS_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Deepest nesting and longest number that are accepted. */
#define JSON_MAX_DEPTH 64
#define JSON_MAX_NUMBER 100

/*
 * Whether the text is an object in JSON (RFC 8259) without \u0000, without
 * halves of surrogate pairs, and within the limits above.  The text's bytes
 * are not checked to be UTF-8.
 */
extern bool json_is_object(const char *text, size_t length);

#endif							/* PATTERNOS_JSON_H */

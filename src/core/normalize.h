/*
 * normalize.h
 *		Canonical forms of personal identifiers, version 1: what is hashed.
 *
 * Pure C.  Each function writes at most size bytes to result (no terminating
 * zero) and their number to *result_size; NORMALIZE_MAX bytes always suffice.
 */
#ifndef PATTERNOS_NORMALIZE_H
#define PATTERNOS_NORMALIZE_H

#include "core/parse.h"

#define NORMALIZE_MAX 1024

extern Reason normalize_email(const char *text, size_t length,
							  char *result, size_t size, size_t *result_size);
extern Reason normalize_phone(const char *text, size_t length,
							  char *result, size_t size, size_t *result_size);
extern Reason normalize_name(const char *text, size_t length,
							 char *result, size_t size, size_t *result_size);
extern Reason normalize_address(const char *text, size_t length,
								char *result, size_t size, size_t *result_size);

/* any text as words, as in an address; at most 512 bytes */
extern Reason normalize_words(const char *text, size_t length,
							  char *result, size_t size, size_t *result_size);

/* loyalty and device ids: trimmed, ASCII upper case, inner white space dropped */
extern Reason normalize_code(const char *text, size_t length,
							 char *result, size_t size, size_t *result_size);
extern Reason normalize_ip(const char *text, size_t length,
						   char *result, size_t size, size_t *result_size);

/* 64 hexadecimal digits or 44 of base 64: the 32 bytes of a partner's SHA-256 */
extern Reason parse_sha256(const char *text, size_t length, uint8_t result[32]);

#endif							/* PATTERNOS_NORMALIZE_H */

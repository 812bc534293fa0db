/*
 * detect.h
 *		Finds and redacts personal identifiers in free text: e-mail addresses,
 *		phone numbers, card numbers (Luhn) and Aadhaar numbers (Verhoeff).
 *
 * Pure C.
 */
#ifndef PATTERNOS_DETECT_H
#define PATTERNOS_DETECT_H

#include <stdbool.h>
#include <stddef.h>

/* Upper bound of the redacted text's size. */
#define REDACTED_SIZE(length) (2 * (length) + 16)

/*
 * Writes text with each identifier replaced by [email], [phone], [card] or
 * [aadhaar] and returns the number of bytes written; *found counts what was
 * replaced.
 */
extern size_t redact_text(const char *text, size_t length, char *result, int *found);

/* Whether redact_text() would replace anything. */
extern bool has_identifier(const char *text, size_t length);

#endif							/* PATTERNOS_DETECT_H */

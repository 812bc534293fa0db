/*
 * phonetic.h
 *		A key by sound for names of India and of English, to find candidates by.
 *
 * Pure C.  Names that may be spellings of one name get one key; different names may
 * share it too.
 */
#ifndef PATTERNOS_PHONETIC_H
#define PATTERNOS_PHONETIC_H

#include <stddef.h>

#define PHONETIC_MAX 12

/*
 * Writes the key of a name, at most PHONETIC_MAX bytes without a terminating zero, and
 * returns their number; 0 when it has no letters.  phonetic_key() takes any UTF-8,
 * phonetic_key_normalized() the result of normalize_name().
 */
extern size_t phonetic_key(const char *name, size_t size, char *result);
extern size_t phonetic_key_normalized(const char *name, size_t size, char *result);

#endif							/* PATTERNOS_PHONETIC_H */

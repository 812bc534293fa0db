/*
 * bloom.h
 *		Keyed Bloom filters of short texts, and Dice's coefficient of two filters.
 *
 * Pure C.  Two filters of one key and field can be compared, by Dice's coefficient of
 * their bits, without the texts; without the key a filter cannot be computed from a
 * text.  A filter is its number of set bits (two bytes, the low one first), then its
 * bits.  Text is taken as it is: normalise it first.
 *
 * Grams: of a text with digits and no letters, each digit with its position (what else
 * is in it does not count); of any other text, each pair of neighbours, the edges of
 * the text counting as characters.  A gram sets `hashes` bits, taken from consecutive
 * 16 bits of HMAC-SHA256 under a key derived from key and field.
 */
#ifndef PATTERNOS_BLOOM_H
#define PATTERNOS_BLOOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOOM_HEADER 2
#define BLOOM_MIN_BITS 64
#define BLOOM_MAX_BITS 4096
#define BLOOM_MAX_HASHES 64

/* Key and parameters of a field, and the bits of grams seen before. */
typedef struct BloomField BloomField;

/* Bytes of a field's memory, to be aligned for uint64_t; of a filter. */
extern size_t bloom_field_size(int bits);
extern size_t bloom_size(int bits);

/* Bits a multiple of 64 from BLOOM_MIN_BITS on, hashes from 1 on. */
extern bool bloom_valid_parameters(int bits, int hashes);

/* Prepares a field, with valid parameters; name distinguishes fields of one key. */
extern void bloom_field_init(BloomField *field, const void *key, size_t key_size,
							 const char *name, size_t name_size, int bits, int hashes);

/*
 * Writes the filter, bloom_size(bits) bytes, of UTF-8; false when the text is empty.
 */
extern bool bloom_encode(BloomField *field, const char *text, size_t size, uint8_t *result);

/* Whether bytes can be a filter: their length, and the number of bits they state. */
extern bool bloom_valid(const uint8_t *filter, size_t size);

/*
 * Twice the common bits over the sum of bits of two valid filters of one size; -1 when
 * a stated number of bits is wrong.  Two empty filters have 0.  Where the result must
 * be below `floor`, which the numbers of bits tell, it is 0; a floor of 0 gives it always.
 */
extern double bloom_dice(const uint8_t *a, const uint8_t *b, size_t size, double floor);

#endif							/* PATTERNOS_BLOOM_H */

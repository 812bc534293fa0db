/*
 * sha256.h
 *		SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over short values.
 *
 * Pure C.  A state is plain memory, so that one can be saved after the key's block
 * and used again for every value: this is what makes a keyed hash cheap.
 */
#ifndef PATTERNOS_SHA256_H
#define PATTERNOS_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_BLOCK 64

typedef struct Sha256
{
	uint32_t	h[8];
	uint64_t	length;			/* bytes taken so far */
	uint8_t		block[SHA256_BLOCK];
} Sha256;

/* The states after the inner and the outer pad of a key. */
typedef struct HmacKey
{
	Sha256		inner;
	Sha256		outer;
} HmacKey;

extern void sha256_init(Sha256 *state);
extern void sha256_update(Sha256 *state, const void *data, size_t length);
extern void sha256_final(Sha256 *state, uint8_t result[SHA256_SIZE]);
extern void sha256(const void *data, size_t length, uint8_t result[SHA256_SIZE]);

extern void hmac_key(HmacKey *state, const void *key, size_t length);

/* HMAC of two parts, one after the other. */
extern void hmac_sha256(const HmacKey *key, const void *first, size_t first_size,
						const void *second, size_t second_size,
						uint8_t result[SHA256_SIZE]);

#endif							/* PATTERNOS_SHA256_H */

/*
 * key.h
 *		Keyed hashes of personal identifiers.
 *
 * stored = HMAC-SHA256(key, "patternos:<label>:v1" 0x00 SHA-256(canonical value))
 */
#ifndef PATTERNOS_KEY_H
#define PATTERNOS_KEY_H

#include "postgres.h"

#include "core/parse.h"

#define IDENTIFIER_HASH_SIZE 32
#define KEY_CHECK_SIZE 8

/* The stored hash of a canonical value; an error that names the remedy when there is no key. */
extern void identifier_hash(const char *label, const char *value, size_t length,
							uint8 result[IDENTIFIER_HASH_SIZE]);

/* The same from the SHA-256 of the canonical value, as partners deliver it. */
extern void identifier_hash_prehashed(const char *label, const uint8 inner[32],
									  uint8 result[IDENTIFIER_HASH_SIZE]);

/*
 * Whether this session has hashed under a key that the warehouse is not tied to yet:
 * then who stores the hashes calls patternos._register_key() in the same transaction.
 */
extern bool key_is_unregistered(void);

/*
 * Normalises and hashes an identifier as it was written.  kind is email, mobile,
 * loyalty_id (written as 'PROGRAMME:id'), device, ip, name, address,
 * name_address_dob (written as 'name|address|date'), email_sha256 or mobile_sha256.
 * result is set only with REASON_OK; REASON_COUNT: no such kind.
 */
extern Reason hash_identifier(const char *kind, const char *text, size_t length,
							  uint8 result[IDENTIFIER_HASH_SIZE]);

#endif							/* PATTERNOS_KEY_H */

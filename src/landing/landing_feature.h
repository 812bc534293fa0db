/*
 * landing_feature.h
 *		What an account is compared by when its identifiers differ: keyed hashes of
 *		the parts of a name, an address, a birth date and the like, and keyed Bloom
 *		filters.
 */
#ifndef PATTERNOS_LANDING_FEATURE_H
#define PATTERNOS_LANDING_FEATURE_H

#include "landing.h"

#define NAME_BITS 512
#define ADDRESS_BITS 1024
#define NAME_BLOOM_SIZE (2 + NAME_BITS / 8)
#define ADDRESS_BLOOM_SIZE (2 + ADDRESS_BITS / 8)
#define BIRTH_YEARS 3

/* The hashes, by column of account_feature. */
typedef enum FeatureHash
{
	NAME_HASH,
	FORENAME_HASH,
	SURNAME_HASH,
	FORENAME_CANONICAL_HASH,
	FORENAME_PHONETIC_HASH,
	SURNAME_PHONETIC_HASH,
	FORENAME_INITIAL_HASH,
	SURNAME_INITIAL_HASH,
	BIRTH_DATE_HASH,
	BIRTH_DAY_HASH,
	BIRTH_MONTH_HASH,
	BIRTH_YEAR_HASH,
	EMAIL_USER_HASH,
	MOBILE_LAST7_HASH,
	PINCODE_AREA_HASH,
	ADDRESS_HASH,
	HOUSE_HASH,
	FEATURE_HASHES
} FeatureHash;

/*
 * The features that a row's text gives.  Staged as these bytes; of a row that waits
 * parked they are kept as a token, 'f' and their hexadecimal digits.
 */
typedef struct AccountFeature
{
	uint32		known;			/* bits by FeatureHash */
	int64		hash[FEATURE_HASHES];
	int64		birth_years[BIRTH_YEARS];	/* sorted; known as
											 * BIRTH_YEAR_HASH is */
	uint8		forename_bloom[NAME_BLOOM_SIZE];	/* all zero = unknown */
	uint8		surname_bloom[NAME_BLOOM_SIZE];
	uint8		address_bloom[ADDRESS_BLOOM_SIZE];
} AccountFeature;

#define FEATURE_TOKEN_SIZE (1 + 2 * sizeof(AccountFeature))

extern void feature_begin(LandingBatch *batch);
extern bool is_feature_token(const char *text, size_t size);
extern void feature_token(LandingBatch *batch, const char *text);
extern void feature_contact(LandingBatch *batch, bool is_email, const char *canonical, size_t size);
extern void feature_name(LandingBatch *batch, const char *canonical, size_t size);
extern void feature_address(LandingBatch *batch, const char *canonical, size_t size);
extern void feature_birth_date(LandingBatch *batch, int date);
extern void feature_pincode(LandingBatch *batch, const char *pincode);

/* The features of the row at hand, NULL when it has none. */
extern const AccountFeature *row_feature(LandingBatch *batch);

/* The first 64 bits of a hash: account_identifier.value_key. */
extern int64 value_key(const uint8 *hash);

#endif							/* PATTERNOS_LANDING_FEATURE_H */

/*
 * sha256.c
 *		SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over short values.
 *
 * Where the processor has instructions for SHA-256 they are used: chosen at the
 * first block.
 */
#include "core/sha256.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_SHA_INSTRUCTIONS
#include <cpuid.h>
#include <immintrin.h>
#endif

/* Fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static inline uint32_t
rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

/* Writes a word, its highest byte first: compilers make one store of it. */
static inline void
store_big_endian(uint8_t *p, uint32_t word)
{
	p[0] = (uint8_t) (word >> 24);
	p[1] = (uint8_t) (word >> 16);
	p[2] = (uint8_t) (word >> 8);
	p[3] = (uint8_t) word;
}

/*
 * Takes one block of 64 bytes into the state.
 */
static void
compress_portable(uint32_t h[8], const uint8_t *block)
{
	uint32_t	w[64];
	uint32_t	s[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t) block[4 * i] << 24 | (uint32_t) block[4 * i + 1] << 16 |
			(uint32_t) block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
			(rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
			(rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 64; i++)
	{
		uint32_t	t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
		((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + w[i];
		uint32_t	t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
		((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		s[7] = s[6];
		s[6] = s[5];
		s[5] = s[4];
		s[4] = s[3] + t1;
		s[3] = s[2];
		s[2] = s[1];
		s[1] = s[0];
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += s[i];
}

#ifdef HAVE_SHA_INSTRUCTIONS
/*
 * The same by the processor's instructions, which keep the state as ABEF and CDGH
 * and take four rounds' words at a time.
 */
__attribute__((target("sha,sse4.1")))
static void
compress_native(uint32_t h[8], const uint8_t *block)
{
	const		__m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i		dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *) h), 0xb1);
	__m128i		hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *) (h + 4)), 0x1b);
	__m128i		abef = _mm_alignr_epi8(dcba, hgfe, 8);
	__m128i		cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
	const		__m128i abef_before = abef;
	const		__m128i cdgh_before = cdgh;
	__m128i		w[4];

	for (int i = 0; i < 4; i++)
		w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *) (block + 16 * i)), big_endian);
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
	{
		__m128i		words = _mm_add_epi32(w[i % 4], _mm_loadu_si128((const __m128i *) (constants + 4 * i)));

		cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
		abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
		if (i < 12)
			w[i % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]),
														  _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4)),
											w[(i + 3) % 4]);
	}
	abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1b);
	cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xb1);
	_mm_storeu_si128((__m128i *) h, _mm_blend_epi16(abef, cdgh, 0xf0));
	_mm_storeu_si128((__m128i *) (h + 4), _mm_alignr_epi8(cdgh, abef, 8));
}

/*
 * Whether the processor has those instructions.
 */
static int
has_sha_instructions(void)
{
	unsigned int a;
	unsigned int b;
	unsigned int c;
	unsigned int d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) != 0 &&
		__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}
#endif

static void choose_compress(uint32_t h[8], const uint8_t *block);
static void (*compress) (uint32_t h[8], const uint8_t *block) = choose_compress;

/*
 * Stands in for the first block: settles how blocks are taken from then on.
 */
static void
choose_compress(uint32_t h[8], const uint8_t *block)
{
	compress = compress_portable;
#ifdef HAVE_SHA_INSTRUCTIONS
	if (has_sha_instructions())
		compress = compress_native;
#endif
	compress(h, block);
}

/*
 * An empty state.
 */
void
sha256_init(Sha256 *state)
{
	static const uint32_t start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
	};

	memcpy(state->h, start, sizeof(start));
	state->length = 0;
}

/*
 * Takes bytes into the state.
 */
void
sha256_update(Sha256 *state, const void *data, size_t length)
{
	const uint8_t *p = data;
	size_t		filled = state->length % SHA256_BLOCK;

	state->length += length;
	if (filled > 0)
	{
		size_t		n = SHA256_BLOCK - filled;

		if (length < n)
			n = length;
		memcpy(state->block + filled, p, n);
		p += n;
		length -= n;
		if (filled + n < SHA256_BLOCK)
			return;
		compress(state->h, state->block);
	}
	for (; length >= SHA256_BLOCK; p += SHA256_BLOCK, length -= SHA256_BLOCK)
		compress(state->h, p);
	if (length > 0)
		memcpy(state->block, p, length);
}

/*
 * Pads the state and writes the digest; the state is used up.
 */
void
sha256_final(Sha256 *state, uint8_t result[SHA256_SIZE])
{
	uint64_t	bits = state->length * 8;
	size_t		filled = state->length % SHA256_BLOCK;

	state->block[filled++] = 0x80;
	if (filled > SHA256_BLOCK - 8)
	{
		memset(state->block + filled, 0, SHA256_BLOCK - filled);
		compress(state->h, state->block);
		filled = 0;
	}
	memset(state->block + filled, 0, SHA256_BLOCK - 8 - filled);
	store_big_endian(state->block + SHA256_BLOCK - 8, (uint32_t) (bits >> 32));
	store_big_endian(state->block + SHA256_BLOCK - 4, (uint32_t) bits);
	compress(state->h, state->block);
	for (int i = 0; i < 8; i++)
		store_big_endian(result + 4 * i, state->h[i]);
}

/*
 * The digest of a state that has taken whole blocks only, and of two parts after
 * them that leave room for the padding in one block: most values are so short.
 */
static void
finish_in_one_block(const Sha256 *state, const void *first, size_t first_size,
					const void *second, size_t second_size, uint8_t result[SHA256_SIZE])
{
	uint32_t	h[8];
	uint8_t		block[SHA256_BLOCK] = {0};
	uint32_t	bits = (uint32_t) (state->length + first_size + second_size) * 8;

	memcpy(h, state->h, sizeof(h));
	memcpy(block, first, first_size);
	memcpy(block + first_size, second, second_size);
	block[first_size + second_size] = 0x80;
	store_big_endian(block + SHA256_BLOCK - 4, bits);
	compress(h, block);
	for (int i = 0; i < 8; i++)
		store_big_endian(result + 4 * i, h[i]);
}

/*
 * The digest of one value.
 */
void
sha256(const void *data, size_t length, uint8_t result[SHA256_SIZE])
{
	Sha256		state;

	sha256_init(&state);
	if (length < SHA256_BLOCK - 8)
	{
		finish_in_one_block(&state, data, length, "", 0, result);
		return;
	}
	sha256_update(&state, data, length);
	sha256_final(&state, result);
}

/*
 * The two states that every HMAC with this key begins with.
 */
void
hmac_key(HmacKey *state, const void *key, size_t length)
{
	uint8_t		pad[SHA256_BLOCK] = {0};

	if (length > SHA256_BLOCK)
		sha256(key, length, pad);
	else
		memcpy(pad, key, length);
	for (int i = 0; i < SHA256_BLOCK; i++)
		pad[i] ^= 0x36;
	sha256_init(&state->inner);
	sha256_update(&state->inner, pad, SHA256_BLOCK);
	for (int i = 0; i < SHA256_BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5C;
	sha256_init(&state->outer);
	sha256_update(&state->outer, pad, SHA256_BLOCK);
}

/*
 * HMAC-SHA256 of first followed by second.
 */
void
hmac_sha256(const HmacKey *key, const void *first, size_t first_size,
			const void *second, size_t second_size, uint8_t result[SHA256_SIZE])
{
	uint8_t		inner[SHA256_SIZE];

	if (first_size + second_size < SHA256_BLOCK - 8)
		finish_in_one_block(&key->inner, first, first_size, second, second_size, inner);
	else
	{
		Sha256		state = key->inner;

		sha256_update(&state, first, first_size);
		sha256_update(&state, second, second_size);
		sha256_final(&state, inner);
	}
	finish_in_one_block(&key->outer, inner, SHA256_SIZE, "", 0, result);
}

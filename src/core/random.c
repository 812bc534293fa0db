/*
 * random.c
 *		Random numbers that depend on (seed, stream, index) and a counter only.
 *
 * The n-th number of a stream is a 64-bit mix (the finaliser of SplitMix64) of
 * the stream's key plus n times the golden ratio, so streams need no state
 * that outlives them and any of them can be drawn in any order.
 */
#include "core/random.h"

#include <math.h>
#include <string.h>

#define GOLDEN_RATIO UINT64_C(0x9E3779B97F4A7C15)
#define LN2 0.69314718055994530942
#define SQRT_HALF 0.70710678118654752440

/* coefficients of the series of logarithm and exponential, last ones first */
static const double odd_reciprocals[] = {
	1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0
};
static const double factorial_reciprocals[] = {
	1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
	1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1.0, 1.0
};

/*
 * A bijection of 64-bit numbers that looks random (SplitMix64's finaliser).
 */
uint64_t
random_mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
	return value ^ (value >> 31);
}

/*
 * Begins stream number "stream" of "index" under a seed.
 */
void
random_start(Random *random, uint64_t seed, uint64_t stream, uint64_t index)
{
	uint64_t	key = random_mix(seed + GOLDEN_RATIO);

	key = random_mix(key ^ (stream * UINT64_C(0xD1B54A32D192ED03) + 1));
	random->key = random_mix(key + index * UINT64_C(0xAEF17502108EF2D9));
	random->counter = 0;
}

/*
 * The next 64 bits.
 */
uint64_t
random_bits(Random *random)
{
	return random_mix(random->key + ++random->counter * GOLDEN_RATIO);
}

/*
 * Uniform on the open interval (0, 1), a multiple of 2^-53 plus half of that.
 */
double
random_uniform(Random *random)
{
	return ((double) (random_bits(random) >> 11) + 0.5) / 9007199254740992.0;
}

/*
 * Uniform on 0 .. bound - 1; the bias is below 2^-32. bound 0 gives 0.
 */
uint32_t
random_below(Random *random, uint32_t bound)
{
	return (uint32_t) (((random_bits(random) >> 32) * bound) >> 32);
}

/*
 * Uniform on low .. high, both included.
 */
int
random_between(Random *random, int low, int high)
{
	return low + (int) random_below(random, (uint32_t) (high - low + 1));
}

/*
 * True with the given probability.
 */
bool
random_chance(Random *random, double probability)
{
	return random_uniform(random) < probability;
}

/*
 * Standard normal, by Marsaglia's polar method.
 */
double
random_normal(Random *random)
{
	for (;;)
	{
		double		u = 2.0 * random_uniform(random) - 1.0;
		double		v = 2.0 * random_uniform(random) - 1.0;
		double		s = u * u + v * v;

		if (s > 0.0 && s < 1.0)
			return u * sqrt(-2.0 * portable_log(s) / s);
	}
}

/*
 * Gamma with the given shape > 0 and mean 1 (Marsaglia and Tsang 2000; shapes
 * below 1 by the power of a uniform).
 */
double
random_gamma(Random *random, double shape)
{
	double		boost = 1.0;
	double		full = shape;
	double		d;
	double		c;

	if (shape < 1.0)
	{
		boost = portable_exp(portable_log(random_uniform(random)) / shape);
		full = shape + 1.0;
	}
	d = full - 1.0 / 3.0;
	c = 1.0 / sqrt(9.0 * d);
	for (;;)
	{
		double		x = random_normal(random);
		double		v = 1.0 + c * x;
		double		u = random_uniform(random);

		if (v <= 0.0)
			continue;
		v = v * v * v;
		/* the first bound implies the second one and is cheap */
		if (u < 1.0 - 0.0331 * x * x * x * x ||
			portable_log(u) < 0.5 * x * x + d - d * v + d * portable_log(v))
			return boost * d * v / shape;
	}
}

/*
 * Poisson with the given mean, at most "most", by inversion.
 */
int
random_poisson(Random *random, double mean, int most)
{
	double		u = random_uniform(random);
	double		term;
	double		sum;
	int			count = 0;

	/* exp(-mean) is not less than 1 - mean */
	if (u < 1.0 - mean)
		return 0;
	term = portable_exp(-mean);
	sum = term;
	while (u > sum && count < most)
	{
		count++;
		term *= mean / count;
		sum += term;
	}
	return count;
}

/*
 * A rank 0 .. count - 1 whose frequency falls about as 1 / (rank + 1).
 */
int
random_zipf(Random *random, int count)
{
	double		rank = portable_exp(random_uniform(random) * portable_log(count + 1.0)) - 1.0;

	return rank >= count ? count - 1 : (int) rank;
}

/*
 * A bijection of 0 .. size - 1 onto itself (size at most 2^62): a Feistel
 * network over the next even number of bits, walked until it hits the range.
 */
uint64_t
random_permuted(uint64_t key, uint64_t value, uint64_t size)
{
	int			half = 1;
	uint64_t	mask;

	while (half < 31 && (UINT64_C(1) << (2 * half)) < size)
		half++;
	mask = (UINT64_C(1) << half) - 1;
	do
	{
		uint64_t	left = value >> half;
		uint64_t	right = value & mask;

		for (int round = 0; round < 4; round++)
		{
			uint64_t	next = left ^ (random_mix(key + right * GOLDEN_RATIO + round) & mask);

			left = right;
			right = next;
		}
		value = (left << half) | right;
	} while (value >= size);
	return value;
}

/*
 * A bijection of the numbers from 0 onwards that keeps their size: the first
 * "block" numbers are permuted among themselves, then those up to 10 times as
 * many, and so on.
 */
uint64_t
random_permuted_digits(uint64_t key, uint64_t value, uint64_t block)
{
	uint64_t	low = 0;
	uint64_t	high = block;

	while (value >= high)
	{
		low = high;
		high *= 10;
	}
	return low + random_permuted(key + high, value - low, high - low);
}

/*
 * Natural logarithm of a positive normal number, to about 1e-15.
 */
double
portable_log(double value)
{
	uint64_t	bits;
	int			exponent;
	double		s;
	double		square;
	double		sum = 0.0;

	memcpy(&bits, &value, sizeof(bits));
	exponent = (int) ((bits >> 52) & 0x7FF) - 1022;
	bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FE0000000000000);
	memcpy(&value, &bits, sizeof(value));
	if (value < SQRT_HALF)
	{
		value *= 2.0;
		exponent--;
	}
	s = (value - 1.0) / (value + 1.0);
	square = s * s;
	for (int i = 0; i < 10; i++)
		sum = sum * square + odd_reciprocals[i];
	return 2.0 * s * sum + exponent * LN2;
}

/*
 * Exponential, to about 1e-14 relative; below -700 it is 0, above 700 it is
 * that of 700.
 */
double
portable_exp(double value)
{
	double		rest;
	double		sum = 0.0;
	int			power;
	uint64_t	bits;
	double		scale;

	if (value < -700.0)
		return 0.0;
	if (value > 700.0)
		value = 700.0;
	power = (int) (value / LN2 + (value < 0.0 ? -0.5 : 0.5));
	rest = value - power * LN2;
	for (int i = 0; i < 14; i++)
		sum = sum * rest + factorial_reciprocals[i];
	bits = (uint64_t) (power + 1023) << 52;
	memcpy(&scale, &bits, sizeof(scale));
	return sum * scale;
}

/*
 * random.h
 *		Random numbers that depend on (seed, stream, index) and a counter only.
 *
 * Pure C.  The same arguments give the same bits on every machine: logarithm
 * and exponential are computed here by IEEE arithmetic alone, not by libm.
 */
#ifndef PATTERNOS_RANDOM_H
#define PATTERNOS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Random
{
	uint64_t	key;
	uint64_t	counter;
} Random;

extern uint64_t random_mix(uint64_t value);
extern void random_start(Random *random, uint64_t seed, uint64_t stream, uint64_t index);
extern uint64_t random_bits(Random *random);
extern double random_uniform(Random *random);
extern uint32_t random_below(Random *random, uint32_t bound);
extern int	random_between(Random *random, int low, int high);
extern bool random_chance(Random *random, double probability);
extern double random_normal(Random *random);
extern double random_gamma(Random *random, double shape);
extern int	random_poisson(Random *random, double mean, int most);
extern int	random_zipf(Random *random, int count);

extern uint64_t random_permuted(uint64_t key, uint64_t value, uint64_t size);
extern uint64_t random_permuted_digits(uint64_t key, uint64_t value, uint64_t block);

extern double portable_log(double value);
extern double portable_exp(double value);

#endif							/* PATTERNOS_RANDOM_H */

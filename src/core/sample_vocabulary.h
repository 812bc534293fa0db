/*
 * sample_vocabulary.h
 *		Names and places of the sample population.
 *
 * Pure C.  Lists are sorted by how common their entries are.
 */
#ifndef PATTERNOS_SAMPLE_VOCABULARY_H
#define PATTERNOS_SAMPLE_VOCABULARY_H

#include "core/random.h"

#define NAME_SIZE 48

typedef struct City
{
	const char *name;
	const char *state;
	uint16_t	pincode_prefix;
	uint16_t	weight;			/* people, in units of 100,000 */
	const char *airport;		/* what travel calls it; NULL: no airport */
} City;

#define CITIES 40
#define LOCALITIES 48

extern const City sample_cities[CITIES];
extern const char *const sample_localities[LOCALITIES];

extern int	pick_city(Random *random);
extern void write_first_name(Random *random, bool female, char result[NAME_SIZE]);
extern void write_surname(Random *random, char result[NAME_SIZE]);
extern const char *pick_building(Random *random);
extern const char *pick_building_kind(Random *random);

#endif							/* PATTERNOS_SAMPLE_VOCABULARY_H */

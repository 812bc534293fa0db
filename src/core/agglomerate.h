/*
 * agglomerate.h
 *		Divides the members of one cluster, when not all of them belong
 *		together, and finds the links that alone hold a cluster together.
 *
 * Pure C over memory that the caller owns.  Members are 0 .. n - 1; a link
 * joins two different ones, and no two links join the same.
 */
#ifndef PATTERNOS_AGGLOMERATE_H
#define PATTERNOS_AGGLOMERATE_H

#include <stdbool.h>
#include <stdint.h>

/* weight is +infinity for members that must, -infinity for ones that must not be together */
typedef struct Link
{
	int32_t		a;
	int32_t		b;
	double		weight;
} Link;

/* The links at each member, as CSR: those of m are at[start[m]] .. at[start[m + 1] - 1]. */
typedef struct Incidence
{
	int32_t    *start;			/* members + 1 */
	int32_t    *at;				/* 2 * links */
} Incidence;

/* Fills the incidence of links. */
extern void incidence_fill(Incidence *incidence, int32_t members, const Link *links, int32_t count);

/* Marks the links of at least the threshold that are bridges; work is 5 * members. */
extern void find_bridges(int32_t members, const Link *links, int32_t count, const Incidence *incidence,
						 double threshold, bool *is_bridge, int32_t *work);

/* Sorts links: heaviest first, equal ones by their members. */
extern void links_sort(Link *links, int32_t count);

/*
 * Puts members together along links of at least the threshold, heaviest first,
 * unless two of them must not be together, or the weights of all pairs across,
 * those without a link counting as absent, add up to less than 0: weights are
 * logarithms of odds, so that this is what the division as a whole gains
 * (correlation clustering).  link is a union-find over the members, next is
 * memory of as many; links must be sorted.
 */
extern void agglomerate(int32_t members, const Link *links, int32_t count, const Incidence *incidence,
						double threshold, double absent, int32_t *link, int32_t *next);

#endif							/* PATTERNOS_AGGLOMERATE_H */

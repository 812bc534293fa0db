/*
 * unionfind.h
 *		Disjoint sets over the dense ids 0 .. n - 1: union by size, path halving.
 *
 * Pure C over memory that the caller owns.  One int32_t per id: the parent of
 * an id that is no root, or minus the size of the set of a root.
 */
#ifndef PATTERNOS_UNIONFIND_H
#define PATTERNOS_UNIONFIND_H

#include <stdint.h>

/* Makes ids first .. last - 1 sets of their own. */
extern void unionfind_init(int32_t *link, int32_t first, int32_t last);

/* The root of an id's set. */
extern int32_t unionfind_find(int32_t *link, int32_t id);

/* Joins the sets of two ids and returns the root of the result. */
extern int32_t unionfind_join(int32_t *link, int32_t a, int32_t b);

#endif							/* PATTERNOS_UNIONFIND_H */

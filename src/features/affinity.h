/*
 * affinity.h
 *		Shares and scores of what a customer likes.
 */
#ifndef PATTERNOS_AFFINITY_H
#define PATTERNOS_AFFINITY_H

#include "patternos.h"

/* Part of the spend, between 0 and 1; 0 when nothing was spent in all. */
extern double affinity_share_of_spend(int128 value, int128 spend);

/* The score of an item in ten-thousandths: for brands (by_count) the share of purchases, else the weighted affinity. */
extern int64 affinity_score(bool by_count, double count_share, int32 days, double spend_share);

#endif							/* PATTERNOS_AFFINITY_H */

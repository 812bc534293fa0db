/*
 * cross_platform.h
 *		From a customer's orders to the features of platforms.
 *
 * Platforms and categories are known by the place of their name among the
 * names, in the order of bytes.
 */
#ifndef PATTERNOS_CROSS_PLATFORM_H
#define PATTERNOS_CROSS_PLATFORM_H

#include "patternos.h"

#include "utils/date.h"

/* columns of cross_platform_features */
#define CROSS_COLUMNS	10

typedef struct CrossName
{
	const char *bytes;			/* not terminated */
	int32		size;
} CrossName;

typedef struct CrossOrder
{
	int64		at;
	int64		order;
	int128		amount;			/* ten-thousandths */
	DateADT		day;			/* the local one */
	int32		platform;
	bool		paid;			/* false for use of the platform that is no
								 * purchase */
} CrossOrder;

/* a category bought on a platform */
#define CROSS_BOUGHT(category, platform)	((uint64) (category) << 32 | (uint32) (platform))

/* what a customer bought before a date */
typedef struct CrossPurchases
{
	DateADT		as_of;
	CrossOrder *orders;			/* at least one */
	Size		norders;
	uint64	   *bought;			/* repeated or not */
	Size		nbought;
	int32		nplatforms;		/* names of platforms */
	const CrossName *platforms;
	const CrossName *categories;
} CrossPurchases;

/* The columns of cross_platform_features; sorts orders and bought. */
extern void cross_platform_columns(CrossPurchases *purchases, Datum *values, bool *nulls);

#endif							/* PATTERNOS_CROSS_PLATFORM_H */

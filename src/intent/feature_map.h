/*
 * feature_map.h
 *		Where rows of a type have the features of a model, and their values as
 *		floats.
 */
#ifndef PATTERNOS_FEATURE_MAP_H
#define PATTERNOS_FEATURE_MAP_H

#include "access/tupdesc.h"
#include "model.h"

/* A feature's column. */
typedef struct FeatureColumn
{
	int			number;			/* from 0 */
	Oid			type;
	FmgrInfo	output;			/* of a category's text */
} FeatureColumn;

typedef struct FeatureMap
{
	const Model *model;
	int			ncolumns;		/* how many of a row's columns are needed */
	FeatureColumn columns[FLEXIBLE_ARRAY_MEMBER];	/* by feature */
} FeatureMap;

extern FeatureMap *feature_map_make(const Model *model, TupleDesc desc);
extern void feature_map_row(FeatureMap *map, const Datum *values, const bool *nulls, float4 *row);
extern float4 feature_number(const Model *model, int feature, double value);
extern void refuse_infinite(const Model *model, int feature);

#endif							/* PATTERNOS_FEATURE_MAP_H */

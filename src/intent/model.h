/*
 * model.h
 *		A model ready to score: trees or logistic regression, the names of its
 *		features, the codes of its categories, and its calibration.
 *
 * It is one bytea, checked when it is opened and kept open: per call site by the
 * TOAST pointer that it came by, and per backend for the next statement.
 */
#ifndef PATTERNOS_MODEL_H
#define PATTERNOS_MODEL_H

#include "postgres.h"

#include "fmgr.h"

#include "core/tree.h"

#define MODEL_MAGIC		0x314d5054	/* "TPM1" where the lowest byte comes
									 * first */

typedef enum ModelKind
{
	MODEL_TREES = 1,
	MODEL_LOGISTIC = 2
} ModelKind;

typedef enum CalibrationKind
{
	CALIBRATION_NONE,
	CALIBRATION_PLATT,			/* probability = 1 / (1 + exp(-(a * margin +
								 * b))) */
	CALIBRATION_ISOTONIC		/* of the raw probability, linear between
								 * knots */
} CalibrationKind;

/* The stored form; sections follow in this order, each aligned to 8 bytes. */
typedef struct ModelHead
{
	uint32		magic;
	uint32		kind;
	uint64		digest;			/* of everything behind the head */
	int32		nfeatures;
	uint32		calibration;
	int32		scorer_size;	/* PackedTrees, or 2 * nfeatures + 1 doubles */
	int32		nknots;			/* of the calibration: doubles x, then y;
								 * Platt has one, (a, b) */
	int32		names_size;		/* nfeatures strings that end with 0 */
	int32		ncategories;	/* CategoryCode, by feature and text */
	int32		texts_size;		/* strings of the categories that end with 0 */
	int32		unused;
} ModelHead;

typedef struct CategoryCode
{
	int32		feature;
	int32 text;					/* where its string begins */
	float4		value;
	int32		unused;
} CategoryCode;

/* An open model; everything points into one copy of the stored form. */
typedef struct Model
{
	const ModelHead *head;
	const PackedTrees *trees;
	const double *coefficients; /* intercept, then coefficient and replacement
								 * of missing by feature */
	const double *knots_x;
	const double *knots_y;
	const char **names;
	const CategoryCode *categories;
	const char *texts;
	bool	   *is_category;
	float4	   *spread;			/* room for a row that is evaluated */
} Model;

extern const Model *model_open(FunctionCallInfo fcinfo, int argument);
extern double model_margin(const Model *model, const float4 *row);
extern void model_margins(const Model *model, const float4 *rows, int count, float4 *block, double *margins);
extern double model_probability(const Model *model, double margin);
extern float4 model_category(const Model *model, int feature, const char *text, Size length);
extern uint64 model_digest(const char *bytes, Size size);
extern const char *model_check(const char *bytes, Size size);

/* What a call site keeps. */
typedef struct ModelSite
{
	const Model *model;
	int32		toast[4];		/* the TOAST pointer that model came by */
	bool		has_toast;
	float4	   *row;
	void	   *map;			/* where score.c finds the features in a row */
	void	   *attribution;	/* what attribute.c keeps for the model */
} ModelSite;

extern ModelSite *model_site(FunctionCallInfo fcinfo);
extern const float4 *model_row(FunctionCallInfo fcinfo, Oid type);

#endif							/* PATTERNOS_MODEL_H */

/*
 * read_model.h
 *		Documents of tree models, read into memory of the server.
 */
#ifndef PATTERNOS_READ_MODEL_H
#define PATTERNOS_READ_MODEL_H

#include "postgres.h"

#include "core/tree_xgboost.h"

typedef enum ModelFormat
{
	FORMAT_XGBOOST,
	FORMAT_LIGHTGBM
} ModelFormat;

/* A document's trees, in the context that was current; names is NULL unless each feature has one. */
typedef struct ModelDocument
{
	TreeDocument trees;
	char	  **names;
	int			nnames;
} ModelDocument;

extern void read_model_document(text *document, ModelFormat format, ModelDocument *result);

#endif							/* PATTERNOS_READ_MODEL_H */

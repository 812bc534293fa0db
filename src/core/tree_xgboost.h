/*
 * tree_xgboost.h
 *		XGBoost's JSON documents of binary classifiers, in and out.
 *
 * Pure C.  Read are documents of 1.7 to 3.x with gbtree, one output and numeric
 * splits; what cannot be scored with the same result is refused.
 */
#ifndef PATTERNOS_TREE_XGBOOST_H
#define PATTERNOS_TREE_XGBOOST_H

#include "core/tree.h"

/*
 * Memory as realloc gives it, NULL when there is none.  What was given is the
 * caller's to free, also after an error.
 */
typedef struct TreeMemory
{
	void	   *(*resize) (void *context, void *memory, size_t size);
	void	   *context;
	void		(*poll) (void); /* called now and then, or NULL */
} TreeMemory;

/* A model that was read; start and nodes were allocated. */
typedef struct TreeDocument
{
	TreeModel	model;
	int32_t    *start;
	TreeNode   *nodes;
	size_t		nodes_allocated;
	size_t		trees_allocated;
	float		base_score;

	/*
	 * called for each name of a feature, UTF-8 as in the document; may be
	 * NULL
	 */
	void		(*name) (void *context, int number, const char *name, size_t length);
} TreeDocument;

/* Receives the document piece by piece. */
typedef struct TreeWriter
{
	void		(*write) (void *context, const char *text, size_t length);
	void	   *context;
} TreeWriter;

extern bool tree_document_start(TreeDocument *document, const TreeMemory *memory);
extern bool tree_document_reserve(TreeDocument *document, const TreeMemory *memory, int32_t nodes);
extern float tree_base_margin(float base_score);
extern const char *xgboost_read(const char *text, size_t length, const TreeMemory *memory, TreeDocument *document);
extern void xgboost_write(const TreeModel *model, float base_score, const char *const *names, const TreeWriter *writer);

#endif							/* PATTERNOS_TREE_XGBOOST_H */

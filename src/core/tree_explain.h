/*
 * tree_explain.h
 *		What each feature adds to a margin.
 *
 * Pure C.  Contributions and the base value add up to the margin.
 */
#ifndef PATTERNOS_TREE_EXPLAIN_H
#define PATTERNOS_TREE_EXPLAIN_H

#include "core/tree.h"

extern void tree_means(const TreeModel *model, double *means);
extern double tree_expected(const TreeModel *model, const double *means);
extern void tree_shap(const TreeModel *model, const float *row, double *contributions);
extern void tree_path_attribution(const TreeModel *model, const double *means, const float *row, double *contributions);

#endif							/* PATTERNOS_TREE_EXPLAIN_H */

/*
 * tree_lightgbm.h
 *		LightGBM's text files of binary classifiers, in.
 *
 * Pure C.  Its trees become trees of ours: a value is at most t exactly when the
 * float is below the next float above t.  Leaves become floats, so margins agree
 * to about seven digits.
 */
#ifndef PATTERNOS_TREE_LIGHTGBM_H
#define PATTERNOS_TREE_LIGHTGBM_H

#include "core/tree_xgboost.h"

extern const char *lightgbm_read(const char *text, size_t length, const TreeMemory *memory, TreeDocument *document);

#endif							/* PATTERNOS_TREE_LIGHTGBM_H */

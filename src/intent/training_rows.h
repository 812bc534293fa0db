/*
 * training_rows.h
 *		The rows that a model is trained on, as a query delivers them.
 *
 * Labels, parts and weights stay in memory; features go to a temporary file
 * that can be read again and again.
 */
#ifndef PATTERNOS_TRAINING_ROWS_H
#define PATTERNOS_TRAINING_ROWS_H

#include "postgres.h"

#include "storage/buffile.h"

/* The parts that rows are divided into. */
#define PART_TRAIN	0
#define PART_VALID	1
#define PARTS		2

typedef struct TrainingRows
{
	int			nfeatures;
	size_t		nrows;
	size_t		count[PARTS];
	size_t		positives[PARTS];
	double		weight;			/* of all training rows together */
	uint8	   *labels;
	uint8	   *parts;
	float4	   *weights;
	bool		is_weighted;	/* whether any weight differs from 1 */
	BufFile    *file;
	MemoryContext context;
	size_t		allocated;
} TrainingRows;

extern TrainingRows *training_rows_read(const char *query, char *const *names, int nfeatures, size_t most_memory);
extern void training_rows_check(const TrainingRows *rows, bool both_parts);
extern void training_rows_rewind(TrainingRows *rows);
extern void training_rows_next(TrainingRows *rows, float4 *features);
extern void training_rows_close(TrainingRows *rows);
extern void refuse_memory(size_t needed, size_t most);

#endif							/* PATTERNOS_TRAINING_ROWS_H */

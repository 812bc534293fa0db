/*
 * fuzz_trees.c
 *		Feeds arbitrary bytes to the readers of tree models and checks what must hold of
 *		whatever they accept.  Built like fuzz_values.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tree_explain.h"
#include "core/tree_xgboost.h"

#define MOST_BLOCKS 8

static void
require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

/* Memory that is freed at the end, like a context's. */
typedef struct Blocks
{
	void	   *block[MOST_BLOCKS];
	int			count;
}			Blocks;

static void *
resize(void *context, void *memory, size_t size)
{
	Blocks	   *blocks = context;
	int			i = 0;

	while (i < blocks->count && (memory == NULL || blocks->block[i] != memory))
		i++;
	if (i == blocks->count)
		blocks->count++;
	require(i < MOST_BLOCKS, "few blocks");
	return blocks->block[i] = realloc(memory, size);
}

static void
ignore(void *context, const char *text, size_t length)
{
	*(size_t *) context += length + (text == NULL);
}

static void
check_accepted(const TreeDocument *document)
{
	const TreeModel *model = &document->model;
	size_t		size = tree_packed_size(model);
	PackedTrees *packed = malloc(size);
	int32_t    *order = malloc(TREE_MAX_NODES * sizeof(int32_t));
	float	   *row = malloc((size_t) model->nfeatures * sizeof(float));
	double	   *means = malloc(((size_t) model->start[model->ntrees] + 1) * sizeof(double));
	double	   *contributions = malloc((size_t) model->nfeatures * sizeof(double));
	size_t		written = 0;
	TreeWriter	writer = {ignore, &written};
	float		one,
				batch;
	int			i;

	tree_pack(model, order, packed);
	require(tree_packed_check(packed, size) == NULL, "what was compiled is valid");
	require(tree_packed_check(packed, size - 1) != NULL, "length is checked");
	for (i = 0; i < model->nfeatures; i++)
		row[i] = i % 3 == 0 ? NAN : (float) i;
	one = tree_margin(packed, row);
	tree_margins(packed, row, 1, &batch);
	require(one == batch || (isnan(one) && isnan(batch)), "one row and a block agree");
	tree_means(model, means);
	tree_shap(model, row, contributions);
	tree_path_attribution(model, means, row, contributions);
	xgboost_write(model, document->base_score, NULL, &writer);
	require(written > 0, "something was written");
	free(packed);
	free(order);
	free(row);
	free(means);
	free(contributions);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Blocks		blocks = {0};
	TreeMemory	memory = {resize, &blocks};
	TreeDocument document = {0};
	void	   *copy = malloc(size + 1);
	int			i;

	if (xgboost_read((const char *) data, size, &memory, &document) == NULL)
		check_accepted(&document);
	for (i = 0; i < blocks.count; i++)
		free(blocks.block[i]);
	/* the same bytes as a compiled model */
	memcpy(copy, data, size);
	if (size >= sizeof(PackedTrees) && tree_packed_check(copy, size) == NULL)
	{
		const PackedTrees *packed = copy;
		float	   *row = calloc((size_t) packed->nfeatures, sizeof(float));

		(void) tree_margin(packed, row);
		free(row);
	}
	free(copy);
	return 0;
}

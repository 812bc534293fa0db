/*
 * fuzz_trees.c
 *		Feeds arbitrary bytes to the readers of tree models and checks what must hold of
 *		whatever they accept.  Built like fuzz_values.c: with -DSTANDALONE it mutates
 *		a document of each kind.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tree_explain.h"
#include "core/tree_lightgbm.h"

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
} Blocks;

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

/* The bytes as a compiled model. */
static void
check_packed(const uint8_t *data, size_t size)
{
	void	   *copy = malloc(size + 1);

	memcpy(copy, data, size);
	if (size >= sizeof(PackedTrees) && tree_packed_check(copy, size) == NULL)
	{
		const PackedTrees *packed = copy;
		float	   *row = calloc((size_t) packed->nfeatures, sizeof(float));
		float	   *spread = malloc(tree_spread_size(packed->nfeatures) * sizeof(float));

		tree_spread(row, packed->nfeatures, spread);
		(void) tree_margin(packed, spread);
		free(row);
		free(spread);
	}
	free(copy);
}

/* A compiled model with each of its first bytes changed. */
static void
check_damaged(const PackedTrees *packed, size_t size)
{
	uint8_t    *copy = malloc(size);

	memcpy(copy, packed, size);
	for (size_t i = 0; i < size && i < 128; i++)
	{
		copy[i] ^= (uint8_t) (1 << i % 8);
		check_packed(copy, size);
		copy[i] = ((const uint8_t *) packed)[i];
	}
	free(copy);
}

static void
check_accepted(const TreeDocument *document)
{
	const TreeModel *model = &document->model;
	size_t		size = tree_packed_size(model);
	PackedTrees *packed = malloc(size);
	int32_t    *order = malloc(TREE_MAX_NODES * sizeof(int32_t));
	float	   *row = malloc((size_t) model->nfeatures * sizeof(float));
	float	   *spread = malloc(tree_spread_size(model->nfeatures) * sizeof(float));
	float	   *block = malloc(tree_block_size(model->nfeatures) * sizeof(float));
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
	check_damaged(packed, size);
	for (i = 0; i < model->nfeatures; i++)
		row[i] = i % 3 == 0 ? NAN : (float) i;
	tree_spread(row, model->nfeatures, spread);
	one = tree_margin(packed, spread);
	tree_margins(packed, row, 1, block, &batch);
	require(one == batch || (isnan(one) && isnan(batch)), "one row and a block agree");
	tree_means(model, means);
	tree_shap(model, row, contributions);
	tree_path_attribution(model, means, row, contributions);
	xgboost_write(model, document->base_score, NULL, &writer);
	require(written > 0, "something was written");
	free(packed);
	free(order);
	free(row);
	free(spread);
	free(block);
	free(means);
	free(contributions);
}

typedef const char *(*Reader) (const char *, size_t, const TreeMemory *, TreeDocument *);

/* Returns whether the document was accepted. */
static bool
check_reader(Reader reader, const uint8_t *data, size_t size)
{
	Blocks		blocks = {0};
	TreeMemory	memory = {resize, &blocks};
	TreeDocument document = {0};
	bool		accepted = reader((const char *) data, size, &memory, &document) == NULL;

	if (accepted)
		check_accepted(&document);
	for (int i = 0; i < blocks.count; i++)
		free(blocks.block[i]);
	return accepted;
}

static long accepted_documents = 0;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	accepted_documents += check_reader(xgboost_read, data, size);
	accepted_documents += check_reader(lightgbm_read, data, size);
	check_packed(data, size);
	return 0;
}

#ifdef STANDALONE

static const char *const corpus[] = {
	"{\"learner\":{\"feature_names\":[\"a\",\"b\"],\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_trees\":\"2\"},"
	"\"tree_info\":[0,0],\"trees\":[{\"left_children\":[1,3,-1,-1,-1],\"right_children\":[2,4,-1,-1,-1],\"split_indices\":[0,1,0,0,0],"
	"\"default_left\":[1,0,0,0,0],\"split_conditions\":[5E-1,1,-2E-1,3E-1,1],\"loss_changes\":[4E0,1E0,0,0,0],\"sum_hessian\":[9E0,6E0,3E0,4E0,2E0],"
	"\"split_type\":[0,0,0,0,0],\"parents\":[2147483647,0,0,1,1]},{\"left_children\":[-1],\"right_children\":[-1],\"split_indices\":[0],"
	"\"default_left\":[0],\"split_conditions\":[1E-1]}]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"[5E-1]\","
	"\"num_class\":\"0\",\"num_feature\":\"2\"},\"objective\":{\"name\":\"binary:logistic\"}},\"version\":[3,1,0]}",
	"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=binary sigmoid:1\nfeature_names=a b\n\n"
	"Tree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=4 1\nthreshold=0.5 1.0000000180025095e-35\ndecision_type=10 8\n"
	"left_child=1 -1\nright_child=-2 -3\nleaf_value=0.1 -0.2 0.3\nleaf_count=4 3 2\ninternal_count=9 6\nis_linear=0\nshrinkage=1\n\n"
	"Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.05\n\nend of trees\n"
};

static size_t
random_below(size_t limit)
{
	static uint64_t state = 0x9E3779B97F4A7C15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t) (state % limit);
}

/*
 * Changes a few bytes, numbers or pieces of a document, or cuts it off.
 */
static size_t
mutate(char *text, size_t size)
{
	static const char marks[] = "0123456789-+eE.,:[]{}\"= \n";
	size_t		at = random_below(size);
	size_t		other = random_below(size);
	size_t		length = random_below(24);

	switch (random_below(6))
	{
		case 0:
			text[at] = (char) random_below(256);
			return size;
		case 1:
		case 2:
			text[at] = marks[random_below(sizeof(marks) - 1)];
			return size;
		case 3:
			memmove(text + at + 1, text + at, size - at);
			text[at] = marks[random_below(sizeof(marks) - 1)];
			return size + 1;
		case 4:
			if (at + length < size && other + length < size)
				memmove(text + at, text + other, length);
			return size;
		default:
			return random_below(20) == 0 && at > 0 ? at : size;
	}
}

int
main(int argc, char **argv)
{
	long		rounds = argc > 1 ? atol(argv[1]) : 100000;

	for (long i = 0; i < rounds; i++)
	{
		char		text[4096];
		const char *start = corpus[i & 1];
		size_t		size = strlen(start);

		memcpy(text, start, size);
		for (size_t j = random_below(6); j > 0; j--)
			size = mutate(text, size);
		LLVMFuzzerTestOneInput((const uint8_t *) text, size);
	}
	require(accepted_documents > rounds / 20 && accepted_documents < rounds, "some are accepted, some refused");
	return 0;
}

#endif

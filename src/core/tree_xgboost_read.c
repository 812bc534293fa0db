/*
 * tree_xgboost_read.c
 *		Reading XGBoost's JSON documents.
 *
 * Members may come in any order and unknown ones are passed over.  Every number
 * that is used as an index is checked, and the nodes of a tree are taken over by
 * walking from its root, so nodes that XGBoost has pruned stay behind.
 */
#include "core/tree_xgboost.h"

#include <math.h>
#include <string.h>

#include "core/json_reader.h"

/* The arrays of one tree as the document has them. */
typedef struct Arrays
{
	int32_t		left[TREE_MAX_NODES];
	int32_t		right[TREE_MAX_NODES];
	int32_t		feature[TREE_MAX_NODES];
	int32_t		default_left[TREE_MAX_NODES];
	float		value[TREE_MAX_NODES];
	float		gain[TREE_MAX_NODES];
	float		cover[TREE_MAX_NODES];
	int32_t		order[TREE_MAX_NODES];
	int32_t		count[7];		/* of the arrays above, in their order */
} Arrays;

typedef struct Reading
{
	JsonReader	reader;
	const TreeMemory *memory;
	TreeDocument *document;
	Arrays	   *arrays;
	float		base_score;
	int32_t		nfeatures;
	bool		has_objective;
	bool		has_booster;
} Reading;

/*
 * The margin of a base score, as XGBoost computes it.
 */
float
tree_base_margin(float base_score)
{
	return -logf(1.0f / base_score - 1.0f);
}

/*
 * An array of numbers, whole ones into integers or others into floats.
 */
static bool
read_numbers(JsonReader *reader, int32_t *integers, float *floats, int32_t *count)
{
	bool		first = true,
				more;

	if (*count != 0)
		return json_fail(reader, "part of a tree stands twice");
	if (!json_open(reader, '['))
		return false;
	while (json_next(reader, '[', &first, &more) && more)
	{
		if (*count >= TREE_MAX_NODES)
			return json_fail(reader, "tree of more than 65535 nodes");
		if (!(integers ? json_integer(reader, &integers[*count]) : json_float(reader, &floats[*count])))
			return false;
		++*count;
	}
	return reader->wrong == NULL;
}

/*
 * An array that must hold nothing but zeros: categorical splits have others.
 */
static bool
read_no_categories(JsonReader *reader)
{
	bool		first = true,
				more;
	int32_t		number;

	if (!json_open(reader, '['))
		return false;
	while (json_next(reader, '[', &first, &more) && more)
		if (!json_integer(reader, &number) || number != 0)
			return json_fail(reader, "categorical splits are not supported; encode categories before training");
	return reader->wrong == NULL;
}

static bool
read_tree_arrays(Reading *reading)
{
	JsonReader *reader = &reading->reader;
	Arrays	   *a = reading->arrays;
	bool		first = true,
				more;
	JsonText	key;

	memset(a->count, 0, sizeof(a->count));
	if (!json_open(reader, '{'))
		return false;
	while (json_next(reader, '{', &first, &more) && more)
	{
		bool		fine;

		if (!json_key(reader, &key))
			return false;
		if (json_text_is(key, "left_children"))
			fine = read_numbers(reader, a->left, NULL, &a->count[0]);
		else if (json_text_is(key, "right_children"))
			fine = read_numbers(reader, a->right, NULL, &a->count[1]);
		else if (json_text_is(key, "split_indices"))
			fine = read_numbers(reader, a->feature, NULL, &a->count[2]);
		else if (json_text_is(key, "default_left"))
			fine = read_numbers(reader, a->default_left, NULL, &a->count[3]);
		else if (json_text_is(key, "split_conditions"))
			fine = read_numbers(reader, NULL, a->value, &a->count[4]);
		else if (json_text_is(key, "loss_changes"))
			fine = read_numbers(reader, NULL, a->gain, &a->count[5]);
		else if (json_text_is(key, "sum_hessian"))
			fine = read_numbers(reader, NULL, a->cover, &a->count[6]);
		else if (json_text_is(key, "split_type"))
			fine = read_no_categories(reader);
		else
			fine = json_skip(reader);
		if (!fine)
			return false;
	}
	return reader->wrong == NULL;
}

/*
 * An empty document; false without memory.
 */
bool
tree_document_start(TreeDocument *document, const TreeMemory *memory)
{
	memset(&document->model, 0, sizeof(document->model));
	document->trees_allocated = 64;
	document->start = memory->resize(memory->context, NULL, document->trees_allocated * sizeof(int32_t));
	document->nodes_allocated = 256;
	document->nodes = memory->resize(memory->context, NULL, document->nodes_allocated * sizeof(TreeNode));
	if (!document->start || !document->nodes)
		return false;
	document->start[0] = 0;
	return true;
}

/*
 * Makes room for one more tree of this many nodes; false without memory.
 */
bool
tree_document_reserve(TreeDocument *document, const TreeMemory *memory, int32_t nodes)
{
	size_t		have = (size_t) document->start[document->model.ntrees];

	if ((size_t) document->model.ntrees + 2 > document->trees_allocated)
	{
		size_t		wanted = document->trees_allocated * 2;
		void	   *start = memory->resize(memory->context, document->start, wanted * sizeof(int32_t));

		if (!start)
			return false;
		document->start = start;
		document->trees_allocated = wanted;
	}
	if (have + (size_t) nodes > document->nodes_allocated)
	{
		size_t		wanted = 2 * (have + (size_t) nodes);
		void	   *space = memory->resize(memory->context, document->nodes, wanted * sizeof(TreeNode));

		if (!space)
			return false;
		document->nodes = space;
		document->nodes_allocated = wanted;
	}
	return true;
}

/*
 * Takes over the nodes that the root reaches.
 */
static bool
read_tree(Reading *reading)
{
	JsonReader *reader = &reading->reader;
	TreeDocument *document = reading->document;
	Arrays	   *a = reading->arrays;
	TreeNode   *out;
	int32_t		total,
				count = 1,
				i;

	if (document->model.ntrees >= TREE_MAX_TREES)
		return json_fail(reader, "more than 10000 trees");
	if (!read_tree_arrays(reading))
		return false;
	total = a->count[0];
	for (i = 0; i < 5; i++)
		if (a->count[i] != total || total == 0)
			return json_fail(reader, "arrays of a tree differ in length");
	for (i = 5; i < 7; i++)
		if (a->count[i] != total && a->count[i] != 0)
			return json_fail(reader, "arrays of a tree differ in length");
	if (!tree_document_reserve(document, reading->memory, total))
		return json_fail(reader, "out of memory");
	out = document->nodes + document->start[document->model.ntrees];
	a->order[0] = 0;
	for (i = 0; i < count; i++)
	{
		int32_t		from = a->order[i];

		out[i] = (TreeNode)
		{
			.left = -1,.right = -1,.value = a->value[from],
				.cover = a->count[6] ? a->cover[from] : 0
		};
		if (a->left[from] == -1)
			continue;
		/* more children than nodes: one has two parents, or there is a cycle */
		if (a->left[from] < 0 || a->left[from] >= total || a->right[from] < 0 || a->right[from] >= total
			|| count + 2 > total)
			return json_fail(reader, "number of a child is out of range");
		out[i].feature = a->feature[from];
		out[i].default_left = a->default_left[from] != 0;
		out[i].gain = a->count[5] ? a->gain[from] : 0;
		out[i].left = count;
		out[i].right = count + 1;
		a->order[count++] = a->left[from];
		a->order[count++] = a->right[from];
	}
	document->start[document->model.ntrees + 1] = document->start[document->model.ntrees] + count;
	document->model.ntrees++;
	return true;
}

/*
 * Walks the members of an object; each is read by a function or passed over.
 */
typedef struct Member
{
	const char *name;
	bool		(*read) (Reading *reading);
} Member;

static bool
read_members(Reading *reading, const Member *members)
{
	JsonReader *reader = &reading->reader;
	bool		first = true,
				more;
	JsonText	key;
	uint32_t	seen = 0;

	if (!json_open(reader, '{'))
		return false;
	while (json_next(reader, '{', &first, &more) && more)
	{
		const Member *member = members;

		if (!json_key(reader, &key))
			return false;
		while (member->name && !json_text_is(key, member->name))
			member++;
		if (member->name && seen & (1U << (member - members)))
			return json_fail(reader, "part of the document stands twice");
		seen |= member->name ? 1U << (member - members) : 0;
		if (!(member->name ? member->read(reading) : json_skip(reader)))
			return false;
	}
	return reader->wrong == NULL;
}

static bool
read_trees(Reading *reading)
{
	bool		first = true,
				more;

	if (!json_open(&reading->reader, '['))
		return false;
	while (json_next(&reading->reader, '[', &first, &more) && more)
		if (!read_tree(reading))
			return false;
	return reading->reader.wrong == NULL;
}

/*
 * The class that each tree belongs to: all must be 0.
 */
static bool
read_tree_info(Reading *reading)
{
	bool		first = true,
				more;
	int32_t		number;

	if (!json_open(&reading->reader, '['))
		return false;
	while (json_next(&reading->reader, '[', &first, &more) && more)
		if (!json_integer(&reading->reader, &number) || number != 0)
			return json_fail(&reading->reader, "models of several classes are not supported");
	return reading->reader.wrong == NULL;
}

static bool
read_booster_name(Reading *reading)
{
	JsonText	name;

	if (!json_string(&reading->reader, &name))
		return false;
	if (!json_text_is(name, "gbtree"))
		return json_fail(&reading->reader, "booster is not gbtree");
	reading->has_booster = true;
	return true;
}

static bool
read_objective_name(Reading *reading)
{
	JsonText	name;

	if (!json_string(&reading->reader, &name))
		return false;
	if (!json_text_is(name, "binary:logistic") && !json_text_is(name, "reg:logistic"))
		return json_fail(&reading->reader, "objective is not binary:logistic");
	reading->has_objective = true;
	return true;
}

static bool
read_base_score(Reading *reading)
{
	if (!json_float(&reading->reader, &reading->base_score))
		return false;
	if (!(reading->base_score > 0 && reading->base_score < 1))
		return json_fail(&reading->reader, "base score is not between 0 and 1");
	return true;
}

static bool
read_num_feature(Reading *reading)
{
	if (!json_integer(&reading->reader, &reading->nfeatures))
		return false;
	if (reading->nfeatures < 1 || reading->nfeatures > TREE_MAX_FEATURES)
		return json_fail(&reading->reader, "number of features is not between 1 and 4096");
	return true;
}

static bool
read_at_most_one(Reading *reading)
{
	int32_t		number;

	if (!json_integer(&reading->reader, &number))
		return false;
	return number <= 1 || json_fail(&reading->reader, "models of several outputs are not supported");
}

static bool
read_names(Reading *reading)
{
	JsonReader *reader = &reading->reader;
	bool		first = true,
				more;
	int			number = 0;
	JsonText	text;

	if (!json_open(reader, '['))
		return false;
	while (json_next(reader, '[', &first, &more) && more)
	{
		char	   *decoded;

		if (!json_string(reader, &text))
			return false;
		if (number >= TREE_MAX_FEATURES || text.length > 1024)
			return json_fail(reader, "names of features are too many or too long");
		decoded = (char *) reading->arrays;
		if (reading->document->name)
			reading->document->name(reading->memory->context, number, decoded, json_text_decode(text, decoded));
		number++;
	}
	return reader->wrong == NULL;
}

static bool
read_model(Reading *reading)
{
	static const Member members[] = {{"trees", read_trees}, {"tree_info", read_tree_info}, {NULL, NULL}};

	return read_members(reading, members);
}

static bool
read_booster(Reading *reading)
{
	static const Member members[] = {{"model", read_model}, {"name", read_booster_name}, {NULL, NULL}};

	return read_members(reading, members);
}

static bool
read_objective(Reading *reading)
{
	static const Member members[] = {{"name", read_objective_name}, {NULL, NULL}};

	return read_members(reading, members);
}

static bool
read_learner_param(Reading *reading)
{
	static const Member members[] = {{"base_score", read_base_score}, {"num_feature", read_num_feature},
	{"num_class", read_at_most_one}, {"num_target", read_at_most_one}, {NULL, NULL}};

	return read_members(reading, members);
}

static bool
read_learner(Reading *reading)
{
	static const Member members[] = {{"gradient_booster", read_booster}, {"objective", read_objective},
	{"learner_model_param", read_learner_param}, {"feature_names", read_names}, {NULL, NULL}};

	return read_members(reading, members);
}

/*
 * Reads a document.  Returns NULL, or what is wrong with it.
 */
const char *
xgboost_read(const char *text, size_t length, const TreeMemory *memory, TreeDocument *document)
{
	static const Member members[] = {{"learner", read_learner}, {NULL, NULL}};
	Reading		reading = {.memory = memory,.document = document,.base_score = 0.5f};

	if (!tree_document_start(document, memory))
		return "out of memory";
	reading.arrays = memory->resize(memory->context, NULL, sizeof(Arrays));
	if (!reading.arrays)
		return "out of memory";
	json_reader_start(&reading.reader, text, length, memory->poll);
	if (!read_members(&reading, members) || !json_finish(&reading.reader))
		return reading.reader.wrong;
	if (!reading.has_booster || !reading.has_objective || reading.nfeatures == 0)
		return "document is no XGBoost model";
	document->base_score = reading.base_score;
	document->model.nfeatures = reading.nfeatures;
	document->model.base_margin = tree_base_margin(reading.base_score);
	document->model.start = document->start;
	document->model.nodes = document->nodes;
	return tree_check(&document->model);
}

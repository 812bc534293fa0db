/*
 * tree_lightgbm.c
 *		Reading LightGBM's text files.
 *
 * A file is lines "name=value": a head, then a block for each tree, which begins
 * with "Tree=" and ends at the next or at "end of trees".  Lines that do not
 * matter for scores are passed over.
 */
#include "core/tree_lightgbm.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/json_reader.h"

#define MOST_LEAVES		((TREE_MAX_NODES + 1) / 2)

/* Bits of a node's decision type. */
#define CATEGORICAL		1
#define DEFAULT_LEFT	2
#define MISSING_TYPE(decision)	((decision) >> 2 & 3)
#define MISSING_NONE	0
#define MISSING_ZERO	1

/* The arrays of a tree, in the order in which their counts are kept. */
typedef enum Column
{
	SPLIT_FEATURE, DECISION, LEFT, RIGHT, THRESHOLD, GAIN, NODE_COUNT, LEAF_VALUE, LEAF_COUNT, COLUMNS
} Column;

static const char *const column_names[COLUMNS] = {
	"split_feature", "decision_type", "left_child", "right_child", "threshold", "split_gain", "internal_count",
	"leaf_value", "leaf_count"
};

typedef struct Reading
{
	JsonReader	reader;
	const TreeMemory *memory;
	TreeDocument *document;
	double	   *columns[COLUMNS];
	int32_t		count[COLUMNS];
	int32_t    *order;
	int32_t		nleaves;
	double		sigmoid;
	bool		has_objective;
} Reading;

/*
 * The next line, without its end; false after the last.
 */
static bool
next_line(JsonReader *reader, JsonText *line)
{
	const char *end;

	if (reader->at >= reader->end)
		return false;
	if (reader->poll)
		reader->poll();
	end = memchr(reader->at, '\n', (size_t) (reader->end - reader->at));
	line->start = reader->at;
	line->length = (size_t) ((end ? end : reader->end) - reader->at);
	reader->at = end ? end + 1 : reader->end;
	if (line->length > 0 && line->start[line->length - 1] == '\r')
		line->length--;
	return true;
}

/*
 * Whether a line gives this name; value is what it gives.
 */
static bool
gives(JsonText line, const char *name, JsonText *value)
{
	size_t		length = strlen(name);

	if (line.length <= length || memcmp(line.start, name, length) != 0 || line.start[length] != '=')
		return false;
	value->start = line.start + length + 1;
	value->length = line.length - length - 1;
	return true;
}

/*
 * Numbers with spaces between them.
 */
static bool
read_numbers(Reading *reading, JsonText value, double *numbers, int32_t most, int32_t *count)
{
	JsonReader	reader;

	json_reader_start(&reader, value.start, value.length, reading->memory->poll);
	for (*count = 0;; ++*count)
	{
		(void) json_peek(&reader);
		if (reader.at >= reader.end)
			return true;
		if (*count >= most)
			return json_fail(&reading->reader, "array of a tree is too long");
		if (!json_double(&reader, &numbers[*count]))
			return json_fail(&reading->reader, "number is not understood");
	}
}

static bool
read_one(Reading *reading, JsonText value, int32_t lowest, int32_t highest, int32_t *number)
{
	JsonReader	reader;

	json_reader_start(&reader, value.start, value.length, NULL);
	if (!json_integer(&reader, number) || !json_finish(&reader) || *number < lowest || *number > highest)
		return json_fail(&reading->reader, "number is out of range");
	return true;
}

static bool
is_number(JsonText value, double number)
{
	JsonReader	reader;
	double		found;

	json_reader_start(&reader, value.start, value.length, NULL);
	return json_double(&reader, &found) && found == number && json_finish(&reader);
}

/*
 * "binary sigmoid:1"
 */
static bool
read_objective(Reading *reading, JsonText value)
{
	static const char wanted[] = "binary sigmoid:";
	size_t		length = sizeof(wanted) - 1;
	JsonText	rest = {value.start + length, value.length - length};
	int32_t		count;

	if (value.length <= length || memcmp(value.start, wanted, length) != 0)
		return json_fail(&reading->reader, "objective is not binary");
	if (!read_numbers(reading, rest, &reading->sigmoid, 1, &count))
		return false;
	reading->has_objective = count == 1 && reading->sigmoid > 0 && reading->sigmoid <= 1e6;
	return reading->has_objective || json_fail(&reading->reader, "sigmoid is out of range");
}

static bool
read_names(Reading *reading, JsonText value)
{
	const char *at = value.start;
	const char *end = value.start + value.length;
	int			number = 0;

	while (at < end)
	{
		const char *space = memchr(at, ' ', (size_t) (end - at));
		size_t		length = (size_t) ((space ? space : end) - at);

		if (number >= TREE_MAX_FEATURES || length == 0 || length > 1024)
			return json_fail(&reading->reader, "names of features are too many, too long or empty");
		if (reading->document->name)
			reading->document->name(reading->memory->context, number, at, length);
		number++;
		at = space ? space + 1 : end;
	}
	return true;
}

/*
 * A line of the head.
 */
static bool
read_head_line(Reading *reading, JsonText line)
{
	JsonText	value;
	int32_t		number;

	if (gives(line, "num_class", &value) || gives(line, "num_tree_per_iteration", &value))
		return is_number(value, 1) || json_fail(&reading->reader, "models of several classes are not supported");
	if (gives(line, "max_feature_idx", &value))
	{
		if (!read_one(reading, value, 0, TREE_MAX_FEATURES - 1, &number))
			return false;
		reading->document->model.nfeatures = number + 1;
	}
	else if (gives(line, "objective", &value))
		return read_objective(reading, value);
	else if (gives(line, "feature_names", &value))
		return read_names(reading, value);
	else if (json_text_is(line, "average_output"))
		return json_fail(&reading->reader, "random forests are not supported");
	return true;
}

/*
 * A line of a tree.
 */
static bool
read_tree_line(Reading *reading, JsonText line)
{
	JsonText	value;
	int			column;

	if (gives(line, "num_leaves", &value))
		return read_one(reading, value, 1, MOST_LEAVES, &reading->nleaves);
	if (gives(line, "num_cat", &value))
		return is_number(value, 0) || json_fail(&reading->reader, "categorical splits are not supported; encode categories before training");
	if (gives(line, "is_linear", &value))
		return is_number(value, 0) || json_fail(&reading->reader, "linear trees are not supported");
	for (column = 0; column < COLUMNS; column++)
		if (gives(line, column_names[column], &value))
			return read_numbers(reading, value, reading->columns[column], MOST_LEAVES, &reading->count[column]);
	return true;
}

/*
 * The cut of a threshold: a float is below it exactly when it is not above the
 * threshold.
 */
static float
cut_of(double threshold)
{
	float		cut;

	if (threshold >= FLT_MAX)
		return FLT_MAX;
	if (threshold < -FLT_MAX)
		return -FLT_MAX;
	cut = (float) threshold;
	if ((double) cut <= threshold)
		cut = nextafterf(cut, INFINITY);
	return isfinite(cut) ? cut : FLT_MAX;
}

/*
 * Whether missing values go left.  Where LightGBM takes them for zero they go
 * where zero goes; where it takes zero for missing, both must go one way.
 */
static bool
read_direction(Reading *reading, double decision, double threshold, bool *left)
{
	int			bits;

	if (!(decision >= 0 && decision < 16) || decision != rint(decision))
		return json_fail(&reading->reader, "type of a decision is out of range");
	bits = (int) decision;
	if (bits & CATEGORICAL)
		return json_fail(&reading->reader, "categorical splits are not supported; encode categories before training");
	*left = (bits & DEFAULT_LEFT) != 0;
	if (MISSING_TYPE(bits) == MISSING_NONE)
		*left = 0 <= threshold;
	else if (MISSING_TYPE(bits) == MISSING_ZERO && *left != (0 <= threshold))
		return json_fail(&reading->reader, "zero as missing goes another way than zero");
	return true;
}

/*
 * Takes over node number from of the file: an inner node, or the leaf whose
 * complement it is.  count is how many nodes the tree has so far.
 */
static bool
take_node(Reading *reading, int32_t from, TreeNode *node, int32_t *count)
{
	double	  **columns = reading->columns;
	double		child[2];
	int			i;

	*node = (TreeNode)
	{
		.left = -1,.right = -1
	};
	if (from < 0)
	{
		node->value = (float) (columns[LEAF_VALUE][~from] * reading->sigmoid);
		node->cover = reading->count[LEAF_COUNT] ? (float) columns[LEAF_COUNT][~from] : 0;
		return true;
	}
	if (!(columns[SPLIT_FEATURE][from] >= 0 && columns[SPLIT_FEATURE][from] < reading->document->model.nfeatures)
		|| *count + 2 > 2 * reading->nleaves - 1)
		return json_fail(&reading->reader, "number of a feature or child is out of range");
	node->feature = (int32_t) columns[SPLIT_FEATURE][from];
	node->value = cut_of(columns[THRESHOLD][from]);
	node->gain = reading->count[GAIN] ? (float) columns[GAIN][from] : 0;
	node->cover = reading->count[NODE_COUNT] ? (float) columns[NODE_COUNT][from] : 0;
	if (!read_direction(reading, columns[DECISION][from], columns[THRESHOLD][from], &node->default_left))
		return false;
	node->left = *count;
	node->right = *count + 1;
	child[0] = columns[LEFT][from];
	child[1] = columns[RIGHT][from];
	for (i = 0; i < 2; i++)
	{
		if (!(child[i] >= -reading->nleaves && child[i] < reading->nleaves - 1))
			return json_fail(&reading->reader, "number of a feature or child is out of range");
		reading->order[(*count)++] = (int32_t) child[i];
	}
	return true;
}

static bool
lengths_fit(const Reading *reading)
{
	int			column;

	if (reading->nleaves < 1 || reading->count[LEAF_VALUE] != reading->nleaves)
		return false;
	for (column = 0; column < COLUMNS; column++)
	{
		bool		optional = column == GAIN || column == NODE_COUNT || column == LEAF_COUNT;
		int32_t		wanted = column == LEAF_VALUE || column == LEAF_COUNT ? reading->nleaves : reading->nleaves - 1;

		if (reading->count[column] != wanted && !(optional && reading->count[column] == 0)
			&& !(reading->nleaves == 1 && column != LEAF_VALUE))
			return false;
	}
	return true;
}

/*
 * A tree's lines have been read: appends it to the model.
 */
static bool
end_tree(Reading *reading)
{
	TreeDocument *document = reading->document;
	int32_t		first = document->start[document->model.ntrees];
	int32_t		count = 1,
				i;

	if (!lengths_fit(reading))
		return json_fail(&reading->reader, "arrays of a tree have wrong lengths");
	if (!tree_document_reserve(document, reading->memory, 2 * reading->nleaves))
		return json_fail(&reading->reader, "out of memory");
	reading->order[0] = reading->nleaves > 1 ? 0 : ~0;
	for (i = 0; i < count; i++)
		if (!take_node(reading, reading->order[i], &document->nodes[first + i], &count))
			return false;
	document->model.ntrees++;
	document->start[document->model.ntrees] = first + count;
	memset(reading->count, 0, sizeof(reading->count));
	reading->nleaves = 0;
	return true;
}

static bool
read_lines(Reading *reading)
{
	bool		in_tree = false;
	JsonText	line,
				value;

	if (!next_line(&reading->reader, &line) || !json_text_is(line, "tree"))
		return json_fail(&reading->reader, "file does not begin with \"tree\"");
	while (next_line(&reading->reader, &line))
	{
		bool		ends = json_text_is(line, "end of trees");

		if (ends || gives(line, "Tree", &value))
		{
			if (in_tree && !end_tree(reading))
				return false;
			if (ends)
				return reading->has_objective && reading->document->model.nfeatures > 0
					? true : json_fail(&reading->reader, "head of the file is incomplete");
			if (reading->document->model.ntrees >= TREE_MAX_TREES)
				return json_fail(&reading->reader, "more than 10000 trees");
			in_tree = true;
		}
		else if (!(in_tree ? read_tree_line(reading, line) : read_head_line(reading, line)))
			return false;
	}
	return json_fail(&reading->reader, "file ends before its trees do");
}

/*
 * Reads a file.  Returns NULL, or what is wrong with it.
 */
const char *
lightgbm_read(const char *text, size_t length, const TreeMemory *memory, TreeDocument *document)
{
	Reading		reading = {.memory = memory,.document = document};
	double	   *block;
	int			column;

	if (!tree_document_start(document, memory))
		return "out of memory";
	block = memory->resize(memory->context, NULL, COLUMNS * sizeof(double) * MOST_LEAVES);
	reading.order = memory->resize(memory->context, NULL, 2 * sizeof(int32_t) * MOST_LEAVES);
	if (!block || !reading.order)
		return "out of memory";
	for (column = 0; column < COLUMNS; column++)
		reading.columns[column] = block + (size_t) column * MOST_LEAVES;
	json_reader_start(&reading.reader, text, length, memory->poll);
	if (!read_lines(&reading))
		return reading.reader.wrong;
	document->base_score = 0.5f;
	document->model.base_margin = 0;
	document->model.start = document->start;
	document->model.nodes = document->nodes;
	return tree_check(&document->model);
}

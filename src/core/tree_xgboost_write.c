/*
 * tree_xgboost_write.c
 *		Writing XGBoost's JSON documents, which 1.7 and later read.
 */
#include "core/tree_xgboost.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROOT_PARENT 2147483647

static void
put(const TreeWriter *writer, const char *text)
{
	writer->write(writer->context, text, strlen(text));
}

static void
put_integer(const TreeWriter *writer, long number)
{
	char		buffer[32];

	writer->write(writer->context, buffer, (size_t) snprintf(buffer, sizeof(buffer), "%ld", number));
}

/*
 * A float with all its digits and always with an exponent: XGBoost refuses
 * whole numbers where it expects others.
 */
static void
put_float(const TreeWriter *writer, float number)
{
	char		buffer[32];

	writer->write(writer->context, buffer, (size_t) snprintf(buffer, sizeof(buffer), "%.8E", (double) number));
}

/*
 * A string in quotes, escaped.
 */
static void
put_string(const TreeWriter *writer, const char *text)
{
	put(writer, "\"");
	for (; *text; text++)
	{
		char		buffer[8];

		if (*text == '"' || *text == '\\')
			snprintf(buffer, sizeof(buffer), "\\%c", *text);
		else if ((unsigned char) *text < ' ')
			snprintf(buffer, sizeof(buffer), "\\u%04x", *text);
		else
			snprintf(buffer, sizeof(buffer), "%c", *text);
		put(writer, buffer);
	}
	put(writer, "\"");
}

/* The arrays of a tree. */
typedef enum Column
{
	BASE_WEIGHTS, DEFAULT_LEFT, LEFT_CHILDREN, LOSS_CHANGES, PARENTS, RIGHT_CHILDREN, SPLIT_CONDITIONS, SPLIT_INDICES,
	SPLIT_TYPE, SUM_HESSIAN, NCOLUMNS
} Column;

static const char *const column_names[NCOLUMNS] = {
	"base_weights", "default_left", "left_children", "loss_changes", "parents", "right_children", "split_conditions",
	"split_indices", "split_type", "sum_hessian"
};

static void
put_cell(const TreeWriter *writer, Column column, const TreeNode *node, int32_t parent)
{
	bool		leaf = node->left < 0;

	switch (column)
	{
		case BASE_WEIGHTS:
			put_float(writer, leaf ? node->value : 0);
			break;
		case DEFAULT_LEFT:
			put_integer(writer, node->default_left && !leaf);
			break;
		case LEFT_CHILDREN:
			put_integer(writer, leaf ? -1 : node->left);
			break;
		case LOSS_CHANGES:
			put_float(writer, leaf ? 0 : node->gain);
			break;
		case PARENTS:
			put_integer(writer, parent);
			break;
		case RIGHT_CHILDREN:
			put_integer(writer, leaf ? -1 : node->right);
			break;
		case SPLIT_CONDITIONS:
			put_float(writer, node->value);
			break;
		case SPLIT_INDICES:
			put_integer(writer, leaf ? 0 : node->feature);
			break;
		case SPLIT_TYPE:
			put_integer(writer, 0);
			break;
		case SUM_HESSIAN:
			put_float(writer, node->cover);
			break;
		case NCOLUMNS:
			break;
	}
}

/*
 * One array of a tree.  Siblings follow each other in every model that was
 * trained or read here, so a node's parent is found by walking along.
 */
static void
put_column(const TreeWriter *writer, Column column, const TreeNode *nodes, int32_t count)
{
	int32_t		parent = 0;
	int32_t		i;

	put(writer, ",\"");
	put(writer, column_names[column]);
	put(writer, "\":[");
	for (i = 0; i < count; i++)
	{
		while (i > 0 && nodes[parent].left != i && nodes[parent].right != i)
			parent++;
		if (i > 0)
			put(writer, ",");
		put_cell(writer, column, &nodes[i], i > 0 ? parent : ROOT_PARENT);
	}
	put(writer, "]");
}

static void
put_tree(const TreeWriter *writer, const TreeModel *model, int t)
{
	const TreeNode *nodes = model->nodes + model->start[t];
	int32_t		count = model->start[t + 1] - model->start[t];
	int			column;

	put(writer, "{\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],\"categories_sizes\":[],\"id\":");
	put_integer(writer, t);
	for (column = 0; column < NCOLUMNS; column++)
		put_column(writer, (Column) column, nodes, count);
	put(writer, ",\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"");
	put_integer(writer, model->nfeatures);
	put(writer, "\",\"num_nodes\":\"");
	put_integer(writer, count);
	put(writer, "\",\"size_leaf_vector\":\"1\"}}");
}

/*
 * Writes a model that tree_check has passed; base_score is the probability that
 * its base margin stands for.  names may be NULL.
 */
void
xgboost_write(const TreeModel *model, float base_score, const char *const *names, const TreeWriter *writer)
{
	int			i;

	put(writer, "{\"learner\":{\"attributes\":{},\"feature_names\":[");
	for (i = 0; names && i < model->nfeatures; i++)
	{
		put(writer, i > 0 ? "," : "");
		put_string(writer, names[i]);
	}
	put(writer, "],\"feature_types\":[");
	for (i = 0; names && i < model->nfeatures; i++)
		put(writer, i > 0 ? ",\"float\"" : "\"float\"");
	put(writer, "],\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",\"num_trees\":\"");
	put_integer(writer, model->ntrees);
	put(writer, "\",\"size_leaf_vector\":\"0\"},\"iteration_indptr\":[0");
	for (i = 1; i <= model->ntrees; i++)
	{
		put(writer, ",");
		put_integer(writer, i);
	}
	put(writer, "],\"tree_info\":[");
	for (i = 0; i < model->ntrees; i++)
		put(writer, i > 0 ? ",0" : "0");
	put(writer, "],\"trees\":[");
	for (i = 0; i < model->ntrees; i++)
	{
		put(writer, i > 0 ? "," : "");
		put_tree(writer, model, i);
	}
	put(writer, "]},\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"");
	put_float(writer, base_score);
	put(writer, "\",\"boost_from_average\":\"1\",\"num_class\":\"0\",\"num_feature\":\"");
	put_integer(writer, model->nfeatures);
	put(writer, "\",\"num_target\":\"1\"},\"objective\":{\"name\":\"binary:logistic\",\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}}},"
		"\"version\":[1,7,4]}");
}

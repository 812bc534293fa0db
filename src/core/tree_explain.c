/*
 * tree_explain.c
 *		What each feature adds to a margin: exact Shapley values by TreeSHAP, and
 *		the cheaper attribution along the path that the row takes.
 *
 * TreeSHAP is algorithm 2 of Lundberg, Erion and Lee, "Consistent Individualized
 * Feature Attribution for Tree Ensembles" (2018), with the cover of the nodes as
 * weights.  Recursion is as deep as a tree, at most TREE_MAX_DEPTH.
 */
#include "core/tree_explain.h"

#include <math.h>
#include <string.h>

/* A feature on the way to a node: the shares of subsets that pass it without and with the feature's value. */
typedef struct PathElement
{
	int32_t		feature;
	double		zero;
	double		one;
	double		weight;
} PathElement;

#define PATH_LENGTH		(TREE_MAX_DEPTH + 2)

typedef struct Walk
{
	const TreeNode *nodes;
	const float *row;
	double	   *contributions;
} Walk;

static inline int32_t
child_of(const TreeNode *node, const float *row)
{
	float		value = row[node->feature];

	return (isnan(value) ? node->default_left : value < node->value) ? node->left : node->right;
}

/*
 * The mean margin below each node, weighted by cover.
 */
void
tree_means(const TreeModel *model, double *means)
{
	int			t;

	for (t = 0; t < model->ntrees; t++)
	{
		const TreeNode *nodes = model->nodes + model->start[t];
		double	   *mean = means + model->start[t];
		int32_t		i;

		for (i = model->start[t + 1] - model->start[t] - 1; i >= 0; i--)
		{
			const TreeNode *node = &nodes[i];
			double		left,
						right;

			mean[i] = node->value;
			if (node->left < 0)
				continue;
			left = nodes[node->left].cover;
			right = nodes[node->right].cover;
			mean[i] = left + right > 0 ? (left * mean[node->left] + right * mean[node->right]) / (left + right)
				: (mean[node->left] + mean[node->right]) / 2;
		}
	}
}

/*
 * The margin before anything is known of a row.
 */
double
tree_expected(const TreeModel *model, const double *means)
{
	double		expected = model->base_margin;
	int			t;

	for (t = 0; t < model->ntrees; t++)
		expected += means[model->start[t]];
	return expected;
}

/*
 * Appends a feature to the path and updates the weights of subsets by size.
 */
static void
extend(PathElement *path, int length, int32_t feature, double zero, double one)
{
	int			i;

	path[length] = (PathElement)
	{
		feature, zero, one, length == 0 ? 1 : 0
	};
	for (i = length - 1; i >= 0; i--)
	{
		path[i + 1].weight += one * path[i].weight * (i + 1) / (length + 1);
		path[i].weight = zero * path[i].weight * (length - i) / (length + 1);
	}
}

/*
 * The sum of the weights after taking element number which off a path whose last
 * element is number last.
 */
static double
unwound_sum(const PathElement *path, int last, int which)
{
	double		one = path[which].one;
	double		zero = path[which].zero;
	double		next = path[last].weight;
	double		total = 0;
	int			i;

	for (i = last - 1; i >= 0; i--)
	{
		if (one != 0)
		{
			double		portion = next * (last + 1) / ((i + 1) * one);

			total += portion;
			next = path[i].weight - portion * zero * (last - i) / (last + 1);
		}
		else if (zero != 0)
			total += path[i].weight * (last + 1) / (zero * (last - i));
	}
	return total;
}

/*
 * Takes element number which off the path.
 */
static void
unwind(PathElement *path, int last, int which)
{
	double		one = path[which].one;
	double		zero = path[which].zero;
	double		next = path[last].weight;
	int			i;

	for (i = last - 1; i >= 0; i--)
	{
		if (one != 0)
		{
			double		weight = path[i].weight;

			path[i].weight = next * (last + 1) / ((i + 1) * one);
			next = weight - path[i].weight * zero * (last - i) / (last + 1);
		}
		else if (zero != 0)
			path[i].weight = path[i].weight * (last + 1) / (zero * (last - i));
	}
	for (i = which; i < last; i++)
	{
		path[i].feature = path[i + 1].feature;
		path[i].zero = path[i + 1].zero;
		path[i].one = path[i + 1].one;
	}
}

static void
descend(const Walk *walk, int32_t at, const PathElement *above, int length, int32_t feature, double zero, double one)
{
	PathElement path[PATH_LENGTH];
	const TreeNode *node = &walk->nodes[at];
	double		zero_so_far = 1,
				one_so_far = 1,
				cover;
	int32_t		hot,
				cold;
	int			i;

	if (length > 0)
		memcpy(path, above, (size_t) length * sizeof(PathElement));
	extend(path, length, feature, zero, one);
	if (node->left < 0)
	{
		for (i = 1; i <= length; i++)
			walk->contributions[path[i].feature] += unwound_sum(path, length, i) * (path[i].one - path[i].zero)
				* (double) node->value;
		return;
	}
	/* a feature met before is taken off and put on again */
	for (i = 1; i <= length; i++)
		if (path[i].feature == node->feature)
		{
			zero_so_far = path[i].zero;
			one_so_far = path[i].one;
			unwind(path, length, i);
			length--;
			break;
		}
	hot = child_of(node, walk->row);
	cold = hot == node->left ? node->right : node->left;
	cover = (double) walk->nodes[hot].cover + walk->nodes[cold].cover;
	descend(walk, hot, path, length + 1, node->feature,
			zero_so_far * (cover > 0 ? walk->nodes[hot].cover / cover : 0.5), one_so_far);
	descend(walk, cold, path, length + 1, node->feature,
			zero_so_far * (cover > 0 ? walk->nodes[cold].cover / cover : 0.5), 0);
}

/*
 * Shapley values of a row: contributions has a place for each feature.  They and
 * tree_expected add up to the margin.
 */
void
tree_shap(const TreeModel *model, const float *row, double *contributions)
{
	int			t;

	memset(contributions, 0, (size_t) model->nfeatures * sizeof(double));
	for (t = 0; t < model->ntrees; t++)
	{
		Walk		walk = {model->nodes + model->start[t], row, contributions};

		descend(&walk, 0, NULL, 0, -1, 1, 1);
	}
}

/*
 * The change of the mean at each split that the row passes, booked to the
 * split's feature.  They and tree_expected add up to the margin as well.
 */
void
tree_path_attribution(const TreeModel *model, const double *means, const float *row, double *contributions)
{
	int			t;

	memset(contributions, 0, (size_t) model->nfeatures * sizeof(double));
	for (t = 0; t < model->ntrees; t++)
	{
		const TreeNode *nodes = model->nodes + model->start[t];
		const double *mean = means + model->start[t];
		int32_t		at = 0;

		while (nodes[at].left >= 0)
		{
			int32_t		next = child_of(&nodes[at], row);

			contributions[nodes[at].feature] += mean[next] - mean[at];
			at = next;
		}
	}
}

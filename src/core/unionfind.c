/*
 * unionfind.c
 *		Disjoint sets over dense ids.
 *
 * With union by size a path is never longer than log2(n), and halving it on
 * the way keeps the cost of n operations practically linear.  Which id becomes
 * a root depends on the order of the joins; which ids share a set does not.
 */
#include "core/unionfind.h"

/*
 * Makes ids first .. last - 1 sets of their own.
 */
void
unionfind_init(int32_t *link, int32_t first, int32_t last)
{
	for (int32_t id = first; id < last; id++)
		link[id] = -1;
}

/*
 * The root of an id's set; every other id on the way is attached to its
 * grandparent.
 */
int32_t
unionfind_find(int32_t *link, int32_t id)
{
	while (link[id] >= 0)
	{
		int32_t		parent = link[id];

		if (link[parent] < 0)
			return parent;
		link[id] = link[parent];
		id = link[parent];
	}
	return id;
}

/*
 * Joins the sets of two ids and returns the root of the result: the root of
 * the larger set, of equal ones the first.
 */
int32_t
unionfind_join(int32_t *link, int32_t a, int32_t b)
{
	a = unionfind_find(link, a);
	b = unionfind_find(link, b);
	if (a == b)
		return a;
	if (link[a] > link[b])
	{
		int32_t		larger = b;

		b = a;
		a = larger;
	}
	link[a] += link[b];
	link[b] = a;
	return a;
}

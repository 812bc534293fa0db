/*
 * agglomerate.c
 *		Divides the members of one cluster, when not all of them belong
 *		together, and finds the links that alone hold a cluster together.
 */
#include "core/agglomerate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/unionfind.h"

/* Bits of evidence beyond which a pair is as sure as it gets. */
#define MOST_WEIGHT 10

/*
 * Fills the incidence of links.
 */
void
incidence_fill(Incidence *incidence, int32_t members, const Link *links, int32_t count)
{
	int32_t    *start = incidence->start;

	memset(start, 0, ((size_t) members + 1) * sizeof(int32_t));
	for (int32_t i = 0; i < count; i++)
	{
		start[links[i].a]++;
		start[links[i].b]++;
	}
	for (int32_t m = 0, sum = 0; m <= members; m++)
	{
		sum += start[m];
		start[m] = sum;
	}
	/* filled from behind, so that start ends where it has to be */
	for (int32_t i = count - 1; i >= 0; i--)
	{
		incidence->at[--start[links[i].a]] = i;
		incidence->at[--start[links[i].b]] = i;
	}
}

static int32_t
other_end(const Link *link, int32_t member)
{
	return link->a == member ? link->b : link->a;
}

/*
 * Walks depth first from a member that was not seen yet.  low[m] is the
 * earliest member reached from m's subtree other than by the link that led to
 * m; a link is a bridge when nothing behind it reaches before it.
 */
static void
walk_bridges(int32_t root, const Link *links, const Incidence *incidence, double threshold,
			 bool *is_bridge, int32_t *work, int32_t members, int32_t *clock)
{
	int32_t    *order = work;	/* 0: not seen */
	int32_t    *low = work + members;
	int32_t    *next = work + 2 * members;
	int32_t    *from = work + 3 * members;	/* link that led here */
	int32_t    *stack = work + 4 * members;
	int32_t		depth = 0;

	stack[depth++] = root;
	order[root] = low[root] = ++*clock;
	from[root] = -1;
	while (depth > 0)
	{
		int32_t		m = stack[depth - 1];
		int32_t		i;
		int32_t		other;

		if (next[m] == incidence->start[m + 1])
		{
			depth--;
			if (depth > 0)
			{
				int32_t		parent = stack[depth - 1];

				if (low[m] < low[parent])
					low[parent] = low[m];
				is_bridge[from[m]] = low[m] > order[parent];
			}
			continue;
		}
		i = incidence->at[next[m]++];
		if (i == from[m] || !(links[i].weight >= threshold))
			continue;
		other = other_end(&links[i], m);
		if (order[other] == 0)
		{
			order[other] = low[other] = ++*clock;
			from[other] = i;
			stack[depth++] = other;
		}
		else if (order[other] < low[m])
			low[m] = order[other];
	}
}

/*
 * Marks the links of at least the threshold that are bridges: without one,
 * its two ends would no longer be connected.
 */
void
find_bridges(int32_t members, const Link *links, int32_t count, const Incidence *incidence,
			 double threshold, bool *is_bridge, int32_t *work)
{
	int32_t		clock = 0;

	memset(is_bridge, 0, (size_t) count * sizeof(bool));
	memset(work, 0, 2 * (size_t) members * sizeof(int32_t));
	memcpy(work + 2 * (size_t) members, incidence->start, (size_t) members * sizeof(int32_t));
	for (int32_t m = 0; m < members; m++)
		if (work[m] == 0)
			walk_bridges(m, links, incidence, threshold, is_bridge, work, members, &clock);
}

static int
compare_links(const void *a, const void *b)
{
	const Link *x = a;
	const Link *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

/*
 * Sorts links: heaviest first, equal ones by their members.
 */
void
links_sort(Link *links, int32_t count)
{
	qsort(links, (size_t) count, sizeof(Link), compare_links);
}

/* A pair's weight, as far as it counts: no single one decides over many. */
static double
counted_weight(double weight)
{
	return weight > MOST_WEIGHT ? MOST_WEIGHT : weight < -MOST_WEIGHT ? -MOST_WEIGHT : weight;
}

/*
 * Whether two sets, given by their roots, may become one: the weights of the pairs
 * across add up to 0 or more.  The first set is the smaller.  next[] runs through
 * the members of a set in a ring.
 */
static bool
may_join(int32_t small, int32_t large, const Link *links, const Incidence *incidence,
		 double absent, int32_t *link, const int32_t *next)
{
	int64_t		unknown = (int64_t) link[small] * link[large];
	double		sum = 0;
	bool		bound = false;
	int32_t		m = small;

	do
	{
		for (int32_t k = incidence->start[m]; k < incidence->start[m + 1]; k++)
		{
			const Link *l = &links[incidence->at[k]];

			if (unionfind_find(link, other_end(l, m)) != large)
				continue;
			if (l->weight == -INFINITY)
				return false;
			if (l->weight == INFINITY)
				bound = true;
			sum += counted_weight(l->weight);
			unknown--;
		}
		m = next[m];
	} while (m != small);
	return bound || sum + (double) unknown * counted_weight(absent) >= 0;
}

/*
 * Puts members together along links of at least the threshold, heaviest first.
 */
void
agglomerate(int32_t members, const Link *links, int32_t count, const Incidence *incidence,
			double threshold, double absent, int32_t *link, int32_t *next)
{
	unionfind_init(link, 0, members);
	for (int32_t m = 0; m < members; m++)
		next[m] = m;
	for (int32_t i = 0; i < count && links[i].weight >= threshold; i++)
	{
		int32_t		a = unionfind_find(link, links[i].a);
		int32_t		b = unionfind_find(link, links[i].b);
		int32_t		swap;

		if (a == b)
			continue;
		if (link[a] < link[b])
		{
			swap = a;
			a = b;
			b = swap;
		}
		if (!may_join(a, b, links, incidence, absent, link, next))
			continue;
		unionfind_join(link, a, b);
		swap = next[a];
		next[a] = next[b];
		next[b] = swap;
	}
}

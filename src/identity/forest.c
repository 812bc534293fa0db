/*
 * forest.c
 *		Maximum spanning forest of a graph in which some nodes must not meet.
 *
 * Kruskal's algorithm: edges join sets from the strongest to the weakest, of
 * equally strong ones in the order of tie, which comes from the query and so
 * need not depend on how the nodes are numbered.  An edge is refused when the
 * two sets hold a conflict that is stronger than the edge.  Without conflicts
 * the sets are the connected components.
 *
 * State: nodes[0 .. count) are the values of the nodes in ascending order, and
 * a node's place there is its id.  link is a union-find over ids; next chains
 * the members of each set in a ring; the conflicts of node i are
 * conflict[first_conflict[i]] up to conflict[first_conflict[i + 1] - 1].
 */
#include "server/query_rows.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/unionfind.h"

/* an edge or a conflict; a and b are values first, ids later */
typedef struct Link
{
	int64		a;
	int64		b;
	double		strength;
	int64		tie;
} Link;

typedef struct LinkList
{
	Link	   *links;
	int64		count;
	int64		capacity;
	bool		has_tie;
} LinkList;

/* an edge or a conflict as one of its ends sees it */
typedef struct LinkEnd
{
	int32		other;
	double		strength;
} LinkEnd;

typedef struct Forest
{
	int32		count;
	int64	   *nodes;
	int32	   *link;
	int32	   *next;
	int32	   *first_conflict;
	LinkEnd    *conflict;
	int32	   *first_branch;	/* edges of the forest, laid out like
								 * conflicts */
	LinkEnd    *branch;
} Forest;

PG_FUNCTION_INFO_V1(patternos__spanning_forest);

static void *
allocate(int64 count, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * size);
}

/*
 * Takes an edge (a, b, strength, tie) or a conflict (a, b, strength).
 */
static void
take_link(void *state, const Datum *values, const bool *nulls)
{
	LinkList   *list = state;
	Link	   *link;

	if (nulls[0])
		return;
	if (list->count == list->capacity)
	{
		list->capacity *= 2;
		list->links = repalloc_huge(list->links, list->capacity * sizeof(Link));
	}
	link = &list->links[list->count++];
	link->a = DatumGetInt64(values[0]);
	link->b = DatumGetInt64(nulls[1] ? values[0] : values[1]);
	link->strength = nulls[2] ? 0.0 : DatumGetFloat8(values[2]);
	link->tie = !list->has_tie || nulls[3] ? 0 : DatumGetInt64(values[3]);
	if (isnan(link->strength))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("strength of an edge must be a number")));
}

static LinkList
read_links(const char *query, bool has_tie)
{
	static const Oid types[] = {INT8OID, INT8OID, FLOAT8OID, INT8OID};
	LinkList	list = {NULL, 0, 1024, has_tie};

	list.links = allocate(list.capacity, sizeof(Link));
	query_rows(query, has_tie ? 4 : 3, types, take_link, &list);
	return list;
}

static int
compare_values(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* strongest first */
static int
compare_links(const void *a, const void *b)
{
	const Link *x = a;
	const Link *y = b;

	if (x->strength != y->strength)
		return x->strength > y->strength ? -1 : 1;
	if (x->tie != y->tie)
		return x->tie < y->tie ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

/*
 * The nodes of the edges, in ascending order, each once.
 */
static void
collect_nodes(Forest *forest, const LinkList *edges)
{
	int64	   *nodes = allocate(2 * edges->count, sizeof(int64));
	int64		count = 0;

	for (int64 i = 0; i < edges->count; i++)
	{
		nodes[2 * i] = edges->links[i].a;
		nodes[2 * i + 1] = edges->links[i].b;
	}
	qsort(nodes, 2 * edges->count, sizeof(int64), compare_values);
	for (int64 i = 0; i < 2 * edges->count; i++)
		if (count == 0 || nodes[count - 1] != nodes[i])
			nodes[count++] = nodes[i];
	if (count > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many nodes: at most %d are supported", PG_INT32_MAX / 2)));
	forest->nodes = nodes;
	forest->count = (int32) count;
}

/* the id of a node, -1 when no edge has it */
static int32
node_id(const Forest *forest, int64 node)
{
	int32		low = 0;
	int32		high = forest->count;

	while (low < high)
	{
		int32		middle = low + (high - low) / 2;

		if (forest->nodes[middle] < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low < forest->count && forest->nodes[low] == node ? low : -1;
}

/*
 * Replaces the nodes of links by their ids and drops links of unknown nodes.
 */
static void
number_links(const Forest *forest, LinkList *list)
{
	int64		kept = 0;

	for (int64 i = 0; i < list->count; i++)
	{
		Link		link = list->links[i];

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		link.a = node_id(forest, link.a);
		link.b = node_id(forest, link.b);
		if (link.a >= 0 && link.b >= 0)
			list->links[kept++] = link;
	}
	list->count = kept;
}

/*
 * Both ends of links by node: those of node i are at first[i] .. first[i + 1].
 */
static LinkEnd *
index_links(const Forest *forest, const LinkList *list, int32 **first)
{
	LinkEnd    *ends = allocate(2 * list->count, sizeof(LinkEnd));
	int32	   *start = allocate((int64) forest->count + 1, sizeof(int32));

	if (list->count > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many conflicts: at most %d are supported", PG_INT32_MAX / 2)));
	memset(start, 0, ((Size) forest->count + 1) * sizeof(int32));
	for (int64 i = 0; i < list->count; i++)
	{
		start[list->links[i].a]++;
		start[list->links[i].b]++;
	}
	for (int32 i = 1; i <= forest->count; i++)
		start[i] += start[i - 1];
	for (int64 i = 0; i < list->count; i++)
	{
		const Link *link = &list->links[i];

		ends[--start[link->a]] = (LinkEnd)
		{
			(int32) link->b, link->strength
		};
		ends[--start[link->b]] = (LinkEnd)
		{
			(int32) link->a, link->strength
		};
	}
	*first = start;
	return ends;
}

/*
 * Whether no conflict between two sets is stronger than an edge that would
 * join them.  The smaller set's conflicts are looked at.
 */
static bool
may_join(Forest *forest, int32 a, int32 b, double strength)
{
	int32		member;

	if (forest->link[a] < forest->link[b])
	{
		int32		larger = a;

		a = b;
		b = larger;
	}
	member = a;
	do
	{
		for (int32 i = forest->first_conflict[member]; i < forest->first_conflict[member + 1]; i++)
			if (forest->conflict[i].strength > strength &&
				unionfind_find(forest->link, forest->conflict[i].other) == b)
				return false;
		member = forest->next[member];
	} while (member != a);
	return true;
}

/*
 * Joins the sets along the edges, from the strongest to the weakest, and leaves
 * in the list the edges that joined two sets.
 */
static void
grow_forest(Forest *forest, LinkList *edges)
{
	int64		kept = 0;

	qsort(edges->links, edges->count, sizeof(Link), compare_links);
	forest->link = allocate(forest->count, sizeof(int32));
	forest->next = allocate(forest->count, sizeof(int32));
	unionfind_init(forest->link, 0, forest->count);
	for (int32 i = 0; i < forest->count; i++)
		forest->next[i] = i;
	for (int64 i = 0; i < edges->count; i++)
	{
		Link		edge = edges->links[i];
		int32		a = unionfind_find(forest->link, (int32) edge.a);
		int32		b = unionfind_find(forest->link, (int32) edge.b);
		int32		next = forest->next[a];

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (a == b || !may_join(forest, a, b, edge.strength))
			continue;
		forest->next[a] = forest->next[b];
		forest->next[b] = next;
		unionfind_join(forest->link, a, b);
		edges->links[kept++] = edge;
	}
	edges->count = kept;
}

/*
 * Walks each tree from its smallest node and returns a row for each node: the
 * tree's smallest node, and the weakest and the strongest edge on the way there.
 */
static void
put_trees(Forest *forest, ReturnSetInfo *result)
{
	int32	   *stack = allocate(forest->count, sizeof(int32));
	int32	   *tree = allocate(forest->count, sizeof(int32));
	double	   *weakest = allocate(forest->count, sizeof(double));
	double	   *strongest = allocate(forest->count, sizeof(double));

	for (int32 i = 0; i < forest->count; i++)
		tree[i] = -1;
	for (int32 root = 0; root < forest->count; root++)
	{
		int32		depth = 0;

		if (tree[root] >= 0)
			continue;
		tree[root] = root;
		weakest[root] = INFINITY;
		strongest[root] = -INFINITY;
		stack[depth++] = root;
		while (depth > 0)
		{
			int32		node = stack[--depth];
			Datum		values[4];
			bool		nulls[4] = {false, false, node == root, node == root};

			for (int32 i = forest->first_branch[node]; i < forest->first_branch[node + 1]; i++)
			{
				const LinkEnd *end = &forest->branch[i];

				if (tree[end->other] >= 0)
					continue;
				tree[end->other] = root;
				weakest[end->other] = Min(weakest[node], end->strength);
				strongest[end->other] = Max(strongest[node], end->strength);
				stack[depth++] = end->other;
			}
			if (node % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			values[0] = Int64GetDatum(forest->nodes[node]);
			values[1] = Int64GetDatum(forest->nodes[root]);
			values[2] = Float8GetDatum(weakest[node]);
			values[3] = Float8GetDatum(strongest[node]);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
}

/*
 * _spanning_forest(edges text, conflicts text) returns table (node, component,
 * weakest, strongest)
 *
 * Strict.  The first query returns (a bigint, b bigint, strength float8, tie
 * bigint), b NULL for a node alone; the second (a, b, strength).  weakest and
 * strongest are of the path to the component's smallest node, NULL for that
 * node.  Errors: 42804 for other columns, 22023 for a strength that is NaN,
 * 54000 beyond 2^30 nodes or conflicts.
 */
Datum
patternos__spanning_forest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *edge_query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *conflict_query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Forest		forest = {0};
	LinkList	edges;
	LinkList	conflicts;
	MemoryContext context;
	MemoryContext previous;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos forest", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	edges = read_links(edge_query, true);
	conflicts = read_links(conflict_query, false);
	collect_nodes(&forest, &edges);
	number_links(&forest, &edges);
	number_links(&forest, &conflicts);
	forest.conflict = index_links(&forest, &conflicts, &forest.first_conflict);
	grow_forest(&forest, &edges);
	forest.branch = index_links(&forest, &edges, &forest.first_branch);
	put_trees(&forest, result);
	MemoryContextSwitchTo(previous);
	MemoryContextDelete(context);
	return (Datum) 0;
}

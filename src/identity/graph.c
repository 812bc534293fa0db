/*
 * graph.c
 *		A graph whose edges arrive one by one, kept as the sets of nodes that
 *		they join.
 */
#include "graph.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

/* value of a node -> its dense id */
typedef struct NodeEntry
{
	int64		node;
	int32		id;
	char		status;
} NodeEntry;

/* splitmix64's finaliser: consecutive values spread over the whole table */
static inline uint32
hash_node(int64 node)
{
	uint64		h = (uint64) node;

	h = (h ^ (h >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	h = (h ^ (h >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return (uint32) (h ^ (h >> 31));
}

#define SH_PREFIX nodeid
#define SH_ELEMENT_TYPE NodeEntry
#define SH_KEY_TYPE int64
#define SH_KEY node
#define SH_HASH_KEY(table, key) hash_node(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * An empty graph in the current memory context.
 */
Graph	   *
graph_create(bool weighted)
{
	Graph	   *graph = palloc0(sizeof(Graph));

	graph->context = CurrentMemoryContext;
	graph->capacity = 1024;
	graph->ids = nodeid_create(graph->context, graph->capacity, NULL);
	graph->nodes = palloc(graph->capacity * sizeof(int64));
	graph->link = palloc(graph->capacity * sizeof(int32));
	if (weighted)
	{
		graph->best = palloc(graph->capacity * sizeof(double));
		graph->edges = palloc(graph->capacity * sizeof(int32));
	}
	return graph;
}

/*
 * Makes room for one more node; an error when ids run out.
 */
static void
graph_grow(Graph *graph)
{
	if (graph->capacity > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many nodes: at most %d are supported", graph->capacity)));
	graph->capacity *= 2;
	graph->nodes = repalloc_huge(graph->nodes, (Size) graph->capacity * sizeof(int64));
	graph->link = repalloc_huge(graph->link, (Size) graph->capacity * sizeof(int32));
	if (graph->best)
	{
		graph->best = repalloc_huge(graph->best, (Size) graph->capacity * sizeof(double));
		graph->edges = repalloc_huge(graph->edges, (Size) graph->capacity * sizeof(int32));
	}
}

/*
 * The dense id of a node, given at its first appearance.
 */
static int32
graph_id(Graph *graph, int64 node)
{
	bool		found;
	NodeEntry  *entry = nodeid_insert(graph->ids, node, &found);

	if (!found)
	{
		entry->id = graph->count;
		if (graph->count == graph->capacity)
			graph_grow(graph);
		graph->nodes[graph->count] = node;
		unionfind_init(graph->link, graph->count, graph->count + 1);
		if (graph->best)
		{
			graph->best[graph->count] = -INFINITY;
			graph->edges[graph->count] = 0;
		}
		graph->count++;
	}
	return entry->id;
}

/*
 * Notes an edge's weight at both ends and the edge at one of them.
 */
static void
note_weight(Graph *graph, const int32 *ids, double weight)
{
	for (int side = 0; side < 2; side++)
		if (weight > graph->best[ids[side]])
			graph->best[ids[side]] = weight;
	graph->edges[ids[0]]++;
}

/*
 * Joins the edges of the batch.  The table and the links are far larger than
 * a cache, so their memory is asked for ahead.
 */
static void
graph_flush(Graph *graph)
{
	int32		ids[EDGE_BATCH][2];

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < graph->pending; i++)
		for (int side = 0; side < 2; side++)
			__builtin_prefetch(&graph->ids->data[hash_node(graph->batch[i][side]) & graph->ids->sizemask]);
	for (int i = 0; i < graph->pending; i++)
		for (int side = 0; side < 2; side++)
		{
			ids[i][side] = graph_id(graph, graph->batch[i][side]);
			__builtin_prefetch(&graph->link[ids[i][side]]);
		}
	for (int i = 0; i < graph->pending; i++)
	{
		unionfind_join(graph->link, ids[i][0], ids[i][1]);
		if (graph->best && ids[i][0] != ids[i][1])
			note_weight(graph, ids[i], graph->weight[i]);
	}
	graph->pending = 0;
}

/*
 * Adds an edge; one from a node to itself adds the node only.
 */
void
graph_add(Graph *graph, int64 a, int64 b, double weight)
{
	MemoryContext previous;

	graph->batch[graph->pending][0] = a;
	graph->batch[graph->pending][1] = b;
	graph->weight[graph->pending] = weight;
	if (++graph->pending == EDGE_BATCH)
	{
		previous = MemoryContextSwitchTo(graph->context);
		graph_flush(graph);
		MemoryContextSwitchTo(previous);
	}
}

/*
 * To be called after the last edge: ids are gone then, all else is final.
 */
void
graph_finish(Graph *graph)
{
	MemoryContext previous = MemoryContextSwitchTo(graph->context);

	graph_flush(graph);
	nodeid_destroy(graph->ids);
	graph->ids = NULL;
	MemoryContextSwitchTo(previous);
}

/*
 * cluster.c
 *		Connected components of a graph whose edges a query delivers.
 *
 * Edges are read once, through a receiver of our own, so that the query may
 * run in parallel and its result is never stored.  Memory grows with the
 * nodes only.
 *
 * State: nodes[0 .. count) holds each node's value in order of appearance, ids
 * maps a value to its place there, and link is a union-find over the places.
 */
#include "patternos.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"

#include "core/unionfind.h"

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
 * The table and the links are far larger than a cache: edges are worked on in
 * batches, whose memory is asked for ahead.
 */
#define EDGE_BATCH 256

typedef struct Graph
{
	nodeid_hash *ids;
	int64	   *nodes;
	int32	   *link;
	int32		count;
	int32		capacity;
	int			pending;		/* edges in the batch */
	int64		batch[EDGE_BATCH][2];
	MemoryContext context;
} Graph;

typedef struct EdgeReceiver
{
	DestReceiver receiver;
	Graph	   *graph;
	bool		started;
	Oid			types[2];
} EdgeReceiver;

PG_FUNCTION_INFO_V1(patternos_connected_components);

static Graph *
graph_create(void)
{
	Graph	   *graph = palloc0(sizeof(Graph));

	graph->context = CurrentMemoryContext;
	graph->capacity = 1024;
	graph->ids = nodeid_create(graph->context, graph->capacity, NULL);
	graph->nodes = palloc(graph->capacity * sizeof(int64));
	graph->link = palloc(graph->capacity * sizeof(int32));
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
		graph->count++;
	}
	return entry->id;
}

/*
 * Joins the edges of the batch.
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
		unionfind_join(graph->link, ids[i][0], ids[i][1]);
	graph->pending = 0;
}

static int64
node_value(Datum value, Oid type)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

/*
 * Checks the query's columns.
 */
static void
edge_startup(DestReceiver *self, int operation, TupleDesc type)
{
	EdgeReceiver *edges = (EdgeReceiver *) self;

	if (edges->started)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("edges must come from one query")));
	edges->started = true;
	if (type->natts != 2)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("query of edges must return two columns, not %d", type->natts)));
	for (int i = 0; i < 2; i++)
	{
		edges->types[i] = TupleDescAttr(type, i)->atttypid;
		if (edges->types[i] != INT2OID && edges->types[i] != INT4OID && edges->types[i] != INT8OID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("nodes must be integers, not %s", format_type_be(edges->types[i])),
					 errhint("Number the nodes first, for example with dense_rank().")));
	}
}

/*
 * Takes one edge; a NULL on one side leaves a node alone, on both sides nothing.
 */
static bool
edge_receive(TupleTableSlot *slot, DestReceiver *self)
{
	EdgeReceiver *edges = (EdgeReceiver *) self;
	Graph	   *graph = edges->graph;
	int64	   *edge = graph->batch[graph->pending];
	MemoryContext previous;

	slot_getsomeattrs(slot, 2);
	if (slot->tts_isnull[0] && slot->tts_isnull[1])
		return true;
	for (int i = 0; i < 2; i++)
	{
		int			from = slot->tts_isnull[i] ? 1 - i : i;

		edge[i] = node_value(slot->tts_values[from], edges->types[from]);
	}
	if (++graph->pending == EDGE_BATCH)
	{
		previous = MemoryContextSwitchTo(graph->context);
		graph_flush(graph);
		MemoryContextSwitchTo(previous);
	}
	return true;
}

static void
edge_shutdown(DestReceiver *self)
{
}

/*
 * Reads all edges of a query, with the rights of the current user and without
 * leave to write.
 */
static void
read_edges(const char *query, Graph *graph)
{
	EdgeReceiver edges = {{edge_receive, edge_startup, edge_shutdown, edge_shutdown, DestNone}};
	SPIExecuteOptions options = {0};

	edges.graph = graph;
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) &edges;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_execute_extended(query, &options);
	SPI_finish();
	graph_flush(graph);
}

/*
 * The component of each node as its smallest node.
 */
static int64 *
component_labels(Graph *graph)
{
	int64	   *labels = MemoryContextAllocHuge(graph->context, (Size) Max(graph->count, 1) * sizeof(int64));

	for (int32 id = 0; id < graph->count; id++)
		labels[id] = PG_INT64_MAX;
	for (int32 id = 0; id < graph->count; id++)
	{
		int32		root = unionfind_find(graph->link, id);

		if (id % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		labels[root] = Min(labels[root], graph->nodes[id]);
	}
	return labels;
}

/*
 * connected_components(query text) returns table (node bigint, component bigint)
 *
 * Strict.  Errors: a query that returns no rows by its nature or writes, not
 * two columns, columns that are no integers, more than 2^30 nodes.
 */
Datum
patternos_connected_components(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext context;
	MemoryContext previous;
	Graph	   *graph;
	int64	   *labels;

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos graph", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	graph = graph_create();
	read_edges(query, graph);
	nodeid_destroy(graph->ids);
	labels = component_labels(graph);
	for (int32 id = 0; id < graph->count; id++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		if (id % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum(graph->nodes[id]);
		values[1] = Int64GetDatum(labels[unionfind_find(graph->link, id)]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(previous);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/*
 * cluster.c
 *		Connected components of a graph whose edges a query delivers.
 *
 * Edges are read once, through a receiver of our own, so that the query may
 * run in parallel and its result is never stored.  Nodes that are no integers
 * are numbered first, by the bytes of their value; the values are kept.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/typcache.h"

#include "graph.h"
#include "server/intern.h"

/* The type of nodes, and the values of those that are no integers. */
typedef struct NodeType
{
	Oid			oid;
	int16		length;
	bool		by_value;
	TypeCacheEntry *cache;
	Oid			collation;
	Intern	   *intern;			/* NULL for integers */
	Datum	   *values;			/* by number */
	uint32		capacity;
	MemoryContext context;
} NodeType;

typedef struct EdgeReceiver
{
	DestReceiver receiver;
	Graph	   *graph;
	NodeType   *type;			/* NULL: integers of any width */
	bool		started;
	Oid			types[2];
} EdgeReceiver;

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static int64
integer_value(Datum value, Oid type)
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
 * The number of a value that is no integer, which is kept at its first
 * appearance.
 */
static int64
numbered_value(NodeType *type, Datum value)
{
	MemoryContext previous = MemoryContextSwitchTo(type->context);
	Datum		plain = type->length == -1 ? PointerGetDatum(PG_DETOAST_DATUM_PACKED(value)) : value;
	uint32		number;
	bool		is_new;

	if (type->by_value)
		number = intern_number(type->intern, (const char *) &plain, sizeof(Datum), &is_new);
	else if (type->length == -1)
		number = intern_number(type->intern, VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain), &is_new);
	else
		number = intern_number(type->intern, DatumGetPointer(plain),
							   datumGetSize(plain, false, type->length), &is_new);
	if (is_new)
	{
		if (number >= type->capacity)
		{
			type->capacity *= 2;
			type->values = repalloc_huge(type->values, type->capacity * sizeof(Datum));
		}
		type->values[number] = datumCopy(plain, type->by_value, type->length);
	}
	if (type->length == -1 && DatumGetPointer(plain) != DatumGetPointer(value))
		pfree(DatumGetPointer(plain));
	MemoryContextSwitchTo(previous);
	return number;
}

/*
 * What there is to know about the type of nodes; errors: a type that has no
 * order.
 */
static NodeType *
node_type(Oid oid, Oid collation)
{
	NodeType   *type = palloc0(sizeof(NodeType));

	type->oid = oid;
	type->collation = collation;
	type->context = CurrentMemoryContext;
	type->cache = lookup_type_cache(oid, TYPECACHE_CMP_PROC_FINFO);
	if (!OidIsValid(type->cache->cmp_proc_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("nodes cannot be of type %s, which has no order", format_type_be(oid))));
	get_typlenbyval(oid, &type->length, &type->by_value);
	if (!is_integer(oid))
	{
		type->capacity = 1024;
		type->values = palloc(type->capacity * sizeof(Datum));
		type->intern = intern_create(CurrentMemoryContext);
	}
	return type;
}

/*
 * Checks the query's columns.
 */
static void
edge_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	EdgeReceiver *edges = (EdgeReceiver *) self;
	int			columns = edges->type ? 3 : 2;

	if (edges->started)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("edges must come from one query")));
	edges->started = true;
	if (desc->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("query of edges must return %s columns, not %d", columns == 2 ? "two" : "three", desc->natts)));
	for (int i = 0; i < 2; i++)
	{
		edges->types[i] = TupleDescAttr(desc, i)->atttypid;
		if (edges->type ? edges->types[i] != edges->type->oid : !is_integer(edges->types[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("nodes must be %s, not %s", edges->type ? format_type_be(edges->type->oid) : "integers",
							format_type_be(edges->types[i])),
					 edges->type ? 0 : errhint("Number the nodes first, for example with dense_rank().")));
	}
	if (edges->type && TupleDescAttr(desc, 2)->atttypid != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("weights must be double precision, not %s", format_type_be(TupleDescAttr(desc, 2)->atttypid))));
}

/*
 * Takes one edge; a NULL on one side leaves a node alone, on both sides nothing.
 */
static bool
edge_receive(TupleTableSlot *slot, DestReceiver *self)
{
	EdgeReceiver *edges = (EdgeReceiver *) self;
	int64		edge[2];

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] && slot->tts_isnull[1])
		return true;
	for (int i = 0; i < 2; i++)
	{
		int			from = slot->tts_isnull[i] ? 1 - i : i;

		edge[i] = edges->type && edges->type->intern
			? numbered_value(edges->type, slot->tts_values[from])
			: integer_value(slot->tts_values[from], edges->types[from]);
	}
	graph_add(edges->graph, edge[0], edge[1],
			  edges->type && !slot->tts_isnull[2] ? DatumGetFloat8(slot->tts_values[2]) : -INFINITY);
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
read_edges(const char *query, Graph *graph, NodeType *type)
{
	EdgeReceiver edges = {{edge_receive, edge_startup, edge_shutdown, edge_shutdown, DestNone}};
	SPIExecuteOptions options = {0};

	edges.graph = graph;
	edges.type = type;
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) &edges;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_execute_extended(query, &options);
	SPI_finish();
	graph_finish(graph);
}

/*
 * Whether one node comes before another in the order of their type.
 */
static bool
node_before(const NodeType *type, int64 a, int64 b)
{
	if (!type || !type->intern)
		return a < b;
	return DatumGetInt32(FunctionCall2Coll(&type->cache->cmp_proc_finfo, type->collation,
										   type->values[a], type->values[b])) < 0;
}

/*
 * For each set its smallest node, at the place of its root.
 */
static int64 *
component_labels(Graph *graph, const NodeType *type)
{
	int64	   *labels = MemoryContextAllocHuge(graph->context, (Size) Max(graph->count, 1) * sizeof(int64));

	/* the root is of its own set: a label to begin with */
	memcpy(labels, graph->nodes, (Size) graph->count * sizeof(int64));
	for (int32 id = 0; id < graph->count; id++)
	{
		int32		root = unionfind_find(graph->link, id);

		if (id % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (node_before(type, graph->nodes[id], labels[root]))
			labels[root] = graph->nodes[id];
	}
	return labels;
}

/*
 * connected_components(query text) returns table (node bigint, component bigint)
 *
 * Strict.  Errors: a query that returns no rows by its nature or writes, not
 * two columns, columns that are no integers, more than 2^30 nodes.
 */
PG_FUNCTION_INFO_V1(patternos_connected_components);
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
	graph = graph_create(false);
	read_edges(query, graph, NULL);
	labels = component_labels(graph, NULL);
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

/*
 * The value of a node in its own type.
 */
static Datum
node_datum(const NodeType *type, int64 node)
{
	if (type->intern)
		return type->values[node];
	switch (type->oid)
	{
		case INT2OID:
			return Int16GetDatum((int16) node);
		case INT4OID:
			return Int32GetDatum((int32) node);
		default:
			return Int64GetDatum(node);
	}
}

/*
 * For each set its edges and its weakest member's best weight, at the place
 * of its root.
 */
static void
sum_components(Graph *graph, int64 *edges, double *weakest)
{
	for (int32 id = 0; id < graph->count; id++)
	{
		edges[id] = 0;
		weakest[id] = INFINITY;
	}
	for (int32 id = 0; id < graph->count; id++)
	{
		int32		root = unionfind_find(graph->link, id);

		edges[root] += graph->edges[id];
		if (graph->best[id] < weakest[root])
			weakest[root] = graph->best[id];
	}
}

/*
 * _cluster_links(query text, example anyelement) returns table (node, cluster,
 * size, links, best_weight, weakest_weight)
 *
 * The components of a weighted graph whose nodes are of the example's type;
 * cluster is the smallest node of each.  best_weight is the greatest of the
 * node's weights, weakest_weight the smallest of these in the cluster, both
 * NULL for a node alone.  Called on NULL example, which gives the type only.
 */
PG_FUNCTION_INFO_V1(patternos_cluster_links);
Datum
patternos_cluster_links(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *query;
	MemoryContext context;
	MemoryContext previous;
	NodeType   *type;
	Graph	   *graph;
	int64	   *labels;
	int64	   *edges;
	double	   *weakest;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("query of edges must not be NULL")));
	query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos graph", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	type = node_type(get_fn_expr_argtype(fcinfo->flinfo, 1), PG_GET_COLLATION());
	graph = graph_create(true);
	read_edges(query, graph, type);
	labels = component_labels(graph, type);
	edges = MemoryContextAllocHuge(context, (Size) Max(graph->count, 1) * sizeof(int64));
	weakest = MemoryContextAllocHuge(context, (Size) Max(graph->count, 1) * sizeof(double));
	sum_components(graph, edges, weakest);
	for (int32 id = 0; id < graph->count; id++)
	{
		int32		root = unionfind_find(graph->link, id);
		bool		alone = graph->link[root] == -1;
		Datum		values[6];
		bool		nulls[6] = {false, false, false, false, alone, alone};

		if (id % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		values[0] = node_datum(type, graph->nodes[id]);
		values[1] = node_datum(type, labels[root]);
		values[2] = Int32GetDatum(-graph->link[root]);
		values[3] = Int64GetDatum(edges[root]);
		values[4] = Float8GetDatum(graph->best[id]);
		values[5] = Float8GetDatum(weakest[root]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(previous);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/*
 * graph.h
 *		A graph whose edges arrive one by one, kept as the sets of nodes that
 *		they join.
 *
 * Memory grows with the nodes only.
 */
#ifndef PATTERNOS_GRAPH_H
#define PATTERNOS_GRAPH_H

#include "postgres.h"

#include "core/unionfind.h"

#define EDGE_BATCH 256

struct nodeid_hash;

/*
 * nodes[0 .. count) holds each node's value in order of appearance, ids maps
 * a value to its place there, and link is a union-find over the places.  Of a
 * weighted graph, best is each node's greatest weight and edges the number of
 * edges noted at one of their ends.
 */
typedef struct Graph
{
	struct nodeid_hash *ids;
	int64	   *nodes;
	int32	   *link;
	double	   *best;
	int32	   *edges;
	int32		count;
	int32		capacity;
	int			pending;		/* edges in the batch */
	int64		batch[EDGE_BATCH][2];
	double		weight[EDGE_BATCH];
	MemoryContext context;
} Graph;

/* An empty graph in the current memory context. */
extern Graph *graph_create(bool weighted);

/* Adds an edge; one from a node to itself adds the node only. */
extern void graph_add(Graph *graph, int64 a, int64 b, double weight);

/* To be called after the last edge: ids are gone then, all else is final. */
extern void graph_finish(Graph *graph);

#endif							/* PATTERNOS_GRAPH_H */

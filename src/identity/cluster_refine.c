/*
 * cluster_refine.c
 *		Looks into clusters one by one: which are suspicious, and how the
 *		suspicious ones fall apart.
 *
 * Both functions read a query of links (cluster, a, b, weight) that is ordered
 * by cluster and hold one cluster at a time.  Members are bigint; a weight of
 * -infinity says that two members must not be together, +infinity that they
 * must, NULL that the link has no weight (it counts as below any threshold).
 */
#include "patternos.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/agglomerate.h"
#include "core/unionfind.h"

typedef struct ClusterReader ClusterReader;

/* One cluster: its links, and its members in ascending order. */
struct ClusterReader
{
	DestReceiver receiver;
	ReturnSetInfo *result;
	void		(*finish) (ClusterReader *reader);
	double		threshold;		/* weight from which a link counts */
	double		share;			/* of the pairs that must be linked */
	double		absent;			/* weight of a pair without a link */
	double		strong;			/* weight below which a bridge is weak */
	int64		largest;		/* members from which a cluster is too big */
	bool		open;
	int64		cluster;
	int64	   *ends;			/* two for each link */
	Link	   *links;
	int64		count;
	int64		capacity;
	int64	   *members;
	int32		member_count;
	MemoryContext context;		/* of one cluster's work */
};

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

static int32
member_place(const ClusterReader *reader, int64 member)
{
	int64	   *found = bsearch(&member, reader->members, reader->member_count, sizeof(int64), compare_int64);

	return found - reader->members;
}

/*
 * Numbers the members of the cluster that has been read and sorts its links.
 */
static void
number_members(ClusterReader *reader)
{
	Size		size = (Size) Max(reader->count, 1) * 2 * sizeof(int64);

	reader->members = MemoryContextAllocHuge(reader->context, size);
	memcpy(reader->members, reader->ends, (Size) reader->count * 2 * sizeof(int64));
	qsort(reader->members, reader->count * 2, sizeof(int64), compare_int64);
	reader->member_count = 0;
	for (int64 i = 0; i < reader->count * 2; i++)
		if (i == 0 || reader->members[i] != reader->members[reader->member_count - 1])
			reader->members[reader->member_count++] = reader->members[i];
	for (int64 i = 0; i < reader->count; i++)
	{
		int32		a = member_place(reader, reader->ends[2 * i]);
		int32		b = member_place(reader, reader->ends[2 * i + 1]);

		reader->links[i].a = Min(a, b);
		reader->links[i].b = Max(a, b);
	}
	links_sort(reader->links, (int32) reader->count);
}

static Incidence
cluster_incidence(ClusterReader *reader)
{
	Incidence	incidence;

	incidence.start = MemoryContextAllocHuge(reader->context, ((Size) reader->member_count + 1) * sizeof(int32));
	incidence.at = MemoryContextAllocHuge(reader->context, (Size) Max(reader->count, 1) * 2 * sizeof(int32));
	incidence_fill(&incidence, reader->member_count, reader->links, (int32) reader->count);
	return incidence;
}

/*
 * For each link whether it alone holds the cluster together.
 */
static bool *
bridges_of(ClusterReader *reader)
{
	Incidence	incidence = cluster_incidence(reader);
	bool	   *is_bridge = MemoryContextAllocHuge(reader->context, Max(reader->count, 1));
	int32	   *work = MemoryContextAllocHuge(reader->context, (Size) reader->member_count * 5 * sizeof(int32));

	find_bridges(reader->member_count, reader->links, (int32) reader->count, &incidence,
				 reader->threshold, is_bridge, work);
	return is_bridge;
}

/*
 * Whether a link that alone holds the cluster together is weak.
 */
static bool
has_weak_bridge(ClusterReader *reader)
{
	bool	   *is_bridge = bridges_of(reader);

	for (int64 i = 0; i < reader->count; i++)
		if (is_bridge[i] && reader->links[i].weight < reader->strong)
			return true;
	return false;
}

/*
 * Returns the links that alone hold the cluster together.
 */
static void
list_bridges(ClusterReader *reader)
{
	bool	   *is_bridge;
	bool		nulls[2] = {false, false};

	number_members(reader);
	is_bridge = bridges_of(reader);
	for (int64 i = 0; i < reader->count; i++)
	{
		Datum		values[2];

		if (!is_bridge[i])
			continue;
		values[0] = Int64GetDatum(reader->members[reader->links[i].a]);
		values[1] = Int64GetDatum(reader->members[reader->links[i].b]);
		tuplestore_putvalues(reader->result->setResult, reader->result->setDesc, values, nulls);
	}
}

/*
 * Returns the cluster and why it is suspicious, when it is.
 */
static void
judge_cluster(ClusterReader *reader)
{
	int64		linked = 0;
	bool		forbidden = false;
	const char *reason = NULL;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	number_members(reader);
	for (int64 i = 0; i < reader->count; i++)
	{
		linked += reader->links[i].weight >= reader->threshold;
		forbidden |= reader->links[i].weight == -INFINITY;
	}
	if (forbidden)
		reason = "contradiction";
	else if (reader->member_count > reader->largest)
		reason = "size";
	else if ((double) linked < reader->share * reader->member_count * (reader->member_count - 1.0) / 2)
		reason = "density";
	else if (has_weak_bridge(reader))
		reason = "bridge";
	if (!reason)
		return;
	values[0] = Int64GetDatum(reader->cluster);
	values[1] = CStringGetTextDatum(reason);
	tuplestore_putvalues(reader->result->setResult, reader->result->setDesc, values, nulls);
}

/*
 * For each set, at the place of its root: each member's best weight within
 * its set and the smallest of these.
 */
static void
weigh_parts(ClusterReader *reader, int32 *link, double *best, double *weakest)
{
	for (int32 m = 0; m < reader->member_count; m++)
	{
		best[m] = -INFINITY;
		weakest[m] = INFINITY;
	}
	for (int64 i = 0; i < reader->count; i++)
	{
		const Link *l = &reader->links[i];

		if (unionfind_find(link, l->a) != unionfind_find(link, l->b))
			continue;
		best[l->a] = Max(best[l->a], l->weight);
		best[l->b] = Max(best[l->b], l->weight);
	}
	for (int32 m = 0; m < reader->member_count; m++)
	{
		int32		root = unionfind_find(link, m);

		weakest[root] = Min(weakest[root], best[m]);
	}
}

/*
 * Returns the members of the cluster with the part that each falls to, named
 * by the part's smallest member.
 */
static void
divide_cluster(ClusterReader *reader)
{
	Size		members;
	Incidence	incidence;
	int32	   *link;
	int32	   *smallest;
	double	   *best;
	double	   *weakest;

	number_members(reader);
	members = reader->member_count;
	incidence = cluster_incidence(reader);
	link = MemoryContextAllocHuge(reader->context, members * sizeof(int32));
	smallest = MemoryContextAllocHuge(reader->context, members * sizeof(int32));
	best = MemoryContextAllocHuge(reader->context, members * sizeof(double));
	weakest = MemoryContextAllocHuge(reader->context, members * sizeof(double));
	agglomerate(reader->member_count, reader->links, (int32) reader->count, &incidence,
				reader->threshold, reader->absent, link, smallest);
	weigh_parts(reader, link, best, weakest);
	for (int32 m = reader->member_count - 1; m >= 0; m--)
		smallest[unionfind_find(link, m)] = m;
	for (int32 m = 0; m < reader->member_count; m++)
	{
		int32		root = unionfind_find(link, m);
		bool		alone = link[root] == -1;
		Datum		values[5];
		bool		nulls[5] = {false, false, false, alone, alone};

		values[0] = Int64GetDatum(reader->members[m]);
		values[1] = Int64GetDatum(reader->members[smallest[root]]);
		values[2] = Int32GetDatum(-link[root]);
		values[3] = Float8GetDatum(best[m]);
		values[4] = Float8GetDatum(weakest[root]);
		tuplestore_putvalues(reader->result->setResult, reader->result->setDesc, values, nulls);
	}
}

/*
 * Ends the cluster that is being read.
 */
static void
end_cluster(ClusterReader *reader)
{
	MemoryContext previous;

	if (!reader->open)
		return;
	CHECK_FOR_INTERRUPTS();
	previous = MemoryContextSwitchTo(reader->context);
	reader->finish(reader);
	MemoryContextSwitchTo(previous);
	MemoryContextReset(reader->context);
	reader->count = 0;
}

static void
cluster_startup(DestReceiver *self, int operation, TupleDesc type)
{
	static const Oid expected[] = {INT8OID, INT8OID, INT8OID, FLOAT8OID};

	for (int i = 0; i < 4; i++)
		if (type->natts != 4 || TupleDescAttr(type, i)->atttypid != expected[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("query of links must return bigint, bigint, bigint and double precision")));
}

/*
 * Takes one link; the rows of a cluster must follow each other.
 */
static bool
cluster_receive(TupleTableSlot *slot, DestReceiver *self)
{
	ClusterReader *reader = (ClusterReader *) self;
	int64		cluster;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] || slot->tts_isnull[1] || slot->tts_isnull[2] ||
		slot->tts_values[1] == slot->tts_values[2])
		return true;
	cluster = DatumGetInt64(slot->tts_values[0]);
	if (!reader->open || cluster != reader->cluster)
		end_cluster(reader);
	reader->open = true;
	reader->cluster = cluster;
	if (reader->count == reader->capacity)
	{
		if (reader->capacity > PG_INT32_MAX / 4)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a cluster has too many links")));
		reader->capacity *= 2;
		reader->ends = repalloc_huge(reader->ends, (Size) reader->capacity * 2 * sizeof(int64));
		reader->links = repalloc_huge(reader->links, (Size) reader->capacity * sizeof(Link));
	}
	reader->ends[2 * reader->count] = DatumGetInt64(slot->tts_values[1]);
	reader->ends[2 * reader->count + 1] = DatumGetInt64(slot->tts_values[2]);
	/* neither forbidden nor linked: the smallest weight that is none */
	reader->links[reader->count].weight = slot->tts_isnull[3] || isnan(DatumGetFloat8(slot->tts_values[3]))
		? -DBL_MAX : DatumGetFloat8(slot->tts_values[3]);
	reader->count++;
	return true;
}

static void
cluster_shutdown(DestReceiver *self)
{
}

/*
 * Runs the query and finishes each of its clusters.
 */
static void
read_clusters(ClusterReader *reader, const char *query)
{
	SPIExecuteOptions options = {0};

	reader->receiver = (DestReceiver)
	{
		cluster_receive, cluster_startup, cluster_shutdown, cluster_shutdown, DestNone
	};
	reader->capacity = 1024;
	reader->ends = palloc(reader->capacity * 2 * sizeof(int64));
	reader->links = palloc(reader->capacity * sizeof(Link));
	reader->context = AllocSetContextCreate(CurrentMemoryContext, "patternos cluster", ALLOCSET_DEFAULT_SIZES);
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) reader;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_execute_extended(query, &options);
	SPI_finish();
	end_cluster(reader);
}

/*
 * _suspicious_clusters(query text, threshold float8, density float8,
 * strong float8, largest bigint) returns table (cluster bigint, reason text)
 *
 * reason: contradiction (two members must not be together), size (more than
 * largest members), density (a smaller share of the pairs has at least the
 * threshold) or bridge (a link below strong alone holds it together).  Strict.
 */
PG_FUNCTION_INFO_V1(patternos_suspicious_clusters);
Datum
patternos_suspicious_clusters(PG_FUNCTION_ARGS)
{
	ClusterReader reader = {0};

	InitMaterializedSRF(fcinfo, 0);
	reader.result = (ReturnSetInfo *) fcinfo->resultinfo;
	reader.finish = judge_cluster;
	reader.threshold = PG_GETARG_FLOAT8(1);
	reader.share = PG_GETARG_FLOAT8(2);
	reader.strong = PG_GETARG_FLOAT8(3);
	reader.largest = PG_GETARG_INT64(4);
	read_clusters(&reader, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	return (Datum) 0;
}

/*
 * _cluster_bridges(query text, threshold float8) returns table (a bigint, b
 * bigint)
 *
 * The links of at least the threshold without which their cluster would fall
 * apart, a before b.  Strict.
 */
PG_FUNCTION_INFO_V1(patternos_cluster_bridges);
Datum
patternos_cluster_bridges(PG_FUNCTION_ARGS)
{
	ClusterReader reader = {0};

	InitMaterializedSRF(fcinfo, 0);
	reader.result = (ReturnSetInfo *) fcinfo->resultinfo;
	reader.finish = list_bridges;
	reader.threshold = PG_GETARG_FLOAT8(1);
	read_clusters(&reader, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	return (Datum) 0;
}

/*
 * _divide_clusters(query text, threshold float8, absent float8) returns table
 * (node bigint, cluster bigint, size integer, best_weight float8,
 * weakest_weight float8)
 *
 * Members put together along links of at least the threshold, heaviest first,
 * as long as none of them must not be together and the weights of the pairs
 * across, absent for those without a link, add up to 0 or more.  Strict.
 */
PG_FUNCTION_INFO_V1(patternos_divide_clusters);
Datum
patternos_divide_clusters(PG_FUNCTION_ARGS)
{
	ClusterReader reader = {0};

	InitMaterializedSRF(fcinfo, 0);
	reader.result = (ReturnSetInfo *) fcinfo->resultinfo;
	reader.finish = divide_cluster;
	reader.threshold = PG_GETARG_FLOAT8(1);
	reader.absent = PG_GETARG_FLOAT8(2);
	read_clusters(&reader, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	return (Datum) 0;
}

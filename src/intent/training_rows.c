/*
 * training_rows.c
 *		Reads the rows that a model is trained on.
 *
 * The query runs once, through a receiver of our own, so that it may be
 * parallel and its result is never held as tuples.
 */
#include "patternos.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "tcop/dest.h"
#include "utils/memutils.h"

#include "training_rows.h"

/* Columns before the features: label, part, weight. */
#define LEADING_COLUMNS 3

typedef struct RowReceiver
{
	DestReceiver receiver;
	TrainingRows *rows;
	float4	   *features;
	char	   *const *names;
	size_t		most_memory;
	bool		started;
} RowReceiver;

/*
 * Says how much memory would be needed and how to allow it.
 */
void
refuse_memory(size_t needed, size_t most)
{
	if (needed <= most)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("training needs %zu MB of memory, %zu MB are allowed", (needed >> 20) + 1, most >> 20),
			 errhint("Raise the parameter max_memory, or train on fewer rows or features.")));
}

static void
row_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RowReceiver *receiver = (RowReceiver *) self;
	static const Oid leading[LEADING_COLUMNS] = {INT2OID, INT2OID, FLOAT4OID};

	if (receiver->started || desc->natts != receiver->rows->nfeatures + LEADING_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("training query must return label, part, weight and %d features", receiver->rows->nfeatures)));
	receiver->started = true;
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->atttypid != (i < LEADING_COLUMNS ? leading[i] : FLOAT4OID))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column %d of the training query has the wrong type", i + 1)));
}

/*
 * Room for one more row's label, part and weight.
 */
static void
make_room(RowReceiver *receiver)
{
	TrainingRows *rows = receiver->rows;
	size_t		wanted = rows->allocated * 2;

	if (rows->nrows < rows->allocated)
		return;
	refuse_memory(wanted * (2 * sizeof(uint8) + sizeof(float4)), receiver->most_memory);
	rows->labels = repalloc_huge(rows->labels, wanted);
	rows->parts = repalloc_huge(rows->parts, wanted);
	rows->weights = repalloc_huge(rows->weights, wanted * sizeof(float4));
	rows->allocated = wanted;
}

/*
 * Takes the label, part and weight of a row, which must be in order.
 */
static void
receive_leading(TrainingRows *rows, TupleTableSlot *slot)
{
	int16		label,
				part;
	float4		weight;

	if (slot->tts_isnull[0])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("label is null in row %zu", rows->nrows + 1),
				 errhint("Leave out rows whose outcome is not known yet.")));
	label = DatumGetInt16(slot->tts_values[0]);
	part = slot->tts_isnull[1] ? -1 : DatumGetInt16(slot->tts_values[1]);
	weight = slot->tts_isnull[2] ? NAN : DatumGetFloat4(slot->tts_values[2]);
	if (label != 0 && label != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label must be 0 or 1, or a boolean")));
	if (part != PART_TRAIN && part != PART_VALID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("part must be 0 for training or 1 for validation")));
	if (!(weight >= 0 && weight <= 1e9f))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight must be between 0 and 1000000000")));
	rows->labels[rows->nrows] = (uint8) label;
	rows->parts[rows->nrows] = (uint8) part;
	rows->weights[rows->nrows] = weight;
	rows->is_weighted |= weight != 1.0f;
	rows->weight += part == PART_TRAIN ? weight : 0;
	rows->count[part]++;
	rows->positives[part] += label;
}

static bool
row_receive(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	TrainingRows *rows = receiver->rows;

	slot_getallattrs(slot);
	make_room(receiver);
	receive_leading(rows, slot);
	for (int i = 0; i < rows->nfeatures; i++)
	{
		bool		missing = slot->tts_isnull[i + LEADING_COLUMNS];
		float4		value = missing ? NAN : DatumGetFloat4(slot->tts_values[i + LEADING_COLUMNS]);

		if (isinf(value))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("feature \"%s\" is infinite in row %zu", receiver->names[i], rows->nrows + 1),
					 errhint("Give NULL for a value that does not exist.")));
		receiver->features[i] = value;
	}
	BufFileWrite(rows->file, receiver->features, rows->nfeatures * sizeof(float4));
	rows->nrows++;
	return true;
}

static void
row_shutdown(DestReceiver *self)
{
}

/*
 * Runs the query with the rights of the current user and keeps its rows.
 * Errors: columns of other types, a label that is not 0 or 1, an infinite
 * feature, more memory than allowed.
 */
TrainingRows *
training_rows_read(const char *query, char *const *names, int nfeatures, size_t most_memory)
{
	TrainingRows *rows = palloc0(sizeof(TrainingRows));
	RowReceiver receiver = {{row_receive, row_startup, row_shutdown, row_shutdown, DestNone}};
	SPIExecuteOptions options = {0};

	rows->nfeatures = nfeatures;
	rows->allocated = 1024;
	rows->labels = palloc(rows->allocated);
	rows->parts = palloc(rows->allocated);
	rows->weights = palloc(rows->allocated * sizeof(float4));
	rows->file = BufFileCreateTemp(false);
	receiver.rows = rows;
	receiver.features = palloc(nfeatures * sizeof(float4));
	receiver.names = names;
	receiver.most_memory = most_memory;
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) &receiver;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_execute_extended(query, &options);
	SPI_finish();
	return rows;
}

/*
 * Refuses rows that nothing can be learned from.
 */
void
training_rows_check(const TrainingRows *rows, bool both_parts)
{
	for (int p = 0; p < (both_parts ? PARTS : 1); p++)
		if (rows->positives[p] == 0 || rows->positives[p] == rows->count[p])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s rows have only one class: %zu rows, %zu positive", p == PART_TRAIN ? "training" : "validation",
							rows->count[p], rows->positives[p]),
					 errhint("Give rows with both outcomes, or another split.")));
	if (rows->weight == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("training rows have no weight"),
				 errhint("Give weights above 0.")));
	if (rows->nrows >= PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows to train on")));
}

/*
 * Goes back to the first row.
 */
void
training_rows_rewind(TrainingRows *rows)
{
	if (BufFileSeek(rows->file, 0, 0L, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind the temporary file of a training")));
}

/*
 * The features of the next row; missing ones are NaN.
 */
void
training_rows_next(TrainingRows *rows, float4 *features)
{
	size_t		size = rows->nfeatures * sizeof(float4);

	if (BufFileRead(rows->file, features, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read the temporary file of a training")));
}

void
training_rows_close(TrainingRows *rows)
{
	BufFileClose(rows->file);
}

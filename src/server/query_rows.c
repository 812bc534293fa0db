/*
 * query_rows.c
 *		The rows of a query, one by one, without storing them.
 *
 * They come through a receiver of our own, so that the query may run in
 * parallel.
 */
#include "query_rows.h"

#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"

typedef struct RowReceiver
{
	DestReceiver receiver;
	RowTypeCallback start;
	RowCallback callback;
	void	   *state;
	int64		rows;
} RowReceiver;

/* What query_rows knows of its rows. */
typedef struct KnownRows
{
	int			columns;
	const Oid  *types;
	RowCallback callback;
	void	   *state;
} KnownRows;

static void
row_startup(DestReceiver *self, int operation, TupleDesc type)
{
	RowReceiver *rows = (RowReceiver *) self;

	rows->start(rows->state, type);
}

static bool
row_receive(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *rows = (RowReceiver *) self;

	if (rows->rows++ % 1024 == 0)
		CHECK_FOR_INTERRUPTS();
	slot_getallattrs(slot);
	rows->callback(rows->state, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
row_shutdown(DestReceiver *self)
{
}

/*
 * Runs a query with the rights of the current user and without leave to write,
 * calls start with the type of its rows and callback for each.
 */
void
query_any_rows(const char *query, RowTypeCallback start, RowCallback callback, void *state)
{
	RowReceiver rows = {{row_receive, row_startup, row_shutdown, row_shutdown, DestNone}};
	SPIExecuteOptions options = {0};

	rows.start = start;
	rows.callback = callback;
	rows.state = state;
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = (DestReceiver *) &rows;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SPI_execute_extended(query, &options);
	SPI_finish();
}

/*
 * Checks the query's columns.
 */
static void
check_columns(void *state, TupleDesc type)
{
	const KnownRows *known = state;

	if (type->natts != known->columns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("query must return %d columns, not %d", known->columns, type->natts)));
	for (int i = 0; i < known->columns; i++)
		if (TupleDescAttr(type, i)->atttypid != known->types[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column %d of the query must be of type %s, not %s", i + 1,
							format_type_be(known->types[i]), format_type_be(TupleDescAttr(type, i)->atttypid))));
}

static void
pass_row(void *state, const Datum *values, const bool *nulls)
{
	const KnownRows *known = state;

	known->callback(known->state, values, nulls);
}

/*
 * The same for a query whose columns are known.  Error 42804 for other columns
 * than these types.
 */
void
query_rows(const char *query, int columns, const Oid *types, RowCallback callback, void *state)
{
	KnownRows	known = {columns, types, callback, state};

	query_any_rows(query, check_columns, pass_row, &known);
}

/*
 * landing_write.c
 *		Writers of rows that a batch adds to tables without a query.
 *
 * A writer appends in bulk.  Where that is not possible (a trigger, a policy, a
 * column of another type) it collects the rows and inserts them at the end.
 */
#include "landing_batch.h"

#include "server/bulk_insert.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

struct TableWriter
{
	LandingBatch *batch;
	const char *table;
	Oid			relid;
	TupleDesc	columns;
	BulkInsert *bulk;			/* NULL = rows are collected */
	Tuplestorestate *rows;
	int64		count;
};

/*
 * Begins to append rows of the given columns to a table, schema.table; the other
 * columns get their defaults.
 */
TableWriter *
table_writer_begin(LandingBatch *batch, const char *table, int count, const WriterColumn *columns)
{
	Oid			relid = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(table)));
	MemoryContext old = MemoryContextSwitchTo(batch->context);
	TableWriter *writer = palloc0(sizeof(TableWriter));

	writer->batch = batch;
	writer->table = table;
	writer->relid = relid;
	writer->columns = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
		TupleDescInitEntry(writer->columns, i + 1, columns[i].name, columns[i].type, -1, 0);
	writer->bulk = bulk_insert_begin(relid, writer->columns);
	if (writer->bulk == NULL)
		writer->rows = batch_tuplestore(batch);
	MemoryContextSwitchTo(old);
	return writer;
}

/*
 * Appends a row; its values are copied.
 */
void
table_writer_put(TableWriter *writer, const Datum *values, const bool *nulls)
{
	if (writer->bulk != NULL)
		bulk_insert_row(writer->bulk, values, nulls);
	else
		tuplestore_putvalues(writer->rows, writer->columns, (Datum *) values, (bool *) nulls);
	writer->count++;
}

/* Inserts the rows that were collected, but for what the table generates. */
static void
insert_rows(TableWriter *writer)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < writer->columns->natts; i++)
		if (!get_attgenerated(writer->relid, get_attnum(writer->relid, NameStr(TupleDescAttr(writer->columns, i)->attname))))
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
							 quote_identifier(NameStr(TupleDescAttr(writer->columns, i)->attname)));
	register_relation("written", writer->columns, writer->rows, writer->count);
	landing_query(psprintf("INSERT INTO %s (%s) SELECT %s FROM written", writer->table, names.data, names.data), 0, NULL);
	SPI_unregister_relation("written");
}

/*
 * Writes what is left and closes the table; returns the number of rows written.
 */
int64
table_writer_end(TableWriter *writer)
{
	if (writer->bulk != NULL)
		bulk_insert_end(writer->bulk);
	else if (writer->count > 0)
		insert_rows(writer);
	return writer->count;
}

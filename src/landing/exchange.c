/*
 * exchange.c
 *		Conversion of amounts into the warehouse's currency while rows land.
 *
 * The rates of fx_rate are read once per batch, sorted by currency and date.
 * A rate is units of the warehouse's currency for one unit of the other, as an
 * integer of 10^-8; amounts are integers of minor units; the product is
 * rounded half away from zero.
 */
#include "landing.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/date.h"

#define RATE_UNIT INT64CONST(100000000)

typedef struct Rate
{
	char		currency[4];
	DateADT		date;
	int64		rate;
} Rate;

typedef struct ExchangeRates
{
	int64		count;
	Rate	   *rates;			/* by currency, then by date */
} ExchangeRates;

/*
 * Reads all rates into the batch.  Needs a connection to SPI.
 */
void
load_exchange_rates(LandingBatch *batch)
{
	ExchangeRates *rates = MemoryContextAlloc(batch->context, sizeof(ExchangeRates));

	if (SPI_execute("SELECT currency, rate_date, (rate * 100000000)::bigint FROM patternos_dw.fx_rate "
					"WHERE length(currency) = 3 ORDER BY currency, rate_date", true, 0) != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not read exchange rates")));
	rates->count = SPI_processed;
	rates->rates = MemoryContextAllocHuge(batch->context, Max(1, rates->count) * sizeof(Rate));
	for (int64 i = 0; i < rates->count; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Rate	   *rate = &rates->rates[i];
		bool		isnull;

		strlcpy(rate->currency, SPI_getvalue(tuple, desc, 1), sizeof(rate->currency));
		rate->date = DatumGetDateADT(SPI_getbinval(tuple, desc, 2, &isnull));
		rate->rate = DatumGetInt64(SPI_getbinval(tuple, desc, 3, &isnull));
	}
	batch->rates = rates;
}

/*
 * Converts minor units of a currency into the warehouse's, with the latest
 * rate on or before the date; false when there is none, or the result is too
 * large to be one.
 */
static bool
exchange(const LandingBatch *batch, const char *currency, int date, int64 *amount)
{
	int64		low = 0;
	int64		high = batch->rates->count;
	int128		product;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;
		const Rate *rate = &batch->rates->rates[middle];
		int			order = strcmp(rate->currency, currency);

		if (order < 0 || (order == 0 && rate->date <= date))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || strcmp(batch->rates->rates[low - 1].currency, currency) != 0)
		return false;
	product = (int128) *amount * batch->rates->rates[low - 1].rate;
	product = (product + (product < 0 ? -RATE_UNIT / 2 : RATE_UNIT / 2)) / RATE_UNIT;
	if (product > PG_INT64_MAX / 1000 || product < PG_INT64_MIN / 1000)
		return false;
	*amount = (int64) product;
	return true;
}

/*
 * Converts amounts of the row at hand from the row's currency, or else the
 * platform's, and keeps the originals among its properties; without a rate the
 * row is rejected.
 */
void
exchange_fields(LandingBatch *batch, int currency_field, const int *amounts, int count, int date)
{
	const char *currency = batch->platform_currency;

	if (FIELD_IS_NULL(batch, currency_field))
		set_field(batch, currency_field, CStringGetTextDatum(currency));
	else
		currency = TextDatumGetCString(FIELD_VALUE(batch, currency_field));
	if (strcmp(currency, batch->currency) == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		const LandingField *field = &batch->entity->fields[amounts[i]];
		char		name[64];
		int64		amount;

		if (FIELD_IS_NULL(batch, amounts[i]))
			continue;
		amount = DatumGetInt64(FIELD_VALUE(batch, amounts[i]));
		snprintf(name, sizeof(name), "original_%s", field->name);
		add_number_property(batch, name, amount, field->limit);
		if (!exchange(batch, currency, date, &amount))
		{
			reject_field(batch, amounts[i], REASON_MISSING_RATE);
			return;
		}
		set_field(batch, amounts[i], Int64GetDatum(amount));
	}
}

/*
 * rfm_facts.c
 *		RFM of customers from the facts, one customer after the other.
 *
 * The same as the aggregate rfm_by_platform, without groups and arrays of the
 * executor.  Unlike a user's purchases, a row of the facts may count on its
 * platform only, bring money only, or take back what was bought.
 */
#include "server/keyed_rows.h"
#include "rfm_state.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "server/money.h"

/* what a row of the facts counts for; sql/48_refresh_rfm.sql computes it */
#define ROLE_PLATFORM_PURCHASE	1
#define ROLE_PURCHASE			2
#define ROLE_MONEY				4
#define ROLE_RETURN				8

/* columns of the query */
enum
{
	FACT_CUSTOMER, FACT_DAY, FACT_PLATFORM, FACT_ROLE, FACT_TOTAL, FACT_DISCOUNT, FACT_COLUMNS
};

PG_FUNCTION_INFO_V1(patternos__rfm_of_facts);

/*
 * Takes a row of the facts into its customer's state.
 */
static void
add_fact(RfmState *state, const Intern *words, const int64 *fact)
{
	int32		age = (int32) (state->as_of - fact[FACT_DAY]);
	int			role = (int) fact[FACT_ROLE];
	size_t		length;
	const char *platform = intern_value(words, fact[FACT_PLATFORM], &length);
	RfmPart    *part;

	if (role == 0)
		return;
	part = rfm_state_part(state, platform, (int) length);
	if (role & ROLE_PURCHASE)
		rfm_part_add_purchase(state, &state->parts[0], age);
	if (role & ROLE_PLATFORM_PURCHASE)
		rfm_part_add_purchase(state, part, age);
	if (role & (ROLE_MONEY | ROLE_RETURN))
	{
		int128		money = fact[FACT_TOTAL];
		int128		net = money - fact[FACT_DISCOUNT];

		if (role & ROLE_RETURN)
		{
			money = 0;
			net = net < 0 ? net : -net;
		}
		rfm_part_add_money(&state->parts[0], age, money, net);
		rfm_part_add_money(part, age, money, net);
	}
}

static int
compare_days(const void *a, const void *b)
{
	int64		x = ((const int64 *) a)[FACT_DAY];
	int64		y = ((const int64 *) b)[FACT_DAY];

	return (x > y) - (x < y);
}

/*
 * Writes the rows of a customer.
 */
static void
put_rows(ReturnSetInfo *result, int64 customer, const RfmState *state)
{
	const RfmPart **parts = rfm_state_parts(state);
	Datum		values[2 + RFM_COLUMNS];
	bool		nulls[2 + RFM_COLUMNS] = {false};

	values[0] = Int64GetDatum(customer);
	for (int i = 0; i < state->nparts; i++)
	{
		values[1] = PointerGetDatum(parts[i]->platform == NULL ? cstring_to_text("ALL") :
									cstring_to_text_with_len(parts[i]->platform, parts[i]->platform_length));
		rfm_part_columns(parts[i], state->as_of, values + 2, nulls + 2);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * _rfm_of_facts(facts text, as_of date) returns setof _rfm_customer
 *
 * The rows of every customer in a query of facts: customer_key, day, platform,
 * role, total and discount, all before the date and none NULL.  A customer's
 * row over all platforms comes first.
 */
Datum
patternos__rfm_of_facts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(0));
	DateADT		as_of = PG_GETARG_DATEADT(1);
	MemoryContext context,
				previous;
	Intern	   *words = intern_create(CurrentMemoryContext);
	KeyedRows  *facts;
	KeyedRange	range = {0, 0};

	InitMaterializedSRF(fcinfo, 0);
	facts = keyed_rows_read(query, FACT_COLUMNS, words);
	context = AllocSetContextCreate(CurrentMemoryContext, "patternos customer", ALLOCSET_DEFAULT_SIZES);
	previous = MemoryContextSwitchTo(context);
	while (keyed_rows_next(facts, &range))
	{
		RfmState   *state = rfm_state_create(context, as_of);
		int64	   *first = keyed_row(facts, range.first);

		CHECK_FOR_INTERRUPTS();
		/* days in order need no sorting by platform */
		qsort(first, range.end - range.first, FACT_COLUMNS * sizeof(int64), compare_days);
		for (Size i = range.first; i < range.end; i++)
			add_fact(state, words, keyed_row(facts, i));
		put_rows(result, first[FACT_CUSTOMER], state);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(previous);
	PG_RETURN_VOID();
}

/*
 * sample_transactions.c
 *		Purchases of the sample population, in the columns of each platform's
 *		own export and in columns for analysts.
 *
 * Rows come in the order of person, account and time.
 */
#include "sample.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

typedef void (*OrderWriter) (SampleRow *row, const Person *person, const Account *account,
							 const Order *order, bool repeat);

static void
write_customer(SampleRow *row, const Person *person, const Account *account, const Order *order)
{
	const Home *home = account_home(person, account);

	sample_text(row, account->id);
	sample_time(row, order->day, order->second);
	sample_text(row, age_group(person, order->day));
	sample_text(row, sample_cities[home->city].state);
	sample_text(row, sample_cities[home->city].name);
	sample_format(row, "%06d", home->pincode);
}

static void
write_items(SampleRow *row, const Order *order)
{
	char		list[MOST_ITEMS * (ITEM_NAME_SIZE + 2)];
	int			used = 0;

	for (int i = 0; i < order->count; i++)
	{
		if (i > 0)
		{
			list[used++] = ',';
			list[used++] = ' ';
		}
		write_item_name(&order->items[i], list + used);
		used += strlen(list + used);
	}
	list[used] = '\0';
	sample_format(row, "%d", order->count);
	sample_text(row, list);
}

static void
write_money(SampleRow *row, const Order *order)
{
	sample_format(row, "%d", order->total);
	sample_format(row, "%d", order->discount);
}

/* the columns that all retailers' files have */
static void
write_retail(SampleRow *row, const Person *person, const Account *account,
			 const Order *order, bool repeat)
{
	write_customer(row, person, account, order);
	write_items(row, order);
	sample_flag(row, repeat);
	write_money(row, order);
	sample_text(row, order->payment_mode);
}

static void
write_amazon(SampleRow *row, const Person *person, const Account *account,
			 const Order *order, bool repeat)
{
	write_retail(row, person, account, order, repeat);
	sample_text(row, order->items[0].kind->level_1);
	sample_flag(row, account_member(person, account));
	sample_text(row, order->delivery_speed);
}

static void
write_nykaa(SampleRow *row, const Person *person, const Account *account,
			const Order *order, bool repeat)
{
	write_retail(row, person, account, order, repeat);
	sample_text(row, order->items[0].kind->level_1);
	sample_flag(row, account_member(person, account));
}

static void
write_makemytrip(SampleRow *row, const Person *person, const Account *account,
				 const Order *order, bool repeat)
{
	const CatalogueItem *item = &order->items[0];
	char		destination[ITEM_NAME_SIZE];

	write_choice(item->kind->b[0] ? item->kind->b : item->kind->a,
				 item->choice[item->kind->b[0] ? 1 : 0], destination, sizeof(destination));
	write_customer(row, person, account, order);
	sample_text(row, item->kind->level_2);
	sample_text(row, destination);
	sample_format(row, "%d", order->travellers);
	write_items(row, order);
	write_money(row, order);
	sample_text(row, order->payment_mode);
	sample_flag(row, account_member(person, account));
	sample_format(row, "%d", order->trip_days);
}

static void
write_carwale(SampleRow *row, const Person *person, const Account *account,
			  const Order *order, bool repeat)
{
	write_customer(row, person, account, order);
	write_items(row, order);
	sample_text(row, order->used_vehicle ? "Used" : "New");
	write_money(row, order);
	sample_flag(row, order->finance);
	sample_flag(row, repeat);
	sample_text(row, order->payment_mode);
}

/* how each platform's rows are written, and which column holds the value */
static const struct
{
	OrderWriter write;
	int			value_column;
}			formats[SAMPLE_PLATFORMS] = {
	{write_retail, 9},
	{write_retail, 9},
	{write_amazon, 9},
	{write_nykaa, 9},
	{write_retail, 9},
	{write_makemytrip, 11},
	{write_carwale, 9}
};

/*
 * Spoils a row so that a careful reader must reject it.
 */
static void
spoil_row(SampleRow *row, Random *random, int value_column)
{
	switch (random_below(random, 5))
	{
		case 0:
			sample_replace(row, 0, "");
			break;
		case 1:
			sample_replace(row, 1, "2025-02-30 10:00:00");
			break;
		case 2:
			sample_replace(row, 1, "yesterday");
			break;
		case 3:
			sample_replace(row, value_column, "-100");
			break;
		default:
			sample_replace(row, value_column, "1,2,3.x");
			break;
	}
}

/* what a walk over all purchases of a range calls for each of them */
typedef struct PurchaseVisitor
{
	void		(*visit) (struct PurchaseVisitor *visitor, const Person *person,
						  const Account *account, const Order *order, bool repeat);
	SampleRow	row;
	MemoryContext context;		/* reset after each row */
	double		dirty;			/* share of rows to spoil */
} PurchaseVisitor;

/*
 * Visits the purchases of one account in order of time; whether one is the
 * account's first depends on all periods since joining.
 */
static void
walk_account(PurchaseVisitor *visitor, const SampleRange *range, const Person *person, int account)
{
	const Season *season = sample_season();
	int			periods = person->join_day < range->until_day ?
	period_of(person, range->until_day - 1) + 1 : 0;
	bool		bought = false;
	StateWalk	state;
	Occasion	occasions[MOST_PER_PERIOD];
	Order		order;

	state_start(&state, person);
	for (int period = 0; period < periods; period++)
	{
		int			end = person->join_day + (period + 1) * PERIOD_DAYS;
		bool		active = state_next(&state);
		int			count = 0;

		if (!bought || end > range->from_day)
			count = purchases_in(person, account, period, active, season, occasions);
		for (int i = 0; i < count; i++)
		{
			if (occasions[i].day >= range->from_day && occasions[i].day < range->until_day)
			{
				draw_order(&order, person, &person->account[account], &occasions[i]);
				visitor->visit(visitor, person, &person->account[account], &order, bought);
			}
			bought = true;
		}
	}
}

static void
walk_purchases(PurchaseVisitor *visitor, const SampleRange *range, unsigned platforms)
{
	Person		person;

	for (uint64 number = range->first; number <= range->last; number++)
	{
		CHECK_FOR_INTERRUPTS();
		draw_person(&person, range->seed, range->overlap, number);
		for (int account = 0; account < person.accounts; account++)
			if (platforms & (1u << person.account[account].platform))
				walk_account(visitor, range, &person, account);
	}
}

static void
visit_export(PurchaseVisitor *visitor, const Person *person, const Account *account,
			 const Order *order, bool repeat)
{
	SampleRow  *row = &visitor->row;

	formats[account->platform].write(row, person, account, order, repeat);
	if (visitor->dirty > 0.0)
	{
		Random		random;

		random_start(&random, person->seed ^ (uint64) order->day, STREAM_DIRT,
					 (uint64) order->second * 1000003 + person->number);
		if (random_chance(&random, visitor->dirty))
			spoil_row(row, &random, formats[account->platform].value_column);
	}
	sample_emit(row);
}

static Datum
sample_export(FunctionCallInfo fcinfo, SamplePlatform platform)
{
	SampleRange range;
	PurchaseVisitor visitor;

	sample_check_people(&range, PG_GETARG_INT32(0), PG_GETARG_INT64(1),
						PG_GETARG_FLOAT8(4), PG_GETARG_INT32(5));
	sample_check_dates(&range, PG_GETARG_DATEADT(2), PG_GETARG_DATEADT(3));
	visitor.visit = visit_export;
	visitor.dirty = sample_check_share("dirty", PG_GETARG_FLOAT8(6));
	sample_start(&visitor.row, fcinfo);
	walk_purchases(&visitor, &range, 1u << platform);
	return (Datum) 0;
}

/*
 * Purchases in the columns of one platform's export, all text: (people, seed,
 * from_date, to_date, overlap, first_person, dirty).
 */
#define SAMPLE_EXPORT(name, platform) \
PG_FUNCTION_INFO_V1(patternos_sample_##name); \
Datum \
patternos_sample_##name(PG_FUNCTION_ARGS) \
{ \
	return sample_export(fcinfo, platform); \
} \
extern Datum patternos_sample_##name(PG_FUNCTION_ARGS)

SAMPLE_EXPORT(zepto, SAMPLE_ZEPTO);
SAMPLE_EXPORT(swiggy, SAMPLE_SWIGGY);
SAMPLE_EXPORT(amazon, SAMPLE_AMAZON);
SAMPLE_EXPORT(nykaa, SAMPLE_NYKAA);
SAMPLE_EXPORT(chumbak, SAMPLE_CHUMBAK);
SAMPLE_EXPORT(makemytrip, SAMPLE_MAKEMYTRIP);
SAMPLE_EXPORT(carwale, SAMPLE_CARWALE);

static void
visit_generic(PurchaseVisitor *visitor, const Person *person, const Account *account,
			  const Order *order, bool repeat)
{
	SampleRow  *row = &visitor->row;
	MemoryContext old = MemoryContextSwitchTo(visitor->context);
	Datum		names[MOST_ITEMS];
	char		name[ITEM_NAME_SIZE];

	for (int i = 0; i < order->count; i++)
	{
		write_item_name(&order->items[i], name);
		names[i] = CStringGetTextDatum(name);
	}
	sample_text(row, sample_platform_ids[account->platform]);
	sample_text(row, account->id);
	sample_datum(row, TimestampGetDatum(order->day * USECS_PER_DAY + order->second * USECS_PER_SEC));
	sample_datum(row, NumericGetDatum(int64_to_numeric(order->total)));
	sample_datum(row, NumericGetDatum(int64_to_numeric(order->discount)));
	sample_datum(row, PointerGetDatum(construct_array(names, order->count, TEXTOID, -1,
													  false, TYPALIGN_INT)));
	MemoryContextSwitchTo(old);
	sample_emit(row);
	MemoryContextReset(visitor->context);
}

/*
 * Purchases on one platform or ALL of those with orders and bookings, typed:
 * (platform, people, seed, from_date, to_date, overlap, first_person).
 */
PG_FUNCTION_INFO_V1(patternos_sample_transactions);
Datum
patternos_sample_transactions(PG_FUNCTION_ARGS)
{
	SampleRange range;
	PurchaseVisitor visitor;
	unsigned	platforms = sample_check_platforms(PG_GETARG_TEXT_PP(0));

	sample_check_people(&range, PG_GETARG_INT32(1), PG_GETARG_INT64(2),
						PG_GETARG_FLOAT8(5), PG_GETARG_INT32(6));
	sample_check_dates(&range, PG_GETARG_DATEADT(3), PG_GETARG_DATEADT(4));
	visitor.visit = visit_generic;
	visitor.dirty = 0.0;
	visitor.context = AllocSetContextCreate(CurrentMemoryContext, "sample transactions",
											ALLOCSET_SMALL_SIZES);
	sample_start(&visitor.row, fcinfo);
	walk_purchases(&visitor, &range, platforms);
	return (Datum) 0;
}

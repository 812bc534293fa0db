/*
 * sample_events.c
 *		Visits of the sample population, in the columns of landing_event.
 */
#include "sample.h"

#include "core/sample_contact.h"
#include "core/sample_visit.h"
#include "miscadmin.h"
#include "utils/builtins.h"

static const char *const sites[SAMPLE_PLATFORMS] = {
	"https://www.zepto.example", "https://www.swiggy.example", "https://www.amazon.example",
	"https://www.nykaa.example", "https://www.chumbak.example", "https://www.makemytrip.example",
	"https://www.carwale.example"
};

/* the category as the platform itself names it */
static const char *
own_category(SamplePlatform platform, const ItemKind *kind)
{
	if (platform == SAMPLE_AMAZON || platform == SAMPLE_NYKAA || platform == SAMPLE_CHUMBAK)
		return kind->level_1;
	return kind->level_2;
}

static void
write_page(SampleRow *row, SamplePlatform platform, const VisitEvent *event, const char *sku)
{
	switch (event->step)
	{
		case VISIT_PAGE:
			sample_format(row, "%s/", sites[platform]);
			break;
		case VISIT_SEARCH:
			sample_format(row, "%s/search", sites[platform]);
			break;
		case VISIT_CHECKOUT:
		case VISIT_ORDER:
			sample_format(row, "%s/checkout", sites[platform]);
			break;
		default:
			sample_format(row, "%s/p/%s", sites[platform], sku);
			break;
	}
}

static void
write_who(SampleRow *row, const Person *person, const Account *account, const Visit *visit)
{
	char		device[24];

	device_id(person, visit->device, device);
	sample_text(row, sample_platform_ids[account->platform]);
	if (visit->logged_in)
		sample_text(row, account->id);
	else
		sample_null(row);
	/* each site gives a device a cookie of its own */
	sample_format(row, "v-%016llx",
				  (unsigned long long) random_mix(strtoull(device + 2, NULL, 16) + account->platform));
	if (account->platform == SAMPLE_CHUMBAK)
		sample_null(row);
	else
		sample_format(row, "s-%016llx", (unsigned long long) visit->id);
}

static void
write_properties(SampleRow *row, const Visit *visit, const VisitEvent *event,
				 const CatalogueItem *item)
{
	if (event->step == VISIT_ORDER)
		sample_format(row, "{\"value\": %d, \"currency\": \"INR\", \"items\": %d}",
					  visit->order_total, visit->order_count);
	else if (item && event->step != VISIT_SEARCH)
	{
		char		name[ITEM_NAME_SIZE];

		write_item_name(item, name);
		sample_format(row, "{\"name\": \"%s\", \"price\": %d}", name, item->price);
	}
	else
		sample_null(row);
}

static void
write_event(SampleRow *row, const Person *person, const Account *account,
			const Visit *visit, int number)
{
	const VisitEvent *event = &visit->events[number];
	const CatalogueItem *item = event->item >= 0 ? &visit->items[event->item] : NULL;
	char		sku[24] = "";
	char		value[ITEM_NAME_SIZE];

	if (item)
		write_sku_id(account->platform, item_number(account->platform, item), sku);
	write_who(row, person, account, visit);
	sample_text(row, event->step == VISIT_ORDER && account->platform == SAMPLE_CARWALE ?
				"enquiry" : visit_step_names[event->step]);
	sample_time(row, visit->day, event->second);
	write_page(row, account->platform, event, sku);
	sample_text_or_null(row, number == 0 ? visit->referrer : "");
	if (event->step == VISIT_SEARCH)
		write_search_term(account->platform, item, value);
	sample_text_or_null(row, event->step == VISIT_SEARCH ? value : "");
	sample_text_or_null(row, event->step == VISIT_SEARCH ? "" : sku);
	sample_text_or_null(row, item && event->step != VISIT_SEARCH ? own_category(account->platform, item->kind) : "");
	sample_text(row, visit->device_type);
	sample_text(row, visit->browser);
	sample_text(row, visit->os);
	if (visit->at_home || visit->device != 0)
		home_ip(person, person->homes - 1, value);
	else
		mobile_ip(person, value);
	sample_text(row, value);
	write_properties(row, visit, event, item);
	sample_format(row, "e-%016llx", (unsigned long long) random_mix(visit->id + number));
	sample_emit(row);
}

static void
write_visits(SampleRow *row, const SampleRange *range, const Person *person, int account,
			 const Occasion *occasions, int count, bool orders)
{
	const Account *a = &person->account[account];
	Visit		visit;
	Order		order;

	for (int i = 0; i < count; i++)
	{
		if (occasions[i].day < range->from_day || occasions[i].day >= range->until_day)
			continue;
		if (orders)
		{
			draw_order(&order, person, a, &occasions[i]);
			draw_order_visit(&visit, person, a, &occasions[i], &order);
		}
		else
			draw_visit(&visit, person, a, &occasions[i]);
		for (int e = 0; e < visit.count; e++)
			write_event(row, person, a, &visit, e);
	}
}

/* the events of all accounts of a person, period by period */
static void
write_person(SampleRow *row, const SampleRange *range, const Person *person)
{
	const Season *season = sample_season();
	int			periods = person->join_day < range->until_day ?
	period_of(person, range->until_day - 1) + 1 : 0;
	StateWalk	state;
	bool		next;
	Occasion	occasions[MOST_PER_PERIOD];

	state_start(&state, person);
	next = state_next(&state);
	for (int period = 0; period < periods; period++)
	{
		bool		active = next;

		next = state_next(&state);

		if (person->join_day + (period + 1) * PERIOD_DAYS <= range->from_day)
			continue;
		for (int account = 0; account < person->accounts; account++)
		{
			int			count = sessions_in(person, account, period, active, next, season, occasions);

			write_visits(row, range, person, account, occasions, count, false);
			count = purchases_in(person, account, period, active, season, occasions);
			write_visits(row, range, person, account, occasions, count, true);
		}
	}
}

/*
 * Events of persons first_person to people on all their platforms, all text,
 * in the columns of landing_event: (people, seed, from_date, to_date, overlap,
 * first_person).
 */
PG_FUNCTION_INFO_V1(patternos_sample_events);
Datum
patternos_sample_events(PG_FUNCTION_ARGS)
{
	SampleRange range;
	SampleRow	row;
	Person		person;

	sample_check_people(&range, PG_GETARG_INT32(0), PG_GETARG_INT64(1),
						PG_GETARG_FLOAT8(4), PG_GETARG_INT32(5));
	sample_check_dates(&range, PG_GETARG_DATEADT(2), PG_GETARG_DATEADT(3));
	sample_start(&row, fcinfo);
	for (uint64 number = range.first; number <= range.last; number++)
	{
		CHECK_FOR_INTERRUPTS();
		draw_person(&person, range.seed, range.overlap, number);
		write_person(&row, &range, &person);
	}
	return (Datum) 0;
}

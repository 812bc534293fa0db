/*
 * sample_visit.c
 *		What happens in a visit of the sample data.
 */
#include "core/sample_visit.h"

#include <stdio.h>
#include <string.h>

#define ANONYMOUS 0.15			/* share of visits without logging in */

const char *const visit_step_names[] = {
	"page_view", "search", "product_view", "wishlist_add", "add_to_cart", "remove_from_cart",
	"checkout", "purchase"
};

static const char *const referrers[] = {
	"", "", "https://www.google.com/", "https://www.instagram.com/", "https://mail.google.com/"
};

static void
draw_device(Visit *visit, Random *random, const Person *person)
{
	bool		apple = random_mix(person->seed + 82 + person->number) % 100 < 15;
	int			pick = random_between(random, 0, 99);

	if (pick < 76)
	{
		visit->device = 0;
		visit->device_type = "mobile";
		visit->os = apple ? "iOS" : "Android";
		visit->browser = apple ? "Safari" : "Chrome";
	}
	else if (pick < 95)
	{
		visit->device = 2;
		visit->device_type = "desktop";
		visit->os = apple ? "macOS" : "Windows";
		visit->browser = apple ? "Safari" : random_chance(random, 0.7) ? "Chrome" : "Edge";
	}
	else
	{
		visit->device = 3;
		visit->device_type = "tablet";
		visit->os = "Android";
		visit->browser = "Chrome";
	}
}

static void
add_event(Visit *visit, VisitStep step, int second, int item)
{
	VisitEvent *event;

	if (visit->count == MOST_EVENTS)
		return;
	event = &visit->events[visit->count++];
	event->step = step;
	/* a visit ends with its day, so that no day tells of the next one */
	event->second = second > 86399 ? 86399 : second;
	event->item = item;
}

static void
begin_visit(Visit *visit, Random *random, const Person *person, const Occasion *occasion)
{
	memset(visit, 0, sizeof(*visit));
	visit->id = random_bits(random);
	visit->day = occasion->day;
	visit->at_home = random_chance(random, 0.6);
	visit->referrer = referrers[random_below(random, sizeof(referrers) / sizeof(referrers[0]))];
	draw_device(visit, random, person);
}

/*
 * A visit without an order.  The keener the person, the more is looked at and
 * put into the cart.
 */
void
draw_visit(Visit *visit, const Person *person, const Account *account, const Occasion *occasion)
{
	double		shock = person_shock(person, period_of(person, occasion->day + SHOCK_LEAD));
	double		keen = shock < 3.0 ? shock : 3.0;
	int			second = occasion->second;
	int			products;
	Random		random;

	random_start(&random, person->seed, STREAM_SESSIONS, occasion->detail);
	begin_visit(visit, &random, person, occasion);
	visit->logged_in = !random_chance(&random, ANONYMOUS);
	products = random_poisson(&random, 0.6 + 0.9 * keen, MOST_ITEMS);
	add_event(visit, VISIT_PAGE, second, -1);
	for (int i = 0; i < products; i++)
	{
		pick_item(&random, person, account->platform, &visit->items[i]);
		if (random_chance(&random, 0.4))
			add_event(visit, VISIT_SEARCH, second += random_between(&random, 4, 40), i);
		add_event(visit, VISIT_PRODUCT, second += random_between(&random, 3, 60), i);
		if (random_chance(&random, 0.06))
			add_event(visit, VISIT_WISHLIST, second += random_between(&random, 3, 40), i);
		if (!random_chance(&random, 0.05 + 0.06 * keen))
			continue;
		add_event(visit, VISIT_ADD, second += random_between(&random, 3, 60), i);
		if (random_chance(&random, 0.25))
			add_event(visit, VISIT_REMOVE, second += random_between(&random, 5, 90), i);
	}
	if (random_chance(&random, 0.4))
		add_event(visit, VISIT_PAGE, second + random_between(&random, 5, 120), -1);
}

/*
 * The visit in which an order is placed; it ends with the order.
 */
void
draw_order_visit(Visit *visit, const Person *person, const Account *account,
				 const Occasion *occasion, const Order *order)
{
	int			second;
	Random		random;

	random_start(&random, person->seed, STREAM_SESSIONS, occasion->detail);
	begin_visit(visit, &random, person, occasion);
	visit->logged_in = true;
	visit->order_total = order->total;
	visit->order_count = order->count;
	second = order->second - (60 + order->count * 90);
	if (second < 0)
		second = 0;
	add_event(visit, VISIT_PAGE, second, -1);
	for (int i = 0; i < order->count; i++)
	{
		visit->items[i] = order->items[i];
		if (random_chance(&random, 0.35))
			add_event(visit, VISIT_SEARCH, second += random_between(&random, 2, 15), i);
		add_event(visit, VISIT_PRODUCT, second += random_between(&random, 2, 30), i);
		add_event(visit, VISIT_ADD, second += random_between(&random, 2, 30), i);
	}
	add_event(visit, VISIT_CHECKOUT, second + 15, -1);
	add_event(visit, VISIT_ORDER, order->second, -1);
	/* shortly after midnight the visit has no time: all at once */
	for (int i = 0; i < visit->count; i++)
		if (visit->events[i].second > order->second)
			visit->events[i].second = order->second;
}

/*
 * What somebody types who looks for an item.
 */
void
write_search_term(SamplePlatform platform, const CatalogueItem *item, char result[ITEM_NAME_SIZE])
{
	const ItemKind *kind = item->kind;
	int			used = 0;

	if (platform == SAMPLE_MAKEMYTRIP)
	{
		bool		place = kind->b[0] != '\0';

		used = snprintf(result, ITEM_NAME_SIZE, "%s ", kind->level_2);
		write_choice(place ? kind->b : kind->a, item->choice[place ? 1 : 0],
					 result + used, ITEM_NAME_SIZE - used);
		used = (int) strlen(result);
	}
	else if (platform == SAMPLE_CARWALE)
	{
		write_choice(kind->a, item->choice[0], result, ITEM_NAME_SIZE);
		used = (int) strlen(result);
	}
	else
	{
		for (const char *p = kind->pattern; *p && used < ITEM_NAME_SIZE - 1; p++)
		{
			if (*p == '%')
				p += p[2] == ' ' ? 2 : 1;
			else
				result[used++] = *p;
		}
	}
	while (used > 0 && result[used - 1] == ' ')
		used--;
	result[used] = '\0';
	for (int i = 0; i < used; i++)
		if (result[i] >= 'A' && result[i] <= 'Z')
			result[i] += 'a' - 'A';
}

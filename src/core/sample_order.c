/*
 * sample_order.c
 *		What is in a purchase of the sample data.
 */
#include "core/sample_order.h"

static const char *const payment_modes[] = {
	"UPI", "Credit Card", "Debit Card", "Cash on Delivery", "Wallet", "Net Banking"
};
static const char *const delivery_speeds[] = {"Standard", "Fast", "Same-day"};

/* most items of an order, and the share of orders with a discount in percent */
static const int most_items[SAMPLE_PLATFORMS] = {8, 5, 3, 5, 4, 3, 4};
static const int discounted[SAMPLE_PLATFORMS] = {45, 55, 50, 60, 35, 45, 100};

/*
 * Whether an account belongs to the platform's own programme (Prime and such).
 */
bool
account_member(const Person *person, const Account *account)
{
	Random		random;

	random_start(&random, person->seed, STREAM_ACCOUNT,
				 person->number * MAX_ACCOUNTS + account->platform);
	return random_chance(&random, 0.25 + 0.5 * person->thrift);
}

/*
 * The age band on a day.
 */
const char *
age_group(const Person *person, int day)
{
	int			age = (day - person->birth_day) * 4 / 1461;

	return age < 25 ? "18-24" : age < 35 ? "25-34" : age < 45 ? "35-44" :
		age < 55 ? "45-54" : "55+";
}

static void
draw_items(Order *order, Random *random, const Person *person, SamplePlatform platform)
{
	order->count = 1 + random_poisson(random, most_items[platform] * 0.35, most_items[platform] - 1);
	order->total = 0;
	for (int i = 0; i < order->count; i++)
	{
		pick_item(random, person, platform, &order->items[i]);
		order->total += order->items[i].price;
	}
	/* an enquiry names several vehicles and the price of one */
	if (platform == SAMPLE_CARWALE)
		order->total = order->items[0].price;
}

/*
 * The order behind a purchase occasion.
 */
void
draw_order(Order *order, const Person *person, const Account *account, const Occasion *occasion)
{
	SamplePlatform platform = account->platform;
	int			favourite = (int) (random_mix(person->seed + person->number) % 6);
	Random		random;

	random_start(&random, person->seed, STREAM_PURCHASES, occasion->detail);
	order->day = occasion->day;
	order->second = occasion->second;
	draw_items(order, &random, person, platform);
	order->travellers = 1 + random_zipf(&random, 5);
	order->trip_days = random_between(&random, 1, 14);
	order->used_vehicle = random_chance(&random, 0.4);
	order->finance = random_chance(&random, 0.55);
	if (platform == SAMPLE_MAKEMYTRIP)
		order->total *= order->travellers;
	if (platform == SAMPLE_CARWALE && order->used_vehicle)
		order->total = order->total * 55 / 100;

	order->discount = 0;
	if (random_chance(&random, discounted[platform] * (0.5 + person->thrift) / 100.0))
		order->discount = (int) (order->total * (0.03 + 0.27 * random_uniform(&random)));
	order->payment_mode = payment_modes[random_chance(&random, 0.7) ?
										favourite : random_zipf(&random, 6)];
	order->delivery_speed = delivery_speeds[random_zipf(&random, 3)];
}

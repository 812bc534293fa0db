/*
 * sample_person.c
 *		The people of the sample data: traits, homes, accounts.
 *
 * People live in households of one to four, taken from blocks of four numbers.
 * An account's id is the person's number permuted within the numbers of as
 * many digits, differently on each platform, so that ids tell nothing.
 */
#include "core/sample_person.h"

#include <stdio.h>
#include <string.h>

#define FIRST_JOIN 7852			/* 2021-07-01 */
#define GROWTH_START 8766		/* 2024-01-01 */
#define JOINED_BEFORE_GROWTH 0.65
#define MOVERS 0.15
#define SECOND_ACCOUNTS 0.02
#define LATEST_NEXT_ACCOUNT 500 /* days after joining */

/* of the people and of what they do, per platform */
#define RATE_SHAPE 0.6
#define RATE_MEAN 0.0065
#define BROWSE_SHAPE 4.0

const char *const sample_platform_ids[SAMPLE_PLATFORMS] = {
	"ZEPTO", "SWIGGY", "AMAZON", "NYKAA", "CHUMBAK", "MAKEMYTRIP", "CARWALE"
};

static const char *const id_prefixes[SAMPLE_PLATFORMS] = {
	"ZEP", "SWG", "AMZ", "NYK", "CHB", "MMT", "CAR"
};

static const int popularity[SAMPLE_PLATFORMS] = {22, 24, 27, 12, 5, 6, 4};
static const double frequency[SAMPLE_PLATFORMS] = {1.3, 1.4, 1.1, 0.8, 0.6, 0.5, 0.4};
static const double visits[SAMPLE_PLATFORMS] = {1.0, 1.1, 1.4, 1.2, 0.7, 0.9, 0.9};

/* share of 2, 3, … 7 platforms among those with several, in percent */
static const int several[] = {52, 25, 12, 6, 3, 2};

/* sizes of households in a block of four numbers, and how often in percent */
static const struct
{
	int			share;
	int			sizes[4];
}			divisions[] = {
	{45, {1, 1, 1, 1}}, {25, {2, 1, 1, 0}}, {12, {2, 2, 0, 0}}, {10, {3, 1, 0, 0}}, {8, {4, 0, 0, 0}}
};

/*
 * The date of a day (civil calendar, after Hinnant).
 */
void
date_of_day(int day, int *year, int *month, int *day_of_month)
{
	int			z = day + 730425;	/* days since 0000-03-01 */
	int			era = z / 146097;
	int			of_era = z - era * 146097;
	int			year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int			of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int			mp = (5 * of_year + 2) / 153;

	*day_of_month = of_year - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

/*
 * The day of a date after the year 0.
 */
int
day_of_date(int year, int month, int day_of_month)
{
	int			y = month <= 2 ? year - 1 : year;
	int			era = y / 400;
	int			year_of_era = y - era * 400;
	int			of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day_of_month - 1;
	int			of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;

	return era * 146097 + of_era - 730425;
}

/*
 * The number of the first member of a person's household; *members is how
 * many live there.
 */
uint64_t
household_of(uint64_t seed, uint64_t number, int *members)
{
	uint64_t	block = (number - 1) / 4;
	int			place = (int) ((number - 1) % 4);
	int			first = 0;
	int			kind = 0;
	int			pick;
	Random		random;

	random_start(&random, seed, STREAM_HOUSEHOLDS, block);
	pick = random_between(&random, 0, 99);
	while (pick >= divisions[kind].share)
		pick -= divisions[kind++].share;
	for (int i = 0; i < 4; i++)
	{
		*members = divisions[kind].sizes[i];
		if (place < first + *members)
			break;
		first += *members;
	}
	return block * 4 + first + 1;
}

static Home
draw_home(Random *random)
{
	Home		home;

	home.city = pick_city(random);
	home.locality = random_between(random, 0, LOCALITIES - 1);
	home.pincode = sample_cities[home.city].pincode_prefix * 1000 + 1 + home.locality;
	return home;
}

static void
draw_account_id(Account *account, uint64_t seed, uint64_t number)
{
	uint64_t	key = random_mix(seed ^ (STREAM_NUMBERS * 1000 + account->platform * 2 + account->second));
	unsigned long long id = random_permuted_digits(key, number, 1000000);

	/* second accounts have numbers of their own, beyond those of all people */
	if (account->second)
		id += UINT64_C(9000000000);
	snprintf(account->id, sizeof(account->id), "%s%06llu", id_prefixes[account->platform], id);
}

static void
add_account(Person *person, Random *random, SamplePlatform platform, bool second)
{
	Account    *account = &person->account[person->accounts++];

	account->platform = platform;
	account->second = second;
	account->open_day = person->join_day;
	if (person->accounts > 1)
		account->open_day += random_between(random, 0, LATEST_NEXT_ACCOUNT);
	if (account->open_day >= LAST_JOIN)
		account->open_day = LAST_JOIN - 1;
	account->taste = frequency[platform] * random_gamma(random, 4.0);
	account->browsing = visits[platform] *
		(0.9 * account->taste / frequency[platform] + 0.1 * random_gamma(random, 4.0));
	account->old_home = person->homes > 1 && random_chance(random, 0.4);
	draw_account_id(account, person->seed, person->number);
}

/*
 * Platforms without replacement, by popularity.
 */
static void
draw_accounts(Person *person, Random *random, double overlap)
{
	int			weights[SAMPLE_PLATFORMS];
	int			total = 100;
	int			count = 1;

	memcpy(weights, popularity, sizeof(weights));
	if (random_chance(random, overlap))
	{
		int			pick = random_between(random, 0, 99);

		count = 2;
		for (int i = 0; pick >= several[i]; i++)
		{
			pick -= several[i];
			count++;
		}
	}
	person->accounts = 0;
	for (int i = 0; i < count; i++)
	{
		int			pick = random_between(random, 0, total - 1);
		int			platform = 0;

		while (pick >= weights[platform])
			pick -= weights[platform++];
		total -= weights[platform];
		weights[platform] = 0;
		add_account(person, random, platform, false);
	}
	if (random_chance(random, SECOND_ACCOUNTS))
		add_account(person, random, person->account[0].platform, true);
}

/*
 * Person "number" (from 1) of a seed; overlap is the share of people with
 * accounts on several platforms.
 */
void
draw_person(Person *person, uint64_t seed, double overlap, uint64_t number)
{
	Random		random;
	Random		home;
	int			members;

	memset(person, 0, sizeof(*person));
	person->seed = seed;
	person->number = number;
	person->household = household_of(seed, number, &members);

	/* who lives together moves together */
	random_start(&home, seed, STREAM_HOMES, person->household);
	person->homes = random_chance(&home, MOVERS) ? 2 : 1;
	person->home[0] = draw_home(&home);
	person->home[1] = draw_home(&home);

	random_start(&random, seed, STREAM_TRAITS, number);
	person->female = random_chance(&random, 0.5);
	person->birth_day = random_between(&random, -16071, 2556);	/* 1956 to 2006 */
	if (random_chance(&random, JOINED_BEFORE_GROWTH))
		person->join_day = random_between(&random, FIRST_JOIN, GROWTH_START - 1);
	else
		person->join_day = random_between(&random, GROWTH_START, LAST_JOIN - 1);
	person->rate = RATE_MEAN * random_gamma(&random, RATE_SHAPE);

	/*
	 * who buys more browses more: one visit in about forty-five ends with an
	 * order
	 */
	person->browse_rate = (0.02 + 40.0 * person->rate) *
		(0.55 + 0.45 * random_gamma(&random, BROWSE_SHAPE));
	person->thrift = random_uniform(&random);
	draw_accounts(person, &random, overlap);
}

/*
 * The home that an account knows.
 */
const Home *
account_home(const Person *person, const Account *account)
{
	return &person->home[person->homes > 1 && !account->old_home ? 1 : 0];
}

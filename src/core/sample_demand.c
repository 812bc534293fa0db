/*
 * sample_demand.c
 *		When the people of the sample data buy and browse, and how probable a
 *		purchase truly is.
 */
#include "core/sample_demand.h"

#include <stdlib.h>

#define SHOCK_SHAPE 3.0
#define LAPSE 0.025				/* chance per period to lapse */
#define RETURN 0.06				/* and to return */
#define LAPSED_BROWSING 0.02	/* share of browsing that a lapse leaves */

/* Diwali of 2020 to 2030 */
static const int diwali[] = {7623, 7978, 8332, 8716, 9070, 9424, 9808, 10163, 10517, 10901, 11256};

/* factors of Monday to Sunday and of January to December, in percent */
static const int weekdays[SAMPLE_PLATFORMS][7] = {
	{95, 90, 90, 92, 100, 115, 118},
	{85, 85, 88, 92, 110, 120, 120},
	{100, 98, 98, 98, 98, 102, 106},
	{95, 95, 95, 98, 102, 108, 107},
	{90, 90, 92, 95, 103, 115, 115},
	{105, 105, 104, 102, 100, 92, 92},
	{85, 85, 88, 92, 100, 122, 128}
};
static const int months[SAMPLE_PLATFORMS][12] = {
	{98, 96, 100, 102, 104, 98, 98, 100, 100, 104, 102, 98},
	{102, 98, 97, 97, 98, 100, 105, 103, 98, 98, 99, 105},
	{98, 92, 94, 92, 94, 96, 102, 102, 108, 116, 108, 98},
	{98, 102, 98, 94, 92, 94, 104, 100, 98, 108, 116, 96},
	{92, 100, 92, 88, 90, 90, 94, 104, 100, 118, 116, 116},
	{94, 86, 94, 112, 126, 104, 88, 90, 92, 106, 100, 108},
	{98, 94, 112, 100, 94, 92, 92, 98, 100, 118, 104, 98}
};

/* how much the three weeks before Diwali lift, in percent */
static const int festival[SAMPLE_PLATFORMS] = {25, 5, 60, 50, 70, 30, 40};

/* share of purchases by hour, in 1/1000: groceries and food, all others */
static const int hours[2][24] = {
	{8, 4, 2, 2, 3, 8, 25, 45, 52, 48, 44, 48, 62, 64, 46, 36, 40, 58, 76, 92, 96, 72, 45, 24},
	{18, 8, 4, 3, 4, 7, 16, 26, 38, 52, 60, 62, 58, 54, 52, 50, 50, 52, 56, 64, 78, 82, 68, 38}
};

/*
 * Fills the sums of season factors of all days.
 */
void
season_init(Season *season)
{
	for (int platform = 0; platform < SAMPLE_PLATFORMS; platform++)
	{
		double		sum = 0.0;

		for (int day = FIRST_DAY; day < LAST_DAY; day++)
		{
			int			year;
			int			month;
			int			day_of_month;
			int			before;
			double		factor;

			date_of_day(day, &year, &month, &day_of_month);
			before = diwali[year - 2020] - day;
			/* 2000-01-03 was a Monday */
			factor = weekdays[platform][(day - 2) % 7] / 100.0 * months[platform][month - 1] / 100.0;
			if (before >= 0 && before <= 21)
				factor *= 1.0 + festival[platform] / 100.0;
			season->sum[platform][day - FIRST_DAY] = sum;
			sum += factor;
		}
		season->sum[platform][SAMPLE_DAYS] = sum;
	}
}

static int
clip_day(int day)
{
	return day < FIRST_DAY ? FIRST_DAY : day > LAST_DAY ? LAST_DAY : day;
}

/*
 * The sum of season factors of the days from "from" up to and without "to";
 * days outside the supported range count nothing.
 */
double
season_sum(const Season *season, SamplePlatform platform, int from, int to)
{
	const double *sum = season->sum[platform];

	from = clip_day(from);
	to = clip_day(to);
	return from < to ? sum[to - FIRST_DAY] - sum[from - FIRST_DAY] : 0.0;
}

/*
 * The period that a day at or after joining belongs to.
 */
int
period_of(const Person *person, int day)
{
	return (day - person->join_day) / PERIOD_DAYS;
}

/*
 * Begins a walk over the person's periods.
 */
void
state_start(StateWalk *walk, const Person *person)
{
	random_start(&walk->random, person->seed, STREAM_STATE, person->number);
	walk->period = 0;
	walk->active = true;
}

/*
 * Whether the person is active in the next period: everyone is in the first.
 */
bool
state_next(StateWalk *walk)
{
	if (walk->period++ > 0)
		walk->active = random_chance(&walk->random, walk->active ? 1.0 - LAPSE : RETURN);
	return walk->active;
}

/*
 * The hidden propensity shock of a period, mean 1.
 */
double
person_shock(const Person *person, int period)
{
	Random		random;

	random_start(&random, person->seed, STREAM_SHOCK, person->number * 1024 + period);
	return random_gamma(&random, SHOCK_SHAPE);
}

static int
compare_occasions(const void *a, const void *b)
{
	const Occasion *x = a;
	const Occasion *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return x->detail < y->detail ? -1 : x->detail > y->detail;
}

/*
 * A day from "from" up to and without "to", by its season factor.
 */
static int
pick_day(Random *random, const Season *season, SamplePlatform platform, int from, int to)
{
	const double *sum = season->sum[platform];
	double		target = sum[from - FIRST_DAY] +
	random_uniform(random) * (sum[to - FIRST_DAY] - sum[from - FIRST_DAY]);
	int			day = from;

	while (day < to - 1 && sum[day + 1 - FIRST_DAY] <= target)
		day++;
	return day;
}

static int
pick_second(Random *random, SamplePlatform platform)
{
	const int  *shares = hours[platform > SAMPLE_SWIGGY];
	int			pick = random_between(random, 0, 999);
	int			hour = 0;

	while (hour < 23 && pick >= shares[hour])
		pick -= shares[hour++];
	return hour * 3600 + random_between(random, 0, 3599);
}

/*
 * Draws a Poisson number of occasions in the days from "from" to "to" and
 * appends them to the result.
 */
static int
add_occasions(Random *random, double mean, const Season *season, SamplePlatform platform,
			  int from, int to, Occasion *result, int count)
{
	int			end = count + random_poisson(random, mean, MOST_PER_PERIOD - count);

	while (count < end)
	{
		result[count].day = pick_day(random, season, platform, from, to);
		result[count].second = pick_second(random, platform);
		result[count].detail = random_bits(random);
		count++;
	}
	return count;
}

/*
 * The purchases of one account in one period, in order of time.
 */
int
purchases_in(const Person *person, int account, int period, bool active,
			 const Season *season, Occasion result[MOST_PER_PERIOD])
{
	const Account *a = &person->account[account];
	int			from = person->join_day + period * PERIOD_DAYS;
	int			to = clip_day(from + PERIOD_DAYS);
	double		mean;
	int			count;
	Random		random;

	if (!active)
		return 0;
	from = clip_day(from > a->open_day ? from : a->open_day);
	if (from >= to)
		return 0;
	mean = person->rate * a->taste * season_sum(season, a->platform, from, to) *
		person_shock(person, period);
	random_start(&random, person->seed, STREAM_PURCHASES,
				 (person->number * 1024 + period) * MAX_ACCOUNTS + account);
	count = add_occasions(&random, mean, season, a->platform, from, to, result, 0);
	if (count > 1)
		qsort(result, count, sizeof(Occasion), compare_occasions);
	return count;
}

/*
 * The browsing sessions of one account in one period, in order of time;
 * sessions in which an order is placed are not among them.  "active" and
 * "next" are the states of this period and the next one.
 */
int
sessions_in(const Person *person, int account, int period, bool active, bool next,
			const Season *season, Occasion result[MOST_PER_PERIOD])
{
	const Account *a = &person->account[account];
	int			first = person->join_day + period * PERIOD_DAYS;
	int			turn = first + PERIOD_DAYS - SHOCK_LEAD;
	int			count = 0;
	Random		random;

	random_start(&random, person->seed, STREAM_SESSIONS,
				 (person->number * 1024 + period) * MAX_ACCOUNTS + account);
	for (int part = 0; part < 2; part++)
	{
		int			from = part == 0 ? first : turn;
		int			to = clip_day(part == 0 ? turn : first + PERIOD_DAYS);
		double		mean = person->browse_rate * a->browsing * ((part == 0 ? active : next) ? 1.0 : LAPSED_BROWSING);

		from = clip_day(from > a->open_day ? from : a->open_day);
		if (from >= to)
			continue;
		mean *= season_sum(season, a->platform, from, to) *
			(0.05 + 0.95 * person_shock(person, period + part));
		count = add_occasions(&random, mean, season, a->platform, from, to, result, count);
	}
	if (count > 1)
		qsort(result, count, sizeof(Occasion), compare_occasions);
	return count;
}

/*
 * The probability that the person buys on one of the platforms (a bit mask)
 * within "horizon" days from as_of on, given all that the generator has fixed
 * by then: rates, tastes, and the states and shocks that browsing already
 * reflects. -1 for who had not joined.
 */
double
purchase_truth(const Person *person, unsigned platforms, int as_of, int horizon,
			   const Season *season)
{
	int			end = as_of + horizon;
	int			period;
	double		active;
	double		lapsed;
	StateWalk	state;

	if (person->join_day >= as_of)
		return -1.0;
	period = period_of(person, as_of);
	state_start(&state, person);
	while (state.period <= period)
		state_next(&state);
	active = state.active ? 1.0 : 0.0;
	lapsed = 1.0 - active;
	for (;; period++)
	{
		int			first = person->join_day + period * PERIOD_DAYS;
		int			next = first + PERIOD_DAYS;
		double		mean = 0.0;
		double		stays;

		for (int i = 0; i < person->accounts; i++)
		{
			const Account *a = &person->account[i];
			int			from = first > as_of ? first : as_of;

			if (!(platforms & (1u << a->platform)))
				continue;
			if (from < a->open_day)
				from = a->open_day;
			mean += a->taste * season_sum(season, a->platform, from, next < end ? next : end);
		}
		mean *= person->rate;
		if (first <= as_of - 1 + SHOCK_LEAD)
			active *= portable_exp(-mean * person_shock(person, period));
		else
			active *= portable_exp(-SHOCK_SHAPE * portable_log(1.0 + mean / SHOCK_SHAPE));
		if (next >= end)
			break;
		if (next <= as_of - 1 + SHOCK_LEAD)
			stays = state_next(&state) ? active + lapsed : 0.0;
		else
			stays = active * (1.0 - LAPSE) + lapsed * RETURN;
		lapsed = active + lapsed - stays;
		active = stays;
	}
	return 1.0 - active - lapsed;
}

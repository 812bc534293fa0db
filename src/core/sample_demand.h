/*
 * sample_demand.h
 *		When the people of the sample data buy and browse, and how probable a
 *		purchase truly is.
 *
 * Pure C.  A person's time since joining is cut into periods of 30 days.  In
 * each the person is active or lapsed (a hidden two-state chain) and has a
 * hidden shock (gamma, mean 1).  Purchases with account a are a Poisson
 * process: rate x taste(a) x shock x season(platform, day) while active.
 * Browsing on a day follows the state and the shock that hold SHOCK_LEAD days
 * later, so it foretells buying; it depends on no purchase that has not
 * happened.
 */
#ifndef PATTERNOS_SAMPLE_DEMAND_H
#define PATTERNOS_SAMPLE_DEMAND_H

#include "core/sample_person.h"

#define PERIOD_DAYS 30
#define SHOCK_LEAD 15
#define MOST_PER_PERIOD 64

/* days that can be asked for: 2020-01-01 up to and without 2031-01-01 */
#define FIRST_DAY 7305
#define LAST_DAY 11323
#define SAMPLE_DAYS (LAST_DAY - FIRST_DAY)

/* sums of daily season factors (mean about 1) up to each day */
typedef struct Season
{
	double		sum[SAMPLE_PLATFORMS][SAMPLE_DAYS + 1];
} Season;

/* the chain of active and lapsed periods, walked from joining on */
typedef struct StateWalk
{
	Random		random;
	int			period;			/* the next one */
	bool		active;
} StateWalk;

typedef struct Occasion
{
	int			day;
	int			second;			/* of the day */
	uint64_t	detail;			/* index of the stream that details it */
} Occasion;

extern void season_init(Season *season);
extern double season_sum(const Season *season, SamplePlatform platform, int from, int to);
extern void state_start(StateWalk *walk, const Person *person);
extern bool state_next(StateWalk *walk);
extern double person_shock(const Person *person, int period);
extern int	period_of(const Person *person, int day);
extern int	purchases_in(const Person *person, int account, int period, bool active,
						 const Season *season, Occasion result[MOST_PER_PERIOD]);
extern int	sessions_in(const Person *person, int account, int period, bool active, bool next,
						const Season *season, Occasion result[MOST_PER_PERIOD]);
extern double purchase_truth(const Person *person, unsigned platforms, int as_of,
							 int horizon, const Season *season);

#endif							/* PATTERNOS_SAMPLE_DEMAND_H */

/*
 * sample_truth.c
 *		What the sample data hide: whose account is whose, and how probable a
 *		purchase truly was.  Never to be loaded into the warehouse.
 */
#include "sample.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#define LONGEST_HORIZON 366

/*
 * The person behind each account: (people, seed, overlap, first_person).
 */
PG_FUNCTION_INFO_V1(patternos_sample_truth_accounts);
Datum
patternos_sample_truth_accounts(PG_FUNCTION_ARGS)
{
	SampleRange range;
	SampleRow	row;
	Person		person;

	sample_check_people(&range, PG_GETARG_INT32(0), PG_GETARG_INT64(1),
						PG_GETARG_FLOAT8(2), PG_GETARG_INT32(3));
	sample_start(&row, fcinfo);
	for (uint64 number = range.first; number <= range.last; number++)
	{
		draw_person(&person, range.seed, range.overlap, number);
		for (int i = 0; i < person.accounts; i++)
		{
			sample_text(&row, sample_platform_ids[person.account[i].platform]);
			sample_text(&row, person.account[i].id);
			sample_datum(&row, Int32GetDatum((int32) number));
			sample_emit(&row);
		}
	}
	return (Datum) 0;
}

/*
 * Whether the person buys in the range's days on one of the platforms.
 */
static bool
buys_in_range(const Person *person, unsigned platforms, const SampleRange *range)
{
	const Season *season = sample_season();
	int			first = period_of(person, range->from_day);
	int			last = period_of(person, range->until_day - 1);
	StateWalk	state;
	Occasion	occasions[MOST_PER_PERIOD];

	state_start(&state, person);
	for (int period = 0; period <= last; period++)
	{
		bool		active = state_next(&state);

		for (int i = 0; i < person->accounts && period >= first; i++)
		{
			int			count;

			if (!(platforms & (1u << person->account[i].platform)))
				continue;
			count = purchases_in(person, i, period, active, season, occasions);
			while (count-- > 0)
				if (occasions[count].day >= range->from_day && occasions[count].day < range->until_day)
					return true;
		}
	}
	return false;
}

/*
 * The true probability of a purchase within horizon days from as_of on, given
 * all that is fixed before as_of, and whether there was one, for each person
 * who had joined: (people, seed, as_of, horizon, platform, overlap,
 * first_person).
 */
PG_FUNCTION_INFO_V1(patternos_sample_truth_probability);
Datum
patternos_sample_truth_probability(PG_FUNCTION_ARGS)
{
	SampleRange range;
	DateADT		as_of = PG_GETARG_DATEADT(2);
	int32		horizon = PG_GETARG_INT32(3);
	unsigned	platforms = sample_check_platforms(PG_GETARG_TEXT_PP(4));
	SampleRow	row;
	Person		person;

	sample_check_people(&range, PG_GETARG_INT32(0), PG_GETARG_INT64(1),
						PG_GETARG_FLOAT8(5), PG_GETARG_INT32(6));
	if (horizon < 1 || horizon > LONGEST_HORIZON)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon is out of range"),
				 errhint("Give between 1 and %d days.", LONGEST_HORIZON)));
	sample_check_dates(&range, as_of, as_of > LAST_DAY ? as_of : as_of + horizon);
	sample_start(&row, fcinfo);
	for (uint64 number = range.first; number <= range.last; number++)
	{
		double		probability;

		CHECK_FOR_INTERRUPTS();
		draw_person(&person, range.seed, range.overlap, number);
		probability = purchase_truth(&person, platforms, as_of, horizon, sample_season());
		if (probability < 0.0)
			continue;
		sample_datum(&row, Int32GetDatum((int32) number));
		sample_datum(&row, Float8GetDatum(probability));
		sample_datum(&row, BoolGetDatum(buys_in_range(&person, platforms, &range)));
		sample_emit(&row);
	}
	return (Datum) 0;
}

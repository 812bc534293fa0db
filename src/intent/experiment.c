/*
 * experiment.c
 *		Groups of an experiment and the difference between them, for SQL.
 *
 * experiment_arm() is a keyed hash of the customer: an experiment has a salt
 * of its own, so that its groups are independent of those of any other.
 */
#include "server/composite.h"

#include <math.h>

#include "core/distribution.h"
#include "core/lift.h"
#include "core/sha256.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

#define LIFT_COLUMNS 8

PG_FUNCTION_INFO_V1(patternos_experiment_arm);
PG_FUNCTION_INFO_V1(patternos_compare_rates);
PG_FUNCTION_INFO_V1(patternos_compare_means);
PG_FUNCTION_INFO_V1(patternos_sample_ratio_p);
PG_FUNCTION_INFO_V1(patternos__normal_p);

/*
 * Refuses what is no share between 0 and 1.
 */
static void
check_share(float8 share, const char *name)
{
	if (!(share > 0 && share < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must lie between 0 and 1", name)));
}

/*
 * experiment_arm(salt text, id text, holdout float8) returns text
 *
 * 'holdout' for the share of ids whose hash lies lowest, else 'treatment'.
 * 22023 for a share that does not lie between 0 and 1.
 */
Datum
patternos_experiment_arm(PG_FUNCTION_ARGS)
{
	text	   *salt = PG_GETARG_TEXT_PP(0);
	text	   *id = PG_GETARG_TEXT_PP(1);
	float8		holdout = PG_GETARG_FLOAT8(2);
	HmacKey		key;
	uint8		digest[SHA256_SIZE];
	uint64		place;

	check_share(holdout, "share of the holdout");
	hmac_key(&key, VARDATA_ANY(salt), VARSIZE_ANY_EXHDR(salt));
	hmac_sha256(&key, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id), "", 0, digest);
	memcpy(&place, digest, sizeof(place));
	/* 53 bits, as many as a double holds */
	place = pg_ntoh64(place) >> 11;
	PG_RETURN_TEXT_P(cstring_to_text(ldexp((double) place, -53) < holdout ? "holdout" : "treatment"));
}

/*
 * A lift as the composite that the calling function returns; NaN is NULL.
 */
static Datum
lift_datum(FunctionCallInfo fcinfo, Lift lift)
{
	float8		figures[LIFT_COLUMNS] = {
		lift.difference.value, lift.difference.low, lift.difference.high,
		lift.relative.value, lift.relative.low, lift.relative.high, lift.p_value, lift.detectable
	};
	Datum		values[LIFT_COLUMNS];
	bool		nulls[LIFT_COLUMNS];
	int			i;

	for (i = 0; i < LIFT_COLUMNS; i++)
	{
		values[i] = Float8GetDatum(figures[i]);
		nulls[i] = isnan(figures[i]);
	}
	return HeapTupleGetDatum(heap_form_tuple(result_row_type(fcinfo), values, nulls));
}

/*
 * compare_rates(conversions_a bigint, n_a bigint, conversions_b bigint,
 * n_b bigint, confidence float8) returns lift_estimate
 *
 * NULLs where a figure is not defined.  22003 for counts that are negative or
 * exceed their group, 22023 for a confidence that is no share.
 */
Datum
patternos_compare_rates(PG_FUNCTION_ARGS)
{
	int64		hits_a = PG_GETARG_INT64(0);
	int64		n_a = PG_GETARG_INT64(1);
	int64		hits_b = PG_GETARG_INT64(2);
	int64		n_b = PG_GETARG_INT64(3);
	float8		confidence = PG_GETARG_FLOAT8(4);

	check_share(confidence, "confidence");
	if (hits_a < 0 || hits_b < 0 || hits_a > n_a || hits_b > n_b)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("conversions must lie between 0 and the size of their group")));
	return lift_datum(fcinfo, lift_of_rates(hits_a, n_a, hits_b, n_b, confidence));
}

/*
 * A group from three arguments of a call, the first of them at 'first'.
 */
static Sample
get_group(FunctionCallInfo fcinfo, int first)
{
	Sample		group = {PG_GETARG_INT64(first), PG_GETARG_FLOAT8(first + 1), PG_GETARG_FLOAT8(first + 2)};

	if (group.n < 0 || isnan(group.mean) || isinf(group.mean) || !(group.variance >= 0) || isinf(group.variance))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sizes and variances of groups must not be negative, and means must be finite")));
	return group;
}

/*
 * compare_means(n_a bigint, mean_a float8, variance_a float8, n_b bigint,
 * mean_b float8, variance_b float8, confidence float8) returns lift_estimate
 *
 * NULLs where a figure is not defined.  22003 for what is no size, mean or
 * variance, 22023 for a confidence that is no share.
 */
Datum
patternos_compare_means(PG_FUNCTION_ARGS)
{
	Sample		a = get_group(fcinfo, 0);
	Sample		b = get_group(fcinfo, 3);
	float8		confidence = PG_GETARG_FLOAT8(6);

	check_share(confidence, "confidence");
	return lift_datum(fcinfo, lift_of_means(a, b, confidence));
}

/*
 * sample_ratio_p(n_a bigint, n_b bigint, share_a float8) returns float8
 *
 * 0 to 1; NULL for two empty groups.  22003 for negative sizes, 22023 for
 * what is no share.
 */
Datum
patternos_sample_ratio_p(PG_FUNCTION_ARGS)
{
	int64		n_a = PG_GETARG_INT64(0);
	int64		n_b = PG_GETARG_INT64(1);
	float8		share = PG_GETARG_FLOAT8(2);
	float8		p;

	check_share(share, "share");
	if (n_a < 0 || n_b < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sizes of groups must not be negative")));
	p = sample_ratio_p(n_a, n_b, share);
	if (isnan(p))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(p);
}

/*
 * _normal_p(z float8) returns float8
 *
 * Probability that a standard normal variable exceeds |z| in size.
 */
Datum
patternos__normal_p(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(normal_two_sided(PG_GETARG_FLOAT8(0)));
}

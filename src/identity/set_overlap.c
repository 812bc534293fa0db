/*
 * set_overlap.c
 *		Weighted overlap of two sets: of array elements, or of the words of two texts.
 *
 * The overlap is the weight of the common members over that of all.  A member that a
 * share s of all records has weighs log2(1/s), in fixed point, so that no sum depends
 * on its order; without shares all members weigh the same.
 */
#include "patternos.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/normalize.h"
#include "core/utf8.h"
#include "miscadmin.h"
#include "server/utf8_argument.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* Members of a set at most. */
#define MAX_MEMBERS 65535

/* Share of a member that is not listed, unless "" is. */
#define UNLISTED_SHARE 0.0001

/* Weight of one bit. */
#define WEIGHT_UNIT (1 << 20)

/* Bytes of text folded at once. */
#define PIECE 256

PG_FUNCTION_INFO_V1(patternos_set_overlap);
PG_FUNCTION_INFO_V1(patternos_token_overlap);

typedef struct Member
{
	const char *text;
	int			size;
} Member;

typedef struct MemberSet
{
	Member	   *members;		/* sorted and distinct once finished */
	int			count;
	int			room;
} MemberSet;

static int
compare_members(const void *a, const void *b)
{
	const Member *x = a;
	const Member *y = b;
	int			order = memcmp(x->text, y->text, Min(x->size, y->size));

	return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

static void
check_count(int count)
{
	if (count > MAX_MEMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("set is too large to be compared"),
				 errdetail("A set has at most %d members.", MAX_MEMBERS)));
}

static void
add_member(MemberSet *set, const char *text, int size)
{
	if (set->count == set->room)
	{
		check_count(set->count + 1);
		set->room = set->room == 0 ? 16 : set->room * 2;
		set->members = set->members == NULL ? palloc(set->room * sizeof(Member)) :
			repalloc(set->members, set->room * sizeof(Member));
	}
	set->members[set->count].text = text;

	set->members[set->count++].size = size;
}

/*
 * Sorts a set and drops repeated members.
 */
static void
finish_set(MemberSet *set)
{
	int			n = 0;

	qsort(set->members, set->count, sizeof(Member), compare_members);
	for (int i = 0; i < set->count; i++)
	{
		if (i == 0 || compare_members(&set->members[i], &set->members[n - 1]) != 0)
			set->members[n++] = set->members[i];
	}
	set->count = n;
}

/*
 * The weight of a share of records.
 */
static int64
share_weight(double share)
{
	int64		weight = (int64) rint(-log2(share) * WEIGHT_UNIT);

	return Max(weight, 1);
}

/*
 * A member's weight by the listed shares, or the one given where it is not listed.
 * 22023 unless shares are above 0 and at most 1.
 */
static int64
member_weight(Jsonb *shares, const Member *member, int64 unlisted)
{
	JsonbValue	buffer;
	JsonbValue *value;
	double		share = 0;

	if (JB_ROOT_COUNT(shares) == 0)
		return unlisted;
	value = getKeyJsonValueFromContainer(&shares->root, member->text, member->size, &buffer);
	if (value == NULL)
		return unlisted;
	if (value->type == jbvNumeric)
		share = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												   NumericGetDatum(value->val.numeric)));
	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share of a member is out of range"),
				 errdetail("Shares are numbers above 0 and at most 1.")));
	return share_weight(share);
}

/*
 * The overlap of two sets; NULL when either is empty.
 */
static Datum
overlap(FunctionCallInfo fcinfo, MemberSet *a, MemberSet *b, Jsonb *shares)
{
	const Member unlisted_key = {"", 0};
	int64		unlisted;
	int64		common = 0;
	int64		all = 0;
	int			i = 0;
	int			j = 0;

	if (!JB_ROOT_IS_OBJECT(shares))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("shares of members must be a JSON object"),
				 errhint("Give an object such as {\"member\": 0.1}, or {}.")));
	if (a->count == 0 || b->count == 0)
		PG_RETURN_NULL();
	finish_set(a);
	finish_set(b);
	unlisted = member_weight(shares, &unlisted_key, share_weight(UNLISTED_SHARE));
	while (i < a->count || j < b->count)
	{
		int			order = i == a->count ? 1 : j == b->count ? -1 :
		compare_members(&a->members[i], &b->members[j]);
		int64		weight = member_weight(shares, order <= 0 ? &a->members[i] : &b->members[j], unlisted);

		all += weight;
		common += order == 0 ? weight : 0;
		i += order <= 0;
		j += order >= 0;
	}
	PG_RETURN_FLOAT8((double) common / (double) all);
}

/*
 * The elements of an array that are not NULL, numbers written out.
 */
static MemberSet
array_members(ArrayType *array)
{
	Oid			type = ARR_ELEMTYPE(array);
	MemberSet	set = {NULL, 0, 0};
	Datum	   *values;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, type, type == INT8OID ? sizeof(int64) : -1,
					  type == INT8OID ? FLOAT8PASSBYVAL : false,
					  type == INT8OID ? TYPALIGN_DOUBLE : TYPALIGN_INT,
					  &values, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			continue;
		if (type == INT8OID)
		{
			char	   *text = palloc(MAXINT8LEN + 1);

			add_member(&set, text, pg_lltoa(DatumGetInt64(values[i]), text));
		}
		else
		{
			text	   *value = DatumGetTextPP(values[i]);

			add_member(&set, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
		}
	}
	return set;
}

/*
 * The words of a text, folded, piece by piece.
 */
static MemberSet
word_members(Utf8 value)
{
	MemberSet	set = {NULL, 0, 0};
	const char *at = value.text;
	const char *end = at + value.size;

	while (at < end)
	{
		size_t		size = utf8_prefix(at, (size_t) (end - at), PIECE);
		char	   *folded = palloc(NORMALIZE_MAX);
		char	   *word = folded;
		size_t		folded_size;
		Reason		reason;

		CHECK_FOR_INTERRUPTS();
		/* end a piece between words, where there are any */
		for (size_t n = size; at + size < end && n > 0; n--)
		{
			if (at[n - 1] == ' ' || at[n - 1] == '\n')
			{
				size = n;
				break;
			}
		}
		size = Max(size, 1);
		reason = normalize_words(at, size, folded, NORMALIZE_MAX, &folded_size);
		if (reason == REASON_BAD_UTF8 || reason == REASON_CONTROL_CHARACTER)
			add_member(&set, at, (int) size);	/* no text: as it is */
		while (reason == REASON_OK && word < folded + folded_size)
		{
			char	   *space = memchr(word, ' ', folded + folded_size - word);
			char	   *word_end = space != NULL ? space : folded + folded_size;

			add_member(&set, word, (int) (word_end - word));
			word = word_end + 1;
		}
		at += size;
	}
	return set;
}

/*
 * patternos.set_overlap(a, b, shares) of text[] or bigint[]: 0 to 1; NULL when either
 * has no elements, NULLs not counted.  54000 for more than MAX_MEMBERS.
 */
Datum
patternos_set_overlap(PG_FUNCTION_ARGS)
{
	MemberSet	a = array_members(PG_GETARG_ARRAYTYPE_P(0));
	MemberSet	b = array_members(PG_GETARG_ARRAYTYPE_P(1));

	return overlap(fcinfo, &a, &b, PG_GETARG_JSONB_P(2));
}

/*
 * patternos.token_overlap(text, text, jsonb): the same of the words of two texts.
 */
Datum
patternos_token_overlap(PG_FUNCTION_ARGS)
{
	MemberSet	a = word_members(PG_GETARG_UTF8(0));
	MemberSet	b = word_members(PG_GETARG_UTF8(1));

	return overlap(fcinfo, &a, &b, PG_GETARG_JSONB_P(2));
}

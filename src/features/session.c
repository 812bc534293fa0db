/*
 * session.c
 *		The window function that numbers a visitor's sessions.
 */
#include "session.h"

#include "server/journal.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "windowapi.h"

PG_FUNCTION_INFO_V1(patternos_session_number);

/* an open session: of an id, or the one of the events without */
typedef struct OpenSession
{
	int64		first;
	int64		last;
	int32		number;			/* 0: none yet */
} OpenSession;

/* kept for a partition of the window */
typedef struct Visitor
{
	Journal    *ids;			/* dictionary of the given ids */
	OpenSession unnamed;
	OpenSession *named;			/* by the id's word */
	int32		capacity;
	int32		sessions;		/* so far */
	int64		last;			/* time of the row before */
} Visitor;

/*
 * Microseconds of an interval argument that holds no months; error 22023 for
 * one that is not positive.
 */
static int64
interval_argument(WindowObject window, int argument)
{
	bool		isnull;
	Interval   *value = DatumGetIntervalP(WinGetFuncArgCurrent(window, argument, &isnull));
	int64		result;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("session gap and cap must not be NULL")));
	if (value->month != 0 || value->day < 0 || value->day > 366 || value->time > 366 * USECS_PER_DAY ||
		(result = value->time + value->day * USECS_PER_DAY) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("session gap and cap must be positive, in days or less, and at most a year")));
	return result;
}

/*
 * The open session of the current row's id.
 */
static OpenSession *
find_session(WindowObject window, Visitor *visitor, bool *has_id)
{
	MemoryContext context = GetMemoryChunkContext(visitor);
	Datum		id = WinGetFuncArgCurrent(window, 1, has_id);
	int64		none[JOURNAL_PARAMETERS] = {0};
	int32		word;

	*has_id = !*has_id;
	if (!*has_id)
		return &visitor->unnamed;
	if (visitor->ids == NULL)
	{
		visitor->ids = journal_create(context, 1, 1, none);
		visitor->capacity = 8;
		visitor->named = MemoryContextAllocZero(context, sizeof(OpenSession) * visitor->capacity);
	}
	word = journal_varlena(visitor->ids, id, false);
	if (word >= visitor->capacity)
	{
		visitor->named = repalloc(visitor->named, sizeof(OpenSession) * visitor->capacity * 2);
		memset(visitor->named + visitor->capacity, 0, sizeof(OpenSession) * visitor->capacity);
		visitor->capacity *= 2;
	}
	return &visitor->named[word];
}

/*
 * Number of the session of the current row within its partition, from 1. NULL
 * without a time. Error 22023 when the rows are not in order of time.
 */
Datum
patternos_session_number(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Visitor    *visitor;
	OpenSession *session;
	SessionRules rules;
	bool		isnull,
				has_id;
	int64		at;

	visitor = WinGetPartitionLocalMemory(window, sizeof(Visitor));
	at = DatumGetTimestamp(WinGetFuncArgCurrent(window, 0, &isnull));
	if (isnull)
		PG_RETURN_NULL();
	if (TIMESTAMP_NOT_FINITE(at) || at >= INT64CONST(252455616000000000))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("times of events must be finite and before year 10000")));
	if (visitor->sessions > 0 && at < visitor->last)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows must come in order of time"),
				 errhint("Write OVER (PARTITION BY the visitor ORDER BY the time).")));
	visitor->last = at;
	rules.gap = interval_argument(window, 2);
	rules.cap = interval_argument(window, 3);
	session = find_session(window, visitor, &has_id);
	if (session->number == 0 || !session_continues(&rules, has_id, session->first, session->last, at))
	{
		session->first = at;
		session->number = ++visitor->sessions;
	}
	session->last = at;
	PG_RETURN_INT32(session->number);
}

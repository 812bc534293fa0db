/*
 * journal.c
 *		State of the aggregates that sort their rows at the end.
 *
 * Invariants: each word stands in the dictionary once; every word number of a
 * row is NO_WORD or below nentries; starts has one element more than there are
 * words.  Serialised: the shape (two int32), the parameters (int64), the words
 * (int32 size and bytes each), then the rows.
 */
#include "journal.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"

#define MAX_ROWS	(1 << 24)
#define MAX_WORDS	(1 << 20)
#define MAX_BYTES	(256 * 1024 * 1024)
#define FEW_WORDS	16			/* searched without a hash table */

PG_FUNCTION_INFO_V1(patternos__journal_combine);
PG_FUNCTION_INFO_V1(patternos__journal_serialize);
PG_FUNCTION_INFO_V1(patternos__journal_deserialize);

/*
 * Error 54000: a group holds more than the state does.
 */
static void
too_many(const char *what, int limit)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many %s in one group", what),
			 errdetail("The limit is %d.", limit),
			 errhint("Group by a finer key or filter the rows.")));
}

/*
 * An empty journal.
 */
Journal    *
journal_create(MemoryContext context, int nnumbers, int nwords, const int64 *parameters)
{
	Journal    *journal = MemoryContextAllocZero(context, sizeof(Journal));

	journal->context = context;
	journal->nnumbers = nnumbers;
	journal->nwords = nwords;
	memcpy(journal->parameters, parameters, sizeof(journal->parameters));
	journal->capacity = 8;
	journal->numbers = MemoryContextAlloc(context, sizeof(int64) * journal->capacity * nnumbers);
	journal->words = MemoryContextAlloc(context, sizeof(int32) * journal->capacity * nwords);
	journal->entry_capacity = 8;
	journal->starts = MemoryContextAlloc(context, sizeof(int32) * (journal->entry_capacity + 1));
	journal->hashes = MemoryContextAlloc(context, sizeof(uint32) * journal->entry_capacity);
	journal->starts[0] = 0;
	journal->byte_capacity = 128;
	journal->bytes = MemoryContextAlloc(context, journal->byte_capacity);
	return journal;
}

/*
 * Refuses other parameters than those of the first row: the result would
 * depend on the order of the rows.
 */
void
journal_check(const Journal *journal, const int64 *parameters)
{
	if (memcmp(journal->parameters, parameters, sizeof(journal->parameters)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reference date and rules must be the same for all rows of a group")));
}

/*
 * The bytes of a word, not terminated.
 */
const char *
journal_bytes(const Journal *journal, int32 word, int32 *size)
{
	*size = journal->starts[word + 1] - journal->starts[word];
	return journal->bytes + journal->starts[word];
}

static bool
same_word(const Journal *journal, int32 word, uint32 hash, const char *bytes, Size size)
{
	int32		word_size;
	const char *word_bytes = journal_bytes(journal, word, &word_size);

	return journal->hashes[word] == hash && word_size == (int32) size &&
		memcmp(word_bytes, bytes, size) == 0;
}

/*
 * Builds the hash table anew with twice as many slots as there may be words.
 */
static void
build_slots(Journal *journal)
{
	if (journal->slots)
		pfree(journal->slots);
	journal->nslots = journal->entry_capacity * 2;
	journal->slots = MemoryContextAllocZero(journal->context, sizeof(int32) * journal->nslots);
	for (int32 word = 0; word < journal->nentries; word++)
	{
		uint32		slot = journal->hashes[word] & (journal->nslots - 1);

		while (journal->slots[slot])
			slot = (slot + 1) & (journal->nslots - 1);
		journal->slots[slot] = word + 1;
	}
}

/*
 * Appends a new word to the dictionary.
 */
static int32
append_word(Journal *journal, uint32 hash, const char *bytes, Size size)
{
	int32		word = journal->nentries;
	int32		start = journal->starts[word];

	if (word == MAX_WORDS)
		too_many("distinct texts", MAX_WORDS);
	if (size > MAX_BYTES - start)
		too_many("bytes of distinct texts", MAX_BYTES);
	if (word == journal->entry_capacity)
	{
		journal->entry_capacity *= 2;
		journal->starts = repalloc(journal->starts, sizeof(int32) * (journal->entry_capacity + 1));
		journal->hashes = repalloc(journal->hashes, sizeof(uint32) * journal->entry_capacity);
	}
	if (start + (int32) size > journal->byte_capacity)
	{
		while (start + (int32) size > journal->byte_capacity)
			journal->byte_capacity *= 2;
		journal->bytes = repalloc(journal->bytes, journal->byte_capacity);
	}
	memcpy(journal->bytes + start, bytes, size);
	journal->starts[word + 1] = start + (int32) size;
	journal->hashes[word] = hash;
	journal->nentries++;
	return word;
}

/*
 * The number of a word, which is copied when new.
 */
int32
journal_word(Journal *journal, const char *bytes, Size size)
{
	uint32		hash = hash_bytes((const unsigned char *) bytes, (int) size);
	uint32		slot = 0;
	int32		word;

	if (journal->nslots == 0)
	{
		for (word = 0; word < journal->nentries; word++)
			if (same_word(journal, word, hash, bytes, size))
				return word;
	}
	else
	{
		slot = hash & (journal->nslots - 1);
		while (journal->slots[slot])
		{
			word = journal->slots[slot] - 1;
			if (same_word(journal, word, hash, bytes, size))
				return word;
			slot = (slot + 1) & (journal->nslots - 1);
		}
	}
	word = append_word(journal, hash, bytes, size);
	if (journal->nslots == journal->entry_capacity * 2)
		journal->slots[slot] = word + 1;
	else if (journal->nentries > FEW_WORDS)
		build_slots(journal);
	return word;
}

/*
 * The number of the word in a text datum, NO_WORD for NULL.
 */
int32
journal_varlena(Journal *journal, Datum value, bool isnull)
{
	text	   *word;

	if (isnull)
		return NO_WORD;
	word = DatumGetTextPP(value);
	return journal_word(journal, VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word));
}

/*
 * The same of a text argument.
 */
int32
journal_text(Journal *journal, FunctionCallInfo fcinfo, int argument)
{
	return journal_varlena(journal, PG_GETARG_DATUM(argument), PG_ARGISNULL(argument));
}

/*
 * Makes room for so many rows in all.
 */
static void
reserve_rows(Journal *journal, int64 rows)
{
	if (rows <= journal->capacity)
		return;
	if (rows > MAX_ROWS)
		too_many("rows", MAX_ROWS);
	while (rows > journal->capacity)
		journal->capacity *= 2;
	journal->numbers = repalloc(journal->numbers, sizeof(int64) * journal->capacity * journal->nnumbers);
	journal->words = repalloc(journal->words, sizeof(int32) * journal->capacity * journal->nwords);
}

/*
 * Appends a row.
 */
void
journal_add(Journal *journal, const int64 *numbers, const int32 *words)
{
	reserve_rows(journal, (int64) journal->count + 1);
	memcpy(journal->numbers + (Size) journal->count * journal->nnumbers, numbers,
		   sizeof(int64) * journal->nnumbers);
	memcpy(journal->words + (Size) journal->count * journal->nwords, words,
		   sizeof(int32) * journal->nwords);
	journal->count++;
}

static int
compare_words(const void *a, const void *b, void *arg)
{
	const Journal *journal = arg;
	int32		size_a,
				size_b;
	const char *bytes_a = journal_bytes(journal, *(const int32 *) a, &size_a);
	const char *bytes_b = journal_bytes(journal, *(const int32 *) b, &size_b);
	int			order = memcmp(bytes_a, bytes_b, Min(size_a, size_b));

	return order != 0 ? order : size_a - size_b;
}

/*
 * For each word its place in the order of bytes; palloc'd.
 */
int32	   *
journal_ranks(const Journal *journal)
{
	int32	   *sorted = palloc(sizeof(int32) * (journal->nentries + 1));
	int32	   *ranks = palloc(sizeof(int32) * (journal->nentries + 1));

	for (int32 word = 0; word < journal->nentries; word++)
		sorted[word] = word;
	qsort_interruptible(sorted, journal->nentries, sizeof(int32), compare_words,
						unconstify(Journal *, journal));
	for (int32 place = 0; place < journal->nentries; place++)
		ranks[sorted[place]] = place;
	pfree(sorted);
	return ranks;
}

/*
 * Combine function: the rows of both.
 */
Datum
patternos__journal_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Journal    *into = PG_ARGISNULL(0) ? NULL : (Journal *) PG_GETARG_POINTER(0);
	Journal    *from = PG_ARGISNULL(1) ? NULL : (Journal *) PG_GETARG_POINTER(1);
	int32	   *numbers_of;

	if (from == NULL)
	{
		if (into == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(into);
	}
	if (into == NULL)
		into = journal_create(context, from->nnumbers, from->nwords, from->parameters);
	journal_check(into, from->parameters);
	numbers_of = palloc(sizeof(int32) * (from->nentries + 1));
	for (int32 word = 0; word < from->nentries; word++)
	{
		int32		size;
		const char *bytes = journal_bytes(from, word, &size);

		CHECK_FOR_INTERRUPTS();
		numbers_of[word] = journal_word(into, bytes, size);
	}
	reserve_rows(into, (int64) into->count + from->count);
	memcpy(into->numbers + (Size) into->count * into->nnumbers, from->numbers,
		   sizeof(int64) * from->count * from->nnumbers);
	for (Size i = 0; i < (Size) from->count * from->nwords; i++)
	{
		int32		word = from->words[i];

		into->words[(Size) into->count * into->nwords + i] = word == NO_WORD ? NO_WORD : numbers_of[word];
	}
	into->count += from->count;
	pfree(numbers_of);
	PG_RETURN_POINTER(into);
}

/*
 * Serialisation function.
 */
Datum
patternos__journal_serialize(PG_FUNCTION_ARGS)
{
	Journal    *journal;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	journal = (Journal *) PG_GETARG_POINTER(0);
	pq_begintypsend(&buf);
	pq_sendint32(&buf, journal->nnumbers);
	pq_sendint32(&buf, journal->nwords);
	for (int i = 0; i < JOURNAL_PARAMETERS; i++)
		pq_sendint64(&buf, journal->parameters[i]);
	pq_sendint32(&buf, journal->nentries);
	for (int32 word = 0; word < journal->nentries; word++)
	{
		int32		size;
		const char *bytes = journal_bytes(journal, word, &size);

		CHECK_FOR_INTERRUPTS();
		pq_sendint32(&buf, size);
		pq_sendbytes(&buf, bytes, size);
	}
	pq_sendint32(&buf, journal->count);
	for (Size i = 0; i < (Size) journal->count * journal->nnumbers; i++)
		pq_sendint64(&buf, journal->numbers[i]);
	for (Size i = 0; i < (Size) journal->count * journal->nwords; i++)
		pq_sendint32(&buf, journal->words[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * Error 22P03 for bytes that no journal serialises to.
 */
static void
check_state(bool valid)
{
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid aggregate state")));
}

/*
 * Reads the rows of a serialised journal.
 */
static void
receive_rows(Journal *journal, StringInfo buf)
{
	int32		count = pq_getmsgint(buf, 4);
	int64		row_size = 8 * journal->nnumbers + 4 * journal->nwords;

	check_state(count >= 0 && count <= MAX_ROWS && count * row_size == buf->len - buf->cursor);
	reserve_rows(journal, count);
	for (Size i = 0; i < (Size) count * journal->nnumbers; i++)
		journal->numbers[i] = pq_getmsgint64(buf);
	for (Size i = 0; i < (Size) count * journal->nwords; i++)
	{
		journal->words[i] = (int32) pq_getmsgint(buf, 4);
		check_state(journal->words[i] >= NO_WORD && journal->words[i] < journal->nentries);
	}
	journal->count = count;
}

/*
 * Deserialisation function.
 */
Datum
patternos__journal_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *state;
	StringInfoData buf;
	Journal    *journal;
	int64		parameters[JOURNAL_PARAMETERS];
	int32		nnumbers,
				nwords,
				nentries;

	(void) aggregate_context(fcinfo);
	state = PG_GETARG_BYTEA_PP(0);
	initReadOnlyStringInfo(&buf, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));
	nnumbers = pq_getmsgint(&buf, 4);
	nwords = pq_getmsgint(&buf, 4);
	check_state(nnumbers > 0 && nnumbers <= 8 && nwords > 0 && nwords <= 8);
	for (int i = 0; i < JOURNAL_PARAMETERS; i++)
		parameters[i] = pq_getmsgint64(&buf);
	journal = journal_create(CurrentMemoryContext, nnumbers, nwords, parameters);
	nentries = pq_getmsgint(&buf, 4);
	check_state(nentries >= 0 && nentries <= MAX_WORDS);
	for (int32 word = 0; word < nentries; word++)
	{
		int32		size = pq_getmsgint(&buf, 4);
		const char *bytes;

		CHECK_FOR_INTERRUPTS();
		check_state(size >= 0);
		bytes = pq_getmsgbytes(&buf, size);
		check_state(journal_word(journal, bytes, size) == word);
	}
	receive_rows(journal, &buf);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(journal);
}

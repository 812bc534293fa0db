/*
 * intern.c
 *		Tables of distinct values that a batch builds while its rows arrive.
 *
 * Values are copied once into the table's context; the hash table holds their
 * numbers only, so that it stays small and can grow cheaply.
 */
#include "intern.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

/* Spreads a 64-bit value over 32 bits (the finish of MurmurHash3). */
static inline uint32
mix_bits(uint64 value)
{
	value ^= value >> 33;
	value *= UINT64CONST(0xff51afd7ed558ccd);
	value ^= value >> 33;
	value *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return (uint32) (value ^ (value >> 33));
}

typedef struct InternValue
{
	char	   *data;
	uint32		size;
	uint32		hash;
} InternValue;

struct Intern
{
	MemoryContext context;
	InternValue *values;
	uint32		count;
	uint32		capacity;
	const char *wanted;			/* value being looked up: number UINT32_MAX */
	uint32		wanted_size;
	uint32		wanted_hash;
	struct interned_hash *table;
};

typedef struct InternEntry
{
	uint32		number;
	char		status;
} InternEntry;

static uint32
entry_hash(const Intern *intern, uint32 number)
{
	return number == UINT32_MAX ? intern->wanted_hash : intern->values[number].hash;
}

/* Whether a stored value is the one looked for. */
static bool
entry_equal(const Intern *intern, uint32 stored, uint32 number)
{
	const InternValue *value = &intern->values[stored];

	Assert(number == UINT32_MAX);
	return value->hash == intern->wanted_hash && value->size == intern->wanted_size &&
		memcmp(value->data, intern->wanted, value->size) == 0;
}

#define SH_PREFIX interned
#define SH_ELEMENT_TYPE InternEntry
#define SH_KEY_TYPE uint32
#define SH_KEY number
#define SH_HASH_KEY(tb, key) entry_hash((Intern *) (tb)->private_data, key)
#define SH_EQUAL(tb, a, b) entry_equal((Intern *) (tb)->private_data, a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct RowCount
{
	uint64		value;
	uint32		count;
	char		status;
} RowCount;

#define SH_PREFIX rowcount
#define SH_ELEMENT_TYPE RowCount
#define SH_KEY_TYPE uint64
#define SH_KEY value
#define SH_HASH_KEY(tb, key) mix_bits(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct RowCounter
{
	rowcount_hash *table;
};

/*
 * An empty table in the given context.
 */
Intern	   *
intern_create(MemoryContext context)
{
	Intern	   *intern = MemoryContextAllocZero(context, sizeof(Intern));

	intern->context = context;
	intern->capacity = 64;
	intern->values = MemoryContextAlloc(context, intern->capacity * sizeof(InternValue));
	intern->table = interned_create(context, 64, intern);
	return intern;
}

/*
 * Number of the value; a value seen for the first time is copied.
 */
uint32
intern_number(Intern *intern, const char *value, size_t size, bool *is_new)
{
	InternEntry *entry;
	InternValue *slot;
	bool		found;

	intern->wanted = value;
	intern->wanted_size = size;
	intern->wanted_hash = hash_bytes((const unsigned char *) value, size);
	entry = interned_insert(intern->table, UINT32_MAX, &found);
	*is_new = !found;
	if (found)
		return entry->number;
	if (intern->count == intern->capacity)
	{
		intern->capacity *= 2;
		intern->values = repalloc_huge(intern->values, (Size) intern->capacity * sizeof(InternValue));
	}
	slot = &intern->values[intern->count];
	slot->data = MemoryContextAlloc(intern->context, size + 1);
	memcpy(slot->data, value, size);
	slot->data[size] = '\0';
	slot->size = size;
	slot->hash = intern->wanted_hash;
	entry->number = intern->count;
	return intern->count++;
}

/*
 * How many distinct values there are.
 */
uint32
intern_count(const Intern *intern)
{
	return intern->count;
}

/*
 * The value of a number below intern_count(), followed by a zero byte.
 */
const char *
intern_value(const Intern *intern, uint32 number, size_t *size)
{
	*size = intern->values[number].size;
	return intern->values[number].data;
}

/*
 * An empty counter in the given context.
 */
RowCounter *
row_counter_create(MemoryContext context)
{
	RowCounter *counter = MemoryContextAlloc(context, sizeof(RowCounter));

	counter->table = rowcount_create(context, 64, NULL);
	return counter;
}

/*
 * Counts the value and returns its count, 1 at first.
 */
uint32
row_counter_add(RowCounter *counter, uint64 value)
{
	bool		found;
	RowCount   *entry = rowcount_insert(counter->table, value, &found);

	if (!found)
		entry->count = 0;
	return ++entry->count;
}

/*
 * Begins a scan of the distinct values; nothing may be added during it.
 */
void
row_counter_scan(RowCounter *counter, RowCounterIterator *iterator)
{
	iterator->counter = counter;
	iterator->position = 0;
}

/*
 * The next value; false after the last.
 */
bool
row_counter_next(RowCounterIterator *iterator, uint64 *value)
{
	rowcount_hash *table = iterator->counter->table;

	while (iterator->position < table->size)
	{
		RowCount   *entry = &table->data[iterator->position++];

		if (entry->status != 0)
		{
			*value = entry->value;
			return true;
		}
	}
	return false;
}

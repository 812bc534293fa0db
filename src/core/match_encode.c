/*
 * match_encode.c
 *		Writes records: each value normalised once, with what comparing it needs.
 *
 * The text of a field stays readable in the record; it is as personal as the
 * column that it comes from.
 */
#include "core/match_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/name.h"
#include "core/phonetic.h"
#include "core/utf8.h"

/* Characters of a text, decoded. */
typedef struct Decoded
{
	uint32_t	code[MATCH_MAX_CHARS];
	int			count;
	bool		wide;
	uint64_t	mask;
} Decoded;

/*
 * 64 bits of a text that differ, in all likelihood, when the text does.
 */
uint64_t
match_hash(const char *bytes, size_t size)
{
	uint64_t	h = UINT64_C(0x9E3779B97F4A7C15) ^ size;

	while (size > 0)
	{
		uint64_t	word = 0;
		size_t		n = size < 8 ? size : 8;

		memcpy(&word, bytes, n);
		h = (h ^ word) * UINT64_C(0xBF58476D1CE4E5B9);
		h ^= h >> 32;
		bytes += n;
		size -= n;
	}
	h *= UINT64_C(0x94D049BB133111EB);
	return h ^ h >> 31;
}

/*
 * log2 of a relative frequency; NaN for 0, above 1 and for what is no number.
 */
float
match_log2_tf(double tf)
{
	return tf > 0 && tf <= 1 ? (float) log2(tf) : NAN;
}

/*
 * Bytes of the header and the places of the fields.
 */
size_t
match_header_size(const MatchModel *model)
{
	size_t		n = sizeof(RecordHeader) + sizeof(uint16_t) * (size_t) model->columns;

	return (n + RECORD_UNIT - 1) / RECORD_UNIT * RECORD_UNIT;
}

/*
 * Starts a record; bytes has room for match_header_size().
 */
void
match_start_record(RecordWriter *writer, const MatchModel *model, char *bytes)
{
	RecordHeader header = {RECORD_MAGIC, 1, (uint8_t) model->columns, model->layout};

	writer->model = model;
	writer->bytes = bytes;
	writer->size = match_header_size(model);
	writer->column = 0;
	memset(bytes, 0, writer->size);
	memcpy(bytes, &header, sizeof(header));
}

/*
 * Bytes that the field of a column takes at most.
 */
size_t
match_field_bound(int kind, size_t elements)
{
	switch (match_kinds[kind].class)
	{
		case CLASS_TEXT:
			return sizeof(TextHeader) + text_part_size(kind) + MATCH_MAX_CHARS * sizeof(uint32_t);
		case CLASS_DATE:
			return DATE_FIELD_SIZE;
		case CLASS_NUMBER:
			return NUMBER_FIELD_SIZE;
		case CLASS_SET:
			return sizeof(SetHeader) + elements * SET_MEMBER_SIZE;
		default:
			return sizeof(BloomHeader) + elements + RECORD_UNIT;
	}
}

/*
 * Notes that the next column's field begins here.
 */
static void
start_field(RecordWriter *writer)
{
	uint16_t	place = (uint16_t) (writer->size / RECORD_UNIT);

	memcpy(writer->bytes + sizeof(RecordHeader) + sizeof(place) * (size_t) writer->column,
		   &place, sizeof(place));
	writer->column++;
}

static void
add(RecordWriter *writer, const void *from, size_t size)
{
	memcpy(writer->bytes + writer->size, from, size);
	writer->size += size;
}

/*
 * Fills up to a multiple of RECORD_UNIT.
 */
static void
end_field(RecordWriter *writer)
{
	while (writer->size % RECORD_UNIT != 0)
		writer->bytes[writer->size++] = '\0';
}

/*
 * Adds a null.
 */
void
match_add_null(RecordWriter *writer)
{
	writer->column++;
}

/*
 * The first characters of a normalised text.
 */
static void
decode(const char *text, size_t length, Decoded *d)
{
	d->count = 0;
	d->wide = false;
	d->mask = 0;
	for (size_t i = 0; i < length && d->count < MATCH_MAX_CHARS;)
	{
		uint32_t	code = 0;
		size_t		n = utf8_decode(text + i, length - i, &code);

		i += n > 0 ? n : 1;
		d->code[d->count++] = code;
		d->wide |= code > 255;
		d->mask |= UINT64_C(1) << (code & 63);
	}
}

/*
 * 32 bits of a key, never 0.
 */
static uint32_t
short_hash(const char *key, size_t size)
{
	uint32_t	hash = (uint32_t) match_hash(key, size);

	return hash == 0 ? 1 : hash;
}

/*
 * The keys of a name in its normal form.
 */
static NameKeys
name_keys(const char *name, size_t size)
{
	NameKeys	keys = {0, 0};
	char		sound[PHONETIC_MAX];
	size_t		n = phonetic_key_normalized(name, size, sound);

	if (n > 0)
		keys.phonetic = short_hash(sound, n);
	name = name_canonical(name, size, &size);
	keys.canonical = short_hash(name, size);
	return keys;
}

/*
 * Where the first and last word of a full name are.
 */
static FullNameParts
split_name(const Decoded *d, const char *text, size_t size)
{
	FullNameParts parts = {0};
	int			first = 0;
	int			last = d->count;
	size_t		length = size;	/* up to the last word */

	while (first < d->count && d->code[first] != ' ')
		first++;
	while (last > 0 && d->code[last - 1] != ' ')
		last--;
	if (first < d->count)
	{
		const char *blank = memchr(text, ' ', size);

		parts.forename_chars = (uint16_t) first;
		parts.forename = name_keys(text, (size_t) (blank - text));
	}
	parts.surname_start = (uint16_t) last;
	parts.surname_chars = (uint16_t) (d->count - last);
	while (length > 0 && text[length - 1] != ' ')
		length--;
	parts.surname = name_keys(text + length, size - length);
	return parts;
}

/*
 * What is known of the words of an address in its normal form.
 */
static AddressPart
address_part(const char *text, size_t size)
{
	AddressWords words;
	AddressPart part = {0, -1};

	if (!address_split(text, size, &words))
		return part;
	part.house = words.house;
	for (int i = 0; i < words.count && i < MATCH_MAX_WORDS; i++)
		part.common |= (uint32_t) words.words[i].is_common << i;
	return part;
}

/*
 * Adds a text in its normal form, as match_normalize() made it.
 */
void
match_add_text(RecordWriter *writer, const char *text, size_t length, double tf, int generation)
{
	int			kind = writer->model->column[writer->column].kind;
	TextHeader	header = {0};
	Decoded		d;

	decode(text, length, &d);
	header.hash = match_hash(text, length);
	header.mask = d.mask;
	header.log2_tf = match_log2_tf(tf);
	header.chars = (uint16_t) d.count;
	header.wide = d.wide;
	header.generation = (uint8_t) generation;
	start_field(writer);
	add(writer, &header, sizeof(header));
	if (kind == KIND_NAME)
	{
		NameKeys	keys = name_keys(text, length);

		add(writer, &keys, sizeof(keys));
	}
	else if (kind == KIND_FULL_NAME)
	{
		FullNameParts parts = split_name(&d, text, length);

		add(writer, &parts, sizeof(parts));
	}
	else if (kind == KIND_ADDRESS)
	{
		AddressPart part = address_part(text, length);

		add(writer, &part, sizeof(part));
	}
	else if (kind == KIND_EMAIL)
	{
		uint32_t	user = 0;

		while (user < (uint32_t) d.count && d.code[user] != '@')
			user++;
		add(writer, &user, sizeof(user));
	}
	if (d.wide)
		add(writer, d.code, (size_t) d.count * sizeof(uint32_t));
	else
	{
		for (int i = 0; i < d.count; i++)
			writer->bytes[writer->size++] = (char) d.code[i];
	}
	end_field(writer);
}

/*
 * Adds a finite number.
 */
void
match_add_number(RecordWriter *writer, double value, double tf)
{
	float		log2_tf = match_log2_tf(tf);

	start_field(writer);
	add(writer, &value, sizeof(value));
	add(writer, &log2_tf, sizeof(log2_tf));
}

/*
 * Number of the day of a date in the Gregorian calendar, or DAY_UNKNOWN.
 */
static int32_t
day_number(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool		leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int			before = 0;

	if (month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && leap))
		return DAY_UNKNOWN;
	for (int i = 0; i < month - 1; i++)
		before += days[i] + (i == 1 && leap);
	year--;
	return year * 365 + year / 4 - year / 100 + year / 400 + before + day;
}

/*
 * Adds a date, years 1 to 9999, months and days 0 to 99.
 */
void
match_add_date(RecordWriter *writer, int year, int month, int day, double tf)
{
	DateField	field = {0, day_number(year, month, day), match_log2_tf(tf)};
	int			digits = year * 10000 + month * 100 + day;

	for (int i = 0; i < 8; i++)
	{
		field.digits |= (uint32_t) (digits % 10) << (4 * i);
		digits /= 10;
	}
	start_field(writer);
	add(writer, &field.digits, sizeof(field.digits));
	add(writer, &field.day, sizeof(field.day));
	add(writer, &field.log2_tf, sizeof(field.log2_tf));
}

/*
 * Order of the members of a set: by hash, the known and larger frequency first.
 */
static int
compare_members(const void *a, const void *b)
{
	const SetMember *x = a;
	const SetMember *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (isnan(x->log2_tf) || isnan(y->log2_tf))
		return (isnan(x->log2_tf) != 0) - (isnan(y->log2_tf) != 0);
	return (x->log2_tf < y->log2_tf) - (x->log2_tf > y->log2_tf);
}

/*
 * Adds a set: null when it is empty; of more than MATCH_MAX_MEMBERS members those
 * with the smallest hashes.
 */
void
match_add_set(RecordWriter *writer, SetMember *members, size_t count)
{
	SetHeader	header = {0, writer->model->column[writer->column].tf, 0};
	size_t		kept = 0;

	qsort(members, count, sizeof(SetMember), compare_members);
	for (size_t i = 0; i < count && kept < MATCH_MAX_MEMBERS; i++)
	{
		if (i == 0 || members[i].hash != members[i - 1].hash)
			members[kept++] = members[i];
	}
	if (kept == 0)
	{
		match_add_null(writer);
		return;
	}
	header.members = (uint16_t) kept;
	start_field(writer);
	add(writer, &header, sizeof(header));
	for (size_t i = 0; i < kept; i++)
	{
		add(writer, &members[i].hash, sizeof(members[i].hash));
		add(writer, &members[i].log2_tf, sizeof(members[i].log2_tf));
	}
}

/*
 * Adds a valid Bloom filter of at most MATCH_MAX_BLOOM bytes; null without any bit set.
 */
void
match_add_bloom(RecordWriter *writer, const char *filter, size_t bytes, double tf)
{
	BloomHeader header = {match_log2_tf(tf), (uint16_t) bytes, 0};

	if (filter[0] == 0 && filter[1] == 0)
	{
		match_add_null(writer);
		return;
	}
	start_field(writer);
	add(writer, &header, sizeof(header));
	add(writer, filter, bytes);
	end_field(writer);
}

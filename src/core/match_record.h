/*
 * match_record.h
 *		Layout of an encoded record.
 *
 * A header, the place of each column's field (in units of four bytes from the
 * start, 0 = null), and the fields.  Nothing is aligned: all access is by
 * memcpy().  Pure C.
 */
#ifndef PATTERNOS_MATCH_RECORD_H
#define PATTERNOS_MATCH_RECORD_H

#include "core/match.h"

#define RECORD_MAGIC 0x5250		/* PR */
#define RECORD_UNIT 4

typedef struct RecordHeader
{
	uint16_t	magic;
	uint8_t		version;
	uint8_t		columns;
	uint32_t	layout;			/* of the model */
} RecordHeader;

/*
 * Field of a text: this header, the kind's own part, the characters (a byte
 * each, or four when one of them is above 255).
 */
typedef struct TextHeader
{
	uint64_t	hash;			/* of the whole normalised text */
	uint64_t	mask;			/* bit (code mod 64) for each character kept */
	float		log2_tf;		/* NaN without */
	uint16_t	chars;
	uint8_t		wide;
	uint8_t		generation;		/* of a name: 1 senior, 2 junior … 0 unknown */
} TextHeader;

/* A name's own part: keys of sound and of nickname, 0 = none. */
typedef struct NameKeys
{
	uint32_t	phonetic;
	uint32_t	canonical;
} NameKeys;

/* A full name's own part: first and last word. */
typedef struct FullNameParts
{
	uint16_t	forename_start;
	uint16_t	forename_chars; /* 0: a name of one word, which is the surname */
	uint16_t	surname_start;
	uint16_t	surname_chars;
	NameKeys	forename;
	NameKeys	surname;
} FullNameParts;

/* An address's own part; words beyond MATCH_MAX_WORDS are not told apart. */
typedef struct AddressPart
{
	uint32_t	common;			/* bit i: word i stands in many addresses */
	int32_t		house;			/* the house number's word or -1 */
} AddressPart;

#define MATCH_MAX_WORDS 32

/* Field of a date: four bits a digit, YYYYMMDD; 0 in an unknown part. */
typedef struct DateField
{
	uint32_t	digits;
	int32_t		day;			/* number of the day, DAY_UNKNOWN when the
								 * date does not exist */
	float		log2_tf;
} DateField;

#define DAY_UNKNOWN INT32_MIN

typedef struct NumberField
{
	double		value;
	float		log2_tf;
} NumberField;

/* Field of a set: members in order of hash, each with its frequency. */
typedef struct SetHeader
{
	uint16_t	members;
	uint8_t		tf;
	uint8_t		unused;
} SetHeader;

typedef struct SetMember
{
	uint64_t	hash;
	float		log2_tf;
} SetMember;

#define SET_MEMBER_SIZE 12		/* without padding */

typedef struct BloomHeader
{
	float		log2_tf;
	uint16_t	bytes;
	uint16_t	unused;
} BloomHeader;

#define DATE_FIELD_SIZE 12
#define NUMBER_FIELD_SIZE 12

/* bytes of a kind's own part of a text's field */
static inline size_t
text_part_size(int kind)
{
	switch (kind)
	{
		case KIND_NAME:
			return sizeof(NameKeys);
		case KIND_FULL_NAME:
			return sizeof(FullNameParts);
		case KIND_ADDRESS:
			return sizeof(AddressPart);
		case KIND_EMAIL:
			return sizeof(uint32_t);	/* characters before the @ */
		default:
			return 0;
	}
}

/*
 * Writer of a record, src/core/match_encode.c.  The buffer grows by the caller's
 * means: match_record_bound() tells how many bytes a column can need at most.
 */
typedef struct RecordWriter
{
	const MatchModel *model;
	char	   *bytes;
	size_t		size;
	int			column;			/* next */
} RecordWriter;

extern size_t match_header_size(const MatchModel *model);
extern void match_start_record(RecordWriter *writer, const MatchModel *model, char *bytes);

/* Largest field of a column: of a set with so many members, a filter of so many bytes. */
extern size_t match_field_bound(int kind, size_t elements);

/* Each adds the next column; an unknown frequency is NaN. */
extern void match_add_null(RecordWriter *writer);
extern void match_add_text(RecordWriter *writer, const char *text, size_t length, double tf,
						   int generation);
extern void match_add_number(RecordWriter *writer, double value, double tf);
extern void match_add_date(RecordWriter *writer, int year, int month, int day, double tf);

/* Sorts the members and drops what is double. */
extern void match_add_set(RecordWriter *writer, SetMember *members, size_t count);
extern void match_add_bloom(RecordWriter *writer, const char *filter, size_t bytes, double tf);

extern uint64_t match_hash(const char *bytes, size_t size);

/* log2 of a relative frequency as records hold it; NaN for what is none. */
extern float match_log2_tf(double tf);

/* Cyrillic and Greek letters in Latin ones. */
extern size_t transliterate(const char *text, size_t length, char *result, size_t size);

/* Which of several persons of one name is meant: 1 senior, 2 junior, III … 0: it is not said. */
extern int	match_generation(const char *text, size_t length);

/* The normal form of a forename or surname without what says its generation. */
extern bool match_normalize_name(const char *text, size_t length, char *result, size_t *size);

/* The normal form of a whole name. */
extern bool match_normalize_full_name(const char *text, size_t length, char *result, size_t *size);

/* A date as people write it, parts that are unknown 0; false for null. */
extern bool match_parse_date(const char *text, size_t length, int *year, int *month, int *day);

/* A date that forms and programs fill in by themselves. */
extern bool match_placeholder_date(int year, int month, int day);
extern bool match_parse_number(const char *text, size_t length, double *value);

#endif							/* PATTERNOS_MATCH_RECORD_H */

/*
 * journal.h
 *		State of the aggregates that sort their rows at the end.
 *
 * A journal keeps rows of a few integers and a few words, the words as numbers
 * into a dictionary.  What an aggregate computes from the sorted rows does not
 * depend on the order in which they came.
 */
#ifndef PATTERNOS_JOURNAL_H
#define PATTERNOS_JOURNAL_H

#include "patternos.h"

#define JOURNAL_PARAMETERS	5
#define NO_WORD				(-1)

typedef struct Journal
{
	MemoryContext context;		/* everything below lives here */
	int32		nnumbers;		/* integers per row */
	int32		nwords;			/* words per row */
	int64		parameters[JOURNAL_PARAMETERS]; /* equal for all rows of a
												 * group */

	int32		count;			/* rows */
	int32		capacity;
	int64	   *numbers;		/* count * nnumbers */
	int32	   *words;			/* count * nwords, NO_WORD for NULL */

	/* dictionary: word i is bytes[starts[i]] up to bytes[starts[i + 1]] */
	int32		nentries;
	int32		entry_capacity;
	int32	   *starts;
	uint32	   *hashes;
	char	   *bytes;
	int32		byte_capacity;
	int32		nslots;			/* power of two; 0 while the words are few */
	int32	   *slots;			/* word + 1, 0 is free */
} Journal;

extern Journal *journal_create(MemoryContext context, int nnumbers, int nwords,
							   const int64 *parameters);

/* Refuses other parameters than those of the first row. */
extern void journal_check(const Journal *journal, const int64 *parameters);

/* The number of a word, which is copied when new; NO_WORD for no bytes at all (NULL). */
extern int32 journal_word(Journal *journal, const char *bytes, Size size);
extern int32 journal_varlena(Journal *journal, Datum value, bool isnull);
extern int32 journal_text(Journal *journal, FunctionCallInfo fcinfo, int argument);
extern void journal_add(Journal *journal, const int64 *numbers, const int32 *words);

/* The bytes of a word. */
extern const char *journal_bytes(const Journal *journal, int32 word, int32 *size);

/* For each word its place in the order of bytes; palloc'd. */
extern int32 *journal_ranks(const Journal *journal);

#endif							/* PATTERNOS_JOURNAL_H */

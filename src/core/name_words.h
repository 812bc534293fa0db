/*
 * name_words.h
 *		The table of short forms behind name.h.
 */
#ifndef PATTERNOS_NAME_WORDS_H
#define PATTERNOS_NAME_WORDS_H

#include <stddef.h>

typedef struct NameForm
{
	const char *form;
	const char *full;
} NameForm;

extern const NameForm name_short_forms[];	/* sorted by form */
extern const size_t name_short_form_count;

#endif							/* PATTERNOS_NAME_WORDS_H */

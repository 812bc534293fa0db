/*
 * similarity_person.c
 *		Names, addresses and dates of people: similarities and a key by sound.
 */
#include "patternos.h"

#include "core/address.h"
#include "core/date_comparison.h"
#include "core/name.h"
#include "core/phonetic.h"
#include "server/utf8_argument.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

PG_FUNCTION_INFO_V1(patternos_name_similarity);
PG_FUNCTION_INFO_V1(patternos_address_similarity);
PG_FUNCTION_INFO_V1(patternos_phonetic_key);
PG_FUNCTION_INFO_V1(patternos_date_similarity);
PG_FUNCTION_INFO_V1(patternos_date_comparison);

/*
 * Similarity of two names, 0 to 1; NULL when either has no words.
 */
Datum
patternos_name_similarity(PG_FUNCTION_ARGS)
{
	Utf8		a = PG_GETARG_UTF8(0);
	Utf8		b = PG_GETARG_UTF8(1);
	NameWords	a_words;
	NameWords	b_words;

	if (!name_split(a.text, a.size, &a_words) || !name_split(b.text, b.size, &b_words))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(name_similarity(&a_words, &b_words));
}

/*
 * Similarity of two addresses, 0 to 1; NULL when either has no words.
 */
Datum
patternos_address_similarity(PG_FUNCTION_ARGS)
{
	Utf8		a = PG_GETARG_UTF8(0);
	Utf8		b = PG_GETARG_UTF8(1);
	AddressWords a_words;
	AddressWords b_words;

	if (!address_split(a.text, a.size, &a_words) || !address_split(b.text, b.size, &b_words))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(address_similarity(&a_words, &b_words));
}

/*
 * The key by sound of a name; NULL when it has no letters.
 */
Datum
patternos_phonetic_key(PG_FUNCTION_ARGS)
{
	Utf8		name = PG_GETARG_UTF8(0);
	char		key[PHONETIC_MAX + 1];
	size_t		size = phonetic_key(name.text, name.size, key);

	if (size == 0)
		PG_RETURN_NULL();
	key[size] = '\0';
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(key, (int) size, PG_UTF8)));
}

/*
 * How alike two dates are; infinity and years that are not from 1 to 9999 stand for
 * unknown.
 */
static DateLevel
dates_level(DateADT x, DateADT y)
{
	DateParts	a;
	DateParts	b;

	if (DATE_NOT_FINITE(x) || DATE_NOT_FINITE(y))
		return DATE_PLACEHOLDER;
	j2date(x + POSTGRES_EPOCH_JDATE, &a.year, &a.month, &a.day);
	j2date(y + POSTGRES_EPOCH_JDATE, &b.year, &b.month, &b.day);
	if (a.year < 1 || a.year > 9999 || b.year < 1 || b.year > 9999)
		return DATE_PLACEHOLDER;
	return compare_dates(a, b);
}

/*
 * Similarity of two dates, 0 to 1.
 */
Datum
patternos_date_similarity(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(date_level_similarity(dates_level(PG_GETARG_DATEADT(0), PG_GETARG_DATEADT(1))));
}

/*
 * The name of the level on which two dates are alike.
 */
Datum
patternos_date_comparison(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(date_level_name(dates_level(PG_GETARG_DATEADT(0), PG_GETARG_DATEADT(1)))));
}

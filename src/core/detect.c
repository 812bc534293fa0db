/*
 * detect.c
 *		Finds and redacts personal identifiers in free text.
 *
 * The text is read in units: a character, or the escape of one as it stands in
 * URLs (%40, also %2540), JSON (\u0040) and HTML (&#64;).
 *
 * E-mail:	word@host with a dot in the host and letters at its end; not 'icon@2x.png'.
 * Phone:	'+' and 9 to 15 digits; ten digits of which the first is 6 to 9, also after
 *			0, 91, 091 or 0091, in one piece or in groups of three or more; 0 with an
 *			area code, a dash or blank and the number.
 * Card:	13 to 19 digits, first digits of a card network, right Luhn digit, in one
 *			piece or grouped as on cards.
 * Aadhaar: 12 digits, the first 2 to 9, right Verhoeff digit, in one piece or by four.
 *
 * Numbers that touch a letter, '_', '#' or a currency sign, that are part of a
 * decimal fraction or end in '/-' are ids and prices and stay.
 */
#include "core/detect.h"

#include <stdint.h>
#include <string.h>

#include "core/detect_number.h"
#include "core/utf8.h"

typedef struct Unit
{
	uint32_t	code;			/* the character, 0 for none */
	size_t		size;			/* bytes in the text */
	bool		escaped;
} Unit;

typedef struct Redaction
{
	const char *text;
	size_t		length;
	size_t		at;				/* next byte of the text */
	char	   *result;
	size_t		size;
	int			found;
	uint32_t	previous;		/* characters before */
	uint32_t	before_previous;
	bool		in_word;		/* inside what could be the name before an @ */
	size_t		word_size;		/* size and found where the word began */
	int			word_found;
} Redaction;

/*
 * Value of a hexadecimal number of n digits, -1 when it is none.
 */
static int
hex_number(const char *p, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
	{
		char		c = ascii_lower(p[i]);

		if (is_ascii_digit(c))
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/*
 * The unit at a position of the text.
 */
static Unit
unit_at(const char *text, size_t length, size_t at)
{
	const char *p = text + at;
	size_t		left = length - at;
	Unit		u = {0, 1, false};
	int			code = -1;

	if (left == 0)
	{
		u.size = 0;
		return u;
	}
	if (p[0] == '%' && left >= 3)
	{
		u.size = 3;
		code = hex_number(p + 1, 2);
		if (code == '%' && left >= 5 && hex_number(p + 3, 2) >= 0)
		{
			u.size = 5;
			code = hex_number(p + 3, 2);
		}
	}
	else if (p[0] == '\\' && left >= 6 && p[1] == 'u')
	{
		u.size = 6;
		code = hex_number(p + 2, 4);
	}
	else if (p[0] == '&' && left >= 5 && p[1] == '#' && p[4] == ';' &&
			 is_ascii_digit(p[2]) && is_ascii_digit(p[3]))
	{
		u.size = 5;
		code = (p[2] - '0') * 10 + (p[3] - '0');
	}
	if (code >= 0x20 && code < 0x7F)
	{
		u.code = (uint32_t) code;
		u.escaped = true;
		return u;
	}
	u.size = utf8_decode(p, left, &u.code);
	if (u.size == 0)
	{
		u.code = 0;
		u.size = 1;
	}
	return u;
}

static bool
is_word(uint32_t code)
{
	return code < 0x80 &&
		(is_ascii_letter((char) code) || is_ascii_digit((char) code) || code == '_');
}

/*
 * Whether a character may stand in the name of an address as people write it.
 */
static bool
is_name(uint32_t code)
{
	return is_word(code) || (code >= 0x80 && !is_blank(code)) || code == '.' ||
		code == '-' || code == '+' || code == '\'' || code == '%' || code == '*' ||
		code == '!' || code == '$' || code == '^' || code == '~';
}

/*
 * Where the host name that begins at a position ends; 0 when there is none.
 */
static size_t
host_end(const char *text, size_t length, size_t at)
{
	size_t		end = 0;
	int			label = 0;		/* characters of the label */
	int			dots = 0;
	bool		letters = true; /* of the label */
	bool		scale = false;	/* first label is '2x', as in names of images */
	uint32_t	first = 0;

	for (;;)
	{
		Unit		u = unit_at(text, length, at);

		if (u.code == '.')
		{
			if (label == 0 || (dots == 0 && scale))
				return end;
			dots++;
			label = 0;
			letters = true;
		}
		else if ((is_word(u.code) && u.code != '_') || u.code == '-' ||
				 (u.code >= 0x80 && !is_blank(u.code)))
		{
			scale = label == 1 && u.code == 'x' && first >= '1' && first <= '9';
			first = label == 0 ? u.code : first;
			letters = letters && (u.code >= 0x80 || is_ascii_letter((char) u.code) ||
								  (label >= 2 && u.code != '_'));
			label++;
		}
		else
			return end;
		at += u.size;
		if (dots > 0 && label >= 2 && letters)
			end = at;
	}
}

/*
 * Whether the number may not end at a position: it goes on as a word, a decimal
 * fraction or '/-'.
 */
static bool
goes_on(const Redaction *r, size_t at)
{
	Unit		u = unit_at(r->text, r->length, at);
	Unit		next = unit_at(r->text, r->length, at + u.size);

	return is_word(u.code) ||
		(u.code == '.' && digit_value(next.code) >= 0) ||
		(u.code == '/' && (next.code == '-' || next.code == '='));
}

/*
 * Reads the digits from the present position on with blanks, dashes, dots and
 * parentheses between their groups.
 */
static void
read_number(const Redaction *r, Number *n)
{
	size_t		at = r->at;
	int			digits = 0;
	Unit		u = unit_at(r->text, r->length, at);

	n->count = 0;
	n->plus = u.code == '+';
	if (n->plus)
		at += u.size;
	n->joined = r->previous == '-' && is_word(r->before_previous);
	n->separator[0] = 0;
	while (n->count < MAX_GROUPS)
	{
		int			separators = 0;
		int			size = 0;

		for (;; size++)
		{
			int			value;

			u = unit_at(r->text, r->length, at);
			value = digit_value(u.code);
			if (value < 0)
				break;
			if (digits < MAX_DIGITS)
				n->digits[digits] = (char) ('0' + value);
			digits++;
			at += u.size;
		}
		if (size == 0 || digits > MAX_DIGITS)
			return;
		n->size[n->count] = size;
		n->end[n->count++] = at;
		if (n->count == MAX_GROUPS)
			return;
		n->separator[n->count] = is_blank(u.code) || u.code == '+' ? ' ' : u.code;
		for (; separators < 2 && (is_blank(u.code) || (u.code != 0 && u.code < 0x80 &&
													   memchr("-.()+", (int) u.code, 5) != NULL)); separators++)
		{
			at += u.size;
			u = unit_at(r->text, r->length, at);
		}
		if (separators == 0)
			return;
	}
}

/*
 * What identifier begins at the present position and where it ends; NULL for none.
 */
static const char *
match_number(const Redaction *r, size_t *end)
{
	Number		n;
	int			digits = 0;
	const char *label;

	read_number(r, &n);
	for (int i = 0; i < n.count; i++)
		digits += n.size[i];
	for (int count = n.count; count > 0; digits -= n.size[--count])
	{
		*end = n.end[count - 1];
		if (digits < 9 || goes_on(r, *end))
			continue;
		label = number_label(&n, count, digits);
		if (label != NULL)
			return label;
	}
	return NULL;
}

/*
 * Whether an identifier made of digits may begin after what stands before.
 */
static bool
may_begin(const Redaction *r, const Unit *u)
{
	if (is_word(r->previous) || r->previous == '#' || r->previous == '$' ||
		r->previous == 0x20B9 || r->previous == 0xA3 || r->previous == 0x20AC ||
		digit_value(r->previous) >= 0)
		return false;
	if (r->previous == '.' && digit_value(r->before_previous) >= 0)
		return false;
	return u->code == '+' || digit_value(u->code) >= 0;
}

/*
 * Appends to the result, or only counts where none is wanted.
 */
static void
put(Redaction *r, const char *bytes, size_t size)
{
	if (r->result != NULL)
		memcpy(r->result + r->size, bytes, size);
	r->size += size;
}

/*
 * Writes a label instead of the text up to a position.
 */
static void
replace(Redaction *r, const char *label, size_t end)
{
	put(r, label, strlen(label));
	r->at = end;
	r->found++;
	r->before_previous = 0;
	r->previous = ']';
}

/*
 * Takes a run of letters, which can only be part of a name before an @.
 */
static bool
take_letters(Redaction *r)
{
	size_t		n = 0;
	const char *p = r->text + r->at;

	while (r->at + n < r->length && is_ascii_letter(p[n]))
		n++;
	if (n == 0)
		return false;
	if (!r->in_word)
	{
		r->in_word = true;
		r->word_size = r->size;
		r->word_found = r->found;
	}
	put(r, p, n);
	r->at += n;
	r->before_previous = n > 1 ? (unsigned char) p[n - 2] : r->previous;
	r->previous = (unsigned char) p[n - 1];
	return true;
}

/*
 * Takes one unit, or one identifier that begins or ends with it.
 */
static void
step(Redaction *r)
{
	Unit		u = unit_at(r->text, r->length, r->at);
	const char *label;
	size_t		end;

	if (u.code == '@' && r->in_word &&
		(end = host_end(r->text, r->length, r->at + u.size)) > 0)
	{
		r->size = r->word_size;
		r->found = r->word_found;
		r->in_word = false;
		replace(r, "[email]", end);
		return;
	}
	if (!is_name(u.code))
		r->in_word = false;
	else if (!r->in_word && u.code != '\'' && u.code != '.')
	{
		r->in_word = true;
		r->word_size = r->size;
		r->word_found = r->found;
	}
	if (may_begin(r, &u) && (label = match_number(r, &end)) != NULL)
	{
		replace(r, label, end);
		return;
	}
	put(r, r->text + r->at, u.size);
	r->at += u.size;
	r->before_previous = r->previous;
	r->previous = u.code;
}

/*
 * Whether nothing in the text can be an identifier: no @ in any spelling, and nowhere
 * nine digits with at most two separators between each other.  A character beyond
 * ASCII counts as a digit, which some are.  This decides nearly all texts at once.
 */
static bool
surely_clean(const char *text, size_t length)
{
	int			digits = 0;
	int			separators = 0;

	for (size_t i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (is_ascii_letter((char) c) || c == ',' || c == '\'')
			digits = 0;
		else if (is_ascii_digit((char) c) || c >= 0xC0)
		{
			if (++digits >= 9)
				return false;
			separators = 0;
		}
		else if (c == '@' ||
				 ((c == '%' || c == '\\' || c == '&') &&
				  (i + 1 == length || text[i + 1] == 'u' || text[i + 1] == '#' ||
				   hex_number(text + i + 1, 1) >= 0)))
			return false;
		else if (++separators > 8)	/* two characters of up to four bytes each */
			digits = 0;
	}
	return true;
}

/*
 * Writes text with identifiers replaced by their labels; returns its size, at most
 * REDACTED_SIZE(length).  Bytes that are no UTF-8 are copied.
 */
size_t
redact_text(const char *text, size_t length, char *result, int *found)
{
	Redaction	r = {0};

	*found = 0;
	if (surely_clean(text, length))
	{
		memcpy(result, text, length);
		return length;
	}
	r.text = text;
	r.length = length;
	r.result = result;
	while (r.at < length)
	{
		if (!take_letters(&r))
			step(&r);
	}
	*found = r.found;
	return r.size;
}

/*
 * Whether redact_text() would replace anything.
 */
bool
has_identifier(const char *text, size_t length)
{
	Redaction	r = {0};

	if (surely_clean(text, length))
		return false;
	r.text = text;
	r.length = length;
	while (r.at < length && r.found == 0)
	{
		if (!take_letters(&r))
			step(&r);
	}
	return r.found > 0;
}

/*
 * normalize.c
 *		Canonical forms, version 1, of e-mail addresses, codes, IP addresses and
 *		hashes that a partner made.
 *
 * Each form is a fixed point: normalising it again changes nothing.  A change of
 * any rule here changes what is hashed, so it needs a new version of the labels.
 */
#include "core/normalize.h"

#include <string.h>

#include "core/utf8.h"

#define MAX_EMAIL_SIZE 320
#define MAX_LOCAL_SIZE 64
#define MAX_DOMAIN_SIZE 253
#define MAX_LABEL_SIZE 63
#define MAX_CODE_SIZE 256

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Whether text is one of the words.
 */
static bool
one_of(const char *text, size_t length, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (equals_word(text, length, words[i]))
			return true;
	}
	return false;
}

/*
 * Whether all characters are the same.
 */
static bool
one_character(const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++)
	{
		if (text[i] != text[0])
			return false;
	}
	return true;
}

/*
 * Trimmed text of at most max_size bytes without any control character.
 */
static Reason
trimmed(const char **text, size_t *length, size_t max_size)
{
	Reason		reason = parse_text(*text, *length, max_size, text, length);

	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < *length; i++)
	{
		if ((unsigned char) (*text)[i] < 0x20)
			return REASON_CONTROL_CHARACTER;
	}
	return REASON_OK;
}

/*
 * Whether the part before the @ may stand there: a quoted string, or words of
 * letters, digits and marks joined by single dots.
 */
static bool
valid_local(const char *s, size_t length)
{
	if (length == 0 || length > MAX_LOCAL_SIZE)
		return false;
	if (s[0] == '"')
	{
		for (size_t i = 1; i + 1 < length; i++)
		{
			if (s[i] == '\\' && i + 2 < length)
				i++;
			else if (s[i] == '"' || s[i] == '\\')
				return false;
		}
		return length > 2 && s[length - 1] == '"';
	}
	if (s[0] == '.' || s[length - 1] == '.')
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (s[i] == '.' && s[i - 1] == '.')
			return false;
		if ((unsigned char) s[i] < 0x80 && !is_ascii_letter(s[i]) && !is_ascii_digit(s[i]) &&
			memchr("!#$%&'*+-/=?^_`{|}~.", s[i], 20) == NULL)
			return false;
	}
	return true;
}

/*
 * Whether the part after the @ is a host name of two labels or more; other scripts
 * must come as xn--.
 */
static bool
valid_domain(const char *s, size_t length)
{
	size_t		label = 0;		/* bytes since the last dot */
	size_t		dots = 0;
	bool		digits = true;	/* only digits since the last dot */

	if (length > MAX_DOMAIN_SIZE)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (s[i] == '.')
		{
			if (label == 0 || s[i - 1] == '-')
				return false;
			dots++;
			label = 0;
			digits = true;
			continue;
		}
		if (!is_ascii_letter(s[i]) && !is_ascii_digit(s[i]) && (s[i] != '-' || label == 0))
			return false;
		digits = digits && is_ascii_digit(s[i]);
		if (++label > MAX_LABEL_SIZE)
			return false;
	}
	return dots > 0 && label > 1 && s[length - 1] != '-' && !digits;
}

/*
 * Whether a canonical address is one that people type to get past a form, or that
 * belongs to a machine.
 */
static bool
placeholder_email(const char *local, size_t local_size, const char *domain, size_t domain_size)
{
	static const char *const locals[] = {
		"na", "n/a", "n.a", "nil", "nan", "none", "null", "no", "not", "noemail",
		"no-email", "no_email", "no.email", "nomail", "no-mail", "no.mail", "email",
		"noreply", "no-reply", "no_reply", "no.reply", "donotreply", "do-not-reply",
		"do_not_reply", "do.not.reply", "donot-reply", "mailer-daemon", "nobody",
		"test", "tests", "testing", "tester", "test1", "test123", "testtest", "dummy",
		"fake", "sample", "unknown", "undefined", "anonymous", "guest", "notavailable",
		"not-available", "not_available", "notprovided", "notapplicable", "xyz", "asdf",
		"qwerty", "abc", "abcd", "abc123"
	};
	static const char *const domains[] = {
		"na.com", "none.com", "null.com", "test.com", "noemail.com", "nomail.com",
		"no-email.com", "noreply.com", "email.invalid"
	};
	static const char *const endings[] = {".invalid", ".localhost", ".test"};
	const char *dot = memchr(domain, '.', domain_size);
	size_t		first = dot ? (size_t) (dot - domain) : domain_size;

	if (one_of(local, local_size, locals, COUNT(locals)) ||
		one_of(domain, domain_size, domains, COUNT(domains)) ||
		(local_size >= 3 && one_character(local, local_size)))
		return true;
	for (size_t i = 0; i < COUNT(endings); i++)
	{
		size_t		n = strlen(endings[i]);

		if (domain_size > n && memcmp(domain + domain_size - n, endings[i], n) == 0)
			return true;
	}
	/* xx@xx.com, abc@abc.com */
	return local_size <= 4 && local_size == first && memcmp(local, domain, first) == 0;
}

/*
 * E-mail: ASCII lower case; Gmail without dots and what follows a plus sign, which
 * its mailboxes ignore.
 */
Reason
normalize_email(const char *text, size_t length,
				char *result, size_t size, size_t *result_size)
{
	Reason		reason = trimmed(&text, &length, MAX_EMAIL_SIZE);
	const char *at = NULL;
	const char *domain;
	size_t		local_size,
				domain_size;

	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] == '@')
			at = text + i;		/* others can only stand inside quotes */
	}
	if (at == NULL || length > size)
		return REASON_BAD_EMAIL;
	local_size = (size_t) (at - text);
	domain_size = length - local_size - 1;
	if (domain_size > 0 && text[length - 1] == '.')
		domain_size--;
	if (!valid_local(text, local_size) || !valid_domain(at + 1, domain_size))
		return REASON_BAD_EMAIL;
	for (size_t i = 0; i <= local_size + domain_size; i++)
		result[i] = ascii_lower(text[i]);
	domain = result + local_size + 1;
	if (equals_word(domain, domain_size, "googlemail.com"))
		domain_size = strlen("gmail.com");	/* rewritten below */
	else if (!equals_word(domain, domain_size, "gmail.com"))
	{
		if (placeholder_email(result, local_size, domain, domain_size))
			return REASON_PLACEHOLDER;
		*result_size = local_size + 1 + domain_size;
		return REASON_OK;
	}
	length = local_size;
	local_size = 0;
	for (size_t i = 0; i < length && result[i] != '+'; i++)
	{
		if (result[i] != '.')
			result[local_size++] = result[i];
	}
	if (local_size == 0 || result[0] == '"')
		return REASON_BAD_EMAIL;
	memcpy(result + local_size, "@gmail.com", 10);
	if (placeholder_email(result, local_size, result + local_size + 1, domain_size))
		return REASON_PLACEHOLDER;
	*result_size = local_size + 1 + domain_size;
	return REASON_OK;
}

/*
 * Loyalty and device ids: ASCII upper case without blanks.  All zeros is what
 * phones answer whose owner refused an advertising id.
 */
Reason
normalize_code(const char *text, size_t length,
			   char *result, size_t size, size_t *result_size)
{
	static const char *const words[] = {
		"na", "n/a", "nil", "nan", "none", "null", "no", "-", "unknown", "undefined", "test"
	};
	Reason		reason = trimmed(&text, &length, MAX_CODE_SIZE);
	size_t		n = 0;
	bool		zeros = true;

	if (reason != REASON_OK)
		return reason;
	if (length > size)
		return REASON_TOO_LONG;
	for (size_t i = 0; i < length;)
	{
		uint32_t	code;
		size_t		bytes = utf8_decode(text + i, length - i, &code);

		if (!is_blank(code))
		{
			zeros = zeros && (code == '0' || code == '-');
			for (size_t j = 0; j < bytes; j++)
				result[n++] = ascii_upper(text[i + j]);
		}
		i += bytes;
	}
	if (zeros || one_of(result, n, words, COUNT(words)))
		return REASON_PLACEHOLDER;
	*result_size = n;
	return REASON_OK;
}

/*
 * Value of a hexadecimal digit, or -1.
 */
static int
hex_value(char c)
{
	if (is_ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Value of a digit of base 64, or -1.
 */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_ascii_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * The 32 bytes of 43 digits of base 64 and one equals sign.
 */
static bool
decode_base64(const char *text, uint8_t result[32])
{
	uint32_t	bits = 0;
	int			count = 0;
	size_t		n = 0;

	for (int i = 0; i < 43; i++)
	{
		int			value = base64_value(text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t) value;
		count += 6;
		if (count >= 8)
		{
			count -= 8;
			result[n++] = (uint8_t) (bits >> count);
		}
	}
	return text[43] == '=' && (bits & 3) == 0;
}

/*
 * The SHA-256 that a partner made of a canonical value, from 64 hexadecimal or 44
 * base-64 digits.  Hashes of an empty value are placeholders.
 */
Reason
parse_sha256(const char *text, size_t length, uint8_t result[32])
{
	static const uint8_t zeros[32];
	static const uint8_t empty[32] = {	/* SHA-256 of no bytes */
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
		0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
		0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55
	};

	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	if (length == 44)
	{
		if (!decode_base64(text, result))
			return REASON_BAD_HASH;
	}
	else if (length == 64)
	{
		for (int i = 0; i < 32; i++)
		{
			int			high = hex_value(text[2 * i]);
			int			low = hex_value(text[2 * i + 1]);

			if (high < 0 || low < 0)
				return REASON_BAD_HASH;
			result[i] = (uint8_t) (high << 4 | low);
		}
	}
	else
		return REASON_BAD_HASH;
	if (memcmp(result, zeros, 32) == 0 || memcmp(result, empty, 32) == 0)
		return REASON_PLACEHOLDER;
	return REASON_OK;
}

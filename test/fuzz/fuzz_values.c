/*
 * fuzz_values.c
 *		Feeds arbitrary bytes to every parser, normaliser and detector of src/core and
 *		checks what must hold for any input.
 *
 * The same file is a libFuzzer harness (see test/fuzz/run) and, compiled with
 * -DSTANDALONE, a test of its own: it mutates a small corpus for a fixed number of
 * rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/detect.h"
#include "core/json.h"
#include "core/normalize.h"
#include "core/parse.h"
#include "core/utf8.h"

typedef Reason (*Normalizer) (const char *, size_t, char *, size_t, size_t *);

static void
require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

/* A canonical form is small, valid UTF-8 and its own canonical form. */
static void
check_normalizer(Normalizer normalize, const char *name, const char *text, size_t length)
{
	char		once[NORMALIZE_MAX];
	char		twice[NORMALIZE_MAX];
	size_t		size = 0;
	size_t		size2 = 0;
	Reason		reason = normalize(text, length, once, sizeof(once), &size);

	require(reason >= REASON_OK && reason < REASON_COUNT, name);
	if (reason != REASON_OK)
		return;
	require(size > 0 && size <= sizeof(once) && utf8_valid(once, size), name);
	require(normalize(once, size, twice, sizeof(twice), &size2) == REASON_OK &&
			size2 == size && memcmp(once, twice, size) == 0, name);
}

static void
check_parsers(const char *text, size_t length)
{
	static const char *const formats[] = {NULL, "dmy", "mdy"};
	CivilTime	t;
	int64_t		number;
	bool		flag;
	char		pincode[7];
	uint8_t		hash[32];
	const char *start;
	size_t		size;
	char		currency[4];

	for (int i = 0; i < 3; i++)
	{
		if (parse_datetime(text, length, formats[i], &t) != REASON_OK)
			continue;
		require(t.year >= 1 && t.year <= 9999 && t.month >= 1 && t.month <= 12 && t.day >= 1 &&
				t.day <= 31 && t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 &&
				t.second >= 0 && t.second < 60 && t.microsecond >= 0 && t.microsecond < 1000000 &&
				abs(t.offset_seconds) < 16 * 3600, "datetime");
	}
	for (int scale = 0; scale <= 18; scale += 2)
	{
		if (parse_money(text, length, scale, &number, currency) == REASON_OK)
			require(strlen(currency) == 0 || strlen(currency) == 3, "currency");
	}
	(void) parse_integer(text, length, &number);
	(void) parse_flag(text, length, &flag);
	(void) parse_sha256(text, length, hash);
	if (parse_pincode(text, length, pincode) == REASON_OK)
		require(strlen(pincode) == 6 && pincode[0] != '0', "pincode");
	if (parse_text(text, length, SIZE_MAX, &start, &size) == REASON_OK)
		require(size > 0 && start >= text && start + size <= text + length && utf8_valid(start, size), "text");
}

/* Redaction stays within its bound, agrees with has_identifier() and finds all at once. */
static void
check_detector(const char *text, size_t length)
{
	char	   *once = malloc(REDACTED_SIZE(length));
	char	   *twice;
	int			found,
				found2;
	size_t		size = redact_text(text, length, once, &found);
	size_t		size2;

	require(size <= REDACTED_SIZE(length), "size of the redacted text");
	require((found > 0) == has_identifier(text, length), "has_identifier");
	require(found > 0 || (size == length && memcmp(once, text, length) == 0), "unchanged text");
	if (utf8_valid(text, length))
		require(utf8_valid(once, size), "redacted text is UTF-8");
	twice = malloc(REDACTED_SIZE(size));
	size2 = redact_text(once, size, twice, &found2);
	require(found2 == 0 && size2 == size, "redacted text is clean");
	free(once);
	free(twice);
}

static int
is_json_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* An object stays one between blanks and as a member of another, and is none without its last brace. */
static void
check_json(const char *text, size_t length)
{
	char	   *copy = malloc(length + 16);
	int			is_object = json_is_object(text, length);
	int			opened = 0;

	memcpy(copy + 1, text, length);
	copy[0] = copy[length + 1] = ' ';
	require(json_is_object(copy, length + 2) == is_object, "JSON between blanks");
	for (size_t i = 0; i < length; i++)
		opened += text[i] == '{' || text[i] == '[';
	if (is_object && opened < JSON_MAX_DEPTH)
	{
		memcpy(copy, "{\"a\":", 5);
		memcpy(copy + 5, text, length);
		copy[5 + length] = '}';
		require(json_is_object(copy, length + 6), "JSON in JSON");
	}
	while (is_object && is_json_blank(text[length - 1]))
		length--;
	require(!is_object || (text[length - 1] == '}' && !json_is_object(text, length - 1)), "end of a JSON object");
	free(copy);
}

extern int	LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	/* a copy of exact size, so that the sanitizer sees a read past the end */
	char	   *text = malloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(text, data, size);
	check_normalizer(normalize_email, "email", text, size);
	check_normalizer(normalize_phone, "phone", text, size);
	check_normalizer(normalize_name, "name", text, size);
	check_normalizer(normalize_address, "address", text, size);
	check_normalizer(normalize_code, "code", text, size);
	check_normalizer(normalize_ip, "ip", text, size);
	check_parsers(text, size);
	check_detector(text, size);
	check_json(text, size);
	free(text);
	return 0;
}

#ifdef STANDALONE
static const char *const corpus[] = {
	"jane.doe+x@gmail.com", "\"a b\"@x.in", "+91 (0) 98765-43210", "0091 98765 43210",
	"\xEF\xBC\x99\xE0\xA5\xAF" "9876543210", "Dr. Jos\xC3\xA9 O'Brien Jr", "\xE0\xA5\x98\xE0\xA4\xBC",
	"2001:db8::1:0:0:1", "::ffff:1.2.3.4", "1,23,456.50", "(\xE2\x82\xB9 1,234.5)", "Rs. 500/-",
	"2025-08-02T22:02:55.123456+05:30", "Sat, 2nd Aug 2025 10:15 PM IST", "25/08/2025", "20250802221530",
	"560 001", "u=jane%2540example.com&p=%2B919876543210", "4111 1111 1111 1111 2341 2341 2346",
	"{\"a\": [1.5e-3, true, null, {\"b\": \"\\u00e9\\ud83d\\ude00\"}], \"c\": \"x\\\\y\"}", "{\"k\":[[[{}]]]}",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "icon@2x.png \\u0040 &#64;"
};

static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);

static size_t
random_below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t) (state % n);
}

/* Changes, inserts, drops or repeats bytes, or joins two members of the corpus. */
int
main(int argc, char **argv)
{
	static const char marks[] = "@.+-%0 9:/\xE2\x80\x8B(){";
	const size_t members = sizeof(corpus) / sizeof(corpus[0]);
	long		rounds = argc > 1 ? atol(argv[1]) : 100000;

	for (long i = 0; i < rounds; i++)
	{
		char		text[512];
		size_t		size = strlen(strcpy(text, corpus[random_below(members)]));

		for (size_t j = random_below(6); j > 0; j--)
		{
			size_t		at = random_below(size + 1);
			const char *other = corpus[random_below(members)];

			switch (random_below(5))
			{
				case 0:
					text[at == size ? 0 : at] = (char) random_below(256);

					break;
				case 1:
					memmove(text + at + 1, text + at, size - at);
					text[at] = marks[random_below(sizeof(marks) - 1)];

					size++;
					break;
				case 2:
					memmove(text + at, text + at + (at < size), size - at - (at < size));
					size -= at < size;
					break;
				case 3:
					size = at;
					break;
				default:
					if (size + strlen(other) < 400)
					{
						memcpy(text + size, other, strlen(other));
						size += strlen(other);
					}
			}
			if (size == 0)
				break;
		}
		LLVMFuzzerTestOneInput((const unsigned char *) text, size);
	}
	printf("%ld texts\n", rounds);
	return 0;
}
#endif

/*
 * normalize_ip.c
 *		Canonical form of IP addresses: dotted decimal, and RFC 5952 for version 6.
 *
 * Addresses that many networks use at once (loopback, private, shared, link-local,
 * unspecified, multicast) identify nobody and are placeholders.
 */
#include "core/normalize.h"

#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

#define MAX_IP_SIZE 45

/*
 * Four numbers 0 to 255 without leading zeros, which some programs read as octal.
 */
static bool
parse_ipv4(const char *text, size_t length, uint8_t result[4])
{
	size_t		p = 0;

	for (int i = 0; i < 4; i++)
	{
		size_t		start = p;
		int			value = 0;

		while (p < length && p - start < 3 && is_ascii_digit(text[p]))
			value = value * 10 + (text[p++] - '0');
		if (p == start || value > 255 || (p - start > 1 && text[start] == '0'))
			return false;
		if (i < 3 && (p == length || text[p++] != '.'))
			return false;
		result[i] = (uint8_t) value;
	}
	return p == length;
}

/*
 * Value of up to four hexadecimal digits at *p; -1 when there is none.
 */
static int
take_group(const char *text, size_t length, size_t *p)
{
	size_t		start = *p;
	int			value = 0;

	while (*p < length && *p - start < 4)
	{
		char		c = ascii_lower(text[*p]);

		if (is_ascii_digit(c))
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else
			break;
		(*p)++;
	}
	return *p == start ? -1 : value;
}

/*
 * Eight groups, '::' once for a run of zero groups, the last two groups also as
 * four decimal numbers.
 */
static bool
parse_ipv6(const char *text, size_t length, uint16_t groups[8])
{
	int			count = 0;
	int			gap = -1;
	size_t		p = 0;

	memset(groups, 0, 8 * sizeof(groups[0]));
	if (length >= 2 && text[0] == ':' && text[1] == ':')
	{
		gap = 0;
		p = 2;
	}
	while (p < length)
	{
		size_t		start = p;
		uint8_t		v4[4];
		int			value;

		if (count == 8)
			return false;
		if (count <= 6 && parse_ipv4(text + p, length - p, v4))
		{
			groups[count++] = (uint16_t) (v4[0] << 8 | v4[1]);
			groups[count++] = (uint16_t) (v4[2] << 8 | v4[3]);
			break;
		}
		value = take_group(text, length, &p);
		if (value < 0 || p == start)
			return false;
		groups[count++] = (uint16_t) value;
		if (p == length)
			break;
		if (text[p++] != ':' || p == length)
			return false;
		if (text[p] == ':')
		{
			if (gap >= 0)
				return false;
			gap = count;
			p++;
		}
	}
	if (gap < 0)
		return count == 8;
	if (count == 8)
		return false;
	memmove(groups + 8 - (count - gap), groups + gap,
			(size_t) (count - gap) * sizeof(groups[0]));
	memset(groups + gap, 0, (size_t) (8 - count) * sizeof(groups[0]));
	return true;
}

/*
 * Whether many hosts bear the address.
 */
static bool
shared_ipv4(const uint8_t a[4])
{
	return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
		(a[0] == 100 && a[1] >= 64 && a[1] <= 127) ||
		(a[0] == 169 && a[1] == 254) || (a[0] == 172 && a[1] >= 16 && a[1] <= 31) ||
		(a[0] == 192 && a[1] == 168);
}

/*
 * The same of version 6: ::, ::1, fe80::/10, fc00::/7, ff00::/8.
 */
static bool
shared_ipv6(const uint16_t g[8])
{
	bool		zeros = true;

	for (int i = 0; i < 7; i++)
		zeros = zeros && g[i] == 0;
	return (zeros && g[7] <= 1) || (g[0] & 0xFFC0) == 0xFE80 ||
		(g[0] & 0xFE00) == 0xFC00 || (g[0] & 0xFF00) == 0xFF00;
}

/*
 * Text of version 6: lower case, no leading zeros, '::' for the first longest run
 * of two zero groups or more.
 */
static size_t
format_ipv6(const uint16_t g[8], char *result)
{
	int			best = -1;
	int			best_count = 1;
	size_t		n = 0;

	for (int i = 0; i < 8; i++)
	{
		int			j = i;

		while (j < 8 && g[j] == 0)
			j++;
		if (j - i > best_count)
		{
			best = i;
			best_count = j - i;
		}
	}
	for (int i = 0; i < 8; i++)
	{
		if (i == best)
		{
			n += (size_t) sprintf(result + n, i == 0 ? "::" : ":");
			i += best_count - 1;
		}
		else
			n += (size_t) sprintf(result + n, i == 7 ? "%x" : "%x:", g[i]);
	}
	return n;
}

/*
 * IP addresses of both versions; a mapped one (::ffff:a.b.c.d) is its version 4.
 */
Reason
normalize_ip(const char *text, size_t length,
			 char *result, size_t size, size_t *result_size)
{
	static const uint16_t mapped[6] = {0, 0, 0, 0, 0, 0xFFFF};
	uint8_t		v4[4];
	uint16_t	v6[8];

	trim(&text, &length);
	if (length == 0)
		return REASON_EMPTY;
	if (length > MAX_IP_SIZE || size <= MAX_IP_SIZE)
		return REASON_BAD_VALUE;
	if (!parse_ipv4(text, length, v4))
	{
		if (!parse_ipv6(text, length, v6))
			return REASON_BAD_VALUE;
		if (memcmp(v6, mapped, sizeof(mapped)) != 0)
		{
			if (shared_ipv6(v6))
				return REASON_PLACEHOLDER;
			*result_size = format_ipv6(v6, result);
			return REASON_OK;
		}
		v4[0] = (uint8_t) (v6[6] >> 8);
		v4[1] = (uint8_t) (v6[6] & 0xFF);
		v4[2] = (uint8_t) (v6[7] >> 8);
		v4[3] = (uint8_t) (v6[7] & 0xFF);
	}
	if (shared_ipv4(v4))
		return REASON_PLACEHOLDER;
	*result_size = (size_t) sprintf(result, "%d.%d.%d.%d", v4[0], v4[1], v4[2], v4[3]);
	return REASON_OK;
}

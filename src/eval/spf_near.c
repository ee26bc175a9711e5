/* SPDX-License-Identifier: ISC */
/*
 * spf_near: is a host of an include a slip of the pen of another one?  At most two letters are wrong, too many, missing or have
 * changed places; or the first label was left out; or something was appended, or put before it as in a browser.  Only for names so
 * long and odd as Microsoft's: spf1.example and spf2.example are two hosts.
 */
#include <string.h>

#include "spf.h"

#define NEAR_MAX  64	/* bytes of a name that is compared letter by letter */
#define SLIPS_MAX 2

static size_t
host_length(const char *p)
{
	size_t n = strlen(p);

	return n > 0 && p[n - 1] == '.' ? n - 1 : n;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters put in, left out, changed, and neighbours that changed places (optimal string alignment). */
static unsigned
slips(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][NEAR_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2], *swap;

	for (size_t k = 0; k <= m; k++)
		last[k] = (unsigned)k;
	for (size_t i = 1; i <= n; i++) {
		now[0] = (unsigned)i;
		for (size_t k = 1; k <= m; k++) {
			bool same = ascii_lower(a[i - 1]) == ascii_lower(b[k - 1]);

			now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + !same);
			if (i > 1 && k > 1 && ascii_lower(a[i - 1]) == ascii_lower(b[k - 2]) &&
			    ascii_lower(a[i - 2]) == ascii_lower(b[k - 1]))
				now[k] = least(now[k], before[k - 2] + 1);
		}
		swap = before;
		before = last;
		last = now;
		now = swap;
	}
	return last[m];
}

/* "protection.outlook.com" for "spf.protection.outlook.com", but not "outlook.com", which is a host of its own. */
static bool
lacks_first_label(const char *host, size_t n, const char *wanted)
{
	const char *rest = strchr(wanted, '.');

	return rest != NULL && strchr(rest + 1, '.') != strrchr(rest + 1, '.') && n == host_length(rest + 1) && str_iprefix(host, rest + 1);
}

/* "https://spf.protection.outlook.com/" */
static bool
is_url_of(const char *host, const char *wanted)
{
	const char *at = str_iprefix(host, "http") ? strstr(host, "://") : NULL;
	size_t n;

	if (at == NULL || !str_iprefix(at + 3, wanted))
		return false;
	n = strlen(wanted);
	return at[3 + n] == '\0' || at[3 + n] == '/' || at[3 + n] == '.';
}

bool
spf_host_near(const char *host, const char *wanted)
{
	size_t n = host_length(host), m = host_length(wanted);
	unsigned d;

	if (is_url_of(host, wanted) || lacks_first_label(host, n, wanted) || (n > m && str_iprefix(host, wanted) && host[m] == '.'))
		return true;
	if (n > NEAR_MAX || m > NEAR_MAX)
		return false;
	d = slips(host, n, wanted, m);
	return d > 0 && d <= SLIPS_MAX;
}

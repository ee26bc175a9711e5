/* SPDX-License-Identifier: ISC */
/* The bearer token (RFC 6750 2.1). */
#include <string.h>

#include "guard.h"

/* Looks at every byte given, and at no more of the secret than its length gives away. */
static bool
equal_in_constant_time(const char *given, const char *secret)
{
	size_t n = strlen(given), len = strlen(secret);
	volatile unsigned differ = n != len;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)given[i] ^ (unsigned char)secret[len > 0 ? i % len : 0];
	return differ == 0 && len > 0;
}

enum auth
auth_check(const char *authorization, const char *token)
{
	const char *p = authorization;

	if (p == NULL || !str_iprefix(p, "bearer") || (p[6] != ' ' && p[6] != '\t'))
		return AUTH_MISSING;
	p += 6 + strspn(p + 6, " \t");
	return equal_in_constant_time(p, token) ? AUTH_FINE : AUTH_BAD;
}

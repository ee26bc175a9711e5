/* SPDX-License-Identifier: ISC */
/* An MTA-STS policy as text: parsing ends, and a pattern covers a host made from it. */
#include <src/eval/sts.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err err = { "" };
	struct sts_policy p;

	if (sts_policy_parse(a, (const char *)data, size, &p, &err) == -1) {
		must(err.msg[0] != '\0');
	} else {
		must(p.mode == STS_NONE || p.n_mx > 0);
		must(p.max_age_s <= STS_MAX_AGE_MAX && p.n_mx <= STS_MX_MAX);
		for (size_t i = 0; i < p.n_mx; i++) {
			bool star = strncmp(p.mx[i], "*.", 2) == 0;

			must(sts_policy_covers(&p, arena_printf(a, "%s%s", star ? "a" : "", p.mx[i] + star)));
		}
		must(!sts_policy_covers(&p, ""));
	}
	arena_free(a);
	return 0;
}

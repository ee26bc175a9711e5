/* SPDX-License-Identifier: ISC */
/* fix: the changes that mend a domain, out of what is on the board. */
#include "board_internal.h"

struct fix *
board_fix(struct board_domain *d, bool ask, struct arena *a)
{
	struct fix *fix = arena_alloc(a, sizeof(*fix));
	struct domain_result r;
	struct matrix m;

	rollup_into(d, a, &m, &r);
	eval_fix(&m, &r, ask, a, fix);
	return fix;
}

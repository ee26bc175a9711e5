/* SPDX-License-Identifier: ISC */
/* sts: the text of an MTA-STS policy (RFC 8461 section 3.2), and which hosts it covers (section 4.1). */
#ifndef EVAL_STS_H
#define EVAL_STS_H

#include <m365dnsd/base.h>

#define STS_MX_MAX      128
#define STS_MAX_AGE_MAX 31557600	/* seconds: a year */

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE };
extern const struct name_table sts_mode_names;
struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age_s;
	const char *const *mx;		/* "mail.contoso.com" or "*.mail.protection.outlook.com" */
	size_t n_mx;
};

/* Everything lives in a.  -1 with words when senders would have to leave the policy aside. */
int sts_policy_parse(struct arena *a, const char *text, size_t n, struct sts_policy *ret, struct err *err);
/* Is host (no final dot) one of the policy's?  A "*" stands for exactly one label, the left-most. */
bool sts_policy_covers(const struct sts_policy *p, const char *host);

#endif

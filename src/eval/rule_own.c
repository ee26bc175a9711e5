/* SPDX-License-Identifier: ISC */
/* The administrator's own records, compared as a set; and names that must not exist. */
#include <string.h>

#include "judge.h"

enum verdict
rule_absent(struct judge *j)
{
	const char *found = judge_found_text(j), *owner = match_name_text(j->a, &j->owner);
	char type[16];

	if (j->an->n_values == 0 && j->an->n_chain == 0 && j->an->kind != ANSWER_CNAME_LOOP)
		return VERDICT_OK;
	/* addresses are asked for; what stands there is the alias */
	judge_note(j, strcmp(j->e->id, "msoid") == 0 ? FINDING_MSOID_PRESENT : FINDING_RECORD_FORBIDDEN, found, "nothing", "%s %s is %s",
	    owner, dns_type_text(j->an->n_chain > 0 ? DNS_TYPE_CNAME : j->an->qtype, type), found);
	return VERDICT_WRONG;
}

static bool
set_has(const struct rdata *set, size_t n, const struct rdata *r)
{
	for (size_t i = 0; i < n; i++)
		if (match_rdata_equal(&set[i], r))
			return true;
	return false;
}

/* A wanted text that is there with a slip of the pen, or a target that came out wrong. */
static bool
exact_explain(struct judge *j, const struct rdata *found)
{
	struct text *values;
	struct dns_name target;
	size_t n;

	if (found->type != DNS_TYPE_TXT)
		return rdata_name(found, &target) && match_explain_target(j, &target, judge_rdata_text(j->a, found));
	n = text_values(j, &values);
	for (size_t i = 0; i < j->want.n_exact; i++) {
		struct str s = STR_INIT;
		bool near = false;

		if (rdata_txt(&j->want.exact[i], &s))
			for (size_t k = 0; k < n && !near; k++) {
				struct text wanted = { str_c(&s), s.len };
				enum finding_code code = text_near_miss(j->a, values[k], wanted);

				near = code != FINDING_MAX && !text_equal(values[k], wanted);
				if (near)
					judge_note(j, code, text_show(j, values[k]), text_show(j, wanted), NULL);
			}
		str_done(&s);
		if (near)
			return true;
	}
	return false;
}

enum verdict
rule_exact(struct judge *j)
{
	const struct answer *an = j->an;
	const struct wanted *w = &j->want;
	const char *lacking = "", *extra = "";

	if (an->n_values == 0)
		return an->n_chain > 0 ? VERDICT_WRONG : VERDICT_MISSING;
	for (size_t i = 0; i < w->n_exact; i++)
		if (!set_has(an->values, an->n_values, &w->exact[i]))
			lacking = judge_join(j->a, lacking, judge_rdata_text(j->a, &w->exact[i]));
	for (size_t i = 0; i < an->n_values; i++) {
		if (set_has(w->exact, w->n_exact, &an->values[i]))
			continue;
		extra = judge_join(j->a, extra, judge_rdata_text(j->a, &an->values[i]));
		if (exact_explain(j, &an->values[i]))
			return VERDICT_WRONG;
	}
	if (*lacking == '\0' && *extra == '\0')
		return VERDICT_OK;
	judge_note(j, FINDING_RECORD_WRONG, judge_found_text(j), NULL, "%s%s%s%s%s",
	    *lacking != '\0' ? "not there: " : "", lacking, *lacking != '\0' && *extra != '\0' ? "; " : "",
	    *extra != '\0' ? "not wanted: " : "", extra);
	return VERDICT_WRONG;
}

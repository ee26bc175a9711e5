/* SPDX-License-Identifier: ISC */
/*
 * What each match rule's record shall be instead.  A mender changes the set it is given and leaves alone what it does not
 * understand; where the right value is not known (a DKIM target of Get-DkimSigningConfig, the host of one's own filter) it does
 * nothing, and the finding's advice says where to find it.  The menders stand in files of their own, by what they mend: fix_txt.c,
 * fix_spf.c, fix_tags.c, fix_name.c, fix_mx.c.
 */
#include "fix.h"
#include "spf.h"

static void
mend_exact(struct mend *m)
{
	fix_set_clear(m->set);
	for (size_t k = 0; k < m->j.want.n_exact; k++)
		fix_set_add(m, m->set, &m->j.want.exact[k]);
}

static void
mend_nothing(struct mend *m)
{
	(void)m;
}

fix_mender *const fix_menders[RULE_MAX] = {
	[RULE_TXT_VALUE] = fix_txt_value,
	[RULE_MX_VERIFICATION] = mend_nothing,	/* the TXT is asked for */
	[RULE_MX_SET] = fix_mx,
	[RULE_CNAME] = fix_cname,
	[RULE_HOST] = fix_host,
	[RULE_SRV] = fix_srv,
	[RULE_SPF] = fix_spf,
	[RULE_DKIM] = fix_dkim,
	[RULE_DMARC] = fix_tags,
	[RULE_MTA_STS] = fix_tags,
	[RULE_TLS_RPT] = fix_tags,
	[RULE_ABSENT] = fix_absent,
	[RULE_EXACT] = mend_exact,
	[RULE_CONTAINS] = fix_contains,
};

const char *
fix_record_text(struct matrix *m, size_t i, const struct answer *an, struct arena *a, const char **ret_note)
{
	struct fix_set sets[1];
	struct fixer x = { .m = m, .plan = m->plan, .a = a, .sets = sets };
	struct mend mend = { .x = &x, .i = i, .j = { .plan = m->plan, .i = i, .e = plan_expectation(m->plan, i), .view = VIEW_PUBLIC,
		.an = an, .a = a } };
	struct judgement judged;
	size_t at = 0;

	plan_wanted(m->plan, i, VIEW_PUBLIC, a, &mend.j.want);
	plan_owner(m->plan, i, &mend.j.owner);
	if (mend.j.e->rule == RULE_SPF) {	/* its notes name terms that have to go */
		eval_judge(m->plan, i, VIEW_PUBLIC, an, false, m->sides, a, &judged);
		mend.judged = &judged;
	}
	mend.set = fix_set_of(&mend, DNS_TYPE_TXT, an->values, an->n_values);
	fix_menders[mend.j.e->rule](&mend);
	*ret_note = mend.set->n_notes > 0 ? mend.set->notes[0] : NULL;
	for (size_t k = 0; k < mend.set->n_now; k++) {
		struct text v = fix_text_of(a, &mend.set->now[k]);
		bool old = false;

		/* what stays is in the order of the answer, so the next one is found where the last one was */
		for (size_t n = 0; n < an->n_values && !old; n++) {
			old = match_rdata_equal(&an->values[at], &mend.set->now[k]);
			at = (at + 1) % an->n_values;
		}
		if (!old && (mend.j.e->rule != RULE_SPF || spf_is_record(v.p, v.n)))
			return judge_printable(a, v.p, v.n);
	}
	return NULL;
}

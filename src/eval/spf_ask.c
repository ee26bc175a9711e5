/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "judge.h"
#include "spf_ask.h"

enum spf_asked
spf_ask(const struct spf_asker *k, const struct dns_name *name, uint16_t type, struct arena *a, struct side_fact *ret,
    const char **ret_words)
{
	const char *why = NULL;
	char buf[16];

	k->ask(k->ctx, name, type, ret);
	if (ret->state == SIDE_PENDING)
		return SPF_ASKED_PENDING;
	if (ret->state == SIDE_FAILED || ret->answer == NULL)
		why = name_of(&reason_names, (int)ret->reason);
	else if (ret->answer->kind == ANSWER_CNAME_LOOP)
		why = "its alias leads back to itself";
	else if (ret->answer->kind == ANSWER_REFERRAL)
		why = name_of(&reason_names, REASON_LAME);
	else if (ret->answer->n_values == 0 && k->doubts != NULL && k->doubts(k->ctx, name, ret->answer))
		why = "the denial does not come from Microsoft";
	if (why == NULL)
		return ret->answer->n_values > 0 ? SPF_ASKED_VALUES : SPF_ASKED_VOID;
	*ret_words = arena_printf(a, "%s %s: %s", match_name_text(a, name), dns_type_text(type, buf), why);
	return SPF_ASKED_FAILED;
}

/* The one SPF record among the TXT records. */
static enum spf_fetch
fetch_select(const struct answer *an, struct arena *a, const char *name, struct spf_fetched *ret)
{
	struct str s = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < an->n_values; i++) {
		str_clear(&s);
		if (!rdata_txt(&an->values[i], &s) || !spf_is_record(str_c(&s), s.len))
			continue;
		if (n++ == 0) {
			ret->text = arena_dup(a, str_c(&s), s.len);
			ret->n = s.len;
		}
	}
	str_done(&s);
	if (n == 1)
		return SPF_FETCHED;
	ret->words = n == 0 ? arena_printf(a, "%s has no SPF record", name) :
	    arena_printf(a, "%s has %zu SPF records, and only one may be there", name, n);
	return n == 0 ? SPF_FETCH_NONE : SPF_FETCH_MANY;
}

static enum spf_fetch
fetch_text(const struct spf_asker *k, const struct dns_name *name, struct arena *a, struct spf_fetched *ret)
{
	const char *shown = match_name_text(a, name);
	struct side_fact fact;

	if (k->record != NULL && dns_name_equal(name, k->own)) {
		ret->text = k->record;
		ret->n = k->n_record;
		return SPF_FETCHED;
	}
	switch (spf_ask(k, name, DNS_TYPE_TXT, a, &fact, &ret->words)) {
	case SPF_ASKED_PENDING:
		return SPF_FETCH_PENDING;
	case SPF_ASKED_FAILED:
		return SPF_FETCH_FAILED;
	case SPF_ASKED_VOID:
		ret->words = fact.answer->kind == ANSWER_NXDOMAIN ? arena_printf(a, "%s does not exist", shown) :
		    arena_printf(a, "%s has no TXT record, so no SPF record either", shown);
		return SPF_FETCH_VOID;
	case SPF_ASKED_VALUES:
		break;
	}
	return fetch_select(fact.answer, a, shown, ret);
}

enum spf_fetch
spf_fetch(const struct spf_asker *k, const struct dns_name *name, struct arena *a, struct spf_fetched *ret)
{
	enum spf_fetch rc;
	struct err err;

	memset(ret, 0, sizeof(*ret));
	rc = fetch_text(k, name, a, ret);
	if (rc != SPF_FETCHED || spf_parse(a, ret->text, ret->n, &ret->record, &err) == 0)
		return rc;
	ret->words = arena_printf(a, "the SPF record of %s has a mistake: %s", match_name_text(a, name),
	    judge_printable(a, err.msg, strlen(err.msg)));
	return SPF_FETCH_BROKEN;
}

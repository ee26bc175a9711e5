/* SPDX-License-Identifier: ISC */
/* An SPF record as text: parsing ends, and what it says holds together. */
#include <src/eval/spf.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_term(const struct spf_term *t)
{
	bool network = t->kind == SPF_IP4 || t->kind == SPF_IP6;

	must(t->text != NULL && *t->text != '\0' && strchr(t->text, ' ') == NULL);
	must(strchr("+-~?=", t->qualifier) != NULL);
	must((t->qualifier == '=') == (t->kind >= SPF_REDIRECT));
	must(t->domain == NULL || t->kind == SPF_OTHER || *t->domain != '\0');
	must(t->prefix4 <= 32 && t->prefix6 <= 128);
	must(!network || t->ip.family == (t->kind == SPF_IP4 ? 4 : 6));
	must(!network || spf_term_covers(t, &t->ip, t->kind == SPF_IP4 ? 32 : 128));
	must(!network || !spf_term_asks(t));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct spf_record r;
	struct err err = { "" };

	if (size <= UINT16_MAX && spf_is_record(data, size)) {
		if (spf_parse(a, data, size, &r, &err) == 0) {
			must(r.all < (int)r.n_terms && r.redirect < (int)r.n_terms);
			for (size_t i = 0; i < r.n_terms; i++)
				check_term(&r.terms[i]);
		} else {
			must(err.msg[0] != '\0');
		}
	}
	arena_free(a);
	return 0;
}

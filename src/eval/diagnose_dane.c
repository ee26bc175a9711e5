/* SPDX-License-Identifier: ISC */
/*
 * diagnose_dane: an MX below mx.microsoft can have DANE (RFC 7672): the TLSA record is Microsoft's affair, but senders look for
 * it only where the domain's own zone is signed, because the MX that leads there has to be proved as well.  Nothing breaks
 * without: mail flows as before, so this is information, and a warning where DANE was switched on and does nothing.
 */
#include <string.h>

#include "judge.h"
#include "roll.h"

#define FAMILY "mx.microsoft"

/* The first MX host of the family. */
static bool
dane_host(const struct roll *r, int mx, struct dns_name *ret)
{
	const struct answer *an;
	struct dns_name family;
	size_t col;

	an = record_answer(r, mx, &col);
	if (an == NULL || dns_name_parse(&family, FAMILY, NULL) == -1)
		return false;
	for (size_t k = 0; k < an->n_values; k++)
		if (rdata_name(&an->values[k], ret) && dns_name_is_below(ret, &family))
			return true;
	return false;
}

enum known { NOT_KNOWN, KNOWN_YES, KNOWN_NO };

static enum known
ask_whether(struct roll *r, const struct dns_name *name, uint16_t type, struct side_fact *ret)
{
	if (side_ask(r, -1, SIDE_LOOKUP, name, type, ret) != SIDE_ANSWERED)
		return NOT_KNOWN;
	if (ret->answer->kind == ANSWER_POSITIVE)
		return KNOWN_YES;
	return side_denied(r, name, ret) ? KNOWN_NO : NOT_KNOWN;
}

static void
tell(struct roll *r, int mx, enum finding_code code, enum severity severity, const struct dns_name *host, const char *detail,
    const struct dns_name *name, uint16_t type, const struct side_fact *fact)
{
	struct finding *f = diagnose_add(r, code, severity, mx, detail, &(struct advice){ .found = match_name_text(r->a, host) });

	diagnose_evidence_side(r, f, name, type, fact);
}

void
diagnose_dane(struct roll *r)
{
	int mx = plan_find(r->plan, "mx");
	const struct zone *z = r->m->zone.zone;
	struct dns_name host, owner, port;
	struct side_fact tlsa_fact, ds_fact;
	const char *text, *apex;
	enum known tlsa, ds;

	if (z == NULL || z->status != ZONE_FOUND || !dane_host(r, mx, &host) || dns_name_parse(&port, "_25._tcp", NULL) == -1 ||
	    !dns_name_concat(&owner, &port, &host))
		return;
	tlsa = ask_whether(r, &owner, DNS_TYPE_TLSA, &tlsa_fact);
	ds = ask_whether(r, &z->apex, DNS_TYPE_DS, &ds_fact);
	if (tlsa == NOT_KNOWN || ds == NOT_KNOWN)
		return;
	text = match_name_text(r->a, &host);
	apex = match_name_text(r->a, &z->apex);
	if (ds == KNOWN_NO)
		tell(r, mx, FINDING_DANE_UNSIGNED, tlsa == KNOWN_YES ? SEVERITY_WARNING : SEVERITY_INFO, &host,
		    tlsa == KNOWN_YES ? arena_printf(r->a, "%s has a TLSA record, but %s is not signed", text, apex) :
		    arena_printf(r->a, "%s could have DANE, but %s is not signed", text, apex), &z->apex, DNS_TYPE_DS, &ds_fact);
	else if (tlsa == KNOWN_NO)
		tell(r, mx, FINDING_DANE_NO_TLSA, SEVERITY_INFO, &host, arena_printf(r->a, "%s has no TLSA record", text),
		    &owner, DNS_TYPE_TLSA, &tlsa_fact);
}

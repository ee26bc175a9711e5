/* SPDX-License-Identifier: ISC */
/*
 * after: what remains to be done once DNS is right.  The records are only half of a move: somebody has to press Verify, switch
 * signing on, let the old server go.  A step is a row; it holds when its record is required and seen everywhere.  The words are
 * those of Microsoft's own guides.
 */
#include <string.h>

#include <m365dnsd/view.h>

#define TTL_LOW 3600	/* seconds; what Microsoft's records come with */

struct step_row {
	const char *step;		/* stable word */
	const char *record;		/* id of the record that it follows from; NULL = any */
	bool (*holds)(const struct status *s, const struct status_record *r);	/* NULL = that is enough */
	const char *text;		/* {domain}, {name}, {n} */
};

/* The TTL that the authorities give, the lowest of them; 0 = not known. */
static int64_t
record_ttl(const struct status_record *r)
{
	int64_t least = 0;

	for (size_t i = 0; i < r->n_cells; i++)
		if (r->cells[i].kind == SOURCE_AUTHORITY && r->cells[i].verdict == VERDICT_OK && r->cells[i].ttl_told > 0 &&
		    (least == 0 || r->cells[i].ttl_told < least))
			least = r->cells[i].ttl_told;
	return least;
}

static bool
is_ttl_low(const struct status *s, const struct status_record *r)
{
	int64_t ttl = record_ttl(r);

	(void)s;
	return ttl > 0 && ttl < TTL_LOW;
}

/* Mail has gone over to Microsoft altogether: a hybrid organisation still needs its own servers. */
static bool
is_mail_moved(const struct status *s, const struct status_record *r)
{
	(void)r;
	return strcmp(s->profile, "cloud-only") == 0;
}

static bool
is_dmarc_none(const struct status *s, const struct status_record *r)
{
	(void)s;
	for (size_t i = 0; i < r->n_cells; i++)
		for (size_t k = 0; k < r->cells[i].n_values; k++)
			if (r->cells[i].verdict == VERDICT_OK && strstr(r->cells[i].values[k], "p=none") != NULL)
				return true;
	return false;
}

static const struct step_row step_rows[] = {
	{ "verify", "verification", NULL,
	  "Press Verify for {domain} in the Microsoft 365 admin center (Settings, Domains): the proof is seen everywhere." },
	{ "enable-dkim", "dkim-selector2", NULL,
	  "Switch DKIM signing on for {domain} in the Defender portal, or: Set-DkimSigningConfig -Identity {domain} -Enabled $true" },
	{ "keep-old-mail-server", "mx", is_mail_moved,
	  "Leave the former mail server of {domain} running for 72 hours: senders may have stored where it was. Then switch it off." },
	{ "strengthen-dmarc", "dmarc", is_dmarc_none,
	  "Read the DMARC reports, and when only your own senders fail no more, change p=none at {name} to quarantine and then reject." },
	{ "raise-ttl", "mx", is_ttl_low,
	  "Raise the TTL of {name} MX from {n} to 3600 seconds when nothing is going to be changed soon." },
};

static const struct status_record *
record_done(const struct status *s, const char *id)
{
	for (size_t i = 0; i < s->n_records; i++)
		if (strcmp(s->records[i].id, id) == 0)
			return s->records[i].need == NEED_REQUIRED && s->records[i].state == RECORD_VISIBLE ? &s->records[i] :
			    NULL;
	return NULL;
}

static void
step_text(const struct step_row *row, const struct status *s, const struct status_record *r, struct str *ret)
{
	for (const char *p = row->text; *p != '\0'; p++) {
		if (strncmp(p, "{domain}", 8) == 0) {
			str_add(ret, s->domain);
			p += 7;
		} else if (strncmp(p, "{name}", 6) == 0) {
			str_add(ret, r->name);
			p += 5;
		} else if (strncmp(p, "{n}", 3) == 0) {
			str_addf(ret, "%lld", (long long)record_ttl(r));
			p += 2;
		} else {
			str_addc(ret, *p);
		}
	}
}

bool
view_step_next(const struct status *s, size_t *i, const char **ret_step, struct str *ret_text)
{
	str_clear(ret_text);
	for (; s->complete && *i < ARRAY_LEN(step_rows); (*i)++) {
		const struct step_row *row = &step_rows[*i];
		const struct status_record *r = record_done(s, row->record);

		if (r == NULL || (row->holds != NULL && !row->holds(s, r)))
			continue;
		step_text(row, s, r, ret_text);
		*ret_step = row->step;
		(*i)++;
		return true;
	}
	return false;
}

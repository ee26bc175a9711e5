/* SPDX-License-Identifier: ISC */
#include "escape.h"

static const struct spf_word {
	int exit_code;
	const char *says;	/* of the address and the domain; NULL: the problem says it */
} words[] = {
	[SPF_NONE] = { 3, NULL },
	[SPF_NEUTRAL] = { 1, "%s leaves open whether %s may send its mail" },
	[SPF_PASS] = { 0, "%s lets %s send its mail" },
	[SPF_FAIL] = { 2, "%s does not let %s send its mail" },
	[SPF_SOFTFAIL] = { 1, "%s does not expect %s to send its mail" },
	[SPF_TEMPERROR] = { 3, NULL },
	[SPF_PERMERROR] = { 2, NULL },
};

int
view_spf_exit_code(enum spf_result result)
{
	return words[result].exit_code;
}

static void
add_says(const struct view_spf *v, bool unicode, struct str *ret)
{
	const char *p = words[v->check->result].says;
	const char *const names[] = { v->domain, v->ip };
	size_t n = 0;

	if (p == NULL) {
		escape_text(ret, v->check->problem != NULL ? v->check->problem : "", unicode);
		return;
	}
	for (; *p != '\0'; p++)
		if (p[0] == '%' && p[1] == 's') {
			escape_text(ret, names[n++], unicode);
			p++;
		} else {
			str_addc(ret, *p);
		}
}

void
view_spf_text(const struct view_spf *v, const struct view_options *o, struct str *ret)
{
	const struct spf_check *c = v->check;

	str_addf(ret, "%s\n", name_of(&spf_result_names, (int)c->result));
	if (o->quiet)
		return;
	str_add(ret, "  ");
	add_says(v, o->unicode, ret);
	str_add(ret, "\n");
	for (size_t i = 0; i < c->n_path; i++) {
		str_addf(ret, "%*s", 2 + 2 * (int)i, "");
		escape_text(ret, c->path[i].domain, o->unicode);
		str_add(ret, ": ");
		escape_text(ret, c->path[i].term != NULL ? c->path[i].term : "(none of its terms)", o->unicode);
		str_addc(ret, '\n');
	}
	if (c->explanation != NULL) {
		str_add(ret, "  in the domain's words: ");
		escape_text(ret, c->explanation, o->unicode);
		str_addc(ret, '\n');
	}
	str_addf(ret, "  look-ups: %u of %d, void look-ups: %u of %d, questions to DNS: %u\n", c->lookups, SPF_LOOKUPS_MAX, c->voids,
	    SPF_VOIDS_MAX, c->questions);
	if (!o->verbose)
		return;
	str_add(ret, "  sender: ");
	escape_text(ret, v->sender, o->unicode);
	str_add(ret, ", HELO: ");
	escape_text(ret, v->helo, o->unicode);
	str_addc(ret, '\n');
}

void
view_spf_json(const struct view_spf *v, struct str *ret)
{
	const struct spf_check *c = v->check;
	struct json_writer j = { .out = ret };

	jsonw_open(&j, NULL, '{');
	jsonw_text(&j, "domain", v->domain);
	jsonw_text(&j, "ip", v->ip);
	jsonw_text(&j, "sender", v->sender);
	jsonw_text(&j, "helo", v->helo);
	jsonw_text(&j, "result", name_of(&spf_result_names, (int)c->result));
	jsonw_text(&j, "reason", c->problem);
	jsonw_text(&j, "mechanism", c->n_path > 0 ? c->path[c->n_path - 1].term : NULL);
	jsonw_open(&j, "path", '[');
	for (size_t i = 0; i < c->n_path; i++) {
		jsonw_open(&j, NULL, '{');
		jsonw_text(&j, "domain", c->path[i].domain);
		jsonw_text(&j, "term", c->path[i].term);
		jsonw_close(&j, '}');
	}
	jsonw_close(&j, ']');
	jsonw_int(&j, "lookups", c->lookups);
	jsonw_int(&j, "void_lookups", c->voids);
	jsonw_int(&j, "questions", c->questions);
	jsonw_text(&j, "explanation", c->explanation);
	jsonw_close(&j, '}');
	str_addc(ret, '\n');
}

/* SPDX-License-Identifier: ISC */
#include <m365dnsd/base.h>

const char *
name_of(const struct name_table *t, int id)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].id == id)
			return t->rows[i].name;
	}
	return "?";
}

bool
name_find(const struct name_table *t, const char *word, int *ret_id)
{
	for (size_t i = 0; i < t->n; i++) {
		if (str_ieq(t->rows[i].name, word)) {
			*ret_id = t->rows[i].id;
			return true;
		}
	}
	return false;
}

const char *
name_list(const struct name_table *t, struct str *buf)
{
	str_clear(buf);
	for (size_t i = 0; i < t->n; i++) {
		if (i > 0)
			str_add(buf, i + 1 < t->n ? ", " : " or ");
		str_add(buf, t->rows[i].name);
	}
	return str_c(buf);
}

/* SPDX-License-Identifier: ISC */
#include "paint.h"

#include <string.h>

static const char *const codes[PAINT_MAX] = {
	[PAINT_PLAIN] = "", [PAINT_OK] = "32", [PAINT_BAD] = "1;31", [PAINT_WAIT] = "33", [PAINT_UNKNOWN] = "35",
	[PAINT_DIM] = "2", [PAINT_BOLD] = "1",
};

static void
paint_bytes(struct painter *p, enum paint how, const char *text, size_t n)
{
	bool color = p->o->color && how != PAINT_PLAIN && n > 0;

	if (color)
		str_addf(p->out, "\033[%sm", codes[how]);
	str_addn(p->out, text, n);
	if (color)
		str_add(p->out, "\033[0m");
}

void
paint(struct painter *p, enum paint how, const char *text)
{
	paint_bytes(p, how, text, strlen(text));
}

static void
blanks(struct painter *p, size_t n)
{
	while (n-- > 0)
		str_addc(p->out, ' ');
}

void
paint_padded(struct painter *p, enum paint how, const char *text, size_t width)
{
	size_t used = text_columns(text);

	paint(p, how, text);
	blanks(p, used < width ? width - used : 0);
}

void
paint_outside(struct painter *p, enum paint how, const char *text)
{
	struct str safe = STR_INIT;

	escape_text(&safe, text, p->o->unicode);
	paint(p, how, str_c(&safe));
	str_done(&safe);
}

/* The first word of text, copied into word; returns what is behind it and its blanks. */
static const char *
next_word(const char *text, struct str *word)
{
	size_t n = strcspn(text, " ");

	str_clear(word);
	str_addn(word, text, n);
	return text + n + strspn(text + n, " ");
}

void
paint_folded(struct painter *p, enum paint how, size_t at, size_t indent, const char *text)
{
	struct str safe = STR_INIT, word = STR_INIT, line = STR_INIT;
	const char *rest;
	size_t used = at;

	escape_text(&safe, text, p->o->unicode);
	rest = str_c(&safe);
	rest += strspn(rest, " ");
	while (*rest != '\0') {
		size_t columns;

		rest = next_word(rest, &word);
		columns = text_columns(str_c(&word));
		if (used + (line.len > 0) + columns > p->width && (line.len > 0 || used > indent)) {
			paint(p, how, str_c(&line));
			str_clear(&line);
			paint_newline(p);
			blanks(p, indent);
			used = indent;
		}
		if (line.len > 0) {
			str_addc(&line, ' ');
			used++;
		}
		str_add(&line, str_c(&word));
		used += columns;
	}
	paint(p, how, str_c(&line));
	paint_newline(p);
	str_done(&safe);
	str_done(&word);
	str_done(&line);
}

/* No line ends with blanks. */
void
paint_newline(struct painter *p)
{
	struct str *s = p->out;

	while (s->len > 0 && s->p[s->len - 1] == ' ')
		s->p[--s->len] = '\0';
	str_addc(s, '\n');
}

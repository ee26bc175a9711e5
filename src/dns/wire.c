/* SPDX-License-Identifier: ISC */
/*
 * Reading names, records and record data out of a message that may be hostile.
 *
 * A name may end in a pointer to an earlier place (RFC 1035 §4.1.4).  A pointer must lead before the beginning of the run
 * of labels that it ends: so every walk comes to an end and none meets itself.  What is left to an attacker is many names
 * that each take a long walk: 64 kB of records whose owners are pointers into the same heap of labels.  The labels and
 * pointers of a whole message are therefore counted.  The fullest honest message has about 10,000 names of a few steps each;
 * the limit lies at six times that, and walking it takes about a millisecond.
 */
#include "wire.h"

static size_t
name_bad(struct wire *w, const char *why)
{
	w->why = why;
	return 0;
}

size_t
wire_name(struct wire *w, size_t *off, uint8_t *out)
{
	size_t pos = *off, run = pos, end = 0, n = 0;	/* run: where these labels begin; n: what the runs before hold */
	size_t last = run + DNS_NAME_MAX - 1;	/* where its root's octet may lie at most; 255 octets hold no more than 127 labels */

	for (w->hops = 0;;) {
		size_t c, target;

		if (pos >= w->len)
			return name_bad(w, "a name runs past the end");
		if (w->work++ >= DNS_WORK_MAX)
			return name_bad(w, "the names take too much work to expand");
		c = w->p[pos];
		if (c > 0 && c < 64) {
			pos += 1 + c;
			if (pos > last)
				return name_bad(w, "a name is over 255 octets");
			if (pos > w->len)
				return name_bad(w, "a label runs past the end");
			continue;
		}
		if (c > 0 && c < 0xc0)
			return name_bad(w, "a name has a label of an unknown kind");
		if (c == 0)
			pos++;
		if (out)
			memcpy(out + n, w->p + run, pos - run);
		n += pos - run;
		if (end == 0)
			end = c == 0 ? pos : pos + 2;
		if (c == 0)
			break;
		if (pos + 2 > w->len)
			return name_bad(w, "a compression pointer runs past the end");
		target = (size_t)(get16(w->p + pos) & 0x3fff);
		if (target >= run)
			return name_bad(w, "a compression pointer does not point backwards");
		if (target < WIRE_HEADER)
			return name_bad(w, "a compression pointer points into the header");
		if (++w->hops > WIRE_HOPS_MAX)
			return name_bad(w, "a name has too many compression pointers");
		pos = run = target;
		last = run + DNS_NAME_MAX - 1 - n;
	}
	*off = end;
	return n;
}

bool
wire_rr(struct wire *w, size_t *off, struct wire_rr *ret)
{
	const uint8_t *p = w->p + *off;

	if (w->len - *off < 10) {
		w->why = "a record runs past the end";
		return false;
	}
	ret->type = get16(p);
	ret->class = get16(p + 2);
	ret->ttl_raw = get32(p + 4);
	ret->ttl = ret->ttl_raw & 0x80000000U ? 0 : ret->ttl_raw;
	ret->len = get16(p + 8);
	ret->data = *off + 10;
	if (w->len - ret->data < ret->len) {
		w->why = "record data runs past the end";
		return false;
	}
	*off = ret->data + ret->len;
	return true;
}

static bool
rdata_misfit(struct wire *w)
{
	w->why = "record data does not fit its type";
	return false;
}

/* Copy with the names uncompressed; without a buffer only look whether all is well. */
static bool
rdata_expand(struct wire *w, const struct wire_rr *rr, const struct rdata_shape *shape, bool lower, uint8_t *buf, size_t *ret_len)
{
	size_t pos = rr->data, end = rr->data + rr->len, n = shape->before;

	if (rr->len < shape->before)
		return rdata_misfit(w);
	if (buf)
		memcpy(buf, w->p + pos, shape->before);
	pos += shape->before;
	for (unsigned left = shape->names; left > 0; left--) {
		size_t len = wire_name(w, &pos, buf ? buf + n : NULL);

		if (len == 0)
			return false;
		if (pos > end)
			return rdata_misfit(w);
		if (lower && buf)
			fold_copy(buf + n, buf + n, len);
		n += len;
	}
	if (end - pos != shape->after)
		return rdata_misfit(w);
	if (buf)
		memcpy(buf + n, w->p + pos, shape->after);
	*ret_len = n + shape->after;
	return true;
}

bool
wire_rdata(struct wire *w, const struct wire_rr *rr, bool lower, uint8_t *buf, struct rdata *ret)
{
	const struct rdata_shape *shape = rdata_shape(rr->type);
	size_t len;

	if (shape->names > 0) {
		if (!rdata_expand(w, rr, shape, lower, buf, &len))
			return false;
		*ret = (struct rdata){ rr->type, (uint16_t)len, buf };
		return true;
	}
	*ret = (struct rdata){ rr->type, (uint16_t)rr->len, w->p + rr->data };
	return rdata_is_sound(ret) || rdata_misfit(w);
}

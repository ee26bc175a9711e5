/* SPDX-License-Identifier: ISC */
/* Domain names in uncompressed wire form: comparing, cutting and joining.  Case never matters, except in what is shown. */
#include "wire.h"

size_t
name_scan(const uint8_t *p, size_t n)
{
	size_t pos = 0, end = n < DNS_NAME_MAX ? n : DNS_NAME_MAX;

	while (pos < end) {
		if (p[pos] == 0)
			return pos + 1;
		if (p[pos] > 63)
			return 0;
		pos += 1U + p[pos];
	}
	return 0;
}

bool
dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a == b || (a->len == b->len && fold_equal(a->wire, b->wire, a->len));
}

/* Where each label begins; returns how many there are. */
static unsigned
label_offsets(const struct dns_name *n, uint8_t at[DNS_LABELS_MAX])
{
	unsigned count = 0;

	for (unsigned pos = 0; pos + 1U < n->len && count < DNS_LABELS_MAX; pos += 1U + n->wire[pos])
		at[count++] = (uint8_t)pos;
	return count;
}

static int
label_compare(const uint8_t *a, const uint8_t *b)
{
	for (unsigned i = 1; i <= a[0] && i <= b[0]; i++)
		if (fold(a[i]) != fold(b[i]))
			return fold(a[i]) < fold(b[i]) ? -1 : 1;
	return (a[0] > b[0]) - (a[0] < b[0]);
}

int
dns_name_compare(const struct dns_name *a, const struct dns_name *b)
{
	uint8_t at_a[DNS_LABELS_MAX], at_b[DNS_LABELS_MAX];
	unsigned na = label_offsets(a, at_a), nb = label_offsets(b, at_b);

	while (na > 0 && nb > 0) {
		int c = label_compare(a->wire + at_a[--na], b->wire + at_b[--nb]);

		if (c != 0)
			return c;
	}
	return (na > 0) - (nb > 0);
}

bool
dns_name_is_below(const struct dns_name *n, const struct dns_name *zone)
{
	unsigned pos = 0;

	while (n->len - pos > zone->len)
		pos += 1U + n->wire[pos];
	return n->len - pos == zone->len && fold_equal(n->wire + pos, zone->wire, zone->len);
}

unsigned
dns_name_labels(const struct dns_name *n)
{
	unsigned count = 0;

	for (unsigned pos = 0; pos + 1U < n->len; pos += 1U + n->wire[pos])
		count++;
	return count;
}

void
dns_name_suffix(struct dns_name *ret, const struct dns_name *n, unsigned skip)
{
	unsigned pos = 0, len;

	for (; skip > 0 && pos + 1U < n->len; skip--)
		pos += 1U + n->wire[pos];
	len = n->len - pos;
	memmove(ret->wire, n->wire + pos, len);	/* ret may be n */
	ret->len = (uint8_t)len;
}

bool
dns_name_concat(struct dns_name *ret, const struct dns_name *prefix, const struct dns_name *suffix)
{
	struct dns_name n;
	size_t head = prefix->len > 0 ? prefix->len - 1U : 0;

	if (head + suffix->len > DNS_NAME_MAX)
		return false;
	memcpy(n.wire, prefix->wire, head);
	memcpy(n.wire + head, suffix->wire, suffix->len);
	n.len = (uint8_t)(head + suffix->len);
	dns_name_suffix(ret, &n, 0);
	return true;
}

void
dns_name_lower(struct dns_name *n)
{
	fold_copy(n->wire, n->wire, n->len);
}

uint64_t
dns_name_hash(const struct dns_name *n)
{
	uint8_t folded[DNS_NAME_MAX];

	fold_copy(folded, n->wire, n->len);
	return hash_bytes(folded, n->len);
}

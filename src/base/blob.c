/* SPDX-License-Identifier: ISC */
/* blob: octets that are kept once, however many hold them.  A map finds them by what they are. */
#include <m365dnsd/base.h>

#include <stdlib.h>
#include <string.h>

static const void *
blob_key(const void *value, size_t *ret_n)
{
	const struct blob *blob = value;

	*ret_n = blob->len;
	return blob->bytes;
}

struct map *
blobs_new(void)
{
	return map_new_keyed(blob_key);
}

struct blob *
blob_get(struct map *blobs, const void *bytes, size_t n)
{
	struct blob *blob = blobs != NULL ? map_get(blobs, bytes, n) : NULL;

	if (blob == NULL) {
		blob = xmalloc(sizeof(*blob) + n);
		blob->refs = 0;
		blob->len = (uint32_t)n;
		if (n > 0)
			memcpy(blob->bytes, bytes, n);
		if (blobs != NULL)
			map_put(blobs, blob->bytes, n, blob);
	}
	blob->refs++;
	return blob;
}

void
blob_put(struct map *blobs, struct blob *blob)
{
	if (blob == NULL || --blob->refs > 0)
		return;
	if (blobs != NULL)
		map_del(blobs, blob->bytes, blob->len);
	free(blob);
}

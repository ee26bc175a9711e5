/* SPDX-License-Identifier: ISC */
/*
 * Deadlines.  The loop's timers count from a coarse clock and may come a few milliseconds early, so what is due is decided
 * by our own clock.
 */
#include "internal.h"

static int64_t
now_ms(void)
{
	return clock_system.mono_ms(&clock_system);
}

static void
arm(struct http *h)
{
	const struct heap_item *top = heap_top(&h->dues);

	if (top == NULL)
		loop_timer_clear(h->due_timer);
	else
		loop_timer_set(h->due_timer, top->key - now_ms());
}

void
due_set(struct http *h, struct due *d, void (*fn)(struct due *d), int64_t ms_from_now)
{
	d->fn = fn;
	heap_set(&h->dues, &d->item, now_ms() + (ms_from_now > 0 ? ms_from_now : 0));
	if (heap_top(&h->dues) == &d->item)
		arm(h);
}

/* The timer stays: it finds nothing due and is armed again. */
void
due_clear(struct http *h, struct due *d)
{
	heap_remove(&h->dues, &d->item);
}

void
due_run(void *http)
{
	struct http *h = http;
	int64_t now = now_ms();
	struct heap_item *top;

	while ((top = heap_top(&h->dues)) != NULL && top->key <= now) {
		struct due *d = (struct due *)top;

		heap_remove(&h->dues, top);
		d->fn(d);
	}
	arm(h);
}

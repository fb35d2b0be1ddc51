/* SPDX-License-Identifier: GPL-2.0-only */
/* What is going on, on a terminal, once that takes longer than half a second. */
#ifndef KHEADERS_PROGRESS_H
#define KHEADERS_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	char what[160];
	int64_t begin;		/* in milliseconds, or 0: show nothing */
	atomic_llong shown;	/* when that was last */
	atomic_int any;
};

/* @what of @whom is begun. */
void progress_begin(struct progress *progress, const char *what, const char *whom);

/* So many bytes are done. Any thread may call it. */
void progress_show(struct progress *progress, size_t done);
void progress_end(struct progress *progress);

/* One line at once, on a terminal: @what and, behind it, @whom. */
void progress_say(const char *what, const char *whom);

#endif

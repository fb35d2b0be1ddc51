// SPDX-License-Identifier: GPL-2.0-only
/* See progress.h. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define FIRST	500		/* milliseconds */
#define NEXT	200

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *what, const char *whom)
{
	snprintf(progress->what, sizeof(progress->what), "%s %s", what, whom);
	progress->begin = isatty(STDERR_FILENO) ? now() : 0;
	progress->shown = progress->begin + FIRST - NEXT;
	progress->any = 0;
}

void progress_show(struct progress *progress, size_t done)
{
	long long last = progress->shown, at;

	if (!progress->begin)
		return;
	at = now();
	if (at - last < NEXT || !atomic_compare_exchange_strong(&progress->shown, &last, at))
		return;
	progress->any = 1;
	fprintf(stderr, "\rkheaders: %s: %zu MB ", progress->what, done / 1000000);
}

void progress_end(struct progress *progress)
{
	if (progress->any)
		fputs("done\n", stderr);
}

void progress_say(const char *what, const char *whom)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "kheaders: %s %s\n", what, whom);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* One function on all processors. */
#ifndef KHEADERS_THREADS_H
#define KHEADERS_THREADS_H

#include <stddef.h>

/*
 * Calls @fn with @arg in as many threads as there are processors, but no more than @most,
 * and returns when all have returned. The caller's thread is one of them. If no more
 * threads can be made, fewer do the work.
 */
void threads_run(void *(*fn)(void *arg), void *arg, size_t most);

#endif

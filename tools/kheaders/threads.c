// SPDX-License-Identifier: GPL-2.0-only
/* See threads.h. */
#include <pthread.h>
#include <sched.h>

#include "threads.h"

#define THREADS_MAX	32

void threads_run(void *(*fn)(void *arg), void *arg, size_t most)
{
	pthread_t thread[THREADS_MAX];
	size_t count = 0, want;
	cpu_set_t cpus;

	want = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);
	if (want > THREADS_MAX)
		want = THREADS_MAX;
	if (want > most)
		want = most;
	while (count + 1 < want && !pthread_create(&thread[count], NULL, fn, arg))
		count++;
	fn(arg);
	while (count)
		pthread_join(thread[--count], NULL);
}

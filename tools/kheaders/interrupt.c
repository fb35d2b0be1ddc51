// SPDX-License-Identifier: GPL-2.0-only
/* See interrupt.h. */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "command.h"
#include "interrupt.h"

static atomic_int caught;	/* lock-free, so that a handler may write it */

static void catch(int number)
{
	caught = number;
}

void interrupt_catch(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = catch };
	struct sigaction before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		/* nohup(1) and shells have some ignored. */
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
}

bool interrupted(void)
{
	return caught;
}

void interrupt_end(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}

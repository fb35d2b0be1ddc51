// SPDX-License-Identifier: GPL-2.0-only
/* See interrupt.h. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>

#include "command.h"
#include "interrupt.h"

static atomic_int caught;	/* lock-free, so that a handler may write it */

static void catch(int number)
{
	caught = number;
}

static void do_nothing(int number)
{
	(void)number;
}

void interrupt_catch(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	const struct sigaction nothing = { .sa_handler = do_nothing };
	struct sigaction action = { .sa_handler = catch };
	struct sigaction before;
	size_t i;

	/* A file that is too large is an error of write(2). What is started may still die of it. */
	sigaction(SIGXFSZ, &nothing, NULL);

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

int interrupt_wait(pid_t pid)
{
	int status;

	do {
		if (interrupted())
			kill(pid, SIGTERM);
		if (waitpid(pid, &status, 0) == pid)
			return status;
	} while (errno == EINTR);
	return -1;
}

void interrupt_end(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}

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

/* nohup(1) and shells have some ignored. */
static void handle(int number, void (*handler)(int number))
{
	const struct sigaction action = { .sa_handler = handler };
	struct sigaction before;

	if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupt_catch(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		handle(numbers[i], catch);
	/* A file that is too large is an error of write(2). What is started may still die of it. */
	handle(SIGXFSZ, do_nothing);
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

// SPDX-License-Identifier: GPL-2.0-only
/* See interrupt.h. */
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

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

static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };

void interrupt_catch(void)
{
	const struct sigaction end = { .sa_handler = catch };
	const struct sigaction go_on = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };
	struct sigaction before;
	size_t i;

	/* nohup(1) and shells have some ignored. */
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &end, NULL);
	/* A file that is too large is an error of write(2). What is started may still die of it. */
	sigaction(SIGXFSZ, &go_on, NULL);
	/* For interrupt_wait(); children of which a caller wants to hear nothing have no status. */
	sigaction(SIGCHLD, &go_on, NULL);
}

bool interrupted(void)
{
	return caught;
}

/* Blocks all that interrupt_wait() waits for; returns what was blocked. */
static sigset_t block(void)
{
	sigset_t awaited, before;
	size_t i;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&awaited, numbers[i]);
	pthread_sigmask(SIG_BLOCK, &awaited, &before);
	return before;
}

pid_t interrupt_fork(void)
{
	const sigset_t blocked = block();
	const pid_t pid = fork();
	struct sigaction action;
	size_t i;

	for (i = 0; !pid && i < ARRAY_SIZE(numbers); i++)
		if (!sigaction(numbers[i], NULL, &action) && action.sa_handler == catch)
			signal(numbers[i], SIG_DFL);
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
	return pid;
}

int interrupt_wait(pid_t pid)
{
	/* A signal just before waitpid(2) would not wake it: they come in sigsuspend(2) alone. */
	const sigset_t blocked = block();
	int status = -1;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (interrupted())
			kill(pid, SIGTERM);
		sigsuspend(&blocked);
	}
	pthread_sigmask(SIG_SETMASK, &blocked, NULL);
	return status;
}

void interrupt_end(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}

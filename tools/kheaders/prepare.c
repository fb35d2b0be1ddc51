// SPDX-License-Identifier: GPL-2.0-only
/* See prepare.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory.h"
#include "interrupt.h"
#include "prepare.h"
#include "progress.h"

#define NO_MAKE	127

/* Where root can start what nobody else can put there. */
#define ROOT_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:" \
			"/run/current-system/sw/bin"

static void run_make(int tree, int lock, int out)
{
	const char *path = getenv("PATH");
	char *own = strdup(geteuid() && path ? path : ROOT_PATH);
	char here[PATH_MAX];
	int null = open("/dev/null", O_RDONLY);

	if (!own || null < 0 || fchdir(tree) || !getcwd(here, sizeof(here)) ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(1);
	/* If only this program is killed, others wait for make to end. */
	if (fcntl(lock, F_SETFD, 0))
		_exit(1);
	clearenv();
	setenv("PATH", own, 1);
	setenv("LC_ALL", "C", 1);
	setenv("HOME", "/", 1);
	/* Compilers' files go with the tree if all this is killed. */
	setenv("TMPDIR", here, 1);
	execlp("make", "make", "--no-print-directory", "prepare", NULL);
	_exit(NO_MAKE);
}

/* Copies @line, without what make puts around a reason, and with @shown for @here. */
static void tidy(char *line, const char *here, const char *shown, char *text, size_t size)
{
	char *stop = strstr(line, ".  Stop.");
	const char *begin = strstr(line, "*** "), *at;
	size_t length = strlen(here), used = 0;

	if (stop)
		*stop = '\0';
	begin = begin ? begin + 4 : line;
	begin += strncmp(begin, "kheaders: ", 10) ? 0 : 10;
	text[0] = '\0';
	while ((at = strstr(begin, here)) && used < size) {
		used += snprintf(text + used, size - used, "%.*s%s", (int)(at - begin), begin,
				 shown);
		begin = at + length;
	}
	if (used < size)
		snprintf(text + used, size - used, "%s", begin);
}

static void not_ready(const char *shown, bool image, const char *why)
{
	fprintf(stderr, "kheaders: %s: for modules, call \"make prepare\" there%s: %s\n", shown,
		image ? " when that system runs" : "", why);
}

bool tree_prepare(int tree, int lock, const char *shown, bool image)
{
	char here[PATH_MAX], line[4096], text[4096], why[4096] = "";
	int fds[2], status = -1;
	pid_t pid;
	FILE *said;

	if (!directory_path(tree, here) || pipe2(fds, O_CLOEXEC)) {
		not_ready(shown, image, strerror(errno));
		return false;
	}
	progress_say("making host programs ready in", shown);
	pid = interrupt_fork();
	if (!pid)
		run_make(tree, lock, fds[1]);
	close(fds[1]);
	said = fdopen(fds[0], "r");
	while (said && fgets(line, sizeof(line), said)) {
		line[strcspn(line, "\n")] = '\0';
		tidy(line, here, shown, text, sizeof(text));
		if (!strncmp(line, "kheaders: ", 10))
			fprintf(stderr, "kheaders: %s\n", text);
		else
			memcpy(why, text, sizeof(why));
	}
	if (said)
		fclose(said);
	if (pid > 0)
		status = interrupt_wait(pid);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MAKE)
		snprintf(why, sizeof(why), "there is no make here (package make)");
	if (interrupted())
		return false;
	not_ready(shown, image, why[0] ? why : "it failed");
	return false;
}

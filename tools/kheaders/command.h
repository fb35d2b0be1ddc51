/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands of kheaders have in common. */
#ifndef KHEADERS_COMMAND_H
#define KHEADERS_COMMAND_H

#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* The umask that the command was called with; it is 022 now. */
extern mode_t umask_of_caller;

/* Exit statuses; that of success is 0. */
#define STATUS_FAILED	1
#define STATUS_USAGE	2
#define STATUS_NONE	3	/* the kernel carries no headers */

/* Says on stderr what is wrong with @file, and what to do. Returns STATUS_FAILED. */
int fail(const char *file, const char *what, const char *cure);

/* The same, for a file that needs more memory than there is. */
int fail_memory(const char *file);

/*
 * Ends what is written to stdout. Returns an exit status, and has said why, about
 * @file, if that is not 0.
 */
int flush(const char *file);

/*
 * Each subcommand is called with its own name as @argv[0]. It returns the exit
 * status, and has said why if that is not 0.
 */
int cmd_env(int argc, char **argv);
int cmd_exec(int argc, char **argv);
int cmd_install(int argc, char **argv);
int cmd_path(int argc, char **argv);
int cmd_remove(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_symvers(int argc, char **argv);
int cmd_sysext(int argc, char **argv);
int cmd_verify(int argc, char **argv);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * kheaders: the headers and symbol versions that a kernel carries. Each subcommand is in
 * a file of its own, cmd_NAME.c.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../kernel/kheaders.h"
#include "command.h"
#include "directory.h"
#include "interrupt.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
};

static const struct command commands[] = {
	{ "install", cmd_install, "make a tree for modules where programs look for it" },
	{ "remove", cmd_remove, "remove it" },
	{ "status", cmd_status, "say which tree is there, and whether it fits" },
	{ "verify", cmd_verify, "compare a tree with what the kernel carries" },
	{ "path", cmd_path, "print where a tree is, made in a cache if there is none" },
	{ "env", cmd_env, "print that as variables for a shell" },
	{ "exec", cmd_exec, "start a program with these variables" },
	{ "sysext", cmd_sysext, "make that tree an extension for systemd-sysext" },
	{ "symvers", cmd_symvers, "print Module.symvers of a kernel and its modules" },
};

mode_t umask_of_caller;

int fail(const char *file, const char *what, const char *cure)
{
	static atomic_flag said;

	/* What goes wrong next, maybe in another thread, follows from the first. */
	if (!atomic_flag_test_and_set(&said))
		fprintf(stderr, "kheaders: %s: %s; %s\n", file, what, cure);
	return STATUS_FAILED;
}

int fail_memory(const char *file)
{
	return fail(file, "takes more memory than there is", "try a machine with more");
}

int flush(const char *file)
{
	/* An earlier write may have failed, too. */
	if (fflush(stdout) || ferror(stdout))
		return fail(file, "cannot write to standard output", "is the disk full?");
	return 0;
}

static void summary(void)
{
	size_t i;

	puts("Usage: kheaders COMMAND [ARGUMENT...]\n"
	     "\n"
	     "Use the headers and symbol versions that a kernel carries.\n"
	     "\n"
	     "Commands (each has a --help of its own):");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s  %s\n", commands[i].name, commands[i].does);
	puts("\n"
	     "Options:\n"
	     "  -h, --help     print this\n"
	     "  -V, --version  print the version\n"
	     "\n"
	     "Exit status: 0, or 1 if a command failed, or 2 if it was called in a wrong\n"
	     "way, or 3 if the kernel carries no headers.");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t i;
	int status;

	if (!strcmp(name, "-h") || !strcmp(name, "--help")) {
		summary();
		return flush(name);
	}
	if (!strcmp(name, "-V") || !strcmp(name, "--version")) {
		puts("kheaders " KHEADERS_VERSION);
		return flush(name);
	}
	/* Whatever the caller's umask, all can read a tree, and only its owner can write to it. */
	umask_of_caller = umask(022);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name)) {
			status = commands[i].run(argc - 1, argv + 1);
			if (status)
				directory_unmake();
			interrupt_end();
			return status;
		}
	}
	fputs("Usage: kheaders COMMAND [ARGUMENT...] (kheaders --help lists the commands)\n",
	      stderr);
	return STATUS_USAGE;
}

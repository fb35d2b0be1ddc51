// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads an eBPF object with libbpf, attaches its programs or, of the type "syscall",
 * runs them, then runs a command, and prints what they left in the map kheaders_seen: a
 * line "KEY VALUE" an entry.
 *
 *	attach OBJECT COMMAND [ARG...]
 *
 * Returns 0, 1 where something failed, 2 if called wrongly.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *doing, const char *name)
{
	perror(doing);
	fprintf(stderr, "attach: cannot %s %s\n", doing, name);
	return 1;
}

static int run(char **command)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		execv(command[0], command);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return fail("run", command[0]);
	return 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	struct bpf_program *program;
	struct bpf_object *object;
	unsigned long long value;
	unsigned int key;
	int map;

	if (argc < 3) {
		fprintf(stderr, "usage: attach OBJECT COMMAND [ARG...]\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		return fail("open", argv[1]);
	if (bpf_object__load(object))
		return fail("load", argv[1]);
	bpf_object__for_each_program(program, object) {
		if (bpf_program__type(program) == BPF_PROG_TYPE_SYSCALL) {
			if (bpf_prog_test_run_opts(bpf_program__fd(program), &options))
				return fail("run", bpf_program__name(program));
		} else if (!bpf_program__attach(program)) {
			return fail("attach", bpf_program__name(program));
		}
	}
	if (run(argv + 2))
		return 1;

	map = bpf_object__find_map_fd_by_name(object, "kheaders_seen");
	for (key = 0; !bpf_map_lookup_elem(map, &key, &value); key++)
		printf("%u %llu\n", key, value);
	return key ? 0 : fail("read", "kheaders_seen");
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints its process ID and sends itself as many bytes as it is told to, in one
 * sk_buff, for bpf.sh.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buf[65536];
	long len = argc == 2 ? atol(argv[1]) : 0;
	int fd[2];

	if (len < 1 || len > (long)sizeof(buf)) {
		fprintf(stderr, "usage: khd_send BYTES (1 to %zu)\n", sizeof(buf));
		return 2;
	}
	printf("%d\n", getpid());
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) ||
	    write(fd[0], buf, len) != len || read(fd[1], buf, len) != len) {
		perror("khd_send");
		return 1;
	}
	return 0;
}

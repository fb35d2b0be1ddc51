/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that end a program: what is half-made is removed first. */
#ifndef KHEADERS_INTERRUPT_H
#define KHEADERS_INTERRUPT_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on, SIGHUP, SIGINT and SIGTERM are waited for only by interrupted(). */
void interrupt_catch(void);

/* Whether there was one; then system calls that took long have failed with EINTR. */
bool interrupted(void);

/* As fork(2); from the beginning, the child ends by signals as other programs do. */
pid_t interrupt_fork(void);

/* Waits for the child @pid, which is ended, too. Returns its status, as that of waitpid(2). */
int interrupt_wait(pid_t pid);

/* Ends the program by the signal that there was, if any. */
void interrupt_end(void);

#endif

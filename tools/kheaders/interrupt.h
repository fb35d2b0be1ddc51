/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals that end a program: what is half-made is removed first. */
#ifndef KHEADERS_INTERRUPT_H
#define KHEADERS_INTERRUPT_H

#include <stdbool.h>

/* From now on, SIGHUP, SIGINT and SIGTERM are waited for only by interrupted(). */
void interrupt_catch(void);

/* Whether there was one; then system calls that took long have failed with EINTR. */
bool interrupted(void);

/* Ends the program by the signal that there was, if any. */
void interrupt_end(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel's complete Module.symvers: what the kernel tells, and what the modules on disk
 * export that belong to its build.
 */
#ifndef KHEADERS_COMPLETE_H
#define KHEADERS_COMPLETE_H

#include <stdio.h>

#include "lines.h"

/*
 * Writes it to @out: the lines of @kernel, where modules get their paths, and those of
 * modules that are not loaded. @modules is /lib/modules/@release, opened and called
 * @shown, or -1 if there is none. Says on stderr which modules are left out, a line for
 * each. Returns 0, or an exit status, having said why; @out may have got a part then, and
 * is not looked at for errors.
 */
int complete_symvers(FILE *out, const struct lines *kernel, int modules, const char *shown,
		     const char *release);

/*
 * Writes @text, compressed by xz, as it is in /lib/modules/RELEASE/symvers.xz. Returns 0,
 * or an exit status, having said why.
 */
int complete_pack(FILE *out, const char *text, size_t size);

#endif

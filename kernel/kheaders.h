/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The archive of kernel headers as it stands in the kernel image, for
 * kheaders.c and its KUnit suite.
 */
#ifndef KHEADERS_H
#define KHEADERS_H

#include <linux/types.h>

/* This version of kheaders, whatever kernel carries it; NEWS says what is in it. */
#define KHEADERS_VERSION	"1.0"

/*
 * The marks around the archive, seven bytes each and no terminating NUL. They
 * are what scripts/extract-ikheaders looks for in a kernel that is not running.
 */
#define KHEADERS_START_MARK	"IKHD_ST"
#define KHEADERS_END_MARK	"IKHD_ED"

/*
 * In front of the table from which scripts/extract-ikheaders --symvers finds
 * the exported symbols in a kernel image; kheaders_symvers.c has its layout.
 */
#define KHEADERS_SYMVERS_MARK	"IKHD_SV"

/* First byte of the archive, and the one behind its last. */
extern const char kheaders_data[];
extern const char kheaders_data_end[];

/* Returns where the archive begins, between the marks; in @size, its bytes. */
const char *kheaders_archive(size_t *size);

#endif

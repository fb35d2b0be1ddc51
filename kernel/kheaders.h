/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel image holds of kheaders: the archive of kernel headers, and the
 * table that tells where the exported symbols are. For the kernel, and for the
 * programs that look for them in an image.
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
 * The table of kheaders_symvers.c, which "kheaders symvers" (tools/kheaders) reads:
 *
 *  +-----------+------+-------+----------+---------+-----+-------+------+-------------+
 *  | "IKHD_SV" | KIND | ORDER | ABSOLUTE | SYMBOLS | GPL | FLAGS | SELF | RELOCATIONS |
 *  +-----------+------+-------+----------+---------+-----+-------+------+-------------+
 *   7 bytes     1      4       4          12        12    4       4 or 8  8
 *
 *  KIND		how many pointers a struct kernel_symbol has, and flags
 *  ORDER		1, which tells the order of bytes
 *  ABSOLUTE		the size of these pointers, or 0 if they are distances
 *  SYMBOLS, GPL	the table of symbols, and that of GPL-only symbols:
 *			BEGIN, END and CRCS
 *  FLAGS		of the symbols in the first table
 *  SELF		a pointer to ORDER
 *  RELOCATIONS		BEGIN and END (0: not known) of the kernel's relocations
 *
 * Places are signed distances from ORDER; 0 stands for none.
 *
 * A relocatable kernel can have zeros for pointers in its image, which its
 * relocations fill in as it starts. Such a kernel has the flag RELOCATABLE, and says
 * where the relocations are. The relocation of SELF shows at which address ORDER is:
 * SELF points far AHEAD of it, so that no other relocation looks the same.
 */
#define KHEADERS_SYMVERS_MARK	"IKHD_SV"

/* From the mark: */
#define KHEADERS_SV_KIND	7
#define KHEADERS_SV_ORDER	8

/* In KIND: */
#define KHEADERS_SV_POINTERS	0x0f	/* 2 or 3 */
#define KHEADERS_SV_DISTANCES	0x10	/* a CRC is stored as the distance to it */
#define KHEADERS_SV_RELOCATABLE	0x20
#define KHEADERS_SV_NAMESPACE_FIRST	0x40	/* in Module.symvers, before the module */

/* From ORDER: */
#define KHEADERS_SV_ABSOLUTE	4
#define KHEADERS_SV_SYMBOLS	8
#define KHEADERS_SV_GPL		20
#define KHEADERS_SV_FLAGS	32
#define KHEADERS_SV_SELF	36
#define KHEADERS_SV_RELOCATIONS(self_size)	(KHEADERS_SV_SELF + (self_size))

/* From SYMBOLS, GPL or RELOCATIONS: */
#define KHEADERS_SV_BEGIN	0
#define KHEADERS_SV_END		4
#define KHEADERS_SV_CRCS	8

/* From ORDER to where SELF points */
#define KHEADERS_SV_AHEAD(kind)	(((kind) & KHEADERS_SV_RELOCATABLE) << 25)

/* First byte of the archive, and the one behind its last. */
extern const char kheaders_data[];
extern const char kheaders_data_end[];

/* Returns where the archive begins, between the marks; in @size, its bytes. */
const char *kheaders_archive(size_t *size);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A module with two exported symbols, FIRST in the namespace SOME_NS and SECOND, which is
 * for GPL alone, as kernels of all versions and architectures lay it out. All of these can
 * be defined:
 *
 *	WORD=8|4	bytes of a pointer
 *	DISTANCES	pointers in tables are distances of 4 bytes
 *	POINTERS=2	in a symbol, before there were namespaces, in place of 3
 *	NO_NAMESPACE	is told by NULL, in place of an empty string
 *	FLAGS		tell what is for GPL, in place of a table of its own
 *	CRCS=CRC_...	NONE, VALUES, PLACES (distances to them), SYMBOLS (by a linker)
 *	FIRST SECOND FIRST_CRC	names and a version
 *	IMPORT IMPORT_CRC	a symbol that it takes, in LONG_VERSIONS if that is defined
 *	LAYOUT LAYOUT_CRC	what all modules take, module_layout
 *	OUT_OF_TREE	it is not of the kernel's build
 *	VERMAGIC NAMESPACE	strings
 */
#define CRC_NONE	0
#define CRC_VALUES	1
#define CRC_PLACES	2
#define CRC_SYMBOLS	3

#ifndef WORD
#define WORD 8
#endif
#ifndef POINTERS
#define POINTERS 3
#endif
#ifndef CRCS
#define CRCS CRC_VALUES
#endif
#ifndef FIRST
#define FIRST first
#endif
#ifndef SECOND
#define SECOND second
#endif
#ifndef FIRST_CRC
#define FIRST_CRC 0x89abcdef
#endif
#ifndef LAYOUT
#define LAYOUT module_layout
#define LAYOUT_CRC 0x11111111
#endif
#ifndef NAMESPACE
#define NAMESPACE "SOME_NS"
#endif
#ifndef VERMAGIC
#define VERMAGIC "1.2.3 SMP mod_unload modversions "
#endif
#define QUOTE(name) #name
#define STRING(name) QUOTE(name)

.macro number value
#if WORD == 8
	.8byte \value
#else
	.4byte \value
#endif
.endm

.macro pointer to
#ifdef DISTANCES
	.4byte \to - .
#else
	number \to
#endif
.endm

.macro crc value, place, symbol
#if CRCS == CRC_VALUES
	.4byte \value
#elif CRCS == CRC_PLACES
	.4byte \place - .
#elif CRCS == CRC_SYMBOLS
	.weak \symbol
	.4byte \symbol
#endif
.endm

	.text
here:	.4byte 0
	.globl FIRST
FIRST:	.4byte 0
	.globl SECOND
SECOND:	.4byte 0

	.section .modinfo, "a"
	.asciz "license=GPL"
#ifndef OUT_OF_TREE
	.asciz "intree=Y"
#endif
	.ascii "vermagic="
	.asciz VERMAGIC

	.section __ksymtab_strings, "a"
	.asciz "nothing"
first_name:
	.asciz STRING(FIRST)
first_namespace:
	.asciz NAMESPACE
second_name:
	.asciz STRING(SECOND)
second_namespace:
	.asciz ""

	.section __ksymtab, "a"
	.balign 4
	pointer FIRST
	pointer first_name
#if POINTERS == 3
	pointer first_namespace
#endif
#ifndef FLAGS
	.section __ksymtab_gpl, "a"
	.balign 4
#endif
	pointer SECOND
	pointer second_name
#if POINTERS == 3 && defined(NO_NAMESPACE)
#ifdef DISTANCES
	.4byte 0
#else
	number 0
#endif
#elif POINTERS == 3
	pointer second_namespace
#endif

#if CRCS != CRC_NONE
	.section .rodata.crcs, "a"
	.4byte 0
first_crc:
	.4byte FIRST_CRC
second_crc:
	.4byte 0x12

	.section __kcrctab, "a"
	crc FIRST_CRC, first_crc, __crc_first
#ifndef FLAGS
	.section __kcrctab_gpl, "a"
#endif
	crc 0x12, second_crc, __crc_second
#endif

#ifdef FLAGS
	.section __kflagstab, "a"
	.byte 0, 1
#endif

#ifdef IMPORT
#ifdef LONG_VERSIONS
	.section __version_ext_crcs, "a"
	.4byte LAYOUT_CRC, IMPORT_CRC
	.section __version_ext_names, "a"
	.asciz STRING(LAYOUT)
	.asciz STRING(IMPORT)
#else
	.section __versions, "a"
	.balign 64
	number LAYOUT_CRC
	.asciz STRING(LAYOUT)
	.balign 64
	number IMPORT_CRC
	.asciz STRING(IMPORT)
	.balign 64
#endif
#endif

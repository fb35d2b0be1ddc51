// SPDX-License-Identifier: GPL-2.0-only
/*
 * kheaders symvers IMAGE: prints what /proc/kheaders.symvers would say of vmlinux's own
 * symbols if the kernel in IMAGE ran.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "image.h"
#include "symvers.h"

/* An image has one table. These many false ones are looked at, which takes time. */
#define TRIES	64

/* More than the largest kernels take. */
#define ROOM_MAX	((size_t)512 << 20)
#define WORK_MAX	((uint64_t)2 << 30)

static const char usage[] = "Usage: kheaders symvers IMAGE >Module.symvers\n";

static const char help[] =
	"\n"
	"Print the symbols that the kernel in IMAGE exports, with their versions, in the\n"
	"format of Module.symvers: what /proc/kheaders.symvers says of vmlinux when that\n"
	"kernel runs. It must have been built with CONFIG_IKHEADERS_SYMVERS=y. Symbols of\n"
	"modules are not in it.\n"
	"\n"
	"IMAGE is a vmlinux, vmlinuz, bzImage, zImage or Image, plain or compressed.\n"
	"\n"
	"Options:\n"
	"  -h, --help  print this\n"
	"\n"
	"Example:\n"
	"  kheaders symvers /boot/vmlinuz-$(uname -r) >Module.symvers\n"
	"\n"
	"Exit status: 0, or 1 if IMAGE can't be read or has no symbols, or 2 if the\n"
	"command was called in a wrong way.\n";

struct search {
	int tries;
	int err;		/* what symvers_open() said, if more than that there is none */
};

static void print(struct symvers *sv)
{
	struct symvers_symbol symbol;
	size_t i;

	for (i = 0; symvers_get(sv, i, &symbol); i++) {
		printf("0x%08x\t%s\tvmlinux\tEXPORT_SYMBOL%s", symbol.crc, symbol.name,
		       symbol.gpl_only ? "_GPL" : "");
		if (symbol.namespace)
			printf("\t%s", symbol.namespace);
		putchar('\n');
	}
}

static bool look(const unsigned char *image, size_t size, void *arg)
{
	struct search *search = arg;
	struct symvers sv;
	size_t mark;
	int err;

	for (mark = symvers_mark(image, size, 0); mark < size && search->tries;
	     mark = symvers_mark(image, size, mark + 1)) {
		err = symvers_open(&sv, image, size, mark);
		if (!err) {
			print(&sv);
			symvers_close(&sv);
			return true;
		}
		if (err == -EINVAL)
			continue;
		search->tries--;
		if (err != -EBADMSG)
			search->err = err;
	}
	return false;
}

static int why_not(const char *name, int err, bool gave_up)
{
	switch (err) {
	case -ENOMEM:
		return fail_memory(name);
	case -ENODATA:
		return fail(name,
			    "no symbol versions can be read: its pointers are in relocations, which are not in this file any more",
			    "take the Image or vmlinuz that was made of it");
	case -ENOTSUP:
		return fail(name,
			    "no symbol versions can be read: its pointers are in relocations, and this kernel does not say where",
			    "build it with a newer kheaders");
	}
	if (gave_up)
		return fail(name, "no symbol versions found, and no kernel unpacks to so much",
			    "name a kernel image");
	return fail(name, "no symbol versions in it",
		    "was it built with CONFIG_IKHEADERS_SYMVERS=y?");
}

static int print_symvers(const char *name)
{
	struct search search = { .tries = TRIES };
	struct image_search images = {
		.look = look,
		.arg = &search,
		.room_max = ROOM_MAX,
		.work_max = WORK_MAX,
	};
	unsigned char *image;
	size_t size;
	int ret;

	ret = image_read(name, &image, &size);
	if (ret)
		return ret;
	ret = image_search(&images, image, size);
	free(image);
	if (ret <= 0)
		return why_not(name, ret ? ret : search.err, images.gave_up);
	return flush(name);
}

int cmd_symvers(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int option;

	opterr = 0;
	option = getopt_long(argc, argv, "h", options, NULL);
	if (option == 'h') {
		printf("%s%s", usage, help);
		return flush(argv[0]);
	}
	if (option != -1 || argc - optind != 1) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	return print_symvers(argv[optind]);
}

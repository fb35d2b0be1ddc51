// SPDX-License-Identifier: GPL-2.0-only
/*
 * See unpack.h. libarchive unpacks what it can. Of xz and zstd it drops the end if
 * anything but another stream follows, as in each bzImage, and it runs a program to
 * unpack lzop: the libraries of these formats are called directly.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "command.h"
#include "unpack.h"

#define STEP		65536
#define XZ_MEMORY	(512 << 20)	/* the kernel's needs 128 MiB */
#define LZO_BLOCK_MAX	(64 << 20)	/* lzop's own limit */

/* What is not read yet, and where it goes. */
struct stream {
	const unsigned char *next;
	size_t left;
	struct buffer *out;
	bool no_memory;
};

struct format {
	const char *magic;
	size_t length;
	/* Whether the first bytes fit, where @magic is not enough; how many that takes. */
	bool (*fits)(const unsigned char *data);
	size_t header;
	void (*unpack)(const struct format *format, struct stream *s);
	int filter;		/* of libarchive */
};

/* Returns how much fits behind what is in ->out: @least bytes or more, or 0. */
static size_t more_room(struct stream *s, size_t least)
{
	struct buffer *out = s->out;
	size_t room = out->room;
	unsigned char *data;

	if (least > out->max - out->size) {
		out->full = true;
		return 0;
	}
	if (room - out->size < least) {
		room = out->size + least > 2 * room ? out->size + least : 2 * room;
		if (room < STEP)
			room = STEP;
		if (room > out->max)
			room = out->max;
		data = realloc(out->data, room);
		if (!data) {
			s->no_memory = true;
			return 0;
		}
		out->data = data;
		out->room = room;
	}
	return room - out->size;
}

static bool put(struct stream *s, const void *data, size_t size)
{
	if (!size)
		return true;
	if (!more_room(s, size))
		return false;
	memcpy(s->out->data + s->out->size, data, size);
	s->out->size += size;
	return true;
}

static void unpack_archive(const struct format *format, struct stream *s)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	const void *block;
	la_int64_t offset, read;
	size_t size;

	/* libarchive warns of filters that are programs. */
	if (a && archive_read_support_format_raw(a) == ARCHIVE_OK &&
	    archive_read_append_filter(a, format->filter) == ARCHIVE_OK &&
	    archive_read_open_memory(a, s->next, s->left) == ARCHIVE_OK &&
	    archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		while (archive_read_data_block(a, &block, &size, &offset) == ARCHIVE_OK &&
		       put(s, block, size))
			;
	}
	if (!a || archive_errno(a) == ENOMEM)
		s->no_memory = true;
	read = a ? archive_filter_bytes(a, -1) : 0;
	if (read > 0)
		s->left -= read;
	archive_read_free(a);
}

static void unpack_xz(const struct format *format, struct stream *s)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_ret ret = lzma_stream_decoder(&xz, XZ_MEMORY, 0);
	size_t room;

	(void)format;
	xz.next_in = s->next;
	xz.avail_in = s->left;
	while (ret == LZMA_OK) {
		room = more_room(s, 1);
		if (!room)
			break;
		xz.next_out = s->out->data + s->out->size;
		xz.avail_out = room;
		ret = lzma_code(&xz, LZMA_RUN);
		s->out->size += room - xz.avail_out;
	}
	if (ret == LZMA_MEM_ERROR)
		s->no_memory = true;
	s->left = xz.avail_in;
	lzma_end(&xz);
}

static void unpack_zstd(const struct format *format, struct stream *s)
{
	ZSTD_DStream *zstd = ZSTD_createDStream();
	ZSTD_inBuffer in = { s->next, s->left, 0 };
	ZSTD_outBuffer out;
	size_t ret = 0;

	(void)format;
	do {
		out = (ZSTD_outBuffer) { NULL, more_room(s, 1), 0 };
		if (!zstd || !out.size)
			break;
		out.dst = s->out->data + s->out->size;
		ret = ZSTD_decompressStream(zstd, &out, &in);
		s->out->size += out.pos;
	} while (!ZSTD_isError(ret) && (in.pos < in.size || out.pos == out.size));
	if (!zstd || ZSTD_getErrorCode(ret) == ZSTD_error_memory_allocation)
		s->no_memory = true;
	s->left -= in.pos;
	ZSTD_freeDStream(zstd);
}

static bool skip(struct stream *s, size_t bytes)
{
	if (s->left < bytes)
		return false;
	s->next += bytes;
	s->left -= bytes;
	return true;
}

/* The next bytes as a number; beyond the end, a large one. */
static uint32_t take(struct stream *s, unsigned int bytes)
{
	const unsigned char *p = s->next;
	uint32_t value = 0;

	if (!skip(s, bytes))
		return UINT32_MAX;
	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

/* lzop's file format; its checksums are not looked at. */
#define LZOP_ADLER32_D	0x0001
#define LZOP_ADLER32_C	0x0002
#define LZOP_EXTRA	0x0040
#define LZOP_CRC32_D	0x0100
#define LZOP_CRC32_C	0x0200
#define LZOP_FILTER	0x0800
#define LZOP_NEWER	0x0940		/* versions from here on have longer headers */

/* Returns the flags. */
static uint32_t lzop_header(const struct format *format, struct stream *s)
{
	bool newer;
	uint32_t flags;

	skip(s, format->length);
	newer = take(s, 2) >= LZOP_NEWER;
	skip(s, 2 + (newer ? 2 : 0));		/* versions needed */
	skip(s, 1 + (newer ? 1 : 0));		/* method and level */
	flags = take(s, 4);
	if (flags & LZOP_FILTER)
		skip(s, 4);
	skip(s, 4 + 4 + (newer ? 4 : 0));	/* mode, times */
	skip(s, take(s, 1));			/* name */
	skip(s, 4);				/* checksum */
	if (flags & LZOP_EXTRA) {
		skip(s, take(s, 4));
		skip(s, 4);
	}
	return flags;
}

static void unpack_lzop(const struct format *format, struct stream *s)
{
	uint32_t flags = lzop_header(format, s);
	size_t sums, packed_sums;
	uint32_t size, packed;
	lzo_uint done;

	sums = (flags & LZOP_ADLER32_D ? 4 : 0) + (flags & LZOP_CRC32_D ? 4 : 0);
	packed_sums = (flags & LZOP_ADLER32_C ? 4 : 0) + (flags & LZOP_CRC32_C ? 4 : 0);
	for (;;) {
		size = take(s, 4);
		packed = take(s, 4);
		if (!size || size > LZO_BLOCK_MAX || packed > size ||
		    !skip(s, sums + (packed < size ? packed_sums : 0)) || packed > s->left)
			return;
		if (packed == size) {
			if (!put(s, s->next, size))
				return;
		} else {
			done = more_room(s, size);
			if (!done ||
			    lzo1x_decompress_safe(s->next, packed, s->out->data + s->out->size,
						  &done, NULL) != LZO_E_OK)
				return;
			s->out->size += done;
		}
		skip(s, packed);
	}
}

static bool fits_gzip(const unsigned char *data)
{
	return data[3] <= 0x1f;			/* flags */
}

static bool fits_bzip2(const unsigned char *data)
{
	return data[3] >= '1' && data[3] <= '9' && !memcmp(data + 4, "1AY&SY", 6);
}

/*
 * lzma has no magic: usual properties, a dictionary of 64 KiB to 256 MiB, a size of
 * 32 bits or none, and data begins with 0.
 */
static bool fits_lzma(const unsigned char *data)
{
	unsigned int dictionary = data[3] | data[4] << 8;

	return ((dictionary >= 0x01 && dictionary <= 0x80) ||
		(!data[3] && data[4] >= 0x01 && data[4] <= 0x10)) &&
	       (!memcmp(data + 5, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) ||
		!memcmp(data + 9, "\0\0\0\0", 4)) && !data[13];
}

static const struct format formats[] = {
	{ "\x1f\x8b\x08",		 3, fits_gzip,	  4, unpack_archive, ARCHIVE_FILTER_GZIP },
	{ "\3757zXZ\0",		 6, NULL,	  0, unpack_xz, 0 },
	{ "BZh",			 3, fits_bzip2,	 10, unpack_archive, ARCHIVE_FILTER_BZIP2 },
	{ "]\0\0",			 3, fits_lzma,	 14, unpack_archive, ARCHIVE_FILTER_LZMA },
	{ "\x89LZO\0\r\n\x1a\n",	 9, NULL,	  0, unpack_lzop, 0 },
	{ "\x02!L\x18",			 4, NULL,	  0, unpack_archive, ARCHIVE_FILTER_LZ4 },
	{ "\x04\"M\x18",		 4, NULL,	  0, unpack_archive, ARCHIVE_FILTER_LZ4 },
	{ "(\xb5/\xfd",			 4, NULL,	  0, unpack_zstd, 0 },
};

const struct format *packed_at(const unsigned char *data, size_t size)
{
	const struct format *f;

	for (f = formats; f < formats + ARRAY_SIZE(formats); f++) {
		if (size >= f->length && !memcmp(data, f->magic, f->length) &&
		    size >= f->header && (!f->fits || f->fits(data)))
			return f;
	}
	return NULL;
}

size_t next_packed(const unsigned char *data, size_t size, size_t from,
		   const struct format **format)
{
	bool first[256] = { false };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		first[(unsigned char)formats[i].magic[0]] = true;
	for (; from < size; from++) {
		if (!first[data[from]])
			continue;
		*format = packed_at(data + from, size - from);
		if (*format)
			break;
	}
	return from;
}

int unpack(const struct format *format, const unsigned char *data, size_t size,
	   struct buffer *out, size_t *read)
{
	struct stream s = { .next = data, .left = size, .out = out };

	format->unpack(format, &s);
	*read = size - s.left;
	return s.no_memory ? -ENOMEM : 0;
}

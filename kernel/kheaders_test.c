// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the in-kernel headers: the archive as only the kernel sees it, in its
 * own memory. tools/testing/selftests/kheaders reads it through /proc.
 */

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "kheaders.h"

static const u8 xz_magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0x00 };

static void marks_stand_around_the_archive(struct kunit *test)
{
	size_t size, len = strlen(KHEADERS_START_MARK);
	const char *data = kheaders_archive(&size);

	KUNIT_EXPECT_EQ(test, 0, memcmp(data - len, KHEADERS_START_MARK, len));
	len = strlen(KHEADERS_END_MARK);
	KUNIT_EXPECT_EQ(test, 0, memcmp(data + size, KHEADERS_END_MARK, len));
}

static void archive_is_xz(struct kunit *test)
{
	size_t size;
	const char *data = kheaders_archive(&size);

	/* The footer of an xz stream is "YZ", and streams are whole words. */
	KUNIT_EXPECT_GT(test, size, (size_t)1024);
	KUNIT_EXPECT_EQ(test, 0, (int)(size % 4));
	KUNIT_EXPECT_EQ(test, 0, memcmp(data, xz_magic, sizeof(xz_magic)));
	KUNIT_EXPECT_EQ(test, 0, memcmp(data + size - 2, "YZ", 2));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(marks_stand_around_the_archive),
	KUNIT_CASE(archive_is_xz),
	{ }
};

static struct kunit_suite suite = {
	.name = "kheaders",
	.test_cases = cases,
};

kunit_test_suites(&suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the in-kernel headers");

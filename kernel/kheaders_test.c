// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the in-kernel headers: the archive as it lies in the image, and
 * as /proc shows it. They read through a mount of their own, since the tests of
 * a built-in suite run before anything is mounted.
 */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/slab.h>

#include "kheaders.h"
#include "kheaders_compat.h"

static const u8 xz_magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0x00 };

static loff_t archive_size(void)
{
	size_t size;

	kheaders_archive(&size);
	return size;
}

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

struct proc_fixture {
	struct vfsmount *mnt;
	struct file *file;
};

static int proc_init(struct kunit *test)
{
	struct proc_fixture *fixture;
	struct file_system_type *type;

	fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);
	if (!fixture)
		return -ENOMEM;
	test->priv = fixture;

	type = get_fs_type("proc");
	if (!type)
		return -ENODEV;
	fixture->mnt = kern_mount(type);
	module_put(type->owner);
	if (IS_ERR(fixture->mnt))
		return PTR_ERR(fixture->mnt);

	fixture->file = kheaders_open_root(fixture->mnt, "kheaders.tar.xz");
	if (IS_ERR(fixture->file)) {
		kern_unmount(fixture->mnt);
		return PTR_ERR(fixture->file);
	}
	return 0;
}

static void proc_exit(struct kunit *test)
{
	struct proc_fixture *fixture = test->priv;

	if (!fixture || IS_ERR_OR_NULL(fixture->mnt) || IS_ERR_OR_NULL(fixture->file))
		return;
	/* Not fput(): the mount must be unused when it goes, below. */
	__fput_sync(fixture->file);
	kern_unmount(fixture->mnt);
}

/* Reads @len bytes at @pos into a buffer of @len + 1; the last byte must stay. */
static void expect_read(struct kunit *test, loff_t pos, size_t len, ssize_t want)
{
	struct proc_fixture *fixture = test->priv;
	loff_t at = pos;
	ssize_t got;
	size_t size;
	u8 *buf;

	buf = kunit_kzalloc(test, len + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	buf[len] = 0xa5;

	got = kernel_read(fixture->file, buf, len, &at);
	KUNIT_EXPECT_EQ(test, want, got);
	KUNIT_EXPECT_EQ(test, 0xa5, (int)buf[len]);
	if (got < 0) {
		KUNIT_EXPECT_EQ(test, pos, at);
		return;
	}
	KUNIT_EXPECT_EQ(test, pos + got, at);
	if (got > 0)
		KUNIT_EXPECT_EQ(test, 0, memcmp(buf, kheaders_archive(&size) + pos, got));
}

static void proc_shows_mode_and_size(struct kunit *test)
{
	struct proc_fixture *fixture = test->priv;
	struct inode *inode = file_inode(fixture->file);

	KUNIT_EXPECT_EQ(test, archive_size(), i_size_read(inode));
	KUNIT_EXPECT_EQ(test, 0444, (int)(inode->i_mode & 07777));
	KUNIT_EXPECT_TRUE(test, S_ISREG(inode->i_mode));
}

static void proc_reads_at_the_edges(struct kunit *test)
{
	const loff_t size = archive_size();

	expect_read(test, 0, 6, 6);
	expect_read(test, 0, 0, 0);
	expect_read(test, 1, 1, 1);
	expect_read(test, 4095, 4098, 4098);
	expect_read(test, size / 2, 65536, min_t(loff_t, 65536, size - size / 2));
	expect_read(test, size - 1, 1, 1);
	expect_read(test, size - 1, 4096, 1);
	expect_read(test, size - 4097, 8192, 4097);
}

static void proc_reads_nothing_behind_the_end(struct kunit *test)
{
	const loff_t size = archive_size();

	expect_read(test, size, 1, 0);
	expect_read(test, size + 1, 4096, 0);
	expect_read(test, LLONG_MAX - 4096, 4096, 0);
}

static void proc_refuses_negative_offsets(struct kunit *test)
{
	expect_read(test, -1, 1, -EINVAL);
}

static void proc_seeks(struct kunit *test)
{
	struct proc_fixture *fixture = test->priv;
	const loff_t size = archive_size();

	KUNIT_EXPECT_EQ(test, size, vfs_llseek(fixture->file, 0, SEEK_END));
	KUNIT_EXPECT_EQ(test, size - 7, vfs_llseek(fixture->file, -7, SEEK_END));
	KUNIT_EXPECT_EQ(test, (loff_t)3, vfs_llseek(fixture->file, 3, SEEK_SET));
	KUNIT_EXPECT_EQ(test, (loff_t)5, vfs_llseek(fixture->file, 2, SEEK_CUR));
	KUNIT_EXPECT_EQ(test, (loff_t)-EINVAL, vfs_llseek(fixture->file, -1, SEEK_SET));
}

static struct kunit_case image_cases[] = {
	KUNIT_CASE(marks_stand_around_the_archive),
	KUNIT_CASE(archive_is_xz),
	{ }
};

static struct kunit_suite image_suite = {
	.name = "kheaders_image",
	.test_cases = image_cases,
};

static struct kunit_case proc_cases[] = {
	KUNIT_CASE(proc_shows_mode_and_size),
	KUNIT_CASE(proc_reads_at_the_edges),
	KUNIT_CASE(proc_reads_nothing_behind_the_end),
	KUNIT_CASE(proc_refuses_negative_offsets),
	KUNIT_CASE(proc_seeks),
	{ }
};

static struct kunit_suite proc_suite = {
	.name = "kheaders_proc",
	.init = proc_init,
	.exit = proc_exit,
	.test_cases = proc_cases,
};

kunit_test_suites(&image_suite, &proc_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the in-kernel headers");

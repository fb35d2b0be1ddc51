// SPDX-License-Identifier: GPL-2.0-only
/* See trust.h. */
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "trust.h"

/* Groups that a distribution has for administrators, as Debian's src and staff. */
#define SYSTEM_GROUPS	100

/*
 * Whether it is the caller's own, with nobody else in it: distributions give each user one,
 * and an umask of 002.
 */
static bool is_private(gid_t group)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *entry = getgrgid(group);
	bool private = user && entry && user->pw_gid == group &&
		       !strcmp(user->pw_name, entry->gr_name);
	char **member;

	for (member = private ? entry->gr_mem : NULL; private && *member; member++)
		private = !strcmp(*member, entry->gr_name);
	if (!private)
		return false;
	setpwent();
	while (private && (user = getpwent()))
		private = user->pw_gid != group || user->pw_uid == geteuid();
	endpwent();
	return private;
}

bool trusted(const struct stat *st, int directory)
{
	if (st->st_uid && st->st_uid != geteuid())
		return false;
	if (S_ISLNK(st->st_mode))
		return true;
	if (st->st_mode & 0002)
		return st->st_mode & S_ISVTX;
	if (!(st->st_mode & 0020))
		return true;
	/* With one, these bits are not the group's alone. */
	if (fgetxattr(directory, "system.posix_acl_access", NULL, 0) >= 0)
		return false;
	return st->st_gid < SYSTEM_GROUPS || is_private(st->st_gid);
}

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# kheaders path, env and exec, built with ASan and UBSan: trees in the caller's own cache,
# as an ordinary user, and as root where /var/lib is a made-up one.

bats_require_minimum_version 1.5.0
load command

setup() {
	place
	mkdir home
	[ "$(id -u)" != 0 ] || chown 65534:65534 home
	digest=$(sha256sum a.tar.xz | cut -d ' ' -f 1)
	cached=$place/home/.cache/kheaders/$digest
}

# path [OPTION...]: as an ordinary user.
path() {
	user kheaders path --from a.tar.xz "$@"
}

# cached DIR NAME...: a cache has these trees, and nothing else.
cached() {
	[ "$(ls -A "$1")" = "$2" ]
	whole "$1/$2"
	[ "$(stat -c %a "$1" "$1/$2" | tr '\n' ' ')" = "755 755 " ]
}

# --- path -----------------------------------------------------------------------

@test "path: a whole tree named after the archive's SHA-256, made once" {
	succeeds "$cached" path
	cached home/.cache/kheaders "$digest"
	inode=$(stat -c %i "$cached")
	succeeds "$cached" path
	[ "$(stat -c %i "$cached")" = "$inode" ]
}

@test "museum 24: another build of the same release has another tree" {
	path
	archive b.tar.xz 6.9.1 0123456789abcdee
	run -0 user kheaders path --from b.tar.xz
	[ "$output" = "$place/home/.cache/kheaders/$(sha256sum b.tar.xz | cut -d ' ' -f 1)" ]
	[ "$output" != "$cached" ]
	whole "$output"
	# Of the same id, with other headers.
	echo '#define CHANGED' >>tree/include/linux/1.h
	single c.tar.xz
	run -0 user kheaders path --from c.tar.xz
	whole "$output"
	[ "$(ls home/.cache/kheaders | wc -l)" = 3 ]
	succeeds "$cached" path
}

@test "museum 23: a tree from which files were removed is made again" {
	local file
	path
	for file in include/linux/9.h Makefile include/linux scripts .kheaders; do
		user rm -r "$cached/$file"
		succeeds "$cached" path
		cached home/.cache/kheaders "$digest"
	done
	# What is there besides is no harm.
	user touch "$cached/include/linux/more.h"
	inode=$(stat -c %i "$cached")
	succeeds "$cached" path
	[ "$(stat -c %i "$cached")" = "$inode" ]
}

@test "museum 23: and if what was made in the tree outnumbers them" {
	printf 'prepare:\n\t@touch scripts/a scripts/b include/linux/c.h\n' >tree/Makefile
	single more.tar.xz
	run -0 --separate-stderr user kheaders path --from more.tar.xz
	rm "$output/include/linux/9.h" "$output/include/linux/8.h"
	run -0 --separate-stderr user kheaders path --from more.tar.xz
	[ -e "$output/include/linux/8.h" ]
	diff -r tree "$output" | grep -v '^Only in [^ ]*: \(a\|b\|c.h\|.kheaders\)$' && false
	[ -e "$output/scripts/b" ]
}

@test "museum 23: also if the directory's time is set back, as systemd-tmpfiles does" {
	path
	touch -r "$cached/include/linux" before
	user rm "$cached/include/linux/9.h"
	user touch -r before "$cached/include/linux"
	succeeds "$cached" path
	cached home/.cache/kheaders "$digest"
}

@test "museum 23: and in a copy of a tree, whose times differ" {
	path
	user cp -a "$cached" home/copy
	user rm -r "$cached"
	user mv home/copy "$cached"
	inode=$(stat -c %i "$cached")
	succeeds "$cached" path
	[ "$(stat -c %i "$cached")" = "$inode" ]
	user rm "$cached/include/linux/9.h"
	succeeds "$cached" path
	cached home/.cache/kheaders "$digest"
}

@test "path: a tree that nobody has changed is not read through" {
	path
	# LeakSanitizer does not run under strace.
	ASAN_OPTIONS=detect_leaks=0 user strace -f -o home/calls -e trace=getdents64 "$place/bin/kheaders" path --from a.tar.xz
	# The caches are, and an end is read, too.
	[ "$(grep -c getdents64 home/calls)" -le 4 ]
}

@test "path: XDG_CACHE_HOME, if it is an absolute path" {
	user mkdir home/xdg
	XDG_CACHE_HOME=$place/home/xdg succeeds "$place/home/xdg/kheaders/$digest" path
	for odd in '' relative ./x; do
		XDG_CACHE_HOME=$odd succeeds "$cached" path
	done
	[ ! -e relative ]
}

@test "path: a directory whose name is special to make or shells is refused" {
	local odd
	for odd in 'a b' "it's" 'a$b' 'a:b' $'a\nb' 'a`id`' 'a;b' 'a(b'; do
		user mkdir "home/$odd"
		XDG_CACHE_HOME=$place/home/$odd run -1 --separate-stderr path
		[[ $stderr = "kheaders: "*"set XDG_CACHE_HOME to another directory" ]]
		[ -z "$(ls -A "home/$odd")" ]
	done
	# A home of that kind is no harm, if that is not where the cache is.
	XDG_CACHE_HOME=$place/home/xdg HOME="$place/a b" path
}

@test "path: no HOME, or none that can be written to" {
	local home
	# In the file of users that of nobody is not there.
	user env -u HOME "$place/bin/kheaders" path --from a.tar.xz >out 2>&1 || [ "$(wc -l <out)" = 1 ]
	# Of a relative one, the user's own is taken, and nobody has none.
	[ "$(id -u)" != 0 ] || fails 1 "" user env HOME=relative "$place/bin/kheaders" path --from a.tar.xz
	for home in / /proc "$place/a.tar.xz"; do
		fails 1 "" user env HOME="$home" "$place/bin/kheaders" path --from a.tar.xz
	done
	[ ! -e relative ]
	succeeds "$place/home/x/kheaders/$digest" user env -u HOME XDG_CACHE_HOME="$place/home/x" \
		"$place/bin/kheaders" path --from a.tar.xz
}

# as_member GROUP PASSWD: makes a tree as an ordinary user, where ~/.cache has the mode that an
# umask of 002 gives it. GROUP and PASSWD are more lines of these files.
as_member() {
	printf 'root:x:0:\n%s\n' "$1" >group
	printf 'root:x:0:0::/root:/bin/sh\nme:x:65534:65534::%s/home:/bin/sh\n%s\n' "$place" "$2" >passwd
	rm -rf home
	user mkdir -m 775 home/.cache
	[ ! "${with_acl-}" ] || python3 -c '
import os, struct
entries = (1, 7, 2**32 - 1), (2, 7, 1001), (4, 7, 2**32 - 1), (16, 7, 2**32 - 1), (32, 5, 2**32 - 1)
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("home/.cache", "system.posix_acl_access", acl)'
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -e -c '
		mount --bind passwd /etc/passwd
		mount --bind group /etc/group
		HOME=$PWD/home exec setpriv --reuid=65534 --regid=65534 --clear-groups kheaders path --from a.tar.xz'
}

@test "path: a group of the user's own may write to the home, and no other" {
	only_root
	local own=me:x:65534:
	succeeds "$cached" as_member "$own" ""
	succeeds "$cached" as_member "${own}me" "other:x:1001:1001::/:/bin/sh"
	local said="$place/home/.cache: can be changed by others than root and you; check who it belongs to, and its mode (chmod go-w)"
	fails 1 "$said" as_member "${own}other" ""
	fails 1 "$said" as_member "$own" "other:x:1001:65534::/:/bin/sh"
	fails 1 "$said" as_member users:x:65534: ""
	fails 1 "$said" as_member "" ""
	# The group's bits are the mask of another user's, then.
	with_acl=y fails 1 "$said" as_member "$own" ""
}

@test "path: any umask" {
	local umask
	for umask in 000 077 777; do
		(umask $umask; path) >out
		[ "$(cat out)" = "$cached" ]
		cached home/.cache/kheaders "$digest"
		[ -z "$(find home/.cache ! -type l -perm /022)" ]
		user chmod -R u+w home/.cache
		user rm -r home/.cache
	done
}

@test "path: root has a cache that all read and nobody else writes to" {
	only_root
	succeeds "/var/lib/kheaders/$digest" here kheaders path --from a.tar.xz
	cached root/var/lib/kheaders "$digest"
	# The environment has no say in that.
	succeeds "/var/lib/kheaders/$digest" here env XDG_CACHE_HOME="$place/home" kheaders path --from a.tar.xz
	# A user takes that, too.
	chmod 755 root root/var root/var/lib
	HOME=$place/home succeeds "/var/lib/kheaders/$digest" here setpriv --reuid=65534 --clear-groups \
		"$place/bin/kheaders" path --from a.tar.xz
	[ -z "$(ls -A home)" ]
}

@test "path: what is installed, without a word of what is not to be followed" {
	only_root
	here kheaders install --from a.tar.xz
	succeeds /usr/src/linux-headers-6.9.1 here kheaders path --from a.tar.xz
	[ ! -e root/var/lib/kheaders ]
	archive b.tar.xz 6.9.1 0123456789abcdee
	run -0 here kheaders path --from b.tar.xz
	[[ $output = /var/lib/kheaders/* ]]
	# A developer's, in a home, is the developer's alone.
	here kheaders remove --release 6.9.1
	tree home/linux 6.9.1
	chown -R 65534 home/linux
	mkdir -p root/lib/modules/6.9.1
	ln -s "$place/home/linux" root/lib/modules/6.9.1/build
	succeeds "/var/lib/kheaders/$digest" here kheaders path --from a.tar.xz
	HOME=$place/home succeeds /lib/modules/6.9.1/build here setpriv --reuid=65534 --clear-groups \
		"$place/bin/kheaders" path --from a.tar.xz
}

@test "remove: the caller's trees, and status shows them" {
	only_root
	HOME=$place/home here setpriv --reuid=65534 --clear-groups "$place/bin/kheaders" path --from a.tar.xz
	HOME=$place/home run -1 here setpriv --reuid=65534 --clear-groups "$place/bin/kheaders" status --from a.tar.xz
	grep -x "Cached:   $cached, of 6.9.1, fits" <<<"$output"
	HOME=$place/home here setpriv --reuid=65534 --clear-groups "$place/bin/kheaders" status --from a.tar.xz --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["cache"])' >out || :
	[ "$(cat out)" = "[{'path': '$place/home/.cache/kheaders', 'name': '$digest', 'release': '6.9.1', 'fits': True}]" ]
	HOME=$place/home succeeds "$cached: removed" here setpriv --reuid=65534 --clear-groups \
		"$place/bin/kheaders" remove --release 6.9.1
	[ -z "$(ls -A home/.cache/kheaders)" ]
	here kheaders path --from a.tar.xz
	succeeds "/var/lib/kheaders/$digest: removed" here kheaders remove --all
	nothing_left
}

# --- env ------------------------------------------------------------------------

@test "env: a shell takes it, and nothing else than the path and the release" {
	local shell name
	user kheaders env --from a.tar.xz >variables
	[ "$(grep -c . variables)" -ge 10 ]
	run ! grep -vxE "export [A-Z_]+='($cached|6\.9\.1)'" variables
	for shell in dash 'busybox sh' bash mksh; do
		[ "$($shell -c '. ./variables && echo "$KDIR $KVERSION"')" = "$cached 6.9.1" ]
	done
	# What bcc and bpftrace read.
	for name in BPFTRACE_KERNEL_SOURCE BCC_KERNEL_SOURCE; do
		grep -x "export $name='$cached'" variables
	done
}

# --- exec -----------------------------------------------------------------------

# exec_ COMMAND...
exec_() {
	user kheaders exec --from a.tar.xz -- "$@"
}

@test "exec: the variables, the arguments as they are, and the status of the command" {
	# shellcheck disable=SC2016
	succeeds "$cached 6.9.1 |a b||\$x" exec_ sh -c 'printf "%s %s |%s|%s|%s" "$KDIR" "$KVER" "$@"' sh 'a b' '' '$x'
	run -0 exec_ true
	run -7 exec_ sh -c 'exit 7'
	run -143 exec_ sh -c 'kill -TERM $$'
	succeeds -- user kheaders exec --from a.tar.xz printf %s --
}

@test "exec: a command that is not there: 127; that can't be started: 126" {
	PATH=$place/bin:/usr/sbin:/usr/bin:/sbin:/bin fails 127 "no-such-command: No such file or directory; name a command" exec_ no-such-command
	fails 127 "./gone: No such file or directory; name a command" exec_ ./gone
	fails 126 "./a.tar.xz: Permission denied; name a command" exec_ ./a.tar.xz
	fails 126 "/: Permission denied; name a command" exec_ /
	# Without a tree there is nothing to start.
	fails 1 "missing: no such file" user kheaders exec --from missing touch home/started
	[ ! -e home/started ]
}

@test "exec: the umask and the signals of who calls" {
	local umask
	for umask in 0077 0002; do
		(umask $umask; exec_ sh -c umask) >out
		[ "$(cat out)" = $umask ]
	done
	(trap '' HUP; exec_ sh -c 'kill -HUP $$; echo ignored') >out
	[ "$(cat out)" = ignored ]
}

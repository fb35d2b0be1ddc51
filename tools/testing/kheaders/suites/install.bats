#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# kheaders install and remove, built with ASan and UBSan, in made-up root file systems. How
# they stand up to others and to disks is in attack.bats and faults.bats.

bats_require_minimum_version 1.5.0
load command

# install [OPTION...]: that archive in ./root.
install() {
	kheaders install --from a.tar.xz --root root "$@"
}

# installed: the tree and the link are there, and nothing else.
installed() {
	whole "$tree"
	[ "$(readlink "$link")" = /usr/src/linux-headers-6.9.1 ]
	[ "$(ls -A "$trees")" = linux-headers-6.9.1 ]
	[ "$(ls -A root/lib/modules/6.9.1)" = build ]
	[ "$(stat -c %a "$tree" "$tree/include" "$tree/.kheaders" | tr '\n' ' ')" = "755 755 644 " ]
}

# foreign RELEASE: somebody else's tree of it at $tree.
foreign() {
	mkdir -p "$tree"
	cp -r tree/. "$tree"
	echo "#define UTS_RELEASE \"$1\"" >"$tree/include/generated/utsrelease.h"
	echo theirs >"$tree/theirs"
}

# unchanged COMMAND...: changes nothing in ./root.
unchanged() {
	listing root >before
	"$@"
	listing root | diff before -
}

# --- install --------------------------------------------------------------------

@test "install: a whole tree and an absolute link, and a second time nothing" {
	succeeds "$tree: made" install
	installed
	inode=$(stat -c %i "$tree")
	succeeds "$tree: is there, and fits the kernel" install
	[ "$(stat -c %i "$tree")" = "$inode" ]
	installed
}

@test "install: an archive in a single stream, and one that ends in padding" {
	single one.tar.xz
	succeeds "$tree: made" kheaders install --from one.tar.xz --root root
	whole "$tree"
	{ cat a.tar.xz; head -c 8 /dev/zero; } >b.tar.xz
	image_root other
	kheaders install --from b.tar.xz --root other
	whole other/usr/src/linux-headers-6.9.1
}

# bats test_tags=long
@test "install: an archive of which one thread has seen enough while others unpack large files" {
	local i
	for i in {1..3}; do
		mkdir "tree/$i"
		head -c 3M /dev/urandom >"tree/$i/large"
	done
	(cd tree && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) >files
	grep -v large files >manifest.9
	for i in {1..3}; do
		echo "$i/large" >"manifest.$i"
	done
	join b.tar.xz manifest.*
	for i in {1..20}; do
		run -1 --separate-stderr kheaders status --from b.tar.xz --root root
		echo "$stderr"
		[ -z "$stderr" ]
	done
	kheaders install --from b.tar.xz --root root
	whole "$tree"
}

@test "install: an image, and kheaders.ko, packed or not" {
	{ printf 'a kernel IKHD_ST'; cat a.tar.xz; printf 'IKHD_ED and more'; } >img
	for packer in cat gzip 'zstd -q'; do
		$packer <img >packed
		image_root other
		succeeds "other/usr/src/linux-headers-6.9.1: made" kheaders install --from packed --root other
		whole other/usr/src/linux-headers-6.9.1
		rm -r other
	done
}

@test "install: one of another build takes the place of ours, with nothing left of the old one" {
	install
	archive b.tar.xz 6.9.1 0123456789abcdee
	succeeds "$tree: made" kheaders install --from b.tar.xz --root root
	installed
}

@test "museum 23: an installed tree from which files were removed is made again" {
	install
	rm -r "$tree/include/linux/9.h" "$tree/scripts"
	run -1 kheaders status --from a.tar.xz --root root
	[[ $output = *"$tree, made by kheaders, of this kernel, damaged"*"files of the kernel ("* ]]
	run -1 kheaders status --json --from a.tar.xz --root root
	[[ $output = *'"fits": false'*'files of the kernel'* ]]
	succeeds "$tree: made" kheaders install --from a.tar.xz --root root
	installed
	run -1 kheaders status --from a.tar.xz --root root
	[[ $output = *", fits"*"Missing:  Module.symvers" ]]
}

@test "install: a release that the archive does not say, and one that differs" {
	rm -r tree/include/config/kernel.release tree/include/generated
	single none.tar.xz
	fails 1 "none.tar.xz: does not say of which release its headers are; say so with --release" \
		kheaders install --from none.tar.xz --root root
	fails 1 "a.tar.xz: is of another release than --release says; leave that option out" \
		install --release 6.9.2
	nothing_left
	succeeds "$tree: made" kheaders install --from none.tar.xz --root root --release 6.9.1
	whole "$tree"
}

@test "install: no release leads out of the directory" {
	local release
	for release in .. ../x /etc 'a b' .hidden "" "$(printf '%065d' 0)"; do
		fails 1 "" install --release "$release"
		archive odd.tar.xz "$release"
		fails 1 "" kheaders install --from odd.tar.xz --root root
	done
	nothing_left
}

@test "install: somebody else's tree stays, and is linked to if it fits" {
	foreign 6.9.1
	succeeds "$tree: linked" install
	[ "$(cat "$tree/theirs")" = theirs ]
	[ ! -e "$tree/.kheaders" ]
	unchanged succeeds "$tree: is there, and fits the kernel" install
	foreign 6.9.10
	rm "$link"
	unchanged fails 1 "$tree: was not made by kheaders, and is not for this kernel; remove it, or the package" install --force
	# Of another build of the same release.
	foreign 6.9.1
	echo 0123456789abcdee >"$tree/include/config/kheaders.id"
	unchanged fails 1 "$tree: was not made by kheaders, and is not for this kernel" install --force
}

# As old seccomp filters of containers refuse what they don't know.
@test "install: somebody else's tree stays whatever system calls fail" {
	local call error
	foreign 6.9.0
	for call in faccessat faccessat2 newfstatat readlinkat openat2; do
		for error in EPERM EINVAL ENOSYS; do
			ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=$call -e inject=$call:error=$error \
				"$place/bin/kheaders" install --from a.tar.xz --root root || :
			[ -e "$tree/include/generated/utsrelease.h" ]
			[ ! -e "$tree/.kheaders" ]
		done
	done
}

@test "install: somebody else's link or directory stays" {
	mkdir -p root/lib/modules/6.9.1 root/opt
	tree root/opt/linux 6.9.1
	ln -s /opt/linux "$link"
	unchanged succeeds "root/lib/modules/6.9.1/build: is there, and fits the kernel" install
	tree root/opt/linux 6.9.2
	unchanged fails 1 "$link: was not made by kheaders, and is not for this kernel" install --force
	rm "$link"
	tree "$link" 6.9.1
	unchanged succeeds "root/lib/modules/6.9.1/build: is there, and fits the kernel" install
	rm -r "$link"
	echo file >"$link"
	unchanged fails 1 "$link: " install --force
}

@test "install: a link that leads nowhere, only with --force" {
	mkdir -p root/lib/modules/6.9.1
	for target in /usr/src/gone ../gone "$place/gone" build; do
		ln -sfn "$target" "$link"
		unchanged fails 1 "$link: " install
		[ "$target" = build ] || {
			[[ $stderr = "kheaders: $link: is a link that leads nowhere; --force replaces it" ]]
			succeeds "$tree: made" install --force
			installed
			rm -r "$tree"
		}
	done
}

@test "install: links in a root lead nowhere else" {
	rm -r root
	mkdir -p root/usr/lib/modules root/usr/src out/src out/modules
	ln -s usr/lib root/lib
	succeeds "$tree: made" install
	[ "$(readlink root/usr/lib/modules/6.9.1/build)" = /usr/src/linux-headers-6.9.1 ]

	# As after chroot: absolute ones begin at the root, and .. ends there.
	for out in "$place/out" ../../../../../../../../../../../../.."$place"/out; do
		rm -r root
		mkdir -p root/usr root/lib
		ln -s "$out/src" root/usr/src
		ln -s "$out/modules" root/lib/modules
		succeeds "$tree: made" install
		[ -z "$(find out -type f -o -type l)" ]
		whole "root$place/out/src/linux-headers-6.9.1"
	done
}

@test "install: a tree or link of a root that leads out of it is judged by what is inside" {
	tree outside 6.9.1
	ln -s "$place/outside" "$tree"
	unchanged fails 1 "$tree: was not made by kheaders, and is not for this kernel" install
	rm "$tree"
	mkdir -p root/lib/modules/6.9.1
	ln -s "$place/outside" "$link"
	unchanged fails 1 "$link: is a link that leads nowhere" install
}

@test "install: without Makefile it is for eBPF alone, and make prepare is not called" {
	rm tree/Makefile
	single b.tar.xz
	succeeds "$tree: made" kheaders install --from b.tar.xz --root root
	whole "$tree"
}

@test "install: make prepare runs with an environment of its own; if it fails, the tree is there and says so" {
	printf 'prepare:\n\t@env | sort >env; umask >umask\n' >tree/Makefile
	single b.tar.xz
	MAKEFLAGS=-n SECRET=1 CFLAGS=x install --from b.tar.xz
	sed -i 's/^\(PATH\|PWD\|TMPDIR\|OLDPWD\|SHLVL\|_\)=.*/\1/' "$tree/env"
	run ! grep -E 'SECRET|CFLAGS' "$tree/env"
	[ "$(cat "$tree/umask")" = 0022 ]
	printf 'prepare:\n\t@echo "kheaders: no compiler here" >&2; false\n' >tree/Makefile
	single b.tar.xz
	image_root other
	run -0 --separate-stderr kheaders install --from b.tar.xz --root other
	[ "$output" = "other/usr/src/linux-headers-6.9.1: made" ]
	[ "${stderr_lines[0]}" = "kheaders: no compiler here" ]
	[[ ${stderr_lines[1]} = "kheaders: other/usr/src/linux-headers-6.9.1: for modules, call \"make prepare\" there when that system runs: "* ]]
	whole other/usr/src/linux-headers-6.9.1
}

# As in the root of an image that is being made. ASan would need it.
@test "install: without /proc" {
	only_root
	plain
	without_proc() {
		# shellcheck disable=SC2016
		unshare --mount --propagation private --pid --fork sh -c 'umount -l /proc && exec "$@"' - "$@"
	}
	printf 'prepare:\n\t@touch prepared\n' >tree/Makefile
	single a.tar.xz
	without_proc "$plain/kheaders" install --from a.tar.xz --root root
	[ -e "$tree/prepared" ]
	printf 'prepare:\n\t@echo "kheaders: $(CURDIR)/x is odd"; false\n' >tree/Makefile
	single b.tar.xz
	without_proc "$plain/kheaders" install --from b.tar.xz --root root 2>said
	grep -x "kheaders: root/usr/src/linux-headers-6.9.1/x is odd" said
}

@test "install: any umask, no HOME, and paths with blanks" {
	mv a.tar.xz 'an archive.tar.xz'
	for umask in 000 077 777; do
		image_root "a  root"
		(umask $umask; env -u HOME kheaders install --from 'an archive.tar.xz' --root "a  root") >out
		[ "$(cat out)" = "a  root/usr/src/linux-headers-6.9.1: made" ]
		whole "a  root/usr/src/linux-headers-6.9.1"
		[ -z "$(find 'a  root/usr/src/linux-headers-6.9.1' ! -type l -perm /022)" ]
		[ "$(stat -c %a "a  root/usr/src/linux-headers-6.9.1/include/linux")" = 755 ]
		rm -r "a  root"
	done
}

# mainline_archive OUT: what its generator makes: headers alone, and links between them as they
# are.
mainline_archive() {
	rm -r tree/Makefile tree/scripts tree/include/config tree/.config
	mkdir -p tree/include/dt-bindings/input
	ln -s ../../linux/16.h tree/include/dt-bindings/input/codes.h
	ln -s 1.h tree/include/linux/a.h
	single "$1"
}

@test "install: mainline's own archive" {
	mainline_archive main.tar.xz
	kheaders install --from main.tar.xz --root root
	[ -f "$tree/include/dt-bindings/input/codes.h" ]
	[ -z "$(find "$tree" -type l)" ]
	diff -r tree "$tree" --exclude=.kheaders
	kheaders verify --from main.tar.xz "$tree"
	kheaders install --from main.tar.xz --root root
	run -1 kheaders status --from main.tar.xz --root root
	[[ $output = *", made by kheaders, fits"*"Missing:  what modules need (these are headers for eBPF alone)"* ]]
	run -0 --separate-stderr user kheaders path --from main.tar.xz
	diff -r tree "$output" --exclude=.kheaders
	kheaders remove --all --root root
	[ ! -e "$tree" ]
}

@test "install: of a running kernel with mainline's" {
	only_root
	mainline_archive main.tar.xz
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -e -c '
		mount -t tmpfs none /sys/kernel
		cp main.tar.xz /sys/kernel/kheaders.tar.xz
		kheaders status --root root >before || :
		kheaders install --root root
		kheaders status --root root >after || :'
	grep -x 'Headers:  /sys/kernel/kheaders.tar.xz' before
	grep -x 'Tree:     none' before
	grep -x "Tree:     root/usr/src/linux-headers-$(uname -r), made by kheaders, fits" after
	diff -r tree "root/usr/src/linux-headers-$(uname -r)" --exclude=.kheaders
}

@test "install: where nothing can be written, nothing is" {
	install_as() { user "$place/bin/kheaders" install --from a.tar.xz --root "$1"; }
	[ "$(id -u)" = 0 ] || chmod 555 root/usr/src root/lib/modules
	unchanged fails 1 "root/" install_as root
	[[ $stderr = *"permission denied; try as root" ]]
	fails 1 "missing: No such file or directory" install_as missing
	fails 1 "a.tar.xz: Not a directory" install_as a.tar.xz
}

@test "museum 51: an install that fails leaves none of the directories that it made" {
	fails_late
	fails 1 "late: is a link out of the archive" kheaders install --from bad.tar.xz --root root
	[ -z "$(ls -A root)" ]
	fails 1 "late: is a link" user kheaders path --from bad.tar.xz
	[ -z "$(ls -A home)" ]
	: >root/lib
	fails 1 "root/lib/modules/6.9.1: Not a directory; it has to be a directory" install
	[ "$(ls -A root)" = lib ]
	# What was there stays.
	rm root/lib
	mkdir -p root/lib/modules
	fails 1 "late: is a link" kheaders install --from bad.tar.xz --root root
	[ "$(find root)" = "root
root/lib
root/lib/modules" ]
}

@test "install: a link that can't be made: no tree either" {
	only_root
	mkdir -p root/lib/modules/6.9.1
	# shellcheck disable=SC2016
	fails 1 "$link: No space left on device; try as root, and look for room there" \
		unshare --mount --propagation private sh -c '
			mount -t tmpfs -o size=4k,nr_inodes=1 none root/lib/modules/6.9.1 &&
			exec kheaders install --from a.tar.xz --root root'
	[ -z "$(ls -A root/usr/src)" ]
}

@test "install: on a read-only file system" {
	only_root
	# shellcheck disable=SC2016
	fails 1 "root/" unshare --mount --propagation private sh -c '
		mount --bind root root && mount -o remount,bind,ro root &&
		exec kheaders install --from a.tar.xz --root root'
	[[ $stderr = *"is on a read-only file system; \"kheaders path\" makes a tree elsewhere" ]]
	nothing_left
}

@test "install: a file that can't be read, or has no headers" {
	local as=
	[ "$(id -u)" != 0 ] || as=user
	chmod 0 a.tar.xz
	fails 1 "a.tar.xz: cannot be read; try as root" $as "$place/bin/kheaders" install --from a.tar.xz --root root
	fails 1 "missing: no such file" kheaders install --from missing --root root
	fails 1 "root: is a directory" kheaders install --from root --root root
	mkfifo fifo
	fails 1 "fifo: not a regular file" kheaders install --from fifo --root root
	: >empty
	fails 1 "empty: is empty" kheaders install --from empty --root root
	seq 10000 >text
	fails 3 "text: no kernel headers in it" kheaders install --from text --root root
	seq 10000 | xz >text.xz
	fails 3 "text.xz: no kernel headers in it" kheaders install --from text.xz --root root
	nothing_left
}

@test "install: a file of marks alone is read through once" {
	# What is searched is unpacked first: 14 MB.
	python3 -c 'print("\x7f" + "IKHD_ST" * 2000000, end="")' | xz -9e >marks
	fails 3 "marks: no kernel headers in it; was it built with CONFIG_IKHEADERS_PROC=y? with =m they are in kheaders.ko" \
		timeout 10 kheaders install --from marks --root root
	python3 -c 'print("\x7fIKHD_ST\xfd7zXZ\0" * 100000 + "IKHD_ED", end="")' >marks
	fails 3 "marks: no kernel headers in it; " timeout 10 kheaders install --from marks --root root
}

@test "install: a kernel that carries no headers: status 3" {
	[ ! -e /proc/kheaders.tar.xz ] || skip "this kernel does"
	only_root
	fails 3 "/proc/kheaders.tar.xz: no such file; is there a kheaders.ko?" kheaders install --root root
	fails 3 "/proc/kheaders.tar.xz: no such file" here kheaders path
	fails 3 "/proc/kheaders.tar.xz: no such file" kheaders verify root/usr
	fails 1 "/proc/kheaders.tar.xz: no such file; try as root" user "$place/bin/kheaders" path
	nothing_left
}

@test "install: a remove meanwhile takes nothing from under it" {
	install
	echo 1 >tree/include/config/kheaders.id
	streams b.tar.xz
	# It has opened all when the other begins, and waits before it locks.
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=flock -e inject=flock:delay_enter=2000000:when=1 \
		"$place/bin/kheaders" install --from b.tar.xz --root root >said &
	sleep 1
	kheaders remove --root root
	[ ! -e root/lib/modules/6.9.1 ]
	wait $!
	[ "$(cat said)" = "$tree: made" ]
	installed
}

# fails_late: ./bad.tar.xz, whose link is refused when all before it is unpacked; ./root is empty.
fails_late() {
	rm -r root
	mkdir root
	ln -s /etc/passwd tree/late
	tar -C tree -cJf bad.tar.xz include late
}

@test "install: one that fails removes the kernel's directory while others wait" {
	fails_late
	ASAN_OPTIONS=detect_leaks=0 strace -qq -o calls -e trace=unlinkat \
		"$place/bin/kheaders" install --from bad.tar.xz --root root || :
	[ -z "$(ls -A root)" ]
	sed -n 's/.*"\(6.9.1\|\.kheaders\)", AT_REMOVEDIR) *= 0$/\1/p' calls >order
	diff order - <<-'EOT'
		6.9.1
		.kheaders
	EOT
}

# Both begin before there is any directory. The first fails when the second has opened all.
@test "install: one that fails takes no directory from under it" {
	fails_late
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=flock -e inject=flock:delay_enter=1000000:when=1 \
		"$place/bin/kheaders" install --from bad.tar.xz --root root &
	sleep 0.5
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=mkdirat -e inject=mkdirat:delay_enter=2000000:when=1 \
		"$place/bin/kheaders" install --from a.tar.xz --root root >said
	status=0
	wait $! || status=$?
	[ "$status" = 1 ]
	[ "$(cat said)" = "$tree: made" ]
	kheaders verify --from a.tar.xz "$tree"
	[ -L "$link" ]
}

# --- remove ---------------------------------------------------------------------

# lock: holds the lock as another command does, for two seconds, and leaves what it would.
lock() {
	mkdir -m 700 root/usr/src/.kheaders
	(flock 9; sleep 2) 9<root/usr/src/.kheaders &
	sleep 0.3
}

@test "remove: what takes the place of a tree meanwhile stays" {
	only_root
	local before
	install
	lock
	kheaders remove --release 6.9.1 --root root >said &
	sleep 0.5
	rm -r "$tree"
	mkdir "$tree"
	echo mine >"$tree/package-file"
	before=$(listing root/usr/src/linux-headers-6.9.1)
	wait $!
	[ "$(listing root/usr/src/linux-headers-6.9.1)" = "$before" ]
	! grep "$tree: removed" said
}

@test "remove: --stale leaves what has become a kernel's meanwhile" {
	install
	rm -r root/lib/modules/6.9.1
	lock
	kheaders remove --stale --root root &
	sleep 0.5
	mkdir -p root/lib/modules/6.9.1/kernel
	ln -s /usr/src/linux-headers-6.9.1 "$link"
	wait $!
	whole "$tree"
	[ -L "$link" ]
}

@test "remove: a directory that goes meanwhile is not made again" {
	install
	ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace=mkdirat -e inject=mkdirat:delay_enter=1500000:when=1 \
		"$place/bin/kheaders" remove --all --root root >said &
	sleep 0.5
	rm -r root/usr/src
	wait $!
	[ ! -s said ]
	[ ! -e root/usr/src ]
}

@test "remove: two at once: the second has nothing to do" {
	install
	lock
	kheaders remove --root root >one &
	local first=$!
	kheaders remove --root root >other
	wait "$first"
	sort one other | diff - <(printf '%s: removed\n' "$link" "$tree" | sort)
	[ ! -e "$tree" ]
}

@test "remove: what was made and nothing else, and a second time nothing" {
	listing root >empty
	install
	run -0 --separate-stderr kheaders remove --root root
	[ -z "$stderr" ]
	[ "$output" = "$link: removed
$tree: removed" ]
	listing root | diff empty -
	succeeds "" kheaders remove --root root
}

@test "remove: others' trees and links stay" {
	foreign 6.9.1
	mkdir -p root/lib/modules/6.9.1
	ln -s /usr/src/linux-headers-6.9.1 "$link"
	unchanged succeeds "" kheaders remove --root root
	unchanged succeeds "" kheaders remove --root root --release 6.9.1
	rm -r "$tree" "$link"
	# Ours, with another link.
	install
	ln -sfn /opt/linux "$link"
	succeeds "$tree: removed" kheaders remove --root root
	[ "$(readlink "$link")" = /opt/linux ]
}

@test "remove: / by another name is not another system" {
	only_root
	local name
	mkdir -p top/usr/src top/lib/modules
	for name in / // /.; do
		# shellcheck disable=SC2016
		unshare --mount --propagation private sh -e -c '
			mount --bind top/usr/src /usr/src
			mkdir /usr/src/other
			kheaders install --from a.tar.xz --release 6.9.1 --root root
			cp -a root/usr/src/linux-headers-6.9.1 "/usr/src/linux-headers-$(uname -r)"
			sed -i "s/^release .*/release $(uname -r)/" "/usr/src/linux-headers-$(uname -r)/.kheaders"
			kheaders remove --stale --root "$1"
			ls /usr/src' - "$name" >said
		grep -x "linux-headers-$(uname -r)" said
		rm -rf top/usr/src/*
	done
}

@test "remove: --release alone, --stale those without modules, --all" {
	local release
	for release in 6.9.1 6.9.2 6.9.3; do
		archive r.tar.xz $release
		kheaders install --from r.tar.xz --root root
	done
	kheaders remove --root root --release 6.9.2
	[ "$(ls -A "$trees" | tr '\n' ' ')" = "linux-headers-6.9.1 linux-headers-6.9.3 " ]
	[ ! -e root/lib/modules/6.9.2 ]
	# As depmod leaves it when the kernel is gone.
	mkdir root/lib/modules/6.9.1/kernel
	touch root/lib/modules/6.9.3/modules.dep
	run -0 kheaders remove --root root --stale
	[ "$(ls -A "$trees")" = linux-headers-6.9.1 ]
	[ "$(ls -A root/lib/modules/6.9.3)" = modules.dep ]
	kheaders remove --root root --all
	[ -z "$(ls -A "$trees")" ]
	succeeds "" kheaders remove --root root --release ../x
}

@test "remove: what a killed one left goes, too" {
	mkdir -m 700 "$trees/.kheaders"
	mkdir -p "$trees/.kheaders/old/include"
	mkdir -p root/lib/modules/6.9.1
	kheaders remove --root root
	[ -z "$(ls -A "$trees")" ]
	install
	ln -s x root/lib/modules/6.9.1/.build.kheaders
	mkdir -m 700 "$trees/.kheaders"
	kheaders remove --root root
	nothing_left
}

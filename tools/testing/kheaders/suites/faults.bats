#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The kheaders command when it is killed, when each system call that it writes with fails,
# and when many run at once: there is a whole tree or none, and the next call works and
# leaves nothing. strace makes calls fail, and kills. One in CALLS_EVERY calls of a kind is
# tried; KILLS is how often each command is killed at any time.

bats_require_minimum_version 1.5.0
load command

setup_file() {
	sanitized
	plain
}

setup() {
	place
	# As users have it.
	cp "$plain/kheaders" bin
	mkdir -p root/var/lib/kheaders
	every=${CALLS_EVERY:-16}
	skip=0
}

tree=root/usr/src/linux-headers-6.9.1
link=root/lib/modules/6.9.1/build

install() {
	"$@" kheaders install --from a.tar.xz --root root
}

remove() {
	"$@" kheaders remove --root root --all
}

# quietly COMMAND...: its output is in the file said.
quietly() {
	"$@" >said 2>&1
}

# whole_or_none: each tree that can be seen is whole, and each link leads to one.
whole_or_none() {
	[ ! -e "$tree" ] || whole "$tree" || return 1
	[ ! -L $link ] || [ -e "$tree" ] || return 1
	[ -z "$(find root/usr/src -mindepth 1 -maxdepth 1 ! -name .kheaders ! -name linux-headers-6.9.1)" ]
}

# mended: the next call makes what is missing, and the one after that leaves nothing.
mended() {
	install quietly && whole "$tree" && [ -L $link ] && [ "$(ls -A root/usr/src)" = linux-headers-6.9.1 ] &&
		[ "$(ls -A root/lib/modules/6.9.1)" = build ] && remove quietly && nothing_left
}

# --- Killed -----------------------------------------------------------------------------

# killed COMMAND: at any time while it runs.
killed() {
	local took=$1 i kills=${KILLS:-25} done_=0 late=0
	for ((i = 0; i < kills; i++)); do
		[ "$2" = install ] || install quietly
		if "$2" quietly timeout --foreground -s KILL "$(awk -v s="$RANDOM" -v t="$took" 'BEGIN { printf "%.4f", s / 32768 * t }')"; then
			late=$((late + 1))
		else
			done_=$((done_ + 1))
		fi
		whole_or_none || { echo "half a tree"; cat said; false; }
		mended || { cat said; false; }
	done
	echo "# $2: killed $done_ times, ended before $late times, 0 wrong trees" >&3
	[ "$done_" -gt 0 ]
}

# took COMMAND: how many seconds it takes.
took() {
	local from=$EPOCHREALTIME
	"$1" quietly
	awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'
}

# bats test_tags=long
@test "killed at any time: a whole tree or none, and the next call leaves nothing" {
	killed "$(took install)" install
	install quietly
	killed "$(took remove)" remove
}

# --- Each system call fails --------------------------------------------------------------

calls="openat write mkdirat utimensat fchmod symlinkat renameat renameat2 unlinkat syncfs close getdents64 flock"

# counts COMMAND: lines "CALL FIRST LAST", of the calls of its own: what comes before, the
# dynamic linker does.
counts() {
	"$1" quietly taskset -c "$cpu" strace -f -o calls -e trace="${calls// /,}"
	awk -v from="a.tar.xz\\|/usr/src\\|root" '
		{ sub(/^[0-9]+ +/, ""); call = $0; sub(/\(.*/, "", call) }
		/a\.tar\.xz|"root"/ { begun = 1 }
		call ~ /^[a-z0-9]+$/ { n[call]++; if (begun && !(call in first)) first[call] = n[call] }
		END { for (call in first) print call, first[call], n[call] }' calls
}

# each COMMAND INJECTION CHECK: for each call of COMMAND, or for one in $every, with the
# INJECTION there.
each() {
	local call first last n
	cpu=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
	# What make calls is not counted.
	rm -f tree/Makefile
	streams a.tar.xz
	[ "$1" = install ] || install quietly
	counts "$1" >list
	cat list
	[ "$(wc -l <list)" -ge 4 ]
	[ "$1" = install ] || install quietly
	[ "$1" != install ] || remove quietly
	injected=0
	while read -r call first last <&4; do
		for ((n = first + skip % (every < last - first ? every : last - first + 1); n <= last; n += every)); do
			[ "$1" = install ] || install quietly
			status=0
			"$1" quietly taskset -c "$cpu" strace -f -o /dev/null -e trace="$call" \
				-e inject="$call:$2:when=$n" || status=$?
			"$3" || { echo "$1: $call $n, $2: status $status"; cat said; false; }
			injected=$((injected + 1))
		done
	done 4<list
	# Others the next time.
	skip=$((skip + 5))
}

# after_kill: the process was killed.
after_kill() {
	[ "$status" -gt 128 ] && whole_or_none && mended
}

# bats test_tags=long
@test "killed at each system call: a whole tree or none, and the next call leaves nothing" {
	local command
	for command in install remove; do
		each "$command" signal=SIGKILL after_kill
		echo "# $command: killed at $injected calls, 0 wrong trees" >&3
	done
}

# after_error: it failed, and said so in one line and left what was there, or all is well.
after_error() {
	whole_or_none || return 1
	if [ "$status" = 0 ]; then
		! grep -q '^kheaders: ' said || return 1
	else
		[ "$status" = 1 ] && [ "$(grep -c '^kheaders: .*; ' said)" = 1 ] || return 1
		# What is left of a directory that could not be removed goes next time.
		[ "$call" = unlinkat ] || [ "$call" = getdents64 ] || [ "$call" = openat ] || [ "$what" = remove ] ||
			grep -q 'cannot write to standard output' said || nothing_left || linkless || return 1
	fi
	mended
}

# linkless: at the very end the link could not be renamed. The tree stays, which is whole.
linkless() {
	[ "$call" = renameat ] && [ ! -e root/lib/modules/6.9.1 ]
}

# bats test_tags=long
@test "each system call fails: nothing half-made, one line, and the next call works" {
	local error total=0
	for what in install remove; do
		for error in ${ERRORS:-ENOSPC EIO}; do
			each "$what" error=$error after_error
			total=$((total + injected))
		done
	done
	echo "# $total calls failed, 0 wrong trees" >&3
}

@test "a kernel or file system without renameat2: a whole tree, also in place of another" {
	local error from
	archive b.tar.xz 6.9.1 0123456789abcdee
	for error in ENOSYS EINVAL; do
		for from in a.tar.xz b.tar.xz; do
			strace -f -o /dev/null -e trace=renameat2 -e inject="renameat2:error=$error" \
				kheaders install --from "$from" --root root
			kheaders verify --from "$from" "$tree"
		done
		kheaders remove --root root --all
	done
}

@test "a disk that is full: one line, and nothing half-made" {
	only_root
	local size full=0
	for size in 4 8 16 24 32 40 60 80 100 120 160; do
		# shellcheck disable=SC2016
		run --separate-stderr unshare --mount --propagation private sh -c '
			mount -t tmpfs -o size=$1k none root/usr/src
			kheaders install --from a.tar.xz --root root
			status=$?
			ls -A root/usr/src >left
			exit $status' - $size
		echo "$size: $status $output$stderr"
		if [ "$status" = 0 ]; then
			[ "$(cat left)" = linux-headers-6.9.1 ]
		else
			full=$((full + 1))
			[ ! -s left ]
			[ "${#stderr_lines[@]}" = 1 ]
			[[ $stderr = *"No space left on device; make room there" ]]
		fi
		rm -rf root/lib/modules/*
	done
	[ $full -ge 4 ]
	[ "$status" = 0 ]
}

@test "a limit on the size of files: one line, and nothing half-made" {
	seq 100000 >tree/include/linux/large.h
	single large.tar.xz
	# shellcheck disable=SC2016
	fails 1 "root/usr/src/include/linux/large.h: File too large; raise the limit on the size of files (ulimit -f)" \
		bash -c 'ulimit -f 100; exec kheaders install --from large.tar.xz --root root'
	[ -z "$(ls -A root/usr/src)" ]
	kheaders install --from large.tar.xz --root root
}

# --- Interrupted --------------------------------------------------------------------------

@test "interrupted: it ends by that signal, says so, and leaves nothing" {
	local signal
	printf 'prepare:\n\tsleep 5; touch late\n' >tree/Makefile
	single slow.tar.xz
	for signal in INT TERM HUP; do
		run timeout -s $signal 0.6 kheaders install --from slow.tar.xz --root root
		[ "$output" = "kheaders: root/usr/src: was interrupted; nothing there has changed" ]
		[ "$status" = 124 ]
		[ -z "$(ls -A root/usr/src)" ]
	done
}

@test "interrupted just before it waits for a program: that is ended" {
	# It is the second that is waited for; make was the first.
	cat >early.c <<-'EOT'
		#include <signal.h>
		#include <sys/wait.h>

		pid_t waitpid(pid_t pid, int *status, int options)
		{
			static pid_t waited[2];

			if (!waited[0] || waited[0] == pid) {
				waited[0] = pid;
			} else if (!waited[1]) {
				waited[1] = pid;
				raise(SIGTERM);
			}
			return wait4(pid, status, options, NULL);
		}
	EOT
	gcc -D_GNU_SOURCE -shared -fPIC -o early.so early.c
	printf '#!/bin/sh\nexec sleep 20\n' >bin/mksquashfs
	chmod 755 bin/mksquashfs
	run timeout -s KILL 10 env LD_PRELOAD="$place/early.so" kheaders sysext --from a.tar.xz four.raw
	[ "$status" = 143 ]
	[ "$output" = "kheaders: $place: was interrupted; nothing there has changed" ]
}

# bats test_tags=long
@test "killed while make prepares: what that goes on to write gets into no other tree" {
	# shellcheck disable=SC2016
	printf 'prepare:\n\t@sleep 1.5; touch "$(CURDIR)/late"\n' >tree/Makefile
	single first.tar.xz
	printf 'prepare:\n\t@sleep 1.5\n' >tree/Makefile
	single second.tar.xz
	quietly timeout --foreground -s KILL 0.7 kheaders install --from first.tar.xz --root root || :
	[ ! -e "$tree" ]
	kheaders install --from second.tar.xz --root root
	whole "$tree"
	[ "$(ls -A root/usr/src)" = linux-headers-6.9.1 ]
}

# --- Many at once -------------------------------------------------------------------------

# many COMMAND...: 64 at once.
many() {
	local i
	for i in {1..64}; do
		"$@" >"out.$i" 2>&1 &
	done
	wait
}

@test "64 at once: one unpacks, and all print the same" {
	printf 'prepare:\n\techo >>%s/home/prepared\n' "$place" >tree/Makefile
	single a.tar.xz
	user true
	many user kheaders path --from a.tar.xz
	[ "$(wc -l <home/prepared)" = 1 ]
	[ "$(sort -u out.*)" = "$place/home/.cache/kheaders/$(sha256sum a.tar.xz | cut -d ' ' -f 1)" ]
	[ "$(ls -A home/.cache/kheaders | wc -l)" = 1 ]
	whole "$(cat out.1)"
	inode=$(stat -c %i "$(cat out.1)")
	many user kheaders path --from a.tar.xz
	[ "$(wc -l <home/prepared)" = 1 ]
	[ "$(stat -c %i "$(cat out.1)")" = "$inode" ]
}

@test "64 at once install, remove and verify: never half a tree" {
	local i
	for i in {1..64}; do
		case $((i % 4)) in
		0)	remove >"out.$i" 2>&1 & ;;
		1|2)	install >"out.$i" 2>&1 & ;;
		3)	whole_or_none >"out.$i" 2>&1 & ;;
		esac
	done
	wait
	cat out.*
	whole_or_none
	mended
}

# --- Memory -------------------------------------------------------------------------------

# bats test_tags=long
@test "valgrind has nothing to say" {
	local command
	# With all that status looks for.
	symvers=y archive a.tar.xz 6.9.1 0123456789abcdef
	for command in "install --root root" "status --root root" "verify $tree" "install --root root"; do
		# shellcheck disable=SC2086
		run -0 valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible \
			kheaders ${command%% *} --from a.tar.xz ${command#* }
		run ! grep == <<<"$output"
	done
	run -1 valgrind -q --error-exitcode=99 --leak-check=full kheaders install --from <(head -c 3000 a.tar.xz)
}

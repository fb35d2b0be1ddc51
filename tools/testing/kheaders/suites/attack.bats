#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What an unprivileged user prepares, or swaps meanwhile, where the kheaders command makes
# or looks for trees: it says so and fails, or what comes of it is whole and its caller's.
# Built with ASan and UBSan. RACES is how often each race is run.

bats_require_minimum_version 1.5.0
load command

setup() {
	only_root
	place
	digest=$(sha256sum a.tar.xz | cut -d ' ' -f 1)
	mkdir -p root/var/lib
	chmod 755 root root/usr root/lib root/var
	mkdir evil
	chmod 755 evil
}

attacker=65534
victim=65533

# evil_tree DIR: one that looks like ours, and is not.
evil_tree() {
	cp -r tree "$1"
	echo '#error evil' >"$1/include/linux/1.h"
	printf '%s\n' 'kheaders 1.0' 'release 6.9.1' 'id 0123456789abcdef' "archive $digest" 'symvers ' \
		'prepared yes' >"$1/.kheaders"
	chmod 755 "$1"
	chown -R $attacker:$attacker "$1"
}

# harmless OWNER STATUS OUTPUT STDERR: it failed with one line, or the tree at OUTPUT, which
# is below ./root or not, is whole and OWNER's. Nobody but the attacker wrote to ./evil.
harmless() {
	local tree=$3
	tree=${tree%: made}
	tree=${tree%: is there, and fits the kernel}
	tree=${tree%: linked}
	case $tree in
	/dev/shm/*|/tmp/*|root/*|'') ;;
	*) tree=root$tree ;;
	esac
	echo "$2 $3 $4"
	if [ "$2" != 0 ]; then
		[ "$2" = 1 ]
		[ -z "$3" ]
		[ "$(wc -l <<<"$4")" = 1 ]
		[[ $4 = "kheaders: "*"; "* ]]
		echo failed >>how
	else
		[ -z "$4" ]
		[ ! -L "$tree" ]
		whole "$tree"
		[ -z "$(find "$tree" ! -user "$1" -o ! -type l -perm /022)" ]
		echo whole >>how
	fi
	[ -z "$(find evil -mindepth 1 -user root -o -user $victim)" ]
}

# root_runs COMMAND [OPTION...]
root_runs() {
	run --separate-stderr here timeout 20 kheaders "$1" --from a.tar.xz "${@:2}"
	harmless root "$status" "$output" "$stderr"
}

# root_installs: without ./root being mounted, which would follow its links.
root_installs() {
	run --separate-stderr kheaders install --from a.tar.xz --root root
	harmless root "$status" "$output" "$stderr"
}

# outcomes FAILED WHOLE: how many ended so.
outcomes() {
	sort how | uniq -c | tr -s ' \n' ' '
	[ "$(grep -c failed how)" = "$1" ]
	[ "$(grep -c whole how)" = "$2" ]
	rm how
}

# --- A cache prepared by somebody else ----------------------------------------------

# prepared DIR: calls "prepare N DIR" and then runs what is in $run, for each N there is.
prepared() {
	local way
	for way in theirs theirs-in-ours link link-to-ours writable group-writable their-tree their-mode link-to-tree \
			link-to-our-tree; do
		echo "# $way"
		rm -rf evil/* "$1" ours
		chmod 1777 "$(dirname "$1")"
		evil_tree evil/tree
		case $way in
		theirs)		mkdir "$1"; cp -a evil/tree "$1/$name"; chown $attacker "$1" ;;
		theirs-in-ours)	mkdir -m 1777 "$1"; cp -a evil/tree "$1/$name" ;;
		link)		mkdir evil/cache; cp -a evil/tree "evil/cache/$name"
				chown -R $attacker evil; ln -s "$place/evil/cache" "$1"; chown -h $attacker "$1" ;;
		link-to-ours)	mkdir -m 755 ours; chown $owner ours; ln -s "$place/ours" "$1"; chown -h $attacker "$1" ;;
		writable)	mkdir -m 777 "$1"; cp -a evil/tree "$1/$name" ;;
		group-writable)	mkdir -m 775 "$1"; chgrp $attacker "$1"; cp -a evil/tree "$1/$name" ;;
		their-tree)	mkdir -m 755 "$1"; cp -a evil/tree "$1/$name" ;;
		their-mode)	mkdir -m 755 "$1"; cp -a evil/tree "$1/$name"
				chown -R $owner "$1"; chmod 777 "$1/$name" ;;
		link-to-our-tree) install -d -m 1777 "$1"; cp -a evil/tree ours; cp tree/include/linux/1.h ours/include/linux
				chown -R $owner ours; ln -s "$place/ours" "$1/$name"; chown -h $attacker "$1/$name" ;;
		link-to-tree)	mkdir -m 755 "$1"; ln -s "$place/evil/tree" "$1/$name" ;;
		esac
		[ ! -d "$1" ] || [ -L "$1" ] || [ "$(stat -c %U "$1")" = nobody ] || chown $owner "$1"
		"${@:2}"
		# Nothing was put where their link leads.
		[ $way != link-to-ours ] || rmdir ours
	done
}

@test "museum 21: CVE-2024-2313 and CVE-2024-2314: root takes nothing that a user has prepared for it" {
	owner=0 name=$digest
	prepared root/var/lib/kheaders root_runs path
	# In theirs, and what others can write to, nothing is made.
	outcomes 5 5
	# Where these looked.
	evil_tree evil/tree
	# shellcheck disable=SC2016
	run -0 --separate-stderr here sh -c 'mount -t tmpfs none /tmp
		for name in kheaders-6.9.1 kheaders-$(uname -r) kheaders "$1"; do
			cp -a evil/tree "/tmp/$name"
		done
		exec kheaders path --from a.tar.xz' - "$digest"
	[ "$output" = "/var/lib/kheaders/$digest" ]
	[ "$(grep -r evil root/var/lib/kheaders || :)" = "" ]
}

# victim_runs: with a cache in a directory that all share.
victim_runs() {
	run --separate-stderr setpriv --reuid=$victim --regid=$victim --clear-groups env XDG_CACHE_HOME="$place/shared" \
		HOME="$place" timeout 20 "$place/bin/kheaders" path --from a.tar.xz
	harmless $victim "$status" "$output" "$stderr"
}

@test "museum 21: in a cache that all can write to, a user takes nothing of another's" {
	mkdir -m 1777 shared
	owner=$victim name=$digest
	prepared "$place/shared/kheaders" victim_runs
	outcomes 7 3
	rm -rf shared/*
	chmod 777 shared
	victim_runs
	outcomes 1 0
	chown $attacker shared
	chmod 755 shared
	victim_runs
	outcomes 1 0
}

@test "museum 21: no tree is installed where others can write, and no link made to one of theirs" {
	owner=0 name=linux-headers-6.9.1
	rmdir root/usr/src
	prepared root/usr/src root_installs
	rm how
	# Without a note, as a package's that fits.
	rm -rf root/usr/src
	mkdir -m 1777 root/usr/src
	evil_tree root/usr/src/linux-headers-6.9.1
	rm root/usr/src/linux-headers-6.9.1/.kheaders
	rm -f root/lib/modules/6.9.1/build
	root_runs install
	outcomes 1 0
	[ ! -e root/lib/modules/6.9.1/build ]
	# The link, in a directory that all can write to.
	rm -r root/usr/src
	mkdir root/usr/src
	mkdir -p root/lib/modules/6.9.1
	chmod 1777 root/lib/modules/6.9.1
	evil_tree evil/linux
	ln -s "$place/evil/linux" root/lib/modules/6.9.1/build
	chown -h $attacker root/lib/modules/6.9.1/build
	root_runs install
	root_runs path
	outcomes 1 1
}

@test "museum 21: a .kheaders that somebody else has made is refused, and not waited for" {
	local way
	mkdir root/var/lib/kheaders
	for way in theirs locked open link file fifo; do
		rm -rf root/var/lib/kheaders evil/*
		mkdir -m 1777 root/var/lib/kheaders
		work_=root/var/lib/kheaders/.kheaders
		case $way in
		theirs|locked)	mkdir -m 700 $work_; chown $attacker $work_ ;;
		open)		mkdir -m 777 $work_; chmod 777 $work_ ;;
		link)		mkdir evil/d; chown $attacker evil/d; ln -s "$place/evil/d" $work_ ;;
		file)		echo >$work_; chown $attacker $work_ ;;
		fifo)		mkfifo $work_; chown $attacker $work_ ;;
		esac
		if [ $way = locked ]; then
			setpriv --reuid=$attacker flock --no-fork $work_ sleep 60 3>&- 4>&- &
			holder=$!
			sleep 0.3
		fi
		SECONDS=0
		root_runs path
		[ $SECONDS -lt 15 ]
		[ $way != locked ] || { kill $holder; wait $holder || :; }
		[ -e $work_ ] || [ -L $work_ ]
	done
	outcomes 6 0
}

# --- Races --------------------------------------------------------------------------

# swap PATH: until it is killed, the attacker makes PATH a link to their tree, that tree, an
# empty directory, a file, nothing.
swap() {
	# shellcheck disable=SC2016
	setpriv --reuid=$attacker --regid=$attacker --clear-groups perl -e '
		alarm 300;	# also if the test fails
		my ($path, $evil) = @ARGV;
		while (1) {
			symlink $evil, $path; unlink $path;
			rename $evil, $path; rename $path, $evil;
			mkdir $path; rmdir $path;
			if (open my $file, ">", $path) { close $file; unlink $path; }
		}' "$place/$1" "$place/evil/tree" 3>&- 4>&- &
	racer=$!
}

# race PATH: root makes a tree while PATH is swapped, again and again.
race() {
	local round rounds=${RACES:-12}
	chmod 1777 "$(dirname "$1")"
	rm -rf evil/*
	evil_tree evil/tree
	chown $attacker evil
	swap "$1"
	for ((round = 0; round < rounds; round++)); do
		root_runs path
		# What is root's, so that they get another chance.
		find root/var/lib -mindepth 1 -user root -prune -exec rm -rf {} + 2>/dev/null || :
		[ "$1" = root/var/lib/kheaders ] || install -d -m 1777 root/var/lib/kheaders
	done
	kill $racer
	wait $racer || :
	[ "$(wc -l <how)" = "$rounds" ]
	echo "# $1: $rounds races, $(grep -c whole how || :) whole, $(grep -c failed how || :) refused, 0 wrong" >&3
	rm how
}

@test "museum 22: bcc pull 5395: a link swapped in for the cache meanwhile does no harm" {
	race root/var/lib/kheaders
}

@test "museum 22: a link swapped in for the tree, in a cache that all can write to, does no harm" {
	mkdir root/var/lib/kheaders
	race "root/var/lib/kheaders/$digest"
}

@test "museum 22: a link swapped in for .kheaders, where trees are made, does no harm" {
	mkdir root/var/lib/kheaders
	race "root/var/lib/kheaders/.kheaders"
}

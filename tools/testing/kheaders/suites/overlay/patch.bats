#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make patch: the series for git am.

bats_require_minimum_version 1.5.0
load overlay

# bats test_tags=slow
@test "the patches make the same tree as apply, but for the maintainer, from every shape" {
	file repo/kernel/kheaders_more.inc x
	file repo/scripts/extract-ikheaders x
	file repo/tools/kheaders/main.c x
	file repo/tools/testing/selftests/kheaders/test.sh x
	for shape in plain android newest; do
		rm -rf "$tree" am
		$shape
		cp -a "$tree" am
		commit_tree am
		patch
		git -C am am -q "$PWD"/out/*.patch
		[ -z "$(git -C am status --porcelain)" ]
		apply
		diff -r -x .git -x .kheaders-overlay -x MAINTAINERS am "$tree"
		signed | diff - am/MAINTAINERS
		[ -x am/scripts/kheaders/list.sh ]
	done
	[ "$(ls out/*.patch | wc -l)" = 6 ]
	[ -z "$(grep -L '^ MAINTAINERS *|' out/*.patch)" ]
	[ -z "$(grep -L '^Signed-off-by: Zoë Tester <zoe@example.org>$' out/*.patch)" ]
	cp -a am again
	run -0 apply "$PWD/again"
	[[ $output == *"as patches: nothing to do" ]]
	run -1 revert "$PWD/again"
	[[ $output == *"with git revert, or unpack the tree again" ]]
	diff -r am again
	rm again/kernel/kheaders_more.inc
	refused "and kernel/kheaders_more.inc differs from ours:" apply "$PWD/again"
}

@test "museum 55: build systems apply the patches with programs of their own, to the same tree" {
	local file by
	android
	patch
	cp -a "$tree" am
	commit_tree am
	git -C am am -q "$PWD"/out/*.patch
	rm -rf am/.git
	# Buildroot; RPM; Debian's quilt, and Yocto's; OpenWrt; git without a repository.
	for by in 'patch -F0 -g0 -p1 --no-backup-if-mismatch -t -N -s' \
			'patch -p1 -s --fuzz=0 --no-backup-if-mismatch -f' \
			'patch -p1 -f --remove-empty-files --quoting-style=literal' \
			'patch -f -p1 -E' 'git apply --whitespace=error-all'; do
		rm -rf by
		cp -a "$tree" by
		for file in out/*.patch; do
			# The function of this name here is another.
			(cd by && GIT_CEILING_DIRECTORIES=$PWD/.. command $by) <"$file"
		done
		diff -r am by
		[ -x by/scripts/kheaders/list.sh ]
	done
	# Buildroot takes a name with ".tar." in it for an archive.
	run ! grep -v '^[A-Za-z0-9-]*\.patch$' <(cd out && ls *.patch)
}

# bats test_tags=slow
@test "patch only reads the tree, and makes the same bytes each time" {
	mainline
	look "$tree" >before
	mkdir out
	touch out/0009-old.patch out/other
	patch
	look "$tree" | diff before -
	head -n 1 out/cover-letter | grep '^kheaders 7.5 for linux 9.8.7-rc6$'
	[ "$(grep -c '^  kheaders: ' out/cover-letter)" = 2 ]
	[ ! -e out/0009-old.patch ]
	[ -e out/other ]
	mv out first
	mkdir home
	git config --file home/.gitconfig diff.noprefix true
	git config --file home/.gitconfig core.abbrev 20
	git config --file home/.gitconfig format.subjectPrefix RFC
	file xdg/git/attributes '* -diff'
	(cp -a "$tree" moved && cd moved && rm -rf ../out && HOME=$PWD/../home XDG_CONFIG_HOME=$PWD/../xdg TZ=Asia/Tokyo ../repo/scripts/overlay/patch . ../out)
	rm first/other
	diff -r first out
	apply
	patch
	diff -r first out
}

@test "patch without a name to sign with says how to set one" {
	plain
	mkdir home
	refused "git config --global user.name" env -u GIT_AUTHOR_NAME HOME="$PWD/home" XDG_CONFIG_HOME= GIT_CONFIG_NOSYSTEM=1 \
		repo/scripts/overlay/patch "$tree" out
	[ ! -e out ]
}

@test "patch without unifdef names the package, in one line" {
	plain
	file repo/scripts/kheaders/have.sh '#!/bin/sh'
	without unifdef
	refused "install it (package unifdef)" env PATH="$PWD/few" repo/scripts/overlay/patch "$tree" out
	[ ! -e out ]
}

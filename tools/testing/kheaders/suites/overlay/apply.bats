#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make apply and revert again, after an older overlay, and what lands in a tree.

bats_require_minimum_version 1.5.0
load overlay

@test "a second apply changes nothing, not even a time" {
	mainline
	apply
	look "$tree" >before
	run -0 apply
	[ "$output" = "kheaders: already applied to linux 9.8.7-rc6 in $tree: nothing to do" ]
	look "$tree" | diff before -
}

@test "a second revert changes nothing, not even a time" {
	mainline
	apply
	revert
	look "$tree" >before
	run -0 revert
	[ "$output" = "kheaders: not applied to linux 9.8.7-rc6 in $tree: nothing to do" ]
	look "$tree" | diff before -
}

# bats test_tags=slow
@test "an older overlay is brought up to date" {
	mainline
	look_files "$tree" >before
	file repo/scripts/kheaders/old/gone.sh '# gone'
	apply
	echo '// newer' >>repo/kernel/kheaders.c
	file repo/scripts/extract-ikheaders '# new'
	rm -r repo/scripts/kheaders/old
	run -0 apply
	[[ $output == "kheaders: brought up to date in linux 9.8.7-rc6"* ]]
	diff repo/kernel/kheaders.c "$tree/kernel/kheaders.c"
	[ -f "$tree/scripts/extract-ikheaders" ]
	[ ! -e "$tree/scripts/kheaders/old" ]
	grep -q extract-ikheaders "$tree/MAINTAINERS"
	reverts_to before
}

# bats test_tags=slow
@test "a tree with the lines of an older overlay is brought up to date, and back" {
	cp -r repo older
	sed -i -e 's,include .*,include $(srctree)/$(obj)/Makefile.kheaders,' \
		-e 's,source .*,source "init/./Kconfig.kheaders",' older/scripts/overlay/changes
	for more in '' 'obj-y += more.o'; do
		rm -rf "$tree"
		mainline
		[ -z "$more" ] || sed -i "/smp.o/a $more" "$tree/kernel/Makefile"
		look_files "$tree" >before
		[ -z "$more" ] || sed -i "/^$more/d" "$tree/kernel/Makefile"
		older/scripts/overlay/apply "$tree"
		grep -qF '$(obj)/Makefile.kheaders' "$tree/kernel/Makefile"
		# Also if somebody added a line in the meantime.
		[ -z "$more" ] || sed -i "/smp.o/a $more" "$tree/kernel/Makefile"
		cp -a "$tree" other
		run -0 apply
		[[ $output == "kheaders: brought up to date in"* ]]
		tail -n 1 "$tree/kernel/Makefile" | grep -qxF 'include $(srctree)/kernel/Makefile.kheaders'
		run ! grep -rqF -e '$(obj)/Makefile.kheaders' -e init/./ "$tree/kernel/Makefile" "$tree/init/Kconfig"
		[ "$(grep -c kheaders "$tree/kernel/Makefile" "$tree/init/Kconfig" | sed 's/.*://' | tr '\n' ' ')" = "1 1 " ]
		for at in "$tree" other; do
			revert "$at"
			look_files "$at" | sed 's/ [0-9.]* $//' >after
			sed 's/ [0-9.]* $//' before | diff - after
		done
		rm -rf other
	done
}

@test "backups and build products do not land, and modes do not depend on the umask" {
	plain
	for name in kernel/kheaders.c~ kernel/.kheaders.c.swp scripts/kheaders/list.o scripts/kheaders/.list.o.cmd \
			scripts/kheaders/list scripts/kheaders/made/x; do
		file "repo/$name" x
	done
	printf '/%s\n' list made/ >repo/scripts/kheaders/.gitignore
	chmod 600 repo/kernel/kheaders.c
	(umask 077 && apply)
	[ -z "$(find "$tree" -name '*~' -o -name '*.swp' -o -name '*.o' -o -name '*.cmd' -o -name list -o -name made)" ]
	[ -f "$tree/scripts/kheaders/.gitignore" ]
	[ "$(stat -c %a "$tree/kernel/kheaders.c" "$tree/scripts/kheaders/list.sh" "$tree/scripts/kheaders")" = "$(printf '644\n755\n755')" ]
}

@test "what lands does not depend on a repository, nor on settings of git" {
	plain
	file xdg/git/ignore '*.sh'
	file home/.gitconfig '[core] excludesFile = ~/none'
	git init -q repo
	git -C repo add -A
	git -C repo commit -qm all
	file repo/scripts/kheaders/new.sh '#!/bin/sh'
	HOME=$PWD/home XDG_CONFIG_HOME=$PWD/xdg GIT_DIR=$PWD/repo/.git GIT_INDEX_FILE=$PWD/repo/.git/index apply
	[ -f "$tree/scripts/kheaders/list.sh" ]
	[ -f "$tree/scripts/kheaders/new.sh" ]
	[ "$(git -C repo status --porcelain)" = "?? scripts/kheaders/new.sh" ]
}

@test "a file of this repository lands, unless it is here for this repository alone" {
	plain
	rm -r repo
	ln -s "$TOP" repo
	apply
	repository_files "$TOP" | sort |
		grep -v -e '^[^/]*$' -e '^\.ci/' -e '^debian/' -e '^scripts/module/' -e '^scripts/overlay/' -e '^tools/testing/kheaders/' >here
	awk '$1 ~ /^(add|replace)$/ { print $3 }' "$tree/.kheaders-overlay/manifest" | sort | diff here -
}

@test "without git, apply and patch name the package" {
	plain
	without git
	refused "install it (package git)" env PATH="$PWD/few" repo/scripts/overlay/apply "$tree"
	refused "patch needs git (package git)" env PATH="$PWD/few" repo/scripts/overlay/patch "$tree" out
	PATH=$PWD/few run -0 revert
}

@test "the scripts are clean under shellcheck, and run by dash" {
	command -v shellcheck >/dev/null || skip "no shellcheck"
	command -v dash >/dev/null || skip "no dash"
	shellcheck repo/scripts/overlay/{apply,revert,patch,*.sh}
	plain
	look_files "$tree" >before
	dash repo/scripts/overlay/apply "$tree"
	dash repo/scripts/overlay/patch "$tree" out
	dash repo/scripts/overlay/revert "$tree"
	look_files "$tree" | diff before -
}

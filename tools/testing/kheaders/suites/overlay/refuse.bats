#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Trees that make apply or revert refuses, and what was changed after apply.

bats_require_minimum_version 1.5.0
load overlay

@test "a directory that is not a kernel tree is refused" {
	refused "KSRC is empty" apply ""
	refused "not a directory" apply nowhere
	mkdir "$tree"
	refused "is not a kernel source tree" apply
	refused "is not a kernel source tree" patch
	echo 'include /usr/src/linux/Makefile' >"$tree/Makefile"
	refused "is not a kernel source tree" revert
	plain
	rm "$tree/init/Kconfig"
	refused "no init/Kconfig" apply
	rm "$tree/kernel/Makefile"
	refused "no kernel/Makefile" apply
}

# bats test_tags=slow
@test "a tree of unknown shape is refused" {
	plain
	sed -i s/IKCONFIG_PROC/PROC_IKCONFIG/ "$tree/init/Kconfig"
	refused "no entry IKCONFIG_PROC" apply
	plain
	printf '\nifeq ($(CONFIG_IKHEADERS),y)\nobj-y += x.o\nendif\n' >>"$tree/kernel/Makefile"
	refused 'in a way not known here, "ifeq ($(CONFIG_IKHEADERS),y)"' apply
	plain
	printf '\n$(obj)/other: $(obj)/kheaders_data.tar.xz\n\ttouch $@\n' >>"$tree/kernel/Makefile"
	refused 'in a way not known here, "$(obj)/other:' apply
	plain
	printf 'config OTHER\n\tdepends on IKHEADERS\n' >>"$tree/init/Kconfig"
	refused "init/Kconfig of $tree" patch
	plain
	mkdir "$tree/kernel/kheaders.c"
	refused "kernel/kheaders.c is a directory" apply
}

@test "a row of the table without tabs is refused" {
	plain
	sed -i '/^generator/s/\t\t*/ /g' repo/scripts/overlay/changes
	refused 'the row "generator add scripts/kheaders/" without an action: put tabs between' apply
}

# bats test_tags=slow
@test "a tree that is not writable is refused" {
	plain
	chmod -R a+rX . "$BATS_RUN_TMPDIR"
	if [ "$(id -u)" = 0 ]; then
		as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
		chown -R 65534:65534 "$tree"
	else
		as_nobody() { "$@"; }
	fi
	as_nobody test -r "$tree/Makefile" || skip "no way to $tree for others"
	chmod 555 "$tree/kernel"
	refused "/kernel is not writable" as_nobody repo/scripts/overlay/apply "$tree"
	chmod 755 "$tree/kernel"
	chmod 555 "$tree"
	refused "$tree is not writable" as_nobody repo/scripts/overlay/apply "$tree"
	chmod 755 "$tree"
	as_nobody repo/scripts/overlay/apply "$tree"
}

# bats test_tags=slow
@test "lines that were added after apply are kept" {
	for shape in plain mainline; do
		rm -rf "$tree"
		$shape
		cp -a "$tree" edited
		apply
		for at in "$tree" edited; do
			echo 'obj-y += end.o' >>"$at/kernel/Makefile"
			sed -i '/smp.o/a obj-y += mid.o' "$at/kernel/Makefile"
			sed -i '/^config LAST/a \\tdefault 1' "$at/init/Kconfig"
			sed -i '/a@example.org/d' "$at/MAINTAINERS"
		done
		look "$tree" >before
		run -0 apply
		[[ $output == *"nothing to do" ]]
		look "$tree" | diff before -
		file repo/scripts/extract-ikheaders "$shape"
		apply
		grep -q extract-ikheaders "$tree/MAINTAINERS"
		run ! grep -q a@example.org "$tree/MAINTAINERS"
		revert
		diff -r "$tree" edited
		rm -rf edited
	done
}

@test "a change to our own lines is refused" {
	mainline
	apply
	sed -i 's/^include.*kheaders$/# &/' "$tree/kernel/Makefile"
	refused "kernel/Makefile in $tree was changed where kheaders edits it" revert
	sed -i '/^# include.*kheaders$/d' "$tree/kernel/Makefile"
	refused "kernel/Makefile in $tree lost its line include" apply
}

# bats test_tags=slow
@test "a change across the place of mainline's lines is refused" {
	mainline
	apply
	# Where kheaders.o was, between the two, is the middle of a list now.
	sed -i -e 's/^obj.*configs.o$/obj-y += \\/' -e 's/^obj.*smp.o$/\tsmp.o/' "$tree/kernel/Makefile"
	refused "kernel/Makefile in $tree was changed where kheaders edits it" revert
}

# bats test_tags=slow
@test "a change to our own files is refused" {
	mainline
	look_files "$tree" >pristine
	apply
	echo // mine >>"$tree/kernel/kheaders.c"
	refused "kernel/kheaders.c in $tree was changed since apply" revert
	refused "kernel/kheaders.c in $tree was changed since apply" apply
	cp "$tree/kernel/kheaders.c" repo/kernel/
	apply
	echo '# mine' >"$tree/kernel/gen_kheaders.sh"
	refused "kernel/gen_kheaders.sh in $tree was changed since apply" revert
	rm "$tree/kernel/gen_kheaders.sh" "$tree/scripts/kheaders/list.sh"
	reverts_to pristine
}

@test "revert keeps and names what a build left in our directories" {
	plain
	apply
	: >"$tree/scripts/kheaders/list.o"
	mkdir "$tree/kernel/.kheaders"
	run -0 revert
	[[ $output == *"files that are not ours stay in: scripts/kheaders kernel/.kheaders" ]]
	[ -d "$tree/kernel/.kheaders" ]
	[ "$(find "$tree/scripts" -type f)" = "$tree/scripts/kheaders/list.o" ]
}

# bats test_tags=slow
@test "in a tree of symbolic links, the links are replaced and not what they lead to" {
	mainline
	mv "$tree" real
	cp -as "$PWD/real" "$tree"
	ln -sf ../../real/kernel/Makefile "$tree/kernel/Makefile"
	look real >real.look
	look_files "$tree" >before
	apply
	grep -q IKCONFIG "$tree/kernel/Makefile"
	[ ! -L "$tree/kernel/kheaders.c" ]
	file repo/scripts/extract-ikheaders new
	apply
	run -0 apply
	[[ $output == *"nothing to do" ]]
	patch
	reverts_to before
	look real | diff real.look -
	rm -r "$tree/kernel"
	ln -s ../real/kernel "$tree/kernel"
	refused "$tree/kernel is a symbolic link to a directory" apply
	look real | diff real.look -
}

# bats test_tags=slow
@test "a tree that git put back has no overlay, whatever the notes say" {
	mainline
	cp -a "$tree" pristine
	apply
	cp -p pristine/kernel/* "$tree/kernel/"
	cp -p pristine/init/Kconfig "$tree/init/"
	look_files "$tree" >before
	run -0 revert
	look_files pristine >before
	look_files "$tree" | diff before -
	apply
	cp -p pristine/kernel/* "$tree/kernel/"
	cp -p pristine/init/Kconfig "$tree/init/"
	echo 'obj-y += newer.o' >>"$tree/kernel/Makefile"
	echo 'obj-y += newer.o' >>pristine/kernel/Makefile
	touch -r "$tree/kernel/Makefile" pristine/kernel/Makefile
	run -0 apply
	[[ $output == "kheaders: applied to"* ]]
	grep -q Makefile.kheaders "$tree/kernel/Makefile"
	look_files pristine >before
	reverts_to before
}

# commit_tree DIR: the tree, in git.

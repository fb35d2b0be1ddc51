#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/overlay: apply, revert and patch. Most tests use made-up trees, one
# for each shape that kernels have had since 4.14, and a made-up payload. The
# last ones use trees from Debian's linux-source packages, if installed, and the
# payload of this repository. The first run unpacks the files that they need
# into build/, which takes half a minute.

bats_require_minimum_version 1.5.0
load repository

setup_file() {
	export TOP=$(cd "$BATS_TEST_DIRNAME/../../../.." && pwd -P)
	export GIT_AUTHOR_NAME='Zoë Tester' GIT_AUTHOR_EMAIL=zoe@example.org
	export GIT_COMMITTER_NAME=committer GIT_COMMITTER_EMAIL=committer@example.org
	unset SOURCE_DATE_EPOCH KSRC
	unpack 6.1 &
	unpack 6.12
	wait $!
}

# unpack VERSION: the files that are needed of a linux-source package, once. A package that
# can't be had is skipped; any other error is one.
unpack() {
	local to=$TOP/build/overlay/linux-$1 from status=0
	from=$("$TOP/tools/testing/kheaders/kernels/debian.sh" "$1") || status=$?
	[ $status != 1 ] || return 0
	[ $status = 0 ]
	[ ! "$to/Makefile" -nt "$from" ] || [ ! -f "$to/tools/testing/selftests/Makefile" ] || return 0
	rm -rf "$to" "$to.new"
	mkdir -p "$to.new"
	tar -xJf "$from" -C "$to.new" --strip-components=1 --no-wildcards-match-slash --wildcards \
		"*/Makefile" "*/MAINTAINERS" "*/init/Kconfig" "*/kernel/Makefile" "*/kernel/.gitignore" \
		"*/kernel/kheaders.c" "*/kernel/gen_kheaders.sh" "*/scripts/checkpatch.pl" \
		"*/include/linux/proc_fs.h" "*/include/linux/sysfs.h" \
		"*/include/linux/export.h" "*/kernel/module/internal.h" "*/scripts/mod/modpost.c" \
		"*/arch/Kconfig" "*/tools/testing/selftests/Makefile" \
		"*/scripts/spelling.txt" "*/scripts/const_structs.checkpatch" \
		"*/Documentation/admin-guide/index.rst" "*/Documentation/kbuild/index.rst"
	touch "$to.new/Makefile"
	mv "$to.new" "$to"
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir repo repo/scripts
	cp -r "$TOP/scripts/overlay" repo/scripts/
	cp "$TOP/.gitignore" repo/
	tree="$PWD/a tree"
	file repo/kernel/Makefile.kheaders '# rules'
	file repo/kernel/kheaders.c '// ours'
	file repo/init/Kconfig.kheaders '# options'
	file repo/scripts/kheaders/list.sh '#!/bin/sh'
	chmod 755 repo/scripts/kheaders/list.sh
	file repo/Documentation/kbuild/kheaders.rst 'Inside'
	printf 'version:\n\t@echo 7.5\n' >repo/Makefile
}

# file NAME [TEXT]: make that file, with TEXT or with stdin, where \t at the
# beginning of a line stands for a tab.
file() {
	mkdir -p "$(dirname "$1")"
	: >"$1"
	more "$@"
}

# more NAME [TEXT]: the same, at the end of the file.
more() {
	if [ $# = 2 ]; then
		printf '%s\n' "$2"
	else
		sed 's/^\\t/\t/'
	fi >>"$1"
}

apply() { repo/scripts/overlay/apply "${1-$tree}"; }
revert() { repo/scripts/overlay/revert "${1-$tree}"; }
patch() { repo/scripts/overlay/patch "${1-$tree}" out; }

# look DIR: all that one can see of a tree: names, kinds, modes, times, links,
# content.
look() {
	(cd "$1" && find . -printf '%p %y %m %T@ %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# look_files DIR: the same without modes and times of directories.
look_files() {
	(cd "$1" && find . ! -type d -printf '%p %y %m %T@ %l\n' | sort && find . -type d | sort &&
		find . -type f -exec sha256sum {} + | sort)
}

# reverts_to LOOK: revert gives the tree that look_files saw.
reverts_to() {
	revert
	look_files "$tree" | diff "$1" -
}

# without COMMAND: few/, a PATH that lacks it.
without() {
	mkdir few
	ln -s /usr/bin/* few/
	rm -f "few/$1"
}

# refused WORDS COMMAND...: the status is 1, stderr is one line with WORDS in it,
# and the tree is as it was.
refused() {
	local words=$1
	shift
	[ ! -d "$tree" ] || look "$tree" >before
	run --separate-stderr "$@"
	[ "$status" = 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" = 1 ]
	[[ $stderr == "kheaders: "*"$words"* ]]
	[ ! -d "$tree" ] || look "$tree" | diff before -
}

# --- Trees --------------------------------------------------------------------

# plain: a kernel without kheaders. The other trees are this one with mainline's.
plain() {
	file "$tree/Makefile" <<-'END'
	# SPDX-License-Identifier: GPL-2.0
	VERSION = 9
	PATCHLEVEL = 8
	SUBLEVEL = 7
	EXTRAVERSION = -rc6
	NAME = Test
	END
	file "$tree/kernel/Makefile" <<-'END'
	# a kernel's
	obj-y     = one.o two.o \
	\t    three.o
	obj-$(CONFIG_IKCONFIG) += configs.o
	obj-$(CONFIG_SMP) += smp.o

	# needs it

	# two

	$(obj)/configs.o: $(obj)/config_data
	targets += config_data


	$(obj)/config_data: FORCE
	\t$(call if_changed,gzip)
	END
	file "$tree/init/Kconfig" <<-'END'
	config IKCONFIG
	\ttristate "A"

	config IKCONFIG_PROC
	\tbool "B"
	\thelp
	\t  Here.

	\t  And here.

	config LAST
	\tint "C"
	END
	file "$tree/MAINTAINERS" <<-'END'
	Maintainers
	-----------

	ARM/ZZZ
	M:	A <a@example.org>

	KASAN
	M:	K <k@example.org>

	LAST
	M:	L <l@example.org>
	END
	file "$tree/Documentation/kbuild/index.rst" <<-'END'
	.. toctree::
	    :maxdepth: 1

	    headers_install
	    issues
	END
	printf 'TARGETS += %s\n' kcmp kexec kvm | file "$tree/tools/testing/selftests/Makefile"
	file "$tree/kernel/.gitignore" '/config_data'
	chmod 640 "$tree/init/Kconfig"
	touch -d 2001-02-03 "$tree/kernel/Makefile" "$tree/init/Kconfig" "$tree/MAINTAINERS"
}

# theirs SYMBOL SCRIPT: mainline's kheaders, without its rules in kernel/Makefile.
theirs() {
	plain
	file "$tree/kernel/kheaders.c" '// theirs'
	file "$tree/kernel/$2" '# theirs'
	chmod 755 "$tree/kernel/$2"
	echo /kheaders.md5 >>"$tree/kernel/.gitignore"
	sed -i "/^config LAST/i config $1\\n\\ttristate \"T\"\\n\\thelp\\n\\t  One.\\n\\n\\t  Two.\\n" "$tree/init/Kconfig"
	sed -i "/^obj.*IKCONFIG/a obj-\$(CONFIG_$1) += kheaders.o" "$tree/kernel/Makefile"
}

# mainline: with the rules of 5.2 to 6.16.
mainline() {
	theirs IKHEADERS gen_kheaders.sh
	more "$tree/kernel/Makefile" <<-'END'

	$(obj)/kheaders.o: $(obj)/kheaders_data.tar.xz

	quiet_cmd_genikh = CHK     $(obj)/kheaders_data.tar.xz
	      cmd_genikh = $(CONFIG_SHELL) $(srctree)/kernel/gen_kheaders.sh $@
	$(obj)/kheaders_data.tar.xz: FORCE
	\t$(call cmd,genikh)

	clean-files := kheaders_data.tar.xz kheaders.md5
	END
}

# android: with the rules of Android's 4.14 and 4.19.
android() {
	theirs IKHEADERS_PROC gen_ikh_data.sh
	sed -i '/^# two$/i $(obj)/kheaders.o: $(obj)/kheaders_data.h\n\n# how it is packed\ntargets += kheaders_data.txz\n$(obj)/kheaders_data.txz: $(srctree)/kernel/gen_ikh_data.sh FORCE\n\t$(call cmd,genikh)\n\n\t$(Q)true\nfilechk_ikheadersxz = (echo; \\\n\tcat $<)\n' "$tree/kernel/Makefile"
}

# newest: with the rules since 6.17.
newest() {
	theirs IKHEADERS gen_kheaders.sh
	more "$tree/kernel/Makefile" <<-'END'

	# kheaders_data.tar.xz
	$(obj)/kheaders.o: $(obj)/kheaders_data.tar.xz

	quiet_cmd_kheaders_data = GEN     $@
	      cmd_kheaders_data = "$<" "$@"
	      cmd_kheaders_data_dep = cat $(depfile)

	define rule_kheaders_data
	\t$(call cmd_and_savecmd,kheaders_data)

	\t$(call cmd,kheaders_data_dep)
	endef

	targets += kheaders_data.tar.xz
	$(obj)/kheaders_data.tar.xz: $(obj)/kheaders-srclist FORCE
	\t$(call if_changed_rule,kheaders_data)

	# what is generated
	#
	# but for one
	filechk_kheaders_objlist = \
	\tfor d in include; do \
	\t	find "$${d}/generated"; \
	\tdone

	$(obj)/kheaders-objlist: FORCE
	\t$(call filechk,kheaders_objlist)

	clean-files := kheaders.md5 kheaders-objlist
	END
}

# expect: what apply shall make of each of them, in expected/.
expect() {
	(tree=expected; plain)
	printf '\n%s\n' 'include $(srctree)/kernel/Makefile.kheaders' >>expected/kernel/Makefile
	sed -i '/^config LAST/i source "init/Kconfig.kheaders"\n' expected/init/Kconfig
}

# becomes_ours WORDS: apply makes that of the tree and ends its message with
# WORDS; revert undoes it.
becomes_ours() {
	look_files "$tree" >before
	run -0 apply
	[ "$output" = "kheaders: applied to linux 9.8.7-rc6 in $tree$1" ]
	expect
	diff expected/kernel/Makefile "$tree/kernel/Makefile"
	diff expected/init/Kconfig "$tree/init/Kconfig"
	diff expected/kernel/.gitignore "$tree/kernel/.gitignore"
	[ "$(stat -c %a "$tree/init/Kconfig")" = 640 ]
	for path in kernel/kheaders.c kernel/Makefile.kheaders init/Kconfig.kheaders scripts/kheaders/list.sh; do
		diff "repo/$path" "$tree/$path"
	done
	[ -x "$tree/scripts/kheaders/list.sh" ]
	[ "$(find "$tree" -name 'gen_*' ! -path '*overlay*')" = "" ]
	reverts_to before
}

# --- Tests --------------------------------------------------------------------

@test "a tree without kheaders, and back" {
	plain
	becomes_ours ""
}

@test "a tree with mainline's, and back" {
	mainline
	becomes_ours " (took the place of its own kheaders)"
}

# bats test_tags=slow
@test "a tree with Android's first, and back" {
	android
	becomes_ours " (took the place of its own kheaders)"
}

# bats test_tags=slow
@test "a tree with mainline's of 6.17, and back" {
	newest
	becomes_ours " (took the place of its own kheaders)"
}

@test "a list loses the words of kheaders and keeps the others" {
	plain
	more "$tree/kernel/Makefile" <<-'END'
	# both
	clean-files := one kheaders.md5 two
	targets += kheaders_data.tar.xz \
	\tthree \
	\tkheaders-objlist
	END
	apply
	file expected <<-'END'
	# both
	clean-files := one two
	targets += \
	\tthree

	include $(srctree)/kernel/Makefile.kheaders
	END
	sed -n '/^# both/,$p' "$tree/kernel/Makefile" | diff expected -
}

@test "a comment goes only if all that is right below it goes" {
	plain
	printf '\n# some\nobj-$(CONFIG_IKHEADERS) += kheaders.o\nobj-y += some.o\n' >>"$tree/kernel/Makefile"
	printf '\n# gone\nobj-$(CONFIG_IKHEADERS) += kheaders.o\n' >>"$tree/kernel/Makefile"
	apply
	grep -A1 '^# some$' "$tree/kernel/Makefile" | grep -q some.o
	run ! grep -q '^# gone$' "$tree/kernel/Makefile"
}

@test "a file that does not end in a newline" {
	plain
	printf 'obj-y += end.o' >>"$tree/kernel/Makefile"
	look_files "$tree" >before
	apply
	grep -qx 'obj-y += end.o' "$tree/kernel/Makefile"
	reverts_to before
}

@test "MAINTAINERS has an entry in its alphabetical place" {
	plain
	apply
	diff <(grep -B1 -A7 ^KHEADERS "$tree/MAINTAINERS") - <<-'END'

	KHEADERS: KERNEL HEADERS AND BUILD ARTIFACTS IN /PROC
	S:	Orphan
	F:	Documentation/kbuild/kheaders.rst
	F:	init/Kconfig.kheaders
	F:	kernel/Makefile.kheaders
	F:	kernel/kheaders*
	F:	scripts/kheaders/

	END
	[ "$(grep -A10 ^KHEADERS "$tree/MAINTAINERS" | tail -n 2 | head -n 1)" = LAST ]
}

# bats test_tags=slow
@test "tables of contents list our pages, and selftests ours; a tree may lack these lists" {
	plain
	look_files "$tree" >before
	apply
	[ "$(grep -A1 headers_install "$tree/Documentation/kbuild/index.rst" | tail -n 1)" = "    kheaders" ]
	# A payload without them: the make of all selftests would miss the directory.
	run ! grep kheaders "$tree/tools/testing/selftests/Makefile"
	file repo/tools/testing/selftests/kheaders/run.sh '#!/bin/sh'
	apply
	printf 'TARGETS += %s\n' kcmp kexec kheaders kvm | diff - "$tree/tools/testing/selftests/Makefile"
	reverts_to before
	rm -r "$tree/Documentation" "$tree/MAINTAINERS" "$tree/kernel/.gitignore" "$tree/tools"
	look_files "$tree" >before
	apply
	reverts_to before
}

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
	run -0 revert
	[[ $output == *"files that are not ours stay in: scripts/kheaders" ]]
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
commit_tree() {
	git -C "$1" init -q
	git -C "$1" add -Af .
	git -C "$1" commit -qm tree
}

# signed: what apply made of MAINTAINERS, with the maintainer that patch names.
signed() {
	sed "/^KHEADERS/,/^\$/s/^S:\tOrphan\$/M:\tZoë Tester <zoe@example.org>\nS:\tMaintained/" "$tree/MAINTAINERS"
}

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

@test "apply without room for temporary files says so in one line" {
	plain
	refused "can't copy kheaders to " bash -c 'ulimit -f 4; trap "" XFSZ; "$@"' - \
		repo/scripts/overlay/apply "$tree"
}

# bats test_tags=slow
@test "the directory for temporary files can be relative, and is left empty" {
	plain
	mkdir "a tmp"
	export TMPDIR="a tmp"
	apply
	patch
	ls out/0001-*
	revert
	[ -z "$(ls "$TMPDIR")" ]
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

# killed N VERB: run VERB in a session of its own, and kill that session at the
# Nth call of a tool that touches the tree. Fails if there is no Nth call.
killed() {
	: >"calls.$2"
	! AT=$1 CALLS=$PWD/calls.$2 TREE=$tree PATH=$PWD/bin:$PATH \
		setsid --wait "repo/scripts/overlay/$2" "$tree" >/dev/null 2>&1
}

# kill_each VERB FROM: kill it at each N, from the tree FROM. The next apply and
# the next revert finish; equal trees that were left are tried once.
kill_each() {
	local n=0 tree=$PWD/tree.$1 way
	local -A seen=()
	while rm -rf "$tree" && cp -a "$2" "$tree" && killed $((n + 1)) "$1"; do
		n=$((n + 1))
		way=$(cd "$tree" && find . -printf '%p %s\n' | sort | sha256sum)
		[ -z "${seen[$way]-}" ] || continue
		seen[$way]=$n
		rm -rf "half.$1"
		cp -a "$tree" "half.$1"
		apply >/dev/null
		diff -r --no-dereference applied "$tree"
		rm -rf "$tree"
		mv "half.$1" "$tree"
		revert >/dev/null
		look_files "$tree" | diff before -
	done
	echo "$1: killed at $n places, which left the tree in ${#seen[@]} ways"
	[ ${#seen[@]} -gt 7 ]
}

# bats test_tags=slow
@test "an apply or revert that was killed anywhere is finished by the next one" {
	rm -r repo/scripts/kheaders repo/Documentation
	mainline
	rm -r "$tree/Documentation" "$tree/MAINTAINERS" "$tree/kernel/.gitignore"
	mv "$tree" pristine
	cp -a pristine "$tree"
	look_files "$tree" >before
	apply
	mv "$tree" applied
	for tool in mv rm rmdir mkdir cp; do
		file "bin/$tool" <<-END
		#!/bin/sh
		case "\$*" in
		*"\$TREE"*)
			echo >>"\$CALLS"
			[ "\$(wc -l <"\$CALLS")" -lt "\$AT" ] || kill -9 0
		esac
		exec $(command -v $tool) "\$@"
		END
		chmod 755 "bin/$tool"
	done
	kill_each apply pristine &
	kill_each revert applied
	wait $!
}

@test "a full disk leaves the tree as it was" {
	mkdir "$tree"
	mount -t tmpfs -o size=256k tmpfs "$tree" || skip "cannot mount a tmpfs here"
	plain
	dd if=/dev/zero of="$tree/fill" bs=4k 2>/dev/null || :
	truncate -s -16k "$tree/fill"
	run -1 --separate-stderr apply
	truncate -s -160k "$tree/fill"
	touch -d 2001-02-03 "$tree/fill"
	look_files "$tree" >full
	found=$stderr
	again=0
	apply || again=$?
	revert || again=$?
	look_files "$tree" >after
	umount "$tree"
	[[ $found == "kheaders: cannot write to $tree, which is left as it was: "*"No space left on device" ]]
	[ $again = 0 ]
	run ! grep overlay full
	diff full after
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

# --- Real trees ---------------------------------------------------------------

# real VERSION: that kernel as the tree.
real() {
	[ -d "$TOP/build/overlay/linux-$1" ] || skip "no package linux-source-$1"
	cp -a "$TOP/build/overlay/linux-$1" "$tree"
}

# round_trip [FILE...]: apply and patch make the same tree but for MAINTAINERS and
# the FILEs, and revert undoes it.
round_trip() {
	look_files "$tree" >before
	cp -a "$tree" am
	commit_tree am
	patch
	git -C am am -q "$PWD"/out/*.patch
	apply
	diff -rq -x .git -x .kheaders-overlay am "$tree" | sed "s,^Files am/\([^ ]*\) and .*,\1,; s,^Only in $tree/*\(.*\): ,\1/," |
		sort | diff <(printf '%s\n' MAINTAINERS "$@" | sort) -
	signed | diff - am/MAINTAINERS
	[ "$(grep -ciE 'kheaders|genikh' "$tree/kernel/Makefile" "$tree/init/Kconfig" | sed 's/.*://' | tr '\n' ' ')" = "1 1 " ]
	grep -B2 ^KHEADERS "$tree/MAINTAINERS" | grep -q khadas
	reverts_to before
}

# style FILE...: the tree's own checkpatch accepts these patches. One warning is
# excused: checkpatch says that a file names itself where kernel/Makefile names
# "kernel/Makefile.kheaders", and init/Kconfig "init/Kconfig.kheaders".
style() {
	local patch
	(cd "$tree" && touch COPYING CREDITS Kbuild README &&
		mkdir -p arch include drivers fs init ipc lib)
	for patch; do
		(cd "$tree" && perl scripts/checkpatch.pl --strict --emacs --show-types "../$patch") >said || :
		grep -q '^total: .* lines checked$' said
		sed -n 's/^[^:]*\.patch:\([0-9]*\): \([A-Z]*:\)/\1 \2/p' said | while read -r line what; do
			case $what:$(sed -n "${line}p" "$patch") in
			'WARNING:EMBEDDED_FILENAME: '*:'+include $(srctree)/kernel/Makefile.kheaders') ;;
			'WARNING:EMBEDDED_FILENAME: '*:'+source "init/Kconfig.kheaders"') ;;
			*)	cat said; exit 1 ;;
			esac
		done
	done
}

# real_tree VERSION: the made-up payload in that kernel.
real_tree() {
	real $1
	for name in kernel/kheaders.c init/Kconfig.kheaders kernel/Makefile.kheaders; do
		sed -i '1s/.*/# SPDX-License-Identifier: GPL-2.0-only/' "repo/$name"
	done
	file repo/scripts/extract-ikheaders '#!/bin/sh'
	sed -i '1s,.*,// SPDX-License-Identifier: GPL-2.0-only,' repo/kernel/kheaders.c
	sed -i '1s,.*,.. SPDX-License-Identifier: GPL-2.0-only,' repo/Documentation/kbuild/kheaders.rst
	for name in repo/scripts/kheaders/list.sh repo/scripts/extract-ikheaders; do
		printf '%s\n' '#!/bin/sh' '# SPDX-License-Identifier: GPL-2.0-only' >$name
		chmod 755 $name
	done
	round_trip
	style out/*.patch
}

# bats test_tags=slow
@test "linux 6.12: apply, revert, patch, checkpatch" {
	real_tree 6.12
}

# bats test_tags=slow
@test "linux 6.1: apply, revert, patch, checkpatch" {
	real_tree 6.1
}

# real_payload VERSION: the payload of this repository in that kernel. In patches,
# conditionals are resolved.
real_payload() {
	local path name
	[ -f "$TOP/kernel/Makefile.kheaders" ] || skip "there is no payload yet"
	real $1
	rm -r repo
	ln -s "$TOP" repo
	round_trip kernel/Makefile.kheaders kernel/kheaders.c kernel/kheaders_compat.h \
		kernel/kheaders_symvers.c scripts/kheaders/have.sh
	for path in out/*.patch; do
		run ! grep -q '^+.*[^[:space:]][[:blank:]]$' "$path"
	done
	run ! grep -rn -e KHEADERS_HAVE -e kheaders_have am/kernel am/init am/scripts
	run ! grep -nE ':=.*[$][(]shell' am/kernel/Makefile.kheaders
	# The functions of make that are called are still there.
	for name in $(grep -o 'call [a-z-]*-of' am/kernel/Makefile.kheaders | sort -u | cut -c 6-); do
		grep "^$name = " am/kernel/Makefile.kheaders
	done
	# The conditionals that are left ask for options of this kernel.
	sed -n 's/^#\(if\|elif\)/&/p' am/kernel/kheaders* | grep -v -e '#ifndef KHEADERS_[A-Z_]*H$' |
		grep -oE '[A-Z_0-9]{3,}' | sort -u >left
	grep -qx CONFIG_64BIT left
	run ! grep -v -e '^CONFIG_' -e '^IS_MODULE$' left
	run ! grep REL_CRCS left
	run -0 apply "$PWD/am"
	[[ $output == *"as patches: nothing to do" ]]
	rm am/.git -r
	style out/*-kheaders-show-the-archive-*.patch
}

# bats test_tags=slow
@test "linux 6.12 with the payload of this repository: the patches have no code for other kernels" {
	real_payload 6.12
}

# bats test_tags=slow
@test "linux 6.1 with the payload of this repository: the patches have no code for other kernels" {
	real_payload 6.1
}

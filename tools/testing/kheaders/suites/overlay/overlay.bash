# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of scripts/overlay share: apply, revert and patch with a made-up payload, on
# made-up trees. The first run unpacks what these tests need of Debian's linux-source
# packages into build/, which takes half a minute.

load ../repository

setup_file() {
	export TOP=$(cd "$BATS_TEST_DIRNAME/../../../../.." && pwd -P)
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

commit_tree() {
	git -C "$1" init -q
	git -C "$1" add -Af .
	git -C "$1" commit -qm tree
}

# signed: what apply made of MAINTAINERS, with the maintainer that patch names.
signed() {
	sed "/^KHEADERS/,/^\$/s/^S:\tOrphan\$/M:\tZoë Tester <zoe@example.org>\nS:\tMaintained/" "$tree/MAINTAINERS"
}

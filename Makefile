# SPDX-License-Identifier: GPL-2.0-only
#
# The commands for people. What each of them does is in a script of its own.

KERNEL	?=
ARCH	?=
VARIANT	?=
KSRC	?=
TREES	?= build/trees
DEBIAN	?=
LOGIN	?=
CHECK	?= check-fast
CONFIG	?=
PREFIX	?= /usr/local
DESTDIR	?=
KDIR	?= /lib/modules/$(shell uname -r)/build
HOSTPROGS ?=

tests	:= tools/testing/kheaders
overlay	:= scripts/overlay

.PHONY: help run check check-fast check-archs check-configs check-kernels check-machines bench apply revert patch version tools install deb module menuconfig oldconfig savedefconfig dkms-install clean

help:
	@echo 'kheaders: a kernel that carries its own headers'
	@echo
	@echo '  make run            build a kernel with kheaders, boot it in QEMU, and there unpack'
	@echo '                      /proc/kheaders.tar.xz, build and load a module, attach eBPF'
	@echo '  make check          every test; with KERNEL=, ARCH= or VARIANT=, the kernel tests on that one'
	@echo '  make check-fast     the tests that need no kernel, some minutes'
	@echo '  make check-archs    the archive of other architectures, and a module built with it'
	@echo '  make check-configs  the archive with whole configurations, beside mainline'"'"'s, and DKMS'
	@echo '                      packages built with it and with linux-headers: a table; an hour'
	@echo '  make check-kernels  build, boot and test every kernel of $(tests)/kernels/list,'
	@echo '                      and write $(tests)/RESULTS.md; hours'
	@echo '  make check-machines make run and make check-fast in bare roots of Debian 12 and 13, as root'
	@echo '                      and as an ordinary user; needs root; half an hour'
	@echo '  make bench          how long the archive takes to make, against mainline: tables, build/bench/*.svg'
	@echo '  make apply KSRC=D   put kheaders into the kernel tree D'
	@echo '  make revert KSRC=D  take it out again, byte for byte'
	@echo '  make patch KSRC=D   write patches for git am that put it in, to build/patch/; D stays as it is'
	@echo '  make version        print the version of kheaders'
	@echo '  make tools          build the kheaders command, in build/tools/'
	@echo '  make install        install it, its man page and completion into PREFIX= ($(PREFIX)) below DESTDIR='
	@echo '  make deb            make a Debian package of it, with what runs it at boot, in build/deb/'
	@echo '  make module KDIR=D  build build/module/kheaders.ko for a kernel that is built already: D is its'
	@echo '                      linux-headers, or where it was built (/lib/modules/$$(uname -r)/build)'
	@echo '                      HOSTPROGS=D: host programs for the machine that the kernel is for'
	@echo '  make menuconfig     choose what make module puts in, in build/module/.config'
	@echo '  make oldconfig      the same by questions'
	@echo '  make savedefconfig  write what differs from the defaults, to build/module/defconfig'
	@echo '  make dkms-install   have dkms build that module for each kernel with headers'
	@echo '  make clean          remove build/: kernels, logs, patches'
	@echo
	@echo '  KERNEL=6.12|6.1|newest|PATH   the kernel to build (6.12): a version of Debian'"'"'s'
	@echo '                         linux-source packages, the newest of its backports, or a tree;'
	@echo '                         without it, make check takes the first three;'
	@echo '                         make check-kernels: a version in its list'
	@echo '  ARCH=x86_64|um|arm64|arm|riscv  what to build it for (x86_64); without it, make check'
	@echo '                         takes the first three; make check-archs: a name in its list'
	@echo '  VARIANT=llvm           words joined by +: llvm, modversions, module, debug (make check)'
	@echo '  TREES=D                a directory with kernel trees, or tarballs of them, that Debian does not have'
	@echo '                         ($(TREES); make check-kernels)'
	@echo '  DEBIAN=bookworm|trixie, LOGIN=root|user|sudoer  test these alone (make check-machines)'
	@echo '  CHECK=check            run make check instead of make check-fast (make check-machines)'
	@echo '  CONFIG=FILE            a configuration to measure with, instead of a small one (make bench);'
	@echo '                         make check-configs: a file, one of $(tests)/kernels/configs, or random-SEED'
	@echo '  ROUNDS=3               how often to measure (make bench)'
	@echo
	@echo 'If a command needs Debian packages that are missing, it installs them with apt-get.'
	@echo 'More: README.md, Documentation/admin-guide/kheaders.rst, Documentation/kbuild/kheaders.rst'

run:
	@$(tests)/packages/setup.sh '$(ARCH)'
	@$(tests)/guest/run.sh '$(or $(KERNEL),6.12)' '$(or $(ARCH),x86_64)'

check:
	@$(tests)/packages/setup.sh '$(ARCH)'
	@$(tests)/suites/check.sh kernels '$(KERNEL)' '$(ARCH)' '$(VARIANT)'

check-fast:
	@$(tests)/packages/setup.sh
	@$(tests)/suites/check.sh fast

check-archs:
	@$(tests)/kernels/configs.sh names archs '$(ARCH)' >/dev/null
	@$(tests)/packages/setup.sh archs
	@$(tests)/suites/check.sh archs '$(KERNEL)' '$(ARCH)'

check-configs:
	@$(tests)/kernels/configs.sh names configs '$(CONFIG)' >/dev/null
	@$(tests)/packages/setup.sh configs
	@ARCH='$(ARCH)' VARIANT='$(VARIANT)' $(tests)/suites/check.sh configs '$(KERNEL)' '$(CONFIG)'

check-kernels:
	@$(tests)/packages/setup.sh $(or $(ARCH),$$(awk '!/^#/ { print $$2 }' $(tests)/kernels/list | sort -u))
	@$(tests)/suites/check.sh list '$(KERNEL)' '$(ARCH)' '$(VARIANT)' '$(TREES)'

check-machines:
	@$(tests)/packages/setup.sh
	@$(tests)/suites/check.sh machines '$(DEBIAN)' '$(LOGIN)' '$(CHECK)'

bench:
	@$(tests)/packages/setup.sh
	@CONFIG='$(CONFIG)' $(tests)/bench/bench.sh '$(or $(ROUNDS),3)' $(or $(KERNEL),6.12 6.1)

# Passed in the environment, because a path may have quotes in it.
export KSRC
apply revert:
	@$(overlay)/$@ "$$KSRC"

patch:
	@$(overlay)/$@ "$$KSRC" build/patch

version:
	@sed -n 's/^#define KHEADERS_VERSION[[:space:]]*"\(.*\)"/\1/p' kernel/kheaders.h

tools:
	@$(tests)/packages/setup.sh tools
	@$(MAKE) -s -C tools/kheaders
	@echo 'kheaders: the command is in build/tools/'

install: tools
	@$(MAKE) -s -C tools/kheaders install PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)'

deb:
	@$(tests)/packages/setup.sh deb
	@$(tests)/packages/deb.sh

# The variables of a kernel's make that say which compiler builds, where they are set.
compiler-of = $(foreach name,ARCH CROSS_COMPILE LLVM CC HOSTCC,$(if $($(name)),$(if $(filter default,$(origin $(name))),,$(name)='$($(name))')))

module menuconfig oldconfig savedefconfig: export KDIR := $(KDIR)
module: export HOSTPROGS := $(HOSTPROGS)

module:
	@MAKEFLAGS= scripts/module/module.sh "$$KDIR" build/module $(compiler-of)

menuconfig:
	@scripts/module/kconfig.sh "$$KDIR" build/module mconf

oldconfig:
	@scripts/module/kconfig.sh "$$KDIR" build/module conf --oldconfig

savedefconfig:
	@scripts/module/kconfig.sh "$$KDIR" build/module conf --savedefconfig=defconfig

dkms-install:
	@scripts/module/dkms.sh '$(DESTDIR)'

clean:
	rm -rf build

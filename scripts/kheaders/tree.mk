# SPDX-License-Identifier: GPL-2.0-only
#
# The Makefile on top of the tree that is in kheaders_data.tar.xz, once
# scripts/kheaders/Makefile has filled in what stands between @. It says what the
# kernel's own Makefile, there Makefile.kernel, can't find out on the device.

ARCH	?= @ARCH@
SUBARCH	?= @SUBARCH@

# A kernel that clang built has options which gcc does not take, so that is what
# plain "make M=" uses, unless it is told otherwise or there is none.
ifeq (@CLANG@$(LLVM)$(filter command,$(origin CC)),y)
ifneq ($(shell command -v clang),)
ifeq (@LLD@,y)
export LLVM := 1
else
override CC := clang
endif
endif
endif

kheaders-tree := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))

ifneq ($(KBUILD_EXTMOD)$(M)$(SUBDIRS),)
ifeq (@RANDSTRUCT@,y)
$(error kheaders: this kernel's structure layout is randomized (CONFIG_RANDSTRUCT) and its seed is a secret: external modules can't be built for it)
endif
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),modules)),)
ifndef KHEADERS_PREPARED
# Once: makes below this one inherit it.
export KHEADERS_PREPARED := y
kheaders-say = $(if $(1),$(info kheaders: $(1)))
kheaders-run = $(shell HOSTCC='$(HOSTCC)' sh $(kheaders-tree)scripts/kheaders/$(1))

kheaders-said := $(call kheaders-run,hostprogs.sh $(kheaders-tree))
ifeq ($(firstword $(kheaders-said)),stop:)
$(error kheaders: $(wordlist 2,999,$(kheaders-said)))
endif
$(call kheaders-say,$(kheaders-said))
$(call kheaders-say,$(call kheaders-run,symvers.sh $(kheaders-tree) @MODVERSIONS@))
endif
# modpost would stop at the first symbol of the kernel.
ifeq ($(wildcard $(kheaders-tree)Module.symvers),)
export KBUILD_MODPOST_WARN := 1
endif
endif
endif

include $(kheaders-tree)Makefile.kernel

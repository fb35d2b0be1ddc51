# SPDX-License-Identifier: GPL-2.0-only
#
# The Makefile on top of the tree that is in kheaders_data.tar.xz, once
# scripts/kheaders/Makefile has filled in what stands between @. It says what the
# kernel's own Makefile, there Makefile.kernel, can't find out on the device.

ARCH	?= @ARCH@
SUBARCH	?= @SUBARCH@
# How the kernel's build made symbol versions from debugging information (6.14).
export KBUILD_GENDWARFKSYMS_STABLE ?= @GENDWARFKSYMS_STABLE@

# make before 4.3 calls a shell only if the command has a shell's special characters.
kheaders-has = $(shell command -v $(1) 2>/dev/null)
# To standard error: modules' Makefiles capture the output of "make kernelrelease".
kheaders-say = $(if $(1),$(shell printf 'kheaders: %s\n' '$(subst ','\'',$(1))' >&2))
kheaders-tree := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))

# Kbuild passes the path to shells unquoted, and make takes each word between blanks for a
# name: a tree that was not named by -f is the current directory.
kheaders-open := (
kheaders-close := )
kheaders-path := $(if $(findstring /,$(lastword $(MAKEFILE_LIST))),$(kheaders-tree),$(CURDIR))
kheaders-odd := $(strip $(if $(word 2,$(kheaders-path)),a blank) \
	$(foreach char,' " ` & ; | < > : \ $$ $(kheaders-open) $(kheaders-close), \
	$(findstring $(char),$(kheaders-path))))
ifneq ($(kheaders-odd),)
$(error kheaders: $(kheaders-path) contains $(kheaders-odd), which is special to make or shells: unpack /proc/kheaders.tar.xz in another directory)
endif

# Kbuild takes M, W and CC from the command line only.
kheaders-arg = $(if $(findstring command,$(origin $(1))),$($(1)))
kheaders-m := $(strip $(KBUILD_EXTMOD)$(call kheaders-arg,M)$(SUBDIRS))
kheaders-builds := $(if $(kheaders-m),$(filter-out clean help modules_install modules_sign,$(or $(MAKECMDGOALS),modules)))
# A single object needs no symbol versions and no types; configure scripts build many.
kheaders-links := $(filter-out %.o %.i %.s %.ll,$(kheaders-builds))
kheaders-asked := $(LLVM)$(call kheaders-arg,CC)
kheaders-asks-clang := $(LLVM)$(findstring clang,$(notdir $(call kheaders-arg,CC)))

ifeq (@CLANG@,y)
# A kernel that clang built has options which gcc does not take.
ifneq ($(kheaders-asked),)
kheaders-no-cc := $(if $(kheaders-asks-clang),,$(CC) is not clang; name one)
else ifeq ($(call kheaders-has,clang),)
kheaders-no-cc := there is no clang here; install it (packages clang, lld, llvm)
else ifeq (@LLD@,y)
export LLVM := 1
else
override CC := clang
endif
else ifeq ($(filter command%,$(origin CONFIG_CC_IS_CLANG)),)
# The other way round, a make of its own uses clang, without what Kconfig found out about gcc.
kheaders-clang-is := CONFIG_CC_IS_GCC= CONFIG_CC_IS_CLANG=y CONFIG_INIT_STACK_ALL_ZERO= \
	CONFIG_FTRACE_MCOUNT_USE_CC= \
	KCFLAGS='$(KCFLAGS) -Wno-unknown-warning-option -Wno-duplicate-decl-specifier'
kheaders-llvm-is := CONFIG_AS_IS_GNU= CONFIG_AS_IS_LLVM=y CONFIG_LD_IS_BFD= CONFIG_LD_IS_LLD=y
# The very gcc that built the kernel, by its own name, which Kbuild compares.
kheaders-same-cc := $(if $(kheaders-asked)$(CROSS_COMPILE),,$(filter-out gcc cc,@CC@))
kheaders-same-cc := $(if $(kheaders-same-cc),$(if $(call kheaders-has,$(kheaders-same-cc)),$(kheaders-same-cc)))
ifneq ($(kheaders-asked),)
kheaders-clang := $(if $(and $(kheaders-builds),$(kheaders-asks-clang)),$(kheaders-clang-is) $(if $(LLVM),$(kheaders-llvm-is)))
else ifneq ($(kheaders-same-cc),)
override CC := $(kheaders-same-cc)
else ifeq ($(call kheaders-has,$(CROSS_COMPILE)gcc),)
ifneq ($(call kheaders-has,clang),)
$(call kheaders-say,no gcc here: clang builds what is for a kernel that gcc built)
kheaders-clang := $(kheaders-clang-is) $(if $(call kheaders-has,$(CROSS_COMPILE)ld), \
	CC=clang HOSTCC=clang,LLVM=1 $(kheaders-llvm-is))
endif
endif
endif

ifneq ($(kheaders-clang),)

.PHONY: $(or $(MAKECMDGOALS),modules) kheaders-clang
$(or $(MAKECMDGOALS),modules): kheaders-clang ;
kheaders-clang:
	@$(MAKE) -f $(kheaders-tree)Makefile $(kheaders-clang) $(MAKECMDGOALS)

else

ifneq ($(and $(kheaders-builds),$(kheaders-no-cc)),)
$(error kheaders: clang built this kernel, and only clang can build its modules: $(kheaders-no-cc))
endif

# These goals only make the tree ready: from then on it is only read.
kheaders-prepares := $(if $(kheaders-m),,$(filter prepare modules_prepare scripts,$(MAKECMDGOALS)))
# Without M=, Kbuild would take this for a whole kernel tree: other goals would remove files
# that can't be made again here.
kheaders-tells := kernelrelease kernelversion image_name
kheaders-wrong = $(error kheaders: this tree only builds modules: name the directory of one, as in "make -C $(patsubst %/,%,$(kheaders-tree)) M=DIR")

# Goals that need files which are not in this tree.
kheaders-no-rust := Rust modules need the crates of the kernel, which are not in this tree
kheaders-no = $(if $(filter $(1),$(MAKECMDGOALS)),$(error kheaders: make $(filter $(1),$(MAKECMDGOALS)): $(2)))
ifneq ($(kheaders-m),)
$(call kheaders-no,config %config,the configuration is that of the kernel; it is $(kheaders-tree).config and stays as it is)
$(call kheaders-no,%.lst,listings need System.map. "objdump -dS" of a .o shows the same without addresses)
$(call kheaders-no,coccicheck,its semantic patches are not in this tree)
$(call kheaders-no,tags TAGS cscope gtags,scripts/tags.sh is not in this tree: call ctags in the directory of the module)
$(call kheaders-no,rust%,$(kheaders-no-rust))
ifeq ($(filter scripts/genksyms/genksyms,@HOSTPROGS@),)
$(call kheaders-no,%.symtypes,genksyms is not in this tree: it has no part in this kernel's symbol versions)
endif
endif

# W= also asks kernel-doc, a script as large as all others together.
ifneq ($(and $(kheaders-builds),$(strip $(call kheaders-arg,W)$(KBUILD_EXTRA_WARN))),)
MAKEOVERRIDES += cmd_checkdoc=
kheaders-w := W= does not check the comments of functions: kernel-doc is not in this tree
endif

# Kbuild has rules for Rust sources even if the tree can't build them.
ifneq ($(kheaders-builds),)
kheaders-blank := $(subst x,,x x)
MAKEOVERRIDES += $(subst $(kheaders-blank),\ ,RUSTC_OR_CLIPPY=sh -c 'echo "kheaders: $(kheaders-no-rust)" >&2; exit 1')
endif

# The kernel's own rules call sign-file whether there is a key or not.
kheaders-signs := $(if $(and $(kheaders-m),@SIGN_FILE@),$(filter modules_sign $(if @SIGN_ALL@,modules_install),$(MAKECMDGOALS)))

# With -n, make only prints what it would do.
kheaders-dry := $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))

ifneq ($(if $(kheaders-dry),,$(kheaders-builds)$(kheaders-prepares)$(kheaders-signs)),)
# Once for each tree: makes below this one inherit it. A tree is ready for objects, or for
# modules as well.
kheaders-for := $(if $(kheaders-links)$(kheaders-prepares)$(kheaders-signs),modules,objects)
ifeq ($(filter $(addprefix $(realpath $(kheaders-tree)):,$(kheaders-for) modules),$(KHEADERS_PREPARED)),)
export KHEADERS_PREPARED := $(realpath $(kheaders-tree)):$(kheaders-for)
kheaders-run = $(shell HOSTCC='$(HOSTCC)' sh $(kheaders-tree)scripts/kheaders/$(1))

ifneq ($(kheaders-builds)$(kheaders-prepares),)
kheaders-said := $(call kheaders-run,hostprogs.sh $(kheaders-tree) @HOSTPROGS@)
ifeq ($(filter ready ready:,$(firstword $(kheaders-said))),)
$(error kheaders: $(or $(wordlist 2,999,$(kheaders-said)),scripts/kheaders/hostprogs.sh failed: unpack /proc/kheaders.tar.xz again))
endif
$(call kheaders-say,$(wordlist 2,999,$(kheaders-said)))
$(call kheaders-say,$(kheaders-w))

ifeq ($(kheaders-for),modules)
# A kernel that was built before its archive has a complete Module.symvers in that.
ifneq (@BUILT@,y)
$(call kheaders-say,$(call kheaders-run,symvers.sh $(kheaders-tree) @MODVERSIONS@))
endif

ifneq (@BTF@,)
kheaders-said := $(call kheaders-run,btf.sh $(kheaders-tree) '$(or $(call kheaders-arg,PAHOLE),pahole)' \
	$(if $(kheaders-prepares),prepare,build))
ifeq ($(firstword $(kheaders-said)),ready)
# Otherwise pahole gets the options for that of the kernel's build. Makefile.kernel may be
# its own sub-make, or not (--no-print-directory).
override CONFIG_PAHOLE_VERSION := $(patsubst %:,%,$(word 2,$(kheaders-said)))
override CONFIG_PAHOLE_HAS_LANG_EXCLUDE :=
MAKEOVERRIDES += CONFIG_PAHOLE_VERSION=$(CONFIG_PAHOLE_VERSION) CONFIG_PAHOLE_HAS_LANG_EXCLUDE=
ifeq ($(wildcard $(kheaders-tree)scripts/gen-btf.sh),)
MAKEOVERRIDES += RESOLVE_BTFIDS=sh\ $(kheaders-tree)scripts/kheaders/resolve_btfids.sh
endif
$(call kheaders-say,$(wordlist 3,999,$(kheaders-said)))
else ifneq ($(firstword $(kheaders-said)),later)
MAKEOVERRIDES += CONFIG_DEBUG_INFO_BTF_MODULES=
$(call kheaders-say,modules get no BTF: $(or $(wordlist 2,999,$(kheaders-said)),scripts/kheaders/btf.sh failed))
endif
endif
endif
endif

ifneq ($(if $(filter modules,$(kheaders-for)),@SIGN_FILE@),)
kheaders-said := $(call kheaders-run,signing.sh $(kheaders-tree) $(if $(kheaders-signs), \
	sign '$(call kheaders-arg,CONFIG_MODULE_SIG_KEY)',$(if $(kheaders-prepares),prepare,build)))
ifneq ($(filter ready ready:,$(firstword $(kheaders-said))),)
$(call kheaders-say,$(wordlist 2,999,$(kheaders-said)))
else
kheaders-unsigned := $(or $(wordlist 2,999,$(kheaders-said)),scripts/kheaders/signing.sh failed)
ifneq ($(filter modules_sign,$(kheaders-signs)),)
$(error kheaders: modules can't be signed: $(kheaders-unsigned))
endif
$(call kheaders-say,$(if $(kheaders-signs),the modules stay unsigned,modules can't be signed): $(kheaders-unsigned))
MAKEOVERRIDES += cmd_sign=: quiet_cmd_sign= mod_sign_cmd=true
endif
endif
endif
endif

# The kernel's own rule makes it again, and not of all that the kernel's build was told.
kheaders-others := $(filter-out $(kheaders-tells),$(MAKECMDGOALS))
ifneq ($(if $(and $(kheaders-m),$(kheaders-others)),,$(filter kernelrelease,$(MAKECMDGOALS))),)

ifneq ($(kheaders-others),)
$(kheaders-wrong)
endif
.PHONY: $(MAKECMDGOALS)
kernelrelease:
	@cat $(kheaders-tree)include/config/kernel.release
$(filter-out kernelrelease,$(sort $(MAKECMDGOALS))):
	@$(MAKE) --no-print-directory -f $(kheaders-tree)Makefile $@

else ifneq ($(if $(kheaders-m),,$(filter help,$(MAKECMDGOALS))),)

.PHONY: help
help:
	@echo 'Builds modules for the kernel that this tree was unpacked from.'
	@echo
	@echo '  make M=DIR          build the modules in DIR; "make M=DIR help" lists more targets'
	@echo '  make prepare        make this tree ready, so that it is only read from then on'
	@echo '  make kernelrelease  print which kernel it is; so do kernelversion, image_name'

else ifneq ($(kheaders-prepares),)

ifneq ($(filter-out $(kheaders-prepares),$(MAKECMDGOALS)),)
$(kheaders-wrong)
endif
.PHONY: $(kheaders-prepares)
$(kheaders-prepares):
	@:

else

ifneq ($(kheaders-builds),)
kheaders-tools := CC LD
# modpost would stop at the first symbol of the kernel.
ifeq ($(wildcard $(kheaders-tree)Module.symvers),)
export KBUILD_MODPOST_WARN := 1
endif
endif

include $(kheaders-tree)Makefile.kernel

ifneq ($(if $(KBUILD_EXTMOD),,$(filter-out $(kheaders-tells),$(or $(MAKECMDGOALS),modules))),)
$(kheaders-wrong)
endif

# Vendors' Makefiles name compilers by where they are on the machine that built. A make
# that only calls another one has not set them yet: they are make's own, or none with -R.
comma := ,
kheaders-lacks := $(strip $(foreach tool,$(kheaders-tools),$(if \
	$(or $(filter default undefined,$(origin $(tool))),$(call kheaders-has,$(firstword $($(tool))))),, \
	$(tool)=$(firstword $($(tool))))))
ifneq ($(kheaders-lacks),)
$(error kheaders: $(if $(kheaders-asked)$(call kheaders-arg,LD),there is no $(kheaders-lacks) here: name another$(comma) or none,not \
	found: $(kheaders-lacks)$(comma) which this kernel's Makefile asks for: install it (packages gcc$(comma) binutils), or name yours$(comma) as in CC=gcc LD=ld))
endif

endif
endif

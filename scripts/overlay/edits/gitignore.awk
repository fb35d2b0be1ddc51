# SPDX-License-Identifier: GPL-2.0-only
#
# kernel/.gitignore: what mainline's kheaders builds goes.

$0 !~ ENVIRON["OLD_NAMES"]

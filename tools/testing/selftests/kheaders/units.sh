#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What kheaders.service and kheaders-dkms.service did at boot: a machine with systemd where
# both are enabled, in which no package of headers was installed, and where dkms knows a
# package: Debian's acpi-call-dkms is loaded, too.

cd "$(dirname "$0")" || exit 1
. ./ktap.sh

[ -d /run/systemd/system ] || skip_all "systemd is not running"
systemctl is-enabled --quiet kheaders.service || skip_all "kheaders.service is not enabled"

# ran UNIT: and went well.
ran() {
	journalctl --no-pager --boot --unit "$1" | tail -n 20
	expect "$1" "active exited success" "$(systemctl show --property ActiveState,SubState,Result \
		--value "$1" | sed '/^$/d' | sort | tr '\n' ' ' | sed 's/ $//')"
}

headers_service() {
	ran kheaders.service
	expect "the link" "/usr/src/linux-headers-$(uname -r)" "$(readlink "/lib/modules/$(uname -r)/build")"
	kheaders status
}

dkms_service() {
	systemctl is-enabled --quiet kheaders-dkms.service || skip "kheaders-dkms.service is not enabled"
	ran kheaders-dkms.service
	dkms status >"$work/status" 2>/dev/null
	cat "$work/status"
	grep "$(uname -r).*: installed" "$work/status"
}

module_of_dkms() {
	[ -e "/lib/modules/$(uname -r)/updates/dkms/acpi_call.ko" ] || skip "no acpi_call here"
	modprobe acpi_call
	[ -e /proc/acpi/call ]
	rmmod acpi_call
}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tests "kheaders.service made the tree" headers_service \
	"kheaders-dkms.service built a module" dkms_service \
	"the kernel takes it" module_of_dkms

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The init of the guests that boot.sh starts: puts an overlay over the root,
# which is on the workstation, runs the command there, and ends the guest.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root TMPDIR=/tmp LC_ALL=C
bb=/bin/busybox

finish() {
	echo "kheaders-status: $1"
	sync
	# To reboot is to start again for UML, and what ends QEMU without ACPI.
	if grep -q 'User Mode Linux' /proc/cpuinfo; then
		$bb poweroff -f
	fi
	$bb reboot -f
	sleep 60
}

# run ROOT: the command, there, and the end.
run() {
	command=$(sed -n 's/.*kheaders.command=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
	chroot "$1" /bin/sh -c "cd /tmp && $command" 2>&1
	finish $?
}
# As a service of systemd, see below.
[ "${1-}" != command ] || run /

mount -t proc proc /proc
# A root that an ordinary user unpacked has no devices.
[ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
# This repository, which may be where the guest mounts something else, or in a root
# that is not the workstation's own.
top=$(sed -n 's/.*kheaders.top=\([^ ]*\).*/\1/p' /proc/cmdline)
cd "$top" 2>/dev/null || cd /
mount -t tmpfs -o mode=0755 tmpfs /mnt || finish 125
mkdir /mnt/upper /mnt/work /mnt/root /mnt/top
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root || finish 125
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose top /mnt/top 2>/dev/null ||
	mount --no-canonicalize --bind . /mnt/top || finish 125
cd /

# UML 5.10 finds no programs in the overlay: there, only /tmp can be written to.
root=/mnt/root
$root$bb true 2>/dev/null || root=/
mount -t proc proc $root/proc
mount -t sysfs sysfs $root/sys
mount -t devtmpfs devtmpfs $root/dev
# For bash's <(), as in dkms.
$bb ln -s /proc/self/fd $root/dev/fd
mount -t tmpfs -o mode=1777 tmpfs $root/tmp
mount -t debugfs debugfs $root/sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs $root/sys/kernel/tracing 2>/dev/null
mount -t bpf bpf $root/sys/fs/bpf 2>/dev/null
mkdir -p "$root$top"
mount --bind /mnt/top "$root$top" || finish 125

# A root with systemd boots with that, with kheaders.ko where it is found.
if [ -e $root/etc/systemd/system/kheaders-guest.service ]; then
	modules=/lib/modules/$(uname -r)
	ko=$(sed -n 's/.*KHEADERS_KO=\([^, ]*\).*/\1/p' /proc/cmdline)
	mkdir -p "$root$modules/updates"
	[ -z "$ko" ] || cp "$root$ko" "$root$modules/updates"
	chroot $root depmod 2>/dev/null
	cd $root || finish 125
	mkdir -p mnt/old
	pivot_root . mnt/old || finish 125
	exec chroot . /lib/systemd/systemd --log-level=warning --show-status=no \
		</dev/console >/dev/console 2>&1
fi
run $root

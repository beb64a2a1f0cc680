#!/bin/sh
# Runs a command in a copy of this system that has no compiler and no Node of its own: an overlay in memory over /, in
# a private mount namespace. Nothing that the command installs stays.
# usage: in-clean-root.sh DIRECTORY COMMAND...     (DIRECTORY is seen at the same path, read-write)
set -eu
if [ "${HOLDFAST_CLEAN_ROOT:-}" != 1 ]; then
	HOLDFAST_CLEAN_ROOT=1 exec unshare --mount --propagation private -- sh "$0" "$@"
fi
shared=$1
shift
work=$(mktemp -d)
mount -t tmpfs -o size=2g tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
for mounted in proc sys dev; do mount --rbind "/$mounted" "$root/$mounted"; done
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root$shared"
mount --bind "$shared" "$root$shared"
rm -f "$root"/usr/bin/node "$root"/usr/local/bin/node "$root"/usr/bin/g++* "$root"/usr/bin/c++ "$root"/usr/bin/make
rm -rf "$root"/usr/include/node
status=0
chroot "$root" "$@" || status=$?
umount --recursive --lazy "$work"
rmdir "$work"
exit "$status"

#!/bin/sh
# Process 1 of the lab's virtual machine, on the host's own root: prepares what a booted machine has, runs the command
# of the share in the sandbox, hands back its output as it comes and its exit code at the end, and powers off.
# $1: the share

share=$1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

hostname lab
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mkdir -p "/lib/modules/$(uname -r)"
mount --bind "$(cat "$share/modules")" "/lib/modules/$(uname -r)"
ip link set lo up

# The ports have numbers in /dev and names in /sys; the machine that names them in /dev (udev) does not run here.
port() {
  for candidate in /sys/class/virtio-ports/*; do
    if [ "$(cat "$candidate/name")" = "$1" ]; then echo "/dev/${candidate##*/}"; fi
  done
}

# Through pipes, because a port cannot be opened twice and is no file that programs expect to write to.
mkfifo /run/stdout /run/stderr
cat /run/stdout >"$(port stdout)" &
stdout=$!
cat /run/stderr >"$(port stderr)" &
stderr=$!

cut -d ' ' -f 1 /proc/uptime >"$share/booted-after"
sh "${0%/*}/sandbox.sh" "$share/command" </dev/null >/run/stdout 2>/run/stderr
echo $? >"$share/exit-code"
wait $stdout $stderr

sync
echo o >/proc/sysrq-trigger
sleep 60

#!/bin/sh
# Runs the script $1 in namespaces of its own: network, mounts, processes. When it ends, or this process is killed, the
# kernel ends every process that it left behind and takes the network namespaces with them. Exit code: the script's.

exec unshare --net --mount --pid --fork --kill-child --mount-proc sh -c '
  mount -t tmpfs -o mode=755 tmpfs /run &&
  ip link set lo up &&
  sh "$1"
  exit $?
' sandbox "$1"

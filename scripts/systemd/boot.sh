#!/bin/sh
# systemd as the first process of namespaces of its own: what it and its services write is gone with it.
# boot.sh BINARY CONFIG
set -eu
mount --make-rprivate /
for folder in /opt /etc/systemd/system; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
cp "$1" /opt/gatekeeper
cp "$2" /opt/gatekeeper.yaml
for folder in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
ip link set lo up
printf '[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\n' > /etc/systemd/system/trial.target
export container=unshare
exec /lib/systemd/systemd --system --unit=trial.target --log-target=console

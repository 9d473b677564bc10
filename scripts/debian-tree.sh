#!/usr/bin/env bash
# Makes a tree like a server's: Debian bookworm with nginx and openssh, about 1 GB. The long test of the agent and its
# benchmarks work on copies of it. Needs root and a Debian mirror.
#
#   scripts/debian-tree.sh DIR [MIRROR]
set -euo pipefail

dir="${1:?usage: $0 DIR [MIRROR]}"
mirror="${2:-http://deb.debian.org/debian}"
packages=nginx,openssh-server,cron,sudo,postgresql,python3,perl,gcc,git,vim,curl,ca-certificates,libcap2-bin
packages+=,rsyslog,systemd-sysv,dbus,apparmor,linux-image-cloud-amd64

[ "$(id -u)" = 0 ] || { echo "$0: needs root" >&2; exit 77; }
command -v debootstrap >/dev/null 2>&1 || env DEBIAN_FRONTEND=noninteractive apt-get install -qy debootstrap
if [ -e "$dir/etc/debian_version" ]; then
    echo "$dir is there already"
    exit 0
fi
debootstrap --variant=minbase --include="$packages" bookworm "$dir" "$mirror"
# As every image build does: packages that were installed are no part of a server.
rm -f "$dir"/var/cache/apt/archives/*.deb

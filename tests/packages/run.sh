#!/usr/bin/env bash
# Installs the packages on a fresh Debian, boots it with a real systemd, and runs every unit there: the daemon under its
# watchdog, a scan, the agent. AWS is the emulator of the wire tests.
#
#   tests/packages/run.sh [PROFILE]
#
# Needs root, a Debian mirror, and a host that may make namespaces. A tree is kept in the cache for the next run.
set -euo pipefail
cd "$(dirname "$0")/../.."

profile="${1:-release}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/cattleguard-packages"
base="$cache/bookworm"
mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
venv="${CATTLEGUARD_TEST_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/cattleguard-packages/venv}"

[ "$(id -u)" = 0 ] || { echo "$0: needs root" >&2; exit 77; }
missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
[ ${#missing[@]} = 0 ] || env DEBIAN_FRONTEND=noninteractive apt-get install -qy "${missing[@]}"

./scripts/packages.sh deb "$profile"
if [ ! -e "$base/usr/bin/systemctl" ]; then
    rm -rf "$base"
    mkdir -p "$base"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,man-db bookworm "$base" "$mirror"
fi
tree=$(mktemp -d)
tests/wire/emulator/setup.sh "$venv"
coproc emulator { exec "$venv/bin/python" tests/wire/emulator/server.py; }
cleanup() {
    kill "$emulator_PID" 2>/dev/null || true
    rm -rf "$tree"
}
trap cleanup EXIT
read -r _ _ url <&"${emulator[0]}"

cp -a --reflink=auto "$base/." "$tree/"
mkdir -p "$tree/proof"
cp target/package/*.deb tests/packages/guest.sh "$tree/proof/"
echo "$url" > "$tree/proof/url"
cat > "$tree/etc/systemd/system/proof.service" <<'UNIT'
[Unit]
Description=Try the packages
[Service]
Type=oneshot
ExecStart=/bin/sh /proof/guest.sh
StandardOutput=file:/proof/log
StandardError=file:/proof/log
TimeoutStartSec=5min
ExecStopPost=/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"
ln -s ../proof.service "$tree/etc/systemd/system/multi-user.target.wants/proof.service"
timeout 400 systemd-nspawn --register=no --keep-unit -q -D "$tree" -b > "$tree/proof/console" 2>&1 || true
cat "$tree/proof/log"
if ! grep -qx 'all is well' "$tree/proof/log"; then
    echo "$0: the packages do not work as they should" >&2
    exit 1
fi

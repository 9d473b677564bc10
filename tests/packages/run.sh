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
# shellcheck source=tests/packages/base.sh
. tests/packages/base.sh systemd-nspawn:systemd-container
venv="${CATTLEGUARD_TEST_VENV:-$cache/venv}"

./scripts/packages.sh deb "$profile"
make_base
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

#!/bin/sh
# Makes the Python environment of the AWS emulator that the wire tests drive.
#
#   tests/wire/emulator/setup.sh [VENV]
#
# VENV defaults to $CATTLEGUARD_TEST_VENV, then to target/test-venv. Does nothing when the environment
# already holds the pinned packages, so it may be called before every test run.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../../.." && pwd)
venv=${1:-${CATTLEGUARD_TEST_VENV:-$root/target/test-venv}}
stamp=$venv/requirements.installed

if [ -f "$stamp" ] && cmp -s "$here/requirements.txt" "$stamp"; then
    exit 0
fi
mkdir -p "$(dirname -- "$venv")"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/requirements.txt" "$stamp"

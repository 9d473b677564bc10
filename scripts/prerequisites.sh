#!/usr/bin/env bash
# Installs what the tests need beyond Rust: a C compiler for the bundled SQLite and TLS, Python's venv for the
# emulator, what the examples in the documents use (jq, openssl, systemd-analyze), and Chromium with node for the pages
# (not with CATTLEGUARD_PAGES=skip). Does nothing where they are present;
# asks for root only where they are not.
set -euo pipefail

need=()
command -v cc >/dev/null 2>&1 || need+=(build-essential)
command -v make >/dev/null 2>&1 || need+=(make)
command -v python3 >/dev/null 2>&1 || need+=(python3)
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || need+=(python3-venv)
command -v jq >/dev/null 2>&1 || need+=(jq)
command -v openssl >/dev/null 2>&1 || need+=(openssl)
command -v systemd-analyze >/dev/null 2>&1 || need+=(systemd)

if [ "${CATTLEGUARD_PAGES:-}" != skip ]; then
    command -v node >/dev/null 2>&1 || need+=(nodejs)
    command -v npm >/dev/null 2>&1 || need+=(npm)
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || need+=(chromium)
fi

if [ ${#need[@]} -gt 0 ]; then
    echo "installing: ${need[*]}"
    if [ "$(id -u)" = 0 ]; then run=(env DEBIAN_FRONTEND=noninteractive); else run=(sudo env DEBIAN_FRONTEND=noninteractive); fi
    "${run[@]}" apt-get update -q
    "${run[@]}" apt-get install -qy "${need[@]}"
fi

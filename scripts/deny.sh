#!/usr/bin/env bash
# Licences, duplicate and banned crates, sources. Advisories need a database from the network: they are checked
# where it is reachable (`CATTLEGUARD_ADVISORIES=1`), since a build must not fail for want of a download.
set -euo pipefail

version=0.20.2
tools="${CATTLEGUARD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cattleguard-tools}"
if ! command -v cargo-deny >/dev/null 2>&1; then
    export PATH="$tools/bin:$PATH"
    command -v cargo-deny >/dev/null 2>&1 || cargo install --quiet --locked --root "$tools" --version "$version" cargo-deny
fi
checks=(bans licenses sources)
[ "${CATTLEGUARD_ADVISORIES:-0}" = 1 ] && checks+=(advisories)
cargo deny --all-features check "${checks[@]}"

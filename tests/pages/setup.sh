#!/usr/bin/env bash
# Puts playwright-core, which drives Chromium, into a folder outside the checkout, and prints that folder. It downloads no
# browser: Debian's own `chromium` is driven. Does nothing where it is there already.
set -euo pipefail

version=1.65.1
tools="${CATTLEGUARD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/cattleguard-tools}"
dir="$tools/pages-$version"
if [ ! -d "$dir/node_modules/playwright-core" ]; then
    mkdir -p "$dir"
    npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$dir" "playwright-core@$version" >&2
fi
echo "$dir"

#!/usr/bin/env bash
# Makes docs/images/thread.png: what the program posts about one problem, from its first message to its end.
#
#   tests/pages/thread.sh [FILE.png]
#
# The simulated account of the demo is scanned and repaired; a stand-in for Slack on loopback keeps what is posted. The bodies
# are drawn by slack-blocks-to-jsx, photographed in Chromium and made small by sharp. Installs what it needs into a folder outside the checkout
# (node, npm and Chromium: scripts/prerequisites.sh). CATTLEGUARD_SIM names a built program.
set -euo pipefail

cd "$(dirname "$0")/../.."
pages="$(tests/pages/setup.sh)"
renderer=1.1.1
react=19.2.0
sharp=0.35.5
lato=5.3.0
dir="$(dirname "$pages")/thread-$renderer-$react-$sharp-$lato"
if [ ! -d "$dir/node_modules/@fontsource" ]; then
    mkdir -p "$dir"
    npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$dir" \
        "slack-blocks-to-jsx@$renderer" "react@$react" "react-dom@$react" "sharp@$sharp" "@fontsource/lato@$lato" >&2
fi
program="${CATTLEGUARD_SIM:-}"
if [ -z "$program" ]; then
    cargo build --quiet --no-default-features --features testing --bin cattleguard-sim
    program="${CARGO_TARGET_DIR:-target}/debug/cattleguard-sim"
fi
exec node tests/pages/thread.mjs "$pages" "$dir" "$(realpath "$program")" "${1:-docs/images/thread.png}"

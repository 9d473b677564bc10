#!/bin/sh
# Everything that the documentation quotes, one after the other, as a table.
#
#   benches/run.sh            scans, policies, log files, start-up, sizes
#   benches/run.sh --adapters also the SDK adapters against canned pages (builds the SDK: minutes)
#   benches/run.sh --builds   also cold build times (a quarter of an hour)
set -eu
cd "$(dirname "$0")/.."

adapters=no
builds=no
for flag in "$@"; do
    case "$flag" in
    --adapters) adapters=yes ;;
    --builds) builds=yes ;;
    *) sed -n '2,6p' "$0" >&2; exit 64 ;;
    esac
done

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
core='--no-default-features --features testing'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

row() { printf '| %s | %s |\n' "$1" "$2"; }

# Runs a benchmark and keeps its output, which is shown as it is on stderr.
bench() {
    name=$1
    flags=$2
    shift 2
    # shellcheck disable=SC2086 # flags are words
    $cargo bench --quiet $flags --bench "$name" -- "$@" >"$work/out"
    cat "$work/out" >&2
}

# The line after a heading that says what something cost.
cost() { sed -n "/^$1/,\$p" "$work/out" | sed -n 's/^ *\(wall .*\)$/\1/p' | head -n 1; }
calls() { sed -n "/^$1/,\$p" "$work/out" | sed -n 's/^ *\([0-9]* calls\):.*$/\1/p' | head -n 1; }

# The middle of 21 runs in milliseconds, and the peak memory of one.
start_up() {
    program=$1
    shift
    for _ in $(seq 21); do
        before=$(date +%s%N)
        "$program" "$@" >/dev/null
        after=$(date +%s%N)
        echo $(((after - before) / 10000))
    done | sort -n | sed -n 11p | sed 's/\(..\)$/.\1/' | tr -d '\n'
    printf ' ms'
    if [ -x /usr/bin/time ]; then
        /usr/bin/time -f '%M' "$program" "$@" 2>"$work/memory" >/dev/null
        printf ', %s MB' "$(($(tail -n 1 "$work/memory") / 1024))"
    fi
}

megabytes() { du -b "$1" | awk '{printf "%.1f MB", $1 / 1000000}'; }

cold() {
    rm -rf "$work/cold"
    before=$(date +%s)
    CARGO_TARGET_DIR="$work/cold" $cargo build --quiet "$@"
    echo "$(($(date +%s) - before)) s"
}

row what figure
row --- ---
for servers in 1000 10000; do
    bench scan "$core" "$servers"
    for scan in first second; do
        row "$scan scan of $servers servers, 100 changed" "$(cost "$scan scan"), $(calls "$scan scan")"
    done
done
bench policy "$core"
awk '/bytes$/ { input = $0; next } /^  / { sub(/^  /, ""); sub(/: /, " | "); print "| policy, " input ", " $0 " |"; next } { print "| policy | " $0 " |" }' "$work/out"
bench ingest "$core" 200000
row 'ingest, 200,000 events' "$(tail -n 1 "$work/out")"
if [ "$adapters" = yes ]; then
    bench replay '' --instances 5000 --packages 300 --events 10000
    row 'SDK adapters, 5,000 instances, 10,000 events' "$(sed -n '/^wall/p' "$work/out"), $(sed -n 's/^\(calls [0-9]*\).*/\1/p' "$work/out")"
fi

# shellcheck disable=SC2086 # flags are words
$cargo build --quiet --release --workspace $core
row 'cattleguard-sim, release' "$(megabytes "$target/release/cattleguard-sim")"
row 'cattleguard-sim --help' "$(start_up "$target/release/cattleguard-sim" --help)"
if [ "$adapters" = yes ] || [ "$builds" = yes ]; then
    $cargo build --quiet --release --workspace
    row 'cattleguard, release' "$(megabytes "$target/release/cattleguard")"
    row 'cattleguard --help' "$(start_up "$target/release/cattleguard" --help)"
fi
row 'cattleguard-agent, release' "$(megabytes "$target/release/cattleguard-agent")"
if [ "$builds" = yes ]; then
    # shellcheck disable=SC2086 # flags are words
    row 'cold build, core with the simulator' "$(cold $core)"
    row 'cold build, debug' "$(cold)"
    row 'cold build, release' "$(cold --release)"
fi

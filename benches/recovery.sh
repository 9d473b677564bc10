#!/bin/sh
# How long the next process needs to go on with a replacement that was killed half-way, beside 0 and 1,000 finished
# operations in the state. Virtual time passes at once, so this is what our own work costs: opening the state, reading the
# journal, asking what became of the last call, and the steps that were left; `enforce` then scans as well.
#
#   benches/recovery.sh            9 runs of each; prints the medians
set -eu
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086 # flags are words
$cargo build --quiet --profile bench --no-default-features --features testing --bin cattleguard-sim
sim=${CARGO_TARGET_DIR:-target}/release/cattleguard-sim

# A world with finished operations in its journal, and one replacement that was killed after its launch.
"$sim" demo --keep "$work/world" >"$work/demo" 2>&1 || { cat "$work/demo" >&2; exit 1; }
world() { "$sim" --world "$1" -q -C "$1/cattleguard.toml" "$2" $3; }
"$sim" --world "$work/world" world wait 24h >/dev/null
if CATTLEGUARD_FAILPOINT=launch:after world "$work/world" enforce '' >/dev/null 2>&1; then
    echo 'nothing was killed' >&2
    exit 1
fi
"$sim" --world "$work/world" world wait 5m >/dev/null

# Copies of a finished operation, with its journal.
cp -r "$work/world" "$work/many"
python3 - "$work/many/state.db" <<'PY'
import sqlite3, sys

state = sqlite3.connect(sys.argv[1])
columns = [row[1] for row in state.execute("PRAGMA table_info(operation)") if row[1] not in ("key", "id", "body")]
entries = [row[1] for row in state.execute("PRAGMA table_info(journal)") if row[1] not in ("seq", "operation")]
key, id, body = state.execute(
    "SELECT key, id, body FROM operation WHERE status = 'done' ORDER BY key LIMIT 1"
).fetchone()
for number in range(1000):
    copy = f"op-copy-{number:04}"
    names = ", ".join(columns)
    made = state.execute(
        f"INSERT INTO operation (id, body, {names}) SELECT ?, ?, {names} FROM operation WHERE key = ?",
        (copy, body.replace(id, copy), key),
    ).lastrowid
    names = ", ".join(entries)
    state.execute(f"INSERT INTO journal (operation, {names}) SELECT ?, {names} FROM journal WHERE operation = ?", (made, key))
state.commit()
print(state.execute("SELECT count(*) FROM operation WHERE ended_at IS NOT NULL").fetchone()[0], "finished operations")
PY

# The middle of nine runs in milliseconds, each over a fresh copy.
median() {
    for _ in 1 2 3 4 5 6 7 8 9; do
        rm -rf "$work/run"
        cp -r "$1" "$work/run"
        sed -i "s|$work/world|$work/run|g" "$work/run/cattleguard.toml"
        before=$(date +%s%N)
        world "$work/run" "$2" "$3" >"$work/out" 2>&1 || true
        echo $((($(date +%s%N) - before) / 100000))
    done | sort -n | sed -n 5p | sed 's/\(.\)$/.\1/'
}
id=$(world "$work/world" operations 'list' | awk '/running/ { print $1 }')
printf '| what | few finished | 1,000 finished |\n| --- | --- | --- |\n'
printf '| `operations resume`: to the end of the replacement, without a scan | %s ms | %s ms |\n' \
    "$(median "$work/world" operations "resume $id")" "$(median "$work/many" operations "resume $id")"
printf '| `enforce`: the same, then a scan and its plan | %s ms | %s ms |\n' \
    "$(median "$work/world" enforce '')" "$(median "$work/many" enforce '')"

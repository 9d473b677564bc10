#!/usr/bin/env python3
"""The same policies and the same input in rego-cpp (regopy), for comparison: evaluations a second of processor time.

    python3 -m venv venv && venv/bin/pip install regopy==1.5.2
    mkdir peer && cargo bench --no-default-features --features testing --bench policy -- --peer peer
    venv/bin/python benches/policy/peer_regopy.py peer/hundred

`peer` itself holds the shipped policies, which this engine does not read: it refuses a comprehension in one of them.
"""

import json
import pathlib
import re
import sys
import time

from regopy import Interpreter

SECONDS = 5.0


def main():
    folder = pathlib.Path(sys.argv[1])
    engine = Interpreter()
    rules = []
    for path in sorted(folder.glob("*.rego")):
        text = path.read_text()
        engine.add_module(path.name, text)
        package = re.search(r"^package (\S+)", text, re.M).group(1)
        found = sorted(set(re.findall(r"^(deny|violation|warn)\b", text, re.M)))
        if package.startswith("cattleguard.") and not package.startswith("cattleguard.lib"):
            rules += [f"data.{package}.{rule}" for rule in found]
    document = json.loads((folder / "input.json").read_text())
    query = "; ".join(f"r{number} := {rule}" for number, rule in enumerate(rules))
    engine.set_input(document)
    print(f"{len(rules)} rules in one query; {len(str(engine.query(query)))} characters of answer", file=sys.stderr)
    count, started, spent = 0, time.monotonic(), time.process_time()
    while time.monotonic() - started < SECONDS:
        engine.set_input(document)
        engine.query(query)
        count += 1
    print(f"rego-cpp: {count / (time.process_time() - spent):.0f} instances/s of CPU")


if __name__ == "__main__":
    main()

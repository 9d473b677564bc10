#!/usr/bin/env python3
"""Measures `ingest` beside decompression alone and beside other tools: CPU seconds, wall and peak memory of whole
processes (wait4), the middle of several runs, all on one corpus that it makes itself.

    cargo build --release --no-default-features --features testing --bin cattleguard-sim
    cargo bench --no-default-features --features testing --bench ingest --no-run
    benches/ingest/run.py --program target/release/cattleguard-sim --parts target/release/deps/ingest-*

    --events N    1,000,000 unless said otherwise
    --runs N      5
    --memory      also memory with a tenth and with ten times of the events
    --peers       also orjson, jq and DuckDB, where they are installed, and suzaku if SUZAKU names its program, which
                  has its folder `config` beside it; each of them once, and each has to find all the changes
    PYTHON        environment: the Python that has orjson and duckdb, if it is not this one
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
PYTHON = os.environ.get("PYTHON", sys.executable)
# One record in this many is a change.
CHANGE_EVERY = 25
# The changes of the corpus.
NAMES = (
    "StartSession,SendCommand,ModifyInstanceAttribute,ModifyInstanceMetadataOptions,StopInstances,RebootInstances,"
    "AuthorizeSecurityGroupIngress,AttachVolume"
)


def run(command, out=os.devnull, folder=None):
    """CPU seconds, wall seconds and peak MB of one process and its children."""
    before = time.monotonic()
    pid = os.fork()
    if pid == 0:
        with open(out, "wb") as data, open(os.devnull, "wb") as noise:
            os.dup2(data.fileno(), 1)
            os.dup2(noise.fileno(), 2)
            if folder:
                os.chdir(folder)
            os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - before, usage.ru_maxrss / 1024


def middle(results):
    return [statistics.median(column) for column in zip(*results)]


def row(what, cpu, wall, peak, events, megabytes, base):
    rates = f"{events / cpu / 1e6:.2f} | {megabytes / cpu:.0f}"
    print(f"| {what} | {cpu:.2f} | {wall:.2f} | {peak:.0f} | {rates} | {cpu / base:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--parts", required=True, nargs="+", type=pathlib.Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--corpus")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    # Cargo leaves older builds, and a list of sources, beside the newest.
    built = [path for path in args.parts if path.suffix != ".d"]
    args.parts = str(max(built, key=lambda path: path.stat().st_mtime))
    with tempfile.TemporaryDirectory() as work:
        corpus = args.corpus or f"{work}/corpus"
        if not args.corpus:
            run([args.parts, "make", corpus, str(args.events)])
        out = f"{work}/out"

        def ours(threads, folder=corpus):
            return [args.program, "-q", "ingest", "-o", "ndjson", "--threads", str(threads), folder]

        run([args.parts, "inflate", corpus], out)
        megabytes = int(open(out).read().split()[0]) / 1e6
        stored = sum(path.stat().st_size for path in pathlib.Path(corpus).iterdir()) / 1e6
        files = len(os.listdir(corpus))
        print(f"{args.events} events, {megabytes:.0f} MB of JSON, {stored:.0f} MB of gzip in {files} files\n")
        print("| what | CPU s | wall s | peak MB | M events / CPU s | MB / CPU s | x decompression |")
        print("|---|---|---|---|---|---|---|")
        columns = {"decompression alone (libdeflate)": [], "cattleguard, 1 thread": [], "cattleguard, 2 threads": []}
        commands = [[args.parts, "inflate", corpus], ours(1), ours(2)]
        # In turn: a machine that is busy for a while is so for all of them.
        for _ in range(args.runs):
            for results, command in zip(columns.values(), commands):
                results.append(run(command))
        base = middle(columns["decompression alone (libdeflate)"])[0]
        for what, results in columns.items():
            row(what, *middle(results), args.events, megabytes, base)
        if args.peers:
            changes = -(-args.events // CHANGE_EVERY)
            for what, command, folder, count in peers(corpus, work):
                spent = run(command, out, folder)
                if (found := count(out)) != changes:
                    sys.exit(f"{what} found {found} of {changes} changes")
                row(what, *spent, args.events, megabytes, base)
        if args.memory:
            for factor in (0.1, 10):
                events = int(args.events * factor)
                run([args.parts, "make", f"{work}/more", str(events), "1"])
                cpu, wall, peak = run(ours(2, f"{work}/more"))
                print(f"{events} events, 2 threads: {cpu:.2f} CPU s, {wall:.2f} s, peak {peak:.0f} MB", flush=True)
                shutil.rmtree(f"{work}/more")


def lines(out):
    with open(out, "rb") as file:
        return sum(1 for _ in file)


def has(module):
    return subprocess.run([PYTHON, "-c", f"import {module}"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def peers(corpus, work):
    """Each with its command, where it has to run, and what counts the changes that it printed."""
    corpus = os.path.abspath(corpus)
    if has("orjson"):
        yield "Python orjson", [PYTHON, str(HERE / "peer_orjson.py"), corpus, NAMES], None, lines
    if shutil.which("jq"):
        names = "|".join(NAMES.split(","))
        program = (
            f'.Records[]|select((.eventName|test("^({names})$")) and (.errorCode|not))'
            "|[.eventTime,.eventName,.userIdentity.arn,.requestParameters.instanceId]"
        )
        yield "zcat, jq", ["sh", "-c", f"zcat '{corpus}'/*.gz | jq -c '{program}'"], None, lines
    if has("duckdb"):
        rows = os.path.join(work, "duckdb.json")
        yield "DuckDB", [PYTHON, "-c", duckdb(corpus, rows)], None, lambda _: lines(rows)
    if os.environ.get("SUZAKU"):
        # One rule that lists the names; all its rules take several times as long.
        suzaku = os.path.abspath(os.environ["SUZAKU"])
        csv = os.path.join(work, "suzaku.csv")
        rules = str((HERE / "suzaku").resolve())
        command = [suzaku, "aws-ct-timeline", "-d", corpus, "-r", rules, "-o", csv, "-C", "-N", "-q"]
        # Below the line with the names of the columns.
        yield "suzaku, one rule", command, os.path.dirname(suzaku), lambda _: lines(csv) - 1


def duckdb(corpus, rows):
    names = ",".join(f"'{name}'" for name in NAMES.split(","))
    query = (
        "copy (select r.eventTime, r.eventName, r.userIdentity.arn, r.requestParameters.instanceId from "
        f"(select unnest(Records) r from read_json('{corpus}/*.gz', maximum_object_size=100000000)) "
        f"where r.eventName in ({names}) and r.errorCode is null) to '{rows}' (format json)"
    )
    return f"import duckdb; duckdb.sql({query!r})"


main()

#!/usr/bin/env python3
"""Measures the agent beside its peers over one tree, in one run.

    benches/agent/run.py TREE [--agent PROGRAM] [--rounds N] [--slow-rounds N] [--only NAME,...] [-o FILE]
    benches/agent/run.py --small-files N DIR     makes a tree of N small files and measures the agent on it

TREE is what scripts/debian-tree.sh makes. Every round runs every command once, so that what else the machine does
weighs on all alike; medians and ratios are printed, and the load while it ran. Peers come from Debian's packages (aide
integrit mtree-netbsd debsums b3sum tripwire samhain); what is not installed is left out and said. Needs root, as they do.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Failed(Exception):
    """A command that did not do what it is measured for."""


class Command:
    """One command line, and what it left behind."""

    def __init__(self, name, line, database=None, slow=False, reset=None, good=(0,)):
        self.name, self.line, self.database, self.slow, self.reset, self.good = name, line, database, slow, reset, good
        self.runs = []

    def run(self):
        for path in self.reset or []:
            pathlib.Path(path).unlink(missing_ok=True)
        # A shell that waits beside the program costs some of its threads a good start.
        line = self.line if any(joint in self.line for joint in ("|", "&", ";")) else f"exec {self.line}"
        start = time.perf_counter()
        process = subprocess.Popen(["sh", "-c", line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        told = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if process.returncode not in self.good:
            raise Failed(f"{self.name} failed with {process.returncode}: {told[-600:]}")
        self.runs.append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))

    def row(self):
        wall, cpu, peak = zip(*self.runs)
        size = os.path.getsize(self.database) / 1e6 if self.database and os.path.exists(self.database) else None
        return {
            "name": self.name,
            "wall_s": statistics.median(wall),
            "wall_min_s": min(wall),
            "cpu_s": statistics.median(cpu),
            "peak_mb": max(peak),
            "database_mb": size,
            "runs": len(wall),
        }


def agent_commands(agent, tree, work):
    golden, cache, config = work / "golden.cgm", work / "quick.cache", work / "agent.toml"
    config.write_text("")
    host = f"--sysroot {tree} --golden {golden} --config {config}"
    # All of the tree, as the peers do, and no lower priority than theirs.
    bake = f"{agent} bake --sysroot {tree} --config {config} --no-default-excludes"
    subprocess.run(["sh", "-c", f"{bake} --out {golden}"], check=True, stdout=subprocess.DEVNULL)
    quick = f"{agent} check {host} --priority normal --quick --cache {cache}"
    subprocess.run(["sh", "-c", quick], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [
        Command("agent bake", f"{bake} --out {work / 'again.cgm'}", work / "again.cgm"),
        Command("agent check", f"{agent} check {host} --priority normal", golden),
        Command("agent check --quick", quick, cache),
    ]


def limits(tree):
    files = f"cd {tree} && find . -xdev -type f -print0"
    found = [Command("find -printf", f"find {tree} -xdev -printf '%p %y %m %U %G %s %T@ %C@ %l %i %n\\n'")]
    if shutil.which("b3sum"):
        found.append(Command("b3sum, 2 processes", f"{files} | xargs -0 -P2 -n500 b3sum --num-threads 1"))
    found.append(Command("sha256sum, 2 processes", f"{files} | xargs -0 -P2 -n500 sha256sum"))
    return found


def aide(tree, work):
    common = "p+ftype+i+l+n+u+g+s+b+m+c+acl+selinux+xattrs+caps+e2fsattrs"
    # H: every hash that it was built with, as Debian's default groups have it.
    for name, hashes in (("sha256", "sha256"), ("default hashes", "H")):
        short = name.split()[0]
        conf, out, old = work / f"aide-{short}.conf", work / f"aide-{short}.new", work / f"aide-{short}.db"
        conf.write_text(f"database_in=file:{old}\ndatabase_out=file:{out}\ngzip_dbout=yes\n{tree} {common}+{hashes}\n")
        slow = short == "default"
        yield Command(f"aide init, {name}", f"aide --config={conf} --init && cp {out} {old}", out, slow, [out])
        yield Command(f"aide check, {name}", f"aide --config={conf} --check", out, slow, good=range(8))


def integrit(tree, work):
    known, current, conf = work / "known.cdb", work / "current.cdb", work / "integrit.conf"
    conf.write_text(f"root={tree}\nknown={known}\ncurrent={current}\n")
    yield Command("integrit update", f"integrit -C {conf} -u && cp {current} {known}", current, reset=[current])
    yield Command("integrit check", f"integrit -C {conf} -c", current, good=(0, 1))


def mtree(tree, work):
    program = shutil.which("mtree") or shutil.which("mtree-netbsd")
    for name, keys in (("default", ""), ("sha256", "-K sha256")):
        out = work / f"mtree-{name}.db"
        yield Command(f"mtree create, {name}", f"{program} -c {keys} -p {tree} > {out}", out)
        yield Command(f"mtree check, {name}", f"{program} -f {out} -p {tree}", out, good=(0, 2))


def tripwire(tree, work):
    conf, policy = work / "tw.txt", work / "tw.pol.txt"
    site, local, signed = work / "site.key", work / "local.key", work / "tw.cfg"
    database = work / "tw.twd"
    conf.write_text(
        f"ROOT={work}\nPOLFILE={work / 'tw.pol'}\nDBFILE={database}\nREPORTFILE={work / 'tw.twr'}\n"
        f"SITEKEYFILE={site}\nLOCALKEYFILE={local}\nEDITOR=/bin/true\nREPORTLEVEL=3\nSYSLOGREPORTING=false\n"
        "MAILMETHOD=SENDMAIL\nMAILPROGRAM=/bin/true\n"
    )
    policy.write_text(f"{tree} -> $(ReadOnly) ;\n")
    prepare = [
        f"twadmin -m G -S {site} -Q x",
        f"twadmin -m G -L {local} -P x",
        f"twadmin -m F -c {signed} -S {site} -Q x {conf}",
        f"twadmin -m P -c {signed} -p {work / 'tw.pol'} -S {site} -Q x {policy}",
    ]
    subprocess.run(["sh", "-c", " && ".join(prepare)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    names = work / "nsswitch.conf"
    names.write_text("passwd: files\ngroup: files\n")
    # Debian's is linked statically and breaks on names that a module has to look up.
    there = f"mount --bind {names} /etc/nsswitch.conf && exec tripwire"
    init = f"unshare -m sh -c '{there} -m i -c {signed} -P x'"
    yield Command("tripwire init, ReadOnly", init, database, True, reset=[database])
    # Bits: what was added, removed, changed.
    yield Command("tripwire check, ReadOnly", f"unshare -m sh -c '{there} -m c -c {signed}'", database, True, good=range(8))


def samhain(tree, work):
    conf, database = work / "samhainrc", work / "samhain.db"
    conf.write_text(
        f"[ReadOnly]\ndir=99{tree}\n[EventSeverity]\nSeverityReadOnly=crit\n"
        "[Log]\nMailSeverity=none\nLogSeverity=none\nSyslogSeverity=none\nPrintSeverity=crit\nExportSeverity=none\n"
        # It looks at more than files unless told not to; open ports alone take half a minute.
        "[PortCheck]\nPortCheckActive=no\n[ProcessCheck]\nProcessCheckActive=no\n[SuidCheck]\nSuidCheckActive=no\n"
        f"[Misc]\nDaemon=no\nSetRecursionLevel=99\nSetDatabasePath={database}\n"
        f"SetLogfilePath={work / 'samhain.log'}\nSetLockfilePath={work / 'samhain.pid'}\n[EOF]\n"
    )
    conf.chmod(0o600)
    # Where it looks for its configuration is compiled in.
    there = f"mount --bind {conf} /etc/samhain/samhainrc && exec samhain --foreground"
    yield Command("samhain init, ReadOnly", f"unshare -m sh -c '{there} -t init'", database, reset=[database])
    yield Command("samhain check, ReadOnly", f"unshare -m sh -c '{there} -t check'", database)


PEERS = [("aide", aide), ("integrit", integrit), ("mtree", mtree), ("tripwire", tripwire), ("samhain", samhain)]


def peers(tree, work):
    found = []
    for program, commands in PEERS:
        if shutil.which(program) or shutil.which(f"{program}-netbsd"):
            found.extend(commands(tree, work))
        else:
            print(f"{program} is not installed: left out", file=sys.stderr)
    if shutil.which("debsums"):
        found.append(Command("debsums -as", f"debsums -as --root={tree}", good=range(256)))
    return found


def small_files(count, folder, agent):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        if number % 1000 == 0:
            inside = folder / f"{number // 100000}" / f"{number // 1000}"
            inside.mkdir(parents=True, exist_ok=True)
        (inside / f"file-{number}").write_text(f"content of file number {number}\n")
    return [command for command in agent_commands(agent, folder, pathlib.Path(tempfile.mkdtemp(dir=folder.parent)))]


def table(rows, load):
    print(f"load while it ran: {load[0]:.1f} before, {load[1]:.1f} after; {os.cpu_count()} processors")
    by_name = {row["name"]: row for row in rows}
    print(f"{'program':<28}{'wall s':>9}{'least':>9}{'CPU s':>9}{'peak MB':>9}{'db MB':>8}{'runs':>6}")
    for row in rows:
        size = f"{row['database_mb']:.2f}" if row["database_mb"] is not None else "-"
        print(
            f"{row['name']:<28}{row['wall_s']:>9.3f}{row['wall_min_s']:>9.3f}{row['cpu_s']:>9.3f}"
            f"{row['peak_mb']:>9.0f}{size:>8}{row['runs']:>6}"
        )
    pairs = [
        ("agent bake", "b3sum, 2 processes"),
        ("agent check", "b3sum, 2 processes"),
        ("agent check --quick", "find -printf"),
        ("agent bake", "mtree create, sha256"),
        ("agent check", "mtree check, sha256"),
        ("agent check", "integrit check"),
        ("agent bake", "aide init, sha256"),
        ("agent check", "aide check, sha256"),
        ("agent check", "aide check, default hashes"),
        ("agent bake", "tripwire init, ReadOnly"),
        ("agent check", "tripwire check, ReadOnly"),
        ("agent bake", "samhain init, ReadOnly"),
        ("agent check", "samhain check, ReadOnly"),
    ]
    for ours, other in pairs:
        if ours in by_name and other in by_name:
            mine, theirs = by_name[ours], by_name[other]
            print(
                f"{ours} : {other}   wall {mine['wall_s'] / theirs['wall_s']:.3f}"
                f" (least {mine['wall_min_s'] / theirs['wall_min_s']:.3f})   CPU {mine['cpu_s'] / theirs['cpu_s']:.3f}"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--agent", default=str(ROOT / "target/release/cattleguard-agent"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slow-rounds", type=int, default=1, help="for commands that take tens of seconds")
    parser.add_argument("--only", help="names of commands that begin so, with commas between")
    parser.add_argument("--small-files", type=int, metavar="N")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="also write the rows as JSON")
    options = parser.parse_args()
    tree = options.tree.resolve()
    if options.small_files:
        tree.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=tree.parent) as folder:
        work = pathlib.Path(folder)
        if options.small_files:
            commands = small_files(options.small_files, tree, options.agent)
        else:
            commands = agent_commands(options.agent, tree, work) + limits(tree) + peers(tree, work)
        if options.only:
            wanted = tuple(options.only.split(","))
            commands = [command for command in commands if command.name.startswith(wanted)]
        before, broken = os.getloadavg()[0], set()
        for turn in range(options.rounds):
            for command in commands:
                if command.name not in broken and (not command.slow or turn < options.slow_rounds):
                    try:
                        command.run()
                    except Failed as failed:
                        if command.name.startswith("agent"):
                            raise SystemExit(failed) from failed
                        # A figure of something that broke would be none.
                        print(f"{failed}: left out", file=sys.stderr)
                        broken.add(command.name)
        rows = [command.row() for command in commands if command.runs and command.name not in broken]
    table(rows, (before, os.getloadavg()[0]))
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures the page of 10,000 servers and 5,000 findings, and `serve` on them.

    CATTLEGUARD_PAGES_KEEP=DIR cargo test --no-default-features --features testing --test it -- pages   # makes the state
    benches/report/run.py PROGRAM DIR [SECONDS]

PROGRAM is `cattleguard-sim` of the profile to be measured. Prints time and size of the file, then for each path of the
server requests a second over as many connections as there are processors, kept open, and the memory that the process
has at its end (VmHWM).
"""

import http.client
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 5.0
token = "0123456789abcdef0123456789abcdef"
base = [program, "-C", str(folder / "cattleguard.toml")]


def page():
    out = folder / "report.html"
    times = []
    for _ in range(3):
        begun = time.monotonic()
        subprocess.run([*base, "-q", "-o", str(out), "report", "html"], check=True)
        times.append(time.monotonic() - begun)
    print(f"report html: {min(times):.2f} s (best of 3), {out.stat().st_size / 1e6:.2f} MB")


def load(address, path, cookie):
    done = []

    def one():
        connection, count = http.client.HTTPConnection(address), 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            count += 1
        done.append(count)

    threads = [threading.Thread(target=one) for _ in range(os.cpu_count() or 1)]
    begun = time.monotonic()
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return sum(done) / (time.monotonic() - begun)


def serve():
    with open(folder / "bench.token", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(token)
    server = subprocess.Popen([*base, "serve", "--listen", "127.0.0.1:0", "--user", f"bench={folder / 'bench.token'}"],
                              stderr=subprocess.PIPE, text=True)
    try:
        address = next(re.search(r"http://([^/]+)/", line).group(1) for line in server.stderr if "serving on" in line)
        threading.Thread(target=server.stderr.read, daemon=True).start()
        connection = http.client.HTTPConnection(address)
        connection.request("POST", "/login", f"token={token}", {"Content-Type": "application/x-www-form-urlencoded"})
        cookie = connection.getresponse().getheader("Set-Cookie").split(";")[0]
        begun = time.monotonic()
        connection = http.client.HTTPConnection(address)
        connection.request("GET", "/", headers={"Cookie": cookie})
        connection.getresponse().read()
        print(f"the first page: {time.monotonic() - begun:.2f} s")
        for path in ["/", "/findings/f-0000000000000001", "/metrics", "/healthz"]:
            print(f"{path}: {load(address, path, cookie):.0f} requests a second")
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        print("memory:", int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) // 1024, "MiB at most,",
              int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) // 1024, "MiB at the end")
    finally:
        server.terminate()
        server.wait()


page()
serve()

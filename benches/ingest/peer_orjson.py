"""What a script with orjson would do: the successful calls of a few names, one line each."""

import gzip
import pathlib
import sys

import orjson

NAMES = set(sys.argv[2].split(","))
out = sys.stdout.buffer
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    for record in orjson.loads(gzip.decompress(path.read_bytes()))["Records"]:
        if record["eventName"] in NAMES and not record.get("errorCode"):
            identity = record["userIdentity"].get("arn")
            request = record["requestParameters"] or {}
            row = [record["eventTime"], record["eventName"], identity, request.get("instanceId")]
            out.write(orjson.dumps(row) + b"\n")

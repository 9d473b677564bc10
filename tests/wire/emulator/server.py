"""The AWS emulator of the wire tests: moto's server with what moto lacks, on a free port of loopback.

Prints one line, `listening on http://127.0.0.1:PORT`, when it answers, and ends when its standard input
closes, so that it never outlives the test that started it.
"""

import logging
import os
import sys
from threading import Thread

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import extension  # noqa: E402
from extension.control import Control  # noqa: E402


class QuietHandler(MotoRequestHandler):
    """HTTP/1.1, so that clients keep their connections, and no line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code="-", size="-"):
        pass


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    extension.install()
    app = Control(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()

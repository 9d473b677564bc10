"""Faults that a test orders for a number of calls: throttling, refusal, server errors, broken connections,
silence, nonsense, any code, and answers that are lost after the call was carried out."""

import json
import socket
from threading import Lock
from urllib.parse import parse_qs

from . import alarms

_JSON = ("ssm", "cloudtrail")
_CODES = {
    # kind: (EC2, query services, JSON services), HTTP status for EC2 and for the others
    "throttle": (("RequestLimitExceeded", "Throttling", "ThrottlingException"), (503, 400)),
    "denied": (("UnauthorizedOperation", "AccessDenied", "AccessDeniedException"), (403, 403)),
    "5xx": (("InternalError", "InternalFailure", "InternalServerError"), (500, 500)),
}


class Faults:
    def __init__(self):
        self._lock = Lock()
        self._orders = []

    def order(self, order):
        """`{service, action, region, account, kind, times}`; what is not named matches anything."""
        with self._lock:
            self._orders.append({"times": 1, **order})

    def clear(self):
        with self._lock:
            self._orders.clear()

    def take(self, call):
        """The order that this call meets, if any."""
        with self._lock:
            for order in self._orders:
                same = all(order.get(name) in (None, call[name]) for name in ("service", "action", "region", "account"))
                if same and order["times"] > 0:
                    order["times"] -= 1
                    return order
        return None


def describe(environ, body):
    """Service, region, access key and action of a signed call."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
    key, region, service = (scope[0], scope[2], scope[3]) if len(scope) >= 5 else ("", "", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    action = alarms.action(environ.get("PATH_INFO", ""))
    if target:
        action = target.split(".")[-1]
    elif action is None:
        action = (parse_qs(body.decode(errors="replace")).get("Action") or [""])[0]
    return {"service": service, "region": region, "action": action, "key": key}


def lose(answer, environ):
    """The call is carried out, and the connection breaks before its answer."""
    for _ in answer:
        pass
    return _reset(environ)


def answer(order, call, environ, start_response):
    kind = order["kind"]
    if kind == "reset":
        return _reset(environ)
    if kind == "hang":
        return _hang(environ)
    if kind == "garbage":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "9")])
        return [b"<no> {xml"]
    # An order of kind `error` names its code.
    codes, statuses = _CODES.get(kind) or ((order["code"],) * 3, (order.get("status", 400),) * 2)
    message = order.get("message", "ordered by the test")
    if call["service"] == "ec2":
        code, status, content = codes[0], statuses[0], "text/xml"
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
    elif call["service"] in _JSON:
        code, status, content = codes[2], statuses[1] if kind != "denied" else 400, "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": message})
    else:
        code, status, content = codes[1], statuses[1], "text/xml"
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        body = f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"
    raw = body.encode()
    start_response(f"{status} Fault", [("Content-Type", content), ("Content-Length", str(len(raw)))])
    return [raw]


def _hang(environ):
    """Says nothing until the client has hung up."""
    connection = environ["werkzeug.socket"]
    connection.settimeout(60)
    connection.recv(1)
    raise ConnectionResetError("ordered by the test")


def _reset(environ):
    """Hangs up before any byte of an answer."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("ordered by the test")

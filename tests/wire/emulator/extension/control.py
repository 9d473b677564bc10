"""What the tests steer the emulator by: `POST` of JSON to `/_faults`, `/_pages`, `/_nodes`, `/_roles`,
`/_profiles`, `/_alarms`, `/_associations`, `/_capacity`, `/_trails` and `/_boots`. `GET /_calls` reads the log of requests,
`POST /_forget` empties it and the trail."""

import io
import json

from moto.iam.models import get_account_id_from

from . import (
    alarms,
    autoscaling_groups,
    boots,
    calls,
    iam_decisions,
    iam_profiles,
    paging,
    ssm_associations,
    ssm_nodes,
    sts_roles,
    trail,
    trails,
)
from .faults import Faults, answer, describe, lose


class Control:
    """WSGI middleware in front of moto."""

    def __init__(self, app):
        self._app = app
        self._faults = Faults()

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if path == "/_calls":
            return _calls(start_response)
        if path.startswith("/_"):
            return self._steer(path, body, start_response)
        call = describe(environ, body)
        call["account"] = get_account_id_from(call["key"])
        boots.settle(call["account"], call["region"])
        entry = calls.begin(call, body)

        def answered(status, headers, *more):
            entry["status"] = int(status.split()[0])
            return start_response(status, headers, *more)

        return self._answer(call, body, environ, answered)

    def _answer(self, call, body, environ, start_response):
        order = self._faults.take(call)
        if order is None and not iam_decisions.may(call, body):
            order = {"kind": "denied", "message": "no policy allows it"}
        if order is None and call["service"] == "ec2" and b"DryRun=true" in body.split(b"&"):
            # Some operations of moto carry it out.
            message = "Request would have succeeded, but DryRun flag is set."
            order = {"kind": "error", "code": "DryRunOperation", "status": 412, "message": message}
        if order is not None and order["kind"] == "lost":
            return lose(self._app(environ, lambda *_: None), environ)
        if order is not None:
            return answer(order, call, environ, start_response)
        if alarms.action(environ.get("PATH_INFO", "")) == "DescribeAlarms":
            return alarms.answer(call, body, start_response)
        return self._app(environ, start_response)

    def _steer(self, path, body, start_response):
        order = json.loads(body) if body else {}
        status = "204 No Content"
        if path == "/_faults":
            self._faults.order(order) if order else self._faults.clear()
        elif path == "/_pages":
            paging.cap(order["operation"], order.get("size"))
        elif path == "/_nodes":
            place = order.pop("account"), order.pop("region"), order.pop("instance")
            ssm_nodes.register(*place, **order)
        elif path == "/_roles":
            sts_roles.create(order["arn"], order.get("external_id"))
        elif path == "/_profiles":
            iam_profiles.create(order["account"], order["name"])
        elif path == "/_alarms":
            alarms.order(**order)
        elif path == "/_associations":
            ssm_associations.tell(order["content"])
        elif path == "/_trails":
            trails.order(**order)
        elif path == "/_boots":
            boots.order(**order)
        elif path == "/_forget":
            calls.clear()
            trail.forget()
        elif path == "/_capacity":
            autoscaling_groups.exhaust(order["subnet"], order.get("code"))
        else:
            status = "404 Not Found"
        start_response(status, [("Content-Length", "0")])
        return [b""]


def _calls(start_response):
    raw = calls.read()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(raw)))])
    return [raw]

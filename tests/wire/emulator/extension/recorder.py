"""Records every call the server answers as CloudTrail would, through moto's one dispatch method."""

import json
import threading
import uuid
from datetime import datetime, timezone

import xmltodict
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from . import trail
from .caller import user_identity
from .shapes import flat_request, flat_response, is_flat, json_names, wrapped_request, wrapped_response

READS = ("Describe", "Get", "List", "Lookup", "Search", "Head", "AssumeRole")
_SOURCES = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing"}
_REMOVED = "<sensitiveDataRemoved>"
_HIDDEN = "Value hidden due to security reasons."
_IGNORED = {"cloudtrail:LookupEvents"}


_CURRENT = threading.local()


def current_service():
    """The service whose call this thread is answering."""
    return getattr(_CURRENT, "service", None)


def install():
    original = BaseResponse.call_action

    def call_action(self):
        service = _CURRENT.service = self.boto3_service_name
        answer = original(self)
        action = self._get_action()
        if action and f"{service}:{action}" not in _IGNORED:
            record(self, service, action, answer)
        return answer

    BaseResponse.call_action = call_action


def envelope(identity, source, name, region, account):
    """A record without what the call asked and got."""
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": name.startswith(READS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def record(response, service, action, answer):
    status, headers, body = answer
    account, region = response.current_account, response.region
    source = f"{_SOURCES.get(service, service)}.amazonaws.com"
    entry = envelope(user_identity(response), source, action, region, account)
    entry |= {"sourceIPAddress": "127.0.0.1", "userAgent": response.headers.get("User-Agent", "-")}
    # The id that the caller was answered with.
    entry["requestID"] = headers.get("x-amzn-requestid") or entry["requestID"]
    if status >= 400:
        code, message = _error(service, body)
        entry |= {"errorCode": code, "errorMessage": message}
    silent = status >= 400 or entry["readOnly"]
    entry["requestParameters"] = _request(service, action, _parameters(response))
    entry["responseElements"] = None if silent else _response(service, action, body)
    trail.add(account, region, entry, datetime.now(timezone.utc))


def _parameters(response):
    if not hasattr(response, "params"):
        response.parse_parameters(response.normalized_request)
    params = json.loads(json.dumps(response.params, default=_plain))
    params.pop("DryRun", None)
    return params


def _plain(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _request(service, action, params):
    if service != "ec2":
        return json_names(_redact_json(action, params)) or None
    if "UserData" in params:
        params["UserData"] = _REMOVED
    if action == "ModifyInstanceAttribute" and "Value" in params:
        params["Value"] = _REMOVED
    if not is_flat(action):
        shape = get_service_model("ec2").operation_model(action).input_shape
        return wrapped_request(action, params, shape)
    if action == "RunInstances":
        moved = {name: params.pop(name) for name in ("ImageId", "MinCount", "MaxCount", "KeyName") if name in params}
        return {"instancesSet": {"items": [flat_request(moved)]}, **flat_request(params)}
    return flat_request(params)


def _redact_json(action, params):
    if action == "PutInventory":
        from .ssm_inventory import content_hash

        for item in params.get("Items", []):
            content = item.pop("Content", None)
            if content is not None:
                item.setdefault("ContentHash", content_hash(content))
    if action == "SendCommand" and "Parameters" in params:
        params["Parameters"] = "HIDDEN_DUE_TO_SECURITY_REASONS"
    return params


def _response(service, action, body):
    text = body.decode() if isinstance(body, bytes) else body
    if not text:
        return None
    if text.lstrip().startswith("<"):
        (root, parsed), = xmltodict.parse(text).items()
        if service == "ec2":
            return _flat_answer(parsed) if is_flat(action) else {root: wrapped_response(parsed)}
        return None
    parsed = json_names(json.loads(text))
    if "tokenValue" in parsed:
        parsed["tokenValue"] = _HIDDEN
    return parsed or None


def _flat_answer(parsed):
    """moto leaves out the `return` of the operations that answer nothing else."""
    answer = flat_response(parsed)
    return {**answer, "_return": True} if set(answer) <= {"requestId"} else answer


def _error(service, body):
    text = body.decode() if isinstance(body, bytes) else body
    if text.lstrip().startswith("<"):
        error = next(iter(xmltodict.parse(text).values()))
        error = error.get("Errors", error)["Error"]
        code, message = error["Code"], error.get("Message") or ""
    else:
        error = json.loads(text)
        code = error.get("__type", "InternalFailure").split("#")[-1]
        message = error.get("message") or error.get("Message") or ""
    return (f"Client.{code}" if service == "ec2" else code), message

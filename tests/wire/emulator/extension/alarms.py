"""cloudwatch:DescribeAlarms in its CBOR protocol, which moto does not speak, over alarms that a test orders."""

from . import cbor

_PREFIX = "/service/GraniteServiceVersion20100801/operation/"
# (account, region) -> name -> (kind, state).
_ALARMS = {}


def order(account, region, name, state, composite=False):
    _ALARMS.setdefault((account, region), {})[name] = ("CompositeAlarm" if composite else "MetricAlarm", state)


def action(path):
    """The operation of a request in this protocol."""
    return path.removeprefix(_PREFIX) if path.startswith(_PREFIX) else None


def answer(call, body, start_response):
    asked = cbor.decode(body) if body else {}
    kinds = asked.get("AlarmTypes") or ["MetricAlarm"]
    found = {"MetricAlarm": [], "CompositeAlarm": []}
    for name, (kind, state) in _ALARMS.get((call["account"], call["region"]), {}).items():
        if kind in kinds and name in asked.get("AlarmNames", [name]):
            found[kind].append({"AlarmName": name, "StateValue": state})
    raw = cbor.encode({f"{kind}s": alarms for kind, alarms in found.items()})
    headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    start_response("200 OK", [*headers, ("Content-Length", str(len(raw)))])
    return [raw]

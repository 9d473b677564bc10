"""The log of requests: who called what, how it was answered; and before each change, how everything stood. Tests
judge by it what was done in which order, without asking the program that did it."""

import json
import re
from threading import Lock
from urllib.parse import parse_qs

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.sts.models import sts_backends

from .recorder import READS

_LOCK = Lock()
_CALLS = []
_INSTANCE = re.compile(rb"\bi-[0-9a-f]{17}\b")


def begin(call, body):
    """An entry for a call that is about to be answered."""
    account, region, action = call["account"], call["region"], call["action"]
    write = bool(action) and not action.startswith((*READS, "Simulate"))
    role, session = _caller(account, call["key"])
    fields = parse_qs(body.decode(errors="replace"))
    entry = {
        "service": call["service"],
        "action": action,
        "account": account,
        "region": region,
        "role": role,
        "session": session,
        "write": write,
        "dry_run": fields.get("DryRun") == ["true"],
        "instances": sorted({one.decode() for one in _INSTANCE.findall(body)}),
        "status": None,
    }
    entry["fields"] = {name: values[0] for name, values in fields.items()} if write and role == "enforcer" else {}
    if write and not entry["dry_run"] and role == "enforcer":
        entry["before"] = _world(account, region)
    with _LOCK:
        _CALLS.append(entry)
    return entry


def read():
    with _LOCK:
        return json.dumps(_CALLS).encode()


def clear():
    with _LOCK:
        _CALLS.clear()


def _caller(account, key):
    """Name of the role and of its session; neither for others."""
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(key) if account else None
    return (session.role_arn.rsplit("/", 1)[-1], session.session_name) if session else (None, None)


def _world(account, region):
    """State of every server, health of every target, lifecycle of every member."""
    ec2 = ec2_backends[account][region]
    servers = [one for reservation in list(ec2.reservations.values()) for one in reservation.instances]
    targets = elbv2_backends[account][region].target_groups.values()
    groups = autoscaling_backends[account][region].autoscaling_groups.values()
    return {
        "servers": {one.id: one.state for one in servers},
        "targets": {
            group.name: {one: group.health_for({"Id": one}, ec2).status for one in list(group.targets)}
            for group in list(targets)
        },
        "members": {
            group.name: {one.instance.id: one.lifecycle_state for one in group.instance_states}
            for group in list(groups)
        },
    }

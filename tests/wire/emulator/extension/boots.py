"""What comes after a start, in the time that a test orders: until then the status checks initialise. Then the
machine reports to Systems Manager what its image holds, in its own name, as the agent on it would."""

import time
from datetime import datetime, timezone
from threading import Lock

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance

from . import recorder, ssm_inventory, ssm_nodes, trail

_TAKES = {"seconds": 0.0}
# Image -> type -> content, as it is inside every machine that starts from it.
_INSIDES = {}
_LOCK = Lock()


def order(seconds=None, image=None, inside=None):
    """How long a start takes, and what is inside an image."""
    if seconds is not None:
        _TAKES["seconds"] = float(seconds)
    if image is not None:
        _INSIDES[image] = inside


def seconds():
    return _TAKES["seconds"]


def is_up(instance):
    """Whether it runs and its start is over."""
    began = getattr(instance, "began", None)
    return instance.state == "running" and (began is None or time.time() - began >= _TAKES["seconds"])


def settle(account, region):
    """Lets the agents of machines that are up report for the first time."""
    if not _INSIDES or not region:
        return
    known = ssm_inventory.place(account, region)
    with _LOCK:
        for reservation in list(ec2_backends[account][region].reservations.values()):
            for instance in reservation.instances:
                inside = _INSIDES.get(instance.image_id)
                if inside and instance.id not in known and is_up(instance):
                    _report(account, region, instance, inside)


def _report(account, region, instance, inside):
    now = datetime.now(timezone.utc)
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    items = {
        kind: {
            "TypeName": kind,
            "SchemaVersion": "1.1",
            "CaptureTime": stamp,
            "ContentHash": ssm_inventory.content_hash(content),
            "Content": content,
        }
        for kind, content in inside.items()
    }
    ssm_inventory.place(account, region)[instance.id] = items
    ssm_nodes.register(account, region, instance.id)
    entry = recorder.envelope(_agent(account, instance), "ssm.amazonaws.com", "PutInventory", region, account)
    told = [
        {
            "typeName": kind,
            "schemaVersion": item["SchemaVersion"],
            "captureTime": stamp,
            "contentHash": item["ContentHash"],
        }
        for kind, item in items.items()
    ]
    entry |= {
        "sourceIPAddress": instance.private_ip,
        "userAgent": "aws-sdk-go/1.55.5 amazon-ssm-agent/",
        "requestParameters": {"instanceId": instance.id, "items": told},
        "responseElements": None,
    }
    trail.add(account, region, entry, now)


def _agent(account, instance):
    arn = getattr(instance, "iam_instance_profile_arn", None) or "profile/default"
    role = arn.rsplit("/", 1)[-1]
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE{role.upper()}:{instance.id}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{instance.id}",
        "accountId": account,
        "accessKeyId": f"ASIA{instance.id[2:].upper()[:16]}",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": f"AROAEXAMPLE{role.upper()}",
                "arn": f"arn:aws:iam::{account}:role/{role}",
                "accountId": account,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {"mfaAuthenticated": "false"},
        },
    }


def _checked(original):
    def status(self):
        told = original.fget(self)
        return told if told["Status"] != "ok" or is_up(self) else {"Status": "initializing"}

    return property(status)


def install():
    made, started = Instance.__init__, Instance.start

    def make(self, *args, **kwargs):
        self.began = time.time()
        made(self, *args, **kwargs)

    def start(self):
        if self.state != "running":
            self.began = time.time()
        return started(self)

    Instance.__init__ = make
    Instance.start = start
    Instance.instance_status = _checked(Instance.instance_status)
    Instance.system_status = _checked(Instance.system_status)

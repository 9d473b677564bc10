"""ec2:CreateReplaceRootVolumeTask and DescribeReplaceRootVolumeTasks. The task succeeds at once; the replaced
volume is kept, detached."""

import secrets
from datetime import datetime, timezone

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from .errors import ApiError

# (account, region) -> tasks in the order they came.
_TASKS = {}


def _known(self, token):
    tasks = _TASKS.get((self.current_account, self.region), [])
    return next((task for task in tasks if token and task["_token"] == token), None)


def _replace(backend, instance, volume):
    """Attaches this volume, or a new one, in the place of the root volume."""
    device = instance.root_device_name
    old = instance.block_device_mapping[device].volume_id
    backend.detach_volume(old, instance.id, device)
    if volume is None:
        volume = backend.create_volume(size=8, zone_name=instance.placement.zone).id
    backend.attach_volume(volume, instance.id, device)


def create_replace_root_volume_task(self):
    self.error_on_dryrun()
    instance, token = self._get_param("InstanceId"), self._get_param("ClientToken")
    found = self.ec2_backend.get_instance(instance)
    asked = {name: self._get_param(name) for name in ("ImageId", "SnapshotId", "VolumeId") if self._get_param(name)}
    known = _known(self, token)
    if known is not None:
        if known["_asked"] != (instance, asked):
            raise ApiError("IdempotentParameterMismatch", "The client token was used with other parameters.")
        return ActionResult({"ReplaceRootVolumeTask": known})
    if found.state != "running":
        raise ApiError("IncorrectInstanceState", f"{instance} is not running")
    _replace(self.ec2_backend, found, asked.get("VolumeId"))
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    task = {
        "ReplaceRootVolumeTaskId": f"replacevol-{secrets.token_hex(8)}0",
        "InstanceId": instance,
        "TaskState": "succeeded",
        "StartTime": now,
        "CompleteTime": now,
        "_token": token,
        "_asked": (instance, asked),
    }
    task |= {name: asked[name] for name in ("ImageId", "SnapshotId") if name in asked}
    _TASKS.setdefault((self.current_account, self.region), []).append(task)
    return ActionResult({"ReplaceRootVolumeTask": {**task, "TaskState": "pending"}})


def describe_replace_root_volume_tasks(self):
    tasks = _TASKS.get((self.current_account, self.region), [])
    wanted = self._get_param("ReplaceRootVolumeTaskIds") or []
    instances = self._filters_from_querystring().get("instance-id")
    found = [
        task
        for task in tasks
        if (not wanted or task["ReplaceRootVolumeTaskId"] in wanted)
        and (instances is None or task["InstanceId"] in instances)
    ]
    return ActionResult({"ReplaceRootVolumeTasks": found})


def install():
    EC2Response.create_replace_root_volume_task = create_replace_root_volume_task
    EC2Response.describe_replace_root_volume_tasks = describe_replace_root_volume_tasks

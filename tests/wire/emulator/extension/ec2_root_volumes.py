"""ec2:CreateReplaceRootVolumeTask and DescribeReplaceRootVolumeTasks. The task succeeds at once."""

import secrets
from datetime import datetime, timezone

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

# (account, region) -> tasks in the order they came.
_TASKS = {}


def create_replace_root_volume_task(self):
    instance = self._get_param("InstanceId")
    self.ec2_backend.get_instance(instance)
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    task = {
        "ReplaceRootVolumeTaskId": f"replacevol-{secrets.token_hex(8)}0",
        "InstanceId": instance,
        "TaskState": "succeeded",
        "StartTime": now,
        "CompleteTime": now,
    }
    for name in ("ImageId", "SnapshotId"):
        if self._get_param(name):
            task[name] = self._get_param(name)
    _TASKS.setdefault((self.current_account, self.region), []).append(task)
    return ActionResult({"ReplaceRootVolumeTask": {**task, "TaskState": "pending"}})


def describe_replace_root_volume_tasks(self):
    tasks = _TASKS.get((self.current_account, self.region), [])
    wanted = self._get_param("ReplaceRootVolumeTaskIds") or []
    found = [task for task in tasks if not wanted or task["ReplaceRootVolumeTaskId"] in wanted]
    return ActionResult({"ReplaceRootVolumeTasks": found})


def install():
    EC2Response.create_replace_root_volume_task = create_replace_root_volume_task
    EC2Response.describe_replace_root_volume_tasks = describe_replace_root_volume_tasks

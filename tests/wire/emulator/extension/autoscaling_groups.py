"""autoscaling:LaunchInstances, StartInstanceRefresh and DescribeInstanceRefreshes.

LaunchInstances raises the desired capacity by what it launched. It answers the same for the same token. Where a
test ordered a lack of capacity, it succeeds without an instance and says why.
"""

import secrets

from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from .errors import ApiError

# (account, region, token) -> what was asked, and the answer.
_LAUNCHES = {}
# Subnet -> error code.
_EXHAUSTED = {}
# (account, region, group) -> refreshes, the newest first.
_REFRESHES = {}


def exhaust(subnet, code):
    """Launches into this subnet fail with a code; `None` lifts it."""
    if code is None:
        _EXHAUSTED.pop(subnet, None)
    else:
        _EXHAUSTED[subnet] = code


def _group(self):
    name = self._get_param("AutoScalingGroupName")
    group = self.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise ApiError("ValidationError", f"AutoScalingGroup name not found - {name}")
    return group


def _launch(self, group, subnet):
    if group.desired_capacity >= group.max_size:
        raise ApiError("ValidationError", "The requested capacity would exceed the group's maximum size")
    usual = group.vpc_zone_identifier
    group.vpc_zone_identifier = subnet
    group.replace_autoscaling_group_instances(1, group.get_propagated_tags())
    group.vpc_zone_identifier = usual
    group.desired_capacity += 1
    self.autoscaling_backend.update_attached_target_groups(group.name)
    return group.instance_states[-1].instance


def launch_instances(self):
    group, token = _group(self), self._get_param("ClientToken")
    subnet = (self._get_param("SubnetIds") or [None])[0]
    asked = (group.name, subnet, self._get_param("RequestedCapacity"))
    key = (self.current_account, self.region, token)
    if key in _LAUNCHES:
        if _LAUNCHES[key][0] != asked:
            raise ApiError("IdempotentParameterMismatchError", "The client token was used with other parameters.")
        return ActionResult(_LAUNCHES[key][1])
    if subnet not in (group.vpc_zone_identifier or "").split(","):
        raise ApiError("ValidationError", f"The subnet {subnet} is not part of the group")
    answer = {"AutoScalingGroupName": group.name, "ClientToken": token, "Instances": [], "Errors": []}
    if subnet in _EXHAUSTED:
        answer["Errors"].append(
            {"SubnetId": subnet, "ErrorCode": _EXHAUSTED[subnet], "ErrorMessage": "ordered by the test"}
        )
        return ActionResult(answer)
    instance = _launch(self, group, subnet)
    answer["Instances"].append(
        {"InstanceType": instance.instance_type, "SubnetId": subnet, "InstanceIds": [instance.id]}
    )
    _LAUNCHES[key] = (asked, answer)
    return ActionResult(answer)


def start_instance_refresh(self):
    key = (self.current_account, self.region, _group(self).name)
    refreshes = _REFRESHES.setdefault(key, [])
    if any(one["Status"] == "InProgress" for one in refreshes):
        raise ApiError("InstanceRefreshInProgress", "An instance refresh is under way.")
    refresh = {"InstanceRefreshId": secrets.token_hex(16), "AutoScalingGroupName": key[2], "Status": "InProgress"}
    refreshes.insert(0, refresh)
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


def describe_instance_refreshes(self):
    key = (self.current_account, self.region, _group(self).name)
    return ActionResult({"InstanceRefreshes": _REFRESHES.get(key, [])})


def install():
    AutoScalingResponse.launch_instances = launch_instances
    AutoScalingResponse.start_instance_refresh = start_instance_refresh
    AutoScalingResponse.describe_instance_refreshes = describe_instance_refreshes

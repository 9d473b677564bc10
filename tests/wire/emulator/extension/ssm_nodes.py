"""ssm:DescribeInstanceInformation. A node is managed from its first PutInventory, or when a test says so."""

from datetime import datetime, timezone

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from .paging import page

# (account, region) -> instance id -> what DescribeInstanceInformation says.
_NODES = {}


def nodes(account, region):
    return _NODES.setdefault((account, region), {})


def register(account, region, instance, **said):
    """Makes an instance a managed node, or changes what is said of it."""
    node = nodes(account, region).setdefault(
        instance,
        {
            "InstanceId": instance,
            "PingStatus": "Online",
            "AgentVersion": "3.3.2299.0",
            "IsLatestVersion": True,
            "PlatformType": "Linux",
            "PlatformName": "Amazon Linux",
            "PlatformVersion": "2023",
            "ResourceType": "EC2Instance",
            "ComputerName": f"{instance}.internal",
        },
    )
    node["LastPingDateTime"] = datetime.now(timezone.utc)
    node.update(said)
    return node


def status(account, region, instance):
    """`InstanceStatus` as inventory knows it."""
    for reservation in ec2_backends[account][region].reservations.values():
        for one in reservation.instances:
            if one.id == instance:
                return {"running": "Active", "terminated": "Terminated"}.get(one.state, "Stopped")
    return "Terminated"


def describe_instance_information(self):
    account, region = self.current_account, self.region
    wanted = {
        one.get("Key") or one.get("key"): one.get("Values") or one.get("valueSet") or []
        for one in (self._get_param("Filters") or self._get_param("InstanceInformationFilterList") or [])
    }
    found = [
        node
        for instance, node in sorted(nodes(account, region).items())
        if status(account, region, instance) == "Active"
        and (not wanted.get("InstanceIds") or instance in wanted["InstanceIds"])
        and (not wanted.get("ResourceType") or node["ResourceType"] in wanted["ResourceType"])
    ]
    items, token = page(
        "DescribeInstanceInformation", found, self._get_param("NextToken"), self._get_param("MaxResults"), 50
    )
    return ActionResult({"InstanceInformationList": items, "NextToken": token})


def install():
    SimpleSystemManagerResponse.describe_instance_information = describe_instance_information

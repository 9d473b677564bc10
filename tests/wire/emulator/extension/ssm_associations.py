"""The inventory association of every managed node, and the command that runs it."""

import uuid
from datetime import datetime, timezone

from moto.core.responses import ActionResult
from moto.ssm.responses import SimpleSystemManagerResponse

from . import ssm_inventory, ssm_nodes
from .errors import ApiError

_DOCUMENT = "AWS-GatherSoftwareInventory"
_CONTENT = '{"schemaVersion":"2.0","mainSteps":[{"action":"aws:softwareInventory","name":"collect"}]}'
# Whether DescribeEffectiveInstanceAssociations tells the documents.
_TOLD = {"content": True}


def tell(content):
    _TOLD["content"] = content


def _id(self):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.current_account}/{self.region}"))


def _node(self, instance):
    if instance not in ssm_nodes.nodes(self.current_account, self.region):
        raise ApiError("InvalidInstanceId", f"{instance} is not a managed node")


def describe_effective_instance_associations(self):
    instance = self._get_param("InstanceId")
    _node(self, instance)
    association = {"AssociationId": _id(self), "InstanceId": instance, "AssociationVersion": "1"}
    if _TOLD["content"]:
        association["Content"] = _CONTENT
    other = {"AssociationId": str(uuid.uuid4()), "InstanceId": instance, "Content": '{"schemaVersion":"2.2"}'}
    return ActionResult({"Associations": [other, association]})


def describe_instance_associations_status(self):
    instance = self._get_param("InstanceId")
    _node(self, instance)
    info = {"AssociationId": _id(self), "Name": _DOCUMENT, "InstanceId": instance, "Status": "Success"}
    return ActionResult({"InstanceAssociationStatusInfos": [info]})


def install():
    original = SimpleSystemManagerResponse.send_command

    def send_command(self):
        if self._get_param("DocumentName") == "AWS-RefreshAssociation":
            wanted = (self._get_param("Parameters") or {}).get("associationIds", [])
            for instance in self._get_param("InstanceIds") or []:
                _node(self, instance)
                if not wanted or _id(self) in wanted:
                    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                    ssm_inventory.capture(self.current_account, self.region, instance, now)
        return original(self)

    SimpleSystemManagerResponse.send_command = send_command
    SimpleSystemManagerResponse.describe_effective_instance_associations = describe_effective_instance_associations
    SimpleSystemManagerResponse.describe_instance_associations_status = describe_instance_associations_status

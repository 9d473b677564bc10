"""ssm:PutInventory, GetInventory and ListInventoryEntries.

PutInventory replaces a whole type of a node. GetInventory holds the content only of the one type named in
ResultAttributes, and remembers stopped and terminated nodes.
"""

import base64
import hashlib
import json
import re

from moto.core.responses import ActionResult
from moto.ssm.responses import SimpleSystemManagerResponse

from . import ssm_nodes
from .errors import ApiError
from .paging import page

# (account, region) -> instance -> type -> item.
_ITEMS = {}
_TYPE = re.compile(r"^(AWS|Custom):.{1,90}$")


def place(account, region):
    """Instance -> type -> item."""
    return _ITEMS.setdefault((account, region), {})


def _place(self):
    return place(self.current_account, self.region)


def content_hash(content):
    """The agent's hash: base64 of the MD5 of the content as JSON."""
    return base64.b64encode(hashlib.md5(json.dumps(content).encode()).digest()).decode()


def capture(account, region, instance, now):
    """The node reports again what it reported before."""
    for item in _ITEMS.get((account, region), {}).get(instance, {}).values():
        item["CaptureTime"] = now


def put_inventory(self):
    instance, items = self._get_param("InstanceId"), self._get_param("Items") or []
    known = _place(self).setdefault(instance, {})
    for item in items:
        name = item["TypeName"]
        if not _TYPE.match(name):
            raise ApiError("InvalidTypeNameException", f"{name} is no inventory type")
        if "Content" not in item:
            if known.get(name, {}).get("ContentHash") != item.get("ContentHash"):
                raise ApiError("InvalidItemContentException", "the content hash is not known")
            known[name]["CaptureTime"] = item["CaptureTime"]
            continue
        known[name] = {
            "TypeName": name,
            "SchemaVersion": item["SchemaVersion"],
            "CaptureTime": item["CaptureTime"],
            "ContentHash": item.get("ContentHash") or content_hash(item["Content"]),
            "Content": item["Content"],
        }
    ssm_nodes.register(self.current_account, self.region, instance)
    return ActionResult({})


def _matches(self, instance, condition):
    key, values, kind = condition["Key"], condition["Values"], condition.get("Type", "Equal")
    if key == "AWS:InstanceInformation.InstanceStatus":
        value = ssm_nodes.status(self.current_account, self.region, instance)
    elif key == "AWS:InstanceInformation.InstanceId":
        value = instance
    else:
        node = ssm_nodes.nodes(self.current_account, self.region).get(instance, {})
        value = str(node.get(key.removeprefix("AWS:InstanceInformation."), ""))
    if kind == "NotEqual":
        return value not in values
    if kind == "BeginWith":
        return any(value.startswith(one) for one in values)
    return value in values


def get_inventory(self):
    wanted = [one["TypeName"] for one in self._get_param("ResultAttributes") or []]
    if len(wanted) > 1:
        raise ApiError("InvalidResultAttributeException", "one type at a time")
    kind = wanted[0] if wanted else "AWS:InstanceInformation"
    known = _place(self)
    if kind.startswith("Custom:") and not any(kind in items for items in known.values()):
        raise ApiError("InvalidTypeNameException", f"{kind} is not known")
    conditions = self._get_param("Filters") or []
    entities = [
        {"Id": instance, "Data": {kind: items[kind]} if kind in items else {}}
        for instance, items in sorted(known.items())
        if all(_matches(self, instance, condition) for condition in conditions)
    ]
    items, token = page("GetInventory", entities, self._get_param("NextToken"), self._get_param("MaxResults"), 50)
    return ActionResult({"Entities": items, "NextToken": token})


def list_inventory_entries(self):
    instance, kind = self._get_param("InstanceId"), self._get_param("TypeName")
    known = _place(self)
    if instance not in known:
        raise ApiError("InvalidInstanceId", f"{instance} is not a managed node")
    item = known[instance].get(kind, {"SchemaVersion": "1.0", "Content": []})
    entries, token = page(
        "ListInventoryEntries", item["Content"], self._get_param("NextToken"), self._get_param("MaxResults"), 50
    )
    answer = {
        "TypeName": kind,
        "InstanceId": instance,
        "SchemaVersion": item["SchemaVersion"],
        "Entries": entries,
        "NextToken": token,
    }
    if "CaptureTime" in item:
        answer["CaptureTime"] = item["CaptureTime"]
    return ActionResult(answer)


def install():
    SimpleSystemManagerResponse.put_inventory = put_inventory
    SimpleSystemManagerResponse.get_inventory = get_inventory
    SimpleSystemManagerResponse.list_inventory_entries = list_inventory_entries

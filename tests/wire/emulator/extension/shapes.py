"""Requests and answers in the shapes in which CloudTrail records them.

EC2 has two. Operations of its API versions up to 2014-10-01 are logged flat: camelCase names, lists as
`xSet.items`. Younger ones are logged wrapped: the query names under `<Operation>Request`, list elements with
their position in `tag`. botocore ships the old API versions, so the age of an operation is looked up there.
Other services are logged as their JSON with the first letter of each name lowered.
"""

import functools
import re
from datetime import datetime

from botocore.loaders import Loader

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[0-9:.]+Z$")

# How flat records name a list, and the key of its elements when those are bare ids.
_FLAT_LISTS = {
    "BlockDeviceMappings": ("blockDeviceMapping", None),
    "GroupIds": ("groupSet", "groupId"),
    "Groups": ("groupSet", "groupId"),
    "InstanceIds": ("instancesSet", "instanceId"),
    "IpPermissions": ("ipPermissions", None),
    "IpRanges": ("ipRanges", None),
    "Ipv6Ranges": ("ipv6Ranges", None),
    "NetworkInterfaces": ("networkInterfaceSet", None),
    "PrefixListIds": ("prefixListIds", None),
    "PublicKeys": ("publicKeys", None),
    "Resources": ("resourcesSet", "resourceId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "TagSpecifications": ("tagSpecificationSet", None),
    "Tags": ("tagSet", None),
    "UserIdGroupPairs": ("groups", None),
}


@functools.cache
def _flat_operations():
    loader = Loader()
    names = set()
    for version in ("2014-09-01", "2014-10-01"):
        names |= set(loader.load_service_model("ec2", "service-2", api_version=version)["operations"])
    return frozenset(names)


def is_flat(operation):
    """Whether EC2 logs this operation in the old shape."""
    return operation in _flat_operations()


def lower_first(name):
    return name[:1].lower() + name[1:]


def json_names(value):
    """JSON services: names with their first letter lowered, map keys included."""
    if isinstance(value, dict):
        return {lower_first(key): json_names(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [json_names(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def flat_request(value):
    """An EC2 request in the flat shape."""
    if isinstance(value, dict):
        return dict(_flat_member(key, one) for key, one in value.items() if one is not None)
    return value.decode() if isinstance(value, bytes) else value


def _flat_member(name, value):
    if not isinstance(value, list):
        return lower_first(name), flat_request(value)
    singular = name[:-1] if name.endswith("s") else name
    as_list, key = _FLAT_LISTS.get(name, (f"{lower_first(singular)}Set", None))
    if name == "TagSpecifications":
        return as_list, {"items": [_tag_specification(one) for one in value]}
    items = [
        flat_request(one) if isinstance(one, dict) else {key or lower_first(singular): flat_request(one)}
        for one in value
    ]
    return as_list, {"items": items} if items else {}


def _tag_specification(value):
    return {"resourceType": value.get("ResourceType"), "tags": [flat_request(tag) for tag in value.get("Tags", [])]}


def wrapped_request(operation, value, shape):
    """An EC2 request in the wrapped shape; one without parameters is an empty text."""
    inner = _wrapped(value, shape)
    return {f"{operation}Request": inner or ""}


def _wrapped(value, shape):
    out = {}
    for name, one in value.items():
        member = shape.members[name]
        plain = member.serialization.get("queryName") or member.serialization.get("name", name)
        key = plain[:1].upper() + plain[1:]
        if member.type_name == "list":
            elements = [_element(index, each, member.member) for index, each in enumerate(one, 1)]
            out[key] = elements[0] if len(elements) == 1 else elements
        elif member.type_name == "structure":
            out[key] = _wrapped(one, member)
        else:
            out[key] = one.decode() if isinstance(one, bytes) else one
    return out


def _element(index, value, shape):
    if shape.type_name == "structure":
        return {**_wrapped(value, shape), "tag": index}
    return {"content": value, "tag": index}


def flat_response(value):
    """A parsed EC2 answer in the flat shape: `item` becomes a list called `items`."""
    if value is None:
        return {}
    if isinstance(value, list):
        return [flat_response(one) for one in value]
    if not isinstance(value, dict):
        return _flat_scalar(value)
    out = {}
    for key, one in value.items():
        if key.startswith("@"):
            continue
        if key == "item":
            out["items"] = flat_response(one if isinstance(one, list) else [one])
        else:
            out["_return" if key == "return" else key] = flat_response(one)
    return out


def wrapped_response(value):
    """A parsed EC2 answer in the wrapped shape: XML as it stands, an empty element as an empty text."""
    if value is None:
        return ""
    if isinstance(value, list):
        return [wrapped_response(one) for one in value]
    if isinstance(value, dict):
        return {key.lstrip("@"): wrapped_response(one) for key, one in value.items()}
    return typed(value)


def _flat_scalar(text):
    """Flat answers hold times in milliseconds, and keep account ids as text."""
    if _TIME.match(text):
        return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
    return text if len(text) == 12 else typed(text)


def typed(text):
    """CloudTrail types the scalars of XML again."""
    if text in ("true", "false"):
        return text == "true"
    if text.isdigit() and len(text) < 16:
        return int(text)
    return text

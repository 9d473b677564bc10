"""Whether a session of a role that has policies may make a call: the role's inline policies and the session's own
must both allow it on every resource that it names, with their conditions. Roles without policies may do anything."""

import json
import re
from urllib.parse import parse_qs, unquote

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from .iam_simulation import holds, listed, matches

_KINDS = {
    "acl": "network-acl",
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "sg": "security-group",
    "subnet": "subnet",
    "vol": "volume",
}
_ID = re.compile(r"^([a-z]+)-[0-9a-f]{8,17}$")
# What a call makes, by the kinds that its policy statements name (Service Authorization Reference).
_MADE = {"RunInstances": ("instance", "network-interface", "volume"), "CreateSnapshots": ("snapshot",)}
_NAMES = {"elasticloadbalancing": "elasticloadbalancing", "monitoring": "cloudwatch"}
_READS = ("Describe", "Get", "List", "Simulate")


def may(call, body):
    """Whether the call is allowed."""
    session = sts_backends[call["account"]]["aws"].get_assumed_role_from_access_key(call["key"])
    if session is None:
        return True
    role = next((one for one in iam_backends[call["account"]]["aws"].roles.values() if one.arn == session.role_arn), None)
    if role is None or not role.policies:
        return True
    documents = [[json.loads(unquote(text)) for text in role.policies.values()]]
    if getattr(session, "policy_document", None):
        documents.append([json.loads(session.policy_document)])
    asked = list(_asked(call, body))
    return all(_allowed(documents, *one) for one in asked)


def _allowed(documents, action, resource, context):
    for policies in documents:
        effects = {
            statement["Effect"]
            for policy in policies
            for statement in listed(policy["Statement"])
            if matches(action, listed(statement["Action"]), fold=True)
            and _names(statement, resource)
            and holds(statement.get("Condition", {}), context)
        }
        if "Deny" in effects or "Allow" not in effects:
            return False
    return True


def _names(statement, resource):
    if "NotResource" in statement:
        return not matches(resource, listed(statement["NotResource"]))
    return matches(resource, listed(statement["Resource"]))


def _asked(call, body):
    """(action, resource, context) of everything that must be allowed."""
    service, name = _NAMES.get(call["service"], call["service"]), call["action"]
    action, context = f"{service}:{name}", {"aws:RequestedRegion": [call["region"]]}
    if name.startswith(_READS):
        yield action, "*", context
    elif service == "ec2":
        yield from _ec2(call, parse_qs(body.decode()), action, context)
    elif service == "ssm":
        yield from _ssm(call, json.loads(body), action, context)
    else:
        fields = parse_qs(body.decode())
        role = fields.get("RoleName", [None])[0]
        arn = f"arn:aws:iam::{call['account']}:role/{role}" if role else fields.get("TargetGroupArn", ["*"])[0]
        yield action, arn, context


def _arn(call, kind, one):
    return f"arn:aws:ec2:{call['region']}:{call['account']}:{kind}/{one}"


def _tags(call, one):
    return {tag["key"]: tag["value"] for tag in ec2_backends[call["account"]][call["region"]].describe_tags({"resource-id": [one]})}


def _with_tags(context, tags, prefixes):
    return context | {f"{prefix}/{key}": [value] for key, value in tags.items() for prefix in prefixes}


def _ec2(call, fields, action, context):
    backend = ec2_backends[call["account"]][call["region"]]
    keys = [name for name in fields if re.search(r"(^|\.)Tag\.\d+\.Key$", name)]
    requested = {fields[key][0]: fields.get(key.replace(".Key", ".Value"), [""])[0] for key in keys}
    if requested:
        context = _with_tags(context, requested, ["aws:RequestTag"]) | {"aws:TagKeys": list(requested)}
    ids = {value for values in fields.values() for value in values if _ID.match(value)}
    association = fields.get("AssociationId", [""])[0]
    ids |= {
        one.instance.id
        for one in backend.iam_instance_profile_associations.values()
        if one.association_id == association
    }
    for one in sorted(ids):
        kind = _KINDS.get(_ID.match(one)[1])
        if kind:
            yield action, _arn(call, kind, one), _with_tags(context, _tags(call, one), ["aws:ResourceTag", "ec2:ResourceTag"])
    for kind in _MADE.get(call["action"], ()):
        yield action, _arn(call, kind, "*"), context
        if requested:
            yield "ec2:CreateTags", _arn(call, kind, "*"), context | {"ec2:CreateAction": [call["action"]]}
    profile = next((values[0] for name, values in fields.items() if name.startswith("IamInstanceProfile.")), None)
    if profile:
        known = iam_backends[call["account"]]["aws"].instance_profiles.values()
        roles = [role for one in known if profile in (one.arn, one.name) for role in one.roles]
        for role in roles:
            yield "iam:PassRole", role.arn, {"iam:PassedToService": ["ec2.amazonaws.com"]}


def _ssm(call, asked, action, context):
    yield action, f"arn:aws:ssm:{call['region']}::document/{asked.get('DocumentName')}", context
    for one in asked.get("InstanceIds") or []:
        yield action, _arn(call, "instance", one), _with_tags(context, _tags(call, one), ["ssm:resourceTag"])

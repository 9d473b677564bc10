"""AssumeRole checks the external id that the role's trust policy asks for, and remembers the source identity."""

import json
from datetime import datetime, timezone

from moto.iam.models import iam_backends
from moto.sts.models import STSBackend
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition

from .errors import ApiError


class AccessDenied(ApiError):
    code = "AccessDenied"


def create(arn, external_id):
    """Makes a role that asks for an external id."""
    account, name = arn.split(":")[4], arn.rsplit("/", 1)[-1]
    condition = {"StringEquals": {"sts:ExternalId": external_id}} if external_id else {}
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": condition}
    iam_backends[account]["aws"].create_role(
        role_name=name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )


def _wanted(role_arn, region):
    account = role_arn.split(":")[4]
    backend = iam_backends[account][get_partition(region)]
    role = next((role for role in backend.roles.values() if role.arn == role_arn), None)
    if role is None:
        return None
    for statement in json.loads(role.assume_role_policy_document or "{}").get("Statement", []):
        found = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
        if found:
            return found
    return None


def install():
    checked = STSBackend.assume_role
    answered = TokenResponse.assume_role

    def check(self, **kwargs):
        wanted = _wanted(kwargs["role_arn"], kwargs["region_name"])
        if wanted is not None and kwargs.get("external_id") != wanted:
            raise AccessDenied(f"User is not authorized to perform: sts:AssumeRole on resource: {kwargs['role_arn']}")
        return checked(self, **kwargs)

    def answer(self):
        result = answered(self)
        session = result.result["Credentials"]
        session.started = datetime.now(timezone.utc)
        session.source_identity = self._get_param("SourceIdentity")
        session.policy_document = self._get_param("Policy")
        return result

    STSBackend.assume_role = check
    TokenResponse.assume_role = answer

"""`userIdentity` of a CloudTrail record, from the credentials of the call."""

from datetime import datetime, timezone

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends


def user_identity(response):
    """The caller as CloudTrail writes it: a role session, an IAM user, or the root of the account."""
    account, partition, key = response.current_account, response.partition, response.access_key
    session = sts_backends[account][partition].get_assumed_role_from_access_key(key)
    if session is not None:
        return _role_session(session, account, key)
    user = iam_backends[account][partition].get_user_from_access_key_id(key)
    if user is not None:
        return {
            "type": "IAMUser",
            "principalId": user.id,
            "arn": user.arn,
            "accountId": account,
            "accessKeyId": key,
            "userName": user.name,
        }
    return {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:{partition}:iam::{account}:root",
        "accountId": account,
        "accessKeyId": key,
    }


def _role_session(session, account, key):
    role_name = session.role_arn.rsplit("/", 1)[-1]
    started = getattr(session, "started", None) or datetime.now(timezone.utc)
    identity = {
        "type": "AssumedRole",
        "principalId": session.user_id,
        "arn": session.arn,
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": session.user_id.split(":")[0],
                "arn": session.role_arn,
                "accountId": account,
                "userName": role_name,
            },
            "webIdFederationData": {},
            "attributes": {
                "creationDate": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "mfaAuthenticated": "false",
            },
        },
    }
    source = getattr(session, "source_identity", None)
    if source:
        identity["sessionContext"]["sourceIdentity"] = source
    return identity

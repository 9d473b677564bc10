"""Auto Scaling's own RunInstances calls, which moto makes behind the API, as CloudTrail records them."""

from datetime import datetime, timezone

from moto.ec2.models.instances import InstanceBackend

from . import recorder, trail

_SERVICE = "autoscaling.amazonaws.com"


def _identity(account):
    role = "AWSServiceRoleForAutoScaling"
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEAUTOSCALE:AutoScaling",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/AutoScaling",
        "accountId": account,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLEAUTOSCALE",
                "arn": f"arn:aws:iam::{account}:role/aws-service-role/{_SERVICE}/{role}",
                "accountId": account,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {"mfaAuthenticated": "false"},
        },
        "invokedBy": _SERVICE,
    }


def _record(account, region, image_id, reservation):
    entry = recorder.envelope(_identity(account), "ec2.amazonaws.com", "RunInstances", region, account)
    entry |= {
        "sourceIPAddress": _SERVICE,
        "userAgent": _SERVICE,
        "requestParameters": {
            "instancesSet": {"items": [{"imageId": image_id, "minCount": 1, "maxCount": len(reservation.instances)}]}
        },
        "responseElements": {
            "reservationId": reservation.id,
            "ownerId": account,
            "instancesSet": {"items": [{"instanceId": one.id, "imageId": image_id} for one in reservation.instances]},
        },
    }
    trail.add(account, region, entry, datetime.now(timezone.utc))


def install():
    original = InstanceBackend.run_instances

    def run_instances(self, image_id, *args, **kwargs):
        reservation = original(self, image_id, *args, **kwargs)
        if recorder.current_service() == "autoscaling":
            _record(self.account_id, self.region_name, image_id, reservation)
        return reservation

    InstanceBackend.run_instances = run_instances

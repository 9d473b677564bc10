"""Trails beyond moto: what S3 answers their deliveries, and the keys of their digest files."""

from datetime import datetime, timezone

from moto.cloudtrail.models import TrailStatus, cloudtrail_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends

# trail name -> fields that GetTrailStatus adds
_DELIVERIES = {}


def order(account, region, name, multi_region=False, validation=True, key=None, topic=None, **delivery):
    """Creates a trail that logs, or says how its deliveries go."""
    backend = cloudtrail_backends[account][region]
    if name not in backend.trails:
        buckets = s3_backends[account]["aws"]
        if "trail" not in buckets.buckets:
            buckets.create_bucket("trail", region)
        if topic is not None:
            sns_backends[account][region].create_topic(topic)
        trail = backend.create_trail(
            name, "trail", None, topic, True, multi_region, validation, False, None, None, key, []
        )
        trail.status.start_logging()
        trail.status.trail_name = name
    _DELIVERIES[name] = delivery


def install():
    plain = TrailStatus.description

    def description(self):
        return {**plain(self), **_DELIVERIES.get(getattr(self, "trail_name", None), {})}

    TrailStatus.description = description
    CloudTrailResponse.list_public_keys = list_public_keys


def list_public_keys(self):
    start, end = (_seconds(self._get_param(name)) for name in ("StartTime", "EndTime"))
    if start is None or end is None or start > end:
        return ActionResult({"PublicKeyList": []})
    # Every region has keys of its own.
    key = {"Fingerprint": f"fingerprint of {self.region}", "Value": f"key of {self.region}".encode()}
    return ActionResult({"PublicKeyList": [key]})


def _seconds(value):
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or timezone.utc).timestamp()
    return None if value is None else float(value)

"""cloudtrail:LookupEvents over what the recorder kept: newest first, one attribute, 50 a page."""

import json
import re
from datetime import datetime, timezone
from threading import Lock

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.responses import ActionResult

from .errors import ApiError
from .paging import page

_LOCK = Lock()
# (account, region) -> events in the order they came.
_EVENTS = {}
_IDS = re.compile(r"\b(?:i|eni|vol|sg)-[0-9a-f]{8,17}\b")
_KEYS = {
    "EventId": lambda event: event["EventId"],
    "EventName": lambda event: event["EventName"],
    "EventSource": lambda event: event["EventSource"],
    "ReadOnly": lambda event: event["ReadOnly"],
    "Username": lambda event: event.get("Username"),
    "AccessKeyId": lambda event: event.get("AccessKeyId"),
}


def add(account, region, entry, now):
    identity = entry["userIdentity"]
    event = {
        "EventId": entry["eventID"],
        "EventName": entry["eventName"],
        "EventSource": entry["eventSource"],
        "EventTime": now,
        "ReadOnly": "true" if entry["readOnly"] else "false",
        "Username": identity.get("userName") or identity["arn"].rsplit("/", 1)[-1],
        "AccessKeyId": identity.get("accessKeyId"),
        "Resources": [{"ResourceName": one} for one in _named(entry)],
        "CloudTrailEvent": json.dumps(entry),
    }
    with _LOCK:
        _EVENTS.setdefault((account, region), []).append(event)


def forget():
    """What was done before this is older than what the trail keeps."""
    with _LOCK:
        _EVENTS.clear()


def _named(entry):
    return sorted(set(_IDS.findall(json.dumps([entry["requestParameters"], entry["responseElements"]]))))


def _time(value):
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return datetime.fromtimestamp(float(value), timezone.utc)


def _holds(event, attribute):
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key == "ResourceName":
        return any(one["ResourceName"] == value for one in event["Resources"])
    return _KEYS[key](event) == value


def lookup_events(self):
    attributes = self._get_param("LookupAttributes") or []
    if len(attributes) > 1:
        raise ApiError("InvalidLookupAttributesException", "You can specify one lookup attribute.")
    # The token pins what existed when the first page was read: new events do not move the pages.
    token = self._get_param("NextToken") or ""
    place = (self.current_account, self.region)
    with _LOCK:
        events = list(_EVENTS.get(place, []))
    until, position = token.split(":") if token else (str(len(events)), "0")
    start, end = self._get_param("StartTime"), self._get_param("EndTime")
    found = [
        event
        for event in reversed(events[: int(until)])
        if all(_holds(event, attribute) for attribute in attributes)
        and (start is None or event["EventTime"] >= _time(start))
        and (end is None or event["EventTime"] <= _time(end))
    ]
    items, following = page("LookupEvents", found, position, self._get_param("MaxResults"), 50)
    return ActionResult({"Events": items, "NextToken": f"{until}:{following}" if following else None})


def install():
    CloudTrailResponse.lookup_events = lookup_events

"""Page sizes the test asks for, so that paging is seen without a thousand instances."""

from moto.ec2.responses import EC2Response
from moto.ec2.responses.instances import InstanceResponse

_CAPS = {}


def cap(operation, size):
    """Caps the pages of one operation; `None` lifts the cap."""
    if size is None:
        _CAPS.pop(operation, None)
    else:
        _CAPS[operation] = int(size)


def page(operation, items, token, asked, largest):
    """The items of one page and the token of the next. The token is the position."""
    size = min(int(asked or largest), largest, _CAPS.get(operation, largest))
    start = int(token or 0)
    end = start + size
    return items[start:end], str(end) if end < len(items) else None


def install():
    original = InstanceResponse.describe_instances

    def describe_instances(self):
        asked = self.params.get("MaxResults")
        limit = _CAPS.get("DescribeInstances")
        if asked and limit:
            self.params["MaxResults"] = min(int(asked), limit)
        return original(self)

    InstanceResponse.describe_instances = describe_instances
    assert issubclass(EC2Response, InstanceResponse)

"""ModifyInstanceAttribute(userData) takes the blob as clients send it: encoded once."""

import base64

from moto.ec2.models.instances import InstanceBackend


def _encoded(value):
    raw = value if isinstance(value, bytes) else str(value).encode()
    try:
        base64.b64decode(raw, validate=True)
        return raw.decode()
    except ValueError:
        return base64.b64encode(raw).decode()


def install():
    from moto.ec2.responses import instances

    plain = instances.parse_user_data

    def parse(value):
        return plain(_encoded(value)) if value is not None else None

    instances.parse_user_data = parse
    assert hasattr(InstanceBackend, "modify_instance_attribute")

"""Instance profiles without an IAM client in the tests."""

from moto.iam.models import iam_backends


def create(account, name):
    """Makes an instance profile that holds no role."""
    iam_backends[account]["aws"].create_instance_profile(name=name, path="/", role_names=[], tags=[])

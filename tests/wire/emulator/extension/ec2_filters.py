"""DescribeInstances by client token and by instance profile; DescribeVolumes names the one unknown volume."""

from moto.ec2 import utils
from moto.ec2.exceptions import InvalidVolumeIdError
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.instances import Instance


def _profile_arn(self):
    profile = self.iam_instance_profile
    return profile.get("Arn") if isinstance(profile, dict) else getattr(profile, "arn", None)


def install():
    Instance.iam_instance_profile_arn = property(_profile_arn)
    utils.filter_dict_attribute_mapping |= {
        "client-token": "client_token",
        "iam-instance-profile.arn": "iam_instance_profile_arn",
    }
    described = EBSBackend.describe_volumes

    def describe_volumes(self, volume_ids=None, filters=None):
        for unknown in [one for one in volume_ids or [] if one not in self.volumes]:
            raise InvalidVolumeIdError(unknown)
        return described(self, volume_ids, filters)

    EBSBackend.describe_volumes = describe_volumes

"""ReplaceIamInstanceProfileAssociation shows in DescribeInstances, and gives a new association id."""

from moto.ec2.models.iam_instance_profile import IamInstanceProfileAssociationBackend as Backend
from moto.ec2.utils import random_iam_instance_profile_association_id


def install():
    original = Backend.replace_iam_instance_profile_association

    def replace(self, *args, **kwargs):
        association = original(self, *args, **kwargs)
        association.association_id = random_iam_instance_profile_association_id()
        association.instance.iam_instance_profile = association.iam_instance_profile
        return association

    Backend.replace_iam_instance_profile_association = replace

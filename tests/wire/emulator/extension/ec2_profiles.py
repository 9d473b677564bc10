"""Replacing and taking a profile show in DescribeInstances; replacing gives a new association id."""

from moto.ec2.models.iam_instance_profile import IamInstanceProfileAssociationBackend as Backend
from moto.ec2.utils import random_iam_instance_profile_association_id


def install():
    original = Backend.replace_iam_instance_profile_association
    taken = Backend.disassociate_iam_instance_profile

    def replace(self, *args, **kwargs):
        association = original(self, *args, **kwargs)
        association.association_id = random_iam_instance_profile_association_id()
        association.instance.iam_instance_profile = association.iam_instance_profile
        return association

    def disassociate(self, association_id):
        association = taken(self, association_id)
        association.instance.iam_instance_profile = None
        return association

    Backend.replace_iam_instance_profile_association = replace
    Backend.disassociate_iam_instance_profile = disassociate

"""ModifyInstanceAttribute(groups) changes the groups of the primary interface, and of no other."""

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import InstanceBackend


def _group_set(interface):
    if interface._group_set:
        return interface._group_set
    return interface.instance.security_groups if interface.instance else []


def install():
    original = InstanceBackend.modify_instance_security_groups

    def modify(self, instance_id, new_group_id_list):
        instance = original(self, instance_id, new_group_id_list)
        if 0 in instance.nics:
            instance.nics[0]._group_set = list(instance.security_groups)
        return instance

    InstanceBackend.modify_instance_security_groups = modify
    NetworkInterface.group_set = property(_group_set)

"""ModifyInstanceAttribute(instanceInitiatedShutdownBehavior)."""

from moto.core.responses import EmptyResult
from moto.ec2.responses.instances import InstanceResponse


def install():
    original = InstanceResponse.modify_instance_attribute

    def modify(self):
        behavior = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if behavior is None:
            return original(self)
        self.error_on_dryrun()
        self.ec2_backend.get_instance(self._get_param("InstanceId")).instance_initiated_shutdown_behavior = behavior
        return EmptyResult()

    InstanceResponse.modify_instance_attribute = modify

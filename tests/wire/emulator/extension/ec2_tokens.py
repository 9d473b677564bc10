"""RunInstances(ClientToken): the same token in the same zone gives the same instance, with other parameters an
error, and after that instance ended another one. In another zone it launches another instance."""

import json

from moto.core.responses import ActionResult
from moto.ec2.responses.instances import InstanceResponse

from .errors import ApiError

# (account, region, zone, token) -> what was asked, and the reservation.
_LAUNCHES = {}


def _zone(self):
    subnet = self._get_param("SubnetId")
    if subnet:
        return self.ec2_backend.get_subnet(subnet).availability_zone
    return self._get_param("Placement.AvailabilityZone") or ""


def install():
    original = InstanceResponse.run_instances

    def run_instances(self):
        token = self._get_param("ClientToken")
        if not token or self._get_bool_param("DryRun", False):
            return original(self)
        key = (self.current_account, self.region, _zone(self), token)
        asked = json.dumps(self.params, sort_keys=True, default=str)
        known = _LAUNCHES.get(key)
        if known is None:
            answer = original(self)
            _LAUNCHES[key] = (asked, answer.result)
            return answer
        if known[0] != asked:
            raise ApiError("IdempotentParameterMismatch", "The client token was used with other parameters.")
        if all(instance.state == "terminated" for instance in known[1].instances):
            raise ApiError("IdempotentInstanceTerminated", "The instance of this client token is terminated.")
        return ActionResult(known[1])

    InstanceResponse.run_instances = run_instances

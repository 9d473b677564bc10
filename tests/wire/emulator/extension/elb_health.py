"""Health of registered targets: one that was just registered is `initial` for as long as a start takes; one whose
server is not up, or whose interfaces let nothing in does not answer."""

import time

from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from . import boots


def _closed(instance):
    """Whether a check cannot reach it: no group of its interfaces has any rule."""
    interfaces = list(instance.nics.values())
    groups = [group for interface in interfaces for group in interface.group_set]
    return bool(groups) and all(not group.ingress_rules and not group.egress_rules for group in groups)


def install():
    registered, judged = FakeTargetGroup.register, FakeTargetGroup.health_for

    def register(self, targets):
        known = set(self.targets)
        registered(self, targets)
        times = self.__dict__.setdefault("registered_at", {})
        for target in targets:
            if target["Id"] not in known:
                times[target["Id"]] = time.time()

    def health_for(self, target, ec2_backend):
        health = judged(self, target, ec2_backend)
        if health.status != "healthy":
            return health
        instance = ec2_backend.get_instance_by_id(target["Id"])
        if time.time() - self.__dict__.get("registered_at", {}).get(target["Id"], 0) < boots.seconds():
            state, reason, told = "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
        elif instance is not None and (not boots.is_up(instance) or _closed(instance)):
            state, reason, told = "unhealthy", "Target.Timeout", "Request timed out"
        else:
            return health
        return FakeHealthStatus(health.instance_id, health.port, self.health_check_port, state, reason, told)

    FakeTargetGroup.register = register
    FakeTargetGroup.health_for = health_for

"""A deregistered target drains before it is gone; one that is registered under another port stays."""

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

# How often a target is still seen draining.
_SEEN = 2


def install():
    described = ELBv2Backend.describe_target_health

    def deregister(self, targets):
        draining = self.__dict__.setdefault("draining", {})
        for target in targets:
            known = self.targets.get(target["Id"])
            # A target that is not registered is no error.
            if known is None or str(target.get("Port", self.port)) != str(known["Port"]):
                continue
            self.targets.pop(target["Id"])
            draining[target["Id"]] = [known["Port"], _SEEN]

    def describe_target_health(self, target_group_arn, targets):
        statuses = described(self, target_group_arn, targets)
        group = self.target_groups[target_group_arn]
        draining = group.__dict__.setdefault("draining", {})
        for target in list(draining):
            port, left = draining[target]
            if target in group.targets or left == 0:
                del draining[target]
                continue
            draining[target][1] -= 1
            reason = "Target.DeregistrationInProgress"
            if not targets:
                statuses.append(FakeHealthStatus(target, port, group.health_check_port, "draining", reason, "draining"))
        return statuses

    FakeTargetGroup.deregister = deregister
    ELBv2Backend.describe_target_health = describe_target_health

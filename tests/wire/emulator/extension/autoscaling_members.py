"""Members that come and go: those in service are registered at the group's target groups, those that leave or stand
by are taken out. What is no member, or in another state, is refused."""

from moto.autoscaling.models import AutoScalingBackend as Backend

from .errors import ApiError


def _serving(group):
    return {one.instance.id for one in group.instance_states if one.lifecycle_state == "InService"}


def _update(self, group_name):
    group = self.autoscaling_groups[group_name]
    if not group.target_group_arns:
        return
    before, now = group.__dict__.setdefault("registered", set()), _serving(group)
    for arn in group.target_group_arns:
        targets = self.elbv2_backend.target_groups[arn]
        running = [one for one in now - before if self.ec2_backend.get_instance(one).state == "running"]
        targets.register([{"Id": one, "Port": targets.port} for one in sorted(running)])
        targets.deregister([{"Id": one, "Port": targets.port} for one in sorted(before - now)])
    group.registered = now


def _check(self, group_name, instance_ids, state):
    group = self.autoscaling_groups[group_name]
    states = {one.instance.id: one.lifecycle_state for one in group.instance_states}
    for one in instance_ids:
        if one not in states:
            raise ApiError("ValidationError", f"The instance {one} is not part of Auto Scaling group {group_name}.")
        if state is not None and states[one] != state:
            raise ApiError("ValidationError", f"The instance {one} is not in {state}.")


def _least(self, group_name, leaving):
    group = self.autoscaling_groups[group_name]
    if group.desired_capacity - leaving < group.min_size:
        raise ApiError(
            "ValidationError",
            f"Currently, desiredSize equals {group.desired_capacity}. Decrementing it would violate the group's "
            f"min size constraint of {group.min_size}.",
        )


def install():
    detached, stood_by, came_back = Backend.detach_instances, Backend.enter_standby_instances, Backend.exit_standby_instances
    ended = Backend.notify_terminate_instances

    def detach(self, group_name, instance_ids, should_decrement):
        _check(self, group_name, instance_ids, None)
        if should_decrement:
            _least(self, group_name, len(instance_ids))
        return detached(self, group_name, instance_ids, should_decrement)

    def stand_by(self, group_name, instance_ids, should_decrement):
        _check(self, group_name, instance_ids, "InService")
        return stood_by(self, group_name, instance_ids, should_decrement)

    def come_back(self, group_name, instance_ids):
        _check(self, group_name, instance_ids, "Standby")
        return came_back(self, group_name, instance_ids)

    def end(self, instance_ids):
        ended(self, instance_ids)
        for name in self.autoscaling_groups:
            self.update_attached_target_groups(name)

    Backend.detach_instances = detach
    Backend.enter_standby_instances = stand_by
    Backend.exit_standby_instances = come_back
    Backend.notify_terminate_instances = end
    Backend.update_attached_target_groups = _update

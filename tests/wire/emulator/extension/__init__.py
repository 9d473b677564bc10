"""What moto lacks for the wire tests. One file is one service or one correction."""

from . import (
    autoscaling_groups,
    autoscaling_launches,
    autoscaling_members,
    boots,
    ec2_addresses,
    ec2_filters,
    ec2_groups,
    ec2_interfaces,
    ec2_profiles,
    ec2_root_volumes,
    ec2_shutdown,
    ec2_tokens,
    ec2_user_data,
    elb_draining,
    elb_health,
    iam_simulation,
    paging,
    recorder,
    ssm_associations,
    ssm_inventory,
    ssm_nodes,
    ssm_sessions,
    sts_roles,
    trail,
    trails,
)

_PARTS = (
    autoscaling_groups,
    autoscaling_launches,
    autoscaling_members,
    boots,
    ec2_addresses,
    ec2_filters,
    ec2_groups,
    ec2_interfaces,
    ec2_profiles,
    ec2_root_volumes,
    ec2_shutdown,
    ec2_tokens,
    ec2_user_data,
    elb_draining,
    elb_health,
    iam_simulation,
    paging,
    recorder,
    ssm_associations,
    ssm_inventory,
    ssm_nodes,
    ssm_sessions,
    sts_roles,
    trail,
    trails,
)


def install():
    """Adds the missing actions to moto's response classes and hooks the recorder into its dispatch."""
    for part in _PARTS:
        part.install()

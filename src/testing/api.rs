//! The API names under which calls are counted and failed, as IAM spells them.

pub(super) const CALLER: &str = "sts:GetCallerIdentity";
pub(super) const INSTANCES: &str = "ec2:DescribeInstances";
pub(super) const VOLUMES: &str = "ec2:DescribeVolumes";
pub(super) const IMAGES: &str = "ec2:DescribeImages";
pub(super) const PROFILES: &str = "ec2:DescribeIamInstanceProfileAssociations";
pub(super) const ADDRESSES: &str = "ec2:DescribeAddresses";
pub(super) const USER_DATA: &str = "ec2:DescribeInstanceAttribute";
pub(super) const GROUPS: &str = "autoscaling:DescribeAutoScalingGroups";
pub(super) const TARGET_GROUPS: &str = "elasticloadbalancing:DescribeTargetGroups";
pub(super) const TARGET_HEALTH: &str = "elasticloadbalancing:DescribeTargetHealth";
pub(super) const NODES: &str = "ssm:DescribeInstanceInformation";
pub(super) const INVENTORY: &str = "ssm:GetInventory";
pub(super) const INVENTORY_ENTRIES: &str = "ssm:ListInventoryEntries";
pub(super) const LOOKUP: &str = "cloudtrail:LookupEvents";
pub(super) const STATUS: &str = "ec2:DescribeInstanceStatus";
pub(super) const SNAPSHOTS: &str = "ec2:DescribeSnapshots";
pub(super) const ROOT_TASKS: &str = "ec2:DescribeReplaceRootVolumeTasks";
pub(super) const SECURITY_GROUPS: &str = "ec2:DescribeSecurityGroups";
pub(super) const ACLS: &str = "ec2:DescribeNetworkAcls";
pub(super) const PROFILE: &str = "iam:GetInstanceProfile";
pub(super) const ROLE_POLICY: &str = "iam:GetRolePolicy";
pub(super) const CONSOLE: &str = "ec2:GetConsoleOutput";
pub(super) const PARAMETER: &str = "ssm:GetParameter";
pub(super) const ALARMS: &str = "cloudwatch:DescribeAlarms";
pub(super) const SIMULATE: &str = "iam:SimulatePrincipalPolicy";

//! The IAM actions that reading needs.

/// What [`AwsCloud`](super::AwsCloud) calls to read buckets and queues. Encrypted ones need `kms:Decrypt` as well, which
/// the services call.
pub const LOG_ACTIONS: [&str; 6] = [
    "s3:GetObject",
    "s3:ListBucket",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

/// What [`AwsCloud`](super::AwsCloud) calls to put heads of the audit log into a bucket with object lock, and to read them
/// back. `s3:PutObjectRetention` is checked by S3 itself.
pub const ANCHOR_ACTIONS: [&str; 4] =
    ["s3:GetBucketObjectLockConfiguration", "s3:ListBucketVersions", "s3:PutObject", "s3:PutObjectRetention"];

/// Every other action that [`AwsCloud`](super::AwsCloud) calls, as IAM spells it, sorted. `sts:GetCallerIdentity`
/// needs no permission; `sts:AssumeRole` is needed by the base credentials only, on the configured roles.
pub const READ_ACTIONS: [&str; 19] = [
    "autoscaling:DescribeAutoScalingGroups",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:ListPublicKeys",
    "cloudtrail:LookupEvents",
    "ec2:DescribeAddresses",
    "ec2:DescribeIamInstanceProfileAssociations",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeVolumes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "ssm:DescribeInstanceInformation",
    "ssm:GetInventory",
    "ssm:ListInventoryEntries",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
];

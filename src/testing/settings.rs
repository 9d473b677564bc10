//! How the simulated account behaves, apart from what is in it.

use std::time::Duration;

/// Items a page, by call. The defaults are the real maxima.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSizes {
    /// `ec2:DescribeInstances`.
    pub instances: usize,
    /// `ec2:DescribeVolumes`.
    pub volumes: usize,
    /// `ec2:DescribeIamInstanceProfileAssociations`.
    pub profile_associations: usize,
    /// `autoscaling:DescribeAutoScalingGroups`, in groups.
    pub groups: usize,
    /// `elasticloadbalancing:DescribeTargetGroups`.
    pub target_groups: usize,
    /// `ssm:DescribeInstanceInformation`.
    pub nodes: usize,
    /// `ssm:GetInventory`, in nodes.
    pub inventory: usize,
    /// `ssm:ListInventoryEntries`, in rows.
    pub entries: usize,
    /// `cloudtrail:LookupEvents`.
    pub events: usize,
    /// `s3:ListBucket`.
    pub objects: usize,
}

impl Default for PageSizes {
    fn default() -> Self {
        Self {
            instances: 1000,
            volumes: 500,
            profile_associations: 1000,
            groups: 100,
            target_groups: 400,
            nodes: 50,
            inventory: 50,
            entries: 50,
            events: 50,
            objects: 1000,
        }
    }
}

impl PageSizes {
    /// The same size for every call; at least 1.
    pub fn all(size: usize) -> Self {
        let size = size.max(1);
        Self {
            instances: size,
            volumes: size,
            profile_associations: size,
            groups: size,
            target_groups: size,
            nodes: size,
            inventory: size,
            entries: size,
            events: size,
            objects: size,
        }
    }
}

/// The account's habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimSettings {
    /// Page sizes.
    pub pages: PageSizes,
    /// Whether an empty page with a token comes before each page that holds something, as some services do.
    pub empty_pages: bool,
    /// How long Describe calls go on showing the old state after a change.
    pub describe_delay: Duration,
    /// How long LookupEvents does not show a new event. Real deliveries took up to ten minutes.
    pub trail_delay: Duration,
    /// Whether calls leave CloudTrail records. Writing them takes time that a run which never reads them can save.
    pub trail: bool,
}

impl Default for SimSettings {
    /// Real page sizes, immediate consistency, events after five minutes.
    fn default() -> Self {
        Self {
            pages: PageSizes::default(),
            empty_pages: false,
            describe_delay: Duration::ZERO,
            trail_delay: Duration::from_secs(300),
            trail: true,
        }
    }
}

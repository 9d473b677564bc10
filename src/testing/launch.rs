//! How a simulated server is launched.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::types::{ImageId, MetadataOptions, SecurityGroupId};

/// A volume to create at launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchVolume {
    /// Device name; the first volume of a launch is the root device.
    pub device: Arc<str>,
    /// Size in GiB.
    pub size_gib: i32,
    /// Volume type, e.g. `gp3`.
    pub volume_type: Arc<str>,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

/// The parameters of a launch: RunInstances, or an Auto Scaling group's launch template.
#[derive(Clone, Debug, PartialEq)]
pub struct LaunchSpec {
    /// AMI; its content is what the server reports as inventory.
    pub image: ImageId,
    /// Instance type.
    pub instance_type: Arc<str>,
    /// Availability zone name.
    pub zone: Arc<str>,
    /// Subnet id.
    pub subnet: Arc<str>,
    /// Key pair name.
    pub key_name: Option<Arc<str>>,
    /// Instance profile name (not ARN). Without one the SSM agent cannot register.
    pub profile: Option<Arc<str>>,
    /// Security groups of the primary interface.
    pub security_groups: Vec<SecurityGroupId>,
    /// Metadata options.
    pub metadata: Arc<MetadataOptions>,
    /// Decoded user data.
    pub user_data: Option<Arc<[u8]>>,
    /// Volumes, the root first.
    pub volumes: Vec<LaunchVolume>,
    /// Tags.
    pub tags: Arc<BTreeMap<String, String>>,
    /// Whether the SSM agent registers the server as a managed node.
    pub managed: bool,
}

/// Where every simulated server has its root volume.
pub(super) const ROOT_DEVICE: &str = "/dev/xvda";

impl LaunchSpec {
    /// An IMDSv2-only `m7i.large` with one encrypted 20 GiB gp3 volume and nothing else.
    pub fn of_image(image: &ImageId, zone: &str) -> Self {
        Self {
            image: image.clone(),
            instance_type: Arc::from("m7i.large"),
            zone: Arc::from(zone),
            subnet: Arc::from("subnet-00000000000000001"),
            key_name: None,
            profile: None,
            security_groups: Vec::new(),
            metadata: Arc::new(strict_metadata()),
            user_data: None,
            volumes: vec![LaunchVolume {
                device: Arc::from(ROOT_DEVICE),
                size_gib: 20,
                volume_type: Arc::from("gp3"),
                encrypted: true,
            }],
            tags: Arc::new(BTreeMap::new()),
            managed: true,
        }
    }
}

/// IMDSv2 only, one hop.
pub(super) fn strict_metadata() -> MetadataOptions {
    MetadataOptions {
        http_tokens: Some("required".to_owned()),
        http_endpoint: Some("enabled".to_owned()),
        http_put_response_hop_limit: Some(1),
        instance_metadata_tags: Some("disabled".to_owned()),
    }
}

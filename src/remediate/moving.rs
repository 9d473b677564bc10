//! What of the old instance moves to its replacement after the attestation.

use std::collections::BTreeSet;

use super::{BeforeImage, InstanceDetail, InterfaceDetail};
use crate::types::Volume;

/// Volumes that outlive their instance: those attached by people or templates that say so. What goes with the
/// instance is made anew by the launch.
pub fn data_volumes(detail: &InstanceDetail) -> Vec<&Volume> {
    let volumes = detail.instance.volumes.iter();
    volumes.filter(|volume| !volume.root && volume.delete_on_termination != Some(true)).collect()
}

/// Interfaces beside the primary one.
pub fn secondary_interfaces(detail: &InstanceDetail) -> Vec<&InterfaceDetail> {
    detail.interfaces.iter().filter(|interface| interface.device_index != 0).collect()
}

/// What the replacement does not have yet when it is attested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    /// Devices of volumes.
    pub devices: BTreeSet<String>,
    /// Number of interfaces.
    pub interfaces: usize,
}

impl Moving {
    /// All that outlives the old instance: an operation that may not move it was refused.
    pub fn of(before: &BeforeImage) -> Self {
        Self {
            devices: data_volumes(&before.detail).iter().map(|volume| volume.device.clone()).collect(),
            interfaces: secondary_interfaces(&before.detail).len(),
        }
    }
}

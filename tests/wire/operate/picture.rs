//! One server as it looks to others: what a release must give back to the letter.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Instance, InstanceAttributeName};

use super::site::Site;

/// Everything of a server that a quarantine changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) state: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// Groups by interface.
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    /// Interfaces and volumes that end with it.
    pub(crate) ends_with_it: BTreeSet<String>,
    pub(crate) tracking: BTreeMap<String, i32>,
    pub(crate) profile: Option<String>,
    pub(crate) protected: bool,
    pub(crate) shutdown: String,
    /// Its health by target group.
    pub(crate) targets: BTreeMap<String, String>,
    /// Inline policies of the servers' role.
    pub(crate) policies: Vec<String>,
}

impl Picture {
    /// Of one server, now.
    pub(crate) async fn of(site: &Site, id: &str) -> Self {
        let server = site.server(id).await;
        let interfaces = server.network_interfaces();
        let (mut groups, mut tracking) = (BTreeMap::new(), BTreeMap::new());
        let mut ends_with_it = BTreeSet::new();
        let filter = Filter::builder().name("attachment.instance-id").values(id).build();
        let described = site.mia.ec2.describe_network_interfaces().filters(filter).send().await.unwrap();
        for interface in described.network_interfaces() {
            let own = interface.network_interface_id().unwrap().to_owned();
            let set = interface.groups().iter().map(|group| group.group_id().unwrap().to_owned()).collect();
            let settings = interface.connection_tracking_configuration();
            // What was never set is EC2's own value; it cannot be unset again.
            let seconds = settings.and_then(|settings| settings.tcp_established_timeout()).unwrap_or(432_000);
            tracking.insert(own.clone(), seconds);
            groups.insert(own, set);
        }
        for interface in interfaces {
            if interface.attachment().and_then(|attachment| attachment.delete_on_termination()) == Some(true) {
                ends_with_it.insert(interface.network_interface_id().unwrap().to_owned());
            }
        }
        for volume in server.block_device_mappings() {
            if volume.ebs().and_then(|ebs| ebs.delete_on_termination()) == Some(true) {
                ends_with_it.insert(volume.device_name().unwrap().to_owned());
            }
        }
        Self {
            state: state(&server),
            tags: tags(&server),
            groups,
            ends_with_it,
            tracking,
            profile: server.iam_instance_profile().and_then(|profile| profile.arn().map(str::to_owned)),
            protected: site.attribute(id, InstanceAttributeName::DisableApiTermination).await == "true",
            shutdown: site.attribute(id, InstanceAttributeName::InstanceInitiatedShutdownBehavior).await,
            targets: site.targets(id).await,
            policies: site.role_policies().await,
        }
    }

    /// Nothing of ours is left on it.
    pub(crate) fn is_clean_of_marks(&self) {
        assert!(self.tags.keys().all(|key| !key.starts_with("cattleguard:")), "{self:#?}");
        assert_eq!(self.policies, Vec::<String>::new());
    }
}

pub(crate) fn state(server: &Instance) -> String {
    server.state().unwrap().name().unwrap().as_str().to_owned()
}

pub(crate) fn tags(server: &Instance) -> BTreeMap<String, String> {
    let pair = |tag: &aws_sdk_ec2::types::Tag| (tag.key().unwrap().to_owned(), tag.value().unwrap().to_owned());
    server.tags().iter().map(pair).collect()
}

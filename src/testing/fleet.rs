//! Fills a simulated cloud with servers that all equal their golden.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clock::{VirtualClock, before};
use super::cloud::FakeCloud;
use super::content::{APPLICATION, Content, Rows, entry};
use super::error::SimError;
use super::fleet_build;
use super::ids::stable_hex;
use super::packages;
use crate::types::{ImageId, InstanceId, InventoryType, Place, Region, SecurityGroupId};

/// Describes a fleet of one golden version; [`build`](Self::build) makes it. Every place gets the same servers.
#[derive(Clone, Debug)]
pub struct FleetBuilder {
    pub(super) line: String,
    pub(super) version: String,
    pub(super) seed: u64,
    pub(super) clock: VirtualClock,
    pub(super) places: Vec<Place>,
    pub(super) standalone: usize,
    pub(super) groups: Vec<usize>,
    pub(super) packages: usize,
    pub(super) instance_type: String,
    pub(super) security_groups: Vec<String>,
    pub(super) profile: Option<String>,
    pub(super) user_data: Option<Vec<u8>>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) launched_ago: Duration,
    pub(super) inventory_age: Duration,
}

impl FleetBuilder {
    /// One place, 000000000000 in eu-west-1, without servers; 400 packages; groups `<line>` and `base`; profile
    /// `<line>-server`; a short cloud-init; tags `app` = line and `env` = `prod`; launched ten days ago;
    /// inventory reported twelve minutes ago.
    pub fn new(line: &str) -> Self {
        let tags = [("app", line), ("env", "prod")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self {
            line: line.to_owned(),
            version: "1".to_owned(),
            seed: 1,
            clock: VirtualClock::default(),
            places: Vec::new(),
            standalone: 0,
            groups: Vec::new(),
            packages: 400,
            instance_type: "m7i.large".to_owned(),
            security_groups: vec![line.to_owned(), "base".to_owned()],
            profile: Some(format!("{line}-server")),
            user_data: Some(format!("#cloud-config\nhostname: {line}\n").into_bytes()),
            tags: BTreeMap::from(tags),
            launched_ago: Duration::from_secs(10 * 86_400),
            inventory_age: Duration::from_secs(12 * 60),
        }
    }

    /// The version of the line; part of the image's name `<line>-<version>`.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.version = version.to_owned();
        self
    }

    /// Another seed gives other ids.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The clock to live by.
    #[must_use]
    pub fn clock(mut self, clock: &VirtualClock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// Adds an account-region.
    #[must_use]
    pub fn place(mut self, account: &str, region: &str) -> Self {
        self.places.push(Place::new(account, region));
        self
    }

    /// Servers of each place that belong to no Auto Scaling group.
    #[must_use]
    pub fn standalone(mut self, count: usize) -> Self {
        self.standalone = count;
        self
    }

    /// Adds to each place an Auto Scaling group with this many members over three zones, behind a target group
    /// of its own.
    #[must_use]
    pub fn group(mut self, members: usize) -> Self {
        self.groups.push(members);
        self
    }

    /// Rows of the golden package list, at most 504.
    #[must_use]
    pub fn packages(mut self, count: usize) -> Self {
        self.packages = count;
        self
    }

    /// Instance type.
    #[must_use]
    pub fn instance_type(mut self, instance_type: &str) -> Self {
        instance_type.clone_into(&mut self.instance_type);
        self
    }

    /// Names of the security groups; their ids follow from region and name, see [`SimFleet::security_group`].
    #[must_use]
    pub fn security_groups(mut self, names: &[&str]) -> Self {
        self.security_groups = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Instance profile name, or none: then no server is a managed node.
    #[must_use]
    pub fn profile(mut self, name: Option<&str>) -> Self {
        self.profile = name.map(str::to_owned);
        self
    }

    /// User data, or none.
    #[must_use]
    pub fn user_data(mut self, data: Option<&[u8]>) -> Self {
        self.user_data = data.map(<[u8]>::to_vec);
        self
    }

    /// Adds a tag to every server.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// How long ago the servers were launched.
    #[must_use]
    pub fn launched_ago(mut self, age: Duration) -> Self {
        self.launched_ago = age;
        self
    }

    /// How long ago they reported their inventory.
    #[must_use]
    pub fn inventory_age(mut self, age: Duration) -> Self {
        self.inventory_age = age;
        self
    }

    /// Makes a new cloud with this fleet in it.
    ///
    /// # Errors
    /// When an account is not a simulated one.
    pub fn build(self) -> Result<SimFleet, SimError> {
        let cloud = FakeCloud::new(self.clock.clone(), self.seed);
        self.build_in(&cloud)
    }

    /// Adds this fleet to a cloud, which has a clock and a seed already. Nothing is recorded in the trail: the
    /// servers were launched long ago.
    ///
    /// # Errors
    /// When an account is not a simulated one.
    pub fn build_in(mut self, cloud: &FakeCloud) -> Result<SimFleet, SimError> {
        if self.places.is_empty() {
            self.places.push(Place::new("000000000000", "eu-west-1"));
        }
        fleet_build::build(&self, cloud)
    }

    /// What is inside the golden image.
    pub(super) fn content(&self) -> Arc<Content> {
        let detail = entry([("CPUModel", "Intel(R) Xeon(R) Platinum 8488C"), ("KernelVersion", "6.12.46-66.121")]);
        let component = entry([("Name", "amazon-ssm-agent"), ("Version", "3.3.3050.0"), ("Architecture", "x86_64")]);
        let types = [
            (APPLICATION, packages::rows(self.packages)),
            ("AWS:AWSComponent", vec![component]),
            ("AWS:InstanceDetailedInformation", vec![detail]),
        ];
        Arc::new(types.into_iter().map(|(kind, rows)| (InventoryType::new(kind), Rows::new(rows))).collect())
    }
}

/// A fleet that was built.
#[derive(Clone, Debug)]
pub struct SimFleet {
    /// The cloud it lives in.
    pub cloud: FakeCloud,
    /// The cloud's clock.
    pub clock: VirtualClock,
    /// Its AMI in each region, shared by all accounts.
    pub images: BTreeMap<Region, ImageId>,
    /// The pristine reference server of the first place. It is no member of the fleet: it has no `app` tag.
    pub reference: InstanceId,
    /// One reference server for each place.
    pub references: BTreeMap<Place, InstanceId>,
    /// Standalone members by place.
    pub standalone: BTreeMap<Place, Vec<InstanceId>>,
    /// Auto Scaling groups by place, with their first members.
    pub groups: BTreeMap<Place, Vec<SimGroup>>,
}

/// An Auto Scaling group of a fleet.
#[derive(Clone, Debug)]
pub struct SimGroup {
    /// Name of the group.
    pub name: String,
    /// ARN of its target group.
    pub target_group: String,
    /// The members it began with.
    pub members: Vec<InstanceId>,
}

impl SimFleet {
    /// All members, without the references, in the order of their places.
    pub fn instances(&self) -> Vec<InstanceId> {
        let alone = self.standalone.values().flatten();
        let grouped = self.groups.values().flatten().flat_map(|group| &group.members);
        alone.chain(grouped).cloned().collect()
    }

    /// The id of a named security group. Accounts of one region share the VPC and so the groups.
    pub fn security_group(region: &Region, name: &str) -> SecurityGroupId {
        let hex: String = stable_hex(&format!("sg:{region}:{name}")).chars().take(16).collect();
        SecurityGroupId::from(format!("sg-0{hex}"))
    }
}

impl FleetBuilder {
    pub(super) fn launched_at(&self, cloud: &FakeCloud) -> jiff::Timestamp {
        before(cloud.clock().now(), self.launched_ago)
    }
}

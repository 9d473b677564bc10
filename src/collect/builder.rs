//! Assembles a snapshot from what was found. Pure: the collector calls `found_*` and `failed`, in any order,
//! and [`Builder::build`] sorts, joins and accounts.

mod contents;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use self::contents::Contents;
pub(super) use self::contents::content_of;
use super::source::{
    AddressAssociation, AsgMember, InventoryRecord, NodeRecord, ProfileAssociation, ReadError, TargetHealth,
};
use crate::types::{
    AsgMembership, ChangeEvent, Coverage, CoverageStatus, Digest, Image, ImageId, Instance, InstanceId, InventoryItem,
    InventoryType, ManagedNode, Observed, Place, ScanId, SetAside, Snapshot, Source, TargetMembership, TrailBreak,
    TrailProgress, TrailState, Volume, VolumeId,
};

/// Collects findings of one collection.
#[derive(Default)]
pub struct Builder {
    instances: BTreeMap<(Place, InstanceId), Instance>,
    volumes: HashMap<VolumeId, Volume>,
    nodes: HashMap<InstanceId, ManagedNode>,
    asked_nodes: HashSet<InstanceId>,
    inventory: HashMap<InstanceId, BTreeMap<InventoryType, InventoryItem>>,
    contents: Contents,
    associations: HashMap<InstanceId, String>,
    addresses: HashMap<InstanceId, Vec<String>>,
    members: HashMap<InstanceId, AsgMembership>,
    targets: Vec<(Place, String, Vec<TargetHealth>)>,
    user_data: HashMap<InstanceId, Option<Digest>>,
    images: BTreeMap<ImageId, Image>,
    events: BTreeMap<crate::types::EventId, ChangeEvent>,
    coverage: BTreeMap<(Place, Source), Coverage>,
    trail_sources: Vec<TrailProgress>,
    trails: Vec<TrailState>,
    untrailed: Vec<Place>,
    trail_breaks: Vec<TrailBreak>,
    set_aside: Vec<SetAside>,
    calls_saved: u64,
}

impl Builder {
    /// Instances of one page.
    pub fn found_instances(&mut self, place: &Place, instances: Vec<Instance>) {
        for instance in instances {
            self.instances.insert((place.clone(), instance.id.clone()), instance);
        }
    }

    /// Volumes of one page.
    pub fn found_volumes(&mut self, volumes: Vec<Volume>) {
        self.volumes.extend(volumes.into_iter().map(|volume| (volume.id.clone(), volume)));
    }

    /// The managed nodes among the instances that SSM was asked about: one it did not name is not managed.
    pub fn found_nodes(&mut self, asked: &[InstanceId], nodes: Vec<NodeRecord>) {
        self.asked_nodes.extend(asked.iter().cloned());
        self.nodes.extend(nodes.into_iter().map(|record| (record.instance, record.node)));
    }

    /// Live instances of a place that reported no inventory since `since`: only of these it matters what SSM
    /// thinks of them, the others have just shown that they are managed and online.
    pub fn unheard_since(&self, place: &Place, since: Timestamp) -> Vec<InstanceId> {
        let heard = |id: &InstanceId| {
            let captures = self.inventory.get(id).into_iter().flat_map(|types| types.values());
            captures.filter_map(|item| item.captured_at).any(|at| at >= since)
        };
        self.instances
            .iter()
            .filter(|((at, id), instance)| at == place && instance.is_live() && !heard(id))
            .map(|((_, id), _)| id.clone())
            .collect()
    }

    /// Inventory rows. Records of one node and type over several pages are joined; equal contents are shared.
    pub fn found_inventory(&mut self, records: Vec<InventoryRecord>) {
        for record in records {
            let types = self.inventory.entry(record.instance).or_default();
            let entries = match types.remove(&record.inventory_type) {
                Some(item) => item.content.entries.iter().cloned().chain(record.entries).collect(),
                None => record.entries,
            };
            let content = self.contents.share(&record.inventory_type, entries);
            let item =
                InventoryItem { captured_at: record.captured_at, schema_version: record.schema_version, content };
            types.insert(record.inventory_type, item);
        }
    }

    /// What live instances of a place hold of one type without being read, where `known` can tell.
    pub fn found_known(
        &mut self,
        place: &Place,
        kind: &InventoryType,
        known: impl Fn(&Instance) -> Option<InventoryItem>,
    ) {
        let live = self.instances_of(place).filter(|instance| instance.is_live());
        let found: Vec<_> = live.filter_map(|instance| Some((instance.id.clone(), known(instance)?))).collect();
        for (id, item) in found {
            self.inventory.entry(id).or_default().insert(kind.clone(), item);
        }
    }

    /// Live instances of a place that are so.
    pub fn live_where(&self, place: &Place, so: impl Fn(&Instance) -> bool) -> Vec<InstanceId> {
        let live = self.instances_of(place).filter(|instance| instance.is_live() && so(instance));
        live.map(|instance| instance.id.clone()).collect()
    }

    /// Inventory calls that were not needed.
    pub fn saved(&mut self, calls: u64) {
        self.calls_saved += calls;
    }

    /// Profile associations of one page.
    pub fn found_associations(&mut self, associations: Vec<ProfileAssociation>) {
        self.associations.extend(associations.into_iter().map(|found| (found.instance, found.association)));
    }

    /// Elastic IP associations.
    pub fn found_addresses(&mut self, addresses: Vec<AddressAssociation>) {
        for AddressAssociation { instance, association, .. } in addresses {
            self.addresses.entry(instance).or_default().push(association);
        }
    }

    /// Auto Scaling members of one page.
    pub fn found_members(&mut self, members: Vec<AsgMember>) {
        self.members.extend(members.into_iter().map(|member| (member.instance, member.membership)));
    }

    /// Targets of one group.
    pub fn found_targets(&mut self, place: &Place, group: String, targets: Vec<TargetHealth>) {
        self.targets.push((place.clone(), group, targets));
    }

    /// User data of one instance, or the remembered digest of it.
    pub fn found_user_data(&mut self, instance: InstanceId, digest: Option<Digest>) {
        self.user_data.insert(instance, digest);
    }

    /// Images.
    pub fn found_images(&mut self, images: Vec<Image>) {
        self.images.extend(images.into_iter().map(|image| (image.id.clone(), image)));
    }

    /// A change event. The same event from two sources is kept once.
    pub fn found_event(&mut self, event: ChangeEvent) {
        self.events.entry(event.id.clone()).or_insert(event);
    }

    /// A trail as a place sees it.
    pub fn found_trail(&mut self, trail: TrailState) {
        self.trails.push(trail);
    }

    /// No trail records a place.
    pub fn found_no_trail(&mut self, place: &Place) {
        self.untrailed.push(place.clone());
    }

    /// Places that no trail records.
    pub fn untrailed(&self) -> &[Place] {
        &self.untrailed
    }

    /// Something that digest files say is wrong.
    pub fn found_break(&mut self, found: TrailBreak) {
        self.trail_breaks.push(found);
    }

    /// A record that could not be read.
    pub fn set_aside(&mut self, problem: SetAside) {
        self.set_aside.push(problem);
    }

    /// A source of a place was asked. The worst status of several reports stays.
    pub fn covered(&mut self, place: &Place, source: Source, status: CoverageStatus, through: Option<Timestamp>) {
        self.account(Coverage {
            account: place.account.clone(),
            region: place.region.clone(),
            source,
            status,
            through,
            reason: None,
            api: None,
            denied: false,
        });
    }

    /// A source of a place failed; `partial` when some of it arrived.
    pub fn failed(&mut self, source: Source, error: &ReadError, partial: bool) {
        self.account(Coverage {
            account: error.place.account.clone(),
            region: error.place.region.clone(),
            source,
            status: if partial { CoverageStatus::Partial } else { CoverageStatus::Failed },
            through: None,
            reason: Some(error.reason()),
            api: Some(error.api.to_owned()),
            denied: error.is_refusal(),
        });
    }

    /// A source of a place is incomplete for a reason of ours.
    pub fn incomplete(&mut self, place: &Place, source: Source, status: CoverageStatus, reason: String) {
        self.account(Coverage {
            account: place.account.clone(),
            region: place.region.clone(),
            source,
            status,
            through: None,
            reason: Some(reason),
            api: None,
            denied: false,
        });
    }

    /// How far one source of change events was read in one place: an account of its own, and part of the coverage.
    /// `error` is the call that failed, if one did.
    pub fn trail_read(&mut self, progress: TrailProgress, error: Option<&ReadError>) {
        let TrailProgress { account, region, status, through, reason, .. } = progress.clone();
        self.account(Coverage {
            account,
            region,
            source: Source::Cloudtrail,
            status,
            through,
            reason,
            api: error.map(|error| error.api.to_owned()),
            denied: error.is_some_and(ReadError::is_refusal),
        });
        self.trail_sources.push(progress);
    }

    fn account(&mut self, entry: Coverage) {
        let key = (Place { account: entry.account.clone(), region: entry.region.clone() }, entry.source);
        match self.coverage.get_mut(&key) {
            Some(known) => {
                // Later reports never improve a source; the earliest end of several streams counts.
                if entry.status > known.status {
                    *known = Coverage { through: known.through.or(entry.through), ..entry };
                } else {
                    known.through = match (known.through, entry.through) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
            }
            None => {
                self.coverage.insert(key, entry);
            }
        }
    }

    /// Whether a source of a place was read completely so far.
    pub fn is_complete(&self, place: &Place, source: Source) -> bool {
        self.coverage.get(&(place.clone(), source)).is_some_and(|entry| entry.status == CoverageStatus::Complete)
    }

    /// Whether any instance was found in a place.
    pub fn has_instances(&self, place: &Place) -> bool {
        self.instances_of(place).next().is_some()
    }

    /// The distinct images of a place's instances.
    pub fn images_in(&self, place: &Place) -> Vec<ImageId> {
        let live = self.instances_of(place).filter(|instance| instance.is_live());
        let ids: BTreeSet<&ImageId> = live.map(|instance| &instance.image).collect();
        ids.into_iter().cloned().collect()
    }

    fn instances_of(&self, place: &Place) -> impl Iterator<Item = &Instance> {
        let first = (place.clone(), InstanceId::new(""));
        let here = self.instances.range(first..).take_while(move |((at, _), _)| at == place);
        here.map(|(_, instance)| instance)
    }

    /// Live instances with their image and launch time.
    pub fn launches(&self) -> Vec<(Place, InstanceId, ImageId, Timestamp)> {
        self.instances
            .iter()
            .filter(|(_, instance)| instance.is_live())
            .map(|((place, id), instance)| (place.clone(), id.clone(), instance.image.clone(), instance.launched_at))
            .collect()
    }

    /// The instances found so far; whole after [`Self::join`].
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.values()
    }

    /// Joins what was found so far into the instances. It is moved, not copied: with ten thousand instances a
    /// second copy of everything would be the largest part of a scan's memory.
    pub fn join(&mut self) {
        let mut targets = self.target_memberships();
        let mut instances = std::mem::take(&mut self.instances);
        for ((_, id), instance) in &mut instances {
            self.join_one(instance);
            if let Some(memberships) = targets.remove(id) {
                instance.targets = memberships;
            }
        }
        self.instances = instances;
        // What is left belongs to no instance that is listed.
        self.volumes = HashMap::new();
        self.targets = Vec::new();
    }

    fn join_one(&mut self, instance: &mut Instance) {
        let id = &instance.id;
        for volume in &mut instance.volumes {
            if let Some(described) = self.volumes.remove(&volume.id) {
                volume.size_gib = described.size_gib;
                volume.volume_type = described.volume_type;
                volume.encrypted = described.encrypted;
            }
        }
        if let Some(association) = self.associations.remove(id) {
            instance.profile_association = Some(association);
        }
        let primary = instance.interfaces.iter_mut().find(|interface| interface.device_index == 0);
        if let (Some(interface), Some(associations)) = (primary, self.addresses.remove(id)) {
            for association in associations {
                if !interface.address_associations.contains(&association) {
                    interface.address_associations.push(association);
                }
            }
        }
        if let Some(membership) = self.members.remove(id) {
            instance.asg = Some(membership);
        }
        match self.nodes.remove(id) {
            Some(node) => instance.node = Observed::Seen(Some(node)),
            None if instance.node == Observed::Unknown && self.asked_nodes.contains(id) => {
                instance.node = Observed::Seen(None);
            }
            None => {}
        }
        if let Some(inventory) = self.inventory.remove(id) {
            instance.inventory.extend(inventory);
        }
        if let Some(digest) = self.user_data.remove(id) {
            instance.user_data = Observed::Seen(digest);
        }
    }

    /// Targets name instances or addresses; both are turned into memberships with the counts that availability needs.
    fn target_memberships(&self) -> HashMap<InstanceId, Vec<TargetMembership>> {
        let mut owners: HashMap<(&Place, &str), &Instance> = HashMap::new();
        for ((place, id), instance) in &self.instances {
            owners.insert((place, id.as_str()), instance);
            for address in instance.interfaces.iter().flat_map(|interface| &interface.addresses) {
                owners.insert((place, address.as_str()), instance);
            }
        }
        let mut memberships: HashMap<InstanceId, Vec<TargetMembership>> = HashMap::new();
        for (place, group, targets) in &self.targets {
            // A server that is registered on several ports is one server.
            let mut healthy: HashSet<&str> = HashSet::new();
            let mut by_zone: HashMap<&str, usize> = HashMap::new();
            for target in targets.iter().filter(|target| target.state == "healthy") {
                match owners.get(&(place, target.target.as_str())) {
                    Some(owner) if healthy.insert(owner.id.as_str()) => *by_zone.entry(&owner.zone).or_default() += 1,
                    Some(_) => {}
                    None => drop(healthy.insert(&target.target)),
                }
            }
            for target in targets {
                let Some(owner) = owners.get(&(place, target.target.as_str())) else { continue };
                let in_zone = by_zone.get(owner.zone.as_str()).copied().unwrap_or_default();
                memberships.entry(owner.id.clone()).or_default().push(TargetMembership {
                    target_group: group.clone(),
                    health: target.state.clone(),
                    port: target.port,
                    healthy_in_group: count(healthy.len()),
                    healthy_in_zone: count(in_zone),
                });
            }
        }
        memberships
    }

    /// Finishes the snapshot.
    pub fn build(
        mut self,
        scan_id: ScanId,
        started_at: Timestamp,
        finished_at: Timestamp,
        calls: BTreeMap<String, u64>,
    ) -> Snapshot {
        self.join();
        let mut instances: Vec<Instance> = self.instances.into_values().collect();
        instances.sort_by(|a, b| (&a.account, &a.region, &a.id).cmp(&(&b.account, &b.region, &b.id)));
        let mut events: Vec<ChangeEvent> = self.events.into_values().collect();
        events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        self.untrailed.sort();
        self.trail_breaks.sort();
        self.trail_breaks.dedup();
        self.trails.sort_by(|a, b| (&a.place, &a.trail.arn).cmp(&(&b.place, &b.trail.arn)));
        Snapshot {
            scan_id,
            started_at,
            finished_at,
            instances,
            images: self.images,
            events,
            coverage: self.coverage.into_values().collect(),
            trail_sources: self.trail_sources,
            trails: self.trails,
            untrailed: self.untrailed,
            trail_breaks: self.trail_breaks,
            set_aside: self.set_aside,
            calls,
            calls_saved: self.calls_saved,
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(super) mod tests;

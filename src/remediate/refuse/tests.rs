//! Every check, over hand-built before-images.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::remediate::{
    AclEntry, AddressDetail, CutMode, GroupDetail, IdentityCut, Moves, Settings, TargetBefore, samples,
};
use crate::types::{EniId, ImageId, InstanceId, Place, SecurityGroupId, Track, Volume, VolumeId};

struct World {
    before: BeforeImage,
    read: Readings,
    settings: Settings,
    kind: OperationKind,
    track: Track,
    golden: Option<ImageId>,
    quarantined: bool,
}

impl World {
    /// Nothing stands against it.
    fn fine(kind: OperationKind) -> Self {
        let isolation = SecurityGroupDetail {
            id: SecurityGroupId::new("sg-isolate"),
            name: "cattleguard-isolate".to_owned(),
            ingress: 0,
            egress: 0,
            open: false,
        };
        Self {
            before: samples::before(),
            read: Readings { isolation: Some(isolation), ..Readings::default() },
            settings: Settings::default(),
            kind,
            track: Track::Hygiene,
            golden: Some("ami-1".into()),
            quarantined: false,
        }
    }

    fn quarantine() -> Self {
        Self::fine(OperationKind::Quarantine)
    }

    fn replace() -> Self {
        Self::fine(OperationKind::Replace)
    }

    fn in_group(mut self, edit: impl FnOnce(&mut GroupDetail)) -> Self {
        let mut group = GroupDetail {
            name: "web-1".to_owned(),
            min_size: 1,
            desired: 2,
            max_size: 4,
            images: BTreeSet::from(["ami-1".into()]),
            pinned: true,
            subnets: vec![("eu-west-1a".to_owned(), "subnet-1".to_owned())],
            members: BTreeMap::from([("i-1".into(), "InService".to_owned())]),
            protected: BTreeSet::new(),
            target_groups: Vec::new(),
            refreshing: false,
        };
        edit(&mut group);
        self.read.group = Some(group.name.clone());
        self.before.group = Some(group);
        self
    }

    fn with(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    fn refusals(&self) -> Vec<Refusal> {
        let (place, instance) = (Place::new("000000000000", "eu-west-1"), InstanceId::new("i-1"));
        let request = CaptureRequest {
            place: &place,
            instance: &instance,
            kind: self.kind,
            settings: &self.settings,
            track: self.track,
            target_groups: &[],
            asg: self.read.group.as_deref(),
            golden_image: self.golden.as_ref(),
        };
        let group = self.before.group.as_ref();
        let before = BeforeImage { no_substitute: super::no_substitute(&request, group), ..self.before.clone() };
        if self.quarantined {
            return refusals_in_quarantine(&self.before, &request);
        }
        refusals(&before, &self.read, &request)
    }

    /// For one that is in quarantine.
    fn contained(mut self) -> Self {
        (self.kind, self.track, self.quarantined) = (OperationKind::Replace, Track::Compromise, true);
        self.read = Readings::default();
        self
    }

    #[track_caller]
    fn allowed(&self) {
        assert_eq!(self.refusals(), []);
    }

    /// Exactly one refusal, with this text, that stays.
    #[track_caller]
    fn refused(&self, text: &str) {
        self.one(text, false);
    }

    /// Exactly one refusal, with this text, that passes.
    #[track_caller]
    fn held(&self, text: &str) {
        self.one(text, true);
    }

    #[track_caller]
    fn one(&self, text: &str, transient: bool) {
        let refusals = self.refusals();
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert!(refusals[0].reason.contains(text), "{refusals:?}");
        assert_eq!(refusals[0].transient, transient, "{refusals:?}");
    }
}

#[test]
fn an_ordinary_server_may_be_quarantined_and_replaced() {
    World::quarantine().allowed();
    World::replace().allowed();
    World::quarantine().with(|w| w.track = Track::Compromise).allowed();
    World::replace().with(|w| w.settings.method = Method::RootVolume).allowed();
    World::quarantine().in_group(|_| {}).allowed();
    World::replace().in_group(|_| {}).allowed();
}

#[test]
fn a_server_between_two_states_waits_and_one_that_goes_is_left() {
    let state = |state: &str| World::quarantine().with(|w| state.clone_into(&mut w.before.detail.instance.state));
    state("pending").held("is pending");
    state("stopping").held("is stopping");
    state("shutting-down").refused("is shutting-down");
    state("terminated").refused("is terminated");
    state("stopped").allowed();
}

#[test]
fn spot_servers_are_contained_but_neither_replaced_nor_stopped() {
    let spot = |world: World| world.with(|w| w.before.detail.instance.lifecycle = Some("spot".to_owned()));
    spot(World::quarantine()).allowed();
    spot(World::replace()).refused("spot request");
    spot(World::quarantine().with(|w| w.settings.cut = CutMode::Stop)).refused("cut `stop` may terminate");
}

#[test]
fn bought_capacity_and_dedicated_hosts_have_no_second_place() {
    let block = |world: World| world.with(|w| w.before.detail.instance.lifecycle = Some("capacity-block".to_owned()));
    block(World::replace()).refused("capacity-block capacity");
    block(World::quarantine()).allowed();
    let host = |world: World| world.with(|w| w.before.detail.placement.host = Some("h-1".to_owned()));
    host(World::replace()).refused("runs on h-1");
    host(World::quarantine()).allowed();
    host(World::replace().with(|w| w.settings.method = Method::RootVolume)).allowed();
    World::replace().with(|w| w.before.detail.placement.tenancy = Some("host".to_owned())).refused("a dedicated host");
}

#[test]
fn stop_protection_counts_only_where_something_stops() {
    let protected = |world: World| world.with(|w| w.before.detail.stop_protected = true);
    protected(World::quarantine()).allowed();
    protected(World::quarantine().with(|w| w.settings.cut = CutMode::Stop)).refused("disableApiStop");
    protected(World::replace()).refused("disableApiStop");
    protected(World::replace().with(|w| w.settings.method = Method::RootVolume)).allowed();
}

#[test]
fn instance_store_is_never_lost_by_a_containing_stop() {
    let disks = |world: World| world.with(|w| w.before.detail.instance_store = true);
    disks(World::quarantine()).allowed();
    disks(World::quarantine().with(|w| w.settings.cut = CutMode::Stop)).refused("would lose");
    disks(World::replace().with(|w| w.settings.cut = CutMode::Stop)).allowed();
    let root = |world: World| world.with(|w| w.before.detail.ebs_root = false);
    root(World::quarantine()).allowed();
    root(World::quarantine().with(|w| w.settings.cut = CutMode::Stop)).refused("root is instance store");
    root(World::replace()).allowed();
    let data = |w: &mut World| {
        w.settings.moves.volumes = true;
        w.before.detail.instance.volumes.push(samples::volume("vol-data", "/dev/sdf", false));
        w.read.volumes.push(described("vol-data", false));
    };
    root(World::replace()).with(data).refused("root is instance store");
    root(World::replace().with(|w| w.settings.method = Method::RootVolume)).refused("root is instance store");
}

/// What it was before its quarantine decides whether something can take its place.
#[test]
fn one_in_quarantine_is_asked_what_its_quarantine_was_not() {
    let contained = |edit: fn(&mut World)| World::replace().with(edit).contained();
    contained(|_| {}).allowed();
    contained(|w| w.before.detail.instance.lifecycle = Some("spot".to_owned())).refused("spot request");
    contained(|w| w.before.detail.instance.lifecycle = Some("capacity-block".to_owned())).refused("capacity-block");
    contained(|w| w.before.detail.placement.host = Some("h-1".to_owned())).refused("runs on h-1");
    contained(|w| w.settings.method = Method::RootVolume).refused("not replaced in place");
    contained(|w| w.golden = None).refused("no golden image");
    World::replace().in_group(|_| {}).contained().refused("launched its substitute");
    let data = |w: &mut World| {
        w.settings.moves.volumes = true;
        w.before.detail.instance.volumes.push(samples::volume("vol-data", "/dev/sdf", false));
    };
    contained(data).refused("stay with the contained instance");
    contained(|w| w.before.detail.addresses.push(address())).refused("allow it to `move` \"addresses\"");
    contained(|w| {
        w.settings.moves.addresses = true;
        w.before.detail.addresses.push(address());
    })
    .allowed();
    contained(|w| {
        (w.settings.moves.interfaces, w.settings.moves.private_ips) = (true, true);
        w.before.detail.interfaces.push(samples::interface("eni-2", 1));
        w.before.detail.interfaces[0].private_ips.push("10.0.0.9".to_owned());
    })
    .refused("interface eni-2 (it stays with the contained instance); secondary address 10.0.0.9");
    contained(|w| {
        let target = TargetBefore {
            group: "tg".to_owned(),
            target: "10.0.0.9".to_owned(),
            port: None,
            zone: None,
            health: "healthy".to_owned(),
        };
        w.before.targets.push(target);
    })
    .refused("not its primary address");
    // It is not stopped any more, and its group of rules is not asked for.
    contained(|w| w.before.detail.stop_protected = true).allowed();
    contained(|w| "stopped".clone_into(&mut w.before.detail.instance.state)).allowed();
}

#[test]
fn a_root_volume_is_replaced_in_running_servers_of_no_group() {
    let in_place = |world: World| world.with(|w| w.settings.method = Method::RootVolume);
    in_place(World::replace().with(|w| "stopped".clone_into(&mut w.before.detail.instance.state)))
        .refused("is stopped");
    in_place(World::replace().in_group(|_| {})).refused("replace = \"launch\"");
}

#[test]
fn a_group_must_launch_exactly_the_golden() {
    let replace = World::replace;
    replace().in_group(|g| g.images = BTreeSet::from(["ami-2".into()])).refused("would not be golden");
    replace().in_group(|g| g.images = BTreeSet::from(["ami-1".into(), "ami-2".into()])).refused("ami-1, ami-2");
    replace().in_group(|g| g.images.clear()).refused("cannot be told");
    replace().in_group(|g| g.pinned = false).refused("$Latest");
    replace().in_group(|_| {}).with(|w| w.golden = None).refused("would not be golden");
    World::replace().with(|w| w.golden = None).refused("no golden image is recorded");
    World::quarantine().with(|w| w.golden = None).allowed();
}

/// Containing launches nothing by itself, so a member can leave its group without a substitute.
#[test]
fn a_member_is_contained_whatever_its_group_would_launch() {
    let quarantine = World::quarantine;
    quarantine().in_group(|g| g.images.clear()).allowed();
    quarantine().in_group(|g| g.pinned = false).allowed();
    quarantine().in_group(|g| (g.pinned, g.max_size) = (false, 2)).allowed();
    quarantine().in_group(|_| {}).with(|w| w.golden = None).allowed();
    quarantine().in_group(|g| (g.pinned, g.min_size) = (false, 2)).refused("at its minimum of 2");
}

#[test]
fn a_group_needs_room_and_rest() {
    World::replace().in_group(|g| g.max_size = 2).refused("raise its maximum");
    World::quarantine().in_group(|g| g.max_size = 2).refused("raise its maximum");
    World::replace().in_group(|g| g.refreshing = true).held("instance refresh");
}

#[test]
fn only_members_in_service_are_taken_out() {
    let state = |state: &str| {
        let state = state.to_owned();
        World::replace().in_group(move |g| {
            g.members.insert("i-1".into(), state);
        })
    };
    state("Standby").refused("in standby");
    state("Warmed:Stopped").refused("warm pool");
    state("Terminating:Wait").held("Terminating:Wait");
    state("Pending").held("is Pending");
    World::replace().in_group(|g| g.members.clear()).held("no longer a member");
    World::replace().in_group(|_| {}).with(|w| w.before.group = None).held("was not found");
}

#[test]
fn the_isolating_group_must_exist_and_isolate() {
    World::quarantine().with(|w| w.read.isolation = None).refused("does not exist in vpc-1");
    let rule = |ingress, egress| {
        World::replace().with(|w| {
            let group = w.read.isolation.as_mut().unwrap();
            (group.ingress, group.egress) = (ingress, egress);
        })
    };
    rule(1, 0).refused("1 inbound and 0 outbound");
    rule(0, 1).refused("0 inbound and 1 outbound");
}

#[test]
fn an_isolated_server_is_no_before_image() {
    let isolated = |world: World| {
        world.with(|w| w.before.detail.interfaces[0].groups = BTreeSet::from([SecurityGroupId::new("sg-isolate")]))
    };
    isolated(World::quarantine()).refused("isolated already");
    isolated(World::replace()).refused("release it first");
    isolated(World::quarantine()).with(|w| w.kind = OperationKind::Release).allowed();
}

#[test]
fn convert_needs_a_truly_open_group_and_no_public_address() {
    let open = SecurityGroupDetail {
        id: SecurityGroupId::new("sg-open"),
        name: "cattleguard-open".to_owned(),
        ingress: 2,
        egress: 2,
        open: true,
    };
    let convert = |open: Option<SecurityGroupDetail>| {
        World::quarantine().with(|w| (w.settings.cut, w.read.open) = (CutMode::Convert, open))
    };
    convert(Some(open.clone())).allowed();
    convert(None).refused("needs the security group `cattleguard-open`");
    convert(Some(SecurityGroupDetail { open: false, ..open.clone() })).refused("stay tracked");
    convert(Some(open.clone()))
        .with(|w| w.before.detail.auto_public_ip = Some("198.51.100.7".to_owned()))
        .refused("open 198.51.100.7");
    convert(Some(open.clone())).with(|w| w.before.detail.addresses.push(address())).refused("open 198.51.100.9");
    convert(Some(open))
        .with(|w| w.before.detail.interfaces[0].ipv6.push("2001:db8::1".to_owned()))
        .refused("2001:db8::1");
    World::replace().with(|w| w.settings.cut = CutMode::Convert).allowed();
}

fn address() -> AddressDetail {
    AddressDetail {
        allocation: "eipalloc-1".to_owned(),
        association: "eipassoc-1".to_owned(),
        public_ip: "198.51.100.9".to_owned(),
        interface: EniId::new("eni-1"),
        private_ip: None,
    }
}

#[test]
fn nacl_needs_room_in_the_acl() {
    let nacl = |rules: std::ops::Range<i32>| {
        World::quarantine().with(|w| {
            let entry = |rule| AclEntry { rule, egress: true, cidr: "0.0.0.0/0".to_owned(), allow: true };
            let acl = AclDetail { acl: "acl-1".to_owned(), entries: rules.map(entry).collect() };
            w.settings.cut = CutMode::Nacl;
            w.read.acls.insert("subnet-1".to_owned(), acl);
        })
    };
    nacl(100..110).allowed();
    nacl(100..120).refused("20 of 20");
    nacl(1..3).refused("no free rule numbers");
    World::quarantine().with(|w| w.settings.cut = CutMode::Nacl).refused("no network ACL");
}

#[test]
fn the_quarantine_profile_must_exist_where_it_is_given() {
    let missing = |world: World| world.with(|w| w.before.quarantine_profile = None);
    missing(World::quarantine()).refused("`cattleguard-quarantine` does not exist");
    missing(World::replace()).allowed();
    missing(World::quarantine().with(|w| w.settings.quarantine_profile = None)).allowed();
    missing(World::quarantine().with(|w| w.settings.identity = IdentityCut::None)).allowed();
}

fn described(volume: &str, multi_attach: bool) -> VolumeDetail {
    VolumeDetail { volume: VolumeId::new(volume), state: "in-use".to_owned(), attached: None, multi_attach }
}

#[test]
fn data_volumes_stay_unless_they_may_move() {
    let data = |world: World| {
        world.with(|w| w.before.detail.instance.volumes.push(samples::volume("vol-data", "/dev/sdf", false)))
    };
    data(World::quarantine()).allowed();
    data(World::replace()).refused("vol-data (/dev/sdf)");
    let detail = |multi_attach| described("vol-data", multi_attach);
    let moving = |volumes: Vec<VolumeDetail>| {
        data(World::replace()).with(|w| (w.settings.moves.volumes, w.read.volumes) = (true, volumes))
    };
    moving(vec![detail(false)]).allowed();
    moving(vec![detail(true)]).refused("several instances");
    moving(Vec::new()).held("does not describe vol-data");
    // A scratch disk that goes with the instance is no data.
    let scratch = Volume { delete_on_termination: Some(true), ..samples::volume("vol-tmp", "/dev/sdg", false) };
    World::replace().with(|w| w.before.detail.instance.volumes.push(scratch)).allowed();
}

#[test]
fn addresses_and_interfaces_stay_unless_they_may_move() {
    let full = |moves: Moves| {
        World::replace().with(|w| {
            w.settings.moves = moves;
            w.before.detail.addresses.push(address());
            w.before.detail.interfaces[0].private_ips.push("10.0.0.50".to_owned());
            w.before.detail.interfaces.push(samples::interface("eni-2", 1));
        })
    };
    let all = Moves { addresses: true, private_ips: true, interfaces: true, volumes: false };
    full(all).allowed();
    full(Moves { addresses: false, ..all }).refused("move` \"addresses");
    full(Moves { private_ips: false, ..all }).refused("10.0.0.50");
    full(Moves { interfaces: false, ..all }).refused("eni-2");
}

#[test]
fn all_reasons_are_told_at_once_and_undoing_is_never_refused() {
    let mut world = World::replace().with(|w| {
        w.read.isolation = None;
        w.before.detail.stop_protected = true;
        w.before.detail.instance.state = "pending".to_owned();
    });
    let joined = Refusal::join(world.refusals()).unwrap();
    for part in ["is pending", "disableApiStop", "cattleguard-isolate"] {
        assert!(joined.reason.contains(part), "{joined}");
    }
    assert!(!joined.transient);
    world.kind = OperationKind::Release;
    world.allowed();
    assert_eq!(Refusal::join(Vec::new()), None);
}

#[test]
fn a_replacement_is_registered_by_its_primary_address_only() {
    let registered = |target: &str| {
        let target = TargetBefore {
            group: "tg-1".to_owned(),
            target: target.to_owned(),
            port: None,
            zone: None,
            health: "healthy".to_owned(),
        };
        World::replace().with(|w| w.before.targets.push(target))
    };
    registered("i-1").allowed();
    registered("10.0.0.1").allowed();
    registered("10.0.0.50").refused("tg-1 by 10.0.0.50");
    registered("10.0.0.50").with(|w| w.settings.method = Method::RootVolume).allowed();
}

#[test]
fn on_the_compromise_track_containment_comes_first() {
    World::replace().with(|w| w.track = Track::Compromise).refused("not in quarantine");
}

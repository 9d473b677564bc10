//! Capturing over a stub probe and the simulated account's user data.

use std::collections::BTreeSet;

use super::*;
use crate::collect::source::TargetHealth;
use crate::remediate::samples::{self, StubProbe};
use crate::remediate::{GroupDetail, IdentityCut, RoleDetail, SecurityGroupDetail};
use crate::testing::{FleetBuilder, SimFleet};

struct World {
    fleet: SimFleet,
    id: InstanceId,
    probe: StubProbe,
    settings: Settings,
    kind: OperationKind,
    target_groups: Vec<String>,
}

impl World {
    fn new(kind: OperationKind) -> Self {
        let fleet = FleetBuilder::new("web").standalone(1).packages(1).build().unwrap();
        let id = fleet.instances()[0].clone();
        let isolation = SecurityGroupDetail {
            id: SecurityGroupId::new("sg-isolate"),
            name: "cattleguard-isolate".to_owned(),
            ingress: 0,
            egress: 0,
            open: false,
        };
        let role = |name: &str, users| RoleDetail {
            name: "web".to_owned(),
            unique_id: "AROA1".to_owned(),
            profile_arn: format!("arn:aws:iam::000000000000:instance-profile/apps/{name}"),
            users,
        };
        let probe = StubProbe {
            detail: Some(samples::detail(id.as_str())),
            security_groups: vec![isolation],
            roles: [("web", 3), ("cattleguard-quarantine", 0)]
                .map(|(name, users)| (name.to_owned(), role(name, users)))
                .into(),
            ..StubProbe::default()
        };
        Self { fleet, id, probe, settings: Settings::default(), kind, target_groups: Vec::new() }
    }

    fn request<'a>(&'a self, place: &'a Place, golden: &'a ImageId) -> CaptureRequest<'a> {
        CaptureRequest {
            place,
            instance: &self.id,
            kind: self.kind,
            settings: &self.settings,
            track: Track::Hygiene,
            target_groups: &self.target_groups,
            asg: None,
            golden_image: Some(golden),
        }
    }

    async fn capture(&self) -> Result<BeforeImage, Refusal> {
        let (place, golden) = (self.fleet.cloud.places().remove(0), ImageId::new("ami-1"));
        capture(&self.probe, &self.fleet.cloud, &self.request(&place, &golden)).await
    }

    fn notes(&self, before: &BeforeImage) -> String {
        let (place, golden) = (self.fleet.cloud.places().remove(0), ImageId::new("ami-1"));
        notes(before, &self.request(&place, &golden)).join("\n")
    }
}

fn target(target: &str, state: &str) -> TargetHealth {
    TargetHealth { target: target.to_owned(), port: Some(8080), zone: None, state: state.to_owned() }
}

#[tokio::test]
async fn everything_that_is_restored_is_read() {
    let mut world = World::new(OperationKind::Quarantine);
    let id = world.id.to_string();
    world.target_groups = vec!["tg-b".to_owned(), "tg-a".to_owned()];
    world.probe.targets = [
        ("tg-a", vec![target("10.0.0.1", "healthy"), target("10.9.9.9", "healthy")]),
        ("tg-b", vec![target(&id, "unhealthy"), target(&id, "draining"), target("i-other", "healthy")]),
    ]
    .map(|(group, targets)| (group.to_owned(), targets))
    .into();
    let before = world.capture().await.unwrap();
    let registered: Vec<_> =
        before.targets.iter().map(|t| (t.group.as_str(), t.target.as_str(), t.health.as_str())).collect();
    assert_eq!(registered, [("tg-a", "10.0.0.1", "healthy"), ("tg-b", id.as_str(), "unhealthy")]);
    assert_eq!(before.isolation_group.as_str(), "sg-isolate");
    assert_eq!(before.role.as_ref().map(|role| role.users), Some(3));
    let profile = "arn:aws:iam::000000000000:instance-profile/apps/cattleguard-quarantine";
    assert_eq!(before.quarantine_profile.as_deref(), Some(profile));
    assert_eq!(before.user_data, Some(user_data_digest(b"#cloud-config\nhostname: web\n")));
    assert_eq!(before.detail, samples::detail(&id));
}

#[tokio::test]
async fn a_group_that_only_the_tag_names_counts() {
    let mut world = World::new(OperationKind::Replace);
    let tags = &mut world.probe.detail.as_mut().unwrap().instance.tags;
    tags.insert(GROUP_TAG.to_owned(), "web-1".to_owned());
    let refusal = world.capture().await.unwrap_err();
    assert!(refusal.transient && refusal.reason.contains("web-1 was not found"), "{refusal}");

    world.probe.group = Some(GroupDetail {
        name: "web-1".to_owned(),
        min_size: 0,
        desired: 1,
        max_size: 2,
        images: BTreeSet::from(["ami-1".into()]),
        pinned: true,
        subnets: Vec::new(),
        members: [(world.id.clone(), "InService".to_owned())].into(),
        protected: BTreeSet::new(),
        target_groups: vec!["tg-of-group".to_owned()],
        refreshing: false,
    });
    world.probe.targets.insert("tg-of-group".to_owned(), vec![target(world.id.as_str(), "healthy")]);
    let before = world.capture().await.unwrap();
    assert_eq!(before.targets.len(), 1, "the group's own target groups are asked");
}

#[tokio::test]
async fn what_is_gone_or_cannot_be_read_is_not_begun() {
    let mut world = World::new(OperationKind::Quarantine);
    world.probe.broken = Some(("elasticloadbalancing:DescribeTargetHealth", ReadFailure::Throttled));
    world.target_groups = vec!["tg-a".to_owned()];
    assert!(world.capture().await.unwrap_err().transient);
    world.probe.broken = Some(("iam:GetInstanceProfile", ReadFailure::Denied));
    let refusal = world.capture().await.unwrap_err();
    assert!(!refusal.transient && refusal.reason.contains("access denied"), "{refusal}");
    world.kind = OperationKind::Replace;
    assert!(world.capture().await.is_ok(), "a replacement on the hygiene track cuts no identity");

    world.probe.detail.as_mut().unwrap().instance.state = "shutting-down".to_owned();
    assert!(world.capture().await.unwrap_err().reason.contains("is shutting-down"));
    world.probe.detail = None;
    assert!(world.capture().await.unwrap_err().reason.contains("does not exist any more"));
}

#[tokio::test]
async fn notes_say_who_shares_the_role_and_what_the_cut_leaves_open() {
    let mut world = World::new(OperationKind::Quarantine);
    world.settings.identity = IdentityCut::Role;
    let before = world.capture().await.unwrap();
    let notes = world.notes(&before);
    assert!(notes.contains("2 other instances"), "{notes}");
    assert!(notes.contains("resolver"), "{notes}");

    world.kind = OperationKind::Replace;
    world.target_groups = vec!["tg-a".to_owned()];
    world.probe.targets.insert("tg-a".to_owned(), vec![target("10.0.0.1", "healthy")]);
    let before = world.capture().await.unwrap();
    let notes = world.notes(&before);
    assert!(notes.contains("root-volume") && !notes.contains("2 other"), "{notes}");
}

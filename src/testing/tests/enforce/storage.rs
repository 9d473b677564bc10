//! Volumes, snapshots, root volumes.

use super::{place, world};
use crate::remediate::{CloudProbe, Output, WriteCall, WriteFailure};
use crate::testing::SimActor;

#[tokio::test]
async fn a_running_server_lets_go_of_its_volume_slowly_and_a_stopped_one_at_once() {
    let world = world();
    let (cloud, old, new) = (&world.fleet.cloud, world.server(0), world.server(1));
    let volume = cloud.attach_volume(&SimActor::iam_user("bob"), &old, "/dev/sdf", 10).unwrap();
    let detach = WriteCall::DetachVolume { volume: volume.clone(), instance: old.clone() };
    let attach = |to| WriteCall::AttachVolume { volume: volume.clone(), instance: to, device: "/dev/sdf".to_owned() };
    let state = async || cloud.volumes(&place(), std::slice::from_ref(&volume)).await.unwrap().remove(0);
    let state = async || {
        let detail: crate::remediate::VolumeDetail = state().await;
        (detail.state, detail.attached.map(|(_, _, state)| state))
    };
    assert_eq!(world.refuses(attach(new.clone())).await.1, "VolumeInUse");
    world.does(detach).await;
    world.wait(60);
    assert_eq!(state().await, ("in-use".to_owned(), Some("detaching".to_owned())));
    world.does(WriteCall::Stop { instance: old.clone() }).await;
    world.wait(31);
    assert_eq!(state().await, ("available".to_owned(), None));
    assert_eq!(world.refuses(attach(new.clone())).await.1, "InvalidVolume.ZoneMismatch", "servers are in three zones");
    world.does(attach(old.clone())).await;
    assert_eq!(state().await.1.as_deref(), Some("attached"));
}

#[tokio::test]
async fn snapshots_have_no_token_and_complete_later() {
    let world = world();
    let cloud = &world.fleet.cloud;
    let make = WriteCall::CreateSnapshots {
        instance: world.server(0),
        tags: [("cattleguard:operation".to_owned(), "op-1".to_owned())].into(),
    };
    assert!(matches!(world.does(make.clone()).await, Output::Snapshots(made) if made.len() == 1));
    world.does(make).await;
    let states = async || {
        let found = cloud.snapshots(&place(), "cattleguard:operation", "op-1").await.unwrap();
        found.into_iter().map(|one| one.state).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["pending", "pending"], "made twice");
    world.wait(240);
    assert_eq!(states().await, ["completed", "completed"]);
}

#[tokio::test]
async fn a_root_volume_is_replaced_in_an_outage_and_can_come_back() {
    let world = world();
    let (cloud, id) = (&world.fleet.cloud, world.server(0));
    cloud.install_package(&id, "nmap", "7").unwrap();
    let (image, old) = (world.detail(&id).await.instance.image, world.detail(&id).await.instance.volumes[0].id.clone());
    let pristine = || cloud.scene(&place())[&id].pristine;
    assert!(!pristine());
    let replace = |token: &str, volume: Option<crate::types::VolumeId>| WriteCall::ReplaceRootVolume {
        instance: id.clone(),
        image: volume.is_none().then(|| image.clone()),
        volume,
        token: token.to_owned(),
    };
    let task = world.does(replace("a", None)).await;
    assert_eq!(world.does(replace("a", None)).await, task, "the token holds");
    assert!(!cloud.status(&place(), &id).await.unwrap().unwrap().passed());
    world.wait(90);
    assert!(pristine());
    let tasks = cloud.root_replacements(&place(), &id).await.unwrap();
    assert_eq!((tasks.len(), tasks[0].state.as_str()), (1, "succeeded"));
    assert_ne!(world.detail(&id).await.instance.volumes[0].id, old);
    world.does(replace("b", Some(old.clone()))).await;
    world.wait(90);
    assert!(!pristine(), "what was on the old volume is back");
    assert_eq!(world.detail(&id).await.instance.volumes[0].id, old);
    assert_eq!(world.refuses(replace("c", Some(old))).await.0, WriteFailure::NotFound, "it is in use");
}

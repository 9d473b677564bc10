//! The same account in another process.

use std::io::Write;

use super::{World, groups, place, world};
use crate::collect::CloudRead;
use crate::remediate::{CloudProbe, WriteCall};
use crate::testing::{FakeCloud, SimActor, SimError};

fn no_story(_: &FakeCloud, story: &str) -> Result<(), SimError> {
    panic!("{story} was not told")
}

/// Everything that can be described.
async fn described(world: &World) -> String {
    let cloud = &world.fleet.cloud;
    let mut text = String::new();
    for instance in cloud.instances(&place(), None).await.unwrap().items {
        let detail = CloudProbe::instance(cloud, &place(), &instance.id).await.unwrap();
        text.push_str(&format!("{detail:#?}\n"));
    }
    let (name, targets, _) = world.group();
    text.push_str(&format!("{:#?}\n", cloud.group(&place(), &name).await.unwrap()));
    text.push_str(&format!("{:#?}\n", cloud.targets(&place(), &targets).await.unwrap()));
    text.push_str(&format!("{:#?}\n", cloud.snapshots(&place(), "k", "v").await.unwrap()));
    text.push_str(&format!("{:#?}\n{:#?}", cloud.trail_records(&place()), cloud.log()));
    text
}

#[tokio::test]
async fn a_killed_process_finds_the_account_as_it_left_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.ndjson");
    let first = world();
    first.fleet.cloud.journal_to(&path).unwrap();
    let (name, _, members) = first.group();
    let interface = first.detail(&first.server(0)).await.interfaces[0].id.clone();
    let isolate = first.isolation().await;
    first.does(WriteCall::SetInterfaceGroups { interface, groups: groups(&[&isolate]) }).await;
    first.wait(17);
    first.does(WriteCall::EnterStandby { group: name, instance: members[0].clone(), decrement: false }).await;
    first.does(WriteCall::Stop { instance: members[0].clone() }).await;
    first.wait(40);
    let launch = first.launch_like(&first.server(1), "token").await;
    first.does(WriteCall::Launch(Box::new(launch))).await;
    let snapshots =
        WriteCall::CreateSnapshots { instance: first.server(2), tags: [("k".to_owned(), "v".to_owned())].into() };
    first.does(snapshots).await;
    first
        .refuses(WriteCall::AttachVolume {
            volume: "vol-none".into(),
            instance: first.server(2),
            device: "/dev/sdf".to_owned(),
        })
        .await;
    first.fleet.cloud.run_inventory(&first.server(2)).unwrap();
    first.wait(400);
    let before = described(&first).await;
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    file.write_all(b"{\"action\":\"passed\",\"at\":\"2030-01-0").unwrap();
    let second = world();
    second.fleet.cloud.replay(&path, &no_story).unwrap();
    assert_eq!(second.fleet.clock.now(), first.fleet.clock.now());
    assert_eq!(described(&second).await, before);
    // The line that was torn is taken away before anything is written behind it.
    second.fleet.cloud.journal_to(&path).unwrap();
    second.wait(60);
    let third = world();
    third.fleet.cloud.replay(&path, &no_story).unwrap();
    assert_eq!(third.fleet.clock.now(), second.fleet.clock.now());
}

#[tokio::test]
async fn stories_are_told_again_at_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.ndjson");
    let alice = SimActor::person("alice@example.com");
    let first = world();
    first.fleet.cloud.journal_to(&path).unwrap();
    first.wait(30);
    let server = first.server(0);
    let session = |cloud: &FakeCloud| {
        cloud.clock().advance(std::time::Duration::from_secs(5));
        cloud.start_session(&alice, &server).map(drop)
    };
    first.fleet.cloud.tell("a session", session).unwrap();
    first.does(WriteCall::Stop { instance: first.server(0) }).await;
    first.wait(60);
    let second = world();
    let teller = |cloud: &FakeCloud, story: &str| {
        assert_eq!(story, "a session");
        session(cloud)
    };
    second.fleet.cloud.replay(&path, &teller).unwrap();
    assert_eq!(described(&second).await, described(&first).await);
    assert_eq!(second.fleet.clock.now(), first.fleet.clock.now());
}

/// Two tasks: one moves the clock on while the other is in the middle of its call.
#[tokio::test]
async fn a_call_is_repeated_at_its_own_time_whatever_was_written_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.ndjson");
    let first = world();
    first.fleet.cloud.journal_to(&path).unwrap();
    first.does(WriteCall::Stop { instance: first.server(0) }).await;
    first.wait(45);
    let lines = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.reverse();
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let second = world();
    second.fleet.cloud.replay(&path, &no_story).unwrap();
    assert_eq!(described(&second).await, described(&first).await);
    assert_eq!(second.fleet.clock.now(), first.fleet.clock.now());
}

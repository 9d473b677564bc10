//! Our own calls, and what only looks like them.

use super::*;

const US: &str = "arn:aws:iam::444455556666:user/pavel";

fn record(name: &str) -> String {
    let raw = std::fs::read_to_string(fixture("ec2-flat.json")).unwrap();
    raw.lines().find(|line| line.contains(name)).unwrap().trim_end_matches(',').to_owned()
}

/// `StopInstances` of two instances at 09:10, by Pavel.
fn stop_both() -> String {
    record("StopInstances-10")
}

/// The same of instance A alone.
fn stop() -> String {
    stop_both().replace(&format!(", {{\"instanceId\": \"{B}\"}}"), "")
}

fn window(instance: &str) -> OwnWindow {
    let at = classify(&stop(), "test", &ClassifyContext::default());
    let Classified::Change(change) = at else { panic!("a change") };
    OwnWindow {
        place: change.event.place(),
        event_name: "StopInstances".to_owned(),
        resources: [instance.to_owned()].into(),
        from: change.event.time,
        until: change.event.time,
    }
}

fn own(raw: &str, principal: &str, calls: &[&str], windows: &[OwnWindow]) -> bool {
    let context = ClassifyContext {
        own_principals: [principal.to_owned()].into(),
        own_calls: calls.iter().map(|id| (*id).to_owned()).collect(),
        own_windows: windows.to_vec(),
    };
    match classify(raw, "test", &context) {
        Classified::Ignored(IgnoredReason::Own) => true,
        Classified::Change(_) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn our_own_calls_need_the_journal_and_the_principal() {
    let id = "00000000-0000-4000-9000-000000000010";
    let stranger = "arn:aws:iam::444455556666:user/mallory";
    assert!(own(&stop(), US, &[id], &[]), "by AWS's id");
    assert!(own(&stop(), US, &[], &[window(A)]), "the answer was lost, and the id with it");
    assert!(!own(&stop(), US, &[], &[]), "a shared principal");
    assert!(!own(&stop(), stranger, &[id], &[]), "a known id alone");
    assert!(!own(&stop(), stranger, &[], &[window(A)]), "a known call alone");
}

#[test]
fn a_window_is_about_one_call_on_one_thing_at_one_time() {
    let with = |edit: fn(&mut OwnWindow)| {
        let mut window = window(A);
        edit(&mut window);
        own(&stop(), US, &[], &[window])
    };
    let second = jiff::SignedDuration::from_secs(1);
    assert!(with(|_| {}));
    assert!(!own(&stop(), US, &[], &[window(B)]), "another instance");
    assert!(!with(|window| window.event_name = "StartInstances".to_owned()));
    assert!(!with(|window| window.place.region = "eu-west-2".into()));
    assert!(!with(|window| window.place.account = "111122223333".into()));
    let time = window(A).from;
    for (from, until) in [(time + second, time + second), (time - second, time - second)] {
        assert!(!own(&stop(), US, &[], &[OwnWindow { from, until, ..window(A) }]));
    }
    assert!(own(&stop(), US, &[], &[window(B), window(A)]), "any of them");
}

#[test]
fn a_call_that_reaches_another_instance_as_well_is_not_the_one_we_meant() {
    assert_ne!(stop_both(), stop());
    assert!(!own(&stop_both(), US, &[], &[window(A)]));
    let ours = OwnWindow { resources: [A.to_owned(), B.to_owned()].into(), ..window(A) };
    assert!(own(&stop_both(), US, &[], &[ours]));
}

/// Calls on parts are known by the part, whoever it belongs to.
#[test]
fn a_call_on_an_interface_is_known_by_the_interface() {
    let raw = record("ModifyNetworkInterfaceAttribute-18");
    let Classified::Change(change) = classify(&raw, "test", &ClassifyContext::default()) else { panic!("a change") };
    let ours = |resource: &str| OwnWindow {
        event_name: "ModifyNetworkInterfaceAttribute".to_owned(),
        resources: [resource.to_owned()].into(),
        from: change.event.time,
        until: change.event.time,
        ..window(A)
    };
    let role = change.event.actor.issuer.clone().expect("an assumed role");
    assert!(own(&raw, &role, &[], &[ours("eni-0a1")]), "the role's ARN stands for its sessions");
    assert!(!own(&raw, &role, &[], &[ours("eni-0b1")]));
}

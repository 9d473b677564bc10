use super::*;
use crate::types::NetworkInterface;

const I: &str = "i-0a11111111111111a";

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
}

/// What is known of one instance: what it held at minute 0, what was given it and when, and what it holds now.
fn known(before: Option<&str>, given: &[(i64, &str)], now: Option<&str>) -> Shared {
    let mut shared = Shared::default();
    if let Some(now) = now {
        let mut instance = crate::types::sample::instance(I);
        instance.instance_profile = None;
        instance.interfaces = vec![NetworkInterface {
            id: "eni-1".into(),
            attachment: None,
            attached_at: None,
            device_index: 0,
            groups: now.split_whitespace().filter(|key| key.starts_with("sg-")).map(Into::into).collect(),
            addresses: Vec::new(),
            address_associations: Vec::new(),
            source_dest_check: None,
            delete_on_termination: None,
        }];
        if let Some(name) = now.split_whitespace().find_map(|key| key.strip_prefix("profile:")) {
            instance.instance_profile = Some(format!("arn:aws:iam::444455556666:instance-profile/apps/{name}"));
        }
        shared.add_instance(&instance);
    }
    if let Some(before) = before {
        let list = before.split_whitespace().collect::<Vec<_>>().join("\n");
        assert!(shared.remember(&format!("{HELD}{list}"), &I.into(), at(0)));
    }
    for (minute, keys) in given {
        let keys: Vec<String> = keys.split_whitespace().map(str::to_owned).collect();
        let kind = keys.first().and_then(|key| Kind::of(key)).unwrap_or(Kind::Profile);
        shared.given(&I.into(), at(*minute), kind, &keys);
    }
    shared
}

fn holds(shared: &Shared, key: &str, minute: i64) -> bool {
    shared.holders(key, at(minute), |_| None).count() == 1
}

#[test]
fn a_thing_that_was_swapped_belongs_to_the_time_before_and_after() {
    let shared = known(Some("sg-old"), &[(10, "sg-new")], Some("sg-new"));
    for (key, minute, held) in [
        ("sg-old", 5, true),
        ("sg-old", 15, false),
        ("sg-new", 5, false),
        ("sg-new", 15, true),
        ("sg-other", 5, false),
        ("profile:sg-new", 15, false),
    ] {
        assert_eq!(holds(&shared, key, minute), held, "{key} at {minute}");
    }
}

#[test]
fn what_came_and_went_between_two_scans_is_known_from_the_calls() {
    let shared = known(Some("profile:web"), &[(10, "profile:admin"), (20, "profile:web")], Some("profile:web"));
    let admin: Vec<bool> = [5, 15, 25].iter().map(|minute| holds(&shared, "profile:admin", *minute)).collect();
    let web: Vec<bool> = [5, 15, 25].iter().map(|minute| holds(&shared, "profile:web", *minute)).collect();
    assert_eq!((admin, web), (vec![false, true, false], vec![true, false, true]));
}

#[test]
fn without_memory_or_calls_the_present_counts() {
    let shared = known(None, &[], Some("sg-web profile:web"));
    assert!(holds(&shared, "sg-web", -100) && holds(&shared, "role:web", 5));
    let given = known(None, &[(10, "sg-web")], Some("sg-web"));
    assert!(holds(&given, "sg-web", 5), "a call that replaces all may have kept it: nobody looked");
}

#[test]
fn another_interface_may_keep_what_one_gave_away() {
    let shared = known(Some("sg-a sg-b"), &[(10, "sg-c")], Some("sg-a sg-c"));
    assert!(holds(&shared, "sg-a", 15), "it is still there");
    assert!(!holds(&shared, "sg-b", 15), "it is not");
    let two = [(10, "sg-c"), (20, "sg-d")];
    assert!(!holds(&known(Some("sg-b"), &two, Some("sg-d")), "sg-b", 15), "one interface");
    let mut shared = known(Some("sg-b"), &two, Some("sg-c sg-d"));
    shared.instances.get_mut(&I.into()).unwrap().several = true;
    assert!(holds(&shared, "sg-b", 15), "the second call may have taken it from the second interface");
    assert!(!holds(&shared, "sg-b", 25));
}

#[test]
fn an_instance_that_is_gone_held_it_until_it_ended() {
    let shared = known(Some("sg-web"), &[], None);
    assert!(holds(&shared, "sg-web", -1), "seen with it later");
    assert!(!holds(&shared, "sg-web", 5), "nobody knows whether it still lived");
    assert_eq!(shared.holders("sg-web", at(5), |_| Some(at(10))).count(), 1);
}

#[test]
fn a_role_is_known_by_the_agent_for_as_long_as_the_profile_stays() {
    let mut shared = known(Some("profile:web"), &[], Some("profile:web"));
    assert!(!holds(&shared, "role:web-role-1X2Y", 5));
    shared.acts_as(&I.into(), at(3), "web-role-1X2Y");
    assert!(holds(&shared, "role:web-role-1X2Y", 5));
    let links: Vec<(String, InstanceId)> = shared.links().map(|(key, id)| (key, id.clone())).collect();
    let next = |given: &[(i64, &str)], now: &str| {
        let mut shared = known(None, given, Some(now));
        links.iter().for_each(|(key, id)| assert!(shared.remember(key, id, at(30))));
        let forgotten = shared.links().all(|(key, _)| !key.contains("role:web-role-1X2Y"));
        (holds(&shared, "role:web-role-1X2Y", 40), forgotten)
    };
    assert_eq!(next(&[], "profile:web"), (true, false));
    assert_eq!(next(&[(35, "profile:admin")], "profile:admin"), (false, true));
}

#[test]
fn of_what_is_remembered_the_last_counts() {
    let mut shared = known(Some("sg-old"), &[], Some("sg-new"));
    shared.remember("held:sg-new", &I.into(), at(20));
    assert!(!holds(&shared, "sg-old", 30) && holds(&shared, "sg-new", 30));
    shared.remember("held:sg-old", &I.into(), at(10));
    assert!(!holds(&shared, "sg-old", 30));
    assert!(!shared.remember("eni-1", &I.into(), at(40)), "a link of another sort");
}

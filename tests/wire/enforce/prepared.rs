//! An account that was prepared for enforcement, as the probes see it.

use cattleguard::remediate::CloudProbe;

use crate::grounds::Grounds;
use crate::scene::{IRELAND, SHOP, Scene, ireland};

#[tokio::test]
async fn everything_that_enforcement_needs_is_there() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let (probe, place) = (scene.enforcer(), ireland(SHOP));
    let grounds = Grounds::new(&mia, 2).await;
    let members = grounds.group(&mia, 2).await;

    let isolate = probe.security_group(&place, &grounds.vpc, "cattleguard-isolate").await.unwrap().unwrap();
    assert_eq!((isolate.id.as_str(), isolate.ingress, isolate.egress), (grounds.isolate.as_str(), 0, 0));
    let open = probe.security_group(&place, &grounds.vpc, "cattleguard-open").await.unwrap().unwrap();
    assert!(open.open && open.id.as_str() == grounds.open, "{open:?}");
    let quarantine = probe.role_of(&place, &grounds.quarantine).await.unwrap().unwrap();
    assert_eq!((quarantine.name.as_str(), quarantine.users), ("cattleguard-quarantine", 0));
    let web = probe.role_of(&place, &grounds.profile).await.unwrap().unwrap();
    assert_eq!(web.users, 2);

    for id in &grounds.standalone {
        let found = probe.instance(&place, &id.as_str().into()).await.unwrap().unwrap();
        assert_eq!(found.instance.image.as_str(), grounds.image);
        assert_eq!(found.vpc.as_ref(), Some(&grounds.vpc));
    }
    let group = probe.group(&place, "web").await.unwrap().unwrap();
    assert!(group.pinned && group.images.iter().map(|image| image.as_str()).eq([grounds.image.as_str()]), "{group:?}");
    assert_eq!(group.target_groups, std::slice::from_ref(&grounds.targets));
    let mut served: Vec<String> =
        probe.targets(&place, &grounds.targets).await.unwrap().into_iter().map(|target| target.target).collect();
    served.sort_unstable();
    let mut all = [grounds.standalone, members].concat();
    all.sort_unstable();
    assert_eq!(served, all);
}

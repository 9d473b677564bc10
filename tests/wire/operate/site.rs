//! A fleet with a recorded golden, and a user who may change it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::grounds::Grounds;
use crate::scene::{IRELAND, Person, SHOP, Scene, enforcer};

/// Inside every machine of the golden image.
const PACKAGES: [(&str, &str); 2] = [("openssl", "3.0.7"), ("bash", "5.2.15")];

/// Everything allowed that is asked of a plan: what is looked at here is how it is carried out.
const FLEET: &str = r#"
enforcement = "replace"
budget = { count = 4, percent = 100, cooldown = "0s" }
bake = "1s"
retain = "1s"
[[fleet.windows]]
from = "00:00"
to = "12:00"
[[fleet.windows]]
from = "12:00"
to = "00:00"
[enforcement]
poll = "1s"
kill_switch = { file = "stop" }
"#;

/// The roles of the servers' profiles.
const ROLES: [&str; 2] =
    ["arn:aws:iam::111122223333:role/web", "arn:aws:iam::111122223333:role/cattleguard-quarantine"];

/// A fleet with a recorded golden.
pub(crate) struct Site {
    pub(crate) scene: Scene,
    pub(crate) mia: Person,
    pub(crate) grounds: Grounds,
    pub(crate) desk: Desk,
}

impl Site {
    /// With so many servers in the target group, and the enforcing role allowed what `iam-policy --enforce` prints.
    pub(crate) async fn new(in_target_group: usize) -> Self {
        Self::with(in_target_group, "").await
    }

    /// The same with more lines of the fleet.
    pub(crate) async fn with(in_target_group: usize, fleet: &str) -> Self {
        let scene = Scene::new().await;
        let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
        let grounds = Grounds::new(&mia, in_target_group).await;
        let account = format!("source_identity = \"cattleguard-tests\"\nenforce_role = \"{}\"", enforcer(SHOP));
        let desk = Desk::with(&scene, "mode = \"replace\"", &account, &format!("{fleet}{FLEET}"));
        let site = Self { scene, mia, grounds, desk };
        site.inside(&site.grounds.image, &PACKAGES).await;
        site.grant().await;
        site
    }

    /// With two servers of their own; the first is drifted.
    pub(crate) async fn standalone() -> (Self, String) {
        let site = Self::new(0).await;
        let server = site.grounds.server(&site.mia, "web").await;
        site.grounds.server(&site.mia, "web").await;
        site.record().await;
        site.drift(&server).await;
        (site, server)
    }

    /// With two servers in the target group; the first is drifted.
    pub(crate) async fn balanced() -> (Self, String) {
        let site = Self::new(2).await;
        let server = site.grounds.standalone[0].clone();
        site.record().await;
        site.drift(&server).await;
        (site, server)
    }

    /// With a group of two; the first is drifted.
    pub(crate) async fn grouped() -> (Self, String) {
        let site = Self::new(0).await;
        let server = site.grounds.group(&site.mia, 2).await.remove(0);
        let reference = site.grounds.templated(&site.mia, "reference").await;
        site.record_from(&reference).await;
        site.drift(&server).await;
        (site, server)
    }

    /// What every machine of an image reports, from one second after its start.
    pub(crate) async fn inside(&self, image: &str, packages: &[(&str, &str)]) {
        let rows: Vec<Value> =
            packages.iter().map(|(name, version)| json!({"Name": name, "Version": version})).collect();
        let order = json!({"seconds": 1, "image": image, "inside": {"AWS:Application": rows}});
        self.scene.emulator.steer("_boots", order).await;
    }

    /// What the enforcing role is allowed.
    pub(crate) fn rights(&self) -> String {
        let [web, quarantine] = ROLES;
        self.desk.ok(&["iam-policy", "--enforce", "--instance-role", web, "--instance-role", quarantine])
    }

    async fn grant(&self) {
        let document = self.rights();
        let iam = aws_sdk_iam::Client::new(&self.mia.config);
        let request = iam.put_role_policy().role_name("enforcer").policy_name("cattleguard");
        request.policy_document(document).send().await.unwrap();
    }

    /// Records and promotes `web@1` from a server like the others. What was done until now is long ago.
    pub(crate) async fn record(&self) {
        let reference = self.grounds.server(&self.mia, "reference").await;
        self.record_from(&reference).await;
    }

    /// The same from this server.
    pub(crate) async fn record_from(&self, reference: &str) {
        self.scene.emulator.steer("_forget", json!({})).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let line = ["golden", "record", "web", "--version", "1", "--ami", &self.grounds.image, "--reference-instance"];
        self.desk.ok(&[&line[..], &[reference, "--promote"]].concat());
    }

    /// Ben opens the server to a group of his own: the configuration shows it, and the trail who did it.
    pub(crate) async fn drift(&self, id: &str) {
        let ben = self.scene.person("ben@example.com", SHOP, IRELAND).await;
        let group = ben.ec2.create_security_group().group_name("bens").description("bens").vpc_id(&self.grounds.vpc);
        let group = group.send().await.unwrap().group_id.unwrap();
        ben.ec2.modify_instance_attribute().instance_id(id).groups(group).send().await.unwrap();
    }

    /// Carries out the plan; the one operation that came of it.
    pub(crate) fn enforce(&self) -> Value {
        let (code, document) = self.desk.json(&["enforce"]);
        let operations = document["operations"].as_array().unwrap();
        assert!(operations.len() == 1 && code == 0, "{code} {document:#} {}", self.desk.ok(&["plan"]));
        operations[0].clone()
    }

    /// Waits until the retention of an operation is over.
    pub(crate) async fn retained(&self) {
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }

    /// The audit log holds together.
    pub(crate) fn audited(&self) {
        self.desk.ok(&["audit", "verify"]);
    }
}

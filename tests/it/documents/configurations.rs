//! Configurations in the documents are read by the program; data of policies are read by a scan.

use super::blocks::Block;
use super::kinds::{Kind, of_kind};
use super::scenes::acme;
use super::shell::Shell;

/// A configuration that is right without sections of its own.
const BASE: &str = "[[account]]\nid = \"111122223333\"\nregions = [\"eu-west-1\"]\n\n[[fleet]]\nname = \"web\"\n\
                    golden = \"web\"\nselect = { tags = { app = \"web\" } }\n\n";
/// Where `people` stands.
const DESTINATION: &str = "[[notify]]\nname = \"channel\"\nkind = \"slack\"\ntoken = { env = \"A\" }\nchannel = \"C0123456789\"\n\
                           interactive = \"socket\"\napp_token = { env = \"B\" }\n";

/// A fragment of the documents as a whole configuration.
fn whole(block: &Block) -> String {
    if block.text.contains("[[account]]") {
        block.text.clone()
    } else if block.text.starts_with("people") {
        format!("{BASE}{DESTINATION}{}", block.text)
    } else {
        format!("{BASE}{}", block.text)
    }
}

#[test]
fn every_configuration_is_right() {
    for block in of_kind(Kind::Configuration) {
        let mut shell = Shell::new();
        acme(&shell);
        let keys = "openssl genpkey -algorithm ed25519 -out policy.key && openssl pkey -in policy.key -pubout -out policy.pub\n\
                    cattleguard policy bundle build acme --revision v7 --sign-key policy.key --out acme.tar.gz";
        shell.works(&block.at(), keys);
        shell.write("cattleguard.toml", whole(&block));
        shell.write("parameters.json", "{}");
        shell.set("CATTLEGUARD_CONFIG", shell.here("cattleguard.toml").display().to_string());
        shell.works(&block.at(), "cattleguard config check");
        // One word more, and the same is wrong: it was this file that was read.
        shell.write("cattleguard.toml", format!("nonsense = 1\n{}", whole(&block)));
        let ran = shell.run("cattleguard config check");
        assert_eq!(ran.calls.first().map(|call| call.code), Some(78), "{}", block.at());
    }
}

#[test]
fn data_of_policies_are_taken_by_a_scan() {
    for block in of_kind(Kind::Data) {
        let shell = Shell::new();
        shell.write("../world/parameters.json", block.text.replace("111122223333", "000000000000"));
        shell.configure("[policy]\ndata = [\"parameters.json\"]\n");
        shell.works(&block.at(), "cattleguard config check\ncattleguard scan");
        let data: serde_json::Value = serde_json::from_str(&block.text).expect("JSON");
        assert!(data.get("parameters").or_else(|| data.get("controls")).is_some(), "{}", block.at());
        for (pack, scopes) in data["parameters"].as_object().into_iter().flatten() {
            let policies = super::kinds::root().join("policies");
            let rules = |name: String| std::fs::read_to_string(policies.join(name)).expect("a pack of this name");
            let policy = rules(format!("{pack}/policy.rego")) + &rules("lib/people.rego".to_owned());
            for name in parameters(scopes) {
                assert!(policy.contains(&format!("\"{name}\"")), "{}: {pack} reads no `{name}`", block.at());
            }
        }
    }
}

/// Names of parameters: those of all, and those of each account and fleet.
fn parameters(scopes: &serde_json::Value) -> Vec<String> {
    let keys = |value: &serde_json::Value| {
        value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect::<Vec<_>>()
    };
    let mut names = keys(&scopes["all"]);
    for scope in ["accounts", "fleets"] {
        names.extend(scopes[scope].as_object().into_iter().flat_map(|map| map.values()).flat_map(keys));
    }
    assert!(!names.is_empty(), "{scopes}");
    names
}

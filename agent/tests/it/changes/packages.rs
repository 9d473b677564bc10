//! Packages and their files.

use std::fs;

use super::{CONTENT, Change, nothing};

pub(super) const CHANGES: &[Change] = &[
    Change {
        name: "a package upgraded and another added",
        prepare: nothing,
        apply: |tree| {
            let status = fs::read_to_string(tree.at("/var/lib/dpkg/status")).unwrap();
            let (before, rest) = status.split_once("Package: tzdata\n").unwrap();
            let (head, tail) = rest.split_once("Version: ").unwrap();
            let more = "Package: evil\nStatus: install ok installed\nArchitecture: all\nVersion: 6.6.6\n\n";
            let text = format!("{more}{before}Package: tzdata\n{head}Version: 9{tail}");
            fs::write(tree.at("/var/lib/dpkg/status"), text).unwrap();
            tree.append("/usr/share/zoneinfo/Etc/UTC", "new");
            tree.append("/usr/share/zoneinfo/Etc/GMT", "new");
        },
        found: &[
            ("/usr/share/zoneinfo/Etc/GMT", CONTENT),
            ("/usr/share/zoneinfo/Etc/UTC", CONTENT),
            ("/var/lib/dpkg/status", CONTENT),
        ],
    },
    Change {
        name: "a file of a package replaced",
        prepare: nothing,
        apply: |tree| {
            tree.append("/usr/bin/sha256sum", "new");
        },
        found: &[("/usr/bin/sha256sum", CONTENT)],
    },
];

/// What is told of packages.
pub(super) fn told(json: &serde_json::Value) {
    let packages: Vec<(&str, bool, bool)> = json["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["before"].is_string(), one["after"].is_string()))
        .collect();
    assert_eq!(packages, [("evil", false, true), ("tzdata", true, true)]);
    let owner = |path: &str| {
        let all = json["differences"].as_array().unwrap();
        all.iter().find(|one| one["path"] == path).unwrap()["package"].clone()
    };
    assert_eq!(owner("/usr/bin/sha256sum"), "coreutils");
    assert_eq!(owner("/usr/share/zoneinfo/Etc/UTC"), "tzdata");
}

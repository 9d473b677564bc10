//! What only memory holds, on the machine that runs the tests, in a network name space of its own.

use std::fs;
use std::process::Command;

use crate::host::is_root;

/// Bakes, changes a kernel setting and opens a port, checks.
const SCRIPT: &str = r#"
import socket, subprocess, sys
program, root, golden = sys.argv[1:]
subprocess.run([program, "bake", "--root", root, "--out", golden], check=True, stdout=subprocess.DEVNULL)
with open("/proc/sys/net/ipv4/conf/all/log_martians", "r+") as setting:
    old = setting.read().strip()
    setting.seek(0)
    setting.write("0" if old == "1" else "1")
listener = socket.socket()
listener.bind(("0.0.0.0", 4711))
listener.listen()
sys.exit(subprocess.run([program, "check", "--golden", golden, "--config", "/dev/null", "--priority", "normal", "-o", "json"]).returncode)
"#;

#[test]
fn a_kernel_setting_and_an_open_port_are_found_with_the_program_behind_it() {
    // Only where this user may make a name space.
    if !is_root() || !Command::new("unshare").args(["-n", "true"]).status().is_ok_and(|status| status.success()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (root, golden) = (folder.path().join("root"), folder.path().join("golden.cgm"));
    fs::create_dir(&root).unwrap();
    let output = Command::new("unshare")
        .args(["-n", "python3", "-c", SCRIPT, env!("CARGO_BIN_EXE_cattleguard-agent")])
        .args([&root, &golden])
        .env_remove("CATTLEGUARD_AGENT_GOLDEN")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["differences"], serde_json::json!([]));
    let found: Vec<(&str, &str)> = json["state"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["code"].as_str().unwrap(), one["key"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [("software-sysctl-changed", "net.ipv4.conf.all.log_martians"), ("software-listener-changed", "tcp any:4711"),]
    );
    assert!(json["state"][1]["after"].as_str().unwrap().contains("python3"), "{told}");
}

//! Programs that no test can have, or that would do too much: each with the reason, and what stands in for it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::kinds::{Kind, of_kind};

/// A program that is not run.
pub(super) struct Stub {
    pub(super) program: &'static str,
    reason: &'static str,
    /// Body of a shell script. `$ROOT` is the checkout, `$HERE` the folder of the test.
    script: &'static str,
}

pub(super) const STUBS: &[Stub] = &[
    Stub {
        program: "make",
        reason: "builds and tests everything; looked at is whether there is such a target",
        script: r#"grep -q "^$1:" "$ROOT/Makefile" || { echo "no target $1" >&2; exit 2; }
if [ "$1" = build ]; then mkdir -p target/release; cp "$HERE/bin/cattleguard" target/release/; fi"#,
    },
    Stub {
        program: "cargo",
        reason: "builds everything; looked at is whether there is such a feature, test or bench",
        script: r#"while [ $# -gt 0 ]; do
    case $1 in
        --features) grep -q "^$2 = \[" "$ROOT/Cargo.toml" || { echo "no feature $2" >&2; exit 2; } ;;
        --bench|--test) grep -A1 "^\[\[${1#--}\]\]" "$ROOT/Cargo.toml" | grep -q "^name = \"$2\"" || { echo "no $1 $2" >&2; exit 2; } ;;
    esac
    shift
done"#,
    },
    Stub {
        program: "systemctl",
        reason: "there is no service manager in a test; looked at is whether there is such a unit. `make packages-test` boots one",
        script: r#"for unit; do :; done
[ -f "$ROOT/systemd/$unit" ] || { echo "no unit $unit" >&2; exit 5; }"#,
    },
    Stub { program: "systemd-ask-password", reason: "asks a person", script: "printf %s secret" },
    Stub {
        program: "systemd-creds",
        reason: "encrypts with the key of the host",
        script: r#"for last; do :; done
[ "$1" = encrypt ] && cat > "$last""#,
    },
    Stub { program: "ssh", reason: "there is no other host", script: ":" },
    Stub {
        program: "aws",
        reason: "there is no AWS; it answers with what the simulated account has",
        script: r#"case "$1 $2" in
    "ec2 create-security-group") echo sg-0123456789abcdef0 ;;
    "ec2 describe-security-groups") echo '[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]' ;;
    "ec2 revoke-security-group-egress") [ "$3 $4 $5" = "--group-id sg-0123456789abcdef0 --ip-permissions" ] && echo "$6" | jq -e '.[0].IpProtocol' > /dev/null ;;
    "s3api create-bucket") case "$*" in *--object-lock-enabled-for-bucket*) ;; *) exit 2 ;; esac ;;
    "s3api head-object") echo 00 ;;
    "s3 sync") cattleguard-sim world trail "$4" > /dev/null ;;
    "cloudtrail list-public-keys") cat "$HERE/keys-of-the-trail.json" ;;
    "cloudtrail update-trail") ;;
    *) echo "what is aws $1 $2?" >&2; exit 252 ;;
esac"#,
    },
    Stub {
        program: "cattleguard-agent",
        reason: "a program of its own; agent/tests/it/documents.rs runs it",
        script: r#"printf '%s\n' "$*" >> "$HERE/agent-calls""#,
    },
];

/// Writes the stubs into a folder of programs.
pub(super) fn write(folder: &Path) {
    for stub in STUBS {
        let path = folder.join(stub.program);
        // A shell goes on when a command within `$(…)` fails; nobody may miss it.
        let noted = "|| { code=$?; echo \"$0 $*\" >> \"$HERE/failed\"; exit $code; }";
        fs::write(&path, format!("#!/bin/sh\n( {}\n) {noted}\n", stub.script)).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }
}

#[test]
fn every_stub_stands_for_a_program_of_the_documents() {
    let text: String = of_kind(Kind::Shell).into_iter().map(|block| block.text).collect();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || "();$".contains(c)).collect();
    for stub in STUBS {
        assert!(words.contains(&stub.program), "{} stands for nothing: {}", stub.program, stub.reason);
    }
}

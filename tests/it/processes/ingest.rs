//! `ingest` of what is no log: each is named with the reason and counted, and the rest is read.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use cattleguard::testing::digests::gzip;
use serde_json::{Value, json};

use super::{Output, rest_of};
use crate::harness::{FAILED, OK, PARTIAL};

/// Memory of a run over small files is about 40 MB in a debug build.
const MOST_KB: u64 = 90 * 1024;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cattleguard-sim"));
    command.env("LC_ALL", "C.UTF-8").env("RUST_BACKTRACE", "0").env_remove("CATTLEGUARD_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(output: std::process::Output) -> Output {
    Output {
        code: output.status.code().expect("an exit code: it did not crash"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn ingest(path: &Path) -> Output {
    ended(program().args(["-o", "ndjson", "ingest"]).arg(path).output().expect("it starts"))
}

fn lines(output: &Output) -> Vec<Value> {
    output.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn of_type<'l>(lines: &'l [Value], kind: &'l str) -> impl Iterator<Item = &'l Value> {
    lines.iter().filter(move |line| line["type"] == kind)
}

fn events(lines: &[Value]) -> Vec<&str> {
    let mut ids: Vec<&str> = of_type(lines, "change_event").map(|line| line["event_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// The problems with this file.
fn problems<'l>(lines: &'l [Value], file: &str) -> Vec<&'l str> {
    let of_it = |line: &&Value| {
        let origin = line["origin"].as_str().unwrap();
        origin.split(": record").next().unwrap().ends_with(file)
    };
    of_type(lines, "set_aside").filter(of_it).map(|line| line["problem"].as_str().unwrap()).collect()
}

fn record(id: &str) -> String {
    let rest = json!({
        "eventID": id, "eventTime": "2026-11-01T09:00:00Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "StopInstances", "awsRegion": "eu-west-1", "recipientAccountId": "000000000000", "readOnly": false,
        "userIdentity": {"type": "IAMUser", "userName": "maria", "accountId": "000000000000"},
        "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-0a11111111111111a"}]}},
        "responseElements": null,
    });
    // As CloudTrail writes them, the version comes first: it marks where a record begins after a broken one.
    rest.to_string().replacen('{', "{\"eventVersion\":\"1.11\",", 1)
}

fn log(ids: &[&str]) -> String {
    let records: Vec<String> = ids.iter().map(|id| record(id)).collect();
    format!("{{\"Records\":[{}]}}", records.join(","))
}

/// Bytes that are no text and do not compress, the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |_| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

#[test]
fn every_bad_file_is_named_and_everything_else_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let zip = |text: &str| gzip(text.as_bytes()).unwrap();
    let many: Vec<String> = (0..2000).map(|number| format!("cut-{number:04}")).collect();
    let many = zip(&log(&many.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut wrong_sum = zip(&log(&["sum"]));
    let at = wrong_sum.len() - 8;
    wrong_sum[at] ^= 0xff;
    let deep = format!("{{\"eventVersion\":\"1.11\",\"x\":{}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let no_text =
        [record("u1").into_bytes(), record("u2").replace("maria", "\u{1}").into_bytes(), record("u3").into_bytes()];
    let no_text = no_text.join(&b"\n"[..]).into_iter().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
    let files: Vec<(&str, Vec<u8>, &str)> = vec![
        ("garbage.json", noise(5000), "neither JSON nor gzip"),
        ("garbage.json.gz", noise(5000), "neither JSON nor gzip"),
        ("encrypted.json.gz", [&b"\0\x01AWS-KMS"[..], &noise(3000)].concat(), "encrypted"),
        ("truncated.json.gz", many[..many.len() / 2].to_vec(), "ends early or is damaged"),
        ("wrong-gzip.json.gz", [&b"\x1f\x8b\x08"[..], &noise(100)].concat(), "ends early or is damaged"),
        ("wrong-sum.json.gz", wrong_sum, "checksum"),
        ("after.json.gz", [zip(&log(&["after"])), b"garbage".to_vec()].concat(), "ends early or is damaged"),
        ("deep.json", format!("{{\"Records\":[{deep},{}]}}", record("deep-next")).into_bytes(), "nested too deeply"),
        ("brackets.json", "[".repeat(10_000).into_bytes(), "not a JSON object"),
        ("not-utf8.json", no_text, "not UTF-8"),
        ("empty.json", Vec::new(), "it is empty"),
        ("empty.json.gz", zip(""), "it is empty"),
        ("cut.json", log(&["cut-off"]).trim_end_matches("]}").into(), "ends before its list of records does"),
        ("refusal.json", b"<html>AccessDenied</html>".to_vec(), "not a JSON object"),
        ("members.json.gz", [zip(&log(&["m1"])), zip(&log(&["m2"]))].concat(), ""),
        ("several.json", format!("{}{}\n{}", log(&["s1"]), log(&["s2"]), log(&["s3"])).into(), ""),
    ];
    for (name, content, _) in &files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    symlink(".", folder.path().join("loop")).unwrap();
    symlink("itself.json", folder.path().join("itself.json")).unwrap();
    symlink("/nonexistent", folder.path().join("gone.json")).unwrap();
    let output = ingest(folder.path());
    let lines = lines(&output);
    for (name, _, why) in files.iter().map(|(name, _, why)| (*name, (), *why)).chain([
        ("loop", (), "link to a folder is not followed"),
        ("itself.json", (), "cannot be read"),
        ("gone.json", (), "cannot be read"),
    ]) {
        let found = problems(&lines, &format!("/{name}"));
        assert_eq!(found.len(), usize::from(!why.is_empty()), "{name}: {found:?}");
        assert!(found.iter().all(|problem| problem.contains(why)), "{name}: {found:?}");
    }
    let read = events(&lines);
    let whole: Vec<&str> =
        read.iter().copied().filter(|id| !id.starts_with("cut-0") && !id.starts_with("cut-1")).collect();
    assert_eq!(whole, ["after", "cut-off", "deep-next", "m1", "m2", "s1", "s2", "s3", "sum", "u1", "u3"]);
    assert!(read.len() > whole.len(), "what came before the cut counts");
    let summary = of_type(&lines, "summary").next().unwrap();
    let aside = of_type(&lines, "set_aside").count();
    assert_eq!((output.code, &summary["set_aside"], &summary["exit_code"]), (PARTIAL, &aside.into(), &PARTIAL.into()));
    assert_eq!(summary["events_kept"], read.len());
    assert!(output.stderr.contains("set aside: "), "people are told as well: {}", output.stderr);
}

#[test]
fn a_pipe_in_a_folder_does_not_hold_it_up_and_one_that_is_named_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), log(&["a"])).unwrap();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe.json")).status().expect("mkfifo");
    assert!(made.success());
    let output = ingest(folder.path());
    let lines = lines(&output);
    assert_eq!((output.code, events(&lines)), (PARTIAL, vec!["a"]));
    assert!(problems(&lines, "pipe.json")[0].contains("a pipe"), "{lines:#?}");
}

#[test]
fn standard_input_is_a_log_like_any_other() {
    let read = |input: &[u8]| {
        let mut child = program().args(["-o", "ndjson", "ingest", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = ended(child.wait_with_output().unwrap());
        (output.code, events(&lines(&output)).iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    };
    let two = [gzip(log(&["a"]).as_bytes()).unwrap(), gzip(log(&["b"]).as_bytes()).unwrap()].concat();
    assert_eq!(read(&two), (OK, vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(read(&two[..two.len() - 20]).0, PARTIAL);
    assert_eq!(read(format!("{}\n{}", record("a"), record("b")).as_bytes()).0, OK);
    assert_eq!(read(&noise(9000)), (PARTIAL, Vec::new()));
    assert_eq!(read(b""), (OK, Vec::new()), "a pipe may have nothing to say");
}

/// Runs it to its end and watches how much memory it takes at most, in kB.
fn watched(path: &Path) -> (Output, u64) {
    let mut child = program().args(["-o", "ndjson", "ingest"]).arg(path).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = peak.map_or(most, |peak: u64| peak.max(most));
        if let Some(status) = child.try_wait().unwrap() {
            let (stdout, stderr) = (rest_of(child.stdout.take().unwrap()), rest_of(child.stderr.take().unwrap()));
            return (Output { code: status.code().expect("no crash"), stdout, stderr }, most);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_huge_line_takes_no_more_memory_than_a_small_one() {
    let folder = tempfile::tempdir().unwrap();
    // A gigabyte that takes no room on the disk.
    File::create(folder.path().join("1-nothing.json")).unwrap().set_len(1 << 30).unwrap();
    let mut long = File::create(folder.path().join("2-long.json")).unwrap();
    write!(long, "{{\"Records\":[{},{{\"eventVersion\":\"1.11\",\"x\":\"", record("before")).unwrap();
    let piece = vec![b'x'; 1 << 20];
    (0..64).for_each(|_| long.write_all(&piece).unwrap());
    write!(long, "\"}},{}]}}", record("next")).unwrap();
    let (output, most) = watched(folder.path());
    let lines = lines(&output);
    assert_eq!((output.code, events(&lines)), (PARTIAL, vec!["before", "next"]));
    assert!(problems(&lines, "1-nothing.json")[0].contains("neither JSON nor gzip"));
    assert!(problems(&lines, "2-long.json")[0].contains("longer than any CloudTrail record"));
    assert!(0 < most && most < MOST_KB, "{most} kB");
}

/// The program as somebody who may not read everything: root can read what nobody else may.
fn as_nobody(folder: &Path) -> Command {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut command = program();
    if is_root {
        // Where the program was built nobody else may look.
        let copy: PathBuf = folder.join("program");
        fs::copy(env!("CARGO_BIN_EXE_cattleguard-sim"), &copy).unwrap();
        command = Command::new(copy);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).uid(65534).gid(65534);
    }
    command
}

#[test]
fn folders_and_files_that_may_not_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir_all(logs.join("shut")).unwrap();
    fs::write(logs.join("a.json"), log(&["a"])).unwrap();
    fs::write(logs.join("secret.json"), log(&["b"])).unwrap();
    fs::write(logs.join("shut/c.json"), log(&["c"])).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    for shut in ["secret.json", "shut"] {
        fs::set_permissions(logs.join(shut), Permissions::from_mode(0o000)).unwrap();
    }
    let run =
        |path: &Path| ended(as_nobody(folder.path()).args(["-o", "ndjson", "ingest"]).arg(path).output().unwrap());
    let output = run(&logs);
    let lines = lines(&output);
    assert_eq!((output.code, events(&lines)), (PARTIAL, vec!["a"]));
    for shut in ["/secret.json", "/shut"] {
        assert!(problems(&lines, shut)[0].contains("Permission denied"), "{shut}: {lines:#?}");
    }
    assert_eq!(run(&logs.join("shut")).code, PARTIAL);
    fs::create_dir(folder.path().join("none")).unwrap();
    assert_eq!(run(&folder.path().join("none")).code, FAILED, "there is nothing to trust");
    fs::set_permissions(logs.join("shut"), Permissions::from_mode(0o755)).unwrap();
}

//! The formulas of docs/AGENT.md under "Digests", computed from a tree by hand.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::{blocks, root};
use crate::host::Host;

/// Unsigned LEB128.
fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn byte_string(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len() as u64), bytes.to_vec()].concat()
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    *blake3::hash(&parts.concat()).as_bytes()
}

/// Facts of a folder or a plain file without attributes and flaws.
fn facts(path: &Path) -> Vec<u8> {
    let data = fs::symlink_metadata(path).unwrap();
    let mut facts = vec![if data.is_dir() { 1 } else { 2 }];
    facts.extend(number(u64::from(data.mode() & 0o7777)));
    facts.extend(number(u64::from(data.uid())));
    facts.extend(number(u64::from(data.gid())));
    facts.push(0);
    if data.is_file() {
        facts.extend(number(data.len()));
        facts.push(1);
        facts.extend(blake3::hash(&fs::read(path).unwrap()).as_bytes());
        facts.push(0);
    }
    facts.extend([0, 0]);
    facts
}

fn leaf(path: &Path) -> [u8; 32] {
    let name = path.file_name().unwrap().as_encoded_bytes();
    digest(&[b"L", &byte_string(name), &facts(path)])
}

fn folder(path: &Path, name: &[u8], children: &[[u8; 32]]) -> [u8; 32] {
    let count = (children.len() as u64).to_le_bytes();
    digest(&[b"D", &byte_string(name), &facts(path), &children.concat(), &count])
}

#[test]
fn the_root_digest_is_what_the_document_says() {
    let block =
        blocks(root()).into_iter().find(|block| block.fence == "text" && block.first_line().starts_with("leaf "));
    let text = block.expect("the formulas").text;
    for domain in ["\"L\"", "\"D\"", "\"cattleguard settings v1\" 00", "\"cattleguard root v1\" 00"] {
        assert!(text.contains(&format!("BLAKE3( {domain}")), "the document says something else of {domain}");
    }
    let host = Host::new();
    let tree = host.beside("plain");
    let (inner, first, last) = (tree.join("a"), tree.join("a/first"), tree.join("z"));
    fs::create_dir_all(&inner).unwrap();
    fs::write(&first, "x".repeat(300)).unwrap();
    fs::write(&last, "").unwrap();
    fs::set_permissions(&last, fs::Permissions::from_mode(0o4711)).unwrap();

    let inside = folder(&inner, b"a", &[leaf(&first)]);
    let top = folder(&tree, b"/", &[inside, leaf(&last)]);
    let settings = digest(&[b"cattleguard settings v1\0", &number(1), &byte_string(b"/"), &[0], &number(0)]);
    let expected = digest(&[b"cattleguard root v1\0", &settings, &number(1), &top]);

    let (sysroot, out) = (tree.to_str().unwrap(), host.beside("plain.cgm"));
    let args = ["bake", "-o", "json", "--no-default-excludes", "--sysroot", sysroot, "--out", out.to_str().unwrap()];
    let baked = host.run(&args);
    let hex: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(baked.json["root"], format!("blake3:{hex}"), "{}", baked.stderr);
}

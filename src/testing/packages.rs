//! A believable package list of an Amazon Linux 2023 web server.

use std::sync::Arc;

use super::content::entry;
use super::ids::stable_number;
use crate::types::InventoryEntry;

/// Packages whose versions stories refer to.
const NAMED: [(&str, &str, &str); 24] = [
    ("openssl", "3.2.2", "1.amzn2023.0.2"),
    ("openssl-libs", "3.2.2", "1.amzn2023.0.2"),
    ("nginx", "1.28.0", "1.amzn2023.0.1"),
    ("nginx-core", "1.28.0", "1.amzn2023.0.1"),
    ("kernel", "6.12.46", "66.121.amzn2023"),
    ("glibc", "2.34", "196.amzn2023.0.1"),
    ("glibc-common", "2.34", "196.amzn2023.0.1"),
    ("systemd", "252.23", "3.amzn2023"),
    ("openssh-server", "8.7p1", "8.amzn2023.0.13"),
    ("openssh-clients", "8.7p1", "8.amzn2023.0.13"),
    ("curl-minimal", "8.11.1", "4.amzn2023.0.1"),
    ("libcurl-minimal", "8.11.1", "4.amzn2023.0.1"),
    ("python3", "3.9.23", "1.amzn2023.0.1"),
    ("sudo", "1.9.15", "1.p5.amzn2023.0.1"),
    ("bash", "5.2.15", "1.amzn2023.0.2"),
    ("amazon-ssm-agent", "3.3.3050.0", "1.amzn2023"),
    ("amazon-cloudwatch-agent", "1.300059.0", "1.amzn2023"),
    ("ec2-instance-connect", "1.1", "19.amzn2023"),
    ("cloud-init", "22.2.2", "1.amzn2023.1.15"),
    ("zlib", "1.2.11", "33.amzn2023.0.5"),
    ("rpm", "4.16.1.3", "29.amzn2023.0.6"),
    ("dnf", "4.14.0", "1.amzn2023.0.6"),
    ("ca-certificates", "2025.2.76", "1.0.amzn2023.0.1"),
    ("tzdata", "2025b", "1.amzn2023.0.1"),
];

/// Stems from which the rest of the list is made.
const STEMS: [&str; 48] = [
    "acl",
    "attr",
    "audit",
    "bzip2",
    "chrony",
    "coreutils",
    "cracklib",
    "cryptsetup",
    "cyrus-sasl",
    "dbus",
    "device-mapper",
    "e2fsprogs",
    "elfutils",
    "expat",
    "file",
    "findutils",
    "gawk",
    "gdbm",
    "gettext",
    "glib2",
    "gmp",
    "gnupg2",
    "gnutls",
    "grub2",
    "gzip",
    "iproute",
    "jansson",
    "json-c",
    "kmod",
    "krb5",
    "less",
    "lua",
    "lz4",
    "ncurses",
    "nettle",
    "nspr",
    "openldap",
    "p11-kit",
    "pam",
    "pcre2",
    "popt",
    "procps-ng",
    "readline",
    "selinux-policy",
    "shadow-utils",
    "sqlite",
    "util-linux",
    "xz",
];

/// Parts that distributions split a package into.
const PARTS: [&str; 10] =
    ["", "-libs", "-common", "-filesystem", "-data", "-utils", "-tools", "-minimal", "-plugins", "-langpack-en"];

/// The first `count` rows of the list, all different. There are 504 of them.
pub(super) fn rows(count: usize) -> Vec<InventoryEntry> {
    let named = NAMED.iter().map(|(name, version, release)| row(name, version, release, "x86_64"));
    let made = PARTS.iter().flat_map(|part| STEMS.iter().map(move |stem| format!("{stem}{part}")));
    let made = made.map(|name| {
        let number = stable_number(&name);
        let version = format!("{}.{}.{}", number % 5 + 1, number / 5 % 30, number / 150 % 10);
        let release = format!("{}.amzn2023.0.{}", number / 7 % 40 + 1, number / 11 % 5 + 1);
        row(&name, &version, &release, if number.is_multiple_of(9) { "noarch" } else { "x86_64" })
    });
    named.chain(made).take(count).collect()
}

/// One row of `AWS:Application` as the agent reports an rpm.
pub(super) fn row(name: &str, version: &str, release: &str, architecture: &str) -> InventoryEntry {
    let source = format!("{name}-{version}-{release}.src.rpm");
    let mut row = entry([
        ("Name", name),
        ("ApplicationType", "System Environment/Base"),
        ("Publisher", "Amazon Linux"),
        ("Version", version),
        ("Release", release),
        ("Epoch", "0"),
        ("InstalledTime", "2026-10-19T06:30:00Z"),
        ("Architecture", architecture),
        ("URL", "https://docs.aws.amazon.com/linux/al2023/"),
    ]);
    row.insert(Arc::from("Summary"), Arc::from(format!("{name} for Amazon Linux")));
    row.insert(Arc::from("PackageId"), Arc::from(source));
    row
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_up_to_the_promised_count() {
        let rows = rows(1000);
        let names: BTreeSet<_> = rows.iter().map(|row| row["Name"].clone()).collect();
        assert_eq!((rows.len(), names.len()), (504, 504));
    }
}

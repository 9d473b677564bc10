//! Every finding code with what it means and what to do; `cattleguard explain CODE` prints it.
//!
//! Codes are stable: they stand in exceptions, policies and alerts. The codes of the `event-*` family come
//! from the event table in `collect::trail`; the rest are here.

use crate::types::Code;

/// The page of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePage {
    /// Code.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// `image-unrecorded`: runs from an image that no golden records.
pub const IMAGE_UNRECORDED: Code = Code::known("image-unrecorded");
/// `image-revoked`: runs from a revoked golden.
pub const IMAGE_REVOKED: Code = Code::known("image-revoked");
/// `image-not-promoted`: runs another version than the promoted one.
pub const IMAGE_NOT_PROMOTED: Code = Code::known("image-not-promoted");
/// `config-security-groups`: security groups differ from the launch contract.
pub const CONFIG_SECURITY_GROUPS: Code = Code::known("config-security-groups");
/// `config-instance-profile`: instance profile differs from the launch contract.
pub const CONFIG_INSTANCE_PROFILE: Code = Code::known("config-instance-profile");
/// `config-user-data`: user data differs from the launch contract.
pub const CONFIG_USER_DATA: Code = Code::known("config-user-data");
/// `config-metadata-options`: metadata options differ from the launch contract.
pub const CONFIG_METADATA_OPTIONS: Code = Code::known("config-metadata-options");
/// `config-volumes`: volumes differ from the launch contract.
pub const CONFIG_VOLUMES: Code = Code::known("config-volumes");
/// `config-network-interfaces`: network interfaces differ from the launch contract.
pub const CONFIG_NETWORK_INTERFACES: Code = Code::known("config-network-interfaces");
/// `config-instance-type`: instance type is not one that the contract allows.
pub const CONFIG_INSTANCE_TYPE: Code = Code::known("config-instance-type");
/// `config-source-dest-check`: source/destination check differs from the launch contract.
pub const CONFIG_SOURCE_DEST_CHECK: Code = Code::known("config-source-dest-check");
/// `config-key-pair`: key pair differs from the launch contract.
pub const CONFIG_KEY_PAIR: Code = Code::known("config-key-pair");
/// `config-tags`: tags that the contract names have other values.
pub const CONFIG_TAGS: Code = Code::known("config-tags");
/// `software-package-added`: a package was installed in place.
pub const SOFTWARE_PACKAGE_ADDED: Code = Code::known("software-package-added");
/// `software-package-removed`: a package was removed in place.
pub const SOFTWARE_PACKAGE_REMOVED: Code = Code::known("software-package-removed");
/// `software-package-changed`: packages changed in place.
pub const SOFTWARE_PACKAGE_CHANGED: Code = Code::known("software-package-changed");
/// `software-service-changed`: a service changed in place.
pub const SOFTWARE_SERVICE_CHANGED: Code = Code::known("software-service-changed");
/// `software-windows-update`: a Windows update was installed or removed in place.
pub const SOFTWARE_WINDOWS_UPDATE: Code = Code::known("software-windows-update");
/// `software-kernel-changed`: the running kernel differs.
pub const SOFTWARE_KERNEL_CHANGED: Code = Code::known("software-kernel-changed");
/// `software-module-changed`: other kernel modules are loaded.
pub const SOFTWARE_MODULE_CHANGED: Code = Code::known("software-module-changed");
/// `software-sysctl-changed`: the kernel has other settings.
pub const SOFTWARE_SYSCTL_CHANGED: Code = Code::known("software-sysctl-changed");
/// `software-listener-changed`: other sockets listen, or other programs behind them.
pub const SOFTWARE_LISTENER_CHANGED: Code = Code::known("software-listener-changed");
/// `file-content-changed`: a file's content differs from the golden's manifest.
pub const FILE_CONTENT_CHANGED: Code = Code::known("file-content-changed");
/// `file-added`: a file that the golden does not have.
pub const FILE_ADDED: Code = Code::known("file-added");
/// `file-removed`: a file of the golden is gone.
pub const FILE_REMOVED: Code = Code::known("file-removed");
/// `file-metadata-changed`: owner, mode, link target or attributes of a file differ.
pub const FILE_METADATA_CHANGED: Code = Code::known("file-metadata-changed");
/// `file-privilege-changed`: setuid, setgid, capabilities or root's ownership of a file differ.
pub const FILE_PRIVILEGE_CHANGED: Code = Code::known("file-privilege-changed");
/// `blind-agent-tampered`: the agent's report contradicts itself.
pub const BLIND_AGENT_TAMPERED: Code = Code::known("blind-agent-tampered");
/// `blind-not-managed`: not managed by SSM.
pub const BLIND_NOT_MANAGED: Code = Code::known("blind-not-managed");
/// `blind-inventory-stale`: inventory is missing or too old.
pub const BLIND_INVENTORY_STALE: Code = Code::known("blind-inventory-stale");
/// `blind-agent-silent`: the agent has not reported.
pub const BLIND_AGENT_SILENT: Code = Code::known("blind-agent-silent");
/// `blind-access-denied`: a source refused to answer.
pub const BLIND_ACCESS_DENIED: Code = Code::known("blind-access-denied");
/// `blind-source-failed`: a source could not be read.
pub const BLIND_SOURCE_FAILED: Code = Code::known("blind-source-failed");
/// `blind-trail-stopped`: a trail records nothing any more.
pub const BLIND_TRAIL_STOPPED: Code = Code::known("blind-trail-stopped");
/// `blind-trail-missing`: no trail records an account-region.
pub const BLIND_TRAIL_MISSING: Code = Code::known("blind-trail-missing");
/// `blind-trail-storage`: what keeps a trail's files was changed; from the event table.
pub const BLIND_TRAIL_STORAGE: Code = Code::known("blind-trail-storage");
/// `blind-trail-narrowed`: a trail records less than before, or not what matters.
pub const BLIND_TRAIL_NARROWED: Code = Code::known("blind-trail-narrowed");
/// `blind-trail-gap`: a stretch of the trail was not delivered or not read.
pub const BLIND_TRAIL_GAP: Code = Code::known("blind-trail-gap");

/// `event-inventory-forged`: somebody else reported what a server's SSM agent reports; from the event table.
pub const EVENT_INVENTORY_FORGED: Code = Code::known("event-inventory-forged");
/// `event-launch-source-changed`: what the next servers are launched from was changed; from the event table.
pub const EVENT_LAUNCH_SOURCE: Code = Code::known("event-launch-source-changed");

/// The pages of all codes but `event-*`.
pub const PAGES: &[CodePage] = &[
    CodePage {
        code: "image-unrecorded",
        title: "runs from an image that no golden records",
        meaning: "Nobody has said what this server should look like, so nothing inside it can be judged.",
        advice: "Record the image with `cattleguard golden record`, or replace the server from a recorded one.",
    },
    CodePage {
        code: "image-revoked",
        title: "runs from a revoked golden",
        meaning: "The golden was withdrawn, usually for a vulnerability or because it was tampered with.",
        advice: "Replace the server from the promoted version of its line.",
    },
    CodePage {
        code: "image-not-promoted",
        title: "runs another version than the promoted one",
        meaning: "A newer version was promoted, or an older one was promoted to roll back. The fleet follows through its budgets.",
        advice: "Let the plan replace it, or promote the version you mean to run.",
    },
    CodePage {
        code: "config-security-groups",
        title: "security groups differ from the launch contract",
        meaning: "Who can reach the server, or whom it can reach, is not what was recorded.",
        advice: "Find the caller in the attribution; replace the server or record a new golden version with these groups.",
    },
    CodePage {
        code: "config-instance-profile",
        title: "instance profile differs from the launch contract",
        meaning: "The server has other permissions than recorded.",
        advice: "Treat as a possible privilege escalation until the caller is known.",
    },
    CodePage {
        code: "config-user-data",
        title: "user data differs from the launch contract",
        meaning: "User data runs as root at the next boot.",
        advice: "Do not reboot it. Find the caller, then replace the server.",
    },
    CodePage {
        code: "config-metadata-options",
        title: "metadata options differ from the launch contract",
        meaning: "Weaker options (IMDSv1, more hops) make stealing the role's credentials easier.",
        advice: "Find the caller; replace the server.",
    },
    CodePage {
        code: "config-volumes",
        title: "volumes differ from the launch contract",
        meaning: "A disk was attached, detached, resized or replaced.",
        advice: "Find the caller; a foreign volume may carry data in or out.",
    },
    CodePage {
        code: "config-network-interfaces",
        title: "network interfaces differ from the launch contract",
        meaning: "An interface was attached or detached.",
        advice: "Find the caller; a second interface can bridge networks.",
    },
    CodePage {
        code: "config-instance-type",
        title: "instance type is not one that the contract allows",
        meaning: "The server was stopped and resized.",
        advice: "Resize through a new golden version or launch template instead.",
    },
    CodePage {
        code: "config-source-dest-check",
        title: "source/destination check differs from the launch contract",
        meaning: "With the check off the server can route foreign traffic.",
        advice: "Find the caller; replace the server.",
    },
    CodePage {
        code: "config-key-pair",
        title: "key pair differs from the launch contract",
        meaning: "The server was launched by other means than its contract.",
        advice: "Find out how it was launched; replace it.",
    },
    CodePage {
        code: "config-tags",
        title: "tags that the contract names have other values",
        meaning: "Tags decide fleets, costs and access.",
        advice: "Correct the tags or the contract.",
    },
    CodePage {
        code: "software-package-added",
        title: "a package was installed in place",
        meaning: "The server runs software that its golden does not have.",
        advice: "Put the package into the image, record and promote a new version, or replace the server.",
    },
    CodePage {
        code: "software-package-removed",
        title: "a package was removed in place",
        meaning: "The server lacks software that its golden has.",
        advice: "Replace the server.",
    },
    CodePage {
        code: "software-package-changed",
        title: "packages changed in place",
        meaning: "The server was patched or downgraded in place.",
        advice: "Put the update into the image, record and promote a new version; the fleet follows.",
    },
    CodePage {
        code: "software-service-changed",
        title: "a service changed in place",
        meaning: "A service was added, removed, or starts differently.",
        advice: "Replace the server.",
    },
    CodePage {
        code: "software-windows-update",
        title: "a Windows update was installed or removed in place",
        meaning: "The server was patched in place.",
        advice: "Put the update into the image.",
    },
    CodePage {
        code: "software-kernel-changed",
        title: "the running kernel differs",
        meaning: "The server boots another kernel than its golden.",
        advice: "Put the kernel into the image; replace the server.",
    },
    CodePage {
        code: "software-module-changed",
        title: "other kernel modules are loaded",
        meaning: "Something was loaded into the kernel, or taken out of it, since boot; it leaves no trace in files.",
        advice: "Keep evidence of memory first; nothing on the server can be trusted to tell the truth. Then replace it.",
    },
    CodePage {
        code: "software-sysctl-changed",
        title: "the kernel has other settings",
        meaning: "A setting that hardens the server was changed in the running kernel.",
        advice: "Find the caller; replace the server. A setting that belongs there goes into the image.",
    },
    CodePage {
        code: "software-listener-changed",
        title: "other sockets listen, or other programs behind them",
        meaning: "A program takes connections that the golden does not, or a service of the golden is not up.",
        advice: "Look at the program that the finding names; put the service into the image, or replace the server.",
    },
    CodePage {
        code: "file-content-changed",
        title: "a file's content differs from the golden's manifest",
        meaning: "The agent's root digest is not the recorded one, and this file is why.",
        advice: "Find the caller in the attribution; replace the server.",
    },
    CodePage {
        code: "file-added",
        title: "a file that the golden does not have",
        meaning: "Something was put onto the server after its launch.",
        advice: "Look at what it is before the server is replaced; put it into the image if it belongs there.",
    },
    CodePage {
        code: "file-removed",
        title: "a file of the golden is gone",
        meaning: "Something was deleted in place; removed logs or binaries may hide more.",
        advice: "Find the caller; replace the server.",
    },
    CodePage {
        code: "file-metadata-changed",
        title: "owner, mode, link target or attributes of a file differ",
        meaning: "The content is the golden's, but who may read or write it, or where it points, is not.",
        advice: "Find the caller; replace the server.",
    },
    CodePage {
        code: "file-privilege-changed",
        title: "setuid, setgid, capabilities or root's ownership of a file differ",
        meaning: "A program may now run with more rights than the golden gives it: a common way to keep root.",
        advice: "Treat as a possible compromise: keep evidence, then replace the server.",
    },
    CodePage {
        code: "blind-not-managed",
        title: "not managed by SSM",
        meaning: "Its inside cannot be seen: it is unjudged, not clean.",
        advice: "Check the SSM agent, its instance profile and its route to the SSM endpoints.",
    },
    CodePage {
        code: "blind-inventory-stale",
        title: "inventory is missing or too old",
        meaning: "What is known of its inside is out of date.",
        advice: "Check the inventory association (only one may apply to a node) and the agent.",
    },
    CodePage {
        code: "blind-agent-silent",
        title: "the agent has not reported",
        meaning: "Files cannot be judged.",
        advice: "Check cattleguard-agent.timer on the server.",
    },
    CodePage {
        code: "blind-agent-tampered",
        title: "the agent's report contradicts itself",
        meaning: "Its root digest and its differences do not fit together; the agent writes no such report.",
        advice: "Trust nothing that this server says of itself. Treat as a compromise until the agent is explained.",
    },
    CodePage {
        code: "blind-access-denied",
        title: "a source refused to answer",
        meaning: "Everything that this source would have judged is unjudged.",
        advice: "Run `cattleguard iam-policy` and compare with the role; look for a service control policy.",
    },
    CodePage {
        code: "blind-source-failed",
        title: "a source could not be read",
        meaning: "Throttling, a timeout or an outage; the servers it would have judged are unjudged.",
        advice: "The next scan tries again. If it persists, lower the scan rate or look at the endpoint.",
    },
    CodePage {
        code: "blind-trail-stopped",
        title: "a trail was stopped or deleted, or is not logging",
        meaning: "Nothing is delivered from then on: no log files, no notifications, no data events. The event history \
                  goes on. The subject is the caller where a call is the finding, and the trail where its state is.",
        advice: "Treat as hostile until the caller explains it; start or create the trail again. What is known from \
                 its state ends when it logs again; what is known from a call ends when it is acknowledged.",
    },
    CodePage {
        code: "blind-trail-missing",
        title: "no trail records this account-region",
        meaning: "Neither a trail of this region nor one of all regions is there: calls are kept in the event history \
                  alone, for 90 days, where nothing proves that they are whole. Where the event history is not among \
                  the sources either, servers there are unjudged.",
        advice: "Create a trail for all regions with log file validation, or include the account in the organisation's \
                 trail. The finding ends when there is one; waive it where the event history is enough.",
    },
    CodePage {
        code: "blind-trail-storage",
        title: "what keeps a trail's files was changed",
        meaning: "The bucket that a trail delivers to, the key that encrypts its files, or the topic that tells of them \
                  was changed or deleted: files may be lost, refused, expire early, or be readable by others.",
        advice: "Find the caller in the attribution and undo the change; a key that is scheduled for deletion can be \
                 kept with `aws kms cancel-key-deletion`. Prove what is there with `cattleguard trail verify`.",
    },
    CodePage {
        code: "blind-trail-narrowed",
        title: "a trail records less than before, or no changes at all",
        meaning: "Regions, global events, write events, validation or the bucket were changed, or an event data store \
                  was: what is no longer recorded cannot be found later.",
        advice: "Compare the trail with what it should be (`aws cloudtrail get-trail`, `get-event-selectors`) and undo it.",
    },
    CodePage {
        code: "blind-trail-gap",
        title: "a stretch of the trail was not delivered or not read",
        meaning: "Changes in that stretch are unknown: log or digest files do not arrive, or it was read too late.",
        advice: "If S3 refuses the files, mend the bucket's policy or key; CloudTrail tries again for 30 days. Read the \
                 stretch with `cattleguard ingest`, and prove it with `cattleguard trail verify`.",
    },
];

/// The page of one code, if it is one of ours.
pub fn page(code: &str) -> Option<&'static CodePage> {
    PAGES.iter().find(|page| page.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_kebab_case_and_of_a_known_family() {
        let unique: BTreeSet<_> = PAGES.iter().map(|page| page.code).collect();
        assert_eq!(unique.len(), PAGES.len());
        for page in PAGES {
            assert!(page.code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", page.code);
            assert!(["image", "config", "software", "file", "blind"].contains(&Code::known(page.code).family()));
        }
    }

    #[test]
    fn the_list_is_stable() {
        // Exceptions, policies and alert routes name these: renaming one breaks users.
        let list = PAGES.iter().map(|page| page.code).collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(list);
    }
}

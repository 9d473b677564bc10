//! Attributes that change without anybody modifying the server, each with its reason. This is the one list;
//! a rule that compares inventory drops these first.

/// One volatile attribute of an inventory type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volatile {
    /// Inventory type.
    pub inventory_type: &'static str,
    /// Attribute.
    pub attribute: &'static str,
    /// Why it is not drift.
    pub reason: &'static str,
}

/// The list.
pub const VOLATILE: &[Volatile] = &[
    Volatile {
        inventory_type: "AWS:Application",
        attribute: "InstalledTime",
        reason: "reinstalling the same version moves it; dpkg does not report it at all",
    },
    Volatile {
        inventory_type: "AWS:Application",
        attribute: "Summary",
        reason: "descriptive text that package metadata refreshes rewrite",
    },
    Volatile { inventory_type: "AWS:Application", attribute: "URL", reason: "descriptive text" },
    Volatile { inventory_type: "AWS:Application", attribute: "Publisher", reason: "its spelling varies by locale" },
    Volatile {
        inventory_type: "AWS:InstanceDetailedInformation",
        attribute: "CPUSpeedMHz",
        reason: "fluctuates with frequency scaling",
    },
    Volatile {
        inventory_type: "AWS:InstanceDetailedInformation",
        attribute: "CPUModel",
        reason: "depends on the host the instance was placed on",
    },
    Volatile {
        inventory_type: "AWS:Service",
        attribute: "Status",
        reason: "trigger-start services come and go; the start type is what an administrator sets",
    },
    Volatile { inventory_type: "AWS:Service", attribute: "DependentServices", reason: "derived from other services" },
    Volatile { inventory_type: "AWS:Service", attribute: "ServicesDependedOn", reason: "derived from other services" },
    Volatile { inventory_type: "AWS:WindowsUpdate", attribute: "InstalledTime", reason: "time of the same update" },
    Volatile {
        inventory_type: "AWS:WindowsUpdate",
        attribute: "InstalledBy",
        reason: "account name of the same update",
    },
];

/// Whether an attribute of a type is volatile.
pub fn is_volatile(inventory_type: &str, attribute: &str) -> bool {
    VOLATILE.iter().any(|entry| entry.inventory_type == inventory_type && entry.attribute == attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_version_is_never_volatile() {
        assert!(is_volatile("AWS:InstanceDetailedInformation", "CPUSpeedMHz"));
        assert!(!is_volatile("AWS:InstanceDetailedInformation", "KernelVersion"));
        assert!(!is_volatile("AWS:Application", "Version"));
    }

    #[test]
    fn every_entry_has_a_reason_and_none_is_listed_twice() {
        for (index, entry) in VOLATILE.iter().enumerate() {
            assert!(!entry.reason.is_empty());
            assert!(
                !VOLATILE[index + 1..]
                    .iter()
                    .any(|other| other.inventory_type == entry.inventory_type && other.attribute == entry.attribute)
            );
        }
    }
}

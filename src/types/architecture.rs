//! Which processors an instance type has, where only its name is known.

/// The architecture of an instance type as EC2 names it for images: `arm64` or `x86_64`. `None` where the name does not tell.
/// In the name of a type, `g` after the generation stands for Graviton processors; `a1` is older than that (EC2 Instance Types
/// Guide, "Instance type naming conventions").
pub fn architecture_of(instance_type: &str) -> Option<&'static str> {
    let (family, _) = instance_type.split_once('.')?;
    // Macs are of either kind under similar names.
    if family.starts_with("mac") {
        return None;
    }
    let generation = family.find(|c: char| c.is_ascii_digit())?;
    let options = family.get(generation..)?.trim_start_matches(|c: char| c.is_ascii_digit());
    // What follows a dash is a size or an accelerator.
    let options = options.split('-').next().unwrap_or_default();
    // `u-6tb1` has its generation at its end.
    if family.starts_with("u-") || generation == 0 {
        return None;
    }
    Some(if family == "a1" || options.contains('g') { "arm64" } else { "x86_64" })
}

/// Whether an image of one architecture boots on the other. 64-bit Intel and AMD processors run 32-bit images as well.
pub fn boots_on(image: &str, processor: &str) -> bool {
    image == processor || (image == "i386" && processor == "x86_64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graviton_is_told_by_its_letter() {
        for arm in [
            "m7g.large",
            "t4g.nano",
            "a1.xlarge",
            "c6gn.large",
            "im4gn.large",
            "is4gen.medium",
            "g5g.xlarge",
            "x2gd.metal",
        ] {
            assert_eq!(architecture_of(arm), Some("arm64"), "{arm}");
        }
        for intel in [
            "m7i.large",
            "g4dn.xlarge",
            "g6e.xlarge",
            "p5en.48xlarge",
            "x2iezn.2xlarge",
            "u7i-12tb.224xlarge",
            "c7a.large",
        ] {
            assert_eq!(architecture_of(intel), Some("x86_64"), "{intel}");
        }
        for unknown in ["mac2.metal", "u-6tb1.metal", "", "large", "m7g"] {
            assert_eq!(architecture_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn old_images_boot_on_what_came_after() {
        assert!(boots_on("i386", "x86_64") && boots_on("arm64", "arm64"));
        assert!(!boots_on("arm64", "x86_64") && !boots_on("x86_64", "arm64") && !boots_on("i386", "arm64"));
    }
}

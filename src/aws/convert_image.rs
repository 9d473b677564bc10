//! Images into domain types.

use aws_sdk_ec2::types as sdk;

use super::time::parse;
use crate::types::Image;

/// One image; `None` when it has no id.
pub(super) fn image(found: sdk::Image) -> Option<Image> {
    Some(Image {
        id: found.image_id?.into(),
        name: found.name,
        state: found.state.as_ref().map_or_else(String::new, |state| state.as_str().to_owned()),
        owner: found.owner_id.map(Into::into),
        created_at: found.creation_date.as_deref().and_then(parse),
        deprecated_at: found.deprecation_time.as_deref().and_then(parse),
        root_device: found.root_device_name,
        architecture: found.architecture.map(|architecture| architecture.as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_state_are_read() {
        let found = sdk::Image::builder()
            .image_id("ami-0123456789abcdef0")
            .state(sdk::ImageState::Disabled)
            .creation_date("2026-10-01T08:00:00.000Z")
            .deprecation_time("2028-10-01T08:00:00.000Z")
            .owner_id("111122223333")
            .build();
        let got = image(found).unwrap();
        assert_eq!(got.state, "disabled");
        assert_eq!(got.created_at, parse("2026-10-01T08:00:00Z"));
        assert_eq!(got.deprecated_at, parse("2028-10-01T08:00:00Z"));
        assert_eq!(image(sdk::Image::builder().build()), None);
    }
}

//! EC2 Describe calls that list: instances, volumes, images.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Filter;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::clients::PlaceClients;
use super::error::read_error;
use super::throttle::Family;
use super::{convert_ec2, convert_image};
use crate::collect::{Page, PageToken, ReadError};
use crate::types::{Image, ImageId, Instance, InstanceId, Volume};

pub(super) const DESCRIBE_INSTANCES: &str = "ec2:DescribeInstances";
pub(super) const DESCRIBE_VOLUMES: &str = "ec2:DescribeVolumes";
pub(super) const DESCRIBE_IMAGES: &str = "ec2:DescribeImages";

/// The largest page of `DescribeInstances` (EC2 API reference, `MaxResults`).
const INSTANCES_PAGE: i32 = 1000;

/// `DescribeVolumes` returns at most 500 items when paged (EC2 API reference, `MaxResults`).
const VOLUMES_PAGE: i32 = 500;

/// Everything but `terminated`: those stay listed for an hour and are nobody's servers any more.
const STATES: [&str; 5] = ["pending", "running", "shutting-down", "stopping", "stopped"];

/// One page of instances.
pub(super) async fn instances(clients: &PlaceClients, next: Option<PageToken>) -> Result<Page<Instance>, ReadError> {
    let request = clients
        .ec2
        .describe_instances()
        .filters(filter("instance-state-name", STATES))
        .max_results(INSTANCES_PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::Ec2, DESCRIBE_INSTANCES, request.send()).await?;
    let next = token(answer.next_token);
    let items = convert(clients, answer.reservations.unwrap_or_default())?;
    Ok(Page { items, next })
}

/// Instances by id. EC2 refuses the whole call for one unknown id and names those it does not know, so the
/// rest is asked for again without them.
pub(super) async fn instances_by_id(clients: &PlaceClients, ids: &[InstanceId]) -> Result<Vec<Instance>, ReadError> {
    let mut wanted: BTreeSet<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
    while !wanted.is_empty() {
        let request = clients.ec2.describe_instances().set_instance_ids(Some(wanted.iter().cloned().collect()));
        match clients.attempt(Family::Ec2, request.send()).await {
            Ok(answer) => {
                let mut found = convert(clients, answer.reservations.unwrap_or_default())?;
                found.retain(|instance| instance.state != "terminated");
                return Ok(found);
            }
            Err(error) if forget_named(&mut wanted, &error) => {}
            Err(error) => return Err(read_error(DESCRIBE_INSTANCES, &clients.place, &error)),
        }
    }
    Ok(Vec::new())
}

/// One page of attached volumes.
pub(super) async fn volumes(clients: &PlaceClients, next: Option<PageToken>) -> Result<Page<Volume>, ReadError> {
    let request = clients
        .ec2
        .describe_volumes()
        .filters(filter("status", ["in-use"]))
        .max_results(VOLUMES_PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::Ec2, DESCRIBE_VOLUMES, request.send()).await?;
    let items = answer.volumes.unwrap_or_default().into_iter().filter_map(convert_ec2::volume).collect();
    Ok(Page { items, next: token(answer.next_token) })
}

/// Images by id, deprecated and disabled ones too. Unknown ids, and images that are no longer shared with
/// us, are missing from the answer.
pub(super) async fn images(clients: &PlaceClients, ids: &[ImageId]) -> Result<Vec<Image>, ReadError> {
    let mut wanted: BTreeSet<String> = ids.iter().map(|id| id.as_str().to_owned()).collect();
    while !wanted.is_empty() {
        let request = clients
            .ec2
            .describe_images()
            .set_image_ids(Some(wanted.iter().cloned().collect()))
            .include_deprecated(true)
            .include_disabled(true);
        match clients.attempt(Family::Ec2, request.send()).await {
            Ok(answer) => {
                return Ok(answer.images.unwrap_or_default().into_iter().filter_map(convert_image::image).collect());
            }
            Err(error) if forget_named(&mut wanted, &error) => {}
            Err(error) => return Err(read_error(DESCRIBE_IMAGES, &clients.place, &error)),
        }
    }
    Ok(Vec::new())
}

/// Takes the ids that an error calls unknown or malformed out of `wanted` and says whether there were any:
/// the loop around it always shrinks or ends.
pub(super) fn forget_named(wanted: &mut BTreeSet<String>, error: &impl ProvideErrorMetadata) -> bool {
    let code = error.code().unwrap_or_default();
    if !matches!(code.split_once('.'), Some((_, "NotFound" | "Malformed" | "Unavailable"))) {
        return false;
    }
    let before = wanted.len();
    let message = error.message().unwrap_or_default();
    for id in message.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        wanted.remove(id);
    }
    wanted.len() < before
}

fn convert(
    clients: &PlaceClients,
    reservations: Vec<aws_sdk_ec2::types::Reservation>,
) -> Result<Vec<Instance>, ReadError> {
    reservations
        .into_iter()
        .flat_map(|reservation| reservation.instances.unwrap_or_default())
        .map(|instance| {
            convert_ec2::instance(&clients.place, instance)
                .ok_or_else(|| clients.invalid(DESCRIBE_INSTANCES, "an instance without an id"))
        })
        .collect()
}

pub(super) fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(str::to_owned).collect())).build()
}

/// Some services end with an empty token instead of none.
pub(super) fn token(next: Option<String>) -> Option<PageToken> {
    next.filter(|next| !next.is_empty()).map(PageToken)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn error(code: &str, message: &str) -> ErrorMetadata {
        ErrorMetadata::builder().code(code).message(message).build()
    }

    #[test]
    fn ids_are_dropped_by_the_words_of_the_error() {
        let mut wanted: BTreeSet<String> = ["i-0a", "i-0b", "i-0c", "i-x"].map(str::to_owned).into();
        let missing = error("InvalidInstanceID.NotFound", "The instance IDs 'i-0a, i-0c' do not exist");
        assert!(forget_named(&mut wanted, &missing));
        assert!(forget_named(&mut wanted, &error("InvalidInstanceID.Malformed", "Invalid id: \"i-x\"")));
        assert_eq!(wanted, ["i-0b".to_owned()].into());
        assert!(!forget_named(&mut wanted, &missing), "nothing left to drop: give up");
        let refused = error("UnauthorizedOperation", "You are not authorized to see i-0b");
        assert!(!forget_named(&mut wanted, &refused), "a refusal is no answer");
    }

    #[test]
    fn an_empty_token_is_the_end() {
        assert_eq!(token(Some(String::new())), None);
        assert_eq!(token(Some("5".to_owned())), Some(PageToken("5".to_owned())));
    }
}

//! EC2 Describe calls about the parts of instances: profile associations, addresses, user data.

use aws_sdk_ec2::types::InstanceAttributeName;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::clients::PlaceClients;
use super::ec2::{filter, token};
use super::throttle::Family;
use crate::collect::source::{AddressAssociation, ProfileAssociation};
use crate::collect::{Page, PageToken, ReadError};
use crate::types::InstanceId;

pub(super) const DESCRIBE_ASSOCIATIONS: &str = "ec2:DescribeIamInstanceProfileAssociations";
pub(super) const DESCRIBE_ADDRESSES: &str = "ec2:DescribeAddresses";
pub(super) const DESCRIBE_ATTRIBUTE: &str = "ec2:DescribeInstanceAttribute";

/// The largest page (EC2 API reference, `MaxResults`).
const ASSOCIATIONS_PAGE: i32 = 1000;

/// One page of profile associations that hold or are about to.
pub(super) async fn profile_associations(
    clients: &PlaceClients,
    next: Option<PageToken>,
) -> Result<Page<ProfileAssociation>, ReadError> {
    let request = clients
        .ec2
        .describe_iam_instance_profile_associations()
        .filters(filter("state", ["associating", "associated"]))
        .max_results(ASSOCIATIONS_PAGE)
        .set_next_token(next.map(|token| token.0));
    let answer = clients.call(Family::Ec2, DESCRIBE_ASSOCIATIONS, request.send()).await?;
    let items = answer.iam_instance_profile_associations.unwrap_or_default().into_iter().filter_map(|found| {
        Some(ProfileAssociation {
            association: found.association_id?,
            instance: found.instance_id?.into(),
            profile_arn: found.iam_instance_profile?.arn?,
        })
    });
    Ok(Page { items: items.collect(), next: token(answer.next_token) })
}

/// Elastic IPs that are associated with an instance.
pub(super) async fn addresses(clients: &PlaceClients) -> Result<Vec<AddressAssociation>, ReadError> {
    let answer = clients.call(Family::Ec2, DESCRIBE_ADDRESSES, clients.ec2.describe_addresses().send()).await?;
    let associated = answer.addresses.unwrap_or_default().into_iter().filter_map(|address| {
        Some(AddressAssociation {
            association: address.association_id?,
            instance: address.instance_id.filter(|id| !id.is_empty())?.into(),
            public_ip: address.public_ip?,
        })
    });
    Ok(associated.collect())
}

/// The decoded user data of one instance.
pub(super) async fn user_data(clients: &PlaceClients, id: &InstanceId) -> Result<Option<Vec<u8>>, ReadError> {
    let request =
        clients.ec2.describe_instance_attribute().instance_id(id.as_str()).attribute(InstanceAttributeName::UserData);
    let answer = clients.call(Family::Ec2, DESCRIBE_ATTRIBUTE, request.send()).await?;
    let encoded = answer.user_data.and_then(|attribute| attribute.value).filter(|text| !text.is_empty());
    encoded
        .map(|text| {
            STANDARD.decode(text.trim()).map_err(|_| clients.invalid(DESCRIBE_ATTRIBUTE, "user data is not base64"))
        })
        .transpose()
}

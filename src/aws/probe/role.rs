//! The role behind an instance profile, and its inline policies.

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::clients::PlaceClients;
use crate::aws::ec2::{DESCRIBE_INSTANCES, filter};
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::collect::ReadError;
use crate::remediate::RoleDetail;

const GET_PROFILE: &str = "iam:GetInstanceProfile";
const GET_POLICY: &str = "iam:GetRolePolicy";
const GET_ROLE: &str = "iam:GetRole";

/// IAM's code for what does not exist.
const ABSENT: &str = "NoSuchEntity";

/// States in which an instance holds credentials of its profile, or may again.
const ALIVE: [&str; 4] = ["pending", "running", "stopping", "stopped"];

/// The role behind a profile, which is found by its name alone: an ARN that was put together lacks the path. `None`
/// when there is no such profile, or it has no role.
pub(in crate::aws) async fn role_of(
    clients: &PlaceClients,
    profile_arn: &str,
) -> Result<Option<RoleDetail>, ReadError> {
    let name = last_segment(profile_arn);
    let request = clients.iam.get_instance_profile().instance_profile_name(name);
    let answer = match clients.attempt(Family::Iam, request.send()).await {
        Ok(answer) => answer,
        Err(error) if error.code() == Some(ABSENT) => return Ok(None),
        Err(error) => return Err(read_error(GET_PROFILE, &clients.place, &error)),
    };
    let Some(profile) = answer.instance_profile else { return Ok(None) };
    let (arn, Some(role)) = (profile.arn, profile.roles.into_iter().next()) else { return Ok(None) };
    let users = users(clients, &arn).await?;
    Ok(Some(RoleDetail { name: role.role_name, unique_id: role.role_id, profile_arn: arn, users }))
}

/// How many instances use a profile.
async fn users(clients: &PlaceClients, profile_arn: &str) -> Result<u32, ReadError> {
    let mut count = 0_usize;
    let mut next = None;
    for _ in 0..super::PAGES_LIMIT {
        let request = clients
            .ec2
            .describe_instances()
            .filters(filter("iam-instance-profile.arn", [profile_arn]))
            .filters(filter("instance-state-name", ALIVE))
            .set_next_token(next);
        let answer = clients.call(Family::Ec2, DESCRIBE_INSTANCES, request.send()).await?;
        count += answer.reservations.unwrap_or_default().iter().map(|one| one.instances().len()).sum::<usize>();
        next = answer.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
    Err(clients.invalid(DESCRIBE_INSTANCES, "the pages do not end"))
}

/// An inline policy of a role, decoded; `None` when there is none, or no such role.
pub(in crate::aws) async fn role_policy(
    clients: &PlaceClients,
    role: &str,
    policy: &str,
) -> Result<Option<String>, ReadError> {
    let request = clients.iam.get_role_policy().role_name(role).policy_name(policy);
    match clients.attempt(Family::Iam, request.send()).await {
        Ok(answer) => decoded(&answer.policy_document)
            .map(Some)
            .ok_or_else(|| clients.invalid(GET_POLICY, "the document is not URL-encoded text")),
        Err(error) if error.code() == Some(ABSENT) => Ok(None),
        Err(error) => Err(read_error(GET_POLICY, &clients.place, &error)),
    }
}

/// ARN of a role by its name: session ARNs leave the role's path out.
pub(in crate::aws) async fn role_arn(clients: &PlaceClients, name: &str) -> Result<String, ReadError> {
    let answer = clients.call(Family::Iam, GET_ROLE, clients.iam.get_role().role_name(name).send()).await?;
    answer.role.map(|role| role.arn).ok_or_else(|| clients.invalid(GET_ROLE, "no role in the answer"))
}

/// The name at the end of a path.
pub(in crate::aws) fn last_segment(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// RFC 3986 percent encoding, as IAM sends documents. `+` stands for itself.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
        out.push(high << 4 | low);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded_and_broken_ones_refused() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22b+c%22%7D").as_deref(), Some(r#"{"a": "b+c"}"#));
        assert_eq!(decoded("%e2%82%ac").as_deref(), Some("€"));
        for broken in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }

    #[test]
    fn names_come_after_the_path() {
        assert_eq!(last_segment("arn:aws:iam::111122223333:instance-profile/apps/web"), "web");
    }
}

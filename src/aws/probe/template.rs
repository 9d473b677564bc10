//! What an Auto Scaling group would launch now: its images, and whether that can change under us.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LaunchTemplateSpecification};
use aws_sdk_ec2::types::LaunchTemplateVersion;

use crate::aws::clients::PlaceClients;
use crate::aws::error::read_error;
use crate::aws::throttle::Family;
use crate::collect::{ReadError, ReadFailure};
use crate::types::ImageId;

const DESCRIBE_VERSIONS: &str = "ec2:DescribeLaunchTemplateVersions";
const DESCRIBE_CONFIGURATIONS: &str = "autoscaling:DescribeLaunchConfigurations";

/// An image that a template takes from an SSM parameter.
const BY_PARAMETER: &str = "resolve:ssm:";

/// What would be launched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Launches {
    /// Images; empty when one of them is not known.
    pub(super) images: BTreeSet<ImageId>,
    /// Whether every template version is a number, and every image is named by its id.
    pub(super) pinned: bool,
}

/// What this group would launch, its overrides included.
pub(super) async fn launches(clients: &PlaceClients, group: &AutoScalingGroup) -> Result<Launches, ReadError> {
    if let Some(name) = &group.launch_configuration_name {
        // A launch configuration cannot be changed.
        return Ok(Launches { images: configured(clients, name).await?.into_iter().collect(), pinned: true });
    }
    let mixed = group.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref());
    let overrides = mixed.map(|template| template.overrides()).unwrap_or_default();
    let base = group.launch_template.as_ref().or(mixed.and_then(|template| template.launch_template_specification()));
    let Some(base) = base else { return Ok(Launches { images: BTreeSet::new(), pinned: false }) };
    // What one override does not name is the base's.
    let mut specifications = vec![(base, None)];
    if !overrides.is_empty() {
        specifications = overrides
            .iter()
            .map(|one| (one.launch_template_specification().unwrap_or(base), one.image_id().map(ImageId::new)))
            .collect();
    }
    let (mut images, mut pinned, mut known) = (BTreeSet::new(), true, true);
    let mut asked: Vec<(&LaunchTemplateSpecification, Resolved)> = Vec::new();
    for (specification, image) in specifications {
        let resolved = match asked.iter().find(|(seen, _)| *seen == specification) {
            Some((_, resolved)) => resolved.clone(),
            None => {
                let resolved = resolve(clients, specification).await?;
                asked.push((specification, resolved.clone()));
                resolved
            }
        };
        pinned &= is_number(specification.version.as_deref()) && (image.is_some() || resolved.by_id);
        match image.or(resolved.image) {
            Some(image) => _ = images.insert(image),
            None => known = false,
        }
    }
    if !known {
        images.clear();
    }
    Ok(Launches { images, pinned })
}

/// The image of one template version.
#[derive(Clone, Debug)]
struct Resolved {
    image: Option<ImageId>,
    by_id: bool,
}

async fn resolve(clients: &PlaceClients, wanted: &LaunchTemplateSpecification) -> Result<Resolved, ReadError> {
    let found = version(clients, wanted, false).await?;
    let Some(image) = found.and_then(image) else { return Ok(Resolved { image: None, by_id: false }) };
    if !image.starts_with(BY_PARAMETER) {
        return Ok(Resolved { image: Some(image.into()), by_id: true });
    }
    let image = version(clients, wanted, true).await?.and_then(self::image);
    Ok(Resolved { image: image.filter(|id| !id.starts_with(BY_PARAMETER)).map(Into::into), by_id: false })
}

fn image(found: LaunchTemplateVersion) -> Option<String> {
    found.launch_template_data?.image_id
}

/// One version; without a name it is the default one, as Auto Scaling takes it.
async fn version(
    clients: &PlaceClients,
    wanted: &LaunchTemplateSpecification,
    resolve_alias: bool,
) -> Result<Option<LaunchTemplateVersion>, ReadError> {
    let request = clients
        .ec2
        .describe_launch_template_versions()
        .set_launch_template_id(wanted.launch_template_id.clone())
        .versions(wanted.version.as_deref().unwrap_or("$Default"))
        .set_resolve_alias(resolve_alias.then_some(true));
    // EC2 takes the id or the name, not both.
    let request = match &wanted.launch_template_id {
        Some(_) => request,
        None => request.set_launch_template_name(wanted.launch_template_name.clone()),
    };
    match clients.attempt(Family::Ec2, request.send()).await {
        Ok(answer) => Ok(answer.launch_template_versions.unwrap_or_default().into_iter().next()),
        Err(error) => match read_error(DESCRIBE_VERSIONS, &clients.place, &error) {
            // A group may outlive its template: then what it would launch is not known.
            error if error.failure == ReadFailure::NotFound || error.detail.contains("NotFound") => Ok(None),
            error => Err(error),
        },
    }
}

async fn configured(clients: &PlaceClients, name: &str) -> Result<Option<ImageId>, ReadError> {
    let request = clients.autoscaling.describe_launch_configurations().launch_configuration_names(name);
    let answer = clients.call(Family::AutoScaling, DESCRIBE_CONFIGURATIONS, request.send()).await?;
    let found = answer.launch_configurations.unwrap_or_default().into_iter().next();
    Ok(found.and_then(|found| found.image_id).filter(|id| !id.is_empty()).map(Into::into))
}

/// `$Latest` and `$Default` can change under us, and so can what is not named.
fn is_number(version: Option<&str>) -> bool {
    version.is_some_and(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_pins_a_template() {
        assert!(is_number(Some("12")));
        for loose in [None, Some(""), Some("$Latest"), Some("$Default"), Some("1a")] {
            assert!(!is_number(loose), "{loose:?}");
        }
    }
}

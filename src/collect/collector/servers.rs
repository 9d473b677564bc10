//! Instances, volumes, profile associations and addresses of one place.

use std::sync::Mutex;

use super::{lock, pages};
use crate::collect::builder::Builder;
use crate::collect::source::CloudRead;
use crate::types::{CoverageStatus, Place, Source};

pub(super) async fn read(cloud: &dyn CloudRead, place: &Place, builder: &Mutex<Builder>) {
    let instances = pages::each(
        place,
        "ec2:DescribeInstances",
        |next| cloud.instances(place, next),
        |items| lock(builder).found_instances(place, items),
    )
    .await;
    if let Err(broken) = instances {
        lock(builder).failed(Source::Ec2, &broken.error, broken.partial);
        // Without instances the rest has nothing to attach to, and would be refused or throttled likewise.
        if !broken.partial {
            return;
        }
    } else {
        lock(builder).covered(place, Source::Ec2, CoverageStatus::Complete, None);
    }
    if !lock(builder).has_instances(place) {
        return;
    }
    let volumes = pages::each(
        place,
        "ec2:DescribeVolumes",
        |next| cloud.volumes(place, next),
        |items| lock(builder).found_volumes(items),
    );
    let associations = pages::each(
        place,
        "ec2:DescribeIamInstanceProfileAssociations",
        |next| cloud.profile_associations(place, next),
        |items| lock(builder).found_associations(items),
    );
    let (volumes, associations, addresses) = futures::join!(volumes, associations, cloud.addresses(place));
    for broken in [volumes, associations].into_iter().filter_map(Result::err) {
        lock(builder).failed(Source::Ec2, &broken.error, true);
    }
    match addresses {
        Ok(addresses) => lock(builder).found_addresses(addresses),
        Err(error) => lock(builder).failed(Source::Ec2, &error, true),
    }
}

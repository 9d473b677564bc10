//! The images that a place's instances run from.

use std::sync::Mutex;

use super::lock;
use crate::collect::builder::Builder;
use crate::collect::source::CloudRead;
use crate::types::{Place, Source};

/// Ids in one DescribeImages call.
const BATCH: usize = 100;

pub(super) async fn read(cloud: &dyn CloudRead, place: &Place, builder: &Mutex<Builder>) {
    let ids = lock(builder).images_in(place);
    for batch in ids.chunks(BATCH) {
        match cloud.images(place, batch).await {
            Ok(images) => lock(builder).found_images(images),
            Err(error) => lock(builder).failed(Source::Ec2, &error, true),
        }
    }
}

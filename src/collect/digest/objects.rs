//! What verification needs of the place where log and digest files are.

use std::io::{self, Read};

use super::key::Site;

/// The objects of a trail's bucket, or a copy of them. Keys are as in the bucket from `AWSLogs` on; what stands before
/// is the place's own.
pub trait TrailObjects: Sync {
    /// Calls `sink` with the key of every digest file, in any order.
    ///
    /// # Errors
    /// A listing that broke off. What was listed before counts.
    fn digests(&self, sink: &mut dyn FnMut(&str)) -> io::Result<()>;

    /// Calls `sink` with the key of every log file of one account and region, in any order.
    ///
    /// # Errors
    /// A listing that broke off. What was listed before counts.
    fn logs(&self, site: &Site, sink: &mut dyn FnMut(&str)) -> io::Result<()>;

    /// Opens an object.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when there is none: that is a break. Any other error only leaves it unproven.
    fn open(&self, key: &str) -> io::Result<Box<dyn Read + Send>>;

    /// The signature of a digest file from the metadata of its object (`signature`), when it is known.
    ///
    /// # Errors
    /// It may be known and could not be read.
    fn signature(&self, key: &str) -> io::Result<Option<String>>;
}

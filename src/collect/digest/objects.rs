//! What verification needs of the place where log and digest files are.

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::thread;

use super::key::Site;

/// The signature of a digest file, as it stands in the metadata of its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectSignature {
    /// `x-amz-meta-signature`, in hex.
    pub hex: String,
    /// `x-amz-meta-signature-algorithm`, when it is known.
    pub algorithm: Option<String>,
}

/// The objects of a trail's bucket, or a copy of them. Keys are as in the bucket from `AWSLogs` on; what stands before
/// is the place's own.
pub trait TrailObjects: Sync {
    /// Calls `sink` with the key of every digest file, in any order.
    ///
    /// # Errors
    /// A listing that broke off. What was listed before counts.
    fn digests(&self, sink: &mut dyn FnMut(&str)) -> io::Result<()>;

    /// Calls `sink` with every account and region that has a folder for log files, whether it has digest files or not.
    ///
    /// # Errors
    /// A listing that broke off. What was listed before counts.
    fn sites(&self, sink: &mut dyn FnMut(Site)) -> io::Result<()>;

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

    /// The signature of a digest file from the metadata of its object, when it is known.
    ///
    /// # Errors
    /// It may be known and could not be read.
    fn signature(&self, key: &str) -> io::Result<Option<ObjectSignature>>;

    /// How many objects are read at the same time. Those that are at hand keep every core busy.
    fn at_once(&self) -> usize {
        thread::available_parallelism().map_or(1, NonZeroUsize::get)
    }
}

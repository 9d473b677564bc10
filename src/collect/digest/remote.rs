//! The way from the threads of a verification to the async clients of a bucket.
//!
//! Verification is synchronous: it hashes on threads of its own. What it needs of a bucket it asks for over a channel,
//! and a [`BucketReader`] answers with as many calls at once as there are questions. Whichever ends first, the other
//! ends as well.

use std::collections::BTreeMap;
use std::io;

use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use crate::collect::logs::{Listing, LogAccess, LogObject, ObjectName, TrailLogs};
use crate::collect::source::{Page, PageToken, ReadError, ReadFailure};

/// Calls at the same time: as many as readers at most, each of which holds one object.
pub(super) const AT_ONCE: usize = 8;

/// A log file is a few megabytes at most; what is larger was not written by CloudTrail.
const LARGEST: u64 = 32 << 20;

type Reply<T> = oneshot::Sender<Result<T, ReadError>>;

/// One question.
enum Ask {
    List(Listing, Option<PageToken>, Reply<Page<LogObject>>),
    Folders(String, Option<PageToken>, Reply<Page<String>>),
    Object(String, Reply<Option<Vec<u8>>>),
    Metadata(String, Reply<BTreeMap<String, String>>),
}

/// Asks. Only for threads outside of the async runtime: it waits for the answer.
#[derive(Clone, Debug)]
pub(super) struct Remote(mpsc::Sender<Ask>);

/// Answers what a [`Bucket`](super::Bucket) asks.
#[derive(Debug)]
pub struct BucketReader {
    asks: mpsc::Receiver<Ask>,
    access: LogAccess,
    bucket: String,
}

/// The two ends.
pub(super) fn remote(access: &LogAccess, bucket: &str) -> (Remote, BucketReader) {
    let (sender, asks) = mpsc::channel(AT_ONCE);
    (Remote(sender), BucketReader { asks, access: access.clone(), bucket: bucket.to_owned() })
}

impl BucketReader {
    /// Answers until nobody can ask any more.
    pub async fn serve(&mut self, logs: &dyn TrailLogs) {
        let Self { asks, access, bucket } = self;
        futures::stream::poll_fn(|context| asks.poll_recv(context))
            .for_each_concurrent(AT_ONCE, |ask| answer(logs, access, bucket, ask))
            .await;
    }
}

/// Nobody waits for the answer to an unanswered question when the verification has ended.
async fn answer(logs: &dyn TrailLogs, at: &LogAccess, bucket: &str, ask: Ask) {
    let name = |key| ObjectName { bucket: bucket.to_owned(), key };
    match ask {
        Ask::List(listing, next, reply) => drop(reply.send(logs.list_objects(at, &listing, next).await)),
        Ask::Folders(prefix, next, reply) => drop(reply.send(logs.folders(at, bucket, &prefix, next).await)),
        Ask::Object(key, reply) => drop(reply.send(logs.object(at, &name(key), LARGEST).await)),
        Ask::Metadata(key, reply) => drop(reply.send(logs.metadata(at, &name(key)).await)),
    }
}

impl Remote {
    /// Every key of a listing, in order.
    pub(super) fn list(&self, listing: &Listing, sink: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.pages(|next, reply| Ask::List(listing.clone(), next, reply), |object: LogObject| sink(&object.key))
    }

    /// The folders directly below a prefix, by their own names.
    pub(super) fn folders(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        self.pages(
            |next, reply| Ask::Folders(prefix.to_owned(), next, reply),
            |folder: String| {
                names.extend(folder.strip_prefix(prefix).map(|name| name.trim_end_matches('/').to_owned()))
            },
        )?;
        Ok(names)
    }

    pub(super) fn object(&self, key: &str) -> io::Result<Vec<u8>> {
        let content = self.ask(|reply| Ask::Object(key.to_owned(), reply))?;
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {LARGEST} bytes"));
        content.ok_or_else(too_large)
    }

    pub(super) fn metadata(&self, key: &str) -> io::Result<BTreeMap<String, String>> {
        self.ask(|reply| Ask::Metadata(key.to_owned(), reply))
    }

    fn pages<T>(
        &self,
        ask: impl Fn(Option<PageToken>, Reply<Page<T>>) -> Ask,
        mut sink: impl FnMut(T),
    ) -> io::Result<()> {
        let mut next = None;
        loop {
            let page = self.ask(|reply| ask(next.clone(), reply))?;
            page.items.into_iter().for_each(&mut sink);
            match page.next {
                None => return Ok(()),
                same if same == next => return Err(io::Error::other("s3:ListBucket: the same page token came twice")),
                token => next = token,
            }
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> io::Result<T> {
        let gone = || io::Error::new(io::ErrorKind::BrokenPipe, "reading the bucket was broken off");
        let (reply, answer) = oneshot::channel();
        self.0.blocking_send(ask(reply)).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?.map_err(|error| io::Error::new(kind(error.failure), error.reason()))
    }
}

/// What is not there is a break; everything else leaves it unproven.
fn kind(failure: ReadFailure) -> io::ErrorKind {
    match failure {
        ReadFailure::NotFound => io::ErrorKind::NotFound,
        ReadFailure::Denied | ReadFailure::Credentials => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    }
}

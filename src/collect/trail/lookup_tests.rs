use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::collect::source::*;
use crate::types::*;

/// Items and next token, or a failure.
type Answer = Result<(Vec<&'static str>, Option<&'static str>), ReadFailure>;

/// A service that answers look-ups from a script of pages and nothing else.
struct Pages {
    script: Vec<Answer>,
    asked: Mutex<Vec<Option<String>>>,
}

fn error(failure: ReadFailure) -> ReadError {
    ReadError { api: "cloudtrail:LookupEvents", place: place(), failure, detail: String::new() }
}

fn place() -> Place {
    Place::new("444455556666", "eu-west-1")
}

macro_rules! answer_nothing {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)+) => {
        #[async_trait]
        impl CloudRead for Pages {
            $(async fn $name(&self, _: &Place $(, $arg: $kind)*) -> Result<$out, ReadError> {
                $(let _ = $arg;)*
                Err(error(ReadFailure::Denied))
            })+

            async fn lookup_events(&self, _: &Place, _: Timestamp, _: Timestamp, next: Option<PageToken>) -> Result<Page<RawRecord>, ReadError> {
                let mut asked = self.asked.lock().unwrap();
                asked.push(next.map(|token| token.0));
                match &self.script[asked.len() - 1] {
                    Err(failure) => Err(error(*failure)),
                    Ok((items, next)) => Ok(Page {
                        items: items.iter().map(|item| (*item).to_owned()).collect(),
                        next: next.map(|token| PageToken(token.to_owned())),
                    }),
                }
            }

            fn calls(&self) -> BTreeMap<String, u64> {
                BTreeMap::new()
            }
        }
    };
}

answer_nothing! {
    caller() -> String;
    instances(next: Option<PageToken>) -> Page<Instance>;
    instances_by_id(ids: &[InstanceId]) -> Vec<Instance>;
    volumes(next: Option<PageToken>) -> Page<Volume>;
    images(ids: &[ImageId]) -> Vec<Image>;
    profile_associations(next: Option<PageToken>) -> Page<ProfileAssociation>;
    addresses() -> Vec<AddressAssociation>;
    user_data(id: &InstanceId) -> Option<Vec<u8>>;
    asg_members(next: Option<PageToken>) -> Page<AsgMember>;
    target_groups(next: Option<PageToken>) -> Page<TargetGroup>;
    target_health(group: &TargetGroup) -> Vec<TargetHealth>;
    managed_nodes(next: Option<PageToken>) -> Page<NodeRecord>;
    managed_nodes_by_id(ids: &[InstanceId]) -> Vec<NodeRecord>;
    inventory(kind: &InventoryType, only: &[InstanceId], next: Option<PageToken>) -> Page<InventoryRecord>;
    inventory_entries(id: &InstanceId, kind: &InventoryType, next: Option<PageToken>) -> Page<InventoryRecord>;
    trails() -> Vec<crate::types::Trail>;
    trail_status(arn: &str) -> crate::types::TrailStatus;
    trail_writes(arn: &str) -> bool;
    public_keys(from: Timestamp, to: Timestamp, next: Option<PageToken>) -> Page<crate::collect::digest::PublicKey>;
}

async fn run(script: Vec<Answer>) -> (LookupOutcome, usize) {
    let cloud = Pages { script, asked: Mutex::default() };
    let from = Timestamp::from_second(0).unwrap();
    let outcome = lookup(&cloud, &place(), from, Timestamp::from_second(60).unwrap()).await;
    let asked = cloud.asked.lock().unwrap().len();
    (outcome, asked)
}

#[tokio::test]
async fn every_page_is_read_and_then_the_period_is_complete() {
    let (outcome, asked) =
        run(vec![Ok((vec!["a", "b"], Some("1"))), Ok((vec![], Some("2"))), Ok((vec!["c"], None))]).await;
    assert_eq!((outcome.records.len(), asked), (3, 3));
    assert_eq!(outcome.through, Some(Timestamp::from_second(60).unwrap()));
    assert!(outcome.error.is_none());
}

#[tokio::test]
async fn an_error_keeps_what_was_read_and_leaves_the_period_open() {
    let (outcome, _) = run(vec![Ok((vec!["a"], Some("1"))), Err(ReadFailure::Throttled)]).await;
    assert_eq!((outcome.records.as_slice(), outcome.through), (["a".to_owned()].as_slice(), None));
    assert_eq!(outcome.error.unwrap().failure, ReadFailure::Throttled);
}

#[tokio::test]
async fn a_token_that_repeats_ends_the_reading() {
    let (outcome, asked) = run(vec![Ok((vec!["a"], Some("1"))), Ok((vec!["b"], Some("1"))), Ok((vec![], None))]).await;
    assert_eq!((asked, outcome.error.unwrap().failure), (2, ReadFailure::Invalid));
}

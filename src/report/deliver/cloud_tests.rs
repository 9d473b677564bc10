//! AWS destinations against a double that keeps what it is given.

use std::sync::{Arc, Mutex};

use super::*;
use crate::report::deliver::Client;
use crate::report::destination::{Destination, DestinationKind};
use crate::report::draft::draft_single;
use crate::report::fixtures::{self, MemoryOutbox, now};
use crate::store::Outbox as _;
use crate::types::Place;

#[derive(Default)]
struct Cloud {
    fail: Option<ReadFailure>,
    refuse: Vec<(String, String)>,
    messages: Mutex<Vec<TopicMessage>>,
    events: Mutex<Vec<BusEvent>>,
    imports: Mutex<Vec<Vec<HubFinding>>>,
}

impl Cloud {
    fn fails(&self, api: &'static str) -> Result<(), ReadError> {
        let place = Place::new("111122223333", "eu-west-1");
        let error = |failure| ReadError { api, place, failure, detail: "not \u{1b}[2Jallowed".to_owned() };
        self.fail.map_or(Ok(()), |failure| Err(error(failure)))
    }
}

#[async_trait]
impl CloudPublish for Cloud {
    async fn publish(&self, message: &TopicMessage) -> Result<(), ReadError> {
        self.messages.lock().unwrap().push(message.clone());
        self.fails("sns:Publish")
    }

    async fn put_event(&self, event: &BusEvent) -> Result<(), ReadError> {
        self.events.lock().unwrap().push(event.clone());
        self.fails("events:PutEvents")
    }

    async fn import(&self, findings: &[HubFinding]) -> Result<Vec<(String, String)>, ReadError> {
        self.imports.lock().unwrap().push(findings.to_vec());
        self.fails("securityhub:BatchImportFindings").map(|()| self.refuse.clone())
    }
}

async fn deliver(cloud: &Arc<Cloud>, kind: DestinationKind, findings: usize) -> Attempt {
    let findings = (0..findings).map(|n| fixtures::finding("event-ssh-key-pushed", &format!("i-{n:03}"), "key"));
    let mut notice = fixtures::notice(findings.collect());
    for finding in notice.findings.iter_mut().skip(1).step_by(2) {
        finding.region = "us-gov-west-1".into();
    }
    let destination = Destination { kind, ..fixtures::slack("aws", "http://127.0.0.1/") };
    let outbox = MemoryOutbox::default();
    outbox.enqueue(&[draft_single(&notice, &destination, "x")], now()).unwrap();
    let row = outbox.rows(None).unwrap().remove(0);
    let client = Client::new().unwrap().with_cloud(Arc::clone(cloud) as Arc<dyn CloudPublish>);
    crate::report::deliver::deliver(&row, &destination, &client, &outbox, now()).await
}

fn sns(topic: &str) -> DestinationKind {
    DestinationKind::Sns { topic: topic.to_owned() }
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alerts";

#[tokio::test]
async fn a_topic_gets_the_event_with_attributes_and_a_fifo_topic_its_key() {
    let cloud = Arc::new(Cloud::default());
    assert_eq!(deliver(&cloud, sns(TOPIC), 1).await, Attempt::Delivered);
    assert_eq!(deliver(&cloud, sns(&format!("{TOPIC}.fifo")), 1).await, Attempt::Delivered);
    let messages = cloud.messages.lock().unwrap();
    assert_eq!(messages[0].fifo, None);
    assert!(messages[1].fifo.as_ref().unwrap().1.starts_with("ntc_"));
    assert!(
        messages[0].subject.len() <= 100 && messages[0].subject.starts_with("cg: HIGH - web:"),
        "{:?}",
        messages[0]
    );
    assert_eq!(messages[0].attributes["severity"], "high");
    assert_eq!(messages[0].attributes["account"], "111122223333");
    let event: Value = serde_json::from_str(&messages[0].body).unwrap();
    assert_eq!(event["type"], "io.cattleguard.finding.new.v1");
}

#[tokio::test]
async fn a_bus_gets_the_notice_with_its_id_and_resources() {
    let cloud = Arc::new(Cloud::default());
    let kind = DestinationKind::EventBridge { bus: "arn:aws:events:eu-west-1:111122223333:event-bus/x".to_owned() };
    assert_eq!(deliver(&cloud, kind, 1).await, Attempt::Delivered);
    let events = cloud.events.lock().unwrap();
    assert_eq!((events[0].source, events[0].detail_type), ("cattleguard", "io.cattleguard.finding.new.v1"));
    assert_eq!(events[0].resources, ["arn:aws:ec2:eu-west-1:111122223333:instance/i-000"]);
    let detail: Value = serde_json::from_str(&events[0].detail).unwrap();
    assert!(detail["id"].as_str().unwrap().starts_with("ntc_") && detail["totals"]["findings"] == 1, "{detail}");
}

#[tokio::test]
async fn findings_are_imported_where_they_are() {
    let cloud = Arc::new(Cloud::default());
    assert_eq!(deliver(&cloud, DestinationKind::SecurityHub, 5).await, Attempt::Delivered);
    let imports = cloud.imports.lock().unwrap();
    let counts: Vec<_> = imports.iter().map(|part| (part[0].place.region.to_string(), part.len())).collect();
    assert_eq!(counts, [("eu-west-1".to_owned(), 3), ("us-gov-west-1".to_owned(), 2)]);
    assert!(imports[1][0].product.starts_with("arn:aws-us-gov:securityhub:us-gov-west-1:111122223333:product/"));
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let denied = Arc::new(Cloud { fail: Some(ReadFailure::Denied), ..Cloud::default() });
    let Attempt::Retry(why) = deliver(&denied, sns(TOPIC), 1).await else { panic!("it may be mended") };
    assert_eq!(why, "sns:Publish access denied: not allowed: `cattleguard iam-policy` prints what is needed");
    let refuse = vec![("cattleguard/f-1".to_owned(), "InvalidInput".to_owned())];
    let picky = Arc::new(Cloud { refuse, ..Cloud::default() });
    let told = deliver(&picky, DestinationKind::SecurityHub, 1).await;
    assert_eq!(told, Attempt::Dead("Security Hub refuses 1 findings, cattleguard/f-1: InvalidInput".to_owned()));
}

//! Alerts to SNS, EventBridge and Security Hub, and what their receivers see.

use std::collections::BTreeMap;

use cattleguard::aws::AwsPublisher;
use cattleguard::collect::ReadFailure;
use cattleguard::report::CloudPublish as _;
use cattleguard::report::deliver::cloud::{BusEvent, TopicMessage};
use cattleguard::report::render::hub::HubFinding;
use serde_json::Value;

use crate::scene::{IRELAND, SHOP, Scene, ireland, settings};

fn publisher(scene: &Scene) -> AwsPublisher {
    AwsPublisher::with_base(scene.base(), settings(&[SHOP])).unwrap()
}

fn message(topic: &str) -> TopicMessage {
    TopicMessage {
        topic: topic.to_owned(),
        subject: "cg: HIGH - web".to_owned(),
        body: "{\"specversion\":\"1.0\"}".to_owned(),
        attributes: BTreeMap::from([("severity", "high".to_owned()), ("fleet", "web".to_owned())]),
        fifo: None,
    }
}

#[tokio::test]
async fn subscribers_of_a_topic_get_the_message_with_its_attributes() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let (sns, sqs) = (aws_sdk_sns::Client::new(&mia.config), aws_sdk_sqs::Client::new(&mia.config));
    let topic = sns.create_topic().name("alerts").send().await.unwrap().topic_arn.unwrap();
    let queue = sqs.create_queue().queue_name("inbox").send().await.unwrap().queue_url.unwrap();
    let endpoint = format!("arn:aws:sqs:{IRELAND}:{SHOP}:inbox");
    sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(endpoint).send().await.unwrap();
    let publisher = publisher(&scene);
    publisher.publish(&message(&topic)).await.unwrap();
    let got = sqs.receive_message().queue_url(&queue).wait_time_seconds(5).send().await.unwrap();
    let body: Value = serde_json::from_str(got.messages()[0].body().unwrap()).unwrap();
    assert_eq!((&body["Subject"], &body["Message"]), (&"cg: HIGH - web".into(), &"{\"specversion\":\"1.0\"}".into()));
    assert_eq!(body["MessageAttributes"]["severity"]["Value"], "high");
    let gone = publisher.publish(&message(&topic.replace("alerts", "nowhere"))).await.unwrap_err();
    assert_eq!(gone.failure, ReadFailure::NotFound, "{gone}");
    assert_eq!(publisher.calls().get("sns:Publish"), Some(&2));
}

#[tokio::test]
async fn a_bus_takes_the_event() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let events = aws_sdk_eventbridge::Client::new(&mia.config);
    events.create_event_bus().name("security").send().await.unwrap();
    let event = BusEvent {
        bus: format!("arn:aws:events:{IRELAND}:{SHOP}:event-bus/security"),
        source: "cattleguard",
        detail_type: "io.cattleguard.finding.new.v1",
        detail: "{\"id\":\"ntc_1\"}".to_owned(),
        resources: vec![format!("arn:aws:ec2:{IRELAND}:{SHOP}:instance/i-1")],
    };
    let publisher = publisher(&scene);
    publisher.put_event(&event).await.unwrap();
    assert_eq!(publisher.calls().get("events:PutEvents"), Some(&1));
}

fn finding(number: usize) -> HubFinding {
    let at = "2026-11-23T10:00:00Z".parse().unwrap();
    HubFinding {
        id: format!("cattleguard/f-{number:03}"),
        product: format!("arn:aws:securityhub:{IRELAND}:{SHOP}:product/{SHOP}/default"),
        place: ireland(SHOP),
        generator: "cattleguard/event-ssh-key-pushed".to_owned(),
        kind: "Unusual Behaviors/VM/In-place modification",
        created_at: at,
        updated_at: at,
        severity: "HIGH",
        title: "event-ssh-key-pushed on i-1".to_owned(),
        description: "a key was pushed".to_owned(),
        resource: format!("arn:aws:ec2:{IRELAND}:{SHOP}:instance/i-1"),
        partition: "aws",
        fields: BTreeMap::from([("cattleguard/Fleet".to_owned(), "web".to_owned())]),
        archived: false,
    }
}

#[tokio::test]
async fn a_hub_keeps_each_finding_once_and_archives_what_is_over() {
    let scene = Scene::new().await;
    let mia = scene.person("mia@example.com", SHOP, IRELAND).await;
    let hub = aws_sdk_securityhub::Client::new(&mia.config);
    hub.enable_security_hub().send().await.unwrap();
    let publisher = publisher(&scene);
    let findings: Vec<_> = (0..100).map(finding).collect();
    assert_eq!(publisher.import(&findings).await.unwrap(), []);
    let over = HubFinding { archived: true, ..finding(7) };
    assert_eq!(publisher.import(&[over]).await.unwrap(), []);
    let kept = hub.get_findings().max_results(100).send().await.unwrap();
    let kept = kept.findings();
    assert_eq!(kept.len(), 100);
    let seven = kept.iter().find(|finding| finding.id() == Some("cattleguard/f-007")).unwrap();
    assert_eq!(seven.record_state().map(|state| state.as_str()), Some("ARCHIVED"));
    assert_eq!(seven.product_fields().unwrap()["cattleguard/Fleet"], "web");
    assert_eq!(publisher.calls().get("securityhub:BatchImportFindings"), Some(&2));
}

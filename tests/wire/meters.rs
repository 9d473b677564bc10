//! Requests by what came of them, in the numbers that a scraper gets.

use serde_json::json;

use crate::desk::Desk;
use crate::scene::{IRELAND, SHOP, Scene};

#[tokio::test]
async fn what_came_of_each_request_is_counted() {
    let scene = Scene::new().await;
    let order = json!({"service": "ec2", "action": "DescribeInstances", "kind": "throttle", "times": 1});
    scene.emulator.steer("_faults", order).await;
    let order = json!({"service": "autoscaling", "kind": "denied", "times": 1});
    scene.emulator.steer("_faults", order).await;
    let desk = Desk::new(&scene);
    let file = desk.path("cattleguard.prom");
    desk.run(&["scan", "--metrics", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(&file).unwrap();
    for (name, outcome, service, operation) in [
        ("calls", "outcome=\"throttled\"", "ec2", "DescribeInstances"),
        ("calls", "outcome=\"ok\"", "ec2", "DescribeInstances"),
        ("retries", "", "ec2", "DescribeInstances"),
        ("calls", "outcome=\"error\"", "autoscaling", "DescribeAutoScalingGroups"),
        ("calls", "outcome=\"ok\"", "sts", "AssumeRole"),
    ] {
        let found = text.lines().any(|line| {
            let Some(labels) = line.strip_prefix(&format!("cattleguard_aws_api_{name}_total{{")) else { return false };
            [format!("service=\"{service}\""), format!("operation=\"{operation}\""), outcome.to_owned()]
                .iter()
                .all(|part| labels.contains(part.as_str()))
                && labels.contains(&format!("account=\"{SHOP}\""))
                && labels.contains(&format!("region=\"{IRELAND}\""))
                && line.ends_with(" 1")
        });
        assert!(found, "{name} {service}:{operation} {outcome}\n{text}");
    }
}

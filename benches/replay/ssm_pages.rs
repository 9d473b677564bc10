//! Pages of Systems Manager. All nodes report the same packages but for one in a hundred.

use std::fmt::Write as _;

use crate::fleet::{Fleet, instance_id};
use crate::server::Call;

/// The largest page of both operations.
const PAGE: usize = 50;

/// The page of a call.
pub(crate) fn page(call: &Call, fleet: Fleet) -> String {
    let (range, next) = Fleet::page(fleet.instances, call.token().as_deref(), PAGE);
    let inventory = call.action == "GetInventory";
    let rows = if inventory { packages(fleet.packages) } else { String::new() };
    let mut json = format!(r#"{{"{}":["#, if inventory { "Entities" } else { "InstanceInformationList" });
    for number in range.clone() {
        if number > range.start {
            json.push(',');
        }
        json.push_str(&if inventory { entity(number, &rows) } else { node(number) });
    }
    json.push(']');
    if let Some(next) = next {
        let _ = write!(json, r#","NextToken":"{next}""#);
    }
    json.push('}');
    json
}

fn node(number: usize) -> String {
    format!(
        r#"{{"InstanceId":"{}","PingStatus":"Online","LastPingDateTime":1793588645.123,"AgentVersion":"3.3.2299.0","IsLatestVersion":true,"PlatformType":"Linux","PlatformName":"Amazon Linux","PlatformVersion":"2023","ResourceType":"EC2Instance","IPAddress":"10.20.0.1","ComputerName":"web-{number}.internal"}}"#,
        instance_id(number)
    )
}

fn packages(count: usize) -> String {
    let row = |number: usize| {
        format!(
            r#"{{"Name":"package-{number}","ApplicationType":"System Environment/Base","Publisher":"Amazon Linux","Version":"2.{number}.1","Release":"4.amzn2023","Epoch":"0","InstalledTime":"2026-10-01T08:00:00Z","Architecture":"aarch64","URL":"https://example.org/{number}"}}"#
        )
    };
    (0..count).map(row).collect::<Vec<_>>().join(",")
}

fn entity(number: usize, rows: &str) -> String {
    let extra = if number % 100 == 99 { r#",{"Name":"nmap","Version":"7.95","Architecture":"aarch64"}"# } else { "" };
    format!(
        r#"{{"Id":"{}","Data":{{"AWS:Application":{{"TypeName":"AWS:Application","SchemaVersion":"1.1","CaptureTime":"2026-11-02T03:04:05Z","ContentHash":"kQ0sJ5C1Yw3rX2dTnZ8vBg==","Content":[{rows}{extra}]}}}}}}"#,
        instance_id(number)
    )
}

//! CloudWatch alarms.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};

use crate::aws::clients::PlaceClients;
use crate::aws::throttle::Family;
use crate::collect::ReadError;
use crate::plan::AlarmState;

const DESCRIBE_ALARMS: &str = "cloudwatch:DescribeAlarms";

/// Names in one call (CloudWatch API reference, `AlarmNames`).
const NAMES_AT_ONCE: usize = 100;

/// Metric and composite alarms by name; one that does not exist is left out.
pub(in crate::aws) async fn alarms(
    clients: &PlaceClients,
    names: &[String],
) -> Result<BTreeMap<String, AlarmState>, ReadError> {
    let mut states: BTreeMap<String, AlarmState> = BTreeMap::new();
    for names in names.chunks(NAMES_AT_ONCE) {
        let request = clients
            .cloudwatch
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm);
        let answer = clients.call(Family::CloudWatch, DESCRIBE_ALARMS, request.send()).await?;
        let metric = answer.metric_alarms.unwrap_or_default().into_iter().map(|one| (one.alarm_name, one.state_value));
        let composite =
            answer.composite_alarms.unwrap_or_default().into_iter().map(|one| (one.alarm_name, one.state_value));
        for (name, value) in metric.chain(composite) {
            if let Some(name) = name {
                states.insert(name, read(value.as_ref()));
            }
        }
    }
    Ok(states)
}

fn read(value: Option<&StateValue>) -> AlarmState {
    match value {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Firing,
        _ => AlarmState::Unknown,
    }
}

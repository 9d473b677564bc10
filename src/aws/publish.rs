//! [`AwsPublisher`]: alerts to SNS, EventBridge and Security Hub.
//!
//! An account that is configured is reached as it is read; a topic or bus of another account, with the base credentials:
//! then its own policy decides.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_securityhub::types as hub;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_smithy_types::error::operation::BuildError;
use aws_types::SdkConfig;

use super::account::Account;
use super::connection::{base_config, in_region, tuned};
use super::counter::CallCounts;
use super::error::read_error;
use super::settings::{AwsSettings, ConnectError};
use crate::collect::{ReadError, ReadFailure};
use crate::report::CloudPublish;
use crate::report::deliver::cloud::{BusEvent, TopicMessage};
use crate::report::render::hub::HubFinding;
use crate::types::{AccountId, Place};

const PUBLISH: &str = "sns:Publish";
const PUT_EVENTS: &str = "events:PutEvents";
const IMPORT: &str = "securityhub:BatchImportFindings";
/// Version of the ASFF.
const SCHEMA: &str = "2018-10-08";

/// Delivers alerts to AWS through the SDK.
#[derive(Debug)]
pub struct AwsPublisher {
    base: SdkConfig,
    accounts: HashMap<AccountId, Account>,
    clients: Mutex<HashMap<Place, Arc<Clients>>>,
    counts: CallCounts,
}

#[derive(Debug)]
struct Clients {
    sns: aws_sdk_sns::Client,
    events: aws_sdk_eventbridge::Client,
    hub: aws_sdk_securityhub::Client,
}

impl AwsPublisher {
    /// Reads the standard configuration as [`AwsCloud::connect`](super::AwsCloud::connect) does. AWS is not asked yet.
    ///
    /// # Errors
    ///
    /// Settings that cannot work, see [`ConnectError`].
    pub async fn connect(settings: AwsSettings) -> Result<Self, ConnectError> {
        settings.check()?;
        Self::with_base(base_config(&settings).await, settings)
    }

    /// Like [`connect`](Self::connect), over an SDK configuration that is already there.
    ///
    /// # Errors
    ///
    /// Settings that cannot work, see [`ConnectError`].
    pub fn with_base(base: SdkConfig, settings: AwsSettings) -> Result<Self, ConnectError> {
        settings.check()?;
        let counts = CallCounts::new(settings.meter.clone());
        let base = tuned(base, &settings);
        let reading = |account| Account::reading(&base, account, &settings.session_name, &counts);
        let accounts = settings.accounts.iter().map(|account| (account.id.clone(), reading(account))).collect();
        Ok(Self { accounts, base, clients: Mutex::default(), counts })
    }

    /// Requests by `service:Operation` so far.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.counts.snapshot()
    }

    fn at(&self, place: &Place) -> Arc<Clients> {
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let config = self.accounts.get(&place.account).map_or(&self.base, |account| &account.config);
            let config = in_region(config, place);
            let counting = |service| self.counts.counting(service, place);
            let sns = aws_sdk_sns::config::Builder::from(&config).interceptor(counting("sns")).build();
            let events = aws_sdk_eventbridge::config::Builder::from(&config).interceptor(counting("events")).build();
            let hub = aws_sdk_securityhub::config::Builder::from(&config).interceptor(counting("securityhub")).build();
            Arc::new(Clients {
                sns: aws_sdk_sns::Client::from_conf(sns),
                events: aws_sdk_eventbridge::Client::from_conf(events),
                hub: aws_sdk_securityhub::Client::from_conf(hub),
            })
        };
        known.entry(place.clone()).or_insert_with(new).clone()
    }
}

#[async_trait]
impl CloudPublish for AwsPublisher {
    async fn publish(&self, message: &TopicMessage) -> Result<(), ReadError> {
        let TopicMessage { topic, subject, body, attributes, fifo } = message;
        let place = place_of(topic);
        let mut request = self.at(&place).sns.publish().topic_arn(topic).subject(subject).message(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            request = request.message_attributes(*name, value.map_err(|error| unbuilt(PUBLISH, &place, &error))?);
        }
        if let Some((group, key)) = fifo {
            request = request.message_group_id(group).message_deduplication_id(key);
        }
        request.send().await.map(|_| ()).map_err(|error| read_error(PUBLISH, &place, &error))
    }

    async fn put_event(&self, event: &BusEvent) -> Result<(), ReadError> {
        let BusEvent { bus, source, detail_type, detail, resources } = event;
        let place = place_of(bus);
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(*source)
            .detail_type(*detail_type)
            .detail(detail)
            .set_resources(Some(resources.clone()))
            .build();
        let answer = self.at(&place).events.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| read_error(PUT_EVENTS, &place, &error))?;
        let refused = answer.entries().iter().find_map(|entry| entry.error_code());
        let Some(code) = refused.filter(|_| answer.failed_entry_count() > 0) else { return Ok(()) };
        // "PutEventsResultEntry": the codes of a bus that is not there, not allowed, or busy.
        let failure = match code {
            "ThrottlingException" => ReadFailure::Throttled,
            "InternalFailure" | "InternalException" => ReadFailure::Unavailable,
            "AccessDeniedException" | "NotAuthorizedForSourceException" => ReadFailure::Denied,
            "ResourceNotFoundException" => ReadFailure::NotFound,
            _ => ReadFailure::Invalid,
        };
        Err(ReadError { api: PUT_EVENTS, place, failure, detail: code.to_owned() })
    }

    async fn import(&self, findings: &[HubFinding]) -> Result<Vec<(String, String)>, ReadError> {
        let Some(place) = findings.first().map(|finding| finding.place.clone()) else { return Ok(Vec::new()) };
        let mut request = self.at(&place).hub.batch_import_findings();
        for finding in findings {
            request = request.findings(typed(finding).map_err(|error| unbuilt(IMPORT, &place, &error))?);
        }
        let answer = request.send().await.map_err(|error| read_error(IMPORT, &place, &error))?;
        let failed = answer.failed_findings().iter();
        Ok(failed
            .map(|one| {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                (text(one.id()), format!("{}: {}", text(one.error_code()), text(one.error_message())))
            })
            .collect())
    }
}

fn typed(finding: &HubFinding) -> Result<hub::AwsSecurityFinding, BuildError> {
    let HubFinding {
        id,
        product,
        place,
        generator,
        kind,
        created_at,
        updated_at,
        severity,
        title,
        description,
        resource,
        partition,
        fields,
        archived,
    } = finding;
    let resource = hub::Resource::builder()
        .r#type("AwsEc2Instance")
        .id(resource)
        .partition(hub::Partition::from(*partition))
        .region(place.region.as_str())
        .build();
    let state = if *archived { hub::RecordState::Archived } else { hub::RecordState::Active };
    let status = if *archived { hub::WorkflowStatus::Resolved } else { hub::WorkflowStatus::New };
    Ok(hub::AwsSecurityFinding::builder()
        .schema_version(SCHEMA)
        .id(id)
        .product_arn(product)
        .generator_id(generator)
        .aws_account_id(place.account.as_str())
        .types(*kind)
        .created_at(created_at.to_string())
        .updated_at(updated_at.to_string())
        .severity(hub::Severity::builder().label(hub::SeverityLabel::from(*severity)).build())
        .title(title)
        .description(description)
        .resources(resource)
        .set_product_fields(Some(fields.clone().into_iter().collect()))
        .record_state(state)
        .workflow(hub::Workflow::builder().status(status).build())
        .build())
}

/// Where an ARN is.
fn place_of(arn: &str) -> Place {
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Place::new(account, region)
}

fn unbuilt(api: &'static str, place: &Place, error: &dyn Error) -> ReadError {
    ReadError { api, place: place.clone(), failure: ReadFailure::Invalid, detail: error.to_string() }
}

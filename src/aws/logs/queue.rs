//! Queues.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    MessageSystemAttributeName, QueueAttributeName,
};
use jiff::Timestamp;

use super::clients::LogClients;
use crate::aws::AwsCloud;
use crate::aws::throttle::Family;
use crate::collect::{LogAccess, LogQueue, QueueDepth, QueueMessage, ReadError, ReadFailure};

pub(in crate::aws) const RECEIVE: &str = "sqs:ReceiveMessage";
pub(in crate::aws) const EXTEND: &str = "sqs:ChangeMessageVisibility";
pub(in crate::aws) const DELETE: &str = "sqs:DeleteMessage";
pub(in crate::aws) const ATTRIBUTES: &str = "sqs:GetQueueAttributes";

/// Messages in one call (SQS API reference).
const BATCH: usize = 10;

/// Handles that are no longer valid: the message was received again, or is gone. Nothing is left to be done.
const GONE: [&str; 3] = ["ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"];

#[async_trait]
impl LogQueue for AwsCloud {
    async fn receive(
        &self,
        at: &LogAccess,
        queue: &str,
        wait: Duration,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, ReadError> {
        let clients = self.logs.at(at);
        let request = clients
            .sqs
            .receive_message()
            .queue_url(queue)
            .max_number_of_messages(10)
            .wait_time_seconds(seconds(wait))
            .visibility_timeout(seconds(visibility))
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let answer = clients.call(Family::Sqs, RECEIVE, request.send()).await?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(message).collect())
    }

    async fn extend(
        &self,
        at: &LogAccess,
        queue: &str,
        handles: &[String],
        visibility: Duration,
    ) -> Result<(), ReadError> {
        let clients = self.logs.at(at);
        for handles in handles.chunks(BATCH) {
            let mut request = clients.sqs.change_message_visibility_batch().queue_url(queue);
            for (number, handle) in handles.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder();
                let entry = entry.id(number.to_string()).receipt_handle(handle);
                let entry = entry.visibility_timeout(seconds(visibility)).build();
                request = request.entries(entry.map_err(|error| unbuilt(&clients, EXTEND, &error))?);
            }
            let answer = clients.call(Family::Sqs, EXTEND, request.send()).await?;
            refused(&clients, EXTEND, &answer.failed)?;
        }
        Ok(())
    }

    async fn delete(&self, at: &LogAccess, queue: &str, handles: &[String]) -> Result<(), ReadError> {
        let clients = self.logs.at(at);
        for handles in handles.chunks(BATCH) {
            let mut request = clients.sqs.delete_message_batch().queue_url(queue);
            for (number, handle) in handles.iter().enumerate() {
                let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string()).receipt_handle(handle);
                request = request.entries(entry.build().map_err(|error| unbuilt(&clients, DELETE, &error))?);
            }
            let answer = clients.call(Family::Sqs, DELETE, request.send()).await?;
            refused(&clients, DELETE, &answer.failed)?;
        }
        Ok(())
    }

    async fn depth(&self, at: &LogAccess, queue: &str) -> Result<QueueDepth, ReadError> {
        let clients = self.logs.at(at);
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let request = clients.sqs.get_queue_attributes().queue_url(queue).set_attribute_names(Some(names.to_vec()));
        let answer = clients.call(Family::Sqs, ATTRIBUTES, request.send()).await?;
        let [waiting, delayed, in_flight] = names.map(|name| {
            let attributes = answer.attributes.as_ref();
            attributes.and_then(|found| found.get(&name)).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
        });
        Ok(QueueDepth { waiting: waiting + delayed, in_flight })
    }
}

fn message(message: Message) -> Option<QueueMessage> {
    let attribute = |name| message.attributes.as_ref().and_then(|found| found.get(&name));
    let sent = attribute(MessageSystemAttributeName::SentTimestamp).and_then(|text| text.parse().ok());
    let receives = attribute(MessageSystemAttributeName::ApproximateReceiveCount).and_then(|text| text.parse().ok());
    let (sent_at, receives) = (sent.and_then(|sent| Timestamp::from_millisecond(sent).ok()), receives.unwrap_or(1));
    Some(QueueMessage {
        id: message.message_id?,
        handle: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
        sent_at,
        receives,
    })
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn unbuilt(clients: &LogClients, api: &'static str, error: &dyn std::fmt::Display) -> ReadError {
    clients.error(api, ReadFailure::Invalid, error.to_string())
}

/// A batch call succeeds also where some of its entries do not.
fn refused(clients: &LogClients, api: &'static str, failed: &[BatchResultErrorEntry]) -> Result<(), ReadError> {
    let Some(entry) = failed.iter().find(|entry| !GONE.iter().any(|gone| entry.code.ends_with(gone))) else {
        return Ok(());
    };
    let failure = if entry.sender_fault { ReadFailure::Invalid } else { ReadFailure::Unavailable };
    let message = entry.message.as_deref().unwrap_or_default();
    Err(clients.error(api, failure, format!("{}: {message}", entry.code)))
}

//! [`CloudWrite`] of [`FaultyCloud`].

use async_trait::async_trait;

use super::{FaultyCloud, KILLED, WriteFault};
use crate::collect::ReadError;
use crate::remediate::{Answered, CallContext, CloudWrite, WriteCall, WriteError, WriteFailure};
use crate::testing::api;
use crate::types::Place;

#[async_trait]
impl CloudWrite for FaultyCloud {
    async fn call(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<Answered, WriteError> {
        let error = |failure, detail: &str| WriteError {
            api: call.api(),
            place: context.place.clone(),
            failure,
            detail: detail.to_owned(),
        };
        if self.killed.happened() {
            return Err(error(WriteFailure::Unavailable, KILLED));
        }
        let fault = {
            let mut book = self.book();
            book.writes += 1;
            let number = book.writes;
            *book.tried.entry(call.api()).or_default() += 1;
            let fault = book.faults.of_write(number, call);
            if let Some(fault) = fault {
                *book.struck.entry(fault.name()).or_default() += 1;
            }
            fault
        };
        let make = || self.inner.lock().write(context, call);
        match fault {
            None => make(),
            Some(WriteFault::Fail(failure)) => Err(error(failure, "simulated")),
            Some(WriteFault::LoseAnswer) => {
                drop(make());
                Err(error(WriteFailure::Timeout, "the answer was lost"))
            }
            Some(WriteFault::Twice) => {
                drop(make());
                make()
            }
            Some(WriteFault::SeenLate(delay)) => self.with_delay(delay, make),
            Some(WriteFault::KillBefore) => {
                self.killed.kill();
                Err(error(WriteFailure::Unavailable, KILLED))
            }
            Some(WriteFault::KillAfter) => {
                drop(make());
                self.killed.kill();
                Err(error(WriteFailure::Unavailable, KILLED))
            }
        }
    }

    async fn rehearse(&self, context: &CallContext<'_>, call: &WriteCall) -> Result<(), WriteError> {
        if let Err(refused) = self.read_gate(call.api(), context.place) {
            let (place, detail) = (context.place.clone(), refused.detail);
            return Err(WriteError { api: call.api(), place, failure: WriteFailure::Unavailable, detail });
        }
        self.inner.rehearse(context, call).await
    }

    async fn principal(&self, place: &Place) -> Result<String, ReadError> {
        self.read_gate(api::CALLER, place)?;
        self.inner.principal(place).await
    }
}

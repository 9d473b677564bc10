//! What comes after the start: sessions resumed and ended, commands cancelled. The records hold no instance.

use serde_json::{Value, json};

use crate::testing::actor::SimActor;
use crate::testing::cloud::FakeCloud;
use crate::testing::error::SimError;
use crate::testing::trail::Call;
use crate::types::Place;

impl FakeCloud {
    /// `ssm:TerminateSession`; the ids come from [`start_session`](Self::start_session).
    ///
    /// # Errors
    /// When the place is not open.
    pub fn terminate_session(&self, actor: &SimActor, place: &Place, session: &str) -> Result<(), SimError> {
        self.about_execution(
            actor,
            place,
            "TerminateSession",
            json!({"sessionId": session}),
            json!({"sessionId": session}),
        )
    }

    /// `ssm:ResumeSession`.
    ///
    /// # Errors
    /// When the place is not open.
    pub fn resume_session(&self, actor: &SimActor, place: &Place, session: &str) -> Result<(), SimError> {
        let answer = json!({"sessionId": session, "tokenValue": "Value hidden due to security reasons."});
        self.about_execution(actor, place, "ResumeSession", json!({"sessionId": session}), answer)
    }

    /// `ssm:CancelCommand` on all its instances; the ids come from [`send_command`](Self::send_command).
    ///
    /// # Errors
    /// When the place is not open.
    pub fn cancel_command(&self, actor: &SimActor, place: &Place, command: &str) -> Result<(), SimError> {
        self.about_execution(actor, place, "CancelCommand", json!({"commandId": command}), Value::Null)
    }

    fn about_execution(
        &self,
        actor: &SimActor,
        place: &Place,
        name: &str,
        request: Value,
        answer: Value,
    ) -> Result<(), SimError> {
        self.lock().record(place, actor, Call::new("ssm", name, request).answered(answer)).map(|_| ())
    }
}

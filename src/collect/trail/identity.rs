//! `userIdentity` of a record, its parts found in one pass.
//!
//! Field meanings: "CloudTrail userIdentity element", AWS CloudTrail user guide.

use std::borrow::Cow;

use super::text::{clean, cleaned};
use super::tree::{Members, Tree};

type Part<'t> = Option<&'t Tree<'t>>;

/// The parts that say something about the caller.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity<'t> {
    pub(super) kind: Part<'t>,
    pub(super) arn: Part<'t>,
    pub(super) principal: Part<'t>,
    pub(super) account: Part<'t>,
    pub(super) user: Part<'t>,
    pub(super) invoked_by: Part<'t>,
    /// `onBehalfOf.userId`.
    pub(super) on_behalf_of: Part<'t>,
    /// `onBehalfOf.identityStoreArn`.
    pub(super) identity_store: Part<'t>,
    /// Of `sessionContext`.
    pub(super) source_identity: Part<'t>,
    pub(super) mfa: Part<'t>,
    pub(super) issuer: Part<'t>,
    pub(super) issuer_name: Part<'t>,
    /// Of its `webIdFederationData`.
    pub(super) provider: Part<'t>,
    pub(super) attributes: Part<'t>,
}

impl<'t> Identity<'t> {
    /// Of several members with one name the last counts, as everywhere.
    pub(super) fn of(tree: &'t Tree<'t>) -> Self {
        let mut identity = Self::default();
        let mut session = None;
        for (name, value) in tree.members() {
            let part = match &**name {
                "type" => &mut identity.kind,
                "arn" => &mut identity.arn,
                "principalId" => &mut identity.principal,
                "accountId" => &mut identity.account,
                "userName" => &mut identity.user,
                "invokedBy" => &mut identity.invoked_by,
                "sessionContext" => &mut session,
                "onBehalfOf" => &mut identity.on_behalf_of,
                _ => continue,
            };
            *part = Some(value);
        }
        let person = identity.on_behalf_of;
        identity.on_behalf_of = person.and_then(|person| person.get("userId"));
        identity.identity_store = person.and_then(|person| person.get("identityStoreArn"));
        if let Some(session) = session {
            identity.add_session(session);
        }
        identity
    }

    fn add_session(&mut self, session: &'t Tree<'t>) {
        let (mut issuer, mut attributes, mut federation) = (None, None, None);
        for (name, value) in session.members() {
            let part = match &**name {
                "sessionIssuer" => &mut issuer,
                "attributes" => &mut attributes,
                "webIdFederationData" => &mut federation,
                "sourceIdentity" => &mut self.source_identity,
                _ => continue,
            };
            *part = Some(value);
        }
        let of = |tree: Part<'t>, name: &str| tree.and_then(|tree| tree.get(name));
        (self.issuer, self.issuer_name) = (of(issuer, "arn"), of(issuer, "userName"));
        self.mfa = of(attributes, "mfaAuthenticated");
        (self.provider, self.attributes) = (of(federation, "federatedProvider"), of(federation, "attributes"));
    }

    /// What the provider of a web identity says of it.
    pub(super) fn attributes(&self) -> &'t [<Members<'t> as IntoIterator>::Item] {
        self.attributes.map_or(&[], Tree::members)
    }
}

/// A part as text, bounded; nothing where that is empty.
pub(super) fn text(part: Part<'_>) -> Option<Cow<'_, str>> {
    let text = match part.and_then(Tree::text)? {
        Cow::Borrowed(text) => cleaned(text),
        Cow::Owned(text) => Cow::Owned(clean(&text)),
    };
    Some(text).filter(|text| !text.is_empty())
}

//! `[report]`: what reports for others need.

use super::secret::SecretRef;
use super::section::Section;

/// The report settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportConfig {
    /// Where the ed25519 key is kept that signs evidence, in PKCS#8 PEM.
    pub signing_key: Option<SecretRef>,
}

pub(super) fn read(section: &mut Section<'_, '_>) -> ReportConfig {
    ReportConfig { signing_key: section.optional_secret("signing_key") }
}

//! Security groups and network ACLs.

use crate::collect::ReadError;
use crate::remediate::{AclDetail, SecurityGroupDetail};
use crate::testing::api;
use crate::testing::ground::acl_of;
use crate::testing::state::State;
use crate::types::Place;

impl State {
    pub(super) fn probe_security_group(
        &mut self,
        place: &Place,
        vpc: &str,
        name: &str,
    ) -> Result<Option<SecurityGroupDetail>, ReadError> {
        self.count(api::SECURITY_GROUPS, place)?;
        let ground = &self.readable(api::SECURITY_GROUPS, place)?.ground;
        let mut named = ground.security_groups.values().filter(|group| ground.vpc == vpc && group.name == name);
        Ok(named.next().cloned())
    }

    /// Every subnet has a network ACL of its own here; its default entries are left out.
    pub(super) fn probe_acl(&mut self, place: &Place, subnet: &str) -> Result<Option<AclDetail>, ReadError> {
        self.count(api::ACLS, place)?;
        let (now, site) = (self.now(), self.readable(api::ACLS, place)?);
        let acl = acl_of(place, subnet);
        let entries = site.ground.acls.get(&acl).map(|slot| Vec::clone(slot.visible(now)));
        Ok(Some(AclDetail { entries: entries.unwrap_or_default(), acl }))
    }
}

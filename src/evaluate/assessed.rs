//! Which controls the policies in force can say anything about, for a server: that no rule names a control is no evidence
//! for it when no rule looks.

use std::collections::BTreeSet;

use serde_json::Value;

use super::controls::{Control, Need};
use super::literals::literals;
use super::{PolicySource, shipped};
use crate::types::{AccountId, FleetName, Golden};

/// The policies in force, as far as controls are concerned.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// Controls that policies name.
    named: BTreeSet<String>,
    /// Those that policies of users name.
    own: BTreeSet<String>,
    /// What policies see as `data`.
    data: Value,
}

/// A server, as far as controls are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Account.
    pub account: &'a AccountId,
    /// Fleet.
    pub fleet: Option<&'a FleetName>,
    /// Whether it was compared with a golden.
    pub compared: bool,
    /// The golden, where it is known still.
    pub golden: Option<&'a Golden>,
}

impl Assessed {
    /// Of these policies over this data.
    pub fn of(sources: &[PolicySource], data: &Value) -> Self {
        let shipped = shipped();
        let named = |source: &PolicySource| -> Vec<String> {
            literals(&source.text).into_iter().map(|literal| literal.text.to_owned()).collect()
        };
        let is_own = |source: &&PolicySource| !shipped.iter().any(|other| other.text == source.text);
        Self {
            named: sources.iter().flat_map(named).collect(),
            own: sources.iter().filter(is_own).flat_map(named).collect(),
            data: data.clone(),
        }
    }

    /// Why nothing is known of a control for a server that no hit names it for; `None` when something is.
    pub fn why_not(&self, control: &Control, server: Held<'_>) -> Option<String> {
        if !self.named.contains(&control.id) {
            return Some("no policy in force names this control".to_owned());
        }
        if !server.compared {
            return Some("no golden records its image: it was compared with nothing".to_owned());
        }
        if self.own.contains(&control.id) {
            return None;
        }
        match control.needs.as_ref()? {
            Need::Files => {
                let manifest = server.golden.and_then(|golden| golden.baseline.manifest_root.as_ref());
                manifest.is_none().then(|| "its files are not compared: its golden records no manifest".to_owned())
            }
            Need::Parameter { pack, name } => {
                let on = self.parameter(pack, name, server).is_some_and(|value| !is_off(value));
                (!on).then(|| format!("the rule is off: parameter `{name}` of {pack}"))
            }
        }
    }

    /// The fleet's value, else the account's, else that for all, as the packs read it.
    fn parameter(&self, pack: &str, name: &str, server: Held<'_>) -> Option<&Value> {
        let pack = self.data.get("parameters")?.get(pack)?;
        let of = |scope: &str, key: &str| pack.get(scope)?.get(key)?.get(name);
        let fleet = server.fleet.and_then(|fleet| of("fleets", fleet.as_str()));
        fleet.or_else(|| of("accounts", server.account.as_str())).or_else(|| pack.get("all")?.get(name))
    }
}

fn is_off(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || value.as_u64() == Some(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evaluate::controls::controls;

    const ACCOUNT: &str = "111122223333";

    fn why_not(assessed: &Assessed, id: &str, compared: bool) -> Option<String> {
        let controls = controls().unwrap();
        let control = controls.iter().find(|control| control.id == id).unwrap();
        let (account, fleet) = (AccountId::new(ACCOUNT), FleetName::new("web"));
        assessed.why_not(control, Held { account: &account, fleet: Some(&fleet), compared, golden: None })
    }

    #[test]
    fn what_no_rule_looks_at_is_not_known() {
        let (mfa, files, changes) = ("pci-dss-4.0.1:8.4.2", "pci-dss-4.0.1:11.5.2", "pci-dss-4.0.1:6.5.1");
        let all = Assessed::of(&shipped(), &Value::Null);
        assert!(why_not(&all, mfa, true).unwrap().contains("`require_mfa` of attribution"));
        assert!(why_not(&all, files, true).unwrap().contains("no manifest"));
        assert_eq!(why_not(&all, changes, true), None);
        assert!(why_not(&all, changes, false).unwrap().contains("no golden"));
        let none = Assessed::of(&[], &Value::Null);
        assert!(why_not(&none, changes, true).unwrap().contains("no policy in force"));
    }

    #[test]
    fn a_parameter_that_is_on_or_a_policy_of_ones_own_looks() {
        let mfa = "pci-dss-4.0.1:8.4.2";
        for (given, known) in [
            (json!({"all": {"require_mfa": true}}), true),
            (json!({"accounts": {ACCOUNT: {"require_mfa": true}}}), true),
            (json!({"accounts": {"444455556666": {"require_mfa": true}}}), false),
            (json!({"all": {"require_mfa": true}, "fleets": {"web": {"require_mfa": false}}}), false),
        ] {
            let assessed = Assessed::of(&shipped(), &json!({"parameters": {"attribution": given}}));
            assert_eq!(why_not(&assessed, mfa, true).is_none(), known, "{given}");
        }
        let own = PolicySource::new("own.rego", format!("package cattleguard.own\n\ncontrols := [\"{mfa}\"]\n"));
        let sources: Vec<PolicySource> = shipped().into_iter().chain([own]).collect();
        assert_eq!(why_not(&Assessed::of(&sources, &Value::Null), mfa, true), None);
    }
}

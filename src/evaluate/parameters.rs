//! Parameters of the shipped packs: what each pack takes, and what is wrong with what it is given.
//!
//! A pack that is given a list where it reads a text, or a name that it does not read, goes on with something else than
//! was meant. `parameters.json` beside a pack says what it takes, as a schema.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::schema::{nearest, problems_with};
use super::{PolicySource, shipped};

/// What each pack takes, by its name in data.
static PACKS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let texts = [
        ("attribution", include_str!("../../policies/attribution/parameters.json")),
        ("change_windows", include_str!("../../policies/change_windows/parameters.json")),
        ("golden_image", include_str!("../../policies/golden_image/parameters.json")),
        ("host_integrity", include_str!("../../policies/host_integrity/parameters.json")),
    ];
    // A test parses the shipped texts.
    texts.into_iter().map(|(name, text)| (name.to_owned(), serde_json::from_str(text).unwrap_or_default())).collect()
});

/// Whom parameters may be for, where that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scopes<'a> {
    /// Names of fleets.
    pub fleets: Option<&'a [String]>,
    /// Ids of accounts.
    pub accounts: Option<&'a [String]>,
}

/// Everything that is wrong with `data.parameters`. What policies of users name in quotes is theirs to judge.
pub fn parameter_faults(data: &Value, policies: &[PolicySource], scopes: Scopes<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(given) = data.get("parameters") else { return faults };
    let Value::Object(packs) = given else {
        return vec!["data.parameters: not of type object".to_owned()];
    };
    let shipped = shipped();
    let own: Vec<&PolicySource> =
        policies.iter().filter(|source| !shipped.iter().any(|other| other.text == source.text)).collect();
    for (pack, scoped) in packs {
        if own.iter().any(|source| source.text.contains(&format!("\"{pack}\""))) {
            continue;
        }
        let at = format!("data.parameters.{pack}");
        match PACKS.get(pack) {
            Some(schema) => of_pack(&at, scoped, schema, scopes, &mut faults),
            // Whoever reads data by its path has it without quotes.
            None if own.iter().any(|source| source.text.contains(&format!("parameters.{pack}"))) => {}
            None => {
                let names = PACKS.keys().map(String::as_str);
                faults.push(format!("{at}: no policy reads parameters of this name{}", meant(pack, names)));
            }
        }
    }
    faults
}

fn of_pack(at: &str, scoped: &Value, schema: &Value, scopes: Scopes<'_>, faults: &mut Vec<String>) {
    let Value::Object(scoped) = scoped else {
        return faults.push(format!("{at}: not of type object"));
    };
    for (scope, values) in scoped {
        let at = format!("{at}.{scope}");
        let known = match scope.as_str() {
            "all" => {
                of_scope(&at, values, schema, faults);
                continue;
            }
            "fleets" => scopes.fleets,
            "accounts" => scopes.accounts,
            _ => {
                let meant = meant(scope, ["all", "accounts", "fleets"].into_iter());
                faults.push(format!("{at}: parameters are for all, accounts or fleets{meant}"));
                continue;
            }
        };
        let Value::Object(each) = values else {
            faults.push(format!("{at}: not of type object"));
            continue;
        };
        for (name, values) in each {
            if known.is_some_and(|known| !known.contains(name)) {
                let names = known.unwrap_or_default().iter().map(String::as_str);
                faults.push(format!("{at}.{name}: the configuration has none of this name{}", meant(name, names)));
            }
            of_scope(&format!("{at}.{name}"), values, schema, faults);
        }
    }
}

fn of_scope(at: &str, values: &Value, schema: &Value, faults: &mut Vec<String>) {
    let Value::Object(values) = values else {
        return faults.push(format!("{at}: not of type object"));
    };
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, value) in values {
        match known.and_then(|known| known.get(name)) {
            Some(schema) => {
                let wrong = problems_with(value, schema);
                faults.extend(wrong.into_iter().map(|wrong| format!("{at}.{name}{wrong}")));
            }
            None => {
                let names = known.into_iter().flat_map(|known| known.keys().map(String::as_str));
                faults.push(format!("{at}.{name}: the pack has no such parameter{}", meant(name, names)));
            }
        }
    }
}

fn meant<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    nearest(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(parameters: Value) -> Vec<String> {
        let (fleets, accounts) = (vec!["web".to_owned()], vec!["111122223333".to_owned()]);
        let scopes = Scopes { fleets: Some(&fleets), accounts: Some(&accounts) };
        parameter_faults(&json!({"parameters": parameters}), &shipped(), scopes)
    }

    #[test]
    fn unknown_names_and_wrong_types_are_told_with_what_was_meant() {
        for (given, said) in [
            (json!({"attribution": {"all": {"break_glass": "notalist"}}}), "break_glass: not of type array"),
            (json!({"attribution": {"all": {"break_glass": [7]}}}), "break_glass/0: not of type string"),
            (json!({"attribution": {"all": {"brake_glass": []}}}), "did you mean `break_glass`?"),
            (json!({"attributoin": {"all": {}}}), "did you mean `attribution`?"),
            (json!({"attribution": {"al": {}}}), "did you mean `all`?"),
            (json!({"attribution": {"fleets": {"wev": {}}}}), "none of this name"),
            (json!({"attribution": {"accounts": {"111122223334": {}}}}), "did you mean `111122223333`?"),
            (
                json!({"attribution": {"fleets": {"web": {"require_mfa": "yes"}}}}),
                "web.require_mfa: not of type boolean",
            ),
            (json!({"attribution": {"all": []}}), "all: not of type object"),
            (json!({"golden_image": {"all": {"max_age_days": -1}}}), "below 0"),
            (json!({"change_windows": {"all": {"freezes": [{"from": "a", "until": "b"}]}}}), "`name` is missing"),
            (json!({"change_windows": {"all": {"windows": [{"day": []}]}}}), "`day` is not in the schema"),
            (json!({"attribution": {"all": {"configuration_management": ["*"]}}}), "would stand for everybody"),
            (json!({"attribution": {"all": {"ticket": "([A-Z"}}}), "ticket: `([A-Z` is no regular expression"),
            (json!({"host_integrity": {"all": {"ignored": [""]}}}), "ignored/0: `` is like every path"),
            (
                json!({"change_windows": {"all": {"freezes": [
                    {"name": "x", "from": "2026-12-20", "until": "2027-01-02T00:00:00Z"}]}}}),
                "freezes/0/from: `2026-12-20` is no time like",
            ),
            (
                json!({"change_windows": {"all": {"windows": [{"days": ["Sun"], "from": "9:00", "until": "10:00"}]}}}),
                "windows/0/from: `9:00` is no time of day",
            ),
            (json!(7), "data.parameters: not of type object"),
        ] {
            let found = faults(given.clone());
            assert!(found.iter().any(|fault| fault.contains(said)), "{given}: {found:?}");
        }
    }

    #[test]
    fn what_is_right_or_of_users_is_left_alone() {
        let right = json!({
            "attribution": {"all": {"break_glass": ["arn:aws:iam::111122223333:role/x"]}, "accounts": {"111122223333": {"require_mfa": true}},
                "fleets": {"web": {"break_glass_grace": "1h"}}},
            "host_integrity": {"all": {"watched": ["^/srv/"], "ignored": []}},
            "change_windows": {"all": {"windows": [{"days": ["Mon"], "from": "22:00", "until": "04:00"}]}},
        });
        assert_eq!(faults(right), Vec::<String>::new());
        let own =
            PolicySource::new("own.rego", "package cattleguard.own\n\nx := parameters.value(\"night\", \"zone\", 1)\n");
        let given = json!({"parameters": {"night": {"everywhere": 7}}});
        assert_eq!(parameter_faults(&given, &[own], Scopes::default()), Vec::<String>::new());
        assert_eq!(parameter_faults(&given, &shipped(), Scopes::default()).len(), 1);
    }

    #[test]
    fn each_readme_names_what_its_schema_has_with_its_default() {
        let readmes = [
            ("attribution", include_str!("../../policies/attribution/README.md")),
            ("change_windows", include_str!("../../policies/change_windows/README.md")),
            ("golden_image", include_str!("../../policies/golden_image/README.md")),
            ("host_integrity", include_str!("../../policies/host_integrity/README.md")),
        ];
        assert_eq!(readmes.map(|(name, _)| name).to_vec(), PACKS.keys().collect::<Vec<_>>());
        for (pack, readme) in readmes {
            let table = readme.split("| parameter | default | meaning |").nth(1).expect("a table of parameters");
            let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
            let told: Map<String, Value> = rows
                .map(|row| {
                    let quoted: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
                    let default = quoted.get(1).expect("a default");
                    let default = serde_json::from_str(default).unwrap_or_else(|_| Value::from(*default));
                    ((*quoted.first().expect("a name")).to_owned(), default)
                })
                .collect();
            let properties = PACKS[pack]["properties"].as_object().expect("a schema");
            let defaults: Map<String, Value> =
                properties.iter().map(|(name, schema)| (name.clone(), schema["default"].clone())).collect();
            assert_eq!(told, defaults, "{pack}");
            for (name, schema) in properties {
                assert_eq!(problems_with(&schema["default"], schema), Vec::<String>::new(), "{pack} {name}");
            }
        }
    }

    #[test]
    fn every_parameter_that_a_pack_reads_is_in_its_schema() {
        for source in shipped() {
            for call in source.text.split("parameters.value(").skip(1) {
                let quoted: Vec<&str> = call.split('"').skip(1).step_by(2).take(2).collect();
                let [pack, name] = quoted.as_slice() else { panic!("{call}") };
                assert!(PACKS[*pack]["properties"].get(*name).is_some(), "{pack} {name}");
            }
        }
    }
}

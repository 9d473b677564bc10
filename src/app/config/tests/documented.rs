//! `docs/CONFIGURATION.md` documents every key, and only keys that exist.

use std::collections::BTreeSet;

use super::parsed;

const GUIDE: &str = include_str!("../../../../docs/CONFIGURATION.md");
const EXAMPLE: &str = include_str!("../../../../systemd/cattleguard.example.toml");

/// `fleet[].budget.count` -> `CATTLEGUARD__FLEET__<N>__BUDGET__COUNT`.
fn variable(pattern: &str) -> String {
    if pattern.contains("windows[]") || pattern.contains("people[]") {
        // One entry of an array inside an entry has no variable of its own.
        return "-".to_owned();
    }
    format!("`CATTLEGUARD__{}`", pattern.to_ascii_uppercase().replace("[]", ".<N>").replace('.', "__"))
}

/// The example holds every section, so reading it asks for every key.
fn rows() -> BTreeSet<String> {
    let (_, settings) = parsed(EXAMPLE, &[], &[]).expect("the example is right");
    settings
        .iter()
        .map(|setting| {
            let default = match setting.default.as_str() {
                word @ ("required" | "none") => word.to_owned(),
                literal => format!("`{literal}`"),
            };
            format!("| `{}` | {} | {default} | {} |", setting.pattern, setting.kind, variable(&setting.pattern))
        })
        .collect()
}

#[test]
fn every_key_is_documented_with_its_type_default_and_variable() {
    let rows = rows();
    assert!(rows.len() > 50, "the example lost its sections");
    let missing: Vec<_> = rows.iter().filter(|row| !GUIDE.contains(row.as_str())).collect();
    assert!(
        missing.is_empty(),
        "docs/CONFIGURATION.md lacks:\n{}",
        missing.iter().map(|row| format!("{row}\n")).collect::<String>()
    );
}

#[test]
fn no_key_is_documented_that_does_not_exist() {
    let rows = rows();
    let known: BTreeSet<&str> = rows.iter().filter_map(|row| row.split('`').nth(1)).collect();
    let documented = GUIDE.lines().filter(|line| line.starts_with("| `"));
    let unknown: Vec<_> =
        documented.filter_map(|line| line.split('`').nth(1)).filter(|key| !known.contains(key)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_example_sets_every_key() {
    let (_, settings) = parsed(EXAMPLE, &[], &[]).expect("the example is right");
    let set: BTreeSet<&str> = settings
        .iter()
        .filter(|setting| setting.origin.to_string() != "default")
        .map(|setting| setting.pattern.as_str())
        .collect();
    let forgotten: BTreeSet<&str> =
        settings.iter().map(|setting| setting.pattern.as_str()).filter(|key| !set.contains(key)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

/// What stands between these two lines of a document.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next())
}

#[test]
fn the_recipes_are_right() {
    let recipes: Vec<_> = blocks(include_str!("../../../../docs/RECIPES.md")).collect();
    assert!(recipes.len() > 2, "the recipes lost their configurations");
    for recipe in recipes {
        let told = if recipe.contains("[[account]]") { super::told(recipe) } else { super::told_of(recipe) };
        assert_eq!(told, "ok", "{recipe}");
    }
}

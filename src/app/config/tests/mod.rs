//! What a wrong configuration is told, and what a right one becomes.

mod anchor;
mod bad_cases;
mod bad_entries;
mod bad_secrets;
mod documented;
mod enforcement;
mod good;
mod overlays;
mod trail;

use std::path::Path;

use super::{Config, Override, Shown, parse};
use crate::app::diag::{Diag, render};

const ACCOUNT: &str = "[[account]]\nid = \"111122223333\"\nregions = [\"eu-west-1\"]\n";
const FLEET: &str = "[[fleet]]\nname = \"web\"\nselect = { tags = { app = \"web\" } }\ngolden = \"web\"\n";

fn parsed(text: &str, env: &[(&str, &str)], flags: &[Override]) -> Result<(Config, Vec<Shown>), Vec<Diag>> {
    let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    parse("cattleguard.toml", Path::new("/etc/cattleguard"), text, &env, flags)
}

/// Everything that a configuration is told, as people see it.
fn told(text: &str) -> String {
    told_with(text, &[])
}

fn told_with(text: &str, env: &[(&str, &str)]) -> String {
    match parsed(text, env, &[]) {
        Ok(_) => "ok".to_owned(),
        Err(diags) => render(&diags, false),
    }
}

/// A fragment in front of an account and a fleet.
fn told_of(fragment: &str) -> String {
    told(&format!("{fragment}\n{ACCOUNT}{FLEET}"))
}

/// Keys added to a fleet that is right without them.
fn told_of_fleet(keys: &str) -> String {
    told(&format!("{ACCOUNT}{FLEET}{keys}\n"))
}

fn good(fragment: &str, env: &[(&str, &str)]) -> (Config, Vec<Shown>) {
    let text = format!("{fragment}\n{ACCOUNT}{FLEET}");
    parsed(&text, env, &[]).unwrap_or_else(|diags| panic!("{}", render(&diags, false)))
}

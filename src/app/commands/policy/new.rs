//! `policy new`: a policy with its test and README, to begin from. It passes `policy check --strict` and its test reaches
//! every line.

use std::path::Path;

use crate::app::cli::policy::NewArgs;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::output::{Replace, write_atomically};
use crate::evaluate::archive::package_of;
use crate::evaluate::shipped;

/// Longest part of a name.
const MOST: usize = 60;

/// What shipped policies share.
const LIBRARY: &str = "cattleguard.lib";

/// Words of Rego that no part of a package can be called.
const WORDS: [&str; 16] = [
    "as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input", "not", "null",
    "package", "some", "true",
];

pub(super) fn run(context: &Context<'_>, args: &NewArgs) -> Result<Exit, AppError> {
    let name = Name::parse(&args.name)?;
    name.refuse_shipped()?;
    let folder = args.dir.join(&name.last);
    std::fs::create_dir_all(&folder)
        .map_err(|error| AppError::failed(format!("{} cannot be made: {error}", folder.display())))?;
    for (file, template) in [
        ("policy.rego", include_str!("new/policy.rego.txt")),
        ("policy_test.rego", include_str!("new/policy_test.rego.txt")),
        ("README.md", include_str!("new/README.md.txt")),
    ] {
        write(&folder.join(file), &name.fill(template))?;
    }
    let (folder, dir) = (folder.display(), args.dir.display());
    context.note(&format!(
        "wrote {folder}; next: cattleguard policy test {folder}, cattleguard policy check --strict {folder}, and in the \
         configuration [policy] paths = [\"{dir}\"]"
    ));
    Ok(Exit::Ok)
}

fn write(path: &Path, text: &str) -> Result<(), AppError> {
    write_atomically(path, text.as_bytes(), Replace::No).map_err(|error| {
        let hint = "nothing is overwritten: choose another name, or remove what is there";
        AppError::failed(format!("{} cannot be written: {error}", path.display())).with_hint(hint)
    })
}

struct Name {
    /// Below `cattleguard`.
    package: String,
    /// Its last part.
    last: String,
    /// The prefix of rule ids.
    id: String,
}

impl Name {
    fn parse(text: &str) -> Result<Self, AppError> {
        let text = text.strip_prefix("cattleguard.").unwrap_or(text);
        let parts: Vec<&str> = text.split('.').collect();
        let fits = |part: &&str| {
            (1..=MOST).contains(&part.len())
                && part.starts_with(|first: char| first.is_ascii_lowercase())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
                && !WORDS.contains(part)
                && !part.ends_with("_test")
        };
        let (Some(last), true) = (parts.last(), parts.len() <= 4 && parts.iter().all(fits)) else {
            let shown = crate::app::terminal::clean_short(text, 60);
            return Err(AppError::usage(format!("`{shown}` is no name for a policy"))
                .with_hint("lower-case letters, digits and _, parts joined by dots: acme.owners"));
        };
        // A policy at the top would stand beside the shipped domains.
        let package = if parts.len() == 1 { format!("own.{last}") } else { parts.join(".") };
        let id = last.split('_').filter_map(|word| word.chars().next()).collect::<String>().to_ascii_uppercase();
        Ok(Self { package, last: (*last).to_owned(), id })
    }

    /// A second file of a shipped package would change what that package says, and not be a policy of its own.
    fn refuse_shipped(&self) -> Result<(), AppError> {
        let package = format!("cattleguard.{}", self.package);
        let shipped = shipped();
        let mut names = shipped.iter().filter_map(|source| package_of(&source.text));
        // Packages below one are refused, too: they would stand among its rules.
        let taken = names.find(|name| {
            let inside = |outer: &str, inner: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            inside(name, &package) || inside(&package, name)
        });
        let library = package == LIBRARY || package.starts_with(&format!("{LIBRARY}."));
        let Some(taken) = taken.or(library.then_some(LIBRARY)) else { return Ok(()) };
        let hint = format!("choose a name of your own: cattleguard policy new own.{}", self.last);
        Err(AppError::usage(format!("{taken} is shipped with the program")).with_hint(hint))
    }

    fn fill(&self, template: &str) -> String {
        template.replace("{package}", &self.package).replace("{last}", &self.last).replace("{id}", &self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_the_shipped_policies_are_refused() {
        let refused = |text: &str| Name::parse(text).expect("a name").refuse_shipped().is_err();
        for taken in [
            "lib.findings",
            "lib.other",
            "lib.findings.more",
            "host.integrity",
            "host.integrity.x",
            "people.attribution",
        ] {
            assert!(refused(taken), "{taken}");
        }
        for own in ["findings", "acme.findings", "host.integrity2", "host.disks"] {
            assert!(!refused(own), "{own}");
        }
    }

    #[test]
    fn names_are_packages_of_rego() {
        let parsed = |text: &str| Name::parse(text).map(|name| (name.package, name.last, name.id)).ok();
        let owned = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(parsed("owner_tag"), owned("own.owner_tag", "owner_tag", "OT"));
        assert_eq!(parsed("cattleguard.acme.owners"), owned("acme.owners", "owners", "O"));
        for wrong in ["", "A", "a-b", "a..b", "1a", "../x", "a/b", "if", "x.package", "x_test", "a.b.c.d.e", "ä"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}

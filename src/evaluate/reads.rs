//! Which parts of the input an evaluation read.
//!
//! Every place where a policy names `input` is known from the parsed modules. An evaluation that never reached the
//! line of such a place did not read there: so what it said depends on the places it reached, and on nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::engine::{FileLines, ModuleFacts, Reference, RuleFacts};

/// Functions that say something else each time, and those that ask the world. Policies may not call them, or the engine
/// is built without them; should that change, there is no memo.
const UNREPEATABLE: [&str; 6] =
    ["http.send", "net.lookup_ip_addr", "opa.runtime", "rand.intn", "time.now_ns", "uuid.rfc4122"];

/// A part of the input by its keys; empty for the whole.
pub(super) type InputKeys = Vec<String>;

/// Every place where a bundle reads the input.
pub(super) struct Reads {
    places: Vec<Place>,
}

/// One of them.
struct Place {
    file: String,
    first_line: u32,
    last_line: u32,
    keys: InputKeys,
}

impl Reads {
    /// Of all modules. `None` when what they say may depend on more than input and data, or when somebody puts another
    /// input in its place (`with`).
    pub(super) fn of(modules: &[ModuleFacts]) -> Option<Self> {
        let mut places = Vec::new();
        for module in modules {
            for rule in &module.rules {
                if !rule.mocks.is_empty() || rule.calls.iter().any(is_unrepeatable) {
                    return None;
                }
                places.extend(places_of(module, rule));
            }
        }
        Some(Self { places })
    }

    /// The parts that an evaluation with this coverage may have read, without those within others.
    pub(super) fn reached(&self, coverage: &[FileLines]) -> Vec<InputKeys> {
        // Files of one name are taken together: then a line counts as reached when it was in any of them.
        let mut files: BTreeMap<&str, Vec<&FileLines>> = BTreeMap::new();
        for file in coverage {
            files.entry(&file.file).or_default().push(file);
        }
        let read = self.places.iter().filter(|place| {
            // The engine leaves out a file of which nothing was evaluated.
            let Some(files) = files.get(place.file.as_str()) else { return false };
            !(place.first_line..=place.last_line).all(|line| {
                let is_known = files.iter().any(|file| file.not_covered.contains(&line));
                is_known && !files.iter().any(|file| file.covered.contains(&line))
            })
        });
        outermost(read.map(|place| place.keys.clone()).collect())
    }
}

fn is_unrepeatable(call: &Reference) -> bool {
    let name = call.known().join(".");
    UNREPEATABLE.contains(&name.as_str())
}

fn places_of<'m>(module: &'m ModuleFacts, rule: &'m RuleFacts) -> impl Iterator<Item = Place> + use<'m> {
    rule.refs.iter().flat_map(move |reference| {
        let keys = keys_of(module, reference);
        keys.into_iter().map(|keys| Place {
            file: module.file.clone(),
            first_line: reference.line.min(reference.last_line),
            last_line: reference.line.max(reference.last_line),
            keys,
        })
    })
}

/// What a chain may stand for below `input`. A local variable of the same name is taken for it: that reads too much.
fn keys_of(module: &ModuleFacts, reference: &Reference) -> Vec<InputKeys> {
    let known = reference.known();
    let Some((first, rest)) = known.split_first() else { return Vec::new() };
    let imported = module.imported.iter().filter(|import| import.name == *first).map(|import| &import.target);
    let targets = imported.filter(|target| target.first().is_some_and(|root| root == "input"));
    let mut found: Vec<InputKeys> =
        targets.map(|target| target.iter().skip(1).chain(rest).cloned().collect()).collect();
    if first == "input" {
        found.push(rest.to_vec());
    }
    found
}

fn outermost(all: BTreeSet<InputKeys>) -> Vec<InputKeys> {
    let mut kept: Vec<InputKeys> = Vec::new();
    // In this order a part comes right before what lies within it.
    for keys in all {
        if !kept.last().is_some_and(|outer| keys.starts_with(outer)) {
            kept.push(keys);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evaluate::{PolicySet, PolicySource};

    fn reads(text: &str) -> Option<Reads> {
        let source = PolicySource::new("p.rego", format!("package cattleguard.a\n\n{text}\n"));
        Reads::of(PolicySet::compile(vec![source], Value::Null).unwrap().modules())
    }

    fn lines(covered: &[u32], not_covered: &[u32]) -> FileLines {
        FileLines {
            file: "p.rego".to_owned(),
            covered: covered.iter().copied().collect(),
            not_covered: not_covered.iter().copied().collect(),
        }
    }

    #[test]
    fn a_place_is_read_unless_its_lines_are_known_not_to_be_reached() {
        let found = reads("deny contains x if {\n\tinput.a.b == 1\n\tx := input.c[_].d\n}").unwrap();
        let keys = |coverage: &[FileLines]| -> Vec<String> {
            found.reached(coverage).iter().map(|keys| keys.join(".")).collect()
        };
        assert_eq!(keys(&[lines(&[4], &[5])]), ["a.b"]);
        assert_eq!(keys(&[lines(&[4, 5], &[])]), ["a.b", "c"], "an index that is not known: all of it");
        assert_eq!(keys(&[lines(&[4], &[])]), ["a.b", "c"], "the engine does not say");
        assert_eq!(keys(&[lines(&[4], &[5]), lines(&[5], &[4])]), ["a.b", "c"], "two files of one name");
        assert!(keys(&[]).is_empty(), "nothing of the file was evaluated");
    }

    #[test]
    fn imports_whole_inputs_and_chains_over_several_lines_count() {
        let text = "import input.fleet as f\n\ndeny contains \"x\" if {\n\tf.name\n\tinput.a[\n\t\t\"b\"]\n}";
        let found = reads(text).unwrap();
        let keys: Vec<_> =
            found.places.iter().map(|place| (place.keys.join("."), place.first_line, place.last_line)).collect();
        assert!(keys.contains(&("fleet.name".to_owned(), 6, 6)), "{keys:?}");
        let long = keys.iter().find(|(keys, ..)| keys == "a.b").unwrap();
        assert!(long.1 == 7 && long.2 >= 7, "{keys:?}");
        let whole = reads("deny contains \"x\" if {\n\tx := input\n\tx.a\n\tinput.b\n}").unwrap();
        assert_eq!(whole.reached(&[lines(&[4, 5, 6], &[])]), [InputKeys::new()]);
    }

    #[test]
    fn what_depends_on_more_than_the_input_is_not_repeatable() {
        assert!(reads("a if input.x\n\ndeny contains \"x\" if a with input.y.z as 5").is_none());
        let source = PolicySource::new("p.rego", "package cattleguard.a\n\ndeny contains \"x\" if input.a\n");
        let set = PolicySet::compile(vec![source], Value::Null).unwrap();
        for name in UNREPEATABLE {
            let mut modules = set.modules().to_vec();
            let call = Reference::to(name.split('.').map(|part| Some(part.to_owned())).collect());
            modules[0].rules[0].calls.push(call);
            assert!(Reads::of(set.modules()).is_some() && Reads::of(&modules).is_none(), "{name}");
        }
        assert!(reads("deny contains \"x\" if time.clock(input.scan.time_ns)[0] > 5").is_some());
    }
}

//! The call graph of a bundle: refuses functions that can call themselves, and chains too long for the stack.
//!
//! The engine notices a rule that depends on itself, but a function that calls itself overflows the stack
//! and aborts the process, which no time limit prevents. Open Policy Agent rejects both when it compiles.

use std::collections::{BTreeMap, BTreeSet};

use super::PolicyProblem;
use super::engine::{ModuleFacts, Reference, RuleFacts};

/// Longest chain of rules and functions that call each other. Each takes a few stack frames of the engine.
const MAX_CHAIN: usize = 64;

/// A rule or function by its full path, e.g. `data.cattleguard.lib.active`.
type Path = String;

/// Everything the bundle declares, and how names resolve to it.
pub(super) struct Declared {
    names: BTreeSet<Path>,
}

impl Declared {
    /// Collects what the modules declare.
    pub(super) fn of(modules: &[ModuleFacts]) -> Self {
        let names = modules
            .iter()
            .flat_map(|module| module.rules.iter().map(|rule| path_of(module, rule)))
            .collect::<BTreeSet<_>>();
        Self { names }
    }

    /// What a reference in a module stands for, when it is something the bundle declares.
    pub(super) fn resolve(&self, module: &ModuleFacts, reference: &Reference) -> Option<Path> {
        let known = reference.known();
        let (first, rest) = known.split_first()?;
        let full: Vec<String> = if first == "data" {
            known.clone()
        } else if let Some(target) = module.imports.get(first) {
            target.iter().chain(rest).cloned().collect()
        } else {
            module.package.iter().chain(&known).cloned().collect()
        };
        // A reference may go on into the value of a rule: the longest declared prefix is what it depends on.
        (1..=full.len()).rev().find_map(|length| {
            let path = full.get(..length)?.join(".");
            self.names.contains(&path).then_some(path)
        })
    }
}

/// A rule's full path.
pub(super) fn path_of(module: &ModuleFacts, rule: &RuleFacts) -> Path {
    format!("{}.{}", module.package.join("."), rule.name)
}

/// Finds cycles that go through a function, and chains longer than the limit.
pub(super) fn check(modules: &[ModuleFacts]) -> Vec<PolicyProblem> {
    let declared = Declared::of(modules);
    let mut graph = Graph::default();
    for module in modules {
        for rule in &module.rules {
            let from = path_of(module, rule);
            let place = (module.file.clone(), rule.line, rule.column);
            let node = graph.nodes.entry(from.clone()).or_insert_with(|| Node { place, ..Node::default() });
            node.function |= rule.function;
            let own = |reference: &&Reference| {
                reference.path.first().cloned().flatten().is_none_or(|name| !rule.locals.contains(&name))
            };
            let targets = rule.calls.iter().chain(rule.refs.iter().filter(own));
            node.edges.extend(targets.filter_map(|reference| declared.resolve(module, reference)));
            for (mocked, by) in &rule.mocks {
                if let (Some(mocked), Some(by)) = (declared.resolve(module, mocked), declared.resolve(module, by)) {
                    graph.mocks.push((mocked, by));
                }
            }
        }
    }
    for (mocked, by) in std::mem::take(&mut graph.mocks) {
        if let Some(node) = graph.nodes.get_mut(&mocked) {
            node.edges.insert(by);
        }
    }
    graph.problems()
}

#[derive(Default)]
struct Node {
    place: (String, u32, u32),
    function: bool,
    edges: BTreeSet<Path>,
}

#[derive(Default)]
struct Graph {
    nodes: BTreeMap<Path, Node>,
    mocks: Vec<(Path, Path)>,
}

impl Graph {
    /// Peels off what calls nothing that is left; what remains is on a cycle or leads into one.
    fn problems(&self) -> Vec<PolicyProblem> {
        let mut heights: BTreeMap<&str, usize> = BTreeMap::new();
        loop {
            let ready: Vec<(&str, usize)> = self
                .nodes
                .iter()
                .filter(|(path, _)| !heights.contains_key(path.as_str()))
                .filter_map(|(path, node)| {
                    let below = node.edges.iter().map(|edge| heights.get(edge.as_str()).copied());
                    let highest = below.collect::<Option<Vec<_>>>()?.into_iter().max();
                    Some((path.as_str(), highest.map_or(1, |height| height + 1)))
                })
                .collect();
            if ready.is_empty() {
                break;
            }
            heights.extend(ready);
        }
        let recursive = self
            .nodes
            .iter()
            .filter(|(path, node)| node.function && !heights.contains_key(path.as_str()) && self.reaches_itself(path))
            .map(|(path, node)| (node, format!("the function {path} can call itself, which would exhaust the stack")));
        let long = self.nodes.iter().filter(|(path, _)| heights.get(path.as_str()) == Some(&(MAX_CHAIN + 1))).map(
            |(path, node)| (node, format!("{path} starts a chain of more than {MAX_CHAIN} rules that call each other")),
        );
        recursive
            .chain(long)
            .map(|(node, message)| PolicyProblem::at(&node.place.0, node.place.1, node.place.2, message))
            .collect()
    }

    fn reaches_itself(&self, start: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = vec![start];
        while let Some(path) = pending.pop() {
            for edge in self.nodes.get(path).into_iter().flat_map(|node| &node.edges) {
                if edge == start {
                    return true;
                }
                if seen.insert(edge.as_str()) {
                    pending.push(edge);
                }
            }
        }
        false
    }
}

//! Reads the parsed modules into plain facts: which rules there are, what they call and refer to.
//!
//! The walk keeps a worklist instead of recursing: reference chains can be as long as a file.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{AssignOp, BoolOp, Expr, Literal, Module, Query, Ref, Rule, RuleBody, RuleHead, Span};

use super::written::{Shape, Written, written};

/// One parsed file.
#[derive(Clone, Debug)]
pub(in crate::evaluate) struct ModuleFacts {
    /// File.
    pub(in crate::evaluate) file: String,
    /// Package with `data` in front, by component.
    pub(in crate::evaluate) package: Vec<String>,
    /// Names that imports bind, with what they stand for.
    pub(in crate::evaluate) imports: BTreeMap<String, Vec<String>>,
    /// The same names in file order, with the place of each import.
    pub(in crate::evaluate) imported: Vec<Imported>,
    /// Rules in file order.
    pub(in crate::evaluate) rules: Vec<RuleFacts>,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::evaluate) struct Imported {
    /// The name it binds.
    pub(in crate::evaluate) name: String,
    /// What it stands for, by component.
    pub(in crate::evaluate) target: Vec<String>,
    /// Line.
    pub(in crate::evaluate) line: u32,
    /// Column.
    pub(in crate::evaluate) column: u32,
}

/// One rule.
#[derive(Clone, Debug, Default)]
pub(in crate::evaluate) struct RuleFacts {
    /// The first component of its head, e.g. `deny`.
    pub(in crate::evaluate) name: String,
    /// Whether it takes arguments.
    pub(in crate::evaluate) function: bool,
    /// Line of its head.
    pub(in crate::evaluate) line: u32,
    /// Column of its head.
    pub(in crate::evaluate) column: u32,
    /// What it calls.
    pub(in crate::evaluate) calls: Vec<Reference>,
    /// How many arguments each of these calls has.
    pub(in crate::evaluate) arguments: Vec<usize>,
    /// The same arguments, where one is nothing but a reference.
    pub(in crate::evaluate) passed: Vec<Vec<Option<Reference>>>,
    /// How many it takes itself, when it is a function.
    pub(in crate::evaluate) parameters: Option<usize>,
    /// What it calls them, in order; `None` for one that is no name.
    pub(in crate::evaluate) parameter_names: Vec<Option<String>>,
    /// References that are compared with something that is written.
    pub(in crate::evaluate) compared: Vec<Compared>,
    /// What it is, by definition, when it is no set: its values.
    pub(in crate::evaluate) values: Vec<Written>,
    /// When it is a set: its elements.
    pub(in crate::evaluate) elements: Vec<Written>,
    /// Variables with what is assigned to them.
    pub(in crate::evaluate) assigned: Vec<(String, Written)>,
    /// What else it refers to, longest chains only.
    pub(in crate::evaluate) refs: Vec<Reference>,
    /// `with F as G`: inside, a call of F is a call of G.
    pub(in crate::evaluate) mocks: Vec<(Reference, Reference)>,
    /// Names that are variables of this rule.
    pub(in crate::evaluate) locals: BTreeSet<String>,
    /// Variables that stand for (a part of) a reference, where each is bound; several entries for one that is bound in
    /// several places.
    pub(in crate::evaluate) bindings: Vec<(String, Binding)>,
    /// What each element of this set is, or this value, when a single name or reference says so.
    pub(in crate::evaluate) yields: Option<Yield>,
}

/// A reference beside what it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::evaluate) struct Compared {
    /// The reference.
    pub(in crate::evaluate) what: Reference,
    /// What it is compared with: a value, or the list that it may be in.
    pub(in crate::evaluate) with: Written,
    /// Whether it may go on behind the value: `startswith`.
    pub(in crate::evaluate) prefix: bool,
}

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum Binding {
    /// `some x in R`: an element.
    Element(Reference),
    /// `x := R`.
    Value(Reference),
    /// Anything else.
    Unknown,
}

/// What a rule yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::evaluate) enum Yield {
    /// `rule contains R`.
    Element(Reference),
    /// `rule := R`.
    Value(Reference),
}

/// A chain such as `input.drift.findings[_].code`; `None` stands for an index known only when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::evaluate) struct Reference {
    /// Components, the root first.
    pub(in crate::evaluate) path: Vec<Option<String>>,
    /// Line.
    pub(in crate::evaluate) line: u32,
    /// Column.
    pub(in crate::evaluate) column: u32,
    /// Line of its last part. When the chain is evaluated the engine counts this line as reached.
    pub(in crate::evaluate) last_line: u32,
}

impl Reference {
    /// A chain without a place.
    pub(in crate::evaluate) fn to(path: Vec<Option<String>>) -> Self {
        Self { path, line: 0, column: 0, last_line: 0 }
    }

    /// The leading components that are known.
    pub(in crate::evaluate) fn known(&self) -> Vec<String> {
        self.path.iter().map_while(Clone::clone).collect()
    }
}

/// The facts of one parsed module.
pub(super) fn facts(module: &Module) -> ModuleFacts {
    let mut package = vec!["data".to_owned()];
    package.extend(reference(&module.package.refr).known());
    let mut imports = BTreeMap::new();
    let mut imported = Vec::new();
    for import in &module.imports {
        let Reference { line, column, .. } = reference(&import.refr);
        let target = reference(&import.refr).known();
        let name = import.r#as.as_ref().map(|span| span.text().to_owned()).or_else(|| target.last().cloned());
        if let Some(name) = name {
            imported.push(Imported { name: name.clone(), target: target.clone(), line, column });
            imports.insert(name, target);
        }
    }
    ModuleFacts {
        file: module.package.span.source.get_path().clone(),
        package,
        imports,
        imported,
        rules: module.policy.iter().map(|rule| rule_facts(rule)).collect(),
    }
}

fn rule_facts(rule: &Rule) -> RuleFacts {
    let mut walk = Walk::default();
    match rule {
        Rule::Default { refr, args, value, .. } => {
            walk.head(refr, args);
            walk.facts.values.push(written(value));
            walk.pending.push(Node::Expr(value));
        }
        Rule::Spec { head, bodies, .. } => {
            match head {
                RuleHead::Compr { refr, assign, .. } => {
                    walk.head(refr, &[]);
                    if matches!(refr.as_ref(), Expr::Var { .. }) {
                        let value = assign.as_ref().map(|assign| written(&assign.value));
                        walk.facts.values.push(value.unwrap_or_else(|| Written {
                            line: walk.facts.line,
                            column: walk.facts.column,
                            shape: Shape::Scalar(true.into()),
                        }));
                    }
                    walk.facts.yields = assign.as_ref().and_then(|assign| chain(&assign.value)).map(Yield::Value);
                    walk.pending.extend(assign.iter().map(|assign| Node::Expr(&assign.value)));
                }
                RuleHead::Set { refr, key, .. } => {
                    walk.head(refr, &[]);
                    walk.facts.elements.extend(key.iter().map(written));
                    walk.facts.yields = key.as_ref().and_then(chain).map(Yield::Element);
                    walk.pending.extend(key.iter().map(Node::Expr));
                }
                RuleHead::Func { refr, args, assign, .. } => {
                    walk.head(refr, args);
                    walk.facts.function = true;
                    walk.facts.parameters = Some(args.len());
                    walk.facts.parameter_names = args.iter().map(name_of).collect();
                    walk.pending.extend(assign.iter().map(|assign| Node::Expr(&assign.value)));
                }
            }
            for RuleBody { assign, query, .. } in bodies {
                walk.pending.extend(assign.iter().map(|assign| Node::Expr(&assign.value)));
                walk.pending.push(Node::Query(query));
            }
        }
    }
    walk.run();
    if !is_simple(rule) {
        walk.facts.yields = None;
    }
    walk.facts
}

/// Whether the rule is named by a single word and yields one thing: no `a.b`, no `else`.
fn is_simple(rule: &Rule) -> bool {
    let Rule::Spec { head, bodies, .. } = rule else { return false };
    let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) = head;
    matches!(refr.as_ref(), Expr::Var { .. }) && bodies.iter().all(|body| body.assign.is_none())
}

enum Node<'a> {
    Expr(&'a Ref<Expr>),
    Query(&'a Ref<Query>),
}

#[derive(Default)]
struct Walk<'a> {
    facts: RuleFacts,
    pending: Vec<Node<'a>>,
}

impl<'a> Walk<'a> {
    fn head(&mut self, refr: &'a Ref<Expr>, args: &'a [Ref<Expr>]) {
        let head = reference(refr);
        self.facts.name = head.path.into_iter().next().flatten().unwrap_or_default();
        self.facts.line = head.line;
        self.facts.column = head.column;
        // The head of a general rule may hold indexes that are expressions of their own.
        self.indexes(refr);
        for arg in args {
            self.bind(arg);
            self.pending.push(Node::Expr(arg));
        }
    }

    fn bind(&mut self, expr: &Ref<Expr>) {
        self.bind_to(expr, Binding::Unknown);
    }

    fn bind_to(&mut self, expr: &Ref<Expr>, binding: Binding) {
        if let Expr::Var { span, .. } = expr.as_ref() {
            let name = span.text().to_owned();
            self.facts.bindings.push((name.clone(), binding));
            self.facts.locals.insert(name);
        }
    }

    fn run(&mut self) {
        while let Some(node) = self.pending.pop() {
            match node {
                Node::Expr(expr) => self.expr(expr),
                Node::Query(query) => self.query(query),
            }
        }
    }

    fn query(&mut self, query: &'a Query) {
        for statement in &query.stmts {
            for modifier in &statement.with_mods {
                self.facts.mocks.push((reference(&modifier.refr), reference(&modifier.r#as)));
                self.pending.push(Node::Expr(&modifier.r#as));
            }
            match &statement.literal {
                Literal::SomeVars { vars, .. } => self.locals(vars.iter()),
                Literal::SomeIn { key, value, collection, .. } => {
                    let element = chain(collection).map_or(Binding::Unknown, Binding::Element);
                    for (bound, binding) in key.iter().map(|key| (key, Binding::Unknown)).chain([(value, element)]) {
                        self.bind_to(bound, binding);
                        self.pending.push(Node::Expr(bound));
                    }
                    self.pending.push(Node::Expr(collection));
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.pending.push(Node::Expr(expr)),
                Literal::Every { key, value, domain, query, .. } => {
                    self.locals(key.iter());
                    let element = chain(domain).map_or(Binding::Unknown, Binding::Element);
                    self.facts.bindings.push((value.text().to_owned(), element));
                    self.facts.locals.insert(value.text().to_owned());
                    self.pending.push(Node::Expr(domain));
                    self.pending.push(Node::Query(query));
                }
            }
        }
    }

    fn locals<'s>(&mut self, spans: impl Iterator<Item = &'s Span>) {
        for span in spans {
            let name = span.text().to_owned();
            self.facts.bindings.push((name.clone(), Binding::Unknown));
            self.facts.locals.insert(name);
        }
    }

    fn indexes(&mut self, expr: &'a Ref<Expr>) {
        let mut current = expr;
        loop {
            match current.as_ref() {
                Expr::RefDot { refr, .. } => current = refr,
                Expr::RefBrack { refr, index, .. } => {
                    self.pending.push(Node::Expr(index));
                    current = refr;
                }
                Expr::Var { .. } => return,
                _ => return self.pending.push(Node::Expr(current)),
            }
        }
    }

    fn expr(&mut self, expr: &'a Ref<Expr>) {
        match expr.as_ref() {
            Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } => {}
            Expr::Bool { .. } | Expr::Null { .. } => {}
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.facts.refs.push(reference(expr));
                self.indexes(expr);
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.all(items),
            Expr::Object { fields, .. } => {
                self.pending.extend(fields.iter().flat_map(|(_, key, value)| [Node::Expr(key), Node::Expr(value)]));
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.pending.extend([Node::Expr(term), Node::Query(query)]);
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.pending.extend([Node::Expr(key), Node::Expr(value), Node::Query(query)]);
            }
            Expr::Call { fcn, params, .. } => {
                self.facts.calls.push(reference(fcn));
                self.facts.arguments.push(params.len());
                self.facts.passed.push(params.iter().map(chain).collect());
                if let [text, start] = params.as_slice()
                    && reference(fcn).known() == ["startswith"]
                {
                    self.compare(text, start, true);
                }
                self.indexes(fcn);
                self.all(params);
            }
            Expr::UnaryExpr { expr, .. } => self.pending.push(Node::Expr(expr)),
            Expr::AssignExpr { op, lhs, rhs, .. } => {
                if let Expr::Var { span, .. } = lhs.as_ref() {
                    self.facts.assigned.push((span.text().to_owned(), written(rhs)));
                }
                if *op == AssignOp::Eq {
                    self.compare(lhs, rhs, false);
                    self.compare(rhs, lhs, false);
                }
                if *op == AssignOp::ColEq {
                    self.bind_to(lhs, chain(rhs).map_or(Binding::Unknown, Binding::Value));
                }
                self.pending.extend([Node::Expr(lhs), Node::Expr(rhs)]);
            }
            Expr::BinExpr { lhs, rhs, .. } | Expr::BoolExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } => {
                if let Expr::BoolExpr { op: BoolOp::Eq | BoolOp::Ne, .. } = expr.as_ref() {
                    self.compare(lhs, rhs, false);
                    self.compare(rhs, lhs, false);
                }
                self.pending.extend([Node::Expr(lhs), Node::Expr(rhs)])
            }
            Expr::Membership { key, value, collection, .. } => {
                self.compare(value, collection, false);
                self.pending.extend(key.iter().map(Node::Expr));
                self.pending.extend([Node::Expr(value), Node::Expr(collection)]);
            }
        }
    }

    fn compare(&mut self, what: &Ref<Expr>, with: &Ref<Expr>, prefix: bool) {
        if let Some(what) = chain(what) {
            self.facts.compared.push(Compared { what, with: written(with), prefix });
        }
    }

    fn all(&mut self, items: &'a [Ref<Expr>]) {
        self.pending.extend(items.iter().map(Node::Expr));
    }
}

fn name_of(expr: &Ref<Expr>) -> Option<String> {
    match expr.as_ref() {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        _ => None,
    }
}

/// The expression as a reference, when it is nothing but one.
fn chain(expr: &Ref<Expr>) -> Option<Reference> {
    let is_chain = matches!(expr.as_ref(), Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. });
    is_chain.then(|| reference(expr)).filter(|reference| reference.path.first().is_some_and(Option::is_some))
}

fn reference(expr: &Ref<Expr>) -> Reference {
    let last_line = expr.span().line;
    let (mut line, mut column) = (last_line, expr.span().col);
    let mut path = Vec::new();
    let mut current = expr;
    loop {
        match current.as_ref() {
            Expr::RefDot { refr, field, .. } => {
                path.push(Some(field.0.text().to_owned()));
                current = refr;
            }
            Expr::RefBrack { refr, index, .. } => {
                path.push(constant(index));
                current = refr;
            }
            Expr::Var { span, .. } => {
                path.push(Some(span.text().to_owned()));
                // A chain's own span begins at its last part.
                (line, column) = (span.line, span.col);
                break;
            }
            _ => {
                path.push(None);
                break;
            }
        }
    }
    path.reverse();
    Reference { path, line, column, last_line }
}

fn constant(index: &Ref<Expr>) -> Option<String> {
    match index.as_ref() {
        Expr::String { value, .. } | Expr::RawString { value, .. } => {
            value.as_string().ok().map(|text| text.to_string())
        }
        _ => None,
    }
}

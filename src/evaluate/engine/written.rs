//! Values as they are written in a policy, as far as they are: what is computed stays unknown.

use regorus::unstable::{Expr, Ref};
use serde_json::Value;

/// Values nested deeper than this are not looked into: no member of a hit but `details` is.
const MAX_DEPTH: usize = 4;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::evaluate) struct Written {
    /// Line.
    pub(in crate::evaluate) line: u32,
    /// Column.
    pub(in crate::evaluate) column: u32,
    /// What is there.
    pub(in crate::evaluate) shape: Shape,
}

/// What is written.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::evaluate) enum Shape {
    /// A string, number, boolean or null.
    Scalar(Value),
    /// An array or a set.
    List(Vec<Written>),
    /// An object, its keys `None` where they are computed.
    Object(Vec<(Option<String>, Written)>),
    /// A variable of the rule.
    Variable(String),
    /// Something that is computed.
    Unknown,
}

impl Written {
    /// The value, without elements and members that are computed; `None` when nothing is known of it.
    pub(in crate::evaluate) fn known(&self) -> Option<Value> {
        match &self.shape {
            Shape::Scalar(value) => Some(value.clone()),
            Shape::List(items) => Some(Value::Array(items.iter().filter_map(Self::known).collect())),
            Shape::Object(members) => {
                let known = members.iter().filter_map(|(key, value)| Some((key.clone()?, value.known()?)));
                Some(Value::Object(known.collect()))
            }
            Shape::Variable(_) | Shape::Unknown => None,
        }
    }
}

/// An expression as it is written.
pub(super) fn written(expr: &Ref<Expr>) -> Written {
    at_depth(expr, MAX_DEPTH)
}

fn at_depth(expr: &Ref<Expr>, left: usize) -> Written {
    let span = expr.span();
    let shape = left.checked_sub(1).map_or(Shape::Unknown, |left| shape(expr, left));
    Written { line: span.line, column: span.col, shape }
}

fn shape(expr: &Ref<Expr>, left: usize) -> Shape {
    let scalar = |value: &regorus::Value| serde_json::to_value(value).map_or(Shape::Unknown, Shape::Scalar);
    match expr.as_ref() {
        Expr::String { value, .. }
        | Expr::RawString { value, .. }
        | Expr::Number { value, .. }
        | Expr::Bool { value, .. }
        | Expr::Null { value, .. } => scalar(value),
        Expr::UnaryExpr { expr, .. } => match shape(expr, left) {
            Shape::Scalar(Value::Number(number)) => {
                let less = number.as_i64().and_then(i64::checked_neg).map(Value::from);
                less.or_else(|| number.as_f64().map(|number| Value::from(-number)))
                    .map_or(Shape::Unknown, Shape::Scalar)
            }
            _ => Shape::Unknown,
        },
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            Shape::List(items.iter().map(|item| at_depth(item, left)).collect())
        }
        Expr::Object { fields, .. } => {
            let member = |(_, key, value): &(_, Ref<Expr>, Ref<Expr>)| {
                let key = match shape(key, left) {
                    Shape::Scalar(Value::String(key)) => Some(key),
                    _ => None,
                };
                (key, at_depth(value, left))
            };
            Shape::Object(fields.iter().map(member).collect())
        }
        Expr::Var { span, .. } => Shape::Variable(span.text().to_owned()),
        _ => Shape::Unknown,
    }
}

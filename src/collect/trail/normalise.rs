//! One shape for every request and response, whatever API logged it.
//!
//! EC2 logs older operations flat (`instancesSet.items[].instanceId`) and newer ones as XML turned into JSON
//! under one wrapper key (`ModifyVolumeRequest.VolumeId`, lists as `{"tag": 1, "content": …}` or `item`). The
//! normal form has no wrapper, camelCase keys, no `tag`/`item`/`items` layers; paths through it are dotted
//! names that pass through lists of any length.

use std::borrow::Cow;
use std::collections::HashMap;

use super::tree::{Members, Tree};

/// Objects with more members are looked through by a map: a hostile one must not cost its square.
const FEW: usize = 24;

/// Normalises `requestParameters`.
pub(super) fn request(tree: Tree<'_>) -> Tree<'_> {
    top(unwrap(tree, &["Request", "Req"]))
}

/// Normalises `responseElements`.
pub(super) fn response(tree: Tree<'_>) -> Tree<'_> {
    top(unwrap(tree, &["Response", "Resp"]))
}

/// Takes the inside of the only key when it names an operation's message. The name is not built from the
/// operation: `DeleteTransitGatewayVpcAttachment`, for one, abbreviates it.
fn unwrap<'t>(tree: Tree<'t>, suffixes: &[&str]) -> Tree<'t> {
    let Tree::Object(mut members) = tree else { return tree };
    let mut told = members.iter_mut().filter(|(key, _)| !matches!(&**key, "tag" | "xmlns" | "requestId"));
    let wrapped = match (told.next(), told.next()) {
        (Some((key, inner)), None) if is_wrapper(key, suffixes) => inner,
        _ => return Tree::Object(members),
    };
    match std::mem::take(wrapped) {
        // An operation without parameters is logged as `"…Request": ""`.
        Tree::Text(text) if text.is_empty() => Tree::Object(Vec::new()),
        Tree::Null => Tree::Object(Vec::new()),
        inner @ (Tree::Object(_) | Tree::List(_)) => inner,
        scalar => {
            *wrapped = scalar;
            Tree::Object(members)
        }
    }
}

fn is_wrapper(key: &str, suffixes: &[&str]) -> bool {
    key.starts_with(|c: char| c.is_ascii_uppercase())
        && suffixes.iter().any(|suffix| key.len() > suffix.len() && key.ends_with(suffix))
}

/// The outermost object keeps its members whatever they are called.
fn top(tree: Tree<'_>) -> Tree<'_> {
    match tree {
        Tree::Object(list) => Tree::Object(members(list)),
        other => shape(other),
    }
}

fn shape(tree: Tree<'_>) -> Tree<'_> {
    match tree {
        Tree::List(items) => Tree::List(items.into_iter().map(shape).collect()),
        Tree::Object(list) => {
            let tagged = list.iter().any(|(key, value)| key == "tag" && matches!(value, Tree::Number(_)));
            let mut list = members(list);
            let layer = matches!(list.as_slice(), [(key, _)] if matches!(&**key, "item" | "items") || (tagged && key == "content"));
            match list.pop_if(|_| layer) {
                Some((_, inner)) => inner,
                None => Tree::Object(list),
            }
        }
        scalar => scalar,
    }
}

fn members(mut list: Members<'_>) -> Members<'_> {
    // `tag` is the element's number; a parameter called `Tag` is an object and stays.
    list.retain(|(key, value)| !(key == "tag" && matches!(value, Tree::Number(_))) && key != "xmlns");
    for (key, value) in &mut list {
        if key.starts_with(|first: char| first.is_ascii_uppercase()) {
            key.to_mut().get_mut(..1).into_iter().for_each(str::make_ascii_lowercase);
        }
        *value = shape(std::mem::take(value));
    }
    if has_twins(&list) { joined(list) } else { list }
}

fn has_twins(list: &Members<'_>) -> bool {
    list.len() > FEW
        || list.iter().enumerate().any(|(at, (key, _))| list.iter().skip(at + 1).any(|(other, _)| key == other))
}

/// Members that came to one name become one list.
fn joined<'t>(list: Members<'t>) -> Members<'t> {
    let mut places: HashMap<Cow<'t, str>, usize> = HashMap::new();
    let mut out: Members<'t> = Vec::with_capacity(list.len());
    for (key, value) in list {
        let place = *places.entry(key.clone()).or_insert(out.len());
        match out.get_mut(place) {
            None => out.push((key, value)),
            Some((_, Tree::List(seen))) => seen.push(value),
            Some((_, seen)) => *seen = Tree::List(vec![std::mem::take(seen), value]),
        }
    }
    out
}

/// Visits every value at a dotted path. Lists on the way and at the end are passed through; empty values are left out.
pub(super) fn each<'v, 't>(root: &'v Tree<'t>, path: &str, visit: &mut dyn FnMut(&'v Tree<'t>)) {
    if let Tree::List(items) = root {
        return items.iter().for_each(|item| each(item, path, visit));
    }
    let (name, rest) = first(path);
    match (root.get(name), rest) {
        (None, _) => {}
        (Some(inner), Some(rest)) => each(inner, rest, visit),
        (Some(inner), None) => spread(inner, visit),
    }
}

/// The first name of a path and the rest. Names are short: a search made for long texts takes longer.
fn first(path: &str) -> (&str, Option<&str>) {
    let dot = path.bytes().position(|byte| byte == b'.');
    dot.map_or((path, None), |dot| (path.get(..dot).unwrap_or_default(), path.get(dot + 1..)))
}

fn spread<'v, 't>(value: &'v Tree<'t>, visit: &mut dyn FnMut(&'v Tree<'t>)) {
    match value {
        Tree::List(items) => items.iter().for_each(|item| spread(item, visit)),
        single if single.is_empty() => {}
        single => visit(single),
    }
}

/// Every value at a dotted path.
pub(super) fn values<'v, 't>(root: &'v Tree<'t>, path: &str) -> Vec<&'v Tree<'t>> {
    let mut found = Vec::new();
    each(root, path, &mut |value| found.push(value));
    found
}

/// The scalars at a path as text.
pub(super) fn texts<'v>(root: &'v Tree<'_>, path: &str) -> Vec<Cow<'v, str>> {
    let mut found = Vec::new();
    each(root, path, &mut |value| found.extend(value.text()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAT: &str = r#"{"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}"#;
    const ITEM: &str = r#"{"XRequest": {"InstancesSet": {"item": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]}}}"#;
    const TAGGED: &str = r#"{"XReq": {"InstancesSet": [
        {"InstanceId": {"tag": 1, "content": "i-1"}, "tag": 1}, {"InstanceId": {"tag": 1, "content": "i-2"}, "tag": 2}]}}"#;

    #[test]
    fn flat_and_wrapped_lists_of_one_and_of_many_read_the_same() {
        for form in [FLAT, ITEM, TAGGED] {
            assert_eq!(texts(&request(Tree::read(form)), "instancesSet.instanceId"), ["i-1", "i-2"], "{form}");
        }
        let single = r#"{"XRequest": {"FlowLogId": {"tag": 1, "content": "fl-1"}}}"#;
        assert_eq!(texts(&request(Tree::read(single)), "flowLogId"), ["fl-1"]);
    }

    #[test]
    fn a_parameter_called_tag_survives_but_element_numbers_do_not() {
        let value = request(Tree::read(r#"{"XRequest": {"Tag": {"Key": "a", "Value": true, "tag": 1}, "tag": 1}}"#));
        assert_eq!(value, Tree::read(r#"{"tag": {"key": "a", "value": true}}"#));
    }

    #[test]
    fn empty_wrappers_and_absent_lists_hold_nothing() {
        assert_eq!(request(Tree::read(r#"{"EnableSerialConsoleAccessRequest": ""}"#)), Tree::Object(Vec::new()));
        let absent = request(Tree::read(r#"{"blockDeviceMapping": {}}"#));
        assert!(texts(&absent, "blockDeviceMapping").is_empty() && values(&absent, "blockDeviceMapping").is_empty());
    }

    #[test]
    fn attribute_structures_count_as_their_value() {
        let value =
            request(Tree::read(r#"{"instanceType": {"value": "m7g.large"}, "sourceDestCheck": {"value": false}}"#));
        assert_eq!(texts(&value, "instanceType"), ["m7g.large"]);
        assert_eq!(texts(&value, "sourceDestCheck"), ["false"]);
    }

    #[test]
    fn members_that_come_to_one_name_are_one_list_however_many_there_are() {
        for others in [0, 40] {
            let more: String = (0..others).map(|number| format!(r#","other{number}":{number}"#)).collect();
            let text = format!(r#"{{"XRequest": {{"GroupId": "sg-1", "groupId": "sg-2", "GroupId": "sg-3"{more}}}}}"#);
            assert_eq!(texts(&request(Tree::read(&text)), "groupId"), ["sg-1", "sg-2", "sg-3"], "{others}");
        }
    }
}

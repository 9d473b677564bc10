use super::*;

fn definitions() -> BTreeMap<String, CodeDef> {
    FILES
        .iter()
        .flat_map(|(name, text)| {
            toml::from_str::<BTreeMap<String, CodeDef>>(text).unwrap_or_else(|error| panic!("{name}: {error}"))
        })
        .collect()
}

#[test]
fn every_row_is_complete_and_well_formed() {
    for (code, def) in definitions() {
        assert!(code.starts_with("event-") || code.starts_with("blind-"), "{code}");
        assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
        assert!(!def.title.is_empty() && def.about.len() > 40, "{code} needs a title and a page");
        for row in &def.events {
            let at = format!("{code}: {:?}", row.names);
            assert!(!row.names.is_empty() && !row.on.is_empty() && !row.on.contains('.'), "{at}");
            assert!(!row.says.is_empty() && !row.says.ends_with('.'), "{at}");
            assert_eq!(row.says.matches('{').count(), row.says.matches('}').count(), "{at}");
            let sources = [&row.targets, &row.otherwise, &row.selectors, &row.tag_filters, &row.scan];
            assert!(row.account || sources.iter().any(|paths| !paths.is_empty()), "{at} names no target");
            for path in sources.into_iter().flatten().chain(&row.learns).chain(&row.loses) {
                let path = PathRef::parse(path).path;
                assert!(path.split('.').all(|name| name.starts_with(|c: char| c.is_ascii_lowercase())), "{at}: {path}");
            }
            for condition in row.when.iter().chain(&row.unless) {
                assert!(!Condition::parse(condition).path().is_empty(), "{at}: {condition}");
            }
            for name in &row.names {
                assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{at}");
                assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "{at}");
            }
        }
    }
}

#[test]
fn an_event_has_at_most_one_row_without_conditions() {
    let table = Table::parse(&FILES, QUIET).unwrap();
    for (service, names) in &table.services {
        for (name, known) in names {
            if let Known::Rows(rows) = known {
                let open = rows.iter().filter(|row| row.when.is_empty() && row.unless.is_empty()).count();
                assert!(open <= 1, "{service}:{name} has {open} unconditional rows");
            }
        }
    }
}

#[test]
fn a_wide_range_of_events_is_known() {
    let names: BTreeSet<String> = event_codes().into_iter().flat_map(|code| code.events).collect();
    assert!(names.len() >= 150, "{} events", names.len());
    assert!(event_codes().iter().any(|code| code.code.as_str() == UNMAPPED));
}

#[test]
fn broken_tables_are_refused() {
    assert!(Table::parse(&[("a", "[event-x]\ntitle = 1")], "quiet = []").is_err());
    let twice = "[event-x]\ntitle='t'\nabout='a'\ncategory='other'\nseverity='low'\ndirectness='direct'\n";
    assert!(Table::parse(&[("a", twice), ("b", twice)], "quiet = []").is_err());
}

//! Several rows in one call, where the receiver takes lists: Security Hub's imports.

use serde_json::Value;

use super::deliver::cloud::IMPORT;
use super::destination::{Destination, DestinationKind};
use crate::store::OutboxRow;

/// How many of the rows, from the first on, go out together; at least one.
pub(super) fn together(destination: &Destination, rows: &[&OutboxRow]) -> usize {
    if !matches!(destination.kind, DestinationKind::SecurityHub) {
        return 1;
    }
    let mut findings = 0;
    let fits = |row: &&&OutboxRow| {
        findings += listed(row).len();
        findings <= IMPORT
    };
    rows.iter().take_while(fits).count().max(1)
}

/// The rows as one: the first, with the findings of all.
pub(super) fn merged(rows: &[&OutboxRow]) -> Option<OutboxRow> {
    let (first, rest) = rows.split_first()?;
    let mut row = OutboxRow::clone(first);
    if let Some(findings) = row.draft.payload.get_mut("findings").and_then(Value::as_array_mut) {
        findings.extend(rest.iter().flat_map(|row| listed(row)).cloned());
    }
    Some(row)
}

fn listed(row: &OutboxRow) -> &[Value] {
    row.draft.payload.get("findings").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draft::draft_single;
    use crate::report::fixtures::{self, MemoryOutbox, now};
    use crate::store::Outbox as _;

    #[test]
    fn rows_are_imported_a_hundred_findings_at_a_time() {
        let hub = Destination { kind: DestinationKind::SecurityHub, ..fixtures::slack("hub", "http://127.0.0.1/") };
        let outbox = MemoryOutbox::default();
        for (number, findings) in [40, 40, 20, 1, 100].into_iter().enumerate() {
            let of = |n| fixtures::finding("event-ssh-key-pushed", &format!("i-{number}-{n:03}"), "key");
            let notice = fixtures::notice((0..findings).map(of).collect());
            outbox.enqueue(&[draft_single(&notice, &hub, &number.to_string())], now()).unwrap();
        }
        let rows = outbox.rows(None).unwrap();
        let rows: Vec<&OutboxRow> = rows.iter().collect();
        assert_eq!([0, 3, 4].map(|from| together(&hub, &rows[from..])), [3, 1, 1]);
        let merged = merged(&rows[..3]).unwrap();
        assert_eq!((merged.seq, listed(&merged).len()), (rows[0].seq, 100));
        assert_eq!(together(&fixtures::slack("ops", "http://127.0.0.1/"), &rows), 1);
    }
}

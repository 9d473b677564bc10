//! Fleets by place: how much of each drifted, and how much of it was not judged.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;
use super::words::{name, number};
use crate::types::{FleetName, Place, Verdict};

/// The map.
pub(super) struct Heat {
    /// Account and region of each column.
    pub(super) places: Vec<(String, String)>,
    pub(super) rows: Vec<Row>,
}

/// One fleet.
pub(super) struct Row {
    pub(super) fleet: String,
    pub(super) total: String,
    pub(super) cells: Vec<Option<Cell>>,
}

/// One fleet in one place.
pub(super) struct Cell {
    /// `clean`, `warm`, `hot`, or `blind` where nothing drifted and not all was judged.
    pub(super) heat: &'static str,
    pub(super) drifted: usize,
    pub(super) unjudged: usize,
    pub(super) total: usize,
    /// Widths of what drifted and what was not judged, of 100.
    pub(super) bar: [usize; 2],
    pub(super) title: String,
    pub(super) place: String,
}

pub(super) fn heat(known: &Known) -> Heat {
    let mut counts: BTreeMap<Option<&FleetName>, BTreeMap<Place, [usize; 3]>> = BTreeMap::new();
    let mut places: BTreeSet<Place> =
        known.scan.coverage.iter().map(|entry| Place::new(entry.account.clone(), entry.region.clone())).collect();
    for result in known.members() {
        let place = result.instance.place();
        let cell = counts.entry(result.fleet.as_ref()).or_default().entry(place.clone()).or_default();
        let [clean, drifted, unjudged] = cell;
        let one = match result.verdict {
            Verdict::Clean => clean,
            Verdict::Drifted => drifted,
            Verdict::Unjudged => unjudged,
        };
        *one += 1;
        places.insert(place);
    }
    let rows = counts.into_iter().map(|(fleet, by_place)| row(fleet, &by_place, &places));
    let mut rows: Vec<Row> = rows.collect();
    // Servers of no fleet come last: nobody is responsible for them yet.
    let unowned = rows.first().is_some_and(|row| row.fleet == NO_FLEET);
    rows.rotate_left(usize::from(unowned));
    let names = places.iter().map(|place| (name(place.account.as_str()), name(place.region.as_str()))).collect();
    Heat { places: names, rows }
}

/// How servers are called that no fleet selects.
pub(super) const NO_FLEET: &str = "no fleet";

fn row(fleet: Option<&FleetName>, by_place: &BTreeMap<Place, [usize; 3]>, places: &BTreeSet<Place>) -> Row {
    let fleet = fleet.map_or_else(|| NO_FLEET.to_owned(), |fleet| name(fleet.as_str()));
    let total: usize = by_place.values().flatten().sum();
    let cells = places.iter().map(|place| by_place.get(place).map(|counts| cell(&fleet, place, *counts))).collect();
    Row { fleet, total: number(total), cells }
}

fn cell(fleet: &str, place: &Place, [clean, drifted, unjudged]: [usize; 3]) -> Cell {
    let total = clean + drifted + unjudged;
    let share = |count: usize| if count == 0 { 0 } else { (count * 100 / total.max(1)).max(6) };
    let heat = match (drifted, unjudged) {
        (0, 0) => "clean",
        (0, _) => "blind",
        _ if drifted * 10 > total => "hot",
        _ => "warm",
    };
    Cell {
        heat,
        drifted,
        unjudged,
        total,
        bar: [share(drifted), share(unjudged)],
        title: format!("{fleet} in {place}: {drifted} drifted, {unjudged} not judged, {clean} clean"),
        place: place.to_string(),
    }
}

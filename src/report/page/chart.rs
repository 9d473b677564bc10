//! Drift over time: drifted and unjudged instances of the scans of the period, as bars of equal stretches of time.

use super::Known;
use super::words::{minute, number};
use crate::store::ScanPoint;

/// Bars drawn at most.
const BARS: usize = 90;
/// Fewer scans than this do not fill the width.
const FEW: usize = 30;
/// The drawing's own units.
const SLOT: usize = 10;
const HEIGHT: usize = 120;

/// The chart.
pub(super) struct Chart {
    pub(super) bars: Vec<Bar>,
    pub(super) width: usize,
    pub(super) few: bool,
    pub(super) top: String,
    pub(super) half: String,
    pub(super) from: String,
    pub(super) to: String,
    /// Day by day, for readers of tables.
    pub(super) table: Vec<(String, String, String, String)>,
}

/// One stretch of time: the last scan in it.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) width: usize,
    pub(super) drifted: (usize, usize),
    pub(super) unjudged: (usize, usize),
    pub(super) title: String,
}

pub(super) fn chart(known: &Known) -> Chart {
    let points = thin(&known.points);
    let top = points.iter().map(|point| point.drifted + point.unjudged).max().unwrap_or(0).max(1);
    let size = |count: u64| {
        let scaled = count.saturating_mul(HEIGHT as u64) / top;
        usize::try_from(if count == 0 { 0 } else { scaled.max(2) }).unwrap_or(HEIGHT)
    };
    let bars = points.iter().enumerate().map(|(index, point)| {
        let (bad, blind) = (size(point.drifted), size(point.unjudged));
        Bar {
            x: index * SLOT,
            width: SLOT - 1,
            drifted: (HEIGHT.saturating_sub(bad), bad),
            unjudged: (HEIGHT.saturating_sub(bad + blind), blind),
            title: format!(
                "{}: {} drifted, {} not judged, {} clean",
                minute(point.started_at),
                point.drifted,
                point.unjudged,
                point.clean
            ),
        }
    });
    let edge = |point: Option<&&ScanPoint>| point.map_or(String::new(), |point| minute(point.started_at));
    let count = |value: u64| number(usize::try_from(value).unwrap_or(usize::MAX));
    Chart {
        bars: bars.collect(),
        width: points.len().max(FEW) * SLOT,
        few: points.len() < FEW,
        top: count(top),
        half: if top > 1 { count(top / 2) } else { String::new() },
        from: edge(points.first()),
        to: edge(points.last()),
        table: points
            .iter()
            .rev()
            .map(|point| (minute(point.started_at), count(point.drifted), count(point.unjudged), count(point.clean)))
            .collect(),
    }
}

/// The last scan of each of at most [`BARS`] equal stretches of time.
fn thin(points: &[ScanPoint]) -> Vec<&ScanPoint> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= BARS {
        return points.iter().collect();
    }
    let length = last.started_at.duration_since(first.started_at).as_secs().max(1);
    let bars = i64::try_from(BARS).unwrap_or(1);
    let slot = |point: &ScanPoint| point.started_at.duration_since(first.started_at).as_secs() * bars / (length + 1);
    let mut kept: Vec<&ScanPoint> = Vec::with_capacity(BARS);
    for point in points {
        match kept.last_mut() {
            Some(before) if slot(before) == slot(point) => *before = point,
            _ => kept.push(point),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::at;

    #[test]
    fn many_scans_become_few_bars_that_keep_the_last_word() {
        let point = |index: i64| ScanPoint {
            started_at: at(index * 900),
            exit_code: 0,
            clean: 10,
            drifted: u64::try_from(index).unwrap_or(0),
            unjudged: 0,
        };
        let points: Vec<ScanPoint> = (0..8640).map(point).collect();
        let kept = thin(&points);
        assert_eq!(kept.len(), BARS);
        assert_eq!(kept.last().map(|point| point.drifted), Some(8639));
        assert_eq!(thin(&points[..3]).len(), 3);
    }
}

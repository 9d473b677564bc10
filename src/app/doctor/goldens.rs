//! Whether each fleet has a golden that can be run.

use super::check::{Checks, Fault, Topic};
use crate::app::config::Config;
use crate::app::pipeline::Seen;
use crate::types::{Enforcement, Fleet, GoldenStatus};

/// One answer for each fleet.
pub(super) fn check(seen: &Seen, config: &Config, checks: &mut Checks) {
    for fleet in &config.fleets {
        let subject = format!("fleet {}", fleet.name);
        let of_line: Vec<_> = seen.goldens.iter().filter(|golden| golden.line == fleet.golden).collect();
        let promoted = of_line.iter().find(|golden| golden.status == GoldenStatus::Promoted);
        let members = seen.snapshot.instances.iter().filter(|one| one.is_live() && fleet.select.matches(one)).count();
        if members == 0 {
            let advice = "compare `select` of the fleet with the tags of its servers";
            checks.warn(Topic::Goldens, subject.clone(), "selects no server", advice);
        }
        let Some(golden) = promoted else {
            missing(fleet, &subject, of_line.len(), checks);
            continue;
        };
        let regions: Vec<String> = config
            .places()
            .into_iter()
            .filter(|place| {
                let runs_there =
                    |one: &&crate::types::Instance| one.is_live() && one.place() == *place && fleet.select.matches(one);
                seen.snapshot.instances.iter().any(|one| runs_there(&one))
            })
            .filter(|place| {
                let here = |image: &&crate::types::GoldenImage| {
                    image.region == place.region && image.account.as_ref().is_none_or(|only| *only == place.account)
                };
                !golden.images.iter().any(|image| here(&image))
            })
            .map(|place| place.to_string())
            .collect();
        let reference = golden.reference();
        if !regions.is_empty() {
            let text = format!("{reference} has no image for {}", regions.join(", "));
            checks.warn(Topic::Goldens, subject, text, "copy the AMI there and record it with `golden record`");
            continue;
        }
        let gone = golden
            .images
            .iter()
            .find(|image| seen.snapshot.images.get(&image.image).is_some_and(|found| found.state != "available"));
        match gone {
            Some(image) => {
                let text = format!("{} of {reference} is not available any more", image.image);
                let advice = "nothing can be launched from it: restore the AMI or promote another version";
                checks.fail(Topic::Goldens, subject, Fault::Config, text, advice);
            }
            None => checks.ok(Topic::Goldens, subject, format!("{reference} is promoted; {members} servers")),
        }
    }
}

/// The state is there and cannot be read: what is recorded is not known.
pub(super) fn not_looked_at(config: &Config, checks: &mut Checks) {
    for fleet in &config.fleets {
        let text = format!("not looked at: the golden line {} is in the state, which cannot be read", fleet.golden);
        checks.warn(Topic::Goldens, format!("fleet {}", fleet.name), text, "mend the state first");
    }
}

fn missing(fleet: &Fleet, subject: &str, recorded: usize, checks: &mut Checks) {
    let advice = if recorded == 0 {
        format!("cattleguard golden record {} --ami ID", fleet.golden)
    } else {
        format!("cattleguard golden promote {}@VERSION", fleet.golden)
    };
    let text = format!("no version of the golden line {} is promoted; {recorded} are recorded", fleet.golden);
    if fleet.enforcement == Enforcement::Observe {
        checks.warn(Topic::Goldens, subject, text, &advice);
    } else {
        checks.fail(Topic::Goldens, subject, Fault::Config, text, &advice);
    }
}

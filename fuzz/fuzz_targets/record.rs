//! Classification of any text ends, and what it keeps is bounded.
#![no_main]

use cattleguard::collect::trail::{Classified, ClassifyContext, LinkMap, classify, resolve};

libfuzzer_sys::fuzz_target!(|raw: &str| {
    match classify(raw, "record", &ClassifyContext::default()) {
        Classified::Change(change) => {
            let summary = change.event.summary.chars().count();
            assert!(summary <= 256 && change.event.actor.display.chars().count() <= 256);
            let _ = resolve(*change, &LinkMap::default());
        }
        Classified::SetAside(problem) => assert!(problem.excerpt.chars().count() <= 200),
        _ => {}
    }
});

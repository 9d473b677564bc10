//! Classification of any text ends, and what it keeps is bounded; alone, and line by line with what one record teaches
//! about another.
#![no_main]

use cattleguard::collect::trail::{Batch, Classified, ClassifyContext, LinkMap, classify, resolve};
use cattleguard::types::ChangeEvent;

fn check(event: &ChangeEvent) {
    assert!(event.summary.chars().count() <= 256 && event.actor.display.chars().count() <= 256, "{event:?}");
}

libfuzzer_sys::fuzz_target!(|raw: &str| {
    match classify(raw, "record", &ClassifyContext::default()) {
        Classified::Change(change) => {
            check(&change.event);
            let _ = resolve(*change, &LinkMap::default());
        }
        Classified::SetAside(problem) => assert!(problem.excerpt.chars().count() <= 200),
        _ => {}
    }
    if raw.contains('\n') {
        let mut batch = Batch::default();
        raw.lines().for_each(|line| batch.add(line, "line"));
        let collected = batch.finish(&mut LinkMap::default());
        collected.events.iter().for_each(check);
        assert!(collected.events.len() as u64 + collected.set_aside_total <= collected.read);
    }
});

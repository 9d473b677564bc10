//! Pets, the worst first.

use serde::Serialize;

use super::out::Out;
use super::parts::{count, time};
use super::scan_json::pretty;
use crate::report::look::{Look, Role};
use crate::report::pets::{Pet, PetTrait};
use crate::report::text::clean;

/// Schema of the JSON form.
pub const PETS_SCHEMA: &str = "cattleguard.dev/pets/v1";

#[derive(Serialize)]
struct PetsDoc<'a> {
    schema: &'static str,
    pets: &'a [Pet],
}

/// As text: what makes each a pet, since when, by whom, what it would take to replace it.
pub fn pets_text(pets: &[Pet], look: &Look) -> String {
    let mut out = Out::new(look);
    if pets.is_empty() {
        out.line(0, "No pets: nothing was changed in place, logged into or left behind.");
        return out.finish();
    }
    let rows = pets.iter().enumerate().map(|(index, pet)| {
        let fleet = pet.fleet.as_ref().map_or_else(|| "-".to_owned(), |fleet| clean(fleet.as_str(), 40));
        let worst = pet.traits.first().map_or(String::new(), |of| clean(&of.what, 120));
        let id = clean(pet.instance.as_str(), 40);
        vec![(index + 1).to_string(), id, fleet, pet.score.to_string(), worst]
    });
    out.table(&["", "INSTANCE", "FLEET", "SCORE", "WHY"], rows.collect());
    for pet in pets {
        details(&mut out, pet);
    }
    out.gap();
    out.line(0, &count(pets.len() as u64, "pet"));
    out.finish()
}

/// As JSON, `cattleguard.dev/pets/v1`.
pub fn pets_json(pets: &[Pet]) -> String {
    pretty(&PetsDoc { schema: PETS_SCHEMA, pets })
}

fn details(out: &mut Out<'_>, pet: &Pet) {
    let Pet { instance, account, region, name, fleet: _, golden, score, since, traits, needs } = pet;
    let id = out.look.paint(Role::Heading, &clean(instance.as_str(), 40));
    let name = name.as_deref().map_or(String::new(), |name| format!(" ({})", clean(name, 60)));
    let golden = golden.as_ref().map_or_else(|| "no golden".to_owned(), |golden| clean(&golden.to_string(), 80));
    let since = since.map_or(String::new(), |since| format!(" · a pet since {}", time(since)));
    let place = format!("{}/{}", clean(account.as_str(), 20), clean(region.as_str(), 30));
    out.gap();
    out.line(0, &format!("{id}{name} · {place} · {golden} · score {score}{since}"));
    for PetTrait { what, since, by, weight: _ } in traits {
        let since = since.map_or(String::new(), |since| format!(", since {}", time(since)));
        let by = by.as_deref().map_or(String::new(), |by| format!(", by {}", clean(by, 80)));
        out.labelled(2, "• ", &format!("{}{since}{by}", clean(what, 240)));
    }
    for need in needs {
        out.labelled(2, "to replace it: ", &clean(need, 400));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::report::pets::find_pets;
    use crate::report::view::View;
    use crate::types::{GoldenStatus, Verdict, Volume};

    #[test]
    fn worst_first_with_what_it_takes() {
        let findings = vec![
            fixtures::finding("event-interactive-session", "i-0aaaaaaaaaaaaaaaa", "s1"),
            fixtures::finding("software-package-added", "i-0aaaaaaaaaaaaaaaa", "nmap\u{1b}[2J"),
            fixtures::finding("config-user-data", "i-0bbbbbbbbbbbbbbbb", "userdata"),
            fixtures::finding("blind-not-managed", "i-0cccccccccccccccc", "ssm"),
        ];
        let mut results: Vec<_> = ["i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb", "i-0cccccccccccccccc"]
            .map(|id| fixtures::result(id, Verdict::Drifted, &findings))
            .into();
        results[0].instance.volumes.push(Volume {
            id: "vol-0d".into(),
            device: "/dev/sdf".to_owned(),
            root: false,
            attached_at: None,
            delete_on_termination: Some(false),
            size_gib: None,
            volume_type: None,
            encrypted: None,
        });
        let mut promoted = fixtures::golden("2", GoldenStatus::Promoted);
        promoted.promoted_at = Some(fixtures::at(-40 * 86_400));
        results[0].instance.launched_at = fixtures::at(-200 * 86_400);
        results[2].golden = Some(promoted.reference());
        let mut plan = fixtures::plan();
        plan.held.push(fixtures::held("i-0aaaaaaaaaaaaaaaa"));
        let view = View::new(&results, &findings, Some(&plan));
        let pets = find_pets(&results, &[promoted], &view, fixtures::now());
        insta::assert_snapshot!(pets_text(&pets, &Look::default()), @r#"
           INSTANCE             FLEET  SCORE  WHY
        1  i-0aaaaaaaaaaaaaaaa  web    58     logged into: s1 differs from the golden
        2  i-0bbbbbbbbbbbbbbbb  web    26     configuration changed: userdata differs from the golden

        i-0aaaaaaaaaaaaaaaa · 111122223333/eu-west-1 · web@1 · score 58 · a pet since 2026-10-14 10:00:00Z
          • logged into: s1 differs from the golden, since 2026-11-23 09:58:00Z, by alice
          • software changed: nmap differs from the golden, since 2026-11-23 09:58:00Z, by alice
          • left behind on web@1: web@2 was promoted 40 days ago, since 2026-10-14 10:00:00Z
          • has run for 200 days, since 2026-05-07 10:00:00Z
          to replace it: data volume vol-0d at /dev/sdf moved or copied
          to replace it: gate opt-in: refuse: fleet web is observe-only: set enforcement = "replace"
          to replace it: gate window: hold until 2026-11-24 02:00:00Z: outside every window

        i-0bbbbbbbbbbbbbbbb · 111122223333/eu-west-1 · web@1 · score 26 · a pet since 2026-10-14 10:00:00Z
          • configuration changed: userdata differs from the golden, since 2026-11-23 09:58:00Z, by alice
          • left behind on web@1: web@2 was promoted 40 days ago, since 2026-10-14 10:00:00Z
          to replace it: policy that asks for more than alert (lowered by mode = "observe")

        2 pets
        "#);
    }
}

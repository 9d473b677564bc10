//! Draws what happens next.

use std::time::Duration;

use super::world::World;

/// Something that happens to the processes and not to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// One process is killed, whatever it does just now.
    Kill,
    /// All are asked to end.
    End,
}

/// How long until the next event.
pub(super) fn wait(world: &World) -> Duration {
    Duration::from_secs(world.truth().dice.between(60, 2400))
}

/// Lets one thing happen. Trouble of the account is over after some time: events with a number of their own end it.
pub(super) fn happen(world: &World) -> Option<Blow> {
    let drawn = world.truth().dice.below(100);
    let mut blow = None;
    let (name, done) = match drawn {
        0..22 => ("drift", world.drift()),
        22..27 => ("regroup", world.regroup()),
        27..30 => ("stop", world.stop()),
        30..34 => ("start", {
            world.start();
            Ok(())
        }),
        34..36 => ("terminate", world.terminate()),
        36..38 => ("impair", world.impair()),
        38..44 => ("deploy", world.deploy()),
        44..48 => ("pause", {
            world.pause();
            Ok(())
        }),
        48..55 => ("resume", {
            world.resume();
            Ok(())
        }),
        55..60 => ("budget", {
            world.budget();
            Ok(())
        }),
        60..66 => {
            let name = if world.approve() { "approve" } else { "nothing to approve" };
            (name, Ok(()))
        }
        66..69 => ("capacity", world.capacity(false)),
        69..71 => ("alarm", world.alarm(true)),
        71..73 => ("permission", world.permission(false)),
        73..76 => ("bad image", world.bad_image()),
        76..82 => ("relief", relief(world)),
        82..89 => ("ask", {
            world.ask();
            Ok(())
        }),
        89..90 => ("hold", world.hold()),
        90..91 => ("drift everywhere", world.drift_everywhere()),
        91..96 => {
            blow = Some(Blow::Kill);
            ("kill", Ok(()))
        }
        96..98 => {
            blow = Some(Blow::End);
            ("asked to end", Ok(()))
        }
        _ => ("nothing", Ok(())),
    };
    // What cannot be done, because its server has just gone, does not happen.
    let name = if done.is_ok() { name } else { "came too late" };
    world.count("event", name);
    world.tell(|| format!("event: {name}"));
    blow
}

/// The account is well again.
pub(super) fn relief(world: &World) -> Result<(), crate::testing::SimError> {
    world.recover_all();
    world.capacity(true)?;
    world.alarm(false)?;
    world.permission(true)?;
    world.good_images()
}

//! The kill switch, read before every change. Whatever cannot be read counts as pulled: nothing is changed on the
//! strength of not knowing.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::CloudProbe;
use crate::plan::Pause;
use crate::report::text::clean;
use crate::store::StoreError;
use crate::types::{FleetName, Place};

/// The parameter's value that lets changes through.
const RUN: &str = "run";
/// Most that is read of a file that stops everything.
const MOST_BYTES: u64 = 2_000;
/// Most that is shown of a reason.
const MOST_CHARS: usize = 200;

/// A pulled kill switch. No change is made while it is pulled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Pulled {
    /// Which switch, why, and what lets go of it.
    pub reason: String,
}

impl Pulled {
    fn new(reason: String) -> Self {
        Self { reason }
    }

    /// As the plan's gate takes it: for everything.
    pub fn into_pause(self) -> Pause {
        (None, self.reason)
    }
}

/// Where kill switches are looked for, beside the pauses in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KillSwitch {
    /// Anything at this path stops everything.
    pub file: Option<PathBuf>,
    /// An SSM parameter that must say `run`.
    pub parameter: Option<(Place, String)>,
}

impl KillSwitch {
    /// The same switches, with the parameter read in another place: each account-region has one of its own.
    #[must_use]
    pub fn at(&self, place: &Place) -> Self {
        let parameter = self.parameter.as_ref().map(|(_, name)| (place.clone(), name.clone()));
        Self { file: self.file.clone(), parameter }
    }

    /// Whether changes in this fleet may be made now. `stop_variable` is the value of the environment variable
    /// `CATTLEGUARD_STOP`: anything but nothing stops everything.
    ///
    /// # Errors
    /// [`Pulled`], also when a switch cannot be read.
    pub async fn check(
        &self,
        probe: &dyn CloudProbe,
        store_pauses: impl Fn() -> Result<Vec<Pause>, StoreError>,
        stop_variable: Option<&str>,
        fleet: &FleetName,
    ) -> Result<(), Pulled> {
        check_variable(stop_variable)?;
        self.check_file()?;
        check_store(store_pauses(), fleet)?;
        self.check_parameter(probe).await
    }

    /// Which switches there are, for people.
    pub fn describe(&self) -> String {
        let mut switches = vec!["`cattleguard pause`".to_owned()];
        switches.extend(self.file.as_ref().map(|file| format!("the file {}", file.display())));
        switches.extend(
            self.parameter
                .as_ref()
                .map(|(place, name)| format!("the SSM parameter {name} in {place} (anything but `{RUN}`)")),
        );
        switches.push("the environment variable CATTLEGUARD_STOP".to_owned());
        switches.join(", ")
    }

    /// Whether anything is at the path that stops everything.
    ///
    /// # Errors
    /// [`Pulled`], also when the path cannot be looked at.
    pub fn check_file(&self) -> Result<(), Pulled> {
        let Some(path) = &self.file else { return Ok(()) };
        let shown = path.display();
        // Not followed: a link that leads nowhere was put there by somebody, too.
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Pulled::new(format!("the kill switch file {shown} cannot be read: {error}"))),
            Ok(_) => {
                let reason = reason_in(path).unwrap_or_else(|| "it gives no reason".to_owned());
                Err(Pulled::new(format!("the kill switch file {shown} is there: {reason}; remove it to go on")))
            }
        }
    }

    async fn check_parameter(&self, probe: &dyn CloudProbe) -> Result<(), Pulled> {
        let Some((place, name)) = &self.parameter else { return Ok(()) };
        match probe.parameter(place, name).await {
            Ok(Some(value)) if value.trim().eq_ignore_ascii_case(RUN) => Ok(()),
            Ok(Some(value)) => Err(Pulled::new(format!(
                "the SSM parameter {name} in {place} says `{}`, not `{RUN}`",
                clean(value.trim(), MOST_CHARS)
            ))),
            Ok(None) => {
                Err(Pulled::new(format!("the SSM parameter {name} in {place} does not exist: create it with `{RUN}`")))
            }
            Err(error) => Err(Pulled::new(format!("the kill switch {name} cannot be read: {error}"))),
        }
    }
}

fn check_variable(value: Option<&str>) -> Result<(), Pulled> {
    match value.filter(|value| !value.is_empty()) {
        Some(value) => Err(Pulled::new(format!("CATTLEGUARD_STOP is set: {}", clean(value, MOST_CHARS)))),
        None => Ok(()),
    }
}

fn check_store(pauses: Result<Vec<Pause>, StoreError>, fleet: &FleetName) -> Result<(), Pulled> {
    let pauses = pauses.map_err(|error| Pulled::new(format!("pauses cannot be read: {error}")))?;
    let mut own = pauses.iter().filter(|(paused, _)| paused.as_ref().is_none_or(|paused| paused == fleet));
    match own.next() {
        None => Ok(()),
        Some((None, reason)) => Err(Pulled::new(format!(
            "everything is paused: {}; `cattleguard resume` lifts it",
            clean(reason, MOST_CHARS)
        ))),
        Some((Some(fleet), reason)) => Err(Pulled::new(format!(
            "fleet {fleet} is paused: {}; `cattleguard resume --fleet {fleet}` lifts it",
            clean(reason, MOST_CHARS)
        ))),
    }
}

/// What is written in the file; it stops everything whether it can be read or not.
fn reason_in(path: &Path) -> Option<String> {
    // A pipe or device would block or never end.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    let text = clean(String::from_utf8_lossy(&bytes).trim(), MOST_CHARS);
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::ReadFailure;
    use crate::remediate::samples::StubProbe;

    async fn check(switch: &KillSwitch, probe: &StubProbe, pauses: Vec<Pause>) -> Result<(), String> {
        let answer = switch.check(probe, || Ok(pauses.clone()), None, &"web".into()).await;
        answer.map_err(|pulled| pulled.to_string())
    }

    async fn alone(switch: &KillSwitch) -> Result<(), String> {
        check(switch, &StubProbe::default(), Vec::new()).await
    }

    #[tokio::test]
    async fn without_switches_and_pauses_it_goes() {
        assert_eq!(alone(&KillSwitch::default()).await, Ok(()));
    }

    #[tokio::test]
    async fn anything_at_the_path_stops() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stop");
        let switch = KillSwitch { file: Some(file.clone()), ..KillSwitch::default() };
        assert_eq!(alone(&switch).await, Ok(()));
        std::fs::write(&file, "").unwrap();
        assert!(alone(&switch).await.unwrap_err().contains("no reason"));
        std::fs::write(&file, "incident 7\n\u{1b}[31m").unwrap();
        assert!(alone(&switch).await.unwrap_err().contains("is there: incident 7"));
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(alone(&switch).await.is_err());
        std::fs::remove_dir(&file).unwrap();
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &file).unwrap();
        assert!(alone(&switch).await.is_err());
    }

    #[tokio::test]
    async fn a_path_that_cannot_be_looked_at_stops() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let switch = KillSwitch { file: Some(file.join("below a file")), ..KillSwitch::default() };
        assert!(alone(&switch).await.unwrap_err().contains("cannot be read"));
    }

    #[tokio::test]
    async fn only_run_in_the_parameter_goes() {
        let place = Place::new("000000000000", "eu-west-1");
        let switch = KillSwitch { parameter: Some((place, "/cg/run".to_owned())), ..KillSwitch::default() };
        let says = |value: &str| StubProbe {
            parameters: [("/cg/run".to_owned(), value.to_owned())].into(),
            ..StubProbe::default()
        };
        for value in ["run", " RUN\n", "Run"] {
            assert_eq!(check(&switch, &says(value), Vec::new()).await, Ok(()));
        }
        for value in ["stop", "", "running", "run now"] {
            assert!(check(&switch, &says(value), Vec::new()).await.is_err(), "{value}");
        }
        assert!(alone(&switch).await.unwrap_err().contains("does not exist"));
        for failure in [ReadFailure::Denied, ReadFailure::Throttled, ReadFailure::Timeout] {
            let broken = StubProbe { broken: Some(("ssm:GetParameter", failure)), ..says("run") };
            assert!(check(&switch, &broken, Vec::new()).await.unwrap_err().contains("cannot be read"));
        }
        let elsewhere = Place::new("000000000001", "us-east-1");
        assert_eq!(switch.at(&elsewhere).parameter, Some((elsewhere, "/cg/run".to_owned())));
    }

    #[tokio::test]
    async fn pauses_of_all_and_of_this_fleet_stop_and_a_broken_store_too() {
        let switch = KillSwitch::default();
        let pause = |fleet: Option<&str>| vec![(fleet.map(FleetName::new), "why".to_owned())];
        assert_eq!(check(&switch, &StubProbe::default(), pause(Some("db"))).await, Ok(()));
        assert!(check(&switch, &StubProbe::default(), pause(Some("web"))).await.unwrap_err().contains("fleet web"));
        assert!(check(&switch, &StubProbe::default(), pause(None)).await.unwrap_err().contains("everything"));
        let broken = || Err(StoreError::Other("disk".to_owned()));
        let answer = switch.check(&StubProbe::default(), broken, None, &"web".into()).await;
        assert!(answer.unwrap_err().reason.contains("pauses cannot be read"));
    }

    #[tokio::test]
    async fn the_variable_stops_when_it_is_not_empty() {
        let set = async |value: &str| {
            let (switch, probe) = (KillSwitch::default(), StubProbe::default());
            switch.check(&probe, || Ok(Vec::new()), Some(value), &"web".into()).await
        };
        assert_eq!(set("").await, Ok(()));
        assert!(set("0").await.unwrap_err().into_pause().1.contains("CATTLEGUARD_STOP"));
        assert!(KillSwitch::default().describe().contains("CATTLEGUARD_STOP"));
    }
}

//! Conditions on one server or volume.

use super::{Learned, Looking, Seen};
use crate::collect::ReadError;
use crate::remediate::engine::Attested;
use crate::remediate::{Condition, Who};
use crate::types::{InstanceId, VolumeId};

pub(super) async fn look(looking: &Looking<'_>, condition: &Condition) -> Result<Seen, ReadError> {
    match condition {
        Condition::StatusOk { who } => with(looking, *who, async |id| status(looking, id, *who).await).await,
        Condition::Stopped { who } => with(looking, *who, async |id| state(looking, id, "stopped").await).await,
        Condition::Terminated { who } => with(looking, *who, async |id| terminated(looking, id).await).await,
        Condition::Online { who } => with(looking, *who, async |id| online(looking, id).await).await,
        Condition::Attested { who } => with(looking, *who, async |id| attested(looking, id).await).await,
        Condition::VolumeFree { volume } => free(looking, volume).await,
        Condition::RootReplaced => root_replaced(looking).await,
        _ => Ok(Seen::Never("asked in the wrong place".to_owned())),
    }
}

async fn with(
    looking: &Looking<'_>,
    who: Who,
    ask: impl AsyncFnOnce(&InstanceId) -> Result<Seen, ReadError>,
) -> Result<Seen, ReadError> {
    match looking.id(who) {
        Some(id) => ask(id).await,
        None => Ok(Seen::Never("there is no replacement".to_owned())),
    }
}

async fn status(looking: &Looking<'_>, id: &InstanceId, who: Who) -> Result<Seen, ReadError> {
    let Some(checks) = looking.probe.status(&looking.record.place, id).await? else {
        // EC2 shows no status for a moment after a launch, and none for what it does not know.
        return Ok(match (who, looking.probe.instance(&looking.record.place, id).await?) {
            (Who::Old, None) => Seen::Never(format!("{id} is gone")),
            _ => Seen::NotYet(format!("{id} has no status checks yet")),
        });
    };
    if matches!(checks.state.as_str(), "shutting-down" | "terminated") {
        return Ok(Seen::Never(format!("{id} is {}", checks.state)));
    }
    Ok(Seen::when(checks.passed(), || {
        format!("{id} is {}, system check {}, instance check {}", checks.state, checks.system, checks.instance)
    }))
}

async fn state(looking: &Looking<'_>, id: &InstanceId, wanted: &str) -> Result<Seen, ReadError> {
    Ok(match looking.probe.instance(&looking.record.place, id).await? {
        None => Seen::Never(format!("{id} is gone")),
        Some(detail) if detail.instance.state == "terminated" => Seen::Never(format!("{id} is terminated")),
        Some(detail) => Seen::when(detail.instance.state == wanted, || format!("{id} is {}", detail.instance.state)),
    })
}

async fn terminated(looking: &Looking<'_>, id: &InstanceId) -> Result<Seen, ReadError> {
    let detail = looking.probe.instance(&looking.record.place, id).await?;
    let state = detail.map_or_else(|| "terminated".to_owned(), |detail| detail.instance.state);
    Ok(Seen::when(state == "terminated", || format!("{id} is {state}")))
}

async fn online(looking: &Looking<'_>, id: &InstanceId) -> Result<Seen, ReadError> {
    let nodes = looking.read.managed_nodes_by_id(&looking.record.place, std::slice::from_ref(id)).await?;
    let Some(node) = nodes.into_iter().find(|node| node.instance == *id) else {
        return Ok(Seen::NotYet(format!("{id} has not registered with SSM")));
    };
    let fresh = node.node.last_ping.is_some_and(|ping| ping >= looking.since());
    Ok(Seen::when(fresh && node.node.ping_status == "Online", || {
        format!(
            "{id} is {} in SSM, last heard of {}",
            node.node.ping_status,
            match node.node.last_ping {
                Some(ping) => format!("at {ping}"),
                None => "never".to_owned(),
            }
        )
    }))
}

async fn attested(looking: &Looking<'_>, id: &InstanceId) -> Result<Seen, ReadError> {
    Ok(match looking.host.attest(looking.record, id).await? {
        Attested::Clean => Seen::Yes(Learned::default()),
        Attested::Waiting(why) => Seen::NotYet(why),
        Attested::Different(differences) => {
            let shown: Vec<&str> = differences.iter().take(5).map(String::as_str).collect();
            Seen::Never(format!("{id} differs from its golden: {}", shown.join("; ")))
        }
    })
}

async fn free(looking: &Looking<'_>, volume: &VolumeId) -> Result<Seen, ReadError> {
    let found = looking.probe.volumes(&looking.record.place, std::slice::from_ref(volume)).await?;
    Ok(match found.into_iter().find(|detail| detail.volume == *volume) {
        None => Seen::Never(format!("{volume} is gone")),
        Some(detail) => {
            Seen::when(detail.attached.is_none(), || format!("{volume} is {} and still attached", detail.state))
        }
    })
}

async fn root_replaced(looking: &Looking<'_>) -> Result<Seen, ReadError> {
    let Some(task) = &looking.record.facts.task else { return Ok(Seen::NotYet("no task is known yet".to_owned())) };
    let tasks = looking.probe.root_replacements(&looking.record.place, &looking.record.instance).await?;
    Ok(match tasks.into_iter().find(|found| found.task == *task) {
        None => Seen::NotYet(format!("{task} is not visible yet")),
        Some(found) if found.state.starts_with("fail") => Seen::Never(format!("{task} is {}", found.state)),
        Some(found) => Seen::when(found.state == "succeeded", || format!("{task} is {}", found.state)),
    })
}

//! Replace in place: the root volume becomes the golden's, the instance keeps its id, interfaces and addresses. It is
//! an outage, and the old root volume stays as evidence.

use super::{Laid, contain, mark, remark, traffic};
use crate::remediate::{Condition, Evidence, Step, Who, WriteCall};
use crate::types::ImageId;

/// The steps, from the golden's image. `back_token` and `token` are client tokens.
pub(in crate::remediate) fn root_volume(laid: &Laid<'_>, image: &ImageId, token: &str, back_token: &str) -> Vec<Step> {
    let settings = laid.settings;
    let who = Who::Old;
    let instance = laid.instance.clone();
    let replace = |image, volume, token: &str| WriteCall::ReplaceRootVolume {
        instance: instance.clone(),
        image,
        volume,
        token: token.to_owned(),
    };
    let mut steps = vec![mark(laid, "claim", "replacing")];
    steps.extend(contain::preserve(laid));
    steps.extend(traffic::leave_targets(laid, true));
    let mut task = Step::call("replace-root-volume", "", replace(Some(image.clone()), None, token))
        .then_seen(Condition::StatusOk { who })
        .within(900);
    if let Some(root) = laid.before.detail.instance.volumes.iter().find(|volume| volume.root) {
        task = task.undone_by(replace(None, Some(root.id.clone()), back_token));
    }
    steps.push(task);
    steps.push(Step::wait("root-replaced", "", Condition::RootReplaced, 3600));
    steps.push(Step::wait("status-checks", "", Condition::StatusOk { who }, settings.boot_s));
    if settings.expect_inventory {
        steps.push(Step::wait("online", "", Condition::Online { who }, settings.boot_s));
        let refresh = WriteCall::RefreshInventory { instance: instance.clone() };
        steps.push(Step::call("refresh-inventory", "", refresh).if_possible());
    }
    steps.push(Step::wait("attested", "", Condition::Attested { who }, settings.attest_s));
    for before in &laid.before.targets {
        let (group, target, port) = (before.group.clone(), before.target.clone(), before.port);
        let register =
            WriteCall::RegisterTarget { group: group.clone(), target: target.clone(), port, zone: before.zone.clone() };
        let back = WriteCall::DeregisterTarget { group: group.clone(), target: target.clone(), port };
        steps.push(Step::call("register", &group, register).undone_by(back));
        steps.push(Step::wait(
            "healthy",
            &group,
            Condition::Healthy { group: group.clone(), target, port },
            settings.traffic_s,
        ));
    }
    steps.push(Step::collect("evidence-bundle", Evidence::Bundle));
    steps.push(remark(laid, "mark-replaced", "replaced"));
    steps
}

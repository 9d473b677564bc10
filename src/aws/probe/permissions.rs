//! `iam:SimulatePrincipalPolicy`: which actions the enforcing principal may not make.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};

use crate::aws::clients::PlaceClients;
use crate::aws::throttle::Family;
use crate::collect::ReadError;
use crate::remediate::OPERATION_TAG;

const SIMULATE: &str = "iam:SimulatePrincipalPolicy";

/// Actions in one call. IAM does not say how many it takes; the answer is one result for each.
const ACTIONS_AT_ONCE: usize = 50;

/// Actions that a sound policy grants on named resources only, which are not known here. For these the lack of
/// a statement about *every* resource says nothing; a denial does.
const ON_NAMED_RESOURCES: [&str; 4] = ["iam:DeleteRolePolicy", "iam:PassRole", "iam:PutRolePolicy", "ssm:SendCommand"];

/// Those of the actions that `principal` may not make, in the order they were given.
pub(in crate::aws) async fn missing(
    clients: &PlaceClients,
    principal: &str,
    actions: &[&str],
) -> Result<Vec<String>, ReadError> {
    let mut missing = Vec::new();
    // Allowed to everybody, whatever the policies say.
    let actions: Vec<&str> = actions.iter().copied().filter(|action| *action != "sts:GetCallerIdentity").collect();
    for actions in actions.chunks(ACTIONS_AT_ONCE) {
        let mut marker = None;
        let mut answered = 0_usize;
        for _ in 0..super::PAGES_LIMIT {
            let request = clients
                .iam
                .simulate_principal_policy()
                .policy_source_arn(principal)
                .set_action_names(Some(actions.iter().map(|action| (*action).to_owned()).collect()))
                .set_context_entries(Some(context(clients)))
                .set_marker(marker);
            let answer = clients.call(Family::Iam, SIMULATE, request.send()).await?;
            let results = answer.evaluation_results.unwrap_or_default();
            answered += results.len();
            missing.extend(results.into_iter().filter(is_missing).map(|result| result.eval_action_name));
            marker = answer.marker.filter(|_| answer.is_truncated);
            if marker.is_none() {
                break;
            }
        }
        if answered < actions.len() {
            return Err(clients.invalid(SIMULATE, format!("{answered} answers for {} actions", actions.len())));
        }
    }
    Ok(missing)
}

fn is_missing(result: &EvaluationResult) -> bool {
    match result.eval_decision {
        PolicyEvaluationDecisionType::Allowed => false,
        PolicyEvaluationDecisionType::ImplicitDeny => !ON_NAMED_RESOURCES.contains(&result.eval_action_name.as_str()),
        _ => true,
    }
}

/// What a call of an operation would say of itself: the conditions of the policy that we print hold then.
fn context(clients: &PlaceClients) -> Vec<ContextEntry> {
    let entry = |key: &str, value: &str| {
        ContextEntry::builder()
            .context_key_name(key)
            .context_key_values(value)
            .context_key_type(ContextKeyTypeEnum::String)
            .build()
    };
    let operation = "op-simulated";
    let tags = ContextEntry::builder()
        .context_key_name("aws:TagKeys")
        .context_key_values(OPERATION_TAG)
        .context_key_type(ContextKeyTypeEnum::StringList)
        .build();
    vec![
        tags,
        entry("aws:RequestedRegion", clients.place.region.as_str()),
        entry(&format!("aws:RequestTag/{OPERATION_TAG}"), operation),
        entry(&format!("aws:ResourceTag/{OPERATION_TAG}"), operation),
        entry(&format!("ec2:ResourceTag/{OPERATION_TAG}"), operation),
        entry("ec2:CreateAction", "RunInstances"),
        entry("iam:PassedToService", "ec2.amazonaws.com"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(action: &str, decision: PolicyEvaluationDecisionType) -> EvaluationResult {
        EvaluationResult::builder().eval_action_name(action).eval_decision(decision).build().unwrap()
    }

    #[test]
    fn what_is_granted_on_named_resources_is_missing_only_when_denied() {
        use PolicyEvaluationDecisionType::{Allowed, ExplicitDeny, ImplicitDeny};
        assert!(!is_missing(&result("ec2:RunInstances", Allowed)));
        assert!(is_missing(&result("ec2:RunInstances", ImplicitDeny)));
        assert!(!is_missing(&result("iam:PassRole", ImplicitDeny)));
        assert!(is_missing(&result("iam:PassRole", ExplicitDeny)));
        assert!(is_missing(&result("ec2:RunInstances", "novel".into())));
    }
}

//! Which controller owns an instance, by what EC2 says and by the tags that controllers set.

use crate::types::Instance;

/// Who decides about the life of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `standalone`, `asg`, `eks`, `karpenter`, `cloudformation`, `beanstalk`, `emr`, `ecs`, `ec2-fleet`,
    /// `spot-fleet` or `operator`.
    pub kind: &'static str,
    /// Group, stack, node group, …
    pub name: Option<String>,
    /// The tag that says so.
    pub tag: Option<String>,
}

impl Owner {
    /// Whether another controller would undo or fight what we do: everything but a server on its own and
    /// a plain Auto Scaling group, whose members are replaced through their group.
    pub fn is_foreign(&self) -> bool {
        !matches!(self.kind, "standalone" | "asg")
    }
}

/// Tags that controllers set on instances they own, most specific first. A key that ends in `:` is a prefix.
///
/// Sources: EC2 and EKS user guides (`eks:` and `aws:` tags are reserved to AWS), karpenter.sh (well-known
/// labels), Elastic Beanstalk, EMR and ECS developer guides (tags they put on their instances).
const TAGS: [(&str, &str); 11] = [
    ("karpenter.sh/nodepool", "karpenter"),
    ("karpenter.sh/provisioner-name", "karpenter"),
    ("eks:nodegroup-name", "eks"),
    ("eks:cluster-name", "eks"),
    ("elasticbeanstalk:", "beanstalk"),
    ("aws:elasticmapreduce:", "emr"),
    ("AmazonECSManaged", "ecs"),
    ("aws:ec2spot:fleet-request-id", "spot-fleet"),
    ("aws:ec2:fleet-id", "ec2-fleet"),
    ("aws:cloudformation:stack-name", "cloudformation"),
    ("aws:cloudformation:stack-id", "cloudformation"),
];

/// The owner of an instance.
pub fn owner_of(instance: &Instance) -> Owner {
    if let Some(operator) = &instance.operator {
        return Owner { kind: "operator", name: Some(operator.clone()), tag: None };
    }
    for (key, kind) in TAGS {
        let found = if key.ends_with(':') {
            instance.tags.iter().find(|(tag, _)| tag.starts_with(key))
        } else {
            instance.tags.get_key_value(key)
        };
        if let Some((tag, value)) = found {
            let name = (!value.is_empty()).then(|| value.clone());
            return Owner { kind, name, tag: Some(tag.clone()) };
        }
    }
    let group = instance.asg.as_ref().map(|membership| membership.group.clone());
    match group.or_else(|| instance.tags.get("aws:autoscaling:groupName").cloned()) {
        Some(group) => Owner { kind: "asg", name: Some(group), tag: None },
        None => Owner { kind: "standalone", name: None, tag: None },
    }
}

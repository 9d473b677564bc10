//! Which controller owns an instance, by what EC2 says and by the tags that controllers set.

use crate::types::Instance;

/// Who decides about the life of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `standalone`, `asg`, `eks`, `karpenter`, `kubernetes`, `cloudformation`, `beanstalk`, `batch`, `emr`, `ecs`,
    /// `ec2-fleet`, `spot-fleet` or `operator`.
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

/// Tags that controllers set on instances they own, most specific first. A key that ends in `:` or `/` is a prefix.
///
/// Sources: EC2 and EKS user guides (`eks:` and `aws:` tags are reserved to AWS; nodes of one's own need
/// `kubernetes.io/cluster/NAME`), karpenter.sh (well-known labels), kOps and Cluster API for AWS (labels of nodes), Elastic
/// Beanstalk, Batch, EMR and ECS developer guides (tags they put on their instances).
const TAGS: [(&str, &str); 16] = [
    ("karpenter.sh/nodepool", "karpenter"),
    ("karpenter.sh/provisioner-name", "karpenter"),
    ("eks:nodegroup-name", "eks"),
    ("eks:cluster-name", "eks"),
    ("kubernetes.io/cluster/", "kubernetes"),
    ("KubernetesCluster", "kubernetes"),
    ("k8s.io/", "kubernetes"),
    ("sigs.k8s.io/cluster-api-provider-aws/", "kubernetes"),
    ("AWSBatchServiceTag", "batch"),
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
        let found = if key.ends_with([':', '/']) {
            instance.tags.iter().find(|(tag, _)| tag.starts_with(key))
        } else {
            instance.tags.get_key_value(key)
        };
        if let Some((tag, value)) = found {
            // Below a prefix the key itself says whose it is.
            let name = if key.ends_with('/') { tag.strip_prefix(key).unwrap_or(value) } else { value };
            let name = (!name.is_empty()).then(|| name.to_owned());
            return Owner { kind, name, tag: Some(tag.clone()) };
        }
    }
    let group = instance.asg.as_ref().map(|membership| membership.group.clone());
    match group.or_else(|| instance.tags.get("aws:autoscaling:groupName").cloned()) {
        Some(group) => Owner { kind: "asg", name: Some(group), tag: None },
        None => Owner { kind: "standalone", name: None, tag: None },
    }
}

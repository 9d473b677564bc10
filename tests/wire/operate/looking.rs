//! What a site looks like to a client that is not ours.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Instance, InstanceAttributeName};

use super::picture::{state, tags};
use super::site::Site;

impl Site {
    /// One server as EC2 describes it.
    pub(crate) async fn server(&self, id: &str) -> Instance {
        let answer = self.mia.ec2.describe_instances().instance_ids(id).send().await.unwrap();
        answer.reservations.unwrap().remove(0).instances.unwrap().remove(0)
    }

    /// Its state.
    pub(crate) async fn state(&self, id: &str) -> String {
        state(&self.server(id).await)
    }

    /// Its first interface.
    pub(crate) async fn interface(&self, id: &str) -> String {
        self.server(id).await.network_interfaces()[0].network_interface_id().unwrap().to_owned()
    }

    /// Every server that was launched to replace this one.
    pub(crate) async fn replacements(&self, of: &str) -> Vec<Instance> {
        let answer = self.mia.ec2.describe_instances().send().await.unwrap();
        let all = answer.reservations.unwrap().into_iter().flat_map(|one| one.instances.unwrap());
        all.filter(|server| tags(server).get("cattleguard:replaces").is_some_and(|id| id == of)).collect()
    }

    /// One of its attributes, as text.
    pub(crate) async fn attribute(&self, id: &str, name: InstanceAttributeName) -> String {
        let request = self.mia.ec2.describe_instance_attribute().instance_id(id).attribute(name);
        let answer = request.send().await.unwrap();
        match (answer.disable_api_termination, answer.instance_initiated_shutdown_behavior) {
            (Some(flag), _) => flag.value.unwrap_or_default().to_string(),
            (None, text) => text.and_then(|text| text.value).unwrap_or_default(),
        }
    }

    /// Its health in the target group, if it is in there.
    pub(crate) async fn targets(&self, id: &str) -> BTreeMap<String, String> {
        let elb = aws_sdk_elasticloadbalancingv2::Client::new(&self.mia.config);
        let answer = elb.describe_target_health().target_group_arn(&self.grounds.targets).send().await.unwrap();
        let own = answer.target_health_descriptions.unwrap().into_iter();
        let own = own.filter(|one| one.target.as_ref().and_then(|target| target.id.as_deref()) == Some(id));
        own.map(|one| ("web".to_owned(), one.target_health.unwrap().state.unwrap().as_str().to_owned())).collect()
    }

    /// Inline policies of the servers' role.
    pub(crate) async fn role_policies(&self) -> Vec<String> {
        let iam = aws_sdk_iam::Client::new(&self.mia.config);
        iam.list_role_policies().role_name("web").send().await.unwrap().policy_names
    }
}

//! What enforcement finds in an account that was prepared for it: servers behind a target group, an Auto Scaling
//! group whose template is pinned to the golden, the isolating groups, and the quarantine profile.

use aws_sdk_autoscaling::types::LaunchTemplateSpecification;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, RequestLaunchTemplateData, ResourceType, Tag, TagSpecification,
};
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetDescription, TargetTypeEnum};

use crate::scene::{Person, base64};

/// What every server is launched with.
pub(crate) const USER_DATA: &str = "#!/bin/sh\necho golden\n";

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// A prepared account-region.
pub(crate) struct Grounds {
    /// The golden image.
    pub(crate) image: String,
    /// The default VPC.
    pub(crate) vpc: String,
    /// Its subnets, by zone.
    pub(crate) subnets: Vec<String>,
    /// `cattleguard-isolate`: no rules.
    pub(crate) isolate: String,
    /// `cattleguard-open`: everything both ways.
    pub(crate) open: String,
    /// ARN of `cattleguard-quarantine`.
    pub(crate) quarantine: String,
    /// ARN of the servers' profile `web`.
    pub(crate) profile: String,
    /// ARN of the target group `web`.
    pub(crate) targets: String,
    /// Servers of their own, tagged `app = web`, in the target group.
    pub(crate) standalone: Vec<String>,
}

impl Grounds {
    /// Prepares them, with so many standalone servers.
    pub(crate) async fn new(person: &Person, standalone: usize) -> Self {
        let image = person.image("golden").await;
        let vpc = person.ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap().remove(0).vpc_id.unwrap();
        let subnets = subnets(person).await;
        let (isolate, open) = (isolating_group(person, &vpc).await, open_group(person, &vpc).await);
        let (quarantine, profile) = (profile(person, "cattleguard-quarantine").await, profile(person, "web").await);
        let targets = target_group(person, "web", &vpc).await;
        let mut servers = Vec::new();
        for index in 0..standalone {
            let id = server(person, &image, &subnets[index % 2], &profile, "web").await;
            register(person, &targets, &id).await;
            servers.push(id);
        }
        Self { image, vpc, subnets, isolate, open, quarantine, profile, targets, standalone: servers }
    }

    /// One more server, in no target group, with its tag `app`.
    pub(crate) async fn server(&self, person: &Person, app: &str) -> String {
        server(person, &self.image, &self.subnets[0], &self.profile, app).await
    }

    /// One more server, launched from the group's template, with its tag `app`.
    pub(crate) async fn templated(&self, person: &Person, app: &str) -> String {
        let template =
            aws_sdk_ec2::types::LaunchTemplateSpecification::builder().launch_template_name("web").version("1");
        let request = person.ec2.run_instances().min_count(1).max_count(1).subnet_id(&self.subnets[0]);
        let request = request.launch_template(template.build()).tag_specifications(tagged(app));
        request.send().await.unwrap().instances.unwrap().remove(0).instance_id.unwrap()
    }

    /// The group `web`, with a template version that is the golden, over two subnets and the target group. Its
    /// members.
    pub(crate) async fn group(&self, person: &Person, desired: i32) -> Vec<String> {
        launch_template(person, "web", &self.image).await;
        let template = LaunchTemplateSpecification::builder().launch_template_name("web").version("1").build();
        let scaling = aws_sdk_autoscaling::Client::new(&person.config);
        let request = scaling.create_auto_scaling_group().auto_scaling_group_name("web").launch_template(template);
        let request = request.min_size(1).max_size(desired + 2).desired_capacity(desired);
        let request = request.vpc_zone_identifier(self.subnets[..2].join(",")).target_group_arns(&self.targets);
        let tag = aws_sdk_autoscaling::types::Tag::builder().key("app").value("web").propagate_at_launch(true).build();
        request.tags(tag).send().await.unwrap();
        let answer = scaling.describe_auto_scaling_groups().auto_scaling_group_names("web").send().await.unwrap();
        let members = answer.auto_scaling_groups.unwrap().remove(0).instances.unwrap();
        members.into_iter().map(|member| member.instance_id.unwrap()).collect()
    }
}

/// The default subnets, by zone.
pub(crate) async fn subnets(person: &Person) -> Vec<String> {
    let mut found = person.ec2.describe_subnets().send().await.unwrap().subnets.unwrap();
    found.sort_by(|a, b| a.availability_zone.cmp(&b.availability_zone));
    found.into_iter().map(|subnet| subnet.subnet_id.unwrap()).collect()
}

/// A template with one version.
pub(crate) async fn launch_template(person: &Person, name: &str, image: &str) {
    let data = RequestLaunchTemplateData::builder().image_id(image).instance_type("t3.micro".into());
    let data = data.user_data(base64(USER_DATA)).build();
    person.ec2.create_launch_template().launch_template_name(name).launch_template_data(data).send().await.unwrap();
}

/// A target group of instances on port 80.
pub(crate) async fn target_group(person: &Person, name: &str, vpc: &str) -> String {
    let request = aws_sdk_elasticloadbalancingv2::Client::new(&person.config)
        .create_target_group()
        .name(name)
        .protocol(ProtocolEnum::Http)
        .port(80)
        .vpc_id(vpc)
        .target_type(TargetTypeEnum::Instance);
    request.send().await.unwrap().target_groups.unwrap().remove(0).target_group_arn.unwrap()
}

async fn register(person: &Person, group: &str, id: &str) {
    let target = TargetDescription::builder().id(id).build();
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&person.config);
    elb.register_targets().target_group_arn(group).targets(target).send().await.unwrap();
}

/// A profile with a role of the same name; its ARN.
pub(crate) async fn profile(person: &Person, name: &str) -> String {
    let iam = aws_sdk_iam::Client::new(&person.config);
    iam.create_role().role_name(name).assume_role_policy_document(TRUST).send().await.unwrap();
    let made = iam.create_instance_profile().instance_profile_name(name).path("/apps/").send().await.unwrap();
    iam.add_role_to_instance_profile().instance_profile_name(name).role_name(name).send().await.unwrap();
    made.instance_profile.unwrap().arn
}

async fn server(person: &Person, image: &str, subnet: &str, profile: &str, app: &str) -> String {
    let tags = tagged(app);
    let profile = aws_sdk_ec2::types::IamInstanceProfileSpecification::builder().arn(profile).build();
    let request = person.ec2.run_instances().image_id(image).min_count(1).max_count(1).subnet_id(subnet);
    let request = request.instance_type("t3.micro".into()).iam_instance_profile(profile).tag_specifications(tags);
    let answer = request.user_data(base64(USER_DATA)).send().await.unwrap();
    answer.instances.unwrap().remove(0).instance_id.unwrap()
}

fn tagged(app: &str) -> TagSpecification {
    let tag = Tag::builder().key("app").value(app).build();
    TagSpecification::builder().resource_type(ResourceType::Instance).tags(tag).build()
}

async fn new_group(person: &Person, name: &str, vpc: &str) -> String {
    let request = person.ec2.create_security_group().group_name(name).description("of cattleguard").vpc_id(vpc);
    request.send().await.unwrap().group_id.unwrap()
}

async fn isolating_group(person: &Person, vpc: &str) -> String {
    let id = new_group(person, "cattleguard-isolate", vpc).await;
    // A new group lets everything out.
    let all = IpPermission::builder().ip_protocol("-1").ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build());
    let request = person.ec2.revoke_security_group_egress().group_id(&id).ip_permissions(all.build());
    request.send().await.unwrap();
    id
}

async fn open_group(person: &Person, vpc: &str) -> String {
    let id = new_group(person, "cattleguard-open", vpc).await;
    let six = Ipv6Range::builder().cidr_ipv6("::/0").build();
    let both = IpPermission::builder().ip_protocol("-1").ipv6_ranges(six.clone());
    let ingress = both.clone().ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
    person.ec2.authorize_security_group_ingress().group_id(&id).ip_permissions(ingress).send().await.unwrap();
    person.ec2.authorize_security_group_egress().group_id(&id).ip_permissions(both.build()).send().await.unwrap();
    id
}

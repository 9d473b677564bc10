//! Two accounts with a reader role each, people with sessions, and instances to look at.

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_ec2::types::{InstanceType, ResourceType, Tag, TagSpecification};
use aws_types::SdkConfig;
use aws_types::region::Region;
use cattleguard::aws::{AwsAccount, AwsCloud, AwsEnforcer, AwsSettings, Rate, Rates};
use cattleguard::types::Place;
use serde_json::json;

use crate::server::Emulator;

/// The account that the emulator files unknown keys under: where the base credentials live.
pub(crate) const HOME: &str = "123456789012";
/// The first fleet account.
pub(crate) const SHOP: &str = "111122223333";
/// The second fleet account.
pub(crate) const BANK: &str = "444455556666";
/// The region most tests look at.
pub(crate) const IRELAND: &str = "eu-west-1";
/// Another region.
pub(crate) const OHIO: &str = "us-east-2";
/// The external id that the reader roles ask for.
pub(crate) const EXTERNAL_ID: &str = "cg-7f31";

/// The trail that is always there.
pub(crate) const TRAIL: &str = "management";

/// A running emulator with the two accounts.
pub(crate) struct Scene {
    /// The emulator.
    pub(crate) emulator: Emulator,
    base: SdkConfig,
}

impl Scene {
    /// Starts an emulator in which each fleet account has the roles `reader` and `enforcer` with an external id. The
    /// first one has a trail in the region that most tests look at.
    pub(crate) async fn new() -> Self {
        let emulator = Emulator::start();
        let base = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&emulator.url)
            .region(Region::new(IRELAND))
            .credentials_provider(keys("AKIABASE", "secret", None))
            .load()
            .await;
        for account in [SHOP, BANK] {
            for role in [reader(account), enforcer(account)] {
                emulator.steer("_roles", json!({"arn": role, "external_id": EXTERNAL_ID})).await;
            }
        }
        emulator.steer("_trails", json!({"account": SHOP, "region": IRELAND, "name": TRAIL})).await;
        Self { emulator, base }
    }

    /// The base credentials at the emulator.
    pub(crate) fn base(&self) -> SdkConfig {
        self.base.clone()
    }

    /// The base configuration without credentials.
    pub(crate) fn without_credentials(&self) -> SdkConfig {
        self.base.to_builder().credentials_provider(SharedCredentialsProvider::new(NoCredentials)).build()
    }

    /// The session of a person in an account and region, through the role `operators`.
    pub(crate) async fn person(&self, name: &str, account: &str, region: &str) -> Person {
        let sts = aws_sdk_sts::Client::new(&self.base);
        let role = format!("arn:aws:iam::{account}:role/operators");
        let answer = sts.assume_role().role_arn(role).role_session_name(name).send().await.unwrap();
        let keys = answer.credentials.unwrap();
        let key = keys.access_key_id.clone();
        let keys = self::keys(&keys.access_key_id, &keys.secret_access_key, Some(keys.session_token));
        let config = self.base.to_builder().credentials_provider(SharedCredentialsProvider::new(keys));
        let config = config.region(Region::new(region.to_owned())).build();
        Person {
            key,
            region: region.to_owned(),
            ec2: aws_sdk_ec2::Client::new(&config),
            ssm: aws_sdk_ssm::Client::new(&config),
            config,
        }
    }

    /// The adapter over both accounts by their reader roles.
    pub(crate) fn cloud(&self) -> AwsCloud {
        AwsCloud::with_base(self.base(), settings(&[SHOP, BANK])).unwrap()
    }

    /// The adapter that changes both accounts by their enforcing roles.
    pub(crate) fn enforcer(&self) -> AwsEnforcer {
        AwsEnforcer::with_base(self.base(), settings(&[SHOP, BANK])).unwrap()
    }
}

/// What the standard chain answers on a machine that has none.
#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded_no_source()))
    }
}

fn keys(id: &str, secret: &str, token: Option<String>) -> Credentials {
    Credentials::new(id, secret, token, None, "scene")
}

/// Settings that reach these accounts by their reader roles. The rates do not slow a test down.
pub(crate) fn settings(accounts: &[&str]) -> AwsSettings {
    let fast = Rate::new(1000.0, 1000);
    AwsSettings {
        accounts: accounts
            .iter()
            .map(|account| AwsAccount {
                id: (*account).into(),
                role: Some(reader(account)),
                external_id: Some(EXTERNAL_ID.into()),
                source_identity: Some("cattleguard-tests".to_owned()),
                enforce_role: Some(enforcer(account)),
            })
            .collect(),
        max_attempts: 3,
        rates: Rates {
            ec2: fast,
            autoscaling: fast,
            elb: fast,
            ssm: fast,
            cloudtrail: fast,
            sts: fast,
            iam: fast,
            cloudwatch: fast,
            s3: fast,
            sqs: fast,
        },
        ..AwsSettings::default()
    }
}

/// ARN of the reader role of an account.
pub(crate) fn reader(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/reader")
}

/// ARN of the enforcing role of an account.
pub(crate) fn enforcer(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/enforcer")
}

/// An account in Ireland.
pub(crate) fn ireland(account: &str) -> Place {
    Place::new(account, IRELAND)
}

/// Somebody with a role session.
pub(crate) struct Person {
    /// Access key id of the session.
    pub(crate) key: String,
    /// Region the session works in.
    pub(crate) region: String,
    /// EC2.
    pub(crate) ec2: aws_sdk_ec2::Client,
    /// Systems Manager.
    pub(crate) ssm: aws_sdk_ssm::Client,
    /// For other clients.
    pub(crate) config: SdkConfig,
}

impl Person {
    /// Registers an image and returns its id.
    pub(crate) async fn image(&self, name: &str) -> String {
        let request = self.ec2.register_image().name(name).root_device_name("/dev/xvda");
        request.send().await.unwrap().image_id.unwrap()
    }

    /// Launches instances with a tag `app` and user data, in one reservation each.
    pub(crate) async fn launch(&self, image: &str, app: &str, count: usize) -> Vec<String> {
        let tag = Tag::builder().key("app").value(app).build();
        let tags = TagSpecification::builder().resource_type(ResourceType::Instance).tags(tag).build();
        let mut ids = Vec::new();
        for _ in 0..count {
            let request = self.ec2.run_instances().image_id(image).min_count(1).max_count(1);
            let request = request.instance_type(InstanceType::T3Micro).tag_specifications(tags.clone());
            let answer = request.user_data(base64("#!/bin/sh\necho golden\n")).send().await.unwrap();
            ids.push(answer.instances.unwrap()[0].instance_id.clone().unwrap());
        }
        ids
    }
}

/// Base64, as RunInstances wants user data.
pub(crate) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

//! Reads every source through the adapters and keeps what came.

use std::collections::BTreeMap;

use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_types::region::Region;
use cattleguard::aws::{AwsAccount, AwsCloud, AwsSettings, Rate, Rates};
use cattleguard::collect::{CloudRead, Page, PageToken, ReadError};
use cattleguard::types::{InventoryType, Place};
use jiff::Timestamp;

use crate::Outcome;
use crate::fleet::ACCOUNT;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Instances.
    pub(crate) instances: usize,
    /// Volumes.
    pub(crate) volumes: usize,
    /// Inventory rows.
    pub(crate) rows: usize,
    /// Event records.
    pub(crate) events: usize,
    /// Calls by operation.
    pub(crate) calls: BTreeMap<String, u64>,
}

/// Reads the named sources: `ec2`, `placement`, `ssm`, `trail`.
pub(crate) async fn read_everything(url: &str, sources: &str) -> Outcome<Seen> {
    let cloud = connect(url).await?;
    let place = Place::new(ACCOUNT, "eu-west-1");
    let wanted = |name: &str| sources.split(',').any(|source| source == name);
    let mut seen = Seen::default();
    let mut kept: Vec<Box<dyn std::any::Any>> = Vec::new();
    if wanted("ec2") {
        let instances = all(|next| cloud.instances(&place, next)).await?;
        let volumes = all(|next| cloud.volumes(&place, next)).await?;
        (seen.instances, seen.volumes) = (instances.len(), volumes.len());
        kept.push(Box::new((instances, volumes)));
        kept.push(Box::new(all(|next| cloud.profile_associations(&place, next)).await?));
        kept.push(Box::new(cloud.images(&place, &["ami-0123456789abcdef0".into()]).await?));
        kept.push(Box::new(cloud.addresses(&place).await?));
    }
    if wanted("placement") {
        kept.push(Box::new(all(|next| cloud.asg_members(&place, next)).await?));
        for group in all(|next| cloud.target_groups(&place, next)).await? {
            kept.push(Box::new(cloud.target_health(&place, &group).await?));
        }
    }
    if wanted("ssm") {
        kept.push(Box::new(all(|next| cloud.managed_nodes(&place, next)).await?));
        // Rows are counted and let go, as the collector does once equal content is shared.
        let kind = InventoryType::new("AWS:Application");
        let mut next = None;
        loop {
            let page = cloud.inventory(&place, &kind, &[], next).await?;
            seen.rows += page.items.iter().map(|record| record.entries.len()).sum::<usize>();
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    if wanted("trail") {
        let now = Timestamp::now();
        let records = all(|next| cloud.lookup_events(&place, now, now, next)).await?;
        seen.events = records.len();
        kept.push(Box::new(records));
    }
    seen.calls = cloud.calls();
    drop(kept);
    Ok(seen)
}

async fn connect(url: &str) -> Outcome<AwsCloud> {
    let base = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(url)
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIAREPLAY", "secret", None, None, "replay"))
        .load()
        .await;
    let fast = Rate::new(100_000.0, 100_000);
    let settings = AwsSettings {
        accounts: vec![AwsAccount::new(ACCOUNT)],
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
    };
    Ok(AwsCloud::with_base(base, settings)?)
}

async fn all<T, F>(mut page: impl FnMut(Option<PageToken>) -> F) -> Result<Vec<T>, ReadError>
where
    F: Future<Output = Result<Page<T>, ReadError>>,
{
    let (mut items, mut next) = (Vec::new(), None);
    loop {
        let got = page(next).await?;
        items.extend(got.items);
        next = got.next;
        if next.is_none() {
            return Ok(items);
        }
    }
}

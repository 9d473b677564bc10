//! Token buckets: one for each API family of one account-region, so that a slow region stalls nobody else.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::settings::{ConnectError, Rate, Rates};

/// APIs that share one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Ec2,
    AutoScaling,
    Elb,
    Ssm,
    CloudTrail,
    Sts,
    Iam,
    CloudWatch,
    S3,
    Sqs,
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, NoOpMiddleware>;

/// One bucket.
#[derive(Debug)]
struct Bucket {
    limiter: Limiter,
    clock: DefaultClock,
}

impl Bucket {
    fn new(quota: Quota) -> Self {
        let clock = DefaultClock::default();
        Self { limiter: RateLimiter::direct_with_clock(quota, clock.clone()), clock }
    }

    /// Waits for a token. Dropping the future gives nothing away: a token is taken when it returns.
    async fn take(&self) {
        while let Err(not_yet) = self.limiter.check() {
            tokio::time::sleep(not_yet.wait_time_from(self.clock.now())).await;
        }
    }
}

/// The rates as quotas, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotas {
    ec2: Quota,
    autoscaling: Quota,
    elb: Quota,
    ssm: Quota,
    cloudtrail: Quota,
    sts: Quota,
    iam: Quota,
    cloudwatch: Quota,
    s3: Quota,
    sqs: Quota,
}

impl Quotas {
    /// Refuses a rate at which no call would ever be made.
    pub(super) fn new(rates: &Rates) -> Result<Self, ConnectError> {
        let Rates { ec2, autoscaling, elb, ssm, cloudtrail, sts, iam, cloudwatch, s3, sqs } = *rates;
        Ok(Self {
            ec2: quota("ec2", ec2)?,
            autoscaling: quota("autoscaling", autoscaling)?,
            elb: quota("elb", elb)?,
            ssm: quota("ssm", ssm)?,
            cloudtrail: quota("cloudtrail", cloudtrail)?,
            sts: quota("sts", sts)?,
            iam: quota("iam", iam)?,
            cloudwatch: quota("cloudwatch", cloudwatch)?,
            s3: quota("s3", s3)?,
            sqs: quota("sqs", sqs)?,
        })
    }
}

fn quota(name: &'static str, rate: Rate) -> Result<Quota, ConnectError> {
    let burst = NonZeroU32::new(rate.burst).ok_or(ConnectError::Rate(name))?;
    let period = Duration::try_from_secs_f64(1.0 / rate.per_second).map_err(|_| ConnectError::Rate(name))?;
    Ok(Quota::with_period(period).ok_or(ConnectError::Rate(name))?.allow_burst(burst))
}

/// The buckets of one account-region.
#[derive(Debug)]
pub(super) struct Limits {
    ec2: Bucket,
    autoscaling: Bucket,
    elb: Bucket,
    ssm: Bucket,
    cloudtrail: Bucket,
    sts: Bucket,
    iam: Bucket,
    cloudwatch: Bucket,
    s3: Bucket,
    sqs: Bucket,
}

impl Limits {
    pub(super) fn new(quotas: &Quotas) -> Self {
        Self {
            ec2: Bucket::new(quotas.ec2),
            autoscaling: Bucket::new(quotas.autoscaling),
            elb: Bucket::new(quotas.elb),
            ssm: Bucket::new(quotas.ssm),
            cloudtrail: Bucket::new(quotas.cloudtrail),
            sts: Bucket::new(quotas.sts),
            iam: Bucket::new(quotas.iam),
            cloudwatch: Bucket::new(quotas.cloudwatch),
            s3: Bucket::new(quotas.s3),
            sqs: Bucket::new(quotas.sqs),
        }
    }

    /// Waits until one more call of this family may be made.
    pub(super) async fn take(&self, family: Family) {
        let bucket = match family {
            Family::Ec2 => &self.ec2,
            Family::AutoScaling => &self.autoscaling,
            Family::Elb => &self.elb,
            Family::Ssm => &self.ssm,
            Family::CloudTrail => &self.cloudtrail,
            Family::Sts => &self.sts,
            Family::Iam => &self.iam,
            Family::CloudWatch => &self.cloudwatch,
            Family::S3 => &self.s3,
            Family::Sqs => &self.sqs,
        };
        bucket.take().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_that_never_fills_is_refused() {
        for rate in [Rate::new(0.0, 1), Rate::new(-1.0, 1), Rate::new(f64::NAN, 1), Rate::new(1.0, 0)] {
            let rates = Rates { ssm: rate, ..Rates::default() };
            assert_eq!(Quotas::new(&rates).unwrap_err(), ConnectError::Rate("ssm"), "{rate:?}");
        }
    }

    #[test]
    fn a_bucket_grants_its_burst_and_then_its_rate() {
        let bucket = Bucket::new(quota("ec2", Rate::new(0.5, 3)).unwrap());
        for _ in 0..3 {
            assert!(bucket.limiter.check().is_ok());
        }
        let wait = bucket.limiter.check().unwrap_err().wait_time_from(bucket.clock.now());
        assert!(wait > Duration::from_secs(1) && wait <= Duration::from_secs(2), "{wait:?}");
    }

    #[tokio::test]
    async fn one_family_does_not_use_up_another() {
        let slow = Rate::new(0.001, 1);
        let limits = Limits::new(&Quotas::new(&Rates { cloudtrail: slow, ..Rates::default() }).unwrap());
        limits.take(Family::CloudTrail).await;
        assert!(limits.cloudtrail.limiter.check().is_err());
        limits.take(Family::Ec2).await;
    }
}

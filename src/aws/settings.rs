//! How to reach the accounts and how hard to ask. Built from the configuration by `app`.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;

use crate::collect::ApiMeter;
use crate::types::AccountId;

/// One account and how it is reached.
#[derive(Clone, Debug)]
pub struct AwsAccount {
    /// The 12-digit account id.
    pub id: AccountId,
    /// ARN of the role to assume; `None` reads the account with the base credentials.
    pub role: Option<String>,
    /// External id that the role's trust policy asks for.
    pub external_id: Option<SecretString>,
    /// Source identity of the session. Needs `sts:SetSourceIdentity` in the role's trust policy.
    pub source_identity: Option<String>,
    /// ARN of the role that [`AwsEnforcer`](super::AwsEnforcer) assumes, with the same external id and source
    /// identity; `None` changes the account with the credentials that read it.
    pub enforce_role: Option<String>,
}

impl AwsAccount {
    /// An account that is read, and changed, with the base credentials.
    pub fn new(id: impl Into<AccountId>) -> Self {
        Self { id: id.into(), role: None, external_id: None, source_identity: None, enforce_role: None }
    }

    /// Assumes this role to change the account.
    #[must_use]
    pub fn enforcing_as(mut self, role: Option<String>) -> Self {
        self.enforce_role = role;
        self
    }
}

/// A token bucket: sustained calls a second and how many may come at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens that come back each second; above zero.
    pub per_second: f64,
    /// Tokens in a full bucket; at least one.
    pub burst: u32,
}

impl Rate {
    /// A bucket of `burst` tokens, refilled `per_second`.
    pub const fn new(per_second: f64, burst: u32) -> Self {
        Self { per_second, burst }
    }
}

/// The buckets of one account-region, one for each API family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// EC2 Describe calls.
    pub ec2: Rate,
    /// Auto Scaling.
    pub autoscaling: Rate,
    /// Elastic Load Balancing v2.
    pub elb: Rate,
    /// Systems Manager.
    pub ssm: Rate,
    /// `cloudtrail:LookupEvents`.
    pub cloudtrail: Rate,
    /// STS.
    pub sts: Rate,
    /// IAM.
    pub iam: Rate,
    /// `cloudwatch:DescribeAlarms`.
    pub cloudwatch: Rate,
    /// S3, by bucket.
    pub s3: Rate,
    /// SQS, by queue.
    pub sqs: Rate,
}

impl Default for Rates {
    /// Shares of what the services grant an account in one region, because people and other tools ask
    /// there too.
    ///
    /// - EC2: filtered or paged Describe calls have a bucket of 100 refilled 20 a second ("Throttling
    ///   requests", EC2 developer guide).
    /// - ELB: Describe calls 40 refilled 10 a second ("Request throttling", ELB API reference).
    /// - CloudTrail: `LookupEvents` 2 a second, not adjustable ("Quotas in AWS CloudTrail").
    /// - CloudWatch: `DescribeAlarms` 9 a second ("CloudWatch service quotas").
    /// - S3: 5,500 reads a second for each prefix ("Best practices design patterns", S3 user guide).
    /// - SQS: nearly unlimited for standard queues, 300 a second for others ("SQS message quotas").
    /// - SSM, Auto Scaling, IAM: not published for these calls.
    fn default() -> Self {
        Self {
            ec2: Rate::new(15.0, 50),
            autoscaling: Rate::new(5.0, 10),
            elb: Rate::new(8.0, 20),
            ssm: Rate::new(3.0, 5),
            cloudtrail: Rate::new(1.5, 1),
            sts: Rate::new(5.0, 10),
            iam: Rate::new(3.0, 5),
            cloudwatch: Rate::new(3.0, 5),
            s3: Rate::new(200.0, 200),
            sqs: Rate::new(50.0, 50),
        }
    }
}

/// Settings of the AWS connection.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// The accounts that may be asked. An account that is not listed is refused.
    pub accounts: Vec<AwsAccount>,
    /// Region of the STS endpoint that roles are assumed at. `None` takes the environment's region, then
    /// `us-east-1`; outside the commercial partition it has to be given.
    pub base_region: Option<String>,
    /// Role session name: 2 to 64 characters of `A-Z a-z 0-9 _ + = , . @ -`.
    pub session_name: String,
    /// Attempts for each call, the first included. After throttling the SDK also slows itself down in that
    /// account-region (its adaptive mode).
    pub max_attempts: u32,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one attempt.
    pub attempt_timeout: Duration,
    /// Time for one call with all its attempts.
    pub operation_timeout: Duration,
    /// Token buckets of each account-region.
    pub rates: Rates,
    /// Where requests are counted by what came of them, whichever connection makes them.
    pub meter: ApiMeter,
}

impl Default for AwsSettings {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            base_region: None,
            session_name: "cattleguard".to_owned(),
            max_attempts: 6,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(180),
            rates: Rates::default(),
            meter: ApiMeter::default(),
        }
    }
}

/// Settings that cannot work, whatever AWS answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// An account is listed twice.
    #[error("account {0} is listed twice")]
    DuplicateAccount(AccountId),
    /// A role is not an IAM role ARN.
    #[error("`{role}` is not the ARN of an IAM role (account {account})")]
    NotARole {
        /// The account it was given for.
        account: AccountId,
        /// What was given.
        role: String,
    },
    /// A role belongs to another account than the one it was given for.
    #[error("role {role} belongs to account {owner}, not to {account}")]
    RoleOfOtherAccount {
        /// The account it was given for.
        account: AccountId,
        /// The ARN.
        role: String,
        /// The account in the ARN.
        owner: String,
    },
    /// The session name does not follow STS's rules.
    #[error("`{0}` is no role session name: 2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -")]
    SessionName(String),
    /// A token bucket that never fills.
    #[error("the rate for {0} must be above zero and allow at least one call")]
    Rate(&'static str),
    /// The SDK's retry mode needs at least one attempt.
    #[error("at least one attempt is needed for each call")]
    NoAttempts,
}

impl AwsSettings {
    /// Checks what can be checked without asking AWS.
    pub(super) fn check(&self) -> Result<(), ConnectError> {
        let mut seen = BTreeSet::new();
        for account in &self.accounts {
            if !seen.insert(&account.id) {
                return Err(ConnectError::DuplicateAccount(account.id.clone()));
            }
            for role in [&account.role, &account.enforce_role].into_iter().flatten() {
                check_role(&account.id, role)?;
            }
        }
        if !is_session_name(&self.session_name) {
            return Err(ConnectError::SessionName(self.session_name.clone()));
        }
        if self.max_attempts == 0 {
            return Err(ConnectError::NoAttempts);
        }
        Ok(())
    }
}

fn check_role(account: &AccountId, role: &str) -> Result<(), ConnectError> {
    let mut parts = role.splitn(6, ':');
    let owner = match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("arn"), Some(_), Some("iam"), Some(""), Some(owner), Some(name)) if name.starts_with("role/") => owner,
        _ => return Err(ConnectError::NotARole { account: account.clone(), role: role.to_owned() }),
    };
    if owner != account.as_str() {
        let (account, role, owner) = (account.clone(), role.to_owned(), owner.to_owned());
        return Err(ConnectError::RoleOfOtherAccount { account, role, owner });
    }
    Ok(())
}

/// `RoleSessionName` of the STS API reference: 2 to 64 characters of `[\w+=,.@-]`.
fn is_session_name(name: &str) -> bool {
    (2..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, role: Option<&str>) -> AwsAccount {
        AwsAccount { role: role.map(str::to_owned), ..AwsAccount::new(id) }
    }

    fn check(accounts: Vec<AwsAccount>) -> Result<(), ConnectError> {
        AwsSettings { accounts, ..AwsSettings::default() }.check()
    }

    #[test]
    fn a_role_must_belong_to_its_account() {
        assert_eq!(check(vec![account("111122223333", Some("arn:aws:iam::111122223333:role/ops/reader"))]), Ok(()));
        let wrong = check(vec![account("111122223333", Some("arn:aws:iam::444455556666:role/reader"))]).unwrap_err();
        assert!(wrong.to_string().contains("belongs to account 444455556666"), "{wrong}");
        for text in ["reader", "arn:aws:iam::111122223333:user/reader", "arn:aws:sts::111122223333:role/x"] {
            assert!(matches!(check(vec![account("111122223333", Some(text))]), Err(ConnectError::NotARole { .. })));
        }
    }

    #[test]
    fn an_enforcing_role_is_held_to_the_same_rules() {
        let role = Some("arn:aws:iam::444455556666:role/enforcer".to_owned());
        let wrong = check(vec![account("111122223333", None).enforcing_as(role)]).unwrap_err();
        assert!(wrong.to_string().contains("belongs to account 444455556666"), "{wrong}");
    }

    #[test]
    fn an_account_listed_twice_is_refused() {
        let twice = vec![account("111122223333", None), account("111122223333", None)];
        assert_eq!(check(twice), Err(ConnectError::DuplicateAccount("111122223333".into())));
    }

    #[test]
    fn session_names_follow_the_rules_of_sts() {
        assert!(is_session_name("cattleguard@scan-1"));
        assert!(!is_session_name("c"));
        assert!(!is_session_name("cattle guard"));
        assert!(!is_session_name(&"c".repeat(65)));
    }

    #[test]
    fn an_external_id_is_not_printed() {
        let mut account = account("111122223333", None);
        account.external_id = Some("hush-hush".into());
        assert!(!format!("{account:?}").contains("hush-hush"));
    }
}

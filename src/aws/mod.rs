//! The AWS adapters: the only home of SDK types.
//!
//! [`AwsCloud`] implements [`CloudRead`](crate::collect::CloudRead) over the AWS SDK. Every call takes a
//! token of its account-region and API family first, is retried by the SDK in adaptive mode, is counted
//! with its retries, and comes back in domain types or as a
//! [`ReadError`](crate::collect::ReadError) that says what can be done about it.
//!
//! [`AwsEnforcer`] implements [`CloudProbe`](crate::remediate::CloudProbe) and
//! [`CloudWrite`](crate::remediate::CloudWrite); only commands that enforce construct it.
//!
//! [`AwsPublisher`] implements [`CloudPublish`](crate::report::CloudPublish); it is made only where a destination of
//! alerts is there.
//!
//! One module is one service; `convert_*` modules turn SDK shapes into domain types and do no I/O.

mod account;
mod autoscaling;
mod clients;
mod clock;
mod cloud;
mod cloudtrail;
mod cloudtrail_trails;
mod connection;
mod convert_ec2;
mod convert_eni;
mod convert_image;
mod convert_inventory;
mod counter;
mod ec2;
mod ec2_inside;
mod elb;
mod enforcer;
mod error;
mod http;
mod identity;
mod logs;
mod permissions;
mod probe;
mod publish;
mod role;
mod session_policy;
mod settings;
mod ssm;
mod throttle;
mod time;
mod tracking;
mod write;
mod writers;

pub use clock::clock_skew;
pub use cloud::AwsCloud;
pub use enforcer::AwsEnforcer;
pub use permissions::{ANCHOR_ACTIONS, LOG_ACTIONS, READ_ACTIONS};
pub use publish::AwsPublisher;
pub use settings::{AwsAccount, AwsSettings, ConnectError, Rate, Rates};

//! Arguments of `init` and `iam-policy`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values;
use crate::types::AccountId;

/// Arguments of `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// Account to watch
    #[arg(long, value_name = "ID", value_parser = values::account)]
    pub account: Option<AccountId>,
    /// Region to watch; may be repeated
    #[arg(long, value_name = "REGION")]
    pub region: Vec<String>,
    /// Name of the fleet, and of its golden line
    #[arg(long, value_name = "NAME", default_value = "web")]
    pub fleet: String,
    /// Tag that selects the fleet; may be repeated [default: app=FLEET]
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::key_value)]
    pub tag: Vec<(String, String)>,
    /// State file [default: /var/lib/cattleguard/state.db]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Write the IAM policy to a file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub policy_out: Option<PathBuf>,
}

/// Arguments of `iam-policy`.
#[derive(Clone, Debug, Args)]
pub struct IamPolicyArgs {
    /// Which document to print
    #[arg(long, value_enum, default_value_t)]
    pub part: PolicyPart,
    /// What the enforcing principal needs in each account: short for `--part enforce`
    #[arg(long, conflicts_with = "part")]
    pub enforce: bool,
    /// Role of an instance profile in use, for `--part enforce` and `--as`; may be repeated. Only these may be passed to EC2,
    /// and only the sessions of these may be denied
    #[arg(long, value_name = "ARN", value_parser = values::role)]
    pub instance_role: Vec<String>,
    /// Print the roles of one account as infrastructure code instead, with their trust and rights
    #[arg(long = "as", value_enum, value_name = "LANGUAGE", requires = "trusted_account", conflicts_with_all = ["part", "enforce"])]
    pub language: Option<Language>,
    /// The account whose roles are printed, for `--as` [default: the only one]
    #[arg(long, value_name = "ID", value_parser = values::account, requires = "language")]
    pub account: Option<AccountId>,
    /// Account of the principal that runs cattleguard, for `--part trust` and `--as`
    #[arg(long, value_name = "ID", value_parser = values::account)]
    pub trusted_account: Option<AccountId>,
}

/// The documents that a set-up needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PolicyPart {
    /// What the reading principal needs in each account.
    #[default]
    Read,
    /// What the running principal needs to assume the roles.
    Assume,
    /// What each role's trust policy says.
    Trust,
    /// What the enforcing principal needs in each account.
    Enforce,
}

/// A language of infrastructure code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Terraform or OpenTofu, for the AWS provider.
    Terraform,
    /// A CloudFormation template in JSON.
    Cloudformation,
}

//! `iam-policy`: the documents that this configuration needs, ready to paste.

use crate::app::cli::init::{IamPolicyArgs, PolicyPart};
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::{iam_policy, output};

const NO_ROLES: &str = "no [[account]] has a `role` or an `enforce_role`: there is nothing to assume";

/// The right to change any role is the right to become anybody.
const NO_INSTANCE_ROLES: &str = "without --instance-role every role may be passed to EC2, and no role's sessions can be \
                                 denied: name the roles of your instance profiles";

pub(super) fn run(context: &Context<'_>, args: &IamPolicyArgs) -> Result<Exit, AppError> {
    let loaded = context.load(Vec::new())?;
    let assume = iam_policy::assume_policy(&loaded.config);
    let part = if args.enforce { PolicyPart::Enforce } else { args.part };
    let document = match part {
        PolicyPart::Read => {
            if assume.is_some() {
                context.note("roles are configured: see also --part assume and --part trust");
            }
            iam_policy::read_policy(&loaded.config)
        }
        PolicyPart::Assume => assume.ok_or_else(|| AppError::usage(NO_ROLES))?,
        PolicyPart::Trust => {
            assume.ok_or_else(|| AppError::usage(NO_ROLES))?;
            let trusted = args.trusted_account.as_ref().ok_or_else(|| {
                AppError::usage("--part trust needs --trusted-account, the account that cattleguard runs in")
            })?;
            iam_policy::trust_policies(&loaded.config, trusted)
        }
        PolicyPart::Enforce => {
            if args.instance_role.is_empty() {
                context.note(NO_INSTANCE_ROLES);
            }
            iam_policy::enforce_policy(&loaded.config, &args.instance_role)
        }
    };
    output::print(&format!("{}\n", iam_policy::pretty(&document)))?;
    Ok(Exit::Ok)
}

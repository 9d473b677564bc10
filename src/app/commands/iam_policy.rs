//! `iam-policy`: the documents that this configuration needs, ready to paste.

use crate::app::cli::init::{IamPolicyArgs, Language, PolicyPart};
use crate::app::config::Config;
use crate::app::context::Context;
use crate::app::error::AppError;
use crate::app::exit::Exit;
use crate::app::{iam_policy, output};
use crate::types::AccountId;

const NO_ROLES: &str = "no [[account]] has a `role` or an `enforce_role`: there is nothing to assume";

/// The right to change any role is the right to become anybody.
const NO_INSTANCE_ROLES: &str = "without --instance-role every role may be passed to EC2, and no role's sessions can be \
                                 denied: name the roles of your instance profiles";

pub(super) fn run(context: &Context<'_>, args: &IamPolicyArgs) -> Result<Exit, AppError> {
    let loaded = context.load(Vec::new())?;
    if let (Some(language), Some(trusted)) = (args.language, &args.trusted_account) {
        return code(context, &loaded.config, args, language, trusted);
    }
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

/// The roles of one account as infrastructure code.
fn code(
    context: &Context<'_>,
    config: &Config,
    args: &IamPolicyArgs,
    language: Language,
    trusted: &AccountId,
) -> Result<Exit, AppError> {
    let account = match (&args.account, config.accounts.as_slice()) {
        (Some(account), _) => account,
        (None, [only]) => &only.id,
        (None, several) => {
            let ids: Vec<&str> = several.iter().map(|account| account.id.as_str()).collect();
            let hint = format!("configured: {}", ids.join(", "));
            return Err(AppError::usage("--as needs --account where several are configured").with_hint(hint));
        }
    };
    let enforces = config.accounts.iter().any(|one| one.id == *account && one.enforce_role.is_some());
    if enforces && args.instance_role.is_empty() {
        context.note(NO_INSTANCE_ROLES);
    }
    let roles = &args.instance_role;
    let text = match language {
        Language::Terraform => iam_policy::terraform(config, account, trusted, roles),
        Language::Cloudformation => {
            let template = iam_policy::cloudformation(config, account, trusted, roles);
            template.map(|template| format!("{}\n", iam_policy::pretty(&template)))
        }
    };
    let none = || AppError::usage(format!("no `role` or `enforce_role` of account {account} is configured"));
    output::print(&text.ok_or_else(none)?)?;
    Ok(Exit::Ok)
}

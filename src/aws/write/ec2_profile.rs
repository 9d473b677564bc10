//! The instance profile. None of these calls has a dry run.

use aws_sdk_ec2::types::IamInstanceProfileSpecification;

use super::Ask;
use crate::aws::throttle::Family;
use crate::remediate::{Answered, WriteCall, WriteError, WriteFailure};

pub(super) async fn perform(ask: &Ask<'_>) -> Result<Answered, WriteError> {
    let ec2 = &ask.clients.ec2;
    let profile = |arn: &str| IamInstanceProfileSpecification::builder().arn(arn).build();
    match ask.call {
        WriteCall::ReplaceProfile { instance: _, association, profile_arn } => {
            let request = ec2
                .replace_iam_instance_profile_association()
                .association_id(association)
                .iam_instance_profile(profile(profile_arn));
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::AssociateProfile { instance, profile_arn } => {
            let request = ec2
                .associate_iam_instance_profile()
                .instance_id(instance.as_str())
                .iam_instance_profile(profile(profile_arn));
            ask.done(Family::Ec2, request.send()).await
        }
        WriteCall::DisassociateProfile { instance: _, association } => {
            let request = ec2.disassociate_iam_instance_profile().association_id(association);
            ask.done(Family::Ec2, request.send()).await
        }
        _ => Err(ask.failed(WriteFailure::Invalid, "not a call on profiles")),
    }
}

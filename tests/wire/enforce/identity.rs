//! Instance profiles, and the roles behind them.

use cattleguard::remediate::{CloudProbe, WriteCall};

use super::Yard;
use crate::grounds::profile;

#[tokio::test]
async fn a_profile_is_given_replaced_and_taken() {
    let yard = Yard::new().await;
    let (web, quarantine) = (profile(&yard.mia, "web").await, profile(&yard.mia, "cattleguard-quarantine").await);
    assert_eq!(yard.detail().await.profile, None);
    let instance = yard.server.clone();
    yard.call(WriteCall::AssociateProfile { instance: instance.clone(), profile_arn: web.clone() }).await;
    let before = yard.detail().await;
    let (association, arn) = before.profile.unwrap();
    assert_eq!((&arn, before.instance.profile_association.as_ref()), (&web, Some(&association)));
    let replace =
        WriteCall::ReplaceProfile { instance: instance.clone(), association, profile_arn: quarantine.clone() };
    yard.call(replace).await;
    let after = yard.detail().await;
    let (association, arn) = after.profile.unwrap();
    assert_eq!((&arn, after.instance.instance_profile.as_ref()), (&quarantine, Some(&quarantine)));
    yard.call(WriteCall::DisassociateProfile { instance, association }).await;
    let taken = yard.detail().await;
    assert_eq!((taken.profile, taken.instance.instance_profile), (None, None));
}

#[tokio::test]
async fn the_role_is_told_with_how_many_share_it() {
    let yard = Yard::new().await;
    let web = profile(&yard.mia, "web").await;
    for instance in [yard.server.clone(), yard.another().await] {
        yard.call(WriteCall::AssociateProfile { instance, profile_arn: web.clone() }).await;
    }
    let role = yard.enforcer.role_of(&yard.place, &web).await.unwrap().unwrap();
    assert_eq!((role.name.as_str(), role.users), ("web", 2));
    assert!(role.unique_id.starts_with("AROA"), "{role:?}");
    let without_path = "arn:aws:iam::111122223333:instance-profile/web";
    let same = yard.enforcer.role_of(&yard.place, without_path).await.unwrap().unwrap();
    assert_eq!((same.profile_arn.as_str(), same.users), (web.as_str(), 2), "found by its name, told with its path");
    let gone = "arn:aws:iam::111122223333:instance-profile/gone";
    assert_eq!(yard.enforcer.role_of(&yard.place, gone).await.unwrap(), None);
}

#[tokio::test]
async fn sessions_are_denied_by_an_inline_policy() {
    let yard = Yard::new().await;
    profile(&yard.mia, "web").await;
    let (role, policy) = ("web".to_owned(), "cattleguard-op-1".to_owned());
    let document = r#"{"Statement":[{"Action":"*","Condition":{"StringLike":{"aws:userid":"AROA+X:i-1"}},"Effect":"Deny","Resource":"*"}],"Version":"2012-10-17"}"#;
    assert_eq!(yard.enforcer.role_policy(&yard.place, &role, &policy).await.unwrap(), None);
    let (put_role, put_policy) = (role.clone(), policy.clone());
    yard.call(WriteCall::PutRolePolicy { role: put_role, policy: put_policy, document: document.to_owned() }).await;
    let found = yard.enforcer.role_policy(&yard.place, &role, &policy).await.unwrap().unwrap();
    assert_eq!(found, document);
    yard.call(WriteCall::DeleteRolePolicy { role: role.clone(), policy: policy.clone() }).await;
    assert_eq!(yard.enforcer.role_policy(&yard.place, &role, &policy).await.unwrap(), None);
}

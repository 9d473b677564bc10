//! Snapshots, volumes, root volumes.

use cattleguard::remediate::{CloudProbe, Output, WriteCall, WriteFailure};
use cattleguard::types::VolumeId;

use super::{Yard, tags};

#[tokio::test]
async fn every_volume_is_snapshotted_with_the_operation() {
    let yard = Yard::new().await;
    let operation = yard.operation.to_string();
    let mark = tags(&[("cattleguard:operation", &operation)]);
    let answered = yard.call(WriteCall::CreateSnapshots { instance: yard.server.clone(), tags: mark }).await;
    let Output::Snapshots(made) = answered.output else { panic!("{answered:?}") };
    let volumes = yard.detail().await.instance.volumes;
    assert_eq!(made.len(), volumes.len());
    assert_eq!(made[0].volume, volumes[0].id.to_string());
    let found = yard.enforcer.snapshots(&yard.place, "cattleguard:operation", &operation).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].snapshot, found[0].state.as_str()), (&made[0].snapshot, "completed"));
    assert!(yard.enforcer.snapshots(&yard.place, "cattleguard:operation", "op-other").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_data_volume_moves() {
    let yard = Yard::new().await;
    let zone = yard.detail().await.instance.zone;
    let made = yard.mia.ec2.create_volume().size(1).availability_zone(&zone).send().await.unwrap();
    let volume = VolumeId::new(made.volume_id.unwrap());
    let (instance, device) = (yard.server.clone(), "/dev/sdf".to_owned());
    yard.call(WriteCall::AttachVolume { volume: volume.clone(), instance, device: device.clone() }).await;
    let ask = [volume.clone(), "vol-0feed0feed0feed00".into()];
    let found = yard.enforcer.volumes(&yard.place, &ask).await.unwrap();
    assert_eq!(found.len(), 1, "an unknown volume is missing, not an error");
    assert_eq!(found[0].attached, Some((yard.server.clone(), device, "attached".to_owned())));
    yard.call(WriteCall::DetachVolume { volume: volume.clone(), instance: yard.server.clone() }).await;
    let found = yard.enforcer.volumes(&yard.place, &ask[..1]).await.unwrap();
    assert_eq!((found[0].state.as_str(), &found[0].attached), ("available", &None));
}

#[tokio::test]
async fn the_root_volume_is_replaced_and_the_old_one_kept() {
    let yard = Yard::new().await;
    let old = yard.detail().await.instance.volumes.remove(0).id;
    let replace = |image: Option<&str>, volume: Option<&VolumeId>, token: &str| WriteCall::ReplaceRootVolume {
        instance: yard.server.clone(),
        image: image.map(Into::into),
        volume: volume.cloned(),
        token: token.to_owned(),
    };
    let golden = replace(Some("ami-0aaaaaaaaaaaaaaaa"), None, "t-1");
    let first = yard.call(golden.clone()).await.output;
    assert_eq!(yard.call(golden).await.output, first, "the token gives the same task");
    let found = yard.enforcer.root_replacements(&yard.place, &yard.server).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].image.as_ref().unwrap().as_str(), "ami-0aaaaaaaaaaaaaaaa");
    assert!(found[0].state == "succeeded" && found[0].started_at.is_some(), "{found:?}");
    assert_ne!(yard.detail().await.instance.volumes[0].id, old);
    assert_eq!(yard.enforcer.volumes(&yard.place, std::slice::from_ref(&old)).await.unwrap().len(), 1, "kept");
    let mismatch = yard.try_call(&replace(Some("ami-0bbbbbbbbbbbbbbbb"), None, "t-1")).await.unwrap_err();
    assert_eq!(mismatch.failure, WriteFailure::TokenMismatch, "{mismatch}");
    yard.call(replace(None, Some(&old), "t-2")).await;
    assert_eq!(yard.detail().await.instance.volumes[0].id, old, "and back");
    assert!(yard.enforcer.root_replacements(&yard.place, &yard.another().await).await.unwrap().is_empty());
}

//! A member of an Auto Scaling group.

use super::site::Site;

#[tokio::test]
async fn it_is_replaced_through_its_group() {
    let site = Site::new(0).await;
    let members = site.grounds.group(&site.mia, 2).await;
    let reference = site.grounds.from_template(&site.mia, "reference").await;
    site.record_from(&reference).await;
    let old = members[0].clone();
    println!("{:#?}", site.desk.scan().1["findings"]);
    site.drift(&old).await;
    let output = site.desk.run(&["enforce", "-o", "json"]);
    println!("{} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{}", String::from_utf8_lossy(&site.desk.run(&["plan"]).stdout));
}

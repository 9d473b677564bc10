//! Pages of the query services: EC2, Auto Scaling, ELBv2, STS.

use std::fmt::Write as _;

use crate::fleet::{ACCOUNT, Fleet, instance_id};
use crate::server::Call;

/// Instances in one Auto Scaling group and in one target group.
const GROUP: usize = 100;

/// The page of a call; empty for an operation that is not replayed.
pub(crate) fn page(call: &Call, fleet: Fleet) -> String {
    let token = call.token();
    let size = call.get("MaxResults").or_else(|| call.get("MaxRecords")).or_else(|| call.get("PageSize"));
    let size = size.and_then(|size| size.parse().ok()).unwrap_or(1000);
    let groups = fleet.instances.div_ceil(GROUP);
    match call.action.as_str() {
        "DescribeInstances" => ec2(&call.action, "reservationSet", fleet.instances, token, size, reservation),
        "DescribeVolumes" => ec2(&call.action, "volumeSet", fleet.instances, token, size, volume),
        "DescribeIamInstanceProfileAssociations" => {
            ec2(&call.action, "iamInstanceProfileAssociationSet", fleet.instances, token, size, association)
        }
        "DescribeImages" => ec2(&call.action, "imagesSet", 1, None, 1, image),
        "DescribeAddresses" => ec2(&call.action, "addressesSet", 0, None, 1, image),
        "DescribeInstanceAttribute" => user_data(call),
        "DescribeAutoScalingGroups" => {
            let inside = list("AutoScalingGroups", "NextToken", groups, token, size, scaling_group);
            query("DescribeAutoScalingGroups", "http://autoscaling.amazonaws.com/doc/2011-01-01/", &inside)
        }
        "DescribeTargetGroups" => {
            let inside = list("TargetGroups", "NextMarker", groups, token, size, target_group);
            query("DescribeTargetGroups", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", &inside)
        }
        "DescribeTargetHealth" => {
            let inside = list("TargetHealthDescriptions", "NextMarker", GROUP, None, GROUP, target);
            query("DescribeTargetHealth", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", &inside)
        }
        "GetCallerIdentity" => {
            let arn = format!("arn:aws:iam::{ACCOUNT}:root");
            let inside = format!("<Arn>{arn}</Arn><UserId>{ACCOUNT}</UserId><Account>{ACCOUNT}</Account>");
            query("GetCallerIdentity", "https://sts.amazonaws.com/doc/2011-06-15/", &inside)
        }
        _ => String::new(),
    }
}

fn ec2(action: &str, set: &str, total: usize, token: Option<String>, size: usize, item: fn(usize) -> String) -> String {
    let (range, next) = Fleet::page(total, token.as_deref(), size);
    let mut xml = format!(r#"<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><{set}>"#);
    for number in range {
        let _ = write!(xml, "<item>{}</item>", item(number));
    }
    let next = next.map(|next| format!("<nextToken>{next}</nextToken>")).unwrap_or_default();
    let _ = write!(xml, "</{set}>{next}<requestId>replay</requestId></{action}Response>");
    xml
}

fn list(
    set: &str,
    marker: &str,
    total: usize,
    token: Option<String>,
    size: usize,
    item: fn(usize) -> String,
) -> String {
    let (range, next) = Fleet::page(total, token.as_deref(), size);
    let mut xml = format!("<{set}>");
    for number in range {
        let _ = write!(xml, "<member>{}</member>", item(number));
    }
    let next = next.map(|next| format!("<{marker}>{next}</{marker}>")).unwrap_or_default();
    let _ = write!(xml, "</{set}>{next}");
    xml
}

fn query(action: &str, namespace: &str, inside: &str) -> String {
    format!(
        r#"<{action}Response xmlns="{namespace}"><{action}Result>{inside}</{action}Result><ResponseMetadata><RequestId>replay</RequestId></ResponseMetadata></{action}Response>"#
    )
}

/// One reservation of one instance, with what EC2 sends for a plain server.
fn reservation(number: usize) -> String {
    let id = instance_id(number);
    let (low, high) = (number % 250, number / 250);
    let address = format!("10.20.{high}.{low}");
    let groups = "<item><groupId>sg-0a11b22c33d44e55f</groupId><groupName>web</groupName></item>";
    let tag = |key: &str, value: &str| format!("<item><key>{key}</key><value>{value}</value></item>");
    let tags: String = [
        tag("Name", &format!("web-{number}")),
        tag("app", "web"),
        tag("env", "prod"),
        tag("team", "shop"),
        tag("cost-center", "4711"),
        tag("aws:autoscaling:groupName", &format!("web-{}", number / GROUP)),
    ]
    .concat();
    format!(
        "<reservationId>r-{number:017x}</reservationId><ownerId>{ACCOUNT}</ownerId><groupSet/><instancesSet><item>\
<instanceId>{id}</instanceId><imageId>ami-0123456789abcdef0</imageId>\
<instanceState><code>16</code><name>running</name></instanceState>\
<privateDnsName>ip-10-20-{high}-{low}.eu-west-1.compute.internal</privateDnsName><dnsName/><reason/>\
<keyName>ops</keyName><amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m7g.large</instanceType>\
<launchTime>2026-11-02T03:04:05.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone>\
<groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>\
<subnetId>subnet-0a11b22c33d44e55f</subnetId><vpcId>vpc-0a11b22c33d44e55f</vpcId>\
<privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck><groupSet>{groups}</groupSet>\
<architecture>arm64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>\
<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-{number:017x}</volumeId>\
<status>attached</status><attachTime>2026-11-02T03:04:06.000Z</attachTime>\
<deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>\
<virtualizationType>hvm</virtualizationType><clientToken>token-{number}</clientToken><tagSet>{tags}</tagSet>\
<hypervisor>xen</hypervisor><networkInterfaceSet><item>\
<networkInterfaceId>eni-{number:017x}</networkInterfaceId><subnetId>subnet-0a11b22c33d44e55f</subnetId>\
<vpcId>vpc-0a11b22c33d44e55f</vpcId><description/><ownerId>{ACCOUNT}</ownerId><status>in-use</status>\
<macAddress>06:00:00:00:00:01</macAddress><privateIpAddress>{address}</privateIpAddress>\
<sourceDestCheck>true</sourceDestCheck><groupSet>{groups}</groupSet><attachment>\
<attachmentId>eni-attach-{number:017x}</attachmentId><deviceIndex>0</deviceIndex><networkCardIndex>0</networkCardIndex>\
<status>attached</status><attachTime>2026-11-02T03:04:05.000Z</attachTime>\
<deleteOnTermination>true</deleteOnTermination></attachment><privateIpAddressesSet><item>\
<privateIpAddress>{address}</privateIpAddress><primary>true</primary></item></privateIpAddressesSet>\
<ipv6AddressesSet/><interfaceType>interface</interfaceType></item></networkInterfaceSet>\
<iamInstanceProfile><arn>arn:aws:iam::{ACCOUNT}:instance-profile/web</arn><id>AIPAEXAMPLE</id></iamInstanceProfile>\
<ebsOptimized>true</ebsOptimized><enaSupport>true</enaSupport><cpuOptions><coreCount>2</coreCount>\
<threadsPerCore>1</threadsPerCore></cpuOptions><metadataOptions><state>applied</state>\
<httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>\
<httpEndpoint>enabled</httpEndpoint><httpProtocolIpv6>disabled</httpProtocolIpv6>\
<instanceMetadataTags>disabled</instanceMetadataTags></metadataOptions><enclaveOptions><enabled>false</enabled>\
</enclaveOptions><bootMode>uefi</bootMode><platformDetails>Linux/UNIX</platformDetails>\
<usageOperation>RunInstances</usageOperation></item></instancesSet>"
    )
}

fn volume(number: usize) -> String {
    let id = instance_id(number);
    format!(
        "<volumeId>vol-{number:017x}</volumeId><size>20</size><snapshotId>snap-0a11b22c33d44e55f</snapshotId>\
<availabilityZone>eu-west-1a</availabilityZone><status>in-use</status><createTime>2026-11-02T03:04:05.000Z</createTime>\
<attachmentSet><item><volumeId>vol-{number:017x}</volumeId><instanceId>{id}</instanceId><device>/dev/xvda</device>\
<status>attached</status><attachTime>2026-11-02T03:04:06.000Z</attachTime>\
<deleteOnTermination>true</deleteOnTermination></item></attachmentSet><volumeType>gp3</volumeType><iops>3000</iops>\
<encrypted>true</encrypted><multiAttachEnabled>false</multiAttachEnabled><throughput>125</throughput>"
    )
}

fn association(number: usize) -> String {
    format!(
        "<associationId>iip-assoc-{number:017x}</associationId><instanceId>{}</instanceId><iamInstanceProfile>\
<arn>arn:aws:iam::{ACCOUNT}:instance-profile/web</arn><id>AIPAEXAMPLE</id></iamInstanceProfile><state>associated</state>",
        instance_id(number)
    )
}

fn image(_number: usize) -> String {
    format!(
        "<imageId>ami-0123456789abcdef0</imageId><imageState>available</imageState><imageOwnerId>{ACCOUNT}</imageOwnerId>\
<creationDate>2026-10-01T08:00:00.000Z</creationDate><name>web-2026.10.1</name><rootDeviceName>/dev/xvda</rootDeviceName>"
    )
}

fn user_data(call: &Call) -> String {
    let id = call.get("InstanceId").unwrap_or_default();
    format!(
        r#"<DescribeInstanceAttributeResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><instanceId>{id}</instanceId><userData><value>IyEvYmluL3NoCg==</value></userData></DescribeInstanceAttributeResponse>"#
    )
}

fn scaling_group(number: usize) -> String {
    let members: String = (number * GROUP..(number + 1) * GROUP)
        .map(|one| {
            format!(
                "<member><InstanceId>{}</InstanceId><AvailabilityZone>eu-west-1a</AvailabilityZone>\
<LifecycleState>InService</LifecycleState><HealthStatus>Healthy</HealthStatus>\
<ProtectedFromScaleIn>false</ProtectedFromScaleIn></member>",
                instance_id(one)
            )
        })
        .collect();
    format!(
        "<AutoScalingGroupName>web-{number}</AutoScalingGroupName><MinSize>1</MinSize><MaxSize>200</MaxSize>\
<DesiredCapacity>{GROUP}</DesiredCapacity><DefaultCooldown>300</DefaultCooldown><Instances>{members}</Instances>\
<HealthCheckType>ELB</HealthCheckType><CreatedTime>2026-10-01T08:00:00.000Z</CreatedTime>"
    )
}

fn target_group(number: usize) -> String {
    format!(
        "<TargetGroupArn>arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:targetgroup/web-{number}/{number:016x}\
</TargetGroupArn><TargetGroupName>web-{number}</TargetGroupName><TargetType>instance</TargetType><Port>8080</Port>"
    )
}

fn target(number: usize) -> String {
    format!(
        "<Target><Id>{}</Id><Port>8080</Port></Target><TargetHealth><State>healthy</State></TargetHealth>",
        instance_id(number)
    )
}

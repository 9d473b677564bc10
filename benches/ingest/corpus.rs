//! Log files in CloudTrail's shapes, the same for the same count: a trail of an account at work, of which one record
//! in twenty-five modifies servers.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// Records of one file.
const IN_FILE: usize = 3_300;
/// One in this many modifies a server.
pub(crate) const CHANGE_EVERY: usize = 25;
/// One in this many launches one.
const LAUNCH_EVERY: usize = 1_000;
const SERVERS: u64 = 2_000;

/// Numbers that look random (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // Mixed, so that neighbouring seeds do not walk through the same numbers one step apart.
        Self(Self(seed).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        let place = usize::try_from(self.below(list.len() as u64)).unwrap_or_default();
        list.get(place).unwrap_or_else(|| unreachable!("the list is not empty"))
    }

    fn hex(&mut self, digits: usize) -> String {
        let text = format!("{:016x}{:016x}", self.next(), self.next());
        text.chars().take(digits).collect()
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        let version = (a & 0xfff) | 0x4000;
        format!(
            "{:08x}-{:04x}-{version:04x}-8{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    fn server(&mut self) -> String {
        let number = self.below(SERVERS);
        format!("i-{:017x}", Dice::new(number).next() >> 4)
    }
}

/// Writes `count` records into gzip files in `folder`; how many of them are changes.
pub(crate) fn make(folder: &Path, count: usize, level: u32) -> io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let mut changes = 0;
    for first in (0..count).step_by(IN_FILE) {
        let mut text = "{\"Records\":[".to_owned();
        for index in first..(first + IN_FILE).min(count) {
            if index > first {
                text.push(',');
            }
            changes += usize::from(index.is_multiple_of(CHANGE_EVERY));
            text.push_str(&record(index, count));
        }
        text.push_str("]}");
        let mut out =
            GzEncoder::new(File::create(folder.join(format!("log-{first:08}.json.gz")))?, Compression::new(level));
        out.write_all(text.as_bytes())?;
        out.finish()?;
    }
    Ok(changes)
}

const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "eu-central-1"];
const PEOPLE: [&str; 6] = ["jane", "raj", "olu", "mei", "ana", "kofi"];
const ROLES: [&str; 5] = ["deploy", "monitoring", "inventory", "backup", "terraform"];
const AGENTS: [&str; 5] = [
    "Boto3/1.40.2 md/Botocore#1.40.2 ua/2.1 os/linux#6.1.141 md/arch#x86_64 lang/python#3.13.5 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.40.2",
    "aws-sdk-go/1.55.5 (go1.24.4; linux; amd64)",
    "aws-cli/2.28.1 md/awscrt#0.26.1 ua/2.1 os/linux#6.1.141 md/arch#x86_64 lang/python#3.13.4 md/prompt#off md/command#ssm.start-session",
    "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.788 Linux/5.10.238 OpenJDK_64-Bit_Server_VM/25.452-b09]",
    "APN/1.0 HashiCorp/1.0 Terraform/1.12.2 (+https://www.terraform.io) terraform-provider-aws/6.7.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.37.1",
];

/// Service, name, request, response.
type Call = (&'static str, &'static str, String, String);

fn record(index: usize, count: usize) -> String {
    let mut dice = Dice::new(index as u64 + 1);
    let is_change = index.is_multiple_of(CHANGE_EVERY);
    let is_launch = !is_change && index % LAUNCH_EVERY == 1;
    let (service, name, request, response) = match (is_change, is_launch) {
        (true, _) => change(&mut dice),
        (_, true) => launch(&mut dice),
        _ => read(&mut dice),
    };
    let reads = !is_change && !is_launch && name != "CreateLogStream" && name != "UpdateInstanceInformation";
    // Ordered by time from file to file, not within one.
    let day = 1 + index * 28 / count.max(1);
    let (hour, minute, second) = (dice.below(24), dice.below(60), dice.below(60));
    let region = *dice.pick(&REGIONS);
    let by_service = is_change && dice.below(10) == 0;
    let (identity, source, agent) = caller(&mut dice, day, by_service);
    let error = if reads && dice.below(40) == 0 {
        r#""errorCode":"Client.UnauthorizedOperation","errorMessage":"You are not authorized to perform this operation.","#
    } else {
        ""
    };
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{identity},"eventTime":"2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}Z","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"{source}","userAgent":"{agent}",{error}"requestParameters":{request},"responseElements":{response},"requestID":"{}","eventID":"{}","readOnly":{reads},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.{region}.amazonaws.com"}}}}"#,
        dice.uuid(),
        dice.uuid(),
    )
}

fn caller(dice: &mut Dice, day: usize, by_service: bool) -> (String, String, String) {
    if by_service {
        let identity = r#"{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE001:AutoScaling","arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling","accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE001","arn":"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling","accountId":"111122223333","userName":"AWSServiceRoleForAutoScaling"},"attributes":{"creationDate":"2026-11-01T00:00:00Z","mfaAuthenticated":"false"}},"invokedBy":"autoscaling.amazonaws.com"}"#;
        return (identity.to_owned(), "autoscaling.amazonaws.com".to_owned(), "autoscaling.amazonaws.com".to_owned());
    }
    let (role, session) = match dice.below(10) {
        0..3 => {
            let person = *dice.pick(&PEOPLE);
            (
                format!("AWSReservedSSO_AdministratorAccess_{:016x}", Dice::new(7).next()),
                format!("{person}@example.com"),
            )
        }
        3..6 => ("eks-node".to_owned(), dice.server()),
        _ => ((*dice.pick(&ROLES)).to_owned(), format!("aws-go-sdk-17639{:014}", dice.below(100_000_000_000_000))),
    };
    // A session has one key, and its own hour of birth.
    let mut of_session = Dice::new(session.len() as u64 * 131 + dice.below(200));
    let key = format!("ASIA{}", of_session.hex(16).to_uppercase());
    let born = format!("2026-11-{day:02}T{:02}:00:00Z", of_session.below(24));
    let id = format!("AROA{}", Dice::new(role.len() as u64).hex(17).to_uppercase());
    let identity = format!(
        r#"{{"type":"AssumedRole","principalId":"{id}:{session}","arn":"arn:aws:sts::111122223333:assumed-role/{role}/{session}","accountId":"111122223333","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"arn:aws:iam::111122223333:role/{role}","accountId":"111122223333","userName":"{role}"}},"attributes":{{"creationDate":"{born}","mfaAuthenticated":"false"}}}}}}"#
    );
    (
        identity,
        format!("10.{}.{}.{}", dice.below(10), dice.below(256), dice.below(256)),
        (*dice.pick(&AGENTS)).to_owned(),
    )
}

fn read(dice: &mut Dice) -> Call {
    let null = || "null".to_owned();
    match dice.below(12) {
        0 => {
            let ids: Vec<String> =
                (0..=dice.below(4)).map(|_| format!("{{\"instanceId\":\"{}\"}}", dice.server())).collect();
            (
                "ec2",
                "DescribeInstances",
                format!(r#"{{"instancesSet":{{"items":[{}]}},"filterSet":{{}}}}"#, ids.join(",")),
                null(),
            )
        }
        1 => (
            "ec2",
            "DescribeNetworkInterfaces",
            format!(
                r#"{{"networkInterfaceIdSet":{{}},"filterSet":{{"items":[{{"name":"attachment.instance-id","valueSet":{{"items":[{{"value":"{}"}}]}}}}]}}}}"#,
                dice.server()
            ),
            null(),
        ),
        2 => (
            "ec2",
            "DescribeVolumes",
            format!(r#"{{"volumeSet":{{"items":[{{"volumeId":"vol-{}"}}]}},"filterSet":{{}}}}"#, dice.hex(17)),
            null(),
        ),
        3 => {
            let session = format!("aws-go-sdk-17639{:014}", dice.below(100_000_000_000_000));
            let response = format!(
                r#"{{"credentials":{{"accessKeyId":"ASIA{}","sessionToken":"{}{}","expiration":"Nov 24, 2026, 3:40:00 AM"}},"assumedRoleUser":{{"assumedRoleId":"AROAEXAMPLEEXAMPLE002:{session}","arn":"arn:aws:sts::111122223333:assumed-role/eks-node/{session}"}}}}"#,
                dice.hex(16).to_uppercase(),
                dice.hex(32),
                dice.hex(32)
            );
            (
                "sts",
                "AssumeRole",
                format!(
                    r#"{{"roleArn":"arn:aws:iam::111122223333:role/eks-node","roleSessionName":"{session}","durationSeconds":3600}}"#
                ),
                response,
            )
        }
        4 => (
            "kms",
            "Decrypt",
            format!(
                r#"{{"encryptionContext":{{"aws:s3:arn":"arn:aws:s3:::bucket-{}/key/{}"}},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}}"#,
                dice.below(50),
                dice.hex(20)
            ),
            null(),
        ),
        5 => (
            "s3",
            "GetBucketPolicy",
            format!(
                r#"{{"bucketName":"bucket-{}","Host":"bucket.s3.eu-west-1.amazonaws.com","policy":""}}"#,
                dice.below(200)
            ),
            null(),
        ),
        6 => (
            "ssm",
            "UpdateInstanceInformation",
            format!(
                r#"{{"instanceId":"{}","agentVersion":"3.3.2299.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"10.{}.{}.{}","computerName":"ip-10-0-0-1.eu-west-1.compute.internal","agentName":"amazon-ssm-agent","availabilityZone":"eu-west-1a","sSMConnectionChannel":"ssmmessages"}}"#,
                dice.server(),
                dice.below(10),
                dice.below(256),
                dice.below(256)
            ),
            null(),
        ),
        7 => (
            "elasticloadbalancing",
            "DescribeTargetHealth",
            format!(
                r#"{{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/{}"}}"#,
                dice.hex(16)
            ),
            null(),
        ),
        8 => (
            "logs",
            "CreateLogStream",
            format!(
                r#"{{"logGroupName":"/aws/lambda/fn-{}","logStreamName":"2026/11/23/[$LATEST]{}"}}"#,
                dice.below(99),
                dice.hex(32)
            ),
            null(),
        ),
        9 => ("iam", "ListRoles", null(), null()),
        10 => ("lambda", "ListFunctions20150331", null(), null()),
        _ => (
            "autoscaling",
            "DescribeAutoScalingGroups",
            format!(r#"{{"autoScalingGroupNames":["web-{}"],"maxRecords":100}}"#, dice.below(20)),
            null(),
        ),
    }
}

fn launch(dice: &mut Dice) -> Call {
    let (id, part) = (dice.server(), dice.hex(17));
    let response = format!(
        r#"{{"requestId":"{}","reservationId":"r-{part}","instancesSet":{{"items":[{{"instanceId":"{id}","imageId":"ami-0123456789abcdef0","instanceState":{{"code":0,"name":"pending"}},"instanceType":"m7g.large","networkInterfaceSet":{{"items":[{{"networkInterfaceId":"eni-{part}","attachment":{{"attachmentId":"eni-attach-{part}"}}}}]}}}}]}}}}"#,
        dice.uuid()
    );
    ("ec2", "RunInstances", r#"{"instancesSet":{"items":[{"imageId":"ami-0123456789abcdef0","minCount":1,"maxCount":1}]},"instanceType":"m7g.large"}"#.to_owned(), response)
}

fn change(dice: &mut Dice) -> Call {
    let id = dice.server();
    let done = format!(r#"{{"requestId":"{}","_return":true}}"#, dice.uuid());
    match dice.below(8) {
        0 => (
            "ssm",
            "StartSession",
            format!(r#"{{"target":"{id}"}}"#),
            format!(
                r#"{{"sessionId":"jane-{0}","tokenValue":"Value hidden due to security reasons.","streamUrl":"wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/jane-{0}?role=publish_subscribe"}}"#,
                dice.hex(17)
            ),
        ),
        1 => {
            let mut ids = format!("\"{id}\"");
            for _ in 0..dice.below(3) {
                let _ = write!(ids, ",\"{}\"", dice.server());
            }
            let response = format!(
                r#"{{"command":{{"commandId":"{}","documentName":"AWS-RunShellScript","documentVersion":"$DEFAULT","comment":"","expiresAfter":"Nov 23, 2026, 2:00:00 PM","parameters":"HIDDEN_DUE_TO_SECURITY_REASONS","instanceIds":[{ids}],"targets":[],"requestedDateTime":"Nov 23, 2026, 12:00:00 PM","status":"Pending","statusDetails":"Pending","outputS3Region":"eu-west-1","maxConcurrency":"50","maxErrors":"0","targetCount":1,"completedCount":0,"errorCount":0,"notificationConfig":{{"notificationArn":"","notificationEvents":[],"notificationType":""}},"cloudWatchOutputConfig":{{"cloudWatchLogGroupName":"","cloudWatchOutputEnabled":false}},"timeoutSeconds":3600}}}}"#,
                dice.uuid()
            );
            (
                "ssm",
                "SendCommand",
                format!(
                    r#"{{"documentName":"AWS-RunShellScript","parameters":"HIDDEN_DUE_TO_SECURITY_REASONS","instanceIds":[{ids}],"interactive":false}}"#
                ),
                response,
            )
        }
        2 => (
            "ec2",
            "ModifyInstanceAttribute",
            format!(
                r#"{{"instanceId":"{id}","groupSet":{{"items":[{{"groupId":"sg-{}"}},{{"groupId":"sg-{}"}}]}}}}"#,
                dice.hex(17),
                dice.hex(17)
            ),
            done,
        ),
        3 => (
            "ec2",
            "ModifyInstanceMetadataOptions",
            format!(
                r#"{{"ModifyInstanceMetadataOptionsRequest":{{"InstanceId":"{id}","HttpTokens":"optional","HttpEndpoint":"enabled"}}}}"#
            ),
            format!(
                r#"{{"ModifyInstanceMetadataOptionsResponse":{{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","instanceId":"{id}","instanceMetadataOptions":{{"state":"pending","httpTokens":"optional","httpPutResponseHopLimit":1,"httpEndpoint":"enabled"}},"requestId":"{}"}}}}"#,
                dice.uuid()
            ),
        ),
        4 => (
            "ec2",
            "StopInstances",
            format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}"}}]}},"force":false}}"#),
            format!(
                r#"{{"requestId":"{}","instancesSet":{{"items":[{{"instanceId":"{id}","currentState":{{"code":64,"name":"stopping"}},"previousState":{{"code":16,"name":"running"}}}}]}}}}"#,
                dice.uuid()
            ),
        ),
        5 => ("ec2", "RebootInstances", format!(r#"{{"instancesSet":{{"items":[{{"instanceId":"{id}"}}]}}}}"#), done),
        6 => (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            format!(
                r#"{{"groupId":"sg-{}","ipPermissions":{{"items":[{{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{{}},"ipRanges":{{"items":[{{"cidrIp":"192.0.2.0/24"}}]}}}}]}}}}"#,
                dice.hex(17)
            ),
            done,
        ),
        _ => (
            "ec2",
            "AttachVolume",
            format!(
                r#"{{"volumeId":"vol-{}","instanceId":"{id}","device":"/dev/sdf","deleteOnTermination":false}}"#,
                dice.hex(17)
            ),
            format!(
                r#"{{"requestId":"{}","instanceId":"{id}","device":"/dev/sdf","status":"attaching","attachTime":1763900000000}}"#,
                dice.uuid()
            ),
        ),
    }
}

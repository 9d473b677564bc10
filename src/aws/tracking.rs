//! Connection tracking time-outs: the numbers that EC2's defaults stand for, and their reading.

use aws_sdk_ec2::types::ConnectionTrackingConfiguration;

use crate::remediate::Tracking;

/// Five days ("Idle connection tracking timeout", EC2 user guide). The newest instance types have a shorter
/// default; restoring this one there keeps idle connections longer than before, and never ends one early.
pub(super) const TCP_ESTABLISHED_S: i32 = 432_000;
/// Default of UDP flows that saw more than one request and answer.
pub(super) const UDP_STREAM_S: i32 = 180;
/// Default of UDP flows that saw one.
pub(super) const UDP_S: i32 = 30;

/// What is set at an interface. A time-out that equals the default reads as the default: EC2 tells a number that
/// was set back to it in the same way as one that was never touched.
pub(super) fn read(found: Option<&ConnectionTrackingConfiguration>) -> Tracking {
    let Some(found) = found else { return Tracking::default() };
    Tracking {
        tcp_established_s: found.tcp_established_timeout.filter(|seconds| *seconds != TCP_ESTABLISHED_S),
        udp_stream_s: found.udp_stream_timeout.filter(|seconds| *seconds != UDP_STREAM_S),
        udp_s: found.udp_timeout.filter(|seconds| *seconds != UDP_S),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_back_reads_as_never_set() {
        let set = |tcp, stream, udp| {
            ConnectionTrackingConfiguration::builder()
                .tcp_established_timeout(tcp)
                .udp_stream_timeout(stream)
                .udp_timeout(udp)
                .build()
        };
        assert_eq!(read(None), Tracking::default());
        assert_eq!(read(Some(&set(TCP_ESTABLISHED_S, UDP_STREAM_S, UDP_S))), Tracking::default());
        let short = read(Some(&set(60, 60, 30)));
        assert_eq!(short, Tracking { tcp_established_s: Some(60), udp_stream_s: Some(60), udp_s: None });
    }
}

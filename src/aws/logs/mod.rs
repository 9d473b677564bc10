//! Buckets of log files and the queues that tell of them: the clients of each place and role, made when they are first
//! needed, and [`TrailLogs`](crate::collect::TrailLogs) over them.

mod bucket;
mod clients;
mod queue;
mod vault;

pub(super) use clients::Logs;

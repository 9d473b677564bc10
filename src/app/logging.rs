//! The log: on stderr, or into the systemd journal.

use std::io;

use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use super::config::{LogConfig, LogFormat};

/// Chooses what is logged: `CATTLEGUARD_LOG` (in `tracing` filter syntax) over `-v` and `-q` over the configuration.
pub fn directives(config: LogConfig, verbose: u8, quiet: bool, variable: Option<&str>) -> String {
    let level = config.level.as_str();
    match (variable, verbose, quiet) {
        (Some(filter), _, _) => filter.to_owned(),
        // What it says of a certificate is said again by whoever needed it, with what to do.
        // So is what it says of credentials, which the SDK prints with the whole of the answer.
        (None, 0, true) => "error,rustls_platform_verifier=off".to_owned(),
        (None, 0, false) => format!("{level},aws_config=error,rustls_platform_verifier=off"),
        // The libraries below us say little that helps at the same level.
        (None, 1, _) => "warn,cattleguard=info,aws_config=error,rustls_platform_verifier=off".to_owned(),
        (None, 2, _) => "info,cattleguard=debug".to_owned(),
        (None, _, _) => "debug,cattleguard=trace".to_owned(),
    }
}

/// Starts the log. A second call in one process changes nothing.
pub fn start(config: LogConfig, directives: &str, color: bool) {
    let filter = EnvFilter::builder().parse_lossy(directives);
    let text = || fmt::layer().with_writer(io::stderr).with_ansi(color).with_target(false).compact();
    let layer = match config.format {
        LogFormat::Text => text().boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(io::stderr).boxed(),
        LogFormat::Journald => match tracing_journald::layer() {
            // CATTLEGUARD_SCAN, CATTLEGUARD_ERROR, …: names that no other program uses.
            Ok(journal) => journal.with_field_prefix(Some("CATTLEGUARD".to_owned())).boxed(),
            // No journal socket: text on stderr still reaches the journal of a systemd unit.
            Err(_) => text().boxed(),
        },
    };
    // Spans are for traces: in a line of the log they would only repeat what it says.
    let events = filter_fn(|metadata| metadata.is_event());
    let registry = tracing_subscriber::registry().with(layer.with_filter(filter.and(events)));
    #[cfg(feature = "otel")]
    let registry = registry.with(super::telemetry::layer());
    // An error here means that a test harness has started a log already.
    let _ = registry.try_init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::LogLevel;

    const CONFIG: LogConfig = LogConfig { format: LogFormat::Text, level: LogLevel::Warn };

    #[test]
    fn the_variable_wins_then_flags_then_configuration() {
        assert!(directives(CONFIG, 0, false, None).starts_with("warn,"));
        assert!(directives(CONFIG, 0, true, None).starts_with("error,"));
        assert!(directives(CONFIG, 1, false, None).starts_with("warn,cattleguard=info,"));
        assert_eq!(directives(CONFIG, 2, false, Some("aws=trace")), "aws=trace");
    }
}

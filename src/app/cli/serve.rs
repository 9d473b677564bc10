//! Arguments of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Arguments of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Loopback address and port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8421", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Somebody who may log in, with the file of their token; may be repeated [default: a new token, printed once]
    #[arg(long = "user", value_name = "NAME=FILE", value_parser = user)]
    pub users: Vec<(String, PathBuf)>,
    /// How long a session may be idle; eight hours after the log-in it is over in any case
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = super::values::duration)]
    pub idle: Duration,
    /// Another host name that a proxy in front sends; may be repeated
    #[arg(long = "allow-host", value_name = "HOST[:PORT]")]
    pub hosts: Vec<String>,
    /// Listen to Slack for buttons of destinations with `interactive = "socket"`, where no daemon does
    #[arg(long)]
    pub slack_socket: bool,
    /// Show, and let nobody do anything
    #[arg(long)]
    pub read_only: bool,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "write ADDRESS:PORT, e.g. 127.0.0.1:8421".to_owned())?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err("only a loopback address: to reach it from elsewhere, put a proxy with TLS in front, or use ssh -L".to_owned())
}

fn user(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && name.len() <= 64 && !path.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(path)))
        }
        _ => Err("write NAME=FILE, e.g. erin=/etc/cattleguard/erin.token".to_owned()),
    }
}

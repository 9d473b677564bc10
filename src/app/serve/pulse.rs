//! The watchdog of `serve`: systemd hears of it only while the server answers requests.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::systemd::notify;

/// Asks the server what a scraper asks it, three times in each interval of the unit's `WatchdogSec`, and tells systemd of
/// each answer. What is asked goes the whole way: the listening socket, the pages' guard, a thread that may block, the
/// state. An error is an answer, too: a state that cannot be read is not mended by starting again.
pub(super) async fn pulse(address: SocketAddr) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let step = interval / 3;
    loop {
        if answers(address, step).await {
            notify(sd_notify::NotifyState::Watchdog);
        } else {
            tracing::warn!("serve did not answer itself in time; systemd starts it again unless it does soon");
        }
        tokio::time::sleep(step).await;
    }
}

/// Whether there is any answer in this time.
async fn answers(address: SocketAddr, patience: Duration) -> bool {
    // A connection of its own each time: one that is kept open would not show that new ones are taken.
    let client = reqwest::Client::builder().no_proxy().timeout(patience).pool_max_idle_per_host(0).build();
    let Ok(client) = client else { return false };
    client.get(format!("http://{address}/healthz")).send().await.is_ok()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    async fn listening() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        (listener, address)
    }

    #[tokio::test]
    async fn a_server_that_answers_is_alive_even_if_its_state_is_not() {
        let (listener, address) = listening().await;
        let router = Router::new().route("/healthz", get(|| async { StatusCode::SERVICE_UNAVAILABLE }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        assert!(answers(address, PATIENCE).await);
    }

    #[tokio::test]
    async fn one_that_takes_no_request_or_finishes_none_is_not() {
        let (listener, address) = listening().await;
        assert!(
            !answers(address, Duration::from_millis(50)).await,
            "nobody accepts: the kernel's backlog is no answer"
        );
        let router = Router::new().route("/healthz", get(std::future::pending::<StatusCode>));
        tokio::spawn(async move { axum::serve(listener, router).await });
        assert!(!answers(address, Duration::from_millis(50)).await, "its threads hang");
        let (gone, address) = listening().await;
        drop(gone);
        assert!(!answers(address, PATIENCE).await, "it listens no more");
    }
}

//! Connections of `serve`, none of which may keep the others out or the process from ending.
//!
//! Every user of the machine can connect, and needs no token to be slow. So a head has a time to arrive in and a request a
//! time to be answered in, a connection ends after a while, and there are only so many: one more takes the place of the one
//! that has been waiting longest. A new connection always comes in, the watchdog's own as well.

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::app::shutdown::Shutdown;

/// How long is waited for what, and for how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a whole head, and between requests.
    pub(super) head: Duration,
    /// For the answer, the body of the request included.
    pub(super) answer: Duration,
    /// After this a connection takes no further request.
    pub(super) life: Duration,
    /// For what is being answered when the end is asked for, or the life is over.
    pub(super) drain: Duration,
    /// Connections at a time.
    pub(super) most: usize,
}

/// Files that are left for the state and everything else.
const OTHER_FILES: u64 = 64;

impl Patience {
    /// What suits people with browsers and a scraper, in the files that this process may open.
    pub(super) fn of_process() -> Self {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let most = files.saturating_sub(OTHER_FILES).clamp(8, 256);
        Self {
            head: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            life: Duration::from_secs(300),
            // The unit is killed after 30 seconds.
            drain: Duration::from_secs(5),
            most: usize::try_from(most).unwrap_or(256),
        }
    }
}

/// What it is like after an accept that failed for want of something, e.g. files.
const RECOVERY: Duration = Duration::from_millis(100);

/// A head with cookies is far below this; a connection holds no more.
const BUFFER: usize = 64 * 1024;

/// One connection, as the loop sees it.
struct Guest {
    task: AbortHandle,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// A request is being answered.
    busy: AtomicBool,
    /// Grows: the smaller, the longer nothing has come.
    seen: AtomicU64,
}

/// Answers until the end is asked for; what is being answered then is finished if it is so in time.
pub(super) async fn answer(listener: TcpListener, router: Router, shutdown: &Shutdown, patience: Patience) {
    let (mut guests, mut tasks): (Vec<Guest>, JoinSet<()>) = (Vec::new(), JoinSet::new());
    let (end, ended) = watch::channel(());
    let clock = Arc::new(AtomicU64::new(0));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            _ = shutdown.wait() => break,
        };
        guests.retain(|guest| !guest.task.is_finished());
        match accepted {
            Ok((stream, _)) => {
                if guests.len() >= patience.most {
                    show_out(&mut guests);
                }
                let state = Arc::new(State::default());
                state.seen.store(clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
                let talk = talk(stream, router.clone(), state.clone(), clock.clone(), ended.clone(), patience);
                guests.push(Guest { task: tasks.spawn(talk), state });
            }
            Err(error) if is_of_the_guest(&error) => {}
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be taken; the one that waits longest is ended");
                show_out(&mut guests);
                sleep(RECOVERY).await;
            }
        }
    }
    drop(listener);
    drop(end);
    let drained = timeout(patience.drain, async { while tasks.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::info!(connections = tasks.len(), "connections that did not end in time are cut");
        tasks.shutdown().await;
    }
}

/// Ends the connection that has waited longest; where none waits, the one whose request came first.
fn show_out(guests: &mut Vec<Guest>) {
    let order = |guest: &Guest| (guest.state.busy.load(Ordering::Relaxed), guest.state.seen.load(Ordering::Relaxed));
    if let Some((at, _)) = guests.iter().enumerate().min_by_key(|(_, guest)| order(guest)) {
        guests.swap_remove(at).task.abort();
    }
}

/// Whether an accept failed because who asked was gone already.
fn is_of_the_guest(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}

async fn talk(
    stream: TcpStream,
    router: Router,
    state: Arc<State>,
    clock: Arc<AtomicU64>,
    mut ended: watch::Receiver<()>,
    patience: Patience,
) {
    let pages = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = pages.call(request);
        let (state, clock) = (state.clone(), clock.clone());
        async move {
            state.busy.store(true, Ordering::Relaxed);
            let answered = timeout(patience.answer, answer).await;
            state.busy.store(false, Ordering::Relaxed);
            state.seen.store(clock.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            answered.unwrap_or_else(|_| Ok(late()))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(BUFFER);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // What went wrong with a connection is its peer's to know.
        _ = connection.as_mut() => return,
        // The sender is dropped when the end is asked for.
        _ = ended.changed() => {}
        () = sleep(patience.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    // Then it is cut, as it is dropped.
    let _ = timeout(patience.drain, connection).await;
}

fn late() -> Response<axum::body::Body> {
    (StatusCode::REQUEST_TIMEOUT, "the request took too long\n").into_response()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::app::exit::Exit;

    const LONG: Duration = Duration::from_secs(600);
    const SHORT: Duration = Duration::from_millis(40);
    const PATIENT: Patience = Patience { head: LONG, answer: LONG, life: LONG, drain: LONG, most: 100 };

    async fn started(patience: Patience) -> (SocketAddr, Shutdown, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/never", get(std::future::pending::<&'static str>));
        let shutdown = Shutdown::default();
        let asked = shutdown.clone();
        let task = tokio::spawn(async move { answer(listener, router, &asked, patience).await });
        (address, shutdown, task)
    }

    async fn connected(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all(text.as_bytes()).await.expect("sent");
        stream
    }

    /// Everything until the other side ends the connection, in whatever way.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    const HALF: &str = "GET / HTTP/1.1\r\nHost: x\r\n";
    const WHOLE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const NEVER: &str = "GET /never HTTP/1.1\r\nHost: x\r\n\r\n";

    #[tokio::test]
    async fn a_head_that_does_not_come_whole_ends_the_connection() {
        let (address, _shutdown, _task) = started(Patience { head: SHORT, ..PATIENT }).await;
        assert!(!rest(&mut connected(address, HALF).await).await.contains("200"));
        assert_eq!(rest(&mut connected(address, "").await).await, "", "nothing at all");
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_given_up_and_so_is_a_connection() {
        let (address, ..) = started(Patience { answer: SHORT, ..PATIENT }).await;
        let mut slow = connected(address, "GET /never HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(rest(&mut slow).await.starts_with("HTTP/1.1 408"));
        let (address, ..) = started(Patience { life: SHORT, drain: SHORT, ..PATIENT }).await;
        rest(&mut connected(address, HALF).await).await;
    }

    #[tokio::test]
    async fn one_more_takes_the_place_of_the_one_that_waits_longest() {
        let (address, ..) = started(Patience { most: 3, ..PATIENT }).await;
        let mut busy = connected(address, NEVER).await;
        let mut slow = Vec::new();
        for _ in 0..20 {
            slow.push(connected(address, HALF).await);
            let answered = rest(&mut connected(address, WHOLE).await).await;
            assert!(answered.ends_with("here"), "{answered}");
        }
        // Eighteen at least have been ended; the one that is being answered has not.
        for gone in slow.iter_mut().take(17) {
            rest(gone).await;
        }
        let open = timeout(SHORT, busy.read_u8()).await;
        assert!(open.is_err(), "{open:?}");
    }

    #[tokio::test]
    async fn even_if_all_are_being_answered() {
        let (address, ..) = started(Patience { most: 3, ..PATIENT }).await;
        let mut busy = Vec::new();
        for _ in 0..3 {
            busy.push(connected(address, NEVER).await);
        }
        assert!(rest(&mut connected(address, WHOLE).await).await.ends_with("here"));
        assert!(rest(&mut connected(address, WHOLE).await).await.ends_with("here"));
    }

    #[tokio::test]
    async fn the_end_waits_for_nobody_for_long() {
        let (address, shutdown, task) = started(Patience { drain: SHORT, ..PATIENT }).await;
        let mut half = connected(address, HALF).await;
        let mut never = connected(address, NEVER).await;
        assert!(rest(&mut connected(address, WHOLE).await).await.ends_with("here"), "both have been taken");
        shutdown.request(Exit::Terminated);
        task.await.expect("it ends");
        rest(&mut half).await;
        rest(&mut never).await;
        assert!(TcpStream::connect(address).await.is_err());
    }
}

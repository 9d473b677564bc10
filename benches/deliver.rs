//! How many alerts a second go out to a receiver on this host: webhooks, each in a connection of its own, each marked
//! in a state file on disk. `cargo bench --bench deliver --no-default-features --features testing`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up ends")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::time::Instant;

use cattleguard::report::deliver::Client;
use cattleguard::report::{Destination, DestinationKind, Filter, Notice, Pump, Quiet, draft_single};
use cattleguard::store::{Outbox as _, SqliteStore};
use jiff::Timestamp;

const ALERTS: usize = 2000;

fn receiver() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
        }
    });
    port
}

fn destination(name: &str, port: u16) -> Destination {
    Destination {
        name: name.to_owned(),
        kind: DestinationKind::Webhook {
            url: format!("http://127.0.0.1:{port}/hook").into(),
            secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into()],
        },
        filter: Filter::default(),
        routes: None,
        quiet: Quiet::default(),
        allow_private: true,
        broken: None,
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for destinations in [1, 4] {
        let to: Vec<_> = (0..destinations).map(|number| destination(&format!("hook{number}"), receiver())).collect();
        let store = SqliteStore::open(&folder.path().join(format!("{destinations}.db"))).unwrap();
        let now = Timestamp::now();
        let each = ALERTS / destinations;
        for to in &to {
            let drafts: Vec<_> =
                (0..each).map(|number| draft_single(&Notice::test(&to.name, now), to, &number.to_string())).collect();
            store.enqueue(&drafts, now).unwrap();
        }
        let mut pump = Pump::new(Client::new().unwrap());
        let begun = Instant::now();
        let done = runtime.block_on(pump.run(&store, &to, Timestamp::now, || 0.5, usize::MAX)).unwrap();
        let took = begun.elapsed();
        println!(
            "{destinations} destinations: {} alerts in {took:.2?}, {:.0} a second",
            done.delivered,
            done.delivered as f64 / took.as_secs_f64()
        );
    }
}

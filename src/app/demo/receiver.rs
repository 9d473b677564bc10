//! A receiver of alerts on loopback: keeps what arrives and answers 200.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::failed;
use crate::app::error::AppError;

/// Bodies larger than this are none of ours.
const MOST_BYTES: usize = 1024 * 1024;

/// One request that arrived.
#[derive(Clone, Debug)]
pub(in crate::app) struct Arrived {
    pub(in crate::app) path: String,
    /// Names in lower case.
    pub(in crate::app) headers: Vec<(String, String)>,
    pub(in crate::app) body: String,
}

impl Arrived {
    pub(in crate::app) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// The receiver. It lives as long as the process.
pub(in crate::app) struct Receiver {
    pub(in crate::app) address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1.
    pub(in crate::app) fn start() -> Result<Self, AppError> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| failed("the receiver cannot listen", error))?;
        let address = listener.local_addr().map_err(|error| failed("the receiver cannot listen", error))?;
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&arrived);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A broken connection is the sender's to retry.
                if let Ok(request) = answer(stream) {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                }
            }
        });
        Ok(Self { address, arrived })
    }

    pub(in crate::app) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(stream: TcpStream) -> std::io::Result<Arrived> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0_usize).min(MOST_BYTES)];
    reader.read_exact(&mut body)?;
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")?;
    Ok(Arrived { path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

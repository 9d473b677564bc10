//! A receiver of alerts on loopback that answers as it is told and keeps what arrived.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// How one request is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// With this status.
    Status(u16),
    /// With 429 and a `Retry-After` of this many seconds.
    RetryAfter(u32),
    /// Not at all: the connection stays open.
    Hang,
}

/// One request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) raw: String,
    pub(crate) accepted: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.raw).unwrap_or_else(|error| panic!("not JSON: {error}\n{}", self.raw))
    }
}

#[derive(Default)]
struct Book {
    answers: VecDeque<Answer>,
    otherwise: Option<Answer>,
    arrived: Vec<Request>,
    held: Vec<TcpStream>,
}

/// Listens until the process ends.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl Receiver {
    /// Answers 200 to everything until told otherwise.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A sender that was killed in the middle of a request is part of some tests.
                let _ = serve(stream, &shared);
            }
        });
        Self { address, book }
    }

    /// Answers the next requests like this, and all after them with 200.
    pub(crate) fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        let mut book = self.book.lock().expect("the book");
        book.answers = answers.into_iter().collect();
        book.otherwise = None;
    }

    /// Answers everything like this.
    pub(crate) fn always(&self, answer: Option<Answer>) {
        let mut book = self.book.lock().expect("the book");
        book.answers.clear();
        book.otherwise = answer;
        book.held.clear();
    }

    /// Everything that arrived, refused or not.
    pub(crate) fn arrived(&self) -> Vec<Request> {
        self.book.lock().expect("the book").arrived.clone()
    }

    /// Webhooks that were answered with 200.
    pub(crate) fn hooks(&self) -> Vec<Request> {
        self.arrived().into_iter().filter(|request| request.accepted && request.path == "/hook").collect()
    }

    /// Slack messages that were answered with 200.
    pub(crate) fn slacks(&self) -> Vec<Request> {
        self.arrived().into_iter().filter(|request| request.accepted && request.path != "/hook").collect()
    }

    /// Forgets what arrived.
    pub(crate) fn clear(&self) {
        self.book.lock().expect("the book").arrived.clear();
    }
}

fn serve(stream: TcpStream, book: &Mutex<Book>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
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
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let mut book = book.lock().expect("the book");
    let answer = book.answers.pop_front().or(book.otherwise).unwrap_or(Answer::Status(200));
    let accepted = matches!(answer, Answer::Status(200));
    let raw = String::from_utf8(body).expect("UTF-8");
    book.arrived.push(Request { path, headers, raw, accepted });
    let (status, extra) = match answer {
        Answer::Status(status) => (status, String::new()),
        Answer::RetryAfter(seconds) => (429, format!("retry-after: {seconds}\r\n")),
        Answer::Hang => {
            book.held.push(stream);
            return Ok(());
        }
    };
    drop(book);
    let mut stream = stream;
    stream.write_all(format!("HTTP/1.1 {status} X\r\n{extra}content-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
}

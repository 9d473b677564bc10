//! A collector on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Takes,
    /// With HTTP 503.
    Refuses,
    /// Never.
    Hangs,
}

/// What was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) services: Vec<String>,
    pub(crate) spans: Vec<Span>,
}

/// A running collector.
pub(crate) struct Collector {
    pub(crate) url: String,
    received: Arc<Mutex<Received>>,
}

impl Collector {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Received::default()));
        let kept = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), kept.clone());
                std::thread::spawn(move || serve(&stream, manner, &kept));
            }
        });
        Self { url, received }
    }

    pub(crate) fn received(&self) -> Received {
        self.received.lock().unwrap().clone()
    }
}

/// Requests of one connection.
fn serve(stream: &TcpStream, manner: Manner, kept: &Mutex<Received>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut path, mut length, mut line) = (String::new(), 0, String::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
            let header = line.trim_end().to_ascii_lowercase();
            if path.is_empty() {
                path = header.clone();
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
            if header.is_empty() {
                break;
            }
        }
        if path.is_empty() {
            return;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        assert_eq!(path, "post /v1/traces http/1.1");
        let mut writer = stream;
        let answer = match manner {
            Manner::Hangs => {
                // Until the sender goes away.
                let _ = reader.read_line(&mut line);
                return;
            }
            Manner::Refuses => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            Manner::Takes => {
                keep(&body, kept);
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            }
        };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn keep(body: &[u8], kept: &Mutex<Received>) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut kept = kept.lock().unwrap();
    for resource in request.resource_spans {
        let attributes = resource.resource.unwrap().attributes.into_iter();
        let service = attributes.filter(|one| one.key == "service.name").find_map(|one| one.value?.value);
        if let Some(Value::StringValue(name)) = service {
            kept.services.push(name);
        }
        kept.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
}

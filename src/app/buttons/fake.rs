//! A small Slack on loopback for tests: its Web API as far as we call it, a WebSocket, and somebody who presses.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

use crate::report::press::Act;

#[derive(Default)]
struct Book {
    /// Methods called, with their bodies.
    calls: Vec<(String, Value)>,
    /// Messages as they are now.
    messages: Vec<Value>,
    /// Who presses what below the next message with buttons, and how often Slack tells of it.
    pressing: Vec<(Act, &'static str, usize)>,
    /// Frames for whoever is connected.
    frames: VecDeque<String>,
    /// Envelopes that were acknowledged.
    acknowledged: Vec<String>,
    /// Methods that are refused next, with the word.
    refusals: VecDeque<(&'static str, &'static str)>,
    connections: usize,
    /// So many connections are asked to be renewed as soon as they are there.
    renewed: usize,
}

/// Listens until the process ends.
#[derive(Clone)]
pub(in crate::app) struct FakeSlack {
    pub(in crate::app) address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl FakeSlack {
    pub(in crate::app) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let slack = Self { address, book: Arc::default() };
        let own = slack.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                // A client that went away is part of some tests.
                std::thread::spawn(move || own.serve(stream).ok());
            }
        });
        slack
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("the book")
    }

    /// A `[[notify]]` section that leads here.
    pub(in crate::app) fn section(&self, interactive: &str, people: &str) -> String {
        format!(
            "[[notify]]\nname = \"ops\"\nkind = \"slack\"\ntoken = {{ file = \"bot\" }}\nchannel = \"C0OPS\"\n\
             api = \"http://{}/api\"\nallow_private = true\n{interactive}\npeople = [{people}]\n\n",
            self.address
        )
    }

    /// Somebody presses below the next message with buttons; Slack tells of it so often.
    pub(in crate::app) fn press_next(&self, act: Act, user: &'static str, times: usize) {
        self.book().pressing.push((act, user, times));
    }

    /// Refuses the next call of a method.
    pub(in crate::app) fn refuse(&self, method: &'static str, word: &'static str) {
        self.book().refusals.push_back((method, word));
    }

    pub(in crate::app) fn renew(&self, connections: usize) {
        self.book().renewed = connections;
    }

    pub(in crate::app) fn connections(&self) -> usize {
        self.book().connections
    }

    pub(in crate::app) fn acknowledged(&self) -> Vec<String> {
        self.book().acknowledged.clone()
    }

    pub(in crate::app) fn called(&self, method: &str) -> Vec<Value> {
        let book = self.book();
        book.calls.iter().filter(|(called, _)| called == method).map(|(_, body)| body.clone()).collect()
    }

    pub(in crate::app) fn messages(&self) -> Vec<Value> {
        self.book().messages.clone()
    }

    /// The action ids of a message's buttons.
    pub(in crate::app) fn buttons(message: &Value) -> Vec<String> {
        let blocks = message["blocks"].as_array().into_iter().flatten();
        let elements = blocks.filter_map(|block| block["elements"].as_array()).flatten();
        elements.filter_map(|element| element["action_id"].as_str().map(str::to_owned)).collect()
    }

    /// What Slack tells of a press of a button that a message has.
    pub(in crate::app) fn payload(&self, message: &Value, act: Act, user: &str) -> Value {
        let blocks = message["blocks"].as_array().expect("blocks").iter();
        let mut elements = blocks.filter_map(|block| block["elements"].as_array()).flatten();
        let button = elements.find(|element| element["action_id"] == act.action_id()).expect("the button");
        json!({
            "type": "block_actions",
            "user": {"id": user, "username": "somebody", "team_id": "T0TEAM"},
            "api_app_id": "A0APP",
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": "C0OPS"},
            "trigger_id": format!("1.2.{user}"),
            "team": {"id": "T0TEAM", "domain": "example"},
            "channel": {"id": "C0OPS", "name": "ops"},
            "message": message,
            "response_url": format!("http://{}/actions/{user}", self.address),
            "actions": [{
                "action_id": button["action_id"], "block_id": "cattleguard", "value": button["value"],
                "type": "button", "text": button["text"], "action_ts": "1548426417.840180",
            }],
        })
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        // A connection on which nothing was asked.
        let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return Ok(()) };
        let (mut length, mut key, mut token) = (0, String::new(), String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap_or(0),
                "sec-websocket-key" => value.clone_into(&mut key),
                "authorization" => value.clone_into(&mut token),
                _ => {}
            }
        }
        if path.starts_with("/link/") {
            return self.connected(stream, &key);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let answer = self.answer(&path, body, &token).to_string();
        let head = "HTTP/1.1 200 OK\r\nx-oauth-scopes: chat:write,channels:history\r\nconnection: close\r\n";
        let mut stream = stream;
        stream.write_all(format!("{head}content-length: {}\r\n\r\n{answer}", answer.len()).as_bytes())
    }

    fn answer(&self, path: &str, body: Value, token: &str) -> Value {
        let method = path.strip_prefix("/api/").unwrap_or("response_url").to_owned();
        let mut book = self.book();
        book.calls.push((method.clone(), body.clone()));
        if book.refusals.front().is_some_and(|(refused, _)| *refused == method) {
            let word = book.refusals.pop_front().map_or("", |(_, word)| word);
            return json!({"ok": false, "error": word});
        }
        let wanted = if method == "apps.connections.open" { "Bearer xapp-1" } else { "Bearer xoxb-1" };
        if method != "response_url" && token != wanted {
            return json!({"ok": false, "error": "invalid_auth"});
        }
        match method.as_str() {
            "auth.test" => json!({"ok": true, "team_id": "T0TEAM", "user_id": "U0BOT", "bot_id": "B0BOT"}),
            "apps.connections.open" => {
                json!({"ok": true, "url": format!("ws://{}/link/?ticket=secret&app_id=A0APP", self.address)})
            }
            "chat.postMessage" => {
                let ts = format!("100.{:06}", book.messages.len());
                let mut message = body;
                message["ts"] = json!(ts);
                if !Self::buttons(&message).is_empty() {
                    let pressing = std::mem::take(&mut book.pressing);
                    for (act, user, times) in pressing {
                        let payload = self.payload(&message, act, user);
                        for time in 0..times {
                            let id = format!("{ts}/{}/{user}/{time}", act.as_str());
                            let frame = json!({"envelope_id": id, "type": "interactive", "payload": payload});
                            book.frames.push_back(frame.to_string());
                        }
                    }
                }
                book.messages.push(message);
                json!({"ok": true, "ts": ts})
            }
            "chat.update" => match book.messages.iter_mut().find(|message| message["ts"] == body["ts"]) {
                Some(message) => {
                    message["blocks"] = body["blocks"].clone();
                    json!({"ok": true})
                }
                None => json!({"ok": false, "error": "message_not_found"}),
            },
            "conversations.history" | "conversations.replies" => json!({"ok": true, "messages": book.messages}),
            _ => json!({"ok": true}),
        }
    }

    fn connected(&self, mut stream: TcpStream, key: &str) -> std::io::Result<()> {
        let accept = derive_accept_key(key.as_bytes());
        let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n";
        stream.write_all(format!("{head}sec-websocket-accept: {accept}\r\n\r\n").as_bytes())?;
        stream.set_read_timeout(Some(Duration::from_millis(5)))?;
        let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
        let renewed = {
            let mut book = self.book();
            book.connections += 1;
            book.connections <= book.renewed
        };
        let send = |socket: &mut WebSocket<TcpStream>, text: String| socket.send(Message::text(text)).is_ok();
        send(&mut socket, json!({"type": "hello", "connection_info": {"app_id": "A0APP"}}).to_string());
        if renewed {
            send(&mut socket, json!({"type": "disconnect", "reason": "warning"}).to_string());
        }
        // What is not acknowledged is sent again over another connection, as Slack does.
        let mut sent: Vec<String> = Vec::new();
        loop {
            let frame = self.book().frames.pop_front();
            sent.extend(frame.clone());
            if let Some(frame) = frame
                && !send(&mut socket, frame)
            {
                break;
            }
            match socket.read() {
                Ok(Message::Text(text)) => {
                    let ack: Value = serde_json::from_str(&text).expect("JSON");
                    let id = ack["envelope_id"].as_str().expect("an id").to_owned();
                    sent.retain(|frame| !frame.contains(&format!("\"{id}\"")));
                    self.book().acknowledged.push(id);
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        self.book().frames.extend(sent);
        Ok(())
    }
}

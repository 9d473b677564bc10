//! Mail against a small relay on loopback.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::report::deliver::Client;
use crate::report::destination::{Destination, DestinationKind};
use crate::report::draft::draft_single;
use crate::report::fixtures::{self, MemoryOutbox, now};
use crate::store::Outbox as _;

/// Takes one mail after another; `refuse` answers the recipient or the login with these words.
async fn relay(refuse: Option<&'static str>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mails = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&mails);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (read, mut write) = socket.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 relay\r\n").await.unwrap();
            let mut mail: Option<String> = None;
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(text) = &mut mail {
                    if line == "." {
                        kept.lock().unwrap().push(mail.take().unwrap_or_default());
                        write.write_all(b"250 taken\r\n").await.unwrap();
                    } else {
                        text.push_str(&line);
                        text.push('\n');
                    }
                    continue;
                }
                let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
                let answer = match verb.as_str() {
                    "EHLO" => "250-relay\r\n250 AUTH PLAIN LOGIN",
                    "AUTH" | "RCPT" if refuse.is_some() => refuse.unwrap_or_default(),
                    "DATA" => {
                        mail = Some(String::new());
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    "AUTH" => "235 welcome",
                    _ => "250 ok",
                };
                if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    });
    (address, mails)
}

fn destination(address: SocketAddr) -> Destination {
    let settings = EmailSettings {
        host: address.ip().to_string(),
        port: address.port(),
        tls: MailTls::None,
        login: None,
        from: "Cattleguard <cattleguard@example.com>".to_owned(),
        to: vec!["ops@example.com".to_owned(), "sec@example.com".to_owned()],
    };
    Destination { kind: DestinationKind::Email(settings), ..fixtures::slack("mail", "http://127.0.0.1/") }
}

async fn send_to(destination: &Destination) -> Attempt {
    let notice = fixtures::notice(vec![fixtures::finding("event-ssh-key-pushed", "i-0aa", "key")]);
    let outbox = MemoryOutbox::default();
    outbox.enqueue(&[draft_single(&notice, destination, "x")], now()).unwrap();
    let row = outbox.rows(None).unwrap().remove(0);
    crate::report::deliver::deliver(&row, destination, &Client::new().unwrap(), &outbox, now()).await
}

#[tokio::test]
async fn a_mail_arrives_with_its_id_and_thread() {
    let (address, mails) = relay(None).await;
    assert_eq!(send_to(&destination(address)).await, Attempt::Delivered);
    assert_eq!(send_to(&destination(address)).await, Attempt::Delivered);
    let mails = mails.lock().unwrap().clone();
    let header = |mail: &str, name: &str| {
        mail.lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")))
            .unwrap_or_else(|| panic!("{name}: {mail}"))
            .to_owned()
    };
    let id = header(&mails[0], "Message-ID");
    assert!(id.starts_with("<ntc_") && id.ends_with("@example.com>"), "{id}");
    assert_eq!(id, header(&mails[1], "Message-ID"), "a repetition can be known");
    assert!(header(&mails[0], "References").starts_with("<grp_"));
    assert_eq!(header(&mails[0], "To"), "ops@example.com, sec@example.com");
    assert_eq!(header(&mails[0], "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mails[0], "Date"), "Mon, 23 Nov 2026 10:00:00 +0000");
    assert!(mails[0].contains("text/html") && mails[0].contains("text/plain"), "{}", mails[0]);
}

#[tokio::test]
async fn a_refused_recipient_is_final_and_a_refused_login_is_not() {
    let (address, _) = relay(Some("550 no such user s3cr3t")).await;
    assert_eq!(send_to(&destination(address)).await, Attempt::Dead("550: the relay refuses this message".to_owned()));
    let (address, _) = relay(Some("451 later")).await;
    assert_eq!(send_to(&destination(address)).await, Attempt::Retry("the relay answered 451".to_owned()));
    let (address, _) = relay(Some("535 no")).await;
    let mut destination = destination(address);
    if let DestinationKind::Email(settings) = &mut destination.kind {
        settings.login = Some(("cattleguard".to_owned(), "wrong".to_owned().into()));
    }
    let told = send_to(&destination).await;
    assert_eq!(told, Attempt::Retry("the relay refuses the login (535): check `user` and `password`".to_owned()));
}

#[tokio::test]
async fn a_relay_on_a_private_address_is_refused_unless_allowed() {
    let (address, mails) = relay(None).await;
    let mut destination = destination(address);
    destination.allow_private = false;
    let Attempt::Retry(why) = send_to(&destination).await else { panic!("it was sent") };
    assert!(why.contains("loopback") && why.contains("allow_private"), "{why}");
    assert!(mails.lock().unwrap().is_empty());
}

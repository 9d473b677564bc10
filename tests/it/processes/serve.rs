//! `serve` as a browser, a scraper and an attacker see it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::{command, demo_world, sim, terminate};
use crate::harness::{Setup, TestApp, UNAVAILABLE, small};

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A running server; ended when the test ends.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(app: &TestApp, more: &[&str]) -> Self {
        Self::start_with(app, more, &[])
    }

    fn start_with(app: &TestApp, more: &[&str], env: &[(&str, &str)]) -> Self {
        let token = app.write("erin.token", TOKEN);
        let user = format!("erin={}", token.display());
        let args = [&["serve", "--listen", "127.0.0.1:0", "--user", &user], more].concat();
        let mut child =
            command(app, &args).envs(env.iter().copied()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let line = loop {
            let line = lines.next().expect("it says where").expect("UTF-8");
            if line.contains("serving on") {
                break line;
            }
        };
        let address = line.rsplit("http://").next().and_then(|rest| rest.trim_end_matches('/').parse().ok());
        // What it says later must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("an address") }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let own = self.address.to_string();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {own}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" {
            head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("answered");
        Answer::read(&String::from_utf8_lossy(&bytes))
    }

    fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send("GET", path, &[("Cookie", cookie)], "")
    }

    /// Logs in and returns the cookie.
    fn log_in(&self) -> String {
        let answer = self.send("POST", "/login", &[], &format!("token={TOKEN}"));
        assert_eq!(answer.status, 303, "{}", answer.body);
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        cookie.split(';').next().expect("a pair").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, as some tests ask it to.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    fn read(text: &str) -> Self {
        let (headers, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = headers.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { status, headers: headers.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The token that the forms of a page carry.
    fn csrf(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").expect("a form");
        rest.split('"').next().expect("a value").to_owned()
    }
}

#[test]
fn half_a_head_does_not_keep_it_from_ending() {
    let app = scanned();
    let mut server = Server::start(&app, &[]);
    let mut half = TcpStream::connect(server.address).expect("it listens");
    half.write_all(b"GET / HTTP/1.1\r\n").expect("sent");
    assert_eq!(server.get("/healthz", "").status, 200);
    terminate(server.child.id());
    // The drain takes five seconds; without an end the test would hang here.
    assert_eq!(server.child.wait().expect("it ends").code(), Some(143));
}

fn scanned() -> TestApp {
    let app = demo_world(Setup::new(small()));
    app.scan();
    app
}

fn open_finding(app: &TestApp) -> String {
    let (_, list) = app.json(&["findings", "list"]);
    list["findings"][0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn an_address_that_is_none_says_so_and_keeps_the_headers_of_a_page() {
    let app = scanned();
    let server = Server::start(&app, &[]);
    for (method, path, status, told) in [("GET", "/finding/1", 404, "no such page"), ("PUT", "/plan", 405, "not asked")]
    {
        let answer = server.send(method, path, &[], "");
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.body.contains(told), "{path}: {}", answer.body);
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
}

#[test]
fn people_log_in_look_and_act_and_the_audit_log_names_them() {
    let app = scanned();
    let server = Server::start(&app, &[]);
    let refused = server.get("/", "");
    assert_eq!((refused.status, refused.header("location")), (303, Some("/login")));
    assert_eq!(server.send("POST", "/login", &[], "token=wrong").status, 403);
    let cookie = server.log_in();
    let page = server.get("/", &cookie);
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Needs attention") && page.body.contains("dave@example.com"));
    assert!(page.header("content-security-policy").expect("a policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), Some("no-store"));

    let id = open_finding(&app);
    let path = format!("/findings/{id}");
    let form = server.get(&path, &cookie);
    let body = format!("csrf={}&status=acknowledged", form.csrf());
    let nobody = server.send("POST", &path, &[], &body);
    assert_eq!(nobody.status, 401, "nobody is logged in");
    assert!(nobody.body.contains("nothing was done") && nobody.body.contains("name=\"token\""), "{}", nobody.body);
    let wrong = server.send("POST", &path, &[("Cookie", &cookie)], "csrf=00&status=acknowledged");
    assert_eq!(wrong.status, 403, "a form without its token");
    let foreign = [("Cookie", cookie.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(server.send("POST", &path, &foreign, &body).status, 403, "another site's form");
    let done = server.send("POST", &path, &[("Cookie", &cookie)], &body);
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains(&format!("{id} is acknowledged")));

    let pause = server.get("/pause", &cookie);
    let body = format!("csrf={}&fleet=web&reason=incident+42", pause.csrf());
    assert!(server.send("POST", "/pause", &[("Cookie", &cookie)], &body).body.contains("incident 42"));
    assert!(server.get("/", &cookie).body.contains("Fleet web is paused: incident 42"), "the page follows the state");
    let server_page = server.get(
        &format!("/servers/{}", app.json(&["findings", "list"]).1["findings"][0]["instance"].as_str().unwrap()),
        &cookie,
    );
    assert!(server_page.body.contains("first judged"), "{}", server_page.body);

    let (_, log) = app.text("ndjson", &["audit", "export"]);
    assert!(log.lines().any(|line| line.contains("\"serve.login\"") && line.contains("erin@")), "{log}");
    for action in ["finding.ack", "enforcement.pause"] {
        let line = log.lines().find(|line| line.contains(action)).expect(action);
        assert!(line.contains("erin@") && line.contains("by serve"), "{line}");
    }
    let body = format!("csrf={}", server.get("/logout", &cookie).csrf());
    server.send("POST", "/logout", &[("Cookie", &cookie)], &body);
    assert_eq!(server.get("/", &cookie).status, 303, "the session is over");
}

#[test]
fn another_name_for_the_address_is_refused() {
    let app = scanned();
    let server = Server::start(&app, &["--allow-host", "guard.example"]);
    for (host, status) in [("evil.example", 421), ("127.0.0.1", 421), ("guard.example", 200)] {
        assert_eq!(server.send("GET", "/healthz", &[("Host", host)], "").status, status, "{host}");
    }
    let local = format!("localhost:{}", server.address.port());
    assert_eq!(server.send("GET", "/healthz", &[("Host", &local)], "").status, 200);
}

#[test]
fn metrics_count_and_name_nobody() {
    let app = scanned();
    let server = Server::start(&app, &[]);
    let metrics = server.get("/metrics", "");
    assert_eq!(metrics.status, 200);
    for line in [
        "# TYPE cattleguard_instances gauge",
        "cattleguard_coverage_complete{account=\"000000000000\",region=\"eu-west-1\",source=\"ec2\"} 1",
        "cattleguard_last_scan_exit_code 3",
    ] {
        assert!(metrics.body.contains(line), "{line}: {}", metrics.body);
    }
    let calls = "service=\"ec2\"";
    assert!(metrics.body.contains(calls) && metrics.body.contains("cattleguard_scans_total{exit_code=\"3\"} 1"));
    assert!(metrics.body.contains("code=\"config-user-data\",severity=\"critical\",status=\"open\"} 1"));
    assert!(!metrics.body.contains("dave") && !metrics.body.contains("i-0"), "no person and no server");
}

#[test]
fn systemd_hears_that_it_is_ready_and_then_that_it_answers() {
    let app = scanned();
    let socket = app.path("notify");
    let heard = std::os::unix::net::UnixDatagram::bind(&socket).expect("a socket");
    heard.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    let socket = socket.display().to_string();
    let server = Server::start_with(&app, &[], &[("NOTIFY_SOCKET", &socket), ("WATCHDOG_USEC", "300000")]);
    let next = || {
        let mut bytes = [0; 256];
        let length = heard.recv(&mut bytes).expect("it is told in time");
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    assert_eq!(next(), "READY=1");
    for _ in 0..3 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    drop(server);
}

#[test]
fn who_may_only_look_cannot_act() {
    let app = scanned();
    let server = Server::start(&app, &["--read-only"]);
    let cookie = server.log_in();
    let csrf = server.get("/logout", &cookie).csrf();
    let id = open_finding(&app);
    let body = format!("csrf={csrf}&status=acknowledged");
    assert_eq!(server.send("POST", &format!("/findings/{id}"), &[("Cookie", &cookie)], &body).status, 403);
    assert!(server.get("/", &cookie).body.contains("read-only"));
}

#[test]
fn wrong_tokens_are_slowed_down() {
    let app = scanned();
    let server = Server::start(&app, &[]);
    let answers: Vec<u16> = (0..13).map(|_| server.send("POST", "/login", &[], "token=wrong").status).collect();
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 2, "{answers:?}");
    server.log_in();
}

#[test]
fn a_token_that_others_have_or_can_read_is_refused() {
    let app = scanned();
    let (erin, frank) = (app.write("a.token", TOKEN), app.write("b.token", TOKEN));
    let spaced = app.write("spaced.token", "0123456789 abcdef 0123456789");
    let open = app.write("open.token", "fedcba9876543210fedcba9876543210");
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("set");
    let user = |name: &str, path: &std::path::Path| format!("{name}={}", path.display());
    for (users, said) in [
        (vec![user("erin", &erin), user("frank", &frank)], "the same token as erin"),
        (vec![user("erin", &spaced)], "one word"),
        (vec![user("erin", &open)], "everybody on this host may read it"),
    ] {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
        users.iter().for_each(|user| args.extend(["--user", user]));
        let output = sim(&app, &args);
        assert_eq!(output.code, crate::harness::CONFIG, "{}", output.stderr);
        assert!(output.stderr.contains(said), "{}", output.stderr);
    }
}

#[test]
fn it_ends_when_asked_and_says_when_the_port_is_taken() {
    let app = scanned();
    let mut server = Server::start(&app, &[]);
    assert_eq!(server.send("GET", "/healthz", &[], "").body, "ok\n");
    terminate(server.child.id());
    assert_eq!(server.child.wait().expect("it ends").code(), Some(143));
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("an address").to_string();
    let output = sim(&app, &["serve", "--listen", &listen]);
    assert_eq!(output.code, UNAVAILABLE);
    assert!(
        output.stderr.contains(&listen) && output.stderr.contains("another program uses the port"),
        "{}",
        output.stderr
    );
    let output = sim(&app, &["serve", "--listen", "0.0.0.0:8421"]);
    assert_eq!(output.code, crate::harness::USAGE);
}

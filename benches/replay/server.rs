//! A loopback HTTP server for signed AWS calls: whoever asks gets the canned page of that operation.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::fleet::Fleet;
use crate::{Outcome, ec2_pages, ssm_pages, trail_pages};

/// One AWS call as far as it matters here.
pub(crate) struct Call {
    /// Operation.
    pub(crate) action: String,
    body: String,
}

impl Call {
    /// A parameter of a query call or a member of a JSON call, as text.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        if self.body.starts_with('{') {
            let json: serde_json::Value = serde_json::from_str(&self.body).ok()?;
            let member = json.get(name)?;
            return Some(member.as_str().map_or_else(|| member.to_string(), str::to_owned));
        }
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Where the page starts.
    pub(crate) fn token(&self) -> Option<String> {
        self.get("NextToken").or_else(|| self.get("Marker"))
    }
}

/// Serves until the standard input closes.
pub(crate) fn serve(fleet: Fleet) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up ends its thread; the others go on.
            std::thread::spawn(move || answer_all(&stream, fleet));
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn answer_all(stream: &TcpStream, fleet: Fleet) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let call = read_call(&mut reader)?;
        let (kind, body) = answer(&call, fleet);
        let status = if body.is_empty() { "501 Not Implemented" } else { "200 OK" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(body.as_bytes()).ok()?;
    }
}

fn read_call(reader: &mut impl BufRead) -> Option<Call> {
    let (mut length, mut target) = (0, None);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let Some((name, value)) = line.split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "x-amz-target" => target = value.trim().rsplit('.').next().map(str::to_owned),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let call = Call { action: target.unwrap_or_default(), body: String::from_utf8(body).ok()? };
    if call.action.is_empty() { Some(Call { action: call.get("Action")?, ..call }) } else { Some(call) }
}

fn answer(call: &Call, fleet: Fleet) -> (&'static str, String) {
    match call.action.as_str() {
        "DescribeInstanceInformation" | "GetInventory" => ("application/x-amz-json-1.1", ssm_pages::page(call, fleet)),
        "LookupEvents" => ("application/x-amz-json-1.1", trail_pages::page(call, fleet)),
        _ => ("text/xml", ec2_pages::page(call, fleet)),
    }
}

//! Measures the SDK adapters against canned pages: CPU seconds, peak memory, calls.
//!
//! A second process of this program serves the pages on loopback, so that only the reading side is
//! measured. To put another program before the same pages, start only the server and give that program
//! its address as `AWS_ENDPOINT_URL`:
//!
//! ```text
//! cargo bench --bench replay -- --instances 5000 --packages 300 --events 10000
//! cargo bench --bench replay -- --sources ec2
//! cargo bench --bench replay -- serve --instances 5000
//! ```

mod drive;
mod ec2_pages;
mod fleet;
mod process;
mod server;
mod ssm_pages;
mod trail_pages;

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fleet::Fleet;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // `cargo bench` adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let fleet = Fleet::from_args(&args)?;
    if args.first().is_some_and(|first| first == "serve") {
        return server::serve(fleet);
    }
    let server = Server::start(&args)?;
    let sources = fleet::option(&args, "--sources").unwrap_or("ec2,placement,ssm,trail");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let started = std::time::Instant::now();
    let seen = runtime.block_on(drive::read_everything(&server.url, sources))?;
    let wall = started.elapsed().as_secs_f64();
    let calls: u64 = seen.calls.values().sum();
    println!("instances {} volumes {} rows {} events {}", seen.instances, seen.volumes, seen.rows, seen.events);
    println!("wall {wall:.2} s  cpu {:.2} s  peak {} MB", process::cpu_seconds()?, process::peak_megabytes()?);
    println!("calls {calls}: {:?}", seen.calls);
    Ok(())
}

/// The serving process. It ends with this one.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(args: &[String]) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").ok_or("the server gave no address")?.to_owned();
        Ok(Self { child, url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! Somebody who has signed in to the dashboard and opens its pages, timed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Every visitor's.
pub(super) const PASSWORD: &str = "a-bench-of-pages-1";

/// Makes a visitor's account, with a `bursar` that has its ledger.
pub(super) fn sign_up(mut program: Command, name: &str) -> Result<()> {
    let create = program.args(["user", "create", name, "--role", "admin"]);
    let mut child = create.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    child.stdin.take().context("no stdin")?.write_all(PASSWORD.as_bytes())?;
    anyhow::ensure!(child.wait()?.success(), "the account was not made");
    Ok(())
}

/// An answer: its status, head and body.
pub(super) struct Answer {
    status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

/// A browser without a screen.
pub(super) struct Visitor {
    address: String,
    cookie: String,
}

impl Visitor {
    /// Signs in.
    pub(super) fn new(url: &str, name: &str, password: &str) -> Result<Self> {
        let address = url.strip_prefix("http://").context("the dashboard is not at http")?;
        let mut visitor = Self { address: address.to_owned(), cookie: String::new() };
        let form = format!("username={name}&password={password}");
        let answer = visitor.ask("POST", "/login", &form)?;
        let cookies = answer.head.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_cookie = name.eq_ignore_ascii_case("set-cookie");
            value.split(';').next().filter(|_| is_cookie)
        });
        visitor.cookie = cookies.collect::<Vec<_>>().join("; ");
        if visitor.cookie.is_empty() {
            bail!("nobody was let in: {} {}", answer.status, answer.head);
        }
        Ok(visitor)
    }

    /// Opens a page; how long its bytes took.
    pub(super) fn open(&self, path: &str) -> Result<(Duration, Vec<u8>)> {
        let start = Instant::now();
        let answer = self.ask("GET", path, "")?;
        let took = start.elapsed();
        if answer.status != 200 {
            let said = String::from_utf8_lossy(&answer.body);
            bail!("{path} answered {}: {said:.400}", answer.status);
        }
        Ok((took, answer.body))
    }

    fn ask(&self, method: &str, path: &str, form: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (address, cookie, length) = (&self.address, &self.cookie, form.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
             cookie: {cookie}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n\
             {form}"
        )?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let body = bytes.split_off(end.context("the answer has no head")? + 4);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        Ok(Answer { status: status.context("the answer has no status")?, head, body })
    }

    /// Opens what keeps a page fresh.
    pub(super) fn watch(&self, path: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.address)?;
        let (address, cookie) = (&self.address, &self.cookie);
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\
             accept: text/event-stream\r\n\r\n"
        )?;
        Ok(stream)
    }

    /// The paths that a page links to, each once, as they are written.
    pub(super) fn links(&self, path: &str) -> Result<Vec<String>> {
        let (_, body) = self.open(path)?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let mut links: Vec<String> = Vec::new();
        for link in text.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = format!("/{}", link.split(['?', '#']).next().unwrap_or_default());
            if !links.contains(&link) {
                links.push(link);
            }
        }
        Ok(links)
    }
}

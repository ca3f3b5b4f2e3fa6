//! nginx as a plain proxy: one worker, connections kept alive on both sides, nothing logged.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::sandbox::{RAM_DISK, Sandbox};
use crate::step::find;

/// Where Debian puts it, which is on few people's path.
const PLACE: &str = "/usr/sbin/nginx";
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// A running nginx; stopped in the end.
pub(super) struct Nginx {
    process: Child,
    url: String,
    /// Its configuration lies there.
    _sandbox: Sandbox,
}

impl Nginx {
    /// Starts it before `upstream`, and waits until it can be reached.
    pub(super) fn start(upstream: &str) -> Result<Self> {
        let program = find("nginx").or_else(|| find(PLACE));
        let program =
            program.context("there is no nginx\nhint: on Debian, `apt-get install nginx-light`")?;
        let sandbox = Sandbox::new(RAM_DISK.as_ref())?;
        let address = free_address()?;
        let upstream = upstream.trim_start_matches("http://");
        let file = sandbox.path().join("nginx.conf");
        fs::write(&file, configuration(address, upstream))?;
        let mut command = Command::new(program);
        command.arg("-p").arg(sandbox.path()).arg("-e").arg("error.log").arg("-c").arg(file);
        let process = command.stdin(Stdio::null()).spawn()?;
        let nginx = Self { process, url: format!("http://{address}"), _sandbox: sandbox };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if start.elapsed() > PATIENCE {
                bail!("nginx does not listen on {address}");
            }
            std::thread::sleep(PAUSE);
        }
        Ok(nginx)
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The process's number.
    pub(super) fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody has just now: nginx does not say which one the system gave it.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Without a master the one process is the worker. It buffers no reply, as streams need it.
fn configuration(address: SocketAddr, upstream: &str) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    format!(
        "daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid nginx.pid;
events {{ worker_connections 8192; }}
http {{
access_log off;
{temporary}upstream bedrock {{ server {upstream}; keepalive 256; keepalive_requests 10000000; }}
server {{
listen {address} backlog=4096;
keepalive_requests 10000000;
location / {{
proxy_pass http://bedrock;
proxy_http_version 1.1;
proxy_set_header Connection \"\";
proxy_buffering off;
}}
}}
}}
"
    )
}

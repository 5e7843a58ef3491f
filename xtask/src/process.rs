//! A node as a child process: started on a free port, waited for, measured from outside, stopped when dropped.
//! Works the same for `bulwark` and for anvil, so that both are measured alike.

use crate::client::Client;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::{
    fs::{File, read_to_string},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Longest wait for a node to answer its first request.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two tries.
const POLL: Duration = Duration::from_millis(1);

/// A node that answers.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Where it listens on loopback.
    pub port: u16,
    /// From before the process was made to its first answer.
    pub ready: Duration,
}

impl Running {
    /// Starts `program` with `arguments` and a free `--port`, and waits until it answers. What it writes goes to `log`.
    ///
    /// # Errors
    /// It ends, or does not answer in time.
    pub fn start(program: &Path, arguments: &[&str], log: &Path) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let output = File::create(log)?;
        let mut command = Command::new(program);
        command.args(arguments).arg("--port").arg(port.to_string());
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // Anvil keeps the states of older blocks below the home folder, gigabytes of them, and leaves them there.
        command.env("HOME", log.parent().unwrap_or(Path::new(".")));
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let mut running = Self { child, port, ready: Duration::ZERO };
        while running.first_answer().is_err() {
            if let Some(status) = running.child.try_wait()? {
                bail!("{command:?} ended with {status}: {}", read_to_string(log)?);
            }
            if started.elapsed() > START_TIMEOUT {
                bail!("{command:?} does not answer: {}", read_to_string(log)?);
            }
            std::thread::sleep(POLL);
        }
        running.ready = started.elapsed();
        Ok(running)
    }

    fn first_answer(&self) -> Result<()> {
        self.client()?.call("eth_chainId", json!([])).map(drop)
    }

    /// A new connection.
    ///
    /// # Errors
    /// The node is gone.
    pub fn client(&self) -> Result<Client> {
        Client::connect(self.port)
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Memory in use now and at most, in MiB.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn memory_mib(&self) -> Result<(f64, f64)> {
        let status = read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let figure = |name: &str| -> Result<f64> {
            let line = status.lines().find(|line| line.starts_with(name)).context("no such figure")?;
            let kib: f64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
            Ok(kib / 1024.0)
        };
        Ok((figure("VmRSS:")?, figure("VmHWM:")?))
    }

    /// Processor time used so far, in seconds.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn processor_secs(&self) -> Result<f64> {
        /// Clock ticks a second, the same on every Linux.
        const TICKS: f64 = 100.0;
        let stat = read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, rest) = stat.rsplit_once(')').context("an unknown form of /proc/*/stat")?;
        let ticks: Result<Vec<f64>, _> = rest.split_whitespace().skip(11).take(2).map(str::parse).collect();
        Ok(ticks?.iter().sum::<f64>() / TICKS)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended on its own; then there is nothing to stop.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

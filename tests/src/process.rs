//! `bulwark` as a child process: started on a free port, known to be ready by its banner, stopped by signals, killed
//! when a test drops it.

use crate::rpc::Rpc;
use serde_json::Value;
use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Longest wait for a process to get ready or to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// The binary under test: `BULWARK_BIN`, or the one beside this test in the target directory, where `cargo test` at
/// the root puts it.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("BULWARK_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let path = profile.join("bulwark");
    assert!(path.is_file(), "{} is missing: run `cargo build`, or set BULWARK_BIN", path.display());
    path
}

/// A command line of the binary, free of our variables in the environment.
pub fn bulwark(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    plain(Command::new(binary()), arguments)
}

fn plain(mut command: Command, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BULWARK_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a process ended and what it wrote.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The exit code; panics after a signal.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    /// The line that says what was wrong. Panics unless standard error is one `error:` line and at most one of help.
    pub fn error(&self) -> &str {
        let lines: Vec<&str> = self.stderr.lines().collect();
        let helped = lines.len() == 1 || (lines.len() == 2 && lines[1].starts_with("  help: "));
        assert!(helped && lines[0].starts_with("error: "), "not one line of error: {self:?}");
        lines[0]
    }
}

/// Runs a command line to its end.
pub fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
    end(bulwark(arguments))
}

/// Runs a command to its end.
pub fn end(mut command: Command) -> Ended {
    let output = command.output().expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ended { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A running `bulwark dev`, or anything else that prints its banner as a line of JSON.
#[derive(Debug)]
pub struct Bulwark {
    child: Child,
    /// The banner.
    pub banner: Value,
    stdout: Option<JoinHandle<String>>,
    stderr: Arc<Mutex<String>>,
    stderr_reader: Option<JoinHandle<()>>,
}

impl Bulwark {
    /// Starts `bulwark dev --json` on a free port with more flags.
    pub fn dev(flags: &[&str]) -> Self {
        Self::try_dev(flags).unwrap_or_else(|ended| panic!("bulwark dev {flags:?} did not start: {ended:?}"))
    }

    /// The same, for a start that may fail.
    pub fn try_dev(flags: &[&str]) -> Result<Self, Ended> {
        Self::start(bulwark(["dev", "--json", "--port", "0"].iter().chain(flags)))
    }

    /// The same with a bound on the size of any file it writes, in KiB: a disk that is full.
    pub fn try_dev_within(kib: u64, flags: &[&str]) -> Result<Self, Ended> {
        Self::limited(&format!("trap '' XFSZ; ulimit -f {kib}"), flags)
    }

    /// The same with so many file descriptors to begin with; it may ask for more.
    pub fn dev_with_files(count: u64, flags: &[&str]) -> Self {
        let started = Self::limited(&format!("ulimit -Sn {count}"), flags);
        started.unwrap_or_else(|ended| panic!("bulwark dev {flags:?} did not start: {ended:?}"))
    }

    /// Starts it after a command of the shell that limits it.
    fn limited(limit: &str, flags: &[&str]) -> Result<Self, Ended> {
        let mut shell = Command::new("bash");
        shell.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(binary());
        Self::start(plain(shell, ["dev", "--json", "--port", "0"].iter().chain(flags)))
    }

    /// Starts a command that prints a banner.
    pub fn start(mut command: Command) -> Result<Self, Ended> {
        let mut child = command.spawn().expect("the binary starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let errors = Arc::new(Mutex::new(String::new()));
        let stderr_reader = Some(collect(child.stderr.take().expect("piped"), errors.clone()));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("output is UTF-8");
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            // What is read up to a kill counts.
            let _ = stdout.read_to_string(&mut rest);
            rest
        });
        let banner = serde_json::from_str(&line).unwrap_or(Value::Null);
        let started = Self { child, banner, stdout: Some(rest), stderr: errors, stderr_reader };
        if started.banner["rpc"].is_string() { Ok(started) } else { Err(started.wait()) }
    }

    /// A client of its port.
    pub fn rpc(&self) -> Rpc {
        Rpc::new(self.url())
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        self.banner["rpc"].as_str().expect("a banner with rpc")
    }

    /// Process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("it was ours");
    }

    /// Asks it to end with a signal (`TERM`, `INT`) and waits until it has.
    pub fn signal(self, name: &str) -> Ended {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status();
        assert!(sent.expect("kill runs").success(), "the process was gone already");
        self.wait()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_some()
    }

    /// Waits until it ends by itself.
    pub fn wait(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("it is ours") {
                Some(status) => break status,
                None if begun.elapsed() > PATIENCE => {
                    panic!("it does not end: {}", self.stderr.lock().unwrap())
                }
                None => std::thread::park_timeout(Duration::from_millis(2)),
            }
        };
        let stdout = self.stdout.take().expect("waited for once").join().expect("the reader runs");
        self.stderr_reader.take().expect("waited for once").join().expect("the reader runs");
        let stderr = self.stderr.lock().unwrap().clone();
        Ended { status, stdout, stderr }
    }
}

fn collect(from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut text = into.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    })
}

impl Drop for Bulwark {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

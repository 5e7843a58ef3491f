//! A chain and its server, from start to clean end: what `dev`, `node` and `demo` have in common. Which chain and which
//! server is theirs to say.

use crate::{cli, descriptors, failure::Failure, remote::preferences, state_file::StateFile, telemetry};
use chain::{Chain, Config, Dump};
use rpc::{AlertConfig, AlertRule, Limits, Mode, Server, ServerConfig};
use std::{
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Longest time that open connections may delay the end.
const SERVER_PATIENCE: Duration = Duration::from_secs(2);

/// Signals within this time are one request: shells and `timeout` send theirs to the process and to its group.
const SAME_REQUEST: Duration = Duration::from_millis(500);

/// Where and for whom to serve.
#[derive(Debug)]
pub struct Serving {
    /// Address or name to listen on.
    pub host: String,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// What is offered.
    pub mode: Mode,
    /// Web pages that may call.
    pub allow_origins: Vec<String>,
    /// Host names besides loopback.
    pub allow_hosts: Vec<String>,
    /// Whether calls from web pages are refused.
    pub no_cors: bool,
    /// What clients may ask for.
    pub limits: Limits,
    /// What is watched from the start.
    pub alerts: Vec<AlertRule>,
}

/// The usual limits, with those that are set as `name=value`.
///
/// # Errors
/// A name that is none, or a value that cannot be.
pub fn limits(settings: &[String]) -> Result<Limits, Failure> {
    let mut limits = Limits::default();
    for setting in settings {
        limits.set(setting).map_err(|error| Failure::usage(error).help("docs/limits.md lists all limits"))?;
    }
    Ok(limits)
}

/// A chain that produces blocks and answers calls.
pub struct Running {
    /// The chain.
    pub chain: Chain,
    server: Server,
    /// Where the state is written at the end.
    state_file: Option<StateFile>,
}

impl Running {
    /// Opens the chain and serves it.
    ///
    /// # Errors
    /// In one line, what is wrong with genesis, data directory, address or port.
    pub async fn start(config: Config, serving: Serving) -> Result<Self, Failure> {
        Self::start_from(config, serving, None, None).await
    }

    /// The same, with the state of a dump before the first call is answered, and a file for the state at the end.
    ///
    /// # Errors
    /// Also: a directory that already holds blocks, or a dump that cannot be taken over.
    pub async fn start_from(
        config: Config,
        serving: Serving,
        dump: Option<Dump>,
        state_file: Option<StateFile>,
    ) -> Result<Self, Failure> {
        let metrics = telemetry::start_metrics()?;
        let mut limits = serving.limits;
        descriptors::make_room(&mut limits);
        if let Some(directory) = &config.data_dir {
            std::fs::create_dir_all(directory).map_err(|error| {
                let shown = directory.display();
                Failure::new(format!("cannot make data directory {shown}: {error}"))
                    .help("name a directory that this user may write")
            })?;
        }
        let directory = config.data_dir.clone();
        let opened = tokio::task::spawn_blocking(move || Chain::open(config)).await;
        let opened = opened.map_err(|error| Failure::new(format!("opening the chain: {error}")))?;
        let chain = opened.map_err(Failure::new)?;
        if let Some(dump) = dump
            && let Err(failure) = take_over(&chain, dump).await
        {
            close(chain).await;
            return Err(failure);
        }
        let server = ServerConfig {
            host: serving.host,
            port: serving.port,
            mode: serving.mode,
            allow_origins: serving.allow_origins,
            allow_hosts: serving.allow_hosts,
            cors: !serving.no_cors,
            limits,
            metrics: Some(metrics),
            client_version: format!("bulwark/{}", client_version()),
            pages: Some(web::routes(preferences::names)),
            alerts: AlertConfig { directory, rules: serving.alerts, ..AlertConfig::default() },
        };
        match rpc::serve(chain.clone(), server).await {
            Ok(server) => Ok(Self { chain, server, state_file }),
            Err(error) => {
                close(chain).await;
                Err(Failure::new(error))
            }
        }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Where people reach the server.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Serves until a signal asks for the end or the chain cannot go on; then ends cleanly.
    ///
    /// # Errors
    /// Why the chain could not go on.
    pub async fn until_end(self, signals: &mut Signals) -> Result<(), Failure> {
        let chain = self.chain.clone();
        let failed = tokio::select! {
            name = signals.next() => {
                tracing::info!(signal = name, "ending");
                None
            }
            reason = chain.failed() => Some(reason),
        };
        tokio::select! {
            ended = self.end() => ended?,
            () = hurry() => return Err(Failure::interrupted()),
        }
        failed.map_or(Ok(()), |reason| Err(stopped(&reason)))
    }

    /// Ends cleanly: no more calls, the block under way finished, the database closed.
    pub async fn stop(self) {
        if let Err(failure) = self.end().await {
            tracing::error!("{}", failure.message());
        }
    }

    /// The same, and says whether the state could be written.
    async fn end(self) -> Result<(), Failure> {
        if tokio::time::timeout(SERVER_PATIENCE, self.server.stop()).await.is_err() {
            tracing::warn!("connections were still open after {} s; closing them", SERVER_PATIENCE.as_secs());
        }
        let written = match self.state_file {
            Some(file) => {
                let chain = self.chain.clone();
                let written = tokio::task::spawn_blocking(move || file.write(&chain, true)).await;
                written.unwrap_or_else(|error| Err(Failure::new(format!("writing the state: {error}"))))
            }
            None => Ok(()),
        };
        close(self.chain).await;
        written
    }
}

async fn take_over(chain: &Chain, dump: Dump) -> Result<(), Failure> {
    let head = chain.view().head();
    if head > 0 {
        return Err(Failure::usage(format!("the data directory already holds a chain, at block {head}"))
            .help("load the state into a new directory, or start without --load-state to go on"));
    }
    chain.restore(dump).await.map_err(Failure::new)
}

/// Resolves when the user asks for the end once more. Nothing acknowledged is lost by not waiting: what was acknowledged
/// is durable already.
async fn hurry() {
    tokio::time::sleep(SAME_REQUEST).await;
    match Signals::listen() {
        Ok(mut signals) => drop(signals.next().await),
        Err(_) => std::future::pending().await,
    }
}

/// Why the chain could not go on, for the user.
pub fn stopped(reason: &str) -> Failure {
    Failure::new(format!("block production stopped: {reason}"))
}

async fn close(chain: Chain) {
    if let Err(error) = tokio::task::spawn_blocking(move || chain.stop()).await {
        tracing::error!(%error, "the chain did not close cleanly");
    }
}

/// Version, commit and platform, as Ethereum clients name themselves.
fn client_version() -> String {
    format!("v{}-{}/{}", env!("CARGO_PKG_VERSION"), env!("BULWARK_COMMIT"), env!("BULWARK_TARGET"))
}

/// Ctrl-C and SIGTERM.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to listen; from here on these signals no longer end the process by themselves.
    ///
    /// # Errors
    /// The system's refusal.
    pub fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::new(format!("cannot listen for signals: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// The next signal's name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// Runs a command's future on a runtime of its own.
///
/// # Errors
/// The command's, or the system gave no threads.
pub fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let done = runtime.block_on(command);
    // Idle clients must not keep a process alive whose work is done.
    runtime.shutdown_timeout(Duration::from_millis(200));
    done
}

/// The wall clock in seconds since 1970.
pub fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The version line of a banner.
pub fn named() -> String {
    format!("Bulwark {}", cli::VERSION)
}

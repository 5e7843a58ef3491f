//! `bulwark node`: a durable node of a real network. Genesis and data directory are stated, never assumed; it signs
//! nothing and offers no control of time.

use crate::{
    alerts,
    cli::NodeArgs,
    failure::Failure,
    running::{self, Running, Serving, Signals},
    settings::{self, Settings},
    telemetry,
};
use chain::{Config, Mining, genesis::Genesis};
use rpc::Mode;
use state::History;
use std::time::{Duration, Instant};

/// Runs until Ctrl-C or SIGTERM.
///
/// # Errors
/// What kept it from starting, or from going on.
pub fn run(args: &NodeArgs, started: Instant) -> Result<(), Failure> {
    let settings = settings::load(&args.sources)?.settings;
    telemetry::start_logs(settings.log_format, &settings.log)?;
    running::block_on(serve(&settings, started))
}

async fn serve(settings: &Settings, started: Instant) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let config = config(settings)?;
    let running = Running::start(config, serving(settings)?).await?;
    let genesis = running.chain.genesis();
    tracing::info!(
        rpc = running.url(),
        chain_id = genesis.chain_id,
        genesis = %genesis.identity(),
        preset = %genesis.preset,
        rules = %genesis.params.rules,
        head = running.chain.view().head(),
        ready_ms = started.elapsed().as_millis(),
        "{} is ready",
        running::named(),
    );
    running.until_end(&mut signals).await
}

/// Reads the genesis file; what nothing reads in it is logged.
///
/// # Errors
/// A file that cannot be read, or that cannot start a chain.
pub fn genesis(settings: &Settings) -> Result<(Genesis, Vec<String>), Failure> {
    let path = settings.genesis()?;
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read genesis file {}: {error}", path.display()))
            .help("bulwark config genesis --dev prints one to start from")
    })?;
    Genesis::from_json(&text).map_err(|error| {
        Failure::usage(format!("{}: {}", path.display(), error.to_string().replacen("genesis file: ", "", 1)))
    })
}

fn config(settings: &Settings) -> Result<Config, Failure> {
    let (genesis, warnings) = genesis(settings)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let slot = Duration::from_secs(genesis.params.slot_secs);
    Ok(Config {
        data_dir: Some(settings.data_dir()?.to_path_buf()),
        history: settings.prune.map_or(History::All, History::Last),
        mining: Mining::Interval(settings.block_time()?.unwrap_or(slot)),
        pool: chain::PoolLimits::default(),
        audit: settings.audit,
        genesis,
    })
}

fn serving(settings: &Settings) -> Result<Serving, Failure> {
    Ok(Serving {
        host: settings.host.clone(),
        port: settings.port,
        mode: Mode::Node,
        allow_origins: settings.allow_origin.clone(),
        allow_hosts: settings.allow_host.clone(),
        no_cors: settings.no_cors,
        limits: running::limits(&settings.limit)?,
        alerts: alerts::configured(settings.alerts.as_deref())?,
    })
}

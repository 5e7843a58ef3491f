//! `bulwark dev`: a chain for development, with funded accounts and control of time. In memory unless told where to keep
//! it; never a way to run a network.

use crate::{
    accounts, alerts,
    banner::Banner,
    blocks,
    cli::DevArgs,
    commands,
    failure::Failure,
    running::{self, Running, Serving, Signals},
    state_file::{self, StateFile},
    telemetry,
};
use alloy_signer_local::PrivateKeySigner;
use chain::{
    Config, Dump, Mining,
    genesis::{DevOptions, Genesis, GenesisError},
};
use rpc::Mode;
use state::History;
use std::time::{Duration, Instant};

/// Runs until Ctrl-C.
///
/// # Errors
/// What kept it from starting, or from going on.
pub fn run(args: &DevArgs, started: Instant) -> Result<(), Failure> {
    telemetry::start_logs(args.logs.log_format, &args.logs.log)?;
    running::block_on(serve(args, started))
}

async fn serve(args: &DevArgs, started: Instant) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let accounts = accounts::derive(&args.mnemonic, args.accounts)?;
    let dump = beginning(args)?;
    let mut config = config(args, &accounts)?;
    let slot = config.genesis.params.slot_secs;
    if let (Some(begun), None) = (dump.as_ref().and_then(|dump| dump.genesis_time(slot)), args.timestamp) {
        config.genesis.timestamp = begun;
    }
    let mining = config.mining;
    let mode = Mode::Dev { signers: accounts.clone() };
    let file = args.state.as_deref().or(args.dump_state.as_deref()).map(StateFile::at).transpose()?;
    let running = Running::start_from(config, serving(args, mode)?, dump, file.clone()).await?;
    if args.no_mining || args.block_time.is_some() {
        // What is asked for now counts, whatever the state was dumped with.
        running.chain.set_mining(mining).await.map_err(Failure::new)?;
    }
    if args.auto_impersonate {
        running.chain.turn(|dials| dials.impersonate_all = true).await.map_err(Failure::new)?;
    }
    let (blocks, head) = (running.chain.subscribe(), running.chain.view().head());
    announce(args, &accounts, &running, started)?;
    if !args.silent {
        tokio::spawn(blocks::print(running.chain.clone(), blocks, head, args.json));
    }
    if let Some(file) = file {
        tokio::spawn(file.keep_written(running.chain.clone(), Duration::from_secs(args.state_interval)));
    }
    running.until_end(&mut signals).await
}

/// The state to begin with. A file to begin with must exist; one that is also written need not yet.
fn beginning(args: &DevArgs) -> Result<Option<Dump>, Failure> {
    if let Some(path) = &args.state {
        return state_file::read(path, args.chain_id);
    }
    let Some(path) = &args.load_state else { return Ok(None) };
    match state_file::read(path, args.chain_id)? {
        Some(dump) => Ok(Some(dump)),
        None => Err(Failure::usage(format!("there is no state file {}", path.display()))
            .help("--state begins without one and writes it at the end")),
    }
}

fn announce(
    args: &DevArgs,
    accounts: &[PrivateKeySigner],
    running: &Running,
    started: Instant,
) -> Result<(), Failure> {
    let genesis = running.chain.genesis();
    let first = accounts.first().and_then(|account| genesis.alloc.get(&account.address()));
    let banner = Banner {
        args,
        params: &genesis.params,
        address: running.address(),
        accounts,
        first_nonce: first.map_or(0, |account| account.nonce),
        head: running.chain.view().head(),
        took: started.elapsed(),
    };
    match (args.json, args.silent) {
        (true, _) => commands::print(&format!("{}\n", banner.json())),
        (false, false) => commands::print(&format!("{}\n", banner.text())),
        (false, true) => Ok(()),
    }
}

/// The genesis of a development chain.
///
/// # Errors
/// A number that no chain can run with.
pub fn genesis(args: &DevArgs, accounts: &[PrivateKeySigner]) -> Result<Genesis, Failure> {
    let genesis = Genesis::dev(&DevOptions {
        chain_id: args.chain_id,
        preset: args.preset,
        rules: args.rules,
        accounts: accounts
            .iter()
            .map(|account| (account.address(), args.balance))
            .chain(args.fund_accounts.iter().copied())
            .collect(),
        gas_limit: args.gas_limit,
        timestamp: args.timestamp.unwrap_or_else(running::now_secs),
        base_fee: args.base_fee,
    });
    match genesis.check() {
        Ok(()) => Ok(genesis),
        Err(GenesisError::Params(error)) => Err(Failure::usage(error)),
        Err(error) => Err(Failure::usage(error)),
    }
}

fn config(args: &DevArgs, accounts: &[PrivateKeySigner]) -> Result<Config, Failure> {
    let mining = match args.block_time {
        _ if args.no_mining => Mining::Manual,
        Some(time) => Mining::Interval(time),
        None => Mining::Instant,
    };
    Ok(Config {
        genesis: genesis(args, accounts)?,
        data_dir: args.data_dir.clone(),
        history: args.prune.map_or(History::All, History::Last),
        mining,
        pool: chain::PoolLimits::default(),
        audit: args.audit,
    })
}

fn serving(args: &DevArgs, mode: Mode) -> Result<Serving, Failure> {
    Ok(Serving {
        host: args.server.host.clone(),
        port: args.server.port,
        mode,
        allow_origins: args.server.allow_origin.clone(),
        allow_hosts: args.server.allow_host.clone(),
        no_cors: args.server.no_cors,
        limits: running::limits(&args.server.limit)?,
        alerts: alerts::configured(args.server.alerts.as_deref())?,
    })
}

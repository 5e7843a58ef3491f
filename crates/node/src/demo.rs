//! `bulwark demo`: the stake of 349 real operators on a chain of its own, by genuine signed transactions through the
//! public RPC, told in nine short chapters, read back and checked to the wei. Then the chain goes on, with some traffic.

mod cast;
mod chapters;
mod check;
mod client;
mod promise;
mod script;
mod security;
mod slash;
mod story;
mod summary;
mod table;
mod traffic;

use crate::{
    accounts,
    cli::DemoArgs,
    commands,
    failure::Failure,
    running::{self, Running, Serving, Signals},
    telemetry, text,
};
use alloy_primitives::U256;
use alloy_signer_local::PrivateKeySigner;
use cast::{Cast, Player};
use chain::{
    Config, Mining,
    genesis::{DevOptions, Genesis},
};
use client::Client;
use rpc::Mode;
use state::History;
use std::time::Instant;
use story::Story;
use table::Graph;
use types::{Preset, Rules};

/// Where the demo listens unless told otherwise and taken.
const PORT: u16 = 8545;

/// Dev accounts of the demo's chain; account 0 pays everybody's gas.
const ACCOUNTS: u32 = 10;

/// Ether of each dev account.
const BALANCE_ETHER: u64 = 10_000;

/// Tells the story; then serves until Ctrl-C, unless `--exit`.
///
/// # Errors
/// What kept the story from being told, or the first figure that differs from the input.
pub fn run(args: &DemoArgs, started: Instant) -> Result<(), Failure> {
    telemetry::start_logs(args.logs.log_format, &args.logs.log)?;
    running::block_on(perform(args, started))
}

async fn perform(args: &DemoArgs, started: Instant) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let graph = Graph::read()?;
    let cast = Cast::draw(&graph, args.seed)?;
    let accounts = accounts::derive(accounts::TEST_MNEMONIC, ACCOUNTS)?;
    let running = start(args, &accounts).await?;
    let mut story = Story::new(args.json);
    let told = tokio::select! {
        told = tell(args, &running, &graph, &cast, &accounts, &mut story, started) => told,
        reason = running.chain.failed() => Err(running::stopped(&reason)),
        _ = signals.next() => Err(Failure::interrupted()),
    };
    let client = match told {
        Ok(client) if !args.exit => client,
        ended => {
            running.stop().await;
            return ended.map(drop);
        }
    };
    story.goes_on(&running.url());
    let traffic = tokio::spawn(async move { traffic::run(client, cast, story).await });
    let ended = running.until_end(&mut signals).await;
    traffic.abort();
    ended
}

async fn tell(
    args: &DemoArgs,
    running: &Running,
    graph: &Graph,
    cast: &Cast,
    accounts: &[PrivateKeySigner],
    story: &mut Story,
    started: Instant,
) -> Result<Client, Failure> {
    let params = running.chain.params().clone();
    story.opening(&running.url(), &params, started.elapsed());
    let client = Client::connect(running.address()).await?;
    let payer = accounts.first().ok_or_else(|| Failure::new("the demo has no account to pay from"))?;
    let payer = Player { address: payer.address(), signer: payer.clone() };
    let record =
        chapters::Stage { client: &client, graph, cast, payer, params, seed: args.seed }.play(story).await?;
    let report = summary::Report {
        graph,
        cast,
        record: &record,
        seed: args.seed,
        url: running.url(),
        took: started.elapsed(),
    };
    story.closing(&report, args.exit);
    if args.json {
        commands::print(&format!("{}\n", report.json()))?;
    }
    Ok(client)
}

/// Starts the demo's chain: on the port asked for, or on 8545, or where that is taken on a free one.
async fn start(args: &DemoArgs, accounts: &[PrivateKeySigner]) -> Result<Running, Failure> {
    let port = args.port.unwrap_or(if port_is_free(PORT) { PORT } else { 0 });
    let serving = Serving {
        host: "127.0.0.1".into(),
        port,
        mode: Mode::Dev { signers: accounts.to_vec() },
        allow_origins: Vec::new(),
        allow_hosts: Vec::new(),
        no_cors: false,
        limits: rpc::Limits::default(),
        alerts: Vec::new(),
    };
    Running::start(config(accounts), serving).await
}

fn port_is_free(port: u16) -> bool {
    std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn config(accounts: &[PrivateKeySigner]) -> Config {
    let balance = text::ETHER.saturating_mul(U256::from(BALANCE_ETHER));
    let genesis = Genesis::dev(&DevOptions {
        chain_id: 31_337,
        preset: Preset::Fast,
        rules: Rules::Mainnet,
        accounts: accounts.iter().map(|account| (account.address(), balance)).collect(),
        gas_limit: None,
        timestamp: running::now_secs(),
        base_fee: None,
    });
    Config {
        genesis,
        data_dir: None,
        history: History::All,
        mining: Mining::Instant,
        pool: chain::PoolLimits::default(),
        audit: false,
    }
}

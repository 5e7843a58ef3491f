//! `bulwark strategy`: the boxes that hold one token each: which there are, making one, stopping one, limits.

use crate::{
    failure::Failure,
    remote::{
        amount::Amount,
        args::{ReadArgs, SendArgs},
        client,
        send::Step,
        session::{Session, Strategy},
        show,
    },
};
use alloy_primitives::U256;
use clap::{Args, Subcommand};
use serde_json::json;
use types::{
    abi::{IPausable, IStrategyFactory, IStrategyTvlLimits},
    addresses::STRATEGY_FACTORY,
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum StrategyCommand {
    /// All strategies
    List {
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// One strategy
    Show {
        /// Its token's symbol, or its address
        strategy: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Make the strategy of a token
    Create {
        /// The token: its address or name
        token: String,
        /// How to send.
        #[command(flatten)]
        send: SendArgs,
    },
    /// Stop deposits, withdrawals, or both; the unpauser starts them again
    Pause(PauseArgs),
    /// What a strategy takes at most; sets it if amounts are given
    Limits(LimitArgs),
}

/// `bulwark strategy pause`.
#[derive(Args, Debug)]
pub struct PauseArgs {
    /// Its token's symbol, or its address
    pub strategy: String,
    /// What to stop [default: everything]
    #[arg(long, value_parser = ["deposits", "withdrawals"])]
    pub only: Option<String>,
    /// Start everything again
    #[arg(long, conflicts_with = "only")]
    pub end: bool,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark strategy limits`.
#[derive(Args, Debug)]
pub struct LimitArgs {
    /// Its token's symbol, or its address
    pub strategy: String,
    /// Most that one deposit may bring
    #[arg(requires = "total")]
    pub per_deposit: Option<Amount>,
    /// Most that the strategy may hold
    pub total: Option<Amount>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &StrategyCommand) -> Result<(), Failure> {
    match command {
        StrategyCommand::List { read } => list(read),
        StrategyCommand::Show { strategy, read } => one(strategy, read),
        StrategyCommand::Create { token, send } => create(token, send),
        StrategyCommand::Pause(args) => pause(args),
        StrategyCommand::Limits(args) => limits(args),
    }
}

fn list(read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let all = session.strategies()?;
    let rows: Vec<_> = all.iter().map(|it| it.row.clone()).collect();
    session.answer(json!({ "items": rows, "next": null }), |_| {
        let row = |it: &Strategy| {
            vec![
                it.unit.symbol.clone(),
                it.address.to_checksum(None),
                held(it),
                show::yes(it.field("isOpenForDeposits")),
            ]
        };
        let rows: Vec<Vec<String>> = all.iter().map(row).collect();
        Ok(show::table_or(&["token", "strategy", "holds", "open"], &rows, "no strategies"))
    })
}

fn held(strategy: &Strategy) -> String {
    client::amount(strategy.field("totalTokens")).map_or_else(|_| "-".into(), |it| strategy.unit.show(it))
}

fn one(name: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let strategy = session.strategy(name)?;
    let paused = session.client.view(strategy.address, &IPausable::paused_0Call {});
    let stopped = match paused.map(|bits| bits.as_limbs()[0] & 3) {
        Ok(0) => "nothing",
        Ok(1) => "deposits",
        Ok(2) => "withdrawals",
        Ok(_) => "deposits and withdrawals",
        Err(_) => "unknown",
    };
    let mut row = strategy.row.clone();
    client::put(&mut row, "paused", json!(stopped));
    session.answer(row, |_| {
        Ok(show::fields(&[
            ("strategy", strategy.address.to_checksum(None)),
            ("token", format!("{} {}", strategy.unit.symbol, strategy.token.to_checksum(None))),
            ("holds", held(&strategy)),
            ("open", show::yes(strategy.field("isOpenForDeposits"))),
            ("paused", stopped.to_owned()),
        ]))
    })
}

fn create(token: &str, send: &SendArgs) -> Result<(), Failure> {
    let session = Session::open(&send.read)?;
    let from = session.sender(send)?;
    let token = session.address(token)?;
    let call = IStrategyFactory::deployNewStrategyCall { token };
    let step = Step::call(format!("make the strategy of {}", session.name(token)), STRATEGY_FACTORY, &call);
    session.perform(send, &from, &[step]).map(|_| ())
}

fn pause(args: &PauseArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let strategy = session.strategy(&args.strategy)?;
    let (at, symbol) = (strategy.address, &strategy.unit.symbol);
    let step = if args.end {
        Step::call(
            format!("start {symbol} again"),
            at,
            &IPausable::unpauseCall { newPausedStatus: U256::ZERO },
        )
    } else if let Some(only) = &args.only {
        let bit = if only == "deposits" { 1 } else { 2 };
        let now = session.client.view(at, &IPausable::paused_0Call {})?;
        let call = IPausable::pauseCall { newPausedStatus: now | U256::from(bit) };
        Step::call(format!("stop {only} of {symbol}"), at, &call)
    } else {
        Step::call(format!("stop everything of {symbol}"), at, &IPausable::pauseAllCall {})
    };
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn limits(args: &LimitArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let strategy = session.strategy(&args.strategy)?;
    let unit = &strategy.unit;
    let limits = session.client.view(strategy.address, &IStrategyTvlLimits::getTVLLimitsCall {});
    let (Some(per_deposit), Some(total)) = (&args.per_deposit, &args.total) else {
        let Ok(limits) = limits else {
            let none =
                json!({ "strategy": strategy.address, "maxPerDeposit": null, "maxTotalDeposits": null });
            return session.answer(none, |_| Ok(format!("{} has no limits", unit.symbol)));
        };
        let (each, all) = (limits._0, limits._1);
        let answer = json!({
            "strategy": strategy.address, "maxPerDeposit": each.to_string(), "maxTotalDeposits": all.to_string(),
        });
        return session.answer(answer, |_| {
            Ok(show::fields(&[("one deposit", unit.show(each)), ("in all", unit.show(all))]))
        });
    };
    if limits.is_err() {
        return Err(Failure::new(format!("the strategy of {} knows no limits", unit.symbol)));
    }
    let from = session.sender(&args.send)?;
    let (each, all) = (per_deposit.of(unit, U256::MAX)?, total.of(unit, U256::MAX)?);
    let call = IStrategyTvlLimits::setTVLLimitsCall { newMaxPerDeposit: each, newMaxTotalDeposits: all };
    let title = format!("limit {} to {} a deposit, {} in all", unit.symbol, unit.show(each), unit.show(all));
    session.perform(&args.send, &from, &[Step::call(title, strategy.address, &call)]).map(|_| ())
}

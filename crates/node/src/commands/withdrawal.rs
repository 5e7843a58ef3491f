//! `bulwark withdrawal`: taking stake out: queue it, see when it can be completed, complete it. `plan` says what a
//! withdrawal would pay and when, before anything is queued.

use crate::{
    failure::Failure,
    remote::{
        amount::Amount,
        args::{ReadArgs, SendArgs},
        client,
        send::Step,
        session::Session,
        show,
    },
    text,
};
use alloy_primitives::{Address, B256, U256};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use types::{
    abi::{IDelegationManager, IStrategy},
    addresses::DELEGATION_MANAGER,
};

/// Columns of a list of withdrawals.
pub const HEADER: [&str; 4] = ["root", "pays", "slashable until", "complete from"];

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum WithdrawalCommand {
    /// Begin to take stake out
    Queue(QueueArgs),
    /// Take out what has waited long enough
    Complete(CompleteArgs),
    /// All withdrawals of a staker, the newest first
    List(ListArgs),
    /// What a withdrawal would pay, and when, without queueing it
    Plan(PlanArgs),
}

/// `bulwark withdrawal queue`.
#[derive(Args, Debug)]
pub struct QueueArgs {
    /// How much, in tokens: 10TEST, 50%, all
    #[arg(value_name = "AMOUNT")]
    pub amount: Amount,
    /// Of which strategy [default: by the amount's symbol]
    #[arg(value_name = "STRATEGY")]
    pub strategy: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark withdrawal complete`.
#[derive(Args, Debug)]
pub struct CompleteArgs {
    /// Roots, or the first digits of one [default: all that have waited long enough]
    #[arg(value_name = "ROOT")]
    pub roots: Vec<String>,
    /// Put the stake back as shares instead of taking tokens
    #[arg(long)]
    pub as_shares: bool,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark withdrawal list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// The staker
    #[arg(value_name = "STAKER")]
    pub staker: String,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `bulwark withdrawal plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// The staker
    #[arg(value_name = "STAKER")]
    pub staker: String,
    /// How much, in tokens: 10TEST, 50%, all
    #[arg(value_name = "AMOUNT")]
    pub amount: Amount,
    /// Of which strategy [default: by the amount's symbol]
    #[arg(value_name = "STRATEGY")]
    pub strategy: Option<String>,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &WithdrawalCommand) -> Result<(), Failure> {
    match command {
        WithdrawalCommand::Queue(args) => queue(args),
        WithdrawalCommand::Complete(args) => complete(args),
        WithdrawalCommand::List(args) => list(args),
        WithdrawalCommand::Plan(args) => plan(args),
    }
}

/// What is to be taken out.
struct Wanted {
    strategy: Address,
    /// Deposit shares, as the contract takes them.
    deposit_shares: U256,
    /// What they are worth now, in words.
    worth: String,
}

/// Translates an amount of tokens into the deposit shares that pay it.
fn wanted(
    session: &Session,
    staker: Address,
    amount: &Amount,
    strategy: Option<&str>,
) -> Result<Wanted, Failure> {
    let strategy = session.strategy_for(strategy, amount)?;
    let call = IDelegationManager::getWithdrawableSharesCall { staker, strategies: vec![strategy.address] };
    let held = session.client.view(DELEGATION_MANAGER, &call)?;
    let first = |list: &[U256]| list.first().copied().unwrap_or_default();
    let (withdrawable, deposited) = (first(&held.withdrawableShares), first(&held.depositShares));
    let worth = |shares: U256| {
        session.client.view(strategy.address, &IStrategy::sharesToUnderlyingViewCall { amountShares: shares })
    };
    let all = worth(withdrawable)?;
    let tokens = amount.of(&strategy.unit, all)?;
    if tokens > all || withdrawable.is_zero() {
        return Err(Failure::new(format!(
            "{} is more than {} can take out: {}",
            strategy.unit.show(tokens),
            session.name(staker),
            strategy.unit.show(all)
        ))
        .help(format!("bulwark staker show {} tells what it has", session.name(staker))));
    }
    if tokens == all {
        return Ok(Wanted {
            strategy: strategy.address,
            deposit_shares: deposited,
            worth: strategy.unit.show(all),
        });
    }
    let call = IStrategy::underlyingToSharesViewCall { amountUnderlying: tokens };
    let shares = session.client.view(strategy.address, &call)?;
    let call = IDelegationManager::convertToDepositSharesCall {
        staker,
        strategies: vec![strategy.address],
        withdrawableShares: vec![shares],
    };
    let deposit_shares = first(&session.client.view(DELEGATION_MANAGER, &call)?);
    Ok(Wanted { strategy: strategy.address, deposit_shares, worth: strategy.unit.show(tokens) })
}

fn queue(args: &QueueArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let wanted = wanted(&session, from.address, &args.amount, args.strategy.as_deref())?;
    let params = IDelegationManager::QueuedWithdrawalParams {
        strategies: vec![wanted.strategy],
        depositShares: vec![wanted.deposit_shares],
        __deprecated_withdrawer: Address::ZERO,
    };
    let call = IDelegationManager::queueWithdrawalsCall { params: vec![params] };
    let step = Step::call(format!("queue {} for withdrawal", wanted.worth), DELEGATION_MANAGER, &call)
        .warned([session.warn_of_queue()?]);
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn plan(args: &PlanArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let staker = session.address(&args.staker)?;
    let wanted = wanted(&session, staker, &args.amount, args.strategy.as_deref())?;
    let call = IDelegationManager::minWithdrawalDelayBlocksCall {};
    let delay = session.client.view(DELEGATION_MANAGER, &call)?;
    let queued = session.client.head()?.saturating_add(1);
    let until = queued.saturating_add(u64::from(delay));
    let from = until.saturating_add(1);
    let answer = json!({
        "staker": staker, "strategy": wanted.strategy, "depositShares": wanted.deposit_shares.to_string(),
        "pays": wanted.worth, "queuedBlock": queued, "slashableUntilBlock": until, "completableBlock": from,
    });
    session.answer(answer, |_| {
        Ok(show::fields(&[
            ("pays", format!("{}, minus what is slashed until then", wanted.worth)),
            ("queued", format!("block {}, if sent now", text::grouped(queued))),
            ("slashable", format!("up to block {}", text::grouped(until))),
            (
                "complete",
                format!(
                    "from block {}, in {} blocks",
                    text::grouped(from),
                    text::grouped(delay.saturating_add(1))
                ),
            ),
        ]))
    })
}

fn withdrawals(session: &Session, staker: Address) -> Result<Vec<Value>, Failure> {
    session.client.list("restake_withdrawals", &[json!(staker)], Map::new())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let staker = session.address(&args.staker)?;
    let rows = withdrawals(&session, staker)?;
    session.answer(json!({ "items": rows, "next": null }), |_| {
        let told = |row: &Value| {
            let mut cells = self::row(&session, row);
            cells.push(row["status"].as_str().unwrap_or("queued").to_owned());
            cells
        };
        let header: Vec<&str> = HEADER.into_iter().chain(["status"]).collect();
        let cells: Vec<Vec<String>> = rows.iter().map(told).collect();
        Ok(show::table_or(&header, &cells, "no withdrawals"))
    })
}

/// A withdrawal as a row under [`HEADER`].
pub fn row(session: &Session, row: &Value) -> Vec<String> {
    let shares = match &row["withdrawableShares"] {
        Value::Null => &row["queuedShares"],
        shares => shares,
    };
    let pays =
        client::items(&row["strategies"]).iter().zip(client::items(shares)).map(|(strategy, shares)| {
            let strategy = client::address(strategy).unwrap_or_default();
            session.worth(strategy, client::amount(shares).unwrap_or_default())
        });
    let root = row["root"].as_str().unwrap_or_default();
    vec![
        root.get(..10).unwrap_or(root).to_owned(),
        pays.collect::<Vec<_>>().join(", "),
        text::grouped(&row["slashableUntilBlock"]),
        text::grouped(&row["completableBlock"]),
    ]
}

fn complete(args: &CompleteArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let all = withdrawals(&session, from.address)?;
    let chosen = chosen(&session, args, &all)?;
    let mut call = IDelegationManager::completeQueuedWithdrawalsCall {
        withdrawals: Vec::new(),
        tokens: Vec::new(),
        receiveAsTokens: Vec::new(),
    };
    let mut pays = Vec::new();
    for row in chosen {
        pays.extend(self::row(&session, row).into_iter().nth(1));
        let root: B256 = row["root"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
        let asked = IDelegationManager::queuedWithdrawalsCall { withdrawalRoot: root };
        let withdrawal = session.client.view(DELEGATION_MANAGER, &asked)?;
        let token = |strategy: &Address| session.strategy(&strategy.to_string()).map(|it| it.token);
        call.tokens.push(withdrawal.strategies.iter().map(token).collect::<Result<Vec<_>, _>>()?);
        call.withdrawals.push(withdrawal);
        call.receiveAsTokens.push(!args.as_shares);
    }
    let how = if args.as_shares { "put back as stake" } else { "take out" };
    let step = Step::call(format!("{how} {}", pays.join(", ")), DELEGATION_MANAGER, &call);
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

/// The withdrawals that are meant: those named, or all that have waited long enough.
fn chosen<'a>(session: &Session, args: &CompleteArgs, all: &'a [Value]) -> Result<Vec<&'a Value>, Failure> {
    if args.roots.is_empty() {
        let ready: Vec<&Value> = all.iter().filter(|row| row["status"] == json!("completable")).collect();
        if !ready.is_empty() {
            return Ok(ready);
        }
        let first = all.iter().filter(|row| row["status"] == json!("queued"));
        let first = first.filter_map(|row| row["completableBlock"].as_u64()).min();
        let failure = Failure::new("no withdrawal has waited long enough");
        return Err(match first {
            Some(block) => {
                let head = session.client.head()?;
                failure.help(format!("the next can be completed in block {block}; the newest is {head}"))
            }
            None => failure.help("none waits; bulwark withdrawal queue begins one"),
        });
    }
    let find = |root: &String| {
        let text = root.to_lowercase();
        let mut found = all.iter().filter(|row| row["root"].as_str().is_some_and(|it| it.starts_with(&text)));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Failure::usage(format!("the sender has no withdrawal {root}"))
                .help("bulwark withdrawal list STAKER lists them")),
            _ => {
                Err(Failure::usage(format!("several withdrawals begin with {root}"))
                    .help("write more digits"))
            }
        }
    };
    args.roots.iter().map(find).collect()
}

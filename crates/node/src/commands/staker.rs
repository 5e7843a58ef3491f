//! `bulwark staker`: putting tokens at stake, choosing an operator, leaving it, and what one has and can lose.

use super::terms::TermArgs;
use crate::{
    failure::Failure,
    remote::{
        amount::Amount,
        approval::ApprovalArgs,
        args::{ReadArgs, SendArgs},
        client,
        send::Step,
        session::{Session, Strategy},
        show,
    },
    text,
};
use alloy_primitives::Address;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use types::{
    abi::{ICovenants, IDelegationManager, IERC20, ILossNotices, IStrategyManager},
    addresses::{COVENANTS, DELEGATION_MANAGER, LOSS_NOTICES, STRATEGY_MANAGER, TEST_TOKEN},
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum StakerCommand {
    /// Put tokens at stake
    Deposit(DepositArgs),
    /// Choose an operator, for all of one's stake
    Delegate(Box<OperatorChoice>),
    /// Leave the operator: all stake is queued for withdrawal
    Undelegate(UndelegateArgs),
    /// Leave the operator for another
    Redelegate(Box<OperatorChoice>),
    /// What a staker has, what waits, and what can be lost to whom
    Show(ShowArgs),
    /// Set what any operator must promise
    Policy(PolicyArgs),
    /// Have the chain note changes of one's stake, so that `slash notice` can tell losses to the wei
    Watch(WatchArgs),
}

/// `bulwark staker deposit`.
#[derive(Args, Debug)]
pub struct DepositArgs {
    /// How much: 100TEST, 25% of what one has, all
    #[arg(value_name = "AMOUNT")]
    pub amount: Amount,
    /// Into which strategy: its token's symbol or its address [default: by the amount's symbol]
    #[arg(value_name = "STRATEGY")]
    pub strategy: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark staker delegate`, `bulwark staker redelegate`.
#[derive(Args, Debug)]
pub struct OperatorChoice {
    /// The operator
    #[arg(value_name = "OPERATOR")]
    pub operator: String,
    /// Who approves.
    #[command(flatten)]
    pub approval: ApprovalArgs,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark staker watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// No longer
    #[arg(long)]
    pub end: bool,
    /// The staker, where an appointee acts for it [default: the sender]
    #[arg(long, value_name = "WHO", help_heading = "Sending")]
    pub staker: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark staker undelegate`.
#[derive(Args, Debug)]
pub struct UndelegateArgs {
    /// Whom to undelegate, where an operator lets go of a staker [default: the sender]
    #[arg(value_name = "STAKER")]
    pub staker: Option<String>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark staker show`.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The staker
    #[arg(value_name = "STAKER")]
    pub staker: String,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `bulwark staker policy`.
#[derive(Args, Debug)]
pub struct PolicyArgs {
    /// The terms.
    #[command(flatten)]
    pub terms: TermArgs,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &StakerCommand) -> Result<(), Failure> {
    match command {
        StakerCommand::Deposit(args) => deposit(args),
        StakerCommand::Delegate(args) => choose(args, false),
        StakerCommand::Redelegate(args) => choose(args, true),
        StakerCommand::Undelegate(args) => undelegate(args),
        StakerCommand::Show(args) => show(args),
        StakerCommand::Policy(args) => policy(args),
        StakerCommand::Watch(args) => watch(args),
    }
}

fn deposit(args: &DepositArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let Strategy { address, token, unit, .. } =
        session.strategy_for(args.strategy.as_deref(), &args.amount)?;
    let held = session.client.view(token, &IERC20::balanceOfCall { account: from.address })?;
    let amount = args.amount.of(&unit, held)?;
    if amount > held {
        let (asked, who) = (unit.show(amount), session.name(from.address));
        let failure = Failure::new(format!("{asked} is more than {who} has: {}", unit.show(held)));
        return Err(match token == TEST_TOKEN {
            true => failure.help(
                "anyone may make test tokens: bulwark chain send TestToken --call mint --with WHO AMOUNT",
            ),
            false => failure,
        });
    }
    let call = IERC20::allowanceCall { owner: from.address, spender: STRATEGY_MANAGER };
    let mut steps = Vec::new();
    if session.client.view(token, &call)? < amount {
        let title = format!("let the StrategyManager take {}", unit.show(amount));
        let call = IERC20::approveCall { spender: STRATEGY_MANAGER, value: amount };
        steps.push(Step::call(title, token, &call));
    }
    let call = IStrategyManager::depositIntoStrategyCall { strategy: address, token, amount };
    let step = Step::call(format!("deposit {}", unit.show(amount)), STRATEGY_MANAGER, &call);
    // What is put in is delegated at once, if its owner is.
    let call = IDelegationManager::delegatedToCall { staker: from.address };
    let operator = session.client.view(DELEGATION_MANAGER, &call)?;
    steps.push(match operator.is_zero() {
        true => step,
        false => step.warned(session.warn_of_operator(from.address, operator)?),
    });
    session.perform(&args.send, &from, &steps).map(|_| ())
}

fn choose(args: &OperatorChoice, leaving: bool) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let operator = session.address(&args.operator)?;
    let name = session.name(operator);
    let approver =
        session.client.view(DELEGATION_MANAGER, &IDelegationManager::delegationApproverCall { operator })?;
    let approval = session.approval(&args.approval, from.address, operator, approver)?;
    let step = if leaving {
        let call = IDelegationManager::redelegateCall {
            newOperator: operator,
            newOperatorApproverSig: approval.signature,
            approverSalt: approval.salt,
        };
        Step::call(format!("leave the operator and delegate to {name}"), DELEGATION_MANAGER, &call)
    } else {
        let call = IDelegationManager::delegateToCall {
            operator,
            approverSignatureAndExpiry: approval.signature,
            approverSalt: approval.salt,
        };
        Step::call(format!("delegate to {name}"), DELEGATION_MANAGER, &call)
    };
    let step = step.warned(session.warn_of_operator(from.address, operator)?);
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn undelegate(args: &UndelegateArgs) -> Result<(), Failure> {
    let (session, from, staker) = Session::acting(&args.send, args.staker.as_deref())?;
    let title = match staker == from.address {
        true => "leave the operator and queue all stake for withdrawal".to_owned(),
        false => format!("let go of {}", session.name(staker)),
    };
    let step = Step::call(title, DELEGATION_MANAGER, &IDelegationManager::undelegateCall { staker })
        .warned([session.warn_of_queue()?]);
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn policy(args: &PolicyArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let terms = args.terms.resolve(&session)?;
    let call = ICovenants::setPolicyCall { staker: from.address, terms };
    let title = format!("demand of any operator: {}", args.terms.in_words());
    session.perform(&args.send, &from, &[Step::call(title, COVENANTS, &call)]).map(|_| ())
}

fn watch(args: &WatchArgs) -> Result<(), Failure> {
    let (session, from, staker) = Session::acting(&args.send, args.staker.as_deref())?;
    let call = ILossNotices::setWatchedCall { staker, watched: !args.end };
    let title = match args.end {
        true => "no longer note changes of the stake",
        false => "note changes of the stake, so that losses can be told to the wei",
    };
    session.perform(&args.send, &from, &[Step::call(title, LOSS_NOTICES, &call)]).map(|_| ())
}

fn show(args: &ShowArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let staker = session.address(&args.staker)?;
    let position = session.client.ask("restake_position", json!([staker]))?;
    session.answer(position, |position| told(&session, staker, position))
}

fn told(session: &Session, staker: Address, position: &Value) -> Result<String, Failure> {
    let operator = client::address(&position["operator"])?;
    let delegated = match operator.is_zero() {
        true => "nobody".to_owned(),
        false => session.name(operator),
    };
    let mut parts = vec![
        format!(
            "{} at block {}",
            show::heading(&staker.to_checksum(None)),
            position.pointer("/block/number").unwrap_or(&Value::Null)
        ),
        format!("delegates to {delegated}"),
    ];
    let holding = |row: &Value| {
        let strategy = client::address(&row["strategy"]).unwrap_or_default();
        let shares = |name: &str| {
            client::amount(&row[name]).map_or_else(|_| "-".into(), |it| session.worth(strategy, it))
        };
        vec![session.strategy_in(&row["strategy"]), shares("depositShares"), shares("withdrawableShares")]
    };
    let rows: Vec<Vec<String>> = client::items(&position["holdings"]).iter().map(holding).collect();
    parts.push(show::table_or(&["strategy", "deposited", "withdrawable"], &rows, "nothing is deposited"));
    let risks: Vec<Vec<String>> =
        client::items(&position["risks"]).iter().map(|row| risk(session, row)).collect();
    if !risks.is_empty() {
        parts.push("What can be lost, and to whom:".to_owned());
        parts.push(show::table(
            &["operator set", "now", "in the queue", "with pending", "slashed stake is"],
            &risks,
        ));
    }
    let queued: Vec<Vec<String>> =
        client::items(&position["queued"]).iter().map(|row| super::withdrawal::row(session, row)).collect();
    if !queued.is_empty() {
        parts.push("On the way out:".to_owned());
        parts.push(show::table(&super::withdrawal::HEADER, &queued));
    }
    Ok(parts.join("\n\n"))
}

fn risk(session: &Session, row: &Value) -> Vec<String> {
    let strategy = client::address(&row["strategy"]).unwrap_or_default();
    let shares = |name: &str| client::amount(&row[name]).unwrap_or_default();
    let pending = match (shares("pendingAtRiskShares"), row["effectBlock"].as_u64().unwrap_or_default()) {
        (same, _) if same == shares("atRiskShares") => String::new(),
        // The allocation is in force, but the operator is not in the set, or the set does not list the strategy.
        (other, 0) => format!("{}, once it can be slashed", session.worth(strategy, other)),
        (other, block) => format!("{} from block {}", session.worth(strategy, other), text::grouped(block)),
    };
    vec![
        session.set_in(&row["operatorSet"]),
        session.worth(strategy, shares("atRiskShares")),
        session.worth(strategy, shares("atRiskQueuedShares")),
        pending,
        if row["redistributes"] == json!(true) { "paid to the service".into() } else { "burnt".into() },
    ]
}

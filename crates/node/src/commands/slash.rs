//! `bulwark slash`: what a slash would do, doing it, and what slashes did to whom.

use crate::{
    failure::Failure,
    remote::{
        amount::Amount,
        args::{ReadArgs, SendArgs},
        client,
        names::Set,
        send::Step,
        session::Session,
        show,
    },
    text,
};
use alloy_primitives::{Address, U256};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use types::{
    abi::{IAllocationManager, ILossNotices, IStrategyManager},
    addresses::{ALLOCATION_MANAGER, LOSS_NOTICES, STRATEGY_MANAGER},
};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum SlashCommand {
    /// What a slash would take, and of whom
    Preview(PreviewArgs),
    /// Slash an operator
    Send(SlashArgs),
    /// Slashes, the newest first
    List(ListArgs),
    /// One slash, and what each staker lost
    Show {
        /// The operator set: SERVICE:NUMBER
        set: String,
        /// The slash's number in the set
        id: u64,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Pay out or burn what a slash took; anyone may
    Clear {
        /// The operator set: SERVICE:NUMBER
        set: String,
        /// The slash's number in the set
        id: u64,
        /// How to send.
        #[command(flatten)]
        send: SendArgs,
    },
    /// Write what a slash took of a staker into the log; anyone may
    Notice {
        /// The staker
        staker: String,
        /// The operator set: SERVICE:NUMBER
        set: String,
        /// The slash's number in the set
        id: u64,
        /// How to send.
        #[command(flatten)]
        send: SendArgs,
    },
}

/// What is slashed.
#[derive(Args, Debug)]
pub struct WhatArgs {
    /// The operator set: SERVICE:NUMBER
    pub set: String,
    /// The operator
    pub operator: String,
    /// How much of what is allocated to the set: 10%
    pub part: Amount,
    /// Strategies, separated by commas [default: all of the set]
    #[arg(value_delimiter = ',')]
    pub strategies: Vec<String>,
}

/// `bulwark slash preview`.
#[derive(Args, Debug)]
pub struct PreviewArgs {
    /// What.
    #[command(flatten)]
    pub what: WhatArgs,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// `bulwark slash send`.
#[derive(Args, Debug)]
pub struct SlashArgs {
    /// What.
    #[command(flatten)]
    pub what: WhatArgs,
    /// Why, for all to read
    #[arg(long, default_value = "")]
    pub reason: String,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark slash list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only of this service
    #[arg(long, value_name = "WHO")]
    pub service: Option<String>,
    /// Only of this operator
    #[arg(long, value_name = "WHO")]
    pub operator: Option<String>,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &SlashCommand) -> Result<(), Failure> {
    match command {
        SlashCommand::Preview(args) => preview(args),
        SlashCommand::Send(args) => send_slash(args),
        SlashCommand::List(args) => list(args),
        SlashCommand::Show { set, id, read } => one(set, *id, read),
        SlashCommand::Clear { set, id, send } => clear(set, *id, send),
        SlashCommand::Notice { staker, set, id, send } => notice(staker, set, *id, send),
    }
}

/// A slash that is meant.
struct Meant {
    set: Set,
    operator: Address,
    part: U256,
    strategies: Vec<Address>,
}

impl WhatArgs {
    fn resolve(&self, session: &Session) -> Result<Meant, Failure> {
        let set = session.set(&self.set)?;
        let operator = session.address(&self.operator)?;
        let part = self.part.fraction()?;
        let mut strategies = if self.strategies.is_empty() {
            let operator_set = IAllocationManager::OperatorSet { avs: set.avs, id: set.id };
            let call = IAllocationManager::getStrategiesInOperatorSetCall { operatorSet: operator_set };
            session.client.view(ALLOCATION_MANAGER, &call)?
        } else {
            let find = |name: &String| session.strategy(name).map(|it| it.address);
            self.strategies.iter().map(find).collect::<Result<Vec<_>, _>>()?
        };
        strategies.sort_unstable();
        if strategies.is_empty() {
            return Err(Failure::new(format!("{} has no strategies: nothing can be slashed", self.set))
                .help("bulwark service show SERVICE lists its sets"));
        }
        Ok(Meant { set, operator, part, strategies })
    }
}

fn preview(args: &PreviewArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let Meant { set, operator, part, strategies } = args.what.resolve(&session)?;
    let wads = vec![part.to_string(); strategies.len()];
    let request = json!({
        "operator": operator, "operatorSet": set.json(), "strategies": strategies, "wadsToSlash": wads,
    });
    let answer = session.client.ask("restake_previewSlash", json!([request]))?;
    session.answer(answer, |it| Ok(losses(&session, it, "nobody would lose anything")))
}

/// A slash's effect on the operator, and each staker's loss, in words.
fn losses(session: &Session, slash: &Value, nobody: &str) -> String {
    let part = |value: &Value| {
        client::amount(value).map_or_else(|_| "-".into(), |it| text::percent(it, crate::remote::amount::WAD))
    };
    let row = |it: &Value| {
        vec![
            session.strategy_in(&it["strategy"]),
            part(&it["wadSlashed"]),
            part(&it["maxMagnitudeBefore"]),
            part(&it["maxMagnitudeAfter"]),
        ]
    };
    let cuts: Vec<Vec<String>> = client::items(&slash["strategies"]).iter().map(row).collect();
    let table = show::table(&["strategy", "of all slashed", "left before", "left after"], &cuts);
    let words = client::items(&slash["items"]).iter().filter_map(|it| it["words"].as_str());
    let words: Vec<&str> = words.collect();
    let told = if words.is_empty() { nobody.to_owned() } else { words.join("\n") };
    let more = if slash["next"].is_null() { "" } else { "\nand others" };
    format!("{table}\n\n{told}{more}")
}

fn send_slash(args: &SlashArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let Meant { set, operator, part, strategies } = args.what.resolve(&session)?;
    let params = IAllocationManager::SlashingParams {
        operator,
        operatorSetId: set.id,
        wadsToSlash: vec![part; strategies.len()],
        strategies,
        description: args.reason.clone(),
    };
    let call = IAllocationManager::slashOperatorCall { avs: set.avs, params };
    let part = text::percent(part, crate::remote::amount::WAD);
    let title = format!("slash {part} of what {} has allocated to set {}", session.name(operator), set.id);
    let step =
        Step::call(title, ALLOCATION_MANAGER, &call).warned(["a slash cannot be taken back".to_owned()]);
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let mut filter = Map::new();
    for (key, name) in [("avs", &args.service), ("operator", &args.operator)] {
        if let Some(name) = name {
            filter.insert(key.into(), json!(session.address(name)?));
        }
    }
    let rows = session.client.list("restake_slashes", &[], filter)?;
    session.answer(json!({ "items": rows, "next": null }), |_| {
        let row = |it: &Value| {
            let id = if it["slashId"].is_null() { "-".to_owned() } else { it["slashId"].to_string() };
            let strategies: Vec<String> = client::items(&it["strategies"])
                .iter()
                .map(|it| session.strategy_in(&it["strategy"]))
                .collect();
            vec![
                text::grouped(&it["blockNumber"]),
                session.set_in(&it["operatorSet"]),
                id,
                session.name_in(&it["operator"]),
                strategies.join(", "),
                it["description"].as_str().unwrap_or_default().to_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
        Ok(show::table_or(
            &["block", "operator set", "slash", "operator", "of", "reason"],
            &rows,
            "no slashes",
        ))
    })
}

fn one(set: &str, id: u64, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let set = session.set(set)?;
    let answer = session.client.ask("restake_losses", json!([set.json(), id]))?;
    session.answer(answer, |it| {
        let head = show::fields(&[
            ("slash", format!("{} of {}", id, session.set_in(&it["operatorSet"]))),
            ("operator", session.name_in(&it["operator"])),
            ("block", text::grouped(&it["blockNumber"])),
            ("reason", it["description"].as_str().unwrap_or_default().to_owned()),
        ]);
        Ok(format!("{head}\n\n{}", losses(&session, it, "nobody lost anything")))
    })
}

fn clear(set: &str, id: u64, send: &SendArgs) -> Result<(), Failure> {
    let session = Session::open(&send.read)?;
    let from = session.sender(send)?;
    let set = session.set(set)?;
    let operator_set = IStrategyManager::OperatorSet { avs: set.avs, id: set.id };
    let slash_id = U256::from(id);
    let call = IStrategyManager::clearBurnOrRedistributableSharesCall {
        operatorSet: operator_set,
        slashId: slash_id,
    };
    let title = format!("pay out or burn what slash {id} of set {} took", set.id);
    session.perform(send, &from, &[Step::call(title, STRATEGY_MANAGER, &call)]).map(|_| ())
}

fn notice(staker: &str, set: &str, id: u64, send: &SendArgs) -> Result<(), Failure> {
    let session = Session::open(&send.read)?;
    let from = session.sender(send)?;
    let (staker, set) = (session.address(staker)?, session.set(set)?);
    let operator_set = ILossNotices::OperatorSet { avs: set.avs, id: set.id };
    let call = ILossNotices::noticeCall { staker, operatorSet: operator_set, slashId: U256::from(id) };
    let title = format!("log what slash {id} of set {} took of {}", set.id, session.name(staker));
    session.perform(send, &from, &[Step::call(title, LOSS_NOTICES, &call)]).map(|_| ())
}

//! `bulwark chain`: looking at a chain and using it plainly: blocks, transactions, calls, logs; and, on a development
//! node, mining, travelling in time, and going back.

use super::chain_call;
use crate::{
    failure::Failure,
    remote::{
        amount::{Amount, Unit},
        args::{ReadArgs, SendArgs},
        client,
        send::Step,
        session::Session,
        show,
    },
    text,
};
use alloy_primitives::{Bytes, U256};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Most blocks that are listed at once.
const MOST_BLOCKS: u64 = 1_000;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum ChainCommand {
    /// Which chain it is, how far it is, what its numbers are
    Status {
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// The newest blocks
    Blocks {
        /// How many
        #[arg(long, short, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=MOST_BLOCKS))]
        number: u64,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// A transaction: what it called, what came of it
    Tx {
        /// Its hash
        hash: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// A block, by number, hash, or latest
    Block {
        /// Which
        #[arg(default_value = "latest")]
        block: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Ask a view of a contract
    Call(chain_call::CallArgs),
    /// Send ether, or call any contract
    Send(Box<SendEtherArgs>),
    /// What contracts have written to the log
    Logs(LogArgs),
    /// Seal blocks now (development nodes)
    Mine {
        /// How many
        #[arg(default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
        blocks: u64,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Move the clock on: 90s, 15m, 12h, 7d (development nodes)
    Travel {
        /// How far
        #[arg(value_parser = seconds)]
        time: u64,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Remember the state, to come back to it (development nodes)
    Snapshot {
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
    /// Go back to a snapshot (development nodes)
    Revert {
        /// What `snapshot` answered
        id: String,
        /// The node.
        #[command(flatten)]
        read: ReadArgs,
    },
}

/// `bulwark chain send`.
#[derive(Args, Debug)]
pub struct SendEtherArgs {
    /// To whom
    #[arg(required_unless_present = "create")]
    pub to: Option<String>,
    /// How much ether: 1.5eth, 25%; 0 for a mere call
    #[arg(default_value = "0")]
    pub amount: Amount,
    /// A function of the receiver: a name, or a signature such as mint(address,uint256)
    #[arg(long, value_name = "FUNCTION")]
    pub call: Option<String>,
    /// Its arguments
    #[arg(long, num_args = 1.., requires = "call", value_name = "VALUES")]
    pub with: Vec<String>,
    /// Make a contract of this init code, in hex
    #[arg(long, value_name = "HEX", conflicts_with_all = ["to", "call"])]
    pub create: Option<Bytes>,
    /// How to send.
    #[command(flatten)]
    pub send: SendArgs,
}

/// `bulwark chain logs`.
#[derive(Args, Debug)]
pub struct LogArgs {
    /// Only of this contract
    #[arg(value_name = "CONTRACT")]
    pub contract: Option<String>,
    /// First block
    #[arg(long, default_value_t = 0)]
    pub since: u64,
    /// Last block [default: the newest]
    #[arg(long)]
    pub until: Option<u64>,
    /// The node.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// Runs a verb.
///
/// # Errors
/// What was refused, and why.
pub fn run(command: &ChainCommand) -> Result<(), Failure> {
    match command {
        ChainCommand::Status { read } => status(read),
        ChainCommand::Blocks { number, read } => blocks(*number, read),
        ChainCommand::Tx { hash, read } => transaction(hash, read),
        ChainCommand::Block { block, read } => one_block(block, read),
        ChainCommand::Call(args) => chain_call::run(args),
        ChainCommand::Send(args) => send(args),
        ChainCommand::Logs(args) => logs(args),
        ChainCommand::Mine { blocks, read } => {
            let noun = if *blocks == 1 { "block" } else { "blocks" };
            let told = format!("{} {noun} sealed", text::grouped(blocks));
            develop(read, "anvil_mine", json!([format!("{blocks:#x}")]), &told)
        }
        ChainCommand::Travel { time, read } => travel(*time, read),
        ChainCommand::Snapshot { read } => {
            let session = Session::open(read)?;
            let id = session.client.ask("evm_snapshot", json!([]))?;
            session.answer(json!({ "id": id }), |it| Ok(it["id"].as_str().unwrap_or_default().to_owned()))
        }
        ChainCommand::Revert { id, read } => revert(id, read),
    }
}

/// Asks a development node to do something.
fn develop(read: &ReadArgs, method: &str, params: Value, told: &str) -> Result<(), Failure> {
    let session = Session::open(read)?;
    session.client.ask(method, params)?;
    let head = session.client.head()?;
    session.answer(json!({ "block": head }), |_| {
        Ok(format!("{told}; the newest block is {}", text::grouped(head)))
    })
}

fn travel(time: u64, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    session.client.ask("evm_increaseTime", json!([time]))?;
    session.client.ask("evm_mine", json!([]))?;
    let block = &session.client.ask("eth_getBlockByNumber", json!(["latest", false]))?;
    let (number, at) = (client::number(&block["number"])?, client::number(&block["timestamp"])?);
    session.answer(json!({ "block": number, "timestamp": at }), |_| {
        Ok(format!("{} s on; block {} is at time {at}", text::grouped(time), text::grouped(number)))
    })
}

fn revert(id: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    if session.client.ask("evm_revert", json!([id]))? != json!(true) {
        return Err(Failure::usage(format!("there is no snapshot {id}"))
            .help("a snapshot serves once, and those taken after it end with it"));
    }
    let head = session.client.head()?;
    session.answer(json!({ "block": head }), |_| Ok(format!("back at block {}", text::grouped(head))))
}

fn status(read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let parameters = &session.client.ask("restake_parameters", json!([]))?;
    let block = &session.client.ask("eth_getBlockByNumber", json!(["latest", false]))?;
    let version = session.client.ask("web3_clientVersion", json!([]))?;
    let number = |name: &str| client::number(&block[name]);
    let (height, at, fee) = (number("number")?, number("timestamp")?, number("baseFeePerGas")?);
    let answer = json!({
        "version": version, "chainId": parameters["chainId"], "preset": parameters["preset"], "rules": parameters["rules"],
        "block": height, "timestamp": at, "baseFee": fee.to_string(), "parameters": parameters["parameters"],
    });
    session.answer(answer, |it| {
        let text_of = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
        let mut rows = vec![
            ("node", text_of("version")),
            ("chain", it["chainId"].to_string()),
            ("preset", format!("{}, rules {}", text_of("preset"), text_of("rules"))),
            ("block", format!("{} at time {at}", text::grouped(height))),
            ("base fee", format!("{} wei", text::grouped(fee))),
        ];
        for parameter in client::items(&it["parameters"]) {
            let cell = |name: &str| parameter[name].as_str().unwrap_or_default();
            if cell("unit") == "blocks" {
                rows.push((cell("name"), format!("{} blocks", cell("value"))));
            }
        }
        Ok(show::fields(&rows))
    })
}

fn blocks(number: u64, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let head = session.client.head()?;
    let first = head.saturating_sub(number.saturating_sub(1));
    let ask =
        |height: u64| session.client.ask("eth_getBlockByNumber", json!([format!("{height:#x}"), false]));
    let blocks = (first..=head).rev().map(ask).collect::<Result<Vec<_>, _>>()?;
    session.answer(json!({ "items": blocks, "next": null }), |_| {
        let row = |block: &Value| {
            let number = |name: &str| client::number(&block[name]).map(text::grouped).unwrap_or_default();
            let hash = block["hash"].as_str().unwrap_or_default().to_owned();
            let count = client::items(&block["transactions"]).len();
            vec![number("number"), hash, count.to_string(), number("gasUsed")]
        };
        let rows: Vec<Vec<String>> = blocks.iter().map(row).collect();
        Ok(show::table(&["block", "hash", "txs", "gas"], &rows))
    })
}

fn one_block(which: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let block = if which.len() == 66 {
        session.client.ask("eth_getBlockByHash", json!([which, true]))?
    } else {
        let number = which.parse::<u64>().map_or_else(|_| which.to_owned(), |number| format!("{number:#x}"));
        session.client.ask("eth_getBlockByNumber", json!([number, true]))?
    };
    if block.is_null() {
        return Err(
            Failure::new(format!("there is no block {which}")).help("bulwark chain blocks lists the newest")
        );
    }
    session.answer(block, |block| {
        let number = |name: &str| client::number(&block[name]).map(text::grouped).unwrap_or_default();
        let text_of = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
        let head = show::fields(&[
            ("block", number("number")),
            ("hash", text_of("hash")),
            ("parent", text_of("parentHash")),
            ("state", text_of("stateRoot")),
            ("time", client::number(&block["timestamp"]).unwrap_or_default().to_string()),
            ("gas", format!("{} of {}", number("gasUsed"), number("gasLimit"))),
        ]);
        let row = |it: &Value| {
            vec![
                it["hash"].as_str().unwrap_or_default().to_owned(),
                session.name_in(&it["from"]),
                session.name_in(&it["to"]),
            ]
        };
        let rows: Vec<Vec<String>> = client::items(&block["transactions"]).iter().map(row).collect();
        Ok(format!("{head}\n\n{}", show::table_or(&["transaction", "from", "to"], &rows, "no transactions")))
    })
}

fn transaction(hash: &str, read: &ReadArgs) -> Result<(), Failure> {
    let session = Session::open(read)?;
    let transaction = &session.client.ask("eth_getTransactionByHash", json!([hash]))?;
    if transaction.is_null() {
        return Err(Failure::new(format!("nobody here knows a transaction {hash}")));
    }
    let receipt = &session.client.ask("eth_getTransactionReceipt", json!([hash]))?;
    let input: Bytes = transaction["input"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    let logs: Vec<String> =
        client::items(&receipt["logs"]).iter().map(|log| chain_call::event(&session, log)).collect();
    let call = chain_call::calldata(&session, &input);
    let answer = json!({ "transaction": transaction, "receipt": receipt, "call": call, "events": logs });
    session.answer(answer, |_| {
        let state = match (receipt.is_null(), receipt["status"] == json!("0x1")) {
            (true, _) => "waiting",
            (false, true) => "done",
            (false, false) => "failed",
        };
        let number = |value: &Value| client::number(value).map_or_else(|_| "-".into(), text::grouped);
        let value = client::amount(&transaction["value"]).unwrap_or_default();
        let head = show::fields(&[
            ("state", state.to_owned()),
            ("block", number(&receipt["blockNumber"])),
            ("from", session.name_in(&transaction["from"])),
            ("to", session.name_in(&transaction["to"])),
            ("value", Unit::ether().show(value)),
            ("gas", number(&receipt["gasUsed"])),
            ("call", call.clone()),
        ]);
        let lines: Vec<String> = logs.iter().map(|line| format!("\n{line}")).collect();
        Ok(format!("{head}\n{}", lines.concat()))
    })
}

fn send(args: &SendEtherArgs) -> Result<(), Failure> {
    let session = Session::open(&args.send.read)?;
    let from = session.sender(&args.send)?;
    let held = session.client.balance(from.address)?;
    let value = args.amount.of(&Unit::ether(), held)?;
    if value > held {
        let (asked, held) = (Unit::ether().show(value), Unit::ether().show(held));
        return Err(Failure::new(format!("{asked} is more than {} has: {held}", session.name(from.address))));
    }
    let step = intended(&session, args, value)?;
    session.perform(&args.send, &from, &[step]).map(|_| ())
}

fn intended(session: &Session, args: &SendEtherArgs, value: U256) -> Result<Step, Failure> {
    let Some(name) = &args.to else {
        let data = args.create.clone().unwrap_or_default();
        return Ok(Step { title: "make a contract".into(), to: None, value, data, warnings: Vec::new() });
    };
    let to = session.address(name)?;
    let (title, data) = match &args.call {
        None => (format!("send {} to {}", Unit::ether().show(value), session.name(to)), Bytes::new()),
        Some(function) => {
            let (function, data) = chain_call::encode(session, name, function, &args.with)?;
            let paid = match value.is_zero() {
                true => String::new(),
                false => format!(", with {}", Unit::ether().show(value)),
            };
            (format!("call {} of {}{paid}", function.name, session.name(to)), data)
        }
    };
    Ok(Step { title, to: Some(to), value, data, warnings: Vec::new() })
}

fn logs(args: &LogArgs) -> Result<(), Failure> {
    let session = Session::open(&args.read)?;
    let until = args.until.map_or_else(|| json!("latest"), |block| json!(format!("{block:#x}")));
    let mut filter = json!({ "fromBlock": format!("{:#x}", args.since), "toBlock": until });
    if let Some(contract) = &args.contract {
        client::put(&mut filter, "address", json!(session.address(contract)?));
    }
    let logs = session.client.ask("eth_getLogs", json!([filter]))?;
    session.answer(json!({ "items": logs, "next": null }), |_| {
        let line = |log: &Value| {
            let block = client::number(&log["blockNumber"]).map(text::grouped).unwrap_or_default();
            format!("block {block}  {}", chain_call::event(&session, log))
        };
        let lines: Vec<String> = client::items(&logs).iter().map(line).collect();
        Ok(if lines.is_empty() { "no logs".to_owned() } else { lines.join("\n") })
    })
}

/// A time such as `90s`, `15m`, `12h`, `7d`, in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let expected = "expected a time such as 90s, 15m, 12h or 7d";
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(expected.into()),
    };
    let number: u64 = digits.parse().map_err(|_| expected.to_string())?;
    number.checked_mul(factor).filter(|time| *time > 0).ok_or_else(|| expected.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(
            [seconds("90s"), seconds("15m"), seconds("12h"), seconds("7d")],
            [Ok(90), Ok(900), Ok(43_200), Ok(604_800)]
        );
        for text in ["", "0", "-1", "1w", "d", "99999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}

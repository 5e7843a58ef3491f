//! What `dev` prints while it runs: a line for each block and each of its first transactions, in words where the call
//! is one of the restaking protocol's.

use crate::text;
use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, Selector, TxKind};
use chain::{Chain, SealedBlock};
use serde_json::{Value, json};
use std::{io::Write, sync::Arc};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use types::{abi, addresses};

/// Transactions of one block that are printed; of the others only the number.
const SHOWN: usize = 5;

/// Columns before what a block contains.
const COLUMN: usize = 13;

/// Prints each block above `head` until the chain ends or nobody reads. A tool may ask for silence meanwhile.
pub async fn print(chain: Chain, mut blocks: Receiver<Arc<SealedBlock>>, mut head: u64, as_json: bool) {
    loop {
        let told = match blocks.recv().await {
            Ok(block) => {
                let next = head.saturating_add(1);
                head = block.header.number;
                if as_json { vec![line_of_json(&block)] } else { lines(&block, next) }
            }
            Err(RecvError::Lagged(missed)) if as_json => {
                vec![json!({ "event": "missed", "blocks": missed }).to_string()]
            }
            Err(RecvError::Lagged(missed)) => vec![format!("…  {} blocks not shown", text::grouped(missed))],
            Err(RecvError::Closed) => return,
        };
        if chain.dials().silent {
            continue;
        }
        if write_lines(&told).is_err() {
            return;
        }
    }
}

fn write_lines(lines: &[String]) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    out.flush()
}

/// A block and its transactions, as lines to read: one line if it has no transaction or one. A range of empty blocks is
/// announced by its last; `next` is the number after the block announced before.
fn lines(block: &SealedBlock, next: u64) -> Vec<String> {
    let (count, number) = (block.transactions.len(), block.header.number);
    let contents = match count {
        0 => return vec![empty(next.min(number), number)],
        1 => transaction(block, 0).unwrap_or_default(),
        _ => format!("{} transactions, {} gas", text::grouped(count), text::grouped(block.header.gas_used)),
    };
    let mut lines = Vec::new();
    if next < number {
        lines.push(empty(next, number.saturating_sub(1)));
    }
    lines.push(format!("{:<COLUMN$}{contents}", format!("block {number}")));
    if count > 1 {
        let shown = (0..count.min(SHOWN)).filter_map(|index| transaction(block, index));
        lines.extend(shown.map(|line| format!("{:COLUMN$}{line}", "")));
    }
    if count > SHOWN {
        let more = text::grouped(count.saturating_sub(SHOWN));
        let (dim, off) = (text::DIM.render(), text::DIM.render_reset());
        lines.push(format!("{:COLUMN$}{dim}… and {more} more{off}", ""));
    }
    lines
}

/// A range of empty blocks.
fn empty(first: u64, last: u64) -> String {
    if first == last {
        return format!("{:<COLUMN$}empty", format!("block {last}"));
    }
    let blocks = text::grouped(last.saturating_sub(first).saturating_add(1));
    format!("{:<COLUMN$}{blocks} empty blocks", format!("to {last}"))
}

fn transaction(block: &SealedBlock, index: usize) -> Option<String> {
    let transaction = block.transactions.get(index)?;
    let ok = block.receipts.get(index)?.status();
    let (style, word) = if ok { (text::ACCENT, "ok    ") } else { (text::GONE, "failed") };
    Some(format!(
        "{}{word}{}  {dim}{}{off}  {} {}  {dim}{} gas{off}",
        style.render(),
        style.render_reset(),
        text::short_hash(transaction.hash),
        text::short(transaction.sender),
        action(&transaction.tx, transaction.sender),
        text::grouped(block.gas_used(index)),
        dim = text::DIM.render(),
        off = text::DIM.render_reset(),
    ))
}

/// What a transaction does, in a few words.
fn action(transaction: &impl alloy_consensus::Transaction, sender: Address) -> String {
    let TxKind::Call(to) = transaction.kind() else {
        return format!("creates {}", sender.create(transaction.nonce()));
    };
    let name = name_of(to);
    let value = transaction.value();
    let sent = if value.is_zero() { String::new() } else { format!("{} ETH ", text::ether_exact(value)) };
    let selector = transaction.input().first_chunk::<4>();
    match selector
        .map(|selector| verb(*selector).map_or_else(|| Selector::from(*selector).to_string(), str::to_string))
    {
        None => format!("{sent}→ {name}"),
        Some(verb) => format!("{sent}→ {name}.{verb}"),
    }
}

/// A contract's name, or the address, shortened.
pub fn name_of(address: Address) -> String {
    let strategy = [("TestTokenStrategy", addresses::TEST_TOKEN_STRATEGY)];
    let mut named = addresses::NAMED.iter().chain(addresses::NAMED_IN_DEV).chain(&strategy);
    let found = named.find(|(_, at)| *at == address);
    found.map_or_else(|| text::short(address), |(name, _)| (*name).to_string())
}

/// Names the function of an ABI that a selector calls.
type Names = fn([u8; 4]) -> Option<&'static str>;

/// The name of a function of the protocol's ABIs.
fn verb(selector: [u8; 4]) -> Option<&'static str> {
    let tables: [Names; 7] = [
        abi::IDelegationManager::IDelegationManagerCalls::name_by_selector,
        abi::IStrategyManager::IStrategyManagerCalls::name_by_selector,
        abi::IStrategyFactory::IStrategyFactoryCalls::name_by_selector,
        abi::IPauserRegistry::IPauserRegistryCalls::name_by_selector,
        abi::ITestToken::ITestTokenCalls::name_by_selector,
        abi::IWETH::IWETHCalls::name_by_selector,
        abi::IMulticall3::IMulticall3Calls::name_by_selector,
    ];
    tables.iter().find_map(|table| table(selector))
}

/// A block as one line of JSON.
fn line_of_json(block: &SealedBlock) -> String {
    let transaction = |(index, transaction): (usize, &Arc<chain::Recovered>)| -> Value {
        json!({
            "hash": transaction.hash,
            "from": transaction.sender,
            "to": transaction.tx.to(),
            "success": block.receipts.get(index).is_some_and(alloy_consensus::TxReceipt::status),
            "gas_used": block.gas_used(index),
        })
    };
    json!({
        "event": "block",
        "number": block.header.number,
        "hash": block.hash,
        "state_root": block.header.state_root,
        "timestamp": block.header.timestamp,
        "gas_used": block.header.gas_used,
        "transactions": block.transactions.iter().enumerate().map(transaction).collect::<Vec<_>>(),
    })
    .to_string()
}

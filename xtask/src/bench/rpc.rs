//! Questions a second, and how soon a subscriber hears of a block: the same requests to Bulwark and to anvil, in turns.
//! Bulwark's chain has fifty times anvil's blocks and as many logs. Transactions a second are in `throughput`.

use super::{
    Subjects,
    report::{Section, Table, least_and_median},
    socket::Socket,
};
use crate::{
    client::{Client, quantity},
    process::Running,
};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Blocks of our chain.
const BLOCKS: u64 = 100_000;
/// Blocks of anvil's, whose cost of a block grows with their number: 100,000 would take it hours.
const BLOCKS_ANVIL: u64 = 2_000;
/// Blocks with a log that the search must find, in each chain at equal distances.
const LOGS: u64 = 100;
/// Connections that ask at the same time.
const CONNECTIONS: usize = 4;
/// How long each question is asked.
const SPAN: Duration = Duration::from_secs(2);
/// Runs of each question, of which the median counts.
const RUNS: usize = 3;
/// Blocks of which the subscriber is to hear.
const HEADS: usize = 500;
/// Rounds of the large transaction: in each a call, a log and fourteen steps in all.
const ROUNDS: u64 = 2_000;
/// Who sends: account 1 of the test phrase, whose nonce is the same on both.
const SENDER: &str = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
/// Init code of a contract that takes a number of rounds: a static call of the identity precompile and an empty log each.
const LOOP: &str = "0x775f355b5f5f5f5f60045afa505f5fa06001900380600257005f5260186008f3";

/// A question: a heading and how to ask it, given the contract and the large transaction.
struct Question {
    name: &'static str,
    ask: fn(&Made) -> (&'static str, Value),
}

/// What the chain holds.
struct Made {
    contract: Value,
    large: Value,
}

const QUESTIONS: [Question; 7] = [
    Question { name: "eth_blockNumber", ask: |_| ("eth_blockNumber", json!([])) },
    Question { name: "eth_getBalance", ask: |_| ("eth_getBalance", json!([SENDER, "latest"])) },
    Question {
        name: "eth_call",
        ask: |made| ("eth_call", json!([{"to": made.contract, "data": rounds(1)}, "latest"])),
    },
    Question {
        name: "eth_getLogs over the whole chain",
        ask: |made| {
            ("eth_getLogs", json!([{"fromBlock": "0x0", "toBlock": "latest", "address": made.contract}]))
        },
    },
    Question { name: "eth_getProof", ask: |made| ("eth_getProof", json!([made.contract, [], "latest"])) },
    Question {
        name: "debug_traceTransaction, call tracer, 2,000 calls",
        ask: |made| ("debug_traceTransaction", json!([made.large, {"tracer": "callTracer"}])),
    },
    Question {
        name: "debug_traceTransaction, 28,000 steps",
        ask: |made| ("debug_traceTransaction", json!([made.large, {"disableStorage": true}])),
    },
];

pub fn run(subjects: &Subjects) -> Result<Section> {
    let folder = tempfile::tempdir()?;
    let log = |name: &str| folder.path().join(name);
    let ours = Running::start(&subjects.bulwark, &["dev", "--silent"], &log("bulwark.log"))?;
    let theirs = Running::start(&subjects.anvil, &["--silent", "--steps-tracing"], &log("anvil.log"))?;
    let nodes = [(&ours, make(&ours, BLOCKS)?), (&theirs, make(&theirs, BLOCKS_ANVIL)?)];
    let mut rates = Table::new(&["requests a second", "bulwark dev", "anvil", "ratio"]);
    for question in &QUESTIONS {
        let mut samples = [const { Vec::new() }; 2];
        for _ in 0..RUNS {
            for ((node, made), samples) in nodes.iter().zip(&mut samples) {
                samples.push(rate(node, question, made)?);
            }
        }
        let [one, other] = samples.map(|samples| least_and_median(samples).1);
        let ratio = format!("{:.1}", one / other);
        rates.row(&[question.name.into(), format!("{one:.0}"), format!("{other:.0}"), ratio]);
    }
    let mut heads = Table::new(&["from sending to hearing of the block, ms", "p50", "p99"]);
    for (name, (node, _)) in ["bulwark dev", "anvil"].iter().zip(&nodes) {
        let mut waits = subscribed(node)?;
        waits.sort_by(f64::total_cmp);
        let at = |part: usize| format!("{:.2}", waits[(waits.len() - 1) * part / 100]);
        heads.row(&[(*name).into(), at(50), at(99)]);
    }
    Ok(Section {
        name: "rpc",
        title: "Questions a second",
        method: format!(
            "A chain of {BLOCKS} blocks here and of {BLOCKS_ANVIL} on anvil (where the cost of a block grows with their number), \
             {LOGS} of them with a log, and a block with {ROUNDS} logs. {CONNECTIONS} keep-alive connections ask the \
             same for {} s, {RUNS} times in turns; medians. The subscriber hears of new heads over WebSocket while \
             {HEADS} transfers are sent, one after the other. The client runs on the same cores; anvil keeps nothing \
             between runs, and neither does Bulwark here.",
            SPAN.as_secs()
        ),
        tables: vec![rates, heads],
    })
}

/// The argument of the contract: a word.
fn rounds(count: u64) -> String {
    format!("0x{count:064x}")
}

/// Deploys the contract, runs the large transaction, and makes the blocks.
fn make(node: &Running, blocks: u64) -> Result<Made> {
    let mut client = node.client()?;
    let contract =
        send(&mut client, json!({"from": SENDER, "data": LOOP, "gas": "0x100000"}))?["contractAddress"]
            .take();
    let call = |count| json!({"from": SENDER, "to": contract, "data": rounds(count), "gas": "0x1000000"});
    let large = send(&mut client, call(ROUNDS))?["transactionHash"].take();
    let mut head = 0;
    while head < blocks {
        client.call("anvil_mine", json!([format!("{:#x}", blocks / LOGS - 1)]))?;
        head = quantity(&send(&mut client, call(1))?["blockNumber"])?;
    }
    let made = Made { contract, large };
    let (method, params) = (QUESTIONS[3].ask)(&made);
    let found = client.call(method, params)?;
    let expected = usize::try_from(ROUNDS + LOGS)?;
    let count = found.as_array().context("no list of logs")?.len();
    ensure!(count.abs_diff(expected) <= 1, "{count} logs were found, about {expected} written");
    Ok(made)
}

/// Sends from an account of the node; its receipt.
fn send(client: &mut Client, transaction: Value) -> Result<Value> {
    let hash = client.call("eth_sendTransaction", json!([transaction]))?;
    let patience = Instant::now();
    loop {
        let receipt = client.call("eth_getTransactionReceipt", json!([hash]))?;
        if receipt.is_object() {
            ensure!(receipt["status"] == "0x1", "failed: {receipt}");
            return Ok(receipt);
        }
        ensure!(patience.elapsed() < Duration::from_secs(60), "{hash} is not mined");
    }
}

/// Answers a second to a question asked over several connections; every answer must be one.
fn rate(node: &Running, question: &Question, made: &Made) -> Result<f64> {
    let (method, params) = (question.ask)(made);
    let ask = || -> Result<u64> {
        let mut client = node.client()?;
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < SPAN {
            let answer = client.post(body.as_bytes())?;
            let head = &answer[..answer.len().min(60)];
            let refused = head.windows(7).any(|window| window == b"\"error\"");
            ensure!(!refused, "{method}: {}", String::from_utf8_lossy(&answer[..answer.len().min(600)]));
            count += 1;
        }
        Ok(count)
    };
    let began = Instant::now();
    let count = thread::scope(|scope| {
        let asking: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(ask)).collect();
        let counts = asking.into_iter().map(|it| it.join().map_err(|_| anyhow!("a client panicked"))?);
        counts.sum::<Result<u64>>()
    })?;
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// Milliseconds from sending a transfer to the notification of its block.
fn subscribed(node: &Running) -> Result<Vec<f64>> {
    let mut socket = Socket::connect(node.port)?;
    socket.subscribe("newHeads")?;
    let mut client = node.client()?;
    let mut waits = Vec::new();
    for _ in 0..HEADS {
        let began = Instant::now();
        let transfer = json!({"from": SENDER, "to": SENDER, "value": "0x1", "gas": "0x5208"});
        client.call("eth_sendTransaction", json!([transfer]))?;
        let head = socket.receive()?;
        waits.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(head["params"]["result"]["number"].is_string(), "no head: {head}");
    }
    Ok(waits)
}

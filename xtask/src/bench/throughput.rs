//! Durable transactions a second, end to end: signed beforehand, sent in JSON-RPC batches over a few keep-alive
//! connections, counted when the node says that every sender's nonce has arrived in its latest block.

use super::{
    Subjects,
    report::{Section, Table, least_and_median},
};
use crate::{
    client::{Client, quantity},
    e2e::generate::{MNEMONIC, accounts, sign},
    process::Running,
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, TxKind, U256, hex};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::json;
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};
use types::{
    abi::{IStrategyManager, ITestToken},
    addresses::{STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// Who sends.
const SENDERS: u32 = 400;
/// Connections, each with its share of the senders.
const CONNECTIONS: usize = 8;
/// Transactions of each sender in one run of ours.
const PER_SENDER: u64 = 150;
/// The same for anvil, which would take minutes for as many.
const PER_SENDER_ANVIL: u64 = 15;
/// Runs of each.
const RUNS: usize = 3;
/// A block's gas limit for both nodes: so much that the base fee never rises, whatever the block holds.
const BLOCK_GAS: &str = "3000000000";
/// Wei per gas that every transaction offers.
const FEE: u128 = 100_000_000_000;
/// Pause between two looks at one sender's nonce: few enough questions that they cost no node anything.
const POLL: Duration = Duration::from_millis(5);
/// Longest wait for the last transaction.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tries of each run of anvil: now and then it leaves a burst in its pool for good, with one core busy.
const TRIES_ANVIL: usize = 4;

/// A node under load.
struct Load<'a> {
    signers: &'a [PrivateKeySigner],
    chain_id: u64,
    per_sender: u64,
    in_rounds: bool,
}

/// What one run gave.
#[derive(Clone, Copy)]
struct Figures {
    per_second: f64,
    blocks: u64,
    processor_share: f64,
}

/// Runs of one node: those that ended, and how many did not.
#[derive(Default)]
struct Runs {
    ended: Vec<Figures>,
    stuck: usize,
}

/// What is measured: a node and what it is sent.
struct Kind {
    name: &'static str,
    anvil: bool,
    more: &'static [&'static str],
    deposits: bool,
}

const KINDS: [Kind; 4] = [
    Kind { name: "bulwark dev --data-dir, transfers", anvil: false, more: &[], deposits: false },
    Kind { name: "bulwark dev --data-dir, deposits", anvil: false, more: &[], deposits: true },
    // Mined at once alone, some of a burst never leave anvil's pool (foundry issue 10122); a tick a second fetches them.
    Kind {
        name: "anvil, transfers, a block at once",
        anvil: true,
        more: &["--mixed-mining", "--block-time", "1"],
        deposits: false,
    },
    Kind {
        name: "anvil, transfers, a block a second",
        anvil: true,
        more: &["--block-time", "1"],
        deposits: false,
    },
];

pub fn run(subjects: &Subjects) -> Result<Section> {
    let signers = accounts(SENDERS)?;
    let mut runs = KINDS.map(|_| Runs::default());
    for _ in 0..RUNS {
        for (kind, runs) in KINDS.iter().zip(&mut runs) {
            let figure = kind.run(subjects, &signers, &mut runs.stuck)?;
            println!("{}: {:.0} tx/s", kind.name, figure.per_second);
            runs.ended.push(figure);
        }
    }
    Ok(section(&KINDS.map(|kind| kind.name), &runs))
}

impl Kind {
    /// A run that ends. Anvil gets some tries, and `stuck` counts those that were in vain; ours has one.
    fn run(&self, subjects: &Subjects, signers: &[PrivateKeySigner], stuck: &mut usize) -> Result<Figures> {
        let per_sender = if self.anvil { PER_SENDER_ANVIL } else { PER_SENDER };
        let load = Load { signers, chain_id: 31_337, per_sender, in_rounds: self.anvil };
        let tries = if self.anvil { TRIES_ANVIL } else { 1 };
        for left in (0..tries).rev() {
            let folder = tempfile::tempdir()?;
            let node = self.start(subjects, folder.path())?;
            match load.run(&node, self.deposits) {
                Err(error) if left > 0 => {
                    println!("{}: did not end: {error:#}", self.name);
                    *stuck += 1;
                }
                outcome => return outcome.with_context(|| self.name),
            }
        }
        bail!("{}: no try", self.name)
    }

    fn start(&self, subjects: &Subjects, folder: &Path) -> Result<Running> {
        let (senders, data) = (SENDERS.to_string(), folder.join("data").display().to_string());
        let common = ["--silent", "--accounts", &senders, "--mnemonic", MNEMONIC, "--gas-limit", BLOCK_GAS];
        let (program, own) = match self.anvil {
            true => (&subjects.anvil, vec![]),
            false => (&subjects.bulwark, vec!["dev", "--data-dir", &data]),
        };
        let arguments = [own.as_slice(), &common, self.more].concat();
        Running::start(program, &arguments, &folder.join("log"))
    }
}

fn section(names: &[&str], runs: &[Runs]) -> Section {
    let mut table = Table::new(&[
        "",
        "tx/s (median)",
        "(best)",
        "blocks",
        "node's share of the processors",
        "runs that did not end",
    ]);
    let mut medians = Vec::new();
    for (name, Runs { ended: figures, stuck }) in names.iter().zip(runs) {
        let (_, median) = least_and_median(figures.iter().map(|it| it.per_second).collect());
        let best = figures.iter().map(|it| it.per_second).fold(0.0, f64::max);
        let (_, blocks) = least_and_median(figures.iter().map(|it| it.blocks as f64).collect());
        let (_, share) = least_and_median(figures.iter().map(|it| it.processor_share).collect());
        table.row(&[
            (*name).into(),
            format!("{median:.0}"),
            format!("{best:.0}"),
            format!("{blocks:.0}"),
            format!("{:.0} %", share * 100.0),
            stuck.to_string(),
        ]);
        medians.push(median);
    }
    let baseline = medians[2].max(medians[3]);
    let ratio = format!("{:.1}", medians[0] / baseline);
    table.row(&[
        "transfers, bulwark / the better anvil".into(),
        ratio,
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    Section {
        name: "throughput",
        title: "Transactions a second",
        method: format!(
            "{} signed transactions a run from {SENDERS} senders (anvil: {}), prepared beforehand; {CONNECTIONS} keep-alive \
             connections, batches of {} `eth_sendRawTransaction`; {RUNS} runs of each, in turns. The clock stops when \
             the latest block holds the last nonce of every sender. Bulwark keeps every block durably (one sync each) \
             before it answers; anvil keeps nothing. Anvil is sent one transaction of each sender at a \
             time, and the next when all are in blocks: of a faster stream some never leave its pool. A run that has not \
             ended after {} s is begun again. The client runs on the same cores. Gas limit {BLOCK_GAS} on both. \
             Aims: 10,000 a second, five times anvil.",
            u64::from(SENDERS) * PER_SENDER,
            u64::from(SENDERS) * PER_SENDER_ANVIL,
            SENDERS as usize / CONNECTIONS,
            PATIENCE.as_secs(),
        ),
        tables: vec![table],
    }
}

impl Load<'_> {
    fn run(&self, node: &Running, deposits: bool) -> Result<Figures> {
        let mut client = node.client()?;
        let first = self.nonces(&mut client)?;
        let first = if deposits { self.prepare(node, &first)? } else { first };
        let bodies = self.bodies(&first, self.per_sender, |sender, _| match deposits {
            true => (STRATEGY_MANAGER, U256::ZERO, deposit_call(), 400_000),
            false => (recipient(sender), U256::ONE, Bytes::new(), 21_000),
        })?;
        let before = (quantity(&client.call("eth_blockNumber", json!([]))?)?, node.processor_secs()?);
        let started = Instant::now();
        if self.in_rounds {
            self.pour_in_rounds(node, bodies, &mut client, &first)?;
        } else {
            pour(node, bodies)?;
            self.wait(&mut client, &first, self.per_sender)?;
        }
        let elapsed = started.elapsed().as_secs_f64();
        let after = (quantity(&client.call("eth_blockNumber", json!([]))?)?, node.processor_secs()?);
        self.verify(&mut client, before.0, after.0)?;
        let cores = thread::available_parallelism()?.get() as f64;
        Ok(Figures {
            per_second: (u64::from(SENDERS) * self.per_sender) as f64 / elapsed,
            blocks: after.0 - before.0,
            processor_share: (after.1 - before.1) / elapsed / cores,
        })
    }

    /// A transaction of each sender, awaited before the next: what comes in a burst may stay in anvil's pool for good.
    fn pour_in_rounds(
        &self,
        node: &Running,
        bodies: Vec<Vec<Vec<u8>>>,
        client: &mut Client,
        first: &[u64],
    ) -> Result<()> {
        let mut connections: Vec<_> = bodies.into_iter().map(Vec::into_iter).collect();
        for round in 1..=self.per_sender {
            let bodies = connections.iter_mut().map(|bodies| bodies.next().into_iter().collect()).collect();
            pour(node, bodies)?;
            self.wait(client, first, round)?;
        }
        Ok(())
    }

    /// Gives every sender tokens and lets the StrategyManager take them.
    fn prepare(&self, node: &Running, first: &[u64]) -> Result<Vec<u64>> {
        let amount = U256::from(10).pow(U256::from(24));
        let bodies = self.bodies(first, 2, |sender, step| match step {
            0 => {
                let call = ITestToken::mintCall { to: self.signers[sender].address(), value: amount };
                (TEST_TOKEN, U256::ZERO, call.abi_encode().into(), 200_000)
            }
            _ => {
                let call = ITestToken::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
                (TEST_TOKEN, U256::ZERO, call.abi_encode().into(), 200_000)
            }
        })?;
        pour(node, bodies)?;
        self.wait(&mut node.client()?, first, 2)?;
        Ok(first.iter().map(|nonce| nonce + 2).collect())
    }

    fn nonces(&self, client: &mut Client) -> Result<Vec<u64>> {
        let asked: Vec<_> = self.signers.iter().map(|it| json!([it.address(), "latest"])).collect();
        client.batch("eth_getTransactionCount", &asked)?.iter().map(quantity).collect()
    }

    /// Request bodies by connection: each a batch with one transaction of each of the connection's senders.
    fn bodies(
        &self,
        first: &[u64],
        each: u64,
        make: impl Fn(usize, u64) -> (Address, U256, Bytes, u64) + Sync,
    ) -> Result<Vec<Vec<Vec<u8>>>> {
        let share = self.signers.len() / CONNECTIONS;
        let of_connection = |connection: usize| -> Result<Vec<Vec<u8>>> {
            (0..each)
                .map(|step| {
                    let senders = connection * share..(connection + 1) * share;
                    let raw = senders.map(|sender| {
                        let (to, value, input, gas_limit) = make(sender, step);
                        sign(
                            &self.signers[sender],
                            TxEip1559 {
                                chain_id: self.chain_id,
                                nonce: first[sender] + step,
                                gas_limit,
                                max_fee_per_gas: FEE,
                                max_priority_fee_per_gas: 1,
                                to: TxKind::Call(to),
                                value,
                                input,
                                ..Default::default()
                            },
                        )
                    });
                    Ok(batch(&raw.collect::<Result<Vec<_>>>()?))
                })
                .collect()
        };
        thread::scope(|scope| {
            let signing: Vec<_> =
                (0..CONNECTIONS).map(|connection| scope.spawn(move || of_connection(connection))).collect();
            signing.into_iter().map(|it| it.join().map_err(|_| anyhow!("a signer panicked"))?).collect()
        })
    }

    /// Waits for one sender after the other, so that each look is one cheap question.
    fn wait(&self, client: &mut Client, first: &[u64], each: u64) -> Result<()> {
        let started = Instant::now();
        for (signer, first) in self.signers.iter().zip(first) {
            loop {
                let nonce = client.call("eth_getTransactionCount", json!([signer.address(), "latest"]))?;
                let nonce = quantity(&nonce)?;
                if nonce >= first + each {
                    break;
                }
                ensure!(
                    started.elapsed() < PATIENCE,
                    "{} is at nonce {nonce}, not {}, after {PATIENCE:?}",
                    signer.address(),
                    first + each
                );
                thread::sleep(POLL);
            }
        }
        Ok(())
    }

    /// Every transaction of the run is in a block, and succeeded: all are counted, receipts of one block are looked at.
    fn verify(&self, client: &mut Client, before: u64, after: u64) -> Result<()> {
        let mut count = 0;
        for number in before + 1..=after {
            let block = client.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))?;
            let hashes = block["transactions"].as_array().context("no transactions")?;
            count += hashes.len() as u64;
            if number == after {
                let asked: Vec<_> = hashes.iter().take(200).map(|hash| json!([hash])).collect();
                let receipts = client.batch("eth_getTransactionReceipt", &asked)?;
                ensure!(receipts.iter().all(|it| it["status"] == "0x1"), "a transaction failed");
            }
        }
        let sent = u64::from(SENDERS) * self.per_sender;
        ensure!(count == sent, "{count} transactions in blocks, {sent} sent");
        Ok(())
    }
}

/// Sends each connection's bodies, one after the other, and checks that no answer is an error.
fn pour(node: &Running, bodies: Vec<Vec<Vec<u8>>>) -> Result<()> {
    thread::scope(|scope| {
        let sending: Vec<_> = bodies
            .into_iter()
            .map(|bodies| {
                scope.spawn(move || -> Result<()> {
                    let mut client = node.client()?;
                    for body in bodies {
                        let answer = client.post(&body)?;
                        let refused = answer.windows(7).any(|window| window == b"\"error\"");
                        ensure!(!refused, "{}", String::from_utf8_lossy(&answer[..answer.len().min(600)]));
                    }
                    Ok(())
                })
            })
            .collect();
        sending.into_iter().try_for_each(|it| it.join().map_err(|_| anyhow!("a sender panicked"))?)
    })
}

fn batch(raw: &[Bytes]) -> Vec<u8> {
    let calls = raw.iter().enumerate().map(|(id, raw)| {
        let raw = hex::encode(raw);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_sendRawTransaction","params":["0x{raw}"]}}"#)
    });
    format!("[{}]", calls.collect::<Vec<_>>().join(",")).into_bytes()
}

/// Each sender pays somebody else, so that no two transfers of a block touch one account by accident.
fn recipient(sender: usize) -> Address {
    Address::left_padding_from(&(0xfeed_0000 + sender as u64).to_be_bytes())
}

fn deposit_call() -> Bytes {
    let call = IStrategyManager::depositIntoStrategyCall {
        strategy: TEST_TOKEN_STRATEGY,
        token: TEST_TOKEN,
        amount: U256::from(1_000_000_007u64),
    };
    call.abi_encode().into()
}

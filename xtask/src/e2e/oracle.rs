//! Random blocks on a running Bulwark, judged by an EVM that shares no code with it (`tools/evm-oracle.mjs`): state root,
//! receipts root, gas and bloom of every block. Talks to the node by JSON-RPC only; not a test of the native contracts.

use super::generate::{Generator, MNEMONIC, Signed, Standing};
use crate::{
    client::{Client, quantity},
    process::Running,
    shell::capture,
    tools,
};
use alloy_primitives::{Bytes, U256, hex, keccak256};
use anyhow::{Context, Result, ensure};
use chain::genesis::{DevOptions, Genesis};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, path::Path};
use types::{Preset, Rules};

/// Who sends.
const SENDERS: u32 = 12;
/// Ether of each sender at the start.
const ETHER: u64 = 10_000;
/// Wei below which a sender rests: random code may have taken its balance.
const SOLVENT_WEI: u128 = 100_000_000_000_000_000_000;
/// Each so many blocks, a range of empty ones is mined too.
const EMPTY_RANGE_EVERY: u64 = 7;
/// Not the default, so that a signature for the default chain would be noticed.
const CHAIN_ID: u64 = 97_531;

/// Runs `blocks` random blocks made from `seed`.
///
/// # Errors
/// The node refuses a valid transaction, or the two implementations differ: the message names block and field.
pub fn run(bulwark: &Path, seed: u64, blocks: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (accounts, balance, chain_id) = (SENDERS.to_string(), ETHER.to_string(), CHAIN_ID.to_string());
    let arguments = [
        "dev",
        "--no-mining",
        "--silent",
        "--chain-id",
        &chain_id,
        "--accounts",
        &accounts,
        "--balance",
        &balance,
        "--mnemonic",
        MNEMONIC,
    ];
    let node = Running::start(bulwark, &arguments, &folder.path().join("node.log"))?;
    let mut client = node.client()?;
    let raw = drive(&mut client, seed, blocks)?;
    let told = export(&mut client, &raw)?;
    let file = folder.path().join("chain.json");
    std::fs::write(&file, serde_json::to_vec(&told)?)?;
    match capture(tools::script("evm-oracle.mjs")?.arg(&file)) {
        Ok(verdict) => println!("oracle: seed {seed}: {}", verdict.trim()),
        Err(error) => {
            let kept = folder.keep().join("chain.json");
            return Err(
                error.context(format!("seed {seed}: not as ethereumjs has it; kept: {}", kept.display()))
            );
        }
    }
    Ok(())
}

/// Sends random transactions and mines them; returns all by hash.
fn drive(client: &mut Client, seed: u64, blocks: u64) -> Result<BTreeMap<String, Bytes>> {
    let mut generator = Generator::new(seed, CHAIN_ID, SENDERS)?;
    let mut all = BTreeMap::new();
    let mut standings = standings(client, &generator)?;
    for block in 0..blocks {
        let head = client.call("eth_getBlockByNumber", json!(["latest", false]))?;
        let sent = generator.block(&standings, quantity(&head["baseFeePerGas"])?)?;
        for Signed { raw, .. } in &sent {
            let answer = client.call("eth_sendRawTransaction", json!([raw]));
            answer.with_context(|| format!("seed {seed}, block {block}: a valid transaction was refused"))?;
        }
        client.call("evm_mine", json!([]))?;
        update(client, &generator, &mut standings)?;
        for (signed, receipt) in sent.iter().zip(receipts(client, &sent)?) {
            let now = standings[signed.sender];
            // Code that a sender delegated to may have used up its nonce or balance in the meantime.
            let mined = receipt.is_object() || now.nonce > signed.nonce || !now.solvent;
            ensure!(mined, "seed {seed}, block {block}: not mined: {signed:?}");
            if let (Some(created), Some("0x1")) =
                (receipt["contractAddress"].as_str(), receipt["status"].as_str())
            {
                generator.known.push(created.parse()?);
            }
        }
        all.extend(sent.into_iter().map(|signed| (keccak256(&signed.raw).to_string(), signed.raw)));
        if block % EMPTY_RANGE_EVERY == EMPTY_RANGE_EVERY - 1 {
            client.call("anvil_mine", json!([format!("{:#x}", 1 + block % 5)]))?;
        }
    }
    Ok(all)
}

fn receipts(client: &mut Client, sent: &[Signed]) -> Result<Vec<Value>> {
    let asked: Vec<_> = sent.iter().map(|signed| json!([keccak256(&signed.raw)])).collect();
    client.batch("eth_getTransactionReceipt", &asked)
}

fn standings(client: &mut Client, generator: &Generator) -> Result<Vec<Standing>> {
    let count = generator.senders.len() + generator.authorities.len();
    let mut standings = vec![Standing { nonce: 0, solvent: true }; count];
    update(client, generator, &mut standings)?;
    Ok(standings)
}

/// Asks for nonces and balances. Who could not pay once stays out: transactions of his may still wait in the pool.
fn update(client: &mut Client, generator: &Generator, standings: &mut [Standing]) -> Result<()> {
    let accounts = generator.senders.iter().chain(&generator.authorities);
    let asked: Vec<_> = accounts.map(|account| json!([account.address(), "latest"])).collect();
    let nonces = client.batch("eth_getTransactionCount", &asked)?;
    let balances = client.batch("eth_getBalance", &asked)?;
    for ((standing, nonce), balance) in standings.iter_mut().zip(nonces).zip(balances) {
        let balance: U256 = serde_json::from_value(balance)?;
        standing.nonce = quantity(&nonce)?;
        standing.solvent &= balance > U256::from(SOLVENT_WEI);
    }
    Ok(())
}

/// The chain in the form that the oracle reads.
fn export(client: &mut Client, raw: &BTreeMap<String, Bytes>) -> Result<Value> {
    let head = quantity(&client.call("eth_blockNumber", json!([]))?)?;
    let asked: Vec<_> = (0..=head).map(|number| json!([format!("{number:#x}"), false])).collect();
    let mut headers = client.batch("eth_getBlockByNumber", &asked)?;
    let mut blocks = Vec::new();
    for header in headers.split_off(1) {
        let hashes = header["transactions"].as_array().context("a block without transactions")?;
        let of = |hash: &Value| {
            raw.get(hash.as_str().unwrap_or_default()).context("a transaction that nobody sent")
        };
        let raw = hashes.iter().map(of).collect::<Result<Vec<_>>>()?;
        let asked: Vec<_> = hashes.iter().map(|hash| json!([hash])).collect();
        let receipts = client.batch("eth_getTransactionReceipt", &asked)?;
        blocks.push(json!({"header": header, "raw": raw, "receipts": receipts}));
    }
    let genesis = headers.pop().context("no block 0")?;
    let alloc = alloc(quantity(&genesis["timestamp"])?, quantity(&genesis["gasLimit"])?)?;
    Ok(json!({"chainId": CHAIN_ID, "alloc": alloc, "genesis": genesis, "blocks": blocks}))
}

/// The state of block 0, with the native contracts' accounts; the oracle compares its root with the header's.
fn alloc(timestamp: u64, gas_limit: u64) -> Result<Value> {
    let wei = U256::from(ETHER) * U256::from(10).pow(U256::from(18));
    let accounts = super::generate::accounts(SENDERS)?.iter().map(|signer| (signer.address(), wei)).collect();
    let options = DevOptions {
        chain_id: CHAIN_ID,
        preset: Preset::Fast,
        rules: Rules::Mainnet,
        accounts,
        gas_limit: Some(gas_limit),
        timestamp,
        base_fee: None,
    };
    let changes = Genesis::dev(&options).changes();
    let code: BTreeMap<_, _> = changes.code.into_iter().collect();
    let entry = |change: state::AccountChange| -> Option<(String, Value)> {
        let account = change.account?;
        let slots =
            change.slots.iter().map(|(slot, value)| (format!("{slot:#x}"), json!(format!("{value:#x}"))));
        let entry = json!({
            "nonce": account.nonce,
            "balance": format!("{:#x}", account.balance),
            "code": code.get(&account.code_hash).map_or("0x".into(), hex::encode_prefixed),
            "storage": slots.collect::<Map<_, _>>(),
        });
        Some((change.address.to_string(), entry))
    };
    Ok(Value::Object(changes.accounts.into_iter().filter_map(entry).collect()))
}

//! The prestate tracer against the state: what it says was there was there, and its difference leads to the next state.

use super::*;
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use std::collections::{BTreeMap, BTreeSet};

/// An account as traces tell it, with everything spelt out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    balance: U256,
    nonce: u64,
    code: String,
    storage: BTreeMap<String, String>,
}

type World = BTreeMap<String, Told>;

fn quantity(value: &Value) -> U256 {
    value.as_str().map_or(U256::ZERO, |text| text.parse().unwrap())
}

/// Overlays what a trace names of an account.
fn overlay(told: &mut Told, account: &Value) {
    if account.get("balance").is_some() {
        told.balance = quantity(&account["balance"]);
    }
    if let Some(nonce) = account["nonce"].as_u64() {
        told.nonce = nonce;
    }
    if let Some(code) = account["code"].as_str() {
        told.code = code.to_owned();
    }
    for (slot, value) in account["storage"].as_object().into_iter().flatten() {
        told.storage.insert(slot.clone(), text(value));
    }
}

/// What the chain says of the same accounts and slots after a block.
async fn ask(node: &Node, like: &World, block: u64) -> World {
    let at = format!("{block:#x}");
    let mut world = World::new();
    for (address, told) in like {
        let mut storage = BTreeMap::new();
        for slot in told.storage.keys() {
            storage
                .insert(slot.clone(), text(&node.get("eth_getStorageAt", json!([address, slot, at])).await));
        }
        let account = Told {
            balance: quantity(&node.get("eth_getBalance", json!([address, at])).await),
            nonce: node.number("eth_getTransactionCount", json!([address, at])).await,
            code: text(&node.get("eth_getCode", json!([address, at])).await),
            storage,
        };
        world.insert(address.clone(), account);
    }
    world
}

/// Some of everything: transfers, writes and clearings of slots, reverts, creations, deposits.
async fn something(story: &Story, dice: &mut Xoshiro256PlusPlus, nonces: &mut [u64; 3]) -> String {
    let node = &story.node;
    let account = (dice.next_u64() % 3) as usize;
    let (to, value, input): (TxKind, u64, Bytes) = match dice.next_u64() % 7 {
        0 => (
            TxKind::Call(Address::with_last_byte(0xa0 + (dice.next_u64() % 3) as u8)),
            dice.next_u64() % 9,
            Bytes::new(),
        ),
        1 | 2 => (TxKind::Call(story.cube), 0, put(dice.next_u64() % 3, dice.next_u64() % 3)),
        3 => (TxKind::Call(story.reverter), 0, Bytes::new()),
        4 => (TxKind::Create, dice.next_u64() % 2, BOX_INIT),
        5 => {
            let mint = mintCall { to: node.address(account), value: U256::from(dice.next_u64() % 100) };
            (TxKind::Call(TEST_TOKEN), 0, mint.abi_encode().into())
        }
        _ => (TxKind::Call(STRATEGY_MANAGER), 0, deposit_call(U256::from(1 + dice.next_u64() % 20)).into()),
    };
    let nonce = nonces[account];
    nonces[account] += 1;
    let raw = node.signed_with_gas(account, nonce, to, value, input, 1_000_000);
    text(&node.get("eth_sendRawTransaction", json!([raw])).await)
}

#[tokio::test]
async fn applying_each_difference_to_the_state_before_gives_the_state_after() {
    let story = Story::begin().await;
    let node = &story.node;
    for account in 0..3 {
        node.deposit(account, 50).await;
        let approve = approveCall { spender: STRATEGY_MANAGER, value: U256::MAX }.abi_encode();
        node.send_to(account, TEST_TOKEN, 0, approve).await;
    }
    node.get("evm_setAutomine", json!([false])).await;
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(4);
    let mut changed = BTreeSet::new();
    for round in 0..12 {
        let mut nonces = [0; 3];
        for (account, nonce) in nonces.iter_mut().enumerate() {
            *nonce = node.number("eth_getTransactionCount", json!([node.address(account)])).await;
        }
        for _ in 0..6 {
            something(&story, &mut dice, &mut nonces).await;
        }
        node.get("anvil_mine", json!([1 + round % 2])).await;
        let head = node.number("eth_blockNumber", json!([])).await;
        let block = head - round % 2;
        let params = |diff: bool| json!([format!("{block:#x}"), { "tracer": "prestateTracer", "tracerConfig": { "diffMode": diff } }]);
        let diffs = node.get("debug_traceBlockByNumber", params(true)).await;
        let pres = node.get("debug_traceBlockByNumber", params(false)).await;
        assert_eq!(diffs.as_array().unwrap().len(), 6);

        // Every account and slot that anything names, as it was before the block.
        let mut named = World::new();
        for trace in diffs.as_array().unwrap() {
            for side in ["pre", "post"] {
                for (address, account) in trace["result"][side].as_object().unwrap() {
                    overlay(named.entry(address.clone()).or_default(), account);
                }
            }
        }
        for trace in pres.as_array().unwrap() {
            for (address, account) in trace["result"].as_object().unwrap() {
                overlay(named.entry(address.clone()).or_default(), account);
            }
        }
        let mut world = ask(node, &named, block - 1).await;
        for (diff, pre) in diffs.as_array().unwrap().iter().zip(pres.as_array().unwrap()) {
            for (address, account) in pre["result"].as_object().unwrap() {
                let mut told = world[address].clone();
                overlay(&mut told, account);
                assert_eq!(told, world[address], "prestate of {address} in {block}");
            }
            let (pre, post) = (&diff["result"]["pre"], &diff["result"]["post"]);
            for (address, account) in pre.as_object().unwrap() {
                let told = world.get_mut(address).unwrap();
                let mut same = told.clone();
                overlay(&mut same, account);
                assert_eq!(same, *told, "pre of {address} in {block}");
                // A slot that the difference names before but not after is zero after.
                for slot in account["storage"].as_object().into_iter().flatten().map(|(slot, _)| slot) {
                    told.storage.insert(slot.clone(), word(0));
                }
            }
            for (address, account) in post.as_object().unwrap() {
                overlay(world.get_mut(address).unwrap(), account);
                changed.insert(address.clone());
            }
        }
        assert_eq!(world, ask(node, &named, block).await, "block {block}");
    }
    assert!(changed.len() > 12, "{changed:?}");
    story.node.end().await;
}

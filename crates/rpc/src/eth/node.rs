//! What the node is and has: its rules (EIP-7910), what it can still answer, and look-ups of many slots at once.
//! Beyond the older methods of `eth_`, as the execution-apis specification has them.

use super::fees;
use crate::{
    context::Context,
    error::RpcError,
    json::{Reply, json, quantity},
    limits::fixed,
    method::Method,
    params::Params,
    pending,
};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use serde::Serialize;
use std::collections::BTreeMap;
use types::addresses::HISTORY_STORAGE;

/// Slots in one `eth_getStorageValues` (geth's bound).
const MAX_SLOTS: usize = 1_024;

pub(crate) const METHODS: &[Method] = &[
    Method::now("eth_config", config),
    Method::now("eth_capabilities", capabilities),
    Method::now("eth_baseFee", base_fee),
    Method::now("eth_getStorageValues", storage_values),
    Method::now("eth_hashrate", hash_rate),
    Method::now("rpc_modules", modules),
];

/// Precompiles of Osaka, by the names of EIP-7910.
const PRECOMPILES: [(&str, Address); 18] = [
    ("BLAKE2F", Address::with_last_byte(0x09)),
    ("BLS12_G1ADD", Address::with_last_byte(0x0b)),
    ("BLS12_G1MSM", Address::with_last_byte(0x0c)),
    ("BLS12_G2ADD", Address::with_last_byte(0x0d)),
    ("BLS12_G2MSM", Address::with_last_byte(0x0e)),
    ("BLS12_MAP_FP2_TO_G2", Address::with_last_byte(0x11)),
    ("BLS12_MAP_FP_TO_G1", Address::with_last_byte(0x10)),
    ("BLS12_PAIRING_CHECK", Address::with_last_byte(0x0f)),
    ("BN254_ADD", Address::with_last_byte(0x06)),
    ("BN254_MUL", Address::with_last_byte(0x07)),
    ("BN254_PAIRING", Address::with_last_byte(0x08)),
    ("ECREC", Address::with_last_byte(0x01)),
    ("ID", Address::with_last_byte(0x04)),
    ("KZG_POINT_EVALUATION", Address::with_last_byte(0x0a)),
    ("MODEXP", Address::with_last_byte(0x05)),
    ("P256VERIFY", address!("0x0000000000000000000000000000000000000100")),
    ("RIPEMD160", Address::with_last_byte(0x03)),
    ("SHA256", Address::with_last_byte(0x02)),
];

/// The answer of `eth_config`. All forks are active from block 0, and none is scheduled.
#[derive(Serialize)]
struct Config {
    current: ForkConfig,
    next: Option<ForkConfig>,
    last: Option<ForkConfig>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ForkConfig {
    activation_time: u64,
    blob_schedule: BlobSchedule,
    chain_id: String,
    fork_id: Bytes,
    precompiles: BTreeMap<&'static str, Address>,
    system_contracts: BTreeMap<&'static str, Address>,
}

/// There are no blobs on this chain.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobSchedule {
    base_fee_update_fraction: u64,
    max: u64,
    target: u64,
}

fn config(cx: &Context, _: Params<'_>) -> Reply {
    let genesis = cx.chain.view().hash_of(0)?.unwrap_or_default();
    let current = ForkConfig {
        activation_time: 0,
        blob_schedule: BlobSchedule { base_fee_update_fraction: 5_007_716, max: 0, target: 0 },
        chain_id: format!("{:#x}", cx.chain.chain_id()),
        // EIP-6122: forks of the first block are no part of it.
        fork_id: crc32(genesis.as_slice()).to_be_bytes().into(),
        precompiles: PRECOMPILES.into(),
        system_contracts: [("HISTORY_STORAGE_ADDRESS", HISTORY_STORAGE)].into(),
    };
    json(&Config { current, next: None, last: None })
}

/// CRC-32 as EIP-2124 takes it (IEEE 802.3).
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// The answer of `eth_capabilities`.
#[derive(Serialize)]
struct Capabilities {
    head: Head,
    state: Resource,
    tx: Resource,
    logs: Resource,
    receipts: Resource,
    blocks: Resource,
    stateproofs: Resource,
}

#[derive(Serialize)]
struct Head {
    number: String,
    hash: B256,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    disabled: bool,
    oldest_block: String,
}

fn capabilities(cx: &Context, _: Params<'_>) -> Reply {
    let view = cx.chain.view();
    let from = |block: u64| Resource { disabled: false, oldest_block: format!("{block:#x}") };
    let (kept, all) = (from(view.reader().oldest()), from(0));
    let head = view.head();
    json(&Capabilities {
        head: Head { number: format!("{head:#x}"), hash: view.hash_of(head)?.unwrap_or_default() },
        state: kept.clone(),
        tx: all.clone(),
        logs: kept.clone(),
        receipts: all.clone(),
        blocks: all,
        stateproofs: kept,
    })
}

/// Wei per gas that the next block burns.
fn base_fee(cx: &Context, _: Params<'_>) -> Reply {
    quantity(fees::next_base_fee(cx, &cx.chain.view())?)
}

fn storage_values(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let asked: BTreeMap<Address, Vec<U256>> = args.required(0, "slots by address")?;
    let slots: usize = asked.values().map(Vec::len).fold(0, usize::saturating_add);
    if slots == 0 {
        return Err(RpcError::params("empty request"));
    }
    if slots > MAX_SLOTS {
        return Err(RpcError::params(format!(
            "too many slots: {slots}, {}",
            fixed(MAX_SLOTS, "one request")
        )));
    }
    let view = cx.chain.view();
    let ground = pending::ground(cx, &view, args.optional(1, "block")?)?;
    let mut values: BTreeMap<Address, Vec<B256>> = BTreeMap::new();
    for (address, slots) in asked {
        let of_account = values.entry(address).or_default();
        for slot in slots {
            of_account.push(ground.slot(address, slot)?.into());
        }
    }
    json(&values)
}

fn hash_rate(_: &Context, _: Params<'_>) -> Reply {
    quantity(0)
}

/// The namespaces that are offered, each with the version that geth answers.
fn modules(cx: &Context, _: Params<'_>) -> Reply {
    let all = crate::dispatch::namespaces(&cx.mode);
    json(&all.into_iter().map(|name| (name, "1.0")).collect::<BTreeMap<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fork_hashes_are_those_of_the_eip() {
        // EIP-2124: mainnet's first fork hash is the checksum of its genesis hash.
        let genesis =
            alloy_primitives::b256!("0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
        assert_eq!(crc32(genesis.as_slice()), 0xfc64_ec04);
    }

    #[test]
    fn precompiles_are_named_in_order() {
        assert!(PRECOMPILES.is_sorted_by_key(|(name, _)| *name));
    }
}

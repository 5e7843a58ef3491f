//! Accounts, code and storage at any kept block, with proofs.
//! The newest state is asked for most; older ones come from the history that the chain keeps.

use crate::{
    block_id,
    context::Context,
    error::RpcError,
    json::{Reply, json, quantity},
    limits::fixed,
    method::Method,
    params::Params,
    pending,
};
use alloy_consensus::TrieAccount;
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use chain::Account;
use serde::{Deserialize, Serialize};

/// Slots in one proof.
const MAX_PROVED_SLOTS: usize = 1_024;

pub(crate) const METHODS: &[Method] = &[
    Method::now("eth_getBalance", balance),
    Method::now("eth_getTransactionCount", transaction_count),
    Method::now("eth_getCode", code),
    Method::now("eth_getStorageAt", storage),
    Method::now("eth_getAccount", account),
    Method::now("eth_getAccountInfo", account_info),
    Method::heavy("eth_getProof", proof),
];

fn balance(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let address = args.required(0, "address")?;
    let ground = pending::ground(cx, &view, args.optional(1, "block")?)?;
    json(&ground.account_or_none(address)?.balance)
}

/// At `pending`, transactions in the pool count too.
fn transaction_count(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let address = args.required(0, "address")?;
    let block: Option<BlockId> = args.optional(1, "block")?;
    if pending::is_meant(block) {
        return quantity(next_nonce(cx, address)?);
    }
    let view = cx.chain.view();
    let at = block_id::state_at(&view, block)?;
    quantity(view.account(address, at)?.nonce)
}

/// The nonce after all that is sealed or ready in the pool.
pub(crate) fn next_nonce(cx: &Context, address: Address) -> Result<u64, RpcError> {
    // The pool first: a transaction sealed in between is then counted by the state.
    let pooled = cx.chain.pool().next_nonce(address);
    let view = cx.chain.view();
    let sealed = view.account(address, view.head())?.nonce;
    Ok(pooled.map_or(sealed, |pooled| pooled.max(sealed)))
}

fn code(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let address = args.required(0, "address")?;
    let ground = pending::ground(cx, &view, args.optional(1, "block")?)?;
    json(&ground.code_of(address)?)
}

fn storage(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let address = args.required(0, "address")?;
    let slot: U256 = args.required(1, "slot")?;
    let ground = pending::ground(cx, &view, args.optional(2, "block")?)?;
    json(&B256::from(ground.slot(address, slot)?))
}

/// An account as the state trie has it. The tries of a pending block are not made: it is answered from the newest block.
fn account(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let address = args.required(0, "address")?;
    let at = block_id::state_at(&view, args.optional(1, "block")?)?;
    let account = view.account(address, at)?;
    let storage_root = view.storage_root(address, at)?;
    let Account { nonce, balance, code_hash } = account;
    json(&TrieAccount { nonce, balance, storage_root, code_hash })
}

/// The answer of `eth_getAccountInfo`.
#[derive(Serialize)]
struct AccountInfo {
    balance: U256,
    nonce: U64,
    code: Bytes,
}

fn account_info(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let address = args.required(0, "address")?;
    let ground = pending::ground(cx, &view, args.optional(1, "block")?)?;
    let account = ground.account_or_none(address)?;
    let nonce = U64::from(account.nonce);
    json(&AccountInfo { balance: account.balance, nonce, code: ground.code_of(address)? })
}

/// The answer of `eth_getProof` (EIP-1186).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountProof {
    address: Address,
    balance: U256,
    code_hash: B256,
    nonce: U256,
    storage_hash: B256,
    account_proof: Vec<Bytes>,
    storage_proof: Vec<StorageProof>,
}

/// A slot as the caller wrote it, a whole word or a number: the answer repeats it, as geth's does.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(untagged)]
enum SlotKey {
    Word(B256),
    Number(U256),
}

impl SlotKey {
    fn slot(self) -> U256 {
        match self {
            Self::Word(word) => word.into(),
            Self::Number(number) => number,
        }
    }
}

#[derive(Serialize)]
struct StorageProof {
    key: SlotKey,
    value: U256,
    proof: Vec<Bytes>,
}

fn proof(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let address = args.required(0, "address")?;
    let keys: Vec<SlotKey> = args.optional(1, "slots")?.unwrap_or_default();
    let slots: Vec<U256> = keys.iter().map(|key| key.slot()).collect();
    if slots.len() > MAX_PROVED_SLOTS {
        let (count, bound) = (slots.len(), fixed(MAX_PROVED_SLOTS, "one proof"));
        return Err(RpcError::params(format!("too many slots: {count}, {bound}")));
    }
    let at = block_id::state_at(&view, args.optional(2, "block")?)?;
    let account = view.account(address, at)?;
    let proof = view.proof(address, &slots, at)?;
    json(&AccountProof {
        address,
        balance: account.balance,
        code_hash: account.code_hash,
        nonce: U256::from(account.nonce),
        storage_hash: proof.storage_root,
        account_proof: proof.nodes,
        storage_proof: proof
            .slots
            .into_iter()
            .zip(keys)
            .map(|(slot, key)| StorageProof { key, value: slot.value, proof: slot.nodes })
            .collect(),
    })
}

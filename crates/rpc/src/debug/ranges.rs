//! Accounts and storage a page at a time, in the order of their hashes, as geth's debuggers ask for them; and code by its
//! hash. Reading goes by ranges of hashes that grow until a page is full, so a page costs what it holds.

use crate::{
    block_id,
    context::Context,
    error::RpcError,
    json::{Reply, json},
    method::Method,
    params::Params,
    replay::{self, Scene},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use chain::{View, executor::SimulatedState};
use revm::database::AccountState;
use serde::Serialize;
use state::{AccountEntry, Reader};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// Most accounts of one page, as in geth.
const MAX_ACCOUNTS: usize = 256;

/// Most slots of one page, and slots shown of one account among many.
const MAX_SLOTS: usize = 1_024;

/// The first range read is this part of all hashes; each further one is twice as long.
const FIRST_SHIFT: usize = 12;

pub(crate) const METHODS: &[Method] = &[
    Method::heavy("debug_accountRange", account_range),
    Method::heavy("debug_storageRangeAt", storage_range),
    Method::now("debug_codeByHash", code_by_hash),
];

/// A page, and where the next one begins.
struct Page<T> {
    found: Vec<(B256, T)>,
    next: Option<B256>,
}

/// At most `most` entries from `start` on. `read` gives those of a range, in order.
fn page<T>(
    start: B256,
    most: usize,
    mut read: impl FnMut(RangeInclusive<B256>) -> Result<Vec<(B256, T)>, RpcError>,
) -> Result<Page<T>, RpcError> {
    let mut from = U256::from_be_bytes(start.0);
    let mut span = U256::MAX.checked_shr(FIRST_SHIFT).unwrap_or(U256::MAX);
    let mut found: Vec<(B256, T)> = Vec::new();
    loop {
        let to = from.saturating_add(span);
        found.extend(read(B256::from(from)..=B256::from(to))?);
        if found.len() > most {
            let next = found.get(most).map(|(hash, _)| *hash);
            found.truncate(most);
            return Ok(Page { found, next });
        }
        if to == U256::MAX {
            return Ok(Page { found, next: None });
        }
        from = to.saturating_add(U256::ONE);
        span = span.saturating_mul(U256::from(2));
    }
}

/// Where a page begins: the hash's first bytes.
fn start(bytes: &Bytes) -> Result<B256, RpcError> {
    if bytes.len() > B256::len_bytes() {
        let length = bytes.len();
        return Err(RpcError::params(format!("a page begins at a hash of at most 32 bytes, not {length}")));
    }
    Ok(B256::right_padding_from(bytes))
}

fn length(asked: i64, most: usize) -> usize {
    usize::try_from(asked).ok().filter(|asked| *asked > 0).unwrap_or(most).min(most)
}

/// The answer of `debug_accountRange`, as geth's dumps are.
#[derive(Serialize)]
struct Dump {
    root: String,
    accounts: BTreeMap<String, DumpAccount>,
    /// Geth writes it in base 64, and takes it in hex; here it is hex both times.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<B256>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DumpAccount {
    /// In decimal.
    balance: String,
    nonce: u64,
    root: B256,
    code_hash: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<BTreeMap<B256, String>>,
    address: Address,
    key: B256,
}

fn account_range(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let view = cx.chain.view();
    let at = block_id::state_at(&view, args.optional(0, "block")?)?;
    let start = start(&args.optional(1, "start")?.unwrap_or_default())?;
    let most = length(args.optional(2, "max results")?.unwrap_or_default(), MAX_ACCOUNTS);
    let without_code = args.optional(3, "no code")?.unwrap_or(false);
    let without_storage = args.optional(4, "no storage")?.unwrap_or(false);
    let reader = view.reader();
    let Page { found, next } = page(start, most, |hashes| {
        let entries = reader.accounts_between(at, hashes).map_err(failed)?;
        Ok(entries.into_iter().map(|entry| (entry.hash, entry)).collect())
    })?;
    let allowance = replay::allowance(cx);
    let mut accounts = BTreeMap::new();
    for (_, entry) in found {
        allowance.check()?;
        let told = dumped(&view, at, &entry, without_code, without_storage)?;
        accounts.insert(entry.address.to_checksum(None), told);
    }
    let root = reader.root_of(at).map_err(failed)?.unwrap_or_default();
    json(&Dump { root: alloy_primitives::hex::encode(root), accounts, next })
}

fn dumped(
    view: &View,
    at: u64,
    entry: &AccountEntry,
    without_code: bool,
    without_storage: bool,
) -> Result<DumpAccount, RpcError> {
    let AccountEntry { hash, address, account, storage_root } = *entry;
    let code = view.code(address, at)?;
    let storage = match without_storage {
        true => None,
        false => Some(shown(view.reader(), address, at)?).filter(|slots| !slots.is_empty()),
    };
    Ok(DumpAccount {
        balance: account.balance.to_string(),
        nonce: account.nonce,
        root: storage_root,
        code_hash: if account.code_hash.is_zero() { KECCAK256_EMPTY } else { account.code_hash },
        code: Some(code).filter(|code| !without_code && !code.is_empty()),
        storage,
        address,
        key: hash,
    })
}

/// The first slots of an account, their values in hex without leading zeros, as geth writes them.
fn shown(reader: &Reader, address: Address, at: u64) -> Result<BTreeMap<B256, String>, RpcError> {
    let first = page(B256::ZERO, MAX_SLOTS, |hashes| slots(reader, address, at, hashes))?;
    Ok(first.found.into_iter().map(|(_, (slot, value))| (slot.into(), format!("{value:x}"))).collect())
}

/// Hash, slot and value of the slots in a range.
type Slots = Vec<(B256, (U256, U256))>;

fn slots(
    reader: &Reader,
    address: Address,
    at: u64,
    hashes: RangeInclusive<B256>,
) -> Result<Slots, RpcError> {
    Ok(reader.slots_between(address, at, hashes).map_err(failed)?.into_iter().collect())
}

fn failed(error: state::Error) -> RpcError {
    chain::ReadError::State(error).into()
}

/// The answer of `debug_storageRangeAt`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StorageRange {
    storage: BTreeMap<B256, StorageEntry>,
    next_key: Option<B256>,
}

#[derive(Serialize)]
struct StorageEntry {
    key: B256,
    value: B256,
}

/// Storage as a transaction of a block finds it: after those before it.
fn storage_range(cx: &Context, params: Params<'_>) -> Reply {
    let args = params.args()?;
    let id: BlockId = args.required(0, "block")?;
    let index: usize = args.required(1, "transaction index")?;
    let address: Address = args.required(2, "address")?;
    let start = start(&args.required(3, "start key")?)?;
    let most = length(args.required(4, "max results")?, MAX_SLOTS);
    let view = cx.chain.view();
    let block = replay::block_at(&view, id)?;
    if index > block.transactions.len() {
        let count = block.transactions.len();
        return Err(RpcError::server(format!(
            "transaction index {index} out of range: the block has {count}"
        )));
    }
    let below = block.header.number.saturating_sub(1);
    let scene = Scene::of(&view, block)?;
    let mut replay = scene.replay(cx);
    replay.skip_to(index).map_err(|error| replay::failed(&error))?;
    let changed = Changed::of(replay.state(), address);
    let Page { found, next } = page(start, most, |hashes| changed.over(view.reader(), below, hashes))?;
    let entry = |(hash, (slot, value)): (B256, (U256, U256))| {
        (hash, StorageEntry { key: slot.into(), value: value.into() })
    };
    json(&StorageRange { storage: found.into_iter().map(entry).collect(), next_key: next })
}

/// What the transactions before it did to an account's storage.
struct Changed {
    address: Address,
    is_new: bool,
    /// By hash.
    slots: BTreeMap<B256, (U256, U256)>,
}

impl Changed {
    fn of(state: &SimulatedState<'_>, address: Address) -> Self {
        let account = state.cache.accounts.get(&address);
        let slots = account.into_iter().flat_map(|account| &account.storage);
        let hashed = |(slot, value): (&U256, &U256)| (keccak256(slot.to_be_bytes::<32>()), (*slot, *value));
        let is_new = account.is_some_and(|account| {
            matches!(account.account_state, AccountState::StorageCleared | AccountState::NotExisting)
        });
        Self { address, is_new, slots: slots.map(hashed).collect() }
    }

    /// The slots of a range: those after block `below`, with the changes.
    fn over(&self, reader: &Reader, below: u64, hashes: RangeInclusive<B256>) -> Result<Slots, RpcError> {
        let mut found: BTreeMap<B256, (U256, U256)> = match self.is_new {
            true => BTreeMap::new(),
            false => slots(reader, self.address, below, hashes.clone())?.into_iter().collect(),
        };
        found.extend(self.slots.range(hashes).map(|(hash, slot)| (*hash, *slot)));
        Ok(found.into_iter().filter(|(_, (_, value))| !value.is_zero()).collect())
    }
}

/// Code that any account has had; `null` if none has.
fn code_by_hash(cx: &Context, params: Params<'_>) -> Reply {
    let hash: B256 = params.one("hash")?;
    json(&cx.chain.view().reader().code(hash).map_err(failed)?)
}

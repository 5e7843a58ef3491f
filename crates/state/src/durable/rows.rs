//! Keys and values of the database's rows. Integers in keys are big-endian, so that rows sort as numbers do.
//!
//! | keyspace | key | value | written by |
//! | --- | --- | --- | --- |
//! | `meta` | name | head, folded, pruned, rewinding, checkpoint | commit, fold, rewind, checkpoint |
//! | `delta` | block | changed rows before and after, code, log tags, transaction hashes | commit |
//! | `header` | block | hash, state root, lengths of body and receipts, header | commit |
//! | `body`, `receipt` | block | as given; no row if empty | commit |
//! | `range` | first block | state root, interval, first header, hashes | commit |
//! | `account` | address hash | address, account | fold |
//! | `slot` | storage id, slot hash | value, slot | fold |
//! | `past` | kind, position, block | value before that block | fold |
//! | `log` | tag, block | – | fold |
//! | `transaction` | short hash | block, position | fold |
//! | `number` | short block hash, block | – | fold |
//! | `code` | hash | code | fold |
//! | `cut` | generation, storage id, part | cuts | checkpoint |

use crate::codec::{Decoder, put_bytes, put_count, put_number, put_word};
use crate::keccak::{Kernel, hash_all};
use crate::layer::{Delta, Index};
use crate::model::EmptyRange;
use crate::node::{AccountRow, EMPTY_ROOT, Ref};
use crate::table::{AccountKey, Change, Key, Position, SlotKey};
use crate::trie::Cut;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};

/// Rows of accounts in `past`.
pub(super) const ACCOUNT: u8 = 0;
/// Rows of slots in `past`.
pub(super) const SLOT: u8 = 1;

/// Appends an account.
fn put_account(out: &mut Vec<u8>, row: &AccountRow) {
    put_number(out, row.nonce);
    put_word(out, row.balance);
    let plain = row.code_hash == KECCAK256_EMPTY;
    out.push(u8::from(!plain));
    if !plain {
        out.extend_from_slice(row.code_hash.as_slice());
    }
    put_number(out, row.storage_id);
    if row.storage_id != 0 {
        out.extend_from_slice(row.storage_root.as_slice());
    }
}

fn take_account(raw: &mut Decoder<'_>) -> Option<AccountRow> {
    let (nonce, balance) = (raw.number()?, raw.word()?);
    let code_hash = match raw.byte()? {
        0 => KECCAK256_EMPTY,
        _ => raw.hash()?,
    };
    let storage_id = raw.number()?;
    let storage_root = if storage_id == 0 { EMPTY_ROOT } else { raw.hash()? };
    Some(AccountRow { nonce, balance, code_hash, storage_root, storage_id })
}

fn put_account_or_none(out: &mut Vec<u8>, row: Option<&AccountRow>) {
    out.push(u8::from(row.is_some()));
    if let Some(row) = row {
        put_account(out, row);
    }
}

fn take_account_or_none(raw: &mut Decoder<'_>) -> Option<Option<AccountRow>> {
    match raw.byte()? {
        0 => Some(None),
        _ => take_account(raw).map(Some),
    }
}

/// A row of `account`.
pub(super) fn account_value(address: &Address, row: &AccountRow) -> Vec<u8> {
    let mut out = address.to_vec();
    put_account(&mut out, row);
    out
}

/// The inverse of [`account_value`].
pub(super) fn read_account(hash: B256, raw: &[u8]) -> Option<(AccountKey, AccountRow)> {
    let mut raw = Decoder::new(raw);
    let (address, row) = (raw.address()?, take_account(&mut raw)?);
    raw.end()?;
    Some((AccountKey { hash, address }, row))
}

/// A key of `slot`.
pub(super) fn slot_key(id: u64, hash: &B256) -> [u8; 40] {
    let mut out = [0; 40];
    let (head, tail) = out.split_at_mut(8);
    head.copy_from_slice(&id.to_be_bytes());
    tail.copy_from_slice(hash.as_slice());
    out
}

/// A row of `slot`.
pub(super) fn slot_value(slot: U256, value: U256) -> Vec<u8> {
    let mut out = Vec::with_capacity(66);
    put_word(&mut out, value);
    put_word(&mut out, slot);
    out
}

/// The inverse of [`slot_key`] and [`slot_value`].
pub(super) fn read_slot(key: &[u8], raw: &[u8]) -> Option<(SlotKey, U256)> {
    let mut key = Decoder::new(key);
    let (id, hash) = (key.fixed()?, key.hash()?);
    let mut raw = Decoder::new(raw);
    let (value, slot) = (raw.word()?, raw.word()?);
    raw.end()?;
    Some((SlotKey { id, hash, slot }, value))
}

/// A key of `past`.
pub(super) fn past_key(kind: u8, position: &Position, block: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(49);
    out.push(kind);
    if kind == SLOT {
        out.extend_from_slice(&position.0.to_be_bytes());
    }
    out.extend_from_slice(position.1.as_slice());
    out.extend_from_slice(&block.to_be_bytes());
    out
}

/// The block of a key of `past`.
pub(super) fn read_past_block(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|block| u64::from_be_bytes(*block))
}

/// A row of `past` for an account.
pub(super) fn past_account(row: Option<&AccountRow>) -> Vec<u8> {
    let mut out = Vec::new();
    put_account_or_none(&mut out, row);
    out
}

/// The inverse of [`past_account`].
pub(super) fn read_past_account(raw: &[u8]) -> Option<Option<AccountRow>> {
    let mut raw = Decoder::new(raw);
    let row = take_account_or_none(&mut raw)?;
    raw.end()?;
    Some(row)
}

/// A row of `past` for a slot.
pub(super) fn past_slot(value: Option<U256>) -> Vec<u8> {
    let mut out = Vec::with_capacity(33);
    put_word(&mut out, value.unwrap_or_default());
    out
}

/// The inverse of [`past_slot`].
pub(super) fn read_past_slot(raw: &[u8]) -> Option<Option<U256>> {
    let mut raw = Decoder::new(raw);
    let value = raw.word()?;
    raw.end()?;
    Some((!value.is_zero()).then_some(value))
}

/// A key of `log`: a row of two numbers.
pub(super) fn log_key(tag: u64, block: u64) -> [u8; 16] {
    (u128::from(tag) << 64 | u128::from(block)).to_be_bytes()
}

/// The block of a key of `log`.
pub(super) fn read_log_key(key: &[u8]) -> Option<u64> {
    let mut key = Decoder::new(key);
    key.fixed()?;
    key.fixed()
}

/// A key of `number`.
pub(super) fn number_key(short: u128, number: u64) -> Vec<u8> {
    [short.to_be_bytes().as_slice(), &number.to_be_bytes()].concat()
}

/// The block of a key of `number`.
pub(super) fn read_number_key(key: &[u8]) -> Option<u64> {
    let mut key = Decoder::new(key);
    key.take(16)?;
    key.fixed()
}

/// A row of `transaction`.
pub(super) fn transaction_value(block: u64, position: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(12);
    put_number(&mut out, block);
    put_number(&mut out, position.into());
    out
}

/// The inverse of [`transaction_value`].
pub(super) fn read_transaction(raw: &[u8]) -> Option<(u64, u32)> {
    let mut raw = Decoder::new(raw);
    let found = (raw.number()?, u32::try_from(raw.number()?).ok()?);
    raw.end()?;
    Some(found)
}

/// A row of `delta`. Hashes of addresses and slots are left out: they follow from the preimages.
pub(super) fn delta_value(delta: &Delta, index: &Index) -> Vec<u8> {
    let rows = delta.accounts.len().saturating_mul(96).saturating_add(delta.slots.len().saturating_mul(72));
    let mut out = Vec::with_capacity(rows);
    put_count(&mut out, delta.accounts.len());
    for change in &delta.accounts {
        out.extend_from_slice(change.key.address.as_slice());
        put_account_or_none(&mut out, change.before.as_ref());
        put_account_or_none(&mut out, change.after.as_ref());
    }
    put_count(&mut out, delta.slots.len());
    for change in &delta.slots {
        put_number(&mut out, change.key.id);
        put_word(&mut out, change.key.slot);
        put_word(&mut out, change.before.unwrap_or_default());
        put_word(&mut out, change.after.unwrap_or_default());
    }
    put_count(&mut out, delta.code.len());
    for (hash, code) in &delta.code {
        out.extend_from_slice(hash.as_slice());
        put_bytes(&mut out, code);
    }
    put_count(&mut out, index.logs.len());
    index.logs.iter().for_each(|tag| out.extend_from_slice(&tag.to_be_bytes()));
    put_count(&mut out, index.transactions.len());
    index.transactions.iter().for_each(|hash| out.extend_from_slice(hash.as_slice()));
    out
}

/// The inverse of [`delta_value`].
pub(super) fn read_delta(raw: &[u8]) -> Option<(Delta, Index)> {
    let raw = &mut Decoder::new(raw);
    let mut accounts = Vec::new();
    for _ in 0..raw.count()? {
        let key = AccountKey { hash: B256::ZERO, address: raw.address()? };
        accounts.push(Change { key, before: take_account_or_none(raw)?, after: take_account_or_none(raw)? });
    }
    let mut slots = Vec::new();
    let stored = |value: U256| (!value.is_zero()).then_some(value);
    for _ in 0..raw.count()? {
        let key = SlotKey { id: raw.number()?, hash: B256::ZERO, slot: raw.word()? };
        slots.push(Change { key, before: stored(raw.word()?), after: stored(raw.word()?) });
    }
    let mut code = Vec::new();
    for _ in 0..raw.count()? {
        code.push((raw.hash()?, raw.bytes()?.to_vec().into()));
    }
    let logs = (0..raw.count()?).map(|_| raw.fixed()).collect::<Option<_>>()?;
    let transactions = (0..raw.count()?).map(|_| raw.hash()).collect::<Option<_>>()?;
    raw.end()?;
    let mut delta = Delta { accounts, slots, code };
    hash_keys(&mut delta);
    Some((delta, Index { logs, transactions }))
}

/// Fills in the hashes that a stored delta leaves out, and restores the order by position.
fn hash_keys(delta: &mut Delta) {
    let words: Vec<[u8; 32]> = delta.slots.iter().map(|change| change.key.slot.to_be_bytes()).collect();
    let addresses: Vec<Address> = delta.accounts.iter().map(|change| change.key.address).collect();
    let kernel = Kernel::detect();
    for (change, hash) in delta.slots.iter_mut().zip(hash_all(kernel, words.iter().map(<[u8; 32]>::as_slice)))
    {
        change.key.hash = hash;
    }
    let hashes = hash_all(kernel, addresses.iter().map(|address| address.as_slice()));
    for (change, hash) in delta.accounts.iter_mut().zip(hashes) {
        change.key.hash = hash;
    }
    delta.slots.sort_by_key(|change| change.key.position());
    delta.accounts.sort_by_key(|change| change.key.position());
}

/// A row of `header`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderRow<'a> {
    pub(super) hash: B256,
    pub(super) root: B256,
    pub(super) body_len: u64,
    pub(super) receipts_len: u64,
    pub(super) header: &'a [u8],
}

impl<'a> HeaderRow<'a> {
    pub(super) fn value(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.header.len().saturating_add(84));
        out.extend_from_slice(self.hash.as_slice());
        out.extend_from_slice(self.root.as_slice());
        put_number(&mut out, self.body_len);
        put_number(&mut out, self.receipts_len);
        out.extend_from_slice(self.header);
        out
    }

    pub(super) fn read(raw: &'a [u8]) -> Option<Self> {
        let mut raw = Decoder::new(raw);
        let (hash, root) = (raw.hash()?, raw.hash()?);
        let (body_len, receipts_len) = (raw.number()?, raw.number()?);
        Some(Self { hash, root, body_len, receipts_len, header: raw.rest() })
    }
}

/// A row of `range`.
pub(super) fn range_value(range: &EmptyRange, root: &B256) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(range.hashes.len().saturating_mul(32).saturating_add(range.first_header.len()));
    out.extend_from_slice(root.as_slice());
    put_number(&mut out, range.interval_secs);
    put_bytes(&mut out, &range.first_header);
    put_count(&mut out, range.hashes.len());
    range.hashes.iter().for_each(|hash| out.extend_from_slice(hash.as_slice()));
    out
}

/// The inverse of [`range_value`]: the range and the state root of its blocks.
pub(super) fn read_range(first: u64, raw: &[u8]) -> Option<(EmptyRange, B256)> {
    let mut raw = Decoder::new(raw);
    let (root, interval_secs) = (raw.hash()?, raw.number()?);
    let first_header = raw.bytes()?.to_vec();
    let hashes = (0..raw.count()?).map(|_| raw.hash()).collect::<Option<_>>()?;
    raw.end()?;
    Some((EmptyRange { first, first_header, interval_secs, hashes }, root))
}

/// A key of `cut`.
pub(super) fn cut_key(generation: u64, id: u64, part: u32) -> Vec<u8> {
    [generation.to_be_bytes().as_slice(), &id.to_be_bytes(), &part.to_be_bytes()].concat()
}

/// Appends a cut: 70 bytes.
pub(super) fn put_cut(out: &mut Vec<u8>, cut: &Cut) {
    out.extend_from_slice(cut.key.as_slice());
    out.push(cut.start);
    out.extend_from_slice(&cut.reference.to_bytes());
    out.extend_from_slice(&cut.count.to_be_bytes());
}

/// All cuts of a row of `cut`.
pub(super) fn read_cuts(raw: &[u8], out: &mut Vec<Cut>) -> Option<()> {
    let mut raw = Decoder::new(raw);
    for _ in 0..raw.count()? {
        let (key, start) = (raw.hash()?, raw.byte()?);
        let reference = Ref::from_bytes(raw.take(Ref::BYTES)?.try_into().ok()?)?;
        let count = u32::from_be_bytes(raw.take(4)?.try_into().ok()?);
        if start > 64 || count == 0 {
            return None;
        }
        out.push(Cut { key, start, reference, count });
    }
    raw.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    fn account(nonce: u64, storage_id: u64) -> AccountRow {
        let storage_root = if storage_id == 0 { EMPTY_ROOT } else { B256::repeat_byte(7) };
        let code_hash = if nonce.is_multiple_of(2) { KECCAK256_EMPTY } else { B256::repeat_byte(9) };
        AccountRow {
            nonce,
            balance: U256::from(nonce).wrapping_shl(100),
            code_hash,
            storage_root,
            storage_id,
        }
    }

    #[test]
    fn accounts_survive_encoding() {
        for (nonce, id) in [(0, 0), (1, 0), (2, 5), (u64::MAX, u64::MAX)] {
            let (address, row) = (Address::repeat_byte(3), account(nonce, id));
            let (key, read) = read_account(B256::ZERO, &account_value(&address, &row)).unwrap();
            assert_eq!((key.address, read), (address, row));
            assert_eq!(read_past_account(&past_account(Some(&row))), Some(Some(row)));
        }
        assert_eq!(read_past_account(&past_account(None)), Some(None));
    }

    #[test]
    fn a_delta_row_gives_back_changes_in_order_and_names_what_changed() {
        let mut slots: Vec<_> = (0..50u64)
            .map(|n| {
                let slot = U256::from(n << 8);
                let key = SlotKey { id: 3 + n % 2, hash: keccak256(slot.to_be_bytes::<32>()), slot };
                Change {
                    key,
                    before: (n % 3 != 0).then(|| U256::from(n)),
                    after: (n % 5 != 0).then(|| U256::from(7)),
                }
            })
            .collect();
        slots.sort_by_key(|change| change.key.position());
        let address = Address::repeat_byte(3);
        let key = AccountKey { hash: keccak256(address), address };
        let delta = Delta {
            accounts: vec![Change { key, before: None, after: Some(account(1, 9)) }],
            slots,
            code: vec![(B256::repeat_byte(1), vec![1, 2, 3].into())],
        };
        let index = Index { logs: vec![1, u64::MAX], transactions: vec![B256::repeat_byte(8)] };
        let (read, read_index) = read_delta(&delta_value(&delta, &index)).unwrap();
        assert_eq!((read.accounts, read.slots, read.code), (delta.accounts, delta.slots, delta.code));
        assert_eq!((read_index.logs, read_index.transactions), (index.logs, index.transactions));
    }

    #[test]
    fn every_cut_short_delta_row_is_refused() {
        let address = Address::repeat_byte(3);
        let key = AccountKey { hash: keccak256(address), address };
        let delta = Delta {
            accounts: vec![Change { key, before: None, after: Some(account(1, 9)) }],
            ..Delta::default()
        };
        let raw = delta_value(&delta, &Index { logs: vec![1], transactions: vec![B256::ZERO] });
        for len in 0..raw.len() {
            assert!(read_delta(&raw[..len]).is_none(), "{len}");
        }
    }
}

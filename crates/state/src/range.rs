//! Accounts and slots after a block, in the order of their hashes, a range at a time: what debuggers page through. Rows
//! that changed since are set back, so an old block costs what happened after it, within a bound.

use crate::Result;
use crate::model::Account;
use crate::node::{AccountRow, EMPTY_ROOT};
use crate::reader::Reader;
use alloy_primitives::{Address, B256, U256, keccak256};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Changes that one range may have to undo.
const MOST_ROWS: usize = 50_000;

/// An account among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Keccak-256 of the address: its place in the order.
    pub hash: B256,
    /// Whose.
    pub address: Address,
    /// What it has.
    pub account: Account,
    /// The root of its storage.
    pub storage_root: B256,
}

impl Reader {
    /// The root of an account's storage after block `at`.
    ///
    /// # Errors
    /// An unknown or pruned block, or the database's own.
    pub fn storage_root(&self, address: Address, at: u64) -> Result<B256> {
        self.check(at)?;
        let row = self.view().account_at(&keccak256(address), at)?;
        Ok(row.map_or(EMPTY_ROOT, |row| row.storage_root))
    }

    /// The accounts after block `at` whose hashes lie in `hashes`, by hash.
    ///
    /// # Errors
    /// An unknown, pruned or too old block, or the database's own.
    pub fn accounts_between(&self, at: u64, hashes: RangeInclusive<B256>) -> Result<Vec<AccountEntry>> {
        self.check(at)?;
        let (from, to) = hashes.into_inner();
        let now = self.view().accounts_between(&from, &to)?;
        let mut rows: BTreeMap<B256, (Address, AccountRow)> =
            now.into_iter().map(|(key, row)| (key.hash, (key.address, row))).collect();
        if at < self.view().number() {
            let past = self.view().past(at, MOST_ROWS)?;
            for (hash, (key, row)) in past.accounts.range(from..=to) {
                match row {
                    Some(row) => _ = rows.insert(*hash, (key.address, *row)),
                    None => _ = rows.remove(hash),
                }
            }
        }
        let entry = |(hash, (address, row)): (B256, (Address, AccountRow))| AccountEntry {
            hash,
            address,
            account: row.account(),
            storage_root: row.storage_root,
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// The slots of an account after block `at` whose hashes lie in `hashes`: each with its value, by hash.
    ///
    /// # Errors
    /// An unknown, pruned or too old block, or the database's own.
    pub fn slots_between(
        &self,
        address: Address,
        at: u64,
        hashes: RangeInclusive<B256>,
    ) -> Result<BTreeMap<B256, (U256, U256)>> {
        self.check(at)?;
        let row = self.view().account_at(&keccak256(address), at)?;
        let Some(id) = row.map(|row| row.storage_id).filter(|id| *id != 0) else {
            return Ok(BTreeMap::new());
        };
        let (from, to) = hashes.into_inner();
        let now = self.view().slots_between(id, &from, &to)?;
        let mut slots: BTreeMap<B256, (U256, U256)> =
            now.into_iter().map(|(key, value)| (key.hash, (key.slot, value))).collect();
        if at < self.view().number() {
            let past = self.view().past(at, MOST_ROWS)?;
            for ((_, hash), (key, value)) in past.slots.range((id, from)..=(id, to)) {
                match value {
                    Some(value) => _ = slots.insert(*hash, (key.slot, *value)),
                    None => _ = slots.remove(hash),
                }
            }
        }
        Ok(slots)
    }
}

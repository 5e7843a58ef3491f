//! revm's view of a [`StateSource`]: for simulations as it is, for a block with a note of each value it began with.

use super::{codes::CodeCache, history, source::StateSource};
use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, HashMap},
};
use revm::{
    Database, DatabaseRef, bytecode::Bytecode, database_interface::DBErrorMarker, state::AccountInfo,
};
use state::Account;
use std::fmt;

/// The state could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub state::Error);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}
impl DBErrorMarker for Failed {}

/// The state as execution in the block `number` finds it.
///
/// The ring of EIP-2935 is read as that block's first step leaves it, whether or not the step was written: empty blocks
/// are sealed without it (`decisions.md` 20).
#[derive(Clone, Copy)]
pub struct StateDatabase<'s> {
    source: &'s dyn StateSource,
    codes: &'s CodeCache,
    number: u64,
}

impl<'s> StateDatabase<'s> {
    /// The state of `source`, for the block `number`.
    pub fn new(source: &'s dyn StateSource, codes: &'s CodeCache, number: u64) -> Self {
        Self { source, codes, number }
    }

    fn code(&self, hash: B256) -> Result<Bytecode, Failed> {
        if let Some(code) = self.codes.get(hash) {
            return Ok(code);
        }
        let raw = self.source.code(hash).map_err(Failed)?.unwrap_or_default();
        let code = analysed(raw);
        self.codes.insert(hash, code.clone());
        Ok(code)
    }
}

impl fmt::Debug for StateDatabase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateDatabase").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Code as revm takes it. What begins like a delegation but is none runs as plain code, and so halts.
pub(super) fn analysed(raw: Bytes) -> Bytecode {
    Bytecode::new_raw_checked(raw.clone()).unwrap_or_else(|_| Bytecode::new_legacy(raw))
}

fn info(account: Account) -> AccountInfo {
    AccountInfo {
        balance: account.balance,
        nonce: account.nonce,
        code_hash: account.code_hash,
        code: None,
        ..AccountInfo::default()
    }
}

impl DatabaseRef for StateDatabase<'_> {
    type Error = Failed;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Failed> {
        Ok(self.source.account(address).map_err(Failed)?.map(info))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Failed> {
        self.code(hash)
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, Failed> {
        let held = match history::ring_entry(address, slot, self.number) {
            Some(number) if history::is_deployed(self.source).map_err(Failed)? => {
                return Ok(self.block_hash_ref(number)?.into());
            }
            _ => self.source.storage(address, slot),
        };
        held.map_err(Failed)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Failed> {
        Ok(self.source.block_hash(number).map_err(Failed)?.unwrap_or_default())
    }
}

/// The state below a block in the making, with a note of what was read: the values that the block began with.
pub(super) struct BlockDatabase<'s> {
    source: &'s dyn StateSource,
    codes: &'s CodeCache,
    accounts: AddressMap<Option<Account>>,
    slots: HashMap<(Address, U256), U256>,
}

impl<'s> BlockDatabase<'s> {
    pub(super) fn new(source: &'s dyn StateSource, codes: &'s CodeCache) -> Self {
        Self { source, codes, accounts: AddressMap::default(), slots: HashMap::default() }
    }

    /// An account that was read, as it was before the block.
    pub(super) fn account_before(&self, address: Address) -> Option<Account> {
        self.accounts.get(&address).copied().flatten()
    }

    /// A slot that was read, as it was before the block.
    pub(super) fn slot_before(&self, address: Address, slot: U256) -> U256 {
        self.slots.get(&(address, slot)).copied().unwrap_or_default()
    }
}

impl Database for BlockDatabase<'_> {
    type Error = Failed;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Failed> {
        let account = self.source.account(address).map_err(Failed)?;
        self.accounts.insert(address, account);
        Ok(account.map(info))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, Failed> {
        StateDatabase::new(self.source, self.codes, 0).code(hash)
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Failed> {
        let value = self.source.storage(address, slot).map_err(Failed)?;
        self.slots.insert((address, slot), value);
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Failed> {
        Ok(self.source.block_hash(number).map_err(Failed)?.unwrap_or_default())
    }
}

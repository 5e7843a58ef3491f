//! Where execution reads the state from: the writer's head, a reader's snapshot after any kept block, or a map.

use alloy_primitives::{Address, B256, Bytes, U256, map::AddressMap, map::B256Map, map::HashMap};
use state::{Account, Changes, Error, Reader, Writer};

/// The state after one block, and the hashes of the blocks up to it.
pub trait StateSource {
    /// An account; `None` if it does not exist.
    ///
    /// # Errors
    /// The database's.
    fn account(&self, address: Address) -> Result<Option<Account>, Error>;
    /// A storage slot; zero if never written.
    ///
    /// # Errors
    /// The database's.
    fn storage(&self, address: Address, slot: U256) -> Result<U256, Error>;
    /// The code with a hash.
    ///
    /// # Errors
    /// The database's.
    fn code(&self, hash: B256) -> Result<Option<Bytes>, Error>;
    /// The hash of a block; `None` if there is no such block.
    ///
    /// # Errors
    /// The database's.
    fn block_hash(&self, number: u64) -> Result<Option<B256>, Error>;
}

/// The head, as the producer sees it.
impl StateSource for Writer {
    fn account(&self, address: Address) -> Result<Option<Account>, Error> {
        self.account(address)
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, Error> {
        self.slot(address, slot)
    }
    fn code(&self, hash: B256) -> Result<Option<Bytes>, Error> {
        self.code(hash)
    }
    fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        self.reader().hash_of(number)
    }
}

/// The state after a block of a snapshot.
#[derive(Clone)]
pub struct At {
    /// The snapshot.
    pub reader: Reader,
    /// The block.
    pub number: u64,
}

impl StateSource for At {
    fn account(&self, address: Address) -> Result<Option<Account>, Error> {
        self.reader.account(address, self.number)
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, Error> {
        self.reader.slot(address, slot, self.number)
    }
    fn code(&self, hash: B256) -> Result<Option<Bytes>, Error> {
        self.reader.code(hash)
    }
    fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        if number > self.number { Ok(None) } else { self.reader.hash_of(number) }
    }
}

/// A state in maps, for benches and tests.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    /// All accounts.
    pub accounts: AddressMap<Account>,
    /// Slots that are not zero.
    pub slots: HashMap<(Address, U256), U256>,
    /// Code by hash.
    pub codes: B256Map<Bytes>,
    /// Hashes by number.
    pub hashes: HashMap<u64, B256>,
}

impl MemorySource {
    /// Takes what a block did.
    pub fn apply(&mut self, changes: Changes) {
        self.codes.extend(changes.code);
        for change in changes.accounts {
            if change.wiped || change.account.is_none() {
                self.slots.retain(|(owner, _), _| *owner != change.address);
            }
            match change.account {
                Some(account) => self.accounts.insert(change.address, account),
                None => self.accounts.remove(&change.address),
            };
            for (slot, value) in change.slots {
                if value.is_zero() {
                    self.slots.remove(&(change.address, slot));
                } else {
                    self.slots.insert((change.address, slot), value);
                }
            }
        }
    }
}

impl StateSource for MemorySource {
    fn account(&self, address: Address) -> Result<Option<Account>, Error> {
        Ok(self.accounts.get(&address).copied())
    }
    fn storage(&self, address: Address, slot: U256) -> Result<U256, Error> {
        Ok(self.slots.get(&(address, slot)).copied().unwrap_or_default())
    }
    fn code(&self, hash: B256) -> Result<Option<Bytes>, Error> {
        Ok(self.codes.get(&hash).cloned())
    }
    fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        Ok(self.hashes.get(&number).copied())
    }
}

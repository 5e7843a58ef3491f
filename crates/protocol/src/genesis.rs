//! The native contracts' accounts in the genesis state.

use crate::{pauser_registry, registry::STUB_CODE};
use alloy_primitives::{Address, Bytes, U256};
use types::{Params, addresses::PAUSER_REGISTRY, params::Roles};

/// What a genesis state is made from.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The chain's numbers and rules.
    pub params: &'a Params,
    /// Who holds which power.
    pub roles: &'a Roles,
    /// Whether TestToken and its strategy exist (`decisions.md` 42).
    pub dev: bool,
}

/// A native account at genesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Where.
    pub address: Address,
    /// Nonce: 1, or more for a contract that has made instances.
    pub nonce: u64,
    /// The stub, or an instance's registration.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: Vec<(U256, U256)>,
}

/// All native accounts of a new chain, by address.
pub fn accounts(setup: &Setup<'_>) -> Vec<Account> {
    let mut accounts = vec![singleton(PAUSER_REGISTRY, pauser_registry::genesis(setup.roles))];
    accounts.sort_by_key(|account| account.address);
    accounts
}

fn singleton(address: Address, storage: Vec<(U256, U256)>) -> Account {
    Account { address, nonce: 1, code: Bytes::from_static(&STUB_CODE), storage }
}

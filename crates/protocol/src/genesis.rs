//! The native contracts' accounts in the genesis state.

use alloy_primitives::{Address, Bytes, U256};
use types::{Params, params::Roles};

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
pub fn accounts(_setup: &Setup<'_>) -> Vec<Account> {
    Vec::new()
}

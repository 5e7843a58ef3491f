//! The keys that a development node holds, and the nonces it has promised: many transactions without a nonce may be
//! under way at once, and each must get its own.

use crate::error::RpcError;
use alloy_primitives::Address;
use alloy_signer_local::PrivateKeySigner;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};

/// The node's keys.
pub(crate) struct Accounts {
    signers: Vec<PrivateKeySigner>,
    promised: Mutex<HashMap<Address, BTreeSet<u64>>>,
}

/// A nonce that nobody else is given while this lives.
pub(crate) struct Promise<'a> {
    accounts: &'a Accounts,
    address: Address,
    pub(crate) nonce: u64,
}

impl Accounts {
    pub(crate) fn new(signers: Vec<PrivateKeySigner>) -> Self {
        Self { signers, promised: Mutex::default() }
    }

    /// The addresses, in the order of the mnemonic.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.signers.iter().map(PrivateKeySigner::address).collect()
    }

    /// The key of an address.
    ///
    /// # Errors
    /// The node does not hold it.
    pub(crate) fn signer(&self, address: Address) -> Result<&PrivateKeySigner, RpcError> {
        self.signers
            .iter()
            .find(|signer| signer.address() == address)
            .ok_or_else(|| RpcError::server(format!("unknown account: the node holds no key for {address}")))
    }

    /// The first nonce from `next` on that is not promised.
    pub(crate) fn promise(&self, address: Address, next: u64) -> Promise<'_> {
        let mut promised = self.promised.lock();
        let taken = promised.entry(address).or_default();
        let mut nonce = next;
        while taken.contains(&nonce) {
            nonce = nonce.saturating_add(1);
        }
        taken.insert(nonce);
        Promise { accounts: self, address, nonce }
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        let mut promised = self.accounts.promised.lock();
        if let Some(taken) = promised.get_mut(&self.address) {
            taken.remove(&self.nonce);
            if taken.is_empty() {
                promised.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_under_way_are_given_once_and_given_back() {
        let accounts = Accounts::new(Vec::new());
        let address = Address::ZERO;
        let first = accounts.promise(address, 5);
        let second = accounts.promise(address, 5);
        assert_eq!((first.nonce, second.nonce), (5, 6));
        drop(first);
        assert_eq!(accounts.promise(address, 5).nonce, 5);
        assert_eq!(accounts.promise(address, 6).nonce, 7);
        drop(second);
        assert!(accounts.promised.lock().is_empty());
    }
}

//! Transactions as the pool and the executor take them: decoded, checked for all that needs no state, and with their
//! sender. What needs state (nonce, balance) is the pool's; what the call does is the executor's.

mod decode;
mod error;
mod intrinsic;
mod signature;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use error::TransactionError;

use alloy_consensus::{Transaction, TxEnvelope, transaction::TypedTransaction};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, U256};
use rayon::prelude::*;

/// Most bytes of one encoded transaction, as geth's `txMaxSize`: bounds what a single submission may cost in
/// decoding, hashing and memory.
pub const MAX_TRANSACTION_BYTES: usize = 128 * 1024;

/// A checked transaction and who sent it. Shared behind an `Arc`, never changed.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The transaction.
    pub tx: TxEnvelope,
    /// Who pays and whose nonce it takes.
    pub sender: Address,
    /// Its hash: the Keccak-256 of `raw`.
    pub hash: B256,
    /// Its EIP-2718 encoding.
    pub raw: Bytes,
    /// Whether nobody signed it: `sender` was given by a development tool, and the signature is a mark.
    pub impersonated: bool,
}

/// Decodes a raw transaction, checks it and recovers its sender, which takes some 40 µs.
///
/// # Errors
/// The first reason why it can never be a transaction of the chain `chain_id`.
pub fn recover(raw: Bytes, chain_id: u64) -> Result<Recovered, TransactionError> {
    let tx = decode(&raw)?;
    intrinsic::check(&tx, chain_id)?;
    let sender = signature::recover_sender(&tx)?;
    Ok(Recovered { hash: *tx.tx_hash(), tx, sender, raw, impersonated: false })
}

/// [`recover`] for many, on all cores, in the order given.
pub fn recover_all(raw: Vec<Bytes>, chain_id: u64) -> Vec<Result<Recovered, TransactionError>> {
    raw.into_par_iter().map(|raw| recover(raw, chain_id)).collect()
}

impl Recovered {
    /// A transaction that nobody signed, for development tools that act as any account. Its signature is
    /// `r = sender, s = 0`: no key can make it, and no two senders share a hash.
    ///
    /// # Errors
    /// What makes it unfit whoever sends it.
    pub fn impersonated(
        tx: TypedTransaction,
        sender: Address,
        chain_id: u64,
    ) -> Result<Self, TransactionError> {
        if matches!(tx, TypedTransaction::Eip4844(_)) {
            return Err(TransactionError::Blob);
        }
        let mark = Signature::new(U256::from_be_bytes(sender.into_word().0), U256::ZERO, false);
        let tx = TxEnvelope::new_unhashed(tx, mark);
        let raw = Bytes::from(tx.encoded_2718());
        decode::check_size(&raw)?;
        intrinsic::check(&tx, chain_id)?;
        Ok(Self { hash: *tx.tx_hash(), tx, sender, raw, impersonated: true })
    }

    /// A transaction that this node checked before and kept with its sender: only decodes.
    ///
    /// # Errors
    /// Bytes that are no transaction.
    pub fn stored(raw: Bytes, sender: Address, impersonated: bool) -> Result<Self, TransactionError> {
        let tx = decode(&raw)?;
        Ok(Self { hash: *tx.tx_hash(), tx, sender, raw, impersonated })
    }

    /// Bytes of its encoding.
    pub fn size(&self) -> usize {
        self.raw.len()
    }

    /// The sender's transactions before it.
    pub fn nonce(&self) -> u64 {
        self.tx.nonce()
    }

    /// Most wei per gas that it pays, base fee included.
    pub fn fee_cap(&self) -> u128 {
        self.tx.max_fee_per_gas()
    }

    /// Most wei per gas that it tips. A legacy gas price is both caps.
    pub fn tip_cap(&self) -> u128 {
        self.tx.priority_fee_or_price()
    }

    /// Most wei that it can take from its sender: all its gas at the fee cap, and its value.
    pub fn cost(&self) -> U256 {
        let gas = U256::from(self.tx.gas_limit()).saturating_mul(U256::from(self.fee_cap()));
        gas.saturating_add(self.tx.value())
    }
}

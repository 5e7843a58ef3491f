//! The pool's bounds, and what a transaction must satisfy whoever sends it and however full the pool is. Who goes when
//! a bound is reached is told in `room.rs`.

use super::{
    PoolError,
    queue::{Entry, Queue},
};
use crate::transaction::Recovered;
use alloy_consensus::Transaction;

/// Most transactions in the pool: some six seconds of work at 10,000 a second.
const MAX_COUNT: usize = 65_536;

/// Most encoded bytes in the pool; in memory each byte of input is there twice.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Most nonces of one sender that wait: an eighth of the pool, so that a batch of thousands fits and eight senders are
/// needed to fill it.
const MAX_SENDER_COUNT: u64 = 8_192;

/// Most encoded bytes of one sender: an eighth of the pool.
const MAX_SENDER_BYTES: usize = 8 * 1024 * 1024;

/// By how much a transaction must outbid the one whose nonce it takes, in percent of both fee cap and tip cap: geth's
/// rule, and what wallets do. It keeps replacing from being a free way to burden the node.
pub const PRICE_BUMP_PERCENT: u128 = 10;

/// Wei per gas below which EIP-1559 never lets a base fee fall: an eighth of it rounds to zero.
pub const LOWEST_BASE_FEE: u64 = 7;

/// Bounds of a pool; why the defaults are what they are stands at their constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most transactions.
    pub count: usize,
    /// Most encoded bytes.
    pub bytes: usize,
    /// Most nonces of one sender, counted from its account's, gaps included.
    pub sender_count: u64,
    /// Most encoded bytes of one sender.
    pub sender_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            count: MAX_COUNT,
            bytes: MAX_BYTES,
            sender_count: MAX_SENDER_COUNT,
            sender_bytes: MAX_SENDER_BYTES,
        }
    }
}

/// The chain's rules that decide whether a transaction can ever be in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Gas limit of a block.
    pub block_gas_limit: u64,
    /// Gas cap of one transaction (EIP-7825); `None` lifts it.
    pub transaction_gas_cap: Option<u64>,
    /// The least base fee (wei per gas) that the chain can ever have: [`LOWEST_BASE_FEE`], or the first block's if that
    /// is lower.
    pub lowest_base_fee: u64,
}

impl Rules {
    /// Refuses what no block could ever hold.
    pub(super) fn check(&self, transaction: &Recovered) -> Result<(), PoolError> {
        let found = transaction.tx.gas_limit();
        if found > self.block_gas_limit {
            return Err(PoolError::ExceedsBlockGasLimit { found, limit: self.block_gas_limit });
        }
        if let Some(cap) = self.transaction_gas_cap
            && found > cap
        {
            return Err(PoolError::ExceedsGasCap { cap, found });
        }
        let found = transaction.fee_cap();
        if found < u128::from(self.lowest_base_fee) {
            return Err(PoolError::BelowLowestBaseFee { found, lowest: self.lowest_base_fee });
        }
        Ok(())
    }
}

impl Limits {
    /// Whether a transaction may join a queue, and if so, whether it will be ready.
    pub(super) fn admit(&self, queue: &Queue, entry: &Entry) -> Result<bool, PoolError> {
        let (next, found) = (queue.account().nonce, entry.nonce);
        match found.checked_sub(next) {
            None => return Err(PoolError::NonceTooLow { next, found }),
            Some(distance) if distance >= self.sender_count => {
                return Err(PoolError::NonceTooHigh { next, found, ahead: self.sender_count });
            }
            Some(_) => {}
        }
        if let Some(old) = queue.get(found) {
            let (fee_cap, tip_cap) = (outbid(old.fee_cap), outbid(old.tip_cap));
            if entry.fee_cap < fee_cap || entry.tip_cap < tip_cap {
                return Err(PoolError::ReplacementUnderpriced { fee_cap, tip_cap });
            }
        }
        let have = queue.account().balance;
        let ready_cost = queue.cost_with(entry);
        match ready_cost.unwrap_or(entry.cost) {
            want if want > have => Err(PoolError::InsufficientFunds { have, want }),
            _ => Ok(ready_cost.is_some()),
        }
    }
}

/// The least that outbids a price: geth's rounding, and always more.
fn outbid(price: u128) -> u128 {
    let bump = price.saturating_mul(PRICE_BUMP_PERCENT).checked_div(100).unwrap_or_default();
    price.saturating_add(bump.max(1))
}

//! Why the pool refuses a transaction. Tools match on geth's words, so each message begins with them; what follows
//! says with which values, and what to do.

use alloy_primitives::{Address, U256};

/// A transaction that may be good on another day, but not now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It is here.
    #[error("already known")]
    AlreadyKnown,
    /// Its nonce has been used.
    #[error("nonce too low: next nonce {next}, tx nonce {found}")]
    NonceTooLow {
        /// The account's.
        next: u64,
        /// The transaction's.
        found: u64,
    },
    /// Too many transactions would have to come before it.
    #[error(
        "nonce too high: next nonce {next}, tx nonce {found}; send the ones between first, at most {ahead} wait"
    )]
    NonceTooHigh {
        /// The account's.
        next: u64,
        /// The transaction's.
        found: u64,
        /// How many nonces of one sender may wait.
        ahead: u64,
    },
    /// Another transaction has the nonce, and this one does not pay enough more.
    #[error(
        "replacement transaction underpriced: to replace the one with this nonce, maxFeePerGas must be at least {fee_cap} and maxPriorityFeePerGas at least {tip_cap} (a legacy gas price is both)"
    )]
    ReplacementUnderpriced {
        /// Wei per gas.
        fee_cap: u128,
        /// Wei per gas.
        tip_cap: u128,
    },
    /// The sender cannot pay.
    #[error("insufficient funds for gas * price + value: have {have} want {want}")]
    InsufficientFunds {
        /// Wei that the sender has.
        have: U256,
        /// Wei that this transaction, and all of the sender's before it, may take.
        want: U256,
    },
    /// No block can hold it.
    #[error("exceeds block gas limit: gas limit {found}, block gas limit {limit}; lower the gas limit")]
    ExceedsBlockGasLimit {
        /// The transaction's.
        found: u64,
        /// The block's.
        limit: u64,
    },
    /// EIP-7825.
    #[error(
        "transaction gas limit too high (cap: {cap}, tx: {found}); split the work over several transactions"
    )]
    ExceedsGasCap {
        /// The cap.
        cap: u64,
        /// The transaction's.
        found: u64,
    },
    /// No block can ever be so cheap.
    #[error(
        "max fee per gas less than block base fee: maxFeePerGas: {found}, baseFee: {lowest} at the lowest; raise the fee"
    )]
    BelowLowestBaseFee {
        /// Wei per gas.
        found: u128,
        /// Wei per gas.
        lowest: u64,
    },
    /// The pool is full of transactions that pay more.
    #[error(
        "transaction underpriced: the pool is full ({count} transactions, {bytes} bytes) of transactions that pay at least as much or can run sooner; raise maxFeePerGas, or wait"
    )]
    Full {
        /// Transactions in the pool.
        count: usize,
        /// Bytes in the pool.
        bytes: usize,
    },
    /// The sender's share of the pool is full.
    #[error(
        "account limit exceeded: {bytes} bytes of transactions of {sender} wait, at most {limit} may; wait for a block"
    )]
    SenderLimit {
        /// Whose.
        sender: Address,
        /// Bytes that wait.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// The sender's account could not be read.
    #[error("the account {address} could not be read: {reason}")]
    Account {
        /// Whose.
        address: Address,
        /// The reader's reason.
        reason: String,
    },
}

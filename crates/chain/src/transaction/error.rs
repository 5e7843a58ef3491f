//! Why bytes are not a transaction of this chain. Tools match on geth's words, so each message begins with them; what
//! follows says with which values, and what to do.

use super::MAX_TRANSACTION_BYTES;

/// A transaction that can never enter a block of this chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// No bytes at all.
    #[error("empty transaction: send the encoded bytes of a signed transaction")]
    Empty,
    /// Longer than [`MAX_TRANSACTION_BYTES`].
    #[error(
        "oversized data: transaction size {size}, limit {MAX_TRANSACTION_BYTES} bytes; split its input over several transactions"
    )]
    Oversized {
        /// Its bytes.
        size: usize,
    },
    /// Type 3 (`decisions.md` 82).
    #[error(
        "transaction type not supported: this chain takes no blob transactions (type 3); send the call as type 2 and keep its data in calldata or with a data-availability service"
    )]
    Blob,
    /// A type byte that names nothing here.
    #[error("transaction type not supported: {kind}; send type 0 (legacy), 1, 2 or 4")]
    UnknownType {
        /// The first byte.
        kind: u8,
    },
    /// The fields are not those of the type, or not canonical RLP.
    #[error(
        "malformed transaction of type {kind}: {reason}; encode its fields as canonical RLP, and send no further wrapping"
    )]
    Malformed {
        /// The transaction's type.
        kind: u8,
        /// What the decoder found.
        reason: alloy_rlp::Error,
    },
    /// Something follows the transaction.
    #[error("{extra} trailing bytes after the transaction; send one transaction at a time, without padding")]
    TrailingBytes {
        /// How many.
        extra: usize,
    },
    /// Signed for another chain.
    #[error("invalid chain id for signer: have {have} want {want}; sign the transaction for chain {want}")]
    WrongChain {
        /// The chain it was signed for.
        have: u64,
        /// This chain.
        want: u64,
    },
    /// A `v` that means no parity.
    #[error(
        "invalid transaction v, r, s values: v is {v}; it must be 0 or 1 (in a legacy transaction 27, 28, or 35 + 2 * chain id + 0 or 1)"
    )]
    BadV {
        /// What was found.
        v: u128,
    },
    /// A signature in the form that EIP-2 forbids.
    #[error(
        "invalid transaction v, r, s values: s is in the upper half of the curve's order (EIP-2); replace s by the order minus s and flip v"
    )]
    HighS,
    /// No key makes this signature.
    #[error("invalid transaction v, r, s values: no key can have made this signature; sign the transaction")]
    InvalidSignature,
    /// EIP-1559's order of caps.
    #[error(
        "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: {tip_cap}, maxFeePerGas: {fee_cap}; raise the latter or lower the former"
    )]
    TipAboveFeeCap {
        /// Wei per gas.
        tip_cap: u128,
        /// Wei per gas.
        fee_cap: u128,
    },
    /// EIP-2681.
    #[error("nonce has max value: {nonce}; no account can get there")]
    NonceMax {
        /// What was found.
        nonce: u64,
    },
    /// EIP-3860.
    #[error("max initcode size exceeded: code size {size}, limit {limit} bytes; make the contract smaller")]
    InitCodeTooLarge {
        /// Its bytes.
        size: usize,
        /// The bound.
        limit: usize,
    },
    /// EIP-7702 transactions without an authorization are invalid.
    #[error("EIP-7702 transaction with empty auth list; add an authorization or send it as type 2")]
    EmptyAuthorizationList,
    /// Less gas than the transaction costs before its first opcode.
    #[error("intrinsic gas too low: have {have}, want {want}; raise the gas limit")]
    IntrinsicGas {
        /// Its gas limit.
        have: u64,
        /// The least that lets it run.
        want: u64,
    },
    /// Less gas than its calldata costs at least (EIP-7623).
    #[error("insufficient gas for floor data gas cost: have {have}, want {want}; raise the gas limit")]
    FloorGas {
        /// Its gas limit.
        have: u64,
        /// The least that lets it run.
        want: u64,
    },
}

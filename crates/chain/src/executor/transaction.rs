//! A checked transaction as revm takes it, and the reasons for which one cannot run, in geth's words.

use crate::transaction::Recovered;
use alloy_consensus::{Transaction, Typed2718};
use alloy_primitives::U256;
use revm::{
    context::TxEnv,
    context_interface::{either::Either, result::InvalidTransaction},
};

/// The transaction that revm runs.
pub fn transaction_env(transaction: &Recovered) -> TxEnv {
    let tx = &transaction.tx;
    let authorizations = tx.authorization_list().unwrap_or_default();
    TxEnv {
        tx_type: tx.ty(),
        caller: transaction.sender,
        gas_limit: tx.gas_limit(),
        gas_price: tx.max_fee_per_gas(),
        kind: tx.kind(),
        value: tx.value(),
        data: tx.input().clone(),
        nonce: tx.nonce(),
        chain_id: tx.chain_id(),
        access_list: tx.access_list().cloned().unwrap_or_default(),
        gas_priority_fee: tx.max_priority_fee_per_gas(),
        blob_hashes: Vec::new(),
        max_fee_per_blob_gas: 0,
        // Recovered once, here: whoever asks for an authority would do it anew.
        authorization_list: authorizations
            .iter()
            .map(|it| Either::Right(it.clone().into_recovered()))
            .collect(),
    }
}

/// Why a transaction cannot run on this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Already used.
    #[error("nonce too low: next nonce {want}, tx nonce {have}")]
    NonceTooLow {
        /// The transaction's.
        have: u64,
        /// The account's.
        want: u64,
    },
    /// An earlier one is missing.
    #[error("nonce too high: next nonce {want}, tx nonce {have}")]
    NonceTooHigh {
        /// The transaction's.
        have: u64,
        /// The account's.
        want: u64,
    },
    /// Its sender cannot pay for it.
    #[error("insufficient funds for gas * price + value: have {have} want {want}")]
    InsufficientFunds {
        /// The sender's balance, in wei.
        have: U256,
        /// What it may cost, in wei.
        want: U256,
    },
    /// It does not pay the base fee.
    #[error("max fee per gas less than block base fee: maxFeePerGas: {have}, baseFee: {want}")]
    BelowBaseFee {
        /// Wei per gas that it pays at most.
        have: u128,
        /// The block's base fee.
        want: u64,
    },
    /// Its sender is a contract (EIP-3607).
    #[error("sender not an eoa: the account has code, so nobody can have signed for it")]
    SenderHasCode,
    /// Less gas than it costs before its first opcode.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// Its gas limit.
        have: u64,
        /// The least that lets it run.
        want: u64,
    },
    /// Less gas than its calldata costs at least (EIP-7623).
    #[error("insufficient gas for floor data gas cost: have {have}, want {want}")]
    FloorGas {
        /// Its gas limit.
        have: u64,
        /// The least that lets it run.
        want: u64,
    },
    /// More gas than one transaction may have (EIP-7825).
    #[error("transaction gas limit too high (cap: {cap}, tx: {have})")]
    GasCap {
        /// Its gas limit.
        have: u64,
        /// The cap.
        cap: u64,
    },
    /// More gas than a block has.
    #[error("exceeds block gas limit")]
    BlockGasLimit,
    /// Another condition of the EVM's.
    #[error("{0}")]
    Other(InvalidTransaction),
}

impl Refusal {
    /// revm's reason, with the numbers that it leaves out.
    pub(super) fn new(reason: InvalidTransaction, fee_cap: u128, base_fee: u64) -> Self {
        use InvalidTransaction as Invalid;
        match reason {
            Invalid::NonceTooLow { tx, state } => Self::NonceTooLow { have: tx, want: state },
            Invalid::NonceTooHigh { tx, state } => Self::NonceTooHigh { have: tx, want: state },
            Invalid::LackOfFundForMaxFee { fee, balance } => {
                Self::InsufficientFunds { have: *balance, want: *fee }
            }
            Invalid::GasPriceLessThanBasefee => Self::BelowBaseFee { have: fee_cap, want: base_fee },
            Invalid::RejectCallerWithCode => Self::SenderHasCode,
            Invalid::CallGasCostMoreThanGasLimit { initial_gas, gas_limit } => {
                Self::IntrinsicGas { have: gas_limit, want: initial_gas }
            }
            Invalid::GasFloorMoreThanGasLimit { gas_floor, gas_limit } => {
                Self::FloorGas { have: gas_limit, want: gas_floor }
            }
            Invalid::TxGasLimitGreaterThanCap { gas_limit, cap } => Self::GasCap { have: gas_limit, cap },
            Invalid::CallerGasLimitMoreThanBlock => Self::BlockGasLimit,
            other => Self::Other(other),
        }
    }

    /// Whether a later block may still take the transaction.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::NonceTooHigh { .. } | Self::BelowBaseFee { .. })
    }
}

//! What a transaction must satisfy whatever the state is: chain, caps, sizes, and gas to begin with (Osaka rules).
//! Limits that a chain may set (a block's gas, the gas cap of a transaction) are the pool's to check.

use super::TransactionError;
use alloy_consensus::{Transaction, TxEnvelope};
use revm::{
    context_interface::cfg::gas_params::GasParams,
    primitives::{eip3860::MAX_INITCODE_SIZE, hardfork::SpecId},
};

/// Checks all that needs no state.
pub(super) fn check(tx: &TxEnvelope, chain_id: u64) -> Result<(), TransactionError> {
    match tx.chain_id() {
        // Legacy transactions from before EIP-155 name no chain. As in geth's pool they are welcome: the well-known
        // keyless deployments are of this kind.
        None => {}
        Some(have) if have == chain_id => {}
        Some(have) => return Err(TransactionError::WrongChain { have, want: chain_id }),
    }
    if tx.nonce() == u64::MAX {
        return Err(TransactionError::NonceMax { nonce: tx.nonce() });
    }
    let (tip_cap, fee_cap) = (tx.priority_fee_or_price(), tx.max_fee_per_gas());
    if tip_cap > fee_cap {
        return Err(TransactionError::TipAboveFeeCap { tip_cap, fee_cap });
    }
    if tx.is_create() && tx.input().len() > MAX_INITCODE_SIZE {
        return Err(TransactionError::InitCodeTooLarge { size: tx.input().len(), limit: MAX_INITCODE_SIZE });
    }
    if tx.authorization_list().is_some_and(<[_]>::is_empty) {
        return Err(TransactionError::EmptyAuthorizationList);
    }
    check_gas(tx)
}

/// The gas that is gone before the first opcode, by the same table that the executor's revm uses.
fn check_gas(tx: &TxEnvelope) -> Result<(), TransactionError> {
    let count = |items: usize| u64::try_from(items).unwrap_or(u64::MAX);
    let (addresses, slots) = tx.access_list().map_or((0, 0), |list| {
        (count(list.len()), count(list.iter().map(|item| item.storage_keys.len()).sum()))
    });
    let authorizations = tx.authorization_list().map_or(0, |list| count(list.len()));
    let gas = GasParams::new_spec(SpecId::OSAKA).initial_tx_gas(
        tx.input(),
        tx.is_create(),
        addresses,
        slots,
        authorizations,
        None,
    );
    let have = tx.gas_limit();
    if have < gas.initial_total_gas() {
        return Err(TransactionError::IntrinsicGas { have, want: gas.initial_total_gas() });
    }
    if have < gas.floor_gas() {
        return Err(TransactionError::FloorGas { have, want: gas.floor_gas() });
    }
    Ok(())
}

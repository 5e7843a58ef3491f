//! KeyRegistrar: the signing keys of operators in operator sets (restaking-core §2.7). A key is proven by a signature
//! of its own, used once in the whole chain, and never free again, but for the same operator through SafeExit.

mod dispatch;
mod proofs;
#[cfg(test)]
mod tests;
mod views;

pub use dispatch::main;

use crate::{
    allocation_manager,
    blobs::Blobs,
    host::{Host, Result, View, call_native, emit, require, revert_empty},
    ledger::Labelled,
    operator_set,
    permission_controller::sender_can_act_for,
    storage::{Map, Word},
};
use alloy_primitives::{Address, B256, U256, b256};
use types::{
    abi::{
        IAllocationManager::{self, isOperatorSlashableCall},
        IKeyRegistrar::{
            ConfigurationAlreadySet, InvalidCurveType, InvalidPermissions, KeyDeregistered, KeyNotFound,
            KeyRegistered, OperatorAlreadyRegistered, OperatorSet, OperatorSetConfigured,
            OperatorSetNotConfigured, OperatorStillSlashable, configureOperatorSetCall, deregisterKeyCall,
            getKeyHashCall, registerKeyCall,
        },
    },
    addresses::{ALLOCATION_MANAGER, KEY_REGISTRAR},
};

/// keccak-256 of `ECDSAKeyRegistration(address operator,address avs,uint32 operatorSetId,address keyAddress)`.
const ECDSA_TYPEHASH: B256 = b256!("0x991b0a3376ce87f8ecc5d70962279ac09cdce934e8b5b9683e73c8ff087c7f81");
/// keccak-256 of `BN254KeyRegistration(address operator,address avs,uint32 operatorSetId,bytes keyData)`.
const BN254_TYPEHASH: B256 = b256!("0xda86e76deaed01641f80ff5f72c372a038fa5182697aeb967e8b1f9819d58d81");

/// A set whose curve nobody has chosen.
const NONE: u64 = 0;
/// A key is an address, 20 bytes.
const ECDSA: u64 = 1;
/// A key is a point in each group of BN254, 192 bytes.
const BN254: u64 = 2;

/// Set → curve, written once.
const CURVES: Map<B256, u64> = Map::at(0);
/// (operator, set) → key; a registered key is never empty.
const KEYS: Blobs<(Address, B256)> = Blobs::at([1, 2]);
/// Hash of a key → who registered it; never cleared.
const SPENT: Map<B256, Spent> = Map::on(KEY_REGISTRAR, 3);

/// Who used a key.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    operator: Address,
    is_spent: bool,
    /// Whether its operator may register it again.
    is_released: bool,
}

const SPENT_FLAG: u32 = 1;
const RELEASED_FLAG: u32 = 2;

impl Word for Spent {
    fn to_word(self) -> U256 {
        let released = if self.is_released { RELEASED_FLAG } else { 0 };
        Labelled { address: self.operator, small: u32::from(self.is_spent) | released, large: 0 }.to_word()
    }

    fn from_word(word: U256) -> Self {
        let Labelled { address, small, .. } = Labelled::from_word(word);
        let (is_spent, is_released) = (small & SPENT_FLAG != 0, small & RELEASED_FLAG != 0);
        Self { operator: address, is_spent, is_released }
    }
}

fn set_key(set: &OperatorSet) -> B256 {
    operator_set::key(set.avs, set.id)
}

fn curve_name(curve: u64) -> u8 {
    curve as u8
}

fn configure_operator_set(host: &mut dyn Host, call: configureOperatorSetCall) -> Result<()> {
    let configureOperatorSetCall { operatorSet: set, curveType } = call;
    let curve = u64::from(curveType);
    // Where an enumeration has three members, Solidity's decoder refuses a fourth before anything else.
    if curve > BN254 {
        return revert_empty();
    }
    require_permission(host, set.avs)?;
    require(curve != NONE, InvalidCurveType {})?;
    let key = set_key(&set);
    require(CURVES.get(host, key)? == NONE, ConfigurationAlreadySet {})?;
    CURVES.set(host, key, curve)?;
    emit(host, &OperatorSetConfigured { operatorSet: set, curveType })
}

fn register_key(host: &mut dyn Host, call: registerKeyCall) -> Result<()> {
    let registerKeyCall { operator, operatorSet: set, keyData, signature } = call;
    require_permission(host, operator)?;
    let curve = configured(host, &set)?;
    let place = (operator, set_key(&set));
    require(KEYS.is_empty(host, place)?, OperatorAlreadyRegistered {})?;
    let hash = match curve {
        ECDSA => proofs::of_ecdsa(host, operator, &set, &keyData, &signature)?,
        _ => proofs::of_bn254(host, operator, &set, &keyData, &signature)?,
    };
    KEYS.set(host, place, &keyData)?;
    SPENT.set(host, hash, Spent { operator, is_spent: true, is_released: false })?;
    let curve = curve_name(curve);
    emit(host, &KeyRegistered { operatorSet: set, operator, curveType: curve, pubkey: keyData })
}

fn deregister_key(host: &mut dyn Host, call: deregisterKeyCall) -> Result<()> {
    let deregisterKeyCall { operator, operatorSet: set } = call;
    require_permission(host, operator)?;
    let of_core = IAllocationManager::OperatorSet { avs: set.avs, id: set.id };
    let call = isOperatorSlashableCall { operator, operatorSet: of_core };
    let slashable = call_native(host, ALLOCATION_MANAGER, call, |host, call| {
        allocation_manager::is_operator_slashable(host, call)
    })?;
    require(!slashable, OperatorStillSlashable { operatorSet: set.clone(), operator })?;
    remove_key(host, operator, set)
}

fn remove_key(host: &mut dyn Host, operator: Address, set: OperatorSet) -> Result<()> {
    let curve = configured(host, &set)?;
    let place = (operator, set_key(&set));
    let has_key = !KEYS.is_empty(host, place)?;
    require(has_key, KeyNotFound { operatorSet: set.clone(), operator })?;
    KEYS.set(host, place, &[])?;
    emit(host, &KeyDeregistered { operatorSet: set, operator, curveType: curve_name(curve) })
}

/// Deregisters a key and lets its operator register it again. Answers with its hash. Only [`crate::safe_exit`] may ask,
/// after its checks.
///
/// # Errors
/// `OperatorSetNotConfigured`, `KeyNotFound`.
pub(crate) fn release(host: &mut dyn Host, call: deregisterKeyCall) -> Result<B256> {
    let deregisterKeyCall { operator, operatorSet: set } = call;
    let hash = views::key_hash(host, getKeyHashCall { operatorSet: set.clone(), operator })?;
    remove_key(host, operator, set)?;
    SPENT.set(host, hash, Spent { operator, is_spent: true, is_released: true })?;
    Ok(hash)
}

/// Whether the operator that used a key may register it again.
///
/// # Errors
/// Out of gas, or the node's.
pub(crate) fn is_released(view: &mut dyn View, hash: B256) -> Result<bool> {
    Ok(SPENT.get(view, hash)?.is_released)
}

fn configured(host: &mut dyn Host, set: &OperatorSet) -> Result<u64> {
    let curve = CURVES.get(host, set_key(set))?;
    require(curve != NONE, OperatorSetNotConfigured {})?;
    Ok(curve)
}

fn require_permission(host: &mut dyn Host, account: Address) -> Result<()> {
    let may = sender_can_act_for(host, account)?;
    require(may, InvalidPermissions {})
}

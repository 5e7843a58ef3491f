//! What KeyRegistrar tells.

use super::{BN254, CURVES, ECDSA, KEYS, NONE, SPENT, curve_name, proofs, set_key};
use crate::host::{Result, View, require, revert, revert_empty};
use alloy_primitives::{Address, B256, Bytes, U256};
use light::bn254;
use types::abi::IKeyRegistrar::{
    G1Point, G2Point, InvalidCurveType, encodeBN254KeyDataCall, getBN254KeyCall,
    getBN254KeyRegistrationMessageHashCall, getBN254KeyReturn, getECDSAAddressCall, getECDSAKeyCall,
    getECDSAKeyRegistrationMessageHashCall, getKeyHashCall, getOperatorFromSigningKeyCall,
    getOperatorSetCurveTypeCall, isKeyGloballyRegisteredCall, isRegisteredCall,
};

pub(super) fn is_registered(view: &mut dyn View, call: isRegisteredCall) -> Result<bool> {
    Ok(!KEYS.is_empty(view, (call.operator, set_key(&call.operatorSet)))?)
}

pub(super) fn curve(view: &mut dyn View, call: getOperatorSetCurveTypeCall) -> Result<u8> {
    Ok(curve_name(CURVES.get(view, set_key(&call.operatorSet))?))
}

pub(super) fn bn254_key(view: &mut dyn View, call: getBN254KeyCall) -> Result<getBN254KeyReturn> {
    let set = set_key(&call.operatorSet);
    require(CURVES.get(view, set)? == BN254, InvalidCurveType {})?;
    let key = KEYS.get(view, (call.operator, set))?;
    let (g1, g2) = proofs::key_points(&key).unwrap_or_default();
    let bn254::G1 { x, y } = g1;
    Ok(getBN254KeyReturn { g1Point: G1Point { X: x, Y: y }, g2Point: G2Point { X: g2.x, Y: g2.y } })
}

pub(super) fn ecdsa_key(view: &mut dyn View, call: getECDSAKeyCall) -> Result<Bytes> {
    let set = set_key(&call.operatorSet);
    require(CURVES.get(view, set)? == ECDSA, InvalidCurveType {})?;
    Ok(KEYS.get(view, (call.operator, set))?.into())
}

pub(super) fn ecdsa_address(view: &mut dyn View, call: getECDSAAddressCall) -> Result<Address> {
    let getECDSAAddressCall { operatorSet, operator } = call;
    let key = ecdsa_key(view, getECDSAKeyCall { operatorSet, operator })?;
    Ok(Address::try_from(key.as_ref()).unwrap_or_default())
}

pub(super) fn is_spent(view: &mut dyn View, call: isKeyGloballyRegisteredCall) -> Result<bool> {
    Ok(SPENT.get(view, call.keyHash)?.is_spent)
}

pub(super) fn key_hash(view: &mut dyn View, call: getKeyHashCall) -> Result<B256> {
    let set = set_key(&call.operatorSet);
    let key = KEYS.get(view, (call.operator, set))?;
    if key.is_empty() {
        return Ok(B256::ZERO);
    }
    Ok(match CURVES.get(view, set)? {
        ECDSA => view.keccak256(&key)?,
        _ => view.keccak256(key.get(..64).unwrap_or_default())?,
    })
}

/// Who ever used a key, and whether that operator has any key in the set now. Of a BN254 key the point in the first
/// group is given, and what follows it is not read.
pub(super) fn operator_of_key(
    view: &mut dyn View,
    call: getOperatorFromSigningKeyCall,
) -> Result<(Address, bool)> {
    let set = set_key(&call.operatorSet);
    let hash = match CURVES.get(view, set)? {
        NONE => return revert(InvalidCurveType {}),
        ECDSA => view.keccak256(&call.keyData)?,
        _ => match call.keyData.get(..64) {
            Some(point) => view.keccak256(point)?,
            None => return revert_empty(),
        },
    };
    let operator = SPENT.get(view, hash)?.operator;
    let has_key = !KEYS.is_empty(view, (operator, set))?;
    Ok((operator, has_key))
}

pub(super) fn ecdsa_digest(
    view: &mut dyn View,
    call: getECDSAKeyRegistrationMessageHashCall,
) -> Result<B256> {
    proofs::ecdsa_digest(view, call.operator, &call.operatorSet, call.keyAddress)
}

pub(super) fn bn254_digest(
    view: &mut dyn View,
    call: getBN254KeyRegistrationMessageHashCall,
) -> Result<B256> {
    proofs::bn254_digest(view, call.operator, &call.operatorSet, &call.keyData)
}

pub(super) fn encode(_: &mut dyn View, call: encodeBN254KeyDataCall) -> Result<Bytes> {
    let (g1, g2) = (call.g1Point, call.g2Point);
    let words = [[g1.X, g1.Y], g2.X, g2.Y];
    Ok(words.iter().flatten().flat_map(U256::to_be_bytes::<32>).collect())
}

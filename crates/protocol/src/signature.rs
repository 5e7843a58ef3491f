//! Whether an account signed a digest, as OpenZeppelin's SignatureChecker (4.9) decides: ECDSA first, EIP-1271 where
//! that does not give the signer.

use crate::{
    dispatch::encode_call,
    host::{Result, View, require},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, sol};
use secp256k1::{
    Message,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use types::{
    abi::IDelegationManager::{InvalidSignature, SignatureExpired},
    gas,
};

sol! {
    /// EIP-1271; it returns its own selector for a good signature.
    function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
}

/// The length of `r ‖ s ‖ v`. The 64-byte form of EIP-2098 is refused.
const SIGNATURE_BYTES: usize = 65;

/// The greatest `s` of a signature that has only one form: half the order of the curve.
const MAX_S: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d,
    0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// Lets a signature pass that `signer` gave over `digest` and that has not expired at `expiry` (seconds since 1970).
///
/// # Errors
/// `SignatureExpired`, then `InvalidSignature`.
pub fn require_valid<V: View + ?Sized>(
    view: &mut V,
    signer: Address,
    digest: B256,
    signature: &Bytes,
    expiry: U256,
) -> Result<()> {
    require(expiry >= U256::from(view.block().timestamp), SignatureExpired {})?;
    let valid = is_valid(view, signer, digest, signature)?;
    require(valid, InvalidSignature {})
}

/// Whether `signer` gave `signature` over `digest`.
///
/// # Errors
/// Out of gas, or the node's. A contract that fails counts as a no.
pub fn is_valid<V: View + ?Sized>(
    view: &mut V,
    signer: Address,
    digest: B256,
    signature: &Bytes,
) -> Result<bool> {
    if let Ok(form) = <&[u8; SIGNATURE_BYTES]>::try_from(signature.as_ref()) {
        view.charge_gas(gas::ECRECOVER)?;
        if recover(digest, form) == Some(signer) {
            return Ok(true);
        }
    }
    let call = isValidSignatureCall { hash: digest, signature: signature.clone() };
    let input = encode_call(view, &call)?;
    let reply = view.static_call(signer, input)?;
    let mut accepted = [0; 32];
    accepted[..4].copy_from_slice(&isValidSignatureCall::SELECTOR);
    Ok(reply.is_success() && reply.data.get(..32) == Some(accepted.as_slice()))
}

/// The signer of a 65-byte signature with low `s` and `v` of 27 or 28.
fn recover(digest: B256, signature: &[u8; SIGNATURE_BYTES]) -> Option<Address> {
    let (compact, v) = signature.split_last_chunk::<1>()?;
    let (_, s) = compact.split_at_checked(32)?;
    if s > MAX_S.as_slice() {
        return None;
    }
    let id = match v {
        [27] => RecoveryId::Zero,
        [28] => RecoveryId::One,
        _ => return None,
    };
    let signature = RecoverableSignature::from_compact(compact, id).ok()?;
    let key = signature.recover(Message::from_digest(digest.0)).ok()?.serialize_uncompressed();
    let (_, point) = key.split_first()?;
    let hash = keccak256(point);
    Some(Address::from_word(hash))
}

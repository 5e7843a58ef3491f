//! Who signed a transaction, by libsecp256k1 (`decisions.md` 16). EIP-7702's authorities are not recovered here: only
//! execution needs them.

use super::TransactionError;
use alloy_consensus::TxEnvelope;
use alloy_primitives::{Address, U256, keccak256, uint};
use secp256k1::{
    Message, SECP256K1,
    ecdsa::{RecoverableSignature, RecoveryId},
};

/// Half the order of secp256k1, rounded down: the greatest `s` that EIP-2 allows.
const HALF_ORDER: U256 = uint!(0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0_U256);

/// The signer of a transaction.
pub(super) fn recover_sender(tx: &TxEnvelope) -> Result<Address, TransactionError> {
    let signature = tx.signature();
    if signature.s() > HALF_ORDER {
        return Err(TransactionError::HighS);
    }
    let parity = if signature.v() { RecoveryId::One } else { RecoveryId::Zero };
    let [r, s] = [signature.r(), signature.s()].map(|scalar| scalar.to_be_bytes::<32>());
    let compact = [r, s].concat();
    let message = Message::from_digest(tx.signature_hash().0);
    let key = RecoverableSignature::from_compact(&compact, parity)
        .and_then(|signature| SECP256K1.recover_ecdsa(message, &signature))
        .map_err(|_| TransactionError::InvalidSignature)?;
    // The first byte says that the key is not compressed.
    let [_, point @ ..] = key.serialize_uncompressed();
    Ok(Address::from_word(keccak256(point)))
}

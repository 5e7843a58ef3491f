//! EIP-2718 bytes to a transaction. Accepts the canonical encoding only, so the bytes and the transaction determine
//! each other, and the hash of the bytes is the transaction's.

use super::{MAX_TRANSACTION_BYTES, TransactionError};
use alloy_consensus::{
    Signed, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy,
    transaction::{RlpEcdsaDecodableTx, from_eip155_value},
};
use alloy_primitives::keccak256;
use alloy_rlp::{Decodable, Header};

/// EIP-4844's type byte, which is refused for good (`decisions.md` 82).
const BLOB_TYPE: u8 = 3;

/// A first byte below this is a type; from `0xc0` on it begins a legacy transaction's list (EIP-2718).
const FIRST_STRING_BYTE: u8 = 0x80;

/// Fields before the signature's `v`, by type.
const LEGACY_FIELDS: usize = 6;
const EIP2930_FIELDS: usize = 8;
const EIP1559_FIELDS: usize = 9;
const EIP7702_FIELDS: usize = 10;

/// Decodes a signed transaction; neither its signature nor its fields are judged.
///
/// # Errors
/// What is wrong with the encoding.
pub fn decode(raw: &[u8]) -> Result<TxEnvelope, TransactionError> {
    check_size(raw)?;
    match raw.split_first() {
        None => Err(TransactionError::Empty),
        Some((&BLOB_TYPE, _)) => Err(TransactionError::Blob),
        Some((1, fields)) => signed::<TxEip2930>(raw, 1, fields, EIP2930_FIELDS).map(Into::into),
        Some((2, fields)) => signed::<TxEip1559>(raw, 2, fields, EIP1559_FIELDS).map(Into::into),
        Some((4, fields)) => signed::<TxEip7702>(raw, 4, fields, EIP7702_FIELDS).map(Into::into),
        Some((kind, _)) if *kind < FIRST_STRING_BYTE => Err(TransactionError::UnknownType { kind: *kind }),
        Some(_) => signed::<TxLegacy>(raw, 0, raw, LEGACY_FIELDS).map(Into::into),
    }
}

/// Refuses what is too long to look at.
pub(super) const fn check_size(raw: &[u8]) -> Result<(), TransactionError> {
    match raw.len() {
        size if size > MAX_TRANSACTION_BYTES => Err(TransactionError::Oversized { size }),
        _ => Ok(()),
    }
}

fn signed<T: RlpEcdsaDecodableTx>(
    raw: &[u8],
    kind: u8,
    fields: &[u8],
    fields_before_v: usize,
) -> Result<Signed<T>, TransactionError> {
    let mut rest = fields;
    let (tx, signature) = T::rlp_decode_with_signature(&mut rest).map_err(|reason| {
        match bad_v(fields, kind, fields_before_v) {
            Some(v) => TransactionError::BadV { v },
            None => TransactionError::Malformed { kind, reason },
        }
    })?;
    match rest.len() {
        0 => Ok(Signed::new_unchecked(tx, signature, keccak256(raw))),
        extra => Err(TransactionError::TrailingBytes { extra }),
    }
}

/// The `v` of a transaction that did not decode, if it is to blame.
fn bad_v(mut fields: &[u8], kind: u8, fields_before_v: usize) -> Option<u128> {
    Header::decode(&mut fields).ok().filter(|header| header.list)?;
    for _ in 0..fields_before_v {
        let field = Header::decode(&mut fields).ok()?;
        fields = fields.get(field.payload_length..)?;
    }
    let v = u128::decode(&mut fields).ok()?;
    let is_parity = if kind == 0 { from_eip155_value(v).is_some() } else { v <= 1 };
    (!is_parity).then_some(v)
}

//! Proofs that whoever registers a key has its secret: a signature by the key over who registers it where.

use super::{BN254_TYPEHASH, ECDSA_TYPEHASH, SPENT};
use crate::{
    eip712,
    host::{Error, Fatal, Host, Result, View, require, revert},
    signature,
};
use alloy_primitives::{Address, B256, Bytes, U256};
use light::bn254::{G1, G2, NotAPoint, Signed, hash_to_g1};
use types::{
    abi::IKeyRegistrar::{InvalidKeyFormat, InvalidSignature, KeyAlreadyRegistered, OperatorSet, ZeroPubkey},
    gas,
};

/// What checking a BN254 signature costs besides hashing to the curve: what the precompiles would charge.
const BN254_CHECK: u64 =
    2 * gas::BN254_MULTIPLY + 2 * gas::BN254_ADD + gas::BN254_PAIRING + 2 * gas::BN254_PAIRING_OF_TWO_POINTS;
/// The bytes of the point in the first group, at the front of a BN254 key.
const G1_BYTES: usize = 64;

/// Lets an ECDSA key pass, and answers with its hash.
///
/// # Errors
/// `InvalidKeyFormat`, `ZeroPubkey`, `KeyAlreadyRegistered`, `InvalidSignature`.
pub(super) fn of_ecdsa(
    host: &mut dyn Host,
    operator: Address,
    set: &OperatorSet,
    key: &Bytes,
    signature: &Bytes,
) -> Result<B256> {
    let Ok(signer) = Address::try_from(key.as_ref()) else { return revert(InvalidKeyFormat {}) };
    require(!signer.is_zero(), ZeroPubkey {})?;
    let hash = host.keccak256(key)?;
    require_unused(host, operator, hash)?;
    let digest = ecdsa_digest(host, operator, set, signer)?;
    let valid = signature::is_valid(host, signer, digest, signature)?;
    require(valid, InvalidSignature {})?;
    Ok(hash)
}

/// Lets a BN254 key pass, and answers with its hash, which is that of the point in the first group. What is no point
/// fails as it does in the precompiles: all gas of the frame is gone.
///
/// # Errors
/// `InvalidKeyFormat`, `InvalidSignature` (length), `ZeroPubkey`, `InvalidSignature`, `KeyAlreadyRegistered`.
pub(super) fn of_bn254(
    host: &mut dyn Host,
    operator: Address,
    set: &OperatorSet,
    key: &Bytes,
    signature: &Bytes,
) -> Result<B256> {
    let Some((key_g1, key_g2)) = key_points(key) else { return revert(InvalidKeyFormat {}) };
    let Some(signature) = g1_point(signature) else { return revert(InvalidSignature {}) };
    require(key_g1 != G1::default(), ZeroPubkey {})?;
    let digest = bn254_digest(host, operator, set, key)?;
    let signed = Signed { digest, signature, key_g1, key_g2 };
    require(is_signed(host, &signed)?, InvalidSignature {})?;
    let hash = host.keccak256(key.get(..G1_BYTES).unwrap_or_default())?;
    require_unused(host, operator, hash)?;
    Ok(hash)
}

fn is_signed(host: &mut dyn Host, signed: &Signed) -> Result<bool> {
    let each_try = || host.charge_gas(gas::BN254_ROOT).map_err(Error::from);
    let message = hash_to_g1(signed.digest, each_try)?;
    host.charge_gas(gas::keccak(9 * 32))?;
    host.charge_gas(BN254_CHECK)?;
    match signed.is_valid(message) {
        Ok(valid) => Ok(valid),
        Err(NotAPoint) => Err(Fatal::Invalid.into()),
    }
}

/// Lets a key pass that nobody has used, or that was released to this operator.
fn require_unused(host: &mut dyn Host, operator: Address, hash: B256) -> Result<()> {
    let spent = SPENT.get(host, hash)?;
    let is_free = !spent.is_spent || spent.is_released && spent.operator == operator;
    require(is_free, KeyAlreadyRegistered {})
}

/// What an ECDSA key signs.
///
/// # Errors
/// Out of gas.
pub(super) fn ecdsa_digest<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    set: &OperatorSet,
    key: Address,
) -> Result<B256> {
    let id = U256::from(set.id).into();
    let fields = [ECDSA_TYPEHASH, eip712::word(operator), eip712::word(set.avs), id, eip712::word(key)];
    Ok(eip712::digest(view, &fields)?)
}

/// What a BN254 key signs.
///
/// # Errors
/// Out of gas.
pub(super) fn bn254_digest<V: View + ?Sized>(
    view: &mut V,
    operator: Address,
    set: &OperatorSet,
    key: &Bytes,
) -> Result<B256> {
    let (id, key) = (U256::from(set.id).into(), view.keccak256(key)?);
    let fields = [BN254_TYPEHASH, eip712::word(operator), eip712::word(set.avs), id, key];
    Ok(eip712::digest(view, &fields)?)
}

/// The points of a BN254 key, if it has the right length.
pub(super) fn key_points(key: &[u8]) -> Option<(G1, G2)> {
    let [x, y, a, b, c, d] = words(key)?;
    Some((G1 { x, y }, G2 { x: [a, b], y: [c, d] }))
}

fn g1_point(bytes: &[u8]) -> Option<G1> {
    let [x, y] = words(bytes)?;
    Some(G1 { x, y })
}

/// Exactly so many words.
fn words<const COUNT: usize>(bytes: &[u8]) -> Option<[U256; COUNT]> {
    let words: Option<Vec<U256>> = bytes.chunks(32).map(U256::try_from_be_slice).collect();
    if bytes.len().is_multiple_of(32) { words?.try_into().ok() } else { None }
}

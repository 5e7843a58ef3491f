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

/// Why a signature in three words has no signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRecovered {
    /// `s` is in the upper half: the other form of the same signature is the good one.
    HighS,
    /// Nobody's key gives this signature.
    NoSigner,
}

/// The signer of a signature in three words, as OpenZeppelin's ECDSA (4.9) recovers it.
///
/// # Errors
/// Out of gas; inside, why there is no signer.
pub fn recover_parts<V: View + ?Sized>(
    view: &mut V,
    digest: B256,
    v: u8,
    r: B256,
    s: B256,
) -> Result<Result<Address, NotRecovered>> {
    if s.as_slice() > MAX_S.as_slice() {
        return Ok(Err(NotRecovered::HighS));
    }
    view.charge_gas(gas::ECRECOVER)?;
    let mut form = [0; SIGNATURE_BYTES];
    for (byte, from) in form.iter_mut().zip(r.iter().chain(s.iter()).chain([&v])) {
        *byte = *from;
    }
    Ok(recover(digest, &form).ok_or(NotRecovered::NoSigner))
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

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers of tests are small and known")]
mod tests {
    use super::*;
    use crate::{
        host::{Host, revert_with},
        testkit::{chain, reverts, u},
    };
    use alloy_primitives::{b256, hex};
    use secp256k1::{PublicKey, SECP256K1, SecretKey, constants::CURVE_ORDER};

    const DIGEST: B256 = b256!("0x1122334455667788990011223344556677889900112233445566778899001122");
    const EXPIRY: U256 = U256::MAX;
    const CONTRACT: Address = Address::repeat_byte(0xcc);

    fn key() -> (SecretKey, Address) {
        let secret = SecretKey::from_byte_array([7; 32]).expect("a key");
        let public = PublicKey::from_secret_key(SECP256K1, &secret).serialize_uncompressed();
        (secret, Address::from_raw_public_key(&public[1..]))
    }

    fn sign(digest: B256) -> (Vec<u8>, u8) {
        let message = Message::from_digest(digest.0);
        let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &key().0).serialize_compact();
        (compact.to_vec(), u8::try_from(i32::from(id)).expect("0 or 1"))
    }

    fn asked(signer: Address, signature: Vec<u8>, expiry: U256) -> Result<()> {
        let mut chain = chain();
        chain.place(CONTRACT, wallet);
        chain.run(Address::ZERO, |host| require_valid(host, signer, DIGEST, &signature.into(), expiry))
    }

    /// A wallet that accepts signatures of one byte 1, answers loosely to 2, and fails on others.
    fn wallet(_: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
        let call = isValidSignatureCall::abi_decode(input).expect("the call of EIP-1271");
        assert_eq!(call.hash, DIGEST);
        match call.signature.as_ref() {
            [1] => Ok(hex!("1626ba7e00000000000000000000000000000000000000000000000000000000ff").into()),
            [2] => Ok(hex!("1626ba7e00000000000000000000000000000000000000000000000000000001").into()),
            [3] => Ok(hex!("1626ba7e").into()),
            _ => revert_with("no"),
        }
    }

    #[test]
    fn a_plain_signature_is_good() {
        let (compact, id) = sign(DIGEST);
        assert_eq!(asked(key().1, [compact, vec![27 + id]].concat(), EXPIRY), Ok(()));
    }

    #[test]
    fn it_is_good_until_the_very_second() {
        let (compact, id) = sign(DIGEST);
        let signature = [compact, vec![27 + id]].concat();
        let now = chain().block.timestamp;
        assert_eq!(asked(key().1, signature.clone(), u(now)), Ok(()));
        assert_eq!(asked(key().1, signature, u(now - 1)), Err(reverts(SignatureExpired {})));
        assert_eq!(asked(key().1, Vec::new(), u(now - 1)), Err(reverts(SignatureExpired {})), "expiry first");
    }

    #[test]
    fn other_forms_of_a_good_signature_are_not() {
        let (compact, id) = sign(DIGEST);
        let (r, s) = compact.split_at(32);
        let high_s = U256::from_be_bytes(CURVE_ORDER) - U256::from_be_slice(s);
        let mut short = compact.clone();
        short[32] |= id << 7;
        let forms = [
            ("high s", [r, &high_s.to_be_bytes::<32>(), &[28 - id]].concat()),
            ("64 bytes (EIP-2098)", short),
            ("v of 0 or 1", [compact.clone(), vec![id]].concat()),
            ("a byte too many", [compact.clone(), vec![27 + id, 0]].concat()),
            ("the other v", [compact.clone(), vec![28 - id]].concat()),
            ("zeros", vec![0; 65]),
            ("nothing", Vec::new()),
        ];
        for (form, signature) in forms {
            assert_eq!(asked(key().1, signature, EXPIRY), Err(reverts(InvalidSignature {})), "{form}");
        }
    }

    #[test]
    fn a_signature_of_another_digest_or_signer_is_not() {
        let (compact, id) = sign(keccak256("another"));
        let wrong = Err(reverts(InvalidSignature {}));
        assert_eq!(asked(key().1, [compact, vec![27 + id]].concat(), EXPIRY), wrong);
        let (compact, id) = sign(DIGEST);
        assert_eq!(asked(Address::repeat_byte(9), [compact, vec![27 + id]].concat(), EXPIRY), wrong);
    }

    #[test]
    fn a_contract_decides_for_itself_and_must_answer_with_one_exact_word() {
        assert_eq!(asked(CONTRACT, vec![1], EXPIRY), Ok(()));
        for refused in [2, 3, 4] {
            assert_eq!(
                asked(CONTRACT, vec![refused], EXPIRY),
                Err(reverts(InvalidSignature {})),
                "{refused}"
            );
        }
    }

    #[test]
    fn half_the_order_is_the_greatest_s() {
        assert_eq!(U256::from_be_bytes(MAX_S), U256::from_be_bytes(CURVE_ORDER) >> 1);
    }
}

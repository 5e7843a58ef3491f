//! Bytes as `eth_sendRawTransaction` takes them. Promises: no panic; what is accepted is canonical (it encodes to the same
//! bytes, its hash is theirs) and its sender is the one that alloy's k256 finds; what does not decode here does not
//! decode in alloy either; an error is one line.

use crate::{Target, mutate::mutate, random::Random, runner::hash};
use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxEnvelope, TxLegacy,
    transaction::{SignerRecoverable, TypedTransaction},
};
use alloy_eips::{
    Decodable2718, Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use chain::transaction::{Recovered, TransactionError, decode, recover};
use secp256k1::{Message, SECP256K1, SecretKey};

/// The chain that inputs are sent to.
const CHAIN: u64 = 31_337;

/// The target.
pub const TARGET: Target = Target { name: "transaction", generate, mutate, run };

fn run(input: &[u8]) -> Vec<u64> {
    let by_alloy = TxEnvelope::decode_2718_exact(input);
    let decoded = decode(input);
    match (&decoded, &by_alloy) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "decoded to another transaction"),
        (Ok(_), Err(error)) => panic!("decoded what alloy refuses: {error}"),
        (Err(TransactionError::Blob | TransactionError::Oversized { .. }), _) | (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => panic!("refused what alloy decodes: {error}"),
    }
    let raw = Bytes::copy_from_slice(input);
    match recover(raw.clone(), CHAIN) {
        Ok(recovered) => {
            check(&recovered, raw);
            vec![u64::from(recovered.tx.tx_type() as u8)]
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.contains('\n'), "not one line: {text:?}");
            assert!(
                decoded.is_ok() || decoded == Err(error.clone()),
                "recover blames something else than decode"
            );
            vec![hash(behaviour(&error).as_bytes())]
        }
    }
}

fn check(recovered: &Recovered, raw: Bytes) {
    assert_eq!(recovered.tx.encoded_2718(), raw, "not canonical");
    assert_eq!(recovered.hash, keccak256(&raw), "the hash is not that of the bytes");
    assert_eq!(recovered.hash, *recovered.tx.tx_hash(), "the hash is not the transaction's");
    assert_eq!(Ok(recovered.sender), recovered.tx.recover_signer().map_err(drop), "another sender");
    let stored = Recovered::stored(raw, recovered.sender, false).expect("stored bytes decode again");
    assert_eq!(stored.tx, recovered.tx);
}

/// An error without its values, so that each kind counts once; a decoder's reasons count separately.
fn behaviour(error: &TransactionError) -> String {
    match error {
        TransactionError::Malformed { kind, reason } => {
            let reason = format!("{reason:?}");
            format!("{kind} {}", reason.split('{').next().unwrap_or_default())
        }
        other => format!("{other:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
    }
}

/// A signed transaction of any type, nearly always one that is accepted.
fn generate(random: &mut Random) -> Vec<u8> {
    let tx = transaction(random);
    let mut key = random.word();
    key[0] = 0;
    key[31] |= 1;
    let key = SecretKey::from_byte_array(key).expect("below the curve's order and not zero");
    let message = Message::from_digest(tx.signature_hash().0);
    let signed = SECP256K1.sign_ecdsa_recoverable(message, &key);
    let (parity, compact) = signed.serialize_compact();
    let signature = Signature::from_bytes_and_parity(&compact, i32::from(parity) == 1);
    TxEnvelope::new_unhashed(tx, signature).encoded_2718()
}

fn transaction(random: &mut Random) -> TypedTransaction {
    let chain_id = if random.once_in(20) { random.number() } else { CHAIN };
    let nonce = if random.once_in(20) { u64::MAX } else { random.number() >> random.below(64) };
    let fee = u128::from(random.number());
    let tip = if random.once_in(20) { fee + 1 } else { fee / 2 };
    let to = if random.once_in(4) { TxKind::Create } else { TxKind::Call(address(random)) };
    let gas_limit = if random.once_in(8) { random.number() >> random.below(64) } else { 10_000_000 };
    let value = U256::from_be_bytes(random.word()) >> random.below(256);
    let length = if random.once_in(40) { random.below(140_000) } else { random.below(200) };
    let input = Bytes::from(random.bytes(length));
    let access_list = access_list(random);
    match random.below(12) {
        0..=2 => {
            let chain_id = (!random.once_in(3)).then_some(chain_id);
            TxLegacy { chain_id, nonce, gas_price: fee, gas_limit, to, value, input }.into()
        }
        3..=5 => {
            TxEip2930 { chain_id, nonce, gas_price: fee, gas_limit, to, value, access_list, input }.into()
        }
        6..=8 => TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to,
            value,
            access_list,
            input,
        }
        .into(),
        9 => {
            TxEip4844 { chain_id, nonce, gas_limit, value, access_list, input, ..TxEip4844::default() }.into()
        }
        _ => TxEip7702 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fee,
            max_priority_fee_per_gas: tip,
            to: to.to().copied().unwrap_or_default(),
            value,
            access_list,
            authorization_list: (0..random.below(4)).map(|_| authorization(random)).collect(),
            input,
        }
        .into(),
    }
}

fn address(random: &mut Random) -> Address {
    Address::from_slice(&random.word()[..20])
}

fn access_list(random: &mut Random) -> AccessList {
    let mut items = Vec::new();
    for _ in 0..random.below(3) {
        let keys = random.below(3);
        let storage_keys = (0..keys).map(|_| B256::from(random.word())).collect();
        items.push(AccessListItem { address: address(random), storage_keys });
    }
    AccessList(items)
}

fn authorization(random: &mut Random) -> SignedAuthorization {
    let inner = Authorization {
        chain_id: U256::from(random.number()),
        address: address(random),
        nonce: random.number(),
    };
    let [r, s] = [random.word(), random.word()].map(U256::from_be_bytes);
    SignedAuthorization::new_unchecked(inner, random.below(256) as u8, r, s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner;
    use std::time::Duration;

    #[test]
    fn most_made_transactions_are_accepted() {
        let mut random = Random::new(1);
        let accepted = (0..500).filter(|_| recover(generate(&mut random).into(), CHAIN).is_ok()).count();
        assert!(accepted > 200, "{accepted} of 500");
    }

    #[test]
    fn a_short_run_meets_many_kinds_of_errors() {
        let summary = runner::run(TARGET, 1, Duration::from_secs(3)).unwrap();
        assert!(summary.behaviours > 20, "{summary:?}");
    }
}

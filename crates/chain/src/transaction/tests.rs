//! Decoding and recovery against alloy's own, and each refusal with its words.

#![allow(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use alloy_consensus::{
    SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxLegacy, transaction::SignerRecoverable,
};
use alloy_eips::{
    Decodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{TxKind, hex, uint};
use alloy_rlp::Encodable;
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use proptest::prelude::*;

const CHAIN: u64 = 31_337;

const ORDER: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);

fn signer() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

fn sign(tx: impl Into<TypedTransaction>, signer: &PrivateKeySigner) -> TxEnvelope {
    let tx: TypedTransaction = tx.into();
    let signature = signer.sign_hash_sync(&tx.signature_hash()).unwrap();
    TxEnvelope::new_unhashed(tx, signature)
}

fn encoded(tx: impl Into<TypedTransaction>) -> Bytes {
    sign(tx, &signer()).encoded_2718().into()
}

fn transfer() -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        gas_limit: 21_000,
        max_fee_per_gas: 10,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(Address::repeat_byte(0xee)),
        ..TxEip1559::default()
    }
}

fn legacy(chain_id: Option<u64>) -> TxLegacy {
    TxLegacy {
        chain_id,
        gas_limit: 21_000,
        gas_price: 10,
        to: TxKind::Call(Address::ZERO),
        ..TxLegacy::default()
    }
}

fn authorization() -> SignedAuthorization {
    let inner = Authorization { chain_id: U256::from(CHAIN), address: Address::repeat_byte(1), nonce: 0 };
    SignedAuthorization::new_unchecked(inner, 0, U256::ONE, U256::ONE)
}

fn with_signature(tx: impl Into<TypedTransaction>, r: U256, s: U256) -> Bytes {
    TxEnvelope::new_unhashed(tx.into(), Signature::new(r, s, false)).encoded_2718().into()
}

fn refusal(raw: impl Into<Bytes>) -> String {
    recover(raw.into(), CHAIN).unwrap_err().to_string()
}

/// Any transaction of a supported type that passes the checks.
fn valid() -> impl Strategy<Value = TypedTransaction> {
    let common =
        (0..u64::MAX, 0..1u128 << 100, any::<[u8; 32]>(), any::<Option<[u8; 20]>>(), any::<Vec<u8>>());
    let lists = (
        prop::collection::vec((any::<[u8; 20]>(), prop::collection::vec(any::<[u8; 32]>(), 0..3)), 0..3),
        1..4usize,
    );
    (0..5u8, common, lists).prop_map(|(kind, (nonce, fee, value, to, input), (list, authorizations))| {
        let to_kind = to.map_or(TxKind::Create, |to| TxKind::Call(to.into()));
        let (value, input, chain_id, gas_limit) =
            (U256::from_be_bytes(value), Bytes::from(input), CHAIN, 5_000_000);
        let access_list = AccessList(
            list.into_iter()
                .map(|(address, keys)| AccessListItem {
                    address: address.into(),
                    storage_keys: keys.into_iter().map(B256::from).collect(),
                })
                .collect(),
        );
        let (max_fee_per_gas, max_priority_fee_per_gas) = (fee, fee / 3);
        match kind {
            0 | 1 => {
                let chain_id = (kind == 0).then_some(chain_id);
                TxLegacy { chain_id, nonce, gas_price: fee, gas_limit, to: to_kind, value, input }.into()
            }
            2 => TxEip2930 {
                chain_id,
                nonce,
                gas_price: fee,
                gas_limit,
                to: to_kind,
                value,
                access_list,
                input,
            }
            .into(),
            3 => TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: to_kind,
                value,
                access_list,
                input,
            }
            .into(),
            _ => TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas,
                max_priority_fee_per_gas,
                to: to.unwrap_or_default().into(),
                value,
                access_list,
                authorization_list: vec![authorization(); authorizations],
                input,
            }
            .into(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn signed_transactions_are_recovered_as_alloy_recovers_them(tx in valid(), key in 1..u128::MAX) {
        let signer = PrivateKeySigner::from_bytes(&B256::from(U256::from(key))).unwrap();
        let envelope = sign(tx, &signer);
        let raw = Bytes::from(envelope.encoded_2718());
        let recovered = recover(raw.clone(), CHAIN).unwrap();
        prop_assert_eq!(recovered.sender, signer.address());
        prop_assert_eq!(recovered.sender, envelope.recover_signer().unwrap());
        prop_assert_eq!(recovered.hash, *envelope.tx_hash());
        prop_assert_eq!(recovered.hash, alloy_primitives::keccak256(&raw));
        prop_assert_eq!(recovered.tx.clone(), envelope);
        let stored = Recovered::stored(raw, recovered.sender, false).unwrap();
        prop_assert_eq!(stored.tx, recovered.tx);
    }

    #[test]
    fn random_signatures_are_judged_as_alloy_judges_them(
        tx in valid(), r in any::<[u8; 32]>(), s in any::<[u8; 32]>(), small in any::<bool>(), parity in any::<bool>(),
    ) {
        let (r, s) = (U256::from_be_bytes(r) >> if small { 250 } else { 0 }, U256::from_be_bytes(s));
        let envelope = TxEnvelope::new_unhashed(tx, Signature::new(r, s, parity));
        let got = recover(envelope.encoded_2718().into(), CHAIN);
        match envelope.recover_signer() {
            _ if s > ORDER >> 1 => prop_assert_eq!(got.unwrap_err(), TransactionError::HighS),
            Ok(sender) => prop_assert_eq!(got.unwrap().sender, sender),
            Err(_) => prop_assert_eq!(got.unwrap_err(), TransactionError::InvalidSignature),
        }
    }

    #[test]
    fn changed_bytes_are_refused_or_still_canonical(tx in valid(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        let mut raw = encoded(tx).to_vec();
        for (at, byte) in changes {
            let at = at % raw.len();
            raw[at] = byte;
        }
        let by_alloy = TxEnvelope::decode_2718_exact(&raw);
        match decode(&raw) {
            Ok(tx) => {
                prop_assert_eq!(tx.encoded_2718(), raw);
                prop_assert_eq!(tx, by_alloy.unwrap());
            }
            Err(TransactionError::Blob) => {}
            Err(_) => prop_assert!(by_alloy.is_err()),
        }
    }
}

#[test]
fn a_batch_comes_back_in_order_with_each_error_in_its_place() {
    let raw: Vec<Bytes> = (0..64)
        .map(|nonce| match nonce {
            20 => Bytes::from_static(&[0x05]),
            _ => encoded(TxEip1559 { nonce, ..transfer() }),
        })
        .collect();
    for (nonce, result) in (0u64..).zip(recover_all(raw, CHAIN)) {
        match nonce {
            20 => assert_eq!(result.unwrap_err(), TransactionError::UnknownType { kind: 5 }),
            _ => assert_eq!(result.unwrap().nonce(), nonce),
        }
    }
}

#[test]
fn the_keyless_deployment_of_the_create2_deployer_is_understood() {
    // The transaction of 2018 that every chain takes; from before EIP-155 on purpose.
    let raw = hex!(
        "f8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222"
    );
    let recovered = recover(raw.into(), CHAIN).unwrap();
    assert_eq!(recovered.sender.create(0), types::addresses::CREATE2_DEPLOYER);
}

#[test]
fn refusals_name_the_value_and_begin_with_the_words_that_tools_match_on() {
    let gas = |gas_limit, input: Vec<u8>| encoded(TxEip1559 { gas_limit, input: input.into(), ..transfer() });
    let wrong_chain = encoded(TxEip1559 { chain_id: 1, ..transfer() });
    let capped = encoded(TxEip1559 { max_priority_fee_per_gas: 11, ..transfer() });
    let large =
        TxEip1559 { to: TxKind::Create, gas_limit: 10_000_000, input: vec![0; 49_153].into(), ..transfer() };
    let last_nonce = encoded(TxEip1559 { nonce: u64::MAX, ..transfer() });
    let no_authorization = TxEip7702 { chain_id: CHAIN, gas_limit: 50_000, ..TxEip7702::default() };
    let trailing = [encoded(transfer()).as_ref(), &[0, 0]].concat();
    let mut wrapped = Vec::new();
    encoded(transfer()).encode(&mut wrapped);
    let cases = [
        (Bytes::new(), "empty transaction"),
        (vec![2; MAX_TRANSACTION_BYTES + 1].into(), "oversized data: transaction size 131073, limit 131072"),
        (
            vec![3, 0xc0].into(),
            "transaction type not supported: this chain takes no blob transactions (type 3)",
        ),
        (vec![0, 0xc0].into(), "transaction type not supported: 0"),
        (vec![0x7f, 0xc0].into(), "transaction type not supported: 127"),
        (vec![2, 0xc0].into(), "malformed transaction of type 2: input too short"),
        (vec![2].into(), "malformed transaction of type 2: input too short"),
        (wrapped.into(), "malformed transaction of type 0: unexpected string"),
        (trailing.into(), "2 trailing bytes after the transaction"),
        (wrong_chain, "invalid chain id for signer: have 1 want 31337"),
        (encoded(legacy(Some(1))), "invalid chain id for signer: have 1 want 31337"),
        (
            with_signature(transfer(), U256::ONE, ORDER - U256::ONE),
            "invalid transaction v, r, s values: s is in the upper half",
        ),
        (with_signature(transfer(), U256::ZERO, U256::ZERO), "invalid transaction v, r, s values: no key"),
        (with_signature(transfer(), ORDER, U256::ONE), "invalid transaction v, r, s values: no key"),
        (
            capped,
            "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: 11, maxFeePerGas: 10",
        ),
        (last_nonce, "nonce has max value: 18446744073709551615"),
        (encoded(large), "max initcode size exceeded: code size 49153, limit 49152"),
        (encoded(no_authorization), "EIP-7702 transaction with empty auth list"),
        (gas(20_999, vec![]), "intrinsic gas too low: have 20999, want 21000"),
        (gas(21_004, vec![1]), "intrinsic gas too low: have 21004, want 21016"),
        (gas(21_016, vec![1]), "insufficient gas for floor data gas cost: have 21016, want 21040"),
    ];
    for (raw, expected) in cases {
        let refused = refusal(raw);
        assert!(refused.starts_with(expected), "{refused}\nexpected {expected}");
    }
}

#[test]
fn a_bad_v_is_named_in_every_type() {
    let raw = encoded(legacy(None)).to_vec();
    let v = raw.len() - 67;
    assert!(matches!(raw[v], 27 | 28), "the signature's v stands before its 33 + 33 bytes of r and s");
    let typed = encoded(transfer()).to_vec();
    for (mut raw, bad) in [(raw.clone(), 29), (raw, 2), (typed.clone(), 2), (typed, 27)] {
        let v = raw.len() - 67;
        raw[v] = bad;
        assert_eq!(decode(&raw), Err(TransactionError::BadV { v: u128::from(bad) }));
    }
}

#[test]
fn a_blob_transaction_is_refused_whatever_it_holds() {
    let raw = sign(TxEip4844 { chain_id: CHAIN, ..TxEip4844::default() }, &signer()).encoded_2718();
    assert_eq!(recover(raw.into(), CHAIN).unwrap_err(), TransactionError::Blob);
    let tx = TxEip4844 { chain_id: CHAIN, ..TxEip4844::default() };
    assert_eq!(Recovered::impersonated(tx.into(), Address::ZERO, CHAIN).unwrap_err(), TransactionError::Blob);
}

#[test]
fn impersonated_transactions_are_marked_distinct_by_sender_and_not_replayable() {
    let make = |sender| Recovered::impersonated(transfer().into(), sender, CHAIN).unwrap();
    let (one, other) = (make(Address::repeat_byte(1)), make(Address::repeat_byte(2)));
    assert!(one.impersonated && one.hash != other.hash);
    assert_eq!(refusal(one.raw.clone()), TransactionError::InvalidSignature.to_string());
    let stored = Recovered::stored(one.raw.clone(), one.sender, true).unwrap();
    assert_eq!((stored.tx, stored.hash, stored.sender), (one.tx, one.hash, one.sender));

    let elsewhere = TxEip1559 { chain_id: 1, ..transfer() };
    let refused = Recovered::impersonated(elsewhere.into(), Address::ZERO, CHAIN).unwrap_err();
    assert_eq!(refused, TransactionError::WrongChain { have: 1, want: CHAIN });
}

#[test]
fn the_cost_is_all_gas_at_the_fee_cap_and_the_value() {
    let tx = TxEip1559 { value: U256::from(5), ..transfer() };
    let recovered = recover(encoded(tx), CHAIN).unwrap();
    assert_eq!(recovered.cost(), U256::from(210_005));
    assert_eq!((recovered.fee_cap(), recovered.tip_cap(), recovered.size()), (10, 1, recovered.raw.len()));
}

//! Claims about KeyRegistrar.

use super::*;
use crate::{
    host::{Error, Fatal},
    mem::MemHost,
    testkit::{ALICE, BOB, STRANGER, assert_dispatches, chain, empty_revert, reverts, u},
};
use alloy_primitives::{Bytes, hex, keccak256};
use alloy_sol_types::{SolCall, SolEvent};
use light::bn254::SecretKey as BlsKey;
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};
use types::{
    abi::{
        IKeyRegistrar::{
            G1Point, G2Point, IKeyRegistrarCalls, InvalidKeyFormat, InvalidSignature, KeyAlreadyRegistered,
            ZeroPubkey, encodeBN254KeyDataCall, getBN254KeyCall, getBN254KeyRegistrationMessageHashCall,
            getECDSAAddressCall, getECDSAKeyCall, getECDSAKeyRegistrationMessageHashCall, getKeyHashCall,
            getOperatorFromSigningKeyCall, getOperatorSetCurveTypeCall, isKeyGloballyRegisteredCall,
            isRegisteredCall,
        },
        IPermissionController::setAppointeeCall,
    },
    addresses::{KEY_REGISTRAR as HERE, PERMISSION_CONTROLLER},
    gas,
};

const AVS: Address = Address::repeat_byte(0xa5);

fn set(id: u32) -> OperatorSet {
    OperatorSet { avs: AVS, id }
}

/// A chain where set 1 has ECDSA keys and sets 2 and 3 have BN254 keys.
fn configured() -> MemHost {
    let mut chain = chain();
    for (id, curve) in [(1, 1), (2, 2), (3, 2)] {
        let call = configureOperatorSetCall { operatorSet: set(id), curveType: curve };
        chain.tell(AVS, HERE, &call).unwrap();
    }
    chain
}

fn ecdsa_key() -> (SecretKey, Address) {
    let secret = SecretKey::from_byte_array([9; 32]).expect("a key");
    let public = PublicKey::from_secret_key(SECP256K1, &secret).serialize_uncompressed();
    (secret, Address::from_raw_public_key(&public[1..]))
}

/// A registration of an ECDSA key by `operator` in set 1.
fn ecdsa(chain: &mut MemHost, operator: Address) -> registerKeyCall {
    let (secret, key) = ecdsa_key();
    let call = getECDSAKeyRegistrationMessageHashCall { operator, operatorSet: set(1), keyAddress: key };
    let digest = chain.ask(HERE, &call).unwrap();
    let message = Message::from_digest(digest.0);
    let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &secret).serialize_compact();
    let signature =
        [compact.as_slice(), &[27_u8.wrapping_add(u8::try_from(i32::from(id)).unwrap())]].concat();
    registerKeyCall {
        operator,
        operatorSet: set(1),
        keyData: Bytes::copy_from_slice(key.as_slice()),
        signature: signature.into(),
    }
}

fn bls_key_data(chain: &mut MemHost, key: &BlsKey) -> Bytes {
    let (g1, g2) = (key.key_g1(), key.key_g2());
    let call = encodeBN254KeyDataCall {
        g1Point: G1Point { X: g1.x, Y: g1.y },
        g2Point: G2Point { X: g2.x, Y: g2.y },
    };
    chain.ask(HERE, &call).unwrap()
}

/// A registration of a BN254 key by `operator` in set `id`.
fn bls(chain: &mut MemHost, operator: Address, id: u32, secret: u64) -> registerKeyCall {
    let key = BlsKey::new(u(secret));
    let data = bls_key_data(chain, &key);
    let call =
        getBN254KeyRegistrationMessageHashCall { operator, operatorSet: set(id), keyData: data.clone() };
    let point = key.sign(chain.ask(HERE, &call).unwrap());
    let signature = [point.x.to_be_bytes::<32>(), point.y.to_be_bytes::<32>()].concat();
    registerKeyCall { operator, operatorSet: set(id), keyData: data, signature: signature.into() }
}

fn refused(chain: &mut MemHost, call: &registerKeyCall) -> Option<Error> {
    chain.tell(call.operator, HERE, call).err()
}

fn is_registered(chain: &mut MemHost, id: u32, operator: Address) -> bool {
    chain.ask(HERE, &isRegisteredCall { operatorSet: set(id), operator }).unwrap()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IKeyRegistrarCalls::SELECTORS);
}

#[test]
fn the_type_hashes_are_of_their_types() {
    let fields = "address operator,address avs,uint32 operatorSetId";
    let ecdsa = format!("ECDSAKeyRegistration({fields},address keyAddress)");
    let bn254 = format!("BN254KeyRegistration({fields},bytes keyData)");
    assert_eq!((ECDSA_TYPEHASH, BN254_TYPEHASH), (keccak256(ecdsa), keccak256(bn254)));
}

#[test]
fn a_service_chooses_the_curve_of_a_set_once() {
    let mut chain = chain();
    let choose = |curve| configureOperatorSetCall { operatorSet: set(1), curveType: curve };
    assert_eq!(chain.tell(STRANGER, HERE, &choose(3)).err(), Some(empty_revert()), "it does not decode");
    assert_eq!(chain.tell(STRANGER, HERE, &choose(0)).err(), Some(reverts(InvalidPermissions {})));
    assert_eq!(chain.tell(AVS, HERE, &choose(0)).err(), Some(reverts(InvalidCurveType {})));
    chain.tell(AVS, HERE, &choose(2)).unwrap();
    let event = OperatorSetConfigured { operatorSet: set(1), curveType: 2 };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    assert_eq!(chain.tell(AVS, HERE, &choose(2)).err(), Some(reverts(ConfigurationAlreadySet {})));
    assert_eq!(chain.tell(AVS, HERE, &choose(0)).err(), Some(reverts(InvalidCurveType {})), "curve first");
    assert_eq!(chain.ask(HERE, &getOperatorSetCurveTypeCall { operatorSet: set(1) }), Ok(2));
    assert_eq!(chain.ask(HERE, &getOperatorSetCurveTypeCall { operatorSet: set(9) }), Ok(0));
}

#[test]
fn an_ecdsa_key_is_registered_by_its_own_signature() {
    let mut chain = configured();
    let call = ecdsa(&mut chain, ALICE);
    chain.tell(ALICE, HERE, &call).unwrap();
    let event =
        KeyRegistered { operatorSet: set(1), operator: ALICE, curveType: 1, pubkey: call.keyData.clone() };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    let (hash, key) = (keccak256(&call.keyData), ecdsa_key().1);
    let operator_set = set(1);
    assert!(is_registered(&mut chain, 1, ALICE));
    let ask = getECDSAAddressCall { operatorSet: operator_set.clone(), operator: ALICE };
    assert_eq!(chain.ask(HERE, &ask), Ok(key));
    let ask = getECDSAAddressCall { operatorSet: operator_set.clone(), operator: BOB };
    assert_eq!(chain.ask(HERE, &ask), Ok(Address::ZERO));
    let ask = getECDSAKeyCall { operatorSet: operator_set.clone(), operator: ALICE };
    assert_eq!(chain.ask(HERE, &ask), Ok(call.keyData.clone()));
    let ask = getKeyHashCall { operatorSet: operator_set.clone(), operator: ALICE };
    assert_eq!(chain.ask(HERE, &ask), Ok(hash));
    assert_eq!(chain.ask(HERE, &isKeyGloballyRegisteredCall { keyHash: hash }), Ok(true));
    let ask = getOperatorFromSigningKeyCall { operatorSet: operator_set.clone(), keyData: call.keyData };
    let found = chain.ask(HERE, &ask).unwrap();
    assert_eq!((found._0, found._1), (ALICE, true));
    let ask = getBN254KeyCall { operatorSet: operator_set, operator: ALICE };
    assert_eq!(chain.ask(HERE, &ask).err(), Some(reverts(InvalidCurveType {})));
}

#[test]
fn checks_of_an_ecdsa_key_come_in_order() {
    let mut chain = configured();
    let good = ecdsa(&mut chain, ALICE);
    let with = |key: &[u8], signature: &[u8]| registerKeyCall {
        keyData: Bytes::copy_from_slice(key),
        signature: Bytes::copy_from_slice(signature),
        ..good.clone()
    };
    assert_eq!(chain.tell(STRANGER, HERE, &good).err(), Some(reverts(InvalidPermissions {})));
    let elsewhere = registerKeyCall { operatorSet: set(9), ..good.clone() };
    assert_eq!(refused(&mut chain, &elsewhere), Some(reverts(OperatorSetNotConfigured {})));
    for length in [0, 19, 21] {
        assert_eq!(refused(&mut chain, &with(&vec![0; length], b"")), Some(reverts(InvalidKeyFormat {})));
    }
    assert_eq!(refused(&mut chain, &with(&[0; 20], b"")), Some(reverts(ZeroPubkey {})));
    assert_eq!(refused(&mut chain, &with(&good.keyData, b"")), Some(reverts(InvalidSignature {})));
    let of_bob = ecdsa(&mut chain, BOB);
    let stolen = with(&good.keyData, &of_bob.signature);
    assert_eq!(refused(&mut chain, &stolen), Some(reverts(InvalidSignature {})));
    assert_eq!(refused(&mut chain, &good), None);
    assert_eq!(refused(&mut chain, &with(b"", b"")), Some(reverts(OperatorAlreadyRegistered {})));
    let unsigned = registerKeyCall { signature: Bytes::new(), ..of_bob };
    assert_eq!(
        refused(&mut chain, &unsigned),
        Some(reverts(KeyAlreadyRegistered {})),
        "before the signature"
    );
}

#[test]
fn a_contract_may_be_a_key() {
    let wallet = Address::repeat_byte(0x71);
    let mut chain = configured();
    chain.place(wallet, |_, _| {
        Ok(hex!("1626ba7e00000000000000000000000000000000000000000000000000000000").into())
    });
    let call = registerKeyCall {
        operator: ALICE,
        operatorSet: set(1),
        keyData: Bytes::copy_from_slice(wallet.as_slice()),
        signature: Bytes::from_static(&[1]),
    };
    assert_eq!(refused(&mut chain, &call), None);
}

#[test]
fn a_bn254_key_is_registered_by_its_own_signature() {
    let mut chain = configured();
    let call = bls(&mut chain, ALICE, 2, 69);
    chain.tell(ALICE, HERE, &call).unwrap();
    let event =
        KeyRegistered { operatorSet: set(2), operator: ALICE, curveType: 2, pubkey: call.keyData.clone() };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    let key = BlsKey::new(u(69));
    let (g1, g2) = (key.key_g1(), key.key_g2());
    let found = chain.ask(HERE, &getBN254KeyCall { operatorSet: set(2), operator: ALICE }).unwrap();
    assert_eq!(found.g1Point, G1Point { X: g1.x, Y: g1.y });
    assert_eq!(found.g2Point, G2Point { X: g2.x, Y: g2.y });
    let none = chain.ask(HERE, &getBN254KeyCall { operatorSet: set(2), operator: BOB }).unwrap();
    assert_eq!(none.g1Point, G1Point { X: u(0), Y: u(0) });
    let hash = keccak256(&call.keyData[..64]);
    let ask = getKeyHashCall { operatorSet: set(2), operator: ALICE };
    assert_eq!(chain.ask(HERE, &ask), Ok(hash), "of the point in the first group");
    let ask = getKeyHashCall { operatorSet: set(2), operator: BOB };
    assert_eq!(chain.ask(HERE, &ask), Ok(B256::ZERO));
    for length in [64, 192] {
        let key_data = Bytes::copy_from_slice(&call.keyData[..length]);
        let ask = getOperatorFromSigningKeyCall { operatorSet: set(2), keyData: key_data.clone() };
        let found = chain.ask(HERE, &ask).unwrap();
        assert_eq!((found._0, found._1), (ALICE, true));
        let ask = getOperatorFromSigningKeyCall { operatorSet: set(3), keyData: key_data };
        let found = chain.ask(HERE, &ask).unwrap();
        assert_eq!((found._0, found._1), (ALICE, false), "known, but without a key in this set");
    }
    let short = Bytes::copy_from_slice(&call.keyData[..63]);
    let ask = getOperatorFromSigningKeyCall { operatorSet: set(2), keyData: short };
    assert_eq!(chain.ask(HERE, &ask).err(), Some(empty_revert()));
    let ask = getECDSAKeyCall { operatorSet: set(2), operator: ALICE };
    assert_eq!(chain.ask(HERE, &ask).err(), Some(reverts(InvalidCurveType {})));
}

#[test]
fn checks_of_a_bn254_key_come_in_order() {
    let mut chain = configured();
    let good = bls(&mut chain, ALICE, 2, 69);
    let with = |key: &[u8], signature: &[u8]| registerKeyCall {
        keyData: Bytes::copy_from_slice(key),
        signature: Bytes::copy_from_slice(signature),
        ..good.clone()
    };
    assert_eq!(refused(&mut chain, &with(&[0; 191], b"")), Some(reverts(InvalidKeyFormat {})));
    assert_eq!(refused(&mut chain, &with(&[0; 193], b"")), Some(reverts(InvalidKeyFormat {})));
    assert_eq!(refused(&mut chain, &with(&[0; 192], &[0; 63])), Some(reverts(InvalidSignature {})));
    assert_eq!(refused(&mut chain, &with(&[0; 192], &[0; 64])), Some(reverts(ZeroPubkey {})));
    let wrong = bls(&mut chain, ALICE, 2, 70).signature;
    assert_eq!(refused(&mut chain, &with(&good.keyData, &wrong)), Some(reverts(InvalidSignature {})));
    assert_eq!(refused(&mut chain, &with(&good.keyData, &[0; 64])), Some(reverts(InvalidSignature {})));
    assert_eq!(refused(&mut chain, &good), None);
    let of_bob = bls(&mut chain, BOB, 3, 69);
    let unsigned = registerKeyCall { signature: good.signature.clone(), ..of_bob.clone() };
    assert_eq!(refused(&mut chain, &unsigned), Some(reverts(InvalidSignature {})), "before the hash");
    assert_eq!(refused(&mut chain, &of_bob), Some(reverts(KeyAlreadyRegistered {})));
}

#[test]
fn what_is_no_point_burns_all_gas() {
    let mut chain = configured();
    let good = bls(&mut chain, ALICE, 2, 69);
    let off_curve = [u(1).to_be_bytes::<32>(), u(1).to_be_bytes::<32>()].concat();
    let key = [off_curve.as_slice(), &good.keyData[64..]].concat();
    let twist = [&good.keyData[..64], &[1; 128]].concat();
    let broken = [
        registerKeyCall { signature: off_curve.into(), ..good.clone() },
        registerKeyCall { keyData: key.into(), ..good.clone() },
        registerKeyCall { keyData: twist.into(), ..good.clone() },
    ];
    for call in broken {
        let outcome = chain.send(ALICE, HERE, U256::ZERO, &call.abi_encode(), 1_000_000);
        assert_eq!((outcome.answer, outcome.gas_used), (Err(Fatal::Invalid.into()), 1_000_000));
    }
}

#[test]
fn a_bn254_key_pays_what_the_precompiles_ask() {
    let mut chain = configured();
    let call = bls(&mut chain, ALICE, 2, 69);
    let spent = |chain: &mut MemHost, call: &registerKeyCall| {
        chain.send(ALICE, HERE, U256::ZERO, &call.abi_encode(), 10_000_000).gas_used
    };
    let zeros = registerKeyCall { keyData: vec![0; 192].into(), ..call.clone() };
    let before_the_check = spent(&mut chain, &zeros);
    let with_the_check = spent(&mut chain, &registerKeyCall { signature: vec![0; 64].into(), ..call });
    let check = 45_000 + 2 * 34_000 + 2 * 6_000 + 2 * 150;
    let beside = with_the_check - before_the_check - check;
    assert!(beside % gas::BN254_ROOT < 1_000, "tries of hashing to the curve, and a few hashes: {beside}");
}

#[test]
fn r35_keys_are_spent_for_ever() {
    let mut chain = configured();
    let call = bls(&mut chain, ALICE, 2, 69);
    assert_eq!(refused(&mut chain, &call), None);
    let leave = deregisterKeyCall { operator: ALICE, operatorSet: set(2) };
    assert_eq!(chain.tell(STRANGER, HERE, &leave).err(), Some(reverts(InvalidPermissions {})));
    chain.tell(ALICE, HERE, &leave).unwrap();
    let event = KeyDeregistered { operatorSet: set(2), operator: ALICE, curveType: 2 };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
    assert!(!is_registered(&mut chain, 2, ALICE));
    let not_found = KeyNotFound { operatorSet: set(2), operator: ALICE };
    assert_eq!(chain.tell(ALICE, HERE, &leave).err(), Some(reverts(not_found)));
    assert_eq!(refused(&mut chain, &call), Some(reverts(KeyAlreadyRegistered {})));
    let of_bob = bls(&mut chain, BOB, 3, 69);
    assert_eq!(refused(&mut chain, &of_bob), Some(reverts(KeyAlreadyRegistered {})), "anybody, anywhere");
    let ask = getOperatorFromSigningKeyCall { operatorSet: set(2), keyData: call.keyData };
    let found = chain.ask(HERE, &ask).unwrap();
    assert_eq!((found._0, found._1), (ALICE, false), "it still names the old operator");
    let nowhere = deregisterKeyCall { operator: ALICE, operatorSet: set(9) };
    assert_eq!(chain.tell(ALICE, HERE, &nowhere).err(), Some(reverts(OperatorSetNotConfigured {})));
}

#[test]
fn an_appointee_acts_for_an_operator() {
    let mut chain = configured();
    let call = ecdsa(&mut chain, ALICE);
    let appoint = setAppointeeCall {
        account: ALICE,
        appointee: BOB,
        target: HERE,
        selector: registerKeyCall::SELECTOR.into(),
    };
    chain.tell(ALICE, PERMISSION_CONTROLLER, &appoint).unwrap();
    assert!(chain.tell(BOB, HERE, &call).is_ok());
    let leave = deregisterKeyCall { operator: ALICE, operatorSet: set(1) };
    assert_eq!(chain.tell(BOB, HERE, &leave).err(), Some(reverts(InvalidPermissions {})));
}

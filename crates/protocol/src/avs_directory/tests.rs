//! Claims about AVSDirectory.

use super::*;
use crate::{
    host::Error,
    mem::MemHost,
    testkit::{BOB, PAUSER, STRANGER, UNPAUSER, assert_dispatches, chain, reverts, u},
};
use alloy_primitives::{Bytes, hex, keccak256};
use alloy_sol_types::SolEvent;
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};
use types::{
    abi::{
        IAVSDirectory::{
            IAVSDirectoryCalls, SignatureWithSaltAndExpiry, avsOperatorStatusCall, domainSeparatorCall,
            operatorSaltIsSpentCall,
        },
        IDelegationManager::{InvalidSignature, SignatureExpired, registerAsOperatorCall},
        IPausable::{CurrentlyPaused, pauseCall, unpauseCall},
    },
    addresses::AVS_DIRECTORY as HERE,
};

const AVS: Address = Address::repeat_byte(0xa5);
const SALT: B256 = B256::repeat_byte(7);

fn secret() -> SecretKey {
    SecretKey::from_byte_array([9; 32]).expect("a key")
}

fn operator() -> Address {
    let key = PublicKey::from_secret_key(SECP256K1, &secret()).serialize_uncompressed();
    Address::from_raw_public_key(&key[1..])
}

fn register_in_core(chain: &mut MemHost, operator: Address) {
    let call = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    chain.tell(operator, DELEGATION_MANAGER, &call).unwrap();
}

/// A registration of `operator` signed for [`AVS`].
fn signed(chain: &mut MemHost, salt: B256, expiry: U256) -> registerOperatorToAVSCall {
    let operator = operator();
    let call = calculateOperatorAVSRegistrationDigestHashCall { operator, avs: AVS, salt, expiry };
    let digest = chain.ask(HERE, &call).unwrap();
    let message = Message::from_digest(digest.0);
    let (id, compact) = SECP256K1.sign_ecdsa_recoverable(message, &secret()).serialize_compact();
    let signature =
        [compact.as_slice(), &[27_u8.wrapping_add(u8::try_from(i32::from(id)).unwrap())]].concat().into();
    let operator_signature = SignatureWithSaltAndExpiry { signature, salt, expiry };
    registerOperatorToAVSCall { operator, operatorSignature: operator_signature }
}

fn status(chain: &mut MemHost) -> u8 {
    chain.ask(HERE, &avsOperatorStatusCall { avs: AVS, operator: operator() }).unwrap()
}

fn refused(chain: &mut MemHost, call: &registerOperatorToAVSCall) -> Option<Error> {
    chain.tell(AVS, HERE, call).err()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IAVSDirectoryCalls::SELECTORS);
}

#[test]
fn the_type_hashes_are_of_their_types() {
    let of = |fields: &str, name: &str| keccak256(format!("{name}({fields})"));
    let registration =
        of("address operator,address avs,bytes32 salt,uint256 expiry", "OperatorAVSRegistration");
    assert_eq!(REGISTRATION_TYPEHASH, registration);
    let fields = "address avs,uint32[] operatorSetIds,bytes32 salt,uint256 expiry";
    assert_eq!(SET_REGISTRATION_TYPEHASH, of(fields, "OperatorSetRegistration"));
    assert_eq!(SET_FORCE_DEREGISTRATION_TYPEHASH, of(fields, "OperatorSetForceDeregistration"));
}

#[test]
fn an_operator_registers_and_leaves() {
    let mut chain = chain();
    register_in_core(&mut chain, operator());
    let call = signed(&mut chain, SALT, U256::MAX);
    chain.tell(AVS, HERE, &call).unwrap();
    let updated = |status| OperatorAVSRegistrationStatusUpdated { operator: operator(), avs: AVS, status };
    assert_eq!(chain.logs()[0].data, updated(1).encode_log_data());
    assert_eq!(status(&mut chain), 1);
    let spent = operatorSaltIsSpentCall { operator: operator(), salt: SALT };
    assert_eq!(chain.ask(HERE, &spent), Ok(true));

    chain.tell(AVS, HERE, &deregisterOperatorFromAVSCall { operator: operator() }).unwrap();
    assert_eq!(chain.logs()[0].data, updated(0).encode_log_data());
    assert_eq!(status(&mut chain), 0);
    assert_eq!(refused(&mut chain, &call), Some(reverts(SaltSpent {})), "a salt is spent for good");
    let again = signed(&mut chain, B256::ZERO, U256::MAX);
    assert_eq!(refused(&mut chain, &again), None);
}

#[test]
fn checks_come_in_order() {
    let mut chain = chain();
    let expired = U256::from(chain.block.timestamp - 1);
    let call = signed(&mut chain, SALT, expired);
    assert_eq!(refused(&mut chain, &call), Some(reverts(OperatorNotRegisteredToEigenLayer {})));
    register_in_core(&mut chain, operator());
    assert_eq!(refused(&mut chain, &call), Some(reverts(SignatureExpired {})));
    let good = signed(&mut chain, SALT, U256::MAX);
    let stolen = chain.tell(STRANGER, HERE, &good);
    assert_eq!(stolen.err(), Some(reverts(InvalidSignature {})), "the service is part of the digest");
    chain.tell(operator(), HERE, &cancelSaltCall { salt: SALT }).unwrap();
    assert!(chain.logs().is_empty());
    assert_eq!(refused(&mut chain, &good), Some(reverts(SaltSpent {})), "before the signature");
    let other = signed(&mut chain, B256::ZERO, U256::MAX);
    assert_eq!(refused(&mut chain, &other), None);
    assert_eq!(
        refused(&mut chain, &other),
        Some(reverts(OperatorAlreadyRegisteredToAVS {})),
        "before the salt"
    );
    chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(1) }).unwrap();
    assert_eq!(refused(&mut chain, &other), Some(reverts(CurrentlyPaused {})));
    let leave = deregisterOperatorFromAVSCall { operator: operator() };
    assert_eq!(chain.tell(AVS, HERE, &leave).err(), Some(reverts(CurrentlyPaused {})));
    chain.tell(UNPAUSER, HERE, &unpauseCall { newPausedStatus: u(0) }).unwrap();
    let nobody = deregisterOperatorFromAVSCall { operator: BOB };
    assert_eq!(chain.tell(AVS, HERE, &nobody).err(), Some(reverts(OperatorNotRegisteredToAVS {})));
    assert!(chain.tell(AVS, HERE, &leave).is_ok());
}

#[test]
fn a_contract_may_be_the_operator() {
    let wallet = Address::repeat_byte(0x71);
    let mut chain = chain();
    chain.place(wallet, |_, _| {
        Ok(hex!("1626ba7e00000000000000000000000000000000000000000000000000000000").into())
    });
    register_in_core(&mut chain, wallet);
    let signature = SignatureWithSaltAndExpiry { signature: Bytes::new(), salt: SALT, expiry: U256::MAX };
    let call = registerOperatorToAVSCall { operator: wallet, operatorSignature: signature };
    assert_eq!(refused(&mut chain, &call), None);
}

#[test]
fn anyone_may_announce_metadata() {
    let mut chain = chain();
    let metadata_uri = "ipfs://avs".to_owned();
    chain.tell(STRANGER, HERE, &updateAVSMetadataURICall { metadataURI: metadata_uri.clone() }).unwrap();
    let event = AVSMetadataURIUpdated { avs: STRANGER, metadataURI: metadata_uri };
    assert_eq!(chain.logs()[0].data, event.encode_log_data());
}

#[test]
fn its_domain_is_its_own() {
    let mut chain = chain();
    let call = types::abi::IDelegationManager::domainSeparatorCall {};
    let of_core = chain.ask(DELEGATION_MANAGER, &call);
    assert_ne!(chain.ask(HERE, &domainSeparatorCall {}), of_core);
}

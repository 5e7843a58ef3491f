//! Claims about SafeExit: registrars of every bad kind, the grace, and keys that come back to their operator only.

use super::*;
use crate::{
    host::{Error, Fatal},
    mem::MemHost,
    scene::{AVS, REGISTRAR, Scene, operator, staker},
    testkit::{PAUSER, STRANGER, assert_dispatches, reverts},
};
use alloy_primitives::Bytes;
use alloy_sol_types::{SolCall, SolEvent, SolInterface as _};
use types::{
    Rules,
    abi::{
        IAllocationManager::{OperatorSet as CoreSet, isMemberOfOperatorSetCall, isOperatorSlashableCall},
        IPausable::{CurrentlyPaused, pauseCall},
        ISafeExit::{ISafeExitCalls, isReleasedCall},
    },
    addresses::SAFE_EXIT as HERE,
    units::WAD,
};

fn set() -> OperatorSet {
    OperatorSet { avs: AVS, id: 1 }
}

/// An operator in set 1, with something allocated.
fn scene() -> Scene {
    let mut scene = Scene::with_rules(Rules::Mainnet);
    scene.serve();
    scene.create_set(1, &[0]).unwrap();
    scene.create_set(2, &[0]).unwrap();
    scene.register(operator(0));
    scene.join(operator(0), &[1, 2]).unwrap();
    scene.allocate(operator(0), 1, 0, WAD / 2).unwrap();
    scene.mine(1);
    scene
}

fn request(scene: &mut Scene) -> Result<()> {
    let call = requestExitCall { operator: operator(0), operatorSet: set() };
    scene.tell(operator(0), HERE, &call).map(|_| ())
}

fn force(scene: &mut Scene) -> Result<()> {
    let call = forceExitCall { operator: operator(0), operatorSet: set() };
    scene.tell(operator(0), HERE, &call).map(|_| ())
}

fn of_core() -> CoreSet {
    CoreSet { avs: AVS, id: 1 }
}

fn is_member(scene: &mut Scene) -> bool {
    let call = isMemberOfOperatorSetCall { operator: operator(0), operatorSet: of_core() };
    scene.chain.ask(ALLOCATION_MANAGER, &call).unwrap()
}

fn is_slashable(scene: &mut Scene) -> bool {
    let call = isOperatorSlashableCall { operator: operator(0), operatorSet: of_core() };
    scene.chain.ask(ALLOCATION_MANAGER, &call).unwrap()
}

/// What the last transaction logged about a registrar's failure.
fn failure(chain: &MemHost) -> Option<Bytes> {
    let events = chain.logs().iter();
    let mut failures = events.filter_map(|log| RegistrarFailed::decode_log_data(&log.data).ok());
    failures.next().map(|event| event.reason)
}

fn refuses(_: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
    Err(Error::Revert(vec![7; 1000].into()))
}

fn burns(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
    loop {
        host.charge_gas(1000)?;
    }
}

fn halts(_: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
    Err(Fatal::Invalid.into())
}

/// Comes back to force the same exit, to let the operator join again, and to request anew.
fn comes_back(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
    use types::abi::IAllocationManager::{RegisterParams, registerForOperatorSetsCall};
    let operator = operator(0);
    let params = RegisterParams { avs: AVS, operatorSetIds: vec![1], data: Bytes::new() };
    let calls: [(Address, Vec<u8>); 3] = [
        (HERE, forceExitCall { operator, operatorSet: set() }.abi_encode()),
        (HERE, requestExitCall { operator, operatorSet: set() }.abi_encode()),
        (ALLOCATION_MANAGER, registerForOperatorSetsCall { operator, params }.abi_encode()),
    ];
    for (to, input) in calls {
        let reply = host.call(to, U256::ZERO, input.into())?;
        assert!(!reply.is_success(), "a registrar has no say for the operator");
    }
    Ok(Bytes::new())
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, &ISafeExitCalls::selectors().collect::<Vec<_>>());
}

#[test]
fn no_registrar_traps_an_operator() {
    let cases: [(&str, crate::host::NativeFn, bool); 4] = [
        ("reverts", refuses, true),
        ("burns all gas", burns, true),
        ("halts", halts, true),
        ("comes back", comes_back, false),
    ];
    for (name, registrar, fails) in cases {
        let mut scene = scene();
        scene.chain.place(REGISTRAR, registrar);
        if fails {
            assert!(scene.leave(operator(0), &[1]).is_err(), "{name}: the ordinary way is barred");
        }
        request(&mut scene).unwrap();
        scene.mine(6);
        force(&mut scene).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(failure(&scene.chain).is_some(), fails, "{name}");
        assert!(!is_member(&mut scene), "{name}");
        assert!(is_slashable(&mut scene), "{name}: the window is kept");
        scene.mine(11);
        assert!(!is_slashable(&mut scene), "{name}");
        assert_eq!(scene.audit(&[1, 2]), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_registrar_that_agrees_is_told_by_the_allocation_manager_after_the_core() {
    fn looks(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
        use types::abi::IAVSRegistrar::deregisterOperatorCall;
        assert_eq!(host.msg().sender, ALLOCATION_MANAGER);
        let told = deregisterOperatorCall::abi_decode(input).unwrap();
        assert_eq!((told.operator, told.avs, told.operatorSetIds), (operator(0), AVS, vec![1]));
        let member = MEMBERSHIPS.get(host, (operator(0), name(&set())))?;
        assert!(!member.registered && member.slashable_until > 0);
        Ok(Bytes::new())
    }
    let mut scene = scene();
    scene.chain.place(REGISTRAR, looks);
    request(&mut scene).unwrap();
    scene.mine(6);
    force(&mut scene).unwrap();
    assert_eq!(failure(&scene.chain), None);
}

#[test]
fn a_failure_is_logged_in_part() {
    let mut scene = scene();
    scene.chain.place(REGISTRAR, refuses);
    request(&mut scene).unwrap();
    scene.mine(6);
    force(&mut scene).unwrap();
    assert_eq!(failure(&scene.chain), Some(vec![7; 256].into()));
}

#[test]
fn the_registrar_gets_all_of_its_gas_or_nothing_happens() {
    let mut scene = scene();
    request(&mut scene).unwrap();
    scene.mine(6);
    let input = forceExitCall { operator: operator(0), operatorSet: set() }.abi_encode();
    let starved = scene.chain.send(operator(0), HERE, U256::ZERO, &input, REGISTRAR_GAS);
    assert_eq!(starved.answer, Err(Fatal::OutOfGas.into()));
    assert!(is_member(&mut scene));
    let fed = scene.chain.send(operator(0), HERE, U256::ZERO, &input, REGISTRAR_GAS + 150_000);
    assert!(fed.answer.is_ok() && fed.gas_used < 150_000, "an agreeable registrar gives its gas back");
}

#[test]
fn an_exit_is_forced_after_the_grace_and_only_by_request() {
    let mut scene = scene();
    assert_eq!(force(&mut scene), Err(reverts(ExitNotRequested {})));
    request(&mut scene).unwrap();
    assert_eq!(request(&mut scene), Err(reverts(ExitAlreadyRequested {})));
    let forceable = scene.chain.block.number as u32 + 6;
    scene.mine(5);
    assert_eq!(force(&mut scene), Err(reverts(GraceNotElapsed { forceableBlock: forceable })));
    let told = scene.chain.ask(HERE, &exitOfCall { operator: operator(0), operatorSet: set() }).unwrap();
    assert_eq!((told.requested, told.forceableBlock), (true, forceable));
    scene.mine(1);
    force(&mut scene).unwrap();
    assert_eq!(force(&mut scene), Err(reverts(ExitNotRequested {})));
    assert_eq!(request(&mut scene), Err(reverts(NotMemberOfSet {})));
}

#[test]
fn a_request_ends_when_it_is_taken_back_or_the_operator_leaves_otherwise() {
    let mut scene = scene();
    request(&mut scene).unwrap();
    let cancel = cancelExitCall { operator: operator(0), operatorSet: set() };
    scene.tell(operator(0), HERE, &cancel).unwrap();
    assert_eq!(scene.tell(operator(0), HERE, &cancel).err(), Some(reverts(ExitNotRequested {})));
    request(&mut scene).unwrap();
    scene.leave(operator(0), &[1]).unwrap();
    scene.mine(11);
    scene.join(operator(0), &[1]).unwrap();
    assert_eq!(
        force(&mut scene),
        Err(reverts(ExitNotRequested {})),
        "an old request gives no way out at once"
    );
}

#[test]
fn only_who_may_act_for_the_operator_and_only_while_it_runs() {
    let mut scene = scene();
    let refused = Some(reverts(InvalidPermissions {}));
    let (operator, left) = (operator(0), set());
    for from in [STRANGER, AVS, staker(0)] {
        let call = requestExitCall { operator, operatorSet: left.clone() };
        assert_eq!(scene.tell(from, HERE, &call).err(), refused);
        let call = forceExitCall { operator, operatorSet: left.clone() };
        assert_eq!(scene.tell(from, HERE, &call).err(), refused);
        let call = releaseKeyCall { operator, operatorSet: left.clone() };
        assert_eq!(scene.tell(from, HERE, &call).err(), refused);
    }
    let foreign = OperatorSet { avs: STRANGER, id: 9 };
    let call = requestExitCall { operator, operatorSet: foreign };
    assert_eq!(scene.tell(operator, HERE, &call).err(), Some(reverts(NotMemberOfSet {})));
    request(&mut scene).unwrap();
    scene.mine(6);
    for paused in [HERE, ALLOCATION_MANAGER] {
        let bits = if paused == HERE { 1 } else { 4 };
        scene.tell(PAUSER, paused, &pauseCall { newPausedStatus: U256::from(bits) }).unwrap();
        assert_eq!(force(&mut scene), Err(reverts(CurrentlyPaused {})));
        let resume = types::abi::IPausable::unpauseCall { newPausedStatus: U256::ZERO };
        scene.tell(crate::testkit::UNPAUSER, paused, &resume).unwrap();
    }
    force(&mut scene).unwrap();
}

mod keys {
    use super::*;
    use crate::testkit::chain;
    use secp256k1::{Message, SecretKey};
    use types::abi::IKeyRegistrar::{
        KeyAlreadyRegistered, KeyDeregistered, OperatorSetNotConfigured, configureOperatorSetCall,
        getECDSAKeyRegistrationMessageHashCall, getOperatorFromSigningKeyCall, registerKeyCall,
    };

    fn secret() -> SecretKey {
        SecretKey::from_byte_array([0x41; 32]).unwrap()
    }

    fn address() -> Address {
        let key = secp256k1::PublicKey::from_secret_key_global(&secret());
        Address::from_raw_public_key(&key.serialize_uncompressed()[1..])
    }

    fn sign(digest: B256) -> Bytes {
        let signed = secp256k1::SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &secret());
        let (recovery, bytes) = signed.serialize_compact();
        let v = if recovery == secp256k1::ecdsa::RecoveryId::Zero { 27 } else { 28 };
        [&bytes[..], &[v]].concat().into()
    }

    fn of_keys(id: u32) -> IKeyRegistrar::OperatorSet {
        IKeyRegistrar::OperatorSet { avs: AVS, id }
    }

    fn register(scene: &mut Scene, operator: Address, id: u32) -> Result<()> {
        let ask = getECDSAKeyRegistrationMessageHashCall {
            operator,
            operatorSet: of_keys(id),
            keyAddress: address(),
        };
        let signature = sign(scene.chain.ask(KEY_REGISTRAR, &ask).unwrap());
        let key = address().to_vec().into();
        let call = registerKeyCall { operator, operatorSet: of_keys(id), keyData: key, signature };
        scene.tell(operator, KEY_REGISTRAR, &call).map(|_| ())
    }

    fn release(scene: &mut Scene) -> Result<()> {
        let call = releaseKeyCall { operator: operator(0), operatorSet: set() };
        scene.tell(operator(0), HERE, &call).map(|_| ())
    }

    fn with_key() -> Scene {
        let mut scene = scene();
        for id in [1, 2] {
            let call = configureOperatorSetCall { operatorSet: of_keys(id), curveType: 1 };
            scene.tell(AVS, KEY_REGISTRAR, &call).unwrap();
        }
        register(&mut scene, operator(0), 1).unwrap();
        scene
    }

    #[test]
    fn a_key_comes_back_after_window_and_grace_to_the_same_operator_only() {
        let mut scene = with_key();
        assert_eq!(
            release(&mut scene),
            Err(reverts(KeyNotReleasable { releasableBlock: 0 })),
            "it is registered"
        );
        scene.leave(operator(0), &[1]).unwrap();
        let releasable = scene.chain.block.number as u32 + 10 + 5 + 1;
        scene.mine(15);
        assert_eq!(release(&mut scene), Err(reverts(KeyNotReleasable { releasableBlock: releasable })));
        scene.mine(1);
        release(&mut scene).unwrap();
        let told = scene.chain.logs().iter().any(|log| KeyDeregistered::decode_log_data(&log.data).is_ok());
        assert!(told, "the registrar's own event");
        let hash = alloy_primitives::keccak256(address());
        assert_eq!(scene.chain.ask(HERE, &isReleasedCall { keyHash: hash }), Ok(true));

        scene.register(operator(1));
        assert_eq!(register(&mut scene, operator(1), 2), Err(reverts(KeyAlreadyRegistered {})));
        let owner =
            getOperatorFromSigningKeyCall { operatorSet: of_keys(1), keyData: address().to_vec().into() };
        assert_eq!(scene.chain.ask(KEY_REGISTRAR, &owner).unwrap()._0, operator(0), "key to operator stays");
        register(&mut scene, operator(0), 2).unwrap();
        assert_eq!(scene.chain.ask(HERE, &isReleasedCall { keyHash: hash }), Ok(false));
        assert_eq!(
            register(&mut scene, operator(0), 1),
            Err(reverts(KeyAlreadyRegistered {})),
            "once at a time"
        );
    }

    #[test]
    fn a_key_that_nobody_released_stays_spent() {
        use types::abi::IKeyRegistrar::deregisterKeyCall;
        let mut scene = with_key();
        scene.leave(operator(0), &[1]).unwrap();
        scene.mine(30);
        let call = deregisterKeyCall { operator: operator(0), operatorSet: of_keys(1) };
        scene.tell(operator(0), KEY_REGISTRAR, &call).unwrap();
        assert_eq!(register(&mut scene, operator(0), 2), Err(reverts(KeyAlreadyRegistered {})));
        assert!(release(&mut scene).is_err(), "there is nothing to release");
    }

    #[test]
    fn nothing_is_released_of_unknown_sets() {
        let mut chain = chain();
        let call = releaseKeyCall { operator: STRANGER, operatorSet: OperatorSet { avs: AVS, id: 77 } };
        let refused = chain.tell(STRANGER, HERE, &call);
        assert_eq!(refused.err(), Some(reverts(OperatorSetNotConfigured {})));
    }
}

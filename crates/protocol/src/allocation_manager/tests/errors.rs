//! Each custom error of AllocationManager, and which of two wins.

use crate::{
    host::{Error, Result},
    scene::{AVS, DELAY, REGISTRAR, SLASHER, Scene, event, operator},
    testkit::{PAUSER, STRANGER, empty_revert, reverts, says, u},
};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{PanicKind, SolCall};
use types::{
    abi::IAllocationManager::*,
    abi::IPermissionController::setAppointeeCall,
    addresses::{ALLOCATION_MANAGER as AM, BEACON_STRATEGY, BURN, EIGEN_STRATEGY, PERMISSION_CONTROLLER},
    units::WAD,
};

const HALF: u64 = WAD / 2;
const TREASURY: Address = Address::repeat_byte(0x77);

fn set(id: u32) -> OperatorSet {
    OperatorSet { avs: AVS, id }
}

/// A service with set 1 over strategy 0, and operator 0, registered for nothing.
fn service() -> Scene {
    let mut scene = Scene::new();
    scene.serve();
    scene.register(operator(0));
    scene.create_set(1, &[0]).unwrap();
    scene
}

/// Operator 0 in set 1 with half of its magnitude.
fn member() -> Scene {
    let mut scene = service();
    scene.join(operator(0), &[1]).unwrap();
    scene.allocate(operator(0), 1, 0, HALF).unwrap();
    scene
}

fn says_no<C: SolCall>(scene: &mut Scene, from: Address, call: &C) -> Error {
    scene.tell(from, AM, call).map(|_| ()).expect_err("refused")
}

#[test]
fn making_sets() {
    let mut scene = service();
    let strategy = scene.strategies[1];
    let v2 = |id, strategies: &[Address], slasher| CreateSetParamsV2 {
        operatorSetId: id,
        strategies: strategies.to_vec(),
        slasher,
    };
    let plain = |avs, params| createOperatorSets_1Call { avs, params: vec![params] };
    let no = |scene: &mut Scene, from, call: &createOperatorSets_1Call| says_no(scene, from, call);
    let call = plain(AVS, v2(2, &[], SLASHER));
    assert_eq!(no(&mut scene, STRANGER, &call), reverts(InvalidPermissions {}));
    let call = plain(STRANGER, v2(2, &[], SLASHER));
    assert_eq!(no(&mut scene, STRANGER, &call), reverts(NonexistentAVSMetadata {}));
    let call = plain(AVS, v2(1, &[], SLASHER));
    assert_eq!(no(&mut scene, AVS, &call), reverts(InvalidOperatorSet {}));
    let call = plain(AVS, v2(2, &[strategy, strategy], Address::ZERO));
    assert_eq!(no(&mut scene, AVS, &call), reverts(StrategyAlreadyInOperatorSet {}));
    let call = plain(AVS, v2(2, &[strategy], Address::ZERO));
    assert_eq!(no(&mut scene, AVS, &call), reverts(InputAddressZero {}));

    let mut redistributing = |strategies: &[Address], recipients: &[Address]| {
        let params = vec![v2(2, strategies, SLASHER)];
        let recipients = recipients.to_vec();
        let call =
            createRedistributingOperatorSets_1Call { avs: AVS, params, redistributionRecipients: recipients };
        says_no(&mut scene, AVS, &call)
    };
    assert_eq!(redistributing(&[], &[]), reverts(InputArrayLengthMismatch {}));
    assert_eq!(redistributing(&[], &[Address::ZERO]), reverts(InputAddressZero {}));
    assert_eq!(redistributing(&[], &[BURN]), reverts(InvalidRedistributionRecipient {}));
    for never in [BEACON_STRATEGY, EIGEN_STRATEGY] {
        assert_eq!(redistributing(&[never], &[TREASURY]), reverts(InvalidStrategy {}));
    }
}

#[test]
fn strategies_of_sets() {
    let mut scene = service();
    let strategies = vec![scene.strategies[0]];
    let add =
        |id| addStrategiesToOperatorSetCall { avs: AVS, operatorSetId: id, strategies: strategies.clone() };
    assert_eq!(says_no(&mut scene, STRANGER, &add(1)), reverts(InvalidPermissions {}));
    assert_eq!(says_no(&mut scene, AVS, &add(2)), reverts(InvalidOperatorSet {}));
    assert_eq!(says_no(&mut scene, AVS, &add(1)), reverts(StrategyAlreadyInOperatorSet {}));
    let remove =
        |id, strategies| removeStrategiesFromOperatorSetCall { avs: AVS, operatorSetId: id, strategies };
    let other = vec![scene.strategies[1]];
    assert_eq!(says_no(&mut scene, STRANGER, &remove(1, other.clone())), reverts(InvalidPermissions {}));
    assert_eq!(says_no(&mut scene, AVS, &remove(2, other.clone())), reverts(InvalidOperatorSet {}));
    assert_eq!(says_no(&mut scene, AVS, &remove(1, other)), reverts(StrategyNotInOperatorSet {}));

    let params = vec![CreateSetParams { operatorSetId: 3, strategies: Vec::new() }];
    let recipients = vec![TREASURY];
    let call =
        createRedistributingOperatorSets_0Call { avs: AVS, params, redistributionRecipients: recipients };
    scene.tell(AVS, AM, &call).unwrap();
    let call =
        addStrategiesToOperatorSetCall { avs: AVS, operatorSetId: 3, strategies: vec![BEACON_STRATEGY] };
    assert_eq!(says_no(&mut scene, AVS, &call), reverts(InvalidStrategy {}));
    assert_eq!(scene.chain.ask(AM, &getSlasherCall { operatorSet: set(3) }), Ok(AVS), "of V1");
}

#[test]
fn registrars() {
    let mut scene = service();
    let refusing = Address::repeat_byte(0xa8);
    scene.chain.place(refusing, |_, _| Ok(U256::ZERO.to_be_bytes::<32>().into()));
    let name = |registrar| setAVSRegistrarCall { avs: AVS, registrar };
    assert_eq!(says_no(&mut scene, STRANGER, &name(REGISTRAR)), reverts(InvalidPermissions {}));
    assert_eq!(says_no(&mut scene, AVS, &name(refusing)), reverts(InvalidAVSRegistrar {}));
    assert_eq!(says_no(&mut scene, AVS, &name(STRANGER)), empty_revert(), "no code");
    let uri = updateAVSMetadataURICall { avs: AVS, metadataURI: String::new() };
    assert_eq!(says_no(&mut scene, STRANGER, &uri), reverts(InvalidPermissions {}));
}

#[test]
fn a_registrar_can_trap_until_another_is_named() {
    let mut scene = member();
    let trap = Address::repeat_byte(0xa8);
    scene.chain.place(trap, |_, input| {
        if input.starts_with(&types::abi::IAVSRegistrar::deregisterOperatorCall::SELECTOR) {
            return crate::host::revert_with("stay");
        }
        Ok(U256::ONE.to_be_bytes::<32>().into())
    });
    scene.tell(AVS, AM, &setAVSRegistrarCall { avs: AVS, registrar: trap }).unwrap();
    assert_eq!(scene.leave(operator(0), &[1]), Err(says("stay")), "R42");
    let slashable = isOperatorSlashableCall { operator: operator(0), operatorSet: set(1) };
    assert_eq!(scene.chain.ask(AM, &slashable), Ok(true), "R42");
    scene.tell(AVS, AM, &setAVSRegistrarCall { avs: AVS, registrar: REGISTRAR }).unwrap();
    assert_eq!(scene.leave(operator(0), &[1]), Ok(()), "R42");
}

#[test]
fn joining_and_leaving() {
    let mut scene = service();
    let join = |operator, id| registerForOperatorSetsCall {
        operator,
        params: RegisterParams { avs: AVS, operatorSetIds: vec![id], data: Bytes::new() },
    };
    let leave = |operator, id| deregisterFromOperatorSetsCall {
        params: DeregisterParams { operator, avs: AVS, operatorSetIds: vec![id] },
    };
    let op = operator(0);
    assert_eq!(says_no(&mut scene, STRANGER, &join(op, 1)), reverts(InvalidPermissions {}));
    assert_eq!(says_no(&mut scene, STRANGER, &join(STRANGER, 1)), reverts(InvalidOperator {}));
    assert_eq!(says_no(&mut scene, op, &join(op, 2)), reverts(InvalidOperatorSet {}));
    assert_eq!(says_no(&mut scene, STRANGER, &leave(op, 1)), reverts(InvalidCaller {}));
    assert_eq!(says_no(&mut scene, op, &leave(op, 2)), reverts(InvalidOperatorSet {}));
    assert_eq!(says_no(&mut scene, op, &leave(op, 1)), reverts(NotMemberOfSet {}));
    scene.join(op, &[1]).unwrap();
    assert_eq!(says_no(&mut scene, op, &join(op, 1)), reverts(AlreadyMemberOfSet {}));
    scene.tell(AVS, AM, &leave(op, 1)).unwrap();
    scene.mine(DELAY);
    assert_eq!(says_no(&mut scene, op, &join(op, 1)), reverts(AlreadyMemberOfSet {}), "R28");
    scene.mine(1);
    scene.join(op, &[1]).unwrap();
    assert_eq!(scene.join(op, &[]), Ok(()), "the registrar alone is asked");
}

#[test]
fn allocations() {
    let mut scene = service();
    let (op, strategies) = (operator(0), vec![scene.strategies[0]]);
    let modify = |operator, id, strategies: &[Address], magnitude| {
        let params = AllocateParams {
            operatorSet: set(id),
            strategies: strategies.to_vec(),
            newMagnitudes: vec![magnitude],
        };
        modifyAllocationsCall { operator, params: vec![params] }
    };
    let call = modify(op, 1, &strategies, 1);
    assert_eq!(says_no(&mut scene, STRANGER, &call), reverts(InvalidPermissions {}));
    let call = modify(STRANGER, 1, &strategies, 1);
    assert_eq!(says_no(&mut scene, STRANGER, &call), reverts(UninitializedAllocationDelay {}));
    let call = modify(op, 2, &[], 1);
    assert_eq!(says_no(&mut scene, op, &call), reverts(InputArrayLengthMismatch {}), "before the set");
    let call = modify(op, 2, &strategies, 1);
    assert_eq!(says_no(&mut scene, op, &call), reverts(InvalidOperatorSet {}));
    assert_eq!(scene.allocate(op, 1, 0, 0), Err(reverts(SameMagnitude {})));
    assert_eq!(scene.allocate(op, 1, 0, WAD + 1), Err(reverts(InsufficientMagnitude {})));
    scene.allocate(op, 1, 0, HALF).unwrap();
    let cast = says("SafeCast: value doesn't fit in 64 bits");
    assert_eq!(scene.allocate(op, 1, 1, u64::MAX), Err(reverts(InsufficientMagnitude {})));
    scene.create_set(4, &[0]).unwrap();
    assert_eq!(scene.allocate(op, 4, 0, u64::MAX), Err(cast));
    scene.join(op, &[1]).unwrap();
    scene.allocate(op, 1, 0, HALF - 1).unwrap();
    assert_eq!(scene.allocate(op, 1, 0, HALF - 2), Err(reverts(ModificationAlreadyPending {})));
    let mismatch = clearDeallocationQueueCall { operator: op, strategies, numToClear: vec![] };
    assert_eq!(says_no(&mut scene, STRANGER, &mismatch), reverts(InputArrayLengthMismatch {}));
    let huge = setAllocationDelayCall { operator: op, delay: u32::MAX };
    scene.tell(op, AM, &huge).unwrap();
    scene.mine(20);
    let overflow = crate::math::panic(PanicKind::UnderOverflow);
    assert_eq!(scene.allocate(op, 4, 0, 1), Err(overflow));
}

#[test]
fn slashing() {
    let mut scene = service();
    let (op, strategies) = (operator(0), scene.strategies);
    let slash = |scene: &mut Scene, from, id, at: &[Address], wads: &[U256]| {
        let params = SlashingParams {
            operator: op,
            operatorSetId: id,
            strategies: at.to_vec(),
            wadsToSlash: wads.to_vec(),
            description: String::new(),
        };
        scene.tell(from, AM, &slashOperatorCall { avs: AVS, params }).map(|_| ())
    };
    let (first, half, one) = ([strategies[0]], [U256::from(HALF)], U256::from(WAD));
    let no = |error| -> Result<()> { Err(error) };
    assert_eq!(slash(&mut scene, STRANGER, 2, &first, &[]), no(reverts(InputArrayLengthMismatch {})));
    assert_eq!(slash(&mut scene, STRANGER, 2, &first, &half), no(reverts(InvalidOperatorSet {})));
    assert_eq!(slash(&mut scene, STRANGER, 1, &first, &half), no(reverts(OperatorNotSlashable {})));
    scene.join(op, &[1]).unwrap();
    assert_eq!(slash(&mut scene, STRANGER, 1, &first, &half), no(reverts(InvalidCaller {})));
    for wad in [U256::ZERO, one + U256::ONE, U256::MAX] {
        assert_eq!(slash(&mut scene, SLASHER, 1, &first, &[wad]), no(reverts(InvalidWadToSlash {})));
    }
    let twice = [strategies[0]; 2];
    let descending = reverts(StrategiesMustBeInAscendingOrder {});
    assert_eq!(slash(&mut scene, SLASHER, 1, &twice, &[half[0], U256::ZERO]), no(descending));
    let foreign = [strategies[1]];
    assert_eq!(slash(&mut scene, SLASHER, 1, &foreign, &half), no(reverts(StrategyNotInOperatorSet {})));
    assert_eq!(slash(&mut scene, SLASHER, 1, &first, &half), Ok(()), "nothing allocated: an id is used");
    let count = getSlashCountCall { operatorSet: set(1) };
    assert_eq!(scene.chain.ask(AM, &count), Ok(u(1)), "R18");
}

#[test]
fn slashers() {
    let mut scene = service();
    let update = |id, slasher| updateSlasherCall { operatorSet: set(id), slasher };
    assert_eq!(says_no(&mut scene, STRANGER, &update(1, STRANGER)), reverts(InvalidPermissions {}));
    assert_eq!(says_no(&mut scene, AVS, &update(2, STRANGER)), reverts(InvalidOperatorSet {}));
    assert_eq!(says_no(&mut scene, AVS, &update(1, Address::ZERO)), reverts(InputAddressZero {}));
}

#[test]
fn a_slasher_takes_over_after_the_configuration_delay() {
    let mut scene = service();
    let ask = |scene: &mut Scene| scene.chain.ask(AM, &getSlasherCall { operatorSet: set(1) }).unwrap();
    let pending = |scene: &mut Scene| {
        let waiting = scene.chain.ask(AM, &getPendingSlasherCall { operatorSet: set(1) }).unwrap();
        (waiting.pendingSlasher, waiting.effectBlock)
    };
    let propose = |scene: &mut Scene, slasher| {
        scene.tell(AVS, AM, &updateSlasherCall { operatorSet: set(1), slasher }).unwrap();
        scene.chain.logs().len()
    };
    assert_eq!(propose(&mut scene, STRANGER), 1);
    assert_eq!(pending(&mut scene), (STRANGER, 1016), "R19");
    scene.chain.block.number = 1010;
    assert_eq!(propose(&mut scene, STRANGER), 0, "R19: no event, no new clock");
    assert_eq!(pending(&mut scene), (STRANGER, 1016), "R19");
    scene.chain.block.number = 1015;
    assert_eq!(ask(&mut scene), SLASHER, "R19");
    scene.chain.block.number = 1016;
    assert_eq!((ask(&mut scene), pending(&mut scene)), (STRANGER, (Address::ZERO, 0)), "R19");
    assert_eq!(propose(&mut scene, STRANGER), 1, "the acting one takes the pending place");
    assert_eq!(propose(&mut scene, TREASURY), 1);
    assert_eq!((ask(&mut scene), pending(&mut scene)), (STRANGER, (TREASURY, 1032)));
    scene.join(operator(0), &[1]).unwrap();
    scene.chain.block.number = 1032;
    let params = SlashingParams {
        operator: operator(0),
        operatorSetId: 1,
        strategies: vec![],
        wadsToSlash: vec![],
        description: String::new(),
    };
    scene.tell(TREASURY, AM, &slashOperatorCall { avs: AVS, params }).unwrap();
    assert_eq!((ask(&mut scene), pending(&mut scene)), (TREASURY, (Address::ZERO, 0)), "after a slash too");
    assert_eq!(propose(&mut scene, STRANGER), 1);
    assert_eq!(pending(&mut scene), (STRANGER, 1048));
}

#[test]
fn pausing_stops_what_its_bits_say_before_anything_else() {
    let nothing = Bytes::new();
    let register = registerForOperatorSetsCall {
        operator: operator(1),
        params: RegisterParams { avs: AVS, operatorSetIds: vec![], data: nothing },
    };
    let deregister = deregisterFromOperatorSetsCall {
        params: DeregisterParams { operator: operator(1), avs: AVS, operatorSetIds: vec![] },
    };
    let modify = modifyAllocationsCall { operator: operator(1), params: vec![] };
    let clear = clearDeallocationQueueCall { operator: operator(1), strategies: vec![], numToClear: vec![1] };
    let params = SlashingParams {
        operator: operator(1),
        operatorSetId: 9,
        strategies: vec![],
        wadsToSlash: vec![],
        description: String::new(),
    };
    let slash = slashOperatorCall { avs: AVS, params };
    let calls: [(u64, Vec<u8>); 5] = [
        (2, register.abi_encode()),
        (2, deregister.abi_encode()),
        (0, modify.abi_encode()),
        (0, clear.abi_encode()),
        (1, slash.abi_encode()),
    ];
    for bit in 0..3 {
        let mut scene = service();
        scene.tell(PAUSER, AM, &pauseCall { newPausedStatus: u(1 << bit) }).unwrap();
        for (place, (stopped_by, input)) in calls.iter().enumerate() {
            let answer = scene.chain.send(STRANGER, AM, u(0), input, 1 << 24).answer;
            let paused = answer == Err(reverts(CurrentlyPaused {}));
            assert_eq!(paused, *stopped_by == bit, "bit {bit}, verb {place}: {answer:?}");
        }
    }
}

#[test]
fn a_permission_is_for_the_selector_that_was_called() {
    let mut scene = service();
    let selector = createOperatorSets_1Call::SELECTOR.into();
    let call = setAppointeeCall { account: AVS, appointee: STRANGER, target: AM, selector };
    scene.tell(AVS, PERMISSION_CONTROLLER, &call).unwrap();
    let first = createOperatorSets_0Call { avs: AVS, params: vec![] };
    assert_eq!(says_no(&mut scene, STRANGER, &first), reverts(InvalidPermissions {}), "R34");
    let second = createOperatorSets_1Call { avs: AVS, params: vec![] };
    assert!(scene.tell(STRANGER, AM, &second).is_ok(), "R34");
}

#[test]
fn a_removed_strategy_is_told() {
    let mut scene = service();
    let strategy = scene.strategies[0];
    let strategies = vec![strategy];
    let call = removeStrategiesFromOperatorSetCall { avs: AVS, operatorSetId: 1, strategies };
    scene.tell(AVS, AM, &call).unwrap();
    scene.assert_events(&[event(AM, StrategyRemovedFromOperatorSet { operatorSet: set(1), strategy })]);
}

//! Claims about the auditor: a sound state passes, and each kind of damage is named.

use super::*;
use crate::{
    allocation_manager::{
        queue::push_back,
        rows::{ALLOCATIONS, MEMBERSHIPS, SETS},
    },
    ledger::{self, HOME},
    mem::MemHost,
    scene::{AVS, Scene, operator, staker},
    storage::Map,
    testkit::{ALICE, BOB, chain, u},
};
use alloy_primitives::B256;
use secp256k1::{Message, PublicKey, SECP256K1, SecretKey};
use types::{
    abi::{IKeyRegistrar, IStrategyManager, ITestToken},
    addresses::{KEY_REGISTRAR, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
    units::DepositShares,
};

/// ALICE operates, BOB has delegated 1000 and queued 300 of them.
fn lived() -> MemHost {
    let mut chain = chain();
    let register = IDelegationManager::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    chain.tell(ALICE, DELEGATION_MANAGER, &register).unwrap();
    chain.tell(BOB, TEST_TOKEN, &ITestToken::mintCall { to: BOB, value: u(1000) }).unwrap();
    let approve = ITestToken::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
    chain.tell(BOB, TEST_TOKEN, &approve).unwrap();
    let deposit = IStrategyManager::depositIntoStrategyCall {
        strategy: TEST_TOKEN_STRATEGY,
        token: TEST_TOKEN,
        amount: u(1000),
    };
    chain.tell(BOB, STRATEGY_MANAGER, &deposit).unwrap();
    let delegate = IDelegationManager::delegateToCall {
        operator: ALICE,
        approverSignatureAndExpiry: IDelegationManager::SignatureWithExpiry {
            signature: Bytes::new(),
            expiry: U256::ZERO,
        },
        approverSalt: B256::ZERO,
    };
    chain.tell(BOB, DELEGATION_MANAGER, &delegate).unwrap();
    let queue = IDelegationManager::queueWithdrawalsCall {
        params: vec![IDelegationManager::QueuedWithdrawalParams {
            strategies: vec![TEST_TOKEN_STRATEGY],
            depositShares: vec![u(300)],
            __deprecated_withdrawer: BOB,
        }],
    };
    chain.tell(BOB, DELEGATION_MANAGER, &queue).unwrap();
    chain
}

fn actors() -> Actors {
    let (stakers, operators) = (vec![ALICE, BOB], vec![ALICE]);
    Actors { stakers, operators, strategies: vec![TEST_TOKEN_STRATEGY], ..Actors::default() }
}

fn found(chain: &mut MemHost) -> Vec<String> {
    chain.run(ADDRESS, |host| check(host, &actors())).unwrap()
}

/// Damages the ledger, then lists the names of the invariants found broken.
fn after(damage: impl FnOnce(&mut dyn Host) -> Result<()>) -> Vec<String> {
    let mut chain = lived();
    chain.run(HOME, damage).unwrap();
    let names = |line: String| line.split(':').next().unwrap_or_default().to_string();
    found(&mut chain).into_iter().map(names).collect()
}

#[test]
fn a_part_is_checked_without_the_sums_over_all() {
    let mut chain = lived();
    let part = |stakers: Vec<Address>| Actors { stakers, isPart: true, ..actors() };
    let look = |chain: &mut MemHost, part: &Actors| chain.run(ADDRESS, |host| check(host, part)).unwrap();
    assert_eq!(look(&mut chain, &part(vec![ALICE])), Vec::<String>::new());
    chain.run(HOME, |host| Ok(ledger::list_strategy(host, BOB, 0, Address::repeat_byte(7))?)).unwrap();
    assert_eq!(look(&mut chain, &part(vec![ALICE])), Vec::<String>::new());
    assert_eq!(look(&mut chain, &part(vec![BOB])).len(), 1);
}

#[test]
fn a_state_that_verbs_made_passes() {
    assert_eq!(found(&mut lived()), Vec::<String>::new());
}

#[test]
fn each_kind_of_damage_is_named() {
    let short_operator = after(|host| {
        let mut row = Operator::load(host, ALICE, TEST_TOKEN_STRATEGY)?;
        row.shares = OperatorShares(u(699));
        Ok(row.store(host, ALICE, TEST_TOKEN_STRATEGY)?)
    });
    assert_eq!(short_operator, ["I1", "I2"]);

    let rich_staker = after(|host| {
        let mut row = Position::load(host, BOB, TEST_TOKEN_STRATEGY)?;
        row.shares = DepositShares(u(701));
        Ok(row.store(host, BOB, TEST_TOKEN_STRATEGY)?)
    });
    assert_eq!(rich_staker, ["I1", "I2", "I15"]);

    let over_encumbered = after(|host| {
        let mut row = Operator::load(host, ALICE, TEST_TOKEN_STRATEGY)?;
        row.encumbered_magnitude = WAD + 1;
        Ok(row.store(host, ALICE, TEST_TOKEN_STRATEGY)?)
    });
    assert_eq!(over_encumbered, ["I3", "I4", "I23"]);

    let empty_place = after(|host| Ok(ledger::list_strategy(host, BOB, 0, Address::repeat_byte(7))?));
    assert_eq!(empty_place, ["I8"]);

    let no_operator = after(|host| {
        let mut row = STAKERS.get(host, BOB)?;
        row.delegate(BOB);
        Ok(STAKERS.set(host, BOB, row)?)
    });
    assert_eq!(no_operator, ["I12"]);
}

/// A scene with operator 0 in set 1, which has half of strategy 0 and a deallocation under way.
fn allocated() -> Scene {
    let mut scene = Scene::new();
    scene.serve();
    scene.register(operator(0));
    scene.create_set(1, &[0, 1]).unwrap();
    scene.join(operator(0), &[1]).unwrap();
    scene.deposit(staker(0), 0, u(1000)).unwrap();
    scene.delegate(staker(0), operator(0)).unwrap();
    scene.allocate(operator(0), 1, 0, WAD / 2).unwrap();
    scene.mine(1);
    scene.slash_set(operator(0), 1, &[(0, WAD / 10)]).unwrap();
    scene.allocate(operator(0), 1, 0, WAD / 4).unwrap();
    scene
}

/// Damages a scene's rows, then lists the names of the invariants found broken.
fn found_after(damage: impl FnOnce(&mut dyn Host, B256, Address) -> Result<()>) -> Vec<String> {
    let mut scene = allocated();
    assert_eq!(scene.audit(&[1]), Vec::<String>::new());
    let (set, strategy) = (crate::operator_set::key(AVS, 1), scene.strategies[0]);
    scene.chain.run(HOME, |host| damage(host, set, strategy)).unwrap();
    let names = |line: String| line.split(':').next().unwrap_or_default().to_string();
    scene.audit(&[1]).into_iter().map(names).collect()
}

#[test]
fn each_kind_of_damage_to_allocations_is_named() {
    let op = operator(0);
    let forgotten = found_after(|host, set, strategy| {
        let mut row = ALLOCATIONS.get(host, (op, set, strategy))?;
        row.pending = 0;
        Ok(ALLOCATIONS.set(host, (op, set, strategy), row)?)
    });
    assert_eq!(forgotten, Vec::<String>::new(), "a queue entry without a change may linger (R17)");
    let negative = found_after(|host, set, strategy| {
        let mut row = ALLOCATIONS.get(host, (op, set, strategy))?;
        row.current = 1;
        Ok(ALLOCATIONS.set(host, (op, set, strategy), row)?)
    });
    assert_eq!(negative, ["I5", "I4"]);
    let misplaced = found_after(|host, set, strategy| {
        let mut row = ALLOCATIONS.get(host, (op, set, strategy))?;
        row.place = 2;
        Ok(ALLOCATIONS.set(host, (op, set, strategy), row)?)
    });
    assert_eq!(misplaced, ["I20"]);
    let unqueued = found_after(|host, set, strategy| push_back(host, op, strategy, set));
    assert_eq!(unqueued, ["I21"]);
    let healed = found_after(|host, _, strategy| {
        let mut row = Operator::load(host, op, strategy)?;
        row.set_max_magnitude(WAD);
        Ok(row.store(host, op, strategy)?)
    });
    assert!(healed.contains(&"I6".to_string()), "{healed:?}");
}

#[test]
fn each_kind_of_damage_to_sets_is_named() {
    let op = operator(0);
    let no_slasher = found_after(|host, set, _| {
        let mut row = SETS.get(host, set)?;
        row.slasher = Address::ZERO;
        Ok(SETS.set(host, set, row)?)
    });
    assert_eq!(no_slasher, ["I25"]);
    let no_recipient = found_after(|host, set, _| {
        let mut row = SETS.get(host, set)?;
        row.redistributes = true;
        Ok(SETS.set(host, set, row)?)
    });
    assert_eq!(no_recipient, ["I17"]);
    let gone = found_after(|host, set, _| {
        let mut row = MEMBERSHIPS.get(host, (op, set))?;
        row.registered = false;
        Ok(MEMBERSHIPS.set(host, (op, set), row)?)
    });
    assert_eq!(gone, ["I19", "I19"]);
}

/// A scene whose operator has registered an ECDSA key in set 1, and that key.
fn keyed() -> (Scene, UsedKey) {
    let mut scene = allocated();
    let secret = SecretKey::from_byte_array([7; 32]).unwrap();
    let public = PublicKey::from_secret_key(SECP256K1, &secret).serialize_uncompressed();
    let key = Address::from_raw_public_key(&public[1..]);
    let (op, set) = (operator(0), || IKeyRegistrar::OperatorSet { avs: AVS, id: 1 });
    let configure = IKeyRegistrar::configureOperatorSetCall { operatorSet: set(), curveType: 1 };
    scene.tell(AVS, KEY_REGISTRAR, &configure).unwrap();
    let digest = IKeyRegistrar::getECDSAKeyRegistrationMessageHashCall {
        operator: op,
        operatorSet: set(),
        keyAddress: key,
    };
    let digest = scene.chain.ask(KEY_REGISTRAR, &digest).unwrap();
    let signed = SECP256K1.sign_ecdsa_recoverable(Message::from_digest(digest.0), &secret);
    let (recovery, compact) = signed.serialize_compact();
    let signature = [&compact[..], &[[27, 28][i32::from(recovery) as usize]]].concat().into();
    let key_data: Bytes = key.to_vec().into();
    let register = IKeyRegistrar::registerKeyCall {
        operator: op,
        operatorSet: set(),
        keyData: key_data.clone(),
        signature,
    };
    scene.tell(op, KEY_REGISTRAR, &register).unwrap();
    (scene, UsedKey { operator: op, avs: AVS, id: 1, key: key_data })
}

fn found_about(scene: &mut Scene, keys: Vec<UsedKey>) -> Vec<String> {
    let actors = Actors { keys, ..Actors::default() };
    let found = scene.chain.run(ADDRESS, |host| check(host, &actors)).unwrap();
    found.into_iter().map(|line| line.split(':').next().unwrap_or_default().to_string()).collect()
}

#[test]
fn a_key_that_is_free_again_or_somebody_elses_is_named() {
    let (mut scene, used) = keyed();
    assert_eq!(found_about(&mut scene, vec![used.clone()]), Vec::<String>::new());
    let stolen = UsedKey { operator: operator(1), ..used.clone() };
    assert_eq!(found_about(&mut scene, vec![stolen]), ["I24"]);
    // All that KeyRegistrar knows of spent keys is lost.
    let hash = alloy_primitives::keccak256(&used.key);
    let (slot, nothing) = Map::<B256, U256>::at(3).entry(hash, U256::ZERO);
    let registrar = scene.chain.accounts.get_mut(&KEY_REGISTRAR).unwrap();
    assert!(registrar.storage.insert(slot, nothing).is_some(), "where the key is spent");
    assert_eq!(found_about(&mut scene, vec![used]), ["I24", "I24"]);
}

/// Works until its gas is gone.
fn glutton(host: &mut dyn Host, _: &[u8]) -> Result<Bytes> {
    loop {
        host.charge_gas(1_000)?;
    }
}

#[test]
fn strategies_and_tokens_that_do_not_answer_are_passed_over() {
    let silent: [crate::host::NativeFn; 5] = [
        |_, _| crate::host::revert_empty(),
        |_, _| Err(crate::host::Fatal::Invalid.into()),
        |_, _| Ok(Bytes::new()),
        |_, _| Ok(vec![0xff; 31].into()),
        glutton,
    ];
    for answer in silent {
        let mut chain = lived();
        chain.place(TEST_TOKEN, answer);
        let odd = Address::repeat_byte(0x99);
        chain.place(odd, answer);
        let strategies = vec![TEST_TOKEN_STRATEGY, odd, Address::repeat_byte(0x98)];
        let actors = Actors { strategies, ..actors() };
        assert_eq!(chain.run(ADDRESS, |host| check(host, &actors)).unwrap(), Vec::<String>::new());
    }
}

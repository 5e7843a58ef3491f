//! Random transactions in blocks, one journal a block, against the same ones run one by one with revm's own commit:
//! equal outcomes and equal state. Contracts are made, destroyed in the same transaction, and made again at the same
//! address; native contracts make instances; wei goes to accounts that do not exist.

use super::testkit::{
    ALICE, BOB, BOX, BOX_CODE, CHAIN_ID, ETHER, TxEip1559Of, account, context, deploy, put, tx, u,
};
use crate::{
    executor::{Environment, MemorySource, Simulator, execute_block},
    transaction::Recovered,
};
use alloy_primitives::{Address, Bytes, TxKind, U256, address, bytes, keccak256};
use alloy_sol_types::SolCall;
use protocol::genesis::{Setup, accounts};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use revm::DatabaseRef;
use state::Account;
use std::{collections::BTreeMap, sync::Arc};
use types::{
    Params, Preset,
    abi::{IStrategyFactory::deployNewStrategyCall, ITestToken, IWETH},
    addresses::{STRATEGY_FACTORY, TEST_TOKEN, WETH},
    params::Roles,
};

/// Makes a contract of its calldata by CREATE2 with salt 0, with the value it was sent.
const MAKER: Address = address!("0000000000000000000000000000000000cc0002");
const MAKER_CODE: Bytes = bytes!("365f5f375f365f34f55f5260205ff3");
/// Writes slot 0, then destroys itself in favour of its caller.
const MORTAL: Bytes = bytes!("60015f5533ff");
/// The same in favour of itself.
const SUICIDE: Bytes = bytes!("60015f5530ff");
/// Writes slot 0 and becomes a box.
const LASTING: Bytes = bytes!("60075f55666020355f3555005f5260076019f3");

struct Dice(Xoshiro256PlusPlus);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0.next_u64() % sides
    }
    fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.roll(among.len() as u64) as usize].clone()
    }
}

fn world(params: &Params) -> MemorySource {
    let mut source = MemorySource::default();
    for person in [ALICE, BOB] {
        source.accounts.insert(person, account(0, ETHER * u(1_000), &Bytes::new()));
    }
    deploy(&mut source, BOX, BOX_CODE);
    deploy(&mut source, MAKER, MAKER_CODE);
    let roles = Roles::all_held_by(ALICE);
    for native in accounts(&Setup { params, roles: &roles, dev: true }) {
        deploy(&mut source, native.address, native.code);
        source.accounts.get_mut(&native.address).unwrap().nonce = native.nonce;
        source.slots.extend(native.storage.iter().map(|(slot, value)| ((native.address, *slot), *value)));
    }
    source
}

/// Where the maker puts what it makes of some init code.
fn made_of(code: &Bytes) -> Address {
    MAKER.create2([0; 32], keccak256(code))
}

fn draw(dice: &mut Dice, nonces: &BTreeMap<Address, u64>) -> Arc<Recovered> {
    let from = dice.pick(&[ALICE, BOB]);
    // Now and then a nonce that is not the next one.
    let nonce = if dice.roll(20) == 0 { dice.roll(40) } else { nonces[&from] };
    let value = u(dice.pick(&[0, 0, 1, 1_000]));
    let code = dice.pick(&[MORTAL, SUICIDE, LASTING]);
    let places = [made_of(&MORTAL), made_of(&SUICIDE), made_of(&LASTING), BOX, Address::with_last_byte(0x99)];
    let send = |to: Address, value: U256, data: Vec<u8>| tx(from, nonce, to, value, data);
    let tx: TxEip1559Of = match dice.roll(10) {
        0..=2 => send(dice.pick(&places), value, put(dice.roll(3), dice.roll(3))),
        3 | 4 => send(MAKER, value, code.to_vec()),
        5 => tx(from, nonce, TxKind::Create, value, code),
        6 => send(dice.pick(&places), value, Vec::new()),
        7 => send(
            TEST_TOKEN,
            U256::ZERO,
            ITestToken::mintCall { to: BOB, value: u(dice.roll(9)) }.abi_encode(),
        ),
        8 if dice.roll(2) == 0 => send(WETH, value, IWETH::depositCall {}.abi_encode()),
        8 => send(WETH, U256::ZERO, IWETH::withdrawCall { wad: value }.abi_encode()),
        _ => send(STRATEGY_FACTORY, U256::ZERO, deployNewStrategyCall { token: WETH }.abi_encode()),
    };
    // Now and then too little gas.
    let gas = if dice.roll(8) == 0 { 60_000 + dice.roll(60_000) } else { 500_000 };
    tx.gas(gas).signed()
}

/// Compares all accounts that either side knows.
fn assert_same_state(state: &MemorySource, reference: &mut Simulator<'_>) {
    let known: Vec<Address> = reference.state().cache.accounts.keys().copied().collect();
    for address in known {
        let expected = reference.state().basic_ref(address).unwrap().filter(|info| !info.is_empty());
        let expected = expected.map(|info| Account {
            nonce: info.nonce,
            balance: info.balance,
            code_hash: info.code_hash,
        });
        assert_eq!(state.accounts.get(&address).copied(), expected, "{address}");
        let slots: Vec<U256> = reference.state().cache.accounts[&address].storage.keys().copied().collect();
        for slot in slots.into_iter().chain((0..3).map(u)) {
            let expected = reference.state().storage_ref(address, slot).unwrap();
            let held = state.slots.get(&(address, slot)).copied().unwrap_or_default();
            assert_eq!(held, expected, "{slot} of {address}");
        }
    }
    for address in state.accounts.keys() {
        let same = reference.state().basic_ref(*address).unwrap().is_some_and(|info| !info.is_empty());
        assert!(same, "{address} exists on one side only");
    }
}

#[test]
fn one_journal_a_block_is_the_same_as_one_commit_a_transaction() {
    let params = Params::preset(Preset::Fast);
    let environment = Environment::new(CHAIN_ID, params.clone());
    let mut endings = BTreeMap::<&str, u32>::new();
    for seed in 0..12 {
        let mut dice = Dice(Xoshiro256PlusPlus::seed_from_u64(seed));
        let start = world(&params);
        let mut state = start.clone();
        let mut reference = Simulator::new(&start, &environment, context(1));
        for block in 1..=12 {
            let mut nonces: BTreeMap<Address, u64> =
                [ALICE, BOB].map(|person| (person, state.accounts[&person].nonce)).into();
            let mut candidates = Vec::new();
            for _ in 0..dice.roll(14) {
                let candidate = draw(&mut dice, &nonces);
                let next = nonces.get_mut(&candidate.sender).unwrap();
                *next += u64::from(candidate.nonce() == *next);
                candidates.push(candidate);
            }
            let executed = execute_block(&state, &environment, &context(1), &candidates).unwrap();
            state.apply(executed.changes);
            let mut cumulative = 0;
            let mut receipts = executed.block.transactions.iter().zip(&executed.block.receipts);
            for candidate in &candidates {
                let Ok(outcome) = reference.execute(candidate) else {
                    *endings.entry("refused").or_default() += 1;
                    continue;
                };
                let (ran, receipt) = receipts.next().unwrap();
                cumulative += outcome.gas_used;
                assert_eq!(ran.hash, candidate.hash, "seed {seed} block {block}");
                assert_eq!(receipt.cumulative_gas_used(), cumulative, "seed {seed} block {block}");
                assert_eq!((receipt.status(), receipt.logs()), (outcome.is_success(), &outcome.logs[..]));
                let ending = if outcome.is_success() { "succeeded" } else { "failed" };
                *endings.entry(ending).or_default() += 1;
            }
            assert!(receipts.next().is_none());
            assert_same_state(&state, &mut reference);
        }
    }
    assert!(endings.len() == 3 && endings.values().all(|count| *count > 20), "{endings:?}");
}

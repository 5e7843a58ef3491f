//! The restaking index against a naive reading of all logs, and losses by slash against what each staker really lost: random
//! histories, many transactions a block, slashes in the midst of them.

#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test: it may fail by panicking, and its numbers are small"
)]

mod support;

use alloy_primitives::{Address, B256, Bytes, U256, address, bytes};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolCall, SolEvent};
use chain::{
    CallRequest, Chain, Config, Edit, History, LogFilter, Mining, PoolLimits,
    doctor::{examine, reindex},
    executor::{At, Replay, Simulator},
    genesis::{DevOptions, Genesis},
    index::{Index, Place, SetId, Slash, SlashFilter, SlashSubject, WithdrawalStatus, losses},
};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{RngCore, SeedableRng},
};
use std::collections::{BTreeMap, BTreeSet};
use support::{Sender, dev_key};
use types::{
    Preset, Rules,
    abi::{
        IAVSDirectory as Directory, IAllocationManager as Am, IDelegationManager as Dm, IERC20,
        IStrategyManager as Sm, ITestToken,
    },
    addresses::{
        ALLOCATION_MANAGER, AVS_DIRECTORY, DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN,
        TEST_TOKEN_STRATEGY,
    },
    units::WAD,
};

/// A contract that answers 1 to everything.
const REGISTRAR: Address = address!("0x0000000000000000000000000000000000000b05");
const SERVICE: usize = 0;
const OPERATORS: [usize; 2] = [1, 2];
const STAKERS: [usize; 5] = [3, 4, 5, 6, 7];
/// A service that AVSDirectory alone knows, after its first registration.
const OTHER_SERVICE: usize = 8;
const PEOPLE: u32 = 9;

struct World {
    chain: Chain,
    people: Vec<Sender>,
    random: Xoshiro256PlusPlus,
    runtime: tokio::runtime::Runtime,
}

fn config(rules: Rules, data_dir: Option<std::path::PathBuf>) -> Config {
    let balance = U256::from(10).pow(U256::from(22));
    let genesis = Genesis::dev(&DevOptions {
        chain_id: 31_337,
        preset: Preset::Fast,
        rules,
        accounts: (0..PEOPLE).map(|index| (dev_key(index).address(), balance)).collect(),
        gas_limit: None,
        timestamp: 1_700_000_000,
        base_fee: None,
    });
    let (history, mining, pool) = (History::All, Mining::Manual, PoolLimits::default());
    Config { genesis, data_dir, history, mining, pool, audit: true }
}

impl World {
    /// Two operators with a set each, stakers with tokens; everything else is left to chance.
    fn new(seed: u64, rules: Rules, data_dir: Option<std::path::PathBuf>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let chain = runtime.block_on(async { Chain::open(config(rules, data_dir)).unwrap() });
        let people = (0..PEOPLE).map(Sender::dev).collect();
        let mut world = Self { chain, people, random: Xoshiro256PlusPlus::seed_from_u64(seed), runtime };
        let edit = vec![Edit::Code(REGISTRAR, bytes!("60015f5260205ff3"))];
        world.runtime.block_on(world.chain.edit(edit)).unwrap();
        let avs = world.who(SERVICE);
        let about = Am::updateAVSMetadataURICall { avs, metadataURI: "ipfs://service".into() };
        world.send(SERVICE, ALLOCATION_MANAGER, &about);
        world.send(SERVICE, ALLOCATION_MANAGER, &Am::setAVSRegistrarCall { avs, registrar: REGISTRAR });
        let strategies = || vec![TEST_TOKEN_STRATEGY];
        if rules == Rules::Slashing2025 {
            let set = |id| Am::CreateSetParams { operatorSetId: id, strategies: strategies() };
            let sets = Am::createOperatorSets_0Call { avs, params: vec![set(0), set(7)] };
            world.send(SERVICE, ALLOCATION_MANAGER, &sets);
        } else {
            let set =
                |id| Am::CreateSetParamsV2 { operatorSetId: id, strategies: strategies(), slasher: avs };
            let sets = Am::createOperatorSets_1Call { avs, params: vec![set(0), set(7)] };
            world.send(SERVICE, ALLOCATION_MANAGER, &sets);
        }
        for operator in OPERATORS {
            let register = Dm::registerAsOperatorCall {
                initDelegationApprover: Address::ZERO,
                allocationDelay: 0,
                metadataURI: format!("ipfs://operator-{operator}"),
            };
            world.send(operator, DELEGATION_MANAGER, &register);
        }
        for person in STAKERS.into_iter().chain(OPERATORS) {
            let to = world.who(person);
            let mint = ITestToken::mintCall { to, value: U256::from(10).pow(U256::from(24)) };
            world.send(person, TEST_TOKEN, &mint);
            let approve = IERC20::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
            world.send(person, TEST_TOKEN, &approve);
        }
        world.seal();
        for operator in OPERATORS {
            world.join(operator, vec![0, 7]);
        }
        world.seal();
        world
    }

    fn who(&self, person: usize) -> Address {
        self.people[person].address()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound
    }

    fn one_of(&mut self, people: &[usize]) -> usize {
        let at = self.below(people.len() as u64);
        people[at as usize]
    }

    fn send(&mut self, person: usize, to: Address, call: &impl SolCall) {
        let raw = self.people[person].call(to, U256::ZERO, call.abi_encode().into());
        self.runtime.block_on(self.chain.submit_raw(raw)).unwrap();
    }

    fn seal(&mut self) {
        self.runtime.block_on(self.chain.mine(1, None)).unwrap();
    }

    fn set(&self, id: u32) -> SetId {
        SetId { avs: self.who(SERVICE), id }
    }

    fn join(&mut self, operator: usize, sets: Vec<u32>) {
        let (avs, operator_address) = (self.who(SERVICE), self.who(operator));
        let params = Am::RegisterParams { avs, operatorSetIds: sets, data: Bytes::new() };
        let call = Am::registerForOperatorSetsCall { operator: operator_address, params };
        self.send(operator, ALLOCATION_MANAGER, &call);
    }

    /// Somebody does something, rightly or wrongly.
    fn act(&mut self) {
        let staker = self.one_of(&[&STAKERS[..], &OPERATORS[..1]].concat());
        let operator = self.one_of(&OPERATORS);
        let (me, avs) = (self.who(staker), self.who(SERVICE));
        match self.below(17) {
            0..=3 => {
                let amount = U256::from(self.below(1_000_000_000_000_000_007) + 1);
                let (strategy, token) = (TEST_TOKEN_STRATEGY, TEST_TOKEN);
                self.send(staker, STRATEGY_MANAGER, &Sm::depositIntoStrategyCall { strategy, token, amount });
            }
            4..=5 => {
                let call = Dm::delegateToCall {
                    operator: self.who(operator),
                    approverSignatureAndExpiry: Dm::SignatureWithExpiry {
                        signature: Bytes::new(),
                        expiry: U256::ZERO,
                    },
                    approverSalt: B256::ZERO,
                };
                self.send(staker, DELEGATION_MANAGER, &call);
            }
            6 => self.send(staker, DELEGATION_MANAGER, &Dm::undelegateCall { staker: me }),
            7..=8 => {
                let held = self.ask_now(&Dm::getDepositedSharesCall { staker: me })._1;
                let held = held.first().copied().unwrap_or(U256::from(9));
                let part = U256::from(self.below(4) + 1);
                let params = Dm::QueuedWithdrawalParams {
                    strategies: vec![TEST_TOKEN_STRATEGY],
                    depositShares: vec![held / part + U256::from(self.below(2))],
                    __deprecated_withdrawer: me,
                };
                self.send(staker, DELEGATION_MANAGER, &Dm::queueWithdrawalsCall { params: vec![params] });
            }
            9 => {
                let waiting = self.ask_now(&Dm::getQueuedWithdrawalsCall { staker: me }).withdrawals;
                let Some(withdrawal) = waiting.into_iter().next() else { return };
                let call = Dm::completeQueuedWithdrawalCall {
                    withdrawal,
                    tokens: vec![TEST_TOKEN],
                    receiveAsTokens: self.below(2) == 0,
                };
                self.send(staker, DELEGATION_MANAGER, &call);
            }
            10..=11 => {
                let magnitude = self.below(WAD / 2);
                let params = vec![Am::AllocateParams {
                    operatorSet: Am::OperatorSet { avs, id: [0, 7][self.below(2) as usize] },
                    strategies: vec![TEST_TOKEN_STRATEGY],
                    newMagnitudes: vec![magnitude],
                }];
                let who = self.who(operator);
                self.send(operator, ALLOCATION_MANAGER, &Am::modifyAllocationsCall { operator: who, params });
            }
            12 => {
                let (who, id) = (self.who(operator), [0, 7][self.below(2) as usize]);
                if self.below(2) == 0 {
                    self.join(operator, vec![id]);
                } else {
                    let params = Am::DeregisterParams { operator: who, avs, operatorSetIds: vec![id] };
                    self.send(operator, ALLOCATION_MANAGER, &Am::deregisterFromOperatorSetsCall { params });
                }
            }
            13..=14 => self.register_or_leave(operator),
            _ => {
                let wad = U256::from(self.below(WAD / 3) + 1);
                let params = Am::SlashingParams {
                    operator: self.who(operator),
                    operatorSetId: [0, 7][self.below(2) as usize],
                    strategies: vec![TEST_TOKEN_STRATEGY],
                    wadsToSlash: vec![wad],
                    description: "chance".into(),
                };
                self.send(SERVICE, ALLOCATION_MANAGER, &Am::slashOperatorCall { avs, params });
            }
        }
    }

    /// A service takes an operator into AVSDirectory, by the operator's signature, or lets it go; either may be wrong.
    fn register_or_leave(&mut self, operator: usize) {
        let avs = [SERVICE, OTHER_SERVICE][self.below(2) as usize];
        let who = self.who(operator);
        if self.below(3) == 0 {
            self.send(avs, AVS_DIRECTORY, &Directory::deregisterOperatorFromAVSCall { operator: who });
            return;
        }
        let (salt, expiry) = (B256::from(U256::from(self.random.next_u64())), U256::MAX);
        let view = Directory::calculateOperatorAVSRegistrationDigestHashCall {
            operator: who,
            avs: self.who(avs),
            salt,
            expiry,
        };
        let digest = self.ask_of(AVS_DIRECTORY, &view);
        let signature = dev_key(operator as u32).sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into();
        let operator_signature = Directory::SignatureWithSaltAndExpiry { signature, salt, expiry };
        let call =
            Directory::registerOperatorToAVSCall { operator: who, operatorSignature: operator_signature };
        self.send(avs, AVS_DIRECTORY, &call);
    }

    fn ask_of<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let view = self.chain.view();
        let (source, context) = self.chain.place(&view, view.head(), false).unwrap();
        ask_of(&mut Simulator::new(&source, self.chain.environment(), context), to, call)
    }

    fn ask_now<C: SolCall>(&self, call: &C) -> C::Return {
        self.ask_of(DELEGATION_MANAGER, call)
    }

    /// What every staker could withdraw, delegated and queued, before the transaction at `index` of a block.
    fn holdings(&self, block: u64, index: usize, roots: &[B256]) -> BTreeMap<Address, (U256, U256)> {
        let view = self.chain.view();
        let source = At { reader: view.reader().clone(), number: block - 1 };
        let sealed = view.block(block).unwrap().unwrap();
        let mut replay = Replay::begin(&source, self.chain.environment(), &sealed);
        replay.skip_to(index).unwrap();
        let mut simulator = replay.into_simulator();
        let mut all = BTreeMap::new();
        for person in STAKERS.into_iter().chain(OPERATORS) {
            let staker = self.who(person);
            let strategies = vec![TEST_TOKEN_STRATEGY];
            let now = ask(&mut simulator, &Dm::getWithdrawableSharesCall { staker, strategies });
            all.insert(staker, (now.withdrawableShares[0], U256::ZERO));
        }
        for root in roots {
            let queued = ask(&mut simulator, &Dm::getQueuedWithdrawalCall { withdrawalRoot: *root });
            if let Some(held) = all.get_mut(&queued.withdrawal.staker) {
                held.1 += queued.shares.iter().sum::<U256>();
            }
        }
        all
    }
}

fn ask<C: SolCall>(simulator: &mut Simulator<'_>, call: &C) -> C::Return {
    ask_of(simulator, DELEGATION_MANAGER, call)
}

fn ask_of<C: SolCall>(simulator: &mut Simulator<'_>, to: Address, call: &C) -> C::Return {
    let input = call.abi_encode().into();
    let request = CallRequest { to: Some(to), input, ..CallRequest::default() };
    let outcome = simulator.call(&request).unwrap().into_outcome();
    assert!(outcome.is_success(), "{}: {outcome:?}", C::SIGNATURE);
    C::abi_decode_returns(&outcome.output()).unwrap()
}

/// What the logs say, read in the plainest way.
#[derive(Default)]
struct Naive {
    delegators: BTreeMap<Address, BTreeSet<Address>>,
    members: BTreeMap<(Address, u32), BTreeSet<Address>>,
    registered: BTreeMap<Address, BTreeSet<Address>>,
    services: BTreeSet<Address>,
    operators: BTreeSet<Address>,
    withdrawals: BTreeMap<Address, Vec<(u64, B256)>>,
    completed: BTreeSet<B256>,
    slashes: Vec<(Place, Address, u32, U256)>,
    magnitudes: BTreeMap<Address, u64>,
}

impl Naive {
    fn of(chain: &Chain) -> Self {
        let mut naive = Self::default();
        let view = chain.view();
        let filter = LogFilter { to: view.head(), ..LogFilter::default() };
        for located in view.logs(&filter, 1_000_000).unwrap() {
            let (log, data) = (&located.log, &located.log.data);
            let place = Place { block: located.block, log: located.log_index as u32 };
            if log.address == DELEGATION_MANAGER {
                naive.delegation(located.block, data);
            }
            if let (AVS_DIRECTORY, Ok(it)) =
                (log.address, Directory::OperatorAVSRegistrationStatusUpdated::decode_log_data(data))
            {
                naive.services.insert(it.avs);
                let operators = naive.registered.entry(it.avs).or_default();
                _ = if it.status == 1 {
                    operators.insert(it.operator)
                } else {
                    operators.remove(&it.operator)
                };
            }
            if log.address != ALLOCATION_MANAGER {
                continue;
            }
            if let Ok(it) = Am::OperatorAddedToOperatorSet::decode_log_data(data) {
                let key = (it.operatorSet.avs, it.operatorSet.id);
                naive.members.entry(key).or_default().insert(it.operator);
            }
            if let Ok(it) = Am::OperatorRemovedFromOperatorSet::decode_log_data(data) {
                let key = (it.operatorSet.avs, it.operatorSet.id);
                naive.members.entry(key).or_default().remove(&it.operator);
            }
            if let Ok(it) = Am::MaxMagnitudeUpdated::decode_log_data(data) {
                naive.magnitudes.insert(it.operator, it.maxMagnitude);
            }
            if let Ok(it) = Am::OperatorSlashed::decode_log_data(data) {
                naive.slashes.push((place, it.operator, it.operatorSet.id, it.wadSlashed[0]));
            }
        }
        naive
    }

    fn delegation(&mut self, block: u64, data: &alloy_primitives::LogData) {
        if let Ok(it) = Dm::StakerDelegated::decode_log_data(data) {
            self.delegators.entry(it.operator).or_default().insert(it.staker);
        }
        if let Ok(it) = Dm::StakerUndelegated::decode_log_data(data) {
            self.delegators.entry(it.operator).or_default().remove(&it.staker);
        }
        if let Ok(it) = Dm::OperatorRegistered::decode_log_data(data) {
            self.operators.insert(it.operator);
        }
        if let Ok(it) = Dm::SlashingWithdrawalQueued::decode_log_data(data) {
            self.withdrawals.entry(it.withdrawal.staker).or_default().push((block, it.withdrawalRoot));
        }
        if let Ok(it) = Dm::SlashingWithdrawalCompleted::decode_log_data(data) {
            self.completed.insert(it.withdrawalRoot);
        }
    }

    fn roots(&self) -> Vec<B256> {
        self.withdrawals.values().flatten().map(|(_, root)| *root).collect()
    }
}

/// All items of a list, read in pages of a few.
fn all<T>(mut read: impl FnMut(Option<&[u8]>) -> Result<chain::index::Page<T>, chain::ReadError>) -> Vec<T> {
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = read(after.as_deref()).unwrap();
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
}

fn compare(world: &World) {
    let view = world.chain.view();
    let (index, naive) = (Index::new(view.reader()), Naive::of(&world.chain));
    for operator in OPERATORS.map(|operator| world.who(operator)) {
        for limit in [1, 3, 1_000] {
            let found = all(|after| index.delegators(operator, after, limit));
            let known: Vec<Address> =
                naive.delegators.get(&operator).into_iter().flatten().copied().collect();
            assert_eq!(found, known, "delegators of {operator}, {limit} a page");
        }
        let magnitude = index.magnitude_before(operator, TEST_TOKEN_STRATEGY, Place::LAST).unwrap();
        assert_eq!(magnitude, naive.magnitudes.get(&operator).copied().unwrap_or(WAD));
        let filter = SlashFilter { subject: SlashSubject::Operator(operator), ..SlashFilter::default() };
        let found: Vec<Place> =
            all(|after| index.slashes(&filter, after, 2)).iter().map(|slash| slash.place).collect();
        let known =
            naive.slashes.iter().rev().filter(|(_, of, ..)| *of == operator).map(|(place, ..)| *place);
        assert_eq!(found, known.collect::<Vec<_>>());
    }
    let operators: Vec<Address> = naive.operators.iter().copied().collect();
    let found = all(|after| index.operators(after, 1));
    assert_eq!(found.into_iter().map(|(operator, _)| operator).collect::<Vec<_>>(), operators);
    let services = all(|after| index.services(after, 1));
    let mut known = naive.services.clone();
    known.insert(world.who(SERVICE));
    assert_eq!(services, known.into_iter().collect::<Vec<_>>());
    compare_registrations(world, index, &naive);
    let sets = all(|after| index.sets(world.who(SERVICE), after, 1));
    assert_eq!(sets, [world.set(0), world.set(7)]);
    for id in [0, 7] {
        let found = all(|after| index.members(world.set(id), after, 1));
        let known = naive.members.get(&(world.who(SERVICE), id)).into_iter().flatten().copied();
        assert_eq!(found, known.collect::<Vec<_>>(), "members of {id}");
    }
    for staker in STAKERS.map(|staker| world.who(staker)) {
        let found = all(|after| index.withdrawals(staker, (0, u64::MAX), after, 2));
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.place.block, it.row.root, it.status != WithdrawalStatus::Queued))
            .collect();
        let known = naive.withdrawals.get(&staker).into_iter().flatten().rev();
        let known = known.map(|(block, root)| (*block, *root, naive.completed.contains(root)));
        assert_eq!(found, known.collect::<Vec<_>>(), "withdrawals of {staker}");
    }
    let found: Vec<_> = all(|after| index.slashes(&SlashFilter::default(), after, 3));
    let known: Vec<_> = naive.slashes.iter().rev().copied().collect();
    let told =
        |slash: &Slash| (slash.place, slash.row.operator, slash.row.set_id, slash.row.cuts[0].wad_slashed);
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), known);
    for id in [0, 7] {
        let filter = SlashFilter { subject: SlashSubject::Set(world.set(id)), ..SlashFilter::default() };
        let of_set = all(|after| index.slashes(&filter, after, 4));
        if world.chain.params().rules != Rules::Slashing2025 {
            let ids: Vec<u64> = of_set.iter().map(|slash| slash.row.slash_id).collect();
            let count = of_set.len() as u64;
            assert_eq!(ids, (1..=count).rev().collect::<Vec<_>>(), "slash ids of set {id}");
        }
    }
}

/// AVSDirectory's registrations, from both ends.
fn compare_registrations(world: &World, index: Index<'_>, naive: &Naive) {
    let holds = |avs: &Address, operator: &Address| {
        naive.registered.get(avs).is_some_and(|operators| operators.contains(operator))
    };
    let services = [SERVICE, OTHER_SERVICE].map(|service| world.who(service));
    for avs in services {
        let found = all(|after| index.registered(avs, after, 1));
        let known = naive.registered.get(&avs).into_iter().flatten().copied();
        assert_eq!(found, known.collect::<Vec<_>>(), "registered with {avs}");
    }
    for operator in OPERATORS.map(|operator| world.who(operator)) {
        let found = all(|after| index.registered_with(operator, after, 1));
        let mut known = services.to_vec();
        known.retain(|avs| holds(avs, &operator));
        known.sort_unstable();
        assert_eq!(found, known, "services of {operator}");
    }
}

/// Every slash's losses against what the slash's transaction took from each staker.
fn compare_losses(world: &World) -> usize {
    let view = world.chain.view();
    let (index, roots) = (Index::new(view.reader()), Naive::of(&world.chain).roots());
    let slashes = all(|after| index.slashes(&SlashFilter::default(), after, 100));
    let mut compared = 0;
    for slash in &slashes {
        let (block, at) = (slash.place.block, slash.row.transaction as usize);
        let (before, after) = (world.holdings(block, at, &roots), world.holdings(block, at + 1, &roots));
        let told: Vec<_> = {
            let (mut items, mut cursor) = (Vec::new(), None::<Vec<u8>>);
            loop {
                let page = losses(&view, slash, cursor.as_deref(), 2).unwrap();
                items.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break items;
                }
            }
        };
        let told: BTreeMap<Address, _> = told.into_iter().map(|loss| (loss.staker, loss)).collect();
        for (staker, (held, queued)) in &before {
            let (held_after, queued_after) = after[staker];
            let (lost, lost_queued) = (held - held_after, queued - queued_after);
            let Some(loss) = told.get(staker) else {
                assert_eq!((lost, lost_queued), (U256::ZERO, U256::ZERO), "{staker} in {slash:?}");
                continue;
            };
            let [one] = loss.strategies.as_slice() else { panic!("one strategy: {loss:?}") };
            assert_eq!(one.before - one.after, lost, "{staker} in {slash:?}");
            // Shares under another operator are not at stake.
            assert!(
                lost.is_zero() || (one.before, one.after) == (*held, held_after),
                "{staker} in {slash:?}"
            );
            assert_eq!(one.queued_before - one.queued_after, lost_queued, "{staker} in {slash:?}");
            assert_eq!(one.lost(), lost + lost_queued);
            compared += 1;
        }
    }
    compared
}

fn live(world: &mut World, blocks: usize) {
    for _ in 0..blocks {
        for _ in 0..world.below(7) {
            world.act();
        }
        world.seal();
        if world.below(6) == 0 {
            let empty = world.below(9) + 1;
            world.runtime.block_on(world.chain.mine(empty, None)).unwrap();
        }
    }
}

#[test]
fn the_index_equals_a_naive_reading_of_all_logs_and_losses_are_true_to_the_wei() {
    for (seed, rules) in
        [(1, Rules::Mainnet), (2, Rules::Pinned), (3, Rules::Mainnet), (4, Rules::Slashing2025)]
    {
        let mut world = World::new(seed, rules, None);
        for _ in 0..3 {
            live(&mut world, 60);
            compare(&world);
        }
        let compared = compare_losses(&world);
        assert!(compared > 20, "seed {seed}: only {compared} losses");
        world.chain.stop();
    }
}

#[test]
fn a_revert_takes_the_index_back_and_a_restart_and_a_rebuild_keep_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new(7, Rules::Mainnet, Some(directory.path().into()));
    live(&mut world, 30);
    let snapshot = world.runtime.block_on(world.chain.snapshot()).unwrap();
    let before = world.chain.view().reader().side_digest().unwrap();
    let nonces: Vec<u64> = world.people.iter().map(|person| person.nonce).collect();
    live(&mut world, 20);
    let beyond = world.chain.view();
    assert_ne!(beyond.reader().side_digest().unwrap(), before);
    assert!(world.runtime.block_on(world.chain.revert(snapshot)).unwrap());
    world.people.iter_mut().zip(nonces).for_each(|(person, nonce)| person.nonce = nonce);
    assert_eq!(world.chain.view().reader().side_digest().unwrap(), before);
    live(&mut world, 20);
    compare(&world);
    let digest = world.chain.view().reader().side_digest().unwrap();
    drop(beyond);
    world.chain.stop();
    drop(world);

    let rebuilt = reindex(directory.path(), None).unwrap();
    assert_eq!((rebuilt.before, rebuilt.after), (digest, digest));
    let report = examine(directory.path(), |_| ()).unwrap();
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!(report.index_rows, digest.rows);
}

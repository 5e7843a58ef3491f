//! The same random calls to the protocol inside the EVM and on `MemHost`: equal answers, logs, gas and state, with
//! ample gas and with too little. So what the rules' tests claim on `MemHost` holds inside the EVM.

mod extensions;

use super::contracts::{self, HUB, Hub, LEAF, RELAY, Relay};
use crate::{
    executor::{BlockContext, Checks, Environment},
    native::{Contracts, NativeEvm},
};
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, address};
use alloy_sol_types::SolCall;
use protocol::{
    genesis::Setup,
    host::{BlockInfo, Error, Fatal, Host, NativeFn},
    mem::MemHost,
    registry,
};
use revm::{
    Database, ExecuteCommitEvm,
    bytecode::Bytecode,
    context::{
        TxEnv,
        result::{ExecutionResult, HaltReason},
    },
    context_interface::cfg::GasParams,
    database::InMemoryDB,
    primitives::hardfork::SpecId,
    state::AccountInfo,
};
use std::collections::BTreeMap;
use types::{
    Params, Preset,
    abi::{
        IAllocationManager as Am, IDelegationManager as Dm, IMulticall3 as Multi, IPausable,
        IPermissionController as Pc, IStrategyFactory as Factory, IStrategyManager as Sm, ITestToken as Test,
        IWETH as Weth,
    },
    addresses::{
        ALLOCATION_MANAGER, DELEGATION_MANAGER, MULTICALL3, PERMISSION_CONTROLLER, STRATEGY_FACTORY,
        STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY, WETH,
    },
    params::Roles,
};

const PEOPLE: [Address; 4] = [
    address!("0x0000000000000000000000000000000000000a01"),
    address!("0x0000000000000000000000000000000000000b01"),
    address!("0x0000000000000000000000000000000000000b02"),
    address!("0x0000000000000000000000000000000000000b03"),
];
const STEPS: usize = 4_000;
const AMPLE_GAS: u64 = 10_000_000;

/// The first of [`PEOPLE`] offers operator set 1, the second slashes it, and this contract agrees to all who come.
const REGISTRAR: Address = address!("0x0000000000000000000000000000000000000c09");

fn agree(_: &mut dyn Host, _: &[u8]) -> protocol::host::Result<Bytes> {
    Ok(U256::ONE.to_be_bytes::<32>().into())
}

fn singleton(address: Address) -> Option<NativeFn> {
    if address == REGISTRAR {
        return Some(agree);
    }
    contracts::singleton(address).or_else(|| registry::singleton(address))
}

fn u(value: u64) -> U256 {
    U256::from(value)
}

/// A fixed stream of numbers (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
    fn person(&mut self) -> Address {
        PEOPLE[self.roll(4) as usize]
    }
    fn amount(&mut self) -> U256 {
        u([0, 1, 999, 1_000, 50_000, 1_000_000][self.roll(6) as usize] + self.roll(1_000))
    }
    fn token(&mut self) -> (Address, Address) {
        let weth_strategy = STRATEGY_FACTORY.create(2);
        [(TEST_TOKEN, TEST_TOKEN_STRATEGY), (WETH, weth_strategy), (WETH, TEST_TOKEN_STRATEGY)]
            [self.roll(3) as usize]
    }
}

/// A message to send.
struct Message {
    from: Address,
    to: Address,
    value: U256,
    data: Bytes,
}

fn to(to: Address, call: impl SolCall) -> (Address, U256, Bytes) {
    (to, U256::ZERO, call.abi_encode().into())
}

fn no_signature() -> Dm::SignatureWithExpiry {
    Dm::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO }
}

fn draw(dice: &mut Dice, mem: &mut MemHost) -> Message {
    let from = dice.person();
    let (to, value, data) = match dice.roll(34) {
        0 | 1 => of_tokens(dice),
        2..=4 => of_strategies(dice),
        5..=11 => of_delegation(dice, mem, from),
        12 | 13 => of_permissions(dice, from),
        14..=16 => through_multicall(dice, mem, from),
        17..=22 => of_services(dice, from),
        23..=30 => extensions::draw(dice, from),
        _ => through_test_contracts(dice, mem, from),
    };
    Message { from, to, value, data }
}

fn of_tokens(dice: &mut Dice) -> (Address, U256, Bytes) {
    let (person, value) = (dice.person(), dice.amount());
    match dice.roll(8) {
        0 | 1 => to(TEST_TOKEN, Test::mintCall { to: person, value }),
        2 => to(TEST_TOKEN, Test::approveCall { spender: STRATEGY_MANAGER, value }),
        3 => to(TEST_TOKEN, Test::transferCall { to: person, value }),
        4 => to(WETH, Weth::approveCall { guy: STRATEGY_MANAGER, wad: value }),
        5 => (WETH, value, Weth::depositCall {}.abi_encode().into()),
        6 => to(WETH, Weth::withdrawCall { wad: value }),
        _ => to(WETH, Weth::transferFromCall { src: person, dst: dice.person(), wad: value }),
    }
}

fn of_strategies(dice: &mut Dice) -> (Address, U256, Bytes) {
    let (token, strategy) = dice.token();
    match dice.roll(10) {
        0 => to(STRATEGY_FACTORY, Factory::deployNewStrategyCall { token }),
        1 => to(STRATEGY_MANAGER, IPausable::pauseCall { newPausedStatus: u(dice.roll(3)) }),
        2 => to(STRATEGY_MANAGER, IPausable::unpauseCall { newPausedStatus: U256::ZERO }),
        3 => to(STRATEGY_MANAGER, Sm::getDepositsCall { staker: dice.person() }),
        _ => to(STRATEGY_MANAGER, Sm::depositIntoStrategyCall { strategy, token, amount: dice.amount() }),
    }
}

fn of_delegation(dice: &mut Dice, mem: &mut MemHost, from: Address) -> (Address, U256, Bytes) {
    let at = DELEGATION_MANAGER;
    let (token, strategy) = dice.token();
    match dice.roll(10) {
        0 => {
            let call = Dm::registerAsOperatorCall {
                initDelegationApprover: Address::ZERO,
                allocationDelay: dice.roll(3) as u32,
                metadataURI: "https://example.org/operator".into(),
            };
            to(at, call)
        }
        1 | 2 => to(
            at,
            Dm::delegateToCall {
                operator: dice.person(),
                approverSignatureAndExpiry: no_signature(),
                approverSalt: B256::ZERO,
            },
        ),
        3 => to(at, Dm::undelegateCall { staker: dice.person() }),
        4 => to(
            at,
            Dm::redelegateCall {
                newOperator: dice.person(),
                newOperatorApproverSig: no_signature(),
                approverSalt: B256::ZERO,
            },
        ),
        5 | 6 => {
            let params = vec![Dm::QueuedWithdrawalParams {
                strategies: vec![strategy],
                depositShares: vec![dice.amount()],
                __deprecated_withdrawer: from,
            }];
            to(at, Dm::queueWithdrawalsCall { params })
        }
        7 | 8 => match mem.ask(at, &Dm::getQueuedWithdrawalsCall { staker: from }) {
            Ok(queued) if !queued.withdrawals.is_empty() => {
                let withdrawal =
                    queued.withdrawals[dice.roll(queued.withdrawals.len() as u64) as usize].clone();
                let tokens = vec![token; withdrawal.strategies.len()];
                let as_tokens = dice.roll(3) > 0;
                to(at, Dm::completeQueuedWithdrawalCall { withdrawal, tokens, receiveAsTokens: as_tokens })
            }
            _ => to(at, Dm::getQueuedWithdrawalsCall { staker: from }),
        },
        _ => to(at, Dm::getWithdrawableSharesCall { staker: dice.person(), strategies: vec![strategy] }),
    }
}

fn of_permissions(dice: &mut Dice, from: Address) -> (Address, U256, Bytes) {
    let (account, admin) = (from, dice.person());
    match dice.roll(5) {
        0 => to(PERMISSION_CONTROLLER, Pc::addPendingAdminCall { account, admin }),
        1 => to(PERMISSION_CONTROLLER, Pc::acceptAdminCall { account: dice.person() }),
        2 => to(PERMISSION_CONTROLLER, Pc::removeAdminCall { account, admin }),
        3 => to(PERMISSION_CONTROLLER, Pc::getAdminsCall { account }),
        _ => {
            to(ALLOCATION_MANAGER, Am::setAllocationDelayCall { operator: from, delay: dice.roll(20) as u32 })
        }
    }
}

fn of_services(dice: &mut Dice, from: Address) -> (Address, U256, Bytes) {
    let (at, avs, id) = (ALLOCATION_MANAGER, PEOPLE[0], 1 + u32::from(dice.roll(8) == 0));
    let (operator_set, strategy) = (Am::OperatorSet { avs, id }, dice.token().1);
    let part = [1, 250_000_000_000_000_000, 500_000_000_000_000_000, 1_000_000_000_000_000_000]
        [dice.roll(4) as usize];
    match dice.roll(12) {
        0 | 1 => {
            let params = Am::RegisterParams { avs, operatorSetIds: vec![id], data: Bytes::new() };
            to(at, Am::registerForOperatorSetsCall { operator: from, params })
        }
        2 => {
            let params = Am::DeregisterParams { operator: from, avs, operatorSetIds: vec![id] };
            to(at, Am::deregisterFromOperatorSetsCall { params })
        }
        3..=6 => {
            let params = Am::AllocateParams {
                operatorSet: operator_set,
                strategies: vec![strategy],
                newMagnitudes: vec![part * dice.roll(2)],
            };
            to(at, Am::modifyAllocationsCall { operator: from, params: vec![params] })
        }
        7 | 8 => {
            let params = Am::SlashingParams {
                operator: dice.person(),
                operatorSetId: id,
                strategies: vec![strategy],
                wadsToSlash: vec![u(part / 2 + 1)],
                description: "fault".into(),
            };
            to(at, Am::slashOperatorCall { avs, params })
        }
        9 => {
            let strategies = vec![strategy];
            to(at, Am::clearDeallocationQueueCall { operator: from, strategies, numToClear: vec![2] })
        }
        10 => {
            let set = Sm::OperatorSet { avs, id };
            let slash = u(1 + dice.roll(4));
            let call = Sm::clearBurnOrRedistributableSharesCall { operatorSet: set, slashId: slash };
            to(STRATEGY_MANAGER, call)
        }
        _ => to(at, Am::getStrategyAllocationsCall { operator: dice.person(), strategy }),
    }
}

fn through_multicall(dice: &mut Dice, mem: &mut MemHost, from: Address) -> (Address, U256, Bytes) {
    let mut sum = U256::ZERO;
    let calls = (0..1 + dice.roll(3))
        .map(|_| {
            let (target, value, data) = match dice.roll(4) {
                0 => of_tokens(dice),
                1 => of_strategies(dice),
                2 => of_delegation(dice, mem, from),
                _ => (dice.person(), dice.amount(), Bytes::new()),
            };
            sum += value;
            Multi::Call3Value { target, allowFailure: dice.roll(4) > 0, value, callData: data }
        })
        .collect();
    (MULTICALL3, sum, Multi::aggregate3ValueCall { calls }.abi_encode().into())
}

fn through_test_contracts(dice: &mut Dice, mem: &mut MemHost, from: Address) -> (Address, U256, Bytes) {
    let (target, value, data) = match dice.roll(3) {
        0 => of_tokens(dice),
        1 => of_delegation(dice, mem, from),
        _ => through_multicall(dice, mem, from),
    };
    match dice.roll(6) {
        0 => (RELAY, value, Relay::relayCall { to: target, value, data }.abi_encode().into()),
        1 => to(RELAY, Relay::tryRelayCall { to: target, data }),
        2 => to(RELAY, Relay::peekCall { to: target, data }),
        3 => to(HUB, Hub::noteCall { value: u(dice.roll(9)) }),
        4 => to(RELAY, Relay::tryRelayCall { to: HUB, data: Hub::failCall { value }.abi_encode().into() }),
        _ => to(HUB, Hub::spendCall { token: TEST_TOKEN, to: from, value: u(dice.roll(5)) }),
    }
}

fn memory() -> MemHost {
    let params = Params::preset(Preset::Fast);
    let roles = Roles::all_held_by(PEOPLE[0]);
    let block = BlockInfo {
        number: 1_000,
        timestamp: 1_700_000_000,
        chain_id: 31_337,
        gas_limit: 60_000_000,
        ..BlockInfo::default()
    };
    let mut mem = MemHost::new(&Setup { params: &params, roles: &roles, dev: true }, block);
    mem.place(RELAY, |host, input| contracts::singleton(RELAY).unwrap()(host, input));
    mem.place(HUB, |host, input| contracts::singleton(HUB).unwrap()(host, input));
    mem.place(LEAF, |host, input| contracts::singleton(LEAF).unwrap()(host, input));
    for person in PEOPLE {
        mem.fund(person, u(1_000_000_000));
    }
    mem.place(REGISTRAR, agree);
    let (at, avs) = (ALLOCATION_MANAGER, PEOPLE[0]);
    let metadata = Am::updateAVSMetadataURICall { avs, metadataURI: String::new() };
    mem.tell(avs, at, &metadata).unwrap();
    mem.tell(avs, at, &Am::setAVSRegistrarCall { avs, registrar: REGISTRAR }).unwrap();
    let strategies = vec![TEST_TOKEN_STRATEGY];
    let set = Am::CreateSetParamsV2 { operatorSetId: 1, strategies, slasher: PEOPLE[1] };
    mem.tell(avs, at, &Am::createOperatorSets_1Call { avs, params: vec![set] }).unwrap();
    mem
}

/// An EVM with the accounts of `mem`.
fn evm(mem: &MemHost) -> NativeEvm<InMemoryDB> {
    let mut db = InMemoryDB::default();
    for (address, account) in &mem.accounts {
        let code = Bytecode::new_legacy(account.code.clone());
        let info = AccountInfo {
            nonce: account.nonce,
            balance: account.balance,
            code_hash: code.hash_slow(),
            code: Some(code),
            ..AccountInfo::default()
        };
        db.insert_account_info(*address, info);
        for (slot, value) in &account.storage {
            db.insert_account_storage(*address, *slot, *value).unwrap();
        }
    }
    let contracts = Contracts { singleton, instance: registry::instance };
    let environment = Environment::with_contracts(31_337, Params::preset(Preset::Fast), contracts);
    let context = BlockContext {
        number: mem.block.number,
        timestamp: mem.block.timestamp,
        gas_limit: mem.block.gas_limit,
        ..BlockContext::default()
    };
    environment.evm(db, &context, Checks::All { impersonated: false }, ())
}

/// A call's visible end: output, revert data or a word for the halt; the logs; the gas of the call itself.
type Seen = (Result<Bytes, Result<Bytes, &'static str>>, Vec<Log>, u64);

fn in_memory(mem: &mut MemHost, message: &Message, gas: u64) -> Seen {
    let outcome = mem.send(message.from, message.to, message.value, &message.data, gas);
    let answer = outcome.answer.map_err(|error| match error {
        Error::Revert(data) => Ok(data),
        Error::Fatal(Fatal::OutOfGas) => Err("out of gas"),
        Error::Fatal(Fatal::StaticWrite) => Err("static write"),
        Error::Fatal(fatal) => panic!("{fatal:?}"),
    });
    (answer, mem.logs().to_vec(), outcome.gas_used)
}

fn in_evm(evm: &mut NativeEvm<InMemoryDB>, message: &Message, gas: u64, intrinsic: u64) -> Seen {
    let nonce = evm.inner.ctx.journaled_state.database.basic(message.from).unwrap().unwrap().nonce;
    let tx = TxEnv::builder()
        .caller(message.from)
        .kind(TxKind::Call(message.to))
        .value(message.value)
        .data(message.data.clone())
        .nonce(nonce)
        .chain_id(Some(31_337))
        .gas_limit(intrinsic + gas)
        .build()
        .unwrap();
    let result = evm.transact_commit(tx).unwrap();
    let used = result.gas().total_gas_spent() - intrinsic;
    match result {
        ExecutionResult::Success { output, logs, .. } => (Ok(output.into_data()), logs, used),
        ExecutionResult::Revert { output, logs, .. } => (Err(Ok(output)), logs, used),
        ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), logs, .. } => {
            (Err(Err("out of gas")), logs, used)
        }
        ExecutionResult::Halt { reason, .. } => panic!("{reason:?}"),
    }
}

/// Intrinsic gas, and the least gas beside it with which a transaction is valid.
fn intrinsic(data: &[u8]) -> (u64, u64) {
    let gas = GasParams::new_spec(SpecId::OSAKA).initial_tx_gas(data, false, 0, 0, 0, None);
    let initial = gas.initial_total_gas();
    (initial, gas.floor_gas().saturating_sub(initial))
}

#[test]
fn the_protocol_is_the_same_on_both_hosts() {
    let mut mem = memory();
    let mut evm = evm(&mem);
    let mut dice = Dice(0x5eed);
    let mut ends = BTreeMap::<&str, usize>::new();
    for step in 0..STEPS {
        if dice.roll(8) == 0 {
            let blocks = dice.roll(12);
            mem.block.number += blocks;
            evm.inner.ctx.block.number += u(blocks);
        }
        let message = draw(&mut dice, &mut mem);
        let (intrinsic, least) = intrinsic(&message.data);
        let gas = if dice.roll(4) == 0 { dice.roll(250_000) } else { AMPLE_GAS }.max(least);
        let expected = in_memory(&mut mem, &message, gas);
        let actual = in_evm(&mut evm, &message, gas, intrinsic);
        let selector = message.data.get(..4).map(alloy_primitives::hex::encode);
        assert_eq!(actual, expected, "step {step}: {selector:?} to {} with {gas} gas", message.to);
        let end = match expected.0 {
            Ok(_) => "success",
            Err(Ok(_)) => "revert",
            Err(Err(halt)) => halt,
        };
        *ends.entry(end).or_default() += 1;
        if step % 500 == 0 {
            assert_same_state(&mut evm, &mem);
        }
    }
    assert_same_state(&mut evm, &mem);
    assert!(ends.values().all(|count| *count > STEPS / 100), "a mix of ends, not {ends:?}");
    let operator_set = Am::OperatorSet { avs: PEOPLE[0], id: 1 };
    let slashes = mem.ask(ALLOCATION_MANAGER, &Am::getSlashCountCall { operatorSet: operator_set }).unwrap();
    assert!(slashes > u(3), "slashes happen: {slashes}");
    extensions::assert_lived(&mut mem);
}

fn assert_same_state(evm: &mut NativeEvm<InMemoryDB>, mem: &MemHost) {
    let db = &mut evm.inner.ctx.journaled_state.database;
    for (address, account) in &mem.accounts {
        let info = db.basic(*address).unwrap().unwrap_or_default();
        assert_eq!(info.balance, account.balance, "balance of {address}");
        if PEOPLE.contains(address) {
            continue;
        }
        assert_eq!(info.nonce, account.nonce, "nonce of {address}");
        let code = db.code_by_hash(info.code_hash).unwrap();
        assert_eq!(code.original_bytes(), account.code, "code of {address}");
        let stored = db.cache.accounts.get(address).map(|held| held.storage.clone()).unwrap_or_default();
        let stored: BTreeMap<_, _> = stored.into_iter().filter(|(_, value)| !value.is_zero()).collect();
        let expected: BTreeMap<_, _> =
            account.storage.iter().filter(|(_, value)| !value.is_zero()).map(|(k, v)| (*k, *v)).collect();
        assert_eq!(stored, expected, "storage of {address}");
    }
}

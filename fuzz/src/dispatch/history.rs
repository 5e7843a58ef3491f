//! A history of calls as bytes, so that the mutator can work on it: each step is a tag, and for a call the caller, the
//! contract, the value, the gas, the length of the calldata and the calldata. Whatever does not fit ends the history.

use super::{ACTORS, REGISTRAR, arguments};
use crate::{mutate::mutate, random::Random};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use protocol::operator_set;
use types::{
    abi::{
        IAllocationManager::{self as Am, AllocateParams, CreateSetParamsV2, RegisterParams, SlashingParams},
        ICovenants::{self as Cov, Terms},
        IDelegationManager::{
            QueuedWithdrawalParams, SignatureWithExpiry, Withdrawal, completeQueuedWithdrawalCall,
            delegateToCall, queueWithdrawalsCall, registerAsOperatorCall, undelegateCall,
        },
        ILens as Lens, ILossNotices as Notices,
        IMulticall3::{Call3, aggregate3Call},
        IPriceBook as Prices, IRiskOracle as Risk, ISafeExit as Exit,
        IStrategyFactory::deployNewStrategyCall,
        IStrategyManager::depositIntoStrategyCall,
        IWETH::{depositCall, withdrawCall},
    },
    addresses::{
        ALLOCATION_MANAGER, COVENANTS, DELEGATION_MANAGER, LENS, LOSS_NOTICES, MULTICALL3, PRICE_BOOK,
        RISK_ORACLE, SAFE_EXIT, STRATEGY_FACTORY, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY, WETH,
    },
    units::WAD,
};

/// Steps beyond this are cut off: a history must end soon, whatever the bytes say.
const MAX_STEPS: usize = 48;

/// Tags from here on advance time instead of calling.
const ADVANCE: u8 = 0xf0;

/// What a call gets that names no gas.
const AMPLE_GAS: u64 = 30_000_000;

/// Gas for each unit that a call names: 65,535 of them are some two million.
const GAS_UNIT: u64 = 32;

/// Wei for each unit of value that a call names.
const VALUE_UNIT: u64 = 1_000_000_007;

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Blocks go by.
    Advance(u8),
    /// Somebody calls.
    Call(Call),
}

/// A call, in the units of the bytes.
#[derive(Clone, Debug)]
pub(super) struct Call {
    from: u8,
    /// Index of the contract.
    pub(super) to: u8,
    value: u8,
    gas: u16,
    pub(super) input: Vec<u8>,
}

impl Call {
    pub(super) fn from(&self) -> Address {
        ACTORS[usize::from(self.from) % ACTORS.len()]
    }

    pub(super) fn value(&self) -> U256 {
        U256::from(u64::from(self.value) * VALUE_UNIT)
    }

    pub(super) fn gas(&self) -> u64 {
        if self.gas == 0 { AMPLE_GAS } else { u64::from(self.gas) * GAS_UNIT }
    }
}

/// Reads steps until the bytes end.
pub(super) fn parse(mut bytes: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    while steps.len() < MAX_STEPS
        && let Some(step) = next(&mut bytes)
    {
        steps.push(step);
    }
    steps
}

fn next(bytes: &mut &[u8]) -> Option<Step> {
    let (tag, rest) = bytes.split_first()?;
    if *tag >= ADVANCE {
        let (blocks, rest) = rest.split_first()?;
        *bytes = rest;
        return Some(Step::Advance(*blocks));
    }
    let ([to, value, gas @ .., length_high, length_low], rest) = rest.split_first_chunk::<6>()?;
    let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
    let (input, rest) = rest.split_at(length.min(rest.len()));
    *bytes = rest;
    let gas = u16::from_be_bytes(*gas);
    Some(Step::Call(Call { from: *tag, to: *to, value: *value, gas, input: input.to_vec() }))
}

/// Steps in the form that [`parse`] reads.
fn write(steps: &[Step]) -> Vec<u8> {
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Advance(blocks) => out.extend([ADVANCE, *blocks]),
            Step::Call(Call { from, to, value, gas, input }) => {
                let length = u16::try_from(input.len()).unwrap_or(u16::MAX);
                out.extend([*from, *to, *value]);
                out.extend(gas.to_be_bytes());
                out.extend(length.to_be_bytes());
                out.extend(input.iter().take(usize::from(length)));
            }
        }
    }
    out
}

/// Changes steps: mostly one call's calldata, else its caller, gas or value, or the order of steps; now and then the
/// bytes themselves.
pub(super) fn change(random: &mut Random, input: &mut Vec<u8>, other: &[u8]) {
    let (mut steps, others) = (parse(input), parse(other));
    if steps.is_empty() || random.once_in(20) {
        return mutate(random, input, other);
    }
    let at = random.below(steps.len());
    match random.below(12) {
        0 => drop(steps.remove(at)),
        1 => steps.insert(at, steps[random.below(steps.len())].clone()),
        2 => steps.extend(others.into_iter().skip(at)),
        3 => steps.insert(at, made(random)),
        4 => steps.push(made(random)),
        5 => steps.insert(at, Step::Advance(random.number() as u8)),
        choice => {
            if let Step::Call(call) = &mut steps[at] {
                change_call(random, call, other, choice);
            }
        }
    }
    *input = write(&steps);
}

fn change_call(random: &mut Random, call: &mut Call, other: &[u8], choice: usize) {
    match choice {
        6 => call.from = random.below(ACTORS.len()) as u8,
        7 => call.gas = random.number() as u16 >> random.below(16),
        8 => call.value = random.number() as u8,
        9 => call.to = random.below(arguments::contracts()) as u8,
        _ => mutate(random, &mut call.input, other),
    }
}

fn made(random: &mut Random) -> Step {
    if random.once_in(10) {
        return Step::Advance(random.number() as u8);
    }
    let (to, input) = arguments::call(random);
    let value = if random.once_in(10) { random.number() as u8 } else { 0 };
    let gas = if random.once_in(4) { random.number() as u16 } else { 0 };
    Step::Call(Call { from: random.below(ACTORS.len()) as u8, to, value, gas, input })
}

/// A history: often a script first, then calls that fit the ABIs.
pub(super) fn generate(random: &mut Random) -> Vec<u8> {
    let mut steps = match random.below(6) {
        0 | 1 => script(),
        2 => script_of_services(),
        _ => Vec::new(),
    };
    steps.extend((0..=random.below(8)).map(|_| made(random)));
    write(&steps)
}

/// What a staker's life looks like; every call succeeds.
pub(super) fn script() -> Vec<Step> {
    let [_, operator, staker, other] = ACTORS;
    let strategies = vec![TEST_TOKEN_STRATEGY];
    let shares = U256::from(400);
    let deposit = depositIntoStrategyCall {
        strategy: TEST_TOKEN_STRATEGY,
        token: TEST_TOKEN,
        amount: U256::from(1_000),
    };
    let queue = QueuedWithdrawalParams {
        strategies: strategies.clone(),
        depositShares: vec![shares],
        __deprecated_withdrawer: staker,
    };
    let withdrawal = Withdrawal {
        staker,
        delegatedTo: operator,
        withdrawer: staker,
        nonce: U256::ZERO,
        startBlock: 1_000,
        strategies,
        scaledShares: vec![shares],
    };
    let complete =
        completeQueuedWithdrawalCall { withdrawal, tokens: vec![TEST_TOKEN], receiveAsTokens: true };
    let delegate = delegateToCall {
        operator,
        approverSignatureAndExpiry: SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO },
        approverSalt: B256::ZERO,
    };
    let register = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: "https://operator.example".into(),
    };
    let nothing = Call3 { target: WETH, allowFailure: true, callData: depositCall {}.abi_encode().into() };
    let tell = |from: u8, to: Address, value: u8, input: Vec<u8>| {
        Step::Call(Call { from, to: arguments::index_of(to), value, gas: 0, input })
    };
    vec![
        tell(1, DELEGATION_MANAGER, 0, register.abi_encode()),
        tell(2, STRATEGY_MANAGER, 0, deposit.abi_encode()),
        tell(2, DELEGATION_MANAGER, 0, delegate.abi_encode()),
        tell(3, STRATEGY_MANAGER, 0, deposit.abi_encode()),
        tell(3, DELEGATION_MANAGER, 0, delegate.abi_encode()),
        tell(2, DELEGATION_MANAGER, 0, queueWithdrawalsCall { params: vec![queue] }.abi_encode()),
        tell(3, DELEGATION_MANAGER, 0, undelegateCall { staker: other }.abi_encode()),
        tell(2, WETH, 9, depositCall {}.abi_encode()),
        tell(2, WETH, 0, withdrawCall { wad: U256::from(5) }.abi_encode()),
        tell(0, STRATEGY_FACTORY, 0, deployNewStrategyCall { token: WETH }.abi_encode()),
        tell(0, MULTICALL3, 0, aggregate3Call { calls: vec![nothing] }.abi_encode()),
        Step::Advance(20),
        tell(2, DELEGATION_MANAGER, 0, complete.abi_encode()),
    ]
}

/// What a service's life looks like, with what stands beside the core: a covenant, a policy, prices, a listing, a slash with
/// its notice, an exit. Every call succeeds.
pub(super) fn script_of_services() -> Vec<Step> {
    let [_, operator, staker, avs] = ACTORS;
    let (strategies, service) = (vec![TEST_TOKEN_STRATEGY], operator_set::key(avs, 1));
    let deposit = depositIntoStrategyCall {
        strategy: TEST_TOKEN_STRATEGY,
        token: TEST_TOKEN,
        amount: U256::from(1_000),
    };
    let register = registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    let delegate = delegateToCall {
        operator,
        approverSignatureAndExpiry: SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO },
        approverSalt: B256::ZERO,
    };
    let set = CreateSetParamsV2 { operatorSetId: 1, strategies: strategies.clone(), slasher: avs };
    let allocate = AllocateParams {
        operatorSet: Am::OperatorSet { avs, id: 1 },
        strategies: strategies.clone(),
        newMagnitudes: vec![WAD / 2],
    };
    let join = RegisterParams { avs, operatorSetIds: vec![1], data: Bytes::new() };
    let slash = SlashingParams {
        operator,
        operatorSetId: 1,
        strategies,
        wadsToSlash: vec![U256::from(WAD / 4)],
        description: String::new(),
    };
    let terms = Terms {
        maxServices: 1,
        maxSlashableWad: WAD,
        minAllocationDelayBlocks: 0,
        allowRedistribution: false,
        services: vec![avs],
    };
    let (slashed, left) = (Notices::OperatorSet { avs, id: 1 }, Exit::OperatorSet { avs, id: 1 });
    let notice = Notices::noticeCall { staker, operatorSet: slashed, slashId: U256::ONE };
    let price = Prices::setParCall { asset: TEST_TOKEN };
    let prize = Risk::setPrizeCall { service, prize: 100, numerator: 1, denominator: 2 };
    let exit = Exit::requestExitCall { operator, operatorSet: left.clone() };
    let tell = |from: u8, to: Address, input: Vec<u8>| {
        Step::Call(Call { from, to: arguments::index_of(to), value: 0, gas: 0, input })
    };
    let about = Am::updateAVSMetadataURICall { avs, metadataURI: String::new() };
    vec![
        tell(3, ALLOCATION_MANAGER, about.abi_encode()),
        tell(3, ALLOCATION_MANAGER, Am::setAVSRegistrarCall { avs, registrar: REGISTRAR }.abi_encode()),
        tell(3, ALLOCATION_MANAGER, Am::createOperatorSets_1Call { avs, params: vec![set] }.abi_encode()),
        tell(1, DELEGATION_MANAGER, register.abi_encode()),
        tell(1, COVENANTS, Cov::setCovenantCall { operator, terms: terms.clone() }.abi_encode()),
        tell(2, COVENANTS, Cov::setPolicyCall { staker, terms }.abi_encode()),
        tell(2, LOSS_NOTICES, Notices::setWatchedCall { staker, watched: true }.abi_encode()),
        tell(2, STRATEGY_MANAGER, deposit.abi_encode()),
        tell(2, DELEGATION_MANAGER, delegate.abi_encode()),
        tell(1, ALLOCATION_MANAGER, Am::registerForOperatorSetsCall { operator, params: join }.abi_encode()),
        tell(
            1,
            ALLOCATION_MANAGER,
            Am::modifyAllocationsCall { operator, params: vec![allocate] }.abi_encode(),
        ),
        tell(0, PRICE_BOOK, price.abi_encode()),
        tell(0, RISK_ORACLE, Risk::setListedCall { service, listed: true }.abi_encode()),
        tell(3, RISK_ORACLE, prize.abi_encode()),
        Step::Advance(20),
        tell(3, ALLOCATION_MANAGER, Am::slashOperatorCall { avs, params: slash }.abi_encode()),
        tell(0, LOSS_NOTICES, notice.abi_encode()),
        tell(0, LENS, Lens::positionCall { staker }.abi_encode()),
        tell(0, RISK_ORACLE, Risk::networkCall { mode: 1 }.abi_encode()),
        tell(1, SAFE_EXIT, exit.abi_encode()),
        Step::Advance(20),
        tell(1, SAFE_EXIT, Exit::forceExitCall { operator, operatorSet: left }.abi_encode()),
    ]
}

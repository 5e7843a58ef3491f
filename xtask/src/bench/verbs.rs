//! Verbs, native against the original bytecode, in the same EVM, from the same situation, taking
//! turns: microseconds, gas, slots touched and written. Nothing is committed, so every run starts from the same state.

use super::{
    allocations,
    report::{Section, Table, least_and_median},
};
use crate::originals::{
    self, Creations,
    world::{World, transaction},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, ensure};
use revm::{context::TxEnv, state::EvmState};
use std::time::Instant;
use types::{
    abi::{IDelegationManager as Delegation, IStrategyManager as Deposits, ITestToken as Token},
    addresses::{DELEGATION_MANAGER, STRATEGY_MANAGER, TEST_TOKEN, TEST_TOKEN_STRATEGY},
};

/// Runs of each verb on each side.
const ROUNDS: usize = 4_000;

pub(super) const STAKER: Address = Address::with_last_byte(b'S');
pub(super) const OPERATOR: Address = Address::with_last_byte(b'O');

/// Who calls whom, with which calldata.
pub(super) type Calldata = (Address, Address, Vec<u8>);

/// A call that is measured, after what must have happened before.
pub(super) struct Verb {
    pub(super) name: &'static str,
    pub(super) before: fn(&mut World) -> Result<()>,
    pub(super) call: fn(&mut World) -> Result<Calldata>,
}

const VERBS: [Verb; 6] = [
    Verb { name: "deposit", before: delegated, call: |_| Ok((STAKER, STRATEGY_MANAGER, deposit())) },
    Verb { name: "delegate", before: deposited, call: |_| Ok((STAKER, DELEGATION_MANAGER, delegate())) },
    Verb { name: "queue", before: delegated, call: |_| Ok((STAKER, DELEGATION_MANAGER, queue())) },
    Verb { name: "complete (tokens)", before: queued, call: |world| complete(world, true) },
    Verb { name: "complete (shares)", before: queued, call: |world| complete(world, false) },
    Verb { name: "undelegate", before: delegated, call: |_| Ok((STAKER, DELEGATION_MANAGER, undelegate())) },
];

/// One side of one verb.
struct Side {
    world: World,
    tx: TxEnv,
    micros: Vec<f64>,
    gas: u64,
    touched: usize,
    written: usize,
}

/// Measures.
///
/// # Errors
/// The originals cannot be set up, or a verb is refused.
pub fn run() -> Result<Section> {
    let creations = originals::load()?;
    let verbs: Vec<&Verb> = VERBS.iter().chain(&allocations::VERBS).collect();
    Ok(Section {
        name: "verbs",
        title: "Native verbs against the original bytecode",
        method: format!(
            "The same transaction in the same situation in the same EVM (revm, in memory, `slashing-2025` rules, `fast` \
             delays), {ROUNDS} runs a side, in turns, nothing committed; slots are counted in the journal. The original \
             is the bytecode of April 2025. Its release brings no strategy bytecode, so **both** sides use our native \
             strategy and token: the figure for *deposit*, and for completing as tokens, is a lower bound of the gain. \
             The registrar that joining and leaving call is native on both sides too. That release burns what is \
             slashed; redistribution came later, so *slash, redistributed* is ours alone, under the rules `mainnet`. \
             Not counted: what each written slot costs afterwards in trie and database. Aim: five times, geometric mean. \
             It is less where a verb does little besides the slots that both sides must touch and the transaction's own \
             overhead, and where what both sides share weighs most: strategy, token, registrar. The \
             second table is one slash of an operator with so many delegators, ours."
        ),
        tables: vec![against(&creations, &verbs)?, allocations::by_delegators()?],
    })
}

/// Each verb on both sides.
fn against(creations: &Creations, verbs: &[&Verb]) -> Result<Table> {
    let mut table = Table::new(&[
        "verb",
        "native, µs (least)",
        "(median)",
        "original, µs (least)",
        "(median)",
        "original / native",
        "gas, native",
        "original",
        "slots touched (written), native",
        "original",
    ]);
    let furniture = allocations::furniture();
    let mut product = 1.0;
    for verb in verbs {
        let mut native = Side::prepare(verb, World::native_among(&furniture)).context("native")?;
        let original = World::original_among(creations, &furniture)?;
        let mut original = Side::prepare(verb, original).context("original")?;
        for _ in 0..ROUNDS {
            native.once()?;
            original.once()?;
        }
        let (ours, theirs) = (least_and_median(native.micros), least_and_median(original.micros));
        let ratio = theirs.1 / ours.1;
        product *= ratio;
        table.row(&[
            verb.name.into(),
            format!("{:.1}", ours.0),
            format!("{:.1}", ours.1),
            format!("{:.1}", theirs.0),
            format!("{:.1}", theirs.1),
            format!("{ratio:.1}"),
            native.gas.to_string(),
            original.gas.to_string(),
            format!("{} ({})", native.touched, native.written),
            format!("{} ({})", original.touched, original.written),
        ]);
    }
    let mut last = vec![String::new(); 10];
    last[0] = "geometric mean".into();
    last[5] = format!("{:.1}", product.powf(1.0 / verbs.len() as f64));
    table.row(&last);
    for row in ours_alone()? {
        table.row(&row);
    }
    Ok(table)
}

/// Our verbs that the release does not have, as rows without the original's figures.
fn ours_alone() -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for verb in &allocations::OURS {
        let mut native = Side::prepare(verb, World::native_among(&allocations::newest()))?;
        for _ in 0..ROUNDS {
            native.once()?;
        }
        let ours = least_and_median(native.micros);
        let mut row = vec![String::new(); 10];
        row[0] = verb.name.into();
        row[1] = format!("{:.1}", ours.0);
        row[2] = format!("{:.1}", ours.1);
        row[6] = native.gas.to_string();
        row[8] = format!("{} ({})", native.touched, native.written);
        rows.push(row);
    }
    Ok(rows)
}

impl Side {
    fn prepare(verb: &Verb, mut world: World) -> Result<Self> {
        (verb.before)(&mut world).with_context(|| format!("before {}", verb.name))?;
        let (from, to, data) = (verb.call)(&mut world)?;
        let tx = transaction(from, TxKind::Call(to), data.into())?;
        let done = world.try_out(&tx)?;
        ensure!(done.result.is_success(), "{} failed: {:?}", verb.name, done.result);
        let (touched, written) = slots(&done.state);
        let gas = done.result.tx_gas_used();
        Ok(Self { world, tx, micros: Vec::with_capacity(ROUNDS), gas, touched, written })
    }

    fn once(&mut self) -> Result<()> {
        let started = Instant::now();
        let done = self.world.try_out(&self.tx)?;
        self.micros.push(started.elapsed().as_secs_f64() * 1e6);
        drop(done);
        Ok(())
    }
}

/// Slots loaded, slots changed.
fn slots(state: &EvmState) -> (usize, usize) {
    let touched = state.values().map(|account| account.storage.len()).sum();
    let changed =
        state.values().flat_map(|account| account.storage.values()).filter(|slot| slot.is_changed());
    (touched, changed.count())
}

/// Sends what must not be refused.
///
/// # Errors
/// It is refused.
pub(super) fn must(world: &mut World, from: Address, to: Address, data: Vec<u8>) -> Result<Bytes> {
    let outcome = world.send(from, to, data)?;
    ensure!(outcome.success, "refused: {}", outcome.output);
    Ok(outcome.output)
}

/// The staker has tokens, an allowance and a deposit; the operator is registered and holds a deposit too.
pub(super) fn deposited(world: &mut World) -> Result<()> {
    for account in [STAKER, OPERATOR] {
        let mint = Token::mintCall { to: account, value: tokens(1_000_000) };
        must(world, account, TEST_TOKEN, mint.abi_encode())?;
        let approve = Token::approveCall { spender: STRATEGY_MANAGER, value: U256::MAX };
        must(world, account, TEST_TOKEN, approve.abi_encode())?;
        must(world, account, STRATEGY_MANAGER, deposit())?;
    }
    let register = Delegation::registerAsOperatorCall {
        initDelegationApprover: Address::ZERO,
        allocationDelay: 0,
        metadataURI: String::new(),
    };
    must(world, OPERATOR, DELEGATION_MANAGER, register.abi_encode()).map(drop)
}

pub(super) fn delegated(world: &mut World) -> Result<()> {
    deposited(world)?;
    must(world, STAKER, DELEGATION_MANAGER, delegate()).map(drop)
}

/// Half of the staker's stake has waited long enough.
fn queued(world: &mut World) -> Result<()> {
    delegated(world)?;
    must(world, STAKER, DELEGATION_MANAGER, queue())?;
    world.mine(u64::from(World::params().withdrawal_delay_blocks) + 1);
    Ok(())
}

fn tokens(whole: u64) -> U256 {
    U256::from(whole) * U256::from(10).pow(U256::from(18))
}

fn deposit() -> Vec<u8> {
    let (strategy, token) = (TEST_TOKEN_STRATEGY, TEST_TOKEN);
    Deposits::depositIntoStrategyCall { strategy, token, amount: tokens(100) }.abi_encode()
}

pub(super) fn delegate() -> Vec<u8> {
    let signature = Delegation::SignatureWithExpiry { signature: Bytes::new(), expiry: U256::ZERO };
    let call = Delegation::delegateToCall {
        operator: OPERATOR,
        approverSignatureAndExpiry: signature,
        approverSalt: B256::ZERO,
    };
    call.abi_encode()
}

fn queue() -> Vec<u8> {
    let param = Delegation::QueuedWithdrawalParams {
        strategies: vec![TEST_TOKEN_STRATEGY],
        depositShares: vec![tokens(50)],
        __deprecated_withdrawer: Address::ZERO,
    };
    Delegation::queueWithdrawalsCall { params: vec![param] }.abi_encode()
}

fn undelegate() -> Vec<u8> {
    Delegation::undelegateCall { staker: STAKER }.abi_encode()
}

fn complete(world: &mut World, as_tokens: bool) -> Result<Calldata> {
    let view = Delegation::getQueuedWithdrawalsCall { staker: STAKER };
    let answer = must(world, STAKER, DELEGATION_MANAGER, view.abi_encode())?;
    let queued = Delegation::getQueuedWithdrawalsCall::abi_decode_returns(&answer)?.withdrawals;
    let withdrawal = queued.into_iter().next().context("nothing is queued")?;
    let call = Delegation::completeQueuedWithdrawalCall {
        withdrawal,
        tokens: vec![TEST_TOKEN],
        receiveAsTokens: as_tokens,
    };
    Ok((STAKER, DELEGATION_MANAGER, call.abi_encode()))
}

//! Tokens that lie about transfers, return nothing, come back in, burn all gas, take a fee or change balances by
//! themselves, under strategies of the factory: the original's answer, and shares that never exceed what they bought.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test: it may fail by panicking, and its numbers are small"
)]

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{PanicKind, SolCall, SolError};
use protocol::{
    dispatch::{self, Calldata, view, write},
    genesis::Setup,
    host::{BlockInfo, Error, Fatal, Host, Result, revert_empty},
    math::panic,
    mem::MemHost,
    storage::{Map, Slot},
};
use types::{
    Params, Preset,
    abi::{
        IDelegationManager::{
            QueuedWithdrawalParams, completeQueuedWithdrawalCall, getQueuedWithdrawalsCall,
            queueWithdrawalsCall,
        },
        IERC20::{balanceOfCall, decimalsCall, transferCall, transferFromCall},
        IStrategy::{sharesToUnderlyingViewCall, totalSharesCall},
        IStrategyFactory::deployNewStrategyCall,
        IStrategyManager::{depositIntoStrategyCall, stakerDepositSharesCall},
    },
    addresses::{DELEGATION_MANAGER, STRATEGY_FACTORY, STRATEGY_MANAGER},
    params::Roles,
};

const TOKEN: Address = Address::repeat_byte(0x70);
const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);
const OWNER: Address = Address::repeat_byte(0x0a);

const BALANCES: Map<Address, U256> = Map::at(0);
const MANNER: Slot<u64> = Slot::at(1);

/// Does what it says.
const HONEST: u64 = 0;
/// Says true and moves nothing.
const LIAR: u64 = 1;
/// Moves, and returns nothing.
const SILENT: u64 = 2;
/// Deposits once more while it is asked to move.
const REENTRANT: u64 = 3;
/// Never ends.
const GLUTTON: u64 = 4;
/// Keeps a tenth of what it moves.
const TAXING: u64 = 5;
/// Says false.
const REFUSING: u64 = 6;
/// Says two.
const ODD: u64 = 7;
/// Says yes in 31 bytes.
const SHORT: u64 = 8;
/// Says yes, and then much more.
const LONG: u64 = 9;
/// Says what is no word of a bool.
const GARBLED: u64 = 10;
/// Reverts with a megabyte.
const LOUD: u64 = 11;

/// What a loud token says.
const SHOUT: usize = 1 << 20;

fn token(host: &mut dyn Host, input: &[u8]) -> Result<Bytes> {
    let calldata = Calldata::split(input)?;
    match calldata.selector {
        balanceOfCall::SELECTOR => {
            view(host, calldata, |view, call: balanceOfCall| Ok(BALANCES.get(view, call.account)?))
        }
        decimalsCall::SELECTOR => view(host, calldata, |_, _: decimalsCall| Ok(18_u8)),
        transferCall::SELECTOR => {
            let from = host.msg().sender;
            move_in_its_manner(host, calldata, |call: &transferCall| (from, call.to, call.value))
        }
        transferFromCall::SELECTOR => {
            move_in_its_manner(host, calldata, |call: &transferFromCall| (call.from, call.to, call.value))
        }
        _ => revert_empty(),
    }
}

fn move_in_its_manner<C: SolCall<Return = bool>>(
    host: &mut dyn Host,
    calldata: Calldata<'_>,
    parts: impl FnOnce(&C) -> (Address, Address, U256),
) -> Result<Bytes> {
    let manner = MANNER.get(host)?;
    let answer = write(host, calldata, |host, call: C| {
        let (from, to, value) = parts(&call);
        match manner {
            LIAR => {}
            LOUD => return Err(Error::Revert(vec![0xee; SHOUT].into())),
            GLUTTON => host.charge_gas(u64::MAX)?,
            REENTRANT => {
                let again = depositIntoStrategyCall { strategy: from, token: TOKEN, amount: U256::ONE };
                dispatch::call(host, STRATEGY_MANAGER, &again)?;
            }
            TAXING => shift(host, from, to, value, value / U256::from(10))?,
            _ => shift(host, from, to, value, U256::ZERO)?,
        }
        Ok(manner != REFUSING)
    })?;
    Ok(match manner {
        SILENT => Bytes::new(),
        ODD => U256::from(2).to_be_bytes::<32>().into(),
        SHORT => answer.slice(1..),
        LONG => [&answer[..], &[0xee; 10_000]].concat().into(),
        GARBLED => vec![0xee; 32].into(),
        _ => answer,
    })
}

fn shift(host: &mut dyn Host, from: Address, to: Address, value: U256, fee: U256) -> Result<()> {
    let Some(left) = BALANCES.get(host, from)?.checked_sub(value) else { return revert_empty() };
    BALANCES.set(host, from, left)?;
    let held = BALANCES.get(host, to)?;
    Ok(BALANCES.set(host, to, held + value - fee)?)
}

struct Scene {
    chain: MemHost,
    strategy: Address,
}

impl Scene {
    /// A strategy in which Bob holds 1000, and Alice has 10,000 tokens.
    fn new() -> Self {
        let (params, roles) = (Params::preset(Preset::Fast), Roles::all_held_by(OWNER));
        let block =
            BlockInfo { number: 1000, timestamp: 1_700_000_000, chain_id: 31337, ..BlockInfo::default() };
        let mut chain = MemHost::new(&Setup { params: &params, roles: &roles, dev: false }, block);
        chain.place(TOKEN, token);
        let call = deployNewStrategyCall { token: TOKEN };
        let strategy = chain.tell(ALICE, STRATEGY_FACTORY, &call).expect("a strategy");
        let mut scene = Self { chain, strategy };
        scene.set_balance(ALICE, 10_000);
        scene.set_balance(BOB, 1_000);
        assert_eq!(scene.deposit(BOB, 1_000), Ok(U256::from(1_000)));
        scene
    }

    fn with(manner: u64) -> Self {
        let mut scene = Self::new();
        scene.behave(manner);
        scene
    }

    fn behave(&mut self, manner: u64) {
        let (slot, value) = MANNER.entry(manner);
        self.chain.accounts.entry(TOKEN).or_default().storage.insert(slot, value);
    }

    fn set_balance(&mut self, of: Address, value: u64) {
        let (slot, value) = BALANCES.entry(of, U256::from(value));
        self.chain.accounts.entry(TOKEN).or_default().storage.insert(slot, value);
    }

    fn deposit(&mut self, who: Address, amount: u64) -> Result<U256> {
        let (strategy, amount) = (self.strategy, U256::from(amount));
        self.chain.tell(who, STRATEGY_MANAGER, &depositIntoStrategyCall { strategy, token: TOKEN, amount })
    }

    fn shares(&mut self, staker: Address) -> U256 {
        let call = stakerDepositSharesCall { staker, strategy: self.strategy };
        self.chain.ask(STRATEGY_MANAGER, &call).expect("shares")
    }

    fn balance(&mut self, account: Address) -> U256 {
        self.chain.ask(TOKEN, &balanceOfCall { account }).expect("a balance")
    }

    /// Queues all of a staker's shares, waits, and completes as tokens.
    fn leave(&mut self, staker: Address) -> Result<()> {
        let shares = self.shares(staker);
        let params = QueuedWithdrawalParams {
            strategies: vec![self.strategy],
            depositShares: vec![shares],
            __deprecated_withdrawer: staker,
        };
        self.chain.tell(staker, DELEGATION_MANAGER, &queueWithdrawalsCall { params: vec![params] })?;
        self.chain.block.number += 11;
        self.complete(staker)
    }

    /// Completes what is queued already, as tokens.
    fn complete(&mut self, staker: Address) -> Result<()> {
        let queued = self.chain.ask(DELEGATION_MANAGER, &getQueuedWithdrawalsCall { staker })?;
        let withdrawal = queued.withdrawals.into_iter().next().expect("a withdrawal");
        let call = completeQueuedWithdrawalCall { withdrawal, tokens: vec![TOKEN], receiveAsTokens: true };
        self.chain.tell(staker, DELEGATION_MANAGER, &call).map(drop)
    }
}

fn says(message: &str) -> Error {
    Error::Revert(alloy_sol_types::Revert::from(message).abi_encode().into())
}

#[test]
fn a_token_that_returns_nothing_or_more_than_a_word_is_taken() {
    for manner in [SILENT, LONG] {
        let mut scene = Scene::with(manner);
        assert_eq!(scene.deposit(ALICE, 500), Ok(U256::from(500)));
        assert_eq!(scene.leave(ALICE), Ok(()));
        assert_eq!(scene.balance(ALICE), U256::from(10_000));
    }
}

#[test]
fn tokens_that_do_not_agree_are_refused_and_nothing_is_credited() {
    let refusals = [
        (REFUSING, says("SafeERC20: ERC20 operation did not succeed")),
        (ODD, Error::Revert(Bytes::new())),
        (SHORT, Error::Revert(Bytes::new())),
        (GARBLED, Error::Revert(Bytes::new())),
        (LOUD, Error::Revert(vec![0xee; SHOUT].into())),
        (GLUTTON, Fatal::OutOfGas.into()),
        (REENTRANT, says("ReentrancyGuard: reentrant call")),
    ];
    for (manner, expected) in refusals {
        let mut scene = Scene::with(manner);
        let before = scene.chain.accounts.clone();
        assert_eq!(scene.deposit(ALICE, 500), Err(expected), "manner {manner}");
        assert_eq!(scene.chain.accounts, before, "manner {manner}");
    }
}

/// The original looks at the balance after the transfer and takes the amount off, so a lie fails where the balance is
/// too small for it, and where it is not, the liar's shares are paid by those who trusted its token.
#[test]
fn a_lie_about_a_transfer_fails_where_the_balance_cannot_hide_it() {
    let mut scene = Scene::with(LIAR);
    assert_eq!(scene.deposit(ALICE, 2_001), Err(panic(PanicKind::UnderOverflow)));
    assert_eq!(scene.deposit(ALICE, 2_000), Err(panic(PanicKind::DivisionByZero)));
    assert_eq!(scene.deposit(ALICE, 500), Ok(U256::from(500 * 2_000 / 1_500)));
    assert_eq!(scene.balance(scene.strategy), U256::from(1_000));
}

/// As in the original: the virtual balance hides that a strategy is short, until the last one leaves.
#[test]
fn a_fee_is_missed_by_the_last_who_leaves() {
    let mut scene = Scene::with(TAXING);
    // 900 arrive of 1000: 1000 · 2000 / (1900 + 1000 − 1000).
    assert_eq!(scene.deposit(ALICE, 1_000), Ok(U256::from(1_052)));
    scene.behave(HONEST);
    assert_eq!(scene.leave(ALICE), Ok(()));
    assert_eq!(scene.balance(ALICE), U256::from(9_000 + 999), "2900 · 1052 / 3052");
    assert_eq!(scene.leave(BOB), Err(says("SafeERC20: low-level call failed")), "950 of 901");
    let strategy = scene.strategy;
    scene.set_balance(strategy, 1_000);
    assert_eq!(scene.complete(BOB), Ok(()), "once somebody makes up for the fee");
    assert_eq!(scene.balance(BOB), U256::from(1_000));
}

#[test]
fn a_token_that_comes_back_in_at_a_payment_is_refused_too() {
    let mut scene = Scene::with(REENTRANT);
    assert_eq!(scene.leave(BOB), Err(says("ReentrancyGuard: reentrant call")));
    scene.behave(HONEST);
    let call = getQueuedWithdrawalsCall { staker: BOB };
    let queued = scene.chain.ask(DELEGATION_MANAGER, &call).expect("a queue");
    assert_eq!(queued.withdrawals.len(), 1, "still queued");
    assert_eq!(scene.complete(BOB), Ok(()));
}

#[test]
fn shares_follow_a_rebasing_token_both_ways() {
    let mut scene = Scene::new();
    let strategy = scene.strategy;
    assert_eq!(scene.deposit(ALICE, 1_000), Ok(U256::from(1_000)));
    for (balance, worth) in [(2_000, 1_000), (5_000, 2_000), (500, 500), (0, 333)] {
        scene.set_balance(strategy, balance);
        let call = sharesToUnderlyingViewCall { amountShares: U256::from(1_000) };
        assert_eq!(scene.chain.ask(strategy, &call), Ok(U256::from(worth)), "balance {balance}");
    }
    assert_eq!(scene.leave(ALICE), Err(says("SafeERC20: low-level call failed")), "333 of nothing");
    scene.set_balance(strategy, 5_000);
    assert_eq!(scene.complete(ALICE), Ok(()));
    assert_eq!(scene.balance(ALICE), U256::from(9_000 + 2_000));
    let left = scene.chain.ask(strategy, &totalSharesCall {}).expect("shares");
    assert_eq!(left, U256::from(1_000));
}

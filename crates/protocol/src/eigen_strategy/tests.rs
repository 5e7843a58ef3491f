//! Claims about EigenStrategy.

use super::*;
use crate::{
    mem::MemHost,
    testkit::{ALICE, BOB, OWNER, PAUSER, STRANGER, assert_dispatches, chain, reverts, says, u},
};
use types::{
    abi::{
        IERC20::{balanceOfCall, transferCall},
        IEigen::mintCall,
        IEigenStrategy::{EIGENCall, IEigenStrategyCalls},
        IPausable::{CurrentlyPaused, pauseCall},
        IStrategy::{OnlyStrategyManager, sharesCall, totalSharesCall, underlyingTokenCall},
        IStrategyManager::depositIntoStrategyCall,
    },
    addresses::{EIGEN_STRATEGY as HERE, STRATEGY_MANAGER, TEST_TOKEN},
};

/// A chain where Alice has deposited 1000 EIGEN.
fn started() -> MemHost {
    let mut chain = chain();
    chain.tell(OWNER, EIGEN, &mintCall {}).unwrap();
    chain.tell(OWNER, EIGEN, &transferCall { to: ALICE, value: u(3000) }).unwrap();
    for token in [EIGEN, BACKING_EIGEN] {
        chain.tell(ALICE, token, &approveCall { spender: STRATEGY_MANAGER, value: U256::MAX }).unwrap();
    }
    assert_eq!(put(&mut chain, EIGEN, 1000), Ok(u(1000)));
    chain
}

fn put(chain: &mut MemHost, token: Address, amount: u64) -> Result<U256> {
    let call = depositIntoStrategyCall { strategy: HERE, token, amount: u(amount) };
    chain.tell(ALICE, STRATEGY_MANAGER, &call)
}

fn held(chain: &mut MemHost, token: Address, account: Address) -> U256 {
    chain.ask(token, &balanceOfCall { account }).unwrap()
}

#[test]
fn every_selector_dispatches() {
    assert_dispatches(main, IEigenStrategyCalls::SELECTORS);
}

#[test]
fn eigen_arrives_and_is_held_as_beigen() {
    let mut chain = started();
    assert_eq!(held(&mut chain, EIGEN, HERE), u(0));
    assert_eq!(held(&mut chain, BACKING_EIGEN, HERE), u(1000));
    assert_eq!(chain.ask(HERE, &sharesCall { user: ALICE }), Ok(u(1000)));
    assert_eq!(chain.ask(HERE, &underlyingTokenCall {}), Ok(BACKING_EIGEN));
    assert_eq!(chain.ask(HERE, &EIGENCall {}), Ok(EIGEN));
}

#[test]
fn beigen_is_taken_as_it_is() {
    let mut chain = started();
    chain.tell(ALICE, EIGEN, &unwrapCall { amount: u(500) }).unwrap();
    assert_eq!(put(&mut chain, BACKING_EIGEN, 500), Ok(u(500)));
    assert_eq!(held(&mut chain, BACKING_EIGEN, HERE), u(1500));
}

#[test]
fn it_pays_in_either_token() {
    let mut chain = started();
    let pay = |token| withdrawCall { recipient: BOB, token, amountShares: u(400) };
    assert_eq!(chain.tell(STRATEGY_MANAGER, HERE, &pay(EIGEN)), Ok(u(400)));
    assert_eq!(chain.tell(STRATEGY_MANAGER, HERE, &pay(BACKING_EIGEN)), Ok(u(400)));
    assert_eq!((held(&mut chain, EIGEN, BOB), held(&mut chain, BACKING_EIGEN, BOB)), (u(400), u(400)));
    assert_eq!(held(&mut chain, BACKING_EIGEN, HERE), u(200));
    assert_eq!(chain.ask(HERE, &totalSharesCall {}), Ok(u(200)));
}

#[test]
fn checks_come_in_order() {
    let mut chain = started();
    let bad_deposit = depositCall { token: TEST_TOKEN, amount: u(1) };
    let bad_withdrawal = withdrawCall { recipient: BOB, token: TEST_TOKEN, amountShares: u(9999) };
    let only_manager = Err(reverts(OnlyStrategyManager {}));
    assert_eq!(chain.tell(STRANGER, HERE, &bad_deposit), only_manager);
    assert_eq!(chain.tell(STRANGER, HERE, &bad_withdrawal), only_manager);
    let only_token = Err(reverts(OnlyUnderlyingToken {}));
    assert_eq!(chain.tell(STRATEGY_MANAGER, HERE, &bad_deposit), only_token);
    assert_eq!(chain.tell(STRATEGY_MANAGER, HERE, &bad_withdrawal), only_token, "before the amount");
    let nothing_arrived = depositCall { token: EIGEN, amount: u(1) };
    let refused = Err(says("ERC20: burn amount exceeds balance"));
    assert_eq!(chain.tell(STRATEGY_MANAGER, HERE, &nothing_arrived), refused);
    chain.tell(PAUSER, HERE, &pauseCall { newPausedStatus: u(3) }).unwrap();
    let paused = Err(reverts(CurrentlyPaused {}));
    assert_eq!(chain.tell(STRANGER, HERE, &bad_deposit), paused);
    assert_eq!(chain.tell(STRANGER, HERE, &bad_withdrawal), paused);
}

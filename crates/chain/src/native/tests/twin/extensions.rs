//! Calls to the contracts that stand beside the core: covenants, loss notices, safe exits, views, prices, risk.

use super::{Dice, PEOPLE, u};
use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use alloy_sol_types::SolCall;
use protocol::{mem::MemHost, operator_set};
use types::{
    abi::{
        ICovenants as Cov, ILens as Lens, ILossNotices as Notices, IPriceBook as Prices, IRiskOracle as Risk,
        ISafeExit as Exit,
    },
    addresses::{
        COVENANTS, LENS, LOSS_NOTICES, PRICE_BOOK, RISK_ORACLE, SAFE_EXIT, TEST_TOKEN, TEST_TOKEN_STRATEGY,
        WETH,
    },
    units::WAD,
};

use super::to;

/// A call to one of them.
pub(super) fn draw(dice: &mut Dice, from: Address) -> (Address, U256, Bytes) {
    match dice.roll(9) {
        0 | 1 => of_covenants(dice, from),
        2 | 3 => of_notices(dice, from),
        4 | 5 => of_exits(dice, from),
        6 => of_lens(dice),
        7 => of_prices(dice),
        _ => of_risk(dice),
    }
}

fn terms(dice: &mut Dice) -> Cov::Terms {
    Cov::Terms {
        maxServices: dice.roll(3) as u16,
        maxSlashableWad: WAD / 2 * dice.roll(3),
        minAllocationDelayBlocks: dice.roll(2) as u32,
        allowRedistribution: dice.roll(2) == 0,
        services: (0..dice.roll(3)).map(|_| dice.person()).collect(),
    }
}

fn loose() -> Cov::Terms {
    Cov::Terms {
        maxServices: u16::MAX,
        maxSlashableWad: WAD,
        minAllocationDelayBlocks: 0,
        allowRedistribution: true,
        services: Vec::new(),
    }
}

fn of_covenants(dice: &mut Dice, from: Address) -> (Address, U256, Bytes) {
    // Mostly loose, or nobody could delegate or allocate after a while.
    let terms = if dice.roll(3) == 0 { terms(dice) } else { loose() };
    match dice.roll(6) {
        0 | 1 => to(COVENANTS, Cov::setCovenantCall { operator: from, terms }),
        2 => to(COVENANTS, Cov::setPolicyCall { staker: from, terms }),
        3 => to(COVENANTS, Cov::setPolicyCall { staker: dice.person(), terms }),
        4 => to(COVENANTS, Cov::covenantOfCall { operator: dice.person() }),
        _ => to(COVENANTS, Cov::impliesCall { operator: dice.person(), staker: from }),
    }
}

fn of_notices(dice: &mut Dice, from: Address) -> (Address, U256, Bytes) {
    let operator_set = Notices::OperatorSet { avs: PEOPLE[0], id: 1 };
    let (staker, slash) = (dice.person(), u(1 + dice.roll(20)));
    match dice.roll(6) {
        0 | 1 => {
            let watched = dice.roll(5) > 0;
            to(LOSS_NOTICES, Notices::setWatchedCall { staker: from, watched })
        }
        2 => to(LOSS_NOTICES, Notices::keepCall { operatorSet: operator_set, slashId: slash }),
        3 => to(LOSS_NOTICES, Notices::previewCall { staker, operatorSet: operator_set, slashId: slash }),
        _ => to(LOSS_NOTICES, Notices::noticeCall { staker, operatorSet: operator_set, slashId: slash }),
    }
}

fn of_exits(dice: &mut Dice, from: Address) -> (Address, U256, Bytes) {
    let set = Exit::OperatorSet { avs: PEOPLE[0], id: 1 };
    match dice.roll(6) {
        0 => to(SAFE_EXIT, Exit::cancelExitCall { operator: from, operatorSet: set }),
        1 | 2 => to(SAFE_EXIT, Exit::requestExitCall { operator: from, operatorSet: set }),
        3 => to(SAFE_EXIT, Exit::exitOfCall { operator: dice.person(), operatorSet: set }),
        4 => to(SAFE_EXIT, Exit::releaseKeyCall { operator: from, operatorSet: set }),
        _ => to(SAFE_EXIT, Exit::forceExitCall { operator: from, operatorSet: set }),
    }
}

fn of_lens(dice: &mut Dice) -> (Address, U256, Bytes) {
    let (operator, strategy) = (dice.person(), TEST_TOKEN_STRATEGY);
    let set = Lens::OperatorSet { avs: PEOPLE[0], id: 1 };
    match dice.roll(6) {
        0 => to(LENS, Lens::bookCall { operator, strategies: vec![strategy] }),
        1 => to(LENS, Lens::exposureCall { operator, strategy }),
        2 => to(LENS, Lens::effectBlocksCall { operator }),
        3 => to(LENS, Lens::operatorSetCall { operatorSet: set, futureBlock: 2_000 }),
        4 => to(LENS, Lens::positionCall { staker: operator }),
        _ => {
            let params = Lens::SlashingParams {
                operator,
                operatorSetId: 1,
                strategies: vec![strategy],
                wadsToSlash: vec![u(WAD / 3)],
            };
            let call = Lens::previewSlashCall { avs: PEOPLE[0], params };
            to(LENS, call)
        }
    }
}

fn of_prices(dice: &mut Dice) -> (Address, U256, Bytes) {
    let asset = [TEST_TOKEN, WETH, TEST_TOKEN_STRATEGY][dice.roll(3) as usize];
    match dice.roll(6) {
        0 | 1 => to(PRICE_BOOK, Prices::setParCall { asset }),
        2 => {
            let selector = FixedBytes(types::abi::IERC20::decimalsCall::SELECTOR);
            to(PRICE_BOOK, Prices::setRateFnCall { asset, target: WETH, selector })
        }
        3 => to(PRICE_BOOK, Prices::clearSourceCall { asset }),
        _ => to(PRICE_BOOK, Prices::priceOfCall { asset }),
    }
}

fn of_risk(dice: &mut Dice) -> (Address, U256, Bytes) {
    let service: B256 = operator_set::key(PEOPLE[0], 1);
    match dice.roll(8) {
        0 => to(RISK_ORACLE, Risk::setListedCall { service, listed: dice.roll(4) > 0 }),
        1 => {
            let prize = u128::from(dice.roll(1_000));
            to(RISK_ORACLE, Risk::setPrizeCall { service, prize, numerator: 1, denominator: 2 })
        }
        2 => to(
            RISK_ORACLE,
            Risk::setCountedCall { strategy: TEST_TOKEN_STRATEGY, counted: dice.roll(2) == 0 },
        ),
        3 => to(RISK_ORACLE, Risk::trackCall { service, operator: dice.person(), tracked: true }),
        4 => {
            let certificate = vec![dice.roll(4) as u8; dice.roll(80) as usize].into();
            to(RISK_ORACLE, Risk::publishCall { mode: dice.roll(2) as u8, certificate })
        }
        5 => to(RISK_ORACLE, Risk::gammaCall { service }),
        _ => to(RISK_ORACLE, Risk::networkCall { mode: dice.roll(2) as u8 }),
    }
}

/// Afterwards there is something to compare of each contract that keeps anything.
pub(super) fn assert_lived(mem: &mut MemHost) {
    for home in [COVENANTS, LOSS_NOTICES, SAFE_EXIT, PRICE_BOOK, RISK_ORACLE] {
        let slots = mem.accounts.get(&home).map_or(0, |account| account.storage.len());
        assert!(slots > 0, "{home} keeps nothing");
    }
}
